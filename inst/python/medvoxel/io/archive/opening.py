"""Unpack a zip file into a private temporary folder, and nowhere else.

How a reader uses it::

    with opened(path, progress=...) as place:
        folder = read_folder(place.folder, ...)     # the path itself when it is no zip
        source = place.label(header.path)           # "scan.zip!a/IM1"; unchanged when no zip

and who has such a source later::

    with real_files() as real:
        read_header(real("scan.zip!a/IM1"))         # a path, good until the next call
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import DicomError, DicomWarning, FileFormatError
from ...progress import Progress, ProgressCallback
from .._paths import user_path
from .members import (
    copy_member,
    listing,
    member_name,
    reporting,
    require_room,
    sort_members,
)
from .names import harmless_paths, split_name

__all__ = ["Opened", "is_archive", "opened", "real_files"]


@dataclass(frozen=True)
class Opened:
    """A folder to read, and what its files are called for people.

    Parameters
    ----------
    folder : Path
        What to read: the path that was asked for, or where the archive was unpacked.
    archive : Path, optional
        The archive, when there is one.
    members : mapping of str to str
        Name in the archive for each file, and each folder, that was unpacked.
    skipped : tuple of (str, str)
        Members that were not unpacked, each with the reason.
    """

    folder: Path
    archive: Path | None = None
    members: Mapping[str, str] = field(default_factory=dict, repr=False)
    skipped: tuple[tuple[str, str], ...] = ()

    def label(self, path: str | os.PathLike[str]) -> str:
        """Name a file or folder below :attr:`folder` as the user knows it.

        Parameters
        ----------
        path : path-like
            Such as the path of a header.

        Returns
        -------
        str
            For a member of an archive, the archive and the name in it with ``!`` between;
            else `path`.
        """
        path = os.fspath(path)
        if self.archive is None:
            return path
        inside = self.members.get(path)
        if inside is None:
            inside = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return str(self.archive) if inside in ("", ".") else f"{self.archive}!{inside}"


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a zip file, by its content.

    Parameters
    ----------
    path : path-like
        A file; a folder or nothing is no archive.

    Returns
    -------
    bool
        ``True`` also for one that is cut short. A DICOM file never is one, even when it
        has the end of a zip file behind its pixels.
    """
    if not os.path.isfile(path):  # to open a pipe would wait for ever
        return False
    try:
        with open(path, "rb") as file:
            start = file.read(132)
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            return True
        return start[128:] != b"DICM" and zipfile.is_zipfile(path)
    except OSError:
        return False


@contextmanager
def opened(
    path: str | os.PathLike[str], *, progress: ProgressCallback | None = None
) -> Iterator[Opened]:
    """Give a folder to read, for a zip file too.

    Parameters
    ----------
    path : path-like
        Anything. What is no zip file is handed on as it is, whether it exists or not.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`; only unpacking is told.

    Yields
    ------
    Opened
        The folder. Where a zip file was unpacked to is removed when the block ends,
        however it ends.

    Raises
    ------
    FileFormatError
        When the archive is damaged, cut short, locked, too large for the disk, or not what
        it says it is.
    DicomError
        When nothing in it can be DICOM.

    Warns
    -----
    DicomWarning
        When there are archives in the archive.
    """
    # Absolute: a scan outlives the working directory in which it was read.
    root = user_path(path).absolute()
    if not is_archive(root):
        yield Opened(root)
        return
    # Made for us and readable by us alone; the name cannot be foreseen.
    temporary = Path(tempfile.mkdtemp(prefix="medvoxel-")).resolve()
    try:
        yield _unpack(root, temporary, progress)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def real_files() -> Iterator[Callable[[str], Path]]:
    """Find files by the names that :meth:`Opened.label` gave.

    Yields
    ------
    callable
        Takes such a name and returns a path. The file of a member of an archive is there
        until the next call; archives stay open until the block ends.

    Raises
    ------
    FileFormatError
        From the callable, when there is no such file or member.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="medvoxel-")))
        listings: dict[str, tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]] = {}
        current = ""

        def real(name: str) -> Path:
            nonlocal current
            archive, member = _split_label(name)
            if not member:
                return Path(name)
            if archive not in listings:
                opening = stack.enter_context(listing(Path(archive)))
                members = {member_name(info): info for info in opening.infolist()}
                listings[archive] = opening, members
            opening, infos = listings[archive]
            if member not in infos:
                raise _gone(name)
            target = folder / "member"
            if current != name:
                current = ""
                with reporting(Path(archive)):
                    copy_member(opening, infos[member], target, Progress(None, 1, ""))
                current = name
            return target

        yield real


def _gone(name: str) -> FileFormatError:
    return FileFormatError(
        f"There is no file {name} any more.", hint="Read the scan again.", path=name
    )


def _split_label(name: str) -> tuple[str, str]:
    """Part a name into archive and member; exclamation marks may stand in both."""
    if os.path.isfile(name):
        return name, ""
    at = name.find("!")
    while at >= 0:
        if os.path.isfile(name[:at]):
            return name[:at], name[at + 1 :]
        at = name.find("!", at + 1)
    raise _gone(name)


def _unpack(archive: Path, folder: Path, progress: ProgressCallback | None) -> Opened:
    with listing(archive) as opening, reporting(archive):
        wanted, skipped = sort_members(opening)
        if not wanted:
            raise DicomError(
                f"There is no scan in {archive}: nothing in it can be DICOM.",
                hint="Give the archive or folder that holds the DICOM files.",
                path=str(archive),
            )
        require_room(archive, wanted, folder)
        split = [split_name(member_name(info)) for info in wanted]
        paths = [os.path.join(folder, *p.split("/")) for p in harmless_paths(split)]
        total = Progress(progress, sum(info.file_size for info in wanted), "Unpacking")
        for info, target in zip(wanted, paths, strict=True):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            copy_member(opening, info, Path(target), total)
    _warn_nested(archive, skipped)
    names = {os.path.dirname(p): "/".join(s[:-1]) for p, s in zip(paths, split, strict=True)}
    names[str(folder)] = ""
    names.update((p, member_name(info)) for p, info in zip(paths, wanted, strict=True))
    return Opened(folder, archive, names, tuple(skipped))


def _warn_nested(archive: Path, skipped: Sequence[tuple[str, str]]) -> None:
    nested = [name for name, reason in skipped if "archive" in reason]
    if nested:
        shown = ", ".join(nested[:3]) + (f" and {len(nested) - 3} more" if len(nested) > 3 else "")
        warnings.warn(
            DicomWarning(
                f"Archives inside {archive.name} were not read: {shown}.",
                hint="Unpack it, and read them one by one.",
            ),
            stacklevel=5,
        )
