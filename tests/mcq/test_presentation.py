"""The order in which choices are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.mcq.presentation import LETTERS, Presentation

sizes = st.integers(2, 26)
presentations = sizes.flatmap(lambda n: st.permutations(range(n))).map(
    lambda order: Presentation(tuple(order))
)
same_size = sizes.flatmap(
    lambda n: st.tuples(*[st.permutations(range(n)).map(lambda o: Presentation(tuple(o)))] * 3)
)


@given(presentations)
def test_letters_and_indices_undo_each_other(shown: Presentation) -> None:
    """Every choice has one letter, and that letter leads back to it, in any case."""
    for choice in range(len(shown.order)):
        assert shown.choice(shown.letter(choice)) == choice
        assert shown.choice(shown.letter(choice).lower()) == choice


@given(same_size)
def test_presentations_form_a_group(three: tuple[Presentation, Presentation, Presentation]) -> None:
    """Composition is associative, identity is neutral, the inverse undoes on both sides."""
    one, two, other = three
    identity = Presentation.identity(len(one.order))
    assert one.then(two).then(other) == one.then(two.then(other))
    assert one.then(identity) == one == identity.then(one)
    assert one.then(one.inverse()) == identity == one.inverse().then(one)


@given(presentations)
def test_showing_puts_each_choice_under_its_letter(shown: Presentation) -> None:
    """The text at a letter's place is the text of the choice that the letter stands for."""
    choices = [f"choice {index}" for index in range(len(shown.order))]
    for place, text in enumerate(shown.show(choices)):
        assert text == choices[shown.choice(LETTERS[place])]


@given(sizes, st.integers() | st.text())
def test_a_shuffle_depends_on_size_and_seed_only(size: int, seed: int | str) -> None:
    """The same seed shows the same order, today and tomorrow."""
    shown = Presentation.shuffled(size, seed=seed)
    assert shown == Presentation.shuffled(size, seed=seed)
    assert sorted(shown.order) == list(range(size))


def test_a_shuffle_is_pinned() -> None:
    """Python's own generator keeps its promise about seeded shuffles."""
    assert Presentation.shuffled(6, seed="a seed").order == (5, 1, 2, 0, 4, 3)


@given(sizes, st.integers(-30, 30))
def test_rotations_show_one_choice_first_and_keep_the_circle(size: int, by: int) -> None:
    """After as many rotations as there are choices every choice has stood at every place."""
    assert Presentation.rotated(size, by).order[0] == by % size
    turned = [Presentation.rotated(size, step) for step in range(size)]
    assert all(
        {shown.order[place] for shown in turned} == set(range(size)) for place in range(size)
    )


@pytest.mark.parametrize("order", [(0, 0), (1, 2), (0, 2), tuple(range(27))])
def test_what_is_no_permutation_of_at_most_26_is_refused(order: tuple[int, ...]) -> None:
    """Repeated, missing and too many indices are all errors."""
    with pytest.raises(InputError, match="a presentation is a permutation"):
        Presentation(order)


@pytest.mark.parametrize("letter", ["C", "", "AB", "1", "ß", "é"])
def test_a_letter_that_is_not_shown_is_refused(letter: str) -> None:
    """Two choices have letters A and B only."""
    with pytest.raises(InputError, match="a letter from A to B"):
        Presentation.identity(2).choice(letter)
