"""What the values of a series are, and how they were acquired; nothing about the patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import DicomError
from .header import Header
from .padding import padding_of

__all__ = ["acquisition_facts", "require_rescale", "value_unit"]

# What single precision holds.
_LARGEST = 3.4e38
_PET_UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "PROPCNTS": "counts"}


def require_rescale(headers: Sequence[Header]) -> None:
    """Refuse slices whose slope and intercept cannot be used together.

    Parameters
    ----------
    headers : sequence of Header
        Of one volume.

    Raises
    ------
    DicomError
        When a slope is zero, or only a part of the files has one.
    """
    zero = next((h for h in headers if h.slope == 0), None)
    if zero is not None:
        raise DicomError(
            f"{zero.name} has a rescale slope of 0, which would make all its values equal.",
            hint="Export the series again from its source.",
        )
    for header in headers:
        slope = 1.0 if header.slope is None else header.slope
        largest = abs(slope) * 2.0 ** min(header.format.stored, 64) + abs(header.intercept or 0.0)
        if largest > _LARGEST:
            raise DicomError(
                f"{header.name} has the rescale slope {slope:g} and "
                f"intercept {header.intercept or 0:g}, which give values that no measurement has.",
                hint="Export the series again from its source.",
            )
    complete = [h for h in headers if h.slope is not None and h.intercept is not None]
    without = [h for h in headers if h.slope is None or h.intercept is None]
    partly = len({(h.slope is None, h.intercept is None) for h in without}) > 1
    if (without and complete) or partly:
        raise DicomError(
            f"{len(without)} of {len(headers)} files have no rescale slope and intercept "
            f"({without[0].name} is the first), so their values cannot be compared.",
            hint="Export the series again from its source.",
            files=[h.path for h in without],
        )


def has_rescale(header: Header) -> bool:
    """Whether the file says how stored values become real ones.

    Parameters
    ----------
    header : Header
        Of the file.

    Returns
    -------
    bool
        ``True`` when slope or intercept is there.
    """
    return header.slope is not None or header.intercept is not None


def value_unit(header: Header) -> str:
    """Name the unit of the rescaled values.

    Parameters
    ----------
    header : Header
        Any of the series.

    Returns
    -------
    str
        ``"HU"`` for CT with both slope and intercept (unless Rescale Type names another),
        the Units of PET, ``"rescaled values"`` for others with, and ``"stored values"``
        for all without slope and intercept.
    """
    if not has_rescale(header):
        return "stored values"
    if header.modality == "CT" and (header.slope is None or header.intercept is None):
        return "rescaled values"  # a part of what makes Hounsfield units
    if header.modality == "CT":
        kind = header.text("rescale_type")
        return "HU" if kind in ("", "US") else kind
    if header.modality == "PT":
        units = header.text("units")
        return _PET_UNITS.get(units, units.lower() or "rescaled values")
    return "rescaled values"


def acquisition_facts(headers: Sequence[Header]) -> dict[str, Any]:
    """Collect facts of the acquisition that identify nobody.

    Parameters
    ----------
    headers : sequence of Header
        Of one volume.

    Returns
    -------
    dict
        Plain numbers and texts; what is absent in the files is absent here.
    """
    first = headers[0]
    number = first.number("number")
    padding = padding_of(first)
    facts: dict[str, Any] = {
        "description": first.description,
        "number": None if number is None else int(number),
        "manufacturer": first.text("manufacturer"),
        "model": first.text("model"),
        "kernel": first.text("kernel"),
        "kvp": first.number("kvp"),
        "slice_thickness": first.number("slice_thickness"),
        "slices": len(headers),
        "frames": first.frames,
        "transfer_syntax": first.elements.syntax,
        "photometric": first.text("photometric"),
        "bits_stored": first.format.stored,
        "has_rescale": has_rescale(first),
        "padding_value": None if padding is None else padding[0],
        **_rescale(headers),
        **_padded_values(headers),
    }
    return {key: value for key, value in facts.items() if value not in (None, "")}


def _padded_values(headers: Sequence[Header]) -> dict[str, float]:
    """Range of rescaled values that mark padding, where all files share it."""
    if len({(h.slope, h.intercept, padding_of(h)) for h in headers}) > 1:
        return {}
    first = headers[0]
    padding = padding_of(first)
    if padding is None:
        return {}
    slope = 1.0 if first.slope is None else first.slope
    low, high = sorted(end * slope + (first.intercept or 0.0) for end in padding)
    return {"padding_low": low, "padding_high": high}


def _rescale(headers: Sequence[Header]) -> dict[str, float]:
    """Slope and intercept, where all files share them."""
    pairs = {(h.slope, h.intercept) for h in headers}
    slope, intercept = pairs.pop()
    if pairs or (slope is None and intercept is None):
        return {}
    return {
        "rescale_slope": 1.0 if slope is None else slope,
        "rescale_intercept": 0.0 if intercept is None else intercept,
    }
