"""How fast and in how much memory a long log is explained, against grep and a plain loop.

    python benchmarks/explain.py [--megabytes 2000] [--rounds 3]

The log is made of lines of training, of servers and of kernels, with eight ailments strewn in, in a
temporary file that is removed. Those lines are few and come again and again, so 200 MB of text that
nobody chose is read as well: the sources of Python's standard library. Peers in the same run: on
the log's first 200 MB `grep -F -c -f` with the same anchors (which says neither which ailment nor
where), and on its first 2 MB one alternation of all anchors in Python's `re`, line by line. By the
clock and by processor time, which other programs on the machine disturb less. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from underdog.hardware.ailments.ailment import known_ailments
from underdog.hardware.ailments.explain import explain

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests/hardware/ailments/healthy.toml"
PLANTED = 8
SAMPLE = 2_000_000
GREP_SAMPLE = 200_000_000


def write_log(path: Path, size: int, seed: int = 7) -> list[str]:
    """Healthy lines in random order, one block again and again; the planted ailments' names."""
    rng = random.Random(seed)
    logs = tomllib.loads(FIXTURES.read_text("utf-8"))["log"]
    lines = [line for log in logs for line in log["text"].strip().splitlines()]
    block = "\n".join(rng.choice(lines) for _ in range(60_000)).encode() + b"\n"
    planted = rng.sample(known_ailments(), PLANTED)
    places = sorted(rng.sample(range(max(PLANTED, size // len(block))), PLANTED))
    with path.open("wb") as stream:
        for at in range(max(PLANTED, size // len(block))):
            stream.write(block)
            if at in places:
                stream.write(planted[places.index(at)].example.encode() + b"\n")
    return sorted(each.name for each in planted)


def write_sources(path: Path, size: int) -> None:
    """The standard library's own modules, again and again."""
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    block = b"".join(each.read_bytes() for each in modules)
    with path.open("wb") as stream:
        for _ in range(-(-size // len(block))):
            stream.write(block)


def timed_explain(path: Path, expected: list[str] | None) -> tuple[float, float]:
    """Seconds, and those of the processor; what was planted must be what is found."""
    start, cpu = time.perf_counter(), time.process_time()
    with path.open("rb") as stream:
        explanation = explain(stream)
    seconds = time.perf_counter() - start, time.process_time() - cpu
    if expected is not None:
        assert sorted(each.ailment.name for each in explanation.found) == expected
    return seconds


def timed_grep(path: Path, anchors: Path) -> tuple[float, float]:
    """Seconds of GNU grep, in the C locale, and those of the processor.

    Its count is read through a pipe: into /dev/null, grep ends at the first match.
    """
    start, cpu = time.perf_counter(), _children_s()
    subprocess.run(
        ["grep", "-F", "-c", "-f", anchors, path],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        check=False,
    )
    return time.perf_counter() - start, _children_s() - cpu


def _children_s() -> float:
    """Processor time of the programs that were run from here."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed_loop(path: Path) -> float:
    """Seconds of a plain loop over the first SAMPLE bytes, by the processor."""
    words = [re.escape(anchor) for each in known_ailments() for anchor in each.anchors]
    pattern = re.compile(b"|".join(words))
    start = time.process_time()
    with path.open("rb") as stream:
        for line in stream.read(SAMPLE).splitlines():
            pattern.search(line)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, part, sources = (Path(folder) / name for name in ("log", "part", "sources"))
        planted = write_log(log, args.megabytes * 10**6)
        write_sources(sources, GREP_SAMPLE)
        anchors = Path(folder) / "anchors"
        anchors.write_bytes(
            b"\n".join(a.strip() for each in known_ailments() for a in each.anchors) + b"\n"
        )
        with part.open("wb") as copy:
            subprocess.run(["head", "-c", str(GREP_SAMPLE), log], stdout=copy, check=True)
        sizes = {path: path.stat().st_size / 1e6 for path in (log, part, sources)}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rounds = range(args.rounds)
        ours = _speeds(sizes[log], [timed_explain(log, planted) for _ in rounds])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        other = _speeds(sizes[sources], [timed_explain(sources, None) for _ in rounds])
        grep = _speeds(sizes[part], [timed_grep(part, anchors) for _ in rounds])
        loop = timed_loop(log)
    result = {
        "megabytes": round(sizes[log]),
        "ailments": len(known_ailments()),
        **{f"explain_{name}": value for name, value in ours.items()},
        **{f"explain_sources_{name}": value for name, value in other.items()},
        **{f"grep_{name}": value for name, value in grep.items()},
        "loop_mb_per_cpu_s": round(SAMPLE / 1e6 / loop, 1),
        "peak_rss_mib": round(peak),
        "rss_mib_before": round(before),
        "python": sys.version.split()[0],
    }
    print(
        f"{sizes[log]:.0f} MB, in MB per second of the processor: explain "
        f"{ours['mb_per_cpu_s']}, of other text {other['mb_per_cpu_s']}, grep "
        f"{grep['mb_per_cpu_s']}, plain loop {result['loop_mb_per_cpu_s']}; "
        f"peak {peak:.0f} MiB (before: {before:.0f})"
    )
    print(json.dumps(result))


def _speeds(megabytes: float, rounds: list[tuple[float, float]]) -> dict[str, Any]:
    """Medians and ranges of (seconds, seconds of the processor)."""
    found: dict[str, Any] = {}
    for name, seconds in zip(("mb_per_s", "mb_per_cpu_s"), zip(*rounds, strict=True), strict=True):
        speeds = sorted(round(megabytes / each) for each in seconds)
        found[name] = speeds[len(speeds) // 2]
        found[f"{name}_range"] = [speeds[0], speeds[-1]]
    return found


if __name__ == "__main__":
    main()
