"""How much a model's answer hangs on where a choice stands, and how to take that out.

In: predictions of the same questions under several presentations. Out: figures of the bias, and
predictions without it. Never: a key for the correction itself, which needs no labels.

Two ways. Exact: every cyclic rotation of the choices is shown and the probabilities of each choice
are averaged (n times the cost); a question that is right under all rotations is right in the sense
of CircularEval (Liu et al., MMBench, ECCV 2024, section 4.3). PriDe (Zheng et al., ICLR 2024, arXiv
2309.03882, section 4): a few questions are rotated, the letters' own probabilities are estimated
from these, and divided out of all other answers at no cost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import check_aligned
from underdog.evaluation.clusters import clustered_accuracy
from underdog.interval import Interval, wilson
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

PRIDE_SHARE = 0.05
"""Questions that PriDe rotates (arXiv 2309.03882, section 4.3)."""
PRIDE_MIN_QUESTIONS = 10
"""At least so many, where there are as many."""


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Over the rotated questions. `circular`: right under every rotation. `flips`: the choice is
    not the same under all. `recall_std`: standard deviation over places of the share of keys shown
    there that are found (section 2.2 of arXiv 2309.03882), None when a place held no key.
    """

    questions: int
    accuracy: Interval
    circular: Interval
    flips: Interval
    recall_std: float | None

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def rotations(first: Presentation) -> tuple[Presentation, ...]:
    """Every cyclic rotation of an order, itself first: each choice comes to each place once."""
    size = len(first.order)
    return tuple(first.then(Presentation.rotated(size, by)) for by in range(size))


def measure_bias(
    questions: Sequence[Question],
    rotated: Sequence[Sequence[Prediction]],
    *,
    groups: Sequence[str] | None = None,
) -> PositionBias:
    """`rotated[i]` are the predictions of question i under all rotations. `accuracy` is that of
    the first of these, as the question is shown without rotating.
    """
    check_aligned(questions, [each[0] for each in rotated])
    marks = [
        [each.choice == question.answer for each in shown]
        for question, shown in zip(questions, rotated, strict=True)
    ]
    flips = sum(len({each.choice for each in shown}) > 1 for shown in rotated)
    return PositionBias(
        questions=len(questions),
        accuracy=clustered_accuracy([each[0] for each in marks], groups),
        circular=clustered_accuracy([all(each) for each in marks], groups),
        flips=wilson(flips, len(questions)),
        recall_std=_recall_std(questions, rotated),
    )


def _recall_std(
    questions: Sequence[Question], rotated: Sequence[Sequence[Prediction]]
) -> float | None:
    size = max(len(question.choices) for question in questions)
    found, keys = [0] * size, [0] * size
    for question, shown in zip(questions, rotated, strict=True):
        for each in shown:
            place = each.presentation.order.index(question.answer or 0)
            keys[place] += 1
            found[place] += each.choice == question.answer
    if not all(keys):
        return None
    shares = [hit / count for hit, count in zip(found, keys, strict=True)]
    mean = math.fsum(shares) / size
    return math.sqrt(math.fsum((each - mean) ** 2 for each in shares) / size)


def mean_over_rotations(rotated: Sequence[Prediction]) -> Prediction:
    """One question's probabilities averaged over its rotations (equation 1 of arXiv 2309.03882)."""
    rows = [_probabilities(each) for each in rotated]
    means = [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)]
    return _answer(rotated[0], [math.log(max(each, 1e-300)) for each in means])


def place_priors(rotated: Sequence[Sequence[Prediction]]) -> dict[int, tuple[float, ...]]:
    """Natural logs of the letters' own probabilities, by the number of choices.

    Per question the softmax of the mean over rotations of log P(letter): the choices' contents
    cancel, since each stands at each place once (equation 7); then the mean over questions.
    """
    found: dict[int, list[list[float]]] = {}
    for shown in rotated:
        size = len(shown)
        by_place = [
            math.fsum(_at_place(each, place) for each in shown) / size for place in range(size)
        ]
        found.setdefault(size, []).append([math.exp(each) for each in normalised(by_place)])
    return {
        size: tuple(math.log(math.fsum(column) / len(rows)) for column in zip(*rows, strict=True))
        for size, rows in found.items()
    }


def debias(prediction: Prediction, priors: Mapping[int, Sequence[float]]) -> Prediction:
    """Divide the letters' own probabilities out (equation 8); unchanged where no prior is known
    for this number of choices or the prediction has no probabilities.
    """
    order = prediction.presentation.order
    prior = priors.get(len(order))
    if prior is None or prediction.log_probs is None:
        return prediction
    scores = [
        value - prior[order.index(choice)] for choice, value in enumerate(prediction.log_probs)
    ]
    return _answer(prediction, scores)


def pride_places(questions: Sequence[Question], share: float = PRIDE_SHARE) -> tuple[int, ...]:
    """The places of the questions that PriDe rotates: those with the smallest ids, which are
    hashes, so the draw favours nothing and is the same in every run.
    """
    if not 0 < share <= 1:
        raise InputError("a share above 0 and at most 1", got=str(share))
    count = min(max(math.ceil(share * len(questions)), PRIDE_MIN_QUESTIONS), len(questions))
    ordered = sorted(range(len(questions)), key=lambda place: questions[place].id)
    return tuple(sorted(ordered[:count]))


def normalised(logs: Sequence[float]) -> list[float]:
    """Natural logs minus the log of the sum of their exponentials."""
    top = max(logs)
    total = top + math.log(math.fsum(math.exp(each - top) for each in logs))
    return [min(each - total, 0.0) for each in logs]


def _answer(shown: Prediction, scores: Sequence[float]) -> Prediction:
    logs = tuple(normalised(scores))
    choice = max(range(len(logs)), key=lambda index: (logs[index], -index))
    return Prediction(shown.question_id, shown.presentation, Outcome.CLEAN, choice, logs)


def _probabilities(prediction: Prediction) -> list[float]:
    return [math.exp(each) for each in _logs(prediction)]


def _at_place(prediction: Prediction, place: int) -> float:
    return _logs(prediction)[prediction.presentation.order[place]]


def _logs(prediction: Prediction) -> tuple[float, ...]:
    if prediction.log_probs is None:
        raise InputError(
            "probabilities of every choice", got=f"none for question {prediction.question_id}"
        )
    return prediction.log_probs
