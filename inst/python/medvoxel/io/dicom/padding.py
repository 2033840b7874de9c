"""Padding: voxels outside the field of view, marked by a value that is no measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .header import TAGS, Header

__all__ = ["air_value", "fill_padding", "padding_of"]

_AIR_HU = -1000.0


def padding_of(header: Header) -> tuple[int, int] | None:
    """Range of stored values that mark padding.

    Parameters
    ----------
    header : Header
        Of the file.

    Returns
    -------
    tuple of int or None
        First and last value; ``None`` when the file declares no padding.

    References
    ----------
    DICOM PS3.3, C.7.5.1.1.2: Pixel Padding Value and Pixel Padding Range Limit.
    """
    value = _stored(header, "padding")
    if value is None:
        return None
    limit = _stored(header, "padding_limit")
    ends = (value, value if limit is None else limit)
    return min(ends), max(ends)


def _stored(header: Header, key: str) -> int | None:
    value = header.elements.values.get(TAGS[key], b"")[:2]
    if len(value) < 2 or header.format is None:
        return None
    number, bits = int.from_bytes(value, "little"), header.format.stored
    if not header.format.signed:
        # A value that the bits cannot hold marks nothing.
        return number if number < 1 << bits else None
    signed = number - (1 << 16) if number >= 1 << 15 else number
    half = 1 << (bits - 1)
    if -half <= signed < half:
        return signed
    # Some programs fill the bits above those stored with zeros.
    return number - (1 << bits) if number < 1 << bits else None


def air_value(array: NDArray[np.number], mask: NDArray[np.bool_] | None, unit: str) -> float:
    """Value of air, for what lies outside every slice.

    Parameters
    ----------
    array : ndarray
        Values of the volume.
    mask : ndarray of bool or None
        Padding, which does not count.
    unit : str
        Unit of the volume.

    Returns
    -------
    float
        -1000 in Hounsfield units, else the smallest value.
    """
    if unit == "HU":
        return _AIR_HU
    if mask is None:
        return float(array.min())
    kept = array[~mask]
    return float(kept.min()) if kept.size else 0.0


def fill_padding(
    array: NDArray[np.number], headers: Sequence[Header], unit: str
) -> tuple[int, float]:
    """Set padding to air, in place.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Rescaled values; changed.
    headers : sequence of Header
        Of the slices.
    unit : str
        Unit of the volume.

    Returns
    -------
    count : int
        Number of voxels that were padding.
    air : float
        What they are now.
    """
    mask = np.zeros(array.shape, bool)
    for plane, inside, header in zip(array, mask, headers, strict=True):
        ends = padding_of(header)
        if ends is None:
            continue
        slope = 1.0 if header.slope is None else header.slope
        low, high = sorted(end * slope + (header.intercept or 0.0) for end in ends)
        if array.dtype == np.float32:
            # Rounded as the values are, so that equal stays equal.
            low, high = float(np.float32(low)), float(np.float32(high))
        elif array.dtype.kind in "iu":
            # NumPy would round the bounds to the type of the values, or wrap them round.
            limits = np.iinfo(array.dtype)
            low, high = max(math.ceil(low), limits.min), min(math.floor(high), limits.max)
            if low > high:
                continue
        np.logical_and(plane >= low, plane <= high, out=inside)
    count = int(np.count_nonzero(mask))
    air = air_value(array, mask if count else None, unit)
    if count:
        array[mask] = array.dtype.type(air)
    return count, air
