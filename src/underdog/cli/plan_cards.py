"""``underdog plan --fits GPU`` and ``--which``: what fits on a card, and which card a run needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.training.budget.cards import Card, Option

EXIT_NONE_FITS = 1
"""Nothing fits on the card, or no card is large enough."""
_SHORT = {"fits": "yes", "may not fit": "maybe", "does not fit": "no"}


def run_fits(args: argparse.Namespace) -> int:
    """Models x adapters x micro-batches on one card."""
    import json

    from underdog.cli.console import console
    from underdog.cli.plan import find_recipe
    from underdog.hardware.gpus import find_gpu
    from underdog.pipeline.planning import request_of
    from underdog.training.budget.cards import on_device, what_fits
    from underdog.training.budget.shape import known_configs

    device = find_gpu(args.fits)
    models: Sequence[str | None] = [None] if args.recipe else args.model or list(known_configs())
    recipes = [find_recipe(args, device, model) for model in models]
    requests = [on_device(request_of(each, device, data=args.data), device) for each in recipes]
    options = what_fits(requests)
    if args.json:
        value = {"card": device.name, "memory_bytes": device.memory_bytes}
        rows = [option.to_json() for option in options]
        console.print_json(json.dumps({**value, "options": rows}), highlight=False)
    else:
        rows_of = requests[0].rows.origin
        console.print(f"Rows {rows_of}.", markup=False, soft_wrap=True)
        console.print(fits_table(options), markup=False)
        console.print(fits_sentence(options), markup=False, soft_wrap=True)
    return 0 if any(option.largest for option in options) else EXIT_NONE_FITS


def fits_table(options: Sequence[Option]) -> Table:
    """Peak memory in GB, at most; what does not fit is marked."""
    from rich.table import Table

    from underdog.cli.plan_view import gigabytes
    from underdog.training.budget.cards import MICRO_BATCHES

    device = options[0].request.device
    table = Table(box=None, pad_edge=False)
    table.add_column(f"GB on {device.name}", no_wrap=True)
    table.add_column("adapter")
    table.add_column("recompute")
    for rows in MICRO_BATCHES:
        table.add_column(f"{rows} row{'s' if rows > 1 else ''}", justify="right")
    table.add_column("largest", justify="right")
    for option in options:
        request = option.request
        marks = [
            gigabytes(high) + (" " if high <= device.memory_bytes else "!") for high in option.high
        ]
        table.add_row(
            request.shape.name,
            f"{request.adapter.kind.value} {request.adapter.rank}",
            "layers" if request.every_n_layers else "none",
            *marks,
            str(option.largest) if option.largest else "none fits",
        )
    return table


def fits_sentence(options: Sequence[Option]) -> str:
    """The largest model that fits, and how."""
    fitting = [option for option in options if option.largest]
    if not fitting:
        return "Nothing of this fits (! is above the card's memory)."
    best = max(fitting, key=lambda option: (option.request.shape.weights, option.largest))
    how = "checkpointing of each layer" if best.request.every_n_layers else "no checkpointing"
    return (
        f"The largest model that fits is {best.request.shape.name}: {best.request.adapter.kind} of "
        f"rank {best.request.adapter.rank} with {how}, {best.largest} rows at a time "
        "(! is above the card's memory)."
    )


def run_which(args: argparse.Namespace) -> int:
    """The run on every known card."""
    import json

    from underdog.cli.console import console
    from underdog.cli.plan import find_recipe
    from underdog.hardware.gpus import find_gpu, known_gpus
    from underdog.pipeline.planning import request_of
    from underdog.training.budget.cards import which_cards

    device = find_gpu("mi300x")
    recipe = find_recipe(args, device)
    request = request_of(recipe, device, data=args.data)
    cards = which_cards(request, known_gpus().values(), rents_of(args.rent))
    if args.json:
        value = {"model": request.shape.name, "cards": [card.to_json() for card in cards]}
        console.print_json(json.dumps(value), highlight=False)
    else:
        console.print(
            f"{request.shape.name}, {request.config.schedule.batch_size} rows per step. Rows "
            f"{request.rows.origin}.",
            markup=False,
            soft_wrap=True,
        )
        console.print(cards_table(cards), markup=False)
        console.print(cards_sentence(cards), markup=False, soft_wrap=True)
    return 0 if any(card.parts for card in cards) else EXIT_NONE_FITS


def rents_of(words: Sequence[str]) -> dict[str, float]:
    """`["mi300x=1.99"]` by the card's own name; InputError for what is no card or no price."""
    from underdog.errors import InputError
    from underdog.hardware.gpus import find_gpu

    rents = {}
    for word in words:
        name, _, price = word.partition("=")
        try:
            value = float(price)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise InputError("--rent GPU=PRICE with a price of at least 0 per hour", got=word)
        rents[find_gpu(name).name] = value
    return rents


def cards_table(cards: Sequence[Card]) -> Table:
    """Smallest card first. `spare` is what is left in GB, below 0 what is missing, for the run as
    it is asked for; `parts`, hours and cost are those of the fewest micro-batches that fit.
    """
    from rich.table import Table

    from underdog.cli.plan_view import gigabytes, range_of

    table = Table(box=None, pad_edge=False)
    table.add_column("card", no_wrap=True)
    table.add_column("fits", no_wrap=True)
    for name in ("GB", "spare", "GB/s", "TF/s", "parts", "hours", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for card in cards:
        device = card.device
        sign = "-" if card.spare < 0 else ""
        table.add_row(
            device.name,
            _SHORT[card.fit.value],
            gigabytes(device.memory_bytes),
            sign + gigabytes(abs(card.spare)),
            "" if device.bandwidth is None else f"{device.bandwidth / 1e9:.0f}",
            f"{device.flops_16 / 1e12:.0f}",
            "" if card.parts is None else str(card.parts),
            "" if card.hours is None else range_of(card.hours, ".3g"),
            "" if card.cost is None else range_of(card.cost, ".2f"),
        )
    return table


def cards_sentence(cards: Sequence[Card]) -> str:
    """The smallest card that does, and the cheapest of those with a price."""
    from underdog.cli.plan_view import gigabytes, range_of
    from underdog.training.budget.cards import cheapest

    fitting = [card for card in cards if card.parts is not None]
    if not fitting:
        most = max(cards, key=lambda card: card.spare)
        return (
            f"No card of the table holds it: even {most.device.name} lacks "
            f"{gigabytes(-most.spare)} GB."
        )
    first = fitting[0]
    text = (
        "(spare GB as asked; parts: micro-batches of a step that fit; hours and cost of these.) "
        f"The smallest card that does it is {first.device.name} with "
        f"{gigabytes(first.device.memory_bytes)} GB."
    )
    best = cheapest(fitting)
    if best is None or best.cost is None:
        return f"{text} Prices: --rent GPU=PRICE."
    return (
        f"{text} The cheapest of those with a price is {best.device.name}: "
        f"{range_of(best.cost, '.2f')} at {best.price:g} per hour."
    )
