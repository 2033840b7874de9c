"""Read and write NRRD images.

NRRD stores the fastest axis first, which is the (z, y, x) order of medvoxel's arrays, and
its frame can be LPS: nothing is copied or turned for either.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError, InputError
from ...geometry import Grid
from ...progress import Progress, ProgressCallback
from ...volume import Segmentation, Volume
from .._file_checks import chosen_volume, missing_values_row
from .._gzip import compress
from .._paths import user_path
from .._voxel_types import label_dtype, voxel_dtype, within_32_bits
from .._write import atomic_path
from .axes import find_axes, nrrd_grid, warn_of_orientation
from .data import read_all, read_one
from .header import NrrdHeader, escape, read_header
from .seg_nrrd import segment_keys

__all__ = ["load_nrrd", "read_nrrd", "write_nrrd"]

_BLOCK = 1 << 20
_MODALITY, _UNIT = "medvoxel modality", "medvoxel unit"
_TYPES = {
    "u1": "unsigned char", "i1": "signed char", "i2": "short", "u2": "unsigned short",
    "i4": "int", "u4": "unsigned int", "i8": "long long int", "u8": "unsigned long long int",
    "f4": "float", "f8": "double",
}  # fmt: skip


def read_nrrd(
    path: str | os.PathLike[str],
    *,
    volume: int | None = None,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Read a NRRD image as a volume.

    Parameters
    ----------
    path : path-like
        A ``.nrrd`` file, or a ``.nhdr`` header whose voxels are in files beside or below it.
    volume : int, optional
        Which volume of an image with an axis of volumes, 0-based.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume
        Array (z, y, x) of the stored values. Grid in LPS mm from the space directions, else
        the bare spacings; ``info["orientation"]`` says which, and ``qc`` what was found.
        Modality and unit are known when medvoxel wrote the file; other keys are not kept.

    Raises
    ------
    FileFormatError
        When the file is missing or damaged, holds several numbers for a voxel, or names
        files that are not beside it.
    InputError
        When the image has several volumes and `volume` does not choose one.
    GeometryError
        When the grid is sheared.
    MemoryLimitError
        When the volume does not fit into memory.

    Warns
    -----
    MedvoxelWarning
        When the file says nothing about orientation, or voxels have no value (NaN or
        infinite).

    References
    ----------
    G. Kindlmann, "Definition of NRRD File Format", teem.sourceforge.net/nrrd/format.html.
    """
    path = user_path(path)
    image = load_nrrd(read_header(path), volume=volume, progress=progress)
    return replace(image, qc=(*image.qc, missing_values_row(image.array, path)))


def load_nrrd(
    header: NrrdHeader, *, volume: int | None = None, progress: ProgressCallback | None = None
) -> Volume:
    """Read one volume of a file whose header is known.

    Parameters
    ----------
    header : NrrdHeader
        Of the file.
    volume, progress
        As for :func:`read_nrrd`.

    Returns
    -------
    Volume
        As of :func:`read_nrrd`, but nothing is looked for among the values.
    """
    axes = find_axes(header)
    which = chosen_volume(axes.count, volume, header.path.name)
    grid, oriented, row = nrrd_grid(header, axes)
    if axes.volumes is None:
        stored = read_all(header, progress)
    else:
        stored = read_one(header, axes.volumes, which, progress)
    if not oriented:
        warn_of_orientation(row, header.path)
    return Volume(
        within_32_bits(stored.reshape(grid.shape)),
        grid,
        modality=header.keys.get(_MODALITY, ""),
        unit=header.keys.get(_UNIT, ""),
        info={"orientation": "space directions" if header.directions is not None else "spacings"},
        qc=(row,),
    )


def write_nrrd(
    x: Volume | Segmentation,
    path: str | os.PathLike[str],
    *,
    progress: ProgressCallback | None = None,
) -> tuple[Path, ...]:
    """Write a volume or a segmentation as NRRD.

    Parameters
    ----------
    x : Volume or Segmentation
        What to write: in LPS, packed with gzip. The voxel values come back exactly, the
        geometry to 15 digits. A segmentation takes its names and colours along as 3D Slicer
        keeps them.
    path : path-like
        Ends in ``.nrrd``; 3D Slicer opens ``.seg.nrrd`` as a segmentation. An existing file
        is replaced.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    tuple of Path
        The file.

    Raises
    ------
    InputError
        When `x` is neither.
    FileFormatError
        When the file name has another ending, or the file cannot be written.

    References
    ----------
    3D Slicer developer guide, "Segmentation labelmap file format (.seg.nrrd)".
    """
    if not isinstance(x, Volume | Segmentation):
        raise InputError(f"Only a volume or a segmentation can be written, not {type(x).__name__}.")
    path = user_path(path)
    if not path.name.lower().endswith(".nrrd"):
        raise FileFormatError(
            f"{path.name} must end in .nrrd.", hint="Change the name.", path=str(path)
        )
    if isinstance(x, Segmentation):
        dtype, keys = label_dtype(x.array), segment_keys(x)
    else:
        dtype, keys = voxel_dtype(x.array), {_MODALITY: x.modality, _UNIT: x.unit}
    head = _head(x.grid, dtype, {key: value for key, value in keys.items() if value})
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(head)
        _write_voxels(file, x.array, dtype.newbyteorder("<"), progress)
    return (path,)


def _head(grid: Grid, dtype: np.dtype, keys: Mapping[str, str]) -> bytes:
    affine = grid.affine
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        f"type: {_TYPES[dtype.str[1:]]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(n) for n in grid.shape[::-1])}",
        f"space directions: {' '.join(_vector(affine[:3, i]) for i in range(3))}",
        "kinds: domain domain domain",
        *(["endian: little"] if dtype.itemsize > 1 else []),
        "encoding: gzip",
        f"space origin: {_vector(affine[:3, 3])}",
        *(f"{re.sub(r'[^!-~]+', ' ', key)}:={escape(value)}" for key, value in keys.items()),
    ]
    return ("\n".join(lines) + "\n\n").encode()


def _vector(values: NDArray[np.float64]) -> str:
    # The shortest text that gives the number back exactly; "-0.0" would only surprise.
    return f"({','.join(repr(float(v) + 0.0) for v in values)})"


def _write_voxels(
    file: Any, array: NDArray[Any], dtype: np.dtype, progress: ProgressCallback | None
) -> None:
    planes = max(1, _BLOCK // max(1, array[0].size * dtype.itemsize))
    starts = range(0, len(array), planes)
    report = Progress(progress, len(starts), "Writing NRRD")

    def blocks() -> Iterator[memoryview]:
        for start in starts:
            part = np.ascontiguousarray(array[start : start + planes], dtype)
            yield memoryview(part).cast("B")

    compress(file, blocks(), report.advance)
