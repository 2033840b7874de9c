"""Grow, shrink and hollow segments by exact distances in millimetres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from ..errors import InputError
from ..progress import ProgressCallback
from ..volume import Segmentation
from ._editing import Mask, Overwrite, Segments, VolumeChange, edit_each, require_within
from .morphology import ball_reach, dilate, erode

__all__ = ["hollow", "margin"]


def margin(
    segmentation: Segmentation,
    segment: Segments = None,
    mm: float = 3.0,
    *,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Grow or shrink segments by a distance.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these, optional
        Values or names of the segments; all by default, one after the other.
    mm : float
        Distance in mm between voxel centres: positive grows, negative shrinks.
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
        Volumes before and after, of the chosen segments and of all that have changed.

    Raises
    ------
    InputError
        When the distance reaches no other voxel, or another argument is not as described.

    Notes
    -----
    Exact Euclidean distance, also on anisotropic and oblique grids. Along an axis whose
    spacing is larger than the distance nothing changes; the border of the scan takes
    nothing away.
    """
    spacing = segmentation.grid.spacing
    reach = _reach(abs(mm), spacing, "A margin")
    require_within(segmentation.grid, abs(mm), "A margin")
    change = dilate if mm > 0 else erode
    return edit_each(
        segmentation,
        segment,
        partial(change, radius=abs(mm), spacing=spacing),
        label="Growing" if mm > 0 else "Shrinking",
        reach=reach if mm > 0 else (1, 1, 1),
        overwrite=overwrite,
        editable=editable,
        progress=progress,
    )


def hollow(
    segmentation: Segmentation,
    segment: Segments = None,
    thickness: float = 3.0,
    *,
    mode: str = "inside",
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Turn segments into shells.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these, optional
        Values or names of the segments; all by default, one after the other.
    thickness : float
        Thickness of the shell in mm.
    mode : {"inside", "medial", "outside"}
        What the present surface becomes: the inside of the shell, which then lies around
        the present segment; its middle; or its outside, so that the shell is the rim of
        the present segment.
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
        The shells.
    changes : list of VolumeChange
        Volumes before and after, of the chosen segments and of all that have changed.

    Raises
    ------
    InputError
        When the shell would be thinner than a voxel, or another argument is not as
        described.

    Notes
    -----
    The three modes of 3D Slicer's Hollow effect. Where the scan cuts the segment the shell
    is open.
    """
    if mode not in ("inside", "medial", "outside"):
        raise InputError(f'mode must be "inside", "medial" or "outside", not {mode!r}.')
    if not thickness > 0:
        raise InputError(f"thickness must be more than 0 mm, not {thickness} mm.")
    outwards = {"inside": thickness, "medial": thickness / 2, "outside": 0.0}[mode]
    inwards = thickness - outwards
    spacing = segmentation.grid.spacing
    what = "Half of the shell" if mode == "medial" else "A shell"
    _reach(max(outwards, inwards), spacing, what)
    require_within(segmentation.grid, thickness, "A shell")
    return edit_each(
        segmentation,
        segment,
        _shell(outwards, inwards, spacing),
        label="Hollowing",
        reach=ball_reach(outwards, spacing),
        overwrite=overwrite,
        editable=editable,
        progress=progress,
    )


def _shell(outwards: float, inwards: float, spacing: Sequence[float]) -> Callable[[Mask], Mask]:
    def make(mask: Mask) -> Mask:
        outer = dilate(mask, radius=outwards, spacing=spacing) if outwards else mask
        inner = erode(mask, radius=inwards, spacing=spacing) if inwards else mask
        return outer & ~inner

    return make


def _reach(mm: float, spacing: Sequence[float], what: str) -> tuple[int, int, int]:
    if not math.isfinite(mm):
        raise InputError(f"{what} needs a number of mm, not {mm}.")
    reach = ball_reach(mm, spacing)
    if reach == (0, 0, 0):
        size = " x ".join(f"{step:.4g}" for step in reversed(spacing))
        raise InputError(
            f"{what} of {mm:g} mm is under one voxel on every axis: voxels are {size} mm.",
            hint=f"Use {min(spacing):.4g} mm or more.",
        )
    return reach
