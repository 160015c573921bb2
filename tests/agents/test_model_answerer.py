"""A scoring callable as a player that keeps its deadline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ChosenScorer, FakeClock, even_log_probs
from underdog.agents.model_answerer import (
    DOUBT,
    ModelAnswerer,
    Thought,
    Timing,
    confidence,
    reconsidered,
)
from underdog.errors import InputError
from underdog.inference.pace import SAFETY, size_of
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question, question_id
from underdog.protocol.filters import filter_answers
from underdog.protocol.player import StrippedQuestion
from underdog.protocol.tokens import estimate_tokens

PERU = StrippedQuestion("Capital of Peru?", ("Quito", "Lima", "Bogota", "La Paz"))
LIMA = (math.log(0.1), math.log(0.7), math.log(0.1), math.log(0.1))
DEADLINE_S = 9.0


@dataclass
class SlowScorer:
    """Each call takes seconds per character, times the next of some factors; answers go round."""

    clock: FakeClock
    rate: float
    factors: Sequence[float] = (1.0,)
    batches: list[int] = field(default_factory=list)

    def __call__(self, questions: Sequence[Question]) -> list[Prediction]:
        factor = self.factors[len(self.batches) % len(self.factors)]
        self.clock.advance(self.rate * factor * sum(map(size_of, questions)))
        self.batches.append(len(questions))
        return [prediction(each, len(each.text) % 4, 0.7) for each in questions]


def prediction(question: Question, choice: int, probability: float) -> Prediction:
    rest = math.log((1 - probability) / 3)
    logs = tuple(math.log(probability) if each == choice else rest for each in range(4))
    return Prediction(question.id, Presentation.identity(4), Outcome.CLEAN, choice, logs)


def asked(count: int, length: int = 0) -> list[StrippedQuestion]:
    return [
        StrippedQuestion(f"Which is number {number}?" + "x" * (number * length % 97), PERU.choices)
        for number in range(count)
    ]


def test_the_likeliest_choice_is_answered_as_shown() -> None:
    """Letter, probability in words, and the log-probabilities in the order shown."""
    scorer = ChosenScorer({question_id(PERU.text, PERU.choices): LIMA})
    (answer,) = ModelAnswerer(scorer).answer([PERU])
    assert answer == {"answer": "B", "reasoning": "probability 0.70", "log_probs": list(LIMA)}
    assert filter_answers([answer], estimate_tokens) == (answer,)


def test_all_questions_of_a_call_are_scored_together() -> None:
    """One call of the scorer, answers in order."""
    calls: list[int] = []
    scorer = ChosenScorer()

    def score(questions: Sequence[Question]) -> Sequence[Prediction]:
        calls.append(len(questions))
        assert all(question.answer is None for question in questions)
        return scorer(questions)

    other = StrippedQuestion("Capital of Chad?", PERU.choices)
    answers = ModelAnswerer(score).answer([PERU, other])
    assert calls == [2]
    assert scorer.asked == [question_id(each.text, each.choices) for each in (PERU, other)]
    assert len(answers) == 2


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.TRUNCATED])
def test_a_prediction_without_a_choice_is_no_answer(outcome: Outcome) -> None:
    """The referee records it as malformed; nothing is guessed here."""

    def score(questions: Sequence[Question]) -> list[Prediction]:
        return [Prediction(each.id, Presentation.identity(4), outcome, None) for each in questions]

    assert ModelAnswerer(score).answer([PERU]) == [None]


def test_predictions_without_probabilities_are_answers() -> None:
    """Then nothing is said about probability."""

    def score(questions: Sequence[Question]) -> list[Prediction]:
        return [
            Prediction(each.id, Presentation.identity(4), Outcome.CLEAN, 2) for each in questions
        ]

    assert ModelAnswerer(score).answer([PERU]) == [{"answer": "C", "reasoning": ""}]


def test_warming_up_scores_one_question() -> None:
    """Before a clock runs; and a rounding error above probability 1 is not passed on."""
    scorer = ChosenScorer()
    ModelAnswerer(scorer).warm_up()
    assert len(scorer.asked) == 1
    assert even_log_probs(4)[0] < 0


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 60),
    length=st.integers(0, 50),
    one_s=st.floats(0.001, DEADLINE_S / 3),
    factors=st.lists(st.floats(1.0, SAFETY), min_size=1, max_size=7),
    warm=st.booleans(),
)
def test_however_slow_the_model_answers_come_in_time(
    count: int, length: int, one_s: float, factors: list[float], warm: bool
) -> None:
    """Questions of any length and number, a model whose speed varies twofold: the call is over
    before its time is, its first answers are there, and none is a letter without a distribution.
    """
    clock = FakeClock()
    questions = asked(count, length)
    longest = max(size_of(Question(each.text, each.choices, None)) for each in questions)
    scorer = SlowScorer(clock, one_s / longest / SAFETY, factors)
    player = ModelAnswerer(scorer, timing=Timing(DEADLINE_S, clock))
    if warm:
        player.warm_up()
    begun = clock()
    answers = player.answer(questions)
    assert clock() - begun < DEADLINE_S * count
    given_answers = [each for each in answers if each is not None]
    assert given_answers
    assert answers == [*given_answers, *[None] * (count - len(given_answers))]
    for question, answer in zip(questions, given_answers, strict=False):
        assert isinstance(answer, dict)
        assert answer["answer"] == "ABCD"[len(question.text) % 4]
    total_s = sum(scorer.rate * size_of(Question(q.text, q.choices, None)) for q in questions)
    if SAFETY * SAFETY * total_s < 0.8 * DEADLINE_S * count:
        assert len(given_answers) == count, "there was time for all of them"


def test_a_model_too_slow_for_all_questions_answers_as_many_as_it_can() -> None:
    """5 s per question, 20 questions in the time of 10: some are answered, the call is in time, and
    what was not asked is no answer (a late call would have lost all of them).
    """
    clock = FakeClock()
    questions = asked(20)
    scorer = SlowScorer(clock, 5.0 / size_of(Question(questions[0].text, PERU.choices, None)))
    player = ModelAnswerer(scorer, timing=Timing(2.5, clock))
    answers = player.answer(questions)
    assert clock() < 2.5 * 20
    told = sum(each is not None for each in answers)
    assert 5 <= told < 10
    assert scorer.batches[0] == 1, "nothing was measured before it"


def test_a_fast_model_is_asked_everything_at_once() -> None:
    """After the warm-up, whose first call is not what is measured."""
    clock = FakeClock()
    scorer = SlowScorer(clock, 1e-5, [1000.0, 1.0])
    player = ModelAnswerer(scorer, timing=Timing(DEADLINE_S, clock))
    player.warm_up()
    assert len([each for each in player.answer(asked(200)) if each]) == 200
    assert scorer.batches == [1, 1, 200]


def test_a_server_is_told_how_long_it_has() -> None:
    """All questions go out together, with what is left of the time."""
    heard: list[tuple[int, float]] = []

    def score(questions: Sequence[Question], *, within_s: float) -> list[Prediction]:
        heard.append((len(questions), within_s))
        late = Prediction(questions[0].id, Presentation.identity(4), Outcome.LATE, None)
        return [late, *[prediction(each, 1, 0.9) for each in questions[1:]]]

    player = ModelAnswerer(score, timing=Timing(10.0, FakeClock(), bounded=True))
    answers = player.answer(asked(3))
    assert heard == [(3, pytest.approx(25.5))]
    assert [each and each["answer"] for each in answers] == [None, "B", "B"]  # type: ignore[index]


def test_the_temperature_changes_confidence_and_no_choice() -> None:
    """Twice the temperature: the square root of the odds."""
    scorer = ChosenScorer({question_id(PERU.text, PERU.choices): LIMA})
    (answer,) = ModelAnswerer(scorer, temperature=2.0).answer([PERU])
    assert isinstance(answer, dict)
    assert answer["answer"] == "B"
    shares = [math.exp(each) for each in answer["log_probs"]]
    assert sum(shares) == pytest.approx(1)
    assert shares[1] / shares[0] == pytest.approx(math.sqrt(7))
    assert answer["reasoning"] == f"probability {shares[1]:.2f}"


class Thinker:
    """Thinks for some seconds, and reads the second choice with some certainty."""

    def __init__(self, clock: FakeClock, seconds: float, sure: float) -> None:
        self.clock, self.seconds, self.sure = clock, seconds, sure
        self.asked: list[str] = []

    def __call__(self, question: Question, *, within_s: float) -> Thought | None:
        self.asked.append(question.text)
        self.clock.advance(min(self.seconds, within_s))
        return Thought("because", prediction(question, 1, self.sure))


def thinking(probability: Callable[[int], float], thinker: Thinker, count: int) -> list[object]:
    def score(questions: Sequence[Question]) -> list[Prediction]:
        thinker.clock.advance(0.1)
        return [
            prediction(each, 0, probability(int(each.text.split()[-1][:-1]))) for each in questions
        ]

    timing = Timing(DEADLINE_S, thinker.clock)
    return ModelAnswerer(score, timing=timing, second=thinker).answer(asked(count))


def test_only_an_answer_in_doubt_is_replaced_and_only_by_a_surer_one() -> None:
    """First answers of 0.4 and 0.6; a second reading of 0.8 overturns the first one only, one of
    0.35 none. Thoughts stand in the reasoning either way.
    """
    for sure, letters in ((0.8, "BA"), (0.35, "AA")):
        thinker = Thinker(FakeClock(), 0.1, sure)
        answers = thinking(lambda number: 0.4 + 0.2 * number, thinker, 2)
        assert "".join(each["answer"] for each in answers) == letters  # type: ignore[index]
        assert all(each["reasoning"] == "because" for each in answers)  # type: ignore[index]


@given(st.floats(0.26, 0.99), st.floats(0.26, 0.99))
def test_the_rule_of_second_thoughts(first: float, second: float) -> None:
    """Replaced exactly where the first is below DOUBT and the second surer."""
    question = Question(PERU.text, PERU.choices, None)
    one, two = prediction(question, 0, first), prediction(question, 1, second)
    replaced = confidence(one) < DOUBT and confidence(two) > confidence(one)
    assert reconsidered(one, two) is (two if replaced else one)


def test_thoughts_end_before_the_deadline_and_the_least_certain_come_first() -> None:
    """Each takes 10 s of the 180 that 20 questions have: not all get one, all are answered."""
    thinker = Thinker(FakeClock(), 10.0, 0.9)
    answers = thinking(lambda number: 0.9 - 0.03 * number, thinker, 20)
    assert thinker.clock() < 20 * DEADLINE_S
    assert all(answers)
    assert 10 <= len(thinker.asked) < 20
    assert thinker.asked[0] == "Which is number 19?"


def test_without_time_nothing_is_thought_about() -> None:
    """First answers that are not all there leave none for second thoughts."""
    clock = FakeClock()
    thinker = Thinker(clock, 0.1, 0.9)
    scorer = SlowScorer(clock, 0.2)
    player = ModelAnswerer(scorer, timing=Timing(2.0, clock), second=thinker)
    assert None in player.answer(asked(30))
    assert thinker.asked == []


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_impossible_times_and_temperatures_are_refused(wrong: float) -> None:
    """Both are above 0 and finite."""
    with pytest.raises(InputError, match="seconds per answer above 0"):
        Timing(wrong, FakeClock())
    with pytest.raises(InputError, match="a temperature above 0"):
        ModelAnswerer(ChosenScorer(), temperature=wrong)
