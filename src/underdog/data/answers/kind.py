"""What an answer is: its kind, its exact value where it has one, and the form it is written in.

In: nothing. Out: the values that `read` makes and that conversion draws by. Never: a judgement;
who decides the kind stands in `read`, who decides sameness in `same`.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple


class AnswerKind(StrEnum):
    """What an answer stands for. Exactly one per answer."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FRACTION = "fraction"
    PERCENT = "percent"
    MONEY = "money"
    QUANTITY = "quantity"
    """A number with a unit of measure: "5 km", "2 hours 30 minutes"."""
    YEAR = "year"
    DATE = "date"
    """A day, a month, a decade or a century; a lone year is YEAR."""
    YES_NO = "yes/no"
    """Yes, no, true or false as the whole answer."""
    FORMULA = "formula"
    SET = "set"
    """An enumeration: "A, B and C"."""
    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    """Also bands, teams and peoples' groups."""
    WORK = "work"
    """A film, song, book, painting, game, programme."""
    PHRASE = "phrase"
    """Anything else."""


class Case(StrEnum):
    """How letters are cased, judged by the first letters of the words."""

    NONE = "none"
    """No cased letter at all."""
    LOWER = "lower"
    SENTENCE = "sentence"
    """The first word only, of two or more."""
    TITLE = "title"
    """All words that are not "of", "the" and the like."""
    UPPER = "upper"
    """Every letter, of two or more."""
    MIXED = "mixed"


class Numeral(StrEnum):
    """How the number in an answer is written."""

    NONE = "none"
    """The answer does not read as a number."""
    DIGITS = "digits"
    WORDS = "words"
    ROMAN = "roman"


class DateParts(NamedTuple):
    """A date as precise as it is written: None where a part is not said.

    `year` counts BC years as negative (44 BC is -44). `span` is the number of years meant: 1, 10
    for a decade or 100 for a century; `year` is the first of them (the 1960s: 1960, 10; the 18th
    century: 1701, 100). A decade without its century ("the 60s") has a year of 0 to 99.
    """

    year: int | None
    month: int | None = None
    day: int | None = None
    span: int = 1


class Form(NamedTuple):
    """The surface of an answer, for drawing others that look like it and for writing numbers."""

    words: int
    """White-space separated."""
    case: Case
    article: str
    """The leading article in lower case, or ""."""
    plural: bool
    """The last word looks like a plural noun."""
    stop: bool
    """Ends with a full stop that belongs to no abbreviation: sentences are alike in this."""
    numeral: Numeral
    start: int
    """`text[start:end]` is the number as written, without mark and unit; 0, 0 where none is."""
    end: int
    amount: Fraction | None
    """The value of `text[start:end]`: 5 in "$5 million", 50 in "50 %"."""
    decimals: int
    """Digits behind the decimal point of that number."""
    grouped: bool
    """That number has grouping commas."""
    mark: str
    """The currency mark, "%" or unit as written; "" where none is."""


class Answer(NamedTuple):
    """One answer, read.

    `value` by kind: integer, decimal, fraction, percent (50 % is 1/2), money (in whole currency
    units), quantity (in the base unit that `unit` names) and year (BC negative): an exact Fraction;
    date: DateParts; every other kind: None. `unit` is a currency code ("USD"; "$" alone is taken as
    it), or the base unit of a quantity ("m", "s", "kg", "K"), "" elsewhere.
    """

    text: str
    kind: AnswerKind
    value: Fraction | DateParts | None
    unit: str
    form: Form
