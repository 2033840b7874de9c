"""Fill what is missing in a segment: holes, and slices between those that were drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segment, Segmentation
from ._editing import (
    Editor,
    Mask,
    Overwrite,
    Segments,
    VolumeChange,
    chosen_segments,
    edit_each,
    is_any,
    plane_axis,
)
from .components import bounding_box
from .morphology import fill_holes as fill_cavities

__all__ = ["fill_between_slices", "fill_holes"]

_ON_OUTLINE = 1e-4  # mm


def fill_holes(
    segmentation: Segmentation,
    segment: Segments = None,
    *,
    plane: str | None = None,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Fill the holes of segments.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these, optional
        Values or names of the segments; all by default, one after the other.
    plane : {"axial", "coronal", "sagittal"}, optional
        Fill what is closed within each slice of this plane (on an oblique grid, the
        slices nearest to it). By default what is closed in 3D.
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
        The filled segments.
    changes : list of VolumeChange
        Volumes before and after, of the chosen segments and of all that have changed.

    Raises
    ------
    InputError
        When an argument is not as described.

    Notes
    -----
    A hole cannot be reached from outside by steps through voxel faces (sides of pixels
    within a slice). One that is open at the border of the scan stays.
    """
    make = fill_cavities
    if plane is not None:
        make = partial(_fill_slices, axis=plane_axis(segmentation.grid, plane))
    return edit_each(
        segmentation,
        segment,
        make,
        label="Filling holes",
        overwrite=overwrite,
        editable=editable,
        progress=progress,
    )


def _fill_slices(mask: Mask, axis: int) -> Mask:
    from scipy import ndimage

    slices = np.moveaxis(mask, axis, 0)
    background = ~np.pad(slices, [(0, 0), (1, 1), (1, 1)])
    within = ndimage.generate_binary_structure(3, 1)
    within[[0, 2]] = False
    labels, number = ndimage.label(background, within)
    hole = np.ones(number + 1, dtype=bool)
    hole[0] = False
    hole[labels[:, 0, 0]] = False  # the ring around each slice is outside
    return mask | np.moveaxis(hole[labels[:, 1:-1, 1:-1]], 0, axis)


def fill_between_slices(
    segmentation: Segmentation,
    segment: Segments = None,
    *,
    plane: str | None = None,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Interpolate segments between the slices that they were drawn on.

    Parameters
    ----------
    segmentation : Segmentation
        Segments drawn on some slices of one plane.
    segment : int, str or sequence of these, optional
        Values or names of the segments; all by default, together.
    plane : {"axial", "coronal", "sagittal"}, optional
        The plane of the drawn slices. By default that across which the chosen segments
        have the largest share of empty slices.
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
        The filled segments. What was drawn of the chosen segments stays as it is; nothing
        is added before the first slice of a segment nor behind its last.
    changes : list of VolumeChange
        Volumes before and after, of the chosen segments and of all that have changed.

    Raises
    ------
    InputError
        When there is no gap to fill, or another argument is not as described.

    Notes
    -----
    Shape-based interpolation (Raya and Udupa, 1990): on each drawn slice the distance to
    the outline in mm, positive inside; between two slices the weighted mean of the two;
    where it is not negative is the segment. Where several chosen segments meet, the deepest
    wins. Where a segment is one piece on both slices, they are first laid over each other
    by their centroids, so that oblique structures are followed; pieces that
    part, or of which one slice has more, are interpolated in place, and do not join where
    they do not overlap. 3D Slicer's effect of this name uses another method,
    morphological contour interpolation (Zukić et al., 2016).

    References
    ----------
    Raya SP, Udupa JK. Shape-based interpolation of multidimensional objects. IEEE Trans
    Med Imaging 1990;9(1):32-42.
    """
    rows = chosen_segments(segmentation, segment)
    editor = Editor(segmentation, overwrite=overwrite, editable=editable)
    masks = segmentation.array
    box = bounding_box(np.isin(masks, [row.value for row in rows]), margin=(1, 1, 1))
    axis = _gap_axis(segmentation, rows, plane)
    if box is None or axis is None:
        raise InputError(
            "There are no empty slices between the drawn ones.",
            hint="Draw the segment on at least two slices with a gap between.",
        )
    labels = np.moveaxis(masks[box], axis, 0)
    spacing = [step for i, step in enumerate(segmentation.grid.spacing) if i != axis]
    # On the outline counts as inside: it is where two segments touch, and no gap may be left.
    depth = np.full(labels.shape, -_ON_OUTLINE, dtype=np.float32)
    winner = np.zeros(labels.shape, dtype=np.int64 if len(rows) > 255 else np.uint8)
    for number, row in Progress.over(list(enumerate(rows, 1)), progress, "Filling slices"):
        for at, values in _between(labels == row.value, spacing):
            better = values > depth[at]
            np.copyto(depth[at], values, where=better)
            winner[at][better] = number
    # What was drawn of a chosen segment is what the user wants, also inside another one.
    winner[is_any(labels, [row.value for row in rows])] = 0
    for number, row in enumerate(rows, 1):
        new = (labels == row.value) | (winner == number)
        editor.replace(row.value, np.moveaxis(new, 0, axis), box)
    return editor.result(rows)


def _gap_axis(segmentation: Segmentation, rows: Sequence[Segment], plane: str | None) -> int | None:
    """Array axis across the drawn slices; None when there is no gap."""
    axes = range(3) if plane is None else [plane_axis(segmentation.grid, plane)]
    shares = dict.fromkeys(axes, 0.0)
    for row in rows:
        mask = segmentation.mask(row.value)
        for axis in axes:
            drawn = np.flatnonzero(mask.any(axis=tuple(i for i in range(3) if i != axis)))
            if len(drawn) > 1:
                shares[axis] = max(shares[axis], 1 - len(drawn) / (drawn[-1] - drawn[0] + 1))
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] > 0 else None


def _between(mask: Mask, spacing: Sequence[float]) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Depths on the empty slices between the drawn ones of a mask, slices first."""
    drawn = np.flatnonzero(mask.any(axis=(1, 2)))
    for first, last in pairwise(drawn):
        if last - first < 2:
            continue
        lower, upper = _depth(mask[first], spacing), _depth(mask[last], spacing)
        way = _way(mask[first], mask[last])
        for at in range(first + 1, last):
            part = (at - first) / (last - first)
            values = (1 - part) * _moved(lower, part * way)
            yield at, values + part * _moved(upper, (part - 1) * way)


def _depth(mask: Mask, spacing: Sequence[float]) -> NDArray[np.floating]:
    """Signed distance to the outline, positive inside; zero halfway between pixels."""
    from scipy import ndimage

    wide = np.pad(mask, 1)  # beyond the slice is outside, so there is always an outline
    inside = ndimage.distance_transform_edt(wide, sampling=spacing)
    outside = ndimage.distance_transform_edt(~wide, sampling=spacing)
    return (inside - outside)[1:-1, 1:-1]


def _way(first: Mask, last: Mask) -> NDArray[np.floating]:
    """Pixels from the centroid of one piece to that of the other; 0 for several pieces."""
    from scipy import ndimage

    if ndimage.label(first)[1] > 1 or ndimage.label(last)[1] > 1:
        return np.zeros(2)
    ends = [np.mean(np.nonzero(mask), axis=1) for mask in (first, last)]
    return ends[1] - ends[0]


def _moved(values: NDArray[np.floating], way: NDArray[np.floating]) -> NDArray[np.floating]:
    from scipy import ndimage

    if not way.any():
        return values
    return ndimage.shift(values, way, order=1, mode="nearest")
