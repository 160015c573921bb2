"""JSON read piece by piece."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.vision.json_stream import JsonStream

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def stream(text: str, piece: int) -> JsonStream:
    """A reader that sees `piece` characters at a time."""
    return JsonStream(io.StringIO(text, newline=""), "file", piece_characters=piece)


def whole(reader: JsonStream, document: dict[str, Any]) -> dict[str, Any]:
    """Arrays item by item, everything else at once."""
    found = {}
    for key, _ in reader.members():
        is_array = isinstance(document[key], list)
        found[key] = list(reader.items()) if is_array else reader.value()
    return found


@given(
    st.dictionaries(st.text(), VALUES, max_size=4), st.integers(1, 9), st.sampled_from([None, 1])
)
def test_pieces_of_any_size_give_what_json_gives(
    document: dict[str, Any], piece: int, indent: int | None
) -> None:
    """Values, texts and lines are those of the whole text, wherever it is cut."""
    text = json.dumps(document, indent=indent)
    assert whole(stream(text, piece), document) == document
    assert [key for key, _ in stream(text, piece).members()] == list(document)
    reader = stream(text, piece)
    for key, line in reader.members():
        value = reader.text()
        assert value.value == document[key]
        assert json.loads(value.source) == document[key]
        assert json.dumps(key) in text.split("\n")[line - 1]
        assert text.split("\n")[value.line - 1][value.column - 1 :].startswith(
            value.source.split("\n")[0]
        )


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_seventeen_digits_stay_exact(piece: int) -> None:
    """No whole number goes through a float, which would round 20200502114224047."""
    reader = stream('{"id": 20200502114224047}', piece)
    assert [reader.value() for _ in reader.members()] == [20200502114224047]


@pytest.mark.parametrize("piece", [1, 1000])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1: an object, { ... }, as the outer value; got the end of the file"),
        ("[1]", "f:1: an object, { ... }"),
        ('{"a": 1 "b": 2}', "f:1: a comma or }; got"),
        ('{"a" 1}', "f:1: a colon after 'a'; got"),
        ('{"a": [1,\n2', "f:2: a comma or ]; got the end of the file"),
        ('{"a":\n\n[{"b": 01}]}', "f:3: JSON (Expecting"),
        ('{"a": tru}', "f:1: JSON (Expecting value); got 'tru}'"),
        ('{"a": "x', "f:1: JSON (Unterminated string"),
        ('{"a": 1} {', "f:1: nothing after the outer value; got '{'"),
        ("{1: 2}", "f:1: a key in quotation marks"),
    ],
)
def test_faults_have_their_line(piece: int, text: str, message: str) -> None:
    """What was wanted and the line, however little is read at a time."""
    with pytest.raises(InputError) as caught:
        for _ in JsonStream(io.StringIO(text), "f", piece_characters=piece).members():
            pass
    assert message in str(caught.value)


def test_no_more_than_a_piece_and_a_value_is_held() -> None:
    """Two hundred thousand characters of items leave a buffer of about one piece."""
    text = '{"a": [' + ",".join(["[1, 2, 3]"] * 20_000) + "]}"
    reader, longest = stream(text, 4096), 0
    for _ in reader.members():
        for _ in reader.items():
            longest = max(longest, len(reader._buffer))
    assert longest < 3 * 4096


def test_bytes_that_are_no_utf8_are_refused_with_their_line() -> None:
    """A broken file is an input error, not a traceback."""
    raw = io.TextIOWrapper(io.BytesIO(b'{"a":\n"\xff"}'), encoding="utf-8")
    with pytest.raises(InputError, match="UTF-8 text"):
        list(JsonStream(raw, "f").members())
