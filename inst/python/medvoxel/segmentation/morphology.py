"""Morphology with balls in millimetres, exact on anisotropic grids.

A ball holds every voxel offset whose centre lies within the radius, so on 0.5 x 0.5 x 4 mm
a ball of 1 mm reaches two voxels within the slice and none across slices.

What lies outside the scan is unknown: it neither erodes nor grows anything, so a structure
that is cut by the border of the scan keeps its voxels there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .components import bounding_box

__all__ = ["ball_reach", "close_mask", "dilate", "erode", "fill_holes", "open_mask"]

Mask = NDArray[np.bool_]

# Radii such as 3 * 0.1989 must not lose their last voxel to rounding.
_TOLERANCE = 1e-6


def ball_reach(radius: float, spacing: Sequence[float]) -> tuple[int, int, int]:
    """Count the voxels that a ball reaches along each axis.

    Parameters
    ----------
    radius : float
        Radius in mm; 0 is the single voxel.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    tuple of int
        Voxels from the centre, (z, y, x); 0 where the ball stays within one voxel.

    Raises
    ------
    InputError
        When the radius is negative or not finite.
    """
    if not math.isfinite(radius) or radius < 0:
        raise InputError(f"A radius must be 0 mm or more, not {radius} mm.")
    z, y, x = (math.floor(radius / step * (1 + _TOLERANCE)) for step in spacing)
    return z, y, x


def dilate(mask: Mask, *, radius: float, spacing: Sequence[float]) -> Mask:
    """Add every voxel within a distance of the mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    radius : float
        Distance between voxel centres in mm.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The grown structure.

    Raises
    ------
    InputError
        When the radius is negative or not finite.
    """
    reach = ball_reach(radius, spacing)
    out = np.zeros(mask.shape, dtype=bool)
    box = bounding_box(mask, margin=reach)
    if box is not None:
        out[box] = _dilate(mask[box], radius, spacing)
    return out


def erode(mask: Mask, *, radius: float, spacing: Sequence[float]) -> Mask:
    """Remove every voxel within a distance of the background.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    radius : float
        Distance between voxel centres in mm.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The shrunk structure. The border of the scan takes nothing away.

    Raises
    ------
    InputError
        When the radius is negative or not finite.
    """
    ball_reach(radius, spacing)
    out = np.zeros(mask.shape, dtype=bool)
    # One ring of background is enough: a ball that reaches beyond it holds a voxel of it.
    box = bounding_box(mask, margin=(1, 1, 1))
    if box is not None:
        out[box] = _erode(mask[box], radius, spacing)
    return out


def open_mask(mask: Mask, *, radius: float, spacing: Sequence[float]) -> Mask:
    """Keep what a ball can reach from inside: specks and thin bridges go.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    radius : float
        Radius of the ball in mm.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The opened structure, a part of `mask`.

    Raises
    ------
    InputError
        When the radius is negative or not finite.
    """
    ball_reach(radius, spacing)
    out = np.zeros(mask.shape, dtype=bool)
    box = bounding_box(mask, margin=(1, 1, 1))
    if box is not None:
        out[box] = _dilate(_erode(mask[box], radius, spacing), radius, spacing)
    return out


def close_mask(mask: Mask, *, radius: float, spacing: Sequence[float]) -> Mask:
    """Fill what a ball cannot reach from outside: gaps and narrow clefts close.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    radius : float
        Radius of the ball in mm.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The closed structure; `mask` is a part of it. It does not grow beyond the box of
        the mask, nor towards the border of the scan.

    Raises
    ------
    InputError
        When the radius is negative or not finite.
    """
    reach = ball_reach(radius, spacing)
    out = np.zeros(mask.shape, dtype=bool)
    box = bounding_box(mask)
    if box is None:
        return out
    # Room for the whole ball, also beyond the scan: cut off there, the grown structure
    # would stick to the border when it shrinks again.
    room = np.pad(mask[box], [(n, n) for n in reach])
    closed = _erode(_dilate(room, radius, spacing), radius, spacing)
    inner = tuple(slice(n, size - n) for n, size in zip(reach, closed.shape, strict=True))
    out[box] = closed[inner]
    return out


def fill_holes(mask: Mask) -> Mask:
    """Fill the cavities that are closed on all sides.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The structure with every part of the background that cannot be reached from
        outside by steps through voxel faces. A cavity that is open at the border of the
        scan stays.

    Notes
    -----
    The background is labelled once, on the bounding box; repeated dilation, as in
    ``scipy.ndimage.binary_fill_holes``, gives the same and takes longer.
    """
    from scipy import ndimage

    out = np.array(mask, dtype=bool)
    box = bounding_box(mask)
    if box is not None:
        # A ring of background joins all that is outside into one part, number 1, because
        # labels are given in the order of the voxels.
        background = np.pad(mask[box], 1) ^ True
        labels = ndimage.label(background)[0]
        out[box] = labels[1:-1, 1:-1, 1:-1] != 1
    return out


def _erode(mask: Mask, radius: float, spacing: Sequence[float]) -> Mask:
    out = _dilate(~mask, radius, spacing)
    return np.logical_not(out, out=out)


def _dilate(mask: Mask, radius: float, spacing: Sequence[float]) -> Mask:
    """Dilate within the array, by rows packed to bits.

    A ball is a bundle of rows along x. The mask is widened along x once for each length of
    row, packed to eight voxels a byte, and the packed slabs are joined at the offset of
    each row: the many offsets of a big ball cost an eighth of a pass each.
    """
    columns = mask.shape[2]
    packed = np.zeros((*mask.shape[:2], -(-columns // 8)), dtype=np.uint8)
    wide = np.array(mask, dtype=bool)
    done = 0
    for width, offsets in _ball_rows(radius, spacing):
        for _ in range(done, min(width, columns)):
            wide = _widen(wide)
        done = width
        bits = np.packbits(wide, axis=2)
        for dz, dy in offsets:
            target, source = _overlap(mask.shape, dz, dy)
            packed[target] |= bits[source]
    return np.unpackbits(packed, axis=2, count=columns).view(bool)


def _ball_rows(radius: float, spacing: Sequence[float]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Group the rows of a ball by half-length in voxels, shortest first."""
    reach_z, reach_y, _ = ball_reach(radius, spacing)
    limit = (radius * (1 + _TOLERANCE)) ** 2
    rows: dict[int, list[tuple[int, int]]] = {}
    for dz in range(-reach_z, reach_z + 1):
        for dy in range(-reach_y, reach_y + 1):
            rest = limit - (dz * spacing[0]) ** 2 - (dy * spacing[1]) ** 2
            if rest >= 0:
                rows.setdefault(math.floor(math.sqrt(rest) / spacing[2]), []).append((dz, dy))
    return sorted(rows.items())


def _widen(mask: Mask) -> Mask:
    out = mask.copy()
    out[:, :, 1:] |= mask[:, :, :-1]
    out[:, :, :-1] |= mask[:, :, 1:]
    return out


def _overlap(
    shape: Sequence[int], dz: int, dy: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices that move a slab by (dz, dy) within its array: target, source."""
    target, source = [], []
    for size, step in zip(shape, (dz, dy), strict=False):
        target.append(slice(max(step, 0), max(size + min(step, 0), 0)))
        source.append(slice(max(-step, 0), max(size - max(step, 0), 0)))
    return (target[0], target[1]), (source[0], source[1])
