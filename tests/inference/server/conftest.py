"""One server per module on a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from real_server import Running, serving, tiny_scorer
from underdog.inference.scorer import Scorer
from underdog.inference.server.resident import ResidentEngine, Voice


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """The model behind `tiny`, to compare with in process."""
    return tiny_scorer()


@pytest.fixture(scope="module")
def running(scorer: Scorer) -> Iterator[Running]:
    """A server of one model, named tiny, without a key."""
    with serving(ResidentEngine({"tiny": Voice(scorer)})) as found:
        yield found
