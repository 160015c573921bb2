"""Formulas: chemical ones ("H2O") and algebra ("E = mc2", "x^2 + 1").

In: an answer. Out: whether it is one, and its spelling without what does not matter. Never: a word
taken for a formula: a chemical one has a digit or a charge, an algebraic one an operator.
"""

from __future__ import annotations

import re
import unicodedata

from underdog.data.answers.wordlist import word_list

_SYMBOLS = word_list("""
        H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se
        Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Sm Eu Gd Tb Dy
        Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Ra Ac Th Pa U Np Pu
    """)
_ELEMENT = "|".join(sorted(_SYMBOLS, key=len, reverse=True))
_CHEMICAL = re.compile(
    rf"\d{{0,2}}(?:(?:{_ELEMENT})\d{{0,3}}|\((?:(?:{_ELEMENT})\d{{0,3}})+\)\d{{0,2}})+(?:\^?\d?[+-])?"
)
_NO_FORMULA = re.compile(
    r"(?:[ABCO]|AB|[A-Z]{2,})[+-]|.*(?<!\d)1(?!\d).*|(?![HONFSP]\d|Cl|Br)[A-Z][a-z]?\d+"
)
"""Blood groups, and counts of one, which nobody writes: "O+", "VH1", "H1N1"; also "U2", "K9"."""
_TERM = (
    r"\d[\d.,]*+|(?<![a-z])(?:sin|cos|tan|log|ln|sqrt|exp|pi|mc|ma|mv|ab|xy|gh|dx|dy|[a-z])(?![a-z])"
    r"|[πθαβγλΔ√∞]"
)
_ALGEBRA = re.compile(rf"[-+(√]*+(?:{_TERM})(?:[-+*/^=<>≤≥≠±()·!|\s]|{_TERM})*+", re.IGNORECASE)
"""Possessive throughout: no text makes it try a run of digits or spaces in more than one way."""
_MODEL = re.compile(r"[A-Z]{1,2}[-/]?[A-Z]?\d+|[A-Z]/[A-Z]|[A-Z][-+]|\w-\w")
"""Names of machines, roads and blood groups: "B-52", "A/B", "O-"."""
_SURE = re.compile(r"[=^+*<>≤≥≠√±²³]")
"""Operators that stand in no name; "-" and "/" do: "R2-D2"."""
_SIGN = re.compile(r"[-=^+*/<>≤≥≠√±²³]")
_DIGIT_OR_CHARGE = re.compile(r"[0-9+-]")
_OPERATOR = re.compile(r"[=^<>≤≥≠√±]|\w\s*[-+*/]\s*\(?\w|[a-z]\d|\d[a-z]", re.IGNORECASE)
_LETTER_AND_SIGN = re.compile(r"[a-z].*[-+*/=^<>≤≥≠√±]|[-+*/=^<>≤≥≠√±].*[a-z]|.=.", re.IGNORECASE)


def is_formula(text: str) -> bool:
    """A chemical formula of two atoms or more, written in digits and symbols."""
    if not 2 <= len(text) <= 24 or text[0] not in _STARTS:
        return False
    flat = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    if not _DIGIT_OR_CHARGE.search(flat, 1):
        return False
    return _CHEMICAL.fullmatch(flat) is not None and _NO_FORMULA.fullmatch(flat) is None


def has_operator(text: str) -> bool:
    """Whether a sign stands in the text that can join terms; most answers have none."""
    return _SIGN.search(text) is not None


def is_algebra(text: str) -> bool:
    """An expression or an equation: letters or numbers joined by operators, nothing else."""
    if not 3 <= len(text) <= 60 or not has_operator(text):
        return False
    if _ALGEBRA.fullmatch(_flatten(text)) is None:
        return False
    flat = _flatten(text)
    if _MODEL.fullmatch(flat) or (flat != flat.lower() and _SURE.search(flat) is None):
        return False
    return bool(_LETTER_AND_SIGN.search(flat)) and bool(_OPERATOR.search(flat))


def compact_formula(text: str) -> str:
    """Without white space, powers' carets, multiplication signs and raised or lowered digits."""
    flat = _flatten(text).translate(_DROPPED)
    return flat.replace("^", "")


def _flatten(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).translate(_SAME)


_SAME = str.maketrans("×−–", "*--")
_DROPPED = str.maketrans("", "", " \t\n*·")
_STARTS = frozenset("0123456789(ABCDEFGHIKLMNOPRSTUVWXYZ")
