"""The slow way to zones, neighbours and what is measured on them: plain loops over voxels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product

import numpy as np

Voxel = tuple[int, int, int]


def voxels_inside(levels: np.ndarray) -> list[Voxel]:
    """The voxels that have a grey level."""
    return [at for at in product(*map(range, levels.shape)) if levels[at] > 0]


def neighbours_of(
    levels: np.ndarray, at: Voxel, distances: Iterable[int] = (1,), flat_axis: int | None = None
) -> Iterator[Voxel]:
    """The voxels inside at some Chebyshev distances of one, in its plane if there is one."""
    wanted = set(distances)
    for other in voxels_inside(levels):
        steps = [abs(a - b) for a, b in zip(at, other, strict=True)]
        if max(steps) in wanted and (flat_axis is None or steps[flat_axis] == 0):
            yield other


def zones_of(levels: np.ndarray, flat_axis: int | None = None) -> list[list[Voxel]]:
    """Connected voxels of one level, by flooding from each voxel not met yet."""
    left = voxels_inside(levels)
    zones = []
    while left:
        zone = [left.pop(0)]
        for at in zone:
            for other in neighbours_of(levels, at, flat_axis=flat_axis):
                if other in left and levels[other] == levels[at]:
                    left.remove(other)
                    zone.append(other)
        zones.append(zone)
    return zones


def way_out(mask: np.ndarray, at: Voxel, flat_axis: int | None = None) -> int:
    """The fewest steps over faces of voxels from one to a place outside of the mask."""
    for step in _steps(max(mask.shape) + 1):
        there = tuple(a + s for a, s in zip(at, step, strict=True))
        within = all(0 <= t < size for t, size in zip(there, mask.shape, strict=True))
        if (flat_axis is None or step[flat_axis] == 0) and not (within and mask[there]):
            return sum(map(abs, step))
    raise AssertionError("no way out of an array")


@cache
def _steps(reach: int) -> list[Voxel]:
    """All steps of up to so many voxels along each axis, short ways first."""
    steps = product(range(-reach, reach + 1), repeat=3)
    return sorted(steps, key=lambda step: sum(map(abs, step)))


def measures(pairs: list[tuple[int, int]], voxels: int) -> list[float]:
    """IBSI's 17 measures of zones given as (grey level, size), in the manual's order."""
    total = len(pairs)
    matrix = Counter(pairs)
    share = {key: count / total for key, count in matrix.items()}
    rows = Counter(level for level, _ in pairs)
    columns = Counter(size for _, size in pairs)
    level_mean = sum(i * p for (i, _), p in share.items())
    size_mean = sum(j * p for (_, j), p in share.items())
    return [
        sum(p / j**2 for (_, j), p in share.items()),
        sum(p * j**2 for (_, j), p in share.items()),
        sum(p / i**2 for (i, _), p in share.items()),
        sum(p * i**2 for (i, _), p in share.items()),
        sum(p / (i * j) ** 2 for (i, j), p in share.items()),
        sum(p * i**2 / j**2 for (i, j), p in share.items()),
        sum(p * j**2 / i**2 for (i, j), p in share.items()),
        sum(p * (i * j) ** 2 for (i, j), p in share.items()),
        sum(n**2 for n in rows.values()) / total,
        sum(n**2 for n in rows.values()) / total**2,
        sum(n**2 for n in columns.values()) / total,
        sum(n**2 for n in columns.values()) / total**2,
        total / voxels,
        sum(p * (i - level_mean) ** 2 for (i, _), p in share.items()),
        sum(p * (j - size_mean) ** 2 for (_, j), p in share.items()),
        -sum(p * math.log2(p) for p in share.values()),
        sum(p**2 for p in share.values()),
    ]


def slices_of(levels: np.ndarray) -> list[np.ndarray]:
    """The slices that have voxels, each an array (1, y, x)."""
    return [levels[[z]] for z in range(len(levels)) if levels[z].any()]


def means(rows: list[list[float]]) -> list[float]:
    """The mean of each column."""
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]
