"""The window around a voxel: its places, and the pairs of places that are neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ._directions import Direction
from ._ranks import Ranks

__all__ = ["Window"]


@dataclass(frozen=True)
class Window:
    """A cube of voxels around a voxel, or a square in its plane.

    Parameters
    ----------
    radius : int
        Voxels on each side of the voxel in the middle.
    plane : {0, 1, 2}, optional
        The axis (z, y, x) along which the window is one voxel wide.
    """

    radius: int
    plane: int | None = None

    @property
    def places(self) -> list[Direction]:
        """Offsets from the voxel in the middle, along (z, y, x)."""
        reach = range(-self.radius, self.radius + 1)
        axes = [(0,) if axis == self.plane else reach for axis in range(3)]
        return list(product(*axes))

    def steps(self, ranks: Ranks) -> NDArray[np.int64]:
        """Offsets in the flat array of ranks."""
        return np.array([ranks.step(place) for place in self.places], dtype=np.int64)

    def pairs(
        self, directions: list[Direction]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of places that are one direction apart.

        Parameters
        ----------
        directions : list of (int, int, int)
            Offsets along (z, y, x).

        Returns
        -------
        first, second : ndarray of int
            Numbers of the two places of each pair, direction by direction.
        ends : ndarray of int
            How many pairs there are up to the end of each direction.
        """
        number = {place: k for k, place in enumerate(self.places)}
        found, ends = [], []
        for direction in directions:
            for place, k in number.items():
                other = number.get(tuple(a + d for a, d in zip(place, direction, strict=True)))  # type: ignore[call-overload]
                if other is not None:
                    found.append((k, other))
            ends.append(len(found))
        first, second = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return np.ascontiguousarray(first), np.ascontiguousarray(second), np.array(ends)
