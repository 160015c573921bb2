"""The names under which records keep their parts, and how a part becomes text.

In: the fields of one record, their names in lower case. Out: texts. No judgement: a name stands
here because a public set uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT_NAMES = ("text", "question", "question_text", "stem", "query", "problem", "prompt")
CHOICE_NAMES = ("choices", "options", "mc_answers", "answers", "endings", "alternatives")
WRONG_NAMES = ("incorrect_answers", "wrong_answers", "distractors", "incorrect")
INDEX_NAMES = ("answer_index", "answer_idx", "correct_index", "correct_idx")
TEXT_KEY_NAMES = ("answer_text", "correct_answer_text")
KEY_NAMES = ("answer", "correct_answer", "expected_answer", "answerkey", "answer_key", "correct")
LATE_KEY_NAMES = ("correct_option", "gold", "label", "target", "solution")
ALIAS_NAMES = ("aliases", "answer_aliases", "normalized_aliases", "acceptable_answers")
EXPLANATION_NAMES = ("explanation", "reasoning", "rationale", "support")
TOPIC_NAMES = ("topic", "category", "subject")


def plain(value: Any) -> str:
    """A scalar as text; None and structures as nothing; whole floats without their ".0"."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def first(fields: Mapping[str, Any], *names: str) -> str:
    """The first text that is not empty under one of the names, else ""."""
    return next((text for name in names if (text := plain(fields.get(name)))), "")
