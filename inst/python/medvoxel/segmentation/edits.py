"""One edit of a labelmap, whichever it is: restricted, done, and told."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..progress import ProgressCallback
from ..volume import Segmentation, Volume
from ._editing import (
    Mask,
    Overwrite,
    Segments,
    VolumeChange,
    chosen_segments,
    count_labels,
    volume_changes,
)
from .growing import forget_growth, grow_from_seeds, growth_size
from .masking import editable_mask
from .painting import brush_region

__all__ = ["edit"]

Touched = tuple[NDArray[np.int64], int]
Size = tuple[float, float, float]

_BRUSHES = ("paint", "erase")

# Operation to the module that has the function of this name.
_OPERATIONS = {
    "paint": "painting",
    "erase": "painting",
    "grow_from_seeds": "growing",
    "smooth_segment": "smoothing",
    "margin": "margins",
    "hollow": "margins",
    "islands": "island_operations",
    "split_islands": "island_operations",
    "combine_segments": "combining",
    "remove_segment": "combining",
    "fill_holes": "filling",
    "fill_between_slices": "filling",
}


def edit(
    segmentation: Segmentation,
    operation: str,
    /,
    *,
    scan: Volume | None = None,
    lower: float | None = None,
    upper: float | None = None,
    inside: Segments | bool = None,
    outside: Segments | bool = None,
    area: NDArray[np.integer] | Mask | None = None,
    overwrite: Overwrite = "all",
    seeds: Segmentation | None = None,
    touched: bool = False,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> tuple[Segmentation, list[VolumeChange], NDArray[np.int64] | None, Touched | Size | None]:
    """Do one edit within what may change.

    Parameters
    ----------
    segmentation : Segmentation
        The labels.
    operation : str
        Name of the function: ``"paint"``, ``"grow_from_seeds"``, ``"smooth_segment"`` ...
    scan : Volume, optional
        The scan, on the same grid; needed for a range and to grow.
    lower, upper : float, optional
        Range of grey values that may change, as in :func:`medvoxel.editable_mask`.
    inside, outside : int, str, sequence of these, or True, optional
        Segments whose voxels may, or may not, change.
    area : ndarray of int or bool, shape (z, y, x), optional
        A mask: where it is 0, nothing changes.
    overwrite : {"all", "visible", "none"}
        Whose voxels a segment may take.
    seeds : Segmentation, optional
        For ``"grow_from_seeds"``: what grows, instead of the labels that are there. For a
        brush with `touched`: the seeds that these labels grew from.
    touched : bool
        Whether to return the voxels that a brush has touched.
    progress : callable, optional
        Receives the fraction done and a label.
    **options
        Arguments of the function.

    Returns
    -------
    segmentation : Segmentation
        The new labels. Nothing has changed where it was not allowed.
    changes : list of VolumeChange
        Volumes before and after.
    changed : ndarray of int, optional
        Places in the flat array (from 0) that have changed, ascending; ``None`` for none.
    detail : tuple, optional
        For a brush, when `touched` was asked for: the places in the flat array (from 0) under
        it that have its label now, and that label. For ``"grow_from_seeds"``: the size in mm,
        (z, y, x), of the box that it grew in; ``None`` when this is the whole scan.

    Raises
    ------
    InputError
        When the operation does not exist, or as the function says.
    """
    if operation not in _OPERATIONS:
        names = ", ".join(_OPERATIONS)
        raise InputError(f"operation must be one of {names}, not {operation!r}.")
    editable = editable_mask(
        segmentation, scan, lower=lower, upper=upper, inside=inside, outside=outside
    )
    if area is not None:
        editable = (area != 0) if editable is None else editable & (area != 0)
    if operation == "grow_from_seeds":
        if scan is None:
            raise InputError("Growing needs the scan.", hint="Give it as scan.")
        result, size = _grow(
            segmentation, scan, seeds, editable, overwrite, progress=progress, **options
        )
        changes = _changes(segmentation, result)
        return result, changes, _changed(segmentation, result), size
    verb = _verb(operation)
    if operation not in _BRUSHES:
        forget_growth()  # the labels that are there now are the seeds of the next growth
    known = inspect.signature(verb).parameters
    common = {"overwrite": overwrite, "editable": editable, "progress": progress}
    given = {name: value for name, value in common.items() if name in known}
    if operation not in _BRUSHES or not touched:
        result, changes = verb(segmentation, **given, **options)
        return result, changes, _changed(segmentation, result), None
    # What may be overwritten is asked of the seeds: what grew from them gives way.
    start = segmentation if seeds is None else seeds
    drawn, _ = verb(start, **given, **options)
    value = start.find(options["segment"]).value if operation == "paint" else 0
    places = _under_brush(start, editable, **options)
    places = places[drawn.array.reshape(-1)[places] == value]
    result = drawn if seeds is None else _with_label(segmentation, places, value, options)
    changes = _changes(segmentation, result)
    return result, changes, _changed(segmentation, result), (places, value)


def _verb(operation: str) -> Callable[..., tuple[Segmentation, list[VolumeChange]]]:
    module = import_module(f".{_OPERATIONS[operation]}", __package__)
    verb: Callable[..., tuple[Segmentation, list[VolumeChange]]] = getattr(module, operation)
    return verb


def _grow(
    segmentation: Segmentation,
    scan: Volume,
    seeds: Segmentation | None,
    editable: Mask | None,
    overwrite: str,
    **options: Any,
) -> tuple[Segmentation, Size | None]:
    """Grow what is visible; as in Slicer, hidden segments neither grow nor bar the way."""
    start = segmentation if seeds is None else seeds
    hidden = [row.value for row in segmentation.segments if not row.visible]
    labels = start.array
    if hidden:
        labels = np.where(np.isin(labels, hidden), 0, labels)
        if overwrite != "all":
            free = ~np.isin(segmentation.array, hidden)
            editable = free if editable is None else editable & free
    start = start.with_array(labels)
    grown = grow_from_seeds(start, scan, editable=editable, **options)
    array = grown.array
    if hidden:
        array = np.where(
            (array == 0) & np.isin(segmentation.array, hidden), segmentation.array, array
        )
    if editable is not None:
        array = np.where(editable, array, segmentation.array)
    size = growth_size(start, margin=options.get("margin"), editable=editable)
    return segmentation.with_array(array), size


def _changed(before: Segmentation, after: Segmentation) -> NDArray[np.int64] | None:
    places = np.flatnonzero(before.array != after.array)
    return places if len(places) else None


def _changes(before: Segmentation, after: Segmentation) -> list[VolumeChange]:
    values = [row.value for row in before.segments]
    counts = (count_labels(before.array, values), count_labels(after.array, values))
    return volume_changes(before.segments, *counts, before.grid)


def _with_label(
    segmentation: Segmentation, places: NDArray[np.int64], value: int, options: dict[str, Any]
) -> Segmentation:
    """Draw what the seeds were changed by on the labels that have grown from them."""
    array = np.array(segmentation.array)
    flat = array.reshape(-1)
    if value == 0 and options.get("segment") is not None:
        erased = [row.value for row in chosen_segments(segmentation, options["segment"])]
        places = places[np.isin(flat[places], erased)]
    flat[places] = value
    return segmentation.with_array(array)


def _under_brush(
    segmentation: Segmentation,
    editable: Mask | None,
    *,
    at: ArrayLike | None = None,
    mask: NDArray[np.integer] | Mask | None = None,
    segment: object = None,
    **brush: Any,
) -> NDArray[np.int64]:
    """Flat places under a brush that may change."""
    if mask is not None:
        inside = mask != 0 if editable is None else (mask != 0) & editable
        return np.flatnonzero(inside)
    region = brush_region(segmentation, at, **brush)
    if region is None:
        return np.zeros(0, np.int64)
    box, inside = region
    if editable is not None:
        inside = inside & editable[box]
    corner = [part.start for part in box]
    index = [first + axis for first, axis in zip(corner, np.nonzero(inside), strict=True)]
    return np.ravel_multi_index(tuple(index), segmentation.grid.shape)
