"""Paint and erase: put voxels into segments, or take them out, by hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..geometry import Grid
from ..volume import Segmentation
from ._brush import Box, BrushShape, brush_stamps, joined
from ._editing import Editor, Mask, Overwrite, Segments, VolumeChange, chosen_segments
from .components import bounding_box

__all__ = ["brush_region", "erase", "paint"]


def paint(
    segmentation: Segmentation,
    segment: int | str,
    at: ArrayLike | None = None,
    *,
    shape: BrushShape = "points",
    diameter: float = 5.0,
    sphere: bool = True,
    plane: str = "axial",
    mask: NDArray[np.bool_] | NDArray[np.integer] | None = None,
    overwrite: Overwrite = "all",
    editable: Mask | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Paint a segment with a brush, an outline, a box or a mask.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int or str
        Value or name of the segment.
    at : array_like, shape (n, 3) or (3,), optional
        Points in LPS mm (x, y, z).
    shape : {"points", "stroke", "polygon", "box"}
        What the points are. ``"points"``: the brush stamps each. ``"stroke"``: the brush is
        drawn through them in order. ``"polygon"``: corners of an outline on one slice of
        `plane`, filled by the even-odd rule where pixel centres lie in it or on it.
        ``"box"``: two opposite corners; all voxels from the one to the other.
    diameter : float
        Of the brush in mm. A brush smaller than a voxel still paints the voxels that its
        points, or its stroke, lie in.
    sphere : bool
        Whether the brush is a ball, or a disc on the slice nearest to it.
    plane : {"axial", "coronal", "sagittal"}
        The plane of discs and polygons; on an oblique grid, the slices nearest to it.
    mask : ndarray of bool or int, shape (z, y, x), optional
        Instead of `at` the voxels themselves: all that are not 0.
    overwrite : {"all", "visible", "none"}
        What a segment may take besides voxels without a segment: voxels of all other
        segments, of the visible ones, or of none.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change.

    Returns
    -------
    segmentation : Segmentation
        The painted segments.
    changes : list of VolumeChange
        Volumes before and after, of the segment and of all that have changed.

    Raises
    ------
    InputError
        When a point lies outside the scan, a polygon is not on one slice, or another
        argument is not as described.

    Notes
    -----
    The brush of 3D Slicer's Paint effect with its defaults. A voxel is under the brush when
    its centre is within the radius: exact distances on every spacing, from a stroke to its
    nearest place.
    """
    row = segmentation.find(segment)
    editor = Editor(segmentation, overwrite=overwrite, editable=editable)
    for box, part in _stamps(segmentation.grid, at, mask, shape, diameter, sphere, plane):
        editor.replace(row.value, part | (editor.array[box] == row.value), box)
    return editor.result([row])


def erase(
    segmentation: Segmentation,
    segment: Segments = None,
    at: ArrayLike | None = None,
    *,
    shape: BrushShape = "points",
    diameter: float = 5.0,
    sphere: bool = True,
    plane: str = "axial",
    mask: NDArray[np.bool_] | NDArray[np.integer] | None = None,
    editable: Mask | None = None,
) -> tuple[Segmentation, list[VolumeChange]]:
    """Erase segments with a brush, an outline, a box or a mask.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.
    segment : int, str or sequence of these, optional
        Values or names of the segments; whatever is there by default.
    at : array_like, shape (n, 3) or (3,), optional
        Points in LPS mm (x, y, z).
    shape : {"points", "stroke", "polygon", "box"}
        What the points are, as for :func:`paint`.
    diameter : float
        Of the brush in mm, as for :func:`paint`.
    sphere : bool
        Whether the brush is a ball, or a disc on the slice nearest to it.
    plane : {"axial", "coronal", "sagittal"}
        The plane of discs and polygons; on an oblique grid, the slices nearest to it.
    mask : ndarray of bool or int, shape (z, y, x), optional
        Instead of `at` the voxels themselves: all that are not 0.
    editable : ndarray of bool, shape (z, y, x), optional
        Only voxels inside may change.

    Returns
    -------
    segmentation : Segmentation
        What is left.
    changes : list of VolumeChange
        Volumes before and after, of the chosen segments; without a choice, of those that
        have changed.

    Raises
    ------
    InputError
        When a point lies outside the scan, a polygon is not on one slice, or another
        argument is not as described.

    Notes
    -----
    No segment grows, so there is nothing to overwrite.
    """
    rows = [] if segment is None else chosen_segments(segmentation, segment)
    values = None if segment is None else [row.value for row in rows]
    editor = Editor(segmentation, editable=editable)
    for box, part in _stamps(segmentation.grid, at, mask, shape, diameter, sphere, plane):
        editor.clear(values, part, box)
    return editor.result(rows)


def brush_region(
    reference: Segmentation | Grid,
    at: ArrayLike,
    *,
    shape: BrushShape = "points",
    diameter: float = 5.0,
    sphere: bool = True,
    plane: str = "axial",
) -> tuple[Box, Mask] | None:
    """Find the voxels under a brush without painting.

    Parameters
    ----------
    reference : Segmentation or Grid
        Where the brush works.
    at : array_like, shape (n, 3) or (3,)
        Points in LPS mm (x, y, z).
    shape : {"points", "stroke", "polygon", "box"}
        What the points are, as for :func:`paint`.
    diameter : float
        Of the brush in mm, as for :func:`paint`.
    sphere : bool
        Whether the brush is a ball, or a disc on the slice nearest to it.
    plane : {"axial", "coronal", "sagittal"}
        The plane of discs and polygons.

    Returns
    -------
    tuple or None
        The smallest box of the array that holds all stamps, three slices (z, y, x), and
        the mask of its voxels; ``None`` when a polygon holds no pixel centre.

    Raises
    ------
    InputError
        As :func:`paint`.
    """
    grid = reference.grid if isinstance(reference, Segmentation) else reference
    stamps = brush_stamps(grid, at, shape=shape, diameter=diameter, sphere=sphere, plane=plane)
    return joined(list(stamps))


def _stamps(
    grid: Grid,
    at: ArrayLike | None,
    mask: NDArray[np.bool_] | NDArray[np.integer] | None,
    shape: str,
    diameter: float,
    sphere: bool,
    plane: str,
) -> Iterable[tuple[Box, Mask]]:
    if (at is None) == (mask is None):
        raise InputError(
            "A brush needs points or a mask, and not both.",
            hint="Give points in mm as at, or an array of the scan's size as mask.",
        )
    if mask is None:
        # All points are checked before the first stamp changes anything.
        return brush_stamps(
            grid, np.asarray(at), shape=shape, diameter=diameter, sphere=sphere, plane=plane
        )
    if not isinstance(mask, np.ndarray) or mask.dtype.kind not in "biu":
        raise InputError("mask must be an array of bool or of whole numbers, True where to paint.")
    if mask.shape != grid.shape:
        raise InputError(f"mask has shape {mask.shape} but the segmentation {grid.shape}.")
    inside = mask if mask.dtype == bool else mask != 0
    box = bounding_box(inside)
    return [] if box is None else [(box, inside[box])]
