"""What every edit of a labelmap shares: which voxels may change, and what has changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry import Grid
from ..progress import Progress, ProgressCallback
from ..volume import Segment, Segmentation
from .components import bounding_box

__all__ = [
    "Editor",
    "Mask",
    "Overwrite",
    "Segments",
    "VolumeChange",
    "chosen_segments",
    "count_labels",
    "edit_each",
    "extent_of",
    "is_any",
    "plane_axis",
    "require_within",
    "volume_changes",
]

Mask = NDArray[np.bool_]
Overwrite = Literal["all", "visible", "none"]
Segments = int | str | Sequence[int | str] | None
Box = tuple[slice, ...]

_FEW = 4  # labels up to which comparing one by one is faster than looking them up
_MOST_COUNTED = 2**16
_PLANES = {"axial": "IS", "coronal": "AP", "sagittal": "LR"}


@dataclass(frozen=True)
class VolumeChange:
    """What an edit did to the volume of one segment.

    Parameters
    ----------
    segment : str
        Its name.
    value : int
        Its voxel value.
    before_ml, after_ml : float
        Its volume before and after the edit, in ml.
    """

    segment: str
    value: int
    before_ml: float
    after_ml: float


class Editor:
    """A labelmap in work: changes only what may change, and counts it.

    Parameters
    ----------
    segmentation : Segmentation
        Where the work starts; it is left alone.
    overwrite : {"all", "visible", "none"}
        What a growing segment may take besides voxels of label 0: voxels of all other
        segments, of those whose ``visible`` is true, or of none.
    editable : ndarray of bool, shape (z, y, x), optional
        No voxel outside changes; all may by default.

    Raises
    ------
    InputError
        When `overwrite` or `editable` is none of these.
    """

    def __init__(
        self, segmentation: Segmentation, *, overwrite: str = "all", editable: Mask | None = None
    ) -> None:
        if overwrite not in get_args(Overwrite):
            words = ", ".join(f'"{word}"' for word in get_args(Overwrite))
            raise InputError(f"overwrite must be one of {words}, not {overwrite!r}.")
        self.before = segmentation
        self.array = np.array(segmentation.array, order="C")
        self.widen(max((row.value for row in segmentation.segments), default=0))
        self.overwrite = overwrite
        self._visible = [row.value for row in segmentation.segments if row.visible]
        self._editable = _editable(editable, segmentation)
        self._gained: dict[int, int] = {}

    def box(self, value: int, reach: Sequence[int] = (1, 1, 1)) -> Box | None:
        """Find the box of a segment as it is now.

        Parameters
        ----------
        value : int
            The segment.
        reach : sequence of int
            Voxels to add on both sides, (z, y, x); cut at the border of the scan.

        Returns
        -------
        tuple of slice or None
            ``None`` when the segment is empty.
        """
        return bounding_box(self.array == value, margin=reach)

    def free(self, box: Box, *, also: Collection[int] = ()) -> Mask:
        """Find the voxels of a box that a growing segment may take, whichever it is.

        Parameters
        ----------
        box : tuple of slice
            The box.
        also : collection of int
            Segments that may be taken from even where others may not.

        Returns
        -------
        ndarray of bool
            The shape of the box.
        """
        labels = self.array[box]
        if self.overwrite == "all":
            free = np.ones(labels.shape, dtype=bool)
        else:
            visible = self._visible if self.overwrite == "visible" else ()
            free = is_any(labels, {0, *visible, *also})
        return self._allowed(free, box)

    def replace(self, value: int, mask: Mask, box: Box, *, also: Collection[int] = ()) -> None:
        """Give a segment another mask within a box, as far as it may change.

        Parameters
        ----------
        value : int
            The segment.
        mask : ndarray of bool
            What it should be, in the box.
        box : tuple of slice
            The box; outside, the segment stays as it is.
        also : collection of int
            As for :meth:`free`.
        """
        labels = self.array[box]
        inside = labels == value
        gone = self._allowed(inside & ~mask, box)
        new = mask & ~inside
        new &= self.free(box, also=also)
        taken = labels[new]
        self._count(value, len(taken) - int(np.count_nonzero(gone)))
        self._lose(taken)
        labels[new] = value
        labels[gone] = 0

    def clear(self, values: Collection[int] | None, mask: Mask, box: Box) -> None:
        """Take voxels away from segments, as far as they may change.

        Parameters
        ----------
        values : collection of int or None
            The segments; ``None`` is whatever lies there.
        mask : ndarray of bool
            The voxels, in the box.
        box : tuple of slice
            The box.
        """
        labels = self.array[box]
        gone = mask & (labels != 0 if values is None else is_any(labels, values))
        gone = self._allowed(gone, box)
        self._lose(labels[gone])
        labels[gone] = 0

    def widen(self, value: int) -> None:
        """Make room for a value that the type of the labelmap may not hold.

        Parameters
        ----------
        value : int
            The largest value to come.
        """
        if value > np.iinfo(self.array.dtype).max:
            wider = np.promote_types(self.array.dtype, np.min_scalar_type(value))
            self.array = self.array.astype(wider)

    def recast(self, value: int, values: NDArray[np.integer], box: Box) -> None:
        """Give each voxel of a segment another value, as far as it may change.

        Parameters
        ----------
        value : int
            The segment.
        values : ndarray of int
            New values of its voxels, in the box; 0 removes. Ignored elsewhere.
        box : tuple of slice
            The box; outside, the segment stays as it is.
        """
        labels = self.array[box]
        moved = self._allowed((labels == value) & (values != value), box)
        for new, count in zip(*np.unique(values[moved], return_counts=True), strict=True):
            self._count(int(new), int(count))
        self._count(value, -int(np.count_nonzero(moved)))
        labels[moved] = values[moved]

    def result(
        self, asked: Iterable[Segment], segments: Sequence[Segment] | None = None
    ) -> tuple[Segmentation, list[VolumeChange]]:
        """Finish the work.

        Parameters
        ----------
        asked : iterable of Segment
            Segments to tell about even when they have not changed.
        segments : sequence of Segment, optional
            The table afterwards; that of the start by default.

        Returns
        -------
        tuple
            The new segmentation, and the volumes of the segments that were asked for or
            have changed, in the order of the table.
        """
        table = self.before.segments if segments is None else tuple(segments)
        wanted = {row.value for row in asked} | {v for v, n in self._gained.items() if n}
        after = count_labels(self.array, wanted)
        before = {value: count - self._gained.get(value, 0) for value, count in after.items()}
        rows = [row for row in table if row.value in wanted]
        return (
            Segmentation(self.array, self.before.grid, table),
            volume_changes(rows, before, after, self.before.grid),
        )

    def _allowed(self, mask: Mask, box: Box) -> Mask:
        """Leave of a mask, which is changed itself, what may be edited."""
        if self._editable is not None:
            # R has no arrays of one byte: its masks come as integers.
            mask &= self._editable[box] != 0
        return mask

    def _lose(self, labels: NDArray[np.integer]) -> None:
        # Sorting is slow, and label 0, which most are, is not counted.
        for other, count in zip(*np.unique(labels[labels != 0], return_counts=True), strict=True):
            self._count(int(other), -int(count))

    def _count(self, value: int, gained: int) -> None:
        if value != 0:
            self._gained[value] = self._gained.get(value, 0) + gained


def extent_of(grid: Grid) -> float:
    """Measure the longest side of a scan.

    Parameters
    ----------
    grid : Grid
        Its grid.

    Returns
    -------
    float
        Millimetres.
    """
    return max(n * step for n, step in zip(grid.shape, grid.spacing, strict=True))


def require_within(grid: Grid, mm: float, what: str) -> None:
    """Refuse a length that is larger than the scan.

    Parameters
    ----------
    grid : Grid
        Grid of the scan.
    mm : float
        The length.
    what : str
        What it is, for the message.

    Raises
    ------
    InputError
        When it is larger than the longest side.
    """
    if math.isfinite(mm) and mm > extent_of(grid):
        raise InputError(
            f"{what} of {mm:.6g} mm is larger than the scan, which is {extent_of(grid):.4g} mm "
            "long.",
            hint="Lengths are in mm.",
        )


def volume_changes(
    rows: Iterable[Segment], before: Mapping[int, int], after: Mapping[int, int], grid: Grid
) -> list[VolumeChange]:
    """Turn voxel counts of segments into volumes.

    Parameters
    ----------
    rows : iterable of Segment
        The segments.
    before, after : mapping of int to int
        Voxels of each value.
    grid : Grid
        Where they lie.

    Returns
    -------
    list of VolumeChange
        One for each segment.
    """
    ml = grid.voxel_volume / 1000
    return [
        VolumeChange(row.name, row.value, before[row.value] * ml, after[row.value] * ml)
        for row in rows
    ]


def count_labels(labels: NDArray[np.integer], values: Collection[int]) -> dict[int, int]:
    """Count the voxels of some labels in one pass.

    Parameters
    ----------
    labels : ndarray of int, shape (z, y, x)
        The labels.
    values : collection of int
        Which to count.

    Returns
    -------
    dict
        The number of voxels of each value.
    """
    top = max(int(labels.max(initial=0)), *values, 0)
    if top > _MOST_COUNTED:
        return {value: int(np.count_nonzero(labels == value)) for value in values}
    counts = np.zeros(top + 1, np.int64)
    for part in labels:  # a slice at a time: bincount() makes 64-bit numbers of all of it
        counts += np.bincount(part.reshape(-1), minlength=top + 1)
    return {value: int(counts[value]) for value in values}


def edit_each(
    segmentation: Segmentation,
    segment: Segments,
    make: Callable[[Mask], Mask],
    *,
    label: str,
    reach: Sequence[int] = (1, 1, 1),
    overwrite: str,
    editable: Mask | None,
    progress: ProgressCallback | None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Make new masks for segments, one after the other, each on what is there by then.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str, sequence of these, or None
        Which; ``None`` is all.
    make : callable
        Takes the mask of a segment in its box and returns the new one.
    label : str
        What is being done, for people.
    reach : sequence of int
        Voxels that the box is larger than the segment, (z, y, x). At least one, so that
        the border of the box is background wherever it is not the border of the scan.
    overwrite : {"all", "visible", "none"}
        As for :class:`Editor`.
    editable : ndarray of bool, optional
        As for :class:`Editor`.
    progress : callable, optional
        Receives the fraction done and a label.

    Returns
    -------
    tuple
        As from :meth:`Editor.result`.
    """
    editor = Editor(segmentation, overwrite=overwrite, editable=editable)
    rows = chosen_segments(segmentation, segment)
    for row in Progress.over(rows, progress, label):
        box = editor.box(row.value, [max(n, 1) for n in reach])
        if box is not None:
            editor.replace(row.value, make(editor.array[box] == row.value), box)
    return editor.result(rows)


def chosen_segments(segmentation: Segmentation, segment: Segments) -> list[Segment]:
    """Look up the rows of the table for an argument that names segments.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str, sequence of these, or None
        Values or names; ``None`` is all.

    Returns
    -------
    list of Segment
        The rows, each once, in the order that was given.

    Raises
    ------
    InputError
        When one does not exist, or none is named.
    """
    if segment is None:
        return list(segmentation.segments)
    wanted = [segment] if isinstance(segment, (int, str, np.integer)) else list(segment)
    if not wanted:
        raise InputError("segment names no segment.", hint="Leave segment out for all segments.")
    return list(dict.fromkeys(segmentation.find(one) for one in wanted))


def is_any(labels: NDArray[np.integer], values: Collection[int]) -> Mask:
    """Find the voxels that have one of some labels.

    Parameters
    ----------
    labels : ndarray of int
        Labels.
    values : collection of int
        Those that are looked for.

    Returns
    -------
    ndarray of bool
        The shape of `labels`.
    """
    if len(values) > _FEW:
        return np.isin(labels, list(values))
    found = np.zeros(labels.shape, dtype=bool)
    for value in values:
        found |= labels == value
    return found


def plane_axis(grid: Grid, plane: str) -> int:
    """Find the array axis that runs across a plane of the body.

    Parameters
    ----------
    grid : Grid
        The grid.
    plane : {"axial", "coronal", "sagittal"}
        The plane; on an oblique grid, the slices nearest to it.

    Returns
    -------
    int
        Axis of the array (z, y, x).

    Raises
    ------
    InputError
        When there is no such plane.
    """
    if plane not in _PLANES:
        raise InputError(f'plane must be "axial", "coronal" or "sagittal", not {plane!r}.')
    code = grid.orientation[::-1]
    return next(axis for axis in range(3) if code[axis] in _PLANES[plane])


def _editable(editable: Mask | None, segmentation: Segmentation) -> Mask | None:
    if editable is None:
        return None
    if not isinstance(editable, np.ndarray) or editable.dtype.kind not in "biu":
        raise InputError("editable must be a mask: an array of bool, True where edits are allowed.")
    if editable.shape != segmentation.grid.shape:
        raise InputError(
            f"editable has shape {editable.shape} but the segmentation {segmentation.grid.shape}."
        )
    return editable
