"""The raster on which the phantom's distances are computed, and the way to the voxels.

Along each axis it is the grid, the grid halved, or every so many voxels of a fine grid: so
voxels lie on its points or at fixed fractions between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ._phantom_fields import Array, Box, Part, Points
from .geometry import Grid

__all__ = ["Axis", "Edge", "Slab", "Window", "spread"]

Window = tuple[slice, slice]

# Steps between points that voxels are interpolated from, and spacing (both mm) above which
# the slopes need a point between two voxels.
_STEP = 0.8
_WIDE = 1.0
_BLUR = 0.4
_LARGEST_SHIFT = np.float32(1.5)


@dataclass(frozen=True)
class Axis:
    """Raster along one axis of a grid: `up` voxels a step, or `sub` steps a voxel."""

    count: int
    spacing: float
    up: int
    sub: int

    @classmethod
    def of(cls, count: int, spacing: float) -> Axis:
        """Raster for `count` voxels `spacing` mm apart."""
        return cls(count, spacing, max(int(_STEP / spacing), 1), 2 if spacing > _WIDE else 1)

    @property
    def step(self) -> float:
        """Distance of raster points, mm."""
        return self.spacing * self.up / self.sub

    @property
    def length(self) -> int:
        """Number of raster points that cover the voxels."""
        return ceil((self.count - 1) * self.sub / self.up) + 1

    def spans(self, start: int, stop: int) -> tuple[slice, slice]:
        """Points among ``start:stop`` that voxels are made of, and those voxels."""
        if self.sub > 1:
            first, last = -(-start // self.sub), -(-stop // self.sub)
            return slice(first * self.sub - start, None, self.sub), slice(first, last)
        return slice(None), slice(start * self.up, min((stop - 1) * self.up + 1, self.count))


@dataclass
class Edge:
    """One over the width of a surface's ramp (1/mm), and a shift of its distance (mm)."""

    sharp: Array
    shift: Array


class Slab:
    """The raster of some slices, with one layer more at either end for the slopes.

    Parameters
    ----------
    grid : Grid
        The grid.
    to_anatomy : ndarray, shape (3, 4)
        From LPS mm to the mm of the shapes.
    start, stop : int
        First slice, and one past the last.
    """

    def __init__(self, grid: Grid, to_anatomy: NDArray[np.float64], start: int, stop: int) -> None:
        self.axes = tuple(Axis.of(n, s) for n, s in zip(grid.shape, grid.spacing, strict=True))
        z = self.axes[0]
        self._first = start * z.sub // z.up - 1
        last = ceil((stop - 1) * z.sub / z.up) + 1
        shape = (last - self._first + 1, self.axes[1].length, self.axes[2].length)
        # Variance of a voxel's extent and of the scanner's blur along each axis, mm².
        self._variance = np.asarray(grid.spacing) ** 2 / 12 + _BLUR**2
        margin = 2.5 + 0.75 * float(np.sqrt(20 * self._variance.max()))
        self.points = Points(self._affine(grid, to_anatomy), shape, margin, self._first)

    @staticmethod
    def points_a_slice(grid: Grid) -> float:
        """Size of the raster of one slice."""
        z, y, x = (Axis.of(n, s) for n, s in zip(grid.shape, grid.spacing, strict=True))
        return y.length * x.length * z.sub / z.up

    def _affine(self, grid: Grid, to_anatomy: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = grid.direction * np.array([axis.step for axis in self.axes[::-1]])
        to_lps = np.column_stack([columns, grid.origin])
        # Written out, because a matrix product may fuse its roundings.
        product = (to_anatomy[:, :3, None] * to_lps[None]).sum(axis=1)
        product[:, 3] += to_anatomy[:, 3]
        return product

    def slice_of(self, array: Array, k: int, box: Box | None = None) -> Array | None:
        """Raster values in slice `k`; ``None`` where the box does not reach it."""
        at, rest = self._layer(k, box)
        if at < 0 or at + (rest > 0) >= len(array):
            return None
        return _between(array[at], array[at + 1], rest) if rest else array[at]

    def edge(self, part: Part, k: int, window: Window) -> Edge:
        """How the share of a voxel goes from 1 to 0 across the surface of a part.

        Parameters
        ----------
        part : Part
            The part, which slice `k` meets.
        k : int
            Slice of the grid.
        window : tuple of slice
            Rows and columns of the part's box.

        Returns
        -------
        Edge
            On the window.

        Notes
        -----
        A cubic ramp has the variance of the voxel's box seen along the surface's normal,
        plus that of the blur. The slope of the field stands for the normal, which also makes
        up for fields that are not quite distances. Where the surface is curved, the mean of
        the field over the voxel differs from its value at the centre; without that shift,
        round things would grow with the voxels.
        """
        at, rest = self._layer(k, part.box)
        edge = self._edge_of_layer(part.field, at, window)
        if not rest:
            return edge
        above = self._edge_of_layer(part.field, at + 1, window)
        return Edge(
            _between(edge.sharp, above.sharp, rest), _between(edge.shift, above.shift, rest)
        )

    def _layer(self, k: int, box: Box | None) -> tuple[int, float]:
        """Layer of a box at or below slice `k`, and how far the slice lies above it."""
        z = self.axes[0]
        below, rest = divmod(k * z.sub, z.up)
        return below - self._first - (box[0].start if box else 0), rest / z.up

    def _edge_of_layer(self, field: Array, at: int, window: Window) -> Edge:
        total = width = shift = np.float32(0)
        for axis, (raster, variance) in enumerate(zip(self.axes, self._variance, strict=True)):
            behind, here, ahead = _neighbours(field, at, window, axis)
            slope = (ahead - behind) * np.float32(0.5 / raster.step)
            slope *= slope
            total = total + slope
            width = width + slope * np.float32(20 * variance)
            bend = ahead + behind - here - here
            shift = shift + bend * np.float32(variance / 2 / (raster.step * raster.step))
        # The slope of a distance is 1; it vanishes along the middle of a shape and soars
        # where a field is cut off, both of them far from the surface.
        total = np.maximum(total, np.float32(1e-6))
        width *= np.clip(total, np.float32(0.25), np.float32(4)) / total
        sharp = np.float32(1) / np.sqrt(np.maximum(width, np.float32(1e-3)))
        return Edge(sharp, np.clip(shift, -_LARGEST_SHIFT, _LARGEST_SHIFT))


def spread(plane: Array, axis: Axis, along: int) -> Array:
    """Interpolate a plane of the raster to voxels along one of its axes."""
    if axis.up == 1 or plane.shape[along] < 2:
        return plane
    plane = np.moveaxis(plane, along, -1)
    low, high = plane[..., :-1], plane[..., 1:]
    out = np.empty((*low.shape[:-1], low.shape[-1] * axis.up + 1), dtype=np.float32)
    out[..., -1] = plane[..., -1]
    rise = high - low
    rise *= np.float32(1 / axis.up)
    for step in range(axis.up):
        out[..., step : -1 : axis.up] = low + rise * np.float32(step)
    return np.moveaxis(out, -1, along)


def _between(low: Array, high: Array, part: float) -> Array:
    return low * np.float32(1 - part) + high * np.float32(part)


def _neighbours(field: Array, at: int, window: Window, axis: int) -> tuple[Array, Array, Array]:
    """Values one step behind, at and ahead of a window of layer `at`, along `axis`."""
    here = field[at][window]
    if axis == 0:
        if not 0 < at < len(field) - 1:
            return here, here, here
        return field[at - 1][window], here, field[at + 1][window]
    plane, along = np.moveaxis(field[at], axis - 1, 0), window[axis - 1]
    start, stop = max(along.start - 1, 0), min(along.stop + 1, len(plane))
    wide = plane[start:stop, window[2 - axis]]
    lack = (start - along.start + 1, along.stop + 1 - stop)
    if any(lack):
        # Beyond the image, the field goes on straight.
        ends = {"mode": "reflect", "reflect_type": "odd"} if len(wide) > 1 else {"mode": "edge"}
        wide = np.pad(wide, (lack, (0, 0)), **ends)
    behind, ahead = (np.moveaxis(part, 0, axis - 1) for part in (wide[:-2], wide[2:]))
    return behind, here, ahead
