"""The label table beside a labelmap: which value is which segment."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..volume import Segment

__all__ = ["label_table", "table_path"]

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
