"""Convex hulls of points in many planes, and the farthest pair, compiled with numba."""

from __future__ import annotations

import numpy as np

from ._compiled import compiled

__all__ = ["farthest", "hull_of_sorted", "plane_hulls"]


@compiled
def hull_of_sorted(row, column, start, stop, chain):  # type: ignore[no-untyped-def]
    """Corners of the hull of the points start to stop - 1, sorted by row and column.

    Andrew's monotone chain; the indices go to `chain`, whose used length is returned.
    """
    size = 0
    if stop - start < 3:
        for i in range(start, stop):
            chain[size] = i
            size += 1
        return size
    for turn in range(2):
        base = size
        for k in range(start, stop):
            i = k if turn == 0 else stop - 1 - (k - start)
            while size - base >= 2:
                a, b = chain[size - 2], chain[size - 1]
                left = (row[b] - row[a]) * (column[i] - column[a])
                if left - (column[b] - column[a]) * (row[i] - row[a]) > 0:
                    break
                size -= 1
            chain[size] = i
            size += 1
        size -= 1  # the last point begins the other half
    return size


@compiled
def plane_hulls(plane, row, column, row_mm, column_mm, found):  # type: ignore[no-untyped-def]
    """Mark the corners of the hull of every plane; return the greatest squared distance.

    The points are sorted by plane, row and column, and whole, so that the hull is exact.
    """
    chain = np.empty(len(plane) + 3, np.int64)
    best = 0.0
    start = 0
    while start < len(plane):
        stop = start + 1
        while stop < len(plane) and plane[stop] == plane[start]:
            stop += 1
        size = hull_of_sorted(row, column, start, stop, chain)
        for i in range(size):
            a = chain[i]
            found[a] = True
            for j in range(i):
                b = chain[j]
                y = (row[a] - row[b]) * row_mm
                x = (column[a] - column[b]) * column_mm
                best = max(best, y * y + x * x)
        start = stop
    return best


@compiled
def farthest(points):  # type: ignore[no-untyped-def]
    """Greatest squared distance between two points."""
    best = 0.0
    for i in range(len(points)):
        for j in range(i):
            total = 0.0
            for k in range(points.shape[1]):
                step = points[i, k] - points[j, k]
                total += step * step
            best = max(best, total)
    return best
