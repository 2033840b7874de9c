"""What the presets for CT share: their defaults, checks, and the making of a segment."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FrameType

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..progress import Progress, ProgressCallback
from ..volume import Segment, Segmentation, Volume
from . import _preset_tissues as tissues
from ._preset_tissues import Inside

__all__ = [
    "AIR",
    "BODY",
    "BONE",
    "DEFAULTS",
    "FAT",
    "LUNG",
    "SOFT",
    "TISSUES",
    "body_mask",
    "check_ct",
    "find_body",
    "find_within",
    "numbers",
    "one_segment",
    "segment_rows",
    "warn_none",
]

Mask = NDArray[np.bool_]

# The colours of tissue_ranges(), where these have one; the codes of DICOM's context groups.
_LOOKS = {
    "body": ("#E69F00", None),
    "bone": ("#009E73", "SCT^272673000^Bone"),
    "soft tissue": ("#CC79A7", "SCT^87784001^Soft tissue"),
    "fat": ("#F0E442", "SCT^256674009^Fat"),
    "lung": ("#56B4E9", "SCT^39607008^Lung"),
    "air": ("#0072B2", "SCT^15158005^Air"),
    "rest of the body": ("#999999", None),
}
# Bounds in HU, and sizes in mm, mm² and mm³.
_LONGEST = 100  # mm; a ball of more than that fills any body
BODY = {"lower": -300.0, "opening": 3.0, "share": 0.1}
BONE = {"lower": 150.0, "closing": 3.0, "holes": 150.0, "smallest": 200.0}
SOFT = {"lower": -29.0, "upper": 150.0, "smallest": 100.0}
FAT = {"lower": -190.0, "upper": -30.0, "smallest": 100.0}
LUNG = {"upper": -500.0, "closing": 5.0, "smallest": 30_000.0}
AIR = {"upper": -500.0, "smallest": 10.0}
# From this part of the largest island on, leaving one out is worth a word.
_LARGE = 0.02
TISSUES = tuple(name for name in _LOOKS if name != "body")

DEFAULTS: dict[str, Callable[[Inside], Mask]] = {
    "bone": lambda at: tissues.bone(at, *BONE.values()),
    "soft tissue": lambda at: tissues.range_of(at, *SOFT.values()),
    "fat": lambda at: tissues.range_of(at, *FAT.values()),
    "lung": lambda at: tissues.lung(at, *LUNG.values()),
    "air": lambda at: tissues.range_of(at, None, *AIR.values()),
}


def check_ct(volume: Volume, verb: str) -> None:
    """Refuse a scan whose values are no Hounsfield units.

    Parameters
    ----------
    volume : Volume
        The scan.
    verb : str
        The function that was called.

    Raises
    ------
    InputError
        When they are not; with the next step for what they are.
    """
    if volume.unit == "HU":
        return
    unit = f"are of unit {volume.unit!r}" if volume.unit else "have no unit"
    hint = 'Use segment_threshold() with a method such as "otsu", or segment_kmeans().'
    if volume.unit == "stored values" and volume.modality in ("", "CT"):
        hint = "Turn them into Hounsfield units with hounsfield()."
    elif not volume.unit:
        hint = 'If they are Hounsfield units, set the unit of the scan to "HU".'
    raise InputError(
        f"{verb}() needs a CT in Hounsfield units, and the values of this scan {unit}.",
        hint=hint,
    )


def numbers(**values: float) -> tuple[float, ...]:
    """Check bounds, which may be negative, and sizes, which may not.

    Parameters
    ----------
    **values : float
        Arguments by their names; ``share`` is a part of 1.

    Returns
    -------
    tuple of float
        Their values.

    Raises
    ------
    InputError
        When one is not a finite number of its range, or `lower` is above `upper`.
    """
    checked = {name: _number(name, value) for name, value in values.items()}
    lower, upper = checked.get("lower", -math.inf), checked.get("upper", math.inf)
    if lower > upper:
        raise InputError(f"lower ({lower:g}) is above upper ({upper:g}).", hint="Swap them.")
    return tuple(checked.values())


def _number(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name} must be a finite number, not {value!r}.")
    if name not in ("lower", "upper") and number < 0:
        raise InputError(f"{name} must be 0 or more, not {value!r}.")
    if name in ("opening", "closing") and number > _LONGEST:
        raise InputError(f"{name} must be {_LONGEST} mm at most, not {number:g}.")
    if name == "share" and number > 1:
        raise InputError(f"share must be a part of the largest island, 0 to 1, not {value!r}.")
    return number


def find_body(volume: Volume, values: Sequence[float], steps: Progress) -> Mask:
    """Find the body; warn when an island was left out that may belong to it.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    values : sequence of float
        The arguments `lower`, `opening` and `share` of :func:`medvoxel.segment_body`.
    steps : Progress
        Advanced by two.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The body.
    """
    lower, opening, share = values
    mask, left = tissues.find_body(volume, lower, opening, share, steps)
    if left >= _LARGE:
        warnings.warn(
            MedvoxelWarning(
                f"A part of {100 * left:.2g} % of the largest one was left out of the body: "
                "the table, or a limb beside the trunk.",
                hint=f"If it is a limb, set share = {left * 0.99:.2g} in segment_body(), "
                "and give its result as body to the other presets.",
            ),
            stacklevel=_level(),
        )
    return mask


def body_mask(volume: Volume, body: Segmentation | None, steps: Progress) -> Mask:
    """Take the body that was given, or find it.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    body : Segmentation, optional
        The body; all its segments count.
    steps : Progress
        Advanced by two.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The body.

    Raises
    ------
    GeometryError
        When the segmentation lies on another grid than the scan.
    """
    if body is None:
        return find_body(volume, tuple(BODY.values()), steps)
    volume.grid.require_same(body.grid)
    steps.advance(2)
    return body.array != 0


def find_within(
    volume: Volume,
    name: str,
    body: Segmentation | None,
    progress: ProgressCallback | None,
    find: Callable[[Inside], Mask],
) -> Mask:
    """Find a tissue within the body.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    name : str
        What it is, for the progress.
    body : Segmentation, optional
        The body.
    progress : callable, optional
        Receives the fraction done and a label.
    find : callable
        Makes the mask within the box of the body.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        The tissue.
    """
    steps = Progress(progress, 3, f"Finding {name}")
    inside = tissues.look_inside(volume, body_mask(volume, body, steps))
    mask = np.zeros(volume.grid.shape, dtype=bool)
    if inside is not None:
        mask[inside.box] = find(inside)
    steps.advance()
    return mask


def one_segment(volume: Volume, name: str, mask: Mask) -> Segmentation:
    """Make a segmentation of a mask; warn when it is empty.

    Parameters
    ----------
    volume : Volume
        The scan.
    name : str
        A name that has a look.
    mask : ndarray of bool, shape (z, y, x)
        The segment.

    Returns
    -------
    Segmentation
        One segment with value 1.
    """
    if not mask.any():
        warn_none(name)
    return Segmentation(mask.view(np.uint8), volume.grid, segment_rows([name]))


def segment_rows(names: Sequence[str]) -> tuple[Segment, ...]:
    """Make the table of segments.

    Parameters
    ----------
    names : sequence of str
        Names that have a look.

    Returns
    -------
    tuple of Segment
        With the values 1, 2 and on.
    """
    return tuple(
        Segment(value, name, _LOOKS[name][0], code=_LOOKS[name][1])
        for value, name in enumerate(names, start=1)
    )


def warn_none(name: str) -> None:
    """Warn that nothing was found.

    Parameters
    ----------
    name : str
        What was sought.
    """
    warnings.warn(
        MedvoxelWarning(
            f"The scan holds no {name} that meets the preset; the segmentation is empty.",
            hint="Look at plot_histogram(), and give other bounds or sizes.",
        ),
        stacklevel=_level(),
    )


def _level() -> int:
    """Count the calls from the function that warns to the first outside this package."""
    package, level = __name__.partition(".")[0] + ".", 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(package):
        frame, level = frame.f_back, level + 1
    return level
