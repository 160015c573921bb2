"""From a reply to a choice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.mcq.parse import Reply, parse_reply
from underdog.mcq.prediction import ANSWERED, Outcome
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.mcq.question import Question

QUESTION = Question("Capital of France?", ("Rome", "Paris", "Bonn", "New York"), 1)
SHOWN = Presentation((3, 1, 0, 2))  # A New York, B Paris, C Rome, D Bonn
orders = st.permutations(range(4)).map(lambda order: Presentation(tuple(order)))


@given(orders, st.integers(0, 3))
def test_parsing_undoes_the_letters_prompt(shown: Presentation, choice: int) -> None:
    """What the prompt would have the model write is read back as the same choice."""
    completion = render(QUESTION, shown, PromptStyle.LETTERS).completions[choice]
    assert parse_reply(completion, QUESTION, shown) == Reply(Outcome.CLEAN, choice)


@given(orders, st.integers(0, 3))
def test_parsing_undoes_the_texts_prompt(shown: Presentation, choice: int) -> None:
    """A choice's own text is read as that choice, as a repair."""
    completion = render(QUESTION, shown, PromptStyle.TEXTS).completions[choice]
    assert parse_reply(completion, QUESTION, shown) == Reply(Outcome.REPAIRED, choice)


@given(orders, st.integers(0, 3))
def test_parsing_reads_the_official_json(shown: Presentation, choice: int) -> None:
    """The competition's answer object is understood, fenced or bare, with anything beside it."""
    stated = json.dumps({"answer": shown.letter(choice), "reasoning": "Answer: A or B"})
    for text in (stated, f"```json\n{stated}\n```", f"Here it is: {stated}"):
        assert parse_reply(text, QUESTION, shown) == Reply(Outcome.REPAIRED, choice)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("b", 1),
        ("B)", 1),
        ("(C)", 0),
        ("**D**", 2),
        ("B. Paris, of course", 1),
        ("The answer is B.", 1),
        ("answer: **C**", 0),
        ("I think the answer is (A) because", 3),
        ("new  york", 3),
        ("B\nbecause it is the capital", 1),
        ('{"answer": "Paris"}', 1),
    ],
)
def test_one_named_choice_is_repaired(text: str, choice: int) -> None:
    """Common ways to name one choice are understood."""
    assert parse_reply(text, QUESTION, SHOWN) == Reply(Outcome.REPAIRED, choice)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "BECAUSE it is so",
        "E",
        "The answer is E",
        "The answer is A. No, the answer is B.",
        "Paris or Rome",
        "A or B",
        '{"answer": 1}',
        '{"answer": ["B"]}',
        '{"answer": ',
        "{" * 5000,
        '{"answer": ' + "9" * 5000 + "}",
        "a nice city",
        "I'd say B'ham",
    ],
)
def test_what_names_no_choice_or_several_is_malformed(text: str) -> None:
    """Nothing is guessed."""
    assert parse_reply(text, QUESTION, SHOWN) == Reply(Outcome.MALFORMED, None)


@pytest.mark.parametrize("text", ["I cannot answer that.", "As an AI, I have no opinion."])
def test_a_refusal_is_called_one(text: str) -> None:
    """Declining is told apart from talking nonsense."""
    assert parse_reply(text, QUESTION, SHOWN) == Reply(Outcome.REFUSED, None)


@given(st.text(max_size=200))
def test_any_text_gives_an_outcome(text: str) -> None:
    """No reply can crash the parser, and a choice comes exactly with an answered outcome."""
    outcome, choice = parse_reply(text, QUESTION, SHOWN)
    assert (choice is not None) == (outcome in ANSWERED)
