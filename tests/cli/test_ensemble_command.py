"""underdog ensemble fit, and what takes an ensemble: evaluate and play."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions, save_base, save_random_adapter
from underdog.cli.ensemble import member_folders
from underdog.cli.main import main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.errors import InputError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/ (40 held-out questions, two of a group), base/, one/, two/, and pair.json."""
    home = tmp_path_factory.mktemp("ensemble")
    rows = [
        Row(question, f"g{n // 2}", 0.5, Band.EASY, Split.VALIDATION, None, None)
        for n, question in enumerate(numbered_questions(40))
    ]
    (home / "data").mkdir()
    write_rows(rows, home / "data")
    save_base(home / "base")
    for seed, name in enumerate(("one", "two")):
        save_random_adapter(home / name, seed=seed)
    assert fit(home, home / "pair.json") == 0
    return home


def fit(home: Path, out: Path, *more: str) -> int:
    adapters = [f"--adapter={home / 'one'}", f"--adapter=second={home / 'two'}"]
    data, base = str(home / "data"), str(home / "base")
    return main(["ensemble", "fit", data, "--base", base, *adapters, "--out", str(out), *more])


def test_fitting_shows_members_rules_and_a_verdict(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Side by side on held-out questions; the file names what it needs and how it was judged."""
    out = tmp_path / "three.json"
    assert fit(home, out, "--with-base", "--test-share", "0.5", "--style", "letters") == 0
    shown = capsys.readouterr().out
    for word in ("base", "one", "second", "majority", "linear", "vote", "gain over best"):
        assert word in shown
    assert "by a test part of 50 %" in shown
    assert "The ensemble (log) is not better than its best member" in shown
    assert "two members disagree in" in shown
    stored = json.loads(out.read_text())
    assert [each["name"] for each in stored["members"]] == ["base", "one", "second"]
    assert stored["scoring"]["style"] == "letters"
    assert stored["judged"]["sentence"] in shown.replace("\n", "")


def test_an_ensemble_is_evaluated_as_one_model(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside its members, with calibration, trust, and intervals that respect groups."""
    arguments = [str(home / "data"), "--ensemble", str(home / "pair.json"), "--timed", "2"]
    assert main(["evaluate", *arguments, "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "40 questions of 20 groups, clustered 95 % intervals" in shown
    assert "Can this be trusted? With 40 questions of 20 groups" in shown
    assert "Probabilities: can they be believed?" in shown
    results = json.loads((tmp_path / "results.json").read_text())
    assert [model["name"] for model in results["models"]][-1] == "ensemble"
    assert results["models"][-1]["accuracy"]["method"] == "cluster-bootstrap"
    assert results["comparisons"][0]["clustered"] is not None


def test_an_ensemble_plays(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As an entrant like any other; the match names it by its file."""
    arguments = ["--a", f"ensemble:{home / 'pair.json'}", "--b", "random"]
    match = [*arguments, "--questions", "4", "--data", str(home / "data")]
    assert main(["play", *match, "--topics", "arts", "--out", str(tmp_path / "m")]) == 0
    assert "pair" in capsys.readouterr().out


def test_letters_are_debiased(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The debiased answers stand beside the plain ones, both ways; texts have no letters."""
    data, base = str(home / "data"), str(home / "base")
    common = ["evaluate", data, "--base", base, "--timed", "0", "--limit", "12"]
    for how in ("pride", "rotate"):
        out = str(tmp_path / how)
        assert main([*common, "--out", out, "--style", "letters", "--debias", how]) == 0
        assert "the answer changes with the order of the choices" in capsys.readouterr().out
        results = json.loads((tmp_path / how / "results.json").read_text())
        assert [model["name"] for model in results["models"]] == ["base", "base debiased"]
        assert results["position_bias"]["base"]["questions"] == (10 if how == "pride" else 12)
    assert main([*common, "--out", str(tmp_path / "texts"), "--debias", "pride"]) == 2
    assert "choice texts are scored without an order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--rule", "vote", "--by-topic"], "--by-topic fits weights of the rule log"),
        (["--folds", "40", "--limit", "6"], "questions of enough groups"),
    ],
)
def test_wrong_use_is_one_clear_message(
    home: Path, tmp_path: Path, more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and a sentence; no ensemble is written."""
    assert fit(home, tmp_path / "e.json", *more) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "e.json").exists()


def test_members_have_names_of_their_own(tmp_path: Path) -> None:
    """RUN of RUN/train/adapter, or the given name; clashes are told."""
    found = member_folders([f"{tmp_path}/run/train/adapter", f"x={tmp_path}/other"], with_base=True)
    assert list(found) == ["base", "run", "x"]
    with pytest.raises(InputError, match="adapters with different names; got 'same'"):
        member_folders([f"{tmp_path}/a/same", f"{tmp_path}/b/same"])


def test_members_answer_once_for_a_cache(home: Path, tmp_path: Path) -> None:
    """A second fit elsewhere with the same --cache adds nothing to it: the same weights."""
    cache, files = tmp_path / "cache", [tmp_path / name / "pair.json" for name in ("a", "b")]
    sizes = []
    for file in files:
        file.parent.mkdir()
        assert fit(home, file, "--cache", str(cache)) == 0
        sizes.append((cache / "evidence.sqlite").read_bytes())
    assert sizes[0] == sizes[1]
    weights = [json.loads(file.read_text())["weights"] for file in files]
    assert weights[0] == weights[1]
