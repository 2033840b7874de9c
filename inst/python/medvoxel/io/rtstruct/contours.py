"""Fill closed contours: which pixel centres lie inside.

An own scan-line rasteriser, because those of the usual libraries are neither exact for
centres that lie on an edge (so that neighbours overlap or leave a gap) nor fill several
contours at once by the even-odd rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["FARTHEST", "Filled", "fill_contours"]

# Corners are put on a lattice this much finer than the pixels, and all that follows is
# done in whole numbers: a corner that misses a centre by the rounding of its millimetres
# is on it, and an edge shared by two contours crosses a row at one place for both.
_FINE = 1 << 14

FARTHEST = float(1 << 15)
"""Pixels from the first centre that a corner may be off; products still fit 64 bits."""

# Crossings of edges and rows that are worked on at once, against hostile files.
_BATCH = 1 << 21

Filled = tuple[tuple[slice, slice], NDArray[np.bool_]]
"""Where a mask lies in the image (rows, columns), and the mask."""


def fill_contours(contours: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> Filled | None:
    """Find the pixel centres inside closed contours, by the even-odd rule.

    Parameters
    ----------
    contours : sequence of ndarray, shape (n, 2)
        Corners (row, column) of each contour; centres of pixels are at whole numbers. The
        last corner is joined to the first. Contours count together: a contour inside
        another is a hole, and so is the channel of a keyhole contour.
    shape : tuple of int
        Rows and columns of the image; what lies outside is cut off.

    Returns
    -------
    tuple or None
        The part of the image (a slice of rows and one of columns) and the mask of bool of
        that part; ``None`` when no centre can lie inside.

    Notes
    -----
    A centre is inside when an odd number of edges lies to its left in its row. The rule
    is half-open: a centre on a left or upper edge is inside, on a right or lower edge
    outside, so that contours which share an edge neither overlap nor leave a gap. See
    Foley et al., Computer Graphics: Principles and Practice, section 3.6.
    """
    edges = _edges(contours)
    box = _box(edges, shape)
    if box is None:
        return None
    rows, columns = box
    # One column more takes the crossings beyond the right border, which change nothing.
    switches = np.zeros((rows.stop - rows.start, columns.stop - columns.start + 1), np.uint8)
    for part in _batches(edges, rows):
        row, column = _crossings(part, rows)
        column = np.clip(column - columns.start, 0, switches.shape[1] - 1)
        flat = (row - rows.start) * switches.shape[1] + column
        np.bitwise_xor.at(switches.reshape(-1), flat, np.uint8(1))
    inside = np.bitwise_xor.accumulate(switches[:, :-1], axis=1)
    return box, inside.view(np.bool_)


def _edges(contours: Sequence[NDArray[np.float64]]) -> NDArray[np.int64]:
    """Give edges as columns (upper row, its column, lower row, its column), on the lattice."""
    parts = []
    for contour in contours:
        start = np.rint(contour * _FINE).astype(np.int64)
        parts.append(np.concatenate([start, np.roll(start, -1, axis=0)], axis=1))
    edges = np.concatenate(parts) if parts else np.empty((0, 4), np.int64)
    # An edge along a row crosses no row; the others are told from top to bottom, so that
    # both neighbours of a shared edge compute with the same numbers.
    upwards = edges[:, 2] < edges[:, 0]
    edges[upwards] = edges[upwards][:, [2, 3, 0, 1]]
    return edges[edges[:, 0] != edges[:, 2]]


def _box(edges: NDArray[np.int64], shape: tuple[int, int]) -> tuple[slice, slice] | None:
    """Part of the image in which all crossings lie."""
    if not len(edges):
        return None
    top = max(_ceil(edges[:, 0].min(), _FINE), 0)
    bottom = min(_ceil(edges[:, 2].max(), _FINE), shape[0])
    left = max(_ceil(edges[:, [1, 3]].min(), _FINE), 0)
    right = min(_ceil(edges[:, [1, 3]].max(), _FINE), shape[1])
    if bottom <= top or right <= left:
        return None
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _batches(edges: NDArray[np.int64], rows: slice) -> list[NDArray[np.int64]]:
    count = np.cumsum(_row_range(edges, rows)[1])
    cuts = np.searchsorted(count, np.arange(_BATCH, int(count[-1]), _BATCH))
    return np.split(edges, cuts)


def _row_range(
    edges: NDArray[np.int64], rows: slice
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row that each edge crosses, and how many."""
    first = np.maximum(_ceil(edges[:, 0], _FINE), rows.start)
    stop = np.minimum(_ceil(edges[:, 2], _FINE), rows.stop)
    return first, np.maximum(stop - first, 0)


def _crossings(
    edges: NDArray[np.int64], rows: slice
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row, and first column whose centre is not to the left, of each crossing."""
    first, count = _row_range(edges, rows)
    edge = np.repeat(np.arange(len(edges)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    y0, x0, y1, x1 = edges[edge].T
    height = y1 - y0
    return row, _ceil(x0 * height + (row * _FINE - y0) * (x1 - x0), height * _FINE)


def _ceil(numerator: NDArray[np.int64], denominator: NDArray[np.int64] | int) -> NDArray[np.int64]:
    return -(-numerator // denominator)
