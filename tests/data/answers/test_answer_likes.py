"""Families of nouns and genders of names: what is of one sort."""

import pytest

from underdog.data.answers.families import family_of
from underdog.data.answers.focus import singular
from underdog.data.answers.genders import (
    MEN_NAMES,
    WOMEN_NAMES,
    gender_of_name,
    gender_of_noun,
)
from underdog.data.answers.given import ALSO_WORDS
from underdog.data.answers.nouns import NOUNS, Wanted


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("movie", "film", True),
        ("song", "single", True),
        ("town", "city", True),
        ("actor", "actress", True),
        ("movie", "song", False),
        ("town", "river", False),
        ("singer", "singer", True),
        ("band", "company", False),
        ("bird", "animal", False),
    ],
)
def test_families_hold_what_is_of_one_sort(one: str, other: str, alike: bool) -> None:
    """A single is a song; a song is no film."""
    assert (family_of(one) == family_of(other) != "") is alike


@pytest.mark.parametrize("noun", ["", "name", "thing", "person", "place", "zzz"])
def test_what_may_be_anything_has_no_family(noun: str) -> None:
    """Whoever asks for a name may get a ship's or a queen's."""
    assert family_of(noun) == ""


def test_members_of_a_family_ask_for_one_kind_of_answer() -> None:
    """No family holds a work and a person; its nouns are singular, as a focus is."""
    kinds: dict[str, set[Wanted]] = {}
    for noun, kind in NOUNS.items():
        if family_of(noun):
            kinds.setdefault(family_of(noun), set()).add(kind)
            assert singular(noun) == noun
    assert {family: len(found) for family, found in kinds.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Marie Curie", 1),
        ("Lizzie Borden", 1),
        ("Queen Victoria", 1),
        ("Isaac Newton", -1),
        ("Bobby Fischer", -1),
        ("King Rama IX", -1),
        ("Robin Williams", 0),
        ("Madonna", 1),
        ("Zorro", 0),
        ("", 0),
    ],
)
def test_names_tell_gender(text: str, gender: int) -> None:
    """By the first word; a name of both tells nothing."""
    assert gender_of_name(text) == gender


def test_nouns_tell_gender() -> None:
    """An actress is a woman, an uncle a man, a singer either."""
    assert [gender_of_noun(noun) for noun in ("actress", "uncle", "singer", "")] == [1, -1, 0, 0]


def test_no_name_is_of_both_genders() -> None:
    """Names that are words as well ("Grant") tell nothing of a man."""
    assert not WOMEN_NAMES & MEN_NAMES
    assert not MEN_NAMES & ALSO_WORDS
