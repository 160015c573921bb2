"""From rows as they were found to the questions that stay: every step counted, no row lost.

In: the rows of all files. Out: questions in the order of their ids, a Reject for every other row,
and one `Step` per step with the rows before and after it. The steps, in this order: check, drop
exact duplicates, give open questions their choices, drop what that made equal, take out what stands
in a benchmark, mix. Nothing depends on the order of files, or on where blocks are worked on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from underdog.data.config import DataConfig
from underdog.data.conversion.convert import PoolAnswer, WrongAnswers, convert
from underdog.data.decontamination import BenchmarkLine, Benchmarks, decontaminate
from underdog.data.duplicates import drop_exact, drop_exact_open
from underdog.data.engine.engine import Engine, cut
from underdog.data.growth import drop_known
from underdog.data.mix import MixLine, apply_mix
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import Checked, Judged, Rows, check_rows
from underdog.data.reject import Reject
from underdog.data.row import Row
from underdog.data.sources.read import FileRows
from underdog.data.summary import Conversion, Step
from underdog.mcq.question import Question
from underdog.runs.progress import Progress

BLOCK_ROWS = 4096
"""Rows that one worker checks at a time. Blocks never depend on the number of workers."""


class Sifted(NamedTuple):
    """`rows` in the order of their ids; `converted` holds the ids of those that were open
    questions; `mended` counts the rows of each file whose text was repaired.
    """

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]
    steps: tuple[Step, ...]
    converted: frozenset[str]
    mended: Mapping[str, int]
    conversion: Conversion | None
    kinds: Mapping[str, int]
    decontamination: tuple[BenchmarkLine, ...]
    mix: tuple[MixLine, ...]


class Sieve:
    """Holds what has stayed, what has gone and what was counted while `sift` goes step by step."""

    def __init__(
        self,
        config: DataConfig,
        *,
        engine: Engine,
        progress: Progress,
        old: Sequence[Row] = (),
    ) -> None:
        """`old` are the rows of a set that grows: nothing that they hold comes in again."""
        self._config, self._engine, self._progress = config, engine, progress
        self._old = old
        self._rows: tuple[Checked, ...] = ()
        self._open: tuple[OpenQuestion, ...] = ()
        self._rejects: list[Reject] = []
        self._steps: list[Step] = []
        self._mended: Counter[str] = Counter()

    def sift(
        self,
        files: Sequence[FileRows],
        *,
        benchmarks: Benchmarks | None,
        wrong_answers: WrongAnswers | None,
    ) -> Sifted:
        """All steps. Benchmarks and wrong answers are None when the user gave none."""
        self._check(files)
        self._drop_exact()
        conversion, kinds, converted = self._convert(wrong_answers)
        decontamination = self._decontaminate(benchmarks)
        mix = self._mix()
        return Sifted(
            self._rows,
            tuple(sorted(self._rejects)),
            tuple(self._steps),
            converted,
            dict(self._mended),
            conversion,
            kinds,
            decontamination,
            mix,
        )

    def _step(self, name: str, before: int, note: str = "") -> None:
        self._steps.append(Step(name, before, len(self._rows) + len(self._open), note))

    def _check(self, files: Sequence[FileRows]) -> None:
        blocks = [
            Rows(file.name, tuple(part)) for file in files for part in cut(file.rows, BLOCK_ROWS)
        ]
        total = sum(len(block.found) for block in blocks)
        self._progress.begin("checking rows", total)
        passed: list[Checked] = []
        asked: list[OpenQuestion] = []
        judged: Judged
        for block, judged in zip(
            blocks, self._engine.map(check_rows, blocks, self._config.rules), strict=True
        ):
            passed += judged.passed
            asked += judged.open_questions
            self._rejects += judged.rejects
            self._mended[block.file] += judged.mended
            self._progress.advance(len(block.found))
        self._progress.end()
        self._rows, self._open = tuple(passed), tuple(asked)
        mended = sum(self._mended.values())
        self._step("checked", total, f"{mended} rows had their letters repaired" if mended else "")

    def _drop_exact(self) -> None:
        before = len(self._rows) + len(self._open)
        unique = drop_exact(self._rows)
        new = drop_known(unique.rows, self._old)
        self._rows = new.rows
        self._rejects += (*unique.rejects, *new.rejects)
        if self._open:
            asked = drop_exact_open(self._open, self._known())
            self._open = asked.rows
            self._rejects += asked.rejects
        self._step("exact duplicates dropped", before)

    def _known(self) -> list[Question]:
        """Every question that has its choices, the old ones as well."""
        return [*(row.question for row in self._old), *(row.question for row in self._rows)]

    def _convert(
        self, wrong_answers: WrongAnswers | None
    ) -> tuple[Conversion | None, Mapping[str, int], frozenset[str]]:
        if not self._open:
            return None, {}, frozenset()
        asked, self._open = self._open, ()
        self._progress.begin("giving open questions their choices", len(asked))
        pool = [
            PoolAnswer(each.answer_text, each.text, each.topic)
            for each in self._known()
            if each.answer_text is not None
        ]
        made = convert(
            asked,
            self._config.conversion,
            seed=self._config.seed,
            pool=pool,
            engine=self._engine,
            wrong_answers=wrong_answers,
        )
        self._progress.advance(len(asked))
        self._progress.end()
        self._rejects += made.rejects
        before = len(self._rows) + len(asked)
        ids = frozenset(row.question.id for row in made.rows)
        unique = drop_exact((*self._rows, *made.rows))
        self._rows = unique.rows
        self._rejects += unique.rejects
        self._step("open questions converted", before)
        conversion = Conversion(len(asked), len(made.rows), len(made.rejects))
        return conversion, made.kinds, ids

    def _decontaminate(self, benchmarks: Benchmarks | None) -> tuple[BenchmarkLine, ...]:
        if benchmarks is None:
            return ()
        before = len(self._rows)
        self._progress.begin("looking for questions of benchmarks", None)
        clean = decontaminate(self._rows, benchmarks)
        self._progress.end()
        self._rows = clean.rows
        self._rejects += clean.rejects
        self._step("decontaminated", before)
        return clean.lines

    def _mix(self) -> tuple[MixLine, ...]:
        if self._config.mix is None:
            return ()
        before = len(self._rows)
        mixed = apply_mix(self._rows, self._config.mix, seed=self._config.seed)
        self._rows = mixed.rows
        self._rejects += mixed.rejects
        self._step("mixed", before, mixed.sentence())
        return mixed.lines
