"""Remove everything but a structure from a scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation, Volume
from ._editing import require_within
from .components import bounding_box

__all__ = ["mask_scan"]

_AIR = -1000  # HU
_FEW = 16  # up to here comparisons are faster than np.isin()
_MODES = ("outside", "inside", "both")
_REACH = 4.0  # standard deviations that the soft edge is followed for


def mask_scan(
    volume: Volume,
    segmentation: Segmentation,
    /,
    *,
    keep: int | str | Sequence[int | str] | None = None,
    fill: float | None = None,
    mode: str = "outside",
    fill_inside: float | None = None,
    soft_edge: float = 0.0,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Replace the voxels outside or inside of segments.

    Parameters
    ----------
    volume : Volume
        The scan.
    segmentation : Segmentation
        Segments on the grid of the scan.
    keep : int, str or sequence of these, optional
        Values or names of the segments that make up the mask; all by default.
    fill : float, optional
        Value of the replaced voxels. By default -1000 (air) where the unit is HU, and the
        smallest value of the scan elsewhere; 0 with ``mode="both"``.
    mode : {"outside", "inside", "both"}
        Which voxels are replaced: those outside of the segments, those inside, or both,
        which makes a mask of two values.
    fill_inside : float, optional
        With ``mode="both"``: value of the voxels inside, 1 by default.
    soft_edge : float
        Standard deviation of the Gaussian that blurs the edge of the mask, in mm; 0 keeps
        it sharp.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume
        In the same type; with a soft edge in floating point.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When a segment does not exist, an argument is not one of those above, or the
        scan's type cannot hold a fill.

    Notes
    -----
    The operations are those of 3D Slicer's effect *Mask volume*. Its soft edge too is the
    blurred mask, stretched to reach from 0 to 1, as the weight between a voxel's value and
    the fill; the end of the scan is no edge.
    """
    volume.grid.require_same(segmentation.grid)
    kept = _values(segmentation, keep)
    sigma = _check_edge(soft_edge)
    require_within(volume.grid, sigma, "A soft edge")
    if mode not in _MODES:
        words = ", ".join(f'"{word}"' for word in _MODES)
        raise InputError(f"The mode is one of {words}, not {mode!r}.")
    if fill_inside is not None and mode != "both":
        raise InputError(
            'fill_inside belongs to the mode "both".',
            hint='Use mode = "both", or give fill, which is what the mode replaces with.',
        )
    dtype = volume.array.dtype
    if sigma:
        dtype = np.result_type(dtype, np.float32)
    # None stands for the scan's own values.
    outside: float | None
    inside: float | None
    if mode == "both":
        outside = _fill_value(volume, 0 if fill is None else fill, dtype)
        inside = _fill_value(volume, 1 if fill_inside is None else fill_inside, dtype)
    else:
        value = _fill_value(volume, fill, dtype)
        outside, inside = (value, None) if mode == "outside" else (None, value)
    out = np.empty(volume.array.shape, dtype=dtype)
    for source, labels, result in zip(volume.array, segmentation.array, out, strict=True):
        # By slices: no mask of the whole is made.
        result[...] = source if outside is None else outside
        np.copyto(result, source if inside is None else inside, where=_is_one_of(labels, kept))
    if sigma:
        _soften(out, volume, _is_one_of(segmentation.array, kept), outside, inside, sigma, progress)
    return volume.with_array(out)


def _soften(
    out: NDArray[np.floating],
    volume: Volume,
    mask: NDArray[np.bool_],
    outside: float | None,
    inside: float | None,
    sigma: float,
    progress: ProgressCallback | None,
) -> None:
    """Blend what lies near the edge of the mask, in place."""
    sigmas = [sigma / step for step in volume.grid.spacing]
    box = bounding_box(mask)
    if box is None:
        return
    # One voxel more than the blur reaches, if there is one: its weight is 0.
    margin = [math.ceil(_REACH * s) + 1 for s in sigmas]
    wide = tuple(
        slice(max(side.start - more, 0), side.stop + more)
        for side, more in zip(box, margin, strict=True)
    )
    weights = _blurred(mask[wide], sigmas, progress)
    for source, weight, result in zip(volume.array[wide], weights, out[wide], strict=True):
        low = source.astype(out.dtype) if outside is None else out.dtype.type(outside)
        high = source.astype(out.dtype) if inside is None else out.dtype.type(inside)
        # At the ends a value that is not finite would spoil the other one.
        result[...] = np.where(
            weight <= 0, low, np.where(weight >= 1, high, low + (high - low) * weight)
        )


def _blurred(
    mask: NDArray[np.bool_], sigmas: list[float], progress: ProgressCallback | None
) -> NDArray[np.float32]:
    """Blur a mask and stretch it to reach from 0 to 1 again."""
    from scipy.ndimage import correlate1d
    from scipy.special import ndtr

    weights = mask.astype(np.float32)
    for axis in Progress.over(range(mask.ndim), progress, "Softening the edge"):
        reach = math.ceil(_REACH * sigmas[axis])
        # Voxels are as wide as they are, so thick slices get their share of a narrow blur.
        kernel = np.diff(ndtr((np.arange(2 * reach + 2) - reach - 0.5) / sigmas[axis]))
        weights = correlate1d(weights, kernel / kernel.sum(), axis=axis, mode="nearest")
    low, high = weights.min(), weights.max()
    if high - low < 1e-6:
        return mask.astype(np.float32)
    return (weights - low) / (high - low)


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


def _check_edge(soft_edge: float) -> float:
    if not isinstance(soft_edge, Real) or not 0 <= soft_edge < math.inf:
        raise InputError(f"soft_edge must be a length in mm from 0 on, not {soft_edge!r}.")
    return float(soft_edge)


def _fill_value(volume: Volume, fill: float | None, dtype: np.dtype) -> float:
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
            hint="For another fill, make the values floating point first: scan + 0.0.",
        )
    return int(fill)
