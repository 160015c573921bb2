"""COCO files into a folder that detectors train on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from underdog.errors import InputError
from underdog.vision.coco.boxes import FATES, BoxPolicy, Fate, judge
from underdog.vision.coco.catalogue import month_of
from underdog.vision.coco.convert import ConvertConfig, Placing, convert
from underdog.vision.coco.spill import Spill
from underdog.vision.detection.drawn import write_label_page
from underdog.vision.detection.folder import read_names, read_truth

IDS = (20200502114224046, 20200502114224047, 20210102114224048)
WIDTH, HEIGHT = 64, 48


def document(**changes: Any) -> dict[str, Any]:
    """Three images, two categories whose ids have a gap, and one annotation of every fate."""
    images = [
        {"id": each, "file_name": f"clip/{number}.png", "width": WIDTH, "height": HEIGHT}
        for number, each in enumerate(IDS)
    ]
    boxes: list[tuple[int, int, Any, dict[str, Any]]] = [
        (IDS[1], 3, [1.5, 2, 10, 20], {}),
        (IDS[0], 1, [0, 0, 64, 48], {}),
        (IDS[0], 3, [60, 40, 10, 20], {}),
        (IDS[0], 3, [100, 40, 10, 20], {}),
        (IDS[0], 3, [10, 10, 0, 20], {}),
        (IDS[0], 3, [10, 10, 0.5, 20], {}),
        (IDS[0], 3, [10, 10, float("nan"), 20], {}),
        (IDS[0], 3, [10, 10, 20], {}),
        (IDS[0], 3, [10, 10, 5, 5], {"iscrowd": 1}),
        (7, 3, [10, 10, 5, 5], {}),
        (IDS[0], 2, [10, 10, 5, 5], {}),
    ]
    annotations = [
        {"id": number, "image_id": image, "category_id": category, "bbox": box} | more
        for number, (image, category, box, more) in enumerate(boxes)
    ]
    categories = [{"id": 3, "name": "bicycle: two wheels"}, {"id": 1, "name": "person"}]
    found = {"images": images, "categories": categories, "annotations": annotations}
    return found | changes


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Three image files."""
    (tmp_path / "frames" / "clip").mkdir(parents=True)
    for number in range(3):
        grey = np.full((HEIGHT, WIDTH), 40 * number, dtype=np.uint8)
        Image.fromarray(grey).save(tmp_path / "frames" / "clip" / f"{number}.png")
    return tmp_path / "frames"


def written(folder: Path, value: Any) -> Path:
    """The value as a JSON file."""
    path = folder / "coco.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_every_annotation_is_accounted_for(tmp_path: Path, frames: Path) -> None:
    """Kept, clipped or left out for one reason; names, digits, classes and months stay exact."""
    source, target = written(tmp_path, document()), tmp_path / "set"
    done = convert({"val": source}, frames, target)
    report = done.splits["val"]
    assert report.annotations == sum(report.fates.values()) == 11
    assert {name for name, count in report.fates.items() if count} == {
        fate.value for fate in FATES if fate is not Fate.CROSSING
    }
    assert report.fates["kept"] == 2
    assert (report.images, report.empty, report.missing) == (3, 1, 0)
    assert read_names(target) == ("person", "bicycle: two wheels")
    truth = read_truth(target)
    assert truth.images == tuple(str(each) for each in IDS)
    assert truth.labels.tolist() == [1, 2, 2]
    np.testing.assert_allclose(
        truth.boxes, [[0, 0, 64, 48], [60, 40, 64, 48], [1.5, 2, 11.5, 22]], atol=1e-5
    )
    assert truth.months == {
        str(IDS[0]): "2020-05",
        str(IDS[1]): "2020-05",
        str(IDS[2]): "2021-01",
    }
    assert list(json.loads((target / "template.json").read_text())) == [str(i) for i in IDS]
    assert done.to_json()["classes"][1]["category_id"] == "3"
    assert not list(target.glob("*spill*"))


@pytest.mark.parametrize("order", [("annotations", "images", "categories"), ("categories",)])
def test_the_order_of_members_does_not_matter(
    tmp_path: Path, frames: Path, order: tuple[str, ...]
) -> None:
    """Annotations before their images cost a second pass and give the same labels."""
    value = document()
    turned = {key: value[key] for key in order} | value
    plain = convert({"val": written(tmp_path, value)}, frames, tmp_path / "a")
    other = convert({"val": written(tmp_path, turned)}, frames, tmp_path / "b")
    assert plain == other
    for name in ("labels/val", "images/val", "."):
        files = [path for path in sorted((tmp_path / "a" / name).iterdir()) if path.is_file()]
        for path in files:
            assert path.read_bytes() == (tmp_path / "b" / name / path.name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": [{"id": 2.0200502114224046e16, "file_name": "clip/0.png"}]}, "got float 2.02"),
        ({"images": [{"id": 1, "file_name": "../0.png"}]}, "below the folder of images"),
        ({"images": [{"id": "a/b", "file_name": "clip/0.png"}]}, "an image id that can be a file"),
        ({"images": [{"id": 1, "file_name": "no.png"}]}, "the image no.png; got none"),
        (
            {"images": [{"id": 1, "file_name": "clip/0.png"}] * 2},
            "every image id once; got 1 twice",
        ),
        ({"categories": []}, "images and categories; got not both"),
        ({"annotations": [{"image_id": float(IDS[0]), "category_id": 1}]}, "got float 2.02"),
        ({"annotations": 3}, r"coco\.json:1: an array, \[ \.\.\. \]; got '3"),
    ],
)
def test_what_cannot_be_converted_leaves_nothing_behind(
    tmp_path: Path, frames: Path, changes: dict[str, Any], message: str
) -> None:
    """One sentence, and no half folder."""
    with pytest.raises(InputError, match=message):
        convert({"val": written(tmp_path, document(**changes))}, frames, tmp_path / "set")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coco.json", "frames"]


def test_policies_change_what_is_kept(tmp_path: Path, frames: Path) -> None:
    """Boxes over the border left out, crowds and slivers kept, missing images skipped, copies."""
    value = document()
    value["images"].append({"id": 9, "file_name": "gone.png", "width": 9, "height": 9})
    boxes = BoxPolicy(clip=False, crowd=True, least_side_px=0)
    config = ConvertConfig(boxes=boxes, images=Placing.COPY, skip_missing=True)
    done = convert({"train": written(tmp_path, value)}, frames, tmp_path / "set", config=config)
    report = done.splits["train"]
    assert report.fates["reaching over the border"] == 1
    assert (report.fates["kept"], report.fates["crowd"], report.missing) == (4, 0, 1)
    image = tmp_path / "set" / "images" / "train" / f"{IDS[0]}.png"
    assert image.stat().st_nlink == 1
    assert image.read_bytes() == (frames / "clip" / "0.png").read_bytes()


def test_splits_must_have_the_same_categories(tmp_path: Path, frames: Path) -> None:
    """Class 0 means one thing in one folder."""
    one = written(tmp_path, document())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document(categories=[{"id": 1, "name": "car"}])), encoding="utf-8")
    with pytest.raises(InputError, match=r"the categories of coco\.json; got 1 car"):
        convert({"train": one, "val": other}, frames, tmp_path / "set")
    (tmp_path / "set").mkdir()
    with pytest.raises(InputError, match="a new folder; got one that exists"):
        convert({"train": one}, frames, tmp_path / "set")


def test_the_page_of_labels_shows_every_box(tmp_path: Path, frames: Path) -> None:
    """As rectangles over the image, with equal bytes for equal folders."""
    target = tmp_path / "set"
    convert({"val": written(tmp_path, document())}, frames, target)
    page = write_label_page(target).read_text(encoding="utf-8")
    assert page.count("<rect ") == 3
    assert page.count("data:image/png;base64,") == 3
    assert "bicycle: two wheels" in page
    assert write_label_page(target).read_text(encoding="utf-8") == page


@given(
    st.lists(
        st.tuples(*[st.floats(-100, 200)] * 2, *[st.floats(-10, 200)] * 2), min_size=1, max_size=20
    )
)
def test_kept_boxes_lie_inside_and_have_sides(boxes: list[tuple[float, ...]]) -> None:
    """Whatever comes, with the default policy."""
    judged = judge(np.array(boxes), np.tile([WIDTH, HEIGHT], (len(boxes), 1)), BoxPolicy())
    kept = [FATES[n] in (Fate.KEPT, Fate.CLIPPED) for n in judged.fates]
    inside = judged.boxes[kept]
    assert (inside >= 0).all()
    assert (inside[:, 2:] <= [WIDTH, HEIGHT]).all()
    assert (inside[:, 2:] - inside[:, :2] >= 1).all()


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 4))
def test_spilled_rows_come_back_by_image_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], per_bucket: int
) -> None:
    """Buckets of any size; images without rows come, too."""
    spill = Spill(tmp_path_factory.mktemp("spill") / "s", images_per_bucket=per_bucket)
    order = np.arange(len(places))
    boxes = np.repeat(order[:, None], 4, axis=1).astype(float)
    for start in range(0, len(places), 7):
        cut = slice(start, start + 7)
        spill.add(np.array(places[cut], dtype=np.int64), order[cut], boxes[cut])
    found = {each.place: each.classes.tolist() for each in spill.images(10)}
    assert found == {n: [i for i, place in enumerate(places) if place == n] for n in range(10)}


def test_months_come_from_date_name_or_id() -> None:
    """In this order; a number that is no date is none."""
    assert month_of({"date_captured": "2013-11-14 17:02:52", "id": 20200502114224046}) == "2013-11"
    assert month_of({"file_name": "frames/20200514/clip_22_2307/image_0015.jpg"}) == "2020-05"
    assert month_of({"id": 20210102114224048, "file_name": "a.jpg"}) == "2021-01"
    assert month_of({"id": 139, "file_name": "000000000139.jpg"}) is None
