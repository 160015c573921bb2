"""Questions written by a language model, and what of them is fit to be asked.

In: a model that writes JSON held to a schema, solvers that answer independently, topics. Out: the
questions that survive, and how many fell to which check. A grammar makes every reply that is
finished JSON of the official shape; whether it is a good question is for the checks:

    invalid      cut off at the token limit, or refused by the official filter
    over budget  more tokens than the official filter allows
    off topic    the model itself put it under another topic than it was asked for
    duplicate    a near-duplicate of an earlier one, by the measure of `data.likeness`
    ambiguous    the solvers do not all choose one choice with a probability of SURE
    wrong key    they all do, and it is not the key
    given away   they all choose the key as surely when they are not shown the question

Never: a question whose key only the model vouches for; a key shown to a solver. Solvers that were
not trained with the writer say more: one that is the writer's own base shares its errors, and of
nonsense with a random key it agrees with a quarter.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from underdog.agents.reasoner import Writes
from underdog.data.likeness import read_wordings, same_question
from underdog.errors import InputError, ProtocolError
from underdog.inference.server.engine import Sampling
from underdog.inference.writer import Written
from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question
from underdog.protocol.filters import CHOICES, Fault, filter_question
from underdog.protocol.official import read_question, write_question
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.progress import SILENT, Progress

Solve = Callable[[Sequence[Question]], Sequence[Prediction]]
"""One prediction per question without a key."""
SURE = 0.5
"""Least probability that a solver gives its choice: more than all others together."""
ALIKE = 0.6
"""Threshold of `data.likeness`, as in a build of a question set."""
QUESTION, CHOICE, EXPLANATION = 180, 40, 100
"""Most characters of each text. With four choices that is some 110 tokens of English in what the
official filter counts, of 144 allowed."""
FIELDS = ("topic", "question", "choices", "answer", "explanation")
"""In the order in which they are written: the key after the choices that it names."""
SOURCE = "model"
ASKING = '^[A-Z][^\n"\\\\]{10,%d}[?]$'
"""What the text of a question looks like: one sentence that asks."""
UNASKED = "Which of these is right?"
"""Stands in for the question when only the choices are shown."""


class Fate(StrEnum):
    """What became of a draft."""

    KEPT = "kept"
    INVALID = "invalid"
    OVER_BUDGET = "over budget"
    OFF_TOPIC = "off topic"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"
    WRONG_KEY = "wrong key"
    GIVEN_AWAY = "given away"


@dataclass(frozen=True, slots=True)
class WritingConfig:
    """How much is written, and how."""

    topics: tuple[str, ...]
    """At least one."""
    drafts: int = 40
    """Per topic, at least 1; few survive a small model."""
    seed: int = 0
    temperature: float = 0.8
    """Of drawing tokens; 0 would write one question again and again."""
    max_tokens: int | None = None
    """Of a draft; None: what the model's context leaves, since the schema bounds every text."""
    batch: int = 16
    """Drafts written together, at least 1."""

    def __post_init__(self) -> None:
        if not self.topics or self.drafts < 1 or self.batch < 1:
            raise InputError("at least one topic, draft and draft at a time", got=f"{self}"[:200])


class Harvest(NamedTuple):
    """What survived, in the order written, and the number of drafts by fate."""

    questions: tuple[Question, ...]
    fates: Mapping[str, int]

    def sentence(self) -> str:
        """Such as "160 drafts: 12 kept, 140 ambiguous, 8 wrong key"."""
        told = ", ".join(f"{self.fates[fate]} {fate}" for fate in Fate if self.fates.get(fate))
        return f"{sum(self.fates.values())} drafts: {told}"


def schema_of(topics: Sequence[str]) -> str:
    """The JSON schema of one official question on one of these topics."""

    def text(most: int, least: int) -> dict[str, object]:
        return {"type": "string", "minLength": least, "maxLength": most}

    parts: dict[str, object] = {
        "topic": {"enum": list(dict.fromkeys(topics))},
        "question": {"type": "string", "pattern": ASKING % (QUESTION - 2)},
        "choices": {
            "type": "array",
            "items": text(CHOICE, 1),
            "minItems": CHOICES,
            "maxItems": CHOICES,
        },
        "answer": {"enum": list(LETTERS[:CHOICES])},
        "explanation": text(EXPLANATION, 0),
    }
    return json.dumps(
        {
            "type": "object",
            "properties": parts,
            "required": list(parts),
            "additionalProperties": False,
        }
    )


def prompt_of(topic: str, examples: Sequence[Question]) -> str:
    """A request in words, then examples as lines of JSON, so that a model that was never taught to
    follow requests goes on with the next line.
    """
    request = (
        "Hard multiple-choice questions as JSON, one per line. Each has four different choices, "
        f"of which exactly one is right. The topic of the next one is {json.dumps(topic)}."
    )
    lines = [request]
    for each in examples:
        message = write_question(each, Presentation.identity(len(each.choices)))
        message |= {"choices": list(each.choices)}
        lines.append(json.dumps({name: message[name] for name in FIELDS}, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def write_questions(
    config: WritingConfig,
    writer: Writes,
    solvers: Sequence[Solve],
    *,
    examples: Mapping[str, Sequence[Question]] | None = None,
    count_tokens: CountTokens = estimate_tokens,
    progress: Progress = SILENT,
) -> Harvest:
    """Write and check; equal models, seeds and examples give equal questions.

    `examples` are shown by topic. InputError without a solver, or where the model cannot take the
    prompt.
    """
    if not solvers:
        raise InputError("at least one solver to agree on keys", got="none")
    drafts: list[_Draft] = []
    progress.begin("questions by a model", config.drafts * len(config.topics))
    for topic in config.topics:
        shown = (examples or {}).get(topic, ())
        replies = _written(config, writer, topic, shown, progress)
        drafts += [_Draft(*_read(each, topic, count_tokens)) for each in replies]
    progress.end()
    places = [place for place, each in enumerate(drafts) if each.question is not None]
    _drop_alike(drafts, places)
    _drop_disputed(drafts, places, solvers)
    kept = tuple(each.question for each in drafts if each.fate is Fate.KEPT and each.question)
    return Harvest(kept, dict(Counter(each.fate.value for each in drafts)))


@dataclass(slots=True)
class _Draft:
    question: Question | None
    fate: Fate


def _written(
    config: WritingConfig,
    writer: Writes,
    topic: str,
    examples: Sequence[Question],
    progress: Progress,
) -> list[Written]:
    """Every draft has a seed of its own, so that sizes of batches change nothing."""
    first = config.topics.index(topic) * config.drafts
    sampling = [
        Sampling(
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            seed=config.seed * 1_000_003 + first + number,
            schema=schema_of(config.topics),
        )
        for number in range(config.drafts)
    ]
    prompt = prompt_of(topic, examples)
    found: list[Written] = []
    while len(found) < len(sampling):
        part = sampling[len(found) : len(found) + config.batch]
        fresh = writer.write([prompt] * len(part), part)
        fault = next((each.fault for each in fresh if each.fault is not None), None)
        if fault is not None:
            raise fault
        found += fresh
        progress.advance(len(fresh))
    return found


def _read(written: Written, topic: str, count_tokens: CountTokens) -> tuple[Question | None, Fate]:
    """The question as it would be asked, or what is wrong with it."""
    try:
        value = json.loads(written.text) if written.whole else None
        question = replace(read_question(value), source=SOURCE)
    except (ValueError, ProtocolError):
        return None, Fate.INVALID
    if question.answer is None or len(question.choices) != CHOICES:
        return None, Fate.INVALID
    message = write_question(question, Presentation.identity(CHOICES))
    finding = filter_question(message, count_tokens).finding
    if finding is not None:
        long = finding.fault is Fault.TOO_LONG
        return None, Fate.OVER_BUDGET if long else Fate.INVALID
    if question.topic != topic:
        return None, Fate.OFF_TOPIC
    return question, Fate.KEPT


def _drop_alike(drafts: list[_Draft], places: list[int]) -> None:
    """Later near-duplicates of earlier ones; `places` keeps the others."""
    questions = [each for place in places if (each := drafts[place].question) is not None]
    if len(questions) < 2:
        return
    pairs = np.stack(np.triu_indices(len(questions), k=1), axis=1)
    alike = same_question(read_wordings(questions), pairs, ALIKE)
    ids = np.asarray([each.id for each in questions])
    alike |= ids[pairs[:, 0]] == ids[pairs[:, 1]]
    gone: set[int] = set()
    for one, other in pairs[alike].tolist():
        if one not in gone:
            gone.add(other)
    for number in gone:
        drafts[places[number]].fate = Fate.DUPLICATE
    places[:] = [place for number, place in enumerate(places) if number not in gone]


def _drop_disputed(drafts: list[_Draft], places: Sequence[int], solvers: Sequence[Solve]) -> None:
    questions = [each for place in places if (each := drafts[place].question) is not None]
    if not questions:
        return
    bare = [replace(each, answer=None, explanation="", topic="") for each in questions]
    blind = [replace(each, text=UNASKED) for each in bare]
    answers = [solve(bare) for solve in solvers]
    guesses = [solve(blind) for solve in solvers]
    for number, place in enumerate(places):
        key = {questions[number].answer}
        choices = {_sure_choice(each[number]) for each in answers}
        if len(choices) != 1 or None in choices:
            drafts[place].fate = Fate.AMBIGUOUS
        elif choices != key:
            drafts[place].fate = Fate.WRONG_KEY
        elif {_sure_choice(each[number]) for each in guesses} == key:
            drafts[place].fate = Fate.GIVEN_AWAY


def _sure_choice(prediction: Prediction) -> int | None:
    """The solver's choice; None where it has none, or is not sure of it. A solver that gives no
    probabilities is taken at its word.
    """
    if prediction.choice is None or prediction.log_probs is None:
        return prediction.choice
    sure = prediction.log_probs[prediction.choice] >= np.log(SURE)
    return prediction.choice if sure else None
