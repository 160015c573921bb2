"""Which choices stand together in other questions: the hub of a question is in everyone's company.

In: a sheet. Out: a matrix with a row per choice. Never: a look at a question's text or key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from underdog.data.probes.sheet import Floats, Integers, Sheet


def count_company(sheet: Sheet) -> Floats:
    """How often each choice (m, 3) stands beside the others of its question in other questions:
    summed as logs, the number of others it ever meets there, and the most for one of them.

    Where wrong choices are the key's neighbours in some space of meanings, it meets them again more
    often than they meet each other. Where all are drawn from one small pool, less often: one of the
    questions that would bring them together is this one.
    """
    names: dict[str, int] = {}
    texts = np.array([names.setdefault(text, len(names)) for text in sheet.folded], dtype=np.int64)
    pairs = [
        np.where(rows, _pair(texts, texts[others], len(names)), -1)
        for others, rows in neighbours(sheet)
    ]
    _, places, counts = np.unique(np.concatenate(pairs), return_inverse=True, return_counts=True)
    # Every question names each of its pairs twice, once from either side; its own is left out.
    meetings = (counts[places] / 2 - 1).reshape(len(pairs), -1)
    columns = np.zeros((len(texts), 3))
    for met, (_, rows) in zip(meetings, neighbours(sheet), strict=True):
        often = np.where(rows, np.log1p(met), 0.0)
        columns[:, 0] += often
        columns[:, 1] += often > 0
        columns[:, 2] = np.maximum(columns[:, 2], often)
    return columns


def neighbours(sheet: Sheet) -> Iterator[tuple[Integers, Any]]:
    """For each distance: the row (m) that many choices further on in the same question, round and
    round, and whether (m) the question is large enough for that to be another choice.
    """
    starts, sizes = sheet.starts[:-1][sheet.owner], sheet.sizes[sheet.owner]
    place = np.arange(len(sheet.owner)) - starts
    for distance in range(1, int(sheet.sizes.max())):
        yield starts + (place + distance) % sizes, distance < sizes


def _pair(first: Integers, second: Integers, count: int) -> Integers:
    """A number per pair, the same from either side."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    return low * count + high
