"""Entries with one fault each: how they are made, and what the check must call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from entries import entry
from underdog.tournament.conformance.catalogue import Code

Planted = tuple[Code, dict[str, Any]]
CHANGED: dict[str, Planted] = {
    "no batch size": (
        Code.MISSING_FLAG,
        {"swap_asking": ('parser.add_argument("--batch_size", type=int, default=5)', "pass")},
    ),
    "no input file flag": (
        Code.MISSING_FLAG,
        {"swap_answering": ('"--input_file"', '"--in_file", dest="input_file"')},
    ),
    "raises for one question": (
        Code.CRASH,
        {"asking": "if len(made) == 1: raise IndexError('batch of one')"},
    ),
    "writes nothing": (Code.NO_OUTPUT, {"asking": "return"}),
    "hangs": (Code.TOO_SLOW, {"asking": "if len(made) == 2: import time; time.sleep(6000)"}),
    "takes all memory": (
        Code.OUT_OF_MEMORY,
        {"answering": "if len(answers) == 2:\n    x = [bytearray(10**7) for _ in range(10**6)]"},
    ),
    "last batch twice": (
        Code.WRONG_COUNT,
        {"asking": "rest = len(made) % 5\nif len(made) > 5: made += made[len(made) - rest:]"},
    ),
    "one batch as characters": (
        Code.CHARACTERS,
        {"asking": "if len(made) % 5 == 1: made[-1:] = list(json.dumps(made[-1]))"},
    ),
    "tuples after a repair": (
        Code.TUPLES,
        {"asking": "made[0] = [json.dumps(made[0]), None, None]"},
    ),
    "code fences": (Code.NOT_JSON, {"asking": "made[0] = '```json' + json.dumps(made[0]) + '```'"}),
    "choices as an object": (
        Code.CHOICES_SHAPE,
        {"asking": "made[0]['choices'] = {c[0]: c[3:] for c in made[0]['choices']}"},
    ),
    "another name of the key": (
        Code.MISSING_KEY,
        {"asking": "for m in made: m['correct_answer'] = m.pop('answer')"},
    ),
    "labels twice": (
        Code.DOUBLE_LABELS,
        {"asking": "made[0]['choices'] = [c[:3] + c for c in made[0]['choices']]"},
    ),
    "two choices alike": (
        Code.ALIKE_CHOICES,
        {"asking": "c = made[0]['choices']; c[1] = 'B) ' + c[0][3:]"},
    ),
    "no labels": (
        Code.UNLABELLED,
        {"asking": "made[0]['choices'] = ['Dog', 'Cat', 'Bat', 'Ape']"},
    ),
    "key with its text": (
        Code.KEY_FORM,
        {"asking": "made[0]['answer'] = made[0]['choices']['ABCD'.index(made[0]['answer'])]"},
    ),
    "null explanation": (Code.CRASHES_FILTER, {"asking": "made[0]['explanation'] = None"}),
    "endless question": (
        Code.QUESTION_LENGTH,
        {"asking": "made[0]['question'] = 'There are many trees. ' * 60 + made[0]['question']"},
    ),
    "own topic": (Code.OFF_TOPIC, {"asking": "made[0]['topic'] = 'Cooking'"}),
    "one question twice": (Code.DUPLICATES, {"asking": "made[-1] = dict(made[0])"}),
    "always the same key": (
        Code.ONE_KEY,
        {
            "asking": """
for m in made:
    right = m['choices']['ABCD'.index(m['answer'])][3:]
    texts = [right] + [c[3:] for c in m['choices'] if c[3:] != right]
    m['choices'] = [f'{l}) {t}' for l, t in zip('ABCD', texts)]
    m['answer'] = 'A'
"""
        },
    ),
    "a wrong key": (
        Code.DISPUTED_KEYS,
        {"asking": "made[0]['answer'] = 'ABCD'[('ABCD'.index(made[0]['answer']) + 1) % 4]"},
    ),
    "answers dropped": (Code.MISALIGNED, {"answering": "answers = answers[:-1]"}),
    "bare letters": (Code.ANSWER_SHAPE, {"answering": "answers = [a['answer'] for a in answers]"}),
    "lower case": (
        Code.ANSWER_FORM,
        {"answering": "for a in answers: a['answer'] = a['answer'].lower()"},
    ),
    "endless reasoning": (
        Code.ANSWER_LENGTH,
        {"answering": "answers[0]['reasoning'] = 'and then we add ' * 400"},
    ),
    "always B": (Code.ONE_ANSWER, {"answering": "for a in answers: a['answer'] = 'B'"}),
    "reads the key": (
        Code.NEEDS_KEY,
        {"answering": "answers = [{'answer': q['answer'][0]} for q in questions]"},
    ),
    "fails on odd text": (
        Code.ODD_INPUT,
        {"answering": "for q in questions: q['question'].encode('latin-1')"},
    ),
    "writes outside": (
        Code.WRITES_OUTSIDE,
        {"answering": "try: open('/tmp/' + 'answers.log', 'a').write('x')\nexcept OSError: pass"},
    ),
    "calls home": (
        Code.NETWORK,
        {
            "answering": """
import urllib.request
try: urllib.request.urlopen('http://192.0.2.1/model', timeout=1)
except OSError: pass
"""
        },
    ),
    "a path of the author's": (
        Code.ABSOLUTE_PATH,
        {"asking": "model = '/home/team/models/best'"},
    ),
    "answers by lot": (
        Code.NOT_REPEATABLE,
        {"answering": "import random\nfor a in answers: a['answer'] = random.choice('ABCD')"},
    ),
    "leaves a helper running": (
        Code.LEFT_RUNNING,
        {
            "asking": """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(6000)
"""
        },
    ),
}
"""By what was done: the one code that must be found."""


def plant(name: str, folder: Path) -> Path:
    """The entry of that name in CHANGED, or in REMOVED."""
    if name in REMOVED:
        made = entry(folder)
        REMOVED[name][1](made)
        return made
    return entry(folder, **CHANGED[name][1])


REMOVED: dict[str, tuple[Code, Callable[[Path], None]]] = {
    "no answer agent": (
        Code.MISSING_AGENT,
        lambda folder: (folder / "agents" / "answer_agent.py").unlink(),
    )
}
CODES = {name: code for name, (code, _) in (CHANGED | REMOVED).items()}  # type: ignore[operator]
