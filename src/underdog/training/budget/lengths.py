"""How long rows are, and how many: counted in a question set, or assumed and said so.

In: rows with a tokenizer or without one, or two numbers. Out: Rows, and what the schedule makes of
them: steps, and tokens after padding. Never: torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from underdog.data.row import Row, Split
from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.training.config import TrainingConfig
from underdog.training.schedule import cut_batches, make_schedule, replay_ratio

CHARACTERS_PER_TOKEN = 4.0
"""English text in vocabularies of 100,000 and more; used where no tokenizer is at hand."""
LETTER_TOKENS = 2
"""A letter and the end of the sequence."""
PADDING_SHARE = 0.04
"""Padding of batches whose rows were sorted by length: 2 to 4 % of all tokens in OpenTriviaQA."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is trained on. Lengths are in tokens fed (prompt and answer without the end);
    `lengths` and `chunks` are those of each row where rows are known, else empty.
    """

    count: int
    mean: float
    longest: int
    answers: int
    origin: str
    chunk_count: int = 10
    lengths: tuple[int, ...] = ()
    chunks: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        """Whether each row's length is known."""
        return bool(self.lengths)


@dataclass(frozen=True, slots=True)
class Work:
    """What a schedule comes to. `widest` is the padded length of its widest step, `square` the sum
    of squares of padded lengths over rows (attention's work).
    """

    steps: int
    rows: int
    tokens: int
    square: float
    widest: int
    answer_tokens: int


def assumed(count: int, mean: float, longest: int, *, style: PromptStyle, chunks: int = 10) -> Rows:
    """Rows of which only this much is known."""
    if count < 1 or not 0 < mean <= longest:
        raise InputError(
            "at least 1 row, and a mean length above 0 and at most the longest",
            got=f"{count} rows, mean {mean:g}, longest {longest}",
        )
    answers = LETTER_TOKENS if style is PromptStyle.LETTERS else max(2, math.ceil(mean / 8))
    origin = f"assumed: {count} rows of {mean:g} tokens, the longest {longest}"
    return Rows(count, mean, longest, answers, origin, chunks)


def counted(
    rows: Sequence[Row],
    config: TrainingConfig,
    count_tokens: Callable[[str], int] | None,
    *,
    where: str,
) -> Rows:
    """Rows of the train split as training would see them; longer than `max_tokens` are left out.

    Without `count_tokens` a token is taken to be CHARACTERS_PER_TOKEN characters.
    """
    measure = count_tokens or (lambda text: max(1, round(len(text) / CHARACTERS_PER_TOKEN)))
    lengths, chunks, answers = [], [], []
    for row in rows:
        if row.split is not Split.TRAIN or row.question.answer is None:
            continue
        order = Presentation.shuffled(len(row.question.choices), seed=row.question.id)
        prompt = render(row.question, order, config.style)
        answer = measure(prompt.completions[row.question.answer]) + 1
        whole = measure(prompt.prefix) + answer
        if whole <= config.max_tokens:
            lengths.append(whole - 1)
            chunks.append(row.chunk or 0)
            answers.append(answer)
    if not lengths:
        raise InputError(
            f"rows with an answer and at most {config.max_tokens} tokens are needed",
            got="none",
            where=where,
        )
    way = "its tokenizer" if count_tokens else f"{CHARACTERS_PER_TOKEN:g} characters a token"
    return Rows(
        count=len(lengths),
        mean=sum(lengths) / len(lengths),
        longest=max(lengths),
        answers=_high(answers),
        origin=f"{len(lengths)} rows of {where}, counted with {way}",
        chunk_count=len(set(chunks)),
        lengths=tuple(lengths),
        chunks=tuple(chunks),
    )


def _high(answers: Sequence[int]) -> int:
    """All but one in a hundred answers are at most so long."""
    return sorted(answers)[min(len(answers) - 1, math.ceil(0.99 * len(answers)))]


def work_of(rows: Rows, config: TrainingConfig) -> Work:
    """Steps and tokens: by the real schedule where lengths are known, else by its averages."""
    return _scheduled(rows, config) if rows.known else _averaged(rows, config)


def _scheduled(rows: Rows, config: TrainingConfig) -> Work:
    schedule = make_schedule(rows.chunks, config.schedule, seed=config.seed)
    lengths, size = rows.lengths, config.schedule.batch_size
    batches = cut_batches(schedule, lengths, batch_size=size, seed=config.seed)
    tokens, square, widest = 0, 0.0, 0
    for batch in batches:
        part = -(-len(batch.rows) // config.execution.accumulation)
        for start in range(0, len(batch.rows), part):
            piece = [lengths[shown.row] for shown in batch.rows[start : start + part]]
            tokens += len(piece) * max(piece)
            square += float(len(piece)) * max(piece) ** 2
            widest = max(widest, *piece)
    return Work(len(batches), len(schedule), tokens, square, widest, len(schedule) * rows.answers)


def _averaged(rows: Rows, config: TrainingConfig) -> Work:
    schedule = config.schedule
    chunks = min(rows.chunk_count, rows.count)
    steps, shown = 0, 0
    for turn in range(chunks):
        fresh = rows.count * (turn + 1) // chunks - rows.count * turn // chunks
        ratio = replay_ratio(turn, chunks, schedule.replay_ratio)
        replays = round(fresh * ratio) if schedule.replay_capacity else 0
        shown += (fresh + replays) * schedule.epochs
        steps += schedule.epochs * -(-(fresh + replays) // schedule.batch_size)
    length = min(rows.mean * (1 + PADDING_SHARE), rows.longest)
    return Work(
        steps,
        shown,
        round(shown * length),
        shown * length**2,
        rows.longest,
        shown * rows.answers,
    )
