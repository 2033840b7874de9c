"""Do slices form one regular volume? Small checks, one fact each.

All work on positions in LPS millimetres, never on Instance Number, Slice Location, Slice
Thickness or the gantry tilt tag, which describe how a scan was ordered and not where its
voxels are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stack import Stack

__all__ = ["CHECKS", "Finding", "find_problems"]

# A slice may lie off its place on the regular grid by 1 % of the spacing (the tolerance
# of highdicom); positions that were rounded to hundredths of a millimetre, as some
# scanners write them, are no fault either.
_RELATIVE = 0.01
_ROUNDING = 0.011
_SAME_PLACE = 1e-3
# Drift in the plane that is allowed: a tenth of a pixel or one part in a thousand.
_DRIFT_PIXELS = 0.1
_DRIFT_SLOPE = 1e-3


@dataclass(frozen=True)
class Finding:
    """One reason why slices do not form a volume.

    Parameters
    ----------
    code : str
        Short name for programs.
    message : str
        What was found and where, with the names of files.
    found : str
        The same without names of files, which may name a patient.
    hint : str
        The next step.
    details : dict
        Plain values: sizes in mm, file names.
    """

    code: str
    message: str
    found: str
    hint: str
    details: dict[str, Any] = field(default_factory=dict)


def find_problems(stack: Stack) -> list[Finding]:
    """Run all checks on a stack.

    Parameters
    ----------
    stack : Stack
        The slices in order.

    Returns
    -------
    list of Finding
        Empty when the slices form a regular volume; the most basic fault first.
    """
    findings = []
    for check in CHECKS:
        finding = check(stack)
        if finding is not None:
            findings.append(finding)
    return findings


def _check_one_place(stack: Stack) -> Finding | None:
    count = len(stack.offsets)
    if count < 2 or np.any(stack.steps > _SAME_PLACE):
        return None
    found = f"all {count} images lie at the same place"
    return Finding(
        "not_a_volume",
        f"{found}, so they are a sequence in time (or of something else) and not a volume",
        found,
        "Move one image to a folder of its own to read it, or choose another series.",
    )


def _check_duplicates(stack: Stack) -> Finding | None:
    if _check_one_place(stack) is not None or len(stack.offsets) < 2:
        return None
    steps = stack.steps
    usual = float(np.median(steps[steps > _SAME_PLACE]))
    twice = np.flatnonzero(steps <= max(_SAME_PLACE, _RELATIVE * usual))
    if not len(twice):
        return None
    pairs = [f"{stack.names[i]} and {stack.names[i + 1]}" for i in twice[:3]]
    more = f" and {len(twice) - 3} more" if len(twice) > 3 else ""
    found = f"{len(twice)} {_are(len(twice), 'slice lies', 'slices lie')} at the place of another"
    return Finding(
        "duplicate_positions",
        f"{found} ({'; '.join(pairs)}{more})",
        found,
        'on_problem="fix" leaves out exact copies; another acquisition has to be moved to a '
        "folder of its own.",
        {"files": [stack.names[i + 1] for i in twice]},
    )


def _check_tilt(stack: Stack) -> Finding | None:
    if len(stack.offsets) < 2:
        return None
    drift = (stack.positions - stack.positions[0]) @ stack.axes[:, :2]
    size = np.linalg.norm(drift, axis=1)
    length = float(stack.offsets[-1])
    allowed = max(_DRIFT_PIXELS * min(stack.pixel_spacing), _DRIFT_SLOPE * length)
    worst = int(np.argmax(size))
    if size[worst] <= allowed:
        return None
    # A tilted gantry moves every slice by the same share of its height.
    share = drift[-1] / length if length > 0 else np.zeros(2)
    straight = np.abs(drift - np.outer(stack.offsets, share)).max() <= allowed
    if straight and length > 0:
        angle = math.degrees(math.atan(float(np.linalg.norm(share))))
        found = (
            f"the slices are stacked at a slant of {angle:.1f} degrees (gantry tilt), "
            f"{size[-1]:.2f} mm over the stack"
        )
        return Finding(
            "gantry_tilt",
            found,
            found,
            'on_problem="fix" shears the slices back.',
            {"degrees": angle, "size_mm": float(size[-1])},
        )
    return Finding(
        "shifted_slices",
        f"{stack.names[worst]} lies {size[worst]:.2f} mm to the side of the stack",
        f"a slice lies {size[worst]:.2f} mm to the side of the stack",
        'Check that all files belong to one acquisition; if they do, on_problem="fix" moves '
        "the slices to their places.",
        {"size_mm": float(size[worst]), "files": [stack.names[worst]]},
    )


def _check_spacing(stack: Stack) -> Finding | None:
    steps, step = stack.steps, stack.step
    if step is None or step <= 0 or _check_duplicates(stack) is not None:
        return None
    off = np.abs(stack.offsets - step * np.arange(len(stack.offsets)))
    if off.max() <= _tolerance(step):
        return None
    base = float(np.median(steps[steps < 1.5 * steps.min()]))
    times = np.rint(steps / base)
    allowed = np.minimum(times * _tolerance(base), 0.1 * base)
    if np.any(times > 1) and np.all(np.abs(steps - times * base) <= allowed):
        return _missing(stack, base, times)
    found = (
        f"the distance between neighbouring slices varies from {steps.min():.4g} to "
        f"{steps.max():.4g} mm"
    )
    return Finding(
        "uneven_spacing",
        f"{found}, largest after {stack.names[int(np.argmax(steps))]}",
        found,
        "Check that all files were copied and belong to one acquisition; if so, "
        'on_problem="fix" resamples the stack to an even spacing.',
        {"size_mm": float(off.max()), "smallest_mm": float(steps.min()),
         "largest_mm": float(steps.max())},
    )  # fmt: skip


def _missing(stack: Stack, base: float, times: NDArray[np.float64]) -> Finding:
    gaps = np.flatnonzero(times > 1)
    count = int(np.sum(times[gaps] - 1))
    ends = [(_place(stack.positions[i]), _place(stack.positions[i + 1])) for i in gaps[:3]]
    files = [(stack.names[i], stack.names[i + 1]) for i in gaps[:3]]
    more = f" and {len(gaps) - 3} more gaps" if len(gaps) > 3 else ""
    start = f"{count} {_are(count, 'slice is', 'slices are')} missing "
    named = (
        f"between {a} ({first}) and {b} ({second})"
        for (a, b), (first, second) in zip(ends, files, strict=True)
    )
    return Finding(
        "missing_slices",
        f"{start}{'; '.join(named)}{more}",
        f"{start}{'; '.join(f'between {a} and {b}' for a, b in ends)}{more}",
        'Copy the series again from its source; on_problem="fix" interpolates what is missing.',
        {"count": count, "size_mm": float(np.max(stack.steps)), "spacing_mm": base},
    )


def _tolerance(step: float) -> float:
    return max(_RELATIVE * step, min(_ROUNDING, 0.1 * step))


def _place(position: NDArray[np.float64]) -> str:
    return "LPS ({}) mm".format(", ".join(f"{p:.1f}" for p in position))


def _are(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


CHECKS: tuple[Callable[[Stack], Finding | None], ...] = (
    _check_one_place,
    _check_duplicates,
    _check_tilt,
    _check_spacing,
)
"""The checks in order, the most basic first; each returns a finding or ``None``."""
