"""What the readers of image files look at, whatever the format."""

from __future__ import annotations

import operator
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileFormatError, GeometryError, InputError, MedvoxelWarning, MemoryLimitError
from ..geometry import Grid
from ..provenance import QualityCheck

__all__ = [
    "chosen_volume",
    "count_missing",
    "damaged",
    "empty_array",
    "grid_from_affine",
    "missing_values_row",
    "require_file",
    "require_room",
    "warn_user",
]

# The most that each way of packing can shrink: deflate codes 258 bytes in two bits, and
# bzip2 packs a block of 46 MB of equal bytes into some forty.
_MOST_UNPACKED = {"raw": 1, "gzip": 1032, "bzip2": 1_300_000}


def require_file(path: Path) -> None:
    """Refuse a path that is not an ordinary file.

    Parameters
    ----------
    path : Path
        Of the file.

    Raises
    ------
    FileFormatError
        When there is none.
    """
    if path.is_dir():
        raise FileFormatError(
            f"{path} is a folder, and a file is needed.",
            hint="read_dicom() reads folders of DICOM files.",
            path=str(path),
        )
    if not path.is_file():
        raise FileFormatError(f"There is no file {path}.", hint="Check the path.", path=str(path))


def damaged(path: Path, reason: str, what: str) -> FileFormatError:
    """Make the error for a file that is not what it should be.

    Parameters
    ----------
    path : Path
        Of the file.
    reason : str
        What was seen.
    what : str
        Such as ``"a NIfTI image"``.

    Returns
    -------
    FileFormatError
        To be raised.
    """
    return FileFormatError(
        f"{path.name} is not {what} or is damaged: {reason}.",
        hint="Copy it again from its source.",
        path=str(path),
    )


def warn_user(message: str, hint: str) -> None:
    """Warn at the line that called medvoxel, however deep the cause was found.

    Parameters
    ----------
    message, hint : str
        As of :class:`medvoxel.errors.MedvoxelWarning`.
    """
    level, frame = 3, sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_back.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(MedvoxelWarning(message, hint=hint), stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == __name__.split(".")[0]


def require_room(path: Path, need: int, have: int, packing: str, what: str) -> None:
    """Refuse a header that asks for more voxels than its file can hold.

    Nothing is allocated before this: the header of a small file may ask for terabytes.

    Parameters
    ----------
    path : Path
        Of the file, for the message.
    need, have : int
        Bytes of voxels that the header asks for, and bytes that the file has for them.
    packing : str
        ``"raw"``, ``"gzip"`` or ``"bzip2"``.
    what : str
        As for :func:`damaged`.

    Raises
    ------
    FileFormatError
        When they cannot be there.
    """
    most = max(have, 0) * _MOST_UNPACKED[packing]
    if need <= most:
        return
    raise damaged(
        path,
        f"it is cut short, or its header is wrong: it asks for {_size(need)} of voxels and "
        f"the file can hold {'' if packing == 'raw' else 'at most '}{_size(most)}",
        what,
    )


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10**7 else f"{count / 1e6:,.0f} MB"


def empty_array(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> NDArray[Any]:
    """Make room for the voxels of a file.

    Parameters
    ----------
    path : Path
        Of the file, for the message.
    shape : tuple of int
        Slowest axis first.
    dtype : dtype
        Of the voxels.

    Returns
    -------
    ndarray
        Not filled.

    Raises
    ------
    MemoryLimitError
        When there is no room.
    """
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        asked = " x ".join(str(n) for n in shape[::-1])
        raise MemoryLimitError(
            f"{path.name} asks for {asked} voxels, more than fit into memory.",
            hint="Crop or resample it on a larger computer.",
        ) from error


def chosen_volume(count: int, volume: int | None, name: str) -> int:
    """Index of the chosen volume of a file.

    Parameters
    ----------
    count : int
        Number of volumes in it.
    volume : int or None
        What the user asked for, 0-based.
    name : str
        Of the file, for the message.

    Returns
    -------
    int
        0 when there is only one.

    Raises
    ------
    InputError
        When there are several and none, or another, is chosen.
    """
    if volume is None:
        if count > 1:
            raise InputError(
                f"{name} holds {count} volumes.", hint="Choose one with volume=.", count=count
            )
        return 0
    try:
        index = operator.index(volume)
    except TypeError:
        index = -1
    if not 0 <= index < count:
        raise InputError(
            f"volume must be one of the {count} volumes of {name}."
            if count > 1
            else f"{name} holds only one volume.",
            count=count,
        )
    return index


def grid_from_affine(affine: NDArray[np.float64], shape: tuple[int, int, int], where: str) -> Grid:
    """Make the grid of a file's affine.

    Parameters
    ----------
    affine : ndarray, shape (4, 4)
        Takes (x, y, z, 1) indices to LPS mm.
    shape : tuple of int
        Array shape (z, y, x).
    where : str
        What in the file says so, such as ``"sform"``, for the message.

    Returns
    -------
    Grid
        In LPS mm.

    Raises
    ------
    GeometryError
        When the axes are sheared or a spacing is zero.
    """
    with np.errstate(all="ignore"):
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and spacing.min() > 0):
        raise GeometryError(
            f"The {where} of the file gives no voxel size (its columns are "
            f"{', '.join(f'{s:.4g}' for s in spacing)} mm long).",
            hint="Write the image again with the program that made it.",
        )
    direction = affine[:3, :3] / spacing
    shear = float(np.abs(direction.T @ direction - np.eye(3)).max())
    if shear > 1e-3:
        degrees = float(np.degrees(np.arcsin(min(shear, 1.0))))
        raise GeometryError(
            f"The {where} of the file is sheared: two axes are {degrees:.1f} degrees from "
            "perpendicular.",
            hint="Resample the image to a rectangular grid with the program that made it.",
            degrees=degrees,
        )
    return Grid(shape, tuple(spacing[::-1]), tuple(affine[:3, 3]), direction)


def count_missing(array: NDArray[Any]) -> tuple[int, int]:
    """Count the voxels that are not a number, and those that are infinite.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values.

    Returns
    -------
    tuple of int
        Both counts.
    """
    nan = infinite = 0
    if array.dtype.kind == "f":
        for plane in array:
            bad = plane.size - int(np.count_nonzero(np.isfinite(plane)))
            if bad:
                here = int(np.count_nonzero(np.isnan(plane)))
                nan, infinite = nan + here, infinite + bad - here
    return nan, infinite


def missing_values_row(array: NDArray[Any], path: Path) -> QualityCheck:
    """Look for voxels without value, and warn of them: later steps refuse them.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values.
    path : Path
        Of the file.

    Returns
    -------
    QualityCheck
        ``"problem"`` when there are some.
    """
    counts = count_missing(array)
    if not any(counts):
        return QualityCheck("voxels without value", "none")
    kinds = " and ".join(k for k, n in zip(("NaN", "infinite"), counts, strict=True) if n)
    warn_user(
        f"{sum(counts)} of {array.size} voxels of {path.name} have no value ({kinds}).",
        "Replace them before the next step: x[!is.finite(x)] <- value in R, "
        "numpy.nan_to_num() in Python.",
    )
    found = f"{sum(counts)} of {array.size} voxels ({kinds})"
    return QualityCheck("voxels without value", found, "left as they are", severity="problem")
