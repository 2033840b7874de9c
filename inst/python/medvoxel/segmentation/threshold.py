"""Segment by a range of grey values."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..volume import Segment, Segmentation, Volume, segment_colours

__all__ = ["segment_threshold"]

# Histograms of whole numbers are exact up to this many different values; other data is
# binned as finely, so that a few extreme voxels cannot blur the threshold.
_BINS = 65536


def segment_threshold(
    volume: Volume,
    /,
    *,
    lower: float | None = None,
    upper: float | None = None,
    method: Literal["range", "otsu"] = "range",
    name: str | None = None,
) -> Segmentation:
    """Segment the voxels whose value lies in a range.

    Parameters
    ----------
    volume : Volume
        The scan.
    lower, upper : float, optional
        Bounds in the unit of the scan, both inclusive. ``None`` is no bound; with
        ``method="range"`` at least one is needed.
    method : {"range", "otsu"}
        ``"otsu"`` finds the lower bound that parts dark from bright best, and keeps the
        bright side. Values outside `lower` and `upper` then take no part in the search
        and are not kept: ``lower=-500`` parts soft tissue from bone, not body from air.
    name : str, optional
        Name of the segment; the range itself by default, such as ``"300 to 1900 HU"``
        or ``"above 128 HU (Otsu)"``.

    Returns
    -------
    Segmentation
        One segment with value 1, uint8, on the grid of the scan. Voxels that are not a
        number belong to none.

    Raises
    ------
    InputError
        When no bound is given, a bound is not finite, `lower` is above `upper`, the method
        is unknown, or Otsu's method has no two values to part.

    Warns
    -----
    MedvoxelWarning
        When no voxel lies in the range.

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. Syst.
    Man Cybern. 9 (1979) 62-66, in the implementation of scikit-image; here from the exact
    histogram of all voxels where values are whole numbers.
    """
    lower, upper = _bound("lower", lower), _bound("upper", upper)
    if lower is not None and upper is not None and lower > upper:
        raise InputError(f"lower ({lower:g}) is above upper ({upper:g}).", hint="Swap them.")
    if method not in ("range", "otsu"):
        raise InputError(f'method must be "range" or "otsu", not {method!r}.')
    if method == "range" and lower is None and upper is None:
        raise InputError(
            "A threshold needs lower, upper or both.",
            hint='Give a bound, or use method = "otsu" to find one.',
        )
    unit = f" {volume.unit}" if volume.unit else ""
    if method == "otsu":
        found = _otsu(volume.array, lower, upper)
        mask = _above(volume.array, found, upper)
        ending = "" if upper is None else f" to {upper:.6g}"
        default = f"above {found:.6g}{ending}{unit} (Otsu)"
    else:
        mask = _within(volume.array, lower, upper)
        default = _range_name(lower, upper) + unit
    if not mask.any():
        _warn_empty(volume, default, unit)
    segment = Segment(1, default if name is None else str(name), segment_colours(1)[0])
    return Segmentation(mask.view(np.uint8), volume.grid, (segment,))


def _bound(name: str, value: float | None) -> float | None:
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


def _within(array: NDArray[Any], lower: float | None, upper: float | None) -> NDArray[np.bool_]:
    """Voxels of a range, compared in the type of the array: no wide copy is made."""
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


def _above(array: NDArray[Any], threshold: float, upper: float | None) -> NDArray[np.bool_]:
    if array.dtype.kind in "iu":
        return _within(array, math.floor(threshold) + 1, upper)
    mask = array > threshold
    mask &= _within(array, None, upper)
    return mask


def _range_name(lower: float | None, upper: float | None) -> str:
    if upper is None:
        return f"from {lower:.6g}"
    return f"up to {upper:.6g}" if lower is None else f"{lower:.6g} to {upper:.6g}"


def _warn_empty(volume: Volume, wanted: str, unit: str) -> None:
    values = volume.array
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    has = f"{values.min():.6g} to {values.max():.6g}{unit}" if values.size else "no number"
    warnings.warn(
        MedvoxelWarning(
            f"No voxel lies in the range ({wanted}); the scan holds {has}.",
            hint="Look at plot_histogram() and choose other bounds.",
        ),
        stacklevel=3,
    )


def _otsu(array: NDArray[Any], lower: float | None, upper: float | None) -> float:
    """Find Otsu's threshold of the values within bounds; the bright side lies above it."""
    from skimage.filters import threshold_otsu

    counts, centres, tops = _histogram(array, lower, upper)
    used = counts > 0  # empty bins at the dark end would have no mean
    counts, centres, tops = counts[used], centres[used], tops[used]
    if len(counts) < 2:
        raise InputError(
            "Otsu's method needs at least two different values within the bounds.",
            hint="Widen lower and upper, or give a range without Otsu's method.",
        )
    found = threshold_otsu(hist=(counts, centres))
    return float(tops[np.searchsorted(centres, found)])


def _histogram(
    array: NDArray[Any], lower: float | None, upper: float | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Count values within bounds: counts, centres and highest values of bins.

    Whole numbers of common range get a bin for each value. Slices are taken one by one,
    because counting makes copies of 8 bytes a voxel.
    """

    def parts() -> Iterator[NDArray[Any]]:
        whole = array.dtype.kind in "iu" and lower is None and upper is None
        for part in array:
            chosen = part.ravel() if whole else part[_within(part, lower, upper)]
            if array.dtype.kind == "f":
                chosen = chosen[np.isfinite(chosen)]
            if chosen.size:
                yield chosen

    ranges = [(part.min().item(), part.max().item()) for part in parts()]
    if not ranges:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    if array.dtype.kind in "iu" and high - low < _BINS:
        exact = np.zeros(high - low + 1, dtype=np.int64)
        for part in parts():
            exact += np.bincount(part.astype(np.int64) - low, minlength=len(exact))
        values = np.arange(low, high + 1, dtype=float)
        return exact, values, values
    if low == high:
        return np.ones(1, dtype=np.int64), np.full(1, low), np.full(1, low)
    counts = np.zeros(_BINS, dtype=np.int64)
    for part in parts():
        found, edges = np.histogram(part, bins=_BINS, range=(low, high))
        counts += found
    # A bin holds its lower edge and not its upper one.
    return counts, (edges[1:] + edges[:-1]) / 2, np.nextafter(edges[1:], -np.inf)
