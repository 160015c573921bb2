"""Text from a resident model, several replies at a time, given up when time is.

In: prompts, how tokens are drawn (maybe held to a JSON schema), and whether there is time for one
more token. Out: the texts. Never: a clock, a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from underdog.errors import InputError
from underdog.inference.scorer import Scorer
from underdog.inference.server.engine import Delta, Finish, Generation, Prompt, Refused, Sampling
from underdog.inference.server.resident import ResidentEngine, Voice

_NAME = "writer"


class Written(NamedTuple):
    """A reply. `whole`: the model, a stop text or the schema ended it; not a limit, and not time.
    `fault` is set, and the text empty, where the prompt could not be taken.
    """

    text: str
    whole: bool
    fault: InputError | None = None


class Writer:
    """One model, with the adapter that its scorer names."""

    def __init__(self, scorer: Scorer) -> None:
        self._engine = ResidentEngine({_NAME: Voice(scorer)})

    def write(
        self,
        prompts: Sequence[Prompt],
        sampling: Sequence[Sampling],
        *,
        more: Callable[[], bool] = lambda: True,
    ) -> list[Written]:
        """One reply per prompt, in order, made together. `more` is asked before the prompts are
        read and before every further token; after its first False nothing more is made.
        """
        wanted = [
            Generation(number, prompt, each)
            for number, (prompt, each) in enumerate(zip(prompts, sampling, strict=True))
        ]
        parts: list[list[str]] = [[] for _ in wanted]
        whole, faults = [False] * len(wanted), dict[int, InputError]()

        def take(told: Sequence[Delta | Refused]) -> None:
            for each in told:
                if isinstance(each, Refused):
                    faults[each.key] = each.error
                    continue
                parts[each.key].append(each.text)
                whole[each.key] = each.finish is Finish.STOP

        try:
            if wanted and more():
                take(self._engine.start(_NAME, wanted))
            while self._engine.running() and more():
                take(self._engine.step(_NAME))
        finally:
            self._engine.drop(_NAME, [each.key for each in wanted])
        return [
            Written("".join(texts), whole[number], faults.get(number))
            for number, texts in enumerate(parts)
        ]
