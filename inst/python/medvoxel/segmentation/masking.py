"""Masking: where a segmentation may be edited, by grey value and by segment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..volume import Segmentation, Volume
from ._editing import Mask, Segments, chosen_segments, is_any
from ._ranges import bound, within

__all__ = ["editable_mask"]


def editable_mask(
    segmentation: Segmentation,
    scan: Volume | None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    inside: Segments | bool = None,
    outside: Segments | bool = None,
) -> NDArray[np.bool_] | None:
    """Find the voxels that may be edited.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    scan : Volume, optional
        The scan, on the same grid; needed for a range.
    lower, upper : float, optional
        Editable range in the unit of the scan, both bounds inclusive; ``None`` is no bound.
        With either, voxels whose value is not finite may not be edited.
    inside : int, str, sequence of these, or True, optional
        Editable area: only voxels of these segments, together; ``True`` is any segment.
    outside : int, str, sequence of these, or True, optional
        No voxel of these segments; ``True`` leaves those without a segment.

    Returns
    -------
    ndarray of bool, shape (z, y, x), or None
        ``True`` where all that is asked for holds; ``None`` when nothing is asked for.
        The `editable` of every verb that edits.

    Raises
    ------
    InputError
        When a range has no scan, a bound is not finite, `lower` is above `upper`, or a
        segment does not exist.
    GeometryError
        When the scan lies on another grid.

    Notes
    -----
    The masking of 3D Slicer's Segment Editor: editable area and editable intensity range.
    """
    mask = _in_range(segmentation, scan, lower, upper)
    for chosen, wanted in ((inside, True), (outside, False)):
        area = _area(segmentation, chosen)
        if area is None:
            continue
        if not wanted:
            np.logical_not(area, out=area)
        mask = area if mask is None else np.logical_and(mask, area, out=mask)
    return mask


def _in_range(
    segmentation: Segmentation, scan: Volume | None, lower: float | None, upper: float | None
) -> Mask | None:
    lower, upper = bound("lower", lower), bound("upper", upper)
    if lower is None and upper is None:
        return None
    if lower is not None and upper is not None and lower > upper:
        raise InputError(f"lower ({lower:g}) is above upper ({upper:g}).", hint="Swap them.")
    if scan is None:
        raise InputError(
            "A range of grey values needs the scan.", hint="Give the scan that was segmented."
        )
    scan.grid.require_same(segmentation.grid)
    mask = within(scan.array, lower, upper)
    if lower is None or upper is None:
        _remove_infinite(mask, scan.array)
    return mask


def _remove_infinite(mask: Mask, array: NDArray[Any]) -> None:
    # Two bounds leave no infinite value, and whole numbers have none.
    if array.dtype.kind == "f":
        mask &= np.isfinite(array)


def _area(segmentation: Segmentation, chosen: Segments | bool) -> Mask | None:
    if chosen is None or chosen is False:
        return None
    if chosen is True:
        return segmentation.array != 0
    return is_any(segmentation.array, [row.value for row in chosen_segments(segmentation, chosen)])
