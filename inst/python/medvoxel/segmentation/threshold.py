"""Segment by a range of grey values, given or found in the histogram."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..volume import Segment, Segmentation, Volume, segment_colours
from ._histogram_thresholds import METHODS, count_values, find_threshold
from ._ranges import above, bound, within

__all__ = ["segment_threshold"]

_MOST_BINS = 2**20


def segment_threshold(
    volume: Volume,
    /,
    *,
    lower: float | None = None,
    upper: float | None = None,
    method: Literal["range", "otsu", "isodata", "li", "triangle", "yen"] = "range",
    side: Literal["above", "below"] = "above",
    bins: int | None = None,
    name: str | None = None,
) -> Segmentation:
    """Segment the voxels whose value lies in a range, or on one side of a threshold.

    Parameters
    ----------
    volume : Volume
        The scan.
    lower, upper : float, optional
        Bounds in the unit of the scan, both inclusive. ``None`` is no bound; with
        ``method="range"`` at least one is needed. With another method, values outside
        take no part in the search and are not kept: ``lower=-500`` parts soft tissue from
        bone, not body from air.
    method : {"range", "otsu", "isodata", "li", "triangle", "yen"}
        ``"range"`` keeps what lies between the bounds; the others find a threshold in the
        histogram and keep one side of it. The names are those of 3D Slicer.
    side : {"above", "below"}
        Which side of a found threshold is kept: the bright one, as Slicer does by default,
        or the dark one, to which the threshold itself belongs.
    bins : int, optional
        Bins of equal width to count values in. By default whole numbers get one for each
        value; other data 65536, and 256 with ``"triangle"`` and ``"yen"``.
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
        is unknown or has no two values to part, or `side` or `bins` is given without a
        method to use it.

    Warns
    -----
    MedvoxelWarning
        When no voxel lies in the range.

    Notes
    -----
    Otsu's method maximises the variance between the sides. IsoData takes the lowest
    threshold midway between the means of the sides, Li's the minimum of the cross entropy
    near the mean, Yen's the maximum of the correlation. The triangle method takes the
    value farthest below the line from the peak of the histogram to the end of its longer
    tail, which is where 1 % of the voxels are left (in scikit-image the last voxel). The
    definitions are those of scikit-image and of ITK, which 3D Slicer uses: with the same
    bins the threshold is within a few bins of ITK's. ITK counts in 256 bins unless told
    otherwise; ``"triangle"`` and ``"yen"`` read the heights of single bins, and find another
    threshold in other bins. ``bins=256`` follows ITK.

    One threshold takes the scan to be equally bright everywhere. An MR scan often is
    brighter near the coil (bias field). Correct it before, crop the scan to the region in
    question, or use :func:`grow_from_seeds`, which compares neighbours only.

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. Syst.
    Man Cybern. 9 (1979) 62-66. T. W. Ridler and S. Calvard, "Picture thresholding using an
    iterative selection method", IEEE Trans. Syst. Man Cybern. 8 (1978) 630-632. C. H. Li
    and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding",
    Pattern Recognit. Lett. 19 (1998) 771-776. G. W. Zack et al., "Automatic measurement of
    sister chromatid exchange frequency", J. Histochem. Cytochem. 25 (1977) 741-753. J. C.
    Yen et al., "A new criterion for automatic multilevel thresholding", IEEE Trans. Image
    Process. 4 (1995) 370-378.
    """
    lower, upper = bound("lower", lower), bound("upper", upper)
    _check(lower, upper, method, side, bins)
    unit = f" {volume.unit}" if volume.unit else ""
    if method == "range":
        mask, ending = within(volume.array, lower, upper), ""
        default = _range_name(lower, upper) + unit
    else:
        found = _threshold(volume.array, lower, upper, method, bins)
        ending = f"{unit} ({METHODS[method].label})"
        if side == "above":
            mask = above(volume.array, found, upper)
            default = f"above {found:.6g}" + ("" if upper is None else f" to {upper:.6g}") + ending
        else:
            mask = within(volume.array, lower, found)
            default = _range_name(lower, found) + ending
    if not mask.any():
        _warn_empty(volume, default, unit)
    segment = Segment(1, default if name is None else str(name), segment_colours(1)[0])
    return Segmentation(mask.view(np.uint8), volume.grid, (segment,))


def _check(
    lower: float | None, upper: float | None, method: str, side: str, bins: int | None
) -> None:
    if lower is not None and upper is not None and lower > upper:
        raise InputError(f"lower ({lower:g}) is above upper ({upper:g}).", hint="Swap them.")
    if method != "range" and method not in METHODS:
        known = ", ".join(f'"{word}"' for word in ("range", *METHODS))
        raise InputError(f"method must be one of {known}, not {method!r}.")
    if side not in ("above", "below"):
        raise InputError(f'side must be "above" or "below", not {side!r}.')
    if method == "range":
        if lower is None and upper is None:
            raise InputError(
                "A threshold needs lower, upper or both.",
                hint='Give a bound, or use method = "otsu" to find one.',
            )
        if side != "above" or bins is not None:
            word = "bins" if side == "above" else "side"
            raise InputError(
                f"{word} is for the methods that find a threshold.",
                hint='Use lower and upper alone, or a method such as "otsu".',
            )
    whole = isinstance(bins, (int, np.integer)) and not isinstance(bins, bool)
    if bins is not None and not (whole and 2 <= bins <= _MOST_BINS):
        raise InputError(f"bins must be a whole number, 2 to {_MOST_BINS}, not {bins!r}.")


def _threshold(
    array: NDArray[Any], lower: float | None, upper: float | None, method: str, bins: int | None
) -> float:
    histogram = count_values(array, lower, upper, method, bins)
    if np.count_nonzero(histogram.counts) < 2:
        raise InputError(
            f"The {METHODS[method].label} method needs at least two different values within "
            "the bounds.",
            hint='Widen lower and upper, or give a range with method = "range".',
        )
    found = find_threshold(histogram, method)
    # A cut between whole numbers is one at the lower of them.
    return float(math.floor(found)) if array.dtype.kind in "iu" else found


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
