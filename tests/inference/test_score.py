"""Questions in, predictions out."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from fakes import ByteTokenizer, letter_tokenizer, numbered_questions, tiny_qwen2
from underdog.errors import InputError
from underdog.inference.layout import Layout, lay_out
from underdog.inference.likelihood import choice_log_probs
from underdog.inference.score import score, scored_batches, shown_order
from underdog.inference.scorer import Normalisation, Scorer, ScoringConfig
from underdog.mcq.encode import encode
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.mcq.question import Question

QUESTIONS = numbered_questions(30)
TEXTS = Scorer(tiny_qwen2(), ByteTokenizer(), ScoringConfig())
LETTERS = Scorer(tiny_qwen2(), letter_tokenizer(), ScoringConfig(style=PromptStyle.LETTERS))


def sums(question: Question, scorer: Scorer) -> tuple[float, ...]:
    order = shown_order(question, scorer.config)
    encoded = encode(render(question, order, scorer.config.style), scorer.tokenizer)
    return choice_log_probs(scorer.model, [lay_out(0, encoded, Layout.SHARED)])[0]


@pytest.mark.parametrize("scorer", [TEXTS, LETTERS], ids=["texts", "letters"])
def test_predictions_come_in_input_order_with_normalised_probabilities(scorer: Scorer) -> None:
    """The chosen answer has the largest probability; all of them add up to 1."""
    predictions = score(QUESTIONS, scorer)
    assert [each.question_id for each in predictions] == [each.id for each in QUESTIONS]
    for each in predictions:
        assert each.log_probs is not None
        assert each.choice == each.log_probs.index(max(each.log_probs))
        assert math.fsum(map(math.exp, each.log_probs)) == pytest.approx(1.0, abs=1e-12)
    assert len({each.choice for each in predictions}) > 1


def test_the_order_of_questions_does_not_matter() -> None:
    """Shuffled questions get the same answers within float32 rounding."""
    mixed = list(QUESTIONS)
    random.Random(1).shuffle(mixed)
    straight = {each.question_id: each for each in score(QUESTIONS, TEXTS)}
    for each in score(mixed, TEXTS):
        assert each.log_probs == pytest.approx(straight[each.question_id].log_probs, abs=1e-5)


@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
def test_the_batch_size_does_not_matter(batch_tokens: int) -> None:
    """Alone or together, within the stated 1e-4 nats (measured below 2e-5)."""
    config = replace(TEXTS.config, batch_tokens=batch_tokens)
    for one, two in zip(
        score(QUESTIONS, replace(TEXTS, config=config)), score(QUESTIONS, TEXTS), strict=True
    ):
        assert one.log_probs == pytest.approx(two.log_probs, abs=1e-4)
        assert one.choice == two.choice


def test_no_questions_no_predictions() -> None:
    """An empty exam is not an error."""
    assert score([], TEXTS) == ()


@pytest.mark.parametrize("normalisation", ["sum", "per_token", "per_character"])
def test_normalisation_divides_by_length(normalisation: str) -> None:
    """Log-probabilities differ exactly as the sums over their lengths do."""
    question = Question("Which word?", ("a", "abcdefgh", "é"), 0)
    scorer = replace(
        TEXTS, config=replace(TEXTS.config, normalisation=Normalisation(normalisation))
    )
    sizes = {
        Normalisation.SUM: (1, 1, 1),
        Normalisation.PER_TOKEN: (2, 9, 3),  # bytes, with the space
        Normalisation.PER_CHARACTER: (1, 8, 1),
    }[Normalisation(normalisation)]
    scores = [total / size for total, size in zip(sums(question, scorer), sizes, strict=True)]
    found = score([question], scorer)[0].log_probs
    assert found is not None
    wanted = [each - scores[0] for each in scores]
    assert [each - found[0] for each in found] == pytest.approx(wanted, abs=1e-6)


def test_unconditional_scores_take_off_what_each_choice_is_worth_alone() -> None:
    """Log P(choice | question) less log P(choice | "Answer:"), both by `choice_log_probs`."""
    question = Question("Which word?", ("a", "abcdefgh", "é"), 0)
    config = replace(TEXTS.config, normalisation=Normalisation.UNCONDITIONAL)
    bare = encode(TEXTS.template().frame().unconditional(question), TEXTS.tokenizer)
    alone = choice_log_probs(TEXTS.model, [lay_out(0, bare, Layout.SHARED)])[0]
    scores = [a - b for a, b in zip(sums(question, TEXTS), alone, strict=True)]
    found = score([question], replace(TEXTS, config=config))[0].log_probs
    assert found is not None
    assert [each - found[0] for each in found] == pytest.approx(
        [each - scores[0] for each in scores], abs=1e-5
    )


def test_the_mass_is_what_the_vocabulary_leaves_to_the_choices() -> None:
    """Probability of all letters together, before it is shared among them."""
    for batch in scored_batches(QUESTIONS[:3], LETTERS):
        for index, scored in batch.items():
            wanted = math.log(math.fsum(map(math.exp, sums(QUESTIONS[index], LETTERS))))
            assert scored.log_mass == pytest.approx(wanted, abs=1e-5)
            assert scored.log_mass < 0


def test_letters_are_shuffled_by_the_question_and_the_seed() -> None:
    """The order shown is the same whatever other questions are asked; texts show none."""
    order = shown_order(QUESTIONS[0], LETTERS.config)
    assert score(QUESTIONS[:1], LETTERS)[0].presentation == order
    assert len({shown_order(each, LETTERS.config) for each in QUESTIONS}) > 5
    other = replace(LETTERS.config, seed=1)
    assert [shown_order(q, other) for q in QUESTIONS] != [
        shown_order(q, LETTERS.config) for q in QUESTIONS
    ]
    assert shown_order(QUESTIONS[0], TEXTS.config) == Presentation.identity(4)


def test_given_orders_replace_the_shuffle() -> None:
    """A player is shown what the referee decided."""
    orders = [Presentation.rotated(4, 1)] * 3
    assert [p.presentation for p in score(QUESTIONS[:3], LETTERS, presentations=orders)] == orders
    with pytest.raises(InputError, match="3 presentations; got 2"):
        score(QUESTIONS[:3], LETTERS, presentations=orders[:2])


def test_work_that_was_done_is_not_repeated_and_the_rest_is_equal_to_the_last_bit() -> None:
    """Batches are those of the whole exam, also when half of it is there already."""
    scorer = replace(TEXTS, config=replace(TEXTS.config, batch_tokens=500))
    whole = list(scored_batches(QUESTIONS, scorer))
    assert len(whole) > 4
    done = {index for batch in whole[:2] for index in batch} | {min(whole[2])}
    rest = list(scored_batches(QUESTIONS, scorer, done=done))
    assert rest == whole[2:]


def test_progress_hears_of_every_question() -> None:
    """Steps add up to the number of questions, between one beginning and one end."""
    heard: list[object] = []

    class Listener:
        def begin(self, task: str, total: int | None) -> None:
            heard.append(total)

        def advance(self, steps: int = 1, note: str = "") -> None:
            heard.append(-steps)

        def end(self) -> None:
            heard.append("end")

    score(QUESTIONS, TEXTS, progress=Listener())
    assert heard[0] == 30
    assert heard[-1] == "end"
    assert sum(each for each in heard[1:-1] if isinstance(each, int)) == -30
