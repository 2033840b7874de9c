"""The label table beside a labelmap: which value is which segment."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..volume import Segment
from ._write import atomic_path

__all__ = ["table_path", "write_label_table"]

# NIfTI has no place for names and colours. BIDS, which neuroimaging tools follow, puts a
# look-up table beside the image: tab-separated, columns index, name and color.
_COLUMNS = ("index", "name", "color")


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
    return path.with_name(re.sub(r"\.nii(\.gz)?$", "", path.name, flags=re.IGNORECASE) + ".tsv")


def write_label_table(segments: Sequence[Segment], path: str | os.PathLike[str]) -> Path:
    """Write a table of segments.

    Parameters
    ----------
    segments : sequence of Segment
        The segments.
    path : path-like
        The file; replaced when it exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileFormatError
        When it cannot be written.
    """
    rows = ["\t".join(_COLUMNS)]
    for segment in segments:
        name = re.sub(r"[\t\r\n]+", " ", segment.name)
        rows.append(f"{segment.value}\t{name}\t{segment.colour}")
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")
    return Path(path)
