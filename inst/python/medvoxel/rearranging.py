"""Other axes, or a part of the voxels: changes of the raster that interpolate nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import GeometryError, InputError
from .geometry import Grid
from .volume import Segmentation, Volume

__all__ = ["crop", "reorient"]

T = TypeVar("T", Volume, Segmentation)
_AXES = ({"R", "L"}, {"A", "P"}, {"I", "S"})
_OPPOSITE = dict(zip("RLAPIS", "LRPASI", strict=True))


def reorient(x: T, axes: str) -> T:
    """Let the axes of the array run in other directions of the patient.

    Parameters
    ----------
    x : Volume or Segmentation
        What to turn. No voxel changes its value or its place in the patient.
    axes : str
        Three letters for the (x, y, z) axes, such as ``"LPS"``: the patient directions
        in which columns, rows and slices shall count up.

    Returns
    -------
    Volume or Segmentation
        On a grid whose :attr:`Grid.orientation` is `axes`. An oblique grid stays oblique:
        each letter goes to the nearest axis.

    Raises
    ------
    InputError
        When `axes` is not one letter each of L or R, A or P, I or S.
    """
    _require_raster(x)
    wanted = axes.upper() if isinstance(axes, str) else ""
    if len(wanted) != 3 or any(len(pair & set(wanted)) != 1 for pair in _AXES):
        raise InputError(
            f"axes must be three letters, one each of L or R, A or P, I or S, not {axes!r}.",
            hint='"LPS" is DICOM\'s order, "RAS" that of NIfTI.',
        )
    here = x.grid.orientation
    order, flipped = [], []
    for letter in wanted:
        place = next(i for i, own in enumerate(here) if own in (letter, _OPPOSITE[letter]))
        order.append(place)
        flipped.append(here[place] != letter)
    # From (x, y, z) to the order of the array, (z, y, x).
    moved = x.array.transpose([2 - place for place in order[::-1]])
    turned = tuple(slice(None, None, -1 if flip else 1) for flip in flipped[::-1])
    result = x.with_array(np.ascontiguousarray(moved[turned]), _turned(x.grid, order, flipped))
    same_slices = isinstance(x, Volume) and bool(x.sources) and order[2] == 2
    return replace(result, sources=x.sources[turned[0]]) if same_slices else result


def _turned(grid: Grid, order: Sequence[int], flipped: Sequence[bool]) -> Grid:
    spacing = np.array(grid.spacing[::-1])[list(order)]
    shape = np.array(grid.shape[::-1])[list(order)]
    signs = np.where(flipped, -1.0, 1.0)
    # The first voxel is the last one along each axis that is flipped.
    corner = np.zeros(3)
    corner[list(order)] = np.where(flipped, shape - 1, 0)
    origin = grid.index_to_lps(corner[::-1])
    direction = grid.direction[:, list(order)] * signs
    return Grid(tuple(shape[::-1]), tuple(spacing[::-1]), tuple(origin), direction)


def crop(
    x: T,
    first: Sequence[int] | None = None,
    last: Sequence[int] | None = None,
    *,
    around: Segmentation | None = None,
    margin: float = 0.0,
) -> T:
    """Keep a box of voxels, at its place in the patient.

    Parameters
    ----------
    x : Volume or Segmentation
        What to crop.
    first, last : sequence of int, optional
        First and last voxel of the box (z, y, x), 0-based, both inside; by default those
        of the array.
    around : Segmentation, optional
        Instead of `first` and `last`: the smallest box around all its segments, on the
        grid of `x`.
    margin : float
        Room that is left around the segments, mm; it ends at the edge of the array.

    Returns
    -------
    Volume or Segmentation
        The box.

    Raises
    ------
    InputError
        When the box is empty or leaves the array, or both ways of naming it are used.
    GeometryError
        When `around` lies on another grid.
    """
    _require_raster(x)
    if around is not None:
        if first is not None or last is not None:
            raise InputError("Give either around or first and last, not both.")
        start, stop = _box_around(x, around, margin)
    else:
        start, stop = _box(x, first, last)
    part = x.array[tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))]
    result = x.with_array(np.ascontiguousarray(part), x.grid.crop(start, stop))
    if isinstance(x, Volume) and x.sources:
        return replace(result, sources=x.sources[int(start[0]) : int(stop[0])])
    return result


def _box(
    x: Volume | Segmentation, first: Sequence[int] | None, last: Sequence[int] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    shape = np.array(x.grid.shape)
    ends = []
    for name, value, default in (("first", first, np.zeros(3)), ("last", last, shape - 1)):
        end = np.asarray(default if value is None else value)
        if end.shape != (3,) or not np.issubdtype(end.dtype, np.number) or np.any(end % 1):
            raise InputError(f"{name} must be three whole numbers, one for each axis.")
        ends.append(end.astype(np.int64))
    if np.any(ends[0] < 0) or np.any(ends[1] >= shape) or np.any(ends[0] > ends[1]):
        raise InputError(
            f"The box does not lie in the {' x '.join(map(str, shape[::-1]))} voxels that there "
            "are, or has no voxel.",
            hint="first and last are the first and the last voxel that are kept.",
        )
    return ends[0], ends[1] + 1


def _box_around(
    x: Volume | Segmentation, around: Segmentation, margin: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not isinstance(around, Segmentation):
        raise InputError(f"around must be a segmentation, not {type(around).__name__}.")
    if not (np.isfinite(margin) and margin >= 0):
        raise InputError(f"margin must be a length in mm, not {margin!r}.")
    x.grid.require_same(around.grid)
    inside = around.array != 0
    kept = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if not kept[0].size:
        raise InputError("The segmentation is empty: there is nothing to crop to.")
    extra = np.ceil(margin / np.array(x.grid.spacing) - 1e-9).astype(np.int64)
    start = np.maximum([k[0] for k in kept] - extra, 0)
    stop = np.minimum([k[-1] + 1 for k in kept] + extra, x.grid.shape)
    return start, stop


def _require_raster(x: object) -> None:
    if not isinstance(x, Volume | Segmentation):
        raise GeometryError(f"A volume or a segmentation is needed, not {type(x).__name__}.")
