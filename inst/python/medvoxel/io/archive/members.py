"""What is let out of a zip file: bounded in number and size, whole, and not locked."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

from ...errors import FileFormatError, MedvoxelError
from ...progress import Progress
from .names import is_hidden, split_name

__all__ = ["copy_member", "listing", "member_name", "reporting", "require_room", "sort_members"]

# The lists of a million members would fill the memory before one of them is read.
_MOST_MEMBERS = 100_000
_LONGEST_DIRECTORY = 24 << 20
# Deflate shrinks an empty image a thousandfold and a scan threefold; small archives of
# phantoms are harmless however well they were packed.
_LARGEST_RATIO, _RATIO_MATTERS_ABOVE = 100, 512 << 20
# Left free on the disk, for other programs.
_RESERVE = 256 << 20
_CHUNK = 1 << 20
# zipfile unpacks all it was given with these methods, at up to 20,000 times the size.
_CHUNK_UNBOUNDED = 4096
# fmt: off
_FOREIGN = frozenset((
    ".bmp", ".bz2", ".csv", ".css", ".dll", ".doc", ".docx", ".exe", ".gif", ".gz", ".htm",
    ".html", ".ico", ".inf", ".ini", ".jar", ".jpeg", ".jpg", ".js", ".json", ".log", ".md",
    ".mha", ".mhd", ".mp4", ".nii", ".npy", ".npz", ".nrrd", ".obj", ".pdf", ".png", ".ply",
    ".ps1", ".py", ".r", ".rds", ".rtf", ".sh", ".stl", ".svg", ".tar", ".tif", ".tiff", ".tsv",
    ".txt", ".vtk", ".xls", ".xlsx", ".xml", ".xz", ".yaml", ".yml",
))
# fmt: on
_UNPACK_YOURSELF = "Unpack the archive yourself and give the folder."


@contextmanager
def reporting(archive: Path) -> Iterator[None]:
    """Turn what zipfile and the disk raise into our error.

    Parameters
    ----------
    archive : Path
        The archive, for the message.

    Yields
    ------
    None

    Raises
    ------
    FileFormatError
        Instead of whatever the block raised; our own errors pass.
    """
    try:
        yield
    except (MedvoxelError, MemoryError):
        raise
    except Exception as error:  # zipfile raises whatever broken bytes lead it to
        if isinstance(error, OSError) and error.errno is not None:
            message = f"{archive} could not be unpacked: {error.strerror}."
            hint = "Check the free space of the temporary folder, or unpack it yourself."
        else:
            reason = str(error).rstrip(".") or type(error).__name__
            message = f"The archive {archive} is damaged or cut short ({reason})."
            hint = "Copy it again from its source."
        raise FileFormatError(message, hint=hint, path=str(archive)) from error


def _refused(archive: Path, reason: str, hint: str = _UNPACK_YOURSELF) -> FileFormatError:
    return FileFormatError(
        f"The archive {archive} is not read: {reason}.", hint=hint, path=str(archive)
    )


@contextmanager
def listing(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose table of contents is of a bearable size.

    Parameters
    ----------
    archive : Path
        The archive.

    Yields
    ------
    ZipFile
        Open for reading.

    Raises
    ------
    FileFormatError
        When it is damaged, or lists too much.
    """
    with reporting(archive):
        size = _directory_size(archive)
        if size > _LONGEST_DIRECTORY:
            raise _refused(archive, f"it has more than {_MOST_MEMBERS} members")
        opening = zipfile.ZipFile(archive)
    with opening:
        yield opening


def _directory_size(archive: Path) -> int:
    """Bytes of the table of contents, as the end of the archive says."""
    with open(archive, "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - (1 << 16) - 98))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("its table of contents is missing")
    size = struct.unpack_from("<L", tail, at + 12)[0]
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # larger fields stand before it
        size = struct.unpack_from("<Q", tail, at - 76 + 40)[0]
    return size


def member_name(info: zipfile.ZipInfo) -> str:
    """Give the name of a member.

    Parameters
    ----------
    info : ZipInfo
        The member.

    Returns
    -------
    str
        Its name; many tools write UTF-8 and forget to say so.
    """
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            return info.filename.encode("cp437").decode()
    return info.filename


def sort_members(
    opening: zipfile.ZipFile,
) -> tuple[list[zipfile.ZipInfo], list[tuple[str, str]]]:
    """Part the members into those to unpack and those not.

    Parameters
    ----------
    opening : ZipFile
        The archive.

    Returns
    -------
    wanted : list of ZipInfo
        Files that may be DICOM, in their order.
    skipped : list of (str, str)
        Name and reason of the others.

    Raises
    ------
    FileFormatError
        When the archive is locked, lists too many members, or they overlap.
    """
    archive = Path(str(opening.filename))
    infos = [info for info in opening.infolist() if not member_name(info).endswith(("/", "\\"))]
    if len(infos) > _MOST_MEMBERS:
        raise _refused(archive, f"it has {len(infos)} members, more than {_MOST_MEMBERS}")
    _require_apart(archive, infos)
    last = {member_name(info): info for info in infos}
    wanted, skipped = [], []
    for info in infos:
        name = member_name(info)
        reason = _why_not(opening, info)
        if reason is None and last[name] is not info:
            reason = "a later member has the same name"
        if reason is None:
            wanted.append(info)
        else:
            skipped.append((name, reason))
    return wanted, skipped


def _why_not(opening: zipfile.ZipFile, info: zipfile.ZipInfo) -> str | None:
    parts = split_name(member_name(info))
    if not parts or is_hidden(parts):
        return "it is hidden"
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
    if kind not in (0, stat.S_IFREG):
        return "it is a link or device"
    if info.flag_bits & 0x41:
        raise _refused(
            Path(str(opening.filename)),
            "it is locked with a password",
            "Unpack it with its password and give the folder.",
        )
    ending = os.path.splitext(parts[-1])[1].lower()
    if ending != ".zip" and ending not in _FOREIGN:
        return None
    with opening.open(info) as file:
        start = file.read(132)
    if start[128:] == b"DICM":
        return None
    return "it is an archive itself" if start[:2] == b"PK" else "it is not DICOM"


def _require_apart(archive: Path, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse members that share their bytes, by which a small file claims to be huge."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        if info.header_offset + 30 + info.compress_size > following.header_offset:
            raise _refused(archive, "its members overlap, as in a zip bomb", "Do not unpack it.")


def require_room(archive: Path, wanted: Sequence[zipfile.ZipInfo], folder: Path) -> None:
    """Refuse what would fill the disk.

    Parameters
    ----------
    archive : Path
        The archive.
    wanted : sequence of ZipInfo
        What is to be unpacked.
    folder : Path
        Where to.

    Raises
    ------
    FileFormatError
        When there is no room, or no scan shrinks as much as this did.
    """
    needed = sum(info.file_size for info in wanted)
    ratio = needed / max(os.path.getsize(archive), 1)
    if needed > _RATIO_MATTERS_ABOVE and ratio > _LARGEST_RATIO:
        raise _refused(
            archive,
            f"it would unpack to {needed / 1e9:.1f} GB, {ratio:.0f} times its size, as a zip bomb",
        )
    free = shutil.disk_usage(folder).free - _RESERVE
    if needed > free:
        raise _refused(
            archive,
            f"it needs {needed / 1e9:.1f} GB on the disk of {folder.parent}, where "
            f"{max(free, 0) / 1e9:.1f} GB are free",
            "Unpack it where there is room, and give the folder.",
        )


def copy_member(
    opening: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, progress: Progress
) -> None:
    """Write one member.

    Parameters
    ----------
    opening : ZipFile
        The archive.
    info : ZipInfo
        The member.
    target : Path
        Where to.
    progress : Progress
        Advanced by the bytes written.

    Raises
    ------
    BadZipFile
        When it is not as long as it says: the room for it was looked for by that.
    """
    bounded = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    written = 0
    with opening.open(info) as source, open(target, "wb") as file:
        while chunk := source.read(_CHUNK if bounded else _CHUNK_UNBOUNDED):
            written += len(chunk)
            if written > info.file_size:
                raise zipfile.BadZipFile(f"{member_name(info)} is larger than it says")
            file.write(chunk)
            progress.advance(len(chunk))
    if written != info.file_size:
        raise zipfile.BadZipFile(f"{member_name(info)} is shorter than it says")
