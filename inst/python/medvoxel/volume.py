"""The things that medvoxel works on: volumes, segmentations and meshes.

Each is a plain NumPy array with its geometry beside it. Functions take them and return
new ones; nothing is changed in place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .geometry import Grid
from .provenance import QualityCheck, SliceSource

__all__ = ["SEGMENT_STATUSES", "Mesh", "Segment", "Segmentation", "Volume", "segment_colours"]

# Okabe and Ito's palette: told apart with every kind of colour vision; grey is left out
# because it would vanish on a grey-value image.
_PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip


# Those of 3D Slicer's Segment Editor.
SEGMENT_STATUSES = ("not started", "in progress", "completed", "flagged")


def segment_colours(count: int) -> list[str]:
    """Colours for `count` segments, from a palette safe for colour blindness.

    Parameters
    ----------
    count : int
        Number of segments; beyond seven, hues follow that differ as much as they can, one
        third of them darker and one third paler.

    Returns
    -------
    list of str
        Colours as ``#RRGGBB``.
    """
    return [_PALETTE[i] if i < len(_PALETTE) else _further_colour(i) for i in range(count)]


def _further_colour(index: int) -> str:
    # Steps of the golden angle never come back to a hue.
    hue = (index * 0.6180339887) % 1 * 6
    value, saturation = ((0.95, 0.75), (0.65, 0.85), (0.9, 0.45))[index % 3]
    levels = []
    for shift in (5, 3, 1):
        k = (shift + hue) % 6
        levels.append(value - value * saturation * max(0, min(k, 4 - k, 1)))
    return "#" + "".join(f"{math.floor(255 * level + 0.5):02X}" for level in levels)


@dataclass(frozen=True)
class Segment:
    """One row of a segment table.

    Parameters
    ----------
    value : int
        The voxel value that stands for the segment; positive.
    name : str
        Its name.
    colour : str
        Its colour as ``#RRGGBB``.
    visible : bool
        Whether it is shown, and may be overwritten under ``overwrite="visible"``.
    status : {"not started", "in progress", "completed", "flagged"}, optional
        How far the work on it is, in the words of 3D Slicer.
    code : str, optional
        What it is as a coded term ``"scheme^value^meaning"``, such as
        ``"SCT^13024002^Tendon"``.

    Raises
    ------
    InputError
        When visible, the status or the form of the code is none of these.
    """

    value: int
    name: str
    colour: str
    visible: bool = True
    status: str | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.visible, bool | np.bool_):
            raise InputError(f"A segment is visible or not (True, False), not {self.visible!r}.")
        if self.status is not None and self.status not in SEGMENT_STATUSES:
            words = ", ".join(f'"{word}"' for word in SEGMENT_STATUSES)
            raise InputError(f"The status of a segment is one of {words}, not {self.status!r}.")
        if self.code is not None and not _is_coded_term(self.code):
            raise InputError(
                f'A coded term is "scheme^value^meaning", not {self.code!r}.',
                hint='Write it as "SCT^13024002^Tendon".',
            )


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan: grey values on a grid.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values, integer or floating point. Treated as read-only.
    grid : Grid
        Where the voxels lie, LPS mm.
    modality : str
        DICOM modality (``"CT"``, ``"MR"`` ...) or ``""``.
    unit : str
        What the values are: ``"HU"``, ``"stored values"`` or another unit.
    info : mapping
        Acquisition facts without anything that identifies a person.
    qc : tuple of QualityCheck
        What was found when it was read, see :func:`medvoxel.scan_qc`.
    sources : tuple of SliceSource
        The file of each slice, see :func:`medvoxel.slice_files`; empty when the slices
        are not those of the files any more.

    Raises
    ------
    InputError
        When the array is not three-dimensional and numeric, or its shape is not the grid's.
    """

    array: NDArray[Any]
    grid: Grid
    modality: str = ""
    unit: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    qc: tuple[QualityCheck, ...] = ()
    sources: tuple[SliceSource, ...] = ()

    def __post_init__(self) -> None:
        _require_on_grid(self.array, self.grid, "iuf")
        if len(self.sources) not in (0, self.grid.shape[0]):
            raise InputError("A volume needs the source of each of its slices, or of none.")

    def with_array(self, array: NDArray[Any], grid: Grid | None = None) -> Volume:
        """Return the same scan with other values.

        Parameters
        ----------
        array : ndarray, shape (z, y, x)
            The new values.
        grid : Grid, optional
            Their grid when it is not the old one.

        Returns
        -------
        Volume
            With modality, unit, info and quality table carried over. The sources of the
            slices are kept only on the old grid.
        """
        if grid is None or grid is self.grid:
            return replace(self, array=array)
        return replace(self, array=array, grid=grid, sources=())


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A labelmap on a grid with a table of segments.

    Parameters
    ----------
    array : ndarray of int, shape (z, y, x)
        0 is "no segment"; every other value stands in the table. Treated as read-only.
    grid : Grid
        Where the voxels lie, LPS mm.
    segments : tuple of Segment
        The table.

    Raises
    ------
    InputError
        When the array is not an integer array of the grid's shape.
    """

    array: NDArray[Any]
    grid: Grid
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        _require_on_grid(self.array, self.grid, "iu")
        object.__setattr__(self, "segments", tuple(self.segments))
        values = [s.value for s in self.segments]
        if len(set(values)) != len(values) or min(values, default=1) < 1:
            raise InputError("Segment values must be positive and each used once.", values=values)

    def with_array(self, array: NDArray[Any], grid: Grid | None = None) -> Segmentation:
        """Return the same segments with other voxels.

        Parameters
        ----------
        array : ndarray of int, shape (z, y, x)
            The new labels.
        grid : Grid, optional
            Their grid when it is not the old one.

        Returns
        -------
        Segmentation
            With the table carried over.
        """
        return replace(self, array=array, grid=self.grid if grid is None else grid)

    def find(self, segment: int | str) -> Segment:
        """Look a segment up by value or name.

        Parameters
        ----------
        segment : int or str
            Its voxel value or its name.

        Returns
        -------
        Segment
            The row of the table.

        Raises
        ------
        InputError
            When there is none; the message lists those that exist.
        """
        for row in self.segments:
            # True is equal to 1, and names no segment.
            if segment in (row.value, row.name) and not isinstance(segment, bool):
                return row
        known = ", ".join(f"{s.name!r} ({s.value})" for s in self.segments) or "none"
        raise InputError(f"There is no segment {segment!r}.", hint=f"Segments here: {known}.")

    def mask(self, segment: int | str) -> NDArray[np.bool_]:
        """Voxels of one segment.

        Parameters
        ----------
        segment : int or str
            Its voxel value or its name.

        Returns
        -------
        ndarray of bool, shape (z, y, x)
            ``True`` inside.
        """
        return self.array == self.find(segment).value


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle surface in the patient.

    Parameters
    ----------
    vertices : ndarray of float, shape (n, 3)
        LPS mm, (x, y, z).
    faces : ndarray of int, shape (m, 3)
        0-based rows of `vertices`, wound so that normals point outwards.
    values : ndarray of int, shape (m,)
        The segment value of each face.
    segments : tuple of Segment
        The table.

    Raises
    ------
    InputError
        When the shapes do not fit together.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    values: NDArray[np.int64]
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise InputError(f"Vertices must have shape (n, 3), not {self.vertices.shape}.")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise InputError(f"Faces must have shape (m, 3), not {self.faces.shape}.")
        if self.values.shape != (len(self.faces),):
            raise InputError("A mesh needs one segment value for each face.")
        if len(self.faces) and (self.faces.min() < 0 or self.faces.max() >= len(self.vertices)):
            raise InputError("Faces of a mesh must point to its vertices.")


def _is_coded_term(code: object) -> bool:
    if not isinstance(code, str) or not code.isprintable():
        return False
    parts = code.split("^")
    return len(parts) == 3 and all(part.strip() for part in parts)


def _require_on_grid(array: Any, grid: Grid, kinds: str) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds:
        wanted = "an integer" if kinds == "iu" else "a numeric"
        raise InputError(f"The voxels must be {wanted} NumPy array (z, y, x), not {_name(array)}.")
    if array.shape != grid.shape:
        raise InputError(f"The array has shape {array.shape} but its grid has {grid.shape}.")


def _name(value: Any) -> str:
    dtype = getattr(value, "dtype", None)
    return f"an array of {dtype}" if dtype is not None else type(value).__name__
