"""The file of readings: what goes in comes out, small, and a kill costs one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.hardware.telemetry.reading import GPU_FIELDS, HOST_FIELDS, GpuReading, Reading
from underdog.runs.readings import READINGS_NAME, ReadingsWriter, read_readings, rounded
from underdog.runs.recorder import recorded

VALUES = st.none() | st.floats(0, 1e13)
GPUS = st.builds(GpuReading, **dict.fromkeys(GPU_FIELDS, VALUES))
READINGS = st.builds(
    Reading,
    at_s=st.floats(0, 4e9),
    gpus=st.lists(GPUS, max_size=3).map(tuple),
    **dict.fromkeys(HOST_FIELDS[1:], VALUES),
)


def write(folder: Path, readings: list[Reading]) -> Path:
    """One sitting."""
    writer = ReadingsWriter(folder)
    for reading in readings:
        writer.append(reading)
    writer.close()
    return folder / READINGS_NAME


@given(st.lists(READINGS, max_size=8), st.lists(READINGS, max_size=4))
@settings(max_examples=60, deadline=None)
def test_what_is_written_in_two_sittings_comes_back(
    tmp_path_factory: pytest.TempPathFactory, first: list[Reading], second: list[Reading]
) -> None:
    """Rounded to the stated units, with what is None as None, whatever cards come and go."""
    folder = tmp_path_factory.mktemp("run")
    write(folder, first)
    assert read_readings(write(folder, second)) == [rounded(each) for each in [*first, *second]]


def day(seconds: int) -> list[Reading]:
    """A busy card at one reading a second, every figure trembling."""
    rng = random.Random(0)
    return [
        Reading(
            at_s=1.8e9 + second + rng.random() / 20,
            cpu_percent=rng.uniform(20, 90),
            ram_used_bytes=rng.uniform(8e9, 9e9),
            ram_total_bytes=64e9,
            disk_free_bytes=3e11 - second * 1e6,
            disk_total_bytes=5e11,
            process_cpu_percent=rng.uniform(90, 400),
            process_bytes=rng.uniform(6e9, 7e9),
            gpus=(GpuReading(*(rng.uniform(500, 2500) for _ in GPU_FIELDS)),),
        )
        for second in range(seconds)
    ]


def test_a_day_of_readings_each_second_takes_less_than_ten_megabytes(tmp_path: Path) -> None:
    """Even where nearly every figure changes at every reading: an hour, times 24."""
    assert write(tmp_path, day(3600)).stat().st_size * 24 < 10e6


def test_a_kill_inside_a_line_loses_that_line_only(tmp_path: Path) -> None:
    """At every length to which the last lines may be cut, the whole ones come back, and the next
    sitting goes on behind them.
    """
    readings = day(6)
    path = write(tmp_path / "whole", readings)
    content = path.read_bytes()
    later = day(7)[6:]
    for end in range(len(content) - 60, len(content)):
        kept = content[:end].count(b"\n") - 1
        torn = tmp_path / str(end)
        torn.mkdir()
        (torn / READINGS_NAME).write_bytes(content[:end])
        expected = [rounded(each) for each in [*readings[:kept], *later]]
        assert read_readings(write(torn, later)) == expected


def test_a_damaged_line_costs_no_more_than_to_the_next_whole_one(tmp_path: Path) -> None:
    """Lines that stand on a damaged one are left out rather than guessed."""
    readings = day(1202)
    path = write(tmp_path, readings)
    lines = path.read_bytes().split(b"\n")
    lines[100] = b"?!"
    path.write_bytes(b"\n".join(lines))
    expected = [rounded(each) for each in [*readings[:99], *readings[600:]]]
    assert read_readings(path) == expected


def test_a_block_is_recorded_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    """At least one reading, with this process's memory; the thread is over when the block is."""
    with recorded(tmp_path, every_s=0.01):
        pass
    (*_, last) = read_readings(tmp_path / READINGS_NAME)
    assert last.process_bytes
    assert last.disk_free_bytes


def test_a_folder_that_cannot_be_written_costs_the_run_nothing(tmp_path: Path) -> None:
    """Recording is given up, the block runs."""
    (tmp_path / "file").write_text("")
    with recorded(tmp_path / "file"):
        done = True
    assert done
