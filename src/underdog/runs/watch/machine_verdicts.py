"""Verdicts on what the machine does under a run: silence, heat, memory, waiting, the disk.

In: a Sight. Out: the evidence as a sentence, or None. A sensor that is absent never raises an
alarm.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.runs.watch.pace import beat_s, gaps, left_s, silent_s
from underdog.runs.watch.sight import Sight

GIB = 2**30
LIMIT_S, LIMIT_BEATS, START_LIMIT_S = 120.0, 10.0, 1800.0
"""How long a run may be silent while nothing works, in seconds and in usual beats; before the first
beat models are loaded and kernels compiled."""
LONGEST_PAUSE = 2.0
"""Or this many times its longest pause so far."""
WORKING_LIMIT_S, WORKING_LIMITS = 3600.0, 10.0
"""How long it may be silent while something works: evaluations take their time."""
IDLE_WINDOW_S = 60.0
IDLE_GPU, IDLE_PROCESS = 5.0, 5.0
"""Per cent of a card, and of one core, below which nothing works."""
HUNG_BUSY, HUNG_WATTS = 99.0, 0.6
"""A hung kernel keeps a card at 100 % busy with less power than work takes: this share of it."""


def stalled(sight: Sight) -> str | None:
    """Silent for max(120 s, 10 beats, twice the longest pause) with card and process idle for a
    minute, or a card that is 100 % busy on less than 60 % of its usual power; or silent for an
    hour and ten times that limit whatever the machine does. Before the first beat the limit is half
    an hour, and only a machine that does nothing counts.
    """
    silence = silent_s(sight)
    if silence is None:
        started = sight.facts.started_s
        silence = None if started is None else sight.now_s - started
    if silence is None or silence <= LIMIT_S or sight.facts.alive is False:
        return None
    limit = _limit(sight)
    if silence > limit and (why := _idle(sight) or _hung(sight)):
        return f"Silent for {silence:.0f} s (usual pauses end within {limit:.0f} s), {why}."
    if sight.beats and silence > max(WORKING_LIMIT_S, WORKING_LIMITS * limit):
        return f"Silent for {silence / 3600:.1f} h."
    return None


def _limit(sight: Sight) -> float:
    usual = beat_s(sight)
    if usual is None:
        return START_LIMIT_S
    longest = max(gaps(sight.beats[-2000:]))
    return max(LIMIT_S, LIMIT_BEATS * usual, LONGEST_PAUSE * longest)


def _idle(sight: Sight) -> str | None:
    recent = sight.recent(IDLE_WINDOW_S)
    busy = _busiest(recent)
    process = [r.process_cpu_percent for r in recent if r.process_cpu_percent is not None]
    if len(busy) + len(process) < 2 or max(busy, default=0.0) > IDLE_GPU:
        return None
    if process and median(process) > IDLE_PROCESS:
        return None
    parts = [f"the GPU at {max(busy):.0f} %"] if busy else []
    parts += [f"the process at {median(process):.0f} % of a core"] if process else []
    return " and ".join(parts)


def _hung(sight: Sight) -> str | None:
    """Any of the run's cards."""
    recent = sight.recent(IDLE_WINDOW_S)
    last = sight.beats[-1].at_s if sight.beats else sight.now_s
    before = [reading for reading in sight.readings if reading.at_s < last]
    for card in used_cards(recent):
        busy = _of_card(recent, card, lambda gpu: gpu.busy_percent)
        watts = _of_card(recent, card, lambda gpu: gpu.watts)
        usual = _of_card(before, card, lambda gpu: gpu.watts)
        if len(busy) < 2 or min(busy) < HUNG_BUSY or len(watts) < 2 or len(usual) < 2:
            continue
        if (now := median(watts)) <= HUNG_WATTS * median(usual):
            return (
                f"GPU {card} {min(busy):.0f} % busy on {now:.0f} W instead of {median(usual):.0f}"
            )
    return None


USED_SHARE = 0.25


def used_cards(readings: Sequence[Reading]) -> list[int]:
    """Places of the cards that are taken to be the run's: those that hold at least a quarter of
    what the fullest holds. A card beside them that only drives a display says nothing of the run.
    """
    held = [gpu.vram_used_bytes or 0.0 for gpu in readings[-1].gpus] if readings else []
    return [card for card, size in enumerate(held) if size >= USED_SHARE * max(held)]


GpuMeasure = Callable[[GpuReading], float | None]


def _of_card(readings: Sequence[Reading], card: int, value: GpuMeasure) -> list[float]:
    found = (value(each.gpus[card]) for each in readings if len(each.gpus) > card)
    return [each for each in found if each is not None]


def _busiest(readings: Sequence[Reading]) -> list[float]:
    """Of each reading, how busy the busiest of the run's cards is, in per cent."""
    cards = used_cards(readings)
    told = (
        [gpu.busy_percent for card, gpu in enumerate(each.gpus) if card in cards]
        for each in readings
    )
    known = ([busy for busy in row if busy is not None] for row in told)
    return [max(row) for row in known if row]


STARVED_S, STARVED_BUSY, STARVED_PROCESS, STARVED_READINGS = 180.0, 40.0, 40.0, 10
STARVED_BEATS = 5


def data_starved(sight: Sight) -> str | None:
    """Over three minutes in which beats kept coming, the GPU was busy 40 % of the time or less
    (median); without a GPU, the process used 40 % of a core or less. Pauses are not counted.
    """
    first = bisect_left(sight.beats, sight.now_s - STARVED_S, key=lambda beat: beat.at_s)
    beats = [beat.at_s for beat in sight.beats[first:]]
    if len(sight.beats) == len(beats) or len(beats) < STARVED_BEATS:
        return None
    working = _between(sight.recent(STARVED_S), beats, 3 * (beat_s(sight) or 0.0))
    if len(working) < STARVED_READINGS or working[-1].at_s - working[0].at_s < STARVED_S / 2:
        return None
    busy = _busiest(working)
    if busy:
        share = median(busy)
        who = "The GPU is" if len(used_cards(working)) == 1 else "The busiest GPU is"
        return f"{who} busy {share:.0f} % of the time." if share <= STARVED_BUSY else None
    process = [r.process_cpu_percent for r in working if r.process_cpu_percent is not None]
    if len(process) < STARVED_READINGS or median(process) > STARVED_PROCESS:
        return None
    return f"The process uses {median(process):.0f} % of a core and waits for the rest."


def _between(readings: list[Reading], beats: list[float], longest_s: float) -> list[Reading]:
    """Those that lie between two beats of a usual distance."""
    spans = [(a, b) for a, b in pairwise(beats) if b - a <= longest_s]
    found, at = [], 0
    for reading in readings:
        while at < len(spans) and spans[at][1] < reading.at_s:
            at += 1
        if at < len(spans) and spans[at][0] <= reading.at_s:
            found.append(reading)
    return found


HOT_S, BELOW_LIMIT = 60.0, 5.0
ASSUMED_LIMIT_CELSIUS = 95.0
"""Where the driver tells none (NVML as read here): NVIDIA's data-centre cards slow down between 87
and 95 degrees, so that a card at 90 for a minute is at its limit or close to it."""


def thermally_limited(sight: Sight) -> str | None:
    """The core was within 5 degrees of its limit for a minute (median), on any card."""
    recent = sight.recent(HOT_S)
    if len(recent) < 2 or recent[-1].at_s - recent[0].at_s < 0.8 * HOT_S:
        return None
    for card in range(len(recent[-1].gpus)):
        own = [each.gpus[card] for each in recent if len(each.gpus) > card]
        heat = [gpu.celsius for gpu in own if gpu.celsius is not None]
        limit = own[-1].limit_celsius or ASSUMED_LIMIT_CELSIUS
        if heat and median(heat) >= limit - BELOW_LIMIT:
            return f"GPU {card} is at {median(heat):.0f} °C, its limit is {limit:.0f} °C."
    return None


LEAK_S, LEAK_PARTS, LEAK_SHARE, LEAK_STEADY = 900.0, 10, 0.02, 0.6
"""Fifteen minutes in ten parts. Caches and allocators also grow, and then stop growing."""
LEAK_HORIZON_S = 24 * 3600.0


def memory_leaking(sight: Sight) -> str | None:
    """Over 15 minutes of steps, memory grew in each of ten parts, by 2 % of all there is, not
    slower at the end (0.6), and will be full before the run ends (or within a day).
    """
    if not sight.beats or sight.beats[0].at_s > sight.now_s - LEAK_S:
        return None
    recent = sight.recent(LEAK_S + 5)
    for name, used, total in _memories(recent):
        series = [(r.at_s, have) for r in recent if (have := used(r)) is not None]
        whole = next((size for r in recent if (size := total(r)) is not None), None)
        if whole is not None and (found := _growth(series, whole, sight)) is not None:
            return f"{name} {found}"
    return None


def _horizon_s(sight: Sight, longest_s: float) -> float:
    """How far ahead it matters: to the end of the run, at most so long."""
    left = left_s(sight)
    return longest_s if left is None else min(left, longest_s)


Measure = Callable[[Reading], float | None]


def _memories(readings: Sequence[Reading]) -> Iterator[tuple[str, Measure, Measure]]:
    """The process, and each card of the run."""
    yield "The process", lambda r: r.process_bytes, lambda r: r.ram_total_bytes
    cards = used_cards(readings)
    for card in cards:
        name = "The GPU's memory" if len(cards) == 1 else f"The memory of GPU {card}"
        yield name, _on(card, lambda g: g.vram_used_bytes), _on(card, lambda g: g.vram_total_bytes)


def _on(card: int, value: GpuMeasure) -> Measure:
    return lambda reading: value(reading.gpus[card]) if len(reading.gpus) > card else None


def _growth(series: list[tuple[float, float]], whole: float, sight: Sight) -> str | None:
    if len(series) < 3 * LEAK_PARTS or series[-1][0] - series[0][0] < 0.95 * LEAK_S:
        return None
    size = len(series) // LEAK_PARTS
    parts = [median(v for _, v in series[i * size : (i + 1) * size]) for i in range(LEAK_PARTS)]
    steps = [after - before for before, after in pairwise(parts)]
    half = LEAK_PARTS // 2
    grown, early, late = parts[-1] - parts[0], sum(steps[: half - 1]), sum(steps[half:])
    if min(steps) <= 0 or grown < LEAK_SHARE * whole or late < LEAK_STEADY * early:
        return None
    rate = grown / (LEAK_S * (LEAK_PARTS - 1) / LEAK_PARTS)
    full_s = (whole - series[-1][1]) / rate
    if full_s > _horizon_s(sight, LEAK_HORIZON_S):
        return None
    return (
        f"grew by {grown / GIB:.1f} GiB in {LEAK_S / 60:.0f} min to {series[-1][1] / GIB:.1f} of "
        f"{whole / GIB:.0f} GiB; full in {full_s / 60:.0f} min at this rate."
    )


DISK_WINDOWS_S = (900.0, 3600.0)
DISK_HORIZON_S, DISK_FLOOR_BYTES = 6 * 3600.0, 1 * GIB
DISK_STEADY = 0.5
"""Checkpoints that replace older ones fill the disk first, and then no more."""


def disk_soon_full(sight: Sight) -> str | None:
    """Less than 1 GiB is free; or what is free shrank in each third of the last 15 minutes (or
    hour), at least half as fast in the last, and is gone before the run ends and within
    6 hours.
    """
    free = [(r.at_s, r.disk_free_bytes) for r in sight.readings if r.disk_free_bytes is not None]
    if not free:
        return None
    if free[-1][1] < DISK_FLOOR_BYTES:
        return f"{free[-1][1] / 2**20:.0f} MiB are free."
    full_s = disk_full_s(sight)
    if full_s is None or full_s > _horizon_s(sight, DISK_HORIZON_S):
        return None
    return f"{free[-1][1] / GIB:.1f} GiB are free, gone in {full_s / 60:.0f} min at this rate."


def disk_full_s(sight: Sight) -> float | None:
    """Seconds until nothing is free, at the pace of the last quarter of an hour or the last hour;
    None where it does not shrink, or stopped shrinking in a third of that time.
    """
    free = [(r.at_s, r.disk_free_bytes) for r in sight.readings if r.disk_free_bytes is not None]
    found = (_gone_s(free, window) for window in DISK_WINDOWS_S)
    return next((seconds for seconds in found if seconds is not None), None)


def _gone_s(free: list[tuple[float, float]], window_s: float) -> float | None:
    if not free or free[-1][0] - free[0][0] < 0.99 * window_s:
        return None
    begin = free[-1][0] - window_s
    moments = [at for at, _ in free]
    starts = [bisect_left(moments, begin + part * window_s / 3) for part in range(3)]
    marks = [*(free[start][1] for start in starts), free[-1][1]]
    shrunk = [before - after for before, after in pairwise(marks)]
    if min(shrunk) <= 0 or shrunk[-1] < DISK_STEADY * max(shrunk[:-1]):
        return None
    return free[-1][1] * window_s / sum(shrunk)
