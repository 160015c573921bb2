"""What kind of answer an answer is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.kind import AnswerKind, DateParts
from underdog.data.answers.read import read_answer

K = AnswerKind


@pytest.mark.parametrize(
    ("text", "question", "kind"),
    [
        ("1984", "In what year did it happen?", K.YEAR),
        ("638", "In what year was Jerusalem conquered?", K.YEAR),
        ("1984", "When did it happen?", K.YEAR),
        ("1984", "How many people came?", K.INTEGER),
        ("48", "Calculate the number of members who did attend the meeting.", K.INTEGER),
        ("1917", "Which film was shot in one take?", K.WORK),
        ("1,984", "When did it happen?", K.INTEGER),
        ("1984", "Who wrote it? Which novel is it?", K.WORK),
        ("12", "When do children start school?", K.INTEGER),
        ("50 Cent", "Which rapper was shot nine times?", K.PERSON),
        ("98 Degrees", "Which band sang this?", K.ORGANISATION),
        ("5 pounds", "What was the price of the ticket?", K.MONEY),
        ("5 pounds", "What was the weight of the baby?", K.QUANTITY),
        ("5 hours", "What was the price of the ticket?", K.QUANTITY),
        ("May", "In which month is it?", K.DATE),
        ("May", "What is the girl's name?", K.PERSON),
        ("April", "Which song is this?", K.WORK),
        ("True", "Which statement is right?", K.YES_NO),
        ("no", "", K.YES_NO),
        ("No.", "Who came?", K.YES_NO),
        ("Norway", "Which country is it?", K.PLACE),
        ("Johnny Depp", "Who played him?", K.PERSON),
        ("johnny depp", "Who played him?", K.PERSON),
        ("mozart", "Which composer was it?", K.PHRASE),
        ("his aunt", "Who was it?", K.PHRASE),
        ("His aunt", "Who was it?", K.PHRASE),
        ("Police officer", "Who was it?", K.PHRASE),
        ("Attila the hun", "Who was it?", K.PERSON),
        ("The Beatles", "Who sang it?", K.ORGANISATION),
        ("No one", "Who sang it?", K.PHRASE),
        ("All of these", "Which singer is it?", K.PHRASE),
        ("Simon and Garfunkel", "Who sang it?", K.SET),
        ("Hall and Oates", "Which group sang it?", K.ORGANISATION),
        ("Romeo and Juliet", "Which play is it?", K.WORK),
        ("Red, white and blue", "What colors has the flag?", K.SET),
        ("Blanche, Dorothy, Rose and Sophia", "What were the names of the four?", K.SET),
        ("Trinidad and Tobago", "Which country is it?", K.PLACE),
        ("Ulm and Neue Ulm", "In which cities is it?", K.SET),
        ("Gary, IN", "Where is it?", K.PLACE),
        ("In New York", "Where is it?", K.PLACE),
        ("Under the bed", "Where is it?", K.PHRASE),
        ("the navel", "Where is it?", K.PHRASE),
        ("Off the coast", "Where is it?", K.PHRASE),
        ("Rocky mountain", "Where is it?", K.PLACE),
        ("The kitchen", "Where is it?", K.PHRASE),
        ("The", "Where is it?", K.PHRASE),
        ("gazprom", "Which company is it?", K.PHRASE),
        ("Who's Afraid of Virginia Woolf?", "Which film is it?", K.WORK),
        ("It was not a film but a very short play", "Which film is it?", K.PHRASE),
        ("a film about a man who sails round the world", "Which film is it?", K.PHRASE),
        ("He was shot.", "What happened?", K.PHRASE),
        ("To save money", "Who did it?", K.PHRASE),
        ("He was a very tall man with a hat and a stick", "Who was it?", K.PHRASE),
        ("derrick", "Which word is it?", K.PHRASE),
        ("Charlie Hustle", "Which nickname is it?", K.PERSON),
        ("H2O", "What is the formula of water?", K.FORMULA),
        ("H2O", "Which film is it?", K.WORK),
        ("a^2+b^2=c^2", "", K.FORMULA),
        ("O+", "Which is the most common?", K.PHRASE),
        ("B-52", "", K.PHRASE),
        ("", "Who was it?", K.PHRASE),
        ("   ", "", K.PHRASE),
    ],
)
def test_the_question_decides_what_kind_an_answer_is(
    text: str, question: str, kind: AnswerKind
) -> None:
    """A number is a year, a count or a name; a name is a person, place, organisation or work."""
    assert read_answer(text, question).kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7", K.INTEGER),
        ("1776", K.YEAR),
        ("1200", K.INTEGER),
        ("3.14", K.DECIMAL),
        ("one half", K.FRACTION),
        ("50%", K.PERCENT),
        ("$5", K.MONEY),
        ("5 km", K.QUANTITY),
        ("July 4, 1776", K.DATE),
        ("Albert Einstein", K.PERSON),
        ("J. K. Rowling", K.PERSON),
        ("Queen Victoria", K.PERSON),
        ("Kenneth", K.PERSON),
        ("Rose", K.PHRASE),
        ("Paris", K.PLACE),
        ("Lake Wobegon", K.PLACE),
        ("Hudson River", K.PLACE),
        ("Springfield, Ohio", K.PLACE),
        ("Harvard University", K.ORGANISATION),
        ("“Moon River”", K.WORK),
        ("Gold and silver", K.SET),
        ("Atomic Kitten", K.PHRASE),
        ("Atomic number of gold", K.PHRASE),
        ("something lower than that", K.PHRASE),
    ],
)
def test_without_a_question_the_answer_itself_decides(text: str, kind: AnswerKind) -> None:
    """Known names, given names, telling words and capitals."""
    assert read_answer(text).kind == kind


def test_an_answer_carries_its_value_and_unit() -> None:
    """A number keeps them, a name drops them: the film "1984" is worth nothing."""
    money = read_answer("$5 million", "What was the budget?")
    assert (money.value, money.unit) == (Fraction(5000000), "USD")
    assert read_answer("5 pounds", "What was the price?")[2:4] == (Fraction(5), "GBP")
    assert read_answer("July 1776").value == DateParts(1776, 7)
    assert read_answer("1984", "Which film is it?")[2:4] == (None, "")


@settings(max_examples=200)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_an_answer(text: str, question: str) -> None:
    """Reading never raises, and a value goes with a kind that has one."""
    answer = read_answer(text, question)
    assert answer.text == text
    without = (K.PERSON, K.PLACE, K.ORGANISATION, K.WORK, K.PHRASE, K.SET, K.FORMULA, K.YES_NO)
    assert (answer.value is None) == (answer.kind in without)


@given(
    st.sampled_from(["Johnny Depp", "The Beatles", "1984", "$5", "Paris"]),
    st.text(" \t\n", max_size=3),
)
def test_white_space_round_an_answer_changes_only_where_its_number_stands(
    text: str, space: str
) -> None:
    """The span of the number still cuts it out of the text as given."""
    plain, spaced = read_answer(text), read_answer(space + text + space)
    assert (plain.kind, plain.value) == (spaced.kind, spaced.value)
    cut = spaced.text[spaced.form.start : spaced.form.end]
    assert cut == plain.text[plain.form.start : plain.form.end]
