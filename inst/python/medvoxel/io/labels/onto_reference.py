"""Bring a segmentation onto the grid of a scan where that needs no interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...geometry import Grid
from ...volume import Segmentation

__all__ = ["onto_reference"]

# As Grid.same_as: how far a corner may be off, as a part of the smallest spacing.
_TOLERANCE = 1e-2


def onto_reference(seg: Segmentation, grid: Grid, *, may_be_cropped: bool = False) -> Segmentation:
    """Put a segmentation on the grid of a reference, voxel by voxel.

    Parameters
    ----------
    seg : Segmentation
        Its axes may be those of the reference in another order or direction.
    grid : Grid
        Of the reference.
    may_be_cropped : bool
        Whether it may cover a part of the reference only, or reach beyond it where it is
        empty, as files of 3D Slicer do.

    Returns
    -------
    Segmentation
        On the reference's grid itself.

    Raises
    ------
    GeometryError
        When its voxels are not voxels of the reference.
    """
    turned = _turned(seg, grid)
    if turned is None:
        grid.require_same(seg.grid)
        return seg.with_array(seg.array, grid)
    array, own = turned
    if own.same_as(grid, tolerance=_TOLERANCE):
        return seg.with_array(array, grid)
    placed = _placed(array, own, grid) if may_be_cropped else None
    if placed is None:
        grid.require_same(seg.grid)
        placed = array
    return seg.with_array(placed, grid)


def _turned(seg: Segmentation, grid: Grid) -> tuple[NDArray[np.integer], Grid] | None:
    """Turn the axes to run as the reference's; ``None`` when they are oblique to it."""
    cosines = grid.direction.T @ seg.grid.direction
    order = np.argmax(np.abs(cosines), axis=1)  # of the file's x, y, z for the reference's
    if sorted(order) != [0, 1, 2]:
        return None
    signs = np.sign(cosines[range(3), order])
    # Array axes are (z, y, x); the same turn there.
    axes = [2 - int(order[2 - i]) for i in range(3)]
    flips = tuple(slice(None, None, int(signs[2 - i])) for i in range(3))
    array = seg.array.transpose(axes)[flips]
    corner = [
        seg.grid.shape[a] - 1 if signs[2 - i] < 0 else 0
        for i, a in sorted(enumerate(axes), key=lambda pair: pair[1])
    ]
    own = Grid(
        array.shape,
        tuple(seg.grid.spacing[a] for a in axes),
        tuple(seg.grid.index_to_lps(corner)),
        seg.grid.direction[:, order] * signs,
    )
    return np.ascontiguousarray(array), own


def _placed(array: NDArray[np.integer], own: Grid, grid: Grid) -> NDArray[np.integer] | None:
    """Move a part of the reference's raster to its place; ``None`` when it is none."""
    start = np.rint(grid.lps_to_index(own.origin)).astype(int)
    stop = start + own.shape
    if not own.same_as(grid.crop(start, stop), tolerance=_TOLERANCE):
        return None
    # The common box, in the reference and in the file.
    first, last = np.maximum(start, 0), np.minimum(stop, grid.shape)
    if (first >= last).any():
        return None
    kept = array[_box(first - start, last - start)]
    part = bool((start >= 0).all() and (stop <= grid.shape).all())
    whole = bool((start <= 0).all() and (stop >= grid.shape).all())
    lost = np.count_nonzero(array) - np.count_nonzero(kept)
    if not (part or whole) or lost:
        return None
    result = np.zeros(grid.shape, array.dtype)
    result[_box(first, last)] = kept
    return result


def _box(first: NDArray[np.integer], last: NDArray[np.integer]) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
