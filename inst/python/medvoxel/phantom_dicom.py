"""The phantom as a DICOM series, so that the whole line can be tried without anyone's data."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FileFormatError, InputError
from .phantom import ankle_phantom
from .progress import Progress, ProgressCallback
from .volume import Volume

__all__ = ["write_phantom_dicom"]

_FILE = "IM{:04d}.dcm"
_OUR_FILES = re.compile(r"IM\d{4,}\.dcm")
_PATIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_AIR = -1024


def write_phantom_dicom(
    path: str | os.PathLike[str],
    *,
    scan: Volume | None = None,
    patient: str = "MEDVOXEL-PHANTOM",
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    **phantom: Any,
) -> Path:
    """Write a phantom as a legal DICOM series, one file a slice.

    Parameters
    ----------
    path : path-like
        The new folder; the folder above it must exist.
    scan : Volume, optional
        What to write, CT or MR with whole-numbered values: the scan of
        :func:`medvoxel.ankle_phantom`, or one changed since. By default a phantom is built.
    patient : str
        Patient ID. The name is always "Volunteer^Synthetic": what is written is no person.
    overwrite : bool
        Whether a series that this function wrote there before may be replaced.
    progress : callable, optional
        Told how far the work is, see :class:`medvoxel.progress.Progress`.
    **phantom
        Arguments of :func:`medvoxel.ankle_phantom` when no `scan` is given.

    Returns
    -------
    Path
        The folder, with files ``IM0001.dcm`` and so on.

    Raises
    ------
    FileFormatError
        When the folder holds something already, or cannot be made.
    InputError
        When the values cannot be stored, or `scan` comes with phantom arguments.

    Notes
    -----
    CT Image Storage with slope 1 and intercept -1024, or MR Image Storage without slope and
    intercept; explicit VR little endian. Numbering runs from the last slice of the array to
    the first, as a scanner that starts at the top would: readers have to go by position. All
    identifiers follow from patient, seed and voxels, so the same call writes the same bytes;
    the CT and MR of one seed share study and frame of reference. The files are written to a
    temporary folder that is renamed at the end.

    Examples
    --------
    >>> from medvoxel import read_dicom, write_phantom_dicom
    >>> folder = write_phantom_dicom("ankle", seed=2)  # doctest: +SKIP
    >>> scan = read_dicom(folder)  # doctest: +SKIP
    """
    target = Path(path).expanduser()
    _require_free(target, overwrite)
    if not isinstance(patient, str) or not _PATIENT_ID.fullmatch(patient):
        raise InputError(
            f"patient must be up to 64 letters, digits, spaces, dots or dashes, not {patient!r}."
        )
    if scan is None:
        scan, _ = ankle_phantom(progress=progress, **phantom)
    elif phantom:
        raise InputError(
            f"{', '.join(sorted(phantom))} belong to a new phantom, but a scan was given.",
            hint="Give either the scan or the arguments of ankle_phantom().",
        )
    scan = _storable(scan)
    with _whole_folder(target, overwrite) as folder:
        _write_series(folder, scan, patient, progress)
    return target


def _write_series(
    folder: Path, volume: Volume, patient: str, progress: ProgressCallback | None
) -> None:
    # pydicom takes a while to import; a wrong argument should not have to wait for it.
    from ._phantom_header import Identity, Storage, slice_dataset

    low, high = int(volume.array.min()), int(volume.array.max())
    intercept = min(_AIR, low) if volume.modality == "CT" else 0
    storage = Storage(intercept, 12 if high - intercept < 2**12 else 16)
    identity = Identity.of(volume, patient)
    count = len(volume.array)
    for number in Progress.over(range(1, count + 1), progress, "Writing DICOM files"):
        dataset = slice_dataset(volume, count - number, number, identity, storage)
        dataset.save_as(folder / _FILE.format(number), enforce_file_format=True)


def _storable(scan: Volume) -> Volume:
    """Scan with integer voxels that 16 bits can hold."""
    if scan.modality not in ("CT", "MR"):
        raise InputError(f"Only CT and MR can be written, not modality {scan.modality!r}.")
    array = scan.array
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        raise InputError("The voxels must be whole numbers.", hint="Round them first.")
    low, high = float(array.min()), float(array.max())
    floor = min(_AIR, low) if scan.modality == "CT" else 0
    if not (floor <= low and high - floor < 2**16):
        raise InputError(
            f"{scan.modality} values from {low:g} to {high:g} do not fit into 16 bits without sign."
        )
    return scan.with_array(array.astype(np.int32, copy=False))


def _require_free(target: Path, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise FileFormatError(
            f"{target.name} cannot be written: there is no folder {target.parent}.",
            hint="Create the folder first, or give another path.",
            path=str(target),
        )
    if not target.exists():
        return
    if not target.is_dir():
        raise FileFormatError(
            f"{target} is a file, not a folder.", hint="Give another path.", path=str(target)
        )
    held = [entry.name for entry in target.iterdir()]
    if held and not overwrite:
        raise FileFormatError(
            f"The folder {target} is not empty.",
            hint="Give a new path, or set overwrite to replace a series written there before.",
            path=str(target),
        )
    foreign = [name for name in held if not _OUR_FILES.fullmatch(name)]
    if foreign:
        raise FileFormatError(
            f"The folder {target} also holds {foreign[0]}, which write_phantom_dicom() did not "
            "write.",
            hint="Give a new path.",
            path=str(target),
        )


@contextmanager
def _whole_folder(target: Path, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder beside the target that takes its place when all went well."""
    temporary = None
    try:
        temporary = Path(tempfile.mkdtemp(prefix=".", suffix=f"-{target.name}", dir=target.parent))
        _open_to_group(temporary)
        yield temporary
        # Somebody may have filled it in the meantime.
        _require_free(target, overwrite)
        if target.exists():
            shutil.rmtree(target)
        os.replace(temporary, target)
    except BaseException as error:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, FileFormatError):
            raise FileFormatError(
                f"{target} could not be written: {error.strerror or error}.",
                hint="Check the free space and the rights of the folder.",
                path=str(target),
            ) from error
        raise


def _open_to_group(folder: Path) -> None:
    """Give a temporary folder, which only its owner may enter, the usual rights."""
    mask = os.umask(0)
    os.umask(mask)
    with suppress(OSError):
        os.chmod(folder, 0o777 & ~mask)
