"""Go through a folder once and read every DICOM header in it."""

from __future__ import annotations

import os
import re
import stat
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import DicomError, DicomWarning, FileFormatError
from ...progress import Progress, ProgressCallback
from .._paths import user_path
from .dicomdir import files_of, is_dicomdir
from .elements import DamagedFileError
from .frames import expand_frames
from .header import Header, read_header

__all__ = ["Damaged", "Folder", "read_folder"]

# A media directory lists the files of a disc; it is no image.
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_DICOM_ENDINGS = frozenset((".dcm", ".dicom", ".ima", ".dc3"))


@dataclass(frozen=True)
class Damaged:
    """A file that looks like DICOM and cannot be used.

    Parameters
    ----------
    path : str
        The file.
    reason : str
        Why, as the end of a sentence that begins with the file's name.
    header : Header, optional
        Where it could be read: it tells the place of the lost slice.
    """

    path: str
    reason: str
    header: Header | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{os.path.basename(self.path)}: {self.reason}"


@dataclass(frozen=True)
class Folder:
    """Everything that was found under a path.

    Parameters
    ----------
    path : Path
        The path that was asked for.
    headers : tuple of Header
        One for each image (file or frame), in the order of the paths.
    damaged : tuple of Damaged
        Files that look like DICOM and cannot be used.
    files : int
        Number of files that were looked at.
    """

    path: Path
    headers: tuple[Header, ...]
    damaged: tuple[Damaged, ...]
    files: int


def read_folder(path: str | os.PathLike[str], *, progress: ProgressCallback | None) -> Folder:
    """Read the headers of all DICOM files under a path.

    Parameters
    ----------
    path : path-like
        A folder, walked with its subfolders; one file, which stands for its series in its
        own folder; or a DICOMDIR, which stands for the images it lists.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Folder
        What was found.

    Raises
    ------
    FileFormatError
        When the path does not exist.
    DicomError
        When no file in it is DICOM.
    """
    root = user_path(path)
    if is_dicomdir(root):
        return _files_of_disc(root, progress)
    if root.is_file():
        return _series_of_file(root, progress)
    if not root.is_dir():
        raise FileFormatError(
            f"There is no file or folder {root}.",
            hint="Check the path, and that the drive is connected.",
            path=str(root),
        )
    folder = _read_files(root, _files_below(root), progress)
    if not folder.headers:
        raise _nothing_found(folder)
    return folder


def _files_of_disc(directory: Path, progress: ProgressCallback | None) -> Folder:
    files, missing = files_of(directory)
    folder = _read_files(directory, files, progress)
    reason = f"{directory.name} lists it, and it is not there"
    absent = tuple(Damaged(os.path.join(directory.parent, m), reason) for m in missing)
    folder = replace(folder, damaged=folder.damaged + absent)
    if not folder.headers:
        raise _nothing_found(folder)
    return folder


def _series_of_file(file: Path, progress: ProgressCallback | None) -> Folder:
    wanted = _read_files(file, [str(file)], None)
    if wanted.damaged:
        raise DicomError(f"{file} cannot be read: {wanted.damaged[0].reason}.", hint=_AGAIN)
    if not wanted.headers:
        raise DicomError(
            f"{file} is not a DICOM image.",
            hint="Give the folder that holds the scan; read_nifti() reads NIfTI files.",
        )
    uid = wanted.headers[0].series_uid
    beside = [entry.path for entry in os.scandir(file.parent) if entry.is_file()]
    folder = _read_files(file, sorted(beside), progress)
    headers = tuple(h for h in folder.headers if h.series_uid == uid)
    return Folder(file, headers, folder.damaged, folder.files)


_AGAIN = "Copy it again from its source."


def _files_below(root: Path) -> list[str]:
    # Hidden files are the shadows that macOS and thumbnail makers leave beside real ones.
    found: list[str] = []
    seen = {_identity(root)}
    for folder, below, names in os.walk(root, onerror=_warn_unreadable, followlinks=True):
        # A link may lead back up, and then for ever down again.
        inner = ((name, _identity(os.path.join(folder, name))) for name in sorted(below))
        below[:] = [name for name, who in inner if name[0] != "." and who not in seen]
        seen.update(_identity(os.path.join(folder, name)) for name in below)
        paths = (os.path.join(folder, name) for name in sorted(names) if name[0] != ".")
        found += filter(_may_be_read, paths)
    return found


def _identity(folder: str | os.PathLike[str]) -> tuple[int, int] | str:
    try:
        status = os.stat(folder)
    except OSError:
        return os.fspath(folder)
    return status.st_dev, status.st_ino


def _may_be_read(path: str) -> bool:
    """Whether it is a file: to open a pipe would wait for ever."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True  # a link to nothing may be a lost slice, which has to be said


def _warn_unreadable(error: OSError) -> None:
    warnings.warn(
        DicomWarning(
            f"The folder {error.filename} was passed over: it cannot be opened "
            f"({error.strerror or error}).",
            hint="If slices lie in it, get the right to read it and read the series again.",
        ),
        stacklevel=5,
    )


def _read_files(path: Path, files: list[str], progress: ProgressCallback | None) -> Folder:
    headers: list[Header] = []
    damaged: list[Damaged] = []
    others: list[str] = []
    for file in Progress.over(files, progress, "Reading headers"):
        try:
            header = read_header(file)
            if header is None:
                others.append(file)
            elif header.sop_class != _MEDIA_DIRECTORY:
                headers += expand_frames(header)
        except DamagedFileError as error:
            damaged.append(Damaged(file, str(error), error.header))
    damaged += _broken_among(others, headers)
    return Folder(path, tuple(headers), tuple(damaged), len(files))


def _broken_among(others: list[str], headers: list[Header]) -> list[Damaged]:
    """Find files that are not DICOM although their place and name say so.

    A slice whose beginning was overwritten no longer looks like DICOM. It is told from a
    harmless text by its ending, which is that of DICOM files or of those beside it.
    Where names have no ending, README and VERSION have none either: there the file has
    to be named as its neighbours are, or to hold more than text.
    """
    endings = {(os.path.dirname(h.path), _ending(h.path)) for h in headers}
    shapes = {_shape(h.path) for h in headers}
    broken = []
    for file in others:
        ending = _ending(file)
        if _is_foreign(file):
            continue
        if not ending and _shape(file) not in shapes and not _is_binary(file):
            continue
        if ending in _DICOM_ENDINGS or (os.path.dirname(file), ending) in endings:
            empty = os.path.getsize(file) == 0
            reason = "it is empty" if empty else "it does not begin as a DICOM file does"
            broken.append(Damaged(file, reason))
    return broken


# Documents and pictures that somebody named as the slices beside them.
_FOREIGN = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"{\rtf")


def _is_foreign(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(8).startswith(_FOREIGN)
    except OSError:
        return False


def _ending(path: str) -> str:
    # Names such as CT.1.2.840.113 end in a number, which is no ending.
    ending = os.path.splitext(path)[1].lower()
    return "" if ending[1:].isdigit() else ending


def _shape(path: str) -> tuple[str, str]:
    """Folder and name without its counting: IM0001 and IM0002 are alike."""
    folder, name = os.path.split(path)
    return folder, re.sub(r"\d+", "0", name.lower())


def _is_binary(path: str) -> bool:
    with open(path, "rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # text of 16 bits
        return False
    return any(byte < 32 and byte not in b"\t\n\v\f\r\x1a\x1b" for byte in start)


def _nothing_found(folder: Folder) -> DicomError:
    if folder.damaged:
        shown = "; ".join(map(str, folder.damaged[:3]))
        return DicomError(
            f"No DICOM file in {folder.path} can be read ({shown}).",
            hint="Copy the files again from their source.",
            files=[d.path for d in folder.damaged],
        )
    what = {0: "it is empty", 1: "its only file is not DICOM"}.get(
        folder.files, f"none of its {folder.files} files is DICOM"
    )
    return DicomError(
        f"There is no scan in {folder.path}: {what}.",
        hint="Give the folder that holds the DICOM files; read_nifti() reads NIfTI files.",
    )
