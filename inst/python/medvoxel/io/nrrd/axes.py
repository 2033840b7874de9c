"""Which axes of a NRRD file are space, and where its voxels lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError, GeometryError, InputError
from ...geometry import Grid
from ...provenance import QualityCheck
from .._file_checks import grid_from_affine, warn_user
from .header import NrrdHeader

__all__ = ["NrrdAxes", "find_axes", "nrrd_grid", "warn_of_orientation"]

# Steps of x and y in the frames of the format, as seen from LPS.
_FRAMES = {
    "left-posterior-superior": (1, 1), "lps": (1, 1),
    "right-anterior-superior": (-1, -1), "ras": (-1, -1),
    "left-anterior-superior": (1, -1), "las": (1, -1),
}  # fmt: skip
_MILLIMETRES = {"": 1.0, "mm": 1.0, "cm": 10.0, "m": 1e3, "um": 1e-3, "µm": 1e-3, "micron": 1e-3}
# Kinds of an axis that only counts volumes; what else is not space belongs to one voxel.
_LISTS = ("", "list", "time", "point", "stub", "scalar")
_SPACE = ("", "domain", "space")


@dataclass(frozen=True)
class NrrdAxes:
    """What the axes of a file are.

    Parameters
    ----------
    space : tuple of int
        The two or three axes of space, fastest first.
    volumes : int or None
        The axis that counts volumes, where there is one.
    count : int
        Number of volumes.
    """

    space: tuple[int, ...]
    volumes: int | None
    count: int


def find_axes(header: NrrdHeader, *, any_kind: bool = False) -> NrrdAxes:
    """Tell the axes of space from one that counts volumes.

    Parameters
    ----------
    header : NrrdHeader
        Of the file.
    any_kind : bool
        Take an axis of any kind for one that counts volumes, as files of segments by old
        programs need.

    Returns
    -------
    NrrdAxes
        What the axes are.

    Raises
    ------
    FileFormatError
        When a voxel holds several numbers: a colour, a vector, a tensor.
    InputError
        When there are too many axes.
    """
    space = _space_axes(header)
    others = [i for i in range(len(header.sizes)) if i not in space]
    several = [i for i in others if header.sizes[i] > 1]
    for i in several:
        if header.kinds[i] not in _LISTS and not any_kind:
            raise FileFormatError(
                f"{header.path.name} holds {header.sizes[i]} numbers for each voxel (an axis of "
                f"the kind {header.kinds[i]!r}), not grey values.",
                hint="Convert it to one number for each voxel first.",
                path=str(header.path),
            )
    if not 2 <= len(space) <= 3 or len(several) > 1:
        raise InputError(
            f"{header.path.name} has {len(header.sizes)} axes, {len(space)} of them in space; "
            "only images with two or three in space and one more can be read."
        )
    volumes = several[0] if several else (others[0] if others else None)
    return NrrdAxes(tuple(space), volumes, header.sizes[volumes] if volumes is not None else 1)


def _space_axes(header: NrrdHeader) -> list[int]:
    axes = range(len(header.sizes))
    if header.directions is not None:
        # The fourth coordinate of frames such as left-posterior-superior-time is no place.
        return [i for i in axes if np.any(header.directions[i, :3] != 0)
                and not np.isnan(header.directions[i]).any()]  # fmt: skip
    if any(header.kinds):
        return [i for i in axes if header.kinds[i] in _SPACE]
    return list(axes)[:3]  # four axes of which nothing is said: as NIfTI orders them


def nrrd_grid(header: NrrdHeader, axes: NrrdAxes) -> tuple[Grid, bool, QualityCheck]:
    """Make the grid of one volume.

    Parameters
    ----------
    header : NrrdHeader
        Of the file.
    axes : NrrdAxes
        Of :func:`find_axes`.

    Returns
    -------
    Grid
        In LPS mm.
    bool
        Whether the file says where the patient's left, back and head are.
    QualityCheck
        Where the grid came from.

    Raises
    ------
    GeometryError
        When the axes are sheared or a spacing is zero.
    """
    shape = (*(header.sizes[i] for i in axes.space), 1)[2::-1]
    check = "orientation source"
    if header.directions is None:
        spacing = _spacing(header, axes)
        found = "voxel size only" if header.spacings is not None else "nothing, not even a size"
        done = "axes taken to run to the left, to the back and up"
        row = QualityCheck(check, found, done, severity="problem")
        return Grid(shape, spacing[::-1]), False, row
    name = header.space.removesuffix("-time")
    name = name[:3] if len(name) == 4 and name.endswith("t") else name
    known = name in _FRAMES
    grid = grid_from_affine(_affine(header, axes, _FRAMES.get(name, (1, 1))), shape, "header")
    if known:
        return grid, True, QualityCheck(check, f"space directions ({header.space})")
    found = f"space directions in {header.space or 'a space without name'}"
    done = "taken for left-posterior-superior"
    return grid, False, QualityCheck(check, found, done, severity="problem")


def warn_of_orientation(row: QualityCheck, path: Path) -> None:
    """Tell that a file does not say where left and right are.

    Parameters
    ----------
    row : QualityCheck
        Of :func:`nrrd_grid`.
    path : Path
        Of the file.
    """
    warn_user(
        f"{path.name} says nothing about orientation ({row.found}); {row.done}.",
        "Check left and right before you rely on them.",
    )


def _affine(header: NrrdHeader, axes: NrrdAxes, turn: tuple[int, int]) -> NDArray[np.float64]:
    """Affine of (x, y, z) indices to LPS mm."""
    steps = np.zeros((len(axes.space), 3))
    wide = header.directions[list(axes.space), :3]
    steps[:, : wide.shape[1]] = wide
    if len(steps) == 2:  # one slice: 1 mm thick, as nothing else is known
        normal = np.cross(*steps)
        length = float(np.linalg.norm(normal))
        if not length > 0:
            raise GeometryError("The two axes of the image run in the same direction.")
        steps = np.vstack([steps, normal / length])
    affine = np.eye(4)
    affine[:3, :3] = steps.T
    if header.origin is not None:
        origin = np.nan_to_num(header.origin[:3])
        affine[: len(origin), 3] = origin
    scale = np.array([_scale(header, i) for i in range(3)])
    affine[:3] *= (scale * (*turn, 1))[:, None]
    return affine


def _scale(header: NrrdHeader, axis: int) -> float:
    if axis >= len(header.space_units):
        return 1.0
    unit = header.space_units[axis]
    if unit not in _MILLIMETRES:
        raise GeometryError(
            f"{header.path.name} counts space in {unit!r}, which is no length known here.",
            hint="Write the image again in mm.",
        )
    return _MILLIMETRES[unit]


def _spacing(header: NrrdHeader, axes: NrrdAxes) -> tuple[float, float, float]:
    spacing = [1.0, 1.0, 1.0]
    if header.spacings is not None:
        for place, axis in enumerate(axes.space):
            step = abs(float(header.spacings[axis]))
            spacing[place] = step if np.isfinite(step) and step > 0 else 1.0
    return tuple(spacing)
