"""A segmentation from an array of labels and whatever table lies beside its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...geometry import Grid
from ...volume import Segment, Segmentation, segment_colours
from .._file_checks import count_missing
from .layers import free_name, labels_in, warn_of_unnamed
from .table import LabelRow, find_label_table

__all__ = ["labelmap_segmentation", "whole_labels"]

# Programs that keep labels as scaled floating point numbers lose their last digits.
_DRIFT = 1e-3


def whole_labels(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Take the voxels of a file for labels.

    Parameters
    ----------
    array : ndarray
        Voxels; floating point numbers too, when they are whole (within 0.001).
    path : Path
        Of the file, for the message.

    Returns
    -------
    ndarray of int
        uint8, uint16 or int32, whichever is the smallest that holds the labels.

    Raises
    ------
    InputError
        When a voxel has no value, a fraction or a negative number.
    """
    if array.dtype.kind == "f":
        if any(count_missing(array)):
            raise _no_labels(path, "voxels without value (NaN or infinite)")
        for part in array:
            if np.abs(part - np.round(part)).max(initial=0) > _DRIFT:
                raise _no_labels(path, "fractions")
    low, high = float(array.min(initial=0)), float(array.max(initial=0))
    if round(low) < 0:
        raise _no_labels(path, f"negative values (down to {low:g})")
    if high > np.iinfo(np.int32).max:
        raise _no_labels(path, f"values up to {high:g}, too large for labels")
    dtype = np.uint8 if high < 256 else np.uint16 if high < 65536 else np.int32
    if array.dtype.kind != "f":
        return array.astype(dtype, copy=False)
    labels = np.empty(array.shape, dtype)
    for i, part in enumerate(array):
        labels[i] = np.round(part)
    return labels


def _no_labels(path: Path, what: str) -> InputError:
    return InputError(
        f"{path.name} is not a labelmap: it holds {what}.",
        hint="Read it as a scan and cut it into segments with segment_threshold().",
        path=str(path),
    )


def labelmap_segmentation(array: NDArray[Any], grid: Grid, path: Path) -> Segmentation:
    """Name the labels of a file by the table beside it.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Voxels of the file.
    grid : Grid
        Their grid.
    path : Path
        Of the file.

    Returns
    -------
    Segmentation
        Labels that the table does not name, or all of them where there is no table, are
        called "segment 1" and so on.

    Raises
    ------
    InputError
        When the voxels are not labels.
    """
    labels = whole_labels(array, path)
    found = labels_in(labels)
    table = find_label_table(path)
    rows = dict(table.rows) if table is not None else {}
    if table is not None and table.lists_more:
        rows = {value: row for value, row in rows.items() if value in set(found)}
    lost = [value for value in found if value not in rows]
    if rows and lost:
        warn_of_unnamed(len(lost), path.name)
    taken = {row.name for row in rows.values()}
    rows.update({value: LabelRow(free_name(value, taken)) for value in lost})
    palette = segment_colours(len(rows))
    ordered = rows if table is not None and not lost else dict(sorted(rows.items()))
    segments = [
        Segment(value, row.name, row.colour or palette[i], row.visible, row.status, row.code)
        for i, (value, row) in enumerate(ordered.items())
    ]
    return Segmentation(labels, grid, tuple(segments))
