"""What the use of a choice in other questions tells: always wrong there, or right, so never again.

In: a sheet and the questions of the set that are not on it. Out: a matrix with a row per choice.
Never: a count of the question's own key, or of keys in later blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.sheet import Floats, Sheet, fold
from underdog.mcq.question import Question


def count_uses(sheet: Sheet, rest: Sequence[Question]) -> Floats:
    """How often each choice (m, 6) was right and wrong in `rest` and in earlier blocks, as logs and
    as yes or no; and how often it stands anywhere among the choices of the set, whoever is right.
    """
    right = Counter([fold(each.answer_text or "") for each in rest])
    wrong = Counter([fold(choice) for each in rest for choice in each.choices])
    anywhere = wrong.copy()
    anywhere.update(sheet.folded)
    wrong.subtract(right)
    columns = np.zeros((len(sheet.texts), 6))
    keys = frozenset(sheet.keys.tolist())
    bounds = sheet.starts[cut_blocks(sheet)].tolist()
    for start, end in pairwise(bounds):
        block = sheet.folded[start:end]
        columns[start:end, 0] = [right[text] for text in block]
        columns[start:end, 1] = [wrong[text] for text in block]
        for row, text in enumerate(block, start):
            (right if row in keys else wrong)[text] += 1
    columns[:, 2:4] = columns[:, :2] > 0
    columns[:, 4] = [anywhere[text] - 1 for text in sheet.folded]
    columns[:, 5] = columns[:, 4] > 0
    columns[:, (0, 1, 4)] = np.log1p(columns[:, (0, 1, 4)])
    return columns
