"""Greatest distances between the vertices of a surface: exact, by way of convex hulls."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["extreme_points", "farthest_pair", "planar_diameter"]


def extreme_points(
    points: NDArray[np.int64], spacing: tuple[float, ...]
) -> tuple[NDArray[np.float64], tuple[float, float, float]]:
    """Points that may be corners of the convex hull, and the greatest distances in planes.

    Parameters
    ----------
    points : ndarray of int64, shape (n, 3)
        Twice the array indices, (z, y, x), as `boundary_points` gives them.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    extreme : ndarray, shape (m, 3)
        Points in mm that are corners of the hull of their plane along each of the three
        axes, as all corners of the whole hull are.
    in_planes : tuple of float
        The greatest distance in mm between two points with the same z; the same y; the
        same x.
    """
    from ._diameters_kernel import plane_hulls

    step = np.asarray(spacing) / 2
    keep = np.ones(len(points), np.bool_)
    longest = []
    for axis in range(3):
        # All points of a plane count for its diameter, not those alone that are kept.
        row, column = (i for i in range(3) if i != axis)
        width = int(points.max()) + 1
        key = (points[:, axis] * width + points[:, row]) * width + points[:, column]
        order = np.argsort(key)
        found = np.zeros(len(points), np.bool_)
        squared = plane_hulls(
            *(np.ascontiguousarray(points[order, i]) for i in (axis, row, column)),
            step[row],
            step[column],
            found,
        )
        keep[order] &= found
        longest.append(math.sqrt(squared))
    return points[keep] * step, (longest[0], longest[1], longest[2])


def farthest_pair(points: NDArray[np.float64]) -> float:
    """Greatest distance between two of some points.

    Parameters
    ----------
    points : ndarray, shape (n, axes)
        Corners of a convex hull.

    Returns
    -------
    float
        The distance, 0 for a single point.
    """
    from ._diameters_kernel import farthest

    return math.sqrt(farthest(np.ascontiguousarray(points)))


def planar_diameter(points: NDArray[np.int64], spacing: tuple[float, float]) -> float:
    """Greatest distance between points in one plane.

    Parameters
    ----------
    points : ndarray of int64, shape (n, 2)
        Twice the array indices.
    spacing : tuple of float
        Pixel spacing in mm for both axes.

    Returns
    -------
    float
        The distance in mm.
    """
    from ._diameters_kernel import plane_hulls

    points = points[np.lexsort((points[:, 1], points[:, 0]))]
    plane = np.zeros(len(points), np.int64)
    row, column = (np.ascontiguousarray(points[:, i]) for i in range(2))
    found = np.zeros(len(points), np.bool_)
    return math.sqrt(plane_hulls(plane, row, column, spacing[0] / 2, spacing[1] / 2, found))
