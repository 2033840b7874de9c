"""What grey values mean: Hounsfield units and the tissues behind them."""

from __future__ import annotations

import csv
import math
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .errors import InputError, MedvoxelWarning
from .volume import Volume

__all__ = ["TissueRange", "hounsfield", "tissue_ranges"]

STORED_VALUES = "stored values"
HOUNSFIELD = "HU"


@dataclass(frozen=True)
class TissueRange:
    """Hounsfield units that are usual for a tissue.

    Parameters
    ----------
    tissue : str
        Its name.
    lower, upper : float
        Usual range in HU; equal for the two fixed points of the scale, air and water.
    colour : str
        A colour for plots as ``#RRGGBB``.
    """

    tissue: str
    lower: float
    upper: float
    colour: str


@lru_cache(maxsize=1)
def tissue_ranges() -> tuple[TissueRange, ...]:
    """List the Hounsfield units that are usual for common tissues.

    Returns
    -------
    tuple of TissueRange
        From dark to bright. Ranges overlap, and sources differ: they are for reading a
        histogram, not for naming a voxel.

    Notes
    -----
    The figures are those of Wikipedia's list, which cites a source for most of them; blood
    is unclotted blood, liver is 60 ± 6 HU. They hold for CT scanners calibrated against
    water, not for cone-beam CT or MR. The R package reads the same file.

    References
    ----------
    "Hounsfield scale", section "Values for different body tissues and material",
    Wikipedia, https://en.wikipedia.org/wiki/Hounsfield_scale.
    """
    text = files(__package__).joinpath("data", "tissue_ranges.csv").read_text(encoding="utf-8")
    return tuple(
        TissueRange(row["tissue"], float(row["lower"]), float(row["upper"]), row["colour"])
        for row in csv.DictReader(text.splitlines())
    )


def hounsfield(volume: Volume, /, *, slope: float = 1.0, intercept: float = -1024.0) -> Volume:
    """Turn stored values into Hounsfield units by a slope and intercept of your choice.

    For scans whose files carry no rescale slope and intercept. The reader applies those
    that are there; this function applies an *assumption*, and only when it is asked to.

    Parameters
    ----------
    volume : Volume
        A scan whose unit is ``"stored values"``.
    slope : float
        HU for each stored unit; not 0.
    intercept : float
        HU of the stored value 0. Most CT scanners use -1024.

    Returns
    -------
    Volume
        ``slope * values + intercept``, unit ``"HU"``. Whole numbers come in the smaller of
        int16 and int32 that holds them all, other numbers in float32 (float64 when the
        values were float64 or are too large); nothing wraps round. ``info`` gains
        ``rescale_slope``, ``rescale_intercept`` and ``rescale_assumed``.

    Raises
    ------
    InputError
        When the values are no stored values (in HU already, or of another unit), or slope
        or intercept is not finite, or slope is 0.

    Warns
    -----
    MedvoxelWarning
        When the scan is of another modality than CT, for which the scale is not defined.
    """
    _require_stored_values(volume)
    slope, intercept = float(slope), float(intercept)
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
        raise InputError(
            f"slope must be a finite number other than 0 and intercept a finite number, "
            f"not {slope:g} and {intercept:g}."
        )
    if volume.modality not in ("", "CT"):
        warnings.warn(
            MedvoxelWarning(
                f"Hounsfield units are defined for CT, and this scan is {volume.modality}.",
                hint="Read the result as shifted stored values, not as tissue densities.",
            ),
            stacklevel=2,
        )
    info = {
        **volume.info,
        "rescale_slope": slope,
        "rescale_intercept": intercept,
        "rescale_assumed": True,
    }
    array = _rescale(volume.array, slope, intercept)
    return replace(volume, array=array, unit=HOUNSFIELD, info=info)


def _require_stored_values(volume: Volume) -> None:
    if volume.unit == STORED_VALUES:
        return
    if volume.unit == HOUNSFIELD:
        raise InputError(
            "The scan is in Hounsfield units already.",
            hint="Use it as it is: its slope and intercept were applied when it was read.",
        )
    unit = f"are of unit {volume.unit!r}" if volume.unit else "have no unit"
    raise InputError(
        f"hounsfield() needs stored values, and the values of this scan {unit}.",
        hint=f'If they are stored values, set the unit of the scan to "{STORED_VALUES}" first.',
    )


def _rescale(array: NDArray, slope: float, intercept: float) -> NDArray:
    target = _target_dtype(array, slope, intercept)
    out = np.empty(array.shape, dtype=target)
    whole = target.kind == "i"
    # Slice by slice in a wide type: no overflow on the way, and no wide copy of the whole.
    factor, offset = (int(slope), int(intercept)) if whole else (slope, intercept)
    for source, result in zip(array, out, strict=True):
        wide = source.astype(np.int64 if whole else np.float64)
        wide *= factor
        wide += offset
        result[...] = wide
    return out


def _target_dtype(array: NDArray, slope: float, intercept: float) -> np.dtype:
    if array.dtype.kind == "f":
        return np.dtype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    bounds = [slope * int(array.min()) + intercept, slope * int(array.max()) + intercept]
    candidates: list[DTypeLike] = []
    if slope.is_integer() and intercept.is_integer():
        candidates = [np.int16, np.int32]
    for candidate in candidates:
        limits = np.iinfo(candidate)
        if limits.min <= min(bounds) and max(bounds) <= limits.max:
            return np.dtype(candidate)
    exact = 2**24  # float32 holds every whole number up to here
    return np.dtype(np.float32 if max(map(abs, bounds)) <= exact else np.float64)
