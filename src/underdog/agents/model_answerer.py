"""An A-agent on top of anything that scores questions: a model, an adapter, an ensemble, a server.

In: a callable from questions to predictions, and how long an answer may take. Out: official
answers with calibrated probabilities beside them, before the deadline. Never: a model, a key, a
letter that no distribution stands behind.

How it keeps the deadline. One forward pass gives the distribution over the choices, so an answer
exists after the first pass, and it is that distribution's likeliest choice. How many questions go
into a pass follows from how long the last passes took (`inference.pace`), and no pass is begun that
may not end in time. What no pass could be begun for is left without an answer and costs itself
only: the answers that exist are handed over in time. Only the first pass of a call is begun
whatever was measured, because without it there is no answer at all.

How second thoughts count (`second`, none by default). While time is left, the least certain
questions are thought about in words, and read again with those words. The second reading replaces
the first only where the first gave its own choice less than DOUBT and the second gives its choice
more than that. So a first answer that was more likely right than wrong is never overturned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from underdog.errors import InputError
from underdog.inference.evidence import tempered
from underdog.inference.pace import Pace
from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import LETTERS
from underdog.mcq.question import Question
from underdog.protocol.player import StrippedQuestion

Score = Callable[..., Sequence[Prediction]]
"""One prediction per question, in order. The questions' choices stand in the order shown, and have
no key."""
USABLE = 0.85
"""Share of the allowed time that is used: the rest is for whatever lies between the referee's clock
and this one."""
DOUBT = 0.5
"""Below this probability a first answer is more likely wrong than right."""
REASONING_CHARACTERS = 600
"""About 150 tokens; the official limit for answer and reasoning is 512."""
WARM_UP_S = 60.0
"""Seconds for the first thought, which nobody waits for."""
_WARM_UP = Question("Which of these is a colour?", ("Red", "Seven", "Run", "Why"), None)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a player has."""

    answer_s: float
    """Seconds per question; a call's questions share their sum, as the referee counts."""
    clock: Callable[[], float]
    """Seconds from any fixed start."""
    bounded: bool = False
    """Whether `score` takes `within_s` and is back by then, as a server's client is: then all
    questions of a call go out together."""

    def __post_init__(self) -> None:
        if not 0 < self.answer_s < math.inf:
            raise InputError("seconds per answer above 0", got=str(self.answer_s))


class Thought(NamedTuple):
    """What was thought about a question, and how it reads with that; None: not read again."""

    text: str
    prediction: Prediction | None


class Second(Protocol):
    """Thinks about one question in words; is back within `within_s` seconds, with what it has."""

    def __call__(self, question: Question, *, within_s: float) -> Thought | None:
        """None where nothing came of it."""


class ModelAnswerer:
    """Answers with the choice that is predicted."""

    def __init__(
        self,
        score: Score,
        *,
        timing: Timing | None = None,
        temperature: float = 1.0,
        second: Second | None = None,
    ) -> None:
        """`temperature` is fitted on validation questions: it makes probabilities shares of right
        answers, and changes no choice. Without `timing` all questions of a call are scored at once,
        and nothing is thought about twice.
        """
        if not 0 < temperature < math.inf:
            raise InputError("a temperature above 0", got=str(temperature))
        self._score, self._timing = score, timing
        self._temperature, self._second = temperature, second
        self._pace = Pace()
        self._thought_s = 0.0

    def warm_up(self) -> None:
        """Score one question before any clock runs: first calls load kernels, which took 9 to 10 s
        in a real match and was mistaken for a slow question (facts 1.5, trap 12). The second call
        is the first that is measured.
        """
        if self._timing is None:
            self._score([_WARM_UP])
            return
        for number in range(2):
            begun = self._timing.clock()
            self._asked([_WARM_UP], self._timing.answer_s * USABLE)
            if number:
                self._pace.note([_WARM_UP], self._timing.clock() - begun)
        if self._second is not None:
            self._second(_WARM_UP, within_s=WARM_UP_S)

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """None for a question that the model gave no choice for, or that time was too short for."""
        seen = [Question(each.text, each.choices, None) for each in questions]
        if self._timing is None:
            return [_official(each, None) for each in self._tempered(self._score(seen))]
        end_s = self._timing.clock() + USABLE * self._timing.answer_s * len(seen)
        found = self._first(seen, end_s, self._timing)
        texts = self._think(seen, found, end_s, self._timing)
        left = [None] * (len(seen) - len(found))
        return [_official(each, texts.get(place)) for place, each in enumerate([*found, *left])]

    def _first(self, seen: list[Question], end_s: float, timing: Timing) -> list[Prediction]:
        """Predictions of as many of the first questions as there is time for."""
        found: list[Prediction] = []
        while len(found) < len(seen):
            left, begun = seen[len(found) :], timing.clock()
            size = len(left) if timing.bounded else self._pace.fits(left, end_s - begun)
            batch = left[: size if found else max(size, 1)]
            if not batch:
                break
            found += self._tempered(self._asked(batch, end_s - begun))
            self._pace.note(batch, timing.clock() - begun)
        return found

    def _asked(self, batch: Sequence[Question], within_s: float) -> Sequence[Prediction]:
        assert self._timing is not None
        return self._score(batch, within_s=within_s) if self._timing.bounded else self._score(batch)

    def _tempered(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        return [tempered(each, self._temperature) for each in predictions]

    def _think(
        self, seen: Sequence[Question], found: list[Prediction], end_s: float, timing: Timing
    ) -> dict[int, str]:
        """Texts by place; predictions in `found` are replaced by the rule of this module."""
        if self._second is None or len(found) < len(seen):
            return {}
        texts: dict[int, str] = {}
        for place in sorted(range(len(seen)), key=lambda each: (confidence(found[each]), each)):
            begun = timing.clock()
            if end_s - begun <= 2 * self._thought_s:
                break
            thought = self._second(seen[place], within_s=end_s - begun)
            self._thought_s = timing.clock() - begun
            if thought is None:
                continue
            texts[place] = thought.text
            if thought.prediction is not None:
                again = tempered(thought.prediction, self._temperature)
                found[place] = reconsidered(found[place], again)
        return texts


def confidence(prediction: Prediction) -> float:
    """The probability of the choice; 0 where there is none, 1 where none is told."""
    if prediction.choice is None:
        return 0.0
    if prediction.log_probs is None:
        return 1.0
    return min(math.exp(prediction.log_probs[prediction.choice]), 1.0)


def reconsidered(first: Prediction, second: Prediction) -> Prediction:
    """The second reading where the first was in doubt and the second is more certain."""
    if confidence(first) < DOUBT and confidence(second) > confidence(first):
        return second
    return first


def _official(prediction: Prediction | None, thought: str | None) -> object:
    if prediction is None or prediction.choice is None:
        return None
    answer: dict[str, object] = {
        "answer": LETTERS[prediction.choice],
        "reasoning": _reasoning(prediction, thought),
    }
    if prediction.log_probs is not None:
        answer["log_probs"] = [min(float(each), 0.0) for each in prediction.log_probs]
    return answer


def _reasoning(prediction: Prediction, thought: str | None) -> str:
    if thought:
        return thought[:REASONING_CHARACTERS]
    if prediction.log_probs is None or prediction.choice is None:
        return ""
    return f"probability {confidence(prediction):.2f}"
