"""OPLoRA: LoRA whose change to a weight stays off the weight's strongest directions.

Source: Xiong and Xie 2025, arXiv 2510.13003: dW = (I - U U^T) B A (I - V V^T), with U and V the
top-k singular subspaces of the frozen W, so that W + dW has the same top-k singular triples. Here
A and B themselves are projected, after attaching, after every step of the optimizer and after every
load: the optimizer's own step leaves the subspace (AdamW scales each number by itself), the
projected matrices do not, and what is saved is plain LoRA that any PEFT reads.

In: layers of `peft` with plain LoRA. Out: A with no part in V, B with none in U. Never: an extra
step in the forward pass.
"""

from __future__ import annotations

from typing import Any

import torch

from underdog.adapters.lora import NAME
from underdog.adapters.subspaces import Subspaces

ROUNDING = 1.001 * 2.0**-24
"""Share of a matrix that may lie in the protected directions and is left there: what rounding to
float32 puts back after an exact projection is always less. So a second projection changes no bit,
and a run continued from a checkpoint equals the one that never stopped."""


def protect(layer: Any, subspaces: Subspaces) -> None:
    """Give a layer the directions that it must keep. They move with it and are not saved."""
    layer.register_buffer("protected_left", subspaces.left, persistent=False)
    layer.register_buffer("protected_right", subspaces.right, persistent=False)


def is_protected(layer: Any) -> bool:
    """Whether `protect` was called."""
    return hasattr(layer, "protected_left")


def protected(layer: Any) -> Subspaces:
    """What `protect` gave."""
    return Subspaces(layer.protected_left, layer.protected_right)


@torch.no_grad()
def project(layer: Any) -> None:
    """A -= (A V) V^T and B -= U (U^T B), in place, in float64."""
    _take_off(layer.lora_A[NAME].weight, layer.protected_right)
    _take_off(layer.lora_B[NAME].weight.t(), layer.protected_left)


def _take_off(rows: torch.Tensor, basis: torch.Tensor) -> None:
    """Rows (m, n) lose their part in the span of basis (n, k); nothing waits for the device.

    Twice, because a float32 basis is orthonormal to 1e-7 only.
    """
    wide, basis = rows.double(), basis.double()
    inside = wide @ basis
    projected = wide - inside @ basis.t()
    projected -= (projected @ basis) @ basis.t()
    is_inside = torch.linalg.norm(inside) > ROUNDING * torch.linalg.norm(wide)
    rows.copy_(torch.where(is_inside, projected.to(rows.dtype), rows))


@torch.no_grad()
def alignment(down: torch.Tensor, up: torch.Tensor, subspaces: Subspaces) -> float | None:
    """rho_k = |U U^T dW V V^T|^2 / |dW|^2 in Frobenius norms, 0 to 1: the share of a change that
    lies in the protected directions. From A (rank, in) and B (out, rank) alone; None for dW = 0.
    """
    down, up = down.double(), up.double()
    left, right = (side.double() for side in subspaces)
    whole = ((up.t() @ up) * (down @ down.t())).sum()
    inside = ((left.t() @ up) @ (down @ right)).square().sum()
    return None if whole == 0 else float(inside / whole)
