"""SOP Instance UIDs of files, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ...errors import FileFormatError
from ..archive.opening import real_files
from .elements import DamagedFileError, meta_value, read_elements

__all__ = ["sop_instance_uids"]

# Also in the head of the file, where some programs leave it when they empty the other.
_SOP_INSTANCE, _MEDIA_INSTANCE = 0x00080018, 0x00020003


def sop_instance_uids(files: Iterable[str | None]) -> dict[str, str | None]:
    """Read the identifiers of files, also inside zip files.

    Parameters
    ----------
    files : iterable of str or None
        As :class:`medvoxel.SliceSource` names them; ``None`` is passed over.

    Returns
    -------
    dict of str to str or None
        By file; ``None`` for one that is not there any more or cannot be read.
    """
    with real_files() as real:
        return {file: _uid(file, real) for file in dict.fromkeys(files) if file is not None}


def _uid(file: str, real: Callable[[str], Path]) -> str | None:
    try:
        path = str(real(file))
        found = read_elements(path, frozenset((_SOP_INSTANCE,)))
    except (OSError, FileFormatError, DamagedFileError):
        return None
    value = b"" if found is None else found.values.get(_SOP_INSTANCE, b"")
    value = value.strip(b" \0") or meta_value(path, _MEDIA_INSTANCE)
    return value.decode("ascii", "replace") or None
