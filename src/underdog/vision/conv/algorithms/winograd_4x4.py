"""Winograd's minimal filtering F(4x4, 3x3): 36 multiplications where the definition needs 144.

Lavin & Gray, arXiv 1509.09308, section 4.3, gives the matrices; Y = A^T [ (G g G^T) * (B^T d B) ] A
for a 6x6 tile d. The weight gradient is the transpose of that in g, as in `winograd`.

The larger tile is paid with precision: its error in float32 is 1e-6 to 2.2e-6 of the largest sum of
absolute products, 10 to 20 times that of F(2x2) (2026-11-22, 32 to 256 channels). A plain sum of
many products may err as much: from 48 channels on it came to at most 0.64 of the bound that every
algorithm has to keep (`bounds.py`). It is offered from there on, and like any other it is chosen
for a shape only when its result for that shape has been within the bound.

How it is laid out: a piece falls into shares, runs of tile rows of one image, each with its own
border. The rows of a share's tiles overlap by two in the padded image, which a batched product
reads in place; their columns are then copied apart, and every other transform is one product. The
share is the outermost index throughout, so that what one core has written it reads again itself:
with tiles of all shares side by side, each product was divided otherwise than the one before, and
took 2.6 to 3.3 ms for 1.65 to 2.2 whenever the two cores were far apart (three products on 14 MiB,
2026-11-22). Large filters are not repeated for every share.

Legend: N images, m shares of an image, S = N * m shares, r tile rows of a share, T tile columns, P
tiles, C and O channels, G groups of shares: S, or 1 where the filters are not repeated. Tiles'
places are numbered column first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, wide_dtype
from underdog.vision.conv.algorithms.winograd import in_both_directions, in_two_steps, refusal
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part

IMAGE = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
"""Image transform, transposed."""
FILTER = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
"""Filter transform."""
RESULT = (
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
SHARES_PER_CORE = 2
"""One took 1.9 to 2.5 ms where two took 1.65 to 2.2 (the measurement above)."""
LEAST_ROWS = 3
"""Tile rows of a share at least: each share's first line of tiles is transformed once in vain."""
MOST_FILTERS_BYTES = 4 << 20
"""Transformed filters of all shares together at most; above, they are not repeated. Our choice,
not measured: they should stay a part of what lies in the caches."""
FILTERS_OF_BUDGET = 8
"""Nor where they would take more than this part of the budget."""


class Winograd4x4:
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
        tiles = _Tiles.of(x, y, work, dtype)
        filters = work.empty(tiles.groups, 36, channels, out, dtype=dtype)
        in_two_steps(plain.new_tensor(FILTER), plain, filters[0].view(36, -1), work)
        filters[1:] = filters[:1]
        back = in_both_directions(RESULT, plain).t()
        for piece, cut in tiles.pieces():
            transformed = tiles.transformed(x, piece, cut, window)
            products = tiles.front[: 36 * cut.tiles * out].view(36 * cut.groups, -1, out)
            torch.bmm(transformed, filters.flatten(0, 1)[: 36 * cut.groups], out=products)
            found = tiles.back[: 16 * cut.tiles * out]
            transform(back, products.view(cut.groups, 36, -1), found)
            cut.put(found, piece.of(y))

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        tiles = _Tiles.of(x, g, work, dtype)
        sums = work.empty(tiles.groups, 36, channels, out, dtype=dtype)
        room = work.empty(36 * tiles.most * out, dtype=dtype)
        there = in_both_directions(RESULT, sums)
        for number, (piece, cut) in enumerate(tiles.pieces()):
            transformed = tiles.transformed(x, piece, cut, window).transpose(1, 2)
            gradient = tiles.front[: 16 * cut.tiles * out]
            cut.take(piece.of(g), gradient)
            lines = room[: 36 * cut.tiles * out]
            transform(there, gradient.view(cut.groups, 16, -1), lines)
            spread = lines.view(36 * cut.groups, -1, out)
            if number == 0:
                # To write the first sums saves zeros, 9 MiB of them with 256 channels.
                torch.bmm(transformed, spread, out=sums[: cut.groups].flatten(0, 1))
                sums[cut.groups :].zero_()
            else:
                sums[: cut.groups].flatten(0, 1).baddbmm_(transformed, spread)
        total = sums[0]
        for other in sums[1:]:
            total += other
        kernel = work.empty(9, channels * out, dtype=dtype)
        in_two_steps(total.new_tensor(FILTER).t(), total.flatten(1), kernel, work)
        dw.copy_(kernel.view(3, 3, channels, out).permute(3, 2, 1, 0))


def transform(matrix: Tensor, source: Tensor, target: Tensor) -> None:
    """The matrix (places after, places before) times every group's numbers: `source` is (G, places
    before, numbers), `target` has room for (G, places after, numbers).
    """
    groups, after = len(source), len(matrix)
    found = target.view(groups, after, -1)
    if groups == 1:
        torch.mm(matrix, source[0], out=found[0])
    else:
        torch.bmm(matrix.expand(groups, *matrix.shape), source, out=found)


def repeats(count: int, filters_bytes: int, work: Workspace) -> int:
    """How often the filters are written: for every one of so many shares, or once."""
    most = min(MOST_FILTERS_BYTES, work.budget_bytes // FILTERS_OF_BUDGET)
    return count if count * filters_bytes <= most else 1


class _Cut(NamedTuple):
    """How a piece of so many images falls into shares."""

    images: int
    shares: int
    rows: int
    width: int
    groups: int

    @property
    def pitch(self) -> int:
        """Rows of four pixels from share to share in the padded image: a share reads two pixels
        more than its tiles are high.
        """
        return self.rows + 1

    @property
    def tiles(self) -> int:
        """P; more than the piece has where its rows are no multiple of the shares."""
        return self.images * self.shares * self.rows * self.width

    def put(self, found: Tensor, target: Tensor) -> None:
        """Every pixel of (G, 16, P * O) in its place; what lies beyond the image is dropped."""
        for pixels, place in self._places(found, target):
            place.copy_(pixels)

    def take(self, source: Tensor, found: Tensor) -> None:
        """The pixels of the source's tiles, (G, 16, P * O); zeros beyond the image."""
        if source.shape[1:3] != (4 * self.shares * self.rows, 4 * self.width):
            found.zero_()
        for pixels, place in self._places(found, source):
            pixels.copy_(place)

    def _places(self, tiles: Tensor, image: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Parts of the tiles (G, 16, P * O) and those of the image (N, H, W, O) they stand for."""
        out = image.shape[3]
        if self.groups == 1:
            shape = (4, 4, self.images, self.shares, self.rows, self.width, out)
            pixels = tiles.view(shape).permute(2, 3, 4, 1, 5, 0, 6)
        else:
            shape = (self.images, self.shares, 4, 4, self.rows, self.width, out)
            pixels = tiles.view(shape).permute(0, 1, 4, 3, 5, 2, 6)
        # Now in the image's order: (N, m, r, 4, T, 4, O). Whole shares, then what whole rows of
        # tiles are left, then what rows of pixels; whole tiles across, then what columns are left.
        share = 4 * self.rows
        whole, left = divmod(image.shape[1], share)
        tall, low = divmod(left, 4)
        wide, narrow = divmod(image.shape[2], 4)
        last = slice(whole, whole + 1)
        down = (
            (0, slice(whole), slice(self.rows), 4),
            (whole * share, last, slice(tall), 4),
            (whole * share + 4 * tall, last, slice(tall, tall + 1), low),
        )
        across = ((0, slice(wide), 4), (4 * wide, slice(wide, wide + 1), narrow))
        for (row, shares, rows, a), (column, columns, b) in product(down, across):
            part = pixels[:, shares, rows, :a, columns, :b]
            if part.numel():
                height, width = part.shape[1:4].numel(), part.shape[4:6].numel()
                place = image[:, row : row + height, column : column + width]
                yield part, place.view(part.shape)


class _Tiles(NamedTuple):
    """The output cut into 4x4 tiles, and the memory that pieces of tile rows are worked in.

    `padded` holds the image with its borders, `rows` its tiles' transformed rows; `front` and
    `back` take turns with what follows. `groups` and `most` tiles are those of the largest piece.
    """

    images: int
    height: int
    size: Pieces
    cuts: dict[tuple[int, int], _Cut]
    groups: int
    most: int
    padded: Tensor
    rows: Tensor
    front: Tensor
    back: Tensor
    matrix: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor, work: Workspace, dtype: torch.dtype) -> _Tiles:
        """For x (N, H, W, C) and y (N, OH, OW, O)."""
        images, height, width = y.shape[0], -(-y.shape[1] // 4), -(-y.shape[2] // 4)
        channels, out = x.shape[3], y.shape[3]
        most = max(channels, out)
        line = (4 * width + 2) * channels
        row_bytes = dtype.itemsize * (10 * line + 72 * width * most)
        size = Pieces.within(
            images,
            height,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=row_bytes,
        )
        cores = torch.get_num_threads() if x.device.type == "cpu" else 1
        filters_bytes = 36 * channels * out * dtype.itemsize
        cuts = {}
        for piece in size.over(images, height):
            shares, rows = _shares(piece, cores)
            groups = repeats(piece.images * shares, filters_bytes, work) if cores > 1 else 1
            cuts[piece.images, piece.rows] = _Cut(piece.images, shares, rows, width, groups)
        tiles = max(cut.tiles for cut in cuts.values())
        lines = max(cut.images * cut.shares * cut.pitch for cut in cuts.values())
        return cls(
            images,
            height,
            size,
            cuts,
            max(cut.groups for cut in cuts.values()),
            tiles,
            work.empty(4 * lines * line, dtype=dtype),
            work.empty(6 * lines * line, dtype=dtype),
            work.empty(36 * tiles * most, dtype=dtype),
            work.empty(36 * tiles * most, dtype=dtype),
            torch.tensor(IMAGE, dtype=dtype, device=x.device),
        )

    def pieces(self) -> Iterator[tuple[Piece, _Cut]]:
        """Every image and tile row once, rows counted in pixels."""
        for each in self.size.over(self.images, self.height):
            piece = Piece(each.image, each.images, 4 * each.row, 4 * each.rows)
            yield piece, self.cuts[each.images, each.rows]

    def transformed(self, x: Tensor, piece: Piece, cut: _Cut, window: Window) -> Tensor:
        """B^T d B of every tile, (G * 36, P / G, C), in `back`; `front` is overwritten."""
        channels, shares = x.shape[3], cut.images * cut.shares
        line = (4 * cut.width + 2) * channels
        padded = self.padded[: 4 * shares * cut.pitch * line]
        by_share = padded.view(cut.images, cut.shares, 4 * cut.pitch, -1, channels)
        source = x[piece.image : piece.image + piece.images]
        for share in range(cut.shares):
            first = (piece.row + 4 * cut.rows * share - window.top, -window.left)
            fill(by_share[:, share, : 4 * cut.rows + 2], source, first=first)
        # Between two shares lies a line of tiles that reads from both; nobody asks for it.
        lines = shares * cut.pitch - 1
        overlapping = padded.as_strided((lines, 6, line), (4 * line, line, 1))
        rows = self.rows[: 6 * lines * line].view(lines, 6, line)
        torch.bmm(self.matrix.expand(lines, 6, 6), overlapping, out=rows)
        of_group = shares // cut.groups
        apart = self.front[: 36 * cut.tiles * channels].view(
            cut.groups, 6, 6, of_group, cut.rows, cut.width, channels
        )
        step = 6 * cut.pitch * line
        strides = (of_group * step, channels, line, step, 6 * line, 4 * channels, 1)
        apart.copy_(rows.as_strided(apart.shape, strides))
        found = self.back[: apart.numel()]
        transform(self.matrix, apart.view(cut.groups, 6, -1), found)
        return found.view(36 * cut.groups, -1, channels)


def _shares(piece: Piece, cores: int) -> tuple[int, int]:
    """Shares of an image and rows of a share, both counted in tiles: one or two shares for every
    core, none of fewer rows than `LEAST_ROWS`; as many as leave the fewest tiles beyond the image.
    """
    if cores == 1:
        return 1, piece.rows
    low, high = (-(-per_core * cores // piece.images) for per_core in (1, SHARES_PER_CORE))
    high = max(1, min(high, piece.rows // LEAST_ROWS))
    rows = {count: -(-piece.rows // count) for count in range(min(low, high), high + 1)}
    shares = min(rows, key=lambda count: (count * rows[count], -count))
    return shares, rows[shares]
