"""Area and volume of the surface of a mask by marching cubes, without making the mesh.

The surface lies half way between voxels, so a cell of 2 x 2 x 2 voxels has one of 256
shapes. It suffices to count the cells of each shape and to add up where they lie.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["boundary_points", "crop", "crop_box", "mesh_measures"]

Spacing = tuple[float, float, float]

# The corner (z, y, x) of a cell is bit 4 z + 2 y + x of the number of its shape.
_CASES = 256
# Pyradiomics has triangles for the shapes without the corner (1, 1, 0), and turns those of
# the complement inside out for the others.
_MIRROR_BIT = 1 << 6


def crop_box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Find the box of the voxels of a mask.

    Parameters
    ----------
    mask : ndarray of bool
        A mask with at least one voxel, of any number of axes.

    Returns
    -------
    tuple of slice
        One for each axis.
    """
    box = []
    for axis in range(mask.ndim):
        others = tuple(i for i in range(mask.ndim) if i != axis)
        used = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(box)


def crop(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cut a mask to the box of its voxels.

    Parameters
    ----------
    mask : ndarray of bool
        A mask with at least one voxel, of any number of axes.

    Returns
    -------
    ndarray of bool
        A view.
    """
    return mask[crop_box(mask)]


def mesh_measures(
    mask: NDArray[np.bool_], spacing: Spacing, *, mirrored: bool
) -> tuple[float, float]:
    """Volume and area inside the surface of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The voxels inside, in their box.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    mirrored : bool
        Pyradiomics' surface: half of the shapes are the other half turned inside out. Voxels
        that meet at an edge are then joined in some cells and parted in their neighbours,
        so the surface may have holes. Otherwise the surface is closed.

    Returns
    -------
    volume, area : float
        In mm3 and mm2. The volume is the signed sum of the tetrahedra from the corner of the
        box with one layer of voxels around it, as in pyradiomics; that matters where the
        surface has holes.
    """
    codes = _cell_codes(mask)
    at = np.nonzero(codes + np.uint8(1) > 1)  # neither 0 nor 255: the surface passes
    cases = codes[at]
    counts = np.bincount(cases, minlength=_CASES)
    area, normal, solid = _case_measures(spacing, mirrored)
    volume = float(counts @ solid)
    for axis, index in enumerate(at):
        sums = np.bincount(cases, weights=index, minlength=_CASES)
        volume += float(sums @ normal[:, axis]) * spacing[axis]
    return volume / 6, float(counts @ area) / 2


def boundary_points(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Vertices of the surface: the middles between voxels inside and outside.

    Parameters
    ----------
    mask : ndarray of bool
        The voxels inside, in their box, of any number of axes.

    Returns
    -------
    ndarray of int64, shape (n, axes)
        Twice the array indices, so that they are whole; the first voxel of the box is at 2.
    """
    padded = np.pad(mask, 1)
    parts = []
    for axis in range(mask.ndim):
        front = [slice(None)] * mask.ndim
        back = list(front)
        front[axis], back[axis] = slice(None, -1), slice(1, None)
        points = 2 * np.argwhere(padded[tuple(front)] != padded[tuple(back)])
        points[:, axis] += 1
        parts.append(points)
    return np.concatenate(parts).astype(np.int64, copy=False)


def _cell_codes(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Numbers of the shapes of all cells, the layer around the box included."""
    codes = np.pad(mask, 1).view(np.uint8)
    codes = codes[:, :, :-1] | (codes[:, :, 1:] << 1)
    codes = codes[:, :-1] | (codes[:, 1:] << 2)
    return codes[:-1] | (codes[1:] << 4)


def _case_measures(
    spacing: Spacing, mirrored: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Twice the area, twice the area as a vector and six times the volume of every shape."""
    corners = _triangles() * np.asarray(spacing)
    a, b, c = corners[:, :, 0], corners[:, :, 1], corners[:, :, 2]
    normals = np.cross(b - a, c - a)
    area = np.linalg.norm(normals, axis=-1).sum(axis=1)
    normal = normals.sum(axis=1)
    solid = (a * np.cross(b, c)).sum(axis=(1, 2))
    if mirrored:
        cases = np.arange(_CASES)
        high = cases[(cases & _MIRROR_BIT) > 0]
        other = _CASES - 1 - high
        area[high], normal[high], solid[high] = area[other], -normal[other], -solid[other]
    return area, normal, solid


@lru_cache(maxsize=1)
def _triangles() -> NDArray[np.float64]:
    """Triangles of every shape as scikit-image has them, padded with empty ones.

    Lorensen and Cline's cases, with which pyradiomics agrees in every case it has a table
    for, up to how plane polygons are cut into triangles.

    Returns
    -------
    ndarray, shape (256, 5, 3, 3)
        Case, triangle, corner and (z, y, x) from the first voxel of the cell.
    """
    from skimage.measure import marching_cubes

    # All cells in one row, with one voxel between them.
    row = np.zeros((2, 2, 3 * _CASES), np.float32)
    cases = np.arange(_CASES)
    for bit in range(8):
        z, y, x = bit >> 2, bit >> 1 & 1, bit & 1
        row[z, y, 3 * cases + x] = cases >> bit & 1
    vertices, faces, _, _ = marching_cubes(row, 0.5, method="lorensen")
    corners = np.rint(2 * vertices.astype(np.float64))[faces] / 2
    case, within = np.divmod(corners[:, :, 2].mean(axis=1), 3)
    ours = within < 1  # the others lie between two of the cells
    corners, case = corners[ours], case[ours].astype(np.intp)
    corners[:, :, 2] -= 3 * case[:, np.newaxis]
    if np.linalg.det(corners[case == 1][0]) < 0:  # the normal has to point out of the voxel
        corners = corners[:, ::-1]
    order = np.argsort(case, kind="stable")
    case, corners = case[order], corners[order]
    rank = np.arange(len(case)) - np.searchsorted(case, case)
    triangles = np.zeros((_CASES, 5, 3, 3))
    triangles[case, rank] = corners
    triangles.flags.writeable = False
    return triangles
