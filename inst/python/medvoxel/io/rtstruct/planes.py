"""Bring contours from the patient onto the slices of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, GeometryError
from ...geometry import Grid
from .contours import FARTHEST

__all__ = ["Placed", "drawing_grid", "place_contours"]

# A contour is flat when it strays from its plane by no more than a tenth of the slice
# spacing; coordinates are often rounded to hundredths of a millimetre.
_FLAT = 0.1
_ROUNDING = 0.05
# Within this part of the slice spacing a contour lies on the slice, or on one plane with
# another.
_ON_PLANE = 0.05


@dataclass(eq=False)
class Placed:
    """The contours of one region on the slices of a grid.

    Parameters
    ----------
    slices : dict
        For each slice that has any, its contours: corners (row, column) in voxels.
    off_mm : float
        Largest distance of a contour that was used from the centre of its slice.
    between : int
        Contours left out because another plane is nearer to their slice.
    repeated : int
        Contours left out because they repeat another one corner by corner.
    beyond : int
        Contours above or below the stack of slices, or entirely beside it.
    cut : int
        Contours that reach over the edge of the slices.
    """

    slices: dict[int, list[NDArray[np.float64]]] = field(default_factory=dict)
    off_mm: float = 0.0
    between: int = 0
    repeated: int = 0
    beyond: int = 0
    cut: int = 0

    @property
    def skipped(self) -> int:
        """Slices between the first and the last that have no contour."""
        if not self.slices:
            return 0
        return max(self.slices) - min(self.slices) + 1 - len(self.slices)


def drawing_grid(contours: Sequence[NDArray[np.float64]], grid: Grid) -> tuple[Grid, int]:
    """Turn a grid so that its slices are the planes of the contours.

    Parameters
    ----------
    contours : sequence of ndarray, shape (n, 3)
        Corners in LPS mm.
    grid : Grid
        The scan's.

    Returns
    -------
    Grid
        The grid itself, or with its axes in another order when all contours lie on planes
        of voxels across another axis: the scan was turned after it was drawn on.
    int
        The array axis of `grid` that is the slice axis.
    """
    if not contours:
        return grid, 0
    size = [float(np.prod(np.sort(np.ptp(c, axis=0))[1:])) for c in contours]
    normal = _normal(contours[int(np.argmax(size))])
    if normal is None:
        return grid, 0
    axis = 2 - int(np.argmax(np.abs(normal @ grid.direction)))
    if axis == 0:
        return grid, 0
    starts = np.cumsum([0] + [len(c) for c in contours[:-1]])
    along = grid.lps_to_index(np.concatenate(contours))[:, axis]
    for extreme in (np.minimum, np.maximum):
        found = extreme.reduceat(along, starts)
        if np.abs(found - np.rint(found)).max() > _ON_PLANE:
            return grid, 0
    order = [axis, *(a for a in range(3) if a != axis)]
    columns = [2 - a for a in order[::-1]]
    turned = Grid(
        tuple(grid.shape[a] for a in order),
        tuple(grid.spacing[a] for a in order),
        grid.origin,
        grid.direction[:, columns],
    )
    return turned, axis


def place_contours(contours: Sequence[NDArray[np.float64]], grid: Grid, name: str) -> Placed:
    """Find the slice of each contour of one region.

    Parameters
    ----------
    contours : sequence of ndarray, shape (n, 3)
        Corners in LPS mm, at least one contour.
    grid : Grid
        The scan's; any direction.
    name : str
        Of the region, for messages.

    Returns
    -------
    Placed
        Contours by slice. One whose plane is not that of a slice goes to the nearest;
        where several planes are nearest to one slice, the one closest to it counts.

    Raises
    ------
    GeometryError
        When a contour is tilted against the slices.
    DicomError
        When a corner is absurdly far away.
    """
    starts = np.cumsum([0] + [len(c) for c in contours[:-1]])
    index = grid.lps_to_index(np.concatenate(contours))
    if np.abs(index).max() > FARTHEST:
        far = float(np.abs(np.concatenate(contours)).max())
        raise DicomError(
            f"A contour of {name!r} has a corner at {far:.3g} mm, which cannot be in a patient.",
            hint="Export the structure set again from its source.",
        )
    low = np.minimum.reduceat(index, starts)
    high = np.maximum.reduceat(index, starts)
    _require_flat(contours, low[:, 0], high[:, 0], grid, name)
    height = (low[:, 0] + high[:, 0]) / 2
    # Rounded first, so that a plane half-way between two slices always goes one way, even
    # when its coordinates are rounded.
    target = np.floor(np.round(height, 2) + 0.5).astype(int)
    placed = Placed()
    by_slice: dict[int, list[int]] = {}
    size = np.array(grid.shape)
    for i, k in enumerate(target):
        beside = (high[i, 1:] < -0.5) | (low[i, 1:] > size[1:] - 0.5)
        if not 0 <= k < size[0] or beside.any():
            placed.beyond += 1
            continue
        over = (low[i, 1:] < -0.5 - _ON_PLANE) | (high[i, 1:] > size[1:] - 0.5 + _ON_PLANE)
        placed.cut += int(over.any())
        by_slice.setdefault(int(k), []).append(i)
    corners = np.split(index[:, 1:], starts[1:])
    for k, members in by_slice.items():
        _choose(placed, k, members, height, corners)
    placed.off_mm *= grid.spacing[0]
    return placed


def _choose(
    placed: Placed,
    k: int,
    members: list[int],
    height: NDArray[np.float64],
    corners: Sequence[NDArray[np.float64]],
) -> None:
    """Keep the contours of the plane nearest to slice `k`."""
    distance = np.abs(height[members] - k)
    plane = height[members[int(np.argmin(distance))]]
    seen: set[bytes] = set()
    for i in members:
        if abs(height[i] - plane) > _ON_PLANE:
            placed.between += 1
            continue
        # By the even-odd rule, a contour that is there twice would be no contour.
        key = np.round(corners[i], 4).tobytes() if len(members) > 1 else b""
        if key in seen:
            placed.repeated += 1
            continue
        seen.add(key)
        off = abs(height[i] - k)
        if off > _ON_PLANE:
            placed.off_mm = max(placed.off_mm, float(off))
        placed.slices.setdefault(k, []).append(corners[i])


def _require_flat(
    contours: Sequence[NDArray[np.float64]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    grid: Grid,
    name: str,
) -> None:
    step = grid.spacing[0]
    spread = (high - low) * step
    worst = int(np.argmax(spread))
    if spread[worst] <= max(_FLAT * step, _ROUNDING):
        return
    angle = _tilt(contours[worst], grid)
    tilted = "" if angle is None else f" (its plane is tilted by {angle:.1f} degrees)"
    raise GeometryError(
        f"A contour of {name!r} runs through {spread[worst]:.3g} mm across the slices, which "
        f"are {step:.4g} mm apart{tilted}: it was not drawn on these slices.",
        hint="Give the scan that it was drawn on as reference, then use resample_to().",
        spread_mm=float(spread[worst]),
        spacing_mm=float(step),
        degrees=angle,
    )


def _tilt(contour: NDArray[np.float64], grid: Grid) -> float | None:
    """Angle between a contour's plane and the slices, in degrees."""
    normal = _normal(contour)
    if normal is None:
        return None
    return float(np.degrees(np.arccos(np.clip(abs(normal @ grid.direction[:, 2]), 0, 1))))


def _normal(contour: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give the unit normal of a contour after Newell; ``None`` when it encloses nothing."""
    centred = contour - contour.mean(axis=0)
    normal = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(normal))
    return normal / length if length > 1e-9 else None
