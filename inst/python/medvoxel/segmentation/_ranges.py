"""Voxels of a range of grey values, compared in the type of the array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["above", "bound", "within"]


def within(array: NDArray[Any], lower: float | None, upper: float | None) -> NDArray[np.bool_]:
    """Find the voxels of a range, in the type of the array: no wide copy is made.

    Parameters
    ----------
    array : ndarray
        Values.
    lower, upper : float, optional
        Inclusive bounds; ``None`` is no bound.

    Returns
    -------
    ndarray of bool
        ``True`` within; what is not a number is nowhere.
    """
    whole = array.dtype.kind in "iu"
    limits = np.iinfo(array.dtype) if whole else None
    if limits is not None:
        # For whole numbers 99.5 and 100 are the same lower bound. A bound beyond the type
        # cuts nothing, or everything.
        lower = None if lower is None else math.ceil(lower)
        upper = None if upper is None else math.floor(upper)
        if (lower or 0) > limits.max or (upper or 0) < limits.min:
            return np.zeros(array.shape, dtype=bool)
        lower = None if lower is None or lower <= limits.min else lower
        upper = None if upper is None or upper >= limits.max else upper
    if lower is None and upper is None:
        return np.ones(array.shape, dtype=bool) if whole else np.isfinite(array)
    if lower is None:
        return array <= upper
    mask = array >= lower
    if upper is not None:
        mask &= array <= upper
    return mask


def above(array: NDArray[Any], threshold: float, upper: float | None) -> NDArray[np.bool_]:
    """Find the voxels above a threshold, up to a bound.

    Parameters
    ----------
    array : ndarray
        Values.
    threshold : float
        Exclusive.
    upper : float, optional
        Inclusive.

    Returns
    -------
    ndarray of bool
        ``True`` above.
    """
    if array.dtype.kind in "iu":
        return within(array, math.floor(threshold) + 1, upper)
    mask = array > threshold
    mask &= within(array, None, upper)
    return mask


def bound(name: str, value: float | None) -> float | None:
    """Check one end of a range.

    Parameters
    ----------
    name : str
        What the user calls it.
    value : float or None
        The bound; ``None`` is none.

    Returns
    -------
    float or None
        The bound as a number.

    Raises
    ------
    InputError
        When it is not finite.
    """
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"{name} must be a finite number, not {value!r}.",
            hint=f"Leave {name} out for no bound on that side.",
        )
    return number
