"""Padding: voxels outside the field of view, marked by a value that is no measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .header import TAGS, Header

__all__ = ["Filled", "air_value", "fill_padding", "padding_of"]

_AIR_HU = -1000.0
# Twelve bits with the usual intercept end here.
_LOWEST_HU = -1024
_SHARE = 1e-3


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


def air_value(array: NDArray[np.number], unit: str) -> float:
    """Value of air, for what lies outside every slice.

    Parameters
    ----------
    array : ndarray
        Values of the volume, without padding.
    unit : str
        Unit of the volume.

    Returns
    -------
    float
        -1000 in Hounsfield units, else the smallest value.
    """
    return _AIR_HU if unit == "HU" else float(array.min())


@dataclass(frozen=True)
class Filled:
    """What became of padding.

    Parameters
    ----------
    count : int
        Number of voxels that were padding and are air now.
    air : float
        The value of air.
    undeclared : float or None
        The value of padding that the files do not declare.
    """

    count: int
    air: float
    undeclared: float | None = None


def fill_padding(array: NDArray[np.number], headers: Sequence[Header], unit: str) -> Filled:
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
    Filled
        What was done.

    Notes
    -----
    Beside what the files declare, one value below -1024 HU is taken for padding when it is
    the smallest and in at least one of a thousand voxels: no matter weighs less than
    nothing, and scanners fill the corners with such a value without saying so. Padding
    of another unit that is 0 already stays: where nothing was measured, 0 is as good.
    """
    ranges = [_padding_values(header, array.dtype) for header in headers]
    undeclared = _undeclared(array) if unit == "HU" and not any(ranges) else None
    if undeclared is not None:
        ranges = [(undeclared, undeclared)] * len(headers)
    if not any(ranges):
        return Filled(0, _AIR_HU if unit == "HU" else 0.0)
    air = _AIR_HU if unit == "HU" else _smallest(array, ranges)
    count = 0
    for plane, ends in zip(array, ranges, strict=True):
        if ends is None or (unit != "HU" and ends == (0, 0)):
            continue
        inside = (plane >= ends[0]) & (plane <= ends[1])
        count += int(np.count_nonzero(inside))
        plane[inside] = array.dtype.type(air)
    return Filled(count, air, undeclared)


def _padding_values(header: Header, dtype: np.dtype) -> tuple[float, float] | None:
    """Range of rescaled values that mark padding, as the array holds them."""
    ends = padding_of(header)
    if ends is None:
        return None
    slope = 1.0 if header.slope is None else header.slope
    low, high = sorted(end * slope + (header.intercept or 0.0) for end in ends)
    if dtype.kind == "f":
        # Rounded as the values are, so that equal stays equal.
        return float(np.float32(low)), float(np.float32(high))
    # NumPy would round the bounds to the type of the values, or wrap them round.
    limits = np.iinfo(dtype)
    low, high = max(math.ceil(low), limits.min), min(math.floor(high), limits.max)
    return (low, high) if low <= high else None


def _undeclared(array: NDArray[np.number]) -> float | None:
    low = array.min()
    if low >= _LOWEST_HU:
        return None
    count = sum(int(np.count_nonzero(plane == low)) for plane in array)
    return float(low) if count >= _SHARE * array.size else None


def _smallest(array: NDArray[np.number], ranges: Sequence[tuple[float, float] | None]) -> float:
    """Smallest value that is no padding."""
    found = math.inf
    for plane, ends in zip(array, ranges, strict=True):
        kept = plane if ends is None else plane[(plane < ends[0]) | (plane > ends[1])]
        if kept.size:
            found = min(found, float(kept.min()))
    return found if math.isfinite(found) else 0.0
