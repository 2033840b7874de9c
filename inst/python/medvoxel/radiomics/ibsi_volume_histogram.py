"""Intensity-volume histogram of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .region import Region

__all__ = ["volume_histogram_ibsi"]

# A bin's edge that was missed by rounding error still counts as reached.
_ROUNDING = 1e-9


class _Histogram(NamedTuple):
    """Grey levels that occur, and the part of the voxels that has at least each."""

    levels: NDArray[np.float64]
    volume: NDArray[np.float64]
    low: float
    high: float
    step: float | None


def volume_histogram_ibsi(
    region: Region,
    *,
    bin_width: float | None = None,
    bin_count: int | None = None,
    intensity_range: tuple[float | None, float | None] = (None, None),
) -> dict[str, float]:
    """Compute the 7 features of the intensity-volume histogram.

    Parameters
    ----------
    region : Region
        The grey values.
    bin_width : float, optional
        Width of bins from the low end of the range on, for continuous units such as SUV. A
        bin stands for its centre.
    bin_count : int, optional
        Number of bins between the smallest and the greatest value of the region, for
        arbitrary units such as those of MR. A bin stands for its number. Without
        `bin_width` and `bin_count` grey values are taken as they are; whole ones, such as
        Hounsfield units, are on a scale with steps of 1.
    intensity_range : tuple of float or None
        Range of grey values that intensity fractions refer to: that of the re-segmentation.
        An end that is None is the smallest or greatest value of the region; with `bin_count`
        both are.

    Returns
    -------
    dict of str to float
        Values by tag of the consensus table (`ivh_v10` ...). Features that need intensity
        fractions (`v`, `diff_v`, `auc`) are NaN in a flat region without a range.

    Raises
    ------
    InputError
        When both kinds of bins are asked for, or a width or count is too small.

    Notes
    -----
    Intensity-volume histogram features of the reference manual [1]_. `ivh_v10` is the
    greatest part of the volume with an intensity fraction of at least 10 %, `ivh_i10` the
    lowest level that at most 10 % of the volume reach; where even the greatest value has
    more, that is the next level above it. `ivh_auc` is integrated by the trapezoid rule over
    all levels of the scale.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.5.
    """
    histogram = _histogram(region.inside, bin_width, bin_count, intensity_range)
    v10, v90 = (_volume_at(histogram, percent / 100) for percent in (10, 90))
    i10, i90 = (_intensity_at(histogram, percent / 100) for percent in (10, 90))
    return {
        "ivh_v10": v10,
        "ivh_v90": v90,
        "ivh_i10": i10,
        "ivh_i90": i90,
        "ivh_diff_v10_v90": v10 - v90,
        "ivh_diff_i10_i90": i10 - i90,
        "ivh_auc": _area_under(histogram),
    }


def _histogram(
    values: NDArray[np.float64],
    width: float | None,
    count: int | None,
    intensity_range: tuple[float | None, float | None],
) -> _Histogram:
    """Put values on a scale of levels and add them up from above."""
    if width is not None and count is not None:
        raise InputError("Give bin_width or bin_count, not both.")
    smallest, greatest = float(values.min()), float(values.max())
    low = smallest if intensity_range[0] is None else float(intensity_range[0])
    high = greatest if intensity_range[1] is None else float(intensity_range[1])
    step: float | None
    if width is not None:
        if not width > 0:
            raise InputError(f"bin_width must be positive, not {width:g}.")
        top = max(math.ceil((high - low) / width - _ROUNDING), 1)
        bins = np.clip(np.floor((values - low) / width), 0, top - 1)
        scaled, step = low + (bins + 0.5) * width, float(width)
        low, high = low + 0.5 * width, low + (top - 0.5) * width
    elif count is not None:
        if count < 1:
            raise InputError(f"bin_count must be at least 1, not {count}.")
        share = (values - smallest) / ((greatest - smallest) or 1.0)
        scaled = np.minimum(np.floor(count * share), count - 1) + 1
        low, high, step = 1.0, float(count), 1.0
    else:
        scaled = values
        step = 1.0 if np.array_equal(values, np.rint(values)) else None
    levels, counts = np.unique(scaled, return_counts=True)
    volume = counts[::-1].cumsum()[::-1] / len(values)
    return _Histogram(levels, volume, low, high, step)


def _volume_at(histogram: _Histogram, fraction: float) -> float:
    """Part of the volume with at least a fraction of the range of intensities."""
    if not histogram.high > histogram.low:
        return math.nan
    reached = (histogram.levels - histogram.low) / (histogram.high - histogram.low)
    at = int(np.searchsorted(reached, fraction - _ROUNDING))
    return float(histogram.volume[at]) if at < len(reached) else 0.0


def _intensity_at(histogram: _Histogram, fraction: float) -> float:
    """Lowest level that at most a fraction of the volume reaches."""
    last = int(np.flatnonzero(histogram.volume > fraction + _ROUNDING)[-1])
    levels = histogram.levels
    if histogram.step is not None:
        return float(levels[last] + histogram.step)
    return float(levels[min(last + 1, len(levels) - 1)])


def _area_under(histogram: _Histogram) -> float:
    """Area under the histogram over the intensity fractions, by the trapezoid rule."""
    low, high = histogram.low, histogram.high
    if not high > low:
        return math.nan
    levels, volume = histogram.levels, histogram.volume
    gaps = np.diff(np.append(levels, max(high, levels[-1])))
    following = np.append(volume[1:], 0.0)
    steps = gaps if histogram.step is None else np.minimum(gaps, histogram.step)
    area = (volume + following) / 2 * steps + following * (gaps - steps)
    # Below the smallest level everything is reached.
    return float((levels[0] - low + area.sum()) / (high - low))
