"""Damaged slices inside a stack: what remains may look regular and still have holes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DicomError
from ._dicom_geometry import Stack
from ._folder import Damaged
from ._series import Series, same_stack

__all__ = ["require_none_lost"]

# A damaged file this close to a good slice, as a share of the spacing, is a copy of it.
_COPY = 0.1


def require_none_lost(series: Series, stack: Stack, damaged: Sequence[Damaged]) -> None:
    """Refuse a stack when a damaged file, whose header could be read, lay inside it.

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

    Raises
    ------
    DicomError
        When slices are missing inside the stack.
    """
    if len(stack.offsets) < 2:
        return
    lost = [d for d in damaged if _lies_inside(d, series, stack)]
    if not lost:
        return
    count = len(lost)
    names = "; ".join(map(str, lost[:3])) + (f"; and {count - 3} more" if count > 3 else "")
    raise DicomError(
        f"{series.label()} is not one regular volume: {count} "
        f"{'slice is' if count == 1 else 'slices are'} missing inside it. Damaged files were "
        f"left out: {names}.",
        hint="Copy the series again from its source.",
        problems=["missing_slices"],
        count=count,
        files=[d.path for d in lost],
    )


def _lies_inside(damaged: Damaged, series: Series, stack: Stack) -> bool:
    header = damaged.header
    if header is None or not header.has_geometry or not same_stack(series.first, header):
        return False
    offset = float((np.array(header.position) - stack.positions[0]) @ stack.axes[:, 2])
    nearest = float(np.abs(stack.offsets - offset).min())
    return 0 < offset < stack.offsets[-1] and nearest > _COPY * stack.typical_step
