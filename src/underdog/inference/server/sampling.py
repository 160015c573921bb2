"""Which token comes next.

In: logits of one position and how to draw. Out: a token id. Never: a model, a shared generator:
every reply has its own, so that a seed gives the same reply whoever else is in the batch.

Shape letter: V vocabulary.
"""

from __future__ import annotations

import torch

from underdog.inference.server.engine import Sampling


def new_generator(sampling: Sampling) -> torch.Generator:
    """A generator on the CPU, seeded as asked."""
    generator = torch.Generator()
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed % 2**63)
    return generator


def draw(logits: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """One token; tokens at minus infinity never come. Ties of the likeliest go to the first."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits.float() / sampling.temperature, dim=-1).cpu()
    if sampling.top_p < 1:
        probabilities = _nucleus(probabilities, sampling.top_p)
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Nucleus sampling (Holtzman et al., ICLR 2020, section 3.1): the smallest set of the likeliest
    tokens whose probability reaches `top_p`; the rest is 0. Not normalised: `multinomial` is.
    """
    ordered_V, ids_V = probabilities.sort(descending=True, stable=True)
    outside_V = ordered_V.cumsum(-1) - ordered_V >= top_p
    return torch.zeros_like(probabilities).scatter(0, ids_V, ordered_V.masked_fill(outside_V, 0))
