"""Paths as users give them."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import FileFormatError, InputError

__all__ = ["user_path"]


def user_path(path: str | os.PathLike[str]) -> Path:
    """Take a path from a user, with `~` for the home folder.

    Parameters
    ----------
    path : path-like
        Need not exist.

    Returns
    -------
    Path
        Of the same place.

    Raises
    ------
    InputError
        When it is no text, or empty: that would be the working directory.
    FileFormatError
        When no file can have this name.
    """
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        shown = "an empty text" if path == "" else f"{type(path).__name__}"
        raise InputError(f"A path must be the name of a file or folder, not {shown}.")
    try:
        found = Path(path).expanduser()
        os.path.lexists(found) or os.stat(found)
    except FileNotFoundError:
        return found
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileFormatError(
            f"There can be no file {str(path)[:200]!r}: {reason}.", hint="Check the path."
        ) from error
    return found
