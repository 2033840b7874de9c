"""Take padding out of a volume before its voxels are mixed with their neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .provenance import QualityCheck
from .volume import Volume

__all__ = ["without_padding"]

_AIR_HU = -1000.0


def without_padding(volume: Volume) -> Volume:
    """Set padding, values that mark where nothing was measured, to air.

    Interpolated, such values would leave a rim of false ones around the field of view.

    Parameters
    ----------
    volume : Volume
        As a reader gave it; ``info["padding_low"]`` and ``info["padding_high"]`` say which
        values are padding. Without them, or without a unit, it is handed back: after
        arithmetic the numbers may mean something else.

    Returns
    -------
    Volume
        Padding is -1000 in Hounsfield units, else the smallest value that is none.
    """
    low, high = volume.info.get("padding_low"), volume.info.get("padding_high")
    if low is None or high is None or not volume.unit:
        return volume
    mask = (volume.array >= low) & (volume.array <= high)
    count = int(np.count_nonzero(mask))
    if count in (0, mask.size):
        return volume
    air = _AIR_HU if volume.unit == "HU" else float(volume.array[~mask].min())
    array = volume.array.copy()
    array[mask] = array.dtype.type(air)
    row = QualityCheck(
        "padding", f"{count} voxels", f"set to {air:g} before resampling", None, "fixed"
    )
    return replace(
        volume,
        array=array,
        info={k: v for k, v in volume.info.items() if not k.startswith("padding_")},
        qc=tuple(row if check.check == "padding" else check for check in volume.qc),
    )
