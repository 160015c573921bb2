"""The embedded facts: valid, sourced, known ones right, nothing contradicts."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from underdog.data.bank.facts import (
    COLUMNS,
    Fact,
    Relation,
    fill,
    load_facts,
    load_relations,
    parse_facts,
    parse_relations,
)
from underdog.errors import SourceError

FACTS = load_facts()
RELATIONS = load_relations()
OBJECT = {(fact.relation, fact.subject): fact.object for fact in FACTS}

KNOWN = [
    ("capital", "France", "Paris"),
    ("capital", "Australia", "Canberra"),
    ("currency", "Japan", "yen"),
    ("continent", "Kenya", "Africa"),
    ("element_symbol", "oxygen", "O"),
    ("element_symbol", "gold", "Au"),
    ("atomic_number", "carbon", "6"),
    ("element_discoverer", "radium", "Marie Curie"),
    ("compound_formula", "sulfuric acid", "H2SO4"),
    ("star_constellation", "Betelgeuse", "Orion"),
    ("moon_planet", "Titan", "Saturn"),
    ("messier_constellation", "Messier 31", "Andromeda"),
    ("number_word", "seven in Spanish", "siete"),
    ("weekday_word", "Friday in German", "Freitag"),
    ("country_abroad", "Germany in French", "Allemagne"),
    ("http_status", "404", "Not Found"),
    ("service_port", "HTTPS", "443"),
    ("acronym", "RAM", "Random-access memory"),
    ("battle_year", "the Battle of Hastings", "1066"),
    ("battle_year", "the Battle of Waterloo", "1815"),
    ("birth_year", "Albert Einstein", "1879"),
    ("death_year", "Wolfgang Amadeus Mozart", "1791"),
    ("president_number", "Abraham Lincoln", "16"),
    ("profession", "Vincent van Gogh", "a painter"),
    ("deity_mythology", "Thor", "Norse"),
    ("roman_counterpart", "Zeus", "Jupiter"),
    ("codon_amino_acid", "AUG", "methionine"),
    ("us_state_capital", "Texas", "Austin"),
    ("us_statehood_year", "Hawaii", "1959"),
    ("airport_city", "LHR", "London"),
    ("landmark_country", "Mount Fuji", "Japan"),
    ("city_country", "Osaka", "Japan"),
    ("unit_quantity", "pascal", "pressure"),
    ("unit_symbol", "hertz", "Hz"),
    ("prefix_factor", "giga", "a billion"),
    ("prefix_symbol", "kilo", "k"),
    ("instrument_family", "oboe", "woodwind"),
    ("interval_semitones", "perfect fifth", "7"),
    ("key_signature", "D major", "two sharps"),
    ("score_term", "rallentando", "slowing down"),
]


def test_the_bank_is_large_and_broad() -> None:
    """The bank holds at least 3,500 facts, 14 relations and 11 topics."""
    assert len(FACTS) >= 3_500
    assert len({fact.relation for fact in FACTS}) >= 14
    assert len({RELATIONS[fact.relation].topic for fact in FACTS}) >= 11


def test_no_relation_dominates() -> None:
    """No relation holds more than 15 % of the facts."""
    (_, most), *_ = Counter(fact.relation for fact in FACTS).most_common(1)
    assert most / len(FACTS) <= 0.15


def test_every_relation_is_used_and_every_fact_is_worded() -> None:
    """facts.csv and relations.toml name the same relations."""
    assert {fact.relation for fact in FACTS} == set(RELATIONS)


def test_every_fact_names_its_source_and_licence() -> None:
    """Source (with a version) and licence are present in every row."""
    assert all(fact.source and fact.licence for fact in FACTS)
    assert all(re.search(r"\d", fact.source) for fact in FACTS)


def test_few_facts_are_unchecked() -> None:
    """At most 5 % of the facts have no second source."""
    unchecked = sum(1 for fact in FACTS if not fact.checked_against)
    assert unchecked / len(FACTS) <= 0.05


def test_no_subject_has_two_objects() -> None:
    """Every relation in the bank is a function: a subject occurs once, so facts cannot clash."""
    folded = Counter((fact.relation, fact.subject.casefold()) for fact in FACTS)
    assert [place for place, count in folded.items() if count > 1] == []


def test_keys_tell_subjects_apart() -> None:
    """Two facts have different keys, because they differ in subject or relation."""
    assert len({fact.key for fact in FACTS}) == len(FACTS)


def test_the_key_is_stable() -> None:
    """The key depends on relation and subject only, and stays as it is pinned here."""
    paris = Fact("France", "capital", "Paris", "", "a 1", "MIT", "")
    lyon = Fact("France", "capital", "Lyon", "Europe", "b 2", "BSD", "x")
    assert paris.key == lyon.key == "capital-3c48c906c240"


def test_inverse_relations_are_functions_both_ways() -> None:
    """Where a relation says inverse, at least nine in ten objects belong to one subject."""
    for name in (n for n, r in RELATIONS.items() if r.inverse):
        objects = Counter(fact.object for fact in FACTS if fact.relation == name)
        assert sum(1 for c in objects.values() if c == 1) >= 0.9 * len(objects), name


def test_every_relation_has_enough_objects_for_four_choices() -> None:
    """Each relation offers at least four different objects."""
    for name in RELATIONS:
        assert len({f.object for f in FACTS if f.relation == name}) >= 4, name


def test_years_and_numbers_are_whole_numbers() -> None:
    """Objects of numeric relations are digits, years four of them."""
    for fact in FACTS:
        kind = RELATIONS[fact.relation].answer_kind
        if kind == "year":
            assert re.fullmatch(r"\d{4}", fact.object), fact
        if kind == "number":
            assert re.fullmatch(r"\+?\d+", fact.object), fact


def test_answers_are_short() -> None:
    """Nineteen objects in twenty have at most four words, none has more than eight."""
    words = [len(fact.object.split()) for fact in FACTS]
    assert max(words) <= 8
    assert sum(1 for count in words if count <= 4) / len(words) >= 0.95


@pytest.mark.parametrize(("relation", "subject", "answer"), KNOWN)
def test_well_known_facts_are_right(relation: str, subject: str, answer: str) -> None:
    """Facts that any reader can verify are in the bank, with the right answer."""
    assert OBJECT[relation, subject] == answer


def test_fill_capitalises_the_first_letter_only() -> None:
    """A sentence that opens with a name gets a capital; the rest is left alone."""
    text = fill("{subject} is in {object}.", subject="the Isle of Skye", object_="eBay")
    assert text == "The Isle of Skye is in eBay."


def test_a_wrong_header_is_named() -> None:
    """A CSV file with other columns is refused with both headers in the message."""
    with pytest.raises(SourceError, match="subject,relation,object"):
        parse_facts(["a,b", "1,2"])


def test_a_short_row_is_located() -> None:
    """A row with too few columns is refused with its line number."""
    with pytest.raises(SourceError, match="line 2"):
        parse_facts([",".join(COLUMNS), "only,three,columns"])


@pytest.mark.parametrize("bad", ["", " x", "a  b", "Lima (Peru)", "{x}"])
def test_a_fact_with_untidy_text_is_refused(bad: str) -> None:
    """Empty, untrimmed or bracketed text never becomes a fact."""
    with pytest.raises(SourceError):
        Fact(bad, "capital", "Paris", "", "a 1", "MIT", "")


def test_a_wording_without_its_blank_is_refused() -> None:
    """A statement that forgets {object} is refused with the wording in the message."""
    with pytest.raises(SourceError, match="no object here"):
        Relation(
            name="r",
            topic="t",
            answer_kind="place",
            inverse=False,
            statements=("{subject}: no object here", "b", "c", "d"),
            questions=("1 {subject}", "2 {subject}", "3 {subject}", "4 {subject}"),
            inverse_questions=(),
        )


def test_a_relation_with_a_missing_key_is_refused() -> None:
    """A table without all six keys is refused by the relation's name."""
    with pytest.raises(SourceError, match="relation capital"):
        parse_relations('[capital]\ntopic = "geography"\n')
