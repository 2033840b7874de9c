"""Where the frames of a DICOM image lie on a grid, and a grid for frames of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError
from ...geometry import Grid

__all__ = ["Frames", "Part", "Raster", "find_raster", "own_grid", "part_of_plane"]

# How far a frame may lie off the voxels, as Grid.same_as() has it; positions that were
# rounded to hundredths of a millimetre are no fault either.
_RELATIVE = 0.01
_ROUNDING = 0.011
# Planes nearer than this are one plane; a file repeats it for each segment.
_SAME_PLANE = 0.01


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of one size and orientation.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        Centre of the first pixel of each, LPS mm.
    axes : ndarray, shape (3, 3)
        Columns are the LPS directions along which columns and rows count up, and their
        normal.
    pixel_spacing : tuple of float
        Between rows, then between columns, mm.
    size : tuple of int
        Rows and columns.
    """

    positions: NDArray[np.float64]
    axes: NDArray[np.float64]
    pixel_spacing: tuple[float, float]
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Raster:
    """Frames that lie on the voxels of a grid.

    Parameters
    ----------
    starts : ndarray of int, shape (n, 3)
        Index (z, y, x) of the first pixel of each frame, maybe outside the grid.
    row, column : tuple of int
        Array axis along which rows and columns of a frame count, and +1 or -1.
    """

    starts: NDArray[np.int64]
    row: tuple[int, int] = (1, 1)
    column: tuple[int, int] = (2, 1)

    @property
    def across(self) -> int:
        """Array axis across the frames."""
        return 3 - self.row[0] - self.column[0]


Part = tuple[NDArray[Any], tuple[slice, slice]]
"""A view of a volume turned as a frame is, and the part of the frame that it shows."""


def find_raster(
    grid: Grid, frames: Frames, *, known: NDArray[np.float64] | None = None
) -> Raster | None:
    """Find the voxels that frames lie on.

    Parameters
    ----------
    grid : Grid
        The grid.
    frames : Frames
        The frames; any signed permutation of the grid's axes.
    known : ndarray, shape (z, 3), optional
        Where the files of the grid's slices say that their first voxel is. Real slices lie
        a little off a regular grid, and frames made from them lie there too.

    Returns
    -------
    Raster or None
        ``None`` when a pixel lies off the voxels by more than a hundredth of the smallest
        spacing.
    """
    base = grid.lps_to_index(frames.positions)
    to_index = np.linalg.inv(grid.affine[:3, :3])
    steps = [
        (to_index @ (frames.axes[:, 1] * frames.pixel_spacing[0]))[::-1],
        (to_index @ (frames.axes[:, 0] * frames.pixel_spacing[1]))[::-1],
    ]
    whole = [np.rint(step).astype(int) for step in steps]
    if any(np.abs(w).sum() != 1 for w in whole) or np.abs(whole[0]) @ np.abs(whole[1]):
        return None
    (row, column) = ((int(np.argmax(np.abs(w))), int(w.sum())) for w in whole)
    starts = np.rint(base).astype(np.int64)
    off = base - starts
    if known is not None and (row, column) == ((1, 1), (2, 1)):
        k, distance = _nearest(frames.positions, known)
        same = distance < _SAME_PLANE
        starts[same] = np.stack([k, 0 * k, 0 * k], axis=1)[same]
        off[same] = 0
    # The far corners tell of a spacing or direction that is only nearly the same.
    last = np.array(frames.size) - 1
    drift = np.outer((0, 1, 0, 1), last[0] * (steps[0] - whole[0]))
    drift += np.outer((0, 0, 1, 1), last[1] * (steps[1] - whole[1]))
    distance = np.linalg.norm((off[:, None] + drift) * grid.spacing, axis=-1).max()
    smallest = min(grid.spacing)
    if distance > max(_RELATIVE * smallest, min(_ROUNDING, 0.1 * smallest)):
        return None
    return Raster(starts, row, column)


def _nearest(
    points: NDArray[np.float64], known: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest of the known places to each point, and how far it is."""
    # A file repeats the same few planes for every segment.
    places, which = np.unique(points, axis=0, return_inverse=True)
    nearest = np.array([np.argmin(((known - p) ** 2).sum(axis=1)) for p in places])
    distance = np.linalg.norm(places - known[nearest], axis=1)
    which = which.reshape(-1)
    return nearest[which], distance[which]


def part_of_plane(
    array: NDArray[Any], raster: Raster, start: Sequence[int], size: tuple[int, int]
) -> Part | None:
    """Show a volume where a frame lies.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        On the grid of `raster`.
    raster : Raster
        How frames lie.
    start : sequence of 3 int
        Index of the frame's first pixel.
    size : tuple of int
        Rows and columns of the frame.

    Returns
    -------
    tuple or None
        A view of `array` with rows and columns of the frame, and where in the frame it
        lies; ``None`` when the frame lies outside.
    """
    across = raster.across
    if not 0 <= start[across] < array.shape[across]:
        return None
    plane = _plane(array, raster, start)
    inside = []
    for (axis, sign), length, wide in zip(
        (raster.row, raster.column), size, plane.shape, strict=True
    ):
        shift = start[axis] if sign > 0 else wide - 1 - start[axis]
        low, high = max(0, -shift), min(length, wide - shift)
        if high <= low:
            return None
        inside.append((slice(low, high), slice(low + shift, high + shift)))
    (rows, there_rows), (columns, there_columns) = inside
    return plane[there_rows, there_columns], (rows, columns)


def _plane(array: NDArray[Any], raster: Raster, start: Sequence[int]) -> NDArray[Any]:
    index: list[Any] = [slice(None)] * 3
    index[raster.across] = int(start[raster.across])
    for axis, sign in (raster.row, raster.column):
        index[axis] = slice(None, None, sign)
    plane = array[tuple(index)]
    return plane if raster.row[0] < raster.column[0] else plane.T


def own_grid(
    frames: Frames, *, stated: float | None, thickness: float | None, name: str
) -> tuple[Grid, Raster]:
    """Make the grid that frames span, with the slices that are left out between them.

    Parameters
    ----------
    frames : Frames
        The frames.
    stated, thickness : float or None
        Spacing between slices and slice thickness as the file says, mm.
    name : str
        Of the file, for messages.

    Returns
    -------
    Grid
        Slices in ascending order along the normal, right-handed as :func:`read_dicom` has
        them. Its spacing is the stated one when all frames lie on it, else the smallest
        distance of two frames, else the slice thickness.
    Raster
        Where the frames lie.

    Raises
    ------
    DicomError
        When the frames lie on no regular grid.
    """
    along = frames.positions @ frames.axes[:, 2]
    order = np.argsort(along, kind="stable")
    first = frames.positions[order[0]]
    drift = np.abs((frames.positions - first) @ frames.axes[:, :2]).max()
    if drift > 0.1 * min(frames.pixel_spacing):
        raise DicomError(
            f"The frames of {name} are stacked at a slant: they move by {drift:.3g} mm sideways.",
            hint="Give the scan that it was made on as reference.",
            size_mm=float(drift),
        )
    offsets = along - along[order[0]]
    gaps = np.diff(offsets[order])
    gaps = gaps[gaps > _SAME_PLANE]
    step, places = _regular(offsets, gaps, [stated, gaps.min() if len(gaps) else None, thickness])
    if places is None:
        raise DicomError(
            f"The frames of {name} are {gaps.min():.4g} to {gaps.max():.4g} mm apart, and these "
            "distances are no multiples of one slice spacing.",
            hint="Give the scan that it was made on as reference.",
            smallest_mm=float(gaps.min()),
            largest_mm=float(gaps.max()),
        )
    shape = (int(places.max()) + 1, *frames.size)
    grid = Grid(shape, (step, *frames.pixel_spacing), tuple(first), frames.axes)
    return grid, Raster(np.stack([places, 0 * places, 0 * places], axis=1))


def _regular(
    offsets: NDArray[np.float64], gaps: NDArray[np.float64], candidates: Sequence[float | None]
) -> tuple[float, NDArray[np.int64] | None]:
    """Slice spacing and the slice of each frame, by the first candidate that fits."""
    known = [float(c) for c in candidates if c]
    if not len(gaps):
        return (known or [1.0])[0], np.zeros(len(offsets), np.int64)
    for step in known:
        places = np.rint(offsets / step).astype(np.int64)
        if places.max() < 1:
            continue
        # Written with few decimals, a step is a little off at the far end.
        exact = round(float(offsets.max()) / float(places.max()), 9)
        places = np.rint(offsets / exact).astype(np.int64)
        off = np.abs(offsets - places * exact).max()
        close = abs(exact - step) <= _RELATIVE * step
        # Twice what is allowed from a whole scan's grid: the first frame may be off itself.
        if close and off <= 2 * max(_RELATIVE * exact, min(_ROUNDING, 0.1 * exact)):
            return exact, places
    return 0.0, None
