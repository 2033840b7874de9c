"""Read and write NIfTI images.

NIfTI's own frame is RAS; it is met here and nowhere else. Arrays need no copy for the
change of axes: NIfTI stores x fastest, which is the (z, y, x) order of medvoxel.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError, InputError
from ...geometry import Grid
from ...progress import Progress, ProgressCallback
from ...provenance import QualityCheck
from ...volume import Segmentation, Volume
from .._file_checks import (
    chosen_volume,
    damaged,
    empty_array,
    missing_values_row,
    require_file,
    require_room,
    warn_user,
)
from .._gzip import compress, decompress_into
from .._paths import user_path
from .._voxel_types import label_dtype, native, rescaled, voxel_dtype
from .._write import atomic_path
from ..labels.table import label_table, table_path
from .header import grid_of, header_for, modality_and_unit, read_header

__all__ = ["NiftiImage", "load_nifti", "read_nifti", "warn_of_place", "write_nifti"]

_BLOCK = 1 << 20
_WHAT = "a NIfTI image"


@dataclass(frozen=True)
class NiftiImage:
    """One volume of a file, before anybody is warned of anything.

    Parameters
    ----------
    values : ndarray, shape (z, y, x)
        Slope and intercept applied.
    grid : Grid
        In LPS mm.
    source : str
        Where the grid came from: ``"sform"``, ``"qform"`` or ``"pixdim"``.
    modality, unit : str
        As medvoxel left them; "" in files of others.
    qc : tuple of QualityCheck
        What was found in the header.
    """

    values: NDArray[Any]
    grid: Grid
    source: str
    modality: str
    unit: str
    qc: tuple[QualityCheck, ...]


def read_nifti(
    path: str | os.PathLike[str],
    *,
    volume: int | None = None,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Read a NIfTI image as a volume.

    Parameters
    ----------
    path : path-like
        A ``.nii`` or ``.nii.gz`` file, NIfTI-1 or NIfTI-2.
    volume : int, optional
        Which volume of a four-dimensional image, 0-based.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume
        Array (z, y, x); slope and intercept of the file applied (0 or not a number mean
        none). Integers stay integers where slope and intercept are whole. Grid in LPS mm
        from the sform, else the qform, else the bare voxel size; ``info["orientation"]``
        says which, and ``qc`` what was found. Modality and unit are known when medvoxel
        wrote the file.

    Raises
    ------
    FileFormatError
        When the file is missing, damaged, or holds colours or complex numbers.
    InputError
        When the image has several volumes and `volume` does not choose one.
    GeometryError
        When the grid is sheared.
    MemoryLimitError
        When the volume does not fit into memory.

    Warns
    -----
    MedvoxelWarning
        When the file says nothing about orientation, when its sform and qform contradict
        each other, or voxels have no value (NaN or infinite).
    """
    path = user_path(path)
    image = load_nifti(path, volume=volume, progress=progress)
    warn_of_place(image, path)
    return Volume(
        image.values,
        image.grid,
        modality=image.modality,
        unit=image.unit,
        info={"orientation": image.source},
        qc=(*image.qc, missing_values_row(image.values, path)),
    )


def warn_of_place(image: NiftiImage, path: Path) -> None:
    """Tell what is doubtful about the geometry of a file.

    Parameters
    ----------
    image : NiftiImage
        What was read.
    path : Path
        Of the file.
    """
    if image.source == "pixdim":
        warn_user(
            f"{path.name} says nothing about orientation; its axes are taken to run to the "
            "right, to the front and up.",
            "Check left and right before you rely on them.",
        )
    for row in image.qc:
        if row.check == "sform against qform" and row.severity == "problem":
            warn_user(
                f"The two geometries in {path.name} contradict each other: {row.found}. The "
                "sform is used.",
                "Check the place of the image before you rely on it.",
            )


def load_nifti(
    path: Path, *, volume: int | None = None, progress: ProgressCallback | None = None
) -> NiftiImage:
    """Read one volume of a NIfTI file without a warning.

    Parameters
    ----------
    path, volume, progress
        As for :func:`read_nifti`.

    Returns
    -------
    NiftiImage
        The volume, and what was found.
    """
    header, rows = _open(path)
    shape = _shape(header, path)
    which = chosen_volume(shape[3], volume, path.name)
    stored = _read_stored(path, header, shape[2::-1], which, progress)
    grid, source, places = grid_of(header, stored.shape)
    # None where the file asks for no scaling (slope 0 or not a number).
    slope, intercept = header.get_slope_inter()
    scaling = QualityCheck("slope and intercept", "none")
    if slope is None:
        slope, intercept = 1.0, 0.0
    elif (slope, intercept) != (1.0, 0.0):
        scaling = QualityCheck("slope and intercept", f"{slope:g} and {intercept:g}", "applied")
    modality, unit = modality_and_unit(header)
    values = rescaled(stored, slope, intercept)
    return NiftiImage(values, grid, source, modality, unit, (*places, scaling, *rows))


def _open(path: Path) -> tuple[Any, tuple[QualityCheck, ...]]:
    """Header of a file that is worth going on with."""
    from nibabel.spatialimages import HeaderDataError

    require_file(path)
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise FileFormatError(
            f"{path.name} is not named as a NIfTI file (.nii or .nii.gz).",
            hint="read_dicom() reads DICOM folders, read_nrrd() NRRD files.",
            path=str(path),
        )
    header, rows = read_header(path)
    try:
        header.get_slope_inter()
        kind = header.get_data_dtype().kind
    except HeaderDataError as error:
        raise damaged(path, f"its header cannot be read ({error})", _WHAT) from error
    if kind not in "iuf":
        raise FileFormatError(
            f"{path.name} holds {header.get_data_dtype()} voxels, not grey values.",
            hint="Convert it to one number for each voxel first.",
            path=str(path),
        )
    return header, rows


def _shape(header: Any, path: Path) -> tuple[int, int, int, int]:
    """Sizes of x, y, z and volumes, each at least 1."""
    from nibabel.spatialimages import HeaderDataError

    try:
        shape = tuple(int(n) for n in header.get_data_shape())
    except HeaderDataError as error:
        raise damaged(path, f"its header cannot be read ({error})", _WHAT) from error
    if min(shape, default=0) < 1:
        raise damaged(path, f"it gives its axes the lengths {shape}", _WHAT)
    if any(n > 1 for n in shape[4:]):
        raise InputError(f"{path.name} has {len(shape)} axes; only up to four can be read.")
    return (*shape[:4], 1, 1, 1)[:4]


def _read_stored(
    path: Path,
    header: Any,
    shape: tuple[int, int, int],
    which: int,
    progress: ProgressCallback | None,
) -> NDArray[Any]:
    """Read the voxels of one volume as they are stored, (z, y, x)."""
    dtype = header.get_data_dtype()
    packed = path.name.lower().endswith(".gz")
    length = math.prod(shape) * dtype.itemsize
    start = float(header["vox_offset"])
    if not math.isfinite(start):
        raise damaged(path, f"its voxels start at byte {start}", _WHAT)
    offset = max(int(start), header.single_vox_offset) + which * length
    size = path.stat().st_size
    if packed:
        require_room(path, offset + length, size, "gzip", _WHAT)
    else:
        require_room(path, length, size - offset, "raw", _WHAT)
    array = empty_array(path, shape, dtype)
    report = Progress(progress, array.nbytes, "Reading NIfTI")
    target = memoryview(array).cast("B")
    try:
        with open(path, "rb") as file:
            if packed:
                filled = decompress_into(file, target, offset, report.advance)
            else:
                file.seek(offset)
                filled = 0
                while got := file.readinto(target[filled : filled + 16 * _BLOCK]):
                    filled += got
                    report.advance(got)
    except (OSError, zlib.error) as error:
        raise damaged(path, f"its voxels cannot be read ({error})", _WHAT) from error
    if filled < array.nbytes:
        raise damaged(path, f"it is cut short, {filled} of {array.nbytes} bytes of voxels", _WHAT)
    return native(array)


def write_nifti(
    x: Volume | Segmentation,
    path: str | os.PathLike[str],
    *,
    progress: ProgressCallback | None = None,
) -> tuple[Path, ...]:
    """Write a volume or a segmentation as NIfTI.

    Parameters
    ----------
    x : Volume or Segmentation
        What to write. sform and qform are written equal; the voxel values come back
        exactly. Integers are stored in the smallest type that holds them.
    path : path-like
        Ends in ``.nii`` or ``.nii.gz``; an existing file is replaced.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    tuple of Path
        The files: the image and, for a segmentation, the table of labels beside it
        (``labels.tsv`` for ``labels.nii.gz``).

    Raises
    ------
    InputError
        When `x` is neither.
    FileFormatError
        When the file name has another ending, or the file cannot be written.

    References
    ----------
    The label table follows BIDS, "Discrete segmentations": columns index, name, color;
    and, where a segment has something to say in them, visible, status and code.
    """
    if not isinstance(x, Volume | Segmentation):
        raise InputError(f"Only a volume or a segmentation can be written, not {type(x).__name__}.")
    path = user_path(path)
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise FileFormatError(
            f"{path.name} must end in .nii or .nii.gz.", hint="Change the name.", path=str(path)
        )
    if isinstance(x, Segmentation):
        dtype = label_dtype(x.array)
        header = header_for(x.grid, dtype)
    else:
        dtype = voxel_dtype(x.array)
        header = header_for(x.grid, dtype, x.modality, x.unit)
    if isinstance(x, Volume):
        with atomic_path(path) as temporary:
            _write_image(x.array, dtype, header, temporary, progress)
        return (path,)
    beside = table_path(path)
    # Names and image belong together: neither is replaced before both are written.
    with atomic_path(path) as temporary:
        _write_image(x.array, dtype, header, temporary, progress)
        with atomic_path(beside) as table:
            table.write_text(label_table(x.segments), encoding="utf-8", newline="\n")
    return (path, beside)


def _write_image(
    array: NDArray[Any],
    dtype: np.dtype,
    header: Any,
    path: Path,
    progress: ProgressCallback | None,
) -> None:
    dtype = dtype.newbyteorder("<")
    planes_at_once = max(1, _BLOCK // max(1, array[0].size * dtype.itemsize))
    starts = range(0, len(array), planes_at_once)
    report = Progress(progress, len(starts) + 1, "Writing NIfTI")

    def blocks() -> Iterator[memoryview]:
        yield memoryview(header.binaryblock + bytes(4))
        for start in starts:
            part = np.ascontiguousarray(array[start : start + planes_at_once], dtype)
            yield memoryview(part).cast("B")

    with open(path, "wb") as file:
        if path.name.lower().endswith(".gz"):
            compress(file, blocks(), report.advance)
        else:
            for block in blocks():
                file.write(block)
                report.advance()
