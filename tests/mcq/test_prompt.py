"""Prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes import ByteTokenizer, numbered_questions
from underdog.mcq.encode import encode
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import Prompt, PromptStyle, render
from underdog.mcq.question import Question

QUESTION = Question(" Which is prime? ", ("4", " 5", "6 "), 1)
ORDER = Presentation((2, 0, 1))


def test_the_letters_prompt_is_pinned() -> None:
    """Choices are listed as shown; completions are in canonical order."""
    assert render(QUESTION, ORDER, PromptStyle.LETTERS) == Prompt(
        prefix="Question: Which is prime?\nA) 6\nB) 4\nC) 5\nAnswer:",
        completions=(" B", " C", " A"),
    )


def test_the_texts_prompt_is_pinned_and_knows_no_order() -> None:
    """No choice is in the prefix, so the order shown makes no difference."""
    prompt = render(QUESTION, ORDER, PromptStyle.TEXTS)
    assert prompt == Prompt("Question: Which is prime?\nAnswer:", (" 4", " 5", " 6"))
    assert prompt == render(QUESTION, Presentation.identity(3), PromptStyle.TEXTS)


@given(order=st.permutations(range(4)), style=st.sampled_from(PromptStyle))
def test_prefixes_end_without_a_space_and_completions_begin_with_one(
    order: list[int], style: PromptStyle
) -> None:
    """The space belongs to the completion, whatever is asked."""
    for question in numbered_questions(5):
        prompt = render(question, Presentation(tuple(order)), style)
        assert prompt.prefix == prompt.prefix.rstrip()
        assert all(text[0] == " " and text[1] != " " for text in prompt.completions)


@given(st.permutations(range(4)))
def test_the_completion_of_a_choice_is_the_letter_beside_it(order: list[int]) -> None:
    """Reading the prompt as a person would gives the same letters."""
    shown = Presentation(tuple(order))
    for question in numbered_questions(3):
        prompt = render(question, shown, PromptStyle.LETTERS)
        for choice, text in enumerate(question.choices):
            assert f"\n{prompt.completions[choice].strip()}) {text}\n" in prompt.prefix


def test_prefix_and_completions_are_cut_into_tokens_apart() -> None:
    """Their ids put together spell the whole text, and no special token slips in."""
    tokenizer = ByteTokenizer()
    prompt = render(QUESTION, ORDER, PromptStyle.LETTERS)
    encoded = encode(prompt, tokenizer)
    for ids, text in zip(encoded.completion_ids, prompt.completions, strict=True):
        assert tokenizer.decode([*encoded.prefix_ids, *ids]) == prompt.prefix + text
    assert tokenizer.eos_token_id not in encoded.prefix_ids
