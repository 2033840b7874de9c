"""Whole numbers for grey values and distances, so that sums of costs are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._grow_words import FARTHEST

__all__ = ["Units", "choose_units"]

_LEVELS = 2**16 - 1
# The greatest cost of one step; paths of 512 such steps are still told apart.
_COSTLIEST = 2**22
_BUCKETS = 2**16


@dataclass(frozen=True)
class Units:
    """How grey values and millimetres become whole numbers.

    Parameters
    ----------
    low, step : float
        A grey value is ``low`` plus `step` times its level; `step` is 1 (nothing is
        rounded) for whole numbers that span less than 65536.
    levels : int
        The highest level.
    scale : int
        Units of cost for a difference of one level.
    per_mm : float
        Units of cost for one millimetre.
    """

    low: float
    step: float
    levels: int
    scale: int
    per_mm: float

    def to_levels(self, values: NDArray[np.number]) -> NDArray[np.uint16]:
        """Take grey values to levels.

        Parameters
        ----------
        values : ndarray
            Grey values; those that are not finite become level 0.

        Returns
        -------
        ndarray of uint16
            Levels.
        """
        if values.dtype.kind in "iu" and self.step == 1:
            # Modular arithmetic is exact here, whatever the two types.
            wide = values.astype(np.int64) if values.dtype.itemsize > 2 else values
            return wide.astype(np.uint16) - np.uint16(int(self.low) % 2**16)
        levels = (values.astype(np.float64) - self.low) / self.step
        return np.rint(np.where(np.isfinite(levels), levels, 0)).astype(np.uint16)

    def buckets(self, heaviest: int) -> tuple[int, int]:
        """Choose the ring of buckets.

        Parameters
        ----------
        heaviest : int
            The greatest cost of the distance of one step.

        Returns
        -------
        count : int
            Buckets, a power of two.
        shift : int
            A bucket holds ``2 ** shift`` distances.
        """
        cost = self.levels * self.scale + heaviest
        shift = max((cost // _BUCKETS).bit_length(), 0)
        return 1 << ((cost >> shift) + 2).bit_length(), shift


def choose_units(values: NDArray[np.number], locality: float, spacing: Sequence[float]) -> Units:
    """Choose units from all values of a scan, so that they hold for each part of it.

    Parameters
    ----------
    values : ndarray, shape (z, y, x)
        The scan.
    locality : float
        Cost of one mm in grey values.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    Units
        Whole numbers that span less than 65536 are exact; others have 65535 steps over
        their range, or fewer where the cost of distance is many times that range.
    """
    low, high = _range(values)
    exact = high - low <= _LEVELS and _are_whole(values)
    step = 1.0 if exact else (high - low) / _LEVELS or 1.0
    if locality == 0:
        return Units(low, step, round((high - low) / step), 1, 0.0)
    # Straight paths through the scan, and four times longer ones, must not reach the end
    # of the numbers.
    heaviest = FARTHEST // (4 * max(values.shape))
    longest = locality * float(np.linalg.norm(spacing))
    step = max(step, longest / heaviest)
    levels = round((high - low) / step)
    scale = 1
    while 2 * scale * levels <= _COSTLIEST and 2 * scale * longest / step <= heaviest:
        scale *= 2
        if scale >= 2**10:
            break
    return Units(low, step, levels, scale, locality * scale / step)


def _are_whole(values: NDArray[np.number]) -> bool:
    """Say whether all that is finite is a whole number, whatever the type."""
    if values.dtype.kind in "iu":
        return True
    # A slice at a time: most scans with fractions have one in the first.
    return all(_is_whole_or_not_finite(part) for part in values)


def _is_whole_or_not_finite(values: NDArray[np.floating]) -> bool:
    return bool(np.all((values == np.rint(values)) | ~np.isfinite(values)))


def _range(values: NDArray[np.number]) -> tuple[float, float]:
    if values.dtype.kind in "iu":
        return int(values.min()), int(values.max())
    lows, highs = [], []
    for plane in values:
        finite = plane[np.isfinite(plane)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    return min(lows, default=0.0), max(highs, default=0.0)
