"""The official competition's question shape, written and read.

In: a Question and the order in which it is shown, or foreign JSON. Out: official JSON, or a
Question whose choices stand in the order found. Reading undoes writing. Never: a guess; what can be
read in two ways is a ProtocolError.

Source: facts/evaluation-and-tournament.md 1.3, 1.5 and 1.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from underdog.errors import InputError, ProtocolError
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question, normalise
from underdog.protocol.player import label

KEY_FIELDS = ("answer", "correct_answer", "expected_answer")
"""Names under which editions and contestants keep the key; the first one present counts."""
_LABEL = re.compile(r"\(?([A-Za-z])[).:] ?(.*)", re.DOTALL)


class _As(Enum):
    """Whether it is known which letter stands for which choice."""

    LIST = auto()
    LABELLED = auto()


class _Choices(NamedTuple):
    """`labels[i]` is the letter that stands for `texts[i]`."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]


def write_question(question: Question, presentation: Presentation) -> dict[str, Any]:
    """The official object, choices in the order shown. Without a key there is no "answer"."""
    value: dict[str, Any] = {
        "topic": question.topic,
        "question": question.text,
        "choices": label(presentation.show(question.choices)),
        "explanation": question.explanation,
    }
    if question.answer is not None:
        value["answer"] = presentation.letter(question.answer)
    return value


def read_question(value: object, *, source: str = "") -> Question:
    """A question from a list or a mapping of choices, labelled or bare; key as letter or text.

    Labels are taken off when they are the letters from A, each once. A missing key gives
    `answer=None`. Raises ProtocolError naming the field at fault.
    """
    if not isinstance(value, Mapping):
        raise ProtocolError("a question is a JSON object", got=type(value).__name__)
    choices = _read_choices(value.get("choices"))
    try:
        return Question(
            text=_text(value, "question", needed=True),
            choices=choices.texts,
            answer=_read_key(value, choices),
            topic=_text(value, "topic"),
            source=source,
            explanation=_text(value, "explanation"),
        )
    except ProtocolError:
        raise
    except InputError as error:
        raise ProtocolError(error.wanted, got=error.got) from error


def _text(value: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    found = value.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        raise ProtocolError(f'"{name}" is a text', got=type(found).__name__)
    return found


def _read_choices(found: object) -> _Choices:
    if isinstance(found, Mapping):
        labels = tuple(str(key).upper() for key in found)
        texts = tuple(found.values())
        if sorted(labels) != list(LETTERS[: len(labels)]):
            raise ProtocolError("choices under the letters from A", got=f"{list(found)}")
    elif isinstance(found, Sequence) and not isinstance(found, str):
        texts = tuple(found)
        labels = tuple(LETTERS[: len(texts)])
    else:
        raise ProtocolError('"choices" is a list or an object', got=type(found).__name__)
    if not all(isinstance(text, str) for text in texts):
        kinds = ", ".join(type(text).__name__ for text in texts[: len(LETTERS)])
        raise ProtocolError("every choice is a text", got=kinds)
    if len(texts) > len(LETTERS):
        raise ProtocolError(f"at most {len(LETTERS)} choices", got=str(len(texts)))
    found_as = _As.LABELLED if isinstance(found, Mapping) else _As.LIST
    return _without_labels(_Choices(labels, texts), found_as=found_as)


def _without_labels(choices: _Choices, *, found_as: _As) -> _Choices:
    """Take labels off, again when they are doubled ("A) A) Lima", facts 1.5 trap 4).

    The first ones in a list say which letter stands for which text; all others must agree.
    """
    parts = [_LABEL.fullmatch(text) for text in choices.texts]
    labels = tuple(part.group(1).upper() for part in parts if part)
    if not labels or sorted(labels) != list(LETTERS[: len(choices.texts)]):
        return choices
    bare = tuple(part.group(2) for part in parts if part)
    first = found_as is _As.LIST
    if not all(text.strip() for text in bare):
        if first:
            raise ProtocolError("a text after each label", got=f"{list(choices.texts)}")
        return choices
    if not first and labels != choices.labels:
        return choices
    return _without_labels(_Choices(labels, bare), found_as=_As.LABELLED)


def _read_key(value: Mapping[str, Any], choices: _Choices) -> int | None:
    name = next((name for name in KEY_FIELDS if value.get(name) is not None), None)
    if name is None:
        return None
    key = value[name]
    if not isinstance(key, str):
        raise ProtocolError(f'"{name}" is a letter or the text of a choice', got=repr(key)[:60])
    places = _places_named(key.strip(), choices)
    if len(places) != 1:
        shown = ", ".join(choices.labels)
        raise ProtocolError(
            f'"{name}" names one choice out of {shown}',
            got=f"{key[:60]!r}, which names {'two' if places else 'none'}",
        )
    return places.pop()


def _places_named(key: str, choices: _Choices) -> set[int]:
    """A single letter is a label, always; else a whole choice, or a label with its text."""
    if len(key) == 1 and key.upper() in choices.labels:
        return {choices.labels.index(key.upper())}
    places = {
        place for place, text in enumerate(choices.texts) if normalise(text) == normalise(key)
    }
    labelled = _LABEL.fullmatch(key)
    if labelled is None or labelled.group(1).upper() not in choices.labels:
        return places
    place = choices.labels.index(labelled.group(1).upper())
    text = normalise(labelled.group(2))
    return places | {place} if text in ("", normalise(choices.texts[place])) else places
