"""Read and write NIfTI images.

NIfTI's own frame is RAS; it is met here and nowhere else. Arrays need no copy for the
change of axes: NIfTI stores x fastest, which is the (z, y, x) order of medvoxel.
"""

from __future__ import annotations

import operator
import os
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileFormatError, InputError, MedvoxelWarning, MemoryLimitError
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation, Volume
from ._gzip import compress, decompress_into
from ._label_table import label_table, table_path
from ._nifti_header import grid_of, header_for, modality_and_unit
from ._rescale import integer_values, value_dtype
from ._write import atomic_path

__all__ = ["read_nifti", "write_nifti"]

_BLOCK = 1 << 20


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
        says which. Modality and unit are known when medvoxel wrote the file.

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
        When the file says nothing about orientation, or voxels have no value (NaN).
    """
    path = Path(path).expanduser()
    image = _open(path)
    header = image.header
    shape = image.shape + (1,) * (3 - len(image.shape))
    which = _which_volume(shape, volume, path)
    stored = _read_stored(path, image, shape[:3], which, progress)
    grid, source = grid_of(header, stored.shape)
    if source == "pixdim":
        warnings.warn(
            MedvoxelWarning(
                f"{path.name} says nothing about orientation; its axes are taken to run to the "
                "right, to the front and up.",
                hint="Check left and right before you rely on them.",
            ),
            stacklevel=2,
        )
    # nibabel gives 1 and 0 where the file asks for no scaling (slope 0 or not a number).
    slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
    modality, unit = modality_and_unit(header)
    values = _rescaled(stored, slope, intercept)
    _warn_without_value(values, path)
    return Volume(
        values,
        grid,
        modality=modality,
        unit=unit,
        info={"orientation": source},
    )


def _open(path: Path) -> Any:
    import nibabel

    if not path.is_file():
        raise FileFormatError(f"There is no file {path}.", hint="Check the path.", path=str(path))
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise FileFormatError(
            f"{path.name} is not named as a NIfTI file (.nii or .nii.gz).",
            hint="read_dicom() reads DICOM folders.",
            path=str(path),
        )
    try:
        image = nibabel.load(path)
    except Exception as error:  # nibabel fails in many ways on a file that is not NIfTI
        raise _damaged(path, f"its header cannot be read ({error})") from error
    if image.get_data_dtype().kind not in "iuf":
        raise FileFormatError(
            f"{path.name} holds {image.header.get_data_dtype()} voxels, not grey values.",
            hint="Convert it to one number for each voxel first.",
            path=str(path),
        )
    return image


def _damaged(path: Path, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{path.name} is not a NIfTI image or is damaged: {reason}.",
        hint="Copy it again from its source.",
        path=str(path),
    )


def _which_volume(shape: tuple[int, ...], volume: int | None, path: Path) -> int:
    """Index of the chosen volume; a three-dimensional image has one."""
    if any(n > 1 for n in shape[4:]):
        raise InputError(f"{path.name} has {len(shape)} axes; only up to four can be read.")
    count = shape[3] if len(shape) > 3 else 1
    if volume is None:
        if count > 1:
            raise InputError(
                f"{path.name} holds {count} volumes.", hint="Choose one with volume=.", count=count
            )
        return 0
    try:
        index = operator.index(volume)
    except TypeError:
        index = -1
    if not 0 <= index < count:
        raise InputError(
            f"volume must be one of the {count} volumes of {path.name}."
            if count > 1
            else f"{path.name} holds only one volume.",
            count=count,
        )
    return index


def _read_stored(
    path: Path,
    image: Any,
    shape: tuple[int, ...],
    which: int,
    progress: ProgressCallback | None,
) -> NDArray[Any]:
    """Read the voxels of one volume as they are stored, (z, y, x)."""
    dtype = image.dataobj.dtype
    try:
        array = np.empty(shape[::-1], dtype)
    except (MemoryError, ValueError) as error:
        raise MemoryLimitError(
            f"{path.name} asks for {shape[0]} x {shape[1]} x {shape[2]} voxels, more than fit "
            "into memory.",
            hint="Crop or resample it on a larger computer.",
        ) from error
    offset = int(image.dataobj.offset) + which * array.nbytes
    report = Progress(progress, array.nbytes, "Reading NIfTI")
    target = memoryview(array).cast("B")
    try:
        with open(path, "rb") as file:
            if path.name.lower().endswith(".gz"):
                filled = decompress_into(file, target, offset, report.advance)
            else:
                file.seek(offset)
                filled = 0
                while got := file.readinto(target[filled : filled + 16 * _BLOCK]):
                    filled += got
                    report.advance(got)
    except (OSError, zlib.error) as error:
        raise _damaged(path, f"its voxels cannot be read ({error})") from error
    if filled < array.nbytes:
        raise _damaged(path, f"it is cut short, {filled} of {array.nbytes} bytes of voxels")
    return array if dtype.isnative else array.byteswap().view(dtype.newbyteorder())


def _rescaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Apply slope and intercept; whole numbers stay whole."""
    if (slope, intercept) == (1.0, 0.0):
        return _within_32_bits(stored)
    if stored.dtype.kind in "iu" and slope.is_integer() and intercept.is_integer():
        count = len(stored)
        whole = integer_values(stored, np.full(count, slope), np.full(count, intercept))
        if whole is not None:
            return whole
    # Single precision holds what 16 bits and a scale can say.
    small = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
    values = stored.astype(np.float32 if small else np.float64)
    values *= slope
    values += intercept
    return values


def _warn_without_value(array: NDArray[Any], path: Path) -> None:
    """Tell of voxels that are not a number, which later steps refuse."""
    if array.dtype.kind != "f":
        return
    count = sum(int(np.count_nonzero(np.isnan(plane))) for plane in array)
    if count:
        warnings.warn(
            MedvoxelWarning(
                f"{count} of {array.size} voxels of {path.name} have no value (NaN).",
                hint="Replace them before the next step: x[is.na(x)] <- value in R, "
                "numpy.nan_to_num() in Python.",
            ),
            stacklevel=3,
        )


def _within_32_bits(array: NDArray[Any]) -> NDArray[Any]:
    """Narrow what R and most programs have no type for."""
    if array.dtype.kind in "iu" and array.dtype.itemsize >= 4 and array.dtype != np.int32:
        fits = value_dtype(float(array.min()), float(array.max()))
        return array.astype(np.float64 if fits is None else np.int32)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float64)
    return array


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
    The label table follows BIDS, "Discrete segmentations": columns index, name, color.
    """
    if not isinstance(x, Volume | Segmentation):
        raise InputError(f"Only a volume or a segmentation can be written, not {type(x).__name__}.")
    path = Path(path).expanduser()
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise FileFormatError(
            f"{path.name} must end in .nii or .nii.gz.", hint="Change the name.", path=str(path)
        )
    if isinstance(x, Segmentation):
        dtype = _label_dtype(x.array)
        header = header_for(x.grid, dtype)
    else:
        dtype = _voxel_dtype(x.array)
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


def _label_dtype(array: NDArray[np.integer]) -> np.dtype:
    # int16 before uint16, which older programs do not know.
    low, high = int(array.min()), int(array.max())
    for dtype in (np.uint8, np.int16, np.uint16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise InputError(f"Label values up to {high} are too large for a labelmap.")


def _voxel_dtype(array: NDArray[Any]) -> np.dtype:
    """Smallest common type that holds the values exactly."""
    if array.dtype.kind in "iu":
        if array.dtype.itemsize <= 2:
            return array.dtype.newbyteorder("=")
        return value_dtype(float(array.min()), float(array.max())) or array.dtype
    if array.dtype.itemsize <= 4:
        return np.dtype(np.float32)
    # Plane by plane: R knows only doubles, while most of their values came from singles.
    with np.errstate(over="ignore"):
        exact = all(
            np.array_equal(plane, plane.astype(np.float32), equal_nan=True) for plane in array
        )
    return np.dtype(np.float32 if exact else np.float64)


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
