"""Work on islands, the connected parts of a segment."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..progress import ProgressCallback
from ..volume import Segment, Segmentation, segment_colours
from ._editing import Editor, Mask, Overwrite, VolumeChange, edit_each
from ._points import nearest_voxels, points_in_scan
from .components import largest_components

__all__ = ["islands", "split_islands"]

_STEPS = {6: 1, 18: 2, 26: 3}
_SELECTED = ("keep_selected", "remove_selected", "add_selected")
_OPERATIONS = ("keep_largest", "remove_small", *_SELECTED, "split")
_HIGHEST = 2**31 - 1  # of R's integers
_TOLERANCE = 1e-9  # 8 voxels of 1 mm³ are not less than 8 mm³


def islands(
    segmentation: Segmentation,
    segment: int | str,
    *,
    operation: str = "keep_largest",
    minimum_size: float = 1000,
    size_unit: str = "voxels",
    at: ArrayLike | None = None,
    connectivity: int = 6,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Keep, remove, add or split islands: connected parts of a segment.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int or str
        Value or name of the segment.
    operation : str
        ``"keep_largest"`` (of equally large islands the first in the array);
        ``"remove_small"`` (those below `minimum_size`); ``"keep_selected"`` and
        ``"remove_selected"`` (those that hold the points `at`); ``"add_selected"`` (the
        regions that hold the points, of one label each: without a segment or of another
        segment, as far as they may change);
        ``"split"``, see :func:`split_islands`.
    minimum_size : float
        For ``"remove_small"`` and ``"split"``.
    size_unit : {"voxels", "mm3"}
        Unit of `minimum_size`.
    at : array_like, shape (n, 3) or (3,), optional
        Points in LPS mm (x, y, z) for the three operations on selected islands; the voxel
        nearest to each counts.
    connectivity : {6, 18, 26}
        Neighbours of a voxel: across faces, edges too, or corners too.
    overwrite : {"all", "visible", "none"}
        What a segment may take besides voxels without a segment: voxels of all other
        segments, of the visible ones, or of none.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change.
    progress : callable, optional
        Receives the fraction done and a label.

    Returns
    -------
    segmentation : Segmentation
        The new segments.
    changes : list of VolumeChange
        Volumes before and after, of the segment and of all that have changed.

    Raises
    ------
    InputError
        When a point is missing, outside the scan or not on an island, or another argument
        is not as described.

    Notes
    -----
    The six operations of 3D Slicer's Islands effect with its defaults.
    """
    if operation not in _OPERATIONS:
        raise InputError(f"operation must be one of {', '.join(_OPERATIONS)}, not {operation!r}.")
    if connectivity not in _STEPS:
        raise InputError(f"connectivity must be 6, 18 or 26, not {connectivity!r}.")
    if operation == "split":
        return split_islands(
            segmentation,
            segment,
            minimum_size=minimum_size,
            size_unit=size_unit,
            connectivity=connectivity,
            editable=editable,
        )
    if operation in _SELECTED:
        points, places = _voxels_at(segmentation, at, operation)
        editor = Editor(segmentation, overwrite=overwrite, editable=editable)
        row = segmentation.find(segment)
        _on_selected(editor, row, operation, points, places, connectivity)
        return editor.result([segmentation.find(segment)])
    make: Callable[[Mask], Mask] = partial(largest_components, connectivity=connectivity)
    if operation == "remove_small":
        smallest = _smallest(segmentation, minimum_size, size_unit)
        make = partial(_large_enough, smallest=smallest, connectivity=connectivity)
    return edit_each(
        segmentation,
        segmentation.find(segment).value,
        make,
        label="Finding islands",
        overwrite=overwrite,
        editable=editable,
        progress=progress,
    )


def split_islands(
    segmentation: Segmentation,
    segment: int | str,
    *,
    minimum_size: float = 1000,
    size_unit: str = "voxels",
    connectivity: int = 6,
    editable: Mask | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Make a segment of each island of a segment: instances.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int or str
        Value or name of the segment.
    minimum_size : float
        Smaller islands are removed; 0 keeps all.
    size_unit : {"voxels", "mm3"}
        Unit of `minimum_size`.
    connectivity : {6, 18, 26}
        Neighbours of a voxel: across faces, edges too, or corners too.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change; the others keep the value of the segment.

    Returns
    -------
    segmentation : Segmentation
        With the islands by size: "bone 1", the largest, has the value and colour that
        "bone" had; "bone 2" and on stand behind it with new values and colours, and with
        its status, coded term and visibility. Numbers of names that are taken are left out.
    changes : list of VolumeChange
        Volumes before and after, of the islands. Before, the first was the whole segment.

    Raises
    ------
    InputError
        When no island is large enough, or an argument is not as described.
    """
    row = segmentation.find(segment)
    smallest = _smallest(segmentation, minimum_size, size_unit)
    # Nothing that has another segment's value is touched, so the rule does not matter.
    editor = Editor(segmentation, editable=editable)
    box = editor.box(row.value)
    if box is None:
        raise InputError(f"Segment {row.name!r} has no voxels to split.")
    labels, sizes = _label(editor.array[box] == row.value, connectivity)
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] >= smallest]
    if len(order) == 0:
        raise InputError(
            f"No island of segment {row.name!r} has {smallest} voxels: the largest has "
            f"{sizes.max()}.",
            hint="Use a smaller minimum_size.",
        )
    parts = _part_rows(segmentation, row, len(order))
    editor.widen(max(part.value for part in parts))
    # Island to segment value in one pass, however many there are.
    values = np.zeros(len(sizes) + 1, dtype=editor.array.dtype)
    values[order + 1] = [part.value for part in parts]
    editor.recast(row.value, values[labels], box)
    at = segmentation.segments.index(row)
    table = (*segmentation.segments[:at], *parts, *segmentation.segments[at + 1 :])
    return editor.result(parts, table)


def _part_rows(segmentation: Segmentation, row: Segment, count: int) -> list[Segment]:
    taken = {other.name for other in segmentation.segments}
    values = _free_values(segmentation)
    colours = segment_colours(len(segmentation.segments) + count)[len(segmentation.segments) :]
    parts: list[Segment] = []
    number = 0
    while len(parts) < count:
        number += 1
        name = f"{row.name} {number}"
        if name not in taken:
            new = len(parts)
            value = next(values) if new else row.value
            colour = colours[new - 1] if new else row.colour
            parts.append(replace(row, value=value, name=name, colour=colour))
    return parts


def _free_values(segmentation: Segmentation) -> Iterator[int]:
    """Yield values above those of the segments; where no number is left, unused ones below."""
    taken = {row.value for row in segmentation.segments}
    yield from range(max(taken) + 1, _HIGHEST + 1)
    yield from (value for value in range(1, max(taken)) if value not in taken)


def _on_selected(
    editor: Editor,
    row: Segment,
    operation: str,
    points: NDArray[np.int64],
    places: NDArray[np.float64],
    connectivity: int,
) -> None:
    inside = editor.array == row.value
    everywhere = (slice(None),) * 3
    field = editor.free(everywhere) & ~inside if operation == "add_selected" else inside
    _require_on(field, editor, row, operation, points, places)
    hit = np.zeros(inside.shape, dtype=bool)
    # Regions end where another segment begins, or "all" would take the whole scan.
    for value in {int(editor.array[tuple(point)]) for point in points}:
        labels, _ = _label(field & (editor.array == value), connectivity)
        hit |= _is_in(labels, {int(labels[tuple(point)]) for point in points} - {0})
    if operation == "add_selected":
        hit |= inside
    elif operation == "remove_selected":
        hit = inside & ~hit
    editor.replace(row.value, hit, everywhere)


def _require_on(
    field: Mask,
    editor: Editor,
    row: Segment,
    operation: str,
    points: NDArray[np.int64],
    places: NDArray[np.float64],
) -> None:
    for point, (x, y, z) in zip(points, places, strict=True):
        if field[tuple(point)]:
            continue
        names = {other.value: repr(other.name) for other in editor.before.segments}
        there = names.get(int(editor.array[tuple(point)]), "no segment")
        place = f"The point at ({x:.4g}, {y:.4g}, {z:.4g}) mm (LPS)"
        if operation == "add_selected":
            raise InputError(
                f"{place} is in {there} and may not be added to segment {row.name!r}.",
                hint="Choose a point that the masking and overwrite let change.",
            )
        raise InputError(
            f"{place} is not in segment {row.name!r} but in {there}.",
            hint="Choose a point inside the island.",
        )


def _voxels_at(
    segmentation: Segmentation, at: ArrayLike | None, operation: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Voxels of points, and the points as they were given."""
    if at is None:
        raise InputError(
            f"Operation {operation!r} needs a point in the island.", hint="Give it as at, in mm."
        )
    grid = segmentation.grid
    voxels = nearest_voxels(grid, points_in_scan(grid, at))
    return voxels, np.atleast_2d(np.asarray(at, dtype=float))


def _smallest(segmentation: Segmentation, minimum_size: float, size_unit: str) -> int:
    """Voxels that an island needs."""
    if size_unit not in ("voxels", "mm3"):
        raise InputError(f'size_unit must be "voxels" or "mm3", not {size_unit!r}.')
    if not math.isfinite(minimum_size) or minimum_size < 0:
        raise InputError(f"minimum_size must be 0 or more, not {minimum_size}.")
    voxel = segmentation.grid.voxel_volume if size_unit == "mm3" else 1.0
    return max(math.ceil(minimum_size / voxel * (1 - _TOLERANCE)), 1)


def _large_enough(mask: Mask, smallest: int, connectivity: int) -> Mask:
    labels, sizes = _label(mask, connectivity)
    return np.concatenate([[False], sizes >= smallest])[labels]


def _is_in(labels: NDArray[np.integer], wanted: Collection[int]) -> Mask:
    table = np.zeros(int(labels.max(initial=0)) + 1, dtype=bool)
    table[list(wanted)] = True
    return table[labels]


def _label(mask: Mask, connectivity: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give each island a number from 1, and count its voxels."""
    from scipy import ndimage

    if connectivity not in _STEPS:
        raise InputError(f"connectivity must be 6, 18 or 26, not {connectivity!r}.")
    structure = ndimage.generate_binary_structure(3, _STEPS[connectivity])
    labels, number = ndimage.label(mask, structure)
    return labels, np.bincount(labels[mask], minlength=number + 1)[1:]
