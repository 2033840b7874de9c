"""Grey levels of a region packed for the loops that count pairs and runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._directions import Direction

__all__ = ["Ranks", "pack"]


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of the grey levels that occur, in a flat array with a border of zeros.

    Parameters
    ----------
    flat : ndarray of uint16 or int32, shape (voxels with border,)
        0 outside the region, else 1 for the lowest grey level that occurs, and so on.
    levels : ndarray of float64, shape (n,)
        The grey levels that occur: rank r stands for ``levels[r - 1]``.
    shape : tuple of int
        Size of the region (z, y, x) without the border.
    border : int
        Width of the border in voxels.
    """

    flat: NDArray[Any]
    levels: NDArray[np.float64]
    shape: tuple[int, int, int]
    border: int

    @property
    def _plane(self) -> int:
        return (self.shape[1] + 2 * self.border) * self._row

    @property
    def _row(self) -> int:
        return self.shape[2] + 2 * self.border

    def step(self, direction: Direction) -> int:
        """How far an offset leads in the flat array."""
        return direction[0] * self._plane + direction[1] * self._row + direction[2]

    def span(self, plane: int | None = None) -> tuple[int, int]:
        """First and last (excluded) place of a plane along z, or of the whole region."""
        first, last = (0, self.shape[0]) if plane is None else (plane, plane + 1)
        return (first + self.border) * self._plane, (last + self.border) * self._plane


def pack(levels: NDArray[np.int32], border: int = 1) -> Ranks:
    """Pack the grey levels of a region.

    Parameters
    ----------
    levels : ndarray of int32, shape (z, y, x)
        Grey levels from 1 inside, 0 outside.
    border : int, default 1
        At least the largest step that will be made.

    Returns
    -------
    Ranks
    """
    seen = np.zeros(int(levels.max()) + 1, dtype=bool)
    for plane in levels:
        seen[plane] = True
    seen[0] = False
    table = np.cumsum(seen)
    table[0] = 0
    table = table.astype(np.uint16 if table[-1] < 2**16 else np.int32)
    shape = (levels.shape[0], levels.shape[1], levels.shape[2])
    padded = np.zeros([size + 2 * border for size in shape], dtype=table.dtype)
    inner = padded[border:-border, border:-border, border:-border]
    for target, plane in zip(inner, levels, strict=True):
        target[...] = table[plane]
    return Ranks(padded.reshape(-1), np.flatnonzero(seen).astype(np.float64), shape, border)
