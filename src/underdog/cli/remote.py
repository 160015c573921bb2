"""Flags of a model behind an OpenAI-compatible server, and `underdog evaluate` with one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from underdog.evaluation.results import Item
    from underdog.inference.scorer import ScoringConfig
    from underdog.runs.progress import Progress


def add_remote_arguments(parser: argparse.ArgumentParser) -> None:
    """What a base that is a URL needs beside its address."""
    add = parser.add_argument
    add("--remote-model", metavar="NAME", help="model to ask for where --base is a URL")
    add("--api-key-env", metavar="VAR", help="environment variable with that server's key")
    add("--concurrency", type=int, default=16, metavar="N", help="requests to it at a time")


def is_remote(base: str | None) -> bool:
    """Whether a base is an address such as http://127.0.0.1:8000/v1."""
    return base is not None and base.startswith(("http://", "https://"))


def examine_remote(
    args: argparse.Namespace, items: Sequence[Item], config: ScoringConfig, progress: Progress
) -> Mapping[str, Any]:
    """Ask the server at --base, and tell what it cost."""
    from underdog.cli.console import console
    from underdog.errors import InputError
    from underdog.inference.remote import open_remote
    from underdog.inference.remote_client import RemoteConfig
    from underdog.inference.remote_examine import evaluate_remote

    if args.remote_model is None:
        raise InputError("--remote-model is needed where --base is a URL", got="none")
    given = [flag for flag in ("adapter", "debias") if getattr(args, flag, None) is not None]
    if given:
        raise InputError(
            "a server's model as it is", got=f"--{given[0]}", hint="--remote-model ADAPTER_NAME"
        )
    remote = RemoteConfig(
        args.base, args.remote_model, args.api_key_env, concurrency=args.concurrency
    )
    scorer = open_remote(remote, config)
    results = evaluate_remote(items, scorer, args.out, progress=progress)
    cost = scorer.cost
    console.print(
        f"Asked by {scorer.way}: {cost.calls} calls, {cost.retries} of them again; "
        f"{cost.prompt_tokens} tokens read, {cost.completion_tokens} made."
    )
    return results
