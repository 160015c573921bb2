"""Open questions about a world that is not: names from syllables, so that no two are alike."""

import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from underdog.data.answers.wordlist import word_list
from underdog.data.open_question import OpenQuestion

ONSETS = word_list("b d f g k l m n p r s t v z br dr gr kr pl st tr")
NUCLEI, CODAS = "aeiou", "lmnrstx"


def make_name(rng: random.Random, syllables: int = 3) -> str:
    """A word such as "Drabelon"."""
    parts = [rng.choice(ONSETS) + rng.choice(NUCLEI) for _ in range(syllables)]
    return ("".join(parts) + rng.choice(CODAS)).capitalize()


def make_names(seed: int, count: int) -> list[str]:
    """Names that differ in their first four letters."""
    rng, found = random.Random(seed), {}
    while len(found) < count:
        name = make_name(rng)
        found.setdefault(name[:4], name)
    return list(found.values())


def make_questions(count: int, seed: int = 0) -> list[OpenQuestion]:
    """`count` questions in turn about capitals, writers, years and numbers of pages."""
    rng = random.Random(seed)
    names = make_names(seed, count)
    asked = []
    for at, name in enumerate(names):
        other = make_name(rng, 2)
        text, answer = (
            (f"What is the capital of the country of {other}ia?", name),
            (f"Who wrote the novel The Tower of {other}?", f"{make_name(rng, 2)} {name}"),
            (f"In what year was the town of {other} founded?", str(rng.randint(1500, 2010))),
            (f"How many pages does the book called {other} have?", str(rng.randint(20, 900))),
        )[at % 4]
        asked.append(OpenQuestion("made-up.csv", at + 1, text, answer, topic=f"topic {at % 3}"))
    return asked


class Parcelled:
    """An engine that sends everything through pickle, as processes and clusters do."""

    def map(
        self, function: Callable[[Any, Any], Any], blocks: Sequence[Any], shared: Any
    ) -> Iterator[Any]:
        """One block after another, the last one first."""
        task = pickle.dumps((function, shared))
        results = []
        for block in reversed(blocks):
            work, value = pickle.loads(task)
            results.append(pickle.loads(pickle.dumps(work(block, value))))
        return iter(reversed(results))
