"""When two answers say the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.kind import Answer, AnswerKind
from underdog.data.answers.read import read_answer
from underdog.data.answers.same import match_keys, same_answer

SAME = """
0.5 | 1/2 | 50 % | one half | fifty percent | .50
7 | seven | VII | 7.0 | about 7
1,000 | 1000 | one thousand | 1 000
$5 million | $5,000,000 | 5 million dollars | $5M
1 km | 1000 m | 1,000 metres
60 minutes | 1 hour | an hour | one hour
1 year | 12 months | a year
1 year | 365 days
100 °C | 212 °F | 100 degrees Celsius
5'8" | 5 feet 8 inches | 5 ft. 8 in.
5 pounds | £5
1 MB | 1024 KB
A$5 | $5
July 4, 1776 | 4 July 1776 | 4th of July 1776 | the 4th of July, 1776
1960s | the 60s | the sixties | the '60s
500 BC | 500 B.C.
two weeks | 14 days
Mozart | Wolfgang Amadeus Mozart
Einstein | Albert Einstein
the Beatles | Beatles | The Beatles
Café | cafe
Nineteen Eighty-Four | 1984
World War II | WWII | World War 2 | Second World War
USA | U.S.A. | United States of America | the US | America
UK | United Kingdom | Great Britain
NYC | New York City | New York
J. K. Rowling | JK Rowling | J.K. Rowling | Joanne Rowling
St. Louis | Saint Louis
Mt. Everest | Mount Everest | Everest
Simon & Garfunkel | Simon and Garfunkel | Garfunkel and Simon
Simon & Garfunkel | Simon  Garfunkel
the Amazon | Amazon River
Oxygen (O2) | Oxygen
Oxygen (O2) | O2
Coke or Pepsi | Pepsi
Five (5) | 5
3 (green, red) | three
40 m/s (north) | 40 m/s
1917 or 1918 | 1918
Water (H2O) | H₂O
Coke / Pepsi | Coke
color | colour | colors
grey | gray
John F. Kennedy | JFK | John Kennedy | John Fitzgerald Kennedy
Dwight D. Eisenhower | Dwight David Eisenhower
FBI | Federal Bureau of Investigation
Spider-Man | Spiderman | Spider Man
Gandhi | Mahatma Ghandi
Smith, John | John Smith
University of Oxford | Oxford University
Bill Clinton | William Jefferson Clinton
President Lincoln | Abraham Lincoln
Elizabeth II | Queen Elizabeth II | Elizabeth
H2O | H₂O | Water
H2O | h2o
E = mc2 | E=mc^2 | E = mc²
Na | Sodium
TX | Texas
Paris, France | Paris
yes | True | Yes.
All of the above | All of these
The Two Towers | The Lord of the Rings: The Two Towers
R2-D2 | R2D2
Brett Farve | Brett Favre
twenty-first | 21st
none | 0 | zero
"""
DOUBTFUL = """
5 | 5 km
5 | $5
50 | 50%
5 | 5 players
over 50 | 50
1776 | July 4, 1776
1965 | 1960s
1965 | 20th century
1900 | 1900s
July 4 | July 4, 1776
July | July 4, 1776
500 BC | 500
George W. Bush | George Bush
Martin Luther | Martin Luther King
Paris | Paris Hilton
The Godfather | The Godfather: Part II
"""
DIFFERENT = """
New York | New Jersey
New York | York
New Guinea | Guinea
1914 | 1915
5 km | 5 m
5 km | 5 miles
Michael Jackson | Janet Jackson
North Korea | South Korea
Red | Blue
George W. Bush | George H. W. Bush
J. K. Rowling | J. R. Rowling
Mr. Turner | Mrs. Turner
Rocky | Rocky II
Rocky II | Rocky III
$5 | £5
$5 million | $5 billion
July 4 | July 5
July | June
1960s | 1970s
18th century | 19th century
500 BC | 500 AD
0.5 | 5
50% | 5%
-5 | 5
yes | no
Norway | No
x^2+1 | x^2-1
more than 10 | less than 10
early 1960s | late 1960s
10-15 | 1015
iron (II) oxide | iron (III) oxide
nitrate | nitrite
Vitamin A | Vitamin E
Austria | Australia
Niger | Nigeria
World War I | World War II
Henry VIII | Henry VII
Simon | Simon and Garfunkel
5 players | 6 players
He won | He never won
Coke / Pepsi | Coke / Fanta
Alien | Alien Resurrection
emperor penguin | royal penguin
A very long sentence about a dog | A very long sentence about a cat
"""


def answer(text: str) -> Answer:
    """A text as an answer: films are works, penguins phrases, the others what they look like."""
    questions = {"Alien": "Which film is it?", "penguin": "Which species is it?"}
    question = next((asked for word, asked in questions.items() if word in text), "Who is it?")
    return read_answer(text, question)


def pairs(lines: str) -> list[tuple[str, str]]:
    """All pairs of the texts of each line."""
    rows = [line.split(" | ") for line in lines.strip().splitlines()]
    return [pair for row in rows for pair in itertools.combinations(row, 2)]


TEXTS = sorted(
    {text for lines in (SAME, DOUBTFUL, DIFFERENT) for row in pairs(lines) for text in row}
)


@pytest.mark.parametrize(("one", "other"), pairs(SAME))
def test_equal_values_and_aliases_are_the_same(one: str, other: str) -> None:
    """In all spellings, either way round."""
    assert same_answer(answer(one), answer(other))
    assert same_answer(answer(other), answer(one))


@pytest.mark.parametrize(("one", "other"), pairs(DOUBTFUL))
def test_what_is_in_doubt_is_the_same(one: str, other: str) -> None:
    """A number without its unit, a part of a date, a shorter name."""
    assert same_answer(answer(one), answer(other))


@pytest.mark.parametrize(("one", "other"), pairs(DIFFERENT))
def test_other_things_stay_different(one: str, other: str) -> None:
    """Good wrong choices are not lost because they look alike."""
    assert not same_answer(answer(one), answer(other))
    assert not same_answer(answer(other), answer(one))


def test_every_pair_of_the_lists_obeys_the_laws() -> None:
    """Sameness is symmetric and reflexive, and same answers share a key."""
    answers = [answer(text) for text in TEXTS]
    for one, other in itertools.combinations_with_replacement(answers, 2):
        same = same_answer(one, other)
        assert same == same_answer(other, one), (one.text, other.text)
        assert same or one.text != other.text
        assert not same or match_keys(one) & match_keys(other), (one.text, other.text)


@settings(max_examples=150)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_obey_the_laws(one: str, other: str) -> None:
    """Whatever the texts; every answer has a key and is the same as itself."""
    first, second = read_answer(one), read_answer(other)
    same = same_answer(first, second)
    assert same == same_answer(second, first)
    assert not same or match_keys(first) & match_keys(second)
    assert match_keys(first)
    assert same_answer(first, read_answer(one))
    assert same_answer(first, read_answer(f" {one}\t"))


NAMES = st.lists(
    st.sampled_from(("Golden", "Delta", "Martha", "River", "Kestrel", "Ohm", "seven", "Café")),
    min_size=1,
    max_size=4,
    unique=True,
).map(" ".join)


@settings(max_examples=100)
@given(
    NAMES, st.sampled_from((str.upper, str.lower, str.title)), st.sampled_from(("the", "a", "The"))
)
def test_case_articles_and_outer_punctuation_change_nothing(
    name: str, change: object, article: str
) -> None:
    """Nor do quotation marks, accents, and hyphens for spaces."""
    assert callable(change)
    spellings = (
        change(name),
        f"{article} {name}",
        f"“{name}”",
        f"{name}!",
        name.replace("é", "e"),
        name.replace(" ", "-"),
    )
    for spelling in spellings:
        assert same_answer(read_answer(name), read_answer(spelling)), spelling


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_are_the_same_exactly_when_their_values_are(one: int, other: int) -> None:
    """However they are grouped; near numbers are good wrong choices."""
    first, second = read_answer(f"{one:,}"), read_answer(str(other))
    assert same_answer(first, second) == (one == other)
    assert same_answer(first, read_answer(str(one)))


def test_one_word_is_too_little_of_a_work_only() -> None:
    """Of two films or of two books, but not of a person and a film."""
    film = "Which film is it?"
    assert not same_answer(read_answer("Alien", film), read_answer("Alien Resurrection", film))
    assert same_answer(read_answer("Alien", "What is it?"), read_answer("Alien Resurrection", film))
    assert read_answer("Alien", film).kind is AnswerKind.WORK
