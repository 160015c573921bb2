"""Reading logs of any length and shape."""

from __future__ import annotations

import io
import tomllib
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.hardware.ailments.ailment import known_ailments
from underdog.hardware.ailments.anchors import AnchorFinder
from underdog.hardware.ailments.explain import CONTEXT, explain, finder_of

HEALTHY = "\n".join(
    log["text"].strip()
    for log in tomllib.loads((Path(__file__).parent / "healthy.toml").read_text("utf-8"))["log"]
).encode()
PASSED = 0.03
"""Share of the words of healthy logs that may be compared with anchors: 0.012 in November 2026."""
PASSED_BY_ONE = 0.002
"""The same for a single anchor: 0.0006 was the largest."""
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


ANCHORS = [anchor for each in known_ailments() for anchor in each.anchors]
LINES = st.one_of(
    st.sampled_from([each.example.encode() for each in known_ailments()]),
    st.sampled_from(HEALTHY.splitlines()),
    st.tuples(
        st.text("ab .", max_size=5),
        st.sampled_from([each.strip() for each in ANCHORS]),
        st.integers(0, 2),
        st.sampled_from(["", " failed", " not found: no such file"]),
    ).map(lambda parts: parts[0].encode() + parts[1][parts[2] :] + parts[3].encode()),
)
"""Real error lines, healthy ones, and anchors, whole or beheaded, at every place of a word."""


@given(st.lists(LINES, max_size=12), st.integers(50, 3000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_findings_are_those_of_every_pattern_on_every_line(
    lines: list[bytes], piece: int, ended: bool
) -> None:
    """The fast search finds what the slow one does: the ailments, their counts, first lines."""
    log = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    expected: dict[str, tuple[int, int, str]] = {}
    for number, line in enumerate(log.split(b"\n"), 1):
        led = line if number == 1 else b"\n" + line
        for each in known_ailments():
            if any(anchor in led for anchor in each.anchors) and each.shows_in(line):
                shown = line.decode("utf-8").strip()
                count, first, text = expected.get(each.name, (0, number, shown))
                expected[each.name] = (count + 1, first, text)
    found = explain(io.BytesIO(log), piece=piece).found
    assert {each.ailment.name: (each.count, each.line_number, each.line) for each in found} == {
        name: (count, first, text[:300] + " [...]" * (len(text) > 300))
        for name, (count, first, text) in expected.items()
    }


def test_every_known_anchor_is_found_at_every_place_of_a_word() -> None:
    """However it lies to the four bytes that are read at once, and beside others of its kind."""
    text = b"".join(b"\n" * shift + anchor for anchor in ANCHORS for shift in (1, 2, 3, 4))
    expected = set()
    for index, anchor in enumerate(ANCHORS):
        at = text.find(anchor)
        while at >= 0:
            expected.add((at, index))
            at = text.find(anchor, at + 1)
    found = finder_of(known_ailments()).find(text)
    assert found == sorted(expected)
    assert len(found) >= 4 * len(ANCHORS)


def test_no_anchor_is_so_common_that_it_slows_the_search() -> None:
    """Few words of healthy logs come to be compared, wherever the logs lie to the words.

    An anchor that fails here needs a longer or a rarer text: what it is compared with costs more
    than all the rest of the search.
    """
    finder, logs = finder_of(known_ailments()), [b"x" * shift + HEALTHY for shift in range(4)]
    compared = sum(finder.compared(log) for log in logs)
    words = sum(map(len, logs)) / 4
    named = [ANCHORS[index] for index in (compared > PASSED_BY_ONE * words).nonzero()[0]]
    assert named == []
    assert compared.sum() < PASSED * words


def test_a_common_anchor_is_seen_to_be_common() -> None:
    """It is compared wherever it stands, and a rare one nowhere."""
    finder = AnchorFinder([b"out of memory", b"learning rate"])
    assert finder.compared(b"learning rate 1e-4\n" * 1000).tolist() == [0, 1000]


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
    """A harmless line alone ends well; so does a log in which nothing is looked for."""
    hint = b"/opt/amdgpu/share/libdrm/amdgpu.ids: No such file or directory\n"
    assert explain(io.BytesIO(hint)).exit_status == 0
    explanation = explain(io.BytesIO(hint + FULL))
    assert [each.ailment.name for each in explanation.found] == ["disk-full", "amdgpu-ids"]
    assert explanation.exit_status == 2
    assert explain(io.BytesIO(FULL), ()).found == ()
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
