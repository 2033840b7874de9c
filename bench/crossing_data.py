"""The Python side of stages/crossing.R: values that R can compute as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import medvoxel

__all__ = ["ramp", "same", "volume"]

SHAPE = (40, 704, 704)


def ramp(dtype: str) -> NDArray[Any]:
    """Make values that tell every index apart; those of floating point types are not whole."""
    z, y, x = np.ogrid[tuple(slice(n) for n in SHAPE)]
    whole = (7 * x + 13 * y + 29 * z) % 2000 - 1000
    return (whole + (0.25 if np.dtype(dtype).kind == "f" else 0)).astype(dtype)


def volume(array: NDArray[Any]) -> medvoxel.Volume:
    """Make a volume as the core returns it."""
    grid = medvoxel.Grid(array.shape, (3.0, 0.1989, 0.1989), (0.0, 0.0, 0.0), np.eye(3))
    return medvoxel.Volume(array, grid, "CT", "HU", {})


def same(array: NDArray[Any], dtype: str) -> bool:
    """Whether an array that came from R is the ramp, in C order."""
    return bool(array.flags.c_contiguous and np.array_equal(array, ramp(dtype)))
