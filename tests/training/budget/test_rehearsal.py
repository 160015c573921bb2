"""Rehearsals: real steps in a process of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from underdog.adapters.settings import AdapterSettings
from underdog.errors import RunError
from underdog.hardware.detect import cpu
from underdog.mcq.prompt import PromptStyle
from underdog.training.batches import Encoder
from underdog.training.budget.calibration import calibrated
from underdog.training.budget.lengths import assumed
from underdog.training.budget.plan import Request, make_plan
from underdog.training.budget.rehearsal import Rehearsal, WordTokenizer, _made_up, rehearse
from underdog.training.budget.shape import shape_of
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.schedule import ScheduleConfig

SHAPE = shape_of(
    {
        "model_type": "qwen3",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "vocab_size": 200,
    },
    "small",
)
CONFIG = TrainingConfig(
    style=PromptStyle.LETTERS,
    schedule=ScheduleConfig(batch_size=4),
    execution=ExecutionConfig(threads=1, device="cpu"),
)


def rehearsal(style: PromptStyle = PromptStyle.LETTERS) -> Rehearsal:
    rows = assumed(400, 24, 40, style=style)
    config = replace(CONFIG, style=style)
    return Rehearsal(SHAPE, None, AdapterSettings(2, 4.0), config, rows, "float32", steps=5)


@pytest.mark.parametrize("style", PromptStyle)
def test_made_up_rows_have_the_lengths_that_were_planned(style: PromptStyle) -> None:
    """One step of the longest, the others of the mean, to the token."""
    wanted = rehearsal(style)
    encoder = Encoder(WordTokenizer(200), style, seed=0)
    rows = _made_up(wanted, 20)
    fed = [len(encoder.example(row.question, 0).token_ids) - 1 for row in rows]
    assert fed == [40] * 4 + [24] * 16


@pytest.mark.slow
def test_a_rehearsal_measures_and_replaces_the_estimate() -> None:
    """Real steps; the plan then says what was measured."""
    wanted = rehearsal()
    measured = rehearse(wanted)
    assert measured.steps == 2
    assert 0 < measured.runtime_bytes < measured.peak_bytes
    plan = make_plan(Request(SHAPE, wanted.adapter, wanted.config, wanted.rows, cpu(), "float32"))
    final = calibrated(plan, measured)
    assert final.memory.low == final.memory.high == measured.peak_bytes
    assert final.time.measured
    assert final.time.total_s is not None
    assert final.time.total_s[0] > 0


@pytest.mark.slow
def test_a_rehearsal_that_fails_says_why() -> None:
    """The message of the child is the parent's."""
    with pytest.raises(RunError, match=r"a rehearsal that comes to its end; got .*targets"):
        rehearse(replace(rehearsal(), adapter=AdapterSettings(2, 4.0, targets=("nothing",))))
