"""Outcomes that travel between processes."""

from __future__ import annotations

import pickle

import pytest
from block_functions import MoodyError

from underdog.data.engine.outcome import Done, Failed, attempt, take
from underdog.errors import SourceError


def refuse() -> None:
    raise SourceError("a file", got="a folder", where="here", hint="there")


def test_a_value_comes_back_as_it_is() -> None:
    """Also None, which is a value."""
    assert take(attempt(lambda: None)) is None
    assert attempt(lambda: [1, 2]) == Done([1, 2])


def test_an_exception_is_raised_as_itself_after_the_journey() -> None:
    """Type, parts and sentence are kept; a note says where it came from."""
    outcome = pickle.loads(pickle.dumps(attempt(refuse)))
    with pytest.raises(SourceError) as raised:
        take(outcome)
    error = raised.value
    assert (error.wanted, error.got, error.where, error.hint) == (
        "a file",
        "a folder",
        "here",
        "there",
    )
    assert str(error) == "here: a file; got a folder. Try: there"
    assert error.__notes__[0].startswith("Raised in a worker:\nTraceback (most recent call last):")
    assert "in refuse" in error.__notes__[0]


def test_an_exception_that_cannot_travel_arrives_in_its_own_words() -> None:
    """Its class asks for two arguments and keeps one, so pickle cannot make it again."""

    def sulk() -> None:
        raise MoodyError(1, 2)

    outcome = attempt(sulk)
    assert isinstance(outcome, Failed)
    with pytest.raises(RuntimeError, match=r"^block_functions\.MoodyError: 1 and 2\n"):
        take(pickle.loads(pickle.dumps(outcome)))


def test_an_interrupt_is_no_outcome() -> None:
    """Ctrl-C ends the work; it is not handed on as a result."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(interrupt)
