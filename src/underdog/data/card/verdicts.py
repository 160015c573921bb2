"""What is good about a set, and what to worry about: the first words of its card.

In: the summary of a build. Out: verdicts, worries first. Each states the numbers it rests on, and
its limits stand here with their reasons. Never: a verdict on something that was not looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from underdog.data.card.text import name, told
from underdog.data.probes.probes import Probe
from underdog.data.summary import Summary
from underdog.pages.words import count, counted, p_value, percent, points

LEAST_EXCESS = {"choices_only": 0.03, "association": 0.10}
"""Rate above chance, in shares, from which a probe is a worry. Three points: what honest choices
are asked to stay within. A question's words do point to its key where both are on one topic, so
that ten are allowed to association."""
_OTHER_EXCESS = 0.05
UNEVEN_P = 0.01
"""p of the chi-square test below which key positions count as uneven; a clean set falls below it
once in a hundred."""
_REJECTED = 0.25
"""Share of the rows read that is left out from which a reader should look at the reasons."""
_TEMPLATES = (0.05, 0.25)
"""Shares of the rows that only fill in a pattern: noted from the first, a worry from the second."""
_LARGEST_TOPIC = 0.5
_SMALL_HARD = 0.1
"""A set with fewer hard rows tells strong models apart badly."""
_HELD_OUT = (100, 400)
"""Held-out rows below which an accuracy of 80 % is known to 8 points at best, and to 4."""
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
_SHARE_ALIKE = re.compile(r"\bSA\b|share-?alike|GPL|copyleft", re.IGNORECASE)


class Level(StrEnum):
    """How much a verdict matters."""

    WORRY = "worry"
    """Look at this before training or sharing."""
    NOTE = "note"
    """Know this when reading results."""
    GOOD = "good"
    """Checked, and as it should be."""

    @property
    def words(self) -> str:
        """As the title of a list of such verdicts."""
        titles = {"worry": "To worry about", "note": "To know", "good": "Checked and good"}
        return titles[self.value]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`place` is the id of the card's section that shows the numbers."""

    level: Level
    title: str
    text: str
    place: str

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def judge(summary: Summary) -> tuple[Verdict, ...]:
    """Every verdict that the summary allows: worries, then notes, then what is good."""
    found = [verdict for rule in _RULES for verdict in rule(summary)]
    order = list(Level)
    return tuple(sorted(found, key=lambda verdict: order.index(verdict.level)))


def _leaks(summary: Summary) -> list[Verdict]:
    check = summary.check
    if not summary.splits["validation"]:
        return [Verdict(Level.NOTE, "Nothing is held out", "No row is for validation.", "groups")]
    if check.clean:
        text = (
            f"{counted(check.sampled, 'held-out question')} compared with all "
            f"{count(check.against)} training ones: no pair is too alike."
        )
        return [Verdict(Level.GOOD, "No near-duplicate across the split", text, "groups")]
    pairs = check.word_pairs + check.character_pairs
    text = (
        f"{counted(pairs, 'pair')} of a held-out and a training question are too alike "
        f"(highest likeness {max(check.word_highest, check.character_highest):.2f}). Accuracies "
        "on the held-out rows would be too high."
    )
    return [Verdict(Level.WORRY, "Near-duplicates across the split", text, "groups")]


def _probes(summary: Summary) -> list[Verdict]:
    probes = summary.probes
    return [] if probes is None else [_probe(probe) for probe in probes.probes]


def _probe(probe: Probe) -> Verdict:
    text = f"{told(probe.value)} found, chance is {percent(probe.chance)}. {probe.note}"
    title = probe.title[:1].upper() + probe.title[1:]
    level = level_of(probe)
    if level is Level.GOOD:
        return Verdict(level, f"{title}: no more often than by chance", text, "probes")
    above = points({"value": probe.excess})
    return Verdict(level, f"{title}: {above} points above chance", text, "probes")


def level_of(probe: Probe) -> Level:
    """How much it matters what a probe found."""
    if not probe.gives_away:
        return Level.GOOD
    worrying = probe.excess >= LEAST_EXCESS.get(probe.name, _OTHER_EXCESS)
    return Level.WORRY if worrying else Level.NOTE


def _positions(summary: Summary) -> list[Verdict]:
    tested = [] if summary.probes is None else summary.probes.key_positions
    found = [each for each in tested if each.p is not None]
    uneven = [each for each in found if each.p is not None and each.p < UNEVEN_P]
    verdicts = []
    for each in uneven:
        most = max(each.shares, key=lambda share: share.value)
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[each.shares.index(most)]
        text = (
            f"Of {counted(sum(each.counts), 'question')} with {each.choices} choices, {letter} is "
            f"right in {told(most)} (even: {percent(1 / each.choices)}; chi-square p "
            f"{p_value(each.p or 0.0)}). Choices are shuffled when they are shown; a file that is "
            "trained on in its own order teaches the place."
        )
        verdicts.append(Verdict(Level.WORRY, "The key prefers a place", text, "probes"))
    if found and not uneven:
        least = min(each.p for each in found if each.p is not None)
        text = f"The smallest chi-square p is {p_value(least).removeprefix('= ')}."
        verdicts.append(Verdict(Level.GOOD, "The key stands everywhere alike", text, "probes"))
    return verdicts


def _licences(summary: Summary) -> list[Verdict]:
    verdicts = []
    unstated = summary.licences.get("", 0)
    if unstated:
        text = (
            f"{counted(unstated, 'row')} ({percent(unstated / summary.kept)}) come without a "
            "licence. Find it out before you share the set or a model trained on it."
        )
        verdicts.append(Verdict(Level.WORRY, "Licences not stated", text, "origins"))
    else:
        named = ", ".join(name(each) for each in list(summary.licences)[:4])
        more = len(summary.licences) - 4
        text = f"{named}{f' and {more} more' if more > 0 else ''}."
        verdicts.append(Verdict(Level.GOOD, "Every row states its licence", text, "origins"))
    for pattern, level, title, duty in (
        (_NON_COMMERCIAL, Level.WORRY, "Not for commercial use", "forbid commercial use"),
        (_SHARE_ALIKE, Level.NOTE, "Share alike", "ask that copies carry the same licence"),
    ):
        bound = {text: rows for text, rows in summary.licences.items() if pattern.search(text)}
        if bound:
            rows = sum(bound.values())
            named = ", ".join(name(each) for each in list(bound)[:4])
            text = f"The terms of {counted(rows, 'row')} ({named}) {duty}."
            verdicts.append(Verdict(level, title, text, "origins"))
    return verdicts


def _templates(summary: Summary) -> list[Verdict]:
    report = summary.templates
    if report is None:
        return []
    share = report.rows / summary.kept
    level = (
        Level.GOOD
        if share < _TEMPLATES[0]
        else Level.NOTE
        if share < _TEMPLATES[1]
        else Level.WORRY
    )
    text = (
        f"{counted(report.rows, 'row')} ({percent(share)}) differ from another one in names and "
        f"numbers only, in {counted(report.clusters, 'pattern')}; {count(report.linked)} of them "
        "have so much in common that the split does not part them."
    )
    title = "Few rows fill in a pattern" if level is Level.GOOD else "Many rows fill in a pattern"
    return [Verdict(level, title, text, "groups")]


def _difficulty(summary: Summary) -> list[Verdict]:
    report = summary.difficulty
    if report is None:
        return []
    text = f"{report.sentence()}."
    found = report.correlation
    if not report.measured or found is None:
        title = "Difficulty is a guess" if not report.measured else "Difficulty is hardly measured"
        return [Verdict(Level.NOTE, title, text, "difficulty")]
    if report.measured == report.rows:
        return [Verdict(Level.GOOD, "Difficulty is measured", text, "difficulty")]
    if found.low > 0:
        return [Verdict(Level.NOTE, "Difficulty is measured in part", text, "difficulty")]
    title = "Guessed difficulty does not foretell the model"
    return [Verdict(Level.WORRY, title, text, "difficulty")]


def _hard(summary: Summary) -> list[Verdict]:
    share = summary.bands.get("hard", 0) / summary.kept
    if share >= _SMALL_HARD:
        return []
    text = (
        f"{counted(summary.bands.get('hard', 0), 'row')} ({percent(share)}) are in the hard band. "
        "The shares are a setting; strong models differ mostly on hard questions."
    )
    return [Verdict(Level.NOTE, "Few hard questions", text, "difficulty")]


def _held_out(summary: Summary) -> list[Verdict]:
    held = summary.splits["validation"]
    if not held:
        return []
    half = 1.96 * math.sqrt(0.8 * 0.2 / held)
    text = (
        f"{counted(held, 'held-out question')}: an accuracy of 80\u202f% is known to about "
        f"±{100 * half:.1f} points."
    )
    if held < _HELD_OUT[1]:
        level = Level.WORRY if held < _HELD_OUT[0] else Level.NOTE
        return [Verdict(level, "Few held-out questions", text, "steps")]
    return [Verdict(Level.GOOD, "Enough held-out questions", text, "steps")]


def _decontamination(summary: Summary) -> list[Verdict]:
    lines = summary.decontamination
    if not lines:
        text = (
            "No benchmark file was named, so that nobody knows whether these questions are in one."
        )
        return [Verdict(Level.NOTE, "Not compared with any benchmark", text, "steps")]
    removed = sum(line.removed for line in lines)
    asked = sum(line.questions for line in lines)
    text = (
        f"{counted(removed, 'row')} taken out that stand in "
        f"{counted(len(lines), 'benchmark file')} with {counted(asked, 'question')}."
    )
    return [Verdict(Level.GOOD, "Free of the named benchmarks", text, "steps")]


def _mix(summary: Summary) -> list[Verdict]:
    short = [each for each in summary.mix if each.wanted is not None and each.taken < each.wanted]
    if not short:
        return []
    named = ", ".join(
        f"{name(each.name)} {count(each.taken)} of {count(each.wanted or 0)}" for each in short[:4]
    )
    text = f"{counted(len(short), 'share')} of the mix got fewer rows than wanted: {named}."
    return [Verdict(Level.NOTE, "The mix fell short", text, "steps")]


def _growth(summary: Summary) -> list[Verdict]:
    found = summary.growth
    if found is None:
        return []
    text = (
        f"{counted(found.kept, 'old row')} kept id and side of the split, {count(found.added)} "
        f"were added; {count(found.alike)} that resembled a held-out old row were left out."
    )
    return [Verdict(Level.GOOD, "Grown without touching what was held out", text, "steps")]


def _rejected(summary: Summary) -> list[Verdict]:
    if not summary.read or summary.rejected / summary.read < _REJECTED:
        return []
    reason, rows = next(iter(summary.reasons.items()))
    text = (
        f"{count(summary.rejected)} of {counted(summary.read, 'row')} "
        f"({percent(summary.rejected / summary.read)}); the most frequent reason is “{reason}” "
        f"({count(rows)})."
    )
    return [Verdict(Level.NOTE, "Much was left out", text, "rejects")]


def _topics(summary: Summary) -> list[Verdict]:
    topic, rows = next(iter(summary.topics.items()))
    if len(summary.topics) < 2 or rows / summary.kept < _LARGEST_TOPIC:
        return []
    text = (
        f"{percent(rows / summary.kept)} of the rows are on {name(topic, 'no stated topic')}; "
        f"the other {count(len(summary.topics) - 1)} share the rest."
    )
    return [Verdict(Level.NOTE, "One topic fills the set", text, "spread")]


_RULES: tuple[Callable[[Summary], list[Verdict]], ...] = (
    _leaks,
    _probes,
    _positions,
    _licences,
    _templates,
    _difficulty,
    _hard,
    _topics,
    _rejected,
    _mix,
    _growth,
    _decontamination,
    _held_out,
)
