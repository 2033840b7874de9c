"""What feature classes are computed from: one segment in its box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["DiscreteRegion", "Region"]


@dataclass(frozen=True, eq=False)
class Region:
    """The grey values of a segment and its surroundings.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values in the box of the segment.
    mask : ndarray of bool, shape (z, y, x)
        The voxels whose grey values count (IBSI: the intensity mask).
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    shape_mask : ndarray of bool, shape (z, y, x), optional
        The voxels that make up the shape (IBSI: the morphological mask), where these are
        others, as after re-segmentation by a range of grey values. `mask` by default.

    Raises
    ------
    InputError
        When the shapes differ, or no voxel is inside.
    """

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    spacing: tuple[float, float, float]
    shape_mask: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        shapes = {self.values.shape, self.mask.shape, self.shape_of.shape}
        if len(shapes) != 1 or self.values.ndim != 3:
            raise InputError("Values and masks of a region must have one shape (z, y, x).")
        if not self.mask.any():
            raise InputError("The region has no voxels.")

    @property
    def shape_of(self) -> NDArray[np.bool_]:
        """The mask of the shape."""
        return self.mask if self.shape_mask is None else self.shape_mask

    @property
    def inside(self) -> NDArray[np.float64]:
        """Grey values of the voxels inside, in the order of the array."""
        return self.values[self.mask]


@dataclass(frozen=True, eq=False)
class DiscreteRegion:
    """The grey levels of a segment: what textures are computed from.

    Parameters
    ----------
    levels : ndarray of int32, shape (z, y, x)
        Grey levels 1, 2 ... inside, 0 outside.
    count : int
        The highest level that can occur (IBSI: N_g).
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).

    Raises
    ------
    InputError
        When no voxel is inside, or a level is above `count`.
    """

    levels: NDArray[np.int32]
    count: int
    spacing: tuple[float, float, float]

    def __post_init__(self) -> None:
        top = int(self.levels.max(initial=0))
        if top < 1 or top > self.count:
            raise InputError(f"Grey levels must be 1 to {self.count}; the highest is {top}.")

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The voxels inside."""
        return self.levels > 0
