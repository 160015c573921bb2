"""Right answers and who is whose like."""

import pytest
from made_up_questions import Parcelled

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.composites import read_date, read_fraction
from underdog.data.conversion.figures import Figure
from underdog.data.conversion.pool import PoolAnswer, Read, gather, read_block
from underdog.data.engine.local import IN_PROCESS

ANSWERS = [
    PoolAnswer("Paris", "What is the capital of France?", "places"),
    PoolAnswer("Marie Curie", "Who discovered radium, and what made her famous?"),
    PoolAnswer("Isaac Newton", "Who wrote the Principia, and when did he die?"),
    PoolAnswer("1969", "In what year did men land on the moon?"),
    PoolAnswer("because it is far away from us", "Why is the moon so small?"),
]


def test_equal_answers_to_equal_questions_stand_once() -> None:
    """Letters decide: a second copy goes, another spelling stays and has another hash; of two
    topics the first in order is kept, whichever came first.
    """
    copies = [ANSWERS[0], ANSWERS[0]._replace(topic="a"), ANSWERS[0]._replace(answer="PARIS")]
    pool = gather(copies, engine=IN_PROCESS)
    assert pool.answers == ("Paris", "PARIS")
    assert pool.topics == ("a", "places")
    assert pool.hashes[0] != pool.hashes[1]
    assert pool.asked[0] == pool.asked[1]
    assert pool.said[0] == pool.said[1]
    assert pool.places() == {
        ("What is the capital of France?", "Paris"): 0,
        ("What is the capital of France?", "PARIS"): 1,
    }


def test_names_nouns_and_questions_tell_gender() -> None:
    """The noun asked for counts first, then the given name, then words such as "her" and "he"."""
    told = [
        *ANSWERS,
        PoolAnswer("Robin Lee", "Which actress played the thief?"),
        PoolAnswer("Marie Lee", "Who was his friend?"),
        PoolAnswer("Robin Lee", "Who lost her way?"),
        PoolAnswer("Robin Lee", "Who lost the way?"),
        PoolAnswer("Marie", "In which town was he born?"),
    ]
    genders = gather(told, engine=IN_PROCESS).genders().tolist()
    assert genders == [0, 1, -1, 0, 0, 1, 1, 1, 0, -1]


def test_long_phrases_explain() -> None:
    """A phrase of four words or more explains; a name or a number never does."""
    pool = gather(ANSWERS, engine=IN_PROCESS)
    assert [pool.explains(row) for row in range(5)] == [False, False, False, False, True]


def test_the_engine_makes_no_difference() -> None:
    """Answers read elsewhere are read as here."""
    here = gather(ANSWERS, engine=IN_PROCESS)
    there = gather(ANSWERS, engine=Parcelled())
    assert (here.reads, here.hashes.tolist()) == (there.reads, there.hashes.tolist())


@pytest.mark.parametrize(
    ("question", "answer", "read"),
    [
        (
            "Who directed the film?",
            "Ann Lee",
            Read(
                AnswerKind.PERSON,
                "person",
                "directed",
                "person",
                "",
                1,
                ("none", "title", 3, False, False),
                False,
                None,
            ),
        ),
        (
            "Which animals purr?",
            "the cats",
            Read(
                AnswerKind.PHRASE,
                "animal",
                "",
                "thing",
                "animal",
                0,
                ("none", "lower", 3, False, True),
                True,
                None,
            ),
        ),
    ],
)
def test_an_answer_is_read_with_its_question(question: str, answer: str, read: Read) -> None:
    """Kind, noun asked for and its family, deed and gender of a person, form and number are what
    likes share.
    """
    assert read_block([(question, answer)], None) == [read]


def test_numbers_dates_and_fractions_can_be_replaced() -> None:
    """A number is a figure, a date and a fraction have parts, a spelled half has none."""
    pairs = [
        ("How many?", "12"),
        ("When was it?", "May 4, 1999"),
        ("What part?", "3/4"),
        ("What part?", "one half"),
    ]
    figure, date, fraction, half = (read.numeric for read in read_block(pairs, None))
    assert isinstance(figure, Figure)
    assert date == read_date("May 4, 1999")
    assert fraction == read_fraction("3/4")
    assert half is None
