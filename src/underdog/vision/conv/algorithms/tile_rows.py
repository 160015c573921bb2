"""Rows of tiles, transformed in one direction, in shares that stay on their core: what
`winograd-1d` and `winograd-4x4` have in common.

All that is copied are whole rows of the image: those of one place in their tiles lie one behind the
other, and the transform B^T d down the columns (Lavin & Gray, arXiv 1509.09308, section 4.3) is one
product over all of them.

A piece falls into shares, runs of tile rows of one image, and the share is the outermost index of
every product and copy: so what one core has written it reads again itself. With tiles of all shares
side by side each product was divided otherwise than the one before, and three products on 14 MiB
took 2.6 to 3.3 ms for 1.65 to 2.2 whenever the two cores were far apart (2026-11-22).

Legend: N images, m shares of an image, r tile rows of a share, W columns of a padded row, C
channels, G groups of shares: N * m, or 1 where the filters are not repeated for every share.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.toom_cook import filtering
from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, inside
from underdog.vision.conv.algorithms.workspace import Workspace

TILE = 4
"""Rows of a tile."""
POINTS = (Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(-1, 2))
"""Where F(4, 3) takes its polynomials. With Lavin & Gray's 0, 1, -1, 2 and -2 the errors were 1.5
to 2.5 times as large, in one direction and in both (8 to 128 channels, 2026-11-22)."""
IMAGE, FILTER, RESULT = filtering(POINTS, 3).as_floats()
"""Image transform, filter transform, and result transform, transposed."""
SLACK = 2
"""Zeros behind the last row, in pixels: so many a run of three has beyond its first."""
ENOUGH_PER_CORE = 4
"""Shares for every core, from which on cores may get unequally many: one more is a fifth then. Our
choice, not measured."""
LEAST_ROWS = 3
"""Tile rows of a share at least, for each has edges that are copied one by one. Our choice."""
MOST_FILTERS_BYTES = 4 << 20
"""Transformed filters of all shares together at most; above, they are not repeated. With 4.7
MiB it took as long or a tenth longer than one copy, with 9 to 19 a quarter to half (2026-11-22)."""
FILTERS_OF_BUDGET = 8
"""Nor where they would take more than this part of the budget."""


class Shares(NamedTuple):
    """How a piece of so many images falls into shares: `per_image`, each of so many tile `rows`.

    Where an image's tile rows are no multiple of `rows`, the last share reaches beyond it.
    """

    images: int
    per_image: int
    rows: int
    groups: int

    @classmethod
    def of(cls, piece: Piece, filters_bytes: int, work: Workspace) -> Shares:
        """Of a piece whose rows are counted in tiles: as few as all cores get equally many of, none
        of fewer rows than `LEAST_ROWS`. Two for every core took up to an eighth longer than one
        (64 channels on 80 x 80 pixels 15 to 17 ms for 13 to 15, 2026-11-22).
        """
        cores = torch.get_num_threads() if work.device.type == "cpu" else 1
        if cores == 1:
            return cls(piece.images, 1, piece.rows, 1)
        shares = itertools.count(piece.images, piece.images)
        even = next(each for each in shares if not each % cores or each >= ENOUGH_PER_CORE * cores)
        count = max(1, min(even // piece.images, piece.rows // LEAST_ROWS))
        rows = -(-piece.rows // count)
        count = -(-piece.rows // rows)
        groups = piece.images * count
        most = min(MOST_FILTERS_BYTES, work.budget_bytes // FILTERS_OF_BUDGET)
        if groups * filters_bytes > most:
            groups = 1
        return cls(piece.images, count, rows, groups)

    def each(self) -> Shares:
        """The same with a group for every share, for what needs no filters."""
        return self._replace(groups=self.images * self.per_image)

    @property
    def lines(self) -> int:
        """Tile rows of all shares."""
        return self.images * self.per_image * self.rows

    @property
    def of_group(self) -> int:
        """Tile rows of the shares of one group."""
        return self.lines // self.groups

    def by_share(self, tiles: Tensor, places: tuple[int, ...], rest: tuple[int, ...]) -> Tensor:
        """Tiles (G, places, shares / G, r, rest) of any shape as (N, m, places, r, rest)."""
        lead = (self.images, self.per_image)
        if self.groups > 1:
            return tiles.view(*lead, *places, self.rows, *rest)
        held = tiles.view(*places, *lead, self.rows, *rest)
        return held.movedim((len(places), len(places) + 1), (0, 1))

    def bands(self, height: int) -> Iterator[tuple[slice, slice, slice, slice]]:
        """How `height` rows of an image fall into shares: rows of the image and, for them, shares,
        tile rows of each, rows of each tile. Whole shares first, then what whole tiles are left,
        then what rows.
        """
        share = TILE * self.rows
        whole, left = divmod(height, share)
        tall, low = divmod(left, TILE)
        one, end = slice(whole, whole + 1), whole * share + TILE * tall
        every = slice(TILE)
        bands = (
            (slice(0, whole * share), slice(whole), slice(self.rows), every),
            (slice(whole * share, end), one, slice(tall), every),
            (slice(end, height), one, slice(tall, tall + 1), slice(low)),
        )
        return (band for band in bands if band[0].start != band[0].stop)


class TileRows(NamedTuple):
    """The image in pieces of tile rows, and the memory they are worked in.

    `padded` holds the rows of the image, `image` the same transformed, both `width` columns wide;
    what a row has no room for has to be zero, for the next row's first columns stand there.
    `groups` and `most` tile rows are those of the largest piece.
    """

    images: int
    height: int
    width: int
    window: Window
    size: Pieces
    shares: dict[tuple[int, int], Shares]
    groups: int
    most: int
    padded: Tensor
    image: Tensor
    matrix: Tensor

    @classmethod
    def of(
        cls,
        x: Tensor,
        y: Tensor,
        window: Window,
        work: Workspace,
        dtype: torch.dtype,
        *,
        width: int,
        numbers: int,
        filters: int,
    ) -> TileRows:
        """For x (N, H, W, C) and y (N, OH, OW, O). The caller takes so many `numbers` for each tile
        row beside, and has so many in its `filters`, which every group gets to itself.
        """
        images, height, line = y.shape[0], -(-y.shape[1] // TILE), 6 * width * x.shape[3]
        size = Pieces.within(
            images,
            height,
            chunk_bytes=work.chunk_bytes,
            row_bytes=dtype.itemsize * (2 * line + numbers),
        )
        shares = {
            (piece.images, piece.rows): Shares.of(piece, filters * dtype.itemsize, work)
            for piece in size.over(images, height)
        }
        most = max(each.lines for each in shares.values())
        padded = work.empty(most * line, dtype=dtype)
        left, right = inside(width, x.shape[2], -window.left)
        clear(padded, width, x.shape[3], left, right)
        return cls(
            images,
            height,
            width,
            window,
            size,
            shares,
            max(each.groups for each in shares.values()),
            most,
            padded,
            work.empty(most * line + SLACK * x.shape[3], dtype=dtype),
            torch.tensor(IMAGE, dtype=dtype, device=x.device),
        )

    def pieces(self) -> Iterator[tuple[Piece, Shares]]:
        """Every image and row once, rows counted in pixels."""
        for each in self.size.over(self.images, self.height):
            piece = Piece(each.image, each.images, TILE * each.row, TILE * each.rows)
            yield piece, self.shares[each.images, each.rows]

    def transformed(self, x: Tensor, piece: Piece, shares: Shares) -> Tensor:
        """B^T d of every tile row, (G, 6, shares / G, r, W, C), in `image`."""
        channels = x.shape[3]
        numbers = 6 * shares.lines * self.width * channels
        padded = self.padded[:numbers]
        self._load(x, piece, shares, shares.by_share(padded, (6,), (self.width, channels)))
        transform(self.matrix, padded.view(shares.groups, 6, -1), self.image[:numbers])
        # The last outputs of all may read beyond the last row.
        self.image[numbers : numbers + SLACK * channels].zero_()
        return self.image

    def _load(self, x: Tensor, piece: Piece, shares: Shares, tiles: Tensor) -> None:
        """The six rows of every tile, (N, m, 6, r, W, C); those that tiles share twice."""
        source = x[piece.image : piece.image + piece.images]
        height, columns = source.shape[1:3]
        image, down, across, one = source.stride()
        share = TILE * shares.rows
        first = [piece.row + share * number - self.window.top for number in range(shares.per_image)]
        # Tile rows whose pixels lie in the image, in every share, come in one copy.
        low = min(shares.rows, max(0, -(first[0] // TILE)))
        high = max(low, min(shares.rows, (height - 6 - first[-1]) // TILE + 1))
        left, right = inside(self.width, columns, -self.window.left)
        target = tiles[:, :, :, low:high, left:right]
        if target.numel():
            offset = (first[0] + TILE * low) * down + (left - self.window.left) * across
            strides = (image, share * down, down, TILE * down, across, one)
            target.copy_(source.as_strided(target.shape, strides, source.storage_offset() + offset))
        for number, start in enumerate(first):
            for row in (*range(low), *range(high, shares.rows)):
                place = (start + TILE * row, -self.window.left)
                fill(tiles[:, number, :, row], source, first=place, sides=False)


def clear(lines: Tensor, width: int, channels: int, left: int, right: int) -> None:
    """Zeros in the columns before `left` and from `right` on, in all lines (W, C) of a room."""
    pixels = lines.view(-1, width, channels)
    pixels[:, :left].zero_()
    pixels[:, right:].zero_()


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
