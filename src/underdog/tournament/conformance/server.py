"""The same checks for an entry behind a URL: what it asks, what it answers, how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from underdog.mcq.question import Question
from underdog.protocol.player import PlayerFault, PlayerFaultKind, QuestionCall, StrippedQuestion
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.progress import SILENT, Progress
from underdog.tournament.conformance.answers import answer_findings
from underdog.tournament.conformance.catalogue import Code, Finding
from underdog.tournament.conformance.check import CheckConfig, Report, Row, disputed_keys, report
from underdog.tournament.conformance.odd import ODD
from underdog.tournament.conformance.questions import question_findings
from underdog.tournament.conformance.trials import Trial
from underdog.tournament.entrants.isolation import Confined, End, Isolation
from underdog.tournament.entrants.url import Server

CODE_OF = {
    PlayerFaultKind.INVALID: Code.NOT_JSON,
    PlayerFaultKind.LATE: Code.TOO_SLOW,
    PlayerFaultKind.CRASHED: Code.CRASH,
    PlayerFaultKind.OUT_OF_MEMORY: Code.OUT_OF_MEMORY,
}


def check_url(
    url: str,
    config: CheckConfig,
    questions: Sequence[Question],
    *,
    count_tokens: CountTokens = estimate_tokens,
    progress: Progress = SILENT,
) -> Report:
    """Check a server: the largest size of questions, of answers in both shapes, odd input."""
    size = max(config.sizes)
    server = Server(url.rstrip("/"), config.edition)
    findings: list[Finding] = []
    rows: list[Row] = []

    def tried(name: str, items: int, call: Callable[[], Sequence[Any]]) -> Trial | None:
        begun = time.monotonic()
        try:
            values = list(call())
        except PlayerFault as fault:
            findings.append(Finding(CODE_OF[fault.kind], name, fault.detail))
            rows.append(Row(name, items, (time.monotonic() - begun) / items, 0, fault.kind.value))
            return None
        finally:
            progress.advance()
        seconds = time.monotonic() - begun
        rows.append(Row(name, items, seconds / items, 0, "ended"))
        done = Confined(End.EXITED, 0, seconds, 0, 0, "", "", Isolation.PROCESSES)
        return Trial(name, items, done, None, values, "")

    progress.begin("trials", 4)
    topics = tuple(
        config.edition.topics[place % len(config.edition.topics)] for place in range(size)
    )
    call = QuestionCall(topics, 0, 0, size)
    trial = tried("questions", size, lambda: server.ask(call))
    if trial:
        found = list(question_findings(trial, config.edition.topics, config.edition, count_tokens))
        findings += found or disputed_keys(trial, config.solvers)
    stripped = [StrippedQuestion(each.text, each.choices) for each in questions[:size]]
    odd = [
        StrippedQuestion(each["question"], tuple(c[3:] for c in each["choices"])) for each in ODD
    ]
    for name, asked in (("answers", stripped), ("odd input", odd), ("repeated", stripped)):
        trial = tried(name, len(asked), lambda asked=asked: server.answer(asked))  # type: ignore[misc]
        if trial and name != "repeated":
            findings += answer_findings(trial, config.edition, count_tokens)
    progress.end()
    return report(findings, rows, "another machine")
