"""Thresholds that a histogram yields, under the names that 3D Slicer gives the methods.

Otsu's is scikit-image's; the others are written from the same definitions in double
precision, because scikit-image's take a whole image or sum in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._ranges import within

__all__ = ["METHODS", "Histogram", "count_values", "find_threshold"]

# Histograms of whole numbers are exact up to this many different values; other data is
# binned as finely, so that a few extreme voxels cannot blur the threshold.
_BINS = 65536
# Methods that read the heights of single bins need bins that hold more than a few voxels.
_BINS_BY_HEIGHT = 256
_TAIL = 0.01


class Histogram(NamedTuple):
    """Counts of values in bins of equal width; the first and the last are not empty.

    Parameters
    ----------
    counts : ndarray of int, shape (n,)
        Voxels in each bin.
    centres, tops : ndarray of float, shape (n,)
        The middle of each bin, and the highest value that belongs to it.
    """

    counts: NDArray[np.int64]
    centres: NDArray[np.float64]
    tops: NDArray[np.float64]


def find_threshold(histogram: Histogram, method: str) -> float:
    """Find the value up to which voxels belong to the dark side.

    Parameters
    ----------
    histogram : Histogram
        With at least two bins that are not empty.
    method : str
        A key of :data:`METHODS`.

    Returns
    -------
    float
        The highest value of the dark side.
    """
    return METHODS[method].find(histogram)


def _otsu(histogram: Histogram) -> float:
    from skimage.filters import threshold_otsu

    used = histogram.counts > 0  # an empty side would have no mean
    counts, centres, tops = (part[used] for part in histogram)
    found = threshold_otsu(hist=(counts, centres))
    return float(tops[np.searchsorted(centres, found)])


def _isodata(histogram: Histogram) -> float:
    """Lowest bin that lies midway between the means of its two sides."""
    counts, centres, tops = histogram
    number, total = np.cumsum(counts), np.cumsum(counts * centres)
    dark = total[:-1] / number[:-1]
    bright = (total[-1] - total[:-1]) / (number[-1] - number[:-1])
    distance = (dark + bright) / 2 - centres[:-1]
    midway = (distance >= 0) & (distance < centres[1] - centres[0])
    return float(tops[np.argmax(midway)])


def _li(histogram: Histogram) -> float:
    """Minimum cross entropy, by Li and Tam's iteration from the mean."""
    counts, centres, _ = histogram
    values = centres - centres[0]  # the logarithm of a mean needs positive values
    tolerance = values[1] / 2
    found, former = np.average(values, weights=counts), -np.inf
    while abs(found - former) > tolerance:
        former = found
        bright = values > former
        means = [np.average(values[side], weights=counts[side]) for side in (~bright, bright)]
        if means[0] == 0:
            break
        found = (means[1] - means[0]) / (np.log(means[1]) - np.log(means[0]))
    return float(found + centres[0])


def _triangle(histogram: Histogram) -> float:
    """Bin farthest below the line from the peak to the end of the longer tail.

    The tails end where 1 % of the voxels are left, as in ITK: a few voxels of metal must
    not turn the line.
    """
    counts = histogram.counts.astype(np.float64)
    share = np.cumsum(counts) / counts.sum()
    peak = int(np.argmax(counts))
    first, last = int(np.argmax(share > _TAIL)), int(np.argmax(share > 1 - _TAIL))
    if first == last:
        first, last = 0, len(counts) - 1
    step = 1 if last - peak >= peak - first else -1
    width = abs((last if step > 0 else first) - peak)
    line = counts[peak] * (1 - np.arange(width) / width)
    level = int(np.argmax(line - counts[peak::step][:width]))
    return float(histogram.tops[min(peak + step * level, len(counts) - 2)])


def _yen(histogram: Histogram) -> float:
    """Maximum correlation of the two sides."""
    share = histogram.counts / histogram.counts.sum()
    squares = share**2
    dark, dark_squares = np.cumsum(share)[:-1], np.cumsum(squares)[:-1]
    bright = np.cumsum(share[::-1])[::-1][1:]
    bright_squares = np.cumsum(squares[::-1])[::-1][1:]
    criterion = 2 * np.log(dark * bright) - np.log(dark_squares) - np.log(bright_squares)
    return float(histogram.tops[np.argmax(criterion)])


class _Method(NamedTuple):
    label: str
    find: Callable[[Histogram], float]
    bins: int


METHODS = {
    "otsu": _Method("Otsu", _otsu, _BINS),
    "isodata": _Method("IsoData", _isodata, _BINS),
    "li": _Method("Li", _li, _BINS),
    "triangle": _Method("Triangle", _triangle, _BINS_BY_HEIGHT),
    "yen": _Method("Yen", _yen, _BINS_BY_HEIGHT),
}


def count_values(
    array: NDArray[Any], lower: float | None, upper: float | None, method: str, bins: int | None
) -> Histogram:
    """Count the values within bounds.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values; those that are not finite are left out.
    lower, upper : float, optional
        Inclusive bounds.
    method : str
        A key of :data:`METHODS`, for which the histogram is.
    bins : int, optional
        Number of bins. By default whole numbers of common range get a bin for each value.

    Returns
    -------
    Histogram
        Empty when no value lies within the bounds.

    Notes
    -----
    Slices are taken one by one, because counting makes copies of 8 bytes a voxel.
    """

    def parts() -> Iterator[NDArray[Any]]:
        everything = array.dtype.kind in "iu" and lower is None and upper is None
        for part in array:
            chosen = part.ravel() if everything else part[within(part, lower, upper)]
            if array.dtype.kind == "f":
                chosen = chosen[np.isfinite(chosen)]
            if chosen.size:
                yield chosen

    ranges = [(part.min().item(), part.max().item()) for part in parts()]
    if not ranges:
        return Histogram(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    if low == high:
        return Histogram(np.ones(1, dtype=np.int64), np.full(1, low), np.full(1, low))
    whole = array.dtype.kind in "iu"
    if whole and bins is None and high - low < _BINS:
        exact = np.zeros(high - low + 1, dtype=np.int64)
        for part in parts():
            exact += np.bincount(part.astype(np.int64) - low, minlength=len(exact))
        values = np.arange(low, high + 1, dtype=float)
        return Histogram(exact, values, values)
    number = bins or (_BINS if whole else METHODS[method].bins)
    counts = np.zeros(number, dtype=np.int64)
    for part in parts():
        found, edges = np.histogram(part, bins=number, range=(low, high))
        counts += found
    # A bin holds its lower edge and not its upper one.
    tops = np.nextafter(edges[1:], -np.inf)
    return Histogram(counts, (edges[1:] + edges[:-1]) / 2, tops)
