"""The label table beside a labelmap: which value is which segment."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...volume import SEGMENT_STATUSES, Segment
from .._file_checks import warn_user
from ..dicom_seg.labels import unique_names
from .changed_names import warn_of_changed_names
from .coded_terms import joined_term

__all__ = ["LabelRow", "LabelTable", "find_label_table", "label_table", "table_path"]

# NIfTI has no place for names and colours. BIDS, which neuroimaging tools follow, puts a
# look-up table beside the image: tab-separated, columns index, name and color, more of
# one's own, "n/a" where nothing is known, and double quotes around a text with a tab.
_COLUMNS = ("index", "name", "color")
_UNKNOWN = "n/a"
_MORE: dict[str, Callable[[Segment], str]] = {
    # R and pandas take these words for logical values.
    "visible": lambda segment: "TRUE" if segment.visible else "FALSE",
    "status": lambda segment: segment.status or _UNKNOWN,
    "code": lambda segment: segment.code or _UNKNOWN,
}
_ENDING = re.compile(r"(\.nii(\.gz)?|(\.seg)?\.nrrd|\.nhdr)$", re.IGNORECASE)
_LONGEST = 4 << 20
_MOST_VALUE = 2**31 - 1
_SNAP = re.compile(r"\s*(\d+)" + r"\s+([\d.]+)" * 6 + r'\s+"(.*)"\s*')


@dataclass(frozen=True)
class LabelRow:
    """What a table says of a value.

    Parameters
    ----------
    name : str
        The name.
    colour : str or None
        The colour, where it is given.
    visible, status, code
        As of :class:`medvoxel.Segment`.
    """

    name: str
    colour: str | None = None
    visible: bool = True
    status: str | None = None
    code: str | None = None


Rows = list[tuple[int, LabelRow]]


@dataclass(frozen=True)
class LabelTable:
    """What a table says.

    Parameters
    ----------
    rows : mapping of int to LabelRow
        Of each value; 0, the background, is left out.
    lists_more : bool
        Whether it may well name labels that the file does not hold, as the colour tables
        of programs do.
    """

    rows: Mapping[int, LabelRow]
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
        A line of column names, then one for each segment. The columns visible, status and
        code are there when a segment has something to say in them.

    Warns
    -----
    MedvoxelWarning
        When a name has spaces at its ends, which readers take away.
    """
    warn_of_changed_names(segments, str.strip, "a table")
    usual = Segment(1, "", "")
    more = [
        column
        for column, text in _MORE.items()
        if any(text(segment) != text(usual) for segment in segments)
    ]
    rows = ["\t".join((*_COLUMNS, *more))]
    for segment in segments:
        texts = [segment.name, segment.colour, *(_MORE[column](segment) for column in more)]
        rows.append("\t".join((str(segment.value), *map(_quoted, texts))))
    return "\n".join(rows) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[\t\r\n"]', text) else text


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
    names = unique_names([row.name for _, row in rows], [value for value, _ in rows], "segment")
    table = {value: replace(row, name=n) for (value, row), n in zip(rows, names, strict=True)}
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
    """Columns index, name and, if wished, color and ours, in any order."""
    head, *lines = _cells(text) or [[]]
    columns = {name.strip().lower(): i for i, name in enumerate(head)}
    if not {"index", "name"} <= set(columns):
        raise ValueError("it has no columns index and name")
    rows: dict[int, LabelRow] = {}
    for line in lines:
        cells = {name: line[i].strip() for name, i in columns.items() if i < len(line)}
        value = _value(cells.get("index"))
        if value in rows:
            raise ValueError(f"it names {value} twice")
        rows[value] = _bids_row(cells)
    return list(rows.items())


def _cells(text: str) -> list[list[str]]:
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        lines = io.StringIO(text, newline="")
        try:
            found = csv.reader(lines, delimiter="\t", quoting=quoting, strict=True)
            return [line for line in found if line]
        except csv.Error as error:  # a quote at the start of a name of another program
            reason = str(error)
    raise ValueError(reason)


def _bids_row(cells: Mapping[str, str]) -> LabelRow:
    """One segment; what its columns should not say is left out."""
    colour = cells.get("color", "")
    status, code = cells.get("status", "").lower(), cells.get("code", "").split("^")
    return LabelRow(
        cells.get("name", ""),
        colour.upper() if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else None,
        cells.get("visible", "").lower() not in ("false", "no", "0"),
        status if status in SEGMENT_STATUSES else None,
        joined_term(*code) if len(code) == 3 else None,
    )


def _read_slicer(text: str) -> Rows:
    """Value, name (spaces as ``_``), red, green, blue and opacity from 0 to 255."""
    rows = []
    for line in _lines(text):
        words = line.split()
        if len(words) < 5:
            raise ValueError(f"it has the line {line[:40]!r}")
        name = words[1].replace("_", " ").strip().strip("'")
        if name and name != "(none)":
            rows.append((_value(words[0]), LabelRow(name, _colour(words[2:5]))))
    return rows


def _read_snap(text: str) -> Rows:
    """Value, red, green, blue, opacity, two marks, and the name between quotes."""
    rows = []
    for line in _lines(text):
        found = _SNAP.fullmatch(line)
        if found is None:
            raise ValueError(f"it has the line {line[:40]!r}")
        rows.append((_value(found[1]), LabelRow(found[8], _colour(found.groups()[1:4]))))
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
