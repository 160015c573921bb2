"""What may stand beside a key."""

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.admission import Admission, brief, offer, stands_in
from underdog.data.conversion.word_hashes import fold_texts

QUESTION = "Which composer wrote The Magic Flute?"


def fold(text: str) -> str:
    return fold_texts([text])[0]


def person(text: str) -> tuple[object, str]:
    return brief(text, AnswerKind.PERSON), fold(text)


def admission(*aliases: str) -> Admission:
    return Admission(fold(QUESTION), brief("Mozart", AnswerKind.PERSON), aliases)


def test_other_names_are_not_admitted() -> None:
    """Another name of the key, of an alias or of a choice, and a text of the question stay out."""
    admitted = admission("Amadeus")
    texts = ("W. A. Mozart", "amadeus", "Joseph Haydn", "Haydn", "The Magic Flute", "Schubert")
    taken = [admitted.admit(*person(text)) for text in texts]  # type: ignore[arg-type]
    assert taken == [False, False, True, False, False, True]
    assert admitted.texts == ("Joseph Haydn", "Schubert")
    assert len(admitted) == 2


def test_lengths_are_compared_with_all_choices() -> None:
    """The span is from the shortest to the longest choice with the key, without aliases."""
    admitted = admission("A name that is very long indeed")
    assert admitted.spans(12, ratio=2, slack=0)
    assert not admitted.spans(13, ratio=2, slack=0)
    admitted.admit(*person("Bach"))  # type: ignore[arg-type]
    assert not admitted.spans(12, ratio=2, slack=3)
    assert admitted.spans(12, ratio=2, slack=4)


def test_offered_texts_must_be_like_the_key() -> None:
    """Texts from outside pass in their order when kind, case and length are the key's."""
    admitted = admission()
    texts = ["1791", "joseph haydn", " Joseph   Haydn ", "Mozart!", "", "Schubert", "Brahms"]
    offer(admitted, texts, key="Mozart", question=QUESTION, most=2)
    assert admitted.texts == ("Joseph Haydn", "Schubert")


def test_texts_stand_in_questions_word_for_word() -> None:
    """Case and article do not matter, borders of words do."""
    question = fold("Who ruled THE Roman Empire in 1453?")
    standing = {
        text: stands_in(fold(text), question)
        for text in ("Roman Empire", "a Roman empire", "Roman", "Rom", "145", "The", "?")
    }
    assert standing == {
        "Roman Empire": True,
        "a Roman empire": True,
        "Roman": True,
        "Rom": False,
        "145": False,
        "The": True,
        "?": False,
    }
