"""Remove everything but a structure from a scan."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..volume import Segmentation, Volume

__all__ = ["mask_scan"]

_AIR = -1000  # HU
_FEW = 16  # up to here comparisons are faster than np.isin()


def mask_scan(
    volume: Volume,
    segmentation: Segmentation,
    /,
    *,
    keep: int | str | Sequence[int | str] | None = None,
    fill: float | None = None,
) -> Volume:
    """Remove all voxels but those of the kept segments.

    Parameters
    ----------
    volume : Volume
        The scan.
    segmentation : Segmentation
        Segments on the grid of the scan.
    keep : int, str or sequence of these, optional
        Values or names of the segments to keep; all segments by default.
    fill : float, optional
        Value of the removed voxels. By default -1000 (air) where the unit is HU, and the
        smallest value of the scan elsewhere.

    Returns
    -------
    Volume
        The scan with every other voxel replaced, in the same type.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When a segment does not exist, or the scan's type cannot hold `fill`.
    """
    volume.grid.require_same(segmentation.grid)
    kept = _values(segmentation, keep)
    value = _fill_value(volume, fill)
    out = np.full(volume.array.shape, value, dtype=volume.array.dtype)
    # By slices: no mask of the whole is made.
    for source, labels, result in zip(volume.array, segmentation.array, out, strict=True):
        np.copyto(result, source, where=_is_one_of(labels, kept))
    return volume.with_array(out)


def _values(segmentation: Segmentation, keep: int | str | Sequence[int | str] | None) -> list[int]:
    if keep is None:
        return [row.value for row in segmentation.segments]
    wanted = [keep] if np.ndim(keep) == 0 else list(keep)
    if not wanted:
        raise InputError("keep names no segment.", hint="Leave keep out to keep all segments.")
    return [segmentation.find(segment).value for segment in wanted]


def _is_one_of(labels: NDArray[np.integer], values: list[int]) -> NDArray[np.bool_]:
    if len(values) > _FEW:
        return np.isin(labels, values)
    mask = np.zeros(labels.shape, dtype=bool)
    for value in values:
        mask |= labels == value
    return mask


def _fill_value(volume: Volume, fill: float | None) -> float:
    dtype = volume.array.dtype
    limits = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    if fill is None:
        if volume.unit == "HU" and limits.min <= _AIR:
            return _AIR
        return np.fmin.reduce(volume.array, axis=None).item()  # passes over NaN
    if dtype.kind == "f":
        return float(fill)
    if not math.isfinite(fill) or fill != int(fill) or not limits.min <= fill <= limits.max:
        raise InputError(
            f"fill must be a whole number from {limits.min} to {limits.max} for values of "
            f"{dtype}, not {fill:g}.",
            hint="Turn the values to floating point first for another fill.",
        )
    return int(fill)
