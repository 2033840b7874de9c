"""Sampling of arrays at the points of an axis-parallel grid, as ITK interpolates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ORDERS", "sample"]

ORDERS = {"sitkNearestNeighbor": 0, "sitkLinear": 1, "sitkBSpline": 3}
"""Spline order of each interpolator."""

# The pole of the cubic B-spline is 0.268: after so many voxels a border is felt by less
# than rounding.
_REACH = 28


def sample(
    array: NDArray[np.generic], positions: Sequence[NDArray[np.float64]], *, order: int
) -> NDArray[np.float64]:
    """Interpolate an array at all combinations of positions along its axes.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values.
    positions : sequence of three ndarrays
        Indices (z, y, x), rising, with fractions, at which to sample.
    order : {0, 1, 3}
        0 nearest (halves go up), 1 linear, 3 cubic B-spline with mirrored borders.

    Returns
    -------
    ndarray of float64
        One value for each combination; 0 more than half a voxel outside the array.

    Notes
    -----
    The cubic B-spline is the tensor product of Unser (1999), "Splines: a perfect fit for
    signal and image processing", and agrees with ITK's BSplineInterpolateImageFunction.
    Only the part of the array that the positions can feel is filtered.
    """
    windows = [_window(at, n, order) for at, n in zip(positions, array.shape, strict=True)]
    values = array[tuple(windows)].astype(np.float64)
    # ITK's linear interpolation starts with x, and rounds as it goes.
    for axis in (2, 1, 0) if order == 1 else (0, 1, 2):
        first = windows[axis].start
        at, limit = positions[axis] - first, array.shape[axis] - first
        values = _along(values, axis, at, limit, order)
    return np.ascontiguousarray(values)


def _window(at: NDArray[np.float64], count: int, order: int) -> slice:
    reach = _REACH if order == 3 else 2
    start = min(max(int(np.floor(at[0])) - reach, 0), count - 1)
    stop = max(min(int(np.ceil(at[-1])) + reach + 1, count), start + 1)
    return slice(start, stop)


def _along(
    values: NDArray[np.float64], axis: int, at: NDArray[np.float64], limit: int, order: int
) -> NDArray[np.float64]:
    """Sample along one axis; `limit` is the number of voxels to the array's true end."""
    count = values.shape[axis]
    # As in ITK, the array reaches from its first edge to just before its last one.
    outside = (at < -0.5) | (at >= limit - 0.5)
    if not outside.any() and np.array_equal(at, np.round(at)):
        return values.take(at.astype(int), axis=axis)
    if order == 3 and count > 1:
        from scipy.ndimage import spline_filter1d

        values = spline_filter1d(values, order=3, axis=axis, mode="mirror")
    if order == 1:
        return _linear(values, axis, at, outside)
    index, weights = _taps(at, count, order)
    weights[outside] = 0.0
    return _weighted(values, axis, index, weights)


def _taps(
    at: NDArray[np.float64], count: int, order: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which voxels make up each sample, and with what weight."""
    if order == 0:
        nearest = np.floor(at + 0.5).astype(np.int64)
        return np.clip(nearest, 0, count - 1)[:, None], np.ones((len(at), 1))
    base = np.floor(at).astype(np.int64)
    t = at - base
    weights = np.stack(
        [
            (1 - t) ** 3 / 6,
            2 / 3 - t**2 * (2 - t) / 2,
            2 / 3 - (1 - t) ** 2 * (1 + t) / 2,
            t**3 / 6,
        ],
        axis=1,
    )
    return _mirrored(base[:, None] + np.arange(-1, 3), count), weights


def _linear(
    values: NDArray[np.float64],
    axis: int,
    at: NDArray[np.float64],
    outside: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Interpolate in the very arithmetic of ITK: whole scans are truncated afterwards."""
    count = values.shape[axis]
    base = np.floor(at).astype(np.int64)
    lower = values.take(np.clip(base, 0, count - 1), axis=axis)
    upper = values.take(np.clip(base + 1, 0, count - 1), axis=axis)
    shape = [-1 if one == axis else 1 for one in range(3)]
    upper -= lower
    upper *= (at - base).reshape(shape)
    upper += lower
    upper[tuple(outside if one == axis else slice(None) for one in range(3))] = 0
    return upper


def _mirrored(index: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Reflect indices about the centres of the first and last voxel."""
    if count == 1:
        return np.zeros_like(index)
    period = 2 * (count - 1)
    index = np.abs(index) % period
    return np.minimum(index, period - index)


def _weighted(
    values: NDArray[np.float64],
    axis: int,
    index: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(len(index)), index.shape[1])
    shape = (len(index), values.shape[axis])
    matrix = csr_matrix((weights.ravel(), (rows, index.ravel())), shape=shape)
    front = np.moveaxis(values, axis, 0)
    result = matrix @ front.reshape(front.shape[0], -1)
    return np.moveaxis(result.reshape(len(index), *front.shape[1:]), 0, axis)
