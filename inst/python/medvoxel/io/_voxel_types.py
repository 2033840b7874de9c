"""Types of voxels: what a file holds, what R can hold, and the smallest that is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._rescale import integer_values, value_dtype

__all__ = ["label_dtype", "native", "rescaled", "voxel_dtype", "within_32_bits"]


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Give values in the machine's own byte order.

    Parameters
    ----------
    array : ndarray
        Given up to this function, which may reuse its memory.

    Returns
    -------
    ndarray
        The same values.
    """
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder())


def rescaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Apply slope and intercept; whole numbers stay whole.

    Parameters
    ----------
    stored : ndarray, shape (z, y, x)
        As the file holds them; given up to this function.
    slope, intercept : float
        1 and 0 for none.

    Returns
    -------
    ndarray
        int16, int32 or smaller where everything is whole and fits, else floating point.
    """
    if (slope, intercept) == (1.0, 0.0):
        return within_32_bits(stored)
    if stored.dtype.kind in "iu" and slope.is_integer() and intercept.is_integer():
        count = len(stored)
        whole = integer_values(stored, np.full(count, slope), np.full(count, intercept))
        if whole is not None:
            return whole
    # Single precision holds what 16 bits and a scale can say.
    small = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
    values = stored.astype(np.float32 if small else np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is told later
        values *= slope
        values += intercept
    return values


def within_32_bits(array: NDArray[Any]) -> NDArray[Any]:
    """Narrow what R and most programs have no type for.

    Parameters
    ----------
    array : ndarray
        Of any integer or floating point type.

    Returns
    -------
    ndarray
        The same values; itself where nothing had to change.
    """
    if array.dtype.kind in "iu" and array.dtype.itemsize >= 4 and array.dtype != np.int32:
        fits = value_dtype(float(array.min()), float(array.max()))
        return array.astype(np.float64 if fits is None else np.int32)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float64)
    return array


def label_dtype(array: NDArray[np.integer]) -> np.dtype:
    """Smallest common type that holds the labels.

    Parameters
    ----------
    array : ndarray of int
        Labels.

    Returns
    -------
    dtype
        uint8, int16, uint16 or int32.

    Raises
    ------
    InputError
        When none of them does.
    """
    # int16 before uint16, which older programs do not know.
    low, high = int(array.min()), int(array.max())
    for dtype in (np.uint8, np.int16, np.uint16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise InputError(f"Label values up to {high} are too large for a labelmap.")


def voxel_dtype(array: NDArray[Any]) -> np.dtype:
    """Smallest common type that holds grey values exactly.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Grey values.

    Returns
    -------
    dtype
        Of integers for integers; float32 where it loses nothing, else float64.
    """
    if array.dtype.kind in "iu":
        if array.dtype.itemsize <= 2:
            return array.dtype.newbyteorder("=")
        return value_dtype(float(array.min()), float(array.max())) or array.dtype
    if array.dtype.itemsize <= 4:
        return np.dtype(np.float32)
    # Plane by plane: R knows only doubles, while most of their values came from singles.
    with np.errstate(over="ignore"):
        exact = all(
            np.array_equal(plane, plane.astype(np.float32), equal_nan=True) for plane in array
        )
    return np.dtype(np.float32 if exact else np.float64)
