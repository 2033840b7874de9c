"""How a voxel is packed into one word while seeds grow, and the steps to its neighbours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHUNK", "DIRECTION_SHIFT", "FARTHEST", "FAR_KEY", "KEY_SHIFT", "LABEL_BITS", "MOST_LABELS",
    "NO_DIRECTION", "WAITING", "Steps", "neighbour_steps",
]  # fmt: skip

LABEL_BITS = 10
KEY_SHIFT = 22
WAITING = 1 << 21
DIRECTION_SHIFT = 16
MOST_LABELS = (1 << LABEL_BITS) - 2
# The key of a voxel that nothing has reached, and the longest distance that is told apart.
FAR_KEY = (1 << (31 + LABEL_BITS)) - 1
FARTHEST = 2**31 - 2
# Entries that the queue handles together.
CHUNK = 64

_DIRECTIONS = tuple(itertools.product((-1, 0, 1), repeat=3))
NO_DIRECTION = _DIRECTIONS.index((0, 0, 0))


class Steps(NamedTuple):
    """Steps to try from a voxel, by the step that led to it.

    ``starts[d]`` to ``starts[d + 1]`` are the rows for a voxel that was reached by step
    ``d``; `offsets` are in words, `weights` in units of the distance, `codes` are the steps
    themselves, in place within the word.
    """

    starts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    weights: NDArray[np.int64]
    codes: NDArray[np.int64]


def neighbour_steps(
    connectivity: int, strides: Sequence[int], spacing: Sequence[float], per_mm: float
) -> Steps:
    """List the steps that can still shorten a path.

    A neighbour that the voxel before could reach directly need not be tried again: both
    parts of the cost obey the triangle inequality, so the way round is never shorter, and
    its label is the same. Of 26 neighbours 9 to 19 are left. Weights are rounded, so each
    pair of steps is looked at.

    Parameters
    ----------
    connectivity : {6, 26}
        Neighbours of a voxel.
    strides : sequence of int
        Words from a voxel to the next along z, y and x.
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).
    per_mm : float
        Cost of one mm in units of the distance.

    Returns
    -------
    Steps
        The table.
    """
    steps = [d for d in _DIRECTIONS if 0 < sum(map(abs, d)) <= (1 if connectivity == 6 else 3)]
    weight = {d: _weight(d, spacing, per_mm) for d in steps}
    starts, rows = [0], []
    for first in _DIRECTIONS:
        for second in steps:
            both = tuple(a + b for a, b in zip(first, second, strict=True))
            back = not any(both)
            direct = first in weight and both in weight
            if back or (direct and weight[both] <= weight[first] + weight[second]):
                continue
            offset = sum(a * b for a, b in zip(second, strides, strict=True))
            code = _DIRECTIONS.index(second) << DIRECTION_SHIFT
            rows.append((offset, weight[second], code))
        starts.append(len(rows))
    table = np.array(rows, dtype=np.int64).T
    return Steps(np.array(starts, dtype=np.int64), *(np.ascontiguousarray(c) for c in table))


def _weight(step: Sequence[int], spacing: Sequence[float], per_mm: float) -> int:
    return round(per_mm * math.hypot(*(a * b for a, b in zip(step, spacing, strict=True))))
