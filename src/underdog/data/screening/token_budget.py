"""Rows that a model's context has no room for."""

from __future__ import annotations

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault, Item
from underdog.protocol.tokens import CountTokens


def find_excess(item: Item, limit: int, count: CountTokens) -> Fault | None:
    """More tokens in text and choices together than `limit`. An answer of an open question counts.

    A token of a byte-level BPE holds at least one byte, so texts of up to `limit` bytes are not
    counted.
    """
    whole = item.whole
    if len(whole) <= limit and (whole.isascii() or len(whole.encode("utf-8", "replace")) <= limit):
        return None
    tokens = sum(map(count, item.parts))
    if tokens <= limit:
        return None
    return Fault(Reason.OVER_TOKEN_BUDGET, f"{tokens} tokens, at most {limit}")
