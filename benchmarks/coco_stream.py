"""Converting a large COCO file: how fast, in how much memory, beside reading it whole.

python benchmarks/coco_stream.py --megabytes 1000

Writes a COCO JSON of that size (random boxes, 17-digit ids, annotations in random order of images)
and converts it with `underdog.vision.coco.convert` in one process; another one only reads it with
`json.load`. Times are of the processor (both have one thread), so that other work on the machine
hardly matters; peak memory is the operating system's, of the whole process. Image files are empty:
they are linked, never opened. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDTH, HEIGHT = 384, 288
BOXES_PER_IMAGE = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--child", choices=("convert", "load"))
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measured(args.child, args.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size, images, annotations = generate(folder, args.megabytes * 1_000_000)
        print(f"{size / 1e6:.0f} MB, {images} images, {annotations} annotations")
        ours, whole = (child(part, folder) for part in ("convert", "load"))
    for label, found in (("converted", ours), ("json.load", whole)):
        rate = size / 1e6 / found["reading_s"]
        print(
            f"{label}: {found['reading_s']:.1f} s of processor, {rate:.1f} MB/s, "
            f"{found['peak_mb']:.0f} MB peak"
        )
    print(f"of the conversion, writing labels and links: {ours['writing_s']:.1f} s")
    result = {
        "megabytes": round(size / 1e6, 1),
        "images": images,
        "annotations": annotations,
        "reading_mb_per_s": round(size / 1e6 / ours["reading_s"], 1),
        "json_load_mb_per_s": round(size / 1e6 / whole["reading_s"], 1),
        "writing_s": round(ours["writing_s"], 1),
        "peak_mb": round(ours["peak_mb"]),
        "peak_mb_json_load": round(whole["peak_mb"]),
        "memory_ratio": round(ours["peak_mb"] / whole["peak_mb"], 3),
    }
    print(json.dumps(result))


def generate(folder: Path, size: int) -> tuple[int, int, int]:
    """A COCO file of about `size` bytes; gives its size, images and annotations."""
    draw = random.Random(0)
    images = max(1, size // (BOXES_PER_IMAGE * 162 + 140))
    ids = [20200514000000000 + 17 * number for number in range(images)]
    (folder / "frames").mkdir()
    annotations = images * BOXES_PER_IMAGE
    with (folder / "coco.json").open("w") as stream:
        stream.write('{"info": {}, "images": [')
        for place, identifier in enumerate(ids):
            name = f"{identifier}.png"
            (folder / "frames" / name).touch()
            entry = {"id": identifier, "file_name": name, "width": WIDTH, "height": HEIGHT}
            stream.write(("," if place else "") + json.dumps(entry))
        names = ("person", "bicycle", "motorcycle", "vehicle")
        classes = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
        stream.write(f'], "categories": {json.dumps(classes)}, "annotations": [')
        for number in range(annotations):
            x, y = draw.random() * WIDTH, draw.random() * HEIGHT
            w, h = 1 + draw.random() * 80, 1 + draw.random() * 80
            box = [round(value, 3) for value in (x, y, w, h)]
            entry = {"id": number, "image_id": draw.choice(ids), "bbox": box, "iscrowd": 0}
            entry |= {"category_id": draw.randint(1, 4), "area": round(w * h, 3)}
            stream.write(("," if number else "") + json.dumps(entry))
        stream.write("]}")
    return (folder / "coco.json").stat().st_size, images, annotations


def child(part: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", part, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(part: str, folder: Path) -> dict[str, float]:
    clock = Clock()
    if part == "convert":
        from underdog.vision.coco.convert import convert

        convert({"train": folder / "coco.json"}, folder / "frames", folder / "set", progress=clock)
    else:
        clock.begin("reading", None)
        with (folder / "coco.json").open() as stream:
            whole = json.load(stream)
        clock.end()
        assert whole
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    times = {"reading_s": 0.0, "writing_s": 0.0}
    for name, seconds in clock.times.items():
        times[f"{name.split()[0]}_s"] += seconds
    return times | {"peak_mb": peak_mb}


class Clock:
    """Times the tasks that a room reports."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    def begin(self, task: str, total: int | None) -> None:  # noqa: ARG002
        """Start the clock."""
        self.name, self.start = task, time.process_time()

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Nothing to do between start and stop."""

    def end(self) -> None:
        """Stop the clock."""
        self.times[self.name] = time.process_time() - self.start


if __name__ == "__main__":
    main()
