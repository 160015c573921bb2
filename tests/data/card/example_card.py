"""A small question set with everything that a card can show, made by hand and by its own counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from question_files import make_questions

from underdog.data.agreement import PartAgreement
from underdog.data.card.write import Cards, write_cards
from underdog.data.curriculum import Order, arrange
from underdog.data.decontamination import BenchmarkLine
from underdog.data.difficulty import rate, report_difficulty
from underdog.data.distributions import distribute
from underdog.data.guess import guess
from underdog.data.leakage import LeakCheck
from underdog.data.mix import MixLine
from underdog.data.probes.key_places import KeyPositions
from underdog.data.probes.probes import Probe, Probes
from underdog.data.reject import Reason, Reject
from underdog.data.row import Row, Split
from underdog.data.summary import (
    Conversion,
    FileCount,
    Growth,
    Step,
    Summary,
    count_chunks,
    count_groups,
    count_rejects,
    count_splits,
    tally,
)
from underdog.data.templates import Template, TemplateReport
from underdog.interval import Interval, wilson
from underdog.mcq.question import Question

TOPICS = ("animals", "music", "world")
SETTINGS: dict[str, Any] = {"seed": 0, "order": "stratified", "rules": {"language": "en"}}


def make_rows(questions: Sequence[Question] | None = None, *, count: int = 60) -> tuple[Row, ...]:
    """Rows of a finished set: a tenth held out, the rest in four chunks."""
    if questions is None:
        questions = [
            replace(
                each,
                topic=TOPICS[at % 3],
                source=f"source {at % 2}",
                licence="CC BY-SA 4.0" if at % 2 else "",
                explanation="Because it is so." if at % 5 == 0 else "",
            )
            for at, each in enumerate(make_questions(count))
        ]
    ratings = rate(questions)
    held = {at for at in range(len(questions)) if at % 10 == 3}
    train = [at for at in range(len(questions)) if at not in held]
    places = arrange(
        [questions[at].id for at in train],
        [ratings[at].difficulty for at in train],
        chunks=4,
        order=Order.STRATIFIED,
        seed=0,
        topics=[questions[at].topic for at in train],
    )
    placed = dict(zip(train, places, strict=True))
    rows = []
    for at, question in enumerate(questions):
        place = placed.get(at)
        split = Split.VALIDATION if place is None else Split.TRAIN
        chunk, position = (None, None) if place is None else (place.chunk, place.position)
        rating = ratings[at]
        rows.append(
            Row(question, question.id, rating.difficulty, rating.band, split, chunk, position)
        )
    return tuple(rows)


def make_rejects(count: int = 14) -> tuple[Reject, ...]:
    """As many rejects of each of three reasons."""
    return tuple(
        Reject(f"raw/{name}.json", at + 1, reason, f"detail {at}", f"row {at} of {name}")
        for at in range(count)
        for name, reason in (
            ("one", Reason.DUPLICATE),
            ("two", Reason.ONE_CHOICE),
            ("two", Reason.NO_ANSWER),
        )
    )


CLEAN = LeakCheck(
    sampled=6,
    against=54,
    word_threshold=0.6,
    word_pairs=0,
    word_highest=0.31,
    character_threshold=0.8,
    character_pairs=0,
    character_highest=0.4,
    settled=0,
)


def probe(name: str, title: str, low: float, value: float, high: float) -> Probe:
    """A probe of 4,000 questions with four choices."""
    return Probe(name, title, Interval(value, low, high, 4000, "test"), 0.25, f"How {name} looks.")


def make_probes(*, choices_only: float = 0.26, uneven: bool = False) -> Probes:
    """The choices-only probe at this rate, the others at chance, association not run."""
    counts = (30, 10, 10, 10) if uneven else (15, 15, 15, 15)
    places = KeyPositions(
        choices=4,
        counts=counts,
        shares=tuple(wilson(count, 60) for count in counts),
        statistic=20.0 if uneven else 0.0,
        degrees_of_freedom=3,
        p=0.00017 if uneven else 1.0,
    )
    few = KeyPositions(2, (3, 1), (wilson(3, 4), wilson(1, 4)), 1.0, 1, None)
    return Probes(
        questions=64,
        probed=60,
        key_positions=(few, places),
        longest_is_key=probe("longest_is_key", "the longest choice is the key", 0.2, 0.25, 0.3),
        choices_only=probe(
            "choices_only",
            "the key is found from the choices alone",
            choices_only - 0.012,
            choices_only,
            choices_only + 0.012,
        ),
        reuse=None,
        association=None,
        missing={"reuse": "60 questions, 200 are needed", "association": "too few"},
    )


def make_summary(rows: Sequence[Row], rejects: Sequence[Reject] = ()) -> Summary:
    """Every field filled."""
    questions = [row.question for row in rows]
    guesses = guess(questions)
    difficulty = report_difficulty(questions, rate(questions, guesses=guesses), guesses=guesses)
    part = PartAgreement("length", 0.1, "words", Interval(0.2, 0.1, 0.3, 100, "spearman"))
    bands = tuple(replace(band, right=wilson(7, 10)) for band in difficulty.bands)
    read = len(rows) + len(rejects)
    return Summary(
        files=(
            FileCount(
                "raw/one.json", "JSON", "ab" * 32, read, len(rows), len(rejects), ("a note",)
            ),
        ),
        skipped={"raw/README.md": "a file with questions; got prose"},
        reasons=count_rejects(rejects),
        splits=count_splits(rows),
        bands=tally([row.band.value for row in rows]),
        chunks=count_chunks(rows),
        topics=tally([question.topic for question in questions]),
        sources=tally([question.source for question in questions]),
        licences=tally([question.licence for question in questions]),
        groups=count_groups(rows),
        check=CLEAN,
        digests={"questions.parquet": hashlib.sha256(b"rows").hexdigest()},
        steps=(
            Step("read", read, read),
            Step("checked", read, len(rows) + 5, "tidied and judged"),
            Step("open questions made", len(rows) + 5, len(rows) + 9),
            Step("mixed", len(rows) + 9, len(rows)),
        ),
        conversion=Conversion(questions=12, converted=10, rejected=2),
        kinds={"integer": 6, "person": 4},
        distributions=distribute(rows),
        probes=make_probes(),
        difficulty=replace(
            difficulty,
            measured=40,
            correlation=Interval(0.3, 0.2, 0.4, 40, "spearman"),
            parts=(part, replace(part, name="chance", correlation=None)),
            bands=bands,
        ),
        templates=TemplateReport(
            clusters=2,
            rows=5,
            linked=2,
            largest=(Template("what is the capital of [name]", "What is the capital of Peru?", 3),),
        ),
        decontamination=(BenchmarkLine("mmlu.json", 1400, 3, {"same text": 2, "same words": 1}),),
        mix=(
            MixLine("source*", ("source 0", "source 1"), 70, 70, 60, "rows"),
            MixLine("bank", ("bank",), 9, None, 0, ""),
        ),
        growth=Growth(kept=40, added=20, alike=1),
    )


@cache
def example() -> tuple[Summary, tuple[Row, ...], tuple[Reject, ...]]:
    """Made once: nothing in it can be changed."""
    rows, rejects = make_rows(), make_rejects()
    return make_summary(rows, rejects), rows, rejects


def make_cards(**changes: Any) -> Cards:
    """Both twins of the example, with fields of the summary changed."""
    summary, rows, rejects = example()
    return write_cards(replace(summary, **changes), rows, rejects=rejects, settings=SETTINGS)


def plain_json(value: Any) -> Any:
    """What a file would give back."""
    return json.loads(json.dumps(value))
