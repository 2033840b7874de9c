"""Statistics of the grey values within a mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["grey_values", "no_grey_values"]

_NAN = math.nan
_WIDEST = 2**20  # whole numbers of a smaller range are counted value by value
_BLOCK = 2**20


def grey_values(
    array: NDArray[Any],
    mask: NDArray[np.bool_],
    voxels: int,
    probabilities: tuple[float, ...],
) -> tuple[dict[str, Any], str]:
    """Mean, deviation, extremes and quantiles of the values in a mask.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values; those that are not finite are left out.
    mask : ndarray of bool, shape (z, y, x)
        Where to look.
    voxels : int
        Number of voxels in the mask, at least 1.
    probabilities : tuple of float
        Of the quantiles, from 0 to 1.

    Returns
    -------
    values : dict
        ``mean``, ``sd``, ``min``, ``max`` and ``quantiles`` (by probability).
    note : str
        What is missing; empty when all is well.
    """
    counted = _count_values(array, mask)
    if counted is not None:
        return _from_counts(*counted, probabilities), _note(voxels, voxels)
    values = array[mask]
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    grey = _from_values(values, probabilities) if len(values) else no_grey_values(probabilities)
    return grey, _note(voxels, len(values))


def _note(voxels: int, finite: int) -> str:
    notes = []
    if finite < voxels:
        notes.append(f"{voxels - finite} of {voxels} voxels are not finite and left out")
    if finite == 1:
        notes.append("sd needs two voxels")
    return "; ".join(notes)


def _count_values(
    array: NDArray[Any], mask: NDArray[np.bool_]
) -> tuple[int, NDArray[np.int64]] | None:
    """Histogram of whole numbers in a mask: lowest value, counts from there upwards."""
    if array.dtype.kind == "f":
        return None
    low, high = int(array.min()), int(array.max())
    if high - low >= _WIDEST or high - low > 4 * array.size:
        return None
    counts = np.zeros(high - low + 1, dtype=np.int64)
    # In groups of slices of about a block: bincount() copies to 8 bytes a voxel.
    step = max(1, _BLOCK // mask[0].size)
    for start in range(0, len(array), step):
        part = slice(start, start + step)
        values = array[part][mask[part]].astype(np.int64) - low
        counts += np.bincount(values, minlength=len(counts))
    used = np.flatnonzero(counts)
    return low + int(used[0]), counts[used[0] : used[-1] + 1]


def _from_counts(
    low: int, counts: NDArray[np.int64], probabilities: tuple[float, ...]
) -> dict[str, Any]:
    number = int(counts.sum())
    steps = np.arange(len(counts))
    # Relative to the lowest value, so that sums stay exact.
    mean = int(counts @ steps) / number
    squares = float(counts @ (steps - mean) ** 2)
    cumulated = np.cumsum(counts)

    def ranked(rank: int) -> int:
        return int(np.searchsorted(cumulated, rank, side="right"))

    found = {}
    for p in probabilities:
        position = p * (number - 1)
        first = math.floor(position)
        below, above = ranked(first), ranked(min(first + 1, number - 1))
        found[p] = low + below + (position - first) * (above - below)
    return {
        "mean": low + mean,
        "sd": math.sqrt(squares / (number - 1)) if number > 1 else _NAN,
        "min": float(low),
        "max": float(low + len(counts) - 1),
        "quantiles": found,
    }


def _from_values(values: NDArray[Any], probabilities: tuple[float, ...]) -> dict[str, Any]:
    number = len(values)
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for start in range(0, number, _BLOCK):
        squares += float(np.sum((values[start : start + _BLOCK].astype(np.float64) - mean) ** 2))
    lowest, highest = float(values.min()), float(values.max())
    found = np.quantile(values, probabilities, overwrite_input=True) if probabilities else ()
    return {
        "mean": mean,
        "sd": math.sqrt(squares / (number - 1)) if number > 1 else _NAN,
        "min": lowest,
        "max": highest,
        "quantiles": dict(zip(probabilities, map(float, found), strict=True)),
    }


def no_grey_values(probabilities: tuple[float, ...]) -> dict[str, Any]:
    """Statistics of nothing, all NaN; arguments and result as :func:`grey_values`."""
    none = dict.fromkeys(("mean", "sd", "min", "max"), _NAN)
    return {**none, "quantiles": dict.fromkeys(probabilities, _NAN)}
