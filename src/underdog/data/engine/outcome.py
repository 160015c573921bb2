"""What became of one block: a value, or the exception that the function raised. Both can travel.

In: a call. Out: Done or Failed, made where the work was done and taken where it was asked for, so
that an exception arrives as itself. Never: an exception lost because it cannot be pickled.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class Done(NamedTuple, Generic[Value]):
    """The call came back."""

    value: Value


class Failed(NamedTuple):
    """The call raised `error`; `trace` is the traceback as text, where the call was made."""

    error: Exception
    trace: str


def attempt(call: Callable[[], Value]) -> Done[Value] | Failed:
    """Make the call."""
    try:
        return Done(call())
    # Not judged here: whoever asked for the call raises it again.
    except Exception as error:  # noqa: BLE001
        return failed(error)


def failed(error: Exception) -> Failed:
    """`error` with its traceback, or a RuntimeError in its words where it does not survive pickling
    (its class asks for other arguments than it keeps, or lives inside a function).
    """
    trace = "".join(traceback.format_exception(error)).rstrip()
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled a moment ago
    except Exception:  # noqa: BLE001 - any fault of a class's own __reduce__ or __init__
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        return Failed(RuntimeError(f"{name}: {error}"), trace)
    return Failed(error, trace)


def take(outcome: Done[Any] | Failed) -> Any:
    """The value; or raise the error, with a note of where it came from."""
    if isinstance(outcome, Done):
        return outcome.value
    outcome.error.add_note(f"Raised in a worker:\n{outcome.trace}")
    raise outcome.error
