"""Values between processes: pickled, with large arrays beside the pickle instead of inside it.

In: a value. Out: a Parcel that goes through a socket, or lies in memory that many processes map at
once (`memfd_create`: no name in /dev/shm to leak, no size limit of its mount, gone with the last
process that has it open). Arrays in mapped memory are read-only. Never: a parcel from anyone but
this program's own processes; pickles run code.
"""

from __future__ import annotations

import mmap
import os
import pickle
import socket
import struct
from itertools import accumulate
from typing import Any, NamedTuple

from underdog.data.engine.collector import collector_at_rest

_ALIGN = 64
"""Bytes; numpy and the processor's vector units like arrays to start at a multiple of it."""
_COUNT = struct.Struct("<I")
_Part = bytes | bytearray | memoryview


class Parcel(NamedTuple):
    """A pickle and the buffers that it refers to (PEP 574, protocol 5)."""

    head: _Part
    buffers: tuple[_Part, ...]

    def open(self) -> Any:
        """The value. Its arrays use the buffers as they are."""
        with collector_at_rest():
            return pickle.loads(self.head, buffers=self.buffers)  # noqa: S301 - our own processes


def pack(value: Any) -> Parcel:
    """`value` as a parcel; contiguous arrays are referred to, not copied."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return Parcel(head, tuple(buffer.raw() for buffer in buffers))


def send(link: socket.socket, parcel: Parcel) -> None:
    """Number of parts, size of each, parts."""
    parts = (parcel.head, *parcel.buffers)
    sizes = struct.pack(f"<{len(parts)}Q", *map(len, parts))
    link.sendall(_COUNT.pack(len(parts)) + sizes)
    for part in parts:
        link.sendall(part)


def receive(link: socket.socket) -> Parcel:
    """What `send` sent at the other end; EOFError when that end is closed."""
    (count,) = _COUNT.unpack(_exactly(link, _COUNT.size))
    sizes = struct.unpack(f"<{count}Q", _exactly(link, 8 * count))
    head, *buffers = (_exactly(link, size) for size in sizes)
    return Parcel(head, tuple(buffers))


def _exactly(link: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    left = memoryview(data)
    while left:
        taken = link.recv_into(left)
        if not taken:
            raise EOFError
        left = left[taken:]
    return data


class Memory(NamedTuple):
    """A parcel in anonymous memory: a file descriptor of this process, and the parts' sizes."""

    descriptor: int
    sizes: tuple[int, ...]


def lay_out(parcel: Parcel) -> Memory:
    """Copy a parcel once into memory that other processes can map. The caller closes it."""
    parts = (parcel.head, *parcel.buffers)
    memory = Memory(os.memfd_create("underdog-shared"), tuple(map(len, parts)))
    with open(memory.descriptor, "wb", closefd=False) as file:
        for start, part in zip(_starts(memory.sizes), parts, strict=True):
            file.seek(start)
            file.write(part)
    return memory


def send_memory(link: socket.socket, memory: Memory) -> None:
    """Let the process at the other end map it too."""
    send(link, pack(memory.sizes))
    socket.send_fds(link, [b"M"], [memory.descriptor])


def receive_memory(link: socket.socket) -> Memory:
    """What `send_memory` sent, under a descriptor of this process."""
    sizes = receive(link).open()
    mark, descriptors, _, _ = socket.recv_fds(link, 1, 1)
    if not mark:
        raise EOFError
    return Memory(descriptors[0], sizes)


def look_into(memory: Memory) -> Parcel:
    """The parcel in place, nothing copied; the descriptor is closed, the mapping stays as long as
    an array uses it.
    """
    try:
        mapped = memoryview(mmap.mmap(memory.descriptor, 0, access=mmap.ACCESS_READ))
    finally:
        os.close(memory.descriptor)
    places = zip(_starts(memory.sizes), memory.sizes, strict=True)
    head, *buffers = (mapped[start : start + size] for start, size in places)
    return Parcel(head, tuple(buffers))


def _starts(sizes: tuple[int, ...]) -> list[int]:
    padded = (-(-size // _ALIGN) * _ALIGN for size in sizes[:-1])
    return list(accumulate(padded, initial=0))
