"""Reading logs of any length and shape."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.hardware.ailments.ailment import known_ailments
from underdog.hardware.ailments.anchors import AnchorFinder
from underdog.hardware.ailments.explain import CONTEXT, explain

OOM = b"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.25 GiB."
FULL = b"OSError: [Errno 28] No space left on device"


@given(
    st.lists(st.sampled_from([OOM, FULL, b"step 12 loss 0.8", b"", b"x" * 100]), max_size=30),
    st.integers(20, 400),
    st.booleans(),
)
@settings(max_examples=25)
def test_counts_and_first_lines_are_those_of_a_plain_search(
    lines: list[bytes], piece: int, ended: bool
) -> None:
    """Wherever the pieces are cut: the same lines, counts and numbers as line by line."""
    log = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    explanation = explain(io.BytesIO(log), piece=piece)
    found = {each.ailment.name: each for each in explanation.found}
    for name, line in (("cuda-out-of-memory", OOM), ("disk-full", FULL)):
        places = [number for number, each in enumerate(lines, 1) if each == line]
        if places:
            assert (found[name].count, found[name].line_number) == (len(places), places[0])
            assert found[name].line == line.decode()
        else:
            assert name not in found
    assert explanation.lines == len(log.splitlines())
    assert explanation.size_bytes == len(log)


@given(
    st.binary(max_size=400), st.lists(st.binary(min_size=7, max_size=12), min_size=1, max_size=6)
)
@settings(max_examples=40)
def test_anchors_are_found_exactly_where_they_stand(noise: bytes, anchors: list[bytes]) -> None:
    """Every place of every anchor, as a search from place to place finds them."""
    text = noise + anchors[0] + noise[:5] + anchors[-1]
    expected = sorted(
        (at, index)
        for index, anchor in enumerate(anchors)
        for at in range(len(text))
        if text.startswith(anchor, at)
    )
    assert AnchorFinder(anchors).find(text) == expected


def test_a_line_of_many_megabytes_is_read_in_bounded_memory() -> None:
    """The words around the anchor are shown, the rest of the line is not kept."""
    log = io.BytesIO(b"a" * (16 << 20) + b" " + OOM + b" " + b"b" * (16 << 20) + b"\n" + FULL)
    tracemalloc.start()
    explanation = explain(log)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    oom = next(each for each in explanation.found if each.ailment.name == "cuda-out-of-memory")
    full = next(each for each in explanation.found if each.ailment.name == "disk-full")
    assert (oom.line_number, full.line_number, explanation.lines) == (1, 2, 2)
    assert len(oom.line) < 2 * CONTEXT
    assert peak < 64 << 20


def test_a_bar_that_rewrites_its_line_is_one_line() -> None:
    """Tqdm writes carriage returns; of such a line only the part with the anchor is shown."""
    log = b"  1%| 10/1233\r  2%| 20/1233\r" + OOM + b"\r\nnext\n"
    (found,) = explain(io.BytesIO(log)).found
    assert (found.line, found.line_number) == (OOM.decode(), 1)


def test_a_log_of_powershell_is_read() -> None:
    """Its redirection writes UTF-16 with a mark at the front."""
    log = "RuntimeError: No HIP GPUs are available\r\n".encode("utf-16-le")
    (found,) = explain(io.BytesIO(b"\xff\xfe" + log), piece=7).found
    assert found.ailment.name == "no-hip-gpus"


def test_the_worst_comes_first_and_decides_the_exit_status() -> None:
    """A harmless line alone ends well."""
    hint = b"/opt/amdgpu/share/libdrm/amdgpu.ids: No such file or directory\n"
    assert explain(io.BytesIO(hint)).exit_status == 0
    explanation = explain(io.BytesIO(hint + FULL))
    assert [each.ailment.name for each in explanation.found] == ["disk-full", "amdgpu-ids"]
    assert explanation.exit_status == 2
    assert explain(io.BytesIO(b"")).to_json() == {
        "found": [],
        "lines": 0,
        "size_bytes": 0,
        "known": len(known_ailments()),
        "exit_status": 0,
    }


def test_two_anchors_of_one_ailment_in_a_line_count_once() -> None:
    """A line is one sign, however many words of it are known."""
    ailment = replace(known_ailments()[0], anchors=(b"first sign", b"second sign"), pattern=None)
    log = b"first sign and second sign\nsecond sign\n"
    (found,) = explain(io.BytesIO(log), (ailment,)).found
    assert found.count == 2


@pytest.mark.parametrize("piece", [3, 7, 8, 9, 1 << 20])
def test_what_a_shell_says_of_a_killed_process_is_its_own_line(piece: int) -> None:
    """`Killed` stands alone on its line, which is the one that is shown, wherever a piece ends."""
    log = b"step 12 loss 0.8\nKilled\nKilled by a friend\nstep 1"
    (found,) = explain(io.BytesIO(log), piece=piece).found
    assert (found.ailment.name, found.line_number, found.line, found.count) == (
        "host-memory-killed",
        2,
        "Killed",
        1,
    )
