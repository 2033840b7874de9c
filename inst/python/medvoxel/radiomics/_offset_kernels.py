"""Count pairs and runs of grey levels along one offset, compiled with numba.

All work on a flat array of ranks (see `_ranks.py`) with a border of zeros as wide as the
offset, so that no step leaves it. Rank 0 is outside the region; its row and column of the
counts are dropped by the caller, which is faster than asking at every voxel.
"""

from __future__ import annotations

from ._compiled import compiled

__all__ = ["count_pairs", "count_runs", "has_pair"]


@compiled
def count_pairs(ranks, first, last, step, counts):  # type: ignore[no-untyped-def]
    """Add 1 to `counts[rank here, rank a step further]` for each voxel from first to last."""
    for here in range(first, last):
        rank = ranks[here]
        if rank:
            counts[rank, ranks[here + step]] += 1


@compiled
def count_runs(ranks, first, last, step, lengths, reached):  # type: ignore[no-untyped-def]
    """Add 1 to `reached[rank, length]` for each length that a run of a rank reaches.

    `step` points forward, so a voxel's predecessor has been visited. `lengths` (as large as
    `ranks`) has the length of the run up to a voxel; what earlier calls left there is not
    read. The runs of exactly one length are `reached[:, n] - reached[:, n + 1]`.
    """
    for here in range(first, last):
        rank = ranks[here]
        if rank:
            length = 1
            if ranks[here - step] == rank:
                length += lengths[here - step]
            lengths[here] = length
            reached[rank, length] += 1


@compiled
def has_pair(ranks, first, last, step):  # type: ignore[no-untyped-def]
    """Whether some voxel and the next along a step are both inside."""
    for here in range(first, last):  # noqa: SIM110 - numba compiles no generators
        if ranks[here] and ranks[here + step]:
            return True
    return False
