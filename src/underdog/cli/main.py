"""The ``underdog`` command: finds the subcommand, runs it, turns known errors into one message.

Only the subcommand that was asked for is imported, and each imports its rooms when it runs, so
``underdog --help`` loads neither torch nor numpy.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from underdog import __version__
from underdog.errors import MissingExtraError, UnderdogError
from underdog.hardware.rocm import Setting, prepare
from underdog.runs.launch import read_launch

COMMANDS = {
    "doctor": "whether this machine is well enough to train; what a log complains of",
    "run": "walk the whole path of a recipe: data, training, evaluation, match, report",
    "data": "build a question set from files: check, group, rate, split, order",
    "plan": "memory, time, disk and cost of a training run before it starts",
    "watch": "what a run and its machine are doing, here or elsewhere, and what to make of it",
    "train": "train an adapter on a question set",
    "evaluate": "score a base, an adapter or an ensemble on held-out questions, with intervals",
    "ensemble": "pool several adapters on one base into one model, and judge whether it is better",
    "compare": "rank many models on one question set, asking no more than it takes",
    "export": "write a tuned model as merged safetensors or GGUF, and prove that it answers alike",
    "serve": "serve models over HTTP: OpenAI's interface, and one for questions",
    "check-agent": "run a contest entry as the judge would, and name what is wrong with it",
    "puzzles": "make logic puzzles with exactly one right choice each",
    "play": "play a match between two entrants, or replay a stored one",
    "tournament": "run a tournament that survives a kill; its table and ratings",
    "report": "write the one-page report of a run folder",
    "vision": "detectors, their data and scores; convolution without the vendor's library",
}
"""Name and one-line help; ``underdog.cli.NAME`` (``_`` for ``-``) is the module."""

EXIT_ERROR = 2
"""Also argparse's exit status for wrong usage."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

TRAINING = {"run", "train", "evaluate"}
"""Commands that load torch for a language model."""


class Command(Protocol):
    """What every module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the flags."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the result is the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser(_named_command(arguments))
    args = parser.parse_args(arguments)
    # Waiting threads of OpenMP spin by default. Beside other work on two cores the tiny base then
    # took 118 s for 13 steps that take 2.8 s on one thread (measured 2026-11-20).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if args.command in TRAINING:
        _tell(prepare(os.environ))
    command = _load(args.command)
    try:
        return command.run(args)
    except UnderdogError as error:
        print(f"underdog {args.command}: {error}", file=sys.stderr)
        return EXIT_ERROR
    except ModuleNotFoundError as error:
        missing = MissingExtraError.behind("this command", error)
        if missing is None:
            raise
        print(f"underdog {args.command}: {missing}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt as interrupt:
        told = str(interrupt) or "interrupted; the same command continues from here"
        print(told, file=sys.stderr)
        status: int = getattr(interrupt, "exit_status", EXIT_INTERRUPTED)
        return status


def _tell(settings: Sequence[Setting]) -> None:
    """Once, by the main one of several processes."""
    if read_launch().rank == 0:
        for setting in settings:
            print(f"set for ROCm: {setting}", file=sys.stderr)


def build_parser(loaded: str | None) -> argparse.ArgumentParser:
    """The whole parser; only the flags of the command named `loaded` are declared."""
    parser = argparse.ArgumentParser(
        prog="underdog",
        description="Train Q&A agents on the GPU you have, know honestly whether they would win, "
        "and play the tournament.",
        epilog="Start with: underdog run",
    )
    parser.add_argument("--version", action="version", version=f"underdog {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=help_text, description=help_text)
        if name == loaded:
            _load(name).add_arguments(subparser)
    return parser


def _named_command(arguments: Sequence[str]) -> str | None:
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    return named if named in COMMANDS else None


def _load(name: str) -> Command:
    return cast("Command", importlib.import_module(f"underdog.cli.{name.replace('-', '_')}"))
