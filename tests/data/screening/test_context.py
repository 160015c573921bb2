"""Texts that point at what is not there."""

from __future__ import annotations

import pytest
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.context import find_missing_context
from underdog.data.screening.fault import Fault

EQUATION = "What are the products in the equation shown below? HCl + NaHCO3 -> NaCl + CO2 + H2O"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Name the song in the sound clip.", "sound clip"),
        ("Which 1982 movie is this audio clip from?", "audio clip"),
        ("This sound clip is from what game?", "sound clip"),
        ("The theme on the sound clip is from which show?", "sound clip"),
        ("Who wrote the song heard here?", "song heard here"),
        ("Listen to the clip and name the singer.", "listen to the clip"),
        ("What city is this in the picture above?", "the picture above"),
        ("What is shown in this diagram?", "shown in this diagram"),
        ("Who is pictured here?", "pictured here"),
        ("Use the table below. Which is the largest?", "the table below"),
        ("Which animal is it in the above photo?", "above photo"),
        ("According to the passage, why did he leave?", "according to the passage"),
        ("What is the main idea of the paragraph above?", "the paragraph above"),
        ("Which of the above is a mammal?", "of the above"),
        ("Where was the above mentioned film shot?", "the above mentioned"),
    ],
)
def test_pointing_at_nothing_is_found(text: str, found: str) -> None:
    """Recordings, pictures, passages and lists that the row does not hold."""
    fault = Fault(Reason.MISSING_CONTEXT, repr(found))
    assert find_missing_context(asked(text)) == fault
    assert find_missing_context(opened(text)) == fault


@pytest.mark.parametrize(
    "text",
    [
        EQUATION,
        "Which country recorded the song Picture with Kid Rock?",
        "What is depicted on the national flag of Lebanon?",
        "Which picture won the Academy Award in 1931?",
        "Which of these pictures did Renoir paint?",
        "Which of the following is not a mammal?",
        "Which of the players listed below is a co-owner of that record?",
        "How deep is the Dead Sea below sea level?",
        "What do you see if you fly above the Arctic?",
        "Gimme! Gimme! (sound clip). Name their band.",
        "She sang Delta Dawn. The sound clip is from a minor hit. Who is she?",
        "Which topped the chart in 1986?",
        f"{'Rain fell on the town for a week. ' * 12}According to the passage, what fell?",
        "Which music video clip cost most?",
        "It is a dark time for the Rebellion. The above-quoted scroll belongs to this movie.",
    ],
)
def test_what_only_sounds_like_it_is_left(text: str) -> None:
    """Pictures that are films, equations and passages that are there, asides in brackets."""
    assert find_missing_context(asked(text)) is None


def test_an_open_question_must_not_ask_among_choices() -> None:
    """It has lost them, and could be right about many things; a sum over "each of these" has not.

    With choices the same text is whole.
    """
    for text, found in (
        ("Which of these is a mammal?", "which of these"),
        ("Denmark borders which of the following countries?", "which of the following"),
        ("Which one of the following is true?", "which one of the following"),
        ("All of these are mammals except", "all of these are mammals except"),
        ("Only one of these sculptures is not by Canova.", "only one of these"),
    ):
        assert find_missing_context(opened(text)) == Fault(Reason.MISSING_CONTEXT, repr(found))
        assert find_missing_context(asked(text)) is None
    for text in (
        "He buys 3 bikes and 4 cars. It cost him $25 to register each of these. What did he pay?",
        "On each of the following days she spends twice as much. How much is that?",
        "Which song contains the following lyrics: Hello again?",
    ):
        assert find_missing_context(opened(text)) is None
