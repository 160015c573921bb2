"""What runs write about themselves, of whatever program: read as beats, scores and events.

In: a file that grows. Out: News since the last look, times reckoned from the file's own: the last
line was written when the file was, earlier ones by the run's clock before that. Lines that are of
another form are passed over. Runs on Python 3.10. Never: a write.

Formats: metrics.jsonl of `underdog.runs.metrics`; results.csv of Ultralytics 8 (one line per epoch,
columns epoch, time, train/*_loss, metrics/mAP50-95(B)); trainer_state.json of transformers 4 and 5
(`log_history`, `global_step`, `max_steps`), written with each checkpoint; log lines of its trainers
("{'loss': 1.2, 'epoch': 0.1}", or JSON).
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from underdog.runs.watch.sight import Beat, Score
from underdog.runs.watch.tail import Tail


@dataclass(frozen=True, slots=True)
class News:
    """What came since the last look. `written_s` is when the file was written last, `total` and
    `finished` None where this file does not tell.
    """

    beats: tuple[Beat, ...] = ()
    scores: tuple[Score, ...] = ()
    events: tuple[str, ...] = ()
    dropped_after: int | None = None
    written_s: float | None = None
    total: int | None = None
    finished: bool | None = None
    fault: str | None = None


class Journal(Protocol):
    """One kind of file."""

    kind: str
    unit: str

    def read(self) -> News:
        """What is new."""


def _number(value: Any) -> float | None:
    """A float, also from a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _timed(beats: list[Beat], written_s: float) -> tuple[Beat, ...]:
    """Beats by the run's clock, set so that the last was written with the file."""
    if not beats:
        return ()
    shift = written_s - beats[-1].at_s
    return tuple(replace(beat, at_s=beat.at_s + shift) for beat in beats)


class UnderdogJournal:
    """metrics.jsonl of `underdog train` and `underdog vision train`."""

    kind, unit = "underdog", "step"

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._manifest = path.parent / "manifest.json"
        self._total: int | None = None

    def read(self) -> News:
        """Steps as beats, examinations as scores, everything with a sentence as an event. The
        number of steps is reckoned from the chunks that are done: replay makes later ones longer.
        """
        came = self._tail.read()
        if came is None:
            return News()
        beats: list[Beat] = []
        scores: list[Score] = []
        events: list[str] = []
        dropped: int | None = -1 if came.anew else None
        fault: str | None = None
        for line in _objects(came.lines):
            kind, step = line.get("kind"), line.get("step")
            if not isinstance(step, int):
                continue
            if kind == "step":
                beats.append(_underdog_beat(line, step))
                fault = None
            elif kind == "resumed":
                beats = [beat for beat in beats if beat.step <= step]
                scores = [score for score in scores if score.step <= step]
                dropped, fault = step if dropped is None else min(dropped, step), None
            elif "sentence" in line:
                events.append(str(line["sentence"]))
                fault = str(line["sentence"]) if kind == "stopped" else fault
            elif kind == "chunk" and isinstance(line.get("chunk"), int):
                self._total = self._reckoned(step, line["chunk"] + 1)
            scores += _scores(line, step, came.written_s)
        timed = _timed(beats, came.written_s)
        return News(
            timed,
            tuple(scores),
            tuple(events),
            dropped,
            came.written_s,
            total=self._total,
            fault=fault,
        )

    def _reckoned(self, step: int, done: int) -> int | None:
        """All steps, from those of the chunks that are done and the header's number of chunks."""
        try:
            identity = json.loads(self._manifest.read_text(encoding="utf-8"))["identity"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        chunks = identity.get("data_chunks") or identity.get("detector", {}).get("epochs")
        return max(step, round(step / done * chunks)) if isinstance(chunks, int) else None


def _objects(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _underdog_beat(line: Mapping[str, Any], step: int) -> Beat:
    """A detector's chunks are epochs over the same images, of one difficulty: not chunks here."""
    return Beat(
        at_s=_number(line.get("elapsed_s")) or 0.0,
        step=step,
        loss=_number(line.get("loss")),
        chunk=line.get("chunk") if line.get("input_tokens") else None,
        samples_per_s=_number(line.get("samples_per_s")),
        grad_norm=_number(line.get("grad_norm")),
        learning_rate=_number(line.get("learning_rate")),
    )


def _scores(line: Mapping[str, Any], step: int, at_s: float) -> list[Score]:
    """Of a line about validation: its accuracy or mAP."""
    table = line.get("validation") if isinstance(line.get("validation"), dict) else line
    assert isinstance(table, Mapping)
    for name in ("accuracy", "map50_95"):
        value = _number(table.get(name))
        if line.get("kind") in {"validation", "chunk"} and value is not None:
            return [Score(at_s, step, name, value)]
    return []


class UltralyticsJournal:
    """results.csv: a beat is an epoch, its loss the sum of the training losses."""

    kind, unit = "Ultralytics", "epoch"

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._names: list[str] = []
        self._settings = path.parent / "args.yaml"

    def read(self) -> News:
        """New epochs."""
        came = self._tail.read()
        if came is None:
            return News()
        if came.anew:
            self._names = []
        beats, scores = [], []
        for row in csv.reader(came.lines, skipinitialspace=True):
            if "epoch" in (cell.strip() for cell in row):
                self._names = [cell.strip() for cell in row]
                continue
            table = dict(zip(self._names, map(_number, row), strict=False))
            if (epoch := table.get("epoch")) is None:
                continue
            beats.append(_epoch(table, int(epoch)))
            score = table.get("metrics/mAP50-95(B)")
            if score is not None:
                scores.append(Score(came.written_s, int(epoch), "mAP50-95", score))
        total = self._total()
        last = beats[-1].step if beats else None
        return News(
            _timed(beats, came.written_s),
            tuple(scores),
            dropped_after=-1 if came.anew else None,
            written_s=came.written_s,
            total=total,
            finished=True if total is not None and last is not None and last >= total else None,
        )

    def _total(self) -> int | None:
        """`epochs` of args.yaml beside it, read as text: one key needs no YAML package."""
        try:
            text = self._settings.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        found = re.search(r"^epochs:\s*(\d+)\s*$", text, re.MULTILINE)
        return None if found is None else int(found[1])


def _epoch(table: Mapping[str, float | None], epoch: int) -> Beat:
    losses = [
        value
        for name, value in table.items()
        if name.startswith("train/") and name.endswith("_loss") and value is not None
    ]
    return Beat(
        at_s=table.get("time") or 0.0,
        step=epoch,
        loss=sum(losses) if losses else None,
        learning_rate=table.get("lr/pg0"),
    )


class TrainerStateJournal:
    """trainer_state.json of transformers' Trainer and of TRL, in a run or its newest checkpoint."""

    kind, unit = "transformers", "step"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[Path, int] | None = None
        self._step = -1

    def read(self) -> News:
        """Entries of the history that are new; times are spread by its step numbers."""
        path = newest_state(self._folder)
        if path is None:
            return News()
        try:
            told = path.stat()
            state = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return News()
        total = state.get("max_steps") or None
        finished = True if total is not None and state.get("global_step", -1) >= total else None
        seen, self._seen = self._seen, (path, told.st_mtime_ns)
        if seen == self._seen:
            return News(written_s=told.st_mtime, total=total, finished=finished)
        return self._news(state, told.st_mtime, total, finished)

    def _news(
        self, state: Mapping[str, Any], at_s: float, total: int | None, finished: bool | None
    ) -> News:
        entries = [entry for entry in state.get("log_history", ()) if isinstance(entry, dict)]
        runtime = next((e["train_runtime"] for e in entries if "train_runtime" in e), None)
        last = max((int(entry.get("step", 0)) for entry in entries), default=0)
        per_step = runtime / last if runtime and last else 0.0
        new = [entry for entry in entries if int(entry.get("step", 0)) > self._step]
        self._step = max(self._step, last)
        beats = [
            replace(beat, at_s=beat.step * per_step)
            for entry in new
            if (beat := entry_beat(entry, int(entry.get("step", 0)), 0.0)) is not None
        ]
        scores = [score for entry in new for score in entry_scores(entry, at_s)]
        return News(
            _timed(beats, at_s), tuple(scores), written_s=at_s, total=total, finished=finished
        )


def newest_state(folder: Path) -> Path | None:
    """Of the run itself, else of the checkpoint with the highest step."""
    own = folder / "trainer_state.json"
    if own.is_file():
        return own
    found = folder.glob("checkpoint-*/trainer_state.json")
    numbered = [(path.parent.name.rpartition("-")[2], path) for path in found]
    whole = [(int(number), path) for number, path in numbered if number.isdigit()]
    return max(whole)[1] if whole else None


def entry_beat(entry: Mapping[str, Any], step: int, at_s: float) -> Beat | None:
    """One entry of a trainer's history; None for one that is no training step."""
    loss = _number(entry.get("loss"))
    if loss is None:
        return None
    return Beat(
        at_s,
        step,
        loss,
        grad_norm=_number(entry.get("grad_norm")),
        learning_rate=_number(entry.get("learning_rate")),
    )


def entry_scores(entry: Mapping[str, Any], at_s: float) -> list[Score]:
    """`eval_accuracy` or TRL's token accuracy, where an evaluation measured one."""
    step = int(_number(entry.get("step")) or 0)
    for name in ("eval_accuracy", "eval_mean_token_accuracy"):
        value = _number(entry.get(name))
        if value is not None:
            return [Score(at_s, step, name.removeprefix("eval_"), value)]
    return []


_ERROR = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt|Killed)\b.*)$")


class LogJournal:
    """The output of any trainer that prints its numbers as JSON or as a Python dictionary."""

    kind, unit = "log", "entry"

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._entries = 0
        self._finished: bool | None = None
        self._traceback = False

    def read(self) -> News:
        """New entries; the last line of a traceback is the fault."""
        came = self._tail.read()
        if came is None:
            return News()
        beats: list[Beat] = []
        scores: list[Score] = []
        fault = None
        for line in came.lines:
            entry = _entry(line)
            if entry is None:
                fault = self._fault(line) or fault
                continue
            self._finished = True if "train_runtime" in entry else self._finished
            scores += entry_scores({**entry, "step": self._entries}, came.written_s)
            beat = entry_beat(entry, self._entries + 1, came.written_s)
            if beat is not None:
                self._entries += 1
                beats.append(beat)
                fault = None
        return News(
            tuple(beats),
            tuple(scores),
            written_s=came.written_s,
            finished=self._finished,
            fault=fault,
        )

    def _fault(self, line: str) -> str | None:
        if line.startswith("Traceback (most recent call last)"):
            self._traceback = True
            return None
        found = _ERROR.match(line) if self._traceback else None
        if found is None:
            return None
        self._traceback = False
        return found[1]


def _entry(line: str) -> dict[str, Any] | None:
    """A line's dictionary, also behind a progress bar; None where there is none."""
    start, end = line.find("{"), line.rfind("}")
    if start < 0 or end < start:
        return None
    text = line[start : end + 1]
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None
