"""Brushes: the voxels that a ball, a disc, a stroke, an outline or a box covers.

A brush comes as stamps, each a small box and a mask of it, so that the work depends on the
size of the brush and not on that of the scan. Places are indices (z, y, x) with fractions;
distances are taken in mm along the axes of the grid, which stand at right angles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..geometry import Grid
from ._editing import Mask, extent_of, plane_axis
from ._outline import outline_mask
from ._points import nearest_voxels, points_in_scan
from .components import bounding_box

__all__ = ["Box", "BrushShape", "brush_stamps", "joined"]

Box = tuple[slice, slice, slice]
BrushShape = Literal["points", "stroke", "polygon", "box"]
Stamp = tuple[Box, Mask]
Index = NDArray[np.float64]

# A voxel as far off as the radius counts, whatever rounding makes of its distance.
_TOLERANCE = 1e-6
# Half a slice: corners on two slices are no polygon of one.
_OFF_SLICE = 0.5 + 1e-6


def brush_stamps(
    grid: Grid,
    at: ArrayLike,
    *,
    shape: str = "points",
    diameter: float = 5.0,
    sphere: bool = True,
    plane: str = "axial",
) -> Iterator[Stamp]:
    """Find the voxels under a brush, stamp by stamp.

    Parameters
    ----------
    grid : Grid
        Grid of the scan.
    at : array_like, shape (n, 3)
        Points in LPS mm (x, y, z).
    shape, diameter, sphere, plane
        As for :func:`medvoxel.paint`.

    Yields
    ------
    tuple
        A box and the mask of the voxels in it. Stamps may overlap.

    Raises
    ------
    InputError
        When an argument is not as described.
    """
    if shape not in get_args(BrushShape):
        raise InputError(f"shape must be one of {', '.join(get_args(BrushShape))}, not {shape!r}.")
    if not math.isfinite(diameter) or diameter <= 0:
        raise InputError(f"diameter must be more than 0 mm, not {diameter} mm.")
    across = plane_axis(grid, plane)
    # A larger brush covers no more than all, and its numbers might be too large to count.
    diameter = min(diameter, 4 * extent_of(grid))
    points = points_in_scan(grid, at, clip=shape == "box")
    if shape == "box":
        yield _box(grid, points)
    elif shape == "polygon":
        yield from _polygon(grid, points, across)
    else:
        # A stroke of one point is a point.
        stroke = shape == "stroke" and len(points) > 1
        ways = pairwise(points) if stroke else ((point, point) for point in points)
        for start, end in ways:
            yield from _stroke(grid, start, end, diameter / 2, None if sphere else across)


def joined(stamps: Sequence[Stamp]) -> Stamp | None:
    """Join stamps to one.

    Parameters
    ----------
    stamps : sequence
        Stamps as from :func:`brush_stamps`.

    Returns
    -------
    tuple or None
        The smallest box around all and its mask; ``None`` when no voxel is covered.
    """
    if not stamps:
        return None
    starts = np.min([[part.start for part in box] for box, _ in stamps], axis=0)
    stops = np.max([[part.stop for part in box] for box, _ in stamps], axis=0)
    whole = np.zeros(stops - starts, dtype=bool)
    for box, mask in stamps:
        low = np.array([part.start for part in box]) - starts
        whole[_slices(low, low + mask.shape)] |= mask
    tight = bounding_box(whole)
    if tight is None:
        return None
    low = starts + [part.start for part in tight]
    return _slices(low, low + whole[tight].shape), whole[tight]


def _stroke(
    grid: Grid, start: Index, end: Index, radius: float, across: int | None
) -> Iterator[Stamp]:
    """Draw a ball, or a disc on each slice, along a straight way: capsule by capsule."""
    cuts = _cuts(grid, start, end, radius, across)
    for first, last in pairwise(cuts):
        ends = start + np.array([[first], [last]]) * (end - start)
        if across is not None:
            middle = ends.mean(axis=0, keepdims=True)
            ends[:, across] = nearest_voxels(grid, middle)[0, across]
        yield _capsule(grid, ends[0], ends[1], radius, across)


def _cuts(
    grid: Grid, start: Index, end: Index, radius: float, across: int | None
) -> NDArray[np.float64]:
    """Cut a way into parts short enough for small boxes, and where it leaves a slice."""
    length = float(np.linalg.norm((end - start) * grid.spacing))
    parts = math.ceil(length / (4 * radius + 8 * min(grid.spacing)))
    cuts = np.linspace(0, 1, max(parts, 1) + 1)
    if across is None:
        return cuts
    return np.union1d(cuts, _crossings(start[across], end[across]))


def _crossings(start: float, end: float) -> NDArray[np.float64]:
    """Find the parts of a way, from 0 to 1, at which it goes from one voxel to the next."""
    low, high = min(start, end), max(start, end)
    faces = np.arange(math.floor(low + 0.5), math.ceil(high - 0.5)) + 0.5
    faces = faces[(faces > low) & (faces < high)]
    return (faces - start) / (end - start) if len(faces) else faces


def _capsule(grid: Grid, start: Index, end: Index, radius: float, across: int | None) -> Stamp:
    """Cover what is within the radius of a way, and each voxel that the way runs through."""
    spacing = np.array(grid.spacing)
    reach = radius * (1 + _TOLERANCE) / spacing
    if across is not None:
        reach[across] = 0
    through = nearest_voxels(grid, _places_along(start, end))
    low = np.ceil(np.minimum(start, end) - reach).astype(np.int64)
    high = np.floor(np.maximum(start, end) + reach).astype(np.int64)
    low = np.maximum(np.minimum(low, through.min(axis=0)), 0)
    high = np.minimum(np.maximum(high, through.max(axis=0)), np.array(grid.shape) - 1)
    ranges = [np.arange(first, last + 1) for first, last in zip(low, high, strict=True)]
    z, y, x = np.ix_(*((ranges[axis] - start[axis]) * spacing[axis] for axis in range(3)))
    square = z**2 + y**2 + x**2
    way = (end - start) * spacing
    length = float(way @ way)
    if length > 0:
        along = z * way[0] + y * way[1] + x * way[2]
        part = np.clip(along / length, 0, 1)
        square -= part * (2 * along - part * length)
    mask = square <= (radius * (1 + _TOLERANCE)) ** 2
    mask[tuple((through - low).T)] = True
    return _slices(low, high + 1), mask


def _places_along(start: Index, end: Index) -> Index:
    """Find a place in every voxel on a straight way, and its two ends."""
    if (start == end).all():
        return start[None]
    turns = [_crossings(a, b) for a, b in zip(start, end, strict=True)]
    cuts = np.unique(np.concatenate([[0.0, 1.0], *turns]))
    parts = np.concatenate([[0.0], (cuts[1:] + cuts[:-1]) / 2, [1.0]])
    return start + parts[:, None] * (end - start)


def _box(grid: Grid, points: Index) -> Stamp:
    if len(points) != 2:
        raise InputError(
            f"A box needs two points, opposite corners, not {len(points)}.",
            hint='For other outlines use shape = "polygon".',
        )
    corners = nearest_voxels(grid, points)
    box = _slices(corners.min(axis=0), corners.max(axis=0) + 1)
    return box, np.ones([part.stop - part.start for part in box], dtype=bool)


def _polygon(grid: Grid, points: Index, across: int) -> Iterator[Stamp]:
    if len(points) < 3:
        raise InputError(f"A polygon needs three corners or more, not {len(points)}.")
    heights = points[:, across]
    middle = np.array([[(heights.min() + heights.max()) / 2] * 3])
    level = int(nearest_voxels(grid, middle)[0, across])
    off = np.abs(heights - level)
    if off.max() > _OFF_SLICE + _TOLERANCE:
        worst = int(np.argmax(off))
        step = grid.spacing[across]
        raise InputError(
            f"The corners of a polygon must lie on one slice: corner {worst + 1} is "
            f"{off[worst] * step:.3g} mm off the slice nearest to all, and slices are "
            f"{step:.3g} mm apart.",
            hint="Choose the plane it was drawn on, or give its corners on one slice.",
        )
    size = [n for axis, n in enumerate(grid.shape) if axis != across]
    found = outline_mask(np.delete(points, across, axis=1), size)
    if found is not None:
        low, mask = found
        low = np.insert(low, across, level)
        mask = np.expand_dims(mask, across)
        yield _slices(low, low + mask.shape), mask


def _slices(
    start: Sequence[int] | NDArray[np.int64], stop: Sequence[int] | NDArray[np.int64]
) -> Box:
    z, y, x = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return z, y, x
