"""Which kind of question to ask next, when every innings tells how often each was missed.

Thompson sampling (Biometrika 25:285, 1933) with a uniform prior: an arm that was missed m of n
times is drawn from Beta(1 + m, 1 + n - m), and the largest draw is played. In: counts by arm, a
generator. Out: the arm to play. Never: anything remembered here.

The regret rule. With k arms whose rates of misses do not change, and that are as likely to be one
value as another, T questions asked in innings of b of which the answers are known before the next
innings only, miss on average fewer than T times the best arm's rate by at most

    R(k, T, b) = sqrt(k b T ln(k) / 2).

For b = 1 this is Russo and Van Roy's bound (J. Mach. Learn. Res. 17(68), 2016, proposition 3 with
H(A*) <= ln k; Lattimore and Szepesvari, Bandit Algorithms, 2020, theorem 36.7). With innings: all b
questions of an innings are drawn from the same posterior, so each has the expected regret of its
first one, at most sqrt(k / 2 * I), where I is what that one question tells about the best arm. The
answers of a whole innings tell no less than those of one question, so the I of all T / b innings
add up to at most ln k, and by Cauchy and Schwarz b * sum(sqrt(k I / 2)) <= R.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import NamedTuple

from underdog.errors import InputError


class Arm(NamedTuple):
    """What was seen of one kind of question."""

    missed: int = 0
    put: int = 0


def thompson(arms: Mapping[str, Arm], source: random.Random) -> str:
    """The arm to play; at least one. Equal arms, counts and generators give the same one."""
    drawn = {
        name: source.betavariate(1 + arms[name].missed, 1 + arms[name].put - arms[name].missed)
        for name in sorted(arms)
    }
    return max(drawn, key=lambda name: drawn[name])


def regret_bound(arms: int, questions: int, *, per_innings: int) -> float:
    """R(k, T, b) above: misses that learning costs at most on average, against knowing the best."""
    if min(arms, questions, per_innings) < 1:
        raise InputError(
            "at least one arm, question and question per innings",
            got=f"{arms}, {questions}, {per_innings}",
        )
    return math.sqrt(arms * per_innings * questions * math.log(arms) / 2)
