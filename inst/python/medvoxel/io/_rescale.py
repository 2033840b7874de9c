"""Stored values to real values: slope and intercept of each slice, without overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["integer_values", "rescale_slice", "value_dtype"]

_INT16, _INT32 = np.iinfo(np.int16), np.iinfo(np.int32)


def rescale_slice(
    stored: NDArray[np.integer], slope: float, intercept: float
) -> NDArray[np.float64]:
    """Apply slope and intercept in double precision.

    Parameters
    ----------
    stored : ndarray of int
        Stored values of one slice.
    slope, intercept : float
        Of that slice.

    Returns
    -------
    ndarray of float64
        ``stored * slope + intercept``.
    """
    values = stored.astype(np.float64)
    values *= slope
    values += intercept
    return values


def value_dtype(low: float, high: float) -> np.dtype | None:
    """Smallest of int16 and int32 that holds a range of whole numbers.

    Parameters
    ----------
    low, high : float
        The range.

    Returns
    -------
    dtype or None
        ``None`` when neither does.
    """
    for kind in (_INT16, _INT32):
        if kind.min <= low and high <= kind.max:
            return np.dtype(kind.dtype)
    return None


def integer_values(
    stack: NDArray[np.integer], slopes: NDArray[np.float64], intercepts: NDArray[np.float64]
) -> NDArray[np.integer] | None:
    """Apply whole slopes and intercepts in integers, in place where that is possible.

    Parameters
    ----------
    stack : ndarray of int, shape (z, y, x)
        Stored values; given up to this function, which may reuse its memory.
    slopes, intercepts : ndarray of float, shape (z,)
        Whole numbers.

    Returns
    -------
    ndarray of int16 or int32 or None
        ``None`` when the values do not fit into int32.
    """
    lows, highs = np.empty(len(stack)), np.empty(len(stack))
    for i, plane in enumerate(stack):
        ends = np.array([plane.min(), plane.max()], dtype=float) * slopes[i] + intercepts[i]
        lows[i], highs[i] = ends.min(), ends.max()
    dtype = value_dtype(lows.min(), highs.max())
    if dtype is None:
        return None
    if stack.dtype.itemsize != dtype.itemsize:
        result = np.empty(stack.shape, dtype)
        for i, plane in enumerate(stack):
            values = plane.astype(np.int64)
            result[i] = values * int(slopes[i]) + int(intercepts[i])
        return result
    # Unsigned arithmetic wraps, and since every final value fits, wrapping twice comes
    # out right: no wider copy of the volume is needed.
    unsigned = stack.view(np.dtype(f"u{dtype.itemsize}"))
    modulus = 1 << (8 * dtype.itemsize)
    for i, plane in enumerate(unsigned):
        if slopes[i] != 1:
            np.multiply(plane, plane.dtype.type(int(slopes[i]) % modulus), out=plane)
        if intercepts[i] != 0:
            np.add(plane, plane.dtype.type(int(intercepts[i]) % modulus), out=plane)
    return stack.view(dtype)
