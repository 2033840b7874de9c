"""The box of a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._boxes import Box

__all__ = ["mask_box"]


def mask_box(mask: NDArray[np.bool_]) -> Box:
    """Find the smallest box that holds every voxel of a mask that is not empty."""
    start = [0, 0, 0]
    for axis in range(3):
        # The part that is left shrinks from axis to axis.
        others = tuple(k for k in range(3) if k != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        start[axis] += int(hit[0])
        part = slice(int(hit[0]), int(hit[-1]) + 1)
        mask = mask[tuple(part if k == axis else slice(None) for k in range(3))]
    return tuple(slice(a, a + n) for a, n in zip(start, mask.shape, strict=True))  # type: ignore[return-value]
