"""Runs an entry in every way that the judge might, and gathers what is wrong.

In: a folder or a URL, and how to run it. Out: a `Report`. Never: a change to the entry; everything
runs in copies. One cause is named once: where a trial fails because of something that was heard
(network, a path outside), that is the finding, not the crash that follows.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.mcq.question import Question
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.official import read_question
from underdog.protocol.player import Answerer, StrippedQuestion, label
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import read_json
from underdog.runs.progress import SILENT, Progress
from underdog.tournament.conformance.answers import answer_findings
from underdog.tournament.conformance.catalogue import ADVICE, Code, Finding
from underdog.tournament.conformance.odd import ODD
from underdog.tournament.conformance.questions import question_findings
from underdog.tournament.conformance.trials import Bench, Trial
from underdog.tournament.entrants.isolation import End, Isolation, Limits, strongest

SIZES = (1, 2, 5, 6, 21, 23)
"""With batches of 5: one alone, a part, a whole, and both kinds of remainder (traps 1 and 2)."""
AGENTS = ("question_agent", "answer_agent")
_ELSEWHERE = re.compile(r"(/home/|/root/|/Users/|/workspace/|/mnt/|/data/|[A-Z]:\\)\S")
_HEARD = {
    "network": Code.NETWORK,
    "write": Code.WRITES_OUTSIDE,
    "absolute": Code.ABSOLUTE_PATH,
    "outside": Code.ABSOLUTE_PATH,
}


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """How an entry is checked."""

    edition: Edition = EDITIONS[NEWEST]
    sizes: tuple[int, ...] = SIZES
    """Numbers of questions, each tried with both agents."""
    batch_size: int = 5
    """Handed to the agents; the official default."""
    startup_s: float = 60.0
    """Granted once per run for imports and weights, on top of the edition's time for each item."""
    limits: Limits = field(default_factory=Limits)
    isolation: Isolation | None = None
    """None: the strongest that this machine offers."""
    solvers: tuple[Answerer, ...] = ()
    """Who checks keys; a key is disputed where more than half of them agree on another choice."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of trials."""

    trial: str
    items: int
    seconds_per_item: float
    peak_bytes: int
    ended: str

    def to_json(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {name: getattr(self, name) for name in Row.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Report:
    """`findings` holds one finding per code, the first; `times` says how often each was seen."""

    findings: tuple[Finding, ...]
    times: dict[Code, int]
    rows: tuple[Row, ...]
    isolation: str

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Findings that cost points."""
        return tuple(each for each in self.findings if each.code not in ADVICE)

    def to_json(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {
            "clean": not self.findings,
            "findings": [
                each.to_json() | {"times": self.times[each.code]} for each in self.findings
            ],
            "trials": [row.to_json() for row in self.rows],
            "isolation": self.isolation,
        }


def check_folder(
    entry: Path,
    config: CheckConfig,
    questions: Sequence[Question],
    *,
    count_tokens: CountTokens = estimate_tokens,
    progress: Progress = SILENT,
) -> Report:
    """Check a folder. `questions` are put to its answer agent: at least as many as the largest
    size, with four choices each.
    """
    if not entry.is_dir():
        raise InputError("the folder of an entry, or a URL", got="no such folder", where=entry)
    largest = max(config.sizes)
    if len(questions) < largest:
        raise InputError(f"{largest} questions to ask", got=str(len(questions)))
    check = _FolderCheck(entry, config, questions, count_tokens, progress)
    check.all()
    return report(check.findings, check.rows, check.isolation.value)


def report(findings: Sequence[Finding], rows: Sequence[Row], isolation: str) -> Report:
    """One finding per code: the first, and how many there were."""
    times: dict[Code, int] = {}
    for each in findings:
        times[each.code] = times.get(each.code, 0) + 1
    first = {each.code: each for each in reversed(findings)}
    order = sorted(first, key=list(Code).index)
    return Report(tuple(first[code] for code in order), times, tuple(rows), isolation)


class _FolderCheck:
    """The trials of one entry, in order."""

    def __init__(
        self,
        entry: Path,
        config: CheckConfig,
        questions: Sequence[Question],
        count_tokens: CountTokens,
        progress: Progress,
    ) -> None:
        self._entry, self._config, self._progress = entry, config, progress
        self._count_tokens = count_tokens
        self._questions = questions
        self.isolation = config.isolation or strongest()
        self.findings: list[Finding] = []
        self.rows: list[Row] = []
        self._topics = _topics(entry) or config.edition.topics

    def all(self) -> None:
        """Everything; nothing is run where there is nothing to run."""
        missing = [
            agent for agent in AGENTS if not (self._entry / "agents" / f"{agent}.py").is_file()
        ]
        self.findings += [
            Finding(Code.MISSING_AGENT, "files", f"no agents/{agent}.py") for agent in missing
        ]
        if missing:
            return
        self._progress.begin("trials", 2 * len(self._config.sizes) + 2)
        for size in self._config.sizes:
            self._ask(size)
        for size in self._config.sizes:
            self._answer(f"answers, N={size}", _inputs(self._questions[:size]))
        if not any(each.code is not Code.ABSOLUTE_PATH for each in self.findings):
            self._answer("odd input", ODD, odd=True)
            self._repeat()
        self._progress.end()
        heard = {each.code for each in self.findings}
        if Code.ABSOLUTE_PATH not in heard:
            self.findings += absolute_paths(self._entry)

    def _trial(
        self, agent: str, flags: Sequence[str], name: str, items: int, **given: Any
    ) -> Trial:
        edition = self._config.edition
        each_s = edition.question_s if agent == "question_agent" else edition.answer_s
        wall_s = self._config.startup_s + each_s * items
        bench = Bench(self._entry, self.isolation, replace(self._config.limits, wall_s=wall_s))
        every = [*flags, "--batch_size", str(self._config.batch_size), "--verbose"]
        trial = bench.run(agent, every, name=name, items=items, **given)
        done = trial.done
        told = done.ended.value if done.ended is not End.EXITED else f"exit {done.status}"
        self.rows.append(Row(name, items, done.elapsed_s / items, done.peak_bytes, told))
        self._progress.advance()
        return trial

    def _ask(self, size: int) -> None:
        tree = {topic: [topic] for topic in self._topics}
        trial = self._trial(
            "question_agent",
            ["--num_questions", str(size)],
            f"questions, N={size}",
            size,
            inputs={} if _topics(self._entry) else {"assets/topics.json": tree},
            output="questions.json",
        )
        self.findings += ended_findings(trial)
        if trial.ended_well:
            found = list(
                question_findings(trial, self._topics, self._config.edition, self._count_tokens)
            )
            self.findings += found
            if not found:
                self.findings += disputed_keys(trial, self._config.solvers)

    def _run_answers(self, name: str, inputs: Sequence[Any]) -> Trial:
        return self._trial(
            "answer_agent",
            ["--input_file", "outputs/filtered_questions.json"],
            name,
            len(inputs),
            inputs={"outputs/filtered_questions.json": list(inputs)},
            output="answers.json",
        )

    def _answer(self, name: str, inputs: Sequence[Any], *, odd: bool = False) -> None:
        trial = self._run_answers(name, inputs)
        found = list(ended_findings(trial))
        if trial.ended_well:
            found += answer_findings(trial, self._config.edition, self._count_tokens)
            found = [each for each in found if not (odd and each.code is Code.ONE_ANSWER)]
        elif {each.code for each in found} == {Code.CRASH}:
            found = [replace(found[0], code=Code.ODD_INPUT)] if odd else self._why(found)
        self.findings += found

    def _why(self, found: list[Finding]) -> list[Finding]:
        """A crash over stripped questions that keys would have prevented."""
        if any(each.code is Code.NEEDS_KEY for each in self.findings):
            return [replace(found[0], code=Code.NEEDS_KEY)]
        full = [_with_key(each) for each in self._questions[:2]]
        if self._run_answers("answers, with keys", full).ended_well:
            stripped = self._run_answers("answers, N=2 again", _inputs(self._questions[:2]))
            if not stripped.ended_well:
                return [replace(found[0], code=Code.NEEDS_KEY)]
        return found

    def _repeat(self) -> None:
        """The same questions twice: the same letters."""
        inputs = _inputs(self._questions[:6])
        one, other = (self._run_answers(f"repeated, {place}", inputs) for place in (1, 2))
        if one.values != other.values:
            pairs = zip(one.values or (), other.values or (), strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
            line = f"{first[0]!r:.80} and then {first[1]!r:.80}"
            self.findings.append(Finding(Code.NOT_REPEATABLE, "repeated", line))


def ended_findings(trial: Trial) -> Iterator[Finding]:
    """From how a run ended, and what was heard while it ran."""
    heard = {each["kind"]: each for each in reversed(trial.heard)}
    for kind, each in heard.items():
        line = f"{each['caller']}: {each['what']}"
        yield Finding(_HEARD[kind], trial.name, line)
    if trial.done.left_running:
        line = f"{trial.done.left_running} processes still ran"
        yield Finding(Code.LEFT_RUNNING, trial.name, line)
    if trial.ended_well or heard:
        return
    ended, line = trial.done.ended, trial.last_line
    if ended is End.DEADLINE:
        took = f"not finished after {trial.done.elapsed_s:.1f} s for {trial.items}"
        yield Finding(Code.TOO_SLOW, trial.name, took)
    elif ended is End.MEMORY or "MemoryError" in line or "out of memory" in line.lower():
        peak = f"{trial.done.peak_bytes / 1e9:.1f} GB at its peak. {line}".strip()
        yield Finding(Code.OUT_OF_MEMORY, trial.name, peak)
    elif trial.done.status == 2 and "unrecognized arguments" in line:
        yield Finding(Code.MISSING_FLAG, trial.name, line)
    elif ended is not End.EXITED:
        yield Finding(Code.CRASH, trial.name, f"limit passed: {ended}")
    else:
        yield Finding(Code.CRASH, trial.name, line or f"exit status {trial.done.status}")


def disputed_keys(trial: Trial, solvers: Sequence[Answerer]) -> Iterator[Finding]:
    """Keys against which more than half of the solvers agree on one other choice."""
    asked = [read_question(value) for value in map(_whole, trial.values or ())]
    stripped = [StrippedQuestion(each.text, each.choices) for each in asked]
    said = [[_letter(reply) for reply in solver.answer(stripped)] for solver in solvers]
    for place, question in enumerate(asked):
        letters = [answers[place] for answers in said]
        key = "ABCD"[question.answer] if question.answer is not None else ""
        for letter in sorted(set(letters) - {key, ""}):
            if 2 * letters.count(letter) > len(solvers):
                line = f"the key is {key}, {letters.count(letter)} of {len(solvers)} say {letter}"
                where = f"{trial.name}, question {place}"
                yield Finding(Code.DISPUTED_KEYS, where, f"{line}: {question.text[:60]}")


def _whole(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _letter(reply: object) -> str:
    found = reply.get("answer") if isinstance(reply, dict) else None
    return found if found in ("A", "B", "C", "D") else ""


def absolute_paths(entry: Path) -> Iterator[Finding]:
    """Texts in the agents' code that name places on somebody's machine."""
    for path in sorted((entry / "agents").rglob("*.py")):
        try:
            tree = ast.parse(path.read_text("utf-8", "replace"))
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and _ELSEWHERE.match(value) and "\n" not in value:
                where = f"{path.relative_to(entry)}:{getattr(node, 'lineno', 0)}"
                yield Finding(Code.ABSOLUTE_PATH, "source", f"{where}: {value[:80]}")


def _topics(entry: Path) -> tuple[str, ...]:
    """Of the entry's own assets/topics.json, where it has one."""
    path = entry / "assets" / "topics.json"
    if not path.is_file():
        return ()
    tree = read_json(path)
    if not isinstance(tree, dict):
        return ()
    return tuple(f"{topic}/{part}" for topic, parts in tree.items() for part in parts)


def _inputs(questions: Sequence[Question]) -> list[dict[str, Any]]:
    return [StrippedQuestion(each.text, each.choices).to_json() for each in questions]


def _with_key(question: Question) -> dict[str, Any]:
    return {
        "topic": question.topic,
        "question": question.text,
        "choices": label(question.choices),
        "answer": "ABCD"[question.answer or 0],
        "explanation": question.explanation,
    }
