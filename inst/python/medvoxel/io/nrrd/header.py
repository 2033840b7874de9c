"""Read the header of a NRRD file: its fields, and the keys that programs add to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError
from .._file_checks import damaged, require_file

__all__ = ["NRRD", "NrrdHeader", "escape", "read_header"]

NRRD = "a NRRD image"

# A segmentation with hundreds of segments has a header of some hundred kilobytes.
_LONGEST_HEADER = 16 << 20
_LONGEST_LINE = 1 << 20
_MOST_FILES = 100_000

# Names that the format allows for each type of voxel.
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long",
           "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}  # fmt: skip
_DTYPES = {name: np.dtype(kind) for kind, names in _TYPES.items() for name in names}
_ENCODINGS = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
    "ascii": "ascii", "text": "ascii", "txt": "ascii",
}  # fmt: skip
_FIELDS = (
    "type", "dimension", "space", "space dimension", "sizes", "space directions",
    "space origin", "spacings", "kinds", "endian", "encoding", "space units", "line skip",
    "byte skip", "data file",
)  # fmt: skip
_ONE_WORD = {"lineskip": "line skip", "byteskip": "byte skip", "datafile": "data file"}
_VECTORS = ("space directions", "space origin")
_NUMBERED = re.compile(r"([^%]*%0?\d{0,2}d[^%]*?)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(?:\s+\d+)?")


@dataclass(frozen=True, eq=False)
class NrrdHeader:
    """What a header says, with every name spelled one way.

    Parameters
    ----------
    path : Path
        Of the header.
    sizes : tuple of int
        Length of each axis, fastest first.
    dtype : dtype
        Of the voxels as stored.
    encoding : str
        ``"raw"``, ``"gzip"``, ``"bzip2"`` or ``"ascii"``.
    kinds : tuple of str
        Of each axis, fastest first; "" where it is not said.
    space : str
        Name of the frame; "" where it is not said.
    directions : ndarray, shape (axes, coordinates), or None
        Step along each axis; a row of NaN for an axis without one.
    origin : ndarray or None
        Centre of the first voxel.
    spacings : ndarray, shape (axes,), or None
        Step along each axis where there are no directions.
    space_units : tuple of str
        Units of the coordinates; empty where they are not said.
    line_skip, byte_skip : int
        What to leave out at the start of each file of voxels; -1 bytes for all but the last.
    files : tuple of Path
        Where the voxels are, in order.
    start : int
        Byte of the first file at which they start.
    keys : mapping of str to str
        What programs added.
    """

    path: Path
    sizes: tuple[int, ...]
    dtype: np.dtype
    encoding: str
    kinds: tuple[str, ...]
    space: str
    directions: NDArray[np.float64] | None
    origin: NDArray[np.float64] | None
    spacings: NDArray[np.float64] | None
    space_units: tuple[str, ...]
    line_skip: int
    byte_skip: int
    files: tuple[Path, ...]
    start: int
    keys: Mapping[str, str]


def read_header(path: Path) -> NrrdHeader:
    """Read a header, attached to its voxels or apart from them.

    Parameters
    ----------
    path : Path
        A ``.nrrd`` or ``.nhdr`` file.

    Returns
    -------
    NrrdHeader
        Checked: every number makes sense by itself, and the files are there.

    Raises
    ------
    FileFormatError
        When it is not a header, or names files elsewhere.
    """
    require_file(path)
    with open(path, "rb") as file:
        lines, listed, start = _lines(file, path)
    values, keys = _values(lines, path)
    try:
        return _checked(path, values, keys, listed, start)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise damaged(path, f"its header cannot be read ({error})", NRRD) from error


def _lines(file: BinaryIO, path: Path) -> tuple[list[str], list[str], int]:
    """Lines of the header, the names of a list of files after them, and where it ends."""
    if file.read(4) != b"NRRD":
        raise damaged(path, "it does not begin with NRRD", NRRD)
    file.seek(0)
    lines: list[str] = []
    names: list[str] | None = None
    while True:
        raw = file.readline(_LONGEST_LINE)
        if file.tell() > _LONGEST_HEADER or (len(raw) == _LONGEST_LINE and raw[-1:] != b"\n"):
            raise damaged(path, "its header does not end", NRRD)
        line = raw.decode("utf-8", "replace").rstrip()
        if not line:
            return lines, names or [], file.tell()
        if names is not None:
            names.append(line)
        elif not line.startswith("#"):
            lines.append(line)
            if re.match(r"data ?file:\s*LIST\b", line, re.IGNORECASE):
                names = []


def _values(lines: list[str], path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields, read by pynrrd, and keys of a header."""
    import nrrd

    fields, keys = [lines[0]], {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        field = _ONE_WORD.get(name.strip().lower(), name.strip().lower())
        if field in _FIELDS and not value.startswith("="):
            if field in _VECTORS:  # spaces inside the brackets are allowed, not for pynrrd
                value = " ".join(re.sub(r"\s", "", v) for v in re.findall(r"\([^)]*\)?|\w+", value))
            fields.append(f"{field}: {value.strip()}")
        elif ":=" in line:
            key, _, value = line.partition(":=")
            keys[key.strip()] = _unescape(value)
        elif not colon:
            raise damaged(path, f"its header has the line {line[:40]!r}", NRRD)
    try:
        with np.errstate(all="ignore"):
            return dict(nrrd.read_header(fields)), keys
    except Exception as error:  # pynrrd fails in many ways on values that make no sense
        raise damaged(path, f"its header cannot be read ({error})", NRRD) from error


def _unescape(value: str) -> str:
    return re.sub(r"\\([\\n])", lambda m: "\n" if m[1] == "n" else "\\", value)


def as_read(value: str) -> str:
    """Give what comes back of a text that was written, without spaces at its ends.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    str
        The same, but for characters that a header cannot hold.
    """
    return _unescape(escape(value)).strip()


def escape(value: str) -> str:
    """Write text so that it fits on the line of a key.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    str
        On one line, as the format asks for.
    """
    value = value.replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]+", " ", value)


def _checked(
    path: Path, values: dict[str, Any], keys: dict[str, str], listed: list[str], start: int
) -> NrrdHeader:
    sizes = tuple(int(n) for n in values["sizes"])
    if int(values["dimension"]) != len(sizes) or min(sizes) < 1 or len(sizes) > 16:
        raise ValueError(f"{values['dimension']} axes of the lengths {sizes}")
    files = _files(path, values.get("data file"), listed)
    space = " ".join(str(values.get("space", "")).lower().split())
    return NrrdHeader(
        path=path,
        sizes=sizes,
        dtype=_dtype(path, values),
        encoding=_encoding(path, values),
        kinds=_kinds(values.get("kinds"), len(sizes)),
        space=space,
        directions=_rows(values.get("space directions"), len(sizes)),
        origin=_numbers(values.get("space origin")),
        spacings=_numbers(values.get("spacings"), len(sizes)),
        space_units=tuple(values.get("space units", ())),
        line_skip=_at_least(0, values.get("line skip", 0)),
        byte_skip=_at_least(-1, values.get("byte skip", 0)),
        files=files,
        start=0 if "data file" in values else start,
        keys=keys,
    )


def _at_least(least: int, value: Any) -> int:
    if int(value) < least:
        raise ValueError(f"it skips {value}")
    return int(value)


def _encoding(path: Path, values: dict[str, Any]) -> str:
    name = str(values["encoding"]).lower()
    if name not in _ENCODINGS:
        raise FileFormatError(
            f"The voxels of {path.name} are packed as {name!r}; raw, gzip, bzip2 and ascii can "
            "be read.",
            hint="Save it again with gzip.",
            path=str(path),
        )
    return _ENCODINGS[name]


def _dtype(path: Path, values: dict[str, Any]) -> np.dtype:
    name = " ".join(str(values["type"]).lower().split())
    if name not in _DTYPES:
        raise FileFormatError(
            f"{path.name} holds {name!r} voxels, not grey values.",
            hint="Convert it to one number for each voxel first.",
            path=str(path),
        )
    dtype = _DTYPES[name]
    if dtype.itemsize == 1 or _encoding(path, values) == "ascii":
        return dtype
    endian = str(values["endian"]).lower()
    if endian not in ("little", "big"):
        raise ValueError(f"endian: {endian}")
    return dtype.newbyteorder("<" if endian == "little" else ">")


def _kinds(kinds: Any, count: int) -> tuple[str, ...]:
    if kinds is None:
        return ("",) * count
    if len(kinds) != count:
        raise ValueError(f"{len(kinds)} kinds for {count} axes")
    return tuple("" if kind in ("none", "???") else kind.lower() for kind in kinds)


def _rows(directions: Any, count: int) -> NDArray[np.float64] | None:
    if directions is None:
        return None
    width = max(len(row) for row in directions if row is not None)
    rows = [np.full(width, np.nan) if row is None else row for row in directions]
    if len(rows) != count:
        raise ValueError(f"{len(rows)} space directions for {count} axes")
    return np.array(rows, dtype=float)


def _numbers(values: Any, count: int | None = None) -> NDArray[np.float64] | None:
    if values is None:
        return None
    if count is not None and len(values) != count:
        raise ValueError(f"{len(values)} values for {count} axes")
    return np.asarray(values, dtype=float)


def _files(path: Path, data_file: str | None, listed: list[str]) -> tuple[Path, ...]:
    """Files that hold the voxels; never one that is not beside or below the header."""
    if data_file is None:
        return (path,)
    numbered = _NUMBERED.fullmatch(data_file.strip())
    if data_file.upper().startswith("LIST"):
        names = listed
    elif numbered:
        first, last, step = (int(n) for n in numbered.groups()[1:])
        numbers = range(first, last + (1 if step > 0 else -1), step)
        if len(numbers) > _MOST_FILES:
            raise ValueError(f"{len(numbers)} files")
        names = [numbered[1] % i for i in numbers]
    else:
        names = [data_file.strip()]
    if not names:
        raise ValueError("no file of voxels is named")
    for name in names:
        _require_beside(path, name)
    files = tuple(path.parent / name.replace("\\", "/") for name in names)
    for file in files:
        if not file.is_file():
            raise FileFormatError(
                f"{path.name} says that its voxels are in {file.name}, which is not there.",
                hint=f"Copy {file.name} beside {path.name}.",
                path=str(path),
            )
    return files


def _require_beside(path: Path, name: str) -> None:
    # A header from elsewhere must not open any file of this computer.
    for kind in (PurePosixPath, PureWindowsPath):
        asked = kind(name)
        if asked.is_absolute() or asked.drive or asked.root or ".." in asked.parts:
            raise FileFormatError(
                f"{path.name} says that its voxels are in {name}, which is not beside it.",
                hint=f"Copy that file beside {path.name}, and give its bare name in the header.",
                path=str(path),
            )
