"""Distance fields of the phantom, evaluated on the part of a raster that a shape reaches.

A field is an approximate signed distance in mm, negative inside. Only additions,
multiplications, square roots and comparisons of single-precision arrays are used: IEEE 754
fixes their results to the last bit, so a phantom has the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Box", "Part", "Points", "Shape", "carve", "join", "overlap", "smooth_min"]

Array = NDArray[np.float32]
Box = tuple[slice, slice, slice]


class Points:
    """Points of a raster, in mm of the anatomy.

    Parameters
    ----------
    affine : ndarray, shape (3, 4)
        Takes a raster index (x, y, z, 1) to the anatomy (x, y, z).
    shape : tuple of int
        Raster (z, y, x).
    margin : float
        How far beyond its surface a shape is needed at least, mm.
    first : int
        Raster index of the first slice.
    """

    def __init__(
        self,
        affine: NDArray[np.float64],
        shape: tuple[int, int, int],
        margin: float,
        first: int = 0,
    ) -> None:
        self.shape = shape
        self.margin = margin
        self._first = np.array([0, 0, first])
        self._inverse = np.linalg.inv(affine[:, :3])
        self._size = np.abs(self._inverse)
        self._offset = affine[:, 3]
        k, j, i = (np.arange(n, dtype=np.float64) for n in shape)
        k += first
        self.axes = [
            (row[2] * k + row[3])[:, None, None].astype(np.float32)
            + (row[1] * j)[:, None].astype(np.float32)
            + (row[0] * i).astype(np.float32)
            for row in affine
        ]

    def box(self, low: Sequence[float], high: Sequence[float], reach: float) -> Box | None:
        """Part of the raster within `reach` mm of a box of the anatomy, or ``None``."""
        low, high = np.asarray(low), np.asarray(high)
        middle = self._inverse @ ((low + high) / 2 - self._offset) - self._first
        half = self._size @ ((high - low) / 2 + reach)
        first = np.maximum(np.floor(middle - half).astype(int), 0)[::-1]
        last = np.minimum(np.ceil(middle + half).astype(int) + 1, self.shape[::-1])[::-1]
        if np.any(last <= first):
            return None
        return tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))

    def at(self, box: Box) -> tuple[Array, Array, Array]:
        """Coordinates (x, y, z) within a box."""
        x, y, z = (axis[box] for axis in self.axes)
        return x, y, z


@dataclass
class Part:
    """A field on a box of the raster; outside the box there is nothing of it."""

    box: Box
    field: Array


class Shape(Protocol):
    """Something with an extent and a distance."""

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high corner (x, y, z) in mm."""
        ...

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Approximate signed distance in mm."""
        ...


def join(
    points: Points, shapes: Sequence[Shape], blend: float, *, reach: float = 0.0
) -> Part | None:
    """Union of shapes with rounded seams.

    Parameters
    ----------
    points : Points
        Where to compute it.
    shapes : sequence of Shape
        The shapes.
    blend : float
        Width of the seams in mm.
    reach : float
        How far beyond the margin the field is needed, mm: what cover and seam add up to
        where the part shows through the skin, or gap and shell where it carves another.

    Returns
    -------
    Part or None
        ``None`` when nothing of it lies on the raster.
    """
    # A seam bulges by a quarter of its width.
    reach += points.margin + blend / 4
    boxes = [points.box(*shape.bounds(), reach) for shape in shapes]
    present = [(s, b) for s, b in zip(shapes, boxes, strict=True) if b is not None]
    if not present:
        return None
    hull = _hull([box for _, box in present])
    field = np.full([s.stop - s.start for s in hull], reach + blend, dtype=np.float32)
    for shape, box in present:
        inner = _within(box, hull)
        field[inner] = smooth_min(field[inner], shape.distance(*points.at(box)), blend)
    return Part(hull, field)


def carve(part: Part | None, other: Part | None, gap: float, blend: float = 1.5) -> None:
    """Take away from `part`, in place, whatever lies nearer than `gap` mm to `other`."""
    box = _common(part, other)
    if part is None or other is None or box is None:
        return
    mine = _within(box, part.box)
    cut = np.float32(gap) - other.field[_within(box, other.box)]
    part.field[mine] = -smooth_min(-part.field[mine], -cut, blend)


def overlap(part: Part | None, other: Part | None, reach: float) -> Part | None:
    """Points within `reach` mm of both parts: what fills a joint."""
    box = _common(part, other)
    if part is None or other is None or box is None:
        return None
    field = np.maximum(part.field[_within(box, part.box)], other.field[_within(box, other.box)])
    return Part(box, field - np.float32(reach))


def smooth_min(a: Array, b: Array, blend: float) -> Array:
    """Minimum of two fields with a rounded seam (polynomial, after Quilez)."""
    if blend <= 0:
        return np.minimum(a, b)
    h = np.abs(a - b)
    np.subtract(np.float32(blend), h, out=h)
    np.maximum(h, 0, out=h)
    h *= h
    h *= np.float32(0.25 / blend)
    low = np.minimum(a, b)
    low -= h
    return low


def _hull(boxes: Sequence[Box]) -> Box:
    return tuple(
        slice(min(b[a].start for b in boxes), max(b[a].stop for b in boxes)) for a in range(3)
    )


def _within(box: Box, outer: Box) -> Box:
    return tuple(
        slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, outer, strict=True)
    )


def _common(part: Part | None, other: Part | None) -> Box | None:
    if part is None or other is None:
        return None
    box = tuple(
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(part.box, other.box, strict=True)
    )
    return None if any(s.stop <= s.start for s in box) else box
