"""Winograd's minimal filtering F(2x2, 3x3): 16 multiplications where the definition needs 36.

Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308, section 4.1:
Y = A^T [ (G g G^T) * (B^T d B) ] A for a 4x4 tile d and a 3x3 filter g. The weight gradient is the
transpose of that in g: G^T [ (B^T d B)^T * (A dY A^T) ] G, summed over tiles, with the same saving.

Its error is 4e-7 of the largest value in float32, a plain product's 3e-7 (2026-11, C = 256). The
larger tile in `winograd_4x4.py` errs 2 to 10 times as much, and those beyond are left out: the
error grows exponentially with the tile (Barabasz et al., arXiv 1803.10986). In half precision all
sums are made in float32.

How it is laid out: even and odd rows and columns of the padded image are copied apart, so that
"the tile's neighbour" is "one position on" and every transform is one addition of two long
contiguous runs. The price is one wasted tile per row and one wasted row per image.

Legend: N images, R tile rows in a piece, P tile positions (N * (R + 1) rows of tw + 1, less the
last), C and O channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.toom_cook import Matrix
from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, turn, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Pair, Part

_G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))
"""Filter transform; B^T is written out as additions below."""
_A = ((1.0, 0.0), (1.0, 1.0), (1.0, -1.0), (0.0, -1.0))
"""Result transform, transposed."""


class Winograd(Correlating):
    """3x3, stride 1, no dilation, one group; any padding."""

    name = "winograd"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        return refusal(spec, part, enough=0)

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, 3, 3)."""
        dtype, out = wide_dtype(x.dtype), y.shape[3]
        filters = _filters(w, work, dtype)
        tiles = _Tiles.of(x, y, work, dtype)
        front = work.empty(tiles.most * max(12 * tiles.channels, 16 * out), dtype=dtype)
        back = work.empty(tiles.most * max(16 * tiles.channels, 4 * out), dtype=dtype)
        for piece, (images, results) in tiles.pieces(
            lambda piece: (tiles.inputs(piece, front, back), tiles.outputs(piece, front, back, out))
        ):
            images.take(x, piece, (2 * piece.row - window.top, -window.left))
            torch.bmm(images.transformed, filters, out=results.products)
            results.put(y, piece)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 3, 3) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, channels, out = wide_dtype(x.dtype), x.shape[3], g.shape[3]
        tiles = _Tiles.of(x, g, work, dtype)
        front = work.empty(tiles.most * max(12 * channels, 4 * out), dtype=dtype)
        back = work.empty(tiles.most * 16 * channels, dtype=dtype)
        gradients = work.empty(tiles.most * 16 * out, dtype=dtype)
        total = work.zeros(16, channels, out, dtype=dtype)
        for piece, (images, spread) in tiles.pieces(
            lambda piece: (
                tiles.inputs(piece, front, back),
                tiles.spread(piece, front, gradients, out),
            )
        ):
            images.take(x, piece, (2 * piece.row - window.top, -window.left))
            spread.take(g, piece, (2 * piece.row, 0), rows=2 * (piece.row + piece.rows))
            total.baddbmm_(images.transformed.transpose(1, 2), spread.transformed)
        kernel = work.empty(9, channels * out, dtype=dtype)
        in_two_steps(total.new_tensor(_G).t(), total.flatten(1), kernel, work)
        turn(kernel.view(3, 3, channels, out), dw, work)


def refusal(spec: ConvSpec, part: Part, *, enough: int) -> str:
    """Why filtering 3x3 in tiles, offered for sums over `enough` channels or more, does not serve a
    part; empty where it does. A weight gradient sums over pixels: nine count as a channel.
    """
    plain = spec.stride == (1, 1) and spec.dilation == (1, 1) and spec.groups == 1
    if spec.kernel != (3, 3) or not plain:
        return "for 3x3, stride 1, one group"
    summed = {
        Part.FORWARD: spec.channels,
        Part.INPUT: spec.out_channels,
        Part.WEIGHT: spec.batch * spec.out_height * spec.out_width // 9,
    }
    return "" if summed[part] >= enough else f"for sums over {enough} channels or more"


def in_both_directions(matrix: Matrix, like: Tensor) -> Tensor:
    """M (x) M: a transform of rows and columns at once, of the dtype and device of `like`."""
    one = torch.tensor(matrix, dtype=like.dtype, device=like.device)
    return torch.kron(one, one)


def in_two_steps(matrix: Tensor, source: Tensor, target: Tensor, work: Workspace) -> None:
    """M s M^T of many small squares s: M (p, q), `source` (q * q, numbers), `target` (p * p,
    numbers). For 65,536 filters 1.9 ms where one product with M (x) M took 3.4 (2026-11-22).
    """
    after, before = matrix.shape
    middle = work.rest().empty(after, before, target.shape[1], dtype=source.dtype)
    torch.mm(matrix, source.view(before, -1), out=middle.view(after, -1))
    torch.bmm(matrix.expand(after, *matrix.shape), middle, out=target.view(after, after, -1))


def _filters(w: Tensor, work: Workspace, dtype: torch.dtype) -> Tensor:
    """G g G^T of every filter: (16, C, O)."""
    channels, out = w.shape[1], w.shape[0]
    plain = work.copy(w.permute(2, 3, 1, 0), dtype=dtype).view(9, -1)
    filters = work.empty(16, channels * out, dtype=dtype)
    in_two_steps(plain.new_tensor(_G), plain, filters, work)
    return filters.view(16, channels, out)


class _Taken(NamedTuple):
    """Tiles of a piece of one size: `phases` (2, 2, images, rows, columns, channels) take even and
    odd rows and columns of an image apart, `end` the one position beyond them; `steps` then make
    `transformed` (16, P, channels). Views are made once, for they cost, too.
    """

    phases: Tensor
    end: Tensor
    steps: tuple[Callable[[], Tensor], ...]
    transformed: Tensor

    def take(self, source: Tensor, piece: Piece, first: Pair, rows: int | None = None) -> None:
        """Row u, column v of phase (a, b) becomes source[first + (2 u + a, 2 v + b)], zeros outside
        the source and from its row `rows` on.
        """
        images = source[piece.image : piece.image + piece.images, :rows]
        self.end.zero_()
        for a in (0, 1):
            for b in (0, 1):
                fill(self.phases[a, b], images, first=(first[0] + a, first[1] + b), step=(2, 2))
        for step in self.steps:
            step()


class _Results(NamedTuple):
    """`products` (16, P, O) of a piece of one size, and a `step` that makes of them `pixels`, (2,
    2, images, rows, columns, O): the four pixels of every tile, wasted tiles left out.
    """

    products: Tensor
    step: Callable[[], Tensor]
    pixels: Tensor

    def put(self, y: Tensor, piece: Piece) -> None:
        """Every pixel in its place; what lies beyond the image is dropped."""
        self.step()
        images = y[piece.image : piece.image + piece.images]
        for a in (0, 1):
            rows = slice(2 * piece.row + a, 2 * (piece.row + piece.rows), 2)
            for b in (0, 1):
                target = images[:, rows, b::2]
                target.copy_(self.pixels[a, b, :, : target.shape[1], : target.shape[2]])


Made = TypeVar("Made")


class _Tiles(NamedTuple):
    """The output cut into 2x2 tiles: (OH / 2) x (OW / 2), rounded up, in pieces of tile rows."""

    images: int
    height: int
    width: int
    channels: int
    size: Pieces

    @classmethod
    def of(cls, x: Tensor, y: Tensor, work: Workspace, dtype: torch.dtype) -> _Tiles:
        height, width = -(-y.shape[1] // 2), -(-y.shape[2] // 2)
        channels, out = x.shape[3], y.shape[3]
        row_bytes = dtype.itemsize * (width + 1) * 28 * max(channels, out)
        size = Pieces.within(
            y.shape[0],
            height,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=row_bytes,
        )
        return cls(y.shape[0], height, width, channels, size)

    @property
    def most(self) -> int:
        """Positions in the largest piece, with the wasted row and the one position beyond it."""
        return self.size.images * (self.size.rows + 1) * (self.width + 1) + 1

    def pieces(self, make: Callable[[Piece], Made]) -> Iterator[tuple[Piece, Made]]:
        """Every piece with what `make` made of the first of its size."""
        made: dict[Pair, Made] = {}
        for piece in self.size.over(self.images, self.height):
            size = (piece.images, piece.rows)
            if size not in made:
                made[size] = make(piece)
            yield piece, made[size]

    def count(self, piece: Piece) -> int:
        """Positions of a piece: all rows of all images but the last image's wasted row."""
        return ((piece.images - 1) * (piece.rows + 1) + piece.rows) * (self.width + 1)

    def split(self, piece: Piece, front: Tensor, channels: int) -> Tensor:
        """Room for (2, 2, positions, channels): even and odd rows and columns apart."""
        count = piece.images * (piece.rows + 1) * (self.width + 1)
        return front[: 4 * (count + 1) * channels].view(2, 2, count + 1, channels)

    def taken(
        self, piece: Piece, split: Tensor, steps: list[Callable[[], Tensor]], transformed: Tensor
    ) -> _Taken:
        shape = (2, 2, piece.images, piece.rows + 1, self.width + 1, split.shape[3])
        phases = split[:, :, :-1].unflatten(2, shape[2:5])  # type: ignore[no-untyped-call]
        return _Taken(phases, split[:, :, -1:], tuple(steps), transformed)

    def inputs(self, piece: Piece, front: Tensor, back: Tensor) -> _Taken:
        """B^T d B of every tile: (16, P, C), in `back`; `front` is overwritten."""
        split = self.split(piece, front, self.channels)
        count, channels = self.count(piece), self.channels
        # One position more than there are tiles: the last tile reads its neighbour to the right.
        long, down = (count + 1) * channels, (self.width + 1) * channels
        even, odd = split[0].flatten(1), split[1].flatten(1)
        rows = front[split.numel() :][: 8 * long].view(4, 2, long)
        inputs = back[: 16 * count * channels].view(4, 4, count * channels)
        across = _input_rows(
            rows[:, 0], rows[:, 1], count * channels, channels, inputs.transpose(0, 1)
        )
        steps = [*_input_rows(even, odd, long, down, rows), *across]
        return self.taken(piece, split, steps, inputs.view(16, count, channels))

    def spread(self, piece: Piece, front: Tensor, gradients: Tensor, out: int) -> _Taken:
        """A dY A^T of every tile: (16, P, O), in `gradients`; wasted tiles are zeros."""
        split = self.split(piece, front, out)
        # The wasted column lies beyond the width, so it is zero; wasted rows are zero likewise.
        length = self.count(piece) * out
        spread = gradients[: 16 * length].view(16, length)
        pixels = split.view(4, -1)[:, :length]
        step = partial(torch.mm, in_both_directions(_A, pixels), pixels, out=spread)
        return self.taken(piece, split, [step], spread.view(16, -1, out))

    def outputs(self, piece: Piece, front: Tensor, back: Tensor, out: int) -> _Results:
        """A^T m A: from (16, P, O) in `front` to the pixels of tiles, in `back`."""
        count = self.count(piece)
        products = front[: 16 * count * out].view(16, count, out)
        found = back[: 4 * count * out].view(4, count * out)
        step = partial(
            torch.mm, in_both_directions(_A, products).t(), products.flatten(1), out=found
        )
        line = (self.width + 1) * out
        pixels = found.as_strided(
            (2, 2, piece.images, piece.rows, self.width, out),
            (2 * count * out, count * out, (piece.rows + 1) * line, line, out, 1),
        )
        return _Results(products, step, pixels)


def _input_rows(
    even: Tensor, odd: Tensor, length: int, step: int, out: Tensor
) -> list[Callable[[], Tensor]]:
    """B^T d along one direction: lines 0 and 2 of a tile are even ones, 1 and 3 odd ones.

    `step` numbers on lies the tile's neighbour, whose lines 0 and 1 are this tile's 2 and 3.
    """
    zero, two = even[:, :length], even[:, step : step + length]
    one, three = odd[:, :length], odd[:, step : step + length]
    return [
        partial(torch.sub, zero, two, out=out[0]),
        partial(torch.add, one, two, out=out[1]),
        partial(torch.sub, two, one, out=out[2]),
        partial(torch.sub, one, three, out=out[3]),
    ]
