"""Find the images that a DICOMDIR, the table of contents of a disc, lists.

How a reader uses it, where one file was given::

    if is_dicomdir(path):
        files, missing = files_of(path)      # read these instead of walking the folder
"""

from __future__ import annotations

import os
import re
import struct
import warnings
from pathlib import Path
from typing import Any

from ...errors import DicomError, FileFormatError
from .._paths import user_path

__all__ = ["files_of", "is_dicomdir"]

_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_RECORDS = 0x00041220
_OPEN = 0xFFFFFFFF


def is_dicomdir(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a DICOMDIR, by its content.

    Parameters
    ----------
    path : path-like
        A file; a folder or nothing is none.

    Returns
    -------
    bool
        ``True`` when the file meta information says so.
    """
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    if start[128:132] != b"DICM":
        return False
    # Media Storage SOP Class UID, explicit little endian as the group always is.
    at = start.find(b"\x02\x00\x02\x00UI", 132)
    if at < 0 or len(start) < at + 8:
        return False
    length = struct.unpack_from("<H", start, at + 6)[0]
    return start[at + 8 : at + 8 + length].rstrip(b"\0 ") == _MEDIA_DIRECTORY.encode()


def files_of(path: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """List the images of a DICOMDIR.

    Parameters
    ----------
    path : path-like
        The DICOMDIR.

    Returns
    -------
    files : list of str
        The files that are there, each once, in the order of the records.
    missing : list of str
        The names, as the DICOMDIR gives them with ``/`` between their parts, of those that
        are not there or would lie outside its folder.

    Raises
    ------
    FileFormatError
        When the file cannot be opened.
    DicomError
        When it is damaged, or lists no image.

    Notes
    -----
    A disc has names in capitals, its copy often has not, and some have the version of
    ISO 9660 behind them (``IM1;1``); all these are taken for the same.
    """
    root = user_path(path).resolve().parent
    listings: dict[str, dict[str, str]] = {}
    files: dict[str, None] = {}
    missing: dict[str, None] = {}
    for parts in _image_records(path):
        found = _find(root, parts, listings)
        if found is None:
            missing["/".join(parts)] = None
        else:
            files[found] = None
    if not files and not missing:
        raise DicomError(
            f"{os.fspath(path)} lists no images.",
            hint="Give the folder that it lies in, to have it searched for scans.",
        )
    return list(files), list(missing)


def _image_records(path: str | os.PathLike[str]) -> list[list[str]]:
    """Give the parts of the file name of each image record that is in use."""
    import pydicom

    try:
        with warnings.catch_warnings():  # names that are not in capitals are found as well
            warnings.simplefilter("ignore", UserWarning)
            data = pydicom.dcmread(os.fspath(path), specific_tags=[_RECORDS])
            _require_whole(data.get_item(_RECORDS))
            # One after the other: their offsets might lead in a circle.
            records = data.get("DirectoryRecordSequence") or ()
            return [_file_id(record) for record in records if _is_image(record)]
    except Exception as error:  # pydicom raises whatever broken bytes lead it to
        if isinstance(error, OSError) and error.errno is not None:
            raise FileFormatError(
                f"{os.fspath(path)} cannot be opened ({error.strerror}).",
                hint="Check the path, and that the drive is connected.",
                path=os.fspath(path),
            ) from error
        raise DicomError(
            f"{os.fspath(path)} is damaged: its records cannot be read.",
            hint="Give the folder that it lies in, to have it searched for scans.",
        ) from error


def _require_whole(element: Any) -> None:
    """Refuse a sequence that is cut short, of which pydicom would read the beginning."""
    length = getattr(element, "length", 0)
    if isinstance(getattr(element, "value", None), bytes) and len(element.value) < length < _OPEN:
        raise EOFError("the file ends within its records")


def _is_image(record: Any) -> bool:
    return bool(
        str(record.get("DirectoryRecordType", "")).strip().upper() == "IMAGE"
        and record.get("RecordInUseFlag", 0xFFFF) != 0
        and record.get("ReferencedFileID")
    )


def _file_id(record: Any) -> list[str]:
    value = record.ReferencedFileID
    whole = value if isinstance(value, str) else "\\".join(map(str, value))
    return [part.strip() for part in re.split(r"[\\/]", whole)]


def _find(root: Path, parts: list[str], listings: dict[str, dict[str, str]]) -> str | None:
    folder = str(root)
    for part in parts:
        if part in ("", ".", "..") or ":" in part or "\0" in part:
            return None
        listing = listings.get(folder)
        if listing is None:
            listing = listings[folder] = _listing(folder)
        real = listing.get(part) or listing.get(_key(part))
        if real is None:
            return None
        folder = os.path.join(folder, real)
    # A link in the folder may lead out of it.
    inside = Path(folder).resolve().is_relative_to(root)
    return folder if inside and os.path.isfile(folder) else None


def _listing(folder: str) -> dict[str, str]:
    """Names in a folder, by themselves and by what they are equal to."""
    try:
        names = sorted(os.listdir(folder), reverse=True)
    except OSError:
        return {}
    return {_key(name): name for name in names} | {name: name for name in names}


def _key(name: str) -> str:
    return re.sub(r";\d+$", "", name).rstrip(".").casefold()
