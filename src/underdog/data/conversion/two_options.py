"""Questions with two possible answers: yes or no, true or false, "A or B?".

In: a question's text and its right answer. Out: both options in the order in which they are named,
or None where the question leaves more open. Never: a third option.
"""

from __future__ import annotations

import re

from underdog.mcq.question import normalise

_OPPOSITES = {
    "yes": "no",
    "true": "false",
    "y": "n",
    "t": "f",
    "correct": "incorrect",
    "right": "wrong",
    "yeah": "nope",
    "yes it is": "no it is not",
    "yes it does": "no it does not",
}
_OTHER = {**_OPPOSITES, **{no: yes for yes, no in _OPPOSITES.items()}}
_ASKS = re.compile(
    r"(?:^|[.,;:?!]\s+)(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may"
    r"|might|must|true or false|t or f|t/f|yes or no|right or wrong|y/n)\b",
    re.IGNORECASE,
)
_SURE = frozenset(("true", "false", "incorrect"))
"""Answers that leave nothing open whatever is asked; "right" may be a side, "Y" a letter."""
_WANTS_A_WORD = re.compile(
    r"(?:^|[.,;:?!]\s+)(?:\w+ )?(?:which|who|whom|whose|what|where|when|why|how)\b", re.IGNORECASE
)
"""Of such a question "Yes" is a band, and "No" what "nein" means."""
_OR = re.compile(r",?\s+or\s+")
_LIST = re.compile(r",\s*(?:[\w' -]+,?\s+)?or\s")
_WORD = re.compile(r"\w+")
_END = re.compile(r"[?.!,;:]|$")
_ARTICLE = re.compile(r"(?:the|an?)\s+", re.IGNORECASE)
LONGEST_OPTION_WORDS = 6


def find_two_options(text: str, answer: str) -> tuple[str, str] | None:
    """The options, one of which is `answer` as it is written."""
    return _find_opposites(text, answer) or _find_named(text, answer)


def names_its_options(text: str, answer: str) -> bool:
    """Whether a question names the answer among others: "is it red, green or blue?". A choice of
    other answers would leave the right one as the only one named.
    """
    listed = _LIST.search(text) if " or " in text else None
    if listed is None:
        return False
    words = " ".join(_WORD.findall(normalise(text)))
    return f" {' '.join(_WORD.findall(_bare(answer)))} " in f" {words} "


def _find_opposites(text: str, answer: str) -> tuple[str, str] | None:
    bare = answer.strip().rstrip(".!")
    folded = " ".join(bare.lower().replace(",", " ").split())
    other = _OTHER.get(folded)
    if other is None or not (folded in _SURE or _asks_yes_no(text, folded)):
        return None
    cased = other.upper() if bare.isupper() else other
    cased = cased.capitalize() if bare[:1].isupper() and not bare.isupper() else cased
    cased += answer.strip()[len(bare) :]
    return (answer, cased) if folded in _OPPOSITES else (cased, answer)


def _asks_yes_no(text: str, folded: str) -> bool:
    if _ASKS.search(text):
        return True
    return len(folded) > 1 and folded not in ("right", "wrong") and not _WANTS_A_WORD.search(text)


def _find_named(text: str, answer: str) -> tuple[str, str] | None:
    """What stands on the other side of the one "or": "is a tomato a fruit or a vegetable?"."""
    if " or " not in text:
        return None
    sides = _OR.split(text)
    if len(sides) != 2:
        return None
    left, right = sides[0].rstrip(), sides[1]
    right = right[: _END.search(right).start()].strip()  # type: ignore[union-attr]
    wanted = _bare(answer)
    if not wanted or len(right.split()) > LONGEST_OPTION_WORDS:
        return None
    if _bare(right) == wanted:
        other = _last_words(left, len(right.split()), _leads(right))
        return None if other is None else (_like(other, answer), answer)
    if _bare(left).endswith(wanted) and _stands_alone(_bare(left), wanted):
        return (answer, _like(right, answer)) if right and _bare(right) != wanted else None
    return None


def _bare(text: str) -> str:
    return _ARTICLE.sub("", normalise(text).rstrip(".!?"), count=1)


def _stands_alone(text: str, end: str) -> bool:
    before = text[: len(text) - len(end)]
    return not before or not before[-1].isalnum()


def _leads(option: str) -> str:
    """The article with which an option begins, "" without one."""
    found = _ARTICLE.match(option)
    return found[0].strip().lower() if found else ""


def _last_words(text: str, count: int, article: str) -> str | None:
    """The option at the end of a text: behind the last comma, from its last article, or as many
    words as the other option has. None where a verb or the start of the question is in the way.
    """
    clause = re.split(r"[,:;]\s*", text)[-1]
    words = clause.split()
    if article:
        places = [at for at, word in enumerate(words) if word.lower() in ("a", "an", "the")]
        taken = words[places[-1] :] if places else []
    elif clause != text and len(words) <= LONGEST_OPTION_WORDS:
        taken = words
    else:
        taken = words[-count:] if len(words) > count else []
    return " ".join(taken) if 0 < len(taken) <= LONGEST_OPTION_WORDS else None


def _like(option: str, answer: str) -> str:
    """An option with an article, a capital and an end stop only as the answer has them."""
    bare = option if _ARTICLE.match(answer) else _ARTICLE.sub("", option, count=1)
    stop = "." if answer.rstrip().endswith(".") else ""
    if answer[:1].isupper() and bare[:1].islower():
        bare = bare[0].upper() + bare[1:]
    elif answer[:1].islower() and bare[:1].isupper() and not bare[1:2].isupper():
        bare = bare[0].lower() + bare[1:]
    return bare + stop
