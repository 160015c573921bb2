"""Letters that went through the wrong encoding: mended where that is certain, else found."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.encoding import find_broken, mend, mend_row
from underdog.data.screening.fault import Fault
from underdog.data.sources.candidate import Candidate
from underdog.errors import MissingExtraError

MOJIBAKE = {
    "cafÃ©": "café",
    "donâ€™t": "don’t",
    "â€œYesâ€\x9d": "“Yes”",
    "MÃ¼nchen": "München",
    "Â£5 and 20 Â°C": "£5 and 20 °C",
    "Ð\x9cÐ¾Ñ\x81ÐºÐ²Ð°": "Москва",
}


@pytest.mark.parametrize(("broken", "whole"), MOJIBAKE.items())
def test_mojibake_is_undone(broken: str, whole: str) -> None:
    """UTF-8 that was read as Windows-1252 or Latin-1 becomes what it was."""
    assert mend(broken) == whole


@pytest.mark.parametrize(
    "text",
    [
        "Café Müller, Ångström, São Paulo, SÃO PAULO, İstanbul",
        "Москва, Αθήνα, 東京, القاهرة, नई दिल्ली",
        "“Don’t” – 20 °C, 5 € … ½",
        "नमस्ते‌\u200d",
    ],
)
def test_whole_text_is_left_alone(text: str) -> None:
    """Accents, other scripts, typographic marks and joiners are no faults."""
    assert mend(text) == text
    assert find_broken(asked(text)) is None


def test_entities_and_invisible_marks_are_mended() -> None:
    """What a page wrote as an entity, and marks that show nothing. AT&T is no entity."""
    assert mend("Dolce &amp; Gabbana &#39;s") == "Dolce & Gabbana 's"
    assert mend("&amp;quot;Hi&amp;quot;") == '"Hi"'
    assert mend("Giuseppe Mazzini\u200e\ufeff") == "Giuseppe Mazzini"
    assert mend("AT&T; R&D;") == "AT&T; R&D;"
    assert mend("5 &lt; 6", entities=False) == "5 &lt; 6"


@given(st.text(st.sampled_from("aé&amp;lt#39Ã©â€™\u200b\ufffd x"), max_size=30))
def test_mending_twice_changes_nothing(text: str) -> None:
    """The ids of a built set do not change when it is read again."""
    assert mend(mend(text)) == mend(text)


def test_every_part_of_a_row_is_mended_alike() -> None:
    """Text, choices, key, explanation and aliases, so that a key still names its choice."""
    found = Candidate(
        1, "Who sang at the cafÃ©?", ("BeyoncÃ©", "Sade"), "BeyoncÃ©",
        explanation="At the cafÃ©.", aliases=("QuÃ©",),
    )  # fmt: skip
    assert mend_row(found) == Candidate(
        1, "Who sang at the café?", ("Beyoncé", "Sade"), "Beyoncé",
        explanation="At the café.", aliases=("Qué",),
    )  # fmt: skip
    plain = Candidate(1, "Who sang?", ("Björk", "Sade"), "Björk")
    assert mend_row(plain) is plain
    without = Candidate(1, "Naïve &amp; true?", None, None)
    assert mend_row(without) == without._replace(text="Naïve & true?")


def test_text_about_markup_keeps_its_entities() -> None:
    """Else the question would lose what it asks about."""
    found = Candidate(1, "Which HTML entity shows <?", ("&lt;", "&gt;"), "&lt;")
    assert mend_row(found) is found


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("The caf\ufffd opened", "text: U+FFFD"),
        ("A mark \ue829 of nobody", "text: U+E829"),
        ("Per\U000ee829n", "text: U+EE829"),
        ("The Greek - φÏ?σις (phusis)", "text: mojibake"),
    ],
)
def test_what_nobody_can_mend_is_found(text: str, detail: str) -> None:
    """A replacement mark, private use, an unknown letter, mojibake with a lost byte."""
    assert find_broken(asked(text)) == Fault(Reason.BROKEN_LETTERS, detail)


def test_a_broken_choice_or_answer_is_named() -> None:
    """The detail says where."""
    assert find_broken(asked("Which?", "Oslo", "Z\ufffdrich")) == Fault(
        Reason.BROKEN_LETTERS, "choice 2: U+FFFD"
    )
    assert find_broken(opened("Which?", "Z\ufffdrich")) == Fault(
        Reason.BROKEN_LETTERS, "answer: U+FFFD"
    )


def test_without_ftfy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only text that may be mojibake needs it."""
    from underdog.data.screening import encoding

    encoding._decoder.cache_clear()
    monkeypatch.setitem(sys.modules, "ftfy", None)
    assert mend("café") == "café"
    with pytest.raises(MissingExtraError, match=r"repairing mojibake.*underdog\[data\]"):
        mend("cafÃ©")
    monkeypatch.undo()
    encoding._decoder.cache_clear()


def test_plain_rows_load_neither_ftfy_nor_a_language_model() -> None:
    """English in ASCII is checked without either."""
    code = (
        "import sys; from underdog.data.quality import check; "
        "from underdog.data.sources.candidate import Candidate; "
        "check(Candidate(1, 'What is the capital of Peru?', ('Lima', 'Oslo'), 'A'), file='f'); "
        "print({'ftfy', 'py3langid'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
