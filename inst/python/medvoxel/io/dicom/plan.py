"""What to do with a series: stack it, mend it, or refuse it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import DicomError
from ...geometry import Grid
from .duplicates import drop_copies, has_duplicates
from .folder import Damaged
from .header import Header
from .lost import lost_slices
from .mend import Layout, lay_out
from .series import Series, slice_distance
from .stack import Stack
from .stack_checks import Finding, find_problems

__all__ = ["POLICIES", "Plan", "plan_series"]

POLICIES = ("error", "fix", "warn")
"""What can be asked for: refuse, mend, or stack as if nothing were wrong and say so."""

_TILTED = frozenset(("gantry_tilt", "shifted_slices"))
_UNEVEN = frozenset(("missing_slices", "uneven_spacing"))
# What no stacking can make good: there is no third dimension.
_HOPELESS = frozenset(("not_a_volume",))


@dataclass(frozen=True, eq=False)
class Plan:
    """How a series becomes a volume.

    Parameters
    ----------
    series : Series
        What is read.
    stack : Stack
        Its slices in order.
    headers : list of Header
        Their headers, in the same order.
    findings : list of Finding
        What is wrong with the stack.
    copies : list of Header
        Exact copies that were left out.
    dropped : list of Header
        Images at the place of another one that were left out.
    damaged : list of Damaged
        Files that were left out.
    layout : Layout or None
        The regular grid onto which the slices are brought; ``None`` when they are taken
        as they are.
    """

    series: Series
    stack: Stack
    headers: list[Header]
    findings: list[Finding]
    copies: list[Header]
    dropped: list[Header]
    damaged: list[Damaged]
    layout: Layout | None

    @property
    def grid(self) -> Grid:
        """Grid of the volume, LPS mm."""
        if self.layout is not None:
            return self.layout.grid
        first, stack = self.headers[0], self.stack
        step = stack.step or slice_distance(first) or 1.0
        shape = (len(self.headers), first.format.rows, first.format.columns)
        return Grid(shape, (step, *stack.pixel_spacing), tuple(stack.positions[0]), stack.axes)

    @property
    def displacement(self) -> float:
        """Farthest way between a slice's own place and its place on the grid, mm."""
        if self.layout is not None:
            return self.layout.displacement
        grid = self.grid
        first = np.zeros((len(self.headers), 3))
        first[:, 0] = np.arange(len(self.headers))
        away = self.stack.positions - grid.index_to_lps(first)
        return round(float(np.linalg.norm(away, axis=1).max()), 3)

    def found(self, *codes: str) -> Finding | None:
        """Give the finding of one of these codes, if there is one."""
        return next((f for f in self.findings if f.code in codes), None)


def plan_series(
    series: Series,
    damaged: Sequence[Damaged],
    policy: str,
    same_pixels: Callable[[Header, Header], bool],
    others: Sequence[Series] = (),
) -> Plan:
    """Decide how to read a series.

    Parameters
    ----------
    series : Series
        What was chosen.
    damaged : sequence of Damaged
        Damaged files beside it.
    policy : str
        One of :data:`POLICIES`.
    same_pixels : callable
        Compares the pixels of two images.
    others : sequence of Series
        What else was found: an image of the same series that has no place is a lost slice.

    Returns
    -------
    Plan
        What is to be done.

    Raises
    ------
    DicomError
        When it is not one regular volume and the policy does not let it pass.
    """
    copies: list[Header] = []
    if policy != "error" and has_duplicates(series.headers):
        kept, copies = drop_copies(series.headers, same_pixels)
        series = replace(series, headers=tuple(kept))
    stack, headers = _stacked(series)
    findings = _find_all(series, stack, headers, damaged)
    findings += _check_images(series, headers, others)
    refused = [f for f in findings if not _passes(f, policy)]
    if refused:
        raise _refusal(series, refused[0], findings, damaged, policy)
    dropped: list[Header] = []
    if policy == "warn" and any(f.code == "duplicate_positions" for f in findings):
        stack, headers, dropped = _first_of_each(series, stack, headers)
        series = replace(series, headers=tuple(headers))
        kept = ("duplicate_positions", "images_without_place", "mixed_photometric")
        findings = [f for f in findings if f.code in kept] + _find_all(
            series, stack, headers, damaged
        )
    lost = lost_slices(series, stack, damaged)
    layout = _layout(stack, headers, findings, lost) if policy == "fix" else None
    return Plan(series, stack, headers, findings, copies, dropped, list(damaged), layout)


def _stacked(series: Series) -> tuple[Stack, list[Header]]:
    stacked = series.stack()
    if stacked is None:
        raise DicomError(
            f"{series.label()} is no volume: its row and column directions are not "
            f"perpendicular ({series.first.name}).",
            hint="Export the series again from its source.",
        )
    if min(stacked[0].pixel_spacing) <= 0:
        raise DicomError(
            f"{series.label()} has no pixel size: its Pixel Spacing is "
            f"{' x '.join(f'{s:g}' for s in stacked[0].pixel_spacing)} mm ({series.first.name}).",
            hint="Export the series again from its source.",
        )
    return stacked


def _find_all(
    series: Series, stack: Stack, headers: Sequence[Header], damaged: Sequence[Damaged]
) -> list[Finding]:
    findings = find_problems(stack)
    lost = _check_lost(series, stack, damaged)
    if lost is not None and not any(f.code in _UNEVEN for f in findings):
        findings.append(lost)
    frames = _check_frames_of_reference(headers)
    return findings if frames is None else [*findings, frames]


def _check_lost(series: Series, stack: Stack, damaged: Sequence[Damaged]) -> Finding | None:
    """Find holes that cannot be seen: when every second slice is damaged, the rest is even."""
    count = len(lost_slices(series, stack, damaged))
    if not count:
        return None
    found = f"{count} {'slice is' if count == 1 else 'slices are'} missing inside it"
    return Finding(
        "missing_slices",
        found,
        found,
        'Copy the series again from its source; on_problem="fix" interpolates what is missing.',
        {"count": count, "size_mm": 2 * float(stack.step or 0)},
    )


def _check_frames_of_reference(headers: Sequence[Header]) -> Finding | None:
    count = len({h.key("frame_of_reference") for h in headers})
    if count < 2:
        return None
    found = f"its {len(headers)} images have {count} frames of reference"
    return Finding(
        "frames_of_reference",
        f"{found}, so their positions need not belong together",
        found,
        'Export the series again; on_problem="warn" stacks it by the positions all the same.',
        {"count": count},
    )


def _check_images(
    series: Series, headers: Sequence[Header], others: Sequence[Series]
) -> list[Finding]:
    """Find images that belong to the stack and cannot be put into it, or not be compared."""
    findings = []
    first = series.first
    strays = [
        header
        for other in others
        if other.kind in ("no position", "not an image", "colour image")
        for header in other.headers
        if header.series_uid == first.series_uid and header.sop_class == first.sop_class
    ]
    if strays:
        count = len(strays)
        found = f"{count} {'image' if count == 1 else 'images'} of the series cannot be placed"
        names = ", ".join(header.name for header in strays[:3])
        more = f" and {count - 3} more" if count > 3 else ""
        findings.append(
            Finding(
                "images_without_place",
                f"{found}, because they lack position, size or grey values ({names}{more})",
                found,
                'Copy the series again from its source; on_problem="fix" leaves such images out.',
                {"files": [header.path for header in strays]},
            )
        )
    kinds = sorted({header.text("photometric") for header in headers})
    if len(kinds) > 1:
        found = f"its images are of {len(kinds)} photometric interpretations ({', '.join(kinds)})"
        findings.append(
            Finding(
                "mixed_photometric",
                f"{found}, so equal values do not mean the same",
                found,
                'Export the series again; on_problem="warn" stacks it all the same.',
            )
        )
    return findings


def _passes(finding: Finding, policy: str) -> bool:
    if policy == "error" or finding.code in _HOPELESS:
        return False
    return policy == "warn" or finding.code in _TILTED | _UNEVEN | {"images_without_place"}


def _refusal(
    series: Series,
    worst: Finding,
    findings: Sequence[Finding],
    damaged: Sequence[Damaged],
    policy: str,
) -> DicomError:
    names = "; ".join(map(str, damaged[:5]))
    more = f"; and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    lost = f" Damaged files were left out: {names}{more}." if damaged else ""
    hint = worst.hint
    if policy == "fix" and worst.code == "duplicate_positions":
        hint = (
            "They differ, and nothing in their headers tells which belong together: move one "
            "acquisition to a folder of its own."
        )
    others = "".join(f"; {f.message}" for f in findings if f is not worst)
    return DicomError(
        f"{series.label()} is not one regular volume: {worst.message}{others}.{lost}",
        hint=hint,
        problems=[finding.code for finding in findings],
        **worst.details,
    )


def _first_of_each(
    series: Series, stack: Stack, headers: list[Header]
) -> tuple[Stack, list[Header], list[Header]]:
    """Keep one image at each place."""
    usual = stack.steps[stack.steps > 0]
    least = 0.01 * float(np.median(usual)) if usual.size else 0.0
    keep = np.concatenate([[True], stack.steps > max(least, 1e-3)])
    kept = [h for h, wanted in zip(headers, keep, strict=True) if wanted]
    rest = [h for h, wanted in zip(headers, keep, strict=True) if not wanted]
    stack, kept = _stacked(replace(series, headers=tuple(kept)))
    return stack, kept, rest


def _layout(
    stack: Stack, headers: Sequence[Header], findings: Sequence[Finding], lost: Sequence[float]
) -> Layout | None:
    codes = {finding.code for finding in findings}
    shear, spread = bool(codes & _TILTED), bool(codes & _UNEVEN)
    if not (shear or spread):
        return None
    pixels = headers[0].format
    return lay_out(stack, (pixels.rows, pixels.columns), lost, shear=shear, spread=spread)
