"""Connected voxels of one grey level, by union and find."""

from __future__ import annotations

import numpy as np

from ._compiled import compiled

__all__ = ["join", "summarise"]


@compiled
def _root(parents, i):  # type: ignore[no-untyped-def]
    """Find the first voxel of the zone of a voxel, shortening the way to it."""
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@compiled
def join(levels, parents, offsets):  # type: ignore[no-untyped-def]
    """Give every voxel of `parents` one further up in its zone, roots themselves.

    `levels` is flat, with a border of 0; `offsets` lead to the neighbours before a voxel. The
    first of them neighbours all others: where it has the same level, they are joined already.
    Returns the number of zones.
    """
    zones = 0
    hub = offsets[0]
    for i in range(len(levels)):
        level = levels[i]
        if level == 0:
            continue
        if levels[i + hub] == level:
            parents[i] = parents[i + hub]
            continue
        root = i
        parents[i] = i
        zones += 1
        for k in range(1, len(offsets)):
            j = i + offsets[k]
            if levels[j] != level:
                continue
            other = _root(parents, j)
            if other < root:
                parents[root] = other
                root = other
                zones -= 1
            elif other > root:
                parents[other] = root
                zones -= 1
    return zones


@compiled
def summarise(levels, parents, distances, zones):  # type: ignore[no-untyped-def]
    """List level, size, first voxel and least distance of each zone, in the order of firsts.

    `parents` is used up. Distances may be empty, and are 0 then.
    """
    zone_levels = np.empty(zones, np.int32)
    sizes = np.zeros(zones, np.int64)
    firsts = np.empty(zones, np.int64)
    nearest = np.zeros(zones, np.int32)
    measured = len(distances) > 0
    found = 0
    for i in range(len(levels)):
        if levels[i] == 0:
            continue
        parent = parents[i]
        if parent == i:
            zone = found
            zone_levels[zone] = levels[i]
            firsts[zone] = i
            found += 1
            if measured:
                nearest[zone] = distances[i]
        else:
            zone = -1 - parents[parent]  # it comes before, and so has its zone written
            if measured:
                nearest[zone] = min(nearest[zone], distances[i])
        parents[i] = -1 - zone
        sizes[zone] += 1
    return zone_levels, sizes, firsts, nearest
