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
from ._editing import Mask, Overwrite, Segments, VolumeChange
from .masking import editable_mask
from .painting import brush_region

__all__ = ["edit"]

Touched = tuple[NDArray[np.int64], int]

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
    "remove_segments": "combining",
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
) -> tuple[Segmentation, list[VolumeChange], tuple[int, int] | None, Touched | None]:
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
        For ``"grow_from_seeds"``: what grows, instead of the labels that are there.
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
    extent : tuple of int, optional
        The first and the last place in the flat array (from 0) that has changed.
    touched : tuple of ndarray and int, optional
        Places in the flat array (from 0) under the brush of ``"paint"`` or ``"erase"``, as
        far as they have its label now, and that label. ``None`` when not asked for.

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
        result, changes = _grow(
            segmentation, scan, seeds, editable, overwrite, progress=progress, **options
        )
    else:
        verb = _verb(operation)
        known = inspect.signature(verb).parameters
        common = {"overwrite": overwrite, "editable": editable, "progress": progress}
        given = {name: value for name, value in common.items() if name in known}
        result, changes = verb(segmentation, **given, **options)
    extent = _extent(segmentation.array, result.array)
    if not touched:
        return result, changes, extent, None
    value = result.find(options["segment"]).value if operation == "paint" else 0
    places = _under_brush(segmentation, editable, **options)
    return result, changes, extent, (places[result.array.reshape(-1)[places] == value], value)


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
) -> tuple[Segmentation, list[VolumeChange]]:
    """Grow what is visible; as in Slicer, hidden segments neither grow nor bar the way."""
    from .growing import grow_from_seeds

    start = segmentation if seeds is None else seeds
    hidden = [row.value for row in segmentation.segments if not row.visible]
    labels = start.array
    if hidden:
        labels = np.where(np.isin(labels, hidden), 0, labels)
        if overwrite != "all":
            free = ~np.isin(segmentation.array, hidden)
            editable = free if editable is None else editable & free
    grown = grow_from_seeds(start.with_array(labels), scan, editable=editable, **options)
    array = grown.array
    if hidden:
        array = np.where(
            (array == 0) & np.isin(segmentation.array, hidden), segmentation.array, array
        )
    if editable is not None:
        array = np.where(editable, array, segmentation.array)
    result = segmentation.with_array(array)
    return result, _volume_changes(segmentation, result)


def _extent(before: NDArray[np.integer], after: NDArray[np.integer]) -> tuple[int, int] | None:
    changed = (before != after).reshape(-1)
    first = int(changed.argmax())
    return (first, len(changed) - 1 - int(changed[::-1].argmax())) if changed[first] else None


def _volume_changes(before: Segmentation, after: Segmentation) -> list[VolumeChange]:
    ml = before.grid.voxel_volume / 1000
    changed = before.array != after.array
    lost, gained = before.array[changed], after.array[changed]
    out = []
    for row in before.segments:
        count = int(np.count_nonzero(before.array == row.value))
        now = count + int((gained == row.value).sum()) - int((lost == row.value).sum())
        out.append(VolumeChange(row.name, row.value, count * ml, now * ml))
    return out


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
