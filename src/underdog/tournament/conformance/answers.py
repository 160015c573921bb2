"""What is wrong with the answers of one trial. Pure: values in, findings out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from underdog.protocol.editions import Edition
from underdog.protocol.filters import Fault, filter_answer
from underdog.protocol.tokens import CountTokens
from underdog.tournament.conformance.catalogue import Code, Finding
from underdog.tournament.conformance.trials import Trial

LEAST_FOR_BALANCE = 20


def answer_findings(trial: Trial, edition: Edition, count_tokens: CountTokens) -> Iterator[Finding]:
    """Findings of one run of the answer agent that ended well."""
    values = trial.values
    if values is None:
        yield Finding(Code.NO_OUTPUT, trial.name, trial.unreadable or "no list of answers")
        return
    if len(values) != trial.items:
        line = f"{len(values)} answers to {trial.items} questions"
        yield Finding(Code.MISALIGNED, trial.name, line)
        return
    faults = [(place, _fault(value, edition, count_tokens)) for place, value in enumerate(values)]
    found = [
        Finding(fault[0], f"{trial.name}, answer {place}", fault[1])
        for place, fault in faults
        if fault
    ]
    yield from found
    letters = {_whole(value)["answer"] for value in values} if not found else set()
    if len(letters) == 1 and trial.items >= LEAST_FOR_BALANCE:
        line = f"{letters.pop()} for all {trial.items} questions"
        yield Finding(Code.ONE_ANSWER, trial.name, line)


def _whole(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _fault(  # noqa: PLR0911  (one line per fault reads best)
    value: Any, edition: Edition, count_tokens: CountTokens
) -> tuple[Code, str] | None:
    try:
        whole = _whole(value)
    except (ValueError, RecursionError):
        return Code.ANSWER_SHAPE, _short(value)
    if isinstance(whole, list):
        return Code.TUPLES, _short(whole)
    if not isinstance(whole, dict) or not isinstance(whole.get("answer"), str):
        return Code.ANSWER_SHAPE, _short(whole)
    finding = filter_answer(whole, count_tokens, edition).finding
    if finding and finding.fault is Fault.CRASHES:
        return Code.CRASHES_FILTER, finding.detail
    if finding and finding.fault is Fault.TOO_LONG:
        return Code.ANSWER_LENGTH, finding.detail
    if whole["answer"] not in ("A", "B", "C", "D"):
        return Code.ANSWER_FORM, f"the answer {_short(whole['answer'])}"
    return None


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
