"""Steps that the presets for CT are made of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .components import _label_sizes, bounding_box

__all__ = ["fill_slices", "keep_islands", "label_islands"]

Mask = NDArray[np.bool_]


def keep_islands(
    mask: Mask, *, smallest: float = 0, share: float = 0
) -> tuple[Mask, NDArray[np.int64]]:
    """Keep the islands of a mask that are large enough.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    smallest : float
        Voxels that an island must have.
    share : float
        Part of the largest island that an island must have.

    Returns
    -------
    kept : ndarray of bool, shape (z, y, x)
        Islands connected through voxel faces, edges or corners.
    sizes : ndarray of int
        Voxels of every island, kept or not, the largest first.
    """
    out = np.zeros(mask.shape, dtype=bool)
    box = bounding_box(mask)
    if box is None:
        return out, np.zeros(0, dtype=np.int64)
    labels, sizes = label_islands(mask[box])
    least = max(smallest, share * sizes.max())
    out[box] = np.concatenate(([False], sizes >= least))[labels]
    return out, -np.sort(-sizes)


def label_islands(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Label the islands of a mask, and count their voxels.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.

    Returns
    -------
    labels : ndarray of int, shape (z, y, x)
        0 outside, 1 and on in the islands.
    sizes : ndarray of int
        Voxels of each island.
    """
    from scipy import ndimage

    labels, number = ndimage.label(mask, ndimage.generate_binary_structure(3, 3))
    return labels, _label_sizes(labels, number)[1:]


def fill_slices(mask: Mask, axis: int, largest: float = math.inf) -> Mask:
    """Fill the holes of each slice.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The structure.
    axis : int
        The axis across the slices.
    largest : float
        Pixels of the largest hole that is filled.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The filled structure. A hole cannot be reached from the sides of the slice by
        steps through pixel sides.
    """
    from scipy import ndimage

    out = mask.copy()
    pairs = zip(np.moveaxis(mask, axis, 0), np.moveaxis(out, axis, 0), strict=True)
    # One slice at a time: numbering holes takes 4 bytes a voxel.
    for source, result in pairs:
        if not source.any():
            continue
        labels, number = ndimage.label(~np.pad(source, 1))
        hole = np.bincount(labels.ravel(), minlength=number + 1) <= largest
        hole[[0, labels[0, 0]]] = False  # the structure itself, and the ring around
        result |= hole[labels[1:-1, 1:-1]]
    return out
