"""Damaged slices inside a stack: what remains may look regular and still have holes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .folder import Damaged
from .series import Series, same_stack
from .stack import Stack

__all__ = ["lost_slices"]

# A damaged file this close to a good slice, as a share of the spacing, is a copy of it.
_COPY = 0.1


def lost_slices(series: Series, stack: Stack, damaged: Sequence[Damaged]) -> list[float]:
    """Find the places of damaged files, whose header could be read, inside a stack.

    Where every second slice is damaged, those that remain are evenly spaced; their
    spacing would be taken for that of the scan.

    Parameters
    ----------
    series : Series
        What remains.
    stack : Stack
        Its slices in order.
    damaged : sequence of Damaged
        Files, or frames of files, that are left out.

    Returns
    -------
    list of float
        Along the normal, mm from the first slice, ascending; each once.
    """
    if len(stack.offsets) < 2:
        return []
    places = (_place_inside(d, series, stack) for d in damaged)
    return sorted({place for place in places if place is not None})


def _place_inside(damaged: Damaged, series: Series, stack: Stack) -> float | None:
    header = damaged.header
    if header is None or not header.has_geometry or not same_stack(series.first, header):
        return None
    offset = float((np.array(header.position) - stack.positions[0]) @ stack.axes[:, 2])
    nearest = float(np.abs(stack.offsets - offset).min())
    inside = 0 < offset < stack.offsets[-1] and nearest > _COPY * stack.typical_step
    return round(offset, 6) if inside else None
