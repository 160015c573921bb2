"""Text from tokens while they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes import ByteTokenizer
from underdog.inference.server.text import TextStream


def decode(ids: list[int]) -> str:
    """Bytes that are no character yet show as U+FFFD, as tokenizers do."""
    return bytes(ids).decode("utf-8", "replace")


def told(text: str, stop: tuple[str, ...] = ()) -> tuple[list[str], TextStream]:
    """The parts that come, one per byte and the last one at the end, as a reply would get them."""
    stream = TextStream(decode, stop)
    parts: list[str] = []
    for token in ByteTokenizer().encode(text, add_special_tokens=False):
        parts.append(stream.add(token))
        if stream.stopped:
            break
    return [*parts, stream.finish()], stream


@given(st.text(alphabet="aé漢🙂b", max_size=20))
def test_the_parts_are_whole_characters_and_add_up_to_the_text(text: str) -> None:
    """One token per byte: no part holds a piece of a character, and nothing is lost."""
    parts, _ = told(text)
    assert "".join(parts) == text
    assert not any("\ufffd" in part for part in parts)


@given(st.text(alphabet="ab\n", max_size=12), st.lists(st.text("ab\n", min_size=1, max_size=3)))
def test_what_comes_is_the_text_before_the_first_stop_that_completes(
    text: str, stops: list[str]
) -> None:
    """The cut is where a plain search over the growing text finds a stop first."""
    parts, stream = told(text, tuple(stops))
    cut = next(
        (
            min(grown.find(stop) for stop in stops if stop in grown)
            for end in range(len(text) + 1)
            if any(stop in (grown := text[:end]) for stop in stops)
        ),
        None,
    )
    assert "".join(parts) == (text if cut is None else text[:cut])
    assert stream.stopped == (cut is not None)


def test_a_beginning_of_a_stop_text_is_held_back_until_it_is_none() -> None:
    """A line end may begin an empty line: it comes only with the letter behind it."""
    parts, _ = told("x\ny", ("\n\n",))
    assert parts == ["x", "", "\ny", ""]


def test_bytes_that_never_become_a_character_come_at_the_end() -> None:
    """A reply cut inside a character ends in U+FFFD rather than in silence."""
    stream = TextStream(decode)
    assert stream.add("é".encode()[0]) == ""
    assert stream.finish() == "\ufffd"
