"""Points in millimetres that an edit is told, checked and brought to the voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..geometry import Grid

__all__ = ["nearest_voxels", "points_in_scan"]

_SLACK = 1e-6  # voxels that rounding may put a point on the border beyond it


def points_in_scan(grid: Grid, at: ArrayLike, *, clip: bool = False) -> NDArray[np.float64]:
    """Bring points to voxel indices, all of them within the scan.

    Parameters
    ----------
    grid : Grid
        Grid of the scan.
    at : array_like, shape (n, 3) or (3,)
        Points in LPS mm (x, y, z).
    clip : bool
        Bring points outside to the border of the scan, as long as their box overlaps it.

    Returns
    -------
    ndarray, shape (n, 3)
        Indices (z, y, x), not rounded; at most half a voxel beyond the outer centres.

    Raises
    ------
    InputError
        When these are no points, or one lies outside the scan.
    """
    try:
        points = np.atleast_2d(np.asarray(at, dtype=float))
    except (TypeError, ValueError):
        points = np.zeros((0, 0))
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise InputError(
            f"at must be points (x, y, z) in mm, not an array of {points.shape}.",
            hint="Give one row of three numbers for each point.",
        )
    if not np.isfinite(points).all():
        number = int(np.argmin(np.isfinite(points).all(axis=1))) + 1
        raise InputError(f"at must be points in mm; point {number} is not finite.")
    index = grid.lps_to_index(points)
    ends = np.array(grid.shape) - 0.5
    beyond = np.maximum(np.maximum(-0.5 - index, index - ends), 0)
    outside = (beyond > _SLACK).any(axis=1)
    overlaps = (index.max(axis=0) >= -0.5).all() and (index.min(axis=0) <= ends).all()
    if outside.any() and not (clip and overlaps):
        first = int(np.argmax(outside))
        raise _outside(grid, points, first, beyond[first])
    return np.clip(index, -0.5, ends)


def nearest_voxels(grid: Grid, index: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the voxel that holds each place.

    Parameters
    ----------
    grid : Grid
        The grid.
    index : ndarray, shape (n, 3)
        Places as from :func:`points_in_scan`.

    Returns
    -------
    ndarray of int, shape (n, 3)
        Voxels (z, y, x). Between two voxels the one with the higher index.
    """
    # The outer faces belong to the outer voxels, whatever rounding has done to the place.
    return np.clip(np.floor(index + 0.5).astype(np.int64), 0, np.array(grid.shape) - 1)


def _outside(
    grid: Grid, points: NDArray[np.float64], first: int, beyond: NDArray[np.float64]
) -> InputError:
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in grid.shape])).reshape(3, -1).T
    places = grid.index_to_lps(corners)
    which = "The point" if len(points) == 1 else f"Point {first + 1} of {len(points)}"
    away = float(np.linalg.norm(beyond * grid.spacing))
    return InputError(
        f"{which} at {_mm(points[first])} (LPS) is outside the scan, {away:.3g} mm from it: "
        f"the scan lies between {_mm(places.min(axis=0))} and {_mm(places.max(axis=0))}.",
        hint="Places are LPS: x grows to the patient's left, y to posterior, z to superior.",
        point=first,
    )


def _mm(point: NDArray[np.float64]) -> str:
    words = (f"{v:.1f}" if abs(v) < 1e6 else f"{v:.4g}" for v in point + 0.0)
    return "(" + ", ".join(words) + ") mm"
