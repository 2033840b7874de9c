"""What every edit of a labelmap shares: which voxels may change, and what has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
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
    "edit_each",
    "plane_axis",
]

Mask = NDArray[np.bool_]
Overwrite = Literal["none", "all"]
Segments = int | str | Sequence[int | str] | None
Box = tuple[slice, ...]

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
    overwrite : {"none", "all"}
        Whether a growing segment takes voxels of label 0 only or those of every other
        segment too.
    editable : ndarray of bool, shape (z, y, x), optional
        No voxel outside changes; all may by default.

    Raises
    ------
    InputError
        When `overwrite` or `editable` is none of these.
    """

    def __init__(
        self, segmentation: Segmentation, *, overwrite: str = "none", editable: Mask | None = None
    ) -> None:
        if overwrite not in ("none", "all"):
            raise InputError(f'overwrite must be "none" or "all", not {overwrite!r}.')
        self.before = segmentation
        self.array = np.array(segmentation.array, order="C")
        self.overwrite = overwrite
        self.editable = _editable(editable, segmentation)
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
            free = labels == 0
            for value in also:
                free |= labels == value
        if self.editable is not None:
            free &= self.editable[box]
        return free

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
        gone = inside & ~mask
        if self.editable is not None:
            gone &= self.editable[box]
        new = mask & ~inside
        new &= self.free(box, also=also)
        taken, counts = np.unique(labels[new], return_counts=True)
        for other, count in zip(taken.tolist(), counts.tolist(), strict=True):
            self._count(other, -count)
        self._count(value, int(counts.sum()) - int(np.count_nonzero(gone)))
        labels[new] = value
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
        moved = (labels == value) & (values != value)
        if self.editable is not None:
            moved &= self.editable[box]
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
        ml = self.before.grid.voxel_volume / 1000
        changes = []
        for row in table:
            if row.value in wanted:
                after = int(np.count_nonzero(self.array == row.value))
                before = after - self._gained.get(row.value, 0)
                changes.append(VolumeChange(row.name, row.value, before * ml, after * ml))
        return Segmentation(self.array, self.before.grid, table), changes

    def _count(self, value: int, gained: int) -> None:
        if value != 0:
            self._gained[value] = self._gained.get(value, 0) + gained


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
    overwrite : {"none", "all"}
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


def plane_axis(segmentation: Segmentation, plane: str) -> int:
    """Find the array axis that runs across a plane of the body.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    plane : {"axial", "coronal", "sagittal"}
        The plane; on an oblique grid, the slices nearest to it.

    Returns
    -------
    int
        0 for the slices of the array, 1 for its rows, 2 for its columns.

    Raises
    ------
    InputError
        When `plane` is none of these.
    """
    if plane not in _PLANES:
        raise InputError(f'plane must be "axial", "coronal" or "sagittal", not {plane!r}.')
    code = segmentation.grid.orientation[::-1]
    return next(axis for axis in range(3) if code[axis] in _PLANES[plane])


def _editable(editable: Mask | None, segmentation: Segmentation) -> Mask | None:
    if editable is None:
        return None
    # R has no arrays of one byte: its masks come as integers.
    if not isinstance(editable, np.ndarray) or editable.dtype.kind not in "biu":
        raise InputError("editable must be a mask: an array of bool, True where edits are allowed.")
    if editable.shape != segmentation.grid.shape:
        raise InputError(
            f"editable has shape {editable.shape} but the segmentation {segmentation.grid.shape}."
        )
    return editable if editable.dtype == bool else editable != 0
