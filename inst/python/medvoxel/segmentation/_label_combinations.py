"""Count which labels several segmentations give to the same voxel.

Overlap, agreement and consensus depend on the voxels only through the combinations of
labels that occur, of which there are few. They are counted once, one pass a segmentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._boxes import Box, box_at_least
from ..volume import Segmentation
from ._matching import MatchedSegment

__all__ = ["LabelCombinations", "combine_labels"]

# Above this label value a table with one entry for each value up to it would waste memory.
_LARGEST_TABLE = 1 << 20


@dataclass(frozen=True, eq=False)
class LabelCombinations:
    """The combinations of labels that occur.

    Parameters
    ----------
    labels : ndarray of int, shape (combinations, segmentations)
        For each combination the matched segment that each segmentation gives to the
        voxel: 0 is none, 1 the first of the matched segments. The first combination is
        always "none" everywhere.
    counts : ndarray of int, shape (combinations,)
        Number of voxels of the whole grid.
    index : ndarray of int
        The combination of each voxel of the box.
    box : tuple of slice or None
        The part of the grid outside which nobody labelled anything; None when that is all
        of it.
    """

    labels: NDArray[np.int64]
    counts: NDArray[np.int64]
    index: NDArray[np.signedinteger[Any]]
    box: Box | None


def combine_labels(
    segmentations: Sequence[Segmentation],
    matched: Sequence[MatchedSegment],
    columns: Sequence[int],
) -> LabelCombinations:
    """Find and count the combinations of labels.

    Parameters
    ----------
    segmentations : sequence of Segmentation
        On one grid.
    matched : sequence of MatchedSegment
        From :func:`match_segments`.
    columns : sequence of int
        Place of each segmentation in the rows of `matched`.

    Returns
    -------
    LabelCombinations
        The combinations that occur, in no special order but for the first.
    """
    box = _union_box([s.array for s in segmentations])
    total = segmentations[0].array.size
    labels = np.zeros((1, 0), dtype=np.int64)
    if box is None:
        none = np.zeros((1, len(segmentations)), dtype=np.int64)
        return LabelCombinations(none, np.array([total]), np.zeros((0, 0, 0), dtype=np.int64), None)
    shape = [part.stop - part.start for part in box]
    # No more combinations than voxels: their numbers fit, also while they are split.
    small = math.prod(shape) * (len(matched) + 1) <= np.iinfo(np.int32).max
    index = np.zeros(shape, dtype=np.int32 if small else np.int64)
    for segmentation, column in zip(segmentations, columns, strict=True):
        code = _coder([m.values[column] for m in matched])
        labels = _refine(index, labels, segmentation.array[box], code, len(matched) + 1)
    counts = np.zeros(len(labels), dtype=np.int64)
    for part in index:
        counts += np.bincount(part.reshape(-1), minlength=len(labels))
    counts[0] += total - index.size
    return LabelCombinations(labels, counts, index, box)


def _refine(
    index: NDArray[np.signedinteger[Any]],
    labels: NDArray[np.int64],
    array: NDArray[Any],
    code: Callable[[NDArray[Any]], NDArray[np.int64]],
    width: int,
) -> NDArray[np.int64]:
    """Split each combination by one more segmentation; `index` is rewritten."""
    occurs = np.zeros(len(labels) * width, dtype=bool)
    occurs[0] = True
    for part, plane in zip(index, array, strict=True):
        part *= width
        part += code(plane)
        occurs[part] = True
    keys = np.flatnonzero(occurs)
    renumber = np.cumsum(occurs) - 1
    for part in index:
        part[...] = renumber[part]
    return np.column_stack([labels[keys // width], keys % width])


def _coder(values: Sequence[int | None]) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Make the function that turns voxel values into places among the matched segments."""
    pairs = sorted((value, place) for place, value in enumerate(values, 1) if value is not None)
    if not pairs:
        return lambda plane: np.zeros(plane.shape, dtype=np.int64)
    known = np.array([value for value, _ in pairs])
    places = np.array([place for _, place in pairs])
    if known[-1] > _LARGEST_TABLE:
        return lambda plane: _search(plane, known, places)
    # Values below and above are clipped to the two ends, which mean "none".
    table = np.zeros(known[-1] + 2, dtype=np.int64)
    table[known] = places
    return lambda plane: np.take(table, plane, mode="clip")


def _search(
    plane: NDArray[Any], known: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    at = np.minimum(np.searchsorted(known, plane), len(known) - 1)
    return np.where(known[at] == plane, places[at], 0)


def _union_box(arrays: Sequence[NDArray[Any]]) -> Box | None:
    boxes = [box for box in (box_at_least(a, 1) for a in arrays) if box is not None]
    if not boxes:
        return None
    z, y, x = (
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )
    return z, y, x
