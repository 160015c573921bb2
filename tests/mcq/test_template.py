"""What stands round a question."""

from __future__ import annotations

import pytest

from fakes import byte_level_tokenizer, letter_tokenizer, numbered_questions
from underdog.errors import InputError
from underdog.mcq.encode import encode, encode_all
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import Prompt, PromptStyle, render
from underdog.mcq.question import Question
from underdog.mcq.template import Spacing, Template, draw_shots

QUESTIONS = numbered_questions(12)
ORDER = Presentation.identity(4)


def chat(messages: object) -> str:
    """A template in the manner of ChatML."""
    turns = "".join(f"<{each['role']}>{each['content']}</>" for each in messages)  # type: ignore[attr-defined]
    return f"{turns}<assistant>"


def test_without_examples_a_prompt_is_the_plain_one() -> None:
    """Training and evaluation read the same text."""
    for style in PromptStyle:
        assert Template(style).render(QUESTIONS[0], ORDER) == render(QUESTIONS[0], ORDER, style)


def test_a_plain_prompt_with_examples_is_written_out() -> None:
    """Instruction, examples with their answers, and the question, apart by an empty line."""
    shot = Question("Sky?", ("blue", "red"), 0)
    template = Template(PromptStyle.TEXTS, shots=(shot,), instruction="Answer.")
    asked = template.render(Question("Grass?", ("green", "red"), 0), Presentation.identity(2))
    assert asked == Prompt(
        "Answer.\n\nQuestion: Sky?\nAnswer: blue\n\nQuestion: Grass?\nAnswer:", (" green", " red")
    )


def test_a_chat_is_written_out() -> None:
    """Examples are turns, and the answer opens the assistant's turn without a space."""
    shot = Question("Sky?", ("blue", "red"), 0)
    template = Template(PromptStyle.TEXTS, shots=(shot,), instruction="Answer.", chat=chat)
    asked = template.render(Question("Grass?", ("green", "red"), 0), Presentation.identity(2))
    assert asked == Prompt(
        "<system>Answer.</><user>Question: Sky?\nAnswer:</><assistant>blue</>"
        "<user>Question: Grass?\nAnswer:</><assistant>",
        ("green", "red"),
    )


def test_a_chat_template_that_hides_the_message_is_refused() -> None:
    """What the model would be asked is then unknown."""
    with pytest.raises(InputError, match="shows the user's message once, as it is; got 0 times"):
        Template(PromptStyle.TEXTS, chat=lambda messages: "hello").frame()


@pytest.mark.parametrize(
    ("spacing", "plain", "chatting"),
    [(Spacing.AUTOMATIC, " A", "A"), (Spacing.SPACE, " A", " A"), (Spacing.NONE, "A", "A")],
)
def test_letters_are_spaced_as_the_template_needs(
    spacing: Spacing, plain: str, chatting: str
) -> None:
    """Two tokens stand for each letter; the template says which one is asked for."""
    for writer, wanted in ((None, plain), (chat, chatting)):
        template = Template(PromptStyle.LETTERS, spacing=spacing, chat=writer)
        assert template.render(QUESTIONS[0], ORDER).completions[0] == wanted
    ids = {encode(Prompt("x", (each,)), letter_tokenizer()).completion_ids for each in (" A", "A")}
    assert len(ids) == 2


def test_the_bare_cue_has_no_question_and_the_same_completions() -> None:
    """The context of unconditional scores."""
    template = Template(PromptStyle.TEXTS, shots=QUESTIONS[1:3])
    bare = template.frame().unconditional(QUESTIONS[0])
    assert bare == Prompt("Answer:", template.render(QUESTIONS[0], ORDER).completions)


def test_examples_depend_on_the_seed_and_not_on_the_order_of_the_pool() -> None:
    """And none of them is asked or without a key."""
    keyless = Question("Who?", ("a", "b"), None)
    asked = {QUESTIONS[0].id}
    drawn = draw_shots([*QUESTIONS, keyless], 11, seed=1, asked=asked)
    assert drawn == draw_shots([keyless, *QUESTIONS[::-1]], 11, seed=1, asked=asked)
    assert drawn != draw_shots(QUESTIONS, 11, seed=2, asked=asked)
    assert {each.id for each in drawn} == {each.id for each in QUESTIONS[1:]}
    with pytest.raises(InputError, match=r"12 questions with known answers .*; got 11"):
        draw_shots([*QUESTIONS, keyless], 12, seed=1, asked=asked)
    with pytest.raises(InputError, match="worked examples with known answers"):
        Template(PromptStyle.TEXTS, shots=(keyless,))


@pytest.mark.parametrize("make", [byte_level_tokenizer, letter_tokenizer])
def test_cutting_the_beginning_once_changes_no_token(make: object) -> None:
    """Prompts cut whole, and beginning and rest apart."""
    tokenizer = make()  # type: ignore[operator]
    frame = Template(PromptStyle.LETTERS, shots=QUESTIONS[:3]).frame()
    prompts = [frame.render(each, ORDER) for each in QUESTIONS[3:]]
    assert all(each.prefix.startswith(frame.beginning) for each in prompts)
    apart = encode_all(prompts, tokenizer, beginning=frame.beginning)
    assert apart == tuple(encode(each, tokenizer) for each in prompts)


def test_a_tokenizer_that_joins_across_the_seam_gets_whole_prompts() -> None:
    """One whose token is ": W" would see two tokens if the prompts were cut there."""

    class Joining:
        eos_token_id = None

        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            return [ord(each) for each in text.replace(": W", "\u2260")]

    frame = Template(PromptStyle.TEXTS, shots=QUESTIONS[:1]).frame()
    prompts = [frame.render(each, ORDER) for each in QUESTIONS[3:6]]
    found = encode_all(prompts, Joining(), beginning=frame.beginning)
    assert found == tuple(encode(each, Joining()) for each in prompts)
    assert all(0x2260 in each.prefix_ids for each in found)
