"""Grids: where the voxels of an array lie in the patient.

One frame is used everywhere: DICOM's **LPS** (x to the patient's left, y to posterior,
z to superior), in millimetres, in (x, y, z) order. Arrays are indexed ``[z, y, x]`` =
(slice, row, column); only the order of the array axes is turned round, never the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GeometryError, InputError

__all__ = ["Grid", "orientation_code"]

_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))


def orientation_code(direction: ArrayLike) -> str:
    """Name the patient direction in which each array axis runs.

    Parameters
    ----------
    direction : array_like, shape (3, 3)
        Columns are the LPS unit vectors of the x, y and z array axes.

    Returns
    -------
    str
        Three letters for (x, y, z), such as ``"LPS"`` for a standard axial scan: the
        column index grows to the left, the row index to posterior, the slice index to
        superior. For an oblique grid, the nearest patient axes, each used once.
    """
    matrix = np.asarray(direction, dtype=float)
    strength = np.abs(matrix)
    letters = [""] * 3
    for _ in range(3):
        row, column = np.unravel_index(int(np.argmax(strength)), (3, 3))
        letters[column] = _LETTERS[row][int(matrix[row, column] > 0)]
        strength[row, :] = -1
        strength[:, column] = -1
    return "".join(letters)


def _way_to(target: Grid, other: Grid) -> str:
    turn = ""
    if target.orientation != other.orientation:
        turn = f', after reorient(x, "{target.orientation}") where only the axes differ'
    return f"Bring it to the scan's grid with resample_to(){turn}."


@dataclass(frozen=True, eq=False)
class Grid:
    """The regular grid on which an array lies.

    Parameters
    ----------
    shape : tuple of int
        Array shape (z, y, x) = (slices, rows, columns).
    spacing : tuple of float
        Distance of neighbouring voxel centres in mm, (z, y, x) as the array.
    origin : tuple of float
        Centre of voxel ``[0, 0, 0]`` in LPS mm, (x, y, z).
    direction : array_like, shape (3, 3)
        Columns are the LPS unit vectors along which the x, y and z array axes grow
        (the convention of ITK). A negative determinant is a mirrored grid.

    Raises
    ------
    GeometryError
        When a spacing is not positive and finite, or the direction is not orthonormal.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        spacing = tuple(float(s) for s in self.spacing)
        origin = tuple(float(o) for o in self.origin)
        if len(shape) != 3 or min(shape, default=0) < 1:
            raise InputError(f"A grid has three axes of at least one voxel, not shape {shape}.")
        if len(spacing) != 3 or not all(np.isfinite(s) and s > 0 for s in spacing):
            raise GeometryError(
                f"Spacing must be three positive numbers in mm, not {self.spacing}."
            )
        if len(origin) != 3 or not np.isfinite(origin).all():
            raise GeometryError(f"Origin must be three finite numbers in mm, not {self.origin}.")
        direction = np.array(self.direction, dtype=float)
        if direction.shape != (3, 3) or not np.allclose(
            direction.T @ direction, np.eye(3), atol=1e-3
        ):
            raise GeometryError(
                "Direction must be a 3 x 3 matrix of perpendicular unit vectors.",
                direction=direction.tolist(),
            )
        direction.flags.writeable = False
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "direction", direction)

    @property
    def affine(self) -> NDArray[np.float64]:
        """Matrix (4, 4) that takes a voxel index (x, y, z, 1) to LPS mm (x, y, z, 1)."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * np.asarray(self.spacing[::-1])
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def orientation(self) -> str:
        """Orientation code of the (x, y, z) axes, see :func:`orientation_code`."""
        return orientation_code(self.direction)

    @property
    def is_mirrored(self) -> bool:
        """Whether the axes form a left-handed system (negative determinant)."""
        return bool(np.linalg.det(self.direction) < 0)

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in mm³."""
        return float(np.prod(self.spacing))

    def index_to_lps(self, index: ArrayLike) -> NDArray[np.float64]:
        """Take voxel indices to the patient.

        Parameters
        ----------
        index : array_like, shape (..., 3)
            Indices (z, y, x), 0-based; fractions lie between voxel centres.

        Returns
        -------
        ndarray, shape (..., 3)
            LPS mm (x, y, z).
        """
        index = np.asarray(index, dtype=float)
        affine = self.affine
        return index[..., ::-1] @ affine[:3, :3].T + affine[:3, 3]

    def lps_to_index(self, points: ArrayLike) -> NDArray[np.float64]:
        """Take points of the patient to voxel indices.

        Parameters
        ----------
        points : array_like, shape (..., 3)
            LPS mm (x, y, z).

        Returns
        -------
        ndarray, shape (..., 3)
            Indices (z, y, x), 0-based, not rounded.
        """
        offset = np.asarray(points, dtype=float) - np.asarray(self.origin)
        inverse = np.linalg.inv(self.affine[:3, :3])
        return (offset @ inverse.T)[..., ::-1]

    def with_shape_and_spacing(self, shape: Sequence[int], spacing: Sequence[float]) -> Grid:
        """Lay another raster over the same box of the patient, with the same centre.

        Parameters
        ----------
        shape : sequence of int
            New shape (z, y, x).
        spacing : sequence of float
            New spacing in mm, (z, y, x).

        Returns
        -------
        Grid
            A grid of the same direction whose centre is this grid's centre.
        """
        old = (np.asarray(self.shape) - 1) / 2
        new = (np.asarray(shape) - 1) / 2
        raster = Grid(tuple(shape), tuple(spacing), self.origin, self.direction)
        shift = self.index_to_lps(old) - raster.index_to_lps(new)
        return Grid(
            raster.shape, raster.spacing, tuple(np.asarray(self.origin) + shift), self.direction
        )

    def crop(self, start: Sequence[int], stop: Sequence[int]) -> Grid:
        """Grid of the part ``array[start[0]:stop[0], start[1]:stop[1], start[2]:stop[2]]``.

        Parameters
        ----------
        start, stop : sequence of int
            First index and one past the last, (z, y, x). A negative start pads.

        Returns
        -------
        Grid
            The grid of that part, at the same place in the patient.
        """
        shape = tuple(int(b) - int(a) for a, b in zip(start, stop, strict=True))
        return Grid(shape, self.spacing, tuple(self.index_to_lps(start)), self.direction)

    def difference(self, other: Grid) -> dict[str, float]:
        """Say by how much two grids differ.

        Parameters
        ----------
        other : Grid
            The grid to compare with.

        Returns
        -------
        dict
            ``voxels`` (largest difference of the shape), ``spacing_mm``, ``origin_mm``,
            ``direction_degrees`` and ``corner_mm`` (farthest displacement of a corner
            voxel, each grid's own).
        """
        cosine = np.clip(np.sum(self.direction * other.direction, axis=0), -1, 1)
        return {
            "voxels": float(np.max(np.abs(np.subtract(self.shape, other.shape)))),
            "spacing_mm": float(np.max(np.abs(np.subtract(self.spacing, other.spacing)))),
            "origin_mm": float(np.linalg.norm(np.subtract(self.origin, other.origin))),
            "direction_degrees": float(np.degrees(np.max(np.arccos(cosine)))),
            "corner_mm": float(np.max(np.linalg.norm(self._corners() - other._corners(), axis=-1))),
        }

    def _corners(self) -> NDArray[np.float64]:
        ends = [(0, n - 1) for n in self.shape]
        return self.index_to_lps(np.array(np.meshgrid(*ends)).reshape(3, -1).T)

    def same_as(self, other: Grid, *, tolerance: float = 1e-2) -> bool:
        """Whether two grids put every voxel at the same place.

        Parameters
        ----------
        other : Grid
            The grid to compare with.
        tolerance : float
            Farthest displacement allowed for a corner voxel, as a part of the smallest
            spacing.

        Returns
        -------
        bool
            ``True`` when the shapes are equal and no corner is farther off.
        """
        if self.shape != other.shape:
            return False
        return self.difference(other)["corner_mm"] <= tolerance * min(self.spacing)

    def require_same(self, other: Grid, *, what: str = "The segmentation") -> None:
        """Raise when another grid is not this one.

        Parameters
        ----------
        other : Grid
            The grid to compare with.
        what : str
            What lies on the other grid, for the message.

        Raises
        ------
        GeometryError
            With both geometries and their difference in mm.
        """
        if self.same_as(other):
            return
        difference = self.difference(other)
        raise GeometryError(
            f"{what} lies on another grid than the scan: {other.describe()} against "
            f"{self.describe()}; corners differ by up to {difference['corner_mm']:.3g} mm.",
            hint=_way_to(self, other),
            **difference,
        )

    def describe(self) -> str:
        """Describe the grid in one line for people, in (x, y, z) order.

        Returns
        -------
        str
            Dimensions, spacing, orientation and origin.
        """
        dims = " x ".join(str(n) for n in self.shape[::-1])
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing[::-1])
        origin = ", ".join(f"{o:.4g}" for o in self.origin)
        return f"{dims} voxels of {spacing} mm, {self.orientation}, origin ({origin})"
