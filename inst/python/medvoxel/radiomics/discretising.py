"""Grey values to grey levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MemoryLimitError
from .region import DiscreteRegion, Region
from .settings import RadiomicsSettings

__all__ = ["bin_edges", "discretise", "ibsi_levels"]

# More levels than this are a bin width far too small, and matrices of them would not fit.
_MOST_LEVELS = 20_000


def discretise(
    region: Region, settings: RadiomicsSettings
) -> tuple[DiscreteRegion, NDArray[np.float64]]:
    """Sort the grey values of a region into bins.

    Parameters
    ----------
    region : Region
        The region.
    settings : RadiomicsSettings
        With `definition`, `bin_width`, `bin_count` and, for IBSI, `resegment_range`.

    Returns
    -------
    DiscreteRegion
        Grey levels.
    ndarray of float64
        Edges of the bins in grey values, one more than there are bins.

    Raises
    ------
    InputError
        When a grey value inside is not finite.
    MemoryLimitError
        When the bin width would give more than 20 000 bins.
    """
    inside = region.inside
    if not np.isfinite(inside).all():
        raise InputError("The segment has grey values that are not finite.")
    _require_few(inside, settings)
    if settings.definition == "ibsi":
        found, count, edges = ibsi_levels(
            inside,
            bin_width=settings.bin_width,
            bin_count=settings.bin_count,
            lowest=_lowest(settings),
        )
    else:
        edges = bin_edges(inside, bin_width=settings.bin_width, bin_count=settings.bin_count)
        found = np.digitize(inside, edges)
        count = int(found.max())
    levels = np.zeros(region.mask.shape, dtype=np.int32)
    levels[region.mask] = found
    return DiscreteRegion(levels, count, region.spacing), edges[: count + 1]


def bin_edges(
    values: NDArray[np.float64], *, bin_width: float = 25.0, bin_count: int | None = None
) -> NDArray[np.float64]:
    """Give the edges of the bins as pyradiomics sets them.

    Parameters
    ----------
    values : ndarray of float
        Grey values inside.
    bin_width : float
        Edges are the multiples of the width, from the last one not above the minimum.
    bin_count : int, optional
        Instead, this number of bins from minimum to maximum.

    Returns
    -------
    ndarray of float64
        Rising edges for :func:`numpy.digitize`. With `bin_count` the last one is raised
        by 1, so that the maximum falls into the last bin.

    References
    ----------
    pyradiomics, ``imageoperations.getBinEdges``.
    """
    if bin_count is not None:
        edges = np.histogram_bin_edges(values, bin_count).astype(np.float64)
        edges[-1] += 1
        return edges
    low, high = float(values.min()), float(values.max())
    edges = np.arange(low - low % bin_width, high + 2 * bin_width, bin_width)
    return edges if len(edges) > 1 else edges[0] + np.array([-0.5, 0.5])


def ibsi_levels(
    values: NDArray[np.float64],
    *,
    bin_width: float = 25.0,
    bin_count: int | None = None,
    lowest: float | None = None,
) -> tuple[NDArray[np.int64], int, NDArray[np.float64]]:
    """Discretise by IBSI's fixed bin size or fixed bin number.

    Parameters
    ----------
    values : ndarray of float
        Grey values inside.
    bin_width : float
        Fixed bin size: the width.
    bin_count : int, optional
        Fixed bin number instead: the number, from minimum to maximum.
    lowest : float, optional
        Where the first bin of fixed size starts: the lower end of the re-segmentation
        range. The minimum when there is none.

    Returns
    -------
    levels : ndarray of int
        1, 2 ...
    count : int
        The highest level that can occur.
    edges : ndarray of float64
        Edges of the bins.

    References
    ----------
    IBSI reference manual, section 2.7, fixed bin number (K15C) and fixed bin size (Q3RU).
    """
    low, high = float(values.min()), float(values.max())
    if bin_count is not None:
        edges = np.linspace(low, high, bin_count + 1)
        if high == low:
            return np.ones(values.shape, dtype=np.int64), bin_count, edges
        parts = bin_count * (values - low) / (high - low)
        levels = np.minimum(np.floor(parts).astype(np.int64) + 1, bin_count)
        return levels, bin_count, edges
    start = low if lowest is None else lowest
    levels = np.maximum(np.floor((values - start) / bin_width).astype(np.int64) + 1, 1)
    count = int(levels.max())
    return levels, count, start + bin_width * np.arange(count + 1)


def _lowest(settings: RadiomicsSettings) -> float | None:
    asked = settings.resegment_range
    if asked is None or settings.resegment_mode != "absolute" or not np.isfinite(asked[0]):
        return None
    return asked[0]


def _binning(settings: RadiomicsSettings) -> str:
    if settings.bin_count is not None:
        return f"bin_count = {settings.bin_count}"
    return f"bin_width = {settings.bin_width:g}"


def _require_few(inside: NDArray[np.float64], settings: RadiomicsSettings) -> None:
    if settings.bin_count is not None:
        bins = settings.bin_count
    else:
        bins = (float(inside.max()) - float(inside.min())) / settings.bin_width
    if bins > _MOST_LEVELS:
        raise MemoryLimitError(
            f"{_binning(settings)} gives {bins:.0f} grey levels, more than {_MOST_LEVELS}.",
            hint="Choose a larger bin_width, or set bin_count.",
        )
