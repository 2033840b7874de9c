"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import FileFormatError
from ._paths import user_path

__all__ = ["atomic_path"]


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside the target, and rename it when the block succeeds.

    Parameters
    ----------
    path : path-like
        Where the file shall be in the end; an existing file is replaced.

    Yields
    ------
    Path
        A name in the same folder that ends as the target's name does (a writer that
        chooses its format by the ending, ``.nii.gz`` too, works unchanged).

    Raises
    ------
    FileFormatError
        When the folder is missing or cannot be written to, or the target is a folder.

    Notes
    -----
    A rename inside one folder is atomic, so a reader sees the old file or the new one and
    never a part. If the block raises, the temporary file is removed.
    """
    target = user_path(path)
    _require_writable(target)
    temporary = _reserve(target)
    try:
        yield temporary
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and not isinstance(error, FileFormatError):
            raise FileFormatError(
                f"{target} could not be written: {error.strerror or error}.",
                hint="Check the free space and the rights of the folder.",
                path=str(target),
            ) from error
        raise


def _require_writable(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileFormatError(
            f"{target.name} cannot be written: there is no folder {target.parent}.",
            hint="Create the folder first, or give another path.",
            path=str(target),
        )
    if target.is_dir():
        raise FileFormatError(
            f"{target} is a folder, not a file.", hint="Give a file name.", path=str(target)
        )


def _reserve(target: Path) -> Path:
    """Make an empty temporary file with the rights that a new file would get."""
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=f"-{target.name}", dir=target.parent)
    except OSError as error:
        raise FileFormatError(
            f"{target.name} cannot be written into {target.parent}: {error.strerror or error}.",
            hint="Choose a folder that you may write to.",
            path=str(target),
        ) from error
    os.close(handle)
    # mkstemp makes files that only their owner may read; a result is for the group too.
    mask = os.umask(0)
    os.umask(mask)
    with suppress(OSError):
        os.chmod(name, 0o666 & ~mask)
    return Path(name)
