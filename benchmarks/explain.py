"""How fast and in how much memory a long log is explained, against grep and a plain loop.

    python benchmarks/explain.py [--megabytes 2000] [--rounds 3]

The log is made of lines of training, of servers and of kernels, with eight ailments strewn in, in a
temporary file that is removed. Peers in the same run: on its first 200 MB `grep -F -c -f` with the
same anchors (which says neither which ailment nor where), and on its first 2 MB one alternation
of all anchors in Python's `re`, line by line. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

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


def timed_explain(path: Path, expected: list[str]) -> tuple[float, float]:
    """Seconds, and those of the processor; what was planted must be what is found."""
    start, cpu = time.perf_counter(), time.process_time()
    with path.open("rb") as stream:
        explanation = explain(stream)
    seconds = time.perf_counter() - start, time.process_time() - cpu
    assert sorted(each.ailment.name for each in explanation.found) == expected
    return seconds


def timed_grep(path: Path, anchors: Path) -> float:
    """Seconds of GNU grep, in the C locale."""
    start = time.perf_counter()
    subprocess.run(
        ["grep", "-F", "-c", "-f", anchors, path],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - start


def timed_loop(path: Path) -> float:
    """Seconds of a plain loop over the first SAMPLE bytes."""
    words = [re.escape(anchor) for each in known_ailments() for anchor in each.anchors]
    pattern = re.compile(b"|".join(words))
    start = time.perf_counter()
    with path.open("rb") as stream:
        for line in stream.read(SAMPLE).splitlines():
            pattern.search(line)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, anchors = Path(folder) / "log", Path(folder) / "anchors"
        planted = write_log(log, args.megabytes * 10**6)
        anchors.write_bytes(
            b"\n".join(a.strip() for each in known_ailments() for a in each.anchors) + b"\n"
        )
        size, part = log.stat().st_size / 1e6, Path(folder) / "part"
        with part.open("wb") as copy:
            subprocess.run(["head", "-c", str(GREP_SAMPLE), log], stdout=copy, check=True)
        grep_size = part.stat().st_size / 1e6
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rounds = [timed_explain(log, planted) for _ in range(args.rounds)]
        ours, cpu = (sorted(each) for each in zip(*rounds, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        grep = sorted(timed_grep(part, anchors) for _ in range(args.rounds))
        loop = timed_loop(log)
    middle = args.rounds // 2
    result = {
        "megabytes": round(size),
        "ailments": len(known_ailments()),
        "explain_mb_per_s": round(size / ours[middle]),
        "explain_mb_per_s_range": [round(size / ours[-1]), round(size / ours[0])],
        "explain_mb_per_cpu_s": round(size / cpu[middle]),
        "grep_mb_per_s": round(grep_size / grep[middle]),
        "loop_mb_per_s": round(SAMPLE / 1e6 / loop),
        "peak_rss_mib": round(peak),
        "rss_mib_before": round(before),
        "python": sys.version.split()[0],
    }
    print(
        f"{size:.0f} MB: explain {result['explain_mb_per_s']} MB/s, grep "
        f"{result['grep_mb_per_s']} MB/s, plain loop {result['loop_mb_per_s']} MB/s; "
        f"peak {peak:.0f} MiB (before: {before:.0f})"
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
