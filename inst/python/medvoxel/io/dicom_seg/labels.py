"""Put masks that may overlap into one labelmap, and count what that hides."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, MemoryLimitError

__all__ = ["Painter", "unique_names"]

_SHOWN = 8


class Painter:
    """A labelmap under construction; where masks overlap, the greater value is kept.

    The result therefore does not depend on the order of painting.

    Parameters
    ----------
    shape : tuple of int
        Shape of the labelmap.
    values : sequence of int
        The values that will be painted; they choose the type.

    Raises
    ------
    InputError
        When a value does not fit 31 bits, the integers of R.
    MemoryLimitError
        When the labelmap would not fit into this computer's memory.
    """

    def __init__(self, shape: tuple[int, ...], values: Sequence[int]) -> None:
        largest = max(values, default=1)
        if largest > np.iinfo(np.int32).max:
            raise InputError(f"The segment value {largest} is too large for a labelmap.")
        dtype = np.uint8 if largest <= 0xFF else np.uint16 if largest <= 0xFFFF else np.int32
        self.array = _zeros(shape, np.dtype(dtype))
        self.hidden: Counter[tuple[int, int]] = Counter()
        self.painted: Counter[int] = Counter()

    def paint(self, view: NDArray[np.integer], mask: NDArray[np.bool_], value: int) -> None:
        """Give the voxels of a mask a value.

        Parameters
        ----------
        view : ndarray of int
            A view of :attr:`array`.
        mask : ndarray of bool
            Of the same shape.
        value : int
            The value.
        """
        below = view[mask]
        self.painted[value] += below.size
        if not below.any():
            view[mask] = value
            return
        for other, count in _counts(below):
            if other not in (0, value):
                self.hidden[max(other, value), min(other, value)] += count
        view[mask] = np.maximum(below, value)

    def overlaps(self, names: Mapping[int, str]) -> str | None:
        """Describe what lies under another segment.

        Parameters
        ----------
        names : mapping of int to str
            Name of each value.

        Returns
        -------
        str or None
            The voxel counts of each pair; ``None`` when nothing overlaps.
        """
        if not self.hidden:
            return None
        pairs = []
        for (over, under), count in sorted(self.hidden.items(), key=lambda item: -item[1]):
            # Only what a voxel had left can be all of it.
            whole = ", all that it has" if count == self.painted[under] else ""
            pairs.append(f"{count} of {names[under]!r} under {names[over]!r}{whole}")
        more = f"; and {len(pairs) - _SHOWN} more pairs" if len(pairs) > _SHOWN else ""
        return "; ".join(pairs[:_SHOWN]) + more


def _counts(values: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Count how often each value occurs."""
    if values.dtype == np.uint8:  # faster than sorting
        counts = np.bincount(values)
        found = np.flatnonzero(counts)
        return list(zip(found.tolist(), counts[found].tolist(), strict=True))
    found, counts = np.unique(values, return_counts=True)
    return list(zip(found.tolist(), counts.tolist(), strict=True))


def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> NDArray[np.integer]:
    """Make an empty labelmap, or refuse one that no file of a patient asks for."""
    needed = math.prod(shape) * dtype.itemsize
    try:
        present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a system that says
        present = needed
    try:
        # Zeroed memory is given out unseen, and only missed when it is written to.
        if needed > present:
            raise MemoryError
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError) as error:
        dims = " x ".join(str(n) for n in shape[::-1])
        raise MemoryLimitError(
            f"The labelmap would have {dims} voxels, more than fit into memory.",
            hint="Give the scan that it was made on as reference.",
        ) from error


def unique_names(names: Sequence[str], numbers: Sequence[int], what: str) -> list[str]:
    """Make every name different and none empty, so that each finds one segment.

    Parameters
    ----------
    names : sequence of str
        Names as a file gives them.
    numbers : sequence of int
        The number of each.
    what : str
        What a nameless one is called before its number.

    Returns
    -------
    list of str
        The names; a second ``Liver`` becomes ``Liver (2)``.
    """
    taken: set[str] = set()
    result = []
    for name, number in zip(names, numbers, strict=True):
        base = name.strip() or f"{what} {number}"
        unique, count = base, 1
        while unique in taken:
            count += 1
            unique = f"{base} ({count})"
        taken.add(unique)
        result.append(unique)
    return result
