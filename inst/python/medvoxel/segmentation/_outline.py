"""Fill the outline of a polygon on the pixels of a slice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._editing import Mask

__all__ = ["outline_mask"]

# Pixels as near as this to the outline lie on it: rounding must not choose the side.
_TOLERANCE = 1e-6

Corner = NDArray[np.float64]


def outline_mask(
    corners: NDArray[np.float64], size: Sequence[int]
) -> tuple[NDArray[np.int64], Mask] | None:
    """Find the pixels whose centres a polygon holds.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Its corners as pixel indices (row, column) with fractions, in order; the last is
        joined to the first.
    size : sequence of int
        Rows and columns of the slice.

    Returns
    -------
    low : ndarray of int, shape (2,)
        First row and column of the mask.
    mask : ndarray of bool
        The pixels by the even-odd rule; those on the outline belong to the polygon.
        Instead of both ``None`` when the polygon lies between pixel centres.
    """
    low = np.maximum(np.ceil(corners.min(axis=0) - _TOLERANCE), 0).astype(np.int64)
    high = np.minimum(np.floor(corners.max(axis=0) + _TOLERANCE), np.array(size) - 1)
    shape = high.astype(np.int64) - low + 1
    if (shape < 1).any():
        return None
    inside = np.zeros(shape, dtype=bool)
    outline = np.zeros(shape, dtype=bool)
    for start, end in zip(corners - low, np.roll(corners, -1, axis=0) - low, strict=True):
        _cross(inside, start, end)
        _trace(outline, start, end)
    return low, inside | outline


def _cross(inside: Mask, start: Corner, end: Corner) -> None:
    """Turn round all pixels to the left of an edge."""
    below, above = sorted((start[0], end[0]))
    rows = np.arange(max(math.ceil(below), 0), min(math.ceil(above), inside.shape[0]))
    if len(rows):
        slope = (end[1] - start[1]) / (end[0] - start[0])
        crossing = start[1] + (rows - start[0]) * slope
        inside[rows] ^= np.arange(inside.shape[1]) < crossing[:, None]


def _trace(outline: Mask, start: Corner, end: Corner) -> None:
    """Mark the pixels whose centres lie on an edge: at most one a step along it."""
    way = end - start
    axis = int(np.argmax(np.abs(way)))
    low, high = sorted((start[axis], end[axis]))
    steps = np.arange(math.ceil(low - _TOLERANCE), math.floor(high + _TOLERANCE) + 1)
    slope = way[1 - axis] / way[axis] if way[axis] else 0.0
    across = start[1 - axis] + (steps - start[axis]) * slope
    nearest = np.rint(across)
    ends = np.array(outline.shape)
    on = (np.abs(across - nearest) <= _TOLERANCE) & (steps >= 0) & (steps < ends[axis])
    on &= (nearest >= 0) & (nearest < ends[1 - axis])
    pixels = [steps[on].astype(np.int64), nearest[on].astype(np.int64)]
    outline[tuple(pixels if axis == 0 else pixels[::-1])] = True
