"""The surface of a mask as small elements with a place and an area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._boxes import Box
from .._surface_area import pattern_areas, pattern_planes
from ..io._threads import thread_count

__all__ = ["SurfaceElements", "surface_elements", "weighted_percentile"]

# Fewer points than this are found sooner than threads are started.
_WORTH_THREADS = 20_000


@dataclass(frozen=True, eq=False)
class SurfaceElements:
    """Elements of a surface.

    Parameters
    ----------
    index : ndarray of int, shape (n, 3)
        Cubes of 2 x 2 x 2 voxels that the surface crosses, (z, y, x): cube (0, 0, 0) has
        its centre at voxel index (-0.5, -0.5, -0.5).
    areas : ndarray of float, shape (n,)
        Area in mm² of the surface in each cube.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    """

    index: NDArray[np.int64]
    areas: NDArray[np.float64]
    spacing: tuple[float, float, float]

    @property
    def points(self) -> NDArray[np.float64]:
        """Centres of the cubes in mm along the array axes, shape (n, 3)."""
        return self.index * np.asarray(self.spacing)

    def distances_to(self, other: SurfaceElements) -> NDArray[np.float64]:
        """Distance of each element to the nearest one of another surface.

        Parameters
        ----------
        other : SurfaceElements
            At least one element, of the same grid.

        Returns
        -------
        ndarray of float, shape (n,)
            Distances in mm, exact.
        """
        from scipy.spatial import cKDTree

        # Surfaces worth comparing are near each other: a search tree then needs a small part
        # of the time and memory of a distance map of the box, and is as exact.
        tree = cKDTree(other.points, balanced_tree=False, compact_nodes=False)
        workers = thread_count() if len(self.areas) > _WORTH_THREADS else 1
        return tree.query(self.points, workers=workers)[0]


def surface_elements(
    mask: NDArray[np.bool_], spacing: Sequence[float], box: Box
) -> SurfaceElements:
    """Find the elements of the surface of a mask.

    Parameters
    ----------
    mask : ndarray of bool
        The part of the mask inside `box`; outside there is nothing.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).
    box : tuple of slice
        Where that part lies in the grid.

    Returns
    -------
    SurfaceElements
        One for each cube of 2 x 2 x 2 voxels that holds both inside and outside.
    """
    steps = tuple(float(s) for s in spacing)
    areas = pattern_areas(steps)
    places, weights = [], []
    for z, plane in enumerate(pattern_planes(mask)):
        y, x = np.nonzero((plane > 0) & (plane < 255))
        places.append(np.stack([np.full_like(y, z), y, x], axis=1))
        weights.append(areas[plane[y, x]])
    corner = np.array([part.start for part in box])
    return SurfaceElements(np.concatenate(places) + corner, np.concatenate(weights), steps)


def weighted_percentile(
    values: NDArray[np.float64], weights: NDArray[np.float64], share: float
) -> float:
    """Smallest value that is not exceeded on a share of the whole weight.

    Parameters
    ----------
    values, weights : ndarray of float, shape (n,)
        Distances, and the area at which each is found.
    share : float
        From 0 to 1.

    Returns
    -------
    float
        One of `values`.
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    at = int(np.searchsorted(reached, share * reached[-1]))
    return float(values[order[min(at, len(order) - 1)]])
