"""What is wrong with the questions of one trial. Pure: values in, findings out.

One cause gives one finding: what explains a fault stops the checks that it would fail as well.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from underdog.errors import ProtocolError
from underdog.mcq.question import normalise
from underdog.protocol.editions import Edition
from underdog.protocol.filters import Fault, filter_question
from underdog.protocol.official import read_question
from underdog.protocol.tokens import CountTokens
from underdog.tournament.conformance.catalogue import Code, Finding
from underdog.tournament.conformance.trials import Trial
from underdog.tournament.judge import on_topic

_LABEL = re.compile(r"\s*\(?([A-Da-d])[).:]\s*")
LEAST_FOR_BALANCE = 20
"""Questions from which one key for all is no accident (chance 4e-12 for fair keys)."""


def question_findings(
    trial: Trial, topics: Sequence[str], edition: Edition, count_tokens: CountTokens
) -> Iterator[Finding]:
    """Findings of one run of the question agent that ended well."""
    values = trial.values
    if values is None:
        yield Finding(Code.NO_OUTPUT, trial.name, trial.unreadable or "no list of questions")
        return
    letters = [each for each in values if isinstance(each, str) and len(each) <= 2]
    if len(letters) > trial.items:
        line = f"{len(values)} questions, the first ones {json.dumps(values[:8])}"
        yield Finding(Code.CHARACTERS, trial.name, line)
        return
    if len(values) != trial.items:
        line = f"{len(values)} questions instead of {trial.items}"
        yield Finding(Code.WRONG_COUNT, trial.name, line)
    found = [
        Finding(code, f"{trial.name}, question {place}", line)
        for place, value in enumerate(values)
        if (fault := _fault(value, topics, edition, count_tokens))
        for code, line in [fault]
    ]
    yield from found
    if not found and len(values) == trial.items:
        yield from _set_findings(trial, values)


def _fault(
    value: Any, topics: Sequence[str], edition: Edition, count_tokens: CountTokens
) -> tuple[Code, str] | None:
    """The first fault of one question, with what shows it."""
    if isinstance(value, list):
        return Code.TUPLES, _short(value)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return Code.NOT_JSON, _short(value)
    if not isinstance(value, dict):
        return Code.NOT_JSON, _short(value)
    missing = [name for name in ("topic", "question", "choices", "answer") if name not in value]
    if missing:
        return Code.MISSING_KEY, f"no {', '.join(missing)} among {', '.join(map(str, value))}"
    return _fields_fault(value, edition, count_tokens) or _topic_fault(value, topics)


def _fields_fault(  # noqa: PLR0911  (one line per fault reads best)
    value: dict[str, Any], edition: Edition, count_tokens: CountTokens
) -> tuple[Code, str] | None:
    choices, key = value["choices"], value["answer"]
    finding = filter_question(value, count_tokens, edition).finding
    if finding and finding.fault is Fault.CRASHES:
        return Code.CRASHES_FILTER, finding.detail
    if not isinstance(choices, list) or len(choices) != 4:
        return Code.CHOICES_SHAPE, _short(choices)
    if not all(isinstance(choice, str) for choice in choices):
        return Code.CHOICES_SHAPE, _short(choices)
    labels = [_LABEL.match(choice) for choice in choices]
    if [label.group(1).upper() if label else "" for label in labels] != list("ABCD"):
        return Code.UNLABELLED, _short(choices)
    bare = [_LABEL.sub("", choice, count=1) for choice in choices]
    again = [_LABEL.match(choice) for choice in bare]
    if [label.group(1).upper() if label else "" for label in again] == list("ABCD"):
        return Code.DOUBLE_LABELS, _short(choices)
    if len(set(map(normalise, bare))) != 4 or not all(text.strip() for text in bare):
        return Code.ALIKE_CHOICES, _short(choices)
    if finding and finding.fault is Fault.TOO_LONG:
        return Code.QUESTION_LENGTH, finding.detail
    if key not in ("A", "B", "C", "D"):
        return Code.KEY_FORM, f"the key {_short(key)}"
    try:
        read_question(value)
    except ProtocolError as error:
        return Code.NOT_JSON, str(error)
    return None


def _topic_fault(value: dict[str, Any], topics: Sequence[str]) -> tuple[Code, str] | None:
    named = value["topic"]
    if not isinstance(named, str) or not any(on_topic(named, topic) for topic in topics):
        return Code.OFF_TOPIC, f"the topic {_short(named)} out of {', '.join(topics)}"
    return None


def _set_findings(trial: Trial, values: Sequence[Any]) -> Iterator[Finding]:
    """What only several questions together show; all of them are sound by themselves."""
    whole = [json.loads(value) if isinstance(value, str) else value for value in values]
    times = Counter(read_question(value).id for value in whole)
    twice = sum(count - 1 for count in times.values())
    if twice:
        first = next(v for v in whole if times[read_question(v).id] > 1)["question"]
        yield Finding(Code.DUPLICATES, trial.name, f"{twice} of {len(whole)}: {_short(first)}")
    keys = {value["answer"] for value in whole}
    if len(whole) >= LEAST_FOR_BALANCE and len(keys) == 1:
        yield Finding(Code.ONE_KEY, trial.name, f"all {len(whole)} keys are {keys.pop()}")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
