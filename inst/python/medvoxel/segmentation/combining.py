"""Combine segments by Slicer's logical operators, and remove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..volume import Segmentation
from ._editing import (
    Editor,
    Mask,
    Overwrite,
    VolumeChange,
    chosen_segments,
    is_any,
)

__all__ = ["combine_segments", "remove_segment"]

_WITH_MODIFIER = ("copy", "add", "subtract", "intersect")
_ALONE = ("invert", "clear", "fill")


def combine_segments(
    segmentation: Segmentation,
    segment: int | str,
    operation: str,
    modifier: int | str | None = None,
    *,
    other: Segmentation | None = None,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Change a segment by a logical operator.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int or str
        Value or name of the segment that changes.
    operation : str
        With a modifier: ``"copy"`` (the segment becomes the modifier), ``"add"``,
        ``"subtract"``, ``"intersect"``. Without: ``"invert"``, ``"clear"`` (nothing is
        left), ``"fill"`` (everything).
    modifier : int or str, optional
        Value or name of the other segment.
    other : Segmentation, optional
        Segmentation that the modifier is in, on the same grid; `segmentation` itself by
        default.
    overwrite : {"all", "visible", "none"}
        What a segment may take besides voxels without a segment: voxels of all other
        segments, of the visible ones, or of none.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change.

    Returns
    -------
    segmentation : Segmentation
        The new segments.
    changes : list of VolumeChange
        Volumes before and after, of the segment and of all that have changed.

    Raises
    ------
    GeometryError
        When `other` lies on another grid.
    InputError
        When the modifier is missing, or another argument is not as described.

    Notes
    -----
    The operators of 3D Slicer. A voxel of a labelmap has one segment, so a modifier of the
    same segmentation gives up the voxels that are copied or added, also under
    ``overwrite="none"``: adding merges two segments. For the same reason ``"subtract"``
    and ``"intersect"`` need a modifier of another segmentation to be of use.
    """
    if operation not in (*_WITH_MODIFIER, *_ALONE):
        names = ", ".join((*_WITH_MODIFIER, *_ALONE))
        raise InputError(f"operation must be one of {names}, not {operation!r}.")
    row = segmentation.find(segment)
    editor = Editor(segmentation, overwrite=overwrite, editable=editable)
    source = segmentation if other is None else other
    given_up = []
    if operation in _WITH_MODIFIER:
        mask = _modifier_mask(segmentation, source, modifier, operation)
        given_up = [source.find(modifier).value] if source is segmentation else []
    elif modifier is None:
        mask = np.zeros(segmentation.grid.shape, dtype=bool)
    else:
        raise InputError(f"Operation {operation!r} takes no modifier.")
    new = _combined(editor.array == row.value, mask, operation)
    editor.replace(row.value, new, (slice(None),) * 3, also=given_up)
    return editor.result([row])


def remove_segment(
    segmentation: Segmentation,
    segment: int | str | Sequence[int | str],
    *,
    editable: Mask | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Remove segments: their voxels, and their rows of the table.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these
        Values or names of the segments.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change, so all voxels of the segments must lie there.

    Returns
    -------
    segmentation : Segmentation
        The other segments.
    changes : list of VolumeChange
        Volumes of the removed segments before, and 0 after.

    Raises
    ------
    InputError
        When `editable` leaves out voxels of the segments, or a segment does not exist.
    """
    if segment is None:
        raise InputError("segment names no segment.", hint="Name those that are to go.")
    rows = chosen_segments(segmentation, segment)
    editor = Editor(segmentation, editable=editable)
    everywhere = (slice(None),) * 3
    values = [row.value for row in rows]
    editor.clear(values, is_any(editor.array, values), everywhere)
    left = int(np.count_nonzero(is_any(editor.array, values)))
    if left:
        names = ", ".join(repr(row.name) for row in rows)
        raise InputError(
            f"{left} voxel{'s' if left > 1 else ''} of {names} may not be edited, so "
            f"{'they' if len(rows) > 1 else 'it'} cannot be removed.",
            hint="Lift what restricts edits: editable_range(), editable_area() without limits.",
        )
    emptied, changes = editor.result(rows)
    others = tuple(row for row in segmentation.segments if row not in rows)
    return replace(emptied, segments=others), changes


def _modifier_mask(
    segmentation: Segmentation,
    source: Segmentation,
    modifier: int | str | None,
    operation: str,
) -> Mask:
    if modifier is None:
        raise InputError(
            f"Operation {operation!r} needs a second segment.", hint="Name it as modifier."
        )
    segmentation.grid.require_same(source.grid, what="The modifier")
    return source.mask(modifier)


def _combined(inside: Mask, modifier: Mask, operation: str) -> Mask:
    if operation == "copy":
        return modifier
    if operation == "add":
        return inside | modifier
    if operation == "subtract":
        return inside & ~modifier
    if operation == "intersect":
        return inside & modifier
    if operation == "invert":
        return ~inside
    return np.full(inside.shape, operation == "fill")
