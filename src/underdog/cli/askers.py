"""What asks questions, opened by its spec: a bank, one that learns, puzzles, a model, a mixture.

In: a spec and the flags of a command. Out: an asker that knows its topics. Each spec is opened
once, and a model writes its questions once: they are kept beside the match.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from underdog.agents.mixed_asker import TopicAsker
    from underdog.agents.question_writer import Harvest, WritingConfig
    from underdog.inference.scorer import Scorer
    from underdog.mcq.question import Question
    from underdog.protocol.player import Past, QuestionCall
    from underdog.protocol.tokens import CountTokens

ASKS = ("bank", "bandit", "puzzle", "file", "model", "mixed")
"""Kinds of askers."""
FORMS = (
    "bank, bandit, puzzle[:DIFFICULTY], file:QUESTIONS, model:BASE[:ADAPTER], "
    "mixed:KIND=SHARE,KIND=SHARE..."
)
"""How they are written."""
WRITTEN = "questions-by-model"
"""Beginning of the names of files with what a model wrote, in the folder of the match."""


def add_ask_arguments(add: Any) -> None:
    """Flags of asking players: the same for a match and for a tournament."""
    add(
        "--q",
        metavar="ASKER",
        help=f"what teams ask from whose spec does not say so itself with +ASKER: {FORMS} (bank)",
    )
    add("--drafts", type=int, metavar="N", help="model asker: questions written per topic (40)")
    add(
        "--solvers",
        nargs="+",
        metavar="SPEC",
        help="model asker: models that must all choose its key (default: the base that wrote)",
    )


def split_spec(text: str) -> tuple[str, str | None]:
    """`ANSWERER+ASKER` in two; a + that no kind of asker follows belongs to a path."""
    before, sign, after = text.rpartition("+")
    known = sign and before and after.partition(":")[0] in ASKS
    return (before, after) if known else (text, None)


@dataclass(frozen=True, slots=True)
class Bank:
    """Questions with what is known of them, by id."""

    questions: tuple[Question, ...]
    difficulty: Mapping[str, float]
    kinds: Mapping[str, str]


def read_bank(data: Path | None) -> Bank:
    """The validation split of a built set, or all of ours. Kinds are the bank's relations; of other
    sets, sources and bands of difficulty.
    """
    if data is None:
        from underdog.data.bank.facts import load_facts, load_relations
        from underdog.data.bank.questions import four_choice_questions

        made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
        kinds = {
            each.question.id: f"{each.relation}, inverse" if each.inverse else each.relation
            for each in made
        }
        return Bank(tuple(each.question for each in made), {}, kinds)
    from underdog.data.row import Split
    from underdog.data.store import read_rows

    rows = [row for row in read_rows(data) if row.split is Split.VALIDATION]
    return Bank(
        tuple(row.question for row in rows),
        {row.question.id: row.difficulty for row in rows},
        {row.question.id: f"{row.question.source}, {row.band.value}" for row in rows},
    )


def read_questions(path: Path) -> tuple[Question, ...]:
    """Of a file of official questions: a JSON list, or an object per line; or of a built set, its
    validation split. InputError names the first that cannot be read.
    """
    from underdog.errors import InputError, ProtocolError
    from underdog.protocol.official import read_question

    if path.is_dir():
        return read_bank(path).questions
    try:
        text = path.read_text("utf-8")
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
        values = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("a file of questions", got=str(error)[:120], where=path) from error
    except ValueError:
        values = _whole_list(text, path)
    found = []
    for number, value in enumerate(values, start=1):
        try:
            found.append(read_question(value, source=path.name))
        except ProtocolError as error:
            raise InputError(
                error.wanted, got=error.got, where=f"{path}, question {number}"
            ) from error
    return tuple(found)


def _whole_list(text: str, path: Path) -> list[Any]:
    from underdog.errors import InputError

    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError("JSON", got=str(error), where=path) from error
    if not isinstance(value, list):
        raise InputError("a JSON list of questions", got=type(value).__name__, where=path)
    return value


@dataclass(slots=True)
class AskerDesk:
    """Opens askers. `args` has the flags of `play` and `tournament`; `opened`: models by base."""

    args: argparse.Namespace
    count_tokens: CountTokens
    opened: dict[str, Scorer]
    _made: dict[str, TopicAsker] = field(default_factory=dict)
    _bank: Bank | None = None

    def open(self, spec: str) -> TopicAsker:
        """The asker of a spec; InputError for a spec that names none."""
        if spec not in self._made:
            self._made[spec] = self._open(spec)
        return self._made[spec]

    def topics(self, asker: TopicAsker) -> tuple[str, ...]:
        """Those that were named for the match, as the asker calls them; else all of its own."""
        return tuple(map(asker.find_topic, self.args.topics or asker.topics))

    def _open(self, spec: str) -> TopicAsker:
        from underdog.errors import InputError

        kind, _, rest = spec.partition(":")
        match kind:
            case "bank" | "bandit" if not rest:
                return self._from_bank(kind)
            case "puzzle":
                return self._puzzle(rest)
            case "file" if rest:
                return _bank_asker(read_questions(Path(rest)), self.count_tokens)
            case "model" if rest:
                harvest = self._written(rest)
                if not harvest.questions:
                    raise InputError(
                        "a model some of whose questions survive the checks",
                        got=harvest.sentence(),
                        hint="more --drafts, a larger model, or mixed:bank=1,model:...=1",
                    )
                return _bank_asker(harvest.questions, self.count_tokens)
            case "mixed" if rest:
                return self._mixed(rest)
        raise InputError(f"an asker: {FORMS}", got=repr(spec), hint="bank")

    @property
    def bank(self) -> Bank:
        """Read once."""
        if self._bank is None:
            self._bank = read_bank(None if self.args.data is None else Path(self.args.data))
        return self._bank

    def _from_bank(self, kind: str) -> TopicAsker:
        from underdog.agents.bandit_asker import BanditAsker
        from underdog.agents.bank_asker import BankAsker

        bank = self.bank
        if kind == "bank":
            return BankAsker(
                bank.questions, difficulty=bank.difficulty, count_tokens=self.count_tokens
            )
        return BanditAsker(
            bank.questions,
            kinds=bank.kinds,
            difficulty=bank.difficulty,
            count_tokens=self.count_tokens,
        )

    def _puzzle(self, difficulty: str) -> TopicAsker:
        from underdog.agents.puzzle_asker import DIFFICULTY, PuzzleAsker
        from underdog.errors import InputError

        try:
            wanted = float(difficulty) if difficulty else DIFFICULTY
        except ValueError:
            raise InputError("a difficulty from 0 to 1", got=repr(difficulty)) from None
        return PuzzleAsker(wanted, edition=self.args.edition, count_tokens=self.count_tokens)

    def _mixed(self, text: str) -> TopicAsker:
        from underdog.agents.mixed_asker import MixedAsker
        from underdog.errors import InputError

        parts: dict[str, TopicAsker] = {}
        shares: dict[str, float] = {}
        for each in text.split(","):
            spec, sign, share = each.rpartition("=")
            try:
                shares[spec] = float(share)
            except ValueError:
                sign = ""
            if not sign or spec in parts or spec.startswith("mixed"):
                raise InputError(f"a mixture: {FORMS.split(', ')[-1]}", got=repr(each))
            if spec.startswith("model:"):
                # Where no question survives, the others take its share.
                harvest = self._written(spec.partition(":")[2])
                if harvest.questions:
                    parts[spec] = _bank_asker(harvest.questions, self.count_tokens)
                else:
                    del shares[spec]
            else:
                parts[spec] = self.open(spec)
        if {"bank", "bandit"} <= set(parts):
            raise InputError("one of bank and bandit in a mixture: they ask the same", got="both")
        return MixedAsker(parts, shares)

    def _written(self, model: str) -> Harvest:
        """What a model wrote for this match, from disk where it was written before."""
        from underdog.cli.console import ProgressBar, console
        from underdog.runs.files import digest_value, write_json

        spec, config = self._writing(model)
        solvers = list(self.args.solvers or [f"model:{spec.base}"])
        key = digest_value([model, solvers, repr(config), self.args.style])
        path = Path(self.args.out) / f"{WRITTEN}-{key[:12]}.json"
        harvest = _read_harvest(path)
        if harvest is None:
            with ProgressBar() as progress:
                harvest = self._write(spec, solvers, config, progress)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, _harvest_json(harvest))
        console.print(f"Written by {model}: {harvest.sentence()}.", soft_wrap=True, markup=False)
        return harvest

    def _writing(self, model: str) -> tuple[Any, WritingConfig]:
        from underdog.agents.question_writer import WritingConfig
        from underdog.cli.play import read_spec

        spec = read_spec(f"model:{model}")
        topics = self.args.topics or _bank_asker(self.bank.questions, self.count_tokens).topics
        drafts = 40 if self.args.drafts is None else self.args.drafts
        return spec, WritingConfig(tuple(topics), drafts, self.args.seed)

    def _write(
        self, spec: Any, solvers: Sequence[str], config: WritingConfig, progress: Any
    ) -> Harvest:
        from underdog.agents.question_writer import write_questions
        from underdog.cli.play import read_spec, with_style
        from underdog.cli.scorers import open_scoring
        from underdog.inference.writer import Writer

        writing, *solving = with_style([spec, *map(read_spec, solvers)], self.args.style)
        source = open_scoring(writing, self.args, self.opened)
        assert source.scorer is not None, "a model in memory can write"
        scorings = [open_scoring(each, self.args, self.opened) for each in solving]
        by_topic: dict[str, list[Question]] = {}
        for each in sorted(self.bank.questions, key=lambda each: each.id):
            by_topic.setdefault(each.topic, []).append(each)
        return write_questions(
            config,
            Writer(source.scorer),
            [each.score for each in scorings],
            examples={topic: found[:1] for topic, found in by_topic.items()},
            count_tokens=self.count_tokens,
            progress=progress,
        )


def _bank_asker(questions: Sequence[Question], count_tokens: CountTokens) -> TopicAsker:
    from underdog.agents.bank_asker import BankAsker

    return BankAsker(questions, count_tokens=count_tokens)


def _harvest_json(harvest: Harvest) -> dict[str, Any]:
    from underdog.mcq.presentation import Presentation
    from underdog.protocol.official import write_question

    rows = [write_question(each, Presentation.identity(4)) for each in harvest.questions]
    return {"fates": dict(harvest.fates), "questions": rows}


def _read_harvest(path: Path) -> Harvest | None:
    from underdog.agents.question_writer import SOURCE, Harvest
    from underdog.protocol.official import read_question
    from underdog.runs.files import read_json

    if not path.is_file():
        return None
    value = read_json(path)
    questions = tuple(read_question(each, source=SOURCE) for each in value["questions"])
    return Harvest(questions, value["fates"])


@dataclass(frozen=True, slots=True)
class Remembering:
    """An asker that is told of earlier matches, too."""

    asker: TopicAsker
    history: tuple[Past, ...]

    def ask(self, call: QuestionCall) -> Sequence[object]:
        """As the asker does with a longer memory."""
        return self.asker.ask(replace(call, history=(*self.history, *call.history)))


def asking_identity(
    asker: TopicAsker, topics: Sequence[str], common: Sequence[str]
) -> dict[str, Any]:
    """What decides a team's questions; its topics only where they are not those of the match."""
    identity: dict[str, Any] = {"asks_from": asker.digest}
    return identity if tuple(topics) == tuple(common) else {**identity, "topics": list(topics)}
