"""The strongest directions of a weight matrix, computed once per base and kept on disk.

In: the base's weights by layer. Out: orthonormal bases of the top-k left and right singular
subspaces. Never: a base of another model, another k or another layer from the disk; a damaged file
is computed again with a message, and a folder that cannot be written costs the saving only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load, save

from underdog.errors import InputError
from underdog.runs.files import write_bytes

OVERSAMPLING = 32
"""Directions carried along beyond k; the weakest are dropped."""
ITERATIONS = 20
"""Power iterations of the randomised SVD. On the embedded base (k = 16, 35 layers, 2026-11-21) the
largest angle to the exact subspaces is 4e-5 and all takes 0.5 s on one core; with 16 and 12 it is
0.08. A matrix of 4096 x 4096 takes 1.4 s."""
_DIGEST_BYTES = 32


class Subspaces(NamedTuple):
    """Of a weight (out, in): `left` (out, k) and `right` (in, k), float32, columns orthonormal to
    float32's precision.
    """

    left: torch.Tensor
    right: torch.Tensor


def top_subspaces(weight: torch.Tensor, count: int, *, seed: int = 0) -> Subspaces:
    """The top `count` singular subspaces of a weight (out, in), by randomised SVD.

    Source: Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1, as `torch.svd_lowrank`, then
    made orthonormal again in float64. The global random state is left alone. Another number of
    threads may change the last bits.
    """
    width = min(count + OVERSAMPLING, *weight.shape)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        left, _, right = torch.svd_lowrank(weight.float(), q=width, niter=ITERATIONS)
    return Subspaces(*(_orthonormal(side[:, :count]).to(weight.device) for side in (left, right)))


def _orthonormal(columns: torch.Tensor) -> torch.Tensor:
    basis: torch.Tensor = torch.linalg.qr(columns.cpu().double()).Q.float()
    return basis


def default_folder() -> Path:
    """`underdog/subspaces` in the user's cache folder (XDG base directory specification 0.8)."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "underdog" / "subspaces"


@dataclass(slots=True)
class SubspaceStore:
    """Subspaces of one base: from the disk when they are there and whole, else computed and kept.

    `base_digest` is that of `adapters.base.model_digest`; `say` gets sentences for the user.
    `asked`, `computed` and `size_bytes` count the layers so far, those not found, and their bytes.
    """

    folder: Path
    base_digest: str
    say: Callable[[str], None]
    asked: int = 0
    computed: int = 0
    size_bytes: int = 0

    def subspaces(self, layer: str, weight: torch.Tensor, count: int) -> Subspaces:
        """Of the weight (out, in) of the layer with this name in the base."""
        path = self.folder / self.base_digest / f"k{count}" / f"{layer}.subspaces"
        mark = f"{self.base_digest} {layer} {count} {OVERSAMPLING} {ITERATIONS}".encode()
        found = self._read(path, mark)
        if found is None:
            self.computed += 1
            found = top_subspaces(weight, count)
            self._write(path, mark, found)
        self.asked += 1
        self.size_bytes += sum(side.numel() * side.element_size() for side in found)
        return Subspaces(*(side.to(weight.device) for side in found))

    def sentence(self) -> str:
        """What was found, what was computed, how large it is and where it is."""
        return (
            f"protected directions: {self.asked} layers, {self.computed} of them computed now, "
            f"{self.size_bytes / 1e6:.1f} MB in {self.folder}"
        )

    def _read(self, path: Path, mark: bytes) -> Subspaces | None:
        """None for a file that is not there or not what was written."""
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.say(f"protected directions cannot be read and are computed again ({error})")
            return None
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if digest != hashlib.sha256(mark + content).digest():
            self.say(f"{path}: the protected directions are damaged and are computed again")
            return None
        return Subspaces(**load(content))

    def _write(self, path: Path, mark: bytes, found: Subspaces) -> None:
        content = save({name: side.cpu().contiguous() for name, side in found._asdict().items()})
        try:
            write_bytes(path, hashlib.sha256(mark + content).digest() + content)
        except OSError as error:
            self.say(f"protected directions are not kept on disk ({error})")


def check_count(layer: str, weight: torch.Tensor, count: int) -> None:
    """InputError when the protected directions would leave none to move in."""
    if count >= min(weight.shape):
        raise InputError(
            f"fewer protected directions than the narrow side of {layer}, {min(weight.shape)}",
            got=str(count),
            hint="a smaller protected, or targets without this layer",
        )
