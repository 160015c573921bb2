"""Values through sockets and through memory that several processes map."""

from __future__ import annotations

import gc
import os
import pickle
import socket
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from underdog.data.engine.parcel import (
    Parcel,
    lay_out,
    look_into,
    pack,
    receive,
    receive_memory,
    send,
    send_memory,
)

VALUES = st.tuples(
    st.lists(st.text(max_size=5), max_size=3),
    st.lists(
        arrays.arrays(
            st.sampled_from([np.int8, np.float64, np.uint32]), arrays.array_shapes(min_side=0)
        ),
        max_size=3,
    ),
)


def through_a_socket(value: Any) -> Any:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=send, args=(ours, pack(value)))
        sender.start()
        parcel = receive(theirs)
        sender.join()
    return parcel.open()


def through_memory(value: Any) -> Any:
    memory = lay_out(pack(value))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_memory(ours, memory)
        received = receive_memory(theirs)
    os.close(memory.descriptor)
    return look_into(received).open()


@pytest.mark.parametrize("way", [through_a_socket, through_memory])
@settings(max_examples=25)
@given(value=VALUES)
def test_what_arrives_equals_what_was_sent(way: Any, value: Any) -> None:
    """Texts and arrays of any type and shape, empty ones too; NaN bits included."""
    texts, sent = value
    again, arrived = way(value)
    assert again == texts
    assert [(each.dtype, each.shape, each.tobytes()) for each in arrived] == [
        (each.dtype, each.shape, each.tobytes()) for each in sent
    ]


def test_a_parcel_larger_than_a_socket_holds() -> None:
    """Three megabytes, in the pickle and beside it."""
    value = ["x" * 1_000_000, np.arange(250_000)]
    text, numbers = through_a_socket(value)
    assert text == value[0]
    assert np.array_equal(numbers, value[1])


def test_arrays_in_memory_lie_in_place_aligned_and_read_only() -> None:
    """They own no memory, start at multiples of 64 bytes, and writing into them is an error."""
    value = {"short": np.arange(3, dtype=np.uint8), "long": np.ones((100, 7))}
    arrived = through_memory(value)
    for array in arrived.values():
        assert not array.flags.owndata
        assert array.ctypes.data % 64 == 0
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_as_it_was_after_opening(collecting: bool) -> None:
    """On or off, also where the parcel cannot be opened."""
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        assert pack([1]).open() == [1]
        assert gc.isenabled() is collecting
        with pytest.raises(pickle.UnpicklingError):
            Parcel(b"no pickle", ()).open()
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()


def test_a_closed_end_is_the_end_of_the_file() -> None:
    """Before a parcel, and in the middle of one."""
    for started in (b"", b"\x01\x00\x00\x00\xff"):
        ours, theirs = socket.socketpair()
        with theirs:
            with ours:
                ours.sendall(started)
            with pytest.raises(EOFError):
                receive(theirs)


def test_a_closed_end_where_memory_was_announced() -> None:
    """The sizes came, the memory did not."""
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            send(ours, pack((10,)))
        with pytest.raises(EOFError):
            receive_memory(theirs)
