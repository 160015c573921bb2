"""Winograd's minimal filtering F(4x4, 3x3): 36 multiplications where the definition needs 144.

Lavin & Gray, arXiv 1509.09308, section 4.3: Y = A^T [ (G g G^T) * (B^T d B) ] A for a 6x6 tile d,
with the matrices of `tile_rows.py`. The weight gradient is the transpose of that in g, as in
`winograd`.

The larger tile is paid with precision: its error in float32 is 2e-7 to 1e-6 of the largest sum of
absolute products, 2 to 10 times that of F(2x2) (2026-11-22, 32 to 256 channels). A plain sum of
many products may err as much: from 32 channels on it came to at most 0.46 of the bound that every
algorithm has to keep (`bounds.py`). It is offered from there on, and like any other it is chosen
for a shape only when its result for that shape has been within the bound.

How it is laid out: rows come transformed from `tile_rows.py`, which explains N, m, r, W and G; then
the tiles' columns are copied apart, and every other transform is one product.

Legend: T tile columns, P tiles, C and O channels. Tiles' places are numbered column first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.tile_rows import (
    FILTER,
    RESULT,
    TILE,
    Shares,
    TileRows,
    transform,
)
from underdog.vision.conv.algorithms.window import Piece, Window, turn, wide_dtype
from underdog.vision.conv.algorithms.winograd import in_both_directions, in_two_steps, refusal
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part

ENOUGH = 32
"""Channels that are summed, from which on the error is within a plain sum's bound."""


class Winograd4x4(Correlating):
    """3x3, stride 1, no dilation, one group, many channels; any padding."""

    name = "winograd-4x4"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        return refusal(spec, part, enough=ENOUGH)

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, 3, 3)."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], y.shape[3]
        plain = work.copy(w.permute(3, 2, 1, 0), dtype=dtype).view(9, -1)
        tiles = _Tiles.of(x, y, window, work, dtype)
        filters = work.empty(tiles.rows.groups, 36, channels, out, dtype=dtype)
        in_two_steps(plain.new_tensor(FILTER), plain, filters[0].view(36, -1), work)
        filters[1:] = filters[:1]
        back = in_both_directions(RESULT, plain).t()
        for piece, shares in tiles.rows.pieces():
            transformed = tiles.transformed(x, piece, shares)
            count = shares.lines * tiles.across * out
            products = tiles.front[: 36 * count].view(36 * shares.groups, -1, out)
            torch.bmm(transformed, filters[: shares.groups].flatten(0, 1), out=products)
            found = tiles.back[: TILE * TILE * count]
            transform(back, products.view(shares.groups, 36, -1), found)
            for part, place in _places(shares, found, tiles.across, piece.of(y)):
                place.copy_(part)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        tiles = _Tiles.of(x, g, window, work, dtype)
        sums = work.empty(tiles.rows.groups, 36, channels, out, dtype=dtype)
        room = work.empty(36 * tiles.rows.most * tiles.across * out, dtype=dtype)
        there = in_both_directions(RESULT, sums)
        for number, (piece, shares) in enumerate(tiles.rows.pieces()):
            transformed = tiles.transformed(x, piece, shares).transpose(1, 2)
            count, source = shares.lines * tiles.across * out, piece.of(g)
            gradient = tiles.front[: TILE * TILE * count]
            if source.shape[1:3] != (TILE * shares.per_image * shares.rows, TILE * tiles.across):
                gradient.zero_()
            for part, place in _places(shares, gradient, tiles.across, source):
                part.copy_(place)
            spread = room[: 36 * count]
            transform(there, gradient.view(shares.groups, TILE * TILE, -1), spread)
            spread = spread.view(36 * shares.groups, -1, out)
            if number == 0:
                # To write the first sums saves zeros, 9 MiB of them with 256 channels.
                torch.bmm(transformed, spread, out=sums[: shares.groups].flatten(0, 1))
                sums[shares.groups :].zero_()
            else:
                sums[: shares.groups].flatten(0, 1).baddbmm_(transformed, spread)
        total = sums[0]
        for other in sums[1:]:
            total += other
        kernel = work.empty(9, channels * out, dtype=dtype)
        in_two_steps(total.new_tensor(FILTER).t(), total.flatten(1), kernel, work)
        turn(kernel.view(3, 3, channels, out).transpose(0, 1), dw, work)


def _places(
    shares: Shares, tiles: Tensor, width: int, image: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Parts of the tiles (G, 16, P * O), so many across, and those of the image (N, H, W, O) they
    stand for.
    """
    by_share = shares.by_share(tiles, (TILE, TILE), (width, image.shape[3]))
    # In the image's order: (N, m, r, 4, T, 4, O). Whole tiles across, then what columns are left.
    pixels = by_share.permute(0, 1, 4, 3, 5, 2, 6)
    wide, narrow = divmod(image.shape[2], TILE)
    across = [(slice(0, TILE * wide), slice(wide), TILE)]
    if narrow:
        across.append((slice(TILE * wide, image.shape[2]), slice(wide, wide + 1), narrow))
    for (lines, share, rows, down), (columns, tall, right) in product(
        shares.bands(image.shape[1]), across
    ):
        part = pixels[:, share, rows, down, tall, :right]
        yield part, image[:, lines, columns].view(part.shape)


class _Tiles(NamedTuple):
    """The output cut into 4x4 tiles, so many `across`, and the memory they are worked in: `front`
    and `back` take turns.
    """

    rows: TileRows
    across: int
    front: Tensor
    back: Tensor

    @classmethod
    def of(
        cls, x: Tensor, y: Tensor, window: Window, work: Workspace, dtype: torch.dtype
    ) -> _Tiles:
        """For x (N, H, W, C) and y (N, OH, OW, O)."""
        channels, out, across = x.shape[3], y.shape[3], -(-y.shape[2] // TILE)
        line = 36 * across * max(channels, out)
        rows = TileRows.of(
            x,
            y,
            window,
            work,
            dtype,
            width=TILE * across + 2,
            numbers=2 * line,
            filters=36 * channels * out,
        )
        front, back = (work.empty(rows.most * line, dtype=dtype) for _ in range(2))
        return cls(rows, across, front, back)

    def transformed(self, x: Tensor, piece: Piece, shares: Shares) -> Tensor:
        """B^T d B of every tile, (G * 36, P / G, C), in `back`; `front` is overwritten."""
        channels, groups = x.shape[3], shares.groups
        rows = self.rows.transformed(x, piece, shares.each())
        together = shares.images * shares.per_image // groups
        apart = self.front[: 36 * shares.lines * self.across * channels].view(
            groups, 6, 6, together, shares.rows, self.across, channels
        )
        line = self.rows.width * channels
        place = shares.rows * line
        strides = (6 * together * place, channels, place, 6 * place, line, TILE * channels, 1)
        apart.copy_(rows.as_strided(apart.shape, strides, rows.storage_offset()))
        found = self.back[: apart.numel()]
        transform(self.rows.matrix, apart.view(groups, 6, -1), found)
        return found.view(36 * groups, -1, channels)
