"""Predictions on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ChosenScorer, numbered_questions
from underdog.errors import CorruptFileError, InputError
from underdog.evaluation.predictions import (
    LOG_NAME,
    PREDICTIONS_NAME,
    PredictionStore,
    Scored,
    from_json,
    read_predictions,
    read_scored,
    to_json,
    write_scored,
)
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation

finite = st.floats(-1e6, 0.0)
answered = st.builds(
    Prediction,
    question_id=st.text(max_size=5),
    presentation=st.permutations(range(3)).map(lambda order: Presentation(tuple(order))),
    outcome=st.sampled_from([Outcome.CLEAN, Outcome.REPAIRED]),
    choice=st.integers(0, 2),
    log_probs=st.none() | st.tuples(finite, finite, finite),
)
unanswered = st.builds(
    Prediction,
    question_id=st.text(max_size=5),
    presentation=st.just(Presentation.identity(3)),
    outcome=st.sampled_from([Outcome.LATE, Outcome.CRASHED, Outcome.MALFORMED]),
    choice=st.none(),
)
scored_lists = st.lists(st.builds(Scored, answered | unanswered, st.none() | finite), max_size=6)
SCORED = [Scored(each, -0.5) for each in ChosenScorer()(numbered_questions(6))]


@given(scored_lists)
def test_predictions_come_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, scored: list[Scored]
) -> None:
    """JSON in equals JSON out, and equal answers are equal bytes."""
    path = tmp_path_factory.getbasetemp() / PREDICTIONS_NAME
    write_scored(path, scored)
    content = path.read_bytes()
    assert read_scored(path) == tuple(scored)
    assert read_predictions(path) == tuple(each.prediction for each in scored)
    write_scored(path, read_scored(path))
    assert path.read_bytes() == content


def test_a_line_has_the_agreed_fields_and_no_clock(tmp_path: Path) -> None:
    """Time taken is left out, so that repeated runs give the same file."""
    order = Presentation((1, 0))
    prediction = Prediction("id", order, Outcome.CLEAN, 1, (-1.0, -0.5), elapsed_s=3.0)
    write_scored(tmp_path / "p", [Scored(prediction, -0.25)])
    assert json.loads((tmp_path / "p").read_text()) == {
        "question_id": "id",
        "order": [1, 0],
        "outcome": "clean",
        "choice": 1,
        "log_probs": [-1.0, -0.5],
        "log_mass": -0.25,
    }


@pytest.mark.parametrize(
    "damage", [{"order": [0, 0]}, {"outcome": "fine"}, {"choice": 9}, {"log_probs": [0.0]}]
)
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, damage: dict[str, object]) -> None:
    """Impossible values are refused with file and line."""
    path = tmp_path / PREDICTIONS_NAME
    lines = [to_json(SCORED[0]), {**to_json(SCORED[1]), **damage}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(CorruptFileError, match="a prediction is needed") as caught:
        read_scored(path)
    assert caught.value.where == f"{path}:2"


def test_a_store_goes_on_where_a_kill_stopped_it(tmp_path: Path) -> None:
    """Whole lines of the log are kept, the torn one is not, and the end is as without a kill."""
    first = PredictionStore(tmp_path, 6)
    first.add({4: SCORED[4], 0: SCORED[0]})
    first.add({2: SCORED[2]})
    log = tmp_path / LOG_NAME
    log.write_bytes(log.read_bytes()[:-9])
    second = PredictionStore(tmp_path, 6)
    assert second.scored.keys() == {4, 0}
    assert not second.complete
    second.add({number: SCORED[number] for number in (1, 2, 3, 5)})
    assert second.finish() == tuple(SCORED)
    assert [path.name for path in tmp_path.iterdir()] == [PREDICTIONS_NAME]
    write_scored(tmp_path / "straight", SCORED)
    straight = (tmp_path / "straight").read_bytes()
    assert (tmp_path / PREDICTIONS_NAME).read_bytes() == straight


def test_a_finished_store_is_read_back_whole(tmp_path: Path) -> None:
    """Nothing is missing, so nothing needs to be scored; finishing again changes no byte."""
    write_scored(tmp_path / PREDICTIONS_NAME, SCORED)
    before = (tmp_path / PREDICTIONS_NAME).stat().st_mtime_ns
    store = PredictionStore(tmp_path, 6)
    assert store.complete
    assert store.finish() == tuple(SCORED)
    assert (tmp_path / PREDICTIONS_NAME).stat().st_mtime_ns == before


def test_an_incomplete_store_cannot_be_finished(tmp_path: Path) -> None:
    """No file with holes is ever written."""
    store = PredictionStore(tmp_path, 6)
    store.add({0: SCORED[0]})
    with pytest.raises(InputError, match="answers to 6 questions; got 1"):
        store.finish()
    assert not (tmp_path / PREDICTIONS_NAME).exists()


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    """A damaged or foreign file is named, not silently completed."""
    write_scored(tmp_path / PREDICTIONS_NAME, SCORED[:4])
    with pytest.raises(CorruptFileError, match="6 predictions; got 4"):
        PredictionStore(tmp_path, 6)


@given(answered | unanswered)
def test_one_prediction_survives_plain_json(prediction: Prediction) -> None:
    """The value on disk is plain JSON."""
    scored = Scored(prediction, None)
    assert from_json(json.loads(json.dumps(to_json(scored)))) == scored
