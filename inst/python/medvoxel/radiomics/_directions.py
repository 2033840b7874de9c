"""Directions in which textures look: offsets to neighbours, in voxels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["WEIGHTING_NORMS", "Direction", "all_directions", "lengths_mm", "unique_directions"]

Direction = tuple[int, int, int]

WEIGHTING_NORMS = ("manhattan", "euclidean", "infinity", "no_weighting")


def all_directions(
    distances: Iterable[int] = (1,), *, force2d_dimension: int | None = None
) -> list[Direction]:
    """Offsets to every neighbour at some distances.

    Parameters
    ----------
    distances : iterable of int, default (1,)
        Chebyshev distances in voxels: the largest of the three steps.
    force2d_dimension : {0, 1, 2}, optional
        The axis (z, y, x) along which no step is made. By default steps go in 3D.

    Returns
    -------
    list of (int, int, int)
        Steps along (z, y, x) in the order of the array, so that an offset's opposite is at
        the mirrored place: 26 for distance 1 in 3D, 8 in 2D.

    Raises
    ------
    InputError
        When a distance is not a whole number above 0, or the axis is none of 0, 1 and 2.
    """
    wanted = {_whole(distance) for distance in distances}
    if not wanted:
        raise InputError("Textures need at least one distance.", hint="Use `distances = 1`.")
    if force2d_dimension not in (None, 0, 1, 2):
        raise InputError(
            f"The axis of 2D textures must be 0, 1 or 2, not {force2d_dimension!r}.",
            hint="Use 0 for textures in the planes of an axial scan.",
        )
    reach = range(-max(wanted), max(wanted) + 1)
    axes = [(0,) if axis == force2d_dimension else reach for axis in range(3)]
    return [(z, y, x) for z, y, x in product(*axes) if max(abs(z), abs(y), abs(x)) in wanted]


def unique_directions(
    distances: Iterable[int] = (1,), *, force2d_dimension: int | None = None
) -> list[Direction]:
    """Offsets at some distances, one of each two opposite ones.

    Parameters
    ----------
    distances : iterable of int, default (1,)
        Chebyshev distances in voxels.
    force2d_dimension : {0, 1, 2}, optional
        The axis (z, y, x) along which no step is made.

    Returns
    -------
    list of (int, int, int)
        The offsets that point forward in the array: 13 for distance 1 in 3D, 4 in 2D.
    """
    directions = all_directions(distances, force2d_dimension=force2d_dimension)
    return directions[len(directions) // 2 :]


def lengths_mm(
    directions: Sequence[Direction], spacing: Sequence[float], norm: str
) -> NDArray[np.float64]:
    """Lengths of offsets in mm by one of pyradiomics' weighting norms.

    Parameters
    ----------
    directions : sequence of (int, int, int)
        Offsets in voxels, (z, y, x).
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).
    norm : {"manhattan", "euclidean", "infinity"}
        How the three steps make one length.

    Returns
    -------
    ndarray of float64, shape (directions,)
        The lengths.

    Raises
    ------
    InputError
        When the norm is none of these.
    """
    steps = np.abs(np.asarray(directions, dtype=np.float64)) * np.asarray(spacing)
    if norm == "manhattan":
        return steps.sum(axis=1)
    if norm == "euclidean":
        return np.sqrt((steps**2).sum(axis=1))
    if norm == "infinity":
        return steps.max(axis=1)
    raise InputError(
        f"The weighting norm {norm!r} is not known.",
        hint=f"Use one of {', '.join(WEIGHTING_NORMS)}, or none to average directions.",
    )


def _whole(distance: int) -> int:
    """Check a distance in voxels."""
    if distance != int(distance) or distance < 1:
        raise InputError(
            f"Distances of textures must be whole numbers of voxels above 0, not {distance!r}.",
            hint="Use `distances = 1` for the next neighbours.",
        )
    return int(distance)
