"""Questions in a language that was not expected, and no English one among them."""

from __future__ import annotations

import sys

import pytest
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.language import check_languages, find_language
from underdog.errors import InputError, MissingExtraError

FOREIGN = {
    "de": ["Welche Stadt ist die Hauptstadt von Peru?", "Wie viele Bundesländer hat Deutschland?",
           "In welchem Jahr fiel die Berliner Mauer?", "Hauptstadt von Frankreich?"],
    "fr": ["Quelle est la capitale du Pérou ?", "Qui a peint la Joconde ?",
           "Combien de pattes possède une araignée ?", "Capitale du Pérou ?"],
    "es": ["¿Cuál es la capital de Perú?", "¿Quién pintó Las Meninas?",
           "Cual es el rio mas largo del mundo?"],
    "it": ["Qual è la capitale del Perù?", "Chi ha dipinto la Gioconda?"],
    "pt": ["Qual é a capital do Peru?", "Quantos jogadores tem um time de futebol?"],
    "nl": ["Wat is de hoofdstad van Peru?", "Wie schilderde de Nachtwacht?"],
    "sv": ["Vilken är huvudstaden i Peru?"],
    "da": ["Hvad er hovedstaden i Peru?"],
    "pl": ["Kto namalował Mona Lisę?"],
    "cs": ["Jaké je hlavní město Peru?"],
    "tr": ["Peru'nun başkenti neresidir?"],
    "fi": ["Mikä on Perun pääkaupunki?"],
    "vi": ["Thủ đô của Peru là gì?"],
    "id": ["Apa ibu kota negara Peru?"],
    "ru": ["Какой город является столицей Перу?", "Кто написал роман «Война и мир»?"],
    "zh": ["秘鲁的首都是哪里？", "谁画了《蒙娜丽莎》？"],
    "ja": ["ペルーの首都はどこですか?"],
    "ko": ["페루의 수도는 어디입니까?"],
    "ar": ["ما هي عاصمة بيرو؟"],
    "he": ["מהי בירת פרו?"],
    "hi": ["पेरू की राजधानी क्या है?"],
    "th": ["เมืองหลวงของเปรูคือเมืองใด"],
    "el": ["Ποια είναι η πρωτεύουσα του Περού;"],
}  # fmt: skip

ENGLISH = [
    "What does the Latin phrase Quidquid latine dictum sit, altum videtur mean?",
    "In questo disco affrontano uno straordinario viaggio is a sentence in what language?",
    "Which President said Ich bin ein Berliner?",
    "In what language is the sentence: Kalevala on inspiroinut monia kirjailijoita?",
    "What does the word 日本 mean?",
    "Fungi",
    "Jerry West",
    "Bret Michaels, Bobby Dall, Rikki Rockett, C.C DeVille",
    "Yabba Dabba Do.",
    "JAK, KBL, LCM, MDN, _____",
    "4, 7, 12, 19, 28, 39, ??",
    r"Evaluate $\int_0^1 x^2 dx$.",
    "Factor x^2+5x+6.",
    "E = mc²",
    "print(len('abc'))",
    "Venus Williams attended the University of Florida.",
    "Bats are blind.",
    "Do Giant Pandas hibernate?",
    "El Nino causes warm water",
    "Die Hard stars Bruce Willis",
    "Web addresses of El Salvador end in what?",
    "KING KONG WAS MADE IN WHICH YEAR?",
    "Condensation over night",
    "Eagles eat",
]


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in FOREIGN.items() for text in texts]
)
def test_other_languages_are_found_and_are_right_where_expected(code: str, text: str) -> None:
    """Short questions in 23 languages are no English, and are what they are."""
    fault = find_language(asked(text), ("en",))
    assert fault is not None
    assert fault.reason is Reason.WRONG_LANGUAGE
    assert repr(text) in fault.detail
    assert find_language(asked(text), (code,)) is None
    assert find_language(opened(text), ("en", code)) is None


@pytest.mark.parametrize("text", ENGLISH)
def test_english_passes_whatever_it_quotes(text: str) -> None:
    """Quotations, names, series, formulas, code and fragments are let through."""
    assert find_language(asked(text), ("en",)) is None


def test_english_is_found_where_another_language_is_expected() -> None:
    """The rule has no favourite."""
    text = "What is the capital of Peru, and who founded it?"
    assert find_language(asked(text), ("de", "fr")) == Fault(
        Reason.WRONG_LANGUAGE, f"reads as en: {text!r}"
    )
    assert find_language(asked(text), ()) is None


def test_codes_are_checked_before_they_are_used() -> None:
    """A language by its name is a mistake of the user."""
    check_languages(("en", "de", "yue"))
    with pytest.raises(InputError, match=r"languages as codes .* got 'English'"):
        check_languages(("English",))


def test_without_py3langid_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain English needs no model; anything else says what to install."""
    from underdog.data.screening import language

    language._model.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert find_language(asked("What is the capital of Peru?"), ("en",)) is None
    with pytest.raises(MissingExtraError, match=r"telling languages apart.*underdog\[data\]"):
        find_language(asked("Wie viele Bundesländer hat Deutschland?"), ("en",))
    monkeypatch.undo()
    language._model.cache_clear()
