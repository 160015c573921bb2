"""Submissions: what is written is accepted, what is wrong is named with its line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.vision.challenge.check import Report, check_coco_results, check_submission
from underdog.vision.challenge.faults import Limits, entry_faults, is_sound
from underdog.vision.challenge.positions import offsets, position
from underdog.vision.challenge.submission import (
    read_template,
    write_coco_results,
    write_submission,
)
from underdog.vision.detection.detections import Detections

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

TEMPLATE = ("20200502114224046", "20200502114224047", "20210102114224048")
SIZES = dict.fromkeys(TEMPLATE, (384, 288))
GOOD: dict[str, Any] = {"boxes": [[1, 2, 30, 40.5]], "scores": [0.5], "labels": [4]}


def checked(folder: Path, text: str) -> Report:
    """The report on a zip with this text."""
    path = folder / "s.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("predictions.json", text)
    return check_submission(path, TEMPLATE, classes=4, sizes=SIZES)


def lines(**changes: Any) -> str:
    """One line per image; the second image's entry is changed."""
    entries = [GOOD, {**GOOD, **changes}, GOOD]
    rows = [
        f"{json.dumps(key)}: {json.dumps(entry)}"
        for key, entry in zip(TEMPLATE, entries, strict=True)
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"labels": [0]}, "label 0: labels 1 to 4 are wanted; got 0"),
    ({"labels": [5]}, "unknown label: labels 1 to 4 are wanted; got 5"),
    ({"labels": [-1]}, "unknown label: labels 1 to 4 are wanted; got -1"),
    ({"labels": [1.0]}, "wrong type: a whole number is wanted; got 1.0"),
    ({"labels": [True]}, "wrong type: a whole number is wanted; got True"),
    (
        {"labels": [1, 2]},
        "wrong lengths: lists of equal length are wanted; got 1 boxes, 1 scores, 2",
    ),
    ({"scores": [float("nan")]}, "not finite: a finite number is wanted; got nan"),
    ({"scores": [float("inf")]}, "not finite: a finite number is wanted; got inf"),
    ({"scores": [10**400]}, "not finite: a finite number"),
    ({"scores": [1.01]}, "score outside 0 to 1: a score from 0 to 1 is wanted; got 1.01"),
    ({"scores": [-0.1]}, "score outside 0 to 1"),
    ({"scores": ["0.5"]}, "wrong type: a number is wanted; got '0.5'"),
    ({"scores": None}, "wrong type: a list is wanted; got None"),
    ({"boxes": [[100, 50, 20, 30]]}, "xywh instead of xyxy: left < right and top < bottom"),
    ({"boxes": [[100, 50, 100, 60]]}, "box without area"),
    ({"boxes": [[100, 50, 384.5, 60]]}, "box outside the image: a box inside the image, 384 x 288"),
    ({"boxes": [[-1, 50, 30, 60]]}, "box outside the image"),
    ({"boxes": [[1, 2, 3]]}, "wrong type: [left, top, right, bottom] is wanted; got [1, 2, 3]"),
    ({"boxes": [[1, 2, None, 4]]}, "wrong type: a number is wanted; got None"),
    ({"boxes": [[1, 2, float("-inf"), 4]]}, "not finite: a finite number is wanted; got -inf"),
    ({"extra": []}, "wrong fields: only boxes, scores, labels are wanted; got extra"),
    (
        {"boxes": [[1, 2, 3, 4]] * 2, "scores": [0.5, 0.6], "labels": [1, 1]},
        "scores unsorted: the best score first is wanted; got 0.6 after 0.5",
    ),
    (
        {"boxes": [[1, 2, 3, 4]] * 101, "scores": [0.5] * 101, "labels": [1] * 101},
        "too many boxes: at most 100 boxes are read; got 101",
    ),
]


@pytest.mark.parametrize(("changes", "message"), FAULTS)
def test_each_fault_of_an_entry_is_named_with_its_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """The second image stands on line 3; the violation says so and gives the key."""
    report = checked(tmp_path, lines(**changes))
    told = [str(each) for each in report.violations]
    assert any(message in each for each in told), told
    assert all(each.startswith("predictions.json:3:") for each in told)
    assert all(each.key == TEMPLATE[1] for each in report.violations)
    assert not report.accepted


def test_the_column_is_that_of_the_value(tmp_path: Path) -> None:
    """Counted from 1, also where a whole file is one line."""
    text = lines(labels=[0]).replace("\n", " ")
    (violation,) = checked(tmp_path, text).violations
    assert violation.line == 1
    assert violation.column is not None
    assert text[violation.column - 1 :].startswith("0]}")
    assert violation.path == ("labels", 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'"{TEMPLATE[1]}"', '"7"', "predictions.json:3: 7 extra key: only the template's 3"),
        (f'"{TEMPLATE[1]}"', '"7"', f"predictions.json:5: {TEMPLATE[1]} missing key"),
        (f'"{TEMPLATE[1]}"', '"2.0200502114224047e+16"', "3: 2.0200502114224047e+16 identifier as"),
        (f'"{TEMPLATE[1]}"', f'"{TEMPLATE[1]}.0"', "identifier as a float: an identifier as its"),
        (TEMPLATE[1], TEMPLATE[0], f"predictions.json:3: {TEMPLATE[0]} repeated key"),
        ('{"boxes"', '{"boxes": [], "boxes"', "wrong fields: every field once is wanted"),
        ("]]", "]", "not JSON: "),
        ("\n}", "\n} {}", "predictions.json:5: not JSON: nothing after the outer value"),
    ],
)
def test_faults_between_entries_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Keys against the template, and texts that are no JSON."""
    report = checked(tmp_path, lines().replace(old, new))
    assert message in "\n".join(map(str, report.violations))


def test_all_faults_are_told_not_only_the_first(tmp_path: Path) -> None:
    """Three in one entry, each with its place."""
    report = checked(tmp_path, lines(boxes=[[9, 9, 1, 1]], scores=[2], labels=[0]))
    kinds = sorted(report.counts)
    assert kinds == ["label 0", "score outside 0 to 1", "xywh instead of xyxy"]
    assert report.to_json()["violations"][0]["line"] == 3


def test_the_zip_itself_is_checked(tmp_path: Path) -> None:
    """A bare JSON file, another file name, a second file and a cut zip are refused."""
    bare = tmp_path / "p.json"
    bare.write_text(lines(), encoding="utf-8")
    report = check_submission(bare, TEMPLATE, classes=4)
    (violation,) = report.violations
    assert str(violation).startswith("p.json: not a zip: a zip with predictions.json is wanted; ")
    assert report.images == 3
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sub/predictions.json", lines())
    (violation,) = check_submission(path, TEMPLATE, classes=4).violations
    assert "one file, predictions.json, is wanted; got sub/predictions.json" in str(violation)
    with pytest.raises(InputError, match="a file to check; got none"):
        check_submission(tmp_path / "none.zip", TEMPLATE, classes=4)


BOX = st.tuples(
    st.floats(-50, 400), st.floats(-50, 300), st.floats(0.01, 500), st.floats(0.01, 400)
).map(lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3]))
FOUND = st.lists(st.tuples(BOX, st.floats(0, 1), st.integers(1, 4)), max_size=130)


@settings(max_examples=25, suppress_health_check=SHARED)
@given(st.lists(FOUND, min_size=3, max_size=3), st.integers(0, 3))
def test_what_is_written_is_always_accepted(
    tmp_path: Path, found: list[list[Any]], images: int
) -> None:
    """Boxes over the border, more than 100, images without any: the writers' files pass."""
    detections = {
        key: Detections.of(
            key, [b for b, _, _ in each], [s for _, s, _ in each], [c for *_, c in each]
        )
        for key, each in list(zip(TEMPLATE, found, strict=True))[:images]
    }
    written = write_submission(tmp_path / "s.zip", TEMPLATE, detections, sizes=SIZES)
    report = check_submission(tmp_path / "s.zip", TEMPLATE, classes=4, sizes=SIZES)
    assert report.accepted, report.violations
    assert (report.images, report.boxes) == (3, written.boxes)
    write_coco_results(tmp_path / "s.json", TEMPLATE, detections, sizes=SIZES)
    report = check_coco_results(tmp_path / "s.json", TEMPLATE, classes=4, sizes=SIZES)
    assert report.accepted, report.violations
    assert report.boxes == written.boxes


NUMBERS = st.sampled_from([0, 1, 0.5, -1, 2, 300, 1e9, float("nan"), float("inf"), 10**400, "1"])
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "boxes": st.lists(st.lists(NUMBERS, min_size=3, max_size=5) | NUMBERS, max_size=3),
        "scores": st.lists(NUMBERS, max_size=3) | st.none(),
        "labels": st.lists(NUMBERS | st.booleans(), max_size=3),
    },
) | st.sampled_from([GOOD, {**GOOD, "x": 1}, [], None, 3])


@given(ENTRIES)
def test_the_quick_look_and_the_full_one_agree(entry: Any) -> None:
    """An entry is sound exactly when it has no fault."""
    limits = Limits(4, (384, 288))
    assert is_sound(entry, limits) == (not list(entry_faults(entry, limits)))


def test_equal_predictions_give_equal_bytes(tmp_path: Path) -> None:
    """No time of day in the zip."""
    found = {TEMPLATE[0]: Detections.of(TEMPLATE[0], [[1, 2, 3, 4]], [0.5], [1])}
    for name in ("a.zip", "b.zip"):
        write_submission(tmp_path / name, TEMPLATE, found)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    text = zipfile.ZipFile(tmp_path / "a.zip").read("predictions.json").decode()
    assert list(json.loads(text)) == list(TEMPLATE)
    assert text.count("\n") == 5  # one line per image


def test_coco_results_keep_all_digits(tmp_path: Path) -> None:
    """Whole numbers where the template has whole numbers, strings where a zero would be lost."""
    key = "20200502114224047"
    found = {key: Detections.of(key, [[0.1, 2, 0.3, 4]], [0.5], [2])}
    path = tmp_path / "r.json"
    write_coco_results(path, [key], found)
    assert json.loads(path.read_text()) == [
        {
            "image_id": 20200502114224047,
            "category_id": 2,
            "bbox": [0.1, 2.0, 0.2, 2.0],
            "score": 0.5,
        }
    ]
    write_coco_results(path, [key, "007"], found)
    assert json.loads(path.read_text())[0]["image_id"] == key


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 2.0200502114224046e16}, "identifier as a float: a whole number or a string"),
        ({"image_id": 7}, "extra key: only the template's 3 identifiers"),
        ({"category_id": 0}, "label 0"),
        ({"score": float("nan")}, "not finite"),
        ({"bbox": [1, 2, 0, 4]}, "box without area: width and height above 0"),
        ({"bbox": [380, 2, 10, 4]}, "box outside the image"),
        ({"bbox": [1, 2, 3]}, "wrong type"),
        ({"area": 3}, "wrong fields: bbox, category_id, image_id, score are wanted"),
    ],
)
def test_faults_of_coco_results_are_named_with_their_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """The second result stands on line 3."""
    good = {"image_id": int(TEMPLATE[0]), "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    path = tmp_path / "r.json"
    path.write_text(f"[\n{json.dumps(good)},\n{json.dumps(good | change)}\n]", encoding="utf-8")
    (violation,) = check_coco_results(path, TEMPLATE, classes=4, sizes=SIZES).violations
    assert message in str(violation)
    assert violation.line == 3


def test_templates_are_read_exactly(tmp_path: Path) -> None:
    """An object's keys or an array's items; floats, repetitions and other files are refused."""
    path = tmp_path / "t.json"
    path.write_text(json.dumps(dict.fromkeys(TEMPLATE, GOOD)), encoding="utf-8")
    assert read_template(path) == TEMPLATE
    path.write_text("[20200502114224047, 5]", encoding="utf-8")
    assert read_template(path) == ("20200502114224047", "5")
    for text, message in (
        ("[2.0200502114224047e16]", "identifiers as strings or whole numbers; got 2.02"),
        ('{"a": 1, "a": 2}', "every identifier once; got a twice"),
        ("[]", "an object or an array with identifiers"),
        ("{", "a template in JSON"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=message):
            read_template(path)


def test_predictions_beyond_the_template_are_refused(tmp_path: Path) -> None:
    """A template mismatch is found before anything is written."""
    found = {"7": Detections.of("7", [], [], [])}
    with pytest.raises(InputError, match="1 others, the first is 7"):
        write_submission(tmp_path / "s.zip", TEMPLATE, found)
    with pytest.raises(InputError, match=r"ends in \.zip"):
        write_submission(tmp_path / "s.json", TEMPLATE, {})
    assert not list(tmp_path.iterdir())


@given(
    st.recursive(
        st.integers() | st.text() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    st.sampled_from([None, 1]),
)
def test_every_value_is_where_its_offset_says(value: Any, indent: int | None) -> None:
    """Decoding at the offset gives the value at that path."""
    source = json.dumps(value, indent=indent)
    for path, offset in offsets(source).items():
        inner = value
        for step in path:
            inner = inner[step]
        assert json.JSONDecoder().raw_decode(source, offset)[0] == inner
        at = position(source, offset)
        line = source.split("\n")[at.line - 1]
        assert line[at.column - 1 :] == source[offset:].split("\n")[0]
