"""What the use of a choice in other questions tells: always wrong there, or right, so never again.

In: a sheet and the questions of the set that are not on it. Out: a matrix with a row per choice.
Never: a count of the question's own key, or of keys in later blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.sheet import Floats, Integers, Sheet, fold
from underdog.mcq.question import Question


def count_uses(sheet: Sheet, rest: Sequence[Question]) -> Floats:
    """How often each choice (m, 6) was right and wrong in `rest` and in earlier blocks, as logs and
    as yes or no; and how often it stands anywhere among the choices of the set, whoever is right.
    """
    numbers: dict[str, int] = {}
    texts = np.array([numbers.setdefault(text, len(numbers)) for text in sheet.folded])
    right, wrong = _count_rest(rest, numbers)
    anywhere = right + wrong + np.bincount(texts, minlength=len(numbers)) - 1
    is_key = np.zeros(len(texts), dtype=bool)
    is_key[sheet.keys] = True
    columns = np.zeros((len(texts), 6))
    for start, end in pairwise(sheet.starts[cut_blocks(sheet)].tolist()):
        block, keys = texts[start:end], is_key[start:end]
        columns[start:end, 0], columns[start:end, 1] = right[block], wrong[block]
        right += np.bincount(block[keys], minlength=len(numbers))
        wrong += np.bincount(block[~keys], minlength=len(numbers))
    columns[:, 4] = anywhere[texts]
    columns[:, (2, 3, 5)] = columns[:, (0, 1, 4)] > 0
    columns[:, (0, 1, 4)] = np.log1p(columns[:, (0, 1, 4)])
    return columns


def _count_rest(rest: Sequence[Question], numbers: Mapping[str, int]) -> tuple[Integers, Integers]:
    """How often each numbered text is right and wrong in questions that are not on the sheet."""
    unknown = len(numbers)
    right = [numbers.get(fold(each.answer_text or ""), unknown) for each in rest]
    offered = [numbers.get(fold(text), unknown) for each in rest for text in each.choices]
    counts = [
        np.bincount(np.array(each, dtype=np.int64), minlength=unknown + 1)
        for each in (right, offered)
    ]
    return counts[0][:-1], (counts[1] - counts[0])[:-1]
