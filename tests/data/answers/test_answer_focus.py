"""What a question asks for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.focus import read_focus, singular, wanted
from underdog.data.answers.nouns import NOUNS, Wanted


@pytest.mark.parametrize(
    ("question", "focus"),
    [
        ("Which South American country has its capital in Lima?", "country"),
        ("Who wrote Hamlet?", "person"),
        ("In what year did the war end?", "year"),
        ("The war ended in what year?", "year"),
        ("When did the war end?", "date"),
        ("Where was Frank Sinatra born?", "place"),
        ("How many legs has a spider?", "number"),
        ("What is the average page count per essay for the class?", "average"),
        ("What was his total commission on these three sales?", "total"),
        ("How old was Mozart when he died?", "age"),
        ("How much does it cost?", "amount"),
        ("How do bees find their way?", "way"),
        ("Why is the sky blue?", "reason"),
        ("What is the name of the star cluster in Taurus?", "cluster"),
        ("What is the capital and largest city of Mississippi?", "capital"),
        ("What kind of animal is Marley?", "animal"),
        ("Which of these TV series has an episode about pi?", "series"),
        ("Which one of the following movies did he star in?", "movie"),
        ("What was the first name of Mr Burton?", "person"),
        ("He played a hustler in this movie. What was his name?", "person"),
        ("This Russian company, founded in 1989, sells gas.", "company"),
        ("Name the actor who played Jim.", "actor"),
        ("Which U.S. state is nicknamed The Volunteer State?", "state"),
        ("What 1980s science fiction film is this quote from?", "film"),
        ("Which movie star won an Oscar in 1990?", "star"),
        ("Which actor stars in Rocky?", "actor"),
        ("Which team plays in Denver?", "team"),
        ("What Hebrew term means genius?", "term"),
        ("Which President resigned in 1974?", "president"),
        ("What TV show is set in Boston?", "show"),
        ("Jim was born in Rome, for which he wrote songs. Who was he?", "person"),
        ("Who said: What is truth?", "person"),
        ("He invented the first thermometer.", "person"),
        ("Which magazine(s) published it?", "magazine"),
        ("What number president was he?", "number"),
        ("Which Laurel and Hardy film is this?", "film"),
        ("Which women won?", "woman"),
        ("What sort of is it?", "sort"),
    ],
)
def test_the_noun_asked_for_is_found(question: str, focus: str) -> None:
    """Question words, "this" and "name the", with adjectives, names and "kind of" left out."""
    assert read_focus(question) == focus


@pytest.mark.parametrize(
    "question",
    [
        *("", "What happened then?", "Is it true that cats can swim?", "What is Uncle Fester?"),
        *("When I find myself in times of trouble", "She started screaming ____ murder."),
        *("Which of these is true?", "What did they find", "Hey!"),
        "What is the name of Zork?",
    ],
)
def test_where_no_noun_is_asked_for_the_focus_is_empty(question: str) -> None:
    """Yes/no questions, gaps to fill in, lines of songs and verbs."""
    assert read_focus(question) == ""


def test_every_noun_in_the_table_is_folded_and_means_one_thing() -> None:
    """Lower case, no white space; nouns for persons outside the table are told by their ending."""
    assert all(noun == noun.lower().strip() for noun in NOUNS)
    assert (wanted("country"), wanted("song"), wanted("who")) == (Wanted.PLACE, Wanted.WORK, None)
    assert (wanted("frontwoman"), wanted("flautist")) == (Wanted.PERSON, Wanted.PERSON)


def test_plural_nouns_are_folded() -> None:
    """By their endings, and three by heart."""
    plurals = "countries movies boxes churches series glasses men women children status gas cat"
    assert [singular(word) for word in plurals.split()] == [
        *("country", "movie", "box", "church", "series", "glass", "man", "woman", "child"),
        *("status", "gas", "cat"),
    ]


WORDS = ("Which", "what", "is", "of", "(", ")", "this", "name", "the", "who", ",", ".", ":", "__")


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS)))
def test_reading_a_focus_never_raises(words: list[str]) -> None:
    """Whatever the text; what comes out is a folded word."""
    focus = read_focus(" ".join(words))
    assert focus == focus.strip().lower()
