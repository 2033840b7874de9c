"""Closed surfaces by marching cubes, from voxels to the patient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._boxes import Box
from .errors import InputError
from .geometry import Grid

__all__ = ["mask_surface", "value_surface"]

Surface = tuple[NDArray[np.float64], NDArray[np.int64]]

# Voxels this near to the level, as a part of the usual distance, are pushed off it: a
# vertex on a voxel's centre would be shared by triangles that have no area.
_PUSH = 1e-4


def value_surface(
    array: NDArray[Any], grid: Grid, box: Box, threshold: float, step: int = 1
) -> Surface:
    """Isosurface of grey values around those of at least a threshold.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values.
    grid : Grid
        Where they lie.
    box : tuple of slice
        Encloses the voxels of at least the threshold.
    threshold : float
        The lowest value inside.
    step : int
        Look at every `step`-th voxel only.

    Returns
    -------
    vertices : ndarray, shape (n, 3)
        LPS mm, (x, y, z).
    faces : ndarray of int, shape (m, 3)
        0-based rows of `vertices`, wound so that normals point outwards.

    Raises
    ------
    InputError
        When `step` passes over all voxels of at least the threshold.

    Notes
    -----
    Lewiner's marching cubes [1]_ as in scikit-image. A whole number v stands for what was
    rounded to it, v - 0.5 to v + 0.5, so among whole numbers the surface that encloses
    v >= threshold lies at threshold - 0.5.

    References
    ----------
    .. [1] T. Lewiner et al., "Efficient implementation of marching cubes' cases with
       topological guarantees", Journal of Graphics Tools 8(2), 1-15, 2003.
    """
    # The neighbours outside the threshold say where between two voxels the surface lies.
    start = [max(part.start - step, 0) for part in box]
    stop = [min(part.stop + step, n) for part, n in zip(box, array.shape, strict=True)]
    cut = tuple(slice(a, b, step) for a, b in zip(start, stop, strict=True))
    crop = array[cut].astype(np.float32)
    level = _make_crossable(crop, threshold)
    if not (crop > level).any():
        raise _too_coarse(step, f"voxels of at least {threshold:g}")
    return _march(_close(crop, level), level, grid, start, step, "lewiner")


def mask_surface(
    mask: NDArray[np.bool_], grid: Grid, box: Box, step: int = 1, name: str = "the mask"
) -> Surface:
    """Surface half way between the voxels of a mask and their neighbours.

    Parameters
    ----------
    mask : ndarray of bool
        The part of the mask in `box`.
    grid : Grid
        Where the whole mask lies.
    box : tuple of slice
        Where the part lies in the array.
    step : int
        Look at every `step`-th voxel only.
    name : str
        What the mask is, for the message of an error.

    Returns
    -------
    vertices, faces : ndarray
        As for :func:`value_surface`.

    Raises
    ------
    InputError
        When `step` passes over all voxels of the mask.

    Notes
    -----
    The classic cases of Lorensen and Cline [1]_: a mask has no values that could settle
    an ambiguous cell, and they always separate voxels that touch at an edge only, so that
    every edge of the surface belongs to exactly two triangles.

    References
    ----------
    .. [1] W. E. Lorensen and H. E. Cline, "Marching cubes: a high resolution 3D surface
       construction algorithm", SIGGRAPH 1987, 163-169.
    """
    seen = mask[::step, ::step, ::step]
    if not seen.any():
        raise _too_coarse(step, f"voxels of {name}")
    data = np.pad(seen.astype(np.float32), 1)
    return _march(data, 0.5, grid, [part.start for part in box], step, "lorensen")


def _too_coarse(step: int, what: str) -> InputError:
    return InputError(
        f"step_size {step} is too large: it passes over all {what}.",
        hint="Use a smaller step_size; 1 looks at every voxel.",
    )


def _make_crossable(crop: NDArray[np.float32], threshold: float) -> float:
    """Find the level between the voxels inside and outside; changes `crop` in place."""
    if not np.isfinite(crop).all():
        finite = crop[np.isfinite(crop)]
        spread = float(np.ptp(finite)) + 1 if finite.size else 1.0
        below, above = threshold - spread, threshold + spread
        np.nan_to_num(crop, copy=False, nan=below, posinf=above, neginf=below)
    if np.array_equal(crop, np.rint(crop)):
        return math.ceil(threshold) - 0.5
    distance = np.abs(crop - np.float32(threshold))
    push = np.float32(_PUSH * (np.median(distance) or distance.mean() or 1.0))
    near = distance < push
    inside = crop[near] >= threshold
    crop[near] = np.where(inside, threshold + push, threshold - push)
    return threshold


def _close(crop: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    """Add a layer outside the level, so that surfaces end at the border of the last voxel."""
    data = np.pad(crop, 1, mode="edge")
    for axis in range(3):
        for end in (0, -1):
            layer = np.moveaxis(data, axis, 0)[end]
            np.minimum(layer, np.float32(2 * level) - layer, out=layer)
    return data


def _march(
    data: NDArray[np.float32],
    level: float,
    grid: Grid,
    start: list[int],
    step: int,
    method: str,
) -> Surface:
    from skimage.measure import marching_cubes

    vertices, faces, _, _ = marching_cubes(data, level, method=method)
    index = np.asarray(start) + step * (vertices.astype(np.float64) - 1)
    faces = faces.astype(np.int64)
    # scikit-image winds for (z, y, x) taken as (x, y, z); a mirrored grid turns it again.
    if grid.is_mirrored:
        faces = faces[:, ::-1]
    return grid.index_to_lps(index), np.ascontiguousarray(faces)
