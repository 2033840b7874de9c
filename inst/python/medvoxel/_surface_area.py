"""Surface area of masks by marching cubes, without making the surface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["mask_surface_area", "pattern_areas", "pattern_planes"]


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
    counts = np.zeros(256, dtype=np.int64)
    for plane in pattern_planes(mask):
        counts += np.bincount(plane.reshape(-1), minlength=256)
    return float(counts @ pattern_areas(tuple(float(s) for s in spacing)))


def pattern_planes(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.uint8]]:
    """Go through the cubes of 2 x 2 x 2 voxels, those across the border included.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure; outside the array there is nothing.

    Yields
    ------
    ndarray of uint8, shape (y + 1, x + 1)
        For each of the z + 1 planes of cubes, which corners are inside: bit
        ``4 * z + 2 * y + x`` for the corner (z, y, x) of the cube. The centre of the cube
        ``[i, j]`` of plane ``n`` is the voxel index ``(n - 0.5, i - 0.5, j - 0.5)``.
    """
    rows, columns = mask.shape[1:]
    lower = np.zeros((rows + 1, columns + 1), dtype=np.uint8)
    for part in (*mask, np.zeros((rows, columns), dtype=bool)):
        framed = np.pad(part, 1).view(np.uint8)
        upper = framed[:-1, :-1].copy()
        upper |= framed[:-1, 1:] << 1
        upper |= framed[1:, :-1] << 2
        upper |= framed[1:, 1:] << 3
        yield lower | upper << 4
        lower = upper


@lru_cache(maxsize=16)
def pattern_areas(spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    """Area of the surface in a cube of 2 x 2 x 2 voxels, for each pattern of corners.

    Parameters
    ----------
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    ndarray of float, shape (256,)
        Areas in mm² by the number that :func:`pattern_planes` gives; read-only.
    """
    from skimage.measure import marching_cubes, mesh_surface_area

    areas = np.zeros(256)
    for pattern in range(1, 255):  # all outside and all inside have no surface
        corners = np.array([pattern >> bit & 1 for bit in range(8)], dtype=np.float32)
        vertices, faces, _, _ = marching_cubes(corners.reshape(2, 2, 2), 0.5, spacing=spacing)
        areas[pattern] = mesh_surface_area(vertices, faces)
    areas.flags.writeable = False
    return areas
