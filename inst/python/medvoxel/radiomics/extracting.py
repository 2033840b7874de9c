"""Radiomics of the segments of a scan: one row a segment."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segment, Segmentation, Volume
from ._image_inputs import feature_columns, image_inputs, split_classes
from .catalogue import column_name
from .feature_classes import Inputs, compute
from .filters import FilterStep, filter_steps
from .preparing import Prepared, UnusableRegion, normalise, on_scan_grid, prepare
from .provenance import image_facts, labelmap_hash, mask_facts, run_facts
from .settings import RadiomicsSettings, checked_settings

__all__ = ["FACTS", "RadiomicsTable", "extract_radiomics"]

FACTS = ("segment", "value", "voxels", "voxels_used", "bins", "touches_border", "note")
"""The columns before the features."""

_FEWEST_BINS = 10
_MOST_BINS = 200
_DEFAULTS = RadiomicsSettings()


@dataclass(frozen=True, eq=False)
class RadiomicsTable:
    """Features of segments, one row each.

    Parameters
    ----------
    columns : dict of str to list
        ``segment`` (name), ``value`` (of the labelmap), ``voxels`` (as given),
        ``voxels_used`` (after resampling and re-segmentation), ``bins`` (grey levels that
        occur), ``touches_border``, ``note`` (why a value is missing, and warnings; empty
        when all is well), and a column for each feature. What is not defined is NaN.
    provenance : list of dict
        For each row what it was made from, see :mod:`medvoxel.radiomics.provenance`.
    settings : RadiomicsSettings
        How.
    """

    columns: dict[str, list[Any]]
    provenance: list[dict[str, Any]]
    settings: RadiomicsSettings

    def __len__(self) -> int:
        return len(self.provenance)

    @property
    def features(self) -> list[str]:
        """Names of the columns that are features."""
        return [name for name in self.columns if name not in FACTS]

    def rows(self) -> list[dict[str, Any]]:
        """Return the table row by row.

        Returns
        -------
        list of dict
            From column to value.
        """
        names = list(self.columns)
        cells = zip(*self.columns.values(), strict=True)
        return [dict(zip(names, row, strict=True)) for row in cells]


def extract_radiomics(
    scan: Volume,
    segmentation: Segmentation | Sequence[Segmentation] | Mapping[str, Segmentation],
    settings: RadiomicsSettings | Mapping[str, Any] = _DEFAULTS,
    *,
    progress: ProgressCallback | None = None,
) -> RadiomicsTable:
    """Compute radiomics features of the segments of a scan.

    Parameters
    ----------
    scan : Volume
        The scan.
    segmentation : Segmentation, or sequence or mapping of Segmentation
        The segments, on the scan's grid; several labelmaps where segments overlap.
    settings : RadiomicsSettings or mapping
        How; pyradiomics' definitions and defaults when left out.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    RadiomicsTable
        One row a segment. A segment that cannot be used has NaN and a note, never 0.

    Raises
    ------
    GeometryError
        When a segmentation lies on another grid; with the difference in mm.
    InputError
        When two segments are the same voxels, a label does not exist, or a setting does
        not fit.
    """
    settings = checked_settings(settings)
    if isinstance(segmentation, Mapping):
        segmentation = list(segmentation.values())
    maps = [segmentation] if isinstance(segmentation, Segmentation) else list(segmentation)
    _check(scan, maps)
    maps = [on_scan_grid(scan, one, settings) for one in maps]
    chosen = _chosen(maps, settings)
    if len(maps) > 1:
        _require_distinct(chosen)
    steps = filter_steps(settings)
    normal = normalise(scan, settings)
    counter = Progress(progress, len(chosen) * _passes(settings, steps), "Radiomics")
    facts = {**run_facts(settings), **image_facts(scan, "original")}
    hashes = {id(one): labelmap_hash(one) for one in maps}
    rows, provenance = [], []
    for one, segment in chosen:
        mask = one.array == segment.value
        made_of = mask_facts(one, mask, "original", digest=hashes[id(one)])
        row, later = _row(normal, mask, segment, settings, counter)
        rows.append(row)
        provenance.append({**facts, **made_of, **later})
    return RadiomicsTable(_columns(rows, feature_columns(settings, steps)), provenance, settings)


def _check(scan: Any, maps: list[Any]) -> None:
    if not isinstance(scan, Volume):
        raise InputError(f"A scan is needed, not {type(scan).__name__}.")
    for one in maps:
        if not isinstance(one, Segmentation):
            raise InputError(f"A segmentation is needed, not {type(one).__name__}.")


def _chosen(
    maps: list[Segmentation], settings: RadiomicsSettings
) -> list[tuple[Segmentation, Segment]]:
    everything = [(one, segment) for one in maps for segment in one.segments]
    if settings.label is None:
        chosen = everything
    else:
        chosen = []
        for label in settings.label:
            found = [pair for pair in everything if label in (pair[1].value, pair[1].name)]
            if not found:
                names = ", ".join(f"{s.name!r} ({s.value})" for _, s in everything) or "none"
                raise InputError(f"There is no segment {label!r}.", hint=f"Segments here: {names}.")
            chosen += [pair for pair in found if pair not in chosen]
    if not chosen:
        raise InputError("The segmentation has no segments.")
    return chosen


def _require_distinct(chosen: list[tuple[Segmentation, Segment]]) -> None:
    """Refuse one region under two names: always a slip, and invisible in the table."""
    seen: dict[bytes, str] = {}
    for one, segment in chosen:
        mask = one.array == segment.value
        if not mask.any():
            continue
        key = hashlib.sha1(np.packbits(mask).tobytes(), usedforsecurity=False).digest()
        if key in seen:
            raise InputError(
                f"The segments {seen[key]!r} and {segment.name!r} are exactly the same voxels.",
                hint="Check how the masks were made, or choose one of them with label.",
            )
        seen[key] = segment.name


def _row(
    scan: Volume,
    mask: NDArray[np.bool_],
    segment: Segment,
    settings: RadiomicsSettings,
    counter: Progress,
) -> tuple[dict[str, Any], dict[str, Any]]:
    row: dict[str, Any] = {
        "segment": segment.name,
        "value": segment.value,
        "voxels": int(np.count_nonzero(mask)),
        "voxels_used": 0,
        "bins": 0,
        "touches_border": _at_border(mask),
    }
    try:
        whole = any(name != "Original" for name in settings.image_types)
        prepared = prepare(scan, mask, settings, whole=whole)
    except UnusableRegion as reason:
        counter.advance(_passes(settings, filter_steps(settings)))
        return {**row, "note": f"No features: {reason.message}."}, {}
    facts = _prepared_facts(scan, prepared, settings)
    row["voxels_used"] = int(np.count_nonzero(prepared.mask))
    row["touches_border"] = prepared.touches_border
    notes = [] if not prepared.touches_border else ["touches the border of the scan"]
    shapes, others = split_classes(settings)
    original = Inputs(prepared, prepared.values, settings)
    row.update(_features("original", original, shapes, notes, counter))
    for image, inputs in image_inputs(prepared, settings, notes):
        if inputs is None:
            counter.advance(len(others))
            continue
        row["bins"] = row["bins"] or inputs.bins
        row.update(_features(image, inputs, others, notes, counter))
        notes += _bin_notes(image, inputs)
    return {**row, "note": "; ".join(notes)}, facts


def _at_border(mask: NDArray[np.bool_]) -> bool:
    """Whether a mask meets a side of the scan; an axis of one slice has none."""
    ends = [axis for axis, n in enumerate(mask.shape) if n > 1]
    return any(mask.take(at, axis=axis).any() for axis in ends for at in (0, -1))


def _passes(settings: RadiomicsSettings, steps: Sequence[FilterStep]) -> int:
    """How often a class is computed for one segment."""
    shapes, others = split_classes(settings)
    return len(shapes) + len(others) * sum(len(step.names) for step in steps)


def _features(
    image: str,
    inputs: Inputs,
    classes: Mapping[str, tuple[str, ...]],
    notes: list[str],
    counter: Progress,
) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, wanted in classes.items():
        reason = _why_not(name, inputs)
        if reason:
            notes.append(f"no {name} features: {reason}")
        else:
            row |= _class_features(image, name, wanted, inputs, notes)
        counter.advance()
    return row


def _why_not(name: str, inputs: Inputs) -> str:
    if name != "shape2D":
        return ""
    if not inputs.settings.force2d:
        return "they need force2d = True"
    if inputs.region.mask.shape[inputs.settings.force2d_dimension] > 1:
        return "the segment has more than one slice"
    return ""


def _class_features(
    image: str, name: str, wanted: tuple[str, ...], inputs: Inputs, notes: list[str]
) -> dict[str, float]:
    definition = inputs.settings.definition
    try:
        values = compute(name, inputs, deprecated=bool(wanted))
    except InputError as reason:
        notes.append(f"no {_titled(image, name)} features: {reason.message}")
        return {}
    unknown = [feature for feature in wanted if not _among(feature, values)]
    if unknown:
        raise InputError(
            f"The class {name} has no feature {unknown[0]!r}.",
            hint=f"Its features are {', '.join(values)}.",
        )
    missing = [key for key, value in values.items() if not math.isfinite(value)]
    if missing:
        label = _titled(image, name)
        notes.append(f"{label} is not defined here for {', '.join(missing)}")
    return {
        column_name(definition, image, name, key): value if math.isfinite(value) else math.nan
        for key, value in values.items()
        if not wanted or any(_is_feature(key, feature) for feature in wanted)
    }


def _among(feature: str, values: dict[str, float]) -> bool:
    return any(_is_feature(key, feature) for key in values)


def _is_feature(key: str, feature: str) -> bool:
    """Whether a key is a feature, or its tag with one of IBSI's aggregations."""
    return key == feature or (key.startswith(f"{feature}_") and key[len(feature) + 1] in "23")


def _titled(image: str, name: str) -> str:
    return name if image == "original" else f"{image} {name}"


def _bin_notes(image: str, inputs: Inputs) -> list[str]:
    bins = inputs.bins
    change = "bin_count" if inputs.settings.bin_count is not None else "bin_width"
    where = "" if image == "original" else f" in {image}"
    if bins < _FEWEST_BINS:
        way = "a larger bin_count" if change == "bin_count" else "a smaller bin_width"
        return [f"only {bins} grey levels occur{where}, textures say little: try {way}"]
    if bins > _MOST_BINS:
        way = "a smaller bin_count" if change == "bin_count" else "a larger bin_width"
        return [f"{bins} grey levels occur{where}, textures are mostly noise: try {way}"]
    return []


def _prepared_facts(
    scan: Volume, prepared: Prepared, settings: RadiomicsSettings
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    values = Volume(prepared.values, prepared.grid)
    if not np.allclose(prepared.grid.spacing, scan.grid.spacing):
        whole = Segmentation(prepared.shape_mask.astype(np.uint8), prepared.grid, ())
        facts |= image_facts(values, "interpolated")
        facts |= mask_facts(whole, prepared.shape_mask, "interpolated", values=values)
    if settings.resegment_range is not None or settings.resegment_outliers is not None:
        part = Segmentation(prepared.mask.astype(np.uint8), prepared.grid, ())
        facts |= mask_facts(part, prepared.mask, "resegmented", values=values)
    return facts


def _columns(rows: list[dict[str, Any]], features: Sequence[str]) -> dict[str, list[Any]]:
    """Columns in the order of the catalogue, also for segments without features."""
    names = dict.fromkeys((*FACTS, *features))
    for row in rows:
        names.update(dict.fromkeys(row))
    return {name: [row.get(name, math.nan) for row in rows] for name in names}
