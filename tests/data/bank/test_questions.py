"""Questions made from facts: one right choice, fair choices, a pure function of facts and seed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.bank.facts import Fact, Relation, load_facts, load_relations
from underdog.data.bank.questions import (
    BankQuestion,
    bare,
    four_choice_questions,
    open_questions,
)
from underdog.errors import InputError

FACTS = load_facts()
RELATIONS = load_relations()
BY_KEY = {fact.key: fact for fact in FACTS}
QUESTIONS = four_choice_questions(FACTS, RELATIONS, seed=0, per_fact=3)
OPEN = open_questions(FACTS, RELATIONS)

BORDERS = Relation(
    name="borders",
    topic="geography",
    answer_kind="place",
    inverse=False,
    statements=tuple(f"{{subject}} {verb} {{object}}." for verb in ("meets", "joins", "b", "c")),
    questions=tuple(f"{word} borders {{subject}}?" for word in ("Who", "What", "Which", "Name")),
    inverse_questions=(),
)


def _wide(objects: dict[str, list[str]]) -> list[Fact]:
    """Facts of the many-to-many relation `borders`."""
    return [
        Fact(subject, "borders", other, "", "made up 1", "CC0-1.0", "")
        for subject, others in objects.items()
        for other in others
    ]


def _true_texts(asked: BankQuestion) -> set[str]:
    """Every text that is a right answer to the question, according to the bank."""
    fact = BY_KEY[asked.group]
    same = [f for f in FACTS if f.relation == asked.relation]
    if asked.inverse:
        return {bare(f.subject) for f in same if bare(f.object) == bare(fact.object)}
    return {bare(f.object) for f in same if bare(f.subject) == bare(fact.subject)}


def test_exactly_one_choice_is_right() -> None:
    """Of the choices of a question, the key and nothing else is true."""
    for asked in random.Random(1).sample(QUESTIONS, 1_500):
        true = _true_texts(asked)
        right = [i for i, text in enumerate(asked.question.choices) if bare(text) in true]
        assert right == [asked.question.answer]


def test_choices_differ_in_more_than_case_and_article() -> None:
    """Four choices, all different after folding case and articles."""
    for asked in QUESTIONS:
        assert len({bare(text) for text in asked.question.choices}) == 4


def test_every_fact_is_asked() -> None:
    """Every fact of the bank yields the wordings asked for."""
    assert Counter(asked.group for asked in QUESTIONS) == dict.fromkeys(BY_KEY, 3)


def test_a_question_is_asked_once() -> None:
    """No two questions share text and choices."""
    assert len({asked.question.id for asked in QUESTIONS}) == len(QUESTIONS)


def test_the_key_is_at_every_place_equally_often() -> None:
    """The counts of the four key positions differ by at most one."""
    counts = Counter(asked.question.answer for asked in QUESTIONS)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_rank_of_a_right_number_gives_nothing_away() -> None:
    """Among sorted numeric choices the key is at each rank in 20 % to 30 % of the questions."""
    ranks: Counter[int] = Counter()
    for asked in QUESTIONS:
        if RELATIONS[asked.relation].numeric and not asked.inverse:
            values = sorted(asked.question.choices, key=int)
            ranks[values.index(asked.question.answer_text or "")] += 1
    assert all(0.2 <= ranks[rank] / ranks.total() <= 0.3 for rank in range(4)), ranks


def test_frequent_answers_are_as_frequent_among_wrong_choices() -> None:
    """Picking the most common object of the relation is right in at most 30 % of the questions."""
    common: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in FACTS:
        common[fact.relation][fact.object] += 1
    asked = [a for a in QUESTIONS if not a.inverse and not RELATIONS[a.relation].numeric]
    hits = 0
    for one in asked:
        counts = common[one.relation]
        guess = max(one.question.choices, key=lambda text: (counts[text], text))
        hits += guess == one.question.answer_text
    assert hits / len(asked) <= 0.30


def test_the_order_of_the_facts_does_not_matter() -> None:
    """Shuffled facts give the same questions in the same order."""
    few = FACTS[::7]
    shuffled = random.Random(3).sample(few, len(few))
    first = four_choice_questions(few, RELATIONS, seed=5, per_fact=2)
    assert four_choice_questions(shuffled, RELATIONS, seed=5, per_fact=2) == first


def test_the_seed_matters() -> None:
    """Another seed gives other questions about the same facts."""
    few = FACTS[::7]
    first = four_choice_questions(few, RELATIONS, seed=5, per_fact=1)
    assert four_choice_questions(few, RELATIONS, seed=6, per_fact=1) != first


def test_questions_carry_topic_source_and_licence() -> None:
    """What the bank knows about a fact travels with its questions."""
    for asked in QUESTIONS[:500]:
        fact, question = BY_KEY[asked.group], asked.question
        assert question.topic == RELATIONS[asked.relation].topic
        assert (question.source, question.licence) == (fact.source, fact.licence)
        assert question.explanation


def test_questions_are_tidy() -> None:
    """No braces, no double space, a question mark or a full stop at the end."""
    for text in {asked.question.text for asked in QUESTIONS} | {one.text for one in OPEN}:
        assert not set("{}") & set(text)
        assert "  " not in text
        assert text[-1] in "?."
        assert not text[0].islower()


def test_a_question_does_not_hold_its_answer() -> None:
    """In at most 3 % of the open questions is the answer a word of the question."""
    leaks = [one for one in OPEN if f" {one.answer.casefold()} " in f" {one.text.casefold()[:-1]} "]
    assert len(leaks) / len(OPEN) <= 0.03


def test_open_questions_use_every_wording() -> None:
    """A fact with one answer is asked in all its wordings, inverse ones included."""
    oxygen = [one for one in OPEN if one.relation == "element_symbol" and one.answer == "oxygen"]
    assert len(oxygen) == len(RELATIONS["element_symbol"].inverse_questions)
    assert all(one.inverse for one in oxygen)


def test_inverse_questions_have_one_answer() -> None:
    """An object that belongs to two subjects is never asked backwards."""
    asked = defaultdict(set)
    for one in OPEN:
        if one.inverse:
            asked[one.text].add(one.answer)
    assert all(len(answers) == 1 for answers in asked.values())


def test_a_second_true_object_is_never_a_wrong_choice() -> None:
    """With many-to-many facts, neighbours of the subject are not offered as wrong."""
    truth = {"A": ["B", "C", "D"], "E": ["F", "G", "H"], "I": ["B", "K", "L"]}
    made = four_choice_questions(_wide(truth), {"borders": BORDERS}, seed=1, per_fact=4)
    assert made
    for asked in made:
        subject = asked.question.text.split(" ")[2].rstrip("?")
        wrong = set(asked.question.choices) - {asked.question.answer_text}
        assert not wrong & set(truth[subject])


def test_facts_of_one_subject_share_a_group() -> None:
    """All objects of one subject are in one group, so no split can separate them."""
    truth = {"A": ["B", "C"], "E": ["F", "G", "H"], "I": ["K"]}
    made = four_choice_questions(_wide(truth), {"borders": BORDERS}, seed=1, per_fact=2)
    about_a = {asked.group for asked in made if "A" in asked.question.text.split("borders")[1]}
    assert len(about_a) == 1
    assert len({asked.group for asked in made}) == 3


def test_open_questions_skip_subjects_with_several_answers() -> None:
    """A question that two texts answer rightly is not asked without choices."""
    made = open_questions(_wide({"A": ["B", "C"], "E": ["F"]}), {"borders": BORDERS})
    assert {one.answer for one in made} == {"F"}


def test_too_few_objects_give_no_question() -> None:
    """A relation with three objects cannot fill four choices, so it is left out."""
    made = four_choice_questions(
        _wide({"A": ["B"], "C": ["D"], "E": ["F"]}), {"borders": BORDERS}, seed=1, per_fact=1
    )
    assert made == ()


@pytest.mark.parametrize(("per_fact", "choices"), [(0, 4), (1, 1)])
def test_impossible_numbers_are_refused(per_fact: int, choices: int) -> None:
    """No wording or a single choice is an input error."""
    with pytest.raises(InputError, match="at least one wording"):
        four_choice_questions(FACTS[:9], RELATIONS, seed=0, per_fact=per_fact, choices=choices)


@settings(max_examples=25, deadline=None)
@given(
    truth=st.dictionaries(
        st.sampled_from("ABCDEFGH"),
        st.lists(st.sampled_from("MNOPQRSTUVW"), min_size=1, max_size=4, unique=True),
        min_size=1,
    ),
    seed=st.integers(0, 2**32),
    choices=st.integers(2, 5),
)
def test_any_small_world_gives_fair_questions(
    truth: dict[str, list[str]], seed: int, choices: int
) -> None:
    """For any facts: the right number of different choices, one of them true, keys balanced."""
    made = four_choice_questions(
        _wide(truth), {"borders": BORDERS}, seed=seed, per_fact=2, choices=choices
    )
    for asked in made:
        subject = asked.question.text.split(" ")[2].rstrip("?")
        assert len(set(asked.question.choices)) == choices
        assert len(set(asked.question.choices) & set(truth[subject])) == 1
    places = Counter(asked.question.answer for asked in made)
    counts = [places[place] for place in range(choices)]
    assert max(counts) - min(counts) <= 1
