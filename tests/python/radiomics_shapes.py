"""Masks that the tests of shape and morphology share."""

from __future__ import annotations

import numpy as np

THIN = (4.0, 0.8, 0.5)  # (z, y, x) in mm


def ragged_mask() -> np.ndarray:
    """78 voxels with holes and with neighbours that meet at edges and corners only."""
    z, y, x = np.indices((5, 6, 7))
    return (7 * z * z + 5 * y + 3 * x * y + z * x) % 5 < 2


def ragged_values() -> np.ndarray:
    """Grey values from -40 to 56 for the ragged mask."""
    z, y, x = np.indices((5, 6, 7))
    return ((31 * z + 17 * y + 13 * x) % 97) - 40.0


def ellipsoid_mask(half_axes: tuple[float, ...], spacing: tuple[float, ...]) -> np.ndarray:
    """Voxels whose centres lie in an ellipsoid, with the half axes in mm."""
    grids = [
        np.arange(-int(half / mm) - 1, int(half / mm) + 2) * mm / half
        for half, mm in zip(half_axes, spacing, strict=True)
    ]
    return sum(np.square(grid) for grid in np.ix_(*grids)) <= 1


def slow_diameter(mask: np.ndarray, spacing: tuple[float, ...], axis: int | None = None) -> float:
    """Greatest distance between middles of boundary edges, pair by pair.

    With an axis, only pairs at the same place along it count.
    """
    padded = np.pad(mask, 1)
    points = []
    for along in range(mask.ndim):
        ahead = np.roll(padded, -1, axis=along)
        points.extend(np.argwhere(padded != ahead) + 0.5 * np.eye(mask.ndim)[along])
    points = np.array(points)
    steps = points[:, np.newaxis] - points
    distances = np.sqrt(((steps * np.array(spacing)) ** 2).sum(axis=-1))
    if axis is not None:
        distances[steps[:, :, axis] != 0] = 0
    return float(distances.max())
