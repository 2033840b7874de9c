"""Which segments of several segmentations are the same structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ..errors import InputError
from ..volume import Segment, Segmentation

__all__ = ["MatchedSegment", "consensus_table", "match_segments"]


@dataclass(frozen=True)
class MatchedSegment:
    """One structure in several segmentations.

    Parameters
    ----------
    name : str
        Its name in the first that has it.
    rows : tuple of Segment or None
        Its row in each segment table; None where there is none.
    matched_by : str
        ``"name"`` or ``"value"``; empty when only one segmentation has it.
    """

    name: str
    rows: tuple[Segment | None, ...]
    matched_by: str

    @property
    def values(self) -> tuple[int | None, ...]:
        """Its voxel value in each segmentation."""
        return tuple(None if row is None else row.value for row in self.rows)


def match_segments(segmentations: Sequence[Segmentation]) -> list[MatchedSegment]:
    """Match segments by name; where no name occurs twice, by value.

    Parameters
    ----------
    segmentations : sequence of Segmentation
        At least one.

    Returns
    -------
    list of MatchedSegment
        In the order in which they occur first.

    Raises
    ------
    InputError
        When there is no segment at all, or a table has a name twice.

    Notes
    -----
    Name or value is decided for all segments at once: were single segments matched by
    value beside others matched by name, a tendon could be compared with a bone.
    """
    tables = [s.segments for s in segmentations]
    for table in tables:
        _require_distinct_names(table)
    names = [row.name for row in chain.from_iterable(tables)]
    if not names:
        raise InputError(
            "The segmentations have no segments to compare.",
            hint="Make some with segment_threshold() or segment_kmeans().",
        )
    by = "name" if len(set(names)) < len(names) else "value"
    keys = dict.fromkeys(getattr(row, by) for row in chain.from_iterable(tables))
    lookups = [{getattr(row, by): row for row in table} for table in tables]
    return [_matched(tuple(lookup.get(key) for lookup in lookups), by) for key in keys]


def _matched(rows: tuple[Segment | None, ...], by: str) -> MatchedSegment:
    present = [row for row in rows if row is not None]
    return MatchedSegment(present[0].name, rows, by if len(present) > 1 else "")


def _require_distinct_names(table: Sequence[Segment]) -> None:
    names = [row.name for row in table]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"A segment table has the name {twice[0]!r} more than once.",
            hint="Give each segment a name of its own: segments are matched by name.",
        )


def consensus_table(matched: Sequence[MatchedSegment]) -> tuple[Segment, ...]:
    """Make one segment table of matched segments.

    Parameters
    ----------
    matched : sequence of MatchedSegment
        From :func:`match_segments`.

    Returns
    -------
    tuple of Segment
        One row each, that of the first segmentation that has it; where its value is
        taken already, with the next free one.
    """
    first = [next(row for row in m.rows if row is not None) for m in matched]
    wanted = {row.value for row in first}
    used: set[int] = set()
    rows = []
    for row in first:
        value = row.value
        if value in used:
            value = max(wanted | used) + 1
        used.add(value)
        rows.append(replace(row, value=value))
    return tuple(rows)
