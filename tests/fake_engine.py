"""An engine without a model: it repeats prompts letter by letter, when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from fakes import even_log_probs
from patience import PATIENCE_S
from underdog.errors import InputError
from underdog.inference.server.engine import Card, Delta, Finish, Generation, Refused
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question


class FakeEngine:
    """Answers every question with its last choice, and every prompt with the prompt.

    Each call waits for `gate` and is noted in `passes` as (kind, how many). A question or prompt
    that holds "poison" fails the whole pass; a prompt that holds "refuse" is refused alone.
    """

    def __init__(self, names: Sequence[str] = ("fake",)) -> None:
        self.names = tuple(names)
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.passes: list[tuple[str, int]] = []
        self.dropped: list[int] = []
        self._left: dict[str, dict[int, tuple[str, int]]] = {name: {} for name in names}

    @property
    def cards(self) -> Mapping[str, Card]:
        return {name: Card(generates=name != "answers-only", context=64) for name in self.names}

    def answer(self, model: str, questions: Sequence[Question]) -> Sequence[Prediction]:
        self._pass("answer", len(questions))
        if any("poison" in each.text for each in questions):
            raise ArithmeticError("poisoned")
        return [
            Prediction(
                each.id,
                Presentation.identity(len(each.choices)),
                Outcome.CLEAN,
                len(each.choices) - 1,
                even_log_probs(len(each.choices)),
            )
            for each in questions
        ]

    def start(self, model: str, wanted: Sequence[Generation]) -> Sequence[Delta | Refused]:
        self._pass("start", len(wanted))
        if any("poison" in str(each.prompt) for each in wanted):
            raise ArithmeticError("poisoned")
        told: list[Delta | Refused] = []
        for each in wanted:
            if "refuse" in str(each.prompt):
                told.append(Refused(each.key, InputError("a shorter prompt", got="this one")))
                continue
            limit = each.sampling.max_tokens or 0
            self._left[model][each.key] = (str(each.prompt)[:limit], 0)
            told.append(self._next(model, each.key))
        return told

    def step(self, model: str) -> Sequence[Delta]:
        keys = list(self._left[model])
        self._pass("step", len(keys))
        return [self._next(model, key) for key in keys]

    def running(self) -> Mapping[str, Collection[int]]:
        return {name: tuple(left) for name, left in self._left.items() if left}

    def drop(self, model: str, keys: Collection[int]) -> None:
        for key in keys:
            if self._left[model].pop(key, None) is not None:
                self.dropped.append(key)

    def _next(self, model: str, key: int) -> Delta:
        text, made = self._left[model][key]
        done = made + 1 >= len(text)
        if done:
            del self._left[model][key]
        else:
            self._left[model][key] = (text, made + 1)
        return Delta(
            key, text[made : made + 1], (), len(text), made + 1, Finish.LENGTH if done else None
        )

    def _pass(self, kind: str, size: int) -> None:
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        self.passes.append((kind, size))
