"""Winograd's minimal filtering F(4, 3) down the columns: 6 multiplications where there were 12.

Lavin & Gray, arXiv 1509.09308, section 4.3, in one direction only: four outputs below each other
are A^T [ (G g) * (B^T d) ] for six pixels d and three taps g. In the other direction nothing is
transformed: neighbouring pixels lie side by side in memory, so the three taps of a kernel row are
one run of 3 C numbers, as in `shift`, and every third output's runs do not overlap. The weight
gradient is the transpose of that in g: G^T [ (B^T d)^T * (A dY) ], summed.

Half the multiplications of the definition, where F(4x4) leaves a quarter; but less is moved. Along
the rows it would have to copy pixel by pixel, as it did at first: medians in turns for forward,
input and weight gradient, there and here, came to 22, 22, 23 and 19, 19, 18 ms with 32 channels on
160 x 160 pixels, to 14, 16, 17 and 14, 15, 14 with 64 on 80 x 80 (2026-11-22, two cores of an
EPYC).

Its error in float32 is 7e-8 to 4.2e-7 of the largest sum of absolute products, at most 0.3 of the
bound that every algorithm has to keep (8 to 256 channels; 2026-11-22).

How the image is laid out and transformed says `tile_rows.py`, which explains N, m, r, W and G.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.tile_rows import (
    FILTER,
    RESULT,
    TILE,
    Shares,
    TileRows,
    clear,
    transform,
)
from underdog.vision.conv.algorithms.window import Window, turn, wide_dtype
from underdog.vision.conv.algorithms.winograd import refusal
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part

ENOUGH = 8
"""Channels that are summed at least: its error was measured from there on."""
SETS = 3
"""Outputs from one to the next whose runs do not overlap."""


class Winograd1d(Correlating):
    """3x3, stride 1, no dilation, one group, some channels; any padding."""

    name = "winograd-1d"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        return refusal(spec, part, enough=ENOUGH)

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, 3, 3)."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], y.shape[3]
        rows = _rows(x, y, window, work, dtype, lines_out=-(-(6 + TILE) // SETS))
        plain = work.copy(w.permute(2, 3, 1, 0), dtype=dtype).view(3, -1)
        filters = work.empty(rows.groups, 6, SETS * channels, out, dtype=dtype)
        torch.mm(plain.new_tensor(FILTER), plain, out=filters[0].view(6, -1))
        filters[1:] = filters[:1]
        numbers = rows.most * (rows.width // SETS) * out
        products = work.empty(6 * numbers, dtype=dtype)
        found = work.empty(TILE * numbers, dtype=dtype)
        back = plain.new_tensor(RESULT).t()
        for piece, shares in rows.pieces():
            transformed = rows.transformed(x, piece, shares)
            numbers = shares.lines * (rows.width // SETS) * out
            sums, pixels = products[: 6 * numbers], found[: TILE * numbers]
            by_share = shares.by_share(pixels, (TILE,), (rows.width // SETS, out))
            target = piece.of(y)
            for number in range(SETS):
                runs = _every_third(transformed, shares, rows.width, number, channels, taps=SETS)
                weights = filters[: shares.groups].flatten(0, 1)
                torch.bmm(runs, weights, out=sums.view(6 * shares.groups, -1, out))
                transform(back, sums.view(shares.groups, 6, -1), pixels)
                for part, place in _places(shares, by_share, target[:, :, number::SETS]):
                    place.copy_(part)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        rows = _rows(x, g, window, work, dtype, lines_out=6 + TILE)
        sums = work.zeros(rows.groups, 6, SETS * channels, out, dtype=dtype)
        numbers = rows.most * rows.width * out
        # Results that are dropped, and what lies beyond the image, count for nothing.
        gradient = work.empty(TILE * numbers, dtype=dtype)
        clear(gradient, rows.width, out, 0, g.shape[2])
        spread = work.empty(6 * numbers, dtype=dtype)
        there = sums.new_tensor(RESULT)
        for piece, shares in rows.pieces():
            transformed = rows.transformed(x, piece, shares)
            numbers = shares.lines * rows.width * out
            pixels, spreads = gradient[: TILE * numbers], spread[: 6 * numbers]
            source = piece.of(g)
            if source.shape[1] < TILE * shares.per_image * shares.rows:
                pixels.zero_()
            by_share = shares.by_share(pixels, (TILE,), (rows.width, out))
            for part, place in _places(shares, by_share, source):
                part.copy_(place)
            transform(there, pixels.view(shares.groups, TILE, -1), spreads)
            total = sums[: shares.groups].flatten(0, 1)
            for number in range(SETS):
                runs = _every_third(transformed, shares, rows.width, number, channels, taps=SETS)
                gradients = _every_third(spreads, shares, rows.width, number, out, taps=1)
                total.baddbmm_(runs.transpose(1, 2), gradients)
        total = sums[0]
        for other in sums[1:]:
            total += other
        kernel = work.empty(3, SETS * channels * out, dtype=dtype)
        torch.mm(total.new_tensor(FILTER).t(), total.view(6, -1), out=kernel)
        turn(kernel.view(3, 3, channels, out), dw, work)


def _places(shares: Shares, tiles: Tensor, image: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Parts of the tiles (N, m, 4, r, W, O) and those of the image (N, H, OW, O) they stand for."""
    pixels = tiles.transpose(2, 3)[..., : image.shape[2], :]
    for lines, share, rows, places in shares.bands(image.shape[1]):
        part = pixels[:, share, rows, places]
        yield part, image[:, lines].view(part.shape)


def _rows(
    x: Tensor, y: Tensor, window: Window, work: Workspace, dtype: torch.dtype, *, lines_out: int
) -> TileRows:
    """Tile rows of x (N, H, W, C) for y (N, OH, OW, O), of which the caller takes so many lines for
    each; the width falls into threes.
    """
    columns, out = y.shape[2:]
    # What a row's last outputs read beyond it are the next row's first pixels: zeros, where the
    # padding on the left has as many.
    left = max(0, window.left)
    needed = max(columns + 2 - left, columns, min(x.shape[2] + left, columns + 2))
    width = -(-needed // SETS) * SETS
    return TileRows.of(
        x,
        y,
        window,
        work,
        dtype,
        width=width,
        numbers=lines_out * width * out,
        filters=6 * SETS * x.shape[3] * out,
    )


def _every_third(
    lines: Tensor, shares: Shares, width: int, first: int, channels: int, *, taps: int
) -> Tensor:
    """Of lines (G, 6, shares / G, r, W, C) so many neighbouring pixels at every third place from
    the `first` on: (G * 6, places, taps * C).
    """
    count, step = shares.of_group * width // SETS, SETS * channels
    return lines.as_strided(
        (6 * shares.groups, count, taps * channels),
        (count * step, step, 1),
        lines.storage_offset() + first * channels,
    )
