"""Thinking about a question in words, in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeClock
from underdog.agents.reasoner import Reasoner, prompt_of
from underdog.inference.pace import SAFETY
from underdog.inference.server.engine import Prompt, Sampling
from underdog.inference.writer import Written
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

PERU = Question("Capital of Peru?", ("Quito", "Lima", "Bogota", "La Paz"), None)


class SlowWriter:
    """Takes some seconds for the prompt and for each word, as long as it is let to."""

    def __init__(
        self, clock: FakeClock, seconds: Sequence[float], words: str = "it is Lima"
    ) -> None:
        self.clock, self.seconds, self.words = clock, list(seconds), words
        self.sampling: list[Sampling] = []

    def write(
        self,
        prompts: Sequence[Prompt],
        sampling: Sequence[Sampling],
        *,
        more: Callable[[], bool] = lambda: True,
    ) -> list[Written]:
        self.sampling += sampling
        made: list[str] = []
        for word, seconds in zip(self.words.split(), self.seconds * 99, strict=False):
            if not more():
                return [Written(" ".join(made), False)]
            self.clock.advance(seconds)
            made.append(word)
        return [Written(" ".join(made), True)]


def reasoner(clock: FakeClock, writer: SlowWriter, reading_s: float) -> Reasoner:
    def score(questions: Sequence[Question]) -> list[Prediction]:
        clock.advance(reading_s)
        return [
            Prediction(each.id, Presentation.identity(4), Outcome.CLEAN, 1) for each in questions
        ]

    return Reasoner(writer, score, clock, 20)


def test_the_question_is_read_again_with_what_was_written() -> None:
    """The likeliest words, up to the end of a line; none of them changes the choices."""
    clock = FakeClock()
    writer = SlowWriter(clock, [0.1])
    thought = reasoner(clock, writer, 0.1)(PERU, within_s=10.0)
    assert thought is not None
    assert thought.text == "it is Lima"
    assert thought.prediction is not None
    again = Question(f"{PERU.text}\nit is Lima", PERU.choices, None)
    assert thought.prediction.question_id == again.id
    assert writer.sampling == [Sampling(max_tokens=20, temperature=0.0, stop=("\n",))]
    assert prompt_of(PERU) == "Question: Capital of Peru?\nQuito\nLima\nBogota\nLa Paz\nReasoning:"


def test_no_word_is_no_thought() -> None:
    """White space says nothing."""
    clock = FakeClock()
    assert reasoner(clock, SlowWriter(clock, [0.1], ""), 0.1)(PERU, within_s=9.0) is None


@given(
    st.lists(st.floats(0.5, 1.0), min_size=1, max_size=5), st.floats(0.0, 2.0), st.floats(3.0, 40.0)
)
def test_a_thought_ends_in_time(tokens: list[float], reading_s: float, within_s: float) -> None:
    """Tokens whose times differ up to twofold, a reading that was measured before: over in time,
    with as many words as there was time for; what could not be read again in time is text only.
    """
    clock = FakeClock()
    writer = SlowWriter(clock, tokens, " ".join(f"word{number}" for number in range(90)))
    think = reasoner(clock, writer, reading_s)
    think.pace.note([PERU], reading_s)
    begun = clock()
    thought = think(PERU, within_s=within_s)
    assert clock() - begun <= within_s
    assert SAFETY == 2.0
    assert thought is None or thought.text.startswith("word0")
