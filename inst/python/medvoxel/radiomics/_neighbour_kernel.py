"""Sums over the neighbours of voxels, a row of voxels at a time."""

from __future__ import annotations

import numpy as np

from ._compiled import compiled

__all__ = ["count_dependents", "sum_differences"]


@compiled
def _row_span(row):  # type: ignore[no-untyped-def]
    """Where the voxels inside begin and end in a row."""
    begin = 0
    end = len(row)
    while begin < end and row[begin] == 0:
        begin += 1
    while end > begin and row[end - 1] == 0:
        end -= 1
    return begin, end


@compiled
def count_dependents(levels, offsets, width, alpha, rank_of, counts):  # type: ignore[no-untyped-def]
    """Count voxels by their grey level and by how many neighbours differ by at most `alpha`.

    `levels` is flat, in rows of `width`, with a border of 0 that no offset crosses from a
    voxel inside. `counts` (ranks, neighbours) is added to; `rank_of` has the rank of a level.
    """
    like = np.empty(width, np.int32)
    for start in range(0, len(levels), width):
        begin, end = _row_span(levels[start : start + width])
        size = end - begin
        if size == 0:
            continue
        first = start + begin
        row = levels[first : first + size]
        for x in range(size):
            like[x] = 0
        for k in range(len(offsets)):
            there = levels[first + offsets[k] : first + offsets[k] + size]
            for x in range(size):
                like[x] += (there[x] > 0) & (abs(there[x] - row[x]) <= alpha)
        for x in range(size):
            if row[x] > 0:
                counts[rank_of[row[x]], like[x]] += 1


@compiled
def sum_differences(levels, offsets, width, rank_of, voxels, valid, sums):  # type: ignore[no-untyped-def]
    """Sum, by grey level, how far voxels are from the mean of their neighbours inside.

    `levels` as for `count_dependents`. Added to are, by rank, `voxels`, those that have a
    neighbour (`valid`), and the absolute differences of these (`sums`).
    """
    total = np.empty(width, np.int32)
    near = np.empty(width, np.int32)
    for start in range(0, len(levels), width):
        begin, end = _row_span(levels[start : start + width])
        size = end - begin
        if size == 0:
            continue
        first = start + begin
        row = levels[first : first + size]
        for x in range(size):
            total[x] = 0
            near[x] = 0
        for k in range(len(offsets)):
            there = levels[first + offsets[k] : first + offsets[k] + size]
            for x in range(size):
                total[x] += there[x]
                near[x] += there[x] > 0
        for x in range(size):
            level = row[x]
            if level == 0:
                continue
            rank = rank_of[level]
            voxels[rank] += 1
            if near[x] > 0:
                valid[rank] += 1
                sums[rank] += abs(level - total[x] / near[x])
