"""Winograd's minimal filtering F(4x4, 3x3): 36 multiplications where the definition needs 144.

Lavin & Gray, arXiv 1509.09308, section 4.3, gives the matrices; Y = A^T [ (G g G^T) * (B^T d B) ] A
for a 6x6 tile d. The weight gradient is the transpose of that in g, as in `winograd`.

The larger tile is paid with precision: its error in float32 is 1e-6 to 2.2e-6 of the largest sum of
absolute products, 10 to 20 times that of F(2x2) (2026-11-22, 32 to 256 channels). A plain sum of
many products may err as much: from 48 channels on it came to at most 0.64 of the bound that every
algorithm has to keep (`bounds.py`). It is offered from there on, and like any other it is chosen
for a shape only when its result for that shape has been within the bound.

How it is laid out: the rows of all tiles of a piece overlap by two in the padded image, which a
batched product reads in place; their columns are then copied apart, and every other transform is
one product. Images are stacked with one wasted row of tiles between them.

Legend: N images, R tile rows in a piece, wasted ones included, T tile columns, P = R * T tiles, C
and O channels. Tiles' places are numbered column first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, wide_dtype
from underdog.vision.conv.algorithms.winograd import in_both_directions
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part

_B = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
"""Image transform, transposed."""
_G = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
"""Filter transform."""
_A = (
    (1.0, 0.0, 0.0, 0.0),
    (1.0, 1.0, 1.0, 1.0),
    (1.0, -1.0, 1.0, -1.0),
    (1.0, 2.0, 4.0, 8.0),
    (1.0, -2.0, 4.0, -8.0),
    (0.0, 0.0, 0.0, 1.0),
)
"""Result transform, transposed."""
ENOUGH = 48
"""Channels that are summed, from which on the error is within a plain sum's bound."""


class Winograd4x4:
    """3x3, stride 1, no dilation, one group, many channels; any padding."""

    name = "winograd-4x4"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        plain = spec.stride == (1, 1) and spec.dilation == (1, 1) and spec.groups == 1
        if spec.kernel != (3, 3) or not plain:
            return "for 3x3, stride 1, one group"
        summed = {
            Part.FORWARD: spec.channels,
            Part.INPUT: spec.out_channels,
            Part.WEIGHT: spec.batch * spec.out_height * spec.out_width // 9,
        }
        return "" if summed[part] >= ENOUGH else f"for sums over {ENOUGH} channels or more"

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, 3, 3)."""
        dtype, out = wide_dtype(x.dtype), y.shape[3]
        channels = x.shape[3]
        plain = work.copy(w.permute(3, 2, 1, 0), dtype=dtype).view(9, -1)
        filters = work.empty(36, channels, out, dtype=dtype)
        torch.mm(in_both_directions(_G, plain), plain, out=filters.view(36, -1))
        tiles = _Tiles.of(x, y, work, dtype)
        back = in_both_directions(_A, plain).t()
        for piece in tiles.pieces():
            transformed = tiles.transformed(x, piece, window)
            products = tiles.front[: 36 * tiles.count(piece) * out].view(36, -1, out)
            torch.bmm(transformed, filters, out=products)
            found = tiles.back[: 16 * tiles.count(piece) * out].view(16, -1)
            torch.mm(back, products.flatten(1), out=found)
            tiles.put(found, piece.of(y), piece)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        total = work.zeros(36, channels, out, dtype=dtype)
        tiles = _Tiles.of(x, g, work, dtype)
        spread = work.empty(36 * tiles.most * out, dtype=dtype)
        there = in_both_directions(_A, total)
        for piece in tiles.pieces():
            transformed = tiles.transformed(x, piece, window)
            gradient = tiles.taken(g, piece)
            lines = spread[: 36 * gradient.shape[1]].view(36, -1)
            torch.mm(there, gradient, out=lines)
            total.baddbmm_(transformed.transpose(1, 2), lines.view(36, -1, out))
        kernel = work.empty(9, channels * out, dtype=dtype)
        torch.mm(in_both_directions(_G, total).t(), total.flatten(1), out=kernel)
        dw.copy_(kernel.view(3, 3, channels, out).permute(3, 2, 1, 0))


class _Tiles(NamedTuple):
    """The output cut into 4x4 tiles, and the memory that pieces of tile rows are worked in.

    `padded` holds the image with its borders, `rows` its tiles' transformed rows; `front` and
    `back` take turns with what follows.
    """

    images: int
    height: int
    width: int
    channels: int
    size: Pieces
    padded: Tensor
    rows: Tensor
    front: Tensor
    back: Tensor
    transform: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor, work: Workspace, dtype: torch.dtype) -> _Tiles:
        """For x (N, H, W, C) and y (N, OH, OW, O)."""
        images, height, width = y.shape[0], -(-y.shape[1] // 4), -(-y.shape[2] // 4)
        channels, most = x.shape[3], max(x.shape[3], y.shape[3])
        line = (4 * width + 2) * channels
        row_bytes = dtype.itemsize * (10 * line + 72 * width * most)
        size = Pieces.within(
            images,
            height,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=row_bytes,
        )
        count = size.images * (size.rows + 1)
        padded = work.empty(4 * count * line, dtype=dtype)
        return cls(
            images,
            height,
            width,
            channels,
            size,
            padded,
            work.empty(6 * count * line, dtype=dtype),
            work.empty(36 * count * width * most, dtype=dtype),
            work.empty(36 * count * width * most, dtype=dtype),
            torch.tensor(_B, dtype=dtype, device=x.device),
        )

    @property
    def most(self) -> int:
        """Tiles of the largest piece."""
        return self.size.images * (self.size.rows + 1) * self.width

    def pieces(self) -> Iterator[Piece]:
        """Every image and tile row once."""
        return (
            Piece(each.image, each.images, 4 * each.row, 4 * each.rows)
            for each in self.size.over(self.images, self.height)
        )

    def lines(self, piece: Piece) -> int:
        """R: tile rows of the piece, and a wasted one behind each image but the last."""
        return piece.images * (piece.rows // 4 + 1) - 1

    def count(self, piece: Piece) -> int:
        """P."""
        return self.lines(piece) * self.width

    def transformed(self, x: Tensor, piece: Piece, window: Window) -> Tensor:
        """B^T d B of every tile, (36, P, C), in `back`; `front` is overwritten."""
        lines, width, channels = self.lines(piece), self.width, self.channels
        line, height = (4 * width + 2) * channels, piece.rows + 4
        padded = self.padded[: piece.images * height * line]
        fill(
            padded.view(piece.images, height, -1, channels),
            x[piece.image : piece.image + piece.images],
            first=(piece.row - window.top, -window.left),
        )
        rows = self.rows[: 6 * lines * line].view(6, lines, line)
        overlapping = padded.as_strided((lines, 6, line), (4 * line, line, 1))
        torch.bmm(self.transform.expand(lines, 6, 6), overlapping, out=rows.transpose(0, 1))
        apart = self.front[: 36 * lines * width * channels].view(6, 6 * lines, width, channels)
        apart.copy_(rows.as_strided(apart.shape, (channels, line, 4 * channels, 1)))
        found = self.back[: apart.numel()].view(6, -1)
        torch.mm(self.transform, apart.flatten(1), out=found)
        return found.view(36, -1, channels)

    def put(self, found: Tensor, target: Tensor, piece: Piece) -> None:
        """Every pixel of (16, P * O) in its place; what lies beyond the image is dropped."""
        images, height, width, out = target.shape
        pixels = self._pixels(found, piece, out)
        if target.is_contiguous() and height == piece.rows and width == 4 * self.width:
            places = target.view(images, height // 4, 4, self.width, 4, out)
            places.copy_(pixels.permute(2, 3, 1, 4, 0, 5))
            return
        for b in range(4):
            for a in range(4):
                place = target[:, a::4, b::4]
                place.copy_(pixels[b, a, :, : place.shape[1], : place.shape[2]])

    def taken(self, g: Tensor, piece: Piece) -> Tensor:
        """The pixels of g's tiles, (16, P * O), in `front`; zeros in wasted tiles. `padded` and
        `rows` are overwritten.
        """
        out = g.shape[3]
        found = self.front[: 16 * self.count(piece) * out].view(16, -1)
        pixels = self._pixels(found, piece, out)
        if piece.images > 1:
            wasted = found.view(16, self.lines(piece), -1)[
                :, piece.rows // 4 :: piece.rows // 4 + 1
            ]
            wasted.zero_()
        source = piece.of(g)
        for b in range(4):
            for a in range(4):
                fill(pixels[b, a], source, first=(a, b), step=(4, 4))
        return found

    def _pixels(self, tiles: Tensor, piece: Piece, channels: int) -> Tensor:
        """(16, P * channels) as (4, 4, N, tile rows, T, channels), wasted tiles left out."""
        height, line = piece.rows // 4, self.width * channels
        size = self.lines(piece) * line
        return tiles.as_strided(
            (4, 4, piece.images, height, self.width, channels),
            (4 * size, size, (height + 1) * line, line, channels, 1),
        )
