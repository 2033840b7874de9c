"""Real-world value mapping: what stored values mean where no rescale says it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .elements import DamagedFileError
from .header import TAGS, Header

__all__ = ["apply_real_world", "has_real_world"]

_UNITS = {"[hnsf'U]": "HU", "Bq/ml": "Bq/ml", "g/ml{SUVbw}": "g/ml", "1": "", "{counts}": "counts"}


def has_real_world(header: Header) -> bool:
    """Whether the file maps stored values to real-world values.

    Parameters
    ----------
    header : Header
        Of the file.

    Returns
    -------
    bool
        ``True`` when the sequence is there, whatever it holds.
    """
    return TAGS["real_world"] in header.elements.values or "real_world_slope" in header.own


def apply_real_world(headers: Sequence[Header]) -> tuple[list[Header], str | None]:
    """Take slope and intercept from the real-world value mapping, where there is no rescale.

    Parameters
    ----------
    headers : sequence of Header
        Of one volume.

    Returns
    -------
    list of Header
        The same, with slope and intercept where they were missing.
    str or None
        The unit of the values; ``None`` when nothing was applied.

    Raises
    ------
    DamagedFileError
        When a mapping cannot be read.

    Notes
    -----
    Only linear mappings of the whole range are applied (DICOM PS3.3, C.7.6.16.2.11); a
    file whose mapping is a table, or covers a part of the range, stays as stored.
    """
    plain = [h for h in headers if h.slope is None and h.intercept is None]
    if len(plain) < len(headers) or not all(map(has_real_world, headers)):
        return list(headers), None
    mapped, units = [], set()
    for header in headers:
        found = _mapping(header)
        if found is None:
            return list(headers), None
        slope, intercept, unit = found
        mapped.append(replace(header, slope=slope, intercept=intercept))
        units.add(unit)
    return (mapped, units.pop()) if len(units) == 1 else (list(headers), None)


def _mapping(header: Header) -> tuple[float, float, str] | None:
    if header.own:
        own = header.own
        return _checked(
            own.get("real_world_slope"), own.get("real_world_intercept"),
            own.get("real_world_unit", ""), own.get("real_world_first"),
            own.get("real_world_last"), header,
        )  # fmt: skip
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(
                header.path, stop_before_pixels=True, specific_tags=[TAGS["real_world"]]
            )
            sequence = data.get("RealWorldValueMappingSequence") or ()
            found = [_linear(item, header) for item in sequence]
    except Exception as error:  # any failure of a parser on a broken file has one meaning
        raise DamagedFileError(
            f"its real-world value mapping cannot be read ({type(error).__name__})"
        ) from error
    return next((item for item in found if item is not None), None)


def _linear(item: Any, header: Header) -> tuple[float, float, str] | None:
    code = (item.get("MeasurementUnitsCodeSequence") or [{}])[0]
    return _checked(
        item.get("RealWorldValueSlope"),
        item.get("RealWorldValueIntercept"),
        str(code.get("CodeValue", "")),
        item.get("RealWorldValueFirstValueMapped"),
        item.get("RealWorldValueLastValueMapped"),
        header,
    )


def _checked(
    slope: Any, intercept: Any, unit: str, first: Any, last: Any, header: Header
) -> tuple[float, float, str] | None:
    if slope is None or intercept is None:
        return None
    half = 1 << (header.format.stored - 1)
    low, high = (-half, half - 1) if header.format.signed else (0, 2 * half - 1)
    if first is not None and last is not None and not (float(first) <= low and float(last) >= high):
        return None
    slope, intercept = float(slope), float(intercept)
    if slope == 0 or not (math.isfinite(slope) and math.isfinite(intercept)):
        return None
    return slope, intercept, _UNITS.get(unit, unit)
