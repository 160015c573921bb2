"""Text from a model in memory."""

from __future__ import annotations

import json

import pytest

from real_server import tiny_scorer
from underdog.inference.server.engine import Sampling
from underdog.inference.writer import Writer

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"n": {"enum": ["one", "two"]}},
        "required": ["n"],
        "additionalProperties": False,
    }
)


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(tiny_scorer())


def test_replies_come_in_order_and_do_not_depend_on_each_other(writer: Writer) -> None:
    """Made together or alone, equal seeds give equal texts."""
    prompts = ["One", "Two and more", "Three"]
    sampling = [Sampling(max_tokens=5 + number, seed=number) for number in range(3)]
    together = writer.write(prompts, sampling)
    alone = [
        writer.write([prompt], [each])[0] for prompt, each in zip(prompts, sampling, strict=True)
    ]
    assert together == alone
    assert all(each.text for each in together)


def test_a_reply_held_to_a_schema_is_whole_json(writer: Writer) -> None:
    """However random the model."""
    written = writer.write(
        ["x"] * 4, [Sampling(max_tokens=60, seed=n, schema=SCHEMA) for n in range(4)]
    )
    assert all(each.whole for each in written)
    assert {json.loads(each.text)["n"] for each in written} <= {"one", "two"}


def test_nothing_is_made_after_time_is_up(writer: Writer) -> None:
    """What is there by then is handed over, not whole; the next call is not touched by it."""
    left = iter([True, True, True, False])
    (cut,) = writer.write(["x"], [Sampling(max_tokens=50, seed=1)], more=lambda: next(left))
    (full,) = writer.write(["x"], [Sampling(max_tokens=50, seed=1)])
    assert not cut.whole
    assert full.text.startswith(cut.text)
    assert len(cut.text) < len(full.text)
    assert writer.write(["x"], [Sampling()], more=lambda: False)[0].text == ""


def test_a_prompt_that_is_too_long_is_a_fault_of_its_own(writer: Writer) -> None:
    """The other prompts are written all the same."""
    long, short = writer.write(["x" * 5000, "x"], [Sampling(max_tokens=3, seed=0)] * 2)
    assert long.fault is not None
    assert "a prompt and reply of at most" in str(long.fault)
    assert short.fault is None
    assert short.text
