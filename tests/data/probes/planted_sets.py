"""Question sets made of invented words: clean ones, and the same with a leak planted in each."""

from __future__ import annotations

import random
from collections.abc import Callable

from underdog.mcq.question import Question

TOPICS = 8
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def _word(rng: random.Random, syllables: int) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(syllables))


def _name(rng: random.Random) -> str:
    return f"{_word(rng, rng.randint(1, 3))} {_word(rng, rng.randint(2, 3))}".title()


def clean_set(count: int, seed: int, *, sizes: tuple[int, ...] = (4,)) -> list[Question]:
    """Questions whose choices are drawn alike and whose key is drawn among them: nothing leaks."""
    rng = random.Random(seed)
    words = [[_word(rng, 3) for _ in range(40)] for _ in range(TOPICS)]
    names = [sorted({_name(rng) for _ in range(60)}) for _ in range(TOPICS)]
    questions = []
    for number in range(count):
        topic = rng.randrange(TOPICS)
        text = " ".join(rng.sample(words[topic], 6)) + f" {number}?"
        size = rng.choice(sizes)
        choices = tuple(rng.sample(names[topic], size))
        questions.append(Question(text, choices, rng.randrange(size), topic=f"topic {topic}"))
    return questions


def _rewrite(question: Question, choices: list[str]) -> Question:
    return Question(question.text, tuple(choices), question.answer, topic=question.topic)


def _wrong(question: Question, change: Callable[[str], str]) -> Question:
    return _rewrite(
        question,
        [
            text if at == question.answer else change(text)
            for at, text in enumerate(question.choices)
        ],
    )


def longest_key(count: int, seed: int) -> list[Question]:
    """The key has a word more than the others."""
    return [
        _rewrite(
            each,
            [f"{text} Kavu" if at == each.answer else text for at, text in enumerate(each.choices)],
        )
        for each in clean_set(count, seed)
    ]


def small_letters(count: int, seed: int) -> list[Question]:
    """Wrong choices are written in small letters."""
    return [_wrong(each, str.lower) for each in clean_set(count, seed)]


def key_is_hub(count: int, seed: int) -> list[Question]:
    """Wrong choices are spelling mistakes of the key, each in another place."""
    rng = random.Random(seed)
    made = []
    for each in clean_set(count, seed):
        key = each.answer_text or ""
        places = iter(rng.sample(range(len(key)), 3))

        def misspell(_: str, key: str = key, places: object = places) -> str:
            at = next(places)  # type: ignore[call-overload]
            return f"{key[:at]}{rng.choice('aeioubdgk')}x{key[at + 1 :]}"

        made.append(_wrong(each, misspell))
    return made


def key_amid_numbers(count: int, seed: int) -> list[Question]:
    """Choices are numbers, the wrong ones on both sides of the key."""
    rng = random.Random(seed)
    made = []
    for each in clean_set(count, seed):
        key = rng.randrange(100, 900)
        steps = [-rng.randrange(1, 9), rng.randrange(1, 9), rng.choice((-10, 10))]
        wrong = iter(key + step for step in steps)
        numbers = [key if at == each.answer else next(wrong) for at in range(4)]
        made.append(_rewrite(each, [str(number) for number in numbers]))
    return made


def never_keys(count: int, seed: int) -> list[Question]:
    """Wrong choices come from a list of their own, so that none is right anywhere."""
    rng = random.Random(seed)
    others = sorted({_name(rng) for _ in range(200)})
    made = []
    for each in clean_set(count, seed):
        fresh = iter(rng.sample([name for name in others if name != each.answer_text], 3))
        made.append(_wrong(each, lambda _, fresh=fresh: next(fresh)))
    return made


def other_topics(count: int, seed: int) -> list[Question]:
    """Wrong choices are the keys of questions on other topics."""
    rng = random.Random(seed)
    clean = clean_set(count, seed)
    made = []
    for each in clean:
        wrong: list[str] = []
        while len(wrong) < 3:
            other = rng.choice(clean)
            key = other.answer_text or ""
            if other.topic != each.topic and key not in (*wrong, each.answer_text):
                wrong.append(key)
        fresh = iter(wrong)
        made.append(_wrong(each, lambda _, fresh=fresh: next(fresh)))
    return made
