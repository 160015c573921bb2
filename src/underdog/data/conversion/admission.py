"""Whether a text may stand as a wrong choice beside a key and the choices taken so far.

In: a question, its right answers, and one text after another. Out: the texts that passed. Never: a
text that may say the same as a right answer or as another choice, or that stands in the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from underdog.data.answers.kind import Answer, AnswerKind, Case, Form, Numeral
from underdog.data.answers.read import read_answer
from underdog.data.answers.same import same_answer
from underdog.data.conversion.word_hashes import fold_texts

LENGTH_RATIO, LENGTH_SLACK = 2.2, 8
"""Longest against shortest choice, or that many characters."""
_ARTICLES = (" the ", " a ", " an ")


_UNREAD = Form(0, Case.NONE, "", False, False, Numeral.NONE, 0, 0, None, 0, False, "")


def brief(text: str, kind: AnswerKind) -> Answer:
    """As much of an answer as `same_answer` looks at. To read all of it takes longer."""
    return Answer(text, kind, None, "", _UNREAD)


class Admission:
    """One question's choices as they are found."""

    def __init__(self, question: str, answer: Answer, aliases: Iterable[str]) -> None:
        """`question` is folded (`word_hashes.fold_texts`)."""
        self._question = question
        self._taken = [answer, *(read_answer(alias) for alias in aliases)]
        self._right = len(self._taken)
        self._shortest = self._longest = len(answer.text)

    @property
    def texts(self) -> tuple[str, ...]:
        """The wrong choices so far."""
        return tuple(answer.text for answer in self._taken[self._right :])

    def __len__(self) -> int:
        return len(self._taken) - self._right

    def spans(self, length: int, *, ratio: float, slack: int) -> bool:
        """Whether a text of this length leaves all choices within a ratio, or some characters."""
        return max(self._longest, length) <= ratio * min(self._shortest, length) + slack

    def admit(self, answer: Answer, folded: str) -> bool:
        """Take a text if it may stand there. `folded` as by `word_hashes.fold_texts`."""
        if stands_in(folded, self._question):
            return False
        if any(same_answer(answer, other) for other in self._taken):
            return False
        self._taken.append(answer)
        self._shortest = min(self._shortest, len(answer.text))
        self._longest = max(self._longest, len(answer.text))
        return True


def offer(admitted: Admission, texts: Sequence[str], *, key: str, question: str, most: int) -> None:
    """Take texts given from outside, in their order, until `most` are taken: those of the kind, the
    case and about the length of the key.
    """
    right = read_answer(key, question) if texts else None
    for text in texts:
        if len(admitted) >= most or right is None:
            return
        tidy = " ".join(text.split())
        answer = read_answer(tidy, question)
        alike = answer.kind is right.kind and case_of(answer.form) == case_of(right.form)
        if tidy and alike and admitted.spans(len(tidy), ratio=LENGTH_RATIO, slack=LENGTH_SLACK):
            admitted.admit(answer, fold_texts([tidy])[0])


def case_of(form: Form) -> str:
    """The case of a text as far as a reader sees it at once: names in any capitals are alike."""
    names = (Case.TITLE, Case.UPPER, Case.MIXED)
    return Case.TITLE.value if form.case in names else form.case.value


def stands_in(folded: str, question: str) -> bool:
    """Whether a text stands in a question, word for word and whatever its article."""
    for article in _ARTICLES:
        if folded.startswith(article) and len(folded) > len(article):
            folded = folded[len(article) - 1 :]
            break
    return folded in question and folded != " "
