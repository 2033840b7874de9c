"""Overlap of the segments of two segmentations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..volume import Segmentation
from ._label_combinations import combine_labels
from ._matching import MatchedSegment, match_segments

__all__ = ["SegmentOverlap", "missing_segment_note", "overlap"]


@dataclass(frozen=True)
class SegmentOverlap:
    """How far one segment is the same in two segmentations. What is undefined is NaN.

    Parameters
    ----------
    name : str
        Name of the segment, in `a` where it is there.
    value_a, value_b : int or None
        Its voxel values; None where there is none.
    matched_by : str
        ``"name"`` or ``"value"``; empty when only one of the two has it.
    volume_a_ml, volume_b_ml : float
        Its volumes; NaN where the segment table does not have it.
    volume_difference_ml : float
        Volume in `b` less that in `a`.
    dice : float
        Twice the common volume over the sum of both.
    jaccard : float
        The common volume over the volume of the union.
    false_negative_rate : float
        Part of `a` that `b` misses: 1 - sensitivity.
    false_positive_rate : float
        Part of all voxels outside `a` that `b` has inside: 1 - specificity. It is small
        wherever the scan is large.
    false_discovery_rate : float
        Part of `b` that is not in `a`: 1 - precision. It does not depend on the size of
        the scan.
    note : str
        What is empty or missing; "" when all is well.
    """

    name: str
    value_a: int | None
    value_b: int | None
    matched_by: str
    volume_a_ml: float
    volume_b_ml: float
    volume_difference_ml: float
    dice: float
    jaccard: float
    false_negative_rate: float
    false_positive_rate: float
    false_discovery_rate: float
    note: str


def overlap(a: Segmentation, b: Segmentation, /) -> list[SegmentOverlap]:
    """Compare two segmentations of one scan by the voxels that they share.

    Parameters
    ----------
    a : Segmentation
        The one to compare with: the truth, or the first observer.
    b : Segmentation
        The other, on the same grid.

    Returns
    -------
    list of SegmentOverlap
        One a segment: those of `a` in the order of its table, then those that only `b`
        has. Segments are matched by name; where no name is in both tables, by value.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When neither has a segment.

    Notes
    -----
    A segment that is empty in one of the two has the Dice and Jaccard coefficient 0; one
    that is empty in both, or stands in one table only, has none, and its note says so.
    Rates are defined as long as their denominator has voxels.

    References
    ----------
    A. A. Taha and A. Hanbury, "Metrics for evaluating 3D medical image segmentation:
    analysis, selection, and tool", BMC Medical Imaging 15 (2015) 29.
    """
    a.grid.require_same(b.grid, what="The second segmentation")
    matched = match_segments([a, b])
    found = combine_labels([a, b], matched, (0, 1))
    pairs = np.zeros((len(matched) + 1, len(matched) + 1), dtype=np.int64)
    pairs[found.labels[:, 0], found.labels[:, 1]] = found.counts
    voxel_ml = a.grid.voxel_volume / 1000
    in_a, in_b, both = pairs.sum(axis=1), pairs.sum(axis=0), pairs.diagonal()
    return [
        _compare(row, int(in_a[i]), int(in_b[i]), int(both[i]), a.array.size, voxel_ml)
        for i, row in enumerate(matched, start=1)
    ]


def _compare(
    row: MatchedSegment, in_a: int, in_b: int, both: int, total: int, voxel_ml: float
) -> SegmentOverlap:
    value_a, value_b = row.values
    in_table = value_a is not None and value_b is not None
    # A structure that one of them missed entirely is a miss, and not unknown.
    defined = in_table and in_a + in_b > 0
    volume_a = math.nan if value_a is None else in_a * voxel_ml
    volume_b = math.nan if value_b is None else in_b * voxel_ml
    return SegmentOverlap(
        name=row.name,
        value_a=value_a,
        value_b=value_b,
        matched_by=row.matched_by,
        volume_a_ml=volume_a,
        volume_b_ml=volume_b,
        volume_difference_ml=volume_b - volume_a,
        dice=_ratio(2 * both, in_a + in_b, defined),
        jaccard=_ratio(both, in_a + in_b - both, defined),
        false_negative_rate=_ratio(in_a - both, in_a, in_table and in_a > 0),
        false_positive_rate=_ratio(in_b - both, total - in_a, in_table and in_a < total),
        false_discovery_rate=_ratio(in_b - both, in_b, in_table and in_b > 0),
        note=missing_segment_note(row, in_a > 0, in_b > 0),
    )


def _ratio(part: int, whole: int, defined: bool) -> float:
    return part / whole if defined else math.nan


def missing_segment_note(row: MatchedSegment, in_a: bool, in_b: bool) -> str:
    """Say why a segment cannot be compared.

    Parameters
    ----------
    row : MatchedSegment
        The segment in two segmentations.
    in_a, in_b : bool
        Whether each has a voxel of it.

    Returns
    -------
    str
        Empty when both have.
    """
    notes = []
    for letter, segment, found in zip("ab", row.rows, (in_a, in_b), strict=True):
        if segment is None:
            notes.append(f"no such segment in {letter}")
        elif not found:
            notes.append(f"no voxel in {letter}")
    return ", ".join(notes)
