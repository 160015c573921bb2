"""Names of sets: known ones, several at once, revisions, and what is said of unknown ones."""

from __future__ import annotations

import re

import pytest

from underdog.data.hub.catalogue import SOURCES, TOGETHER, Wanted, find_sources
from underdog.data.hub.source import CONVERTED
from underdog.errors import InputError


def test_names_are_folded_and_come_in_order() -> None:
    """Case and hyphens do not matter, a set comes once, `arc` stands for both halves."""
    wanted = find_sources(["Trivia-QA", "arc", "trivia_qa", "arc_challenge"])
    assert [each.source.name for each in wanted] == ["trivia_qa", "arc_easy", "arc_challenge"]
    assert {each.revision for each in wanted} == {None}


def test_a_revision_stands_behind_an_at_sign() -> None:
    """A branch, a tag or a commit; for a group it holds for each member."""
    assert find_sources(["sciq@v1", "sciq@v1"]) == (Wanted(SOURCES["sciq"], "v1"),)
    assert [each.revision for each in find_sources(["arc@main"])] == ["main", "main"]
    assert find_sources([f"piqa@{CONVERTED}"])[0].revision == CONVERTED


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["triviaqa"],
            (
                "the name of a known set is needed; got 'triviaqa'. Try: trivia_qa, or underdog "
                "data fetch --list"
            ),
        ),
        (
            ["mmlu", "zzzzz"],
            (
                "the name of a known set is needed; got 'zzzzz'. Try: underdog data fetch --list "
                "shows them all"
            ),
        ),
        (
            [],
            "the name of at least one set is needed. Try: underdog data fetch --list",
        ),
        (
            ["sciq@v1", "sciq"],
            "one revision of sciq is needed; got v1 and none",
        ),
    ],
)
def test_names_that_cannot_be_are_errors(names: list[str], message: str) -> None:
    """With the nearest known name where there is one."""
    with pytest.raises(InputError) as caught:
        find_sources(names)
    assert str(caught.value) == message


def test_the_catalogue_is_in_order() -> None:
    """Names are file names, repositories have an owner, groups name members, titles differ."""
    for name, source in SOURCES.items():
        assert source.name == name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", source.place.repository)
        assert source.kind == "open" or source.kind.endswith(" choices")
        assert source.licence
        assert 0 < source.download_mb < 200
        assert 0 < source.text_mb < 250
        assert all(rows > 0 for rows in source.splits.values())
    assert all(member in SOURCES for members in TOGETHER.values() for member in members)
    assert len({source.title for source in SOURCES.values()}) == len(SOURCES)
    assert len({source.place for source in SOURCES.values()}) == len(SOURCES)


def test_no_test_split_is_training_material() -> None:
    """What papers report is fetched on request only."""
    assert [name for name, source in SOURCES.items() if "test" in source.training] == []
    assert SOURCES["mmlu"].choose_splits(()) == ("auxiliary_train", "dev", "validation")


def test_splits_are_chosen_or_refused() -> None:
    """Unknown splits are errors with the known ones; a benchmark must be asked for by its split."""
    assert SOURCES["sciq"].choose_splits(["test", "test"]) == ("test",)
    with pytest.raises(InputError) as caught:
        SOURCES["sciq"].choose_splits(["dev"])
    assert str(caught.value) == ("a split of sciq (train, validation, test) is needed; got dev")
    with pytest.raises(InputError) as caught:
        SOURCES["truthful_qa"].choose_splits(())
    assert str(caught.value) == (
        "truthful_qa is a benchmark without a training split. Try: --split validation fetches it "
        "for evaluation; keep it in a folder of its own"
    )


def test_a_part_of_a_set_is_sized_by_its_rows() -> None:
    """12,679 of 13,679 rows are for training; a limit of 100 is less."""
    source = SOURCES["sciq"]
    assert source.rows(source.training) == 12_679
    assert source.share(source.training, None) == pytest.approx(12_679 / 13_679)
    assert source.share(source.training, 100) == pytest.approx(100 / 13_679)
    assert source.share(("test",), 5000) == pytest.approx(1000 / 13_679)
