"""Bounding boxes of structures, so that later steps work on little of the array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Box", "box_at_least", "label_boxes"]

Box = tuple[slice, slice, slice]
"""Three slices, for the axes (z, y, x)."""

# Above this label value a list with one box for each value up to it would waste memory.
_MOST_BOXES = 1 << 16


def label_boxes(array: NDArray[Any]) -> Iterator[tuple[int, Box]]:
    """Find the labels of an array and the box that encloses each.

    Parameters
    ----------
    array : ndarray of int, shape (z, y, x)
        Labels; 0 and below is "no segment".

    Yields
    ------
    tuple
        A label that occurs and its box, in rising order.
    """
    top = int(array.max(initial=0))
    if top < 1:
        return
    if top <= _MOST_BOXES:
        boxes = ndimage.find_objects(array, max_label=top)
        yield from ((i, box) for i, box in enumerate(boxes, start=1) if box is not None)
        return
    values = np.unique(array)
    for value in values[values > 0]:
        yield int(value), ndimage.find_objects((array == value).astype(np.int8))[0]


def box_at_least(array: NDArray[Any], threshold: float) -> Box | None:
    """Find the box that encloses all voxels of at least a threshold.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values; NaN is below every threshold.
    threshold : float
        The lowest value that counts.

    Returns
    -------
    tuple of slice or None
        None when there is no such voxel.
    """
    slices = np.zeros(array.shape[0], dtype=bool)
    rows = np.zeros(array.shape[1], dtype=bool)
    columns = np.zeros(array.shape[2], dtype=bool)
    for z, plane in enumerate(array):
        inside = plane >= threshold
        hit = inside.any(axis=1)
        slices[z] = hit.any()
        if slices[z]:
            rows |= hit
            columns |= inside.any(axis=0)
    if not slices.any():
        return None
    ends = [np.flatnonzero(axis)[[0, -1]] for axis in (slices, rows, columns)]
    z, y, x = (slice(int(first), int(last) + 1) for first, last in ends)
    return z, y, x
