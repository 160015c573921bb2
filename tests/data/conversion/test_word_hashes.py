"""Words of many texts at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.conversion.word_hashes import find_words, fold_texts, mix, uniform


def test_texts_are_folded() -> None:
    """Case and marks go, blanks stand between words and at both ends; letters stay."""
    texts = ["The CAT's  hat.", "", "Café – ‘né’ 1999!", "a\x00b\nc"]
    assert fold_texts(texts) == [" the cat s hat ", " ", " café né 1999 ", " a b c "]
    assert fold_texts([]) == []


@given(st.lists(st.text(max_size=20), max_size=8))
def test_each_text_is_folded_alone(texts: list[str]) -> None:
    """Texts do not run into each other, and folding twice changes nothing."""
    whole = [text.encode("utf-8", "replace").decode() for text in texts]
    folded = fold_texts(whole)
    assert folded == [fold_texts([text])[0] for text in whole]
    assert fold_texts(folded) == folded


@given(st.lists(st.text("ab1 é", max_size=12), max_size=8))
def test_hashes_tell_words_apart(texts: list[str]) -> None:
    """Each word stands in its text, equal words have equal hashes, and others different ones."""
    folded = fold_texts(texts)
    words = find_words(folded)
    expected = [(row, word) for row, text in enumerate(folded) for word in text.split()]
    assert words.rows.tolist() == [row for row, _ in expected]
    hashes = dict(zip(words.hashes.tolist(), (word for _, word in expected), strict=True))
    assert [hashes[each] for each in words.hashes.tolist()] == [word for _, word in expected]
    assert len(hashes) == len({word for _, word in expected})


def test_stems_are_first_letters() -> None:
    """Words with the same first five letters have one stem."""
    words = find_words([" prussia prussian prus prussia "])
    first, second, third, fourth = words.stems.tolist()
    assert first == second == fourth != third


def test_years_know_their_decade() -> None:
    """Four digits from 1000 to 2999 are a year; years of a decade share a hash that no word has."""
    words = find_words([" 1984 1987 1990 3000 198 a984 "])
    assert words.years.tolist() == [True, True, True, False, False, False]
    eighties, again, nineties = words.decades[:3].tolist()
    assert eighties == again != nineties
    assert eighties not in words.hashes.tolist()


def test_row_hashes_know_the_order_of_words() -> None:
    """Equal texts have equal hashes, the same words in another order have another, none is 0."""
    folded = fold_texts(["A cat.", "a CAT", "cat a", "", "..."])
    one, two, three, four, five = find_words(folded).row_hashes(5).tolist()
    assert one == two != three
    assert four == five == mix(np.zeros(1, np.uint64))[0]


def test_uniform_numbers_are_above_zero() -> None:
    """Numbers lie in (0, 1], and are spread evenly."""
    drawn = uniform(np.arange(100_000, dtype=np.uint64))
    assert drawn.min() > 0
    assert drawn.max() <= 1
    counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
    assert abs(counts - 10_000).max() < 400
