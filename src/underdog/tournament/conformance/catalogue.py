"""Everything that can be found in an entry: its name, what it means, how it is mended.

Plain data. The traps are those of facts/evaluation-and-tournament.md 1.5, seen in real entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """One fault. The value is what `--json` shows, and does not change."""

    MISSING_AGENT = "missing_agent"
    MISSING_FLAG = "missing_flag"
    CRASH = "crash"
    NO_OUTPUT = "no_output"
    TOO_SLOW = "too_slow"
    OUT_OF_MEMORY = "out_of_memory"
    WRONG_COUNT = "wrong_count"
    CHARACTERS = "characters"
    TUPLES = "tuples"
    NOT_JSON = "not_json"
    CHOICES_SHAPE = "choices_shape"
    MISSING_KEY = "missing_key"
    DOUBLE_LABELS = "double_labels"
    ALIKE_CHOICES = "alike_choices"
    UNLABELLED = "unlabelled_choices"
    KEY_FORM = "key_form"
    CRASHES_FILTER = "crashes_filter"
    QUESTION_LENGTH = "question_length"
    OFF_TOPIC = "off_topic"
    DUPLICATES = "duplicates"
    ONE_KEY = "one_key"
    DISPUTED_KEYS = "disputed_keys"
    MISALIGNED = "misaligned_answers"
    ANSWER_SHAPE = "answer_shape"
    ANSWER_FORM = "answer_form"
    ANSWER_LENGTH = "answer_length"
    ONE_ANSWER = "one_answer"
    NEEDS_KEY = "needs_key"
    ODD_INPUT = "odd_input"
    WRITES_OUTSIDE = "writes_outside"
    NETWORK = "network"
    ABSOLUTE_PATH = "absolute_path"
    NOT_REPEATABLE = "not_repeatable"
    LEFT_RUNNING = "left_running"


FIXES = {
    Code.MISSING_AGENT: "put agents/question_agent.py and agents/answer_agent.py into the folder",
    Code.MISSING_FLAG: "declare all official flags with argparse; the judge passes them",
    Code.CRASH: "run this command in a clean copy of the folder, and mend what the line names",
    Code.NO_OUTPUT: "write both files, the raw one and the filtered one, before the program ends",
    Code.TOO_SLOW: "answer from the first token's probabilities, in batches",
    Code.OUT_OF_MEMORY: "smaller batches, 16-bit weights, torch.inference_mode()",
    Code.WRONG_COUNT: "ask exactly --num_questions: the scaffold generates its last batch twice",
    Code.CHARACTERS: "a batch of one gives a text, not a list: append it, do not extend by it",
    Code.TUPLES: "take the text out of (text, tokens, seconds) after a repair",
    Code.NOT_JSON: "strip code fences and prose; write JSON objects",
    Code.CHOICES_SHAPE: 'choices are a list of four texts: ["A) ...", "B) ...", ...]',
    Code.MISSING_KEY: 'name the fields topic, question, choices and answer ("answer" is the key)',
    Code.DOUBLE_LABELS: 'take "A) " off before putting it on: few-shot examples have it already',
    Code.ALIKE_CHOICES: "drop questions whose choices are not four different texts",
    Code.UNLABELLED: 'start the choices with "A) ", "B) ", "C) ", "D) ", in this order',
    Code.KEY_FORM: 'the key is one upper-case letter out of "ABCD"',
    Code.CRASHES_FILTER: "texts only: null or a number here ends the official filter for all",
    Code.QUESTION_LENGTH: "shorten question and choices, or drop the question",
    Code.OFF_TOPIC: "copy the topic from assets/topics.json as it stands there",
    Code.DUPLICATES: "drop a question that was asked before",
    Code.ONE_KEY: "shuffle the choices, so that every letter is right about equally often",
    Code.DISPUTED_KEYS: "check each key with a solver, and drop what it does not confirm",
    Code.MISALIGNED: "write null where there is no answer: places are compared, one by one",
    Code.ANSWER_SHAPE: 'an answer is an object: {"answer": "B", "reasoning": "..."}',
    Code.ANSWER_FORM: "one upper-case letter: the score compares it with the key as it is",
    Code.ANSWER_LENGTH: "cut the reasoning, or drop it",
    Code.ONE_ANSWER: "look whether the model's reply is read: a fixed letter hides a failed parse",
    Code.NEEDS_KEY: "read question and choices only; the judge takes key and explanation out",
    Code.ODD_INPUT: "answer any text: catch what your prompt or parser fails on",
    Code.WRITES_OUTSIDE: "write below the working directory only",
    Code.NETWORK: "put every file the agents need into the folder; set HF_HUB_OFFLINE=1",
    Code.ABSOLUTE_PATH: "paths relative to the folder: it is judged on another machine",
    Code.NOT_REPEATABLE: "decode greedily, or set a seed: the same input should give one answer",
    Code.LEFT_RUNNING: "end every process and thread pool before the program ends",
}
"""What to do about it."""
ADVICE = frozenset({Code.ONE_KEY, Code.ONE_ANSWER, Code.NOT_REPEATABLE, Code.LEFT_RUNNING})
"""These lose no point by themselves under the official rules."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`trial` is what was run, `line` is what shows the fault."""

    code: Code
    trial: str
    line: str

    @property
    def fix(self) -> str:
        """What to do about it."""
        return FIXES[self.code]

    def to_json(self) -> dict[str, Any]:
        """As `--json` shows it."""
        level = "advice" if self.code in ADVICE else "fault"
        return {"code": self.code.value, "level": level, "trial": self.trial, "line": self.line} | {
            "fix": self.fix
        }
