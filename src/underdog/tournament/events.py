"""What happens in a match, one frozen value per happening, and its JSON.

The log of a match is a list of these, and everything else follows from it. `elapsed_s` is the only
field that a clock decides: logs of equal matches are equal without it (`without_clock`).
Letters are letters as shown to the answering side.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from underdog.errors import ProtocolError
from underdog.mcq.prediction import Outcome

CLOCK_FIELD = "elapsed_s"


class Refusal(StrEnum):
    """Why a question was not put to the other side. The first three are the official filter's."""

    FORMAT = "format"
    TOO_LONG = "too_long"
    CRASHES_FILTER = "crashes_filter"
    BAD_CHOICES = "bad_choices"
    """Choices that cannot be told apart, or no choices."""
    BAD_KEY = "bad_key"
    """No key, or one that names none of the choices: nobody could be right."""
    OFF_TOPIC = "off_topic"
    """Another topic than the one drawn for this place."""
    DUPLICATE = "duplicate"
    """Asked before in this innings."""
    LATE = "late"
    CRASHED = "crashed"
    """The player failed while it was asked."""
    OUT_OF_MEMORY = "out_of_memory"
    """The player took more memory than it may."""
    MISSING = "missing"
    """The player handed back fewer questions than were wanted."""
    WRONG_KEY = "wrong_key"
    """The panel disputes its key: it counts as answered rightly."""
    VOID_KEY = "void_key"
    """The panel disputes its key: it counts for nobody, and not as invalid either."""


@dataclass(frozen=True, slots=True)
class MatchStarted:
    """The header: what decides the match. `teams` maps "A" and "B" to name and identity; `topics`
    is the draw, one topic per question of an innings.
    """

    edition: str
    questions: int
    seed: int
    topics: tuple[str, ...]
    token_counter: str
    per_call: int
    teams: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question passed and is put to the other side. `question` is the official object in the
    order shown; `order[place]` is the place of that choice in what the asker sent.
    """

    innings: int
    number: int
    question_id: str
    question: Mapping[str, Any]
    order: tuple[int, ...]
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class QuestionRejected:
    """A question is dropped. `message` is the beginning of what came."""

    innings: int
    number: int
    reason: Refusal
    detail: str
    message: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An answer passed the official filter. `answer` is compared as it is; `letter` is what it was
    understood as, None when it names no choice. `log_probs` are nats in the order shown.
    """

    innings: int
    number: int
    answer: str
    letter: str | None
    outcome: Outcome
    reasoning: str
    log_probs: tuple[float, ...] | None
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """No answer counts: late, crashed, or malformed."""

    innings: int
    number: int
    outcome: Outcome
    detail: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class InningsClosed:
    """Nothing more happens in this innings."""

    innings: int


@dataclass(frozen=True, slots=True)
class MatchEnded:
    """Nothing more happens."""


Event = (
    MatchStarted
    | QuestionAsked
    | QuestionRejected
    | AnswerGiven
    | AnswerLost
    | InningsClosed
    | MatchEnded
)
KINDS: Mapping[str, type[Event]] = types.MappingProxyType(
    {
        "match_started": MatchStarted,
        "question_asked": QuestionAsked,
        "question_rejected": QuestionRejected,
        "answer_given": AnswerGiven,
        "answer_lost": AnswerLost,
        "innings_closed": InningsClosed,
        "match_ended": MatchEnded,
    }
)
_NAMES = {kind: name for name, kind in KINDS.items()}
_FIELDS = {kind: tuple(each.name for each in dataclasses.fields(kind)) for kind in _NAMES}
_HINTS = {kind: typing.get_type_hints(made) for kind, made in KINDS.items()}


def to_json(event: Event) -> dict[str, Any]:
    """One line of the log."""
    value: dict[str, Any] = {"kind": _NAMES[type(event)]}
    for name in _FIELDS[type(event)]:
        value[name] = _plain(getattr(event, name))
    return value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def from_json(value: object) -> Event:
    """Undo `to_json`; ProtocolError for anything that it does not write."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str) or kind not in KINDS:
        raise ProtocolError(f"an event of kind {', '.join(KINDS)}", got=f"{value!r:.120}")
    made, hints = KINDS[kind], _HINTS[kind]
    given = {name: item for name, item in value.items() if name != "kind"}
    if set(given) != set(hints):
        raise ProtocolError(
            f"the fields {', '.join(sorted(hints))} of {kind}", got=", ".join(sorted(given))
        )
    return made(**{name: _read(given[name], hints[name], f"{kind}.{name}") for name in hints})


def _read(value: Any, hint: Any, where: str) -> Any:
    """A JSON value as the field's type, checked."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if option is types.NoneType:
            if value is None:
                return None
            continue
        origin = typing.get_origin(option) or option
        if origin is tuple and isinstance(value, list):
            item = typing.get_args(option)[0]
            return tuple(_read(each, item, where) for each in value)
        if isinstance(origin, type) and issubclass(origin, StrEnum) and value in set(origin):
            return origin(value)
        if origin is float and type(value) in (int, float):
            return float(value)
        if origin is Mapping and isinstance(value, dict):
            return value
        if origin in (int, str) and type(value) is origin:
            return value
    raise ProtocolError(f"{where} as {hint}", got=f"{value!r:.120}")


def without_clock(value: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the log without what a clock decided."""
    return {name: item for name, item in value.items() if name != CLOCK_FIELD}
