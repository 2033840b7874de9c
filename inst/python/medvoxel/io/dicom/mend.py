"""Put slices that do not form a regular volume onto a regular grid.

Each slice is moved in its plane to where its position says it lies (a tilted gantry), and
what lies between slices is interpolated along the normal (missing slices, uneven
spacing). Nothing is taken from tags that describe how a scan was ordered, such as Gantry
Tilt, whose sign and meaning differ between makers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, MemoryLimitError
from ...geometry import Grid
from ...progress import Progress, ProgressCallback
from .stack import Stack

__all__ = ["Layout", "lay_out", "mend"]

# A slice this close to a place of the regular grid, as a part of the spacing, is taken as
# it is: interpolating it would only blur it.
_AS_IT_IS = 0.01
_ROUNDING = 0.011
# More than this is not a mended scan but an invented one.
_MOST_GROWTH = 4.0


@dataclass(frozen=True, eq=False)
class Layout:
    """The regular grid for a stack, and where its slices go.

    Parameters
    ----------
    grid : Grid
        LPS mm.
    offsets : ndarray, shape (k,)
        Places of the new slices along the normal, mm from the first slice.
    source : ndarray of int, shape (k,)
        The slice that is taken as it is, or -1 where one is interpolated.
    shifts : ndarray, shape (n, 2)
        How far each slice is moved on the new raster, in rows and columns.
    displacement : float
        Farthest way between a slice and the nearest place of the new grid along the
        normal, mm.
    """

    grid: Grid
    offsets: NDArray[np.float64]
    source: NDArray[np.intp]
    shifts: NDArray[np.float64]
    displacement: float

    @property
    def interpolated(self) -> int:
        """Number of slices that no file holds."""
        return int(np.count_nonzero(self.source < 0))


def lay_out(
    stack: Stack, size: tuple[int, int], lost: Sequence[float] = (), *, shear: bool, spread: bool
) -> Layout:
    """Find the regular grid that fits a stack best.

    Parameters
    ----------
    stack : Stack
        Slices in order, each at a place of its own.
    size : tuple of int
        Rows and columns of a slice.
    lost : sequence of float
        Places of slices that are known and damaged, mm along the normal from the first.
    shear : bool
        Whether slices are moved in their plane to where they lie.
    spread : bool
        Whether the new slices are spread evenly; else there is one for each slice.

    Returns
    -------
    Layout
        The first and last slice stay where they are.

    Raises
    ------
    DicomError
        When the grid would be many times larger than the slices.
    """
    drift = (stack.positions - stack.positions[0]) @ stack.axes[:, :2]
    rows, columns = stack.pixel_spacing
    moved = drift[:, ::-1] / (rows, columns) if shear else np.zeros((len(drift), 2))
    # What rounding leaves would take another row of voxels.
    moved = np.round(moved, 6)
    low = np.floor(moved.min(axis=0))
    grown = np.ceil(moved.max(axis=0)) - low
    offsets, step, displacement = _places(stack, lost) if spread else _as_they_are(stack)
    shape = (len(offsets), size[0] + int(grown[0]), size[1] + int(grown[1]))
    if np.prod(shape, dtype=float) > _MOST_GROWTH * len(stack.offsets) * size[0] * size[1]:
        raise DicomError(
            f"The slices are too far apart to be put on one regular grid: it would take "
            f"{shape[2]} x {shape[1]} x {shape[0]} voxels for {len(stack.offsets)} slices of "
            f"{size[1]} x {size[0]}.",
            hint="Read the parts by themselves, each from a folder of its own.",
        )
    nearest = np.abs(stack.offsets[None, :] - offsets[:, None])
    closest = nearest.argmin(axis=1)
    allowed = max(_AS_IT_IS * step, min(_ROUNDING, 0.1 * step)) if spread else np.inf
    source = np.where(nearest.min(axis=1) <= allowed, closest, -1)
    origin = stack.positions[0] + stack.axes[:, :2] @ (low[::-1] * (columns, rows))
    grid = Grid(shape, (step, rows, columns), tuple(origin), stack.axes)
    return Layout(grid, offsets, source, moved - low, displacement)


def _as_they_are(stack: Stack) -> tuple[NDArray[np.float64], float, float]:
    # A single slice is never out of line, so there are two at least.
    return stack.offsets, float(stack.step), 0.0


def _places(stack: Stack, lost: Sequence[float]) -> tuple[NDArray[np.float64], float, float]:
    """Spread places evenly between the first and the last slice."""
    known = np.unique(np.concatenate([stack.offsets, np.asarray(lost, dtype=float)]))
    steps = np.diff(known)
    steps = steps[steps > _ROUNDING]
    # With gaps, the usual step is that of the close neighbours and not the median of all.
    usual = float(np.median(steps[steps < 1.5 * steps.min()]))
    length = float(stack.offsets[-1])
    if not _are_multiples(steps, usual):
        usual = float(np.median(steps))
    count = max(round(length / usual), 1) + 1
    if count > _MOST_GROWTH * len(stack.offsets) + 1:
        raise DicomError(
            f"{count - len(stack.offsets)} of {count} slices would have to be interpolated.",
            hint="Copy the series again from its source, or read its parts by themselves.",
        )
    step = round(length / (count - 1), 9)
    places = step * np.arange(count)
    off = np.abs(stack.offsets[:, None] - places[None, :]).min(axis=1)
    return places, step, float(off.max())


def _are_multiples(steps: NDArray[np.float64], base: float) -> bool:
    times = np.rint(steps / base)
    return bool(np.all(np.abs(steps - times * base) <= 0.1 * base))


def mend(
    array: NDArray[np.number],
    stack: Stack,
    layout: Layout,
    air: float,
    *,
    allocate: Callable[[np.dtype], NDArray[np.number]] | None = None,
    progress: ProgressCallback | None = None,
) -> NDArray[np.number]:
    """Bring slices onto a regular grid, linearly interpolated.

    Parameters
    ----------
    array : ndarray, shape (n, rows, columns)
        Values of the slices, without padding.
    stack : Stack
        Where they lie.
    layout : Layout
        From :func:`lay_out`.
    air : float
        Value of voxels that lie in no slice.
    allocate : callable, optional
        Gives the array to fill, of int32 for whole numbers, else of float64.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray, shape (z, y, x)
        Of the type of `array`; whole numbers are rounded to the nearest.
    """
    shape, whole = layout.grid.shape, array.dtype.kind in "iu"
    try:
        out = (
            np.empty(shape, array.dtype)
            if allocate is None
            else allocate(np.dtype(np.int32 if whole else np.float64))
        )
    except MemoryError as error:
        raise MemoryLimitError(
            "There is not enough memory for the mended volume.",
            hint="Close other programs, or read the series on a larger computer.",
        ) from error
    placed: dict[int, NDArray[np.float64]] = {}

    def slice_at(i: int) -> NDArray[np.float64]:
        if i not in placed:
            for old in [key for key in placed if key < i - 1]:
                del placed[old]
            placed[i] = _moved(array[i], layout.shifts[i], shape[1:], air)
        return placed[i]

    for k in Progress.over(range(shape[0]), progress, "Mending"):
        if layout.source[k] >= 0:
            values = slice_at(int(layout.source[k]))
        else:
            below = int(np.searchsorted(stack.offsets, layout.offsets[k], side="right")) - 1
            below = min(max(below, 0), len(stack.offsets) - 2)
            near, far = stack.offsets[below], stack.offsets[below + 1]
            part = float(np.clip((layout.offsets[k] - near) / (far - near), 0, 1))
            values = (1 - part) * slice_at(below) + part * slice_at(below + 1)
        out[k] = np.rint(values) if whole else values
    return out


def _moved(
    plane: NDArray[np.number],
    shift: NDArray[np.float64],
    shape: tuple[int, int],
    air: float,
) -> NDArray[np.float64]:
    """Move one slice by fractions of a voxel on a larger raster (linear, separable)."""
    values = plane.astype(np.float64)
    for axis in (0, 1):
        values = _moved_along(values, axis, float(shift[axis]), shape[axis], air)
    return values


def _moved_along(
    values: NDArray[np.float64], axis: int, shift: float, length: int, air: float
) -> NDArray[np.float64]:
    whole = int(np.floor(shift))
    part = shift - whole
    size = values.shape[axis]
    if whole == 0 and part == 0.0 and size == length:
        return values
    shape = list(values.shape)
    shape[axis] = length + 1
    room = np.full(shape, air)
    target = [slice(None)] * 2
    target[axis] = slice(whole, whole + size)
    room[tuple(target)] = values
    if part == 0.0:
        return np.take(room, np.arange(length), axis=axis)
    before = np.roll(room, 1, axis=axis)
    first = [slice(None)] * 2
    first[axis] = slice(0, 1)
    before[tuple(first)] = air
    mixed = (1 - part) * room + part * before
    return np.take(mixed, np.arange(length), axis=axis)
