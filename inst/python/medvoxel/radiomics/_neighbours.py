"""What voxels' neighbours say of them: levels alike, and the mean level around."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._directions import all_directions
from ._size_counts import SizeCounts
from .region import DiscreteRegion

__all__ = ["LevelDifferences", "Neighbourhoods", "has_room"]


@dataclass(frozen=True, eq=False)
class LevelDifferences:
    """A grey tone difference matrix: one entry a grey level that occurs.

    Parameters
    ----------
    levels : ndarray of float64, shape (levels,)
        The grey levels that occur.
    voxels : ndarray of int64, shape (levels,)
        How many voxels have the level.
    valid : ndarray of int64, shape (levels,)
        How many of them have a neighbour inside.
    sums : ndarray of float64, shape (levels,)
        The sum of their absolute differences from the mean of their neighbours.
    """

    levels: NDArray[np.float64]
    voxels: NDArray[np.int64]
    valid: NDArray[np.int64]
    sums: NDArray[np.float64]


class Neighbourhoods:
    """The voxels of a region with their neighbours at some distances.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    distances : iterable of int, default (1,)
        Chebyshev distances of neighbours in voxels.
    flat_axis : {0, 1, 2}, optional
        The axis across which voxels are no neighbours.

    Raises
    ------
    InputError
        When a distance or the axis is not allowed.
    """

    def __init__(
        self,
        region: DiscreteRegion,
        *,
        distances: Iterable[int] = (1,),
        flat_axis: int | None = None,
    ) -> None:
        steps = np.array(all_directions(distances, force2d_dimension=flat_axis), dtype=np.int64)
        # Farther than the box is wide there is nothing: this bounds the border's width.
        steps = steps[np.all(np.abs(steps) < region.levels.shape, axis=1)]
        self._border = int(np.abs(steps).max(initial=0))
        self._levels = np.pad(region.levels.astype(np.int32, copy=False), self._border)
        _, rows, width = self._levels.shape
        self._offsets = (steps * (rows * width, width, 1)).sum(axis=1)
        occurs = np.bincount(region.levels.reshape(-1), minlength=2) > 0
        occurs[0] = False
        self._found = np.nonzero(occurs)[0]
        self._rank_of = np.cumsum(occurs) - 1

    def dependence(self, *, alpha: float = 0, plane: int | None = None) -> SizeCounts:
        """Count voxels by grey level and by neighbours alike, the voxel itself included.

        Parameters
        ----------
        alpha : float, default 0
            The largest difference of grey levels that are alike.
        plane : int, optional
            Count the voxels of one slice, where `flat_axis` is 0. By default all.

        Returns
        -------
        SizeCounts
            The dependence matrix.

        Raises
        ------
        InputError
            When `alpha` is negative or not finite.
        """
        from ._neighbour_kernel import count_dependents

        if not np.isfinite(alpha) or alpha < 0:
            raise InputError(
                f"The difference of dependent grey levels must be 0 or more, not {alpha!r}.",
                hint="Use `gldm_alpha = 0` for equal grey levels.",
            )
        counts = np.zeros((len(self._found), len(self._offsets) + 1), dtype=np.int64)
        count_dependents(*self._rows(plane), int(alpha), self._rank_of, counts)
        ranks, like = np.nonzero(counts)
        filled = counts[ranks, like]
        return SizeCounts(self._found[ranks], like + 1, filled, int(filled.sum()))

    def differences(self, *, plane: int | None = None) -> LevelDifferences:
        """Sum differences from the mean of neighbours by grey level.

        Parameters
        ----------
        plane : int, optional
            Take the voxels of one slice, where `flat_axis` is 0. By default all.

        Returns
        -------
        LevelDifferences
            The grey tone difference matrix.
        """
        from ._neighbour_kernel import sum_differences

        voxels, valid = np.zeros((2, len(self._found)), dtype=np.int64)
        sums = np.zeros(len(self._found))
        sum_differences(*self._rows(plane), self._rank_of, voxels, valid, sums)
        here = voxels > 0
        levels = self._found[here].astype(np.float64)
        return LevelDifferences(levels, voxels[here], valid[here], sums[here])

    def _rows(self, plane: int | None) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
        """Give the flat levels of all planes or of one, offsets and the width of rows."""
        levels = self._levels if plane is None else self._levels[self._border + plane]
        return levels.reshape(-1), self._offsets, self._levels.shape[2]


def has_room(
    region: DiscreteRegion, *, distances: Iterable[int] = (1,), flat_axis: int | None = None
) -> bool:
    """Tell whether a neighbour of a voxel can lie in the box of a region.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    distances : iterable of int, default (1,)
        Chebyshev distances of neighbours in voxels.
    flat_axis : {0, 1, 2}, optional
        The axis across which voxels are no neighbours.

    Returns
    -------
    bool
        False for a single voxel, say. pyradiomics then gives no features.

    Raises
    ------
    InputError
        When a distance or the axis is not allowed.
    """
    steps = np.array(all_directions(distances, force2d_dimension=flat_axis))
    mask = region.mask
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.nonzero(mask.any(axis=others))[0]
        steps = steps[np.abs(steps[:, axis]) <= inside[-1] - inside[0]]
    return len(steps) > 0
