"""How entrants do on questions that no game asks.

In: an opened tournament. Out: accuracies with intervals, and where each is from. Only players of
this process are asked: a stranger's program sees no question but those of its games.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underdog.interval import Interval

if TYPE_CHECKING:
    from underdog.cli.play import Spec
    from underdog.cli.tournament_settings import Opened
    from underdog.evaluation.results import Item
    from underdog.protocol.player import Answerer
    from underdog.runs.progress import Progress

CALL = 64
"""Questions that a player is given at once: its time per question is that of a game."""
Known = Mapping[str, tuple[Interval, str]]


def known_accuracies(opened: Opened, wanted: Collection[str], progress: Progress) -> Known:
    """Measured where questions were given; else what runs and ensembles know of themselves."""
    specs = {name: spec for name, spec in opened.specs.items() if name in wanted}
    if opened.held_out is None:
        told = {name: recorded(spec) for name, spec in specs.items()}
        return {name: found for name, found in told.items() if found is not None}
    players = {each.name: each.answerer for each in opened.entrants}
    asked = [name for name, spec in specs.items() if spec.stranger is None]
    items = read_items(Path(opened.held_out)) if asked else []
    measured: dict[str, tuple[Interval, str]] = {}
    progress.begin("held-out questions", len(asked) * len(items))
    for name in asked:
        measured[name] = measure(players[name], items, progress), opened.held_out
    progress.end()
    return measured


def recorded(spec: Spec) -> tuple[Interval, str] | None:
    """From a run's evaluation of its adapter, or from an ensemble file's judgement."""
    from underdog.evaluation.results import RESULTS_NAME, read_results

    if spec.ensemble is not None:
        from underdog.inference.ensemble_file import read_ensemble

        judged: Any = read_ensemble(spec.ensemble).judged.get("pool")
        return None if judged is None else (Interval(**judged["accuracy"]), str(spec.ensemble))
    folder = None if spec.run is None else spec.run / "evaluation"
    if folder is None or not (folder / RESULTS_NAME).is_file():
        return None
    return Interval(**read_results(folder)["models"][-1]["accuracy"]), str(folder)


def read_items(path: Path) -> list[Item]:
    """Questions with keys; with their groups, where they are of a built set."""
    from underdog.cli.askers import read_questions
    from underdog.cli.evaluate import read_items as read_built
    from underdog.errors import InputError
    from underdog.evaluation.results import Item

    if path.is_dir():
        return list(read_built(path, "validation", None))
    items = [Item(each) for each in read_questions(path) if each.answer is not None]
    if not items:
        raise InputError("held-out questions with keys", got="none", where=path)
    return items


def measure(player: Answerer, items: Sequence[Item], progress: Progress) -> Interval:
    """The share of right answers, choices shuffled; a question without an answer is wrong."""
    from underdog.evaluation.clusters import clustered_accuracy
    from underdog.evaluation.results import clusters_of
    from underdog.mcq.presentation import Presentation
    from underdog.protocol.player import StrippedQuestion

    right: list[bool] = []
    for start in range(0, len(items), CALL):
        part = [item.question for item in items[start : start + CALL]]
        shown = [Presentation.shuffled(len(each.choices), seed=each.id) for each in part]
        said = player.answer(
            [
                StrippedQuestion(each.text, order.show(each.choices))
                for each, order in zip(part, shown, strict=True)
            ]
        )
        for question, order, answer in zip(part, shown, said, strict=True):
            assert question.answer is not None, "read with keys only"
            letter = answer.get("answer") if isinstance(answer, Mapping) else None
            right.append(letter == order.letter(question.answer))
        progress.advance(len(part))
    return clustered_accuracy(right, clusters_of(items))
