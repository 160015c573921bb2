"""The guessed difficulty: its documented parts, one question at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import make_questions

from underdog.data.guess import MEANINGS, WEIGHTS, closeness, guess, weigh
from underdog.mcq.question import Question, normalise


def score(text: str, *choices: str, source: str = "", topic: str = "") -> float:
    question = Question(text, choices or ("alpha", "beta"), 0, topic=topic, source=source)
    return float(guess([question]).scores[0])


def part(name: str, text: str, *choices: str, answer: int | None = 0) -> float:
    question = Question(text, choices or ("alpha", "beta"), answer)
    return float(guess([question]).parts[name][0])


def test_the_weights_sum_to_one_and_every_part_is_explained() -> None:
    """So that the score stays within 0 and 1."""
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert set(MEANINGS) == set(WEIGHTS)


def test_the_guess_follows_its_documented_parts() -> None:
    """Known sources, twisted wording and reasons move the score as stated."""
    plain = score("What is this?", source="ARC-Easy")
    assert plain < score("What is this?", source="arc-challenge")
    assert (
        plain
        < score("Why is this?", source="ARC-Easy")
        < score("Which is not it?", source="ARC-Easy")
    )
    assert score("What is this?", topic="for-kids") < plain < score("x", topic="brain-teasers")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Which of these is NOT a fruit?", 1.0),
        ("All are fruits, except:", 1.0),
        ("Which isn't one?", 1.0),
        ("Why do birds sing?", 0.7),
        ("Which best explains it?", 0.7),
        ("What is most likely true?", 0.7),
        ("How do birds sing?", 0.7),
        ("Tell me how", 0.7),
        ("How many birds sing?", 0.4),
        ("Show me a somehow notable bird", 0.4),
        ("Who sang it?", 0.2),
        ("The capital of Peru is", 0.4),
    ],
)
def test_wording(text: str, value: float) -> None:
    """Whole words decide: "somehow" is not "how", "notable" not "not", "how many" no reason."""
    assert part("wording", text) == value


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("True", 0.1),
        ("no", 0.1),
        ("Norway", 0.4),
        ("42", 0.8),
        ("1987", 0.8),
        ("3.5 kg", 0.8),
        ("40 m/s north", 0.8),
        ("June 30", 0.8),
        ("one year", 0.4),
        ("a group of 12 or so different animals", 0.4),
    ],
)
def test_numbers_are_harder_than_words_and_words_than_yes_or_no(answer: str, value: float) -> None:
    """By the kind of the answer; "no" in "Norway" is no no."""
    assert part("answer", "q", answer, "something else") == value
    assert part("answer", "q", answer, "something else", answer=None) == 0.4


def test_length_counts_words_up_to_fifty() -> None:
    """25 words are half; 80 are one."""
    assert part("length", " ".join(["w"] * 25)) == 0.5
    assert part("length", " ".join(["w"] * 80)) == 1.0
    assert part("chance", "q", "a", "b", "c", "d") == 0.75


def test_closeness_of_numbers_and_texts() -> None:
    """1990 is closer to 1991 than to 12; "Reykjavik" to "Neyjavicik" than to "Riga"."""

    def near(*choices: str, answer: int | None = 0) -> float:
        return closeness(Question("q", choices, answer))

    assert near("1990", "1991") > 0.99 > near("1990", "12")
    assert near("Reykjavik", "Neyjavicik") > near("Reykjavik", "Riga")
    assert near("$1,000", "$2,000") == 0.5
    assert near("a", "b", answer=None) == 0.5
    assert near("0", "00") == 1.0


def slow_closeness(question: Question) -> float:
    """The documented measure, written plainly: letters only, no numbers."""
    texts = [normalise(choice) for choice in question.choices]
    assert question.answer is not None
    answer = texts.pop(question.answer)

    def pairs(text: str) -> set[str]:
        return {f"{text} "[at : at + 2] for at in range(len(text))}

    likeness = []
    for other in texts:
        shared, every = pairs(answer) & pairs(other), pairs(answer) | pairs(other)
        sizes = sorted((len(answer), len(other)))
        likeness.append(0.7 * len(shared) / len(every) + 0.3 * sizes[0] / sizes[1])
    return sum(likeness) / len(likeness)


@given(
    st.lists(
        st.text("abcde fé", min_size=1, max_size=12), min_size=2, max_size=5, unique_by=normalise
    )
)
def test_closeness_is_the_jaccard_index_of_letter_pairs(choices: list[str]) -> None:
    """The fast measure equals the plain one."""
    if all(choice.strip() for choice in choices):
        question = Question("q", tuple(choices), 0)
        assert closeness(question) == pytest.approx(slow_closeness(question))


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_any_text_has_a_score_between_0_and_1(text: str, one: str, other: str) -> None:
    """Digits of other scripts, half surrogates and 10,000 nines included."""
    for choice in (one, f"{one}{'9' * 10_000}"):
        if (
            text.strip()
            and choice.strip()
            and other.strip()
            and normalise(choice) != normalise(other)
        ):
            found = guess([Question(text, (choice, other), 0)])
            assert 0.0 <= found.scores[0] <= 1.0
            assert all(0.0 <= values[0] <= 1.0 for values in found.parts.values())


def test_a_question_is_guessed_by_itself() -> None:
    """Its score does not depend on the others; scores are the weighted sums of the parts."""
    questions = make_questions(30)
    together = guess(questions)
    assert together.scores.tolist() == [float(guess([each]).scores[0]) for each in questions]
    expected = sum(together.parts[name] * weight for name, weight in WEIGHTS.items())
    np.testing.assert_allclose(together.scores, expected, atol=1e-6)
    assert weigh(together.parts, {"chance": 1.0}).tolist() == [0.75] * 30


def test_no_questions_have_no_guesses() -> None:
    """Empty in, empty out."""
    found = guess([])
    assert len(found.scores) == 0
    assert all(len(values) == 0 for values in found.parts.values())
