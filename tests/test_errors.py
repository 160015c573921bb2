"""The tree of errors."""

from __future__ import annotations

import pickle

import pytest

from underdog import errors
from underdog.errors import DiskFullError, InputError, MissingExtraError, UnderdogError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, UnderdogError)
]


def test_a_message_says_what_was_wanted_what_came_where_and_what_to_try() -> None:
    """All four parts appear, in this order."""
    error = InputError("a number is needed", got="'x'", where="a.csv:3", hint="--skip-bad")
    assert str(error) == "a.csv:3: a number is needed; got 'x'. Try: --skip-bad"


def test_empty_parts_leave_no_trace() -> None:
    """An error with nothing but a wish is that wish."""
    assert str(InputError("a number is needed")) == "a number is needed"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind: type[UnderdogError]) -> None:
    """Worker processes hand errors over with all their parts."""
    error = kind("a wish", got="this", where="there", hint="that")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.wanted, copy.got, copy.where, copy.hint) == ("a wish", "this", "there", "that")
    assert str(copy) == str(error)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_drawn_tree_is_the_real_one(kind: type[UnderdogError]) -> None:
    """Each error stands in the module's drawing with the built-in that it resembles."""
    line = next(line for line in (errors.__doc__ or "").splitlines() if kind.__name__ in line)
    built_in = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
    assert all(name in line for name in built_in if name != "Exception")


def test_callers_may_catch_the_built_in_kin() -> None:
    """Wrong input is a ValueError, a missing extra an ImportError, a full disk an OSError."""
    assert issubclass(InputError, ValueError)
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(DiskFullError, OSError)


def test_a_missing_extra_names_the_line_to_install_it() -> None:
    """The hint can be pasted into a shell."""
    error = MissingExtraError.of("training", "llm")
    assert str(error).endswith('Try: pip install "underdog[llm]"')
    assert "training" in str(error)
