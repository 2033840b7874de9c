"""Surface area of masks by marching cubes, without making the surface."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["mask_surface_area"]


def mask_surface_area(mask: NDArray[np.bool_], spacing: Sequence[float]) -> float:
    """Area of the marching-cubes surface of a mask at level 0.5.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure; the surface is closed where it meets the border of the array.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    float
        Area in mm²; 0 for an empty mask.

    Notes
    -----
    In a mask the triangles in a cube of 2 x 2 x 2 voxels depend on which of its eight
    corners are inside, and on nothing else. So the area of each of the 256 patterns is
    found once, with scikit-image's marching cubes, and the patterns are counted. The sum
    is the area of the surface that marching cubes makes of the whole mask, at a fraction
    of the time and memory. Like every surface through mid-edges it has steps: the area of
    a smooth body is overestimated, by about 9 % with cubic voxels and by more with thick
    slices, however fine the voxels.

    References
    ----------
    T. Lewiner et al., "Efficient implementation of Marching Cubes' cases with topological
    guarantees", Journal of Graphics Tools 8 (2003) 1-15.
    """
    counts = _pattern_counts(mask)
    return float(counts @ _pattern_areas(tuple(float(s) for s in spacing)))


def _pattern_counts(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the 256 patterns of 2 x 2 x 2 voxels, those across the border included."""
    counts = np.zeros(256, dtype=np.int64)
    rows, columns = mask.shape[1:]
    lower = np.zeros((rows + 1, columns + 1), dtype=np.uint8)
    for part in (*mask, np.zeros((rows, columns), dtype=bool)):
        framed = np.pad(part, 1).view(np.uint8)
        upper = framed[:-1, :-1].copy()
        upper |= framed[:-1, 1:] << 1
        upper |= framed[1:, :-1] << 2
        upper |= framed[1:, 1:] << 3
        counts += np.bincount((lower | upper << 4).reshape(-1), minlength=256)
        lower = upper
    return counts


@lru_cache(maxsize=16)
def _pattern_areas(spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    from skimage.measure import marching_cubes, mesh_surface_area

    areas = np.zeros(256)
    for pattern in range(1, 255):  # all outside and all inside have no surface
        corners = np.array([pattern >> bit & 1 for bit in range(8)], dtype=np.float32)
        vertices, faces, _, _ = marching_cubes(corners.reshape(2, 2, 2), 0.5, spacing=spacing)
        areas[pattern] = mesh_surface_area(vertices, faces)
    areas.flags.writeable = False
    return areas
