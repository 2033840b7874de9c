"""Open one DICOM object that is no image series: a segmentation or a structure set."""

from __future__ import annotations

import os
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

from ...errors import DicomError, DicomWarning, FileFormatError, InputError, MemoryLimitError
from ...geometry import Grid
from ...volume import Segmentation, Volume
from .._paths import user_path

__all__ = ["open_object", "reference_frame", "reference_grid", "sop_class_of", "warn_dicom"]

_DEFLATED = "1.2.840.10008.1.2.1.99"
# Masks shrink a thousandfold, so that a small file may become any size.
_MOST_INFLATED = 1 << 31
_BLOCK = 1 << 20


def open_object(
    path: str | os.PathLike[str], classes: tuple[str, ...], what: str
) -> tuple[Path, Any]:
    """Read a DICOM object of a given kind.

    Parameters
    ----------
    path : path-like
        The file.
    classes : tuple of str
        SOP Class UIDs of the kind.
    what : str
        The kind, for messages, such as ``"DICOM segmentation"``.

    Returns
    -------
    tuple of Path and pydicom Dataset
        The file and its content.

    Raises
    ------
    FileFormatError
        When there is no such path.
    DicomError
        When it is no DICOM file, damaged, or of another kind.
    MemoryLimitError
        When a deflated file would become too large.
    """
    path = user_path(path)
    if not path.is_file():
        raise FileFormatError(f"There is no file {path}.", hint="Check the path.", path=str(path))
    found = sop_class_of(path)
    if found not in classes:
        kind = "no DICOM file" if found is None else f"another kind of DICOM file ({_name(found)})"
        raise DicomError(
            f"{path.name} is not a {what} but {kind}.",
            hint="Check the path; list_series() shows what a folder holds.",
            path=str(path),
        )
    return path, _read(path)


def sop_class_of(path: Path) -> str | None:
    """Read the SOP class of a file.

    Parameters
    ----------
    path : Path
        The file; one without preamble is DICOM too.

    Returns
    -------
    str or None
        ``None`` when it is not DICOM, or says nothing.

    Raises
    ------
    MemoryLimitError
        When it is deflated, and would fill the memory.
    """
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open(path, "rb") as file:
                # A file without preamble is DICOM too when its first group says so.
                start = file.read(132)
            bare = start[:2] in (b"\x08\x00", b"\x02\x00")
            if start[128:] != b"DICM" and not bare:
                return None
            _require_inflatable(path)
            data = pydicom.dcmread(
                path, force=bare, specific_tags=["SOPClassUID"], stop_before_pixels=True
            )
            return str(data.SOPClassUID)
    except MemoryLimitError:
        raise
    except Exception:  # any failure of the parser on another file has one meaning
        return None


def _require_inflatable(path: Path) -> None:
    """Refuse a deflated file that would fill the memory."""
    from pydicom.filereader import read_file_meta_info

    try:
        if str(read_file_meta_info(path).TransferSyntaxUID) != _DEFLATED:
            return
    except Exception:  # no file meta information, so nothing is said to be deflated
        return
    with open(path, "rb") as file:
        file.seek(132)
        length = _meta_length(file.read(12))
        file.seek(144 + length)
        engine, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while data := file.read(_BLOCK):
            while data:
                total += len(engine.decompress(data, 4 * _BLOCK))
                data = engine.unconsumed_tail
                if total > _MOST_INFLATED:
                    raise MemoryLimitError(
                        f"{path.name} inflates to more than {_MOST_INFLATED >> 30} GiB.",
                        hint="Save it uncompressed with the program that wrote it.",
                    )


def _meta_length(element: bytes) -> int:
    """Value of the first element of a file, File Meta Information Group Length."""
    return int.from_bytes(element[8:12], "little")


def _read(path: Path) -> Any:
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path, force=True)
    except OSError as error:
        if isinstance(error, EOFError) or error.errno is None:
            raise _damaged(path, error) from error
        raise FileFormatError(
            f"{path} cannot be read: {error.strerror}.", hint="Check its rights.", path=str(path)
        ) from error
    except Exception as error:  # a parser fails in many ways on a damaged file
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DicomError:
    return DicomError(
        f"{path.name} is damaged: it cannot be read ({error or type(error).__name__}).",
        hint="Copy it again from its source.",
        path=str(path),
    )


def _name(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name


def reference_grid(reference: Any) -> Grid:
    """Grid of a reference.

    Parameters
    ----------
    reference : Volume or Segmentation
        The scan.

    Returns
    -------
    Grid
        Its grid.

    Raises
    ------
    InputError
        When it is neither.
    """
    if not isinstance(reference, Volume | Segmentation):
        raise InputError(
            f"The reference must be a scan or a segmentation, not {type(reference).__name__}.",
            hint="Read the scan with read_dicom() and give it as reference.",
        )
    return reference.grid


def reference_frame(reference: Any) -> str | None:
    """Frame of Reference UID of the files that a scan was read from.

    Parameters
    ----------
    reference : Volume or Segmentation
        The scan.

    Returns
    -------
    str or None
        ``None`` when its files are not known, not there any more, or do not say.
    """
    import pydicom

    for source in getattr(reference, "sources", ()):
        if source.file is None or not os.path.isfile(source.file):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = pydicom.dcmread(source.file, specific_tags=["FrameOfReferenceUID"])
            return str(data.get("FrameOfReferenceUID") or "") or None
        except Exception:  # the scan is already read; its files need not be there any more
            return None
    return None


def warn_dicom(message: str, hint: str | None = None) -> None:
    """Warn at the line that called medvoxel, however deep the cause was found.

    Parameters
    ----------
    message, hint : str
        As of :class:`medvoxel.errors.DicomWarning`.
    """
    package = __name__.partition(".")[0]
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    warnings.warn(DicomWarning(message, hint=hint), stacklevel=level)
