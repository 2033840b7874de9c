"""Give the members of an archive names that are harmless on every system."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence

__all__ = ["harmless_paths", "is_hidden", "split_name"]

# Names that Windows takes for devices, with any ending.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    port + number for port in ("com", "lpt") for number in "0123456789¹²³"
}
_FORBIDDEN = frozenset('<>:"/\\|?*')
# Windows allows 260 characters for a path, and the temporary folder needs some of them.
_LONGEST_NAME, _LONGEST_FOLDER = 80, 100


def split_name(name: str) -> tuple[str, ...]:
    """Take the name of a member apart.

    Parameters
    ----------
    name : str
        As it stands in the archive, with slashes or (from old Windows tools) backslashes.

    Returns
    -------
    tuple of str
        Its parts, without empty ones.
    """
    return tuple(part for part in re.split(r"[\\/]", name) if part not in ("", "."))


def is_hidden(parts: Sequence[str]) -> bool:
    """Whether a member is one of the shadows that macOS and thumbnail makers leave.

    Parameters
    ----------
    parts : sequence of str
        From :func:`split_name`.

    Returns
    -------
    bool
        ``True`` also for everything in a hidden folder.
    """
    return any(part == "__MACOSX" or (part[0] == "." and part != "..") for part in parts)


def harmless_paths(members: Sequence[tuple[str, ...]]) -> list[str]:
    """Choose where members are unpacked to.

    Parameters
    ----------
    members : sequence of tuple of str
        From :func:`split_name`.

    Returns
    -------
    list of str
        One relative path for each, below the folder that they are unpacked to. All differ,
        on systems that do not tell upper from lower case too. A name that can be kept is;
        absolute paths, ``..``, drives, devices and what is too long are replaced.
    """
    folders: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for folder in dict.fromkeys(parts[:-1] for parts in members):
        path = "/".join(folder)
        if not all(map(_is_harmless, folder)) or len(path) > _LONGEST_FOLDER or _key(path) in taken:
            path = _free_name(f"folder-{len(folders) + 1}", "", taken)
        folders[folder] = path
        # A file may not have the name of a folder, nor of one above it.
        taken.update(_key("/".join(path.split("/")[: i + 1])) for i in range(path.count("/") + 1))
    chosen = []
    for i, parts in enumerate(members):
        name, folder = parts[-1], folders[parts[:-1]]
        path = f"{folder}/{name}" if folder else name
        if not _is_harmless(name) or _key(path) in taken:
            ending = os.path.splitext(name)[1]
            ending = ending if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", ending) else ""
            path = _free_name(f"{folder}/file-{i + 1}".lstrip("/"), ending, taken)
        taken.add(_key(path))
        chosen.append(path)
    return chosen


def _is_harmless(name: str) -> bool:
    return (
        name.isprintable()
        and name[0] not in ". "
        and name[-1] not in ". "
        and len(name.encode()) <= _LONGEST_NAME
        and _FORBIDDEN.isdisjoint(name)
        and name.split(".")[0].strip().lower() not in _DEVICES
    )


def _key(path: str) -> str:
    """Equal for two paths that some system takes for one."""
    return unicodedata.normalize("NFKC", path).casefold()


def _free_name(stem: str, ending: str, taken: set[str]) -> str:
    path, count = stem + ending, 1
    while _key(path) in taken:
        count += 1
        path = f"{stem}-{count}{ending}"
    return path
