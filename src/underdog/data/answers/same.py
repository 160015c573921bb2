"""When two answers say the same: equal values, aliases, other spellings of a name.

In: two answers. Out: whether they may mean the same thing. In doubt they do, because a wrong
choice that is another name of the right one spoils a question, and a good wrong choice that is
left out does not. Never: True for answers that share no key (`match_keys`), so that an index over
keys finds every answer that could be the same.
"""

from __future__ import annotations

from underdog.data.answers.identity import Identity, identify
from underdog.data.answers.kind import Answer, AnswerKind
from underdog.data.answers.spelling import alike, is_slip


def same_answer(a: Answer, b: Answer) -> bool:
    """Whether `a` and `b` may say the same. Symmetric; true for equal texts."""
    if a.text == b.text:
        return True
    one, other = identify(a.text), identify(b.text)
    shared = one.keys & other.keys
    if not shared:
        return False
    both = a.kind if a.kind is b.kind else None
    for key in shared:
        if _names(one, other, key, both=both) or _names(other, one, key, both=both):
            return True
    return is_slip(one.name, other.name)


def match_keys(answer: Answer) -> frozenset[str]:
    """Two answers for which `same_answer` is true share at least one of these.

    Sharing one is not enough: "Albert Einstein" and "Albert Camus" share the key of "Albert".
    """
    return identify(answer.text).keys


def _names(whole: Identity, named: Identity, key: str, *, both: AnswerKind | None) -> bool:
    """Whether the whole of one answer, under a key, is a name of the other or of a part of it.

    `both` is the kind of both answers, None where they differ in it.
    """
    name = whole.full.get(key)
    if name is None:
        # An emperor penguin is no person: only names lose their titles.
        if not whole.short or both is AnswerKind.PHRASE:
            return False
        return _shortens(whole.short.get(key), named, key)
    for table in (named.full, named.strong):
        other = table.get(key)
        if other is not None and alike(name, other):
            return True
    part = named.loose.get(key)
    # "Alien" is not "Alien Resurrection": of a work, one word is too little.
    if part is None or (both is AnswerKind.WORK and " " not in part):
        return False
    return alike(name, part)


def _shortens(name: str | None, named: Identity, key: str) -> bool:
    """Whether a name without its title, or with one initial, is a name of the other answer.

    The other has no title: Mr. Turner and Mrs. Turner are two, J. K. and J. R. Rowling as well.
    """
    if name is None or named.short:
        return False
    tables = (named.full, named.strong, named.loose)
    return any(alike(name, table[key]) for table in tables if key in table)
