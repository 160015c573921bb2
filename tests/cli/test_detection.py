"""The commands around a detector: data, scores, submissions and their check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main
from underdog.vision.detection.folder import image_files, read_truth
from underdog.vision.detection.predictions import PredictConfig, Raw, predict


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small thermal set with predictions that are the truth."""
    target = tmp_path_factory.mktemp("thermal") / "set"
    size = ["--train", "4", "--val", "16", "--size", "96", "72"]
    assert main(["vision", "data", "synth", "--out", str(target), *size]) == 0
    truth = read_truth(target)
    place = {key: number for number, key in enumerate(truth.images)}

    def detector(batch: list[Path]) -> list[Raw]:
        rows = [truth.image_of_box == place[path.stem] for path in batch]
        return [Raw(truth.boxes[row], [0.9] * row.sum(), truth.labels[row]) for row in rows]

    path = target / "found.jsonl"
    predict(detector, image_files(target, "val"), path, name="truth", config=PredictConfig())
    return target


def test_from_data_to_an_accepted_submission(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels drawn, predictions scored with a page, a zip written and accepted."""
    found, template = str(folder / "found.jsonl"), str(folder / "template.json")
    assert main(["vision", "data", "show", str(folder), "--out", str(tmp_path / "l.html")]) == 0
    data = ["--data", str(folder)]
    out = ["--out", str(tmp_path / "scores"), "--resamples", "40"]
    assert main(["vision", "evaluate", *data, "--predictions", found, *out]) == 0
    assert "mAP50 100.0" in capsys.readouterr().out
    scores = json.loads((tmp_path / "scores" / "evaluation.json").read_text())
    assert scores["map50"] == pytest.approx(1.0)
    page = (tmp_path / "scores" / "evaluation.html").read_text(encoding="utf-8")
    assert page.count('<tr><th scope="row">2') == 8  # a row per month
    assert "unseen" in page
    target = ["--template", template, *data]
    zipped = str(tmp_path / "s.zip")
    assert main(["vision", "submit", "--predictions", found, "--out", zipped, *target]) == 0
    assert "accepted, 16 images" in " ".join(capsys.readouterr().out.split())
    results = str(tmp_path / "s.json")
    coco = ["--format", "coco", *target]
    assert main(["vision", "submit", "--predictions", found, "--out", results, *coco]) == 0
    assert main(["vision", "check", results, *coco]) == 0


def test_a_refused_submission_names_its_lines_and_exits_with_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the screen and as JSON."""
    path, report = tmp_path / "p.json", tmp_path / "report.json"
    path.write_text('{\n"7": {"boxes": [], "scores": [], "labels": [0]}\n}', encoding="utf-8")
    template = ["--template", str(folder / "template.json"), "--size", "96", "72"]
    assert main(["vision", "check", str(path), *template, "--json", str(report)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "p.json:2:45: 7.labels[0] label 0: labels 1 to 4 are wanted; got 0" in told
    assert "p.json:2: 7 extra key" in told
    assert "16 x missing key" in told
    assert json.loads(report.read_text())["accepted"] is False


def test_a_coco_file_becomes_a_folder_with_a_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What became of every annotation is one table."""
    image = image_files(folder, "train")[0]
    coco = {
        "images": [{"id": 5, "file_name": image.name}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"image_id": 5, "category_id": 1, "bbox": [90, 9, 9, 9]}],
    }
    (tmp_path / "c.json").write_text(json.dumps(coco), encoding="utf-8")
    command = ["vision", "data", "convert", "--train", str(tmp_path / "c.json")]
    out = ["--images", str(image.parent), "--out", str(tmp_path / "set")]
    assert main([*command, *out]) == 0
    assert "clipped to the image" in capsys.readouterr().out
    assert (tmp_path / "set" / "labels.html").is_file()
    assert (tmp_path / "set" / "labels" / "train" / "5.txt").read_text().startswith("0 0.968")
    assert main([*command, *out]) == 2
    assert "a new folder; got one that exists" in capsys.readouterr().err
