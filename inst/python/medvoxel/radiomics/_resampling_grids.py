"""Where the voxels of a resampled region lie on the old grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry import Grid

__all__ = ["Raster", "centred_raster", "cornered_raster"]

Span = tuple[int, int]
"""First index and one past the last."""


@dataclass(frozen=True, eq=False)
class Raster:
    """New voxels on an old grid.

    Parameters
    ----------
    positions : tuple of three ndarrays
        Index on the old grid of each new voxel, for the axes (z, y, x).
    grid : Grid
        The grid of the new voxels.
    """

    positions: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    grid: Grid


def cornered_raster(grid: Grid, spacing: Sequence[float], box: Sequence[Span], pad: int) -> Raster:
    """Lay pyradiomics' raster around a box: the corners of old and new grid coincide.

    Parameters
    ----------
    grid : Grid
        The old grid.
    spacing : sequence of float
        New spacing in mm, (z, y, x); 0 keeps the old one.
    box : sequence of (int, int)
        First index and one past the last of the segment, (z, y, x).
    pad : int
        New voxels to add at each side, as far as the scan reaches.

    Returns
    -------
    Raster
        An axis along which the segment is one voxel thick keeps its spacing.

    Notes
    -----
    The arithmetic is that of ITK, through millimetres: where a new voxel's centre lies
    midway between two old ones, rounding decides which of them is nearest, and so the
    mask.
    """
    positions = []
    new_spacing = []
    for axis, (first, stop) in enumerate(box):
        old = grid.spacing[axis]
        new = spacing[axis] if spacing[axis] > 0 and stop - first > 1 else old
        ratio = old / new
        low = max(math.floor((first - 0.5) * ratio - pad), 0)
        high = min(math.ceil((stop - 0.5) * ratio + pad), math.ceil(grid.shape[axis] * ratio) - 1)
        start = 0.5 * (new - old) / old + low / ratio
        positions.append(_through_millimetres(grid, axis, start, new, high - low + 1))
        new_spacing.append(new)
    return _raster(grid, positions, new_spacing)


def _through_millimetres(
    grid: Grid, axis: int, start: float, spacing: float, count: int
) -> NDArray[np.float64]:
    sense, origin = _run(grid, axis)
    step = sense * grid.spacing[axis]
    begin = step * start + origin

    def index(i: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return (1 / step) * ((begin + (sense * spacing) * np.asarray(i)) - origin)

    steps = np.arange(count, dtype=float)
    if axis < 2:
        return index(steps)
    # ITK goes along a row by parts of its length.
    return index(0.0) + steps / count * (index(count) - index(0.0))


def _run(grid: Grid, axis: int) -> tuple[float, float]:
    """Sense and origin of an array axis along the patient's axis it is parallel to."""
    column = grid.direction[:, 2 - axis]
    along = int(np.argmax(np.abs(column)))
    if abs(column[along]) < 1 - 1e-12:
        return 1.0, 0.0
    return float(np.sign(column[along])), grid.origin[along]


def centred_raster(
    grid: Grid, spacing: Sequence[float], box: Sequence[Span], margin: float
) -> Raster:
    """Lay IBSI's raster around a box: the centres of old and new grid coincide.

    Parameters
    ----------
    grid : Grid
        The old grid.
    spacing : sequence of float
        New spacing in mm, (z, y, x); 0 keeps the old one.
    box : sequence of (int, int)
        First index and one past the last of the segment, (z, y, x).
    margin : float
        Width in mm of what is kept around the box.

    Returns
    -------
    Raster
        The part of the new grid that the box and its margin cover.

    References
    ----------
    IBSI reference manual, section 2.4, "Interpolation": the new grid has
    ``ceil(n * old / new)`` voxels along an axis.
    """
    positions = []
    new_spacing = []
    for axis, (first, stop) in enumerate(box):
        old = grid.spacing[axis]
        new = spacing[axis] if spacing[axis] > 0 else old
        step = new / old
        count = math.ceil(grid.shape[axis] / step - 1e-9)
        start = (grid.shape[axis] - 1) / 2 - (count - 1) / 2 * step
        # A linear mask reaches less than one old voxel beyond the outermost centres.
        reach = 1 + margin / old
        low = max(math.floor((first - reach - start) / step), 0)
        high = min(math.ceil((stop - 1 + reach - start) / step), count - 1)
        positions.append(start + np.arange(low, high + 1) * step)
        new_spacing.append(new)
    return _raster(grid, positions, new_spacing)


def _raster(grid: Grid, positions: list[NDArray[np.float64]], spacing: Sequence[float]) -> Raster:
    origin = grid.index_to_lps([at[0] for at in positions])
    shape = tuple(len(at) for at in positions)
    new = Grid(shape, tuple(spacing), tuple(origin), grid.direction)  # type: ignore[arg-type]
    return Raster(tuple(positions), new)  # type: ignore[arg-type]
