"""A contestant's folder as a player: the official command line, in isolation, once per call.

In: calls of the referee. Out: what the programs wrote, unjudged. The asking side gets the topics of
the call as its `assets/topics.json`; the answering side gets questions without key, explanation and
topic. Raises PlayerFault for what the stranger did, InfrastructureError for what this machine did.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.mcq.question import normalise
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.player import (
    LISTED_TOPICS,
    Entrant,
    PlayerFault,
    PlayerFaultKind,
    QuestionCall,
    StrippedQuestion,
)
from underdog.tournament.entrants.isolation import (
    Confined,
    End,
    Isolation,
    Limits,
    confine,
    strongest,
)
from underdog.tournament.entrants.workplace import (
    digest_entry,
    read_output,
    workplace,
    write_input,
)

QUESTIONS, FILTERED_QUESTIONS = "outputs/questions.json", "outputs/filtered_questions.json"
ANSWERS, FILTERED_ANSWERS = "outputs/answers.json", "outputs/filtered_answers.json"
_KIND_OF = {End.DEADLINE: PlayerFaultKind.LATE, End.MEMORY: PlayerFaultKind.OUT_OF_MEMORY}


@dataclass(frozen=True, slots=True)
class Folder:
    """One entry. `limits.wall_s` is replaced by the edition's time for each item."""

    path: Path
    edition: Edition = EDITIONS[NEWEST]
    limits: Limits = field(default_factory=Limits)
    isolation: Isolation = Isolation.NAMESPACES
    hidden: tuple[Path, ...] = ()
    python: str = sys.executable

    def ask(self, call: QuestionCall) -> Sequence[object]:
        """All questions of the call from one run of `agents.question_agent`."""
        topics = call.topics[call.start : call.stop]
        with workplace(self.path) as work:
            write_input(work, "assets/topics.json", _topic_tree(topics))
            self._run(work, "question_agent", ["--num_questions", str(len(topics))])
            found = _first_list(work, FILTERED_QUESTIONS, QUESTIONS)
        return _in_places(found, topics)

    def answer(self, questions: Sequence[StrippedQuestion]) -> Sequence[object]:
        """All answers from one run of `agents.answer_agent`."""
        with workplace(self.path) as work:
            write_input(work, FILTERED_QUESTIONS, [each.to_json() for each in questions])
            self._run(work, "answer_agent", [], items=len(questions))
            found = _first_list(work, FILTERED_ANSWERS, ANSWERS)
        if len(found) != len(questions):
            raise PlayerFault(
                PlayerFaultKind.INVALID,
                f"{len(found)} answers to {len(questions)} questions: which is whose is not known",
            )
        return found

    def _run(self, work: Path, agent: str, flags: Sequence[str], *, items: int = 0) -> None:
        asking = agent == "question_agent"
        count = items or int(flags[-1])
        each_s = self.edition.question_s if asking else self.edition.answer_s
        files = (
            ["--output_file", QUESTIONS]
            if asking
            else ["--input_file", FILTERED_QUESTIONS, "--output_file", ANSWERS]
        )
        done = confine(
            [self.python, "-m", f"agents.{agent}", *flags, *files],
            work,
            replace(self.limits, wall_s=each_s * count),
            isolation=self.isolation,
            hidden=self.hidden,
        )
        _check(done)


def folder_entrant(
    path: Path,
    *,
    edition: Edition,
    isolation: Isolation | None = None,
    hidden: Sequence[Path] = (),
    limits: Limits | None = None,
) -> Entrant:
    """A folder as a team on both sides. InputError when it holds no agents."""
    for agent in ("question_agent", "answer_agent"):
        if not (path / "agents" / f"{agent}.py").is_file():
            raise InputError(
                "an entry with agents/question_agent.py and agents/answer_agent.py",
                got=f"no agents/{agent}.py",
                where=path,
                hint=f"underdog check-agent {path}",
            )
    inside = isolation or strongest()
    player = Folder(path, edition, limits or Limits(), inside, tuple(hidden))
    identity = {"folder": digest_entry(path), "isolation": inside.value, "topics": LISTED_TOPICS}
    return Entrant(path.resolve().name, player, player, identity)


def _check(done: Confined) -> None:
    """PlayerFault unless the program ended by itself and well."""
    if done.ended is not End.EXITED:
        kind = _KIND_OF.get(done.ended, PlayerFaultKind.CRASHED)
        told = "killed at its deadline" if kind is PlayerFaultKind.LATE else "limit passed"
        raise PlayerFault(kind, f"{told} ({done.ended}) after {done.elapsed_s:.1f} s")
    if done.status != 0:
        lines = done.stderr.strip().splitlines() or ["nothing on standard error"]
        memory = "MemoryError" in lines[-1] or "out of memory" in lines[-1].lower()
        kind = PlayerFaultKind.OUT_OF_MEMORY if memory else PlayerFaultKind.CRASHED
        raise PlayerFault(kind, f"exit status {done.status}: {lines[-1][:200]}")


def _first_list(work: Path, *names: str) -> list[object]:
    """The list in the first of these files that is there."""
    for name in names:
        found = read_output(work, name)
        if found is not None:
            if not isinstance(found, list):
                raise PlayerFault(
                    PlayerFaultKind.INVALID, f"{name} holds a {type(found).__name__}, not a list"
                )
            return found
    raise PlayerFault(PlayerFaultKind.INVALID, f"it ended well, and wrote no {names[0]}")


def _topic_tree(topics: Sequence[str]) -> dict[str, list[str]]:
    """As the official file: topics with their subtopics. One without a subtopic is its own."""
    tree: dict[str, list[str]] = {}
    for topic in dict.fromkeys(topics):
        first, slash, rest = topic.partition("/")
        tree.setdefault(first, []).append(rest if slash else first)
    return tree


def _in_places(found: Sequence[object], topics: Sequence[str]) -> list[object]:
    """Questions in the places of the draw whose topics they name; the others in what is left.

    The official generator draws its topics itself, so its order says nothing.
    """
    places: list[object | None] = [None] * len(topics)
    left: list[object] = []
    for each in found:
        topic = _topic(each)
        place = next(
            (
                number
                for number, wanted in enumerate(topics)
                if places[number] is None and topic and normalise(wanted).endswith(topic)
            ),
            None,
        )
        if place is None:
            left.append(each)
        else:
            places[place] = each
    rest = iter(left)
    filled = [each if each is not None else next(rest, None) for each in places]
    while filled and filled[-1] is None:
        filled.pop()
    return filled


def _topic(message: object) -> str:
    value: Any = message.get("topic") if isinstance(message, dict) else None
    return normalise(value).rpartition("/")[2] if isinstance(value, str) else ""
