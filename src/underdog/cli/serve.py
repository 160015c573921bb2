"""``underdog serve``: a model and its adapters behind OpenAI's interface, and one for questions."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="model folder, hub name, or tiny-base (in the package)")
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
        batch=BatchLimits(rows=args.rows),
    )
    app = create_app(service, GuardConfig(api_key=key, body_bytes=args.max_body))
    where = ListenConfig(host=args.host, port=args.port, grace_s=args.grace)

    def begun(address: str) -> None:
        names = ", ".join(engine.cards)
        console.print(f"Serving {names} at {address}", soft_wrap=True, markup=False)

    listen(app, service, where, begun=begun)
    console.print("Stopped; nothing was in flight.")
    return 0
