"""Questions written by a model, and the checks that they have to pass."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from fakes import numbered_questions
from underdog.agents.question_writer import (
    UNASKED,
    Fate,
    Solve,
    WritingConfig,
    prompt_of,
    schema_of,
    write_questions,
)
from underdog.errors import InputError
from underdog.inference.server.engine import Prompt, Sampling
from underdog.inference.writer import Written
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.filters import filter_question
from underdog.protocol.official import write_question
from underdog.protocol.tokens import estimate_tokens

CAPITALS = {
    "Peru": "Lima", "France": "Paris", "Japan": "Tokyo", "Kenya": "Nairobi", "Norway": "Oslo",
    "Cuba": "Havana", "Egypt": "Cairo", "Chile": "Santiago",
}  # fmt: skip


def draft(country: str, *, key: str | None = None, topic: str = "geography", more: str = "") -> str:
    cities = list(CAPITALS.values())
    own = cities.index(CAPITALS[country])
    choices = [cities[(own + step) % len(cities)] for step in range(4)]
    wanted = CAPITALS[country] if key is None else key
    value = {
        "topic": topic,
        "question": f"Which city is the capital of {country}?{more}",
        "choices": choices,
        "answer": "ABCD"[choices.index(wanted)],
        "explanation": "",
    }
    return json.dumps(value)


class Script:
    """A model that writes what it is told to, in turn; and remembers what it was asked."""

    def __init__(self, *texts: str | Written) -> None:
        self.texts = [each if isinstance(each, Written) else Written(each, True) for each in texts]
        self.asked: list[tuple[Prompt, Sampling]] = []

    def write(
        self,
        prompts: Sequence[Prompt],
        sampling: Sequence[Sampling],
        *,
        more: Callable[[], bool] = lambda: True,
    ) -> list[Written]:
        assert more()
        start = len(self.asked)
        self.asked += zip(prompts, sampling, strict=True)
        return self.texts[start : len(self.asked)]


def knows(*but: str, sure: float = 0.9, likes: str = "nothing") -> Solve:
    """A solver that knows every capital but these; without a question it takes what it likes."""

    def solve(questions: Sequence[Question]) -> list[Prediction]:
        found = []
        for each in questions:
            assert each.answer is None
            assert each.explanation == ""
            if each.text == UNASKED:
                choice = each.choices.index(likes) if likes in each.choices else 0
                certain = sure if likes in each.choices else 0.3
            else:
                country = each.text.partition(" of ")[2].partition("?")[0]
                right = each.choices.index(CAPITALS[country])
                choice, certain = (right + 1) % 4 if country in but else right, sure
            rest = (1 - certain) / 3
            logs = tuple(math.log(certain if place == choice else rest) for place in range(4))
            order = Presentation.identity(4)
            found.append(Prediction(each.id, order, Outcome.CLEAN, choice, logs))
        return found

    return solve


def test_good_questions_survive_and_each_fault_is_counted() -> None:
    """One draft per fate, with two solvers: three are kept, in the order written."""
    script = Script(
        draft("Peru"),
        draft("Japan"),
        Written('{"topic": "geog', False),
        Written("[]", True),
        draft("France", topic="arts"),
        draft("Norway", more=" why" * 150),
        draft("Peru", more=" "),
        draft("Kenya", key="Havana"),
        draft("Egypt"),
        draft("Chile"),
        draft("Cuba"),
    )
    config = WritingConfig(("geography",), drafts=11, batch=4)
    found = write_questions(config, script, [knows(), knows("Egypt")])
    assert [each.answer_text for each in found.questions] == ["Lima", "Tokyo", "Santiago", "Havana"]
    assert found.fates == {
        Fate.KEPT: 4,
        Fate.INVALID: 2,
        Fate.OFF_TOPIC: 1,
        Fate.OVER_BUDGET: 1,
        Fate.DUPLICATE: 1,
        Fate.WRONG_KEY: 1,
        Fate.AMBIGUOUS: 1,
    }
    assert found.sentence() == (
        "11 drafts: 4 kept, 2 invalid, 1 over budget, 1 off topic, 1 duplicate, 1 ambiguous, "
        "1 wrong key"
    )
    for each in found.questions:
        message = write_question(each, Presentation.identity(4))
        assert filter_question(message, estimate_tokens).finding is None


def test_a_solver_that_is_not_sure_makes_a_question_ambiguous() -> None:
    """All must choose the key with a probability of a half."""
    config = WritingConfig(("geography",), drafts=1)
    (fate,) = write_questions(config, Script(draft("Peru")), [knows(), knows(sure=0.49)]).fates
    assert fate == Fate.AMBIGUOUS
    (fate,) = write_questions(config, Script(draft("Peru")), [knows(), knows(sure=0.51)]).fates
    assert fate == Fate.KEPT


def test_a_key_that_all_find_without_the_question_gives_itself_away() -> None:
    """One solver that has to read the question is enough to keep it."""
    config = WritingConfig(("geography",), drafts=1)
    found = write_questions(config, Script(draft("Peru")), [knows(likes="Lima")] * 2)
    assert found.fates == {Fate.GIVEN_AWAY: 1}
    found = write_questions(config, Script(draft("Peru")), [knows(likes="Lima"), knows()])
    assert found.fates == {Fate.KEPT: 1}


def test_every_draft_has_a_seed_of_its_own_and_is_held_to_the_schema() -> None:
    """Batches of any size ask for the same drafts."""
    asked = []
    for batch in (1, 3):
        script = Script(*[draft(each) for each in [*CAPITALS][:4] * 2])
        config = WritingConfig(("geography", "arts"), drafts=4, seed=5, batch=batch)
        write_questions(config, script, [knows()])
        asked.append(script.asked)
    assert asked[0] == asked[1]
    seeds = [each.seed for _, each in asked[0]]
    assert all(one is not None and other == one + 1 for one, other in pairwise(seeds))
    assert {each.schema for _, each in asked[0]} == {schema_of(("geography", "arts"))}


def test_examples_are_lines_of_json_before_the_line_that_is_wanted() -> None:
    """With bare choices, the key after them, and the topic named in the request."""
    question = numbered_questions(1)[0]
    first, example, rest = prompt_of("arts", [question]).split("\n")
    assert '"arts"' in first
    assert rest == ""
    value = json.loads(example)
    assert list(value) == ["topic", "question", "choices", "answer", "explanation"]
    assert value["choices"] == list(question.choices)


def test_nobody_to_agree_and_nothing_to_write_are_refused() -> None:
    """A model alone does not vouch for its keys; a prompt that it cannot take is told."""
    with pytest.raises(InputError, match="at least one solver to agree on keys"):
        write_questions(WritingConfig(("arts",)), Script(), [])
    with pytest.raises(InputError, match="at least one topic, draft"):
        WritingConfig(())
    fault = InputError("a prompt of at most 9 tokens")
    with pytest.raises(InputError, match="at most 9 tokens"):
        write_questions(
            WritingConfig(("arts",), drafts=1), Script(Written("", False, fault)), [knows()]
        )


@pytest.mark.slow
def test_the_embedded_base_always_writes_valid_json() -> None:
    """Ten drafts by two million parameters: all are whole questions of the official shape, few or
    none are fit to be asked, and the counts say so.
    """
    from underdog.inference.score import score
    from underdog.inference.scorer import open_scorer
    from underdog.inference.writer import Writer

    scorer = open_scorer("tiny-base")
    config = WritingConfig(("geography",), drafts=10)
    found = write_questions(
        config,
        Writer(scorer),
        [lambda questions: score(questions, scorer)],
        examples={"geography": numbered_questions(1)},
    )
    assert sum(found.fates.values()) == 10
    assert found.fates.get(Fate.INVALID, 0) <= 2, "choices that do not differ are invalid, too"
