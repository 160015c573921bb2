"""Whether an exported model still answers as the adapter it was made from.

In: predictions of the adapter, the export, and the base without adapter, on the same questions.
Out: a `Parity` with its faults by a `Gate`. Never: a pass for an export that was asked nothing.

Rounding to fewer bits moves every probability a little; a wrong scale, a lost magnitude or a
missing matrix moves them towards the base. So besides the largest difference, the drift is
measured: the export's mean distance from the adapter, in units of the base's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError
from underdog.mcq.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Gate:
    """What an export may differ by. `probability`: largest difference of a choice's probability;
    `changed`: share of questions with another answer; `drift`: see `Parity`.
    """

    probability: float
    changed: float
    drift: float


GATES = {
    "float32": Gate(0.001, 0.0, 0.001),
    "float16": Gate(0.05, 0.02, 0.02),
    "bfloat16": Gate(0.20, 0.05, 0.10),
    "f16": Gate(0.05, 0.02, 0.02),
    "q8_0": Gate(0.20, 0.05, 0.10),
    "q4_0": Gate(0.90, 0.15, 0.50),
    "q4_mixed": Gate(0.90, 0.15, 0.50),
}
"""By type. Measured on 200 questions with an rsLoRA and a DoRA of the embedded base, the larger of
both (docs/benchmarks.md): 0.03 and 0.5 % at bfloat16, 0.001 and 0.0 % at float16, 0.05, 2 answers
and 1.3 % at q8_0, 0.39, 16 answers and 14 % at 4 bits. Limits are twice that and more, as larger
sets and other models differ. A scale wrong by the root of the rank drifts by about 1 - 1 /
sqrt(rank): 0.5 at rank 4, 0.75 at rank 16."""


@dataclass(frozen=True, slots=True)
class Parity:
    """`drift` is None when base and adapter answer alike: then there is nothing to lose."""

    questions: int
    largest_difference: float
    mean_distance: float
    changed: int
    drift: float | None

    def faults(self, gate: Gate) -> tuple[str, ...]:
        """What exceeds the gate, in words; none for a good export."""
        found = []
        if not self.largest_difference <= gate.probability:
            found.append(
                f"a probability differs by {self.largest_difference:.3g} "
                f"(at most {gate.probability:g})"
            )
        allowed = math.floor(gate.changed * self.questions + 1e-9)
        if self.changed > allowed:
            found.append(f"{self.changed} answers changed (at most {allowed})")
        if self.drift is not None and not self.drift <= gate.drift:
            found.append(
                f"{100 * self.drift:.0f} % of the adapter's effect is lost "
                f"(at most {100 * gate.drift:g} %)"
            )
        return tuple(found)

    def sentence(self) -> str:
        """The figures in one line."""
        lost = "" if self.drift is None else f", {100 * self.drift:.1f} % of the effect lost"
        return (
            f"{self.questions} questions: largest probability difference "
            f"{self.largest_difference:.2g}, {self.changed} answers changed{lost}"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "sentence": self.sentence()}


def measure_parity(
    adapter: Sequence[Prediction], export: Sequence[Prediction], base: Sequence[Prediction]
) -> Parity:
    """All three about the same questions, at least one, with probabilities. Distances are total
    variation: half the sum of absolute differences.
    """
    ids = {tuple(each.question_id for each in part) for part in (adapter, export, base)}
    if len(ids) != 1 or not adapter:
        raise InputError(
            "answers to the same questions, at least one",
            got=f"{len(adapter)}, {len(export)} and {len(base)}",
        )
    wanted, found, plain = ([_shares(each) for each in part] for part in (adapter, export, base))
    effect = _mean_distance(wanted, plain)
    distance = _mean_distance(wanted, found)
    return Parity(
        questions=len(wanted),
        largest_difference=max(
            abs(a - b)
            for one, two in zip(wanted, found, strict=True)
            for a, b in zip(one, two, strict=True)
        ),
        mean_distance=distance,
        changed=sum(a.choice != b.choice for a, b in zip(adapter, export, strict=True)),
        drift=distance / effect if effect > 0 else None,
    )


def _mean_distance(one: Sequence[Sequence[float]], two: Sequence[Sequence[float]]) -> float:
    distances = (
        math.fsum(abs(a - b) for a, b in zip(left, right, strict=True)) / 2
        for left, right in zip(one, two, strict=True)
    )
    return math.fsum(distances) / len(one)


def _shares(prediction: Prediction) -> list[float]:
    if prediction.log_probs is None:
        raise InputError("probabilities", got=f"none for question {prediction.question_id}")
    return [math.exp(each) for each in prediction.log_probs]
