"""The questions of an evaluation put to a model behind a server, kept and continued like any other.

In: questions, a server, a folder. Out, in that folder: `remote/predictions.jsonl`, its `cost.json`,
and `results.json`. What an earlier sitting finished is read, not asked (and paid) again; answers
to other questions or of another model are refused. Never: an answer that was not given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.evaluation.predictions import PredictionStore, Scored
from underdog.evaluation.results import Item, summarise, write_results
from underdog.hardware.machine import read_machine
from underdog.inference.remote import RemoteScorer
from underdog.runs.files import clean_partial, digest_value, write_json
from underdog.runs.manifest import Manifest, open_manifest
from underdog.runs.progress import SILENT, Progress

REMOTE = "remote"
"""Name of the candidate, and of its folder."""
COST_NAME = "cost.json"
"""Of the last sitting: calls, retries, tokens as the server counts them."""
WAVE = 4
"""Questions asked between two writes, per request in flight: what a kill loses."""


def evaluate_remote(
    items: Sequence[Item], scorer: RemoteScorer, folder: Path, *, progress: Progress = SILENT
) -> dict[str, Any]:
    """Ask what is not answered yet, and write everything; gives what `results.json` holds."""
    home = folder / REMOTE
    questions = [item.question for item in items]
    scoring = {**scorer.scoring.to_json(), "way": str(scorer.way)}
    identity = {
        "questions": digest_value([[each.id, *each.choices] for each in questions]),
        "scoring": scoring,
        "model": {"url": scorer.config.url, "model": scorer.config.model},
        "underdog": __version__,
    }
    open_manifest(home, Manifest(identity, {"machine": read_machine().to_json()}))
    clean_partial(home)
    store = PredictionStore(home, len(questions))
    progress.begin(f"asking {scorer.config.model}", len(questions))
    progress.advance(len(store.scored))
    missing = [place for place in range(len(questions)) if place not in store.scored]
    size = WAVE * scorer.config.concurrency
    for begin in range(0, len(missing), size):
        wave = missing[begin : begin + size]
        found = scorer.score([questions[place] for place in wave])
        store.add({place: Scored(each, None) for place, each in zip(wave, found, strict=True)})
        progress.advance(len(wave))
    progress.end()
    results = summarise(items, {REMOTE: store.finish()}, scoring=scoring)
    write_json(home / COST_NAME, asdict(scorer.cost))
    write_results(folder, results)
    return results
