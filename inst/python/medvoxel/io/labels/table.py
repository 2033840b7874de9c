"""The label table beside a labelmap: which value is which segment."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...volume import Segment
from .._file_checks import warn_user
from ..dicom_seg.labels import unique_names

__all__ = ["LabelTable", "find_label_table", "label_table", "table_path"]

# NIfTI has no place for names and colours. BIDS, which neuroimaging tools follow, puts a
# look-up table beside the image: tab-separated, columns index, name and color.
_COLUMNS = ("index", "name", "color")
_ENDING = re.compile(r"(\.nii(\.gz)?|(\.seg)?\.nrrd|\.nhdr)$", re.IGNORECASE)
_LONGEST = 4 << 20
_MOST_VALUE = 2**31 - 1
_SNAP = re.compile(r"\s*(\d+)" + r"\s+([\d.]+)" * 6 + r'\s+"(.*)"\s*')

Rows = list[tuple[int, str, str | None]]


@dataclass(frozen=True)
class LabelTable:
    """What a table says.

    Parameters
    ----------
    rows : mapping of int to (str, str or None)
        Name and colour of each value; 0, the background, is left out.
    lists_more : bool
        Whether it may well name labels that the file does not hold, as the colour tables
        of programs do.
    """

    rows: Mapping[int, tuple[str, str | None]]
    lists_more: bool


def table_path(path: str | os.PathLike[str]) -> Path:
    """Name the table that belongs to a labelmap.

    Parameters
    ----------
    path : path-like
        Such as ``labels.nii.gz``.

    Returns
    -------
    Path
        Such as ``labels.tsv``.
    """
    path = Path(path)
    return path.with_name(_ENDING.sub("", path.name) + ".tsv")


def label_table(segments: Sequence[Segment]) -> str:
    """Give the table of segments as text.

    Parameters
    ----------
    segments : sequence of Segment
        The segments.

    Returns
    -------
    str
        A line of column names, then one line for each segment.
    """
    rows = ["\t".join(_COLUMNS)]
    for segment in segments:
        name = re.sub(r"[\t\r\n]+", " ", segment.name)
        rows.append(f"{segment.value}\t{name}\t{segment.colour}")
    return "\n".join(rows) + "\n"


def find_label_table(path: Path) -> LabelTable | None:
    """Find and read the table beside a labelmap.

    Parameters
    ----------
    path : Path
        Of the labelmap, such as ``labels.nii.gz``.

    Returns
    -------
    LabelTable or None
        Of the first of these that is there and is a table of labels: ``labels.tsv`` (BIDS,
        and what :func:`medvoxel.write_nifti` leaves), ``labels.ctbl`` or
        ``labels_ColorTable.ctbl`` (3D Slicer), ``labels.label`` or ``labels.txt``
        (ITK-SNAP).

    Warns
    -----
    MedvoxelWarning
        When a file with one of the first names is there and cannot be read.
    """
    base = _ENDING.sub("", path.name)
    for ending, read in _READERS.items():
        table = path.with_name(base + ending)
        if not table.is_file():
            continue
        try:
            rows = read(_text(table))
        except ValueError as error:
            # A text of the same name may well be about something else.
            if ending not in (".txt", ".label"):
                _warn_of_table(table, error)
            continue
        return _table(rows, lists_more=ending != ".tsv")
    return None


def _text(path: Path) -> str:
    if path.stat().st_size > _LONGEST:
        raise ValueError("it is too long")
    return path.read_bytes().decode("utf-8-sig", "replace")


def _warn_of_table(path: Path, error: Exception) -> None:
    bids = path.name.endswith(".tsv")
    warn_user(
        f"{path.name} is not a table of labels ({error}); its names are not used.",
        "It needs a line of the columns index, name and color, parted by tabs."
        if bids
        else "Save it again with 3D Slicer.",
    )


def _table(rows: Rows, *, lists_more: bool) -> LabelTable:
    rows = [row for row in rows if row[0] > 0]
    names = unique_names([name for _, name, _ in rows], [row[0] for row in rows], "segment")
    table = {value: (n, colour) for (value, _, colour), n in zip(rows, names, strict=True)}
    return LabelTable(table, lists_more)


def _value(text: str | None) -> int:
    try:
        number = float(text if text is not None else "")
    except ValueError:
        raise ValueError(f"{text!r} is no label") from None
    if not number.is_integer() or not 0 <= number <= _MOST_VALUE:
        raise ValueError(f"{text!r} is no label")
    return int(number)


def _read_bids(text: str) -> Rows:
    """Columns index, name and, if wished, color, in any order."""
    lines = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = {(name or "").strip().lower(): name for name in lines.fieldnames or ()}
    if not {"index", "name"} <= set(columns):
        raise ValueError("it has no columns index and name")
    rows, seen = [], set()
    for line in lines:
        value = _value(line[columns["index"]])
        if value in seen:
            raise ValueError(f"it names {value} twice")
        seen.add(value)
        colour = (line.get(columns.get("color", ""), "") or "").strip()
        good = re.fullmatch(r"#[0-9a-fA-F]{6}", colour)
        name = (line[columns["name"]] or "").strip()
        rows.append((value, name, colour.upper() if good else None))
    return rows


def _read_slicer(text: str) -> Rows:
    """Value, name (spaces as ``_``), red, green, blue and opacity from 0 to 255."""
    rows = []
    for line in _lines(text):
        words = line.split()
        if len(words) < 5:
            raise ValueError(f"it has the line {line[:40]!r}")
        name = words[1].replace("_", " ").strip().strip("'")
        if name and name != "(none)":
            rows.append((_value(words[0]), name, _colour(words[2:5])))
    return rows


def _read_snap(text: str) -> Rows:
    """Value, red, green, blue, opacity, two marks, and the name between quotes."""
    rows = []
    for line in _lines(text):
        found = _SNAP.fullmatch(line)
        if found is None:
            raise ValueError(f"it has the line {line[:40]!r}")
        rows.append((_value(found[1]), found[8], _colour(found.groups()[1:4])))
    if not rows:
        raise ValueError("it is empty")
    return rows


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _colour(channels: Sequence[str]) -> str:
    levels = [min(max(round(float(c)), 0), 255) for c in channels]
    return "#" + "".join(f"{level:02X}" for level in levels)


_READERS: dict[str, Callable[[str], Rows]] = {
    ".tsv": _read_bids,
    ".ctbl": _read_slicer,
    "_ColorTable.ctbl": _read_slicer,
    ".label": _read_snap,
    ".txt": _read_snap,
}
