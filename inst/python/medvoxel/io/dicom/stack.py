"""Slices of one orientation, put in order along their normal.

The order and the distances come from the positions in LPS millimetres, never from
Instance Number, Slice Location or Slice Thickness, which describe how a scan was ordered
and not where its voxels are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stack", "plane_axes", "stack_slices"]


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices of one orientation, in order along their normal.

    Parameters
    ----------
    axes : ndarray, shape (3, 3)
        Columns are the LPS unit vectors along which columns, rows and slices count up;
        right-handed.
    positions : ndarray, shape (n, 3)
        Centre of the first voxel of each slice, LPS mm, in order.
    offsets : ndarray, shape (n,)
        Distance of each slice along the normal from the first, mm, ascending.
    pixel_spacing : tuple of float
        Between rows, then between columns, mm.
    names : tuple of str
        File names, in order.
    """

    axes: NDArray[np.float64]
    positions: NDArray[np.float64]
    offsets: NDArray[np.float64]
    pixel_spacing: tuple[float, float]
    names: tuple[str, ...]

    @property
    def step(self) -> float | None:
        """Slice spacing in mm, or ``None`` for a single slice.

        The mean over the whole stack: where positions are rounded, a median step is wrong
        by the rounding in every slice and puts the far end millimetres off.
        """
        count = len(self.offsets)
        # Differences of positions end in digits that no scanner wrote.
        return round(float(self.offsets[-1]) / (count - 1), 9) if count > 1 else None

    @property
    def steps(self) -> NDArray[np.float64]:
        """Distances of neighbouring slices, mm."""
        return np.diff(self.offsets)

    @property
    def typical_step(self) -> float:
        """Median distance of neighbouring slices, mm; 0 for a single slice."""
        return float(np.median(self.steps)) if len(self.offsets) > 1 else 0.0


def plane_axes(orientation: Sequence[float]) -> NDArray[np.float64] | None:
    """Make perpendicular unit axes of the six cosines of an image plane.

    Parameters
    ----------
    orientation : sequence of 6 floats
        Direction of a row (towards higher columns), then of a column, LPS.

    Returns
    -------
    ndarray, shape (3, 3) or None
        Columns: row direction, column direction, their cross product. ``None`` when the
        two are not perpendicular unit vectors.
    """
    row, column = np.asarray(orientation, dtype=float).reshape(2, 3)
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.any(np.abs(lengths - 1) > 1e-2) or abs(row @ column) > 1e-2:
        return None
    row = row / lengths[0]
    # Cosines are written with few decimals; what they lack is taken out of the column.
    column = column - (row @ column) * row
    column /= np.linalg.norm(column)
    return np.stack([row, column, np.cross(row, column)], axis=1)


def stack_slices(
    axes: NDArray[np.float64],
    positions: NDArray[np.float64],
    pixel_spacing: Sequence[float],
    names: Sequence[str],
) -> tuple[Stack, NDArray[np.intp]]:
    """Put slices in order along their normal.

    Parameters
    ----------
    axes : ndarray, shape (3, 3)
        From :func:`plane_axes`.
    positions : ndarray, shape (n, 3)
        LPS mm, in any order.
    pixel_spacing : sequence of 2 floats
        Between rows, then between columns, mm.
    names : sequence of str
        File names, same order as `positions`. Slices at one place stay in this order.

    Returns
    -------
    Stack
        In ascending order along the normal, so that the axes are right-handed and no
        image is ever mirrored.
    ndarray of int, shape (n,)
        The order that was applied.
    """
    along = positions @ axes[:, 2]
    # What rounding leaves does not put one image at a place before another.
    order = np.argsort(np.round(along, 4), kind="stable")
    return (
        Stack(
            axes,
            positions[order],
            along[order] - along[order[0]],
            (float(pixel_spacing[0]), float(pixel_spacing[1])),
            tuple(names[i] for i in order),
        ),
        order,
    )
