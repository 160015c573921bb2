"""``underdog serve``: a model and its adapters behind OpenAI's interface, and one for questions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underdog.inference.scorer import ScoringConfig
    from underdog.inference.server.resident import ResidentEngine, Voice
    from underdog.mcq.question import Question


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add(
        "model",
        metavar="MODEL",
        help="model folder, hub name, tiny-base (in the package), or a file made by underdog "
        "ensemble fit",
    )
    add(
        "--adapter",
        action="append",
        default=[],
        metavar="[NAME=]DIR",
        help="adapter folder or run folder, asked for by its name as model; may be repeated",
    )
    add("--name", metavar="NAME", help="the base's name as model; its folder's name otherwise")
    add("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0: every one")
    add("--port", type=int, default=8000, help="0 takes a free one")
    add("--api-key-env", metavar="VAR", help="environment variable with the key clients must send")
    add("--queue", type=_positive, default=256, metavar="N", help="requests at a time before 429")
    add("--deadline", type=_seconds, default=60.0, metavar="S", help="seconds for a request")
    add("--grace", type=_seconds, default=30.0, metavar="S", help="seconds to finish on SIGTERM")
    add("--max-body", type=_positive, default=8 * 2**20, metavar="BYTES", help="largest body")
    add("--rows", type=_positive, default=64, metavar="N", help="replies in work at a time")
    add("--style", choices=("texts", "letters"), default="texts", help="how questions are asked")
    add(
        "--normalisation",
        choices=("sum", "per_token", "per_character"),
        default="sum",
        help="what makes choice texts of different lengths comparable",
    )
    add(
        "--calibrate",
        type=Path,
        metavar="DATA_DIR",
        help="fit the temperature of every model's probabilities on this set's validation part",
    )
    add("--calibrate-limit", type=_positive, default=500, metavar="N", help="at most N questions")
    add("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    add("--device", metavar="DEVICE", help="cpu, cuda, cuda:1; an accelerator if there is one")
    add("--batch-tokens", type=_positive, default=4096, metavar="N", help="per forward pass")


def run(args: argparse.Namespace) -> int:
    """Load, listen, and return when told to stop."""
    from underdog.cli.console import console
    from underdog.inference.scorer import Normalisation, ScoringConfig
    from underdog.inference.server.app import create_app
    from underdog.inference.server.batcher import BatchLimits
    from underdog.inference.server.guard import GuardConfig
    from underdog.inference.server.listen import ListenConfig, listen
    from underdog.inference.server.service import Service, ServiceLimits
    from underdog.mcq.prompt import PromptStyle

    key = _api_key(args.api_key_env)
    config = ScoringConfig(
        style=PromptStyle(args.style),
        normalisation=Normalisation(args.normalisation),
        batch_tokens=args.batch_tokens,
    )
    engine = _opened(args, config)
    service = Service(
        engine,
        limits=ServiceLimits(queue=args.queue, deadline_s=args.deadline),
        batch=BatchLimits(rows=args.rows, pass_s=args.deadline / 4),
    )
    app = create_app(service, GuardConfig(api_key=key, body_bytes=args.max_body))
    where = ListenConfig(host=args.host, port=args.port, grace_s=args.grace)

    def begun(address: str) -> None:
        names = ", ".join(engine.cards)
        console.print(f"Serving {names} at {address}", soft_wrap=True, markup=False)

    listen(app, service, where, begun=begun)
    console.print("Stopped.")
    return 0


def _opened(args: argparse.Namespace, config: ScoringConfig) -> ResidentEngine:
    from underdog.errors import InputError
    from underdog.inference.server.resident import ResidentEngine
    from underdog.inference.server.voices import (
        base_name,
        calibrated,
        named_adapters,
        open_ensemble_voices,
        open_voices,
    )

    file = Path(args.model)
    if file.is_file():
        name = args.name or file.stem
        if args.adapter:
            raise InputError("an ensemble file names its adapters itself", got="--adapter")
        voices = open_ensemble_voices(
            file, name, batch_tokens=args.batch_tokens, device=args.device
        )
    else:
        name = args.name or base_name(args.model)
        adapters = named_adapters(args.adapter, taken=name)
        voices = open_voices(
            args.model,
            {name: None, **adapters},
            config=config,
            dtype=args.dtype,
            device=args.device,
        )
    if args.calibrate is not None:
        voices = calibrated(voices, _held_out(args.calibrate, args.calibrate_limit))
        _tell_temperatures(voices)
    return ResidentEngine(voices)


def _tell_temperatures(voices: Mapping[str, Voice]) -> None:
    from underdog.cli.console import console

    told = ", ".join(f"{name} {voice.temperature:.3f}" for name, voice in voices.items())
    console.print(f"Temperatures fitted: {told}", soft_wrap=True, markup=False)


def _held_out(folder: Path, limit: int) -> list[Question]:
    from underdog.data.store import read_rows

    rows = [row.question for row in read_rows(folder) if row.split.value == "validation"]
    return [question for question in rows if question.answer is not None][:limit]


def _api_key(variable: str | None) -> str | None:
    """The key itself is never on the command line, where every user of the machine reads it."""
    import os

    from underdog.errors import InputError

    if variable is None:
        return None
    key = os.environ.get(variable, "")
    if not key.strip():
        raise InputError(
            "an environment variable that holds the API key", got="nothing in it", where=variable
        )
    return key.strip()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("seconds above 0")
    return value
