"""Narrow a segment by its grey values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .settings import RadiomicsSettings

__all__ = ["resegment"]


def resegment(
    values: NDArray[np.float64], mask: NDArray[np.bool_], settings: RadiomicsSettings
) -> NDArray[np.bool_]:
    """Keep the voxels of a segment whose grey value is in the range asked for.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    mask : ndarray of bool, shape (z, y, x)
        Voxels of the segment.
    settings : RadiomicsSettings
        With `resegment_range`, `resegment_mode` and `resegment_outliers`.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        A part of the mask; limits are included.

    References
    ----------
    pyradiomics, ``imageoperations.resegmentMask``. IBSI reference manual, section 2.5:
    outliers lie more than 3 standard deviations (of a population, n) from the mean.
    """
    limits = []
    if settings.resegment_range is not None:
        limits.append(_limits(values[mask], settings))
    if settings.resegment_outliers is not None:
        limits.append(_around_mean(values[mask], -1, 1, settings.resegment_outliers))
    kept = mask
    for low, high in limits:
        kept = kept & (values >= low) & (values <= high)
    return kept


def _limits(inside: NDArray[np.float64], settings: RadiomicsSettings) -> tuple[float, float]:
    asked = settings.resegment_range or ()
    low, high = asked if len(asked) == 2 else (asked[0], np.inf)
    if settings.resegment_mode == "relative":
        top = float(inside.max())
        return _times(top, low), _times(top, high)
    if settings.resegment_mode == "sigma":
        return _around_mean(inside, low, high, 1.0)
    return low, high


def _times(value: float, factor: float) -> float:
    # No limit stays none: 0 times infinity is not a number.
    return factor if np.isinf(factor) else value * factor


def _around_mean(
    inside: NDArray[np.float64], low: float, high: float, factor: float
) -> tuple[float, float]:
    mean, sd = float(inside.mean()), float(inside.std())
    return mean + _times(sd, low) * factor, mean + _times(sd, high) * factor
