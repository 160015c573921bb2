"""What a tournament is asked to be: a TOML file, flags, or what a store remembers.

In: any of the three. Out: settings as plain JSON, and from them entrants, rules and formats. Faults
are all reported at once, with the nearest known key. Never: a model loaded before all is read.
"""

from __future__ import annotations

import argparse
import difflib
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underdog.errors import InputError, RecipeError

if TYPE_CHECKING:
    from underdog.agents.mixed_asker import TopicAsker
    from underdog.cli.askers import AskerDesk
    from underdog.cli.play import Spec
    from underdog.protocol.player import Asker, Entrant, QuestionCall
    from underdog.protocol.tokens import CountTokens
    from underdog.tournament.league import TournamentConfig
    from underdog.tournament.question_sets import Rules

DEFAULTS: Mapping[str, Any] = {
    "format": "round-robin",
    "questions": None,
    "edition": "2026-02",
    "topics": None,
    "seed": 0,
    "double": True,
    "best_of": 1,
    "rounds": None,
    "third_place": False,
    "sprt": None,
    "tie_breaks": None,
    "qualifiers": None,
    "data": None,
    "style": None,
    "dtype": "float32",
    "tokenizer": None,
    "isolation": None,
    "q": None,
    "drafts": None,
    "solvers": None,
    "reason": None,
    "calibrate": None,
    "held_out": None,
    "api_key_env": None,
    "entrants": None,
}
"""Every key of a TOML file, with what holds when it is not there."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(
        ("format", "edition", "data", "style", "dtype", "tokenizer", "isolation"), (str,)
    ),
    **dict.fromkeys(("q", "calibrate", "held_out", "api_key_env"), (str,)),
    **dict.fromkeys(
        ("questions", "seed", "best_of", "rounds", "qualifiers", "drafts", "reason"), (int,)
    ),
    **dict.fromkeys(("double", "third_place"), (bool,)),
    **dict.fromkeys(("topics", "tie_breaks", "entrants", "solvers"), (list,)),
    "sprt": (float,),
}
ENTRANT_KEYS = ("spec", "name", "benchmark")
BASELINE_BLOCK = 16
"""Games a worker plays before it reports, where all entrants are baselines: a game takes them some
5 ms, and a transaction on disk about as long."""


def read_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The file's keys, over them the flags that were given, over the defaults."""
    settings = dict(DEFAULTS)
    if args.toml is not None:
        settings |= _read_toml(args.toml)
    for name in DEFAULTS:
        given = getattr(args, name, None)
        if given is not None:
            settings[name] = given
    if not settings["entrants"]:
        raise InputError(
            "entrants, in the TOML file or behind --entrants",
            got="none",
            hint="underdog tournament run --entrants random random longest --out DIR",
        )
    settings["entrants"] = [_entrant(each) for each in settings["entrants"]]
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("a TOML file", got=error.strerror or str(error), where=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError("a TOML file", got=str(error), where=path) from error
    faults = []
    for name, value in found.items():
        if name not in DEFAULTS:
            near = difflib.get_close_matches(name, DEFAULTS, n=1, cutoff=0.0)[0]
            faults.append(f"{name} is not known (did you mean {near}?)")
        elif type(value) not in _TYPES[name]:
            wanted = " or ".join(kind.__name__ for kind in _TYPES[name])
            faults.append(f"{name} is to be {wanted}, not {value!r:.40}")
    if faults:
        raise RecipeError("keys and values of a tournament", got="; ".join(faults), where=path)
    return found


def _entrant(given: Any) -> dict[str, Any]:
    value = {"spec": given} if isinstance(given, str) else given
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("spec"), str)
        or set(value) - set(ENTRANT_KEYS)
    ):
        raise RecipeError(
            f"an entrant as a text, or a table of {', '.join(ENTRANT_KEYS)}", got=f"{given!r:.80}"
        )
    return value


@dataclass(frozen=True, slots=True)
class OwnSeed:
    """An asker with a draw of its own, so that two teams with one bank ask different questions."""

    asker: TopicAsker
    salt: str

    def ask(self, call: QuestionCall) -> list[object]:
        """As the bank asks under another seed."""
        import hashlib

        mixed = hashlib.sha256(f"{call.seed}:{self.salt}".encode()).digest()
        return self.asker.ask(replace(call, seed=int.from_bytes(mixed[:6], "big")))


@dataclass(frozen=True, slots=True)
class Opened:
    """A tournament ready to be played. `all_baselines`: no model, folder or URL among them, so
    that answerers can be sent to workers.
    """

    config: TournamentConfig
    entrants: tuple[Entrant, ...]
    hidden: Asker
    count_tokens: CountTokens
    all_baselines: bool
    specs: Mapping[str, Spec]
    """By the names of entrants."""
    held_out: str | None = None
    """Questions that everybody answers outside the games."""


def open_tournament(settings: Mapping[str, Any], out: Path) -> Opened:
    """Build the parts; models are loaded last. `out`, which holds keys, is hidden from folders."""
    from underdog.cli.askers import AskerDesk
    from underdog.cli.play import calls_of, read_spec, token_counter, with_style
    from underdog.protocol.editions import find_edition
    from underdog.tournament.league import TournamentConfig
    from underdog.tournament.question_sets import Rules

    settings = {**DEFAULTS, **settings, "out": out}
    counter, count_tokens = token_counter(settings["tokenizer"])
    edition = find_edition(settings["edition"])
    desk = AskerDesk(argparse.Namespace(**settings), count_tokens, {})
    asker = desk.open(settings["q"] or "bank")
    specs = with_style(
        [read_spec(each["spec"]) for each in settings["entrants"]], settings["style"]
    )
    questions = settings["questions"] or edition.default_questions
    rules = Rules(
        topics=desk.topics(asker),
        edition=edition.name,
        questions=questions,
        seed=settings["seed"],
        token_counter=counter,
        per_call=calls_of(specs, questions),
    )
    asker.check(rules.draw(1))
    _check_isolation(settings["isolation"])
    names = _names(settings["entrants"], [spec.title for spec in specs])
    config = TournamentConfig(
        rules, _format(settings), _breaker(settings, names), settings["qualifiers"]
    )
    entrants = _open_entrants(names, specs, desk, rules)
    baselines = all(spec.plays_anywhere for spec in specs)
    return Opened(
        config,
        entrants,
        OwnSeed(asker, "hidden"),
        count_tokens,
        baselines,
        dict(zip(names, specs, strict=True)),
        settings["held_out"],
    )


def _check_isolation(name: str | None) -> None:
    from underdog.tournament.entrants.isolation import Isolation

    known = [each.value for each in Isolation]
    if name is not None and name not in known:
        raise InputError(f"an isolation out of {', '.join(known)}", got=repr(name))


def _names(given: Sequence[Mapping[str, Any]], specs: Sequence[str]) -> list[str]:
    """As given, else after the spec; the second "random" is "random-2"."""
    wanted = [str(each.get("name", spec)) for each, spec in zip(given, specs, strict=True)]
    seen: Counter[str] = Counter()
    names = []
    for name in wanted:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _format(settings: Mapping[str, Any]) -> Any:
    from underdog.tournament.formats.schedule import FormatConfig, Kind
    from underdog.tournament.formats.sprt import Sprt

    kinds = [kind.value for kind in Kind]
    if settings["format"] not in kinds:
        raise InputError(f"a format out of {', '.join(kinds)}", got=repr(settings["format"]))
    return FormatConfig(
        Kind(settings["format"]),
        double=settings["double"],
        best_of=settings["best_of"],
        rounds=settings["rounds"],
        third_place=settings["third_place"],
        sprt=None if settings["sprt"] is None else Sprt(edge=settings["sprt"]),
    )


def _breaker(settings: Mapping[str, Any], names: Sequence[str]) -> Any:
    from underdog.tournament.formats.tiebreak import DEFAULT, Breaker, TieBreak

    known = [rule.value for rule in TieBreak]
    rules = settings["tie_breaks"]
    unknown = [each for each in rules or () if each not in known]
    if unknown:
        raise InputError(f"tie-breaks out of {', '.join(known)}", got=", ".join(map(str, unknown)))
    numbers = [
        (name, float(each["benchmark"]))
        for name, each in zip(names, settings["entrants"], strict=True)
        if "benchmark" in each
    ]
    chosen = DEFAULT if rules is None else tuple(map(TieBreak, rules))
    if TieBreak.BENCHMARK in chosen and len(numbers) < len(names):
        raise InputError(
            "a benchmark number for every entrant", got=f"{len(numbers)} of {len(names)}"
        )
    return Breaker(chosen, tuple(numbers), settings["seed"])


def _open_entrants(
    names: Sequence[str], specs: Sequence[Any], desk: AskerDesk, rules: Rules
) -> tuple[Entrant, ...]:
    """Models with adapters are opened first, so that a plain base can use their weights; random
    baselines each get a seed of their own. A team whose asker has other topics than the others'
    draws from its own.
    """
    from underdog.cli.askers import asking_identity
    from underdog.cli.play import open_answerer, open_stranger
    from underdog.protocol.player import Entrant
    from underdog.tournament.topics import draw_topics

    made: dict[int, Entrant] = {}
    for place in sorted(range(len(specs)), key=lambda place: specs[place].adapter is None):
        seed = desk.args.seed + place
        args = argparse.Namespace(**{**vars(desk.args), "seed": seed})
        stranger = specs[place].stranger
        if stranger is not None:
            made[place] = replace(open_stranger(stranger, args), name=names[place])
            continue
        asker = desk.open(specs[place].asks or desk.args.q or "bank")
        topics = desk.topics(asker)
        asker.check(draw_topics(topics, rules.questions, rules.draw_seed(1)))
        answerer, identity = open_answerer(specs[place], args, desk.opened)
        asking = asking_identity(asker, topics, rules.topics)
        about = {"answers": identity, **asking, "seed": seed}
        made[place] = Entrant(names[place], OwnSeed(asker, names[place]), answerer, about)
    return tuple(made[place] for place in range(len(specs)))
