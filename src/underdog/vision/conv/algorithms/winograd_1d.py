"""Winograd's minimal filtering F(4, 3) along the rows: 6 multiplications where there were 12.

Lavin & Gray, arXiv 1509.09308, section 4.3, with their matrices in one direction only: four
neighbouring outputs of a row are A^T [ (G g) * (B^T d) ] for six pixels d and three taps g. In the
other direction nothing is transformed: rows of one transformed column lie below each other in
memory, so the three kernel rows of one output are one run of 3 C numbers, as the taps of a kernel
row are in `shift`, and every third output's runs do not overlap. The weight gradient is the
transpose of that in g: G^T [ (B^T d)^T * (A dY) ], summed.

Half the multiplications of the definition, where F(4x4) leaves a quarter; but less is moved. With
64 channels on 80 x 80 pixels it took 12.9 ms, F(4x4) 14.0 and `shift` 16.0; with 32 on 160 x 160 as
long as `shift` (2026-11-22, two cores of an EPYC).

Its error in float32 is 3e-7 to 6.5e-7 of the largest sum of absolute products, at most 0.4 of the
bound that every algorithm has to keep (8 to 256 channels; 2026-11-22).

As in `winograd_4x4`, a piece falls into shares, runs of rows of one image, and the share is the
outermost index, so that what a core has written it reads again itself.

Legend: N images, m shares of an image, r rows of a share, R the rows it reads, rounded up to
threes, T tiles of four columns, C and O channels, G groups of shares: N * m, or 1 where the filters
are too large to be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, wide_dtype
from underdog.vision.conv.algorithms.winograd import refusal
from underdog.vision.conv.algorithms.winograd_4x4 import (
    FILTER,
    IMAGE,
    RESULT,
    repeats,
    transform,
)
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part

ENOUGH = 8
"""Channels that are summed at least: its error was measured from there on."""
LEAST_ROWS = 12
"""Rows of a share at least: each computes two to four rows more than it has."""


class Winograd1d:
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
        rows = _Rows.of(x, y, work, dtype)
        plain = work.copy(w.permute(3, 2, 1, 0), dtype=dtype).view(3, -1)
        filters = work.empty(rows.groups, 6, 3 * channels, out, dtype=dtype)
        torch.mm(plain.new_tensor(FILTER), plain, out=filters[0].view(6, -1))
        filters[1:] = filters[:1]
        back = plain.new_tensor(RESULT).t()
        for piece, cut in rows.pieces():
            transformed = rows.transformed(x, piece, cut, window)
            products = rows.front[: 6 * cut.tiles * out].view(6 * cut.groups, -1, out)
            found = rows.back[: 4 * cut.tiles * out]
            for residue in range(3):
                read = cut.runs(transformed, residue, channels)
                torch.bmm(read, filters[: cut.groups].flatten(0, 1), out=products)
                transform(back, products.view(cut.groups, 6, -1), found)
                for pixels, place in cut.places(found, piece.of(y), residue):
                    place.copy_(pixels)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        rows = _Rows.of(x, g, work, dtype)
        sums = work.zeros(rows.groups, 6, 3 * channels, out, dtype=dtype)
        there = sums.new_tensor(RESULT)
        for piece, cut in rows.pieces():
            transformed = rows.transformed(x, piece, cut, window)
            spread = rows.front[: 6 * cut.tiles * out]
            gradient = rows.back[: 4 * cut.tiles * out]
            for residue in range(3):
                # Rows that are dropped, and what lies beyond the image, count for nothing.
                gradient.zero_()
                for pixels, place in cut.places(gradient, piece.of(g), residue):
                    pixels.copy_(place)
                transform(there, gradient.view(cut.groups, 4, -1), spread)
                read = cut.runs(transformed, residue, channels).transpose(1, 2)
                sums[: cut.groups].flatten(0, 1).baddbmm_(
                    read, spread.view(6 * cut.groups, -1, out)
                )
        total = sums[0]
        for other in sums[1:]:
            total += other
        kernel = work.empty(3, 3 * channels * out, dtype=dtype)
        torch.mm(total.new_tensor(FILTER).t(), total.view(6, -1), out=kernel)
        dw.copy_(kernel.view(3, 3, channels, out).permute(3, 2, 1, 0))


class _Cut(NamedTuple):
    """How a piece of so many images falls into shares."""

    images: int
    shares: int
    rows: int
    width: int
    groups: int

    @property
    def read(self) -> int:
        """R: every third one begins a run, so it is a multiple of three."""
        return -(-(self.rows + 2) // 3) * 3

    @property
    def tiles(self) -> int:
        """Tiles of every third output row, those that are dropped included."""
        return self.images * self.shares * self.width * self.read // 3

    def runs(self, transformed: Tensor, residue: int, channels: int) -> Tensor:
        """What every third output reads, (G * 6, tiles / G, 3 * C), beginning at `residue`."""
        count = self.tiles // self.groups
        run = 3 * channels
        return transformed.as_strided(
            (6 * self.groups, count, run),
            (count * run, run, 1),
            transformed.storage_offset() + residue * channels,
        )

    def places(self, tiles: Tensor, image: Tensor, residue: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Parts of every third row's tiles (G, 4, ...), and of the image (N, H, W, O) they are."""
        shape = (self.width, self.read // 3, image.shape[3])
        if self.groups == 1:
            pixels = tiles.view(4, self.images, self.shares, *shape).permute(1, 2, 4, 3, 0, 5)
        else:
            pixels = tiles.view(self.images, self.shares, 4, *shape).permute(0, 1, 4, 3, 2, 5)
        # Now in the image's order: (N, m, R / 3, T, 4, O). Whole shares, then what rows are left;
        # whole tiles across, then what columns are left.
        whole, left = divmod(image.shape[1], self.rows)
        wide, narrow = divmod(image.shape[2], 4)
        down = (
            (0, slice(whole), self.rows),
            (whole * self.rows, slice(whole, whole + 1), left),
        )
        across = ((0, slice(wide), 4), (4 * wide, slice(wide, wide + 1), narrow))
        for (row, shares, height), (column, columns, b) in product(down, across):
            part = pixels[:, shares, : len(range(residue, height, 3)), columns, :b]
            if part.numel():
                _, m, _, t, _, out = part.shape
                place = image[:, row : row + m * height, column : column + t * b]
                by_share = place.view(self.images, m, height, t, b, out)
                yield part, by_share[:, :, residue::3]


class _Rows(NamedTuple):
    """The image in pieces of rows, and the memory they are worked in.

    `padded` holds the image with its borders, `apart` its tiles' columns; `image` is transformed,
    `front` and `back` hold every third row's tiles. `groups` are those of the largest piece.
    """

    images: int
    height: int
    size: Pieces
    cuts: dict[tuple[int, int], _Cut]
    groups: int
    padded: Tensor
    apart: Tensor
    image: Tensor
    front: Tensor
    back: Tensor
    matrix: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor, work: Workspace, dtype: torch.dtype) -> _Rows:
        """For x (N, H, W, C) and y (N, OH, OW, O)."""
        images, height, width = y.shape[0], y.shape[1], -(-y.shape[2] // 4)
        channels, out = x.shape[3], y.shape[3]
        line = (4 * width + 2) * channels
        row_bytes = dtype.itemsize * (line + width * (12 * channels + 4 * out))
        size = Pieces.within(
            images,
            height,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=4 * row_bytes,
        )
        cores = torch.get_num_threads() if x.device.type == "cpu" else 1
        filters_bytes = 18 * channels * out * dtype.itemsize
        cuts = {}
        for piece in size.over(images, height):
            shares = max(1, min(-(-cores // piece.images), piece.rows // LEAST_ROWS))
            rows = -(-piece.rows // shares)
            groups = repeats(piece.images * shares, filters_bytes, work) if cores > 1 else 1
            cuts[piece.images, piece.rows] = _Cut(piece.images, shares, rows, width, groups)
        tiles = max(cut.tiles for cut in cuts.values())
        lines = max(cut.images * (cut.rows * (cut.shares - 1) + cut.read) for cut in cuts.values())
        # The last outputs of all, which are dropped, read two rows beyond the last.
        transformed = work.empty((18 * tiles + 2) * channels, dtype=dtype)
        transformed[18 * tiles * channels :].zero_()
        return cls(
            images,
            height,
            size,
            cuts,
            max(cut.groups for cut in cuts.values()),
            work.empty(lines * line, dtype=dtype),
            work.empty(18 * tiles * channels, dtype=dtype),
            transformed,
            work.empty(6 * tiles * out, dtype=dtype),
            work.empty(4 * tiles * out, dtype=dtype),
            torch.tensor(IMAGE, dtype=dtype, device=x.device),
        )

    def pieces(self) -> Iterator[tuple[Piece, _Cut]]:
        """Every image and row once."""
        for piece in self.size.over(self.images, self.height):
            yield piece, self.cuts[piece.images, piece.rows]

    def transformed(self, x: Tensor, piece: Piece, cut: _Cut, window: Window) -> Tensor:
        """B^T d of every tile and row, (G, 6, shares / G, T, R, C)."""
        channels, columns = x.shape[3], 4 * cut.width + 2
        height = cut.rows * (cut.shares - 1) + cut.read
        padded = self.padded[: cut.images * height * columns * channels]
        padded = padded.view(cut.images, height, columns, channels)
        source = x[piece.image : piece.image + piece.images]
        fill(padded, source, first=(piece.row - window.top, -window.left))
        numbers = 18 * cut.tiles * channels
        apart = self.apart[:numbers].view(cut.groups, 6, -1, cut.width, cut.read, channels)
        line = columns * channels
        image, share = height * line, cut.rows * line
        strides = (image, share, channels, 4 * channels, line, 1)
        shape = (cut.images, cut.shares, 6, cut.width, cut.read, channels)
        pixels = padded.as_strided(shape, strides)
        if cut.groups == 1:
            place = apart.view(6, cut.images, cut.shares, *shape[3:]).permute(1, 2, 0, 3, 4, 5)
        else:
            place = apart.view(shape)
        place.copy_(pixels)
        transform(self.matrix, apart.view(cut.groups, 6, -1), self.image[:numbers])
        return self.image
