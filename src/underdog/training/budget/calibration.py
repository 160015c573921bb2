"""A plan whose memory and time are replaced by what a rehearsal measured."""

from __future__ import annotations

from dataclasses import replace

from underdog.training.budget.compute import Time
from underdog.training.budget.memory import Memory, Term
from underdog.training.budget.plan import Plan, fit_of
from underdog.training.budget.rehearsal import Measured


def calibrated(plan: Plan, measured: Measured) -> Plan:
    """Memory is the peak of the rehearsal, which had the longest rows; time is its seconds per
    token (padding counted in neither) times the tokens of the run.
    """
    memory = Memory((Term("measured", measured.peak_bytes, measured.peak_bytes),), "measured")
    rows = plan.request.rows
    tokens = plan.work.rows * rows.mean
    total = measured.seconds / max(1, measured.tokens) * tokens
    step = total / max(1, plan.work.steps)
    time = Time(plan.time.steps, plan.time.flops, (step, step), (total, total), measured=True)
    return replace(plan, memory=memory, fit=fit_of(memory, plan.request.device), time=time)
