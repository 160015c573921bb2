"""``underdog play``: a match between two entrants, or the score of a stored one again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.cli.askers import AskerDesk
    from underdog.inference.scorer import Scorer
    from underdog.protocol.player import Answerer, Entrant
    from underdog.protocol.tokens import CountTokens
    from underdog.tournament.referee import MatchConfig
    from underdog.tournament.scoreboard import Scoreboard

SPECS = (
    "random, always-b, longest, model:BASE[:ADAPTER], ensemble:FILE, remote:MODEL@URL, a run folder"
    " with an adapter, a folder with agents/, or an http(s) URL"
)
EXIT_DIFFERENT = 1
"""A replay did not give the stored result."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    from underdog.cli.askers import add_ask_arguments
    from underdog.cli.scorers import add_answer_arguments

    add = parser.add_argument
    add(
        "--a",
        metavar="SPEC",
        help=f"team A, which asks first: {SPECS}; then, if it is to ask from something of its own, "
        "+ASKER, such as random+puzzle:0.8",
    )
    add("--b", metavar="SPEC", help="team B")
    add_ask_arguments(add)
    add(
        "--learn-from",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="earlier matches: a bandit asker learns from its own innings there",
    )
    add("--out", type=Path, metavar="DIR", help="folder of the match; the same command continues")
    add("--topics", nargs="+", metavar="TOPIC", help="topics to draw from (default: all)")
    add("--questions", type=int, metavar="N", help="per innings (default: the edition's)")
    add("--edition", default="2026-02", metavar="YYYY-MM", help="whose rules hold (2026-02)")
    add("--seed", type=int, default=0, help="decides draw, order of choices and questions")
    add("--data", type=Path, metavar="DATA_DIR", help="ask from a built set's validation split")
    add(
        "--puzzles",
        type=float,
        metavar="D",
        help="the same as --q puzzle:D",
    )
    add_answer_arguments(add)
    add("--style", choices=("texts", "letters"), help="how models are asked (default: as trained)")
    add("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    add("--tokenizer", metavar="MODEL", help="counts tokens for the limits (default: an estimate)")
    add(
        "--isolation",
        choices=("namespaces", "processes"),
        help="of agents/ folders (default: the strongest that this machine offers)",
    )
    add("--replay", type=Path, metavar="DIR", help="compute a stored match's score again")


def run(args: argparse.Namespace) -> int:
    """Play or replay, and print the scoreboard."""
    if args.replay is not None:
        return _replay(args.replay)
    return _play(args)


def _replay(folder: Path) -> int:
    from underdog.cli.console import console
    from underdog.tournament.store import replay

    found = replay(folder)
    for part in show(found.board):
        console.print(part, soft_wrap=isinstance(part, str))
    if not found.board.history.ended:
        console.print("The match is not finished: its own command continues it.")
    if found.stored is None:
        console.print("There is no stored result to compare with.")
        return 0
    console.print("The stored result is " + ("the same." if found.same else "DIFFERENT."))
    return 0 if found.same else EXIT_DIFFERENT


def _play(args: argparse.Namespace) -> int:
    import time

    from underdog.cli.askers import AskerDesk
    from underdog.cli.console import ProgressBar, console
    from underdog.errors import InputError
    from underdog.protocol.editions import find_edition
    from underdog.tournament.referee import MatchConfig, play

    if not (args.a and args.b and args.out):
        raise InputError(
            "a match needs --a, --b and --out",
            hint="underdog play --a random --b longest --out match",
        )
    edition = find_edition(args.edition)
    counter, count_tokens = token_counter(args.tokenizer)
    args.q = default_asker(args)
    specs = with_style([read_spec(args.a), read_spec(args.b)], args.style)
    opened: dict[str, Scorer] = {}
    desk = AskerDesk(args, count_tokens, opened)
    config = MatchConfig(
        topics=common_topics(desk, specs, args.q),
        edition=edition.name,
        questions=edition.default_questions if args.questions is None else args.questions,
        seed=args.seed,
        token_counter=counter,
        per_call=calls_of(specs, args.questions or edition.default_questions),
    )
    one, other = _entrants(specs, desk, config, opened)
    with ProgressBar() as progress:
        board = play(
            config,
            (one, other),
            args.out,
            clock=time.perf_counter,
            count_tokens=count_tokens,
            progress=progress,
        )
    for part in show(board):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(f"Every event and the result: {args.out}", soft_wrap=True, markup=False)
    return 0


class Spec(NamedTuple):
    """An entrant as it was asked for. `base` is None for baselines and ensembles; `style` None: not
    known.
    """

    name: str
    base: str | None = None
    adapter: Path | None = None
    style: str | None = None
    ensemble: Path | None = None
    stranger: str | None = None
    """A folder with agents/ or a URL: it asks its own questions."""
    remote: str | None = None
    """The URL of an OpenAI-compatible server; `name` is the model there."""
    run: Path | None = None
    """The run that the adapter is of."""
    asks: str | None = None
    """What it asks from, where it says so itself."""

    @property
    def title(self) -> str:
        """Its name, and what kind of questions it brings."""
        return self.name if self.asks is None else f"{self.name}+{self.asks.partition(':')[0]}"

    @property
    def plays_anywhere(self) -> bool:
        """Whether it is a baseline, which any worker can hold."""
        return not (self.base or self.ensemble or self.stranger or self.remote)


def calls_of(specs: Sequence[Spec], questions: int) -> int:
    """A folder is started once per innings: its program loads its model each time."""
    folders = any(spec.stranger and "://" not in spec.stranger for spec in specs)
    return questions if folders else 1


def default_asker(args: argparse.Namespace) -> str:
    """What teams ask from that do not say so themselves. InputError for two of them."""
    from underdog.errors import InputError

    if args.puzzles is None:
        return str(args.q or "bank")
    if args.data is not None or args.q is not None:
        other = "--data" if args.q is None else "--q"
        raise InputError("questions from one place", got=f"{other} and --puzzles", hint="--q")
    return f"puzzle:{args.puzzles}"


def common_topics(desk: AskerDesk, specs: Sequence[Spec], default: str) -> tuple[str, ...]:
    """The topics of a match: those of the first team that asks what is not its own program's."""
    asks = [spec.asks or default for spec in specs if spec.stranger is None]
    return desk.topics(desk.open((asks or [default])[0]))


def read_spec(text: str) -> Spec:
    """What a text names: see SPECS. InputError with the nearest baseline for anything else."""
    from underdog.cli.askers import split_spec
    from underdog.errors import InputError

    answers, asks = split_spec(text)
    spec = _read_answerer(answers)
    if asks is not None and spec.stranger is not None:
        raise InputError("a folder or URL that asks its own questions", got=f"+{asks}")
    return spec._replace(asks=asks)


def _read_answerer(text: str) -> Spec:
    import difflib

    from underdog.agents.baseline import BASELINES
    from underdog.errors import InputError

    if text in BASELINES:
        return Spec(text)
    found = _read_named(*text.partition(":")[::2])
    if found is not None:
        return found
    if text.startswith(("http://", "https://")) or (Path(text) / "agents").is_dir():
        name = text if "://" in text else Path(text).resolve().name
        return Spec(name, stranger=text)
    if Path(text).is_dir():
        return _read_run(Path(text))
    near = difflib.get_close_matches(text, BASELINES, n=1)
    raise InputError(f"an entrant: {SPECS}", got=repr(text), hint=near[0] if near else "random")


def _read_named(kind: str, rest: str) -> Spec | None:
    """What begins with its kind and a colon."""
    if kind == "model" and rest:
        base, _, adapter = rest.partition(":")
        folder = Path(adapter) if adapter else None
        name = _short(Path(base)) + (f" + {_short(folder)}" if folder else "")
        return Spec(name, base, folder)
    if kind == "ensemble" and rest:
        return _read_ensemble(Path(rest))
    if kind == "remote" and "@" in rest:
        name, _, url = rest.partition("@")
        return Spec(name, remote=url)
    return None


def _short(path: Path) -> str:
    """The part of a path that tells models apart: RUN of RUN/train/adapter."""
    parts = [part for part in path.parts if part not in ("train", "adapter")]
    return parts[-1] if parts else path.name


def _read_run(folder: Path) -> Spec:
    """The base that a run's adapter was trained on, and how it was asked there."""
    from underdog.errors import InputError
    from underdog.runs.files import read_json
    from underdog.runs.manifest import MANIFEST_NAME, read_manifest

    homes = [folder, folder / "adapter", folder / "train" / "adapter"]
    adapter = next((home for home in homes if (home / "adapter_config.json").is_file()), None)
    base = read_json(adapter / "adapter_config.json") if adapter else {}
    name = base.get("base_model_name_or_path") if isinstance(base, dict) else None
    if adapter is None or not name:
        raise InputError(
            "a run folder with an adapter that names its base",
            got="no base named" if adapter else "no adapter",
            where=folder,
            hint="model:BASE:ADAPTER names both",
        )
    trained = (adapter.parent / MANIFEST_NAME).is_file()
    recipe = read_manifest(adapter.parent).identity.get("training") if trained else None
    style = recipe.get("style") if isinstance(recipe, Mapping) else None
    return Spec(_short(folder.resolve()), str(name), adapter, style, run=folder)


def _read_ensemble(path: Path) -> Spec:
    """Its file says how its members are asked."""
    from underdog.inference.ensemble_file import read_ensemble

    style = str(read_ensemble(path).scoring["style"])
    return Spec(path.stem, style=style, ensemble=path)


def with_style(specs: Sequence[Spec], wanted: str | None) -> list[Spec]:
    """Where nothing says how a model is asked, as its opponent is; else by the texts of choices."""
    known = next((spec.style for spec in specs if spec.style is not None), None)
    return [spec._replace(style=wanted or spec.style or known or "texts") for spec in specs]


def token_counter(name: str | None) -> tuple[str, CountTokens]:
    """A tokenizer by name and what it counts; the estimate for None."""
    from underdog.errors import InputError, MissingExtraError
    from underdog.protocol.tokens import ESTIMATE, estimate_tokens

    if name is None:
        return ESTIMATE, estimate_tokens
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtraError.of("counting tokens with a tokenizer", "llm") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise InputError("a tokenizer in Hugging Face format", got=name) from error
    return name, lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def _entrants(
    specs: Sequence[Spec], desk: AskerDesk, config: MatchConfig, opened: dict[str, Scorer]
) -> tuple[Entrant, Entrant]:
    """Models with adapters are opened first, so that a plain base can use the weights of one."""
    from underdog.cli.askers import Remembering, asking_identity
    from underdog.protocol.player import Entrant
    from underdog.runs.files import digest_value
    from underdog.tournament.past import past_of_match
    from underdog.tournament.store import read_events
    from underdog.tournament.topics import draw_topics

    args = desk.args
    earlier = [read_events(folder) for folder in args.learn_from or ()]
    made: dict[int, Entrant] = {}
    for place in sorted((0, 1), key=lambda place: specs[place].adapter is None):
        spec = specs[place]
        if spec.stranger is not None:
            made[place] = open_stranger(spec.stranger, args)
            continue
        asker = desk.open(spec.asks or args.q)
        topics = desk.topics(asker)
        asker.check(draw_topics(topics, config.questions, config.seed))
        answerer, answers = open_answerer(spec, args, opened)
        about = {"answers": answers, **asking_identity(asker, topics, config.topics)}
        past = tuple(each for events in earlier for each in past_of_match(events, spec.title))
        if past:
            about["learned_from"] = digest_value([repr(each) for each in past])
        made[place] = Entrant(spec.title, Remembering(asker, past), answerer, about)
    return made[0], made[1]


def open_stranger(where: str, args: argparse.Namespace) -> Entrant:
    """A folder or a URL. `args.out`, which holds keys, is hidden from it."""
    from underdog.protocol.editions import find_edition

    edition = find_edition(args.edition)
    if "://" in where:
        from underdog.tournament.entrants.url import url_entrant

        return url_entrant(where, edition=edition)
    from underdog.tournament.entrants.folder import folder_entrant
    from underdog.tournament.entrants.isolation import Isolation

    isolation = Isolation(args.isolation) if args.isolation else None
    return folder_entrant(Path(where), edition=edition, isolation=isolation, hidden=(args.out,))


def open_answerer(
    spec: Spec, args: argparse.Namespace, opened: dict[str, Scorer]
) -> tuple[Answerer, Mapping[str, Any]]:
    """A baseline, a model or an ensemble, and what tells it apart. `opened`: models by base."""
    from underdog.agents.baseline import baseline
    from underdog.cli.console import console
    from underdog.cli.scorers import answerer_of, identity_of, open_scoring

    if spec.plays_anywhere:
        return baseline(spec.name, seed=args.seed), {"baseline": spec.name}
    found = open_scoring(spec, args, opened)
    if found.calibrated is not None and found.temperature != 1:
        console.print(
            f"{spec.name}: probabilities tempered by {found.temperature:.2f}, fitted on "
            f"{found.calibrated}.",
            soft_wrap=True,
            markup=False,
        )
    return answerer_of(found, args), identity_of(found, args)


def show(board: Scoreboard) -> list[Table | str]:
    """What the terminal shows: the score, what was lost and why, and what it means."""
    parts: list[Table | str] = [_table(board)]
    parts += _losses(board)
    parts += _strictly(board)
    parts.append(_verdict(board))
    comparison = board.comparison
    if comparison is not None:
        parts.append(f"{comparison.sentence()}.")
    return parts


def _table(board: Scoreboard) -> Table:
    from rich.table import Table

    started = board.history.started
    table = Table(
        title=f"{started.questions} questions per innings, rules of {started.edition}",
        title_justify="left",
    )
    for name in ("team", "asking", "answering", "score", "points", "right (95 %)"):
        table.add_column(name, justify="left" if name == "team" else "right")
    for team in board.teams:
        value = team.to_json()
        official, points = value["official"], value["points"]
        table.add_row(
            f"{team.team}  {team.name}",
            f"{official['asking']:.1f}",
            f"{official['answering']:.1f}",
            f"{official['total']:.1f}",
            f"{points['asking']}+{points['answering']}={points['total']}",
            _right(value["accuracy"]),
        )
    return table


def _right(accuracy: Mapping[str, Any]) -> str:
    if not accuracy["questions"]:
        return "none put"
    low, high = 100 * accuracy["low"], 100 * accuracy["high"]
    return f"{accuracy['correct']}/{accuracy['questions']} ({low:.0f}-{high:.0f} %)"


def _losses(board: Scoreboard) -> list[str]:
    """One line per team that lost questions or answers."""
    lines = []
    for team in board.teams:
        value = team.to_json()
        lost = {name: count for name, count in value["answers"].items() if name != "clean"}
        parts = [
            f"{count} of its questions dropped ({name})"
            for name, count in sorted(value["rejected"].items())
        ]
        parts += [f"{count} of its answers {name}" for name, count in sorted(lost.items())]
        if value["lost_to_format"]:
            parts.append(f"{value['lost_to_format']} right but for their form")
        if parts:
            lines.append(f"{team.team} {team.name}: {', '.join(parts)}.")
    return lines


def _strictly(board: Scoreboard) -> list[str]:
    """Both results, where reading answers for the choice that they name gives another one."""
    if all(team.strict_total == team.total for team in board.teams):
        return []
    official, strict = (
        " : ".join(f"{total:.1f}" for total in totals)
        for totals in zip(*((team.total, team.strict_total) for team in board.teams), strict=True)
    )
    return [f"Official score {official}; strict, with answers in any form, {strict}."]


def _verdict(board: Scoreboard) -> str:
    names = {team.team: f"{team.team} {team.name}" for team in board.teams}
    if board.winner is None:
        return "A tie." if board.reason == "tie" else "Both teams are disqualified."
    if board.reason == "disqualified":
        return f"{names[board.winner]} wins: fewer than half of the other's questions were valid."
    return f"{names[board.winner]} wins."
