"""The quality table of a series: one row for each check, found or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...provenance import QualityCheck
from .header import TAGS, Header
from .padding import Filled, padding_of
from .plan import Plan
from .real_world import has_real_world
from .series import Series
from .stack_checks import Finding
from .syntax import is_lossy, syntax_name

__all__ = ["Reading", "quality_rows"]

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Thickness and spacing may differ by this part of the spacing before it is worth a word.
_SAME_THICKNESS = 0.01


@dataclass(frozen=True, eq=False)
class Reading:
    """What the table is made of.

    Parameters
    ----------
    plan : Plan
        How the series was read.
    others : sequence of Series
        Series of the same folder that were left out.
    filled : Filled, optional
        What became of padding; ``None`` when it was left alone.
    real_world : bool
        Whether the values come from a real-world value mapping.
    """

    plan: Plan
    others: Sequence[Series] = ()
    filled: Filled | None = None
    real_world: bool = False

    @property
    def first(self) -> Header:
        """The first header."""
        return self.plan.headers[0]


def quality_rows(reading: Reading) -> tuple[QualityCheck, ...]:
    """Make the quality table.

    Parameters
    ----------
    reading : Reading
        What was read, and how.

    Returns
    -------
    tuple of QualityCheck
        In the order in which a reader should ask.
    """
    return tuple(check(reading) for check in _ROWS)


def _slice_order(reading: Reading) -> QualityCheck:
    headers = reading.plan.headers
    numbers = [h.number("instance") for h in headers]
    done = "sorted by position along the normal"
    if len(headers) < 2:
        return QualityCheck("slice order", "a single slice")
    if None in numbers:
        return QualityCheck("slice order", "no instance numbers", done)
    rising = all(a < b for a, b in pairwise(numbers))
    falling = all(a > b for a, b in pairwise(numbers))
    if rising:
        return QualityCheck("slice order", "instance numbers follow the positions", done)
    found = "instance numbers run against the normal" if falling else (
        "instance numbers do not follow the positions"
    )  # fmt: skip
    return QualityCheck("slice order", found, done, None, "ok" if falling else "note")


def _duplicates(reading: Reading) -> QualityCheck:
    name, copies = "duplicate positions", reading.plan.copies
    finding = reading.plan.found("duplicate_positions")
    if finding is not None:
        done = f"{len(reading.plan.dropped)} left out, the first of each taken"
        return QualityCheck(name, finding.found, done, None, "problem")
    if copies:
        found = f"{len(copies)} exact {'copy' if len(copies) == 1 else 'copies'} of other files"
        return QualityCheck(name, found, "left out", None, "fixed")
    return QualityCheck(name, "none")


def _missing(reading: Reading) -> QualityCheck:
    finding, layout = reading.plan.found("missing_slices"), reading.plan.layout
    if finding is None:
        return QualityCheck("missing slices", "none")
    done = f"stacked as if nothing were missing{_off(reading.plan)}"
    if layout is not None:
        count = layout.interpolated
        done = f"{count} {'slice' if count == 1 else 'slices'} interpolated"
    return _faulty("missing slices", reading, finding, done)


def _spacing(reading: Reading) -> QualityCheck:
    plan = reading.plan
    finding = plan.found("uneven_spacing")
    step = plan.grid.spacing[0]
    missing = plan.found("missing_slices")
    if finding is None and missing is not None and plan.layout is None:
        base = missing.details.get("spacing_mm", plan.stack.typical_step)
        found = f"{base:.6g} mm but for the gaps"
        return QualityCheck("slice spacing", found, f"taken as {step:.6g} mm", None, "problem")
    if finding is None:
        found = "a single slice" if len(plan.headers) < 2 else f"even, {step:.6g} mm"
        return QualityCheck("slice spacing", found)
    done = f"stacked as if it were {step:.6g} mm throughout{_off(plan)}"
    if plan.layout is not None:
        done = f"resampled along the normal to {step:.6g} mm"
    return _faulty("slice spacing", reading, finding, done)


def _tilt(reading: Reading) -> QualityCheck:
    finding = reading.plan.found("gantry_tilt", "shifted_slices")
    if finding is None:
        return QualityCheck("gantry tilt", "none")
    fixed = reading.plan.layout is not None
    done = "each slice moved to its place"
    if not fixed:
        done = f"stacked as if it were straight{_off(reading.plan)}"
    if fixed and finding.code == "gantry_tilt":
        done = "sheared back by the positions"
    return _faulty("gantry tilt", reading, finding, done)


def _off(plan: Plan) -> str:
    return f": slices lie up to {plan.displacement:.3g} mm from their places"


def _faulty(name: str, reading: Reading, finding: Finding, done: str) -> QualityCheck:
    """Give the row of a fault: how large it was, or how far slices still are off."""
    if reading.plan.layout is not None:
        size = finding.details.get("size_mm")
        return QualityCheck(name, finding.found, done, size, "fixed")
    return QualityCheck(name, finding.found, done, reading.plan.displacement, "problem")


def _thickness(reading: Reading) -> QualityCheck:
    said = {h.number("slice_thickness") for h in reading.plan.headers} - {None}
    thickness = max(said, default=None)
    step = reading.plan.grid.spacing[0]
    name = "slice thickness"
    if len(reading.plan.headers) < 2:
        if thickness:
            return QualityCheck(name, f"{thickness:.6g} mm", "taken as the spacing", None, "note")
        return QualityCheck(name, "not in the file", f"spacing set to {step:g} mm", None, "problem")
    if not thickness:
        return QualityCheck(name, "not in the files")
    if len(said) > 1:
        found = f"{min(said):.6g} to {thickness:.6g} mm, spacing {step:.6g} mm"
        done = "spacing taken from the positions"
        return QualityCheck(name, found, done, max(said) - min(said), "note")
    off = abs(thickness) - step
    if abs(off) <= _SAME_THICKNESS * step:
        return QualityCheck(name, f"{thickness:.6g} mm, as the spacing")
    what = "slices overlap" if off > 0 else "gaps between slices"
    found = f"{thickness:.6g} mm, spacing {step:.6g} mm: {what}"
    return QualityCheck(name, found, "spacing taken from the positions", abs(off), "note")


def _storage(reading: Reading) -> QualityCheck:
    if reading.first.sop_class.startswith(_SECONDARY_CAPTURE):
        done = "read as a scan, because they have positions"
        return QualityCheck("kind of images", "secondary captures", done, None, "note")
    return QualityCheck("kind of images", "as a scanner writes them")


def _orientation(reading: Reading) -> QualityCheck:
    series = reading.plan.series
    if series.parts > 1:
        found = f"the series holds {series.parts} stacks"
        done = f"one was read ({series.part})" if series.part else "one was read"
        return QualityCheck("mixed orientation", found, done, None, "note")
    return QualityCheck("mixed orientation", "none")


def _rescale(reading: Reading) -> QualityCheck:
    headers, name = reading.plan.headers, "slope and intercept"
    if reading.real_world:
        return QualityCheck(name, "none, but a real-world value mapping", "mapping applied")
    if TAGS["modality_lut"] in reading.first.elements.values:
        found = "a lookup table instead of slope and intercept"
        return QualityCheck(name, found, "not applied: values are as stored", None, "problem")
    pairs = Counter((h.slope, h.intercept) for h in headers)
    if len(pairs) > 1:
        found = f"{len(pairs)} different pairs among {len(headers)} images"
        return QualityCheck(name, found, "each image's own applied", None, "note")
    slope, intercept = next(iter(pairs))
    if slope is None and intercept is None:
        done = "values are as stored"
        severity = "note"
        if has_real_world(reading.first):
            done += "; their real-world value mapping is not linear, or of a part of the values"
        return QualityCheck(name, "none in the files", done, None, severity)
    if slope is None or intercept is None:
        found = "only an intercept" if slope is None else "only a slope"
        taken = "slope 1" if slope is None else "intercept 0"
        return QualityCheck(name, found, f"taken with {taken}", None, "problem")
    found = f"{slope:g} and {intercept:g} in every image"
    if has_real_world(reading.first):
        found += ", and a real-world value mapping"
        return QualityCheck(name, found, "applied; the mapping is not", None, "note")
    return QualityCheck(name, found, "applied")


def _stored_values(reading: Reading) -> QualityCheck:
    formats = Counter(h.format for h in reading.plan.headers)
    said = [
        f"{f.stored} of {f.allocated} bits, {'signed' if f.signed else 'unsigned'}" for f in formats
    ]
    excess = max(h.excess for h in reading.plan.headers)
    if excess:
        found = f"{said[0]}; {excess} bytes more than rows and columns need"
        done = "left out; the size in the header may be wrong"
        return QualityCheck("stored values", found, done, None, "problem")
    if any(TAGS["signed"] not in h.elements.values for h in reading.plan.headers):
        found = f"{formats.most_common(1)[0][0].stored} bits, with or without sign is not said"
        return QualityCheck("stored values", found, "read as unsigned", None, "problem")
    if len(set(said)) == 1:
        return QualityCheck("stored values", said[0])
    found = "; ".join(dict.fromkeys(said))
    return QualityCheck("stored values", found, "each image read as it says", None, "note")


def _photometric(reading: Reading) -> QualityCheck:
    mixed = reading.plan.found("mixed_photometric")
    if mixed is not None:
        done = "stacked all the same"
        return QualityCheck("photometric interpretation", mixed.found, done, None, "problem")
    found = reading.first.text("photometric") or "not in the files"
    if found != "MONOCHROME1":
        return QualityCheck("photometric interpretation", found)
    done = "values as stored; the display is inverted"
    severity = "problem" if reading.first.modality == "CT" else "note"
    return QualityCheck("photometric interpretation", found, done, None, severity)


def _padding(reading: Reading) -> QualityCheck:
    declared = {padding_of(h) for h in reading.plan.headers} - {None}
    ends = sorted({end for pair in declared for end in pair})
    found = "none declared"
    if ends:
        found = f"stored value {ends[0]}" if len(ends) == 1 else f"{ends[0]} to {ends[-1]}, stored"
    filled = reading.filled
    if filled is None:
        if not ends:
            return QualityCheck("padding", found)
        return QualityCheck("padding", found, "kept as it is", None, "note")
    if filled.undeclared is not None:
        found = f"{filled.undeclared:g} HU, not declared"
    if not filled.count:
        return QualityCheck("padding", f"{found}, in no voxel" if ends else found)
    found += f", in {filled.count} voxels"
    return QualityCheck("padding", found, f"set to {filled.air:g}", None, "fixed")


def _transfer_syntax(reading: Reading) -> QualityCheck:
    headers = reading.plan.headers
    found = ", ".join(sorted({syntax_name(h.elements.syntax) for h in headers}))
    if any(h.text("lossy") == "01" or is_lossy(h.elements.syntax) for h in headers):
        done = "decoded; the compression has changed the values"
        return QualityCheck("transfer syntax", f"{found}, with loss", done, None, "note")
    return QualityCheck("transfer syntax", found)


def _frame_of_reference(reading: Reading) -> QualityCheck:
    finding = reading.plan.found("frames_of_reference")
    if finding is not None:
        done = "stacked by position all the same"
        return QualityCheck("frame of reference", finding.found, done, None, "problem")
    found = "one" if reading.first.key("frame_of_reference") else "not in the files"
    return QualityCheck("frame of reference", found)


def _patient(reading: Reading) -> QualityCheck:
    others = {h.patient for s in reading.others if s.kind == "volume" for h in s.headers[:1]}
    if others - {reading.first.patient}:
        found = f"{len(others | {reading.first.patient})} patients in the folder"
        return QualityCheck("patient", found, "one of them was read", None, "note")
    return QualityCheck("patient", "one")


def _others(reading: Reading) -> QualityCheck:
    strays = reading.plan.found("images_without_place")
    if strays is not None:
        return QualityCheck("other series", strays.found, "left out", None, "problem")
    kinds = Counter(s.kind for s in reading.others)
    if not kinds:
        return QualityCheck("other series", "none")
    found = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    return QualityCheck("other series", found, "left out", None, "note")


def _damaged(reading: Reading) -> QualityCheck:
    damaged = reading.plan.damaged
    if not damaged:
        return QualityCheck("damaged files", "none")
    found = f"{len(damaged)} {'file' if len(damaged) == 1 else 'files'}"
    return QualityCheck("damaged files", found, "left out", None, "problem")


_ROWS: tuple[Callable[[Reading], QualityCheck], ...] = (
    _slice_order,
    _duplicates,
    _missing,
    _spacing,
    _tilt,
    _thickness,
    _orientation,
    _storage,
    _rescale,
    _stored_values,
    _photometric,
    _padding,
    _transfer_syntax,
    _frame_of_reference,
    _patient,
    _others,
    _damaged,
)
