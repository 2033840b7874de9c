"""Smooth the outlines of segments, with kernels in millimetres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation
from ._editing import (
    Editor,
    Mask,
    Overwrite,
    Segments,
    VolumeChange,
    chosen_segments,
    edit_each,
    require_within,
)
from .components import bounding_box
from .morphology import ball_reach, close_mask, open_mask

__all__ = ["kernel_size", "smooth_segment"]

_METHODS = ("median", "mean", "gaussian", "opening", "closing", "joint")
_LABEL = "Smoothing"


def smooth_segment(
    segmentation: Segmentation,
    segment: Segments = None,
    *,
    method: str = "median",
    kernel: float = 3.0,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Smooth the outline of segments.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these, optional
        Values or names of the segments to smooth; all by default, one after the other.
    method : {"median", "mean", "gaussian", "opening", "closing", "joint"}
        ``"median"`` gives each voxel what most of the voxels in the box around it have:
        specks go, notches fill. ``"mean"`` averages the box and cuts at one half, which on
        a mask is the same. ``"gaussian"`` blurs and cuts at one half. ``"opening"`` removes
        what a ball does not fit into, ``"closing"`` fills what a ball cannot reach.
        ``"joint"`` blurs all chosen segments, and what is left, and gives each voxel to the
        strongest, so that neighbours stay neighbours without gaps or overlaps.
    kernel : float
        Size in mm: diameter of the box or ball, and for ``"gaussian"`` and ``"joint"`` the
        standard deviation. Each axis gets its own number of voxels, see
        :func:`kernel_size`.
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
        The smoothed segments.
    changes : list of VolumeChange
        Volumes before and after, of the chosen segments and of all that have changed.

    Raises
    ------
    InputError
        When the kernel is smaller than the voxels on every axis, or another argument is
        not as described.

    Notes
    -----
    Methods and sizes as in the Segment Editor of 3D Slicer, which has no mean (its median
    does the same) and whose joint smoothing works on surfaces instead. Balls are exact on
    every spacing, see :mod:`medvoxel.segmentation.morphology`. Beyond the border of the
    scan its last voxels are repeated for the box and the Gaussian.
    """
    if method not in _METHODS:
        raise InputError(f"method must be one of {', '.join(_METHODS)}, not {method!r}.")
    spacing = segmentation.grid.spacing
    require_within(segmentation.grid, kernel, "A kernel")
    if method in ("gaussian", "joint"):
        sigma = _gaussian_voxels(kernel, spacing)
        if method == "joint":
            return _smooth_jointly(segmentation, segment, sigma, overwrite, editable, progress)
        make: Callable[[Mask], Mask] = partial(_gaussian, sigma=sigma)
    elif method in ("median", "mean"):
        make = partial(_majority, size=kernel_size(kernel, spacing=spacing))
    else:
        kernel_size(kernel, spacing=spacing)
        ball = open_mask if method == "opening" else close_mask
        make = partial(ball, radius=kernel / 2, spacing=spacing)
    return edit_each(
        segmentation,
        segment,
        make,
        label=_LABEL,
        overwrite=overwrite,
        editable=editable,
        progress=progress,
    )


def kernel_size(kernel: float, *, spacing: Sequence[float]) -> tuple[int, int, int]:
    """Count the voxels of a kernel along each axis.

    Parameters
    ----------
    kernel : float
        Diameter in mm.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    tuple of int
        Odd numbers of voxels, (z, y, x); 1 where the kernel stays within one voxel. Times
        the spacing they are the true size in mm.

    Raises
    ------
    InputError
        When the kernel is not positive, or stays within one voxel on every axis.

    Notes
    -----
    The rule of 3D Slicer, ``round((mm / spacing + 1) / 2) * 2 - 1``, which for a ball of
    that diameter gives the voxels whose centres it reaches.
    """
    if not math.isfinite(kernel) or kernel <= 0:
        raise InputError(f"kernel must be more than 0 mm, not {kernel} mm.")
    z, y, x = (2 * reach + 1 for reach in ball_reach(kernel / 2, spacing))
    if (z, y, x) == (1, 1, 1):
        raise InputError(
            f"A kernel of {kernel:g} mm is within one voxel on every axis and would change "
            f"nothing: voxels are {_by(spacing)} mm.",
            hint=f"Use {2 * min(spacing):.4g} mm or more.",
        )
    return z, y, x


def _gaussian_voxels(kernel: float, spacing: Sequence[float]) -> list[float]:
    if not math.isfinite(kernel) or kernel <= 0:
        raise InputError(f"kernel must be more than 0 mm, not {kernel} mm.")
    if kernel < min(spacing) / 2:
        raise InputError(
            f"A standard deviation of {kernel:g} mm is less than half a voxel on every axis "
            f"and would change next to nothing: voxels are {_by(spacing)} mm.",
            hint=f"Use {min(spacing) / 2:.4g} mm or more.",
        )
    return [kernel / step for step in spacing]


def _by(spacing: Sequence[float]) -> str:
    return " x ".join(f"{step:.4g}" for step in reversed(spacing))


def _majority(mask: Mask, size: Sequence[int]) -> Mask:
    """Median of a box with an odd number of voxels, by counting."""
    total = math.prod(size)
    # Half the box lies on either side, so nothing can appear outside the box of the mask.
    counts: NDArray[np.integer] = mask.astype(np.uint16 if total < 2**16 else np.uint32)
    for axis, length in enumerate(size):
        counts = _running_sum(counts, axis, length)
    return counts > total // 2


def _running_sum(counts: NDArray[np.integer], axis: int, length: int) -> NDArray[np.integer]:
    if length == 1:
        return counts
    reach = length // 2
    wide = np.pad(counts, [(reach, reach) if i == axis else (0, 0) for i in range(3)], "edge")
    out = np.zeros_like(counts)
    before = (slice(None),) * axis
    for start in range(length):
        out += wide[(*before, slice(start, start + counts.shape[axis]))]
    return out


def _blur(mask: Mask, sigma: Sequence[float]) -> NDArray[np.float32]:
    from scipy import ndimage

    return ndimage.gaussian_filter(mask, sigma, output=np.float32, mode="nearest")


def _gaussian(mask: Mask, sigma: Sequence[float]) -> Mask:
    return _blur(mask, sigma) > 0.5


def _smooth_jointly(
    segmentation: Segmentation,
    segment: Segments,
    sigma: Sequence[float],
    overwrite: str,
    editable: Mask | None,
    progress: ProgressCallback | None,
) -> tuple[Segmentation, list[VolumeChange]]:
    editor = Editor(segmentation, overwrite=overwrite, editable=editable)
    rows = chosen_segments(segmentation, segment)
    box = bounding_box(np.isin(editor.array, [row.value for row in rows]), margin=(1, 1, 1))
    if box is None:
        return editor.result(rows)
    labels = segmentation.array[box]
    rest = np.ones(labels.shape, dtype=np.float32)
    best = np.zeros(labels.shape, dtype=np.float32)
    winner = np.zeros(labels.shape, dtype=np.int64 if len(rows) > 255 else np.uint8)
    for number, row in Progress.over(list(enumerate(rows, start=1)), progress, _LABEL):
        strength = _blur(labels == row.value, sigma)
        rest -= strength
        better = strength > best
        np.copyto(best, strength, where=better)
        winner[better] = number
    # What no chosen segment has (label 0 and the segments left out) competes as one.
    winner[rest > best] = 0
    chosen = [row.value for row in rows]
    for number, row in enumerate(rows, start=1):
        # Among themselves the chosen ones may take: that is what joint means.
        editor.replace(row.value, winner == number, box, also=chosen)
    return editor.result(rows)
