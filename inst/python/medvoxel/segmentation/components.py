"""Connected parts of a mask, and the boxes that structures lie in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["bounding_box", "keep_largest", "largest_components"]

Mask = NDArray[np.bool_]

_STEPS = {6: 1, 18: 2, 26: 3}
_BLOCK = 2**22


def bounding_box(
    mask: Mask, *, margin: Sequence[int] = (0, 0, 0)
) -> tuple[slice, slice, slice] | None:
    """Find the smallest box that holds a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    margin : sequence of int
        Voxels to add on both sides, (z, y, x); cut at the border of the array.

    Returns
    -------
    tuple of slice or None
        One slice an axis, or ``None`` when the mask is empty.
    """
    # Each axis looks only at what the former ones have left.
    part = mask
    box: list[slice] = []
    for axis, extra in enumerate(margin):
        others = tuple(i for i in range(3) if i != axis)
        hits = np.flatnonzero(part.any(axis=others))
        if len(hits) == 0:
            return None
        first, last = int(hits[0]), int(hits[-1]) + 1
        part = part[(slice(None),) * axis + (slice(first, last),)]
        box.append(slice(max(first - extra, 0), min(last + extra, mask.shape[axis])))
    return box[0], box[1], box[2]


def largest_components(mask: Mask, count: int = 1, *, connectivity: int = 6) -> Mask:
    """Keep the largest connected parts of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    count : int
        How many parts to keep, at least 1. Of equally large parts the one that comes
        first in the array (lowest slice, then row, then column) is kept.
    connectivity : {6, 18, 26}
        Neighbours of a voxel: across faces, edges too, or corners too.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The kept parts.

    Raises
    ------
    InputError
        When `count` or `connectivity` is none of these.
    """
    return keep_largest(mask, count, connectivity=connectivity)[0]


def keep_largest(
    mask: Mask, count: int = 1, *, connectivity: int = 6
) -> tuple[Mask, NDArray[np.int64]]:
    """Keep the largest parts as :func:`largest_components`, and tell all sizes.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    count : int
        How many parts to keep, at least 1.
    connectivity : {6, 18, 26}
        Neighbours of a voxel: across faces, edges too, or corners too.

    Returns
    -------
    kept : ndarray of bool, shape (z, y, x)
        The kept parts.
    sizes : ndarray of int
        Voxels of every part, kept or not, the largest first.

    Raises
    ------
    InputError
        When `count` or `connectivity` is none of these.
    """
    from scipy import ndimage

    if not isinstance(count, (int, np.integer)) or count < 1:
        raise InputError(f"The number of parts to keep must be 1 or more, not {count!r}.")
    if connectivity not in _STEPS:
        raise InputError(f"connectivity must be 6, 18 or 26, not {connectivity!r}.")
    out = np.zeros(mask.shape, dtype=bool)
    box = bounding_box(mask)
    if box is None:
        return out, np.zeros(0, dtype=np.int64)
    structure = ndimage.generate_binary_structure(3, _STEPS[connectivity])
    labels, number = ndimage.label(mask[box], structure)
    sizes = _label_sizes(labels, number)[1:]
    # A stable sort keeps the order of the array among equals.
    order = np.argsort(-sizes, kind="stable")
    if number <= count:
        out[box] = labels != 0
    else:
        for label in order[:count] + 1:
            out[box] |= labels == label
    return out, sizes[order]


def _label_sizes(labels: NDArray[np.integer], number: int) -> NDArray[np.int64]:
    # In blocks, because bincount() makes a copy of 8 bytes a voxel.
    flat = labels.reshape(-1)
    sizes = np.zeros(number + 1, dtype=np.int64)
    for start in range(0, len(flat), _BLOCK):
        sizes += np.bincount(flat[start : start + _BLOCK], minlength=number + 1)
    return sizes
