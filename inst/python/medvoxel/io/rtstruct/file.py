"""What a radiotherapy structure set (RTSTRUCT) holds, checked and in plain values."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, MedvoxelError
from ..dicom_seg.object import open_object
from ..labels.coded_terms import dicom_term

__all__ = ["Region", "StructureSet", "read_structures"]

_STRUCTURE_SET = ("1.2.840.10008.5.1.4.1.1.481.3",)
# Both enclose an area; the second says in so many words what is done with either, that
# contours inside others are holes.
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
# No number takes more characters; a longer one would blow up the array of all.
_LONGEST_NUMBER = 64


@dataclass
class Region:
    """One region of interest (ROI).

    Parameters
    ----------
    number : int
        ROI Number.
    name : str
        ROI Name as it is, maybe empty.
    colour : str or None
        ``#RRGGBB``.
    frame : str
        Frame of Reference UID, or ``""``.
    contours : list of ndarray, shape (n, 3)
        Corners of its closed contours, LPS mm.
    other : Counter
        Number of its contours of each other kind.
    degenerate : int
        Number of closed contours of fewer than three corners, which enclose nothing.
    code : str or None
        What it is as a coded term ``"scheme^value^meaning"``.
    """

    number: int
    name: str
    colour: str | None = None
    frame: str = ""
    contours: list[NDArray[np.float64]] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)
    degenerate: int = 0
    code: str | None = None


@dataclass(frozen=True)
class StructureSet:
    """The content of a file.

    Parameters
    ----------
    path : Path
        The file.
    regions : tuple of Region
        In the order of their numbers.
    """

    path: Path
    regions: tuple[Region, ...]


def read_structures(path: str | os.PathLike[str]) -> StructureSet:
    """Read the regions of a structure set.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    StructureSet
        At least one region.

    Raises
    ------
    FileFormatError
        When there is no such path.
    DicomError
        When the file is not a structure set or is broken.
    """
    path, data = open_object(path, _STRUCTURE_SET, "DICOM structure set (RTSTRUCT)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, on values that are a little wrong
            regions = _regions(path, data)
            for item in _sequence(data, "ROIContourSequence"):
                _add_contours(path, item, regions)
            _add_codes(data, regions)
    except MedvoxelError:
        raise
    except Exception as error:  # elements are decoded when they are used: any may be broken
        raise _broken(path, f"an element cannot be read ({error})") from error
    return StructureSet(path, tuple(regions[n] for n in sorted(regions)))


def _regions(path: Path, data: Any) -> dict[int, Region]:
    items = _sequence(data, "StructureSetROISequence")
    if not items:
        raise _broken(path, "it names no region (StructureSetROISequence)")
    regions: dict[int, Region] = {}
    for item in items:
        number = _number(path, item, "ROINumber")
        if number in regions:
            raise _broken(path, f"two regions have the number {number}")
        frame = item.get("ReferencedFrameOfReferenceUID") or data.get("FrameOfReferenceUID")
        regions[number] = Region(number, str(item.get("ROIName") or ""), frame=str(frame or ""))
    return regions


def _add_contours(path: Path, item: Any, regions: dict[int, Region]) -> None:
    number = _number(path, item, "ReferencedROINumber")
    if number not in regions:
        raise _broken(path, f"it has contours of region {number}, which it does not name")
    region = regions[number]
    colour = item.get("ROIDisplayColor")
    if colour is not None and len(colour) == 3 and all(0 <= int(c) <= 255 for c in colour):
        region.colour = "#" + "".join(f"{int(c):02X}" for c in colour)
    for i, contour in enumerate(_sequence(item, "ContourSequence")):
        kind = str(contour.get("ContourGeometricType") or "without type")
        if kind not in _CLOSED:
            region.other[kind] += 1
            continue
        points = _points(path, contour, f"contour {i + 1} of {region.name or number!r}")
        if len(points) < 3:
            region.degenerate += 1
        else:
            region.contours.append(points)


def _add_codes(data: Any, regions: dict[int, Region]) -> None:
    # Nothing but the codes is lost with observations that are broken.
    with suppress(Exception):
        for item in _sequence(data, "RTROIObservationsSequence"):
            region = regions.get(int(item.ReferencedROINumber))
            code = dicom_term(item, "RTROIIdentificationCodeSequence")
            if region is not None and region.code is None:
                region.code = code


def _points(path: Path, contour: Any, which: str) -> NDArray[np.float64]:
    values = _numbers(path, contour, which)
    if len(values) % 3:
        raise _broken(path, f"{which} has {len(values)} coordinates, which are not triples")
    if not np.isfinite(values).all():
        raise _broken(path, f"{which} has a coordinate that is not a number")
    stated = contour.get("NumberOfContourPoints")
    if stated is not None and int(stated) * 3 != len(values):
        raise _broken(path, f"{which} has {len(values) // 3} points and should have {stated}")
    points = values.reshape(-1, 3)
    # Some programs repeat the first corner at the end, as others do with closed polygons.
    return points[:-1] if len(points) > 1 and np.array_equal(points[0], points[-1]) else points


def _numbers(path: Path, contour: Any, which: str) -> NDArray[np.float64]:
    """Coordinates as they stand in the file.

    pydicom would make an object of each number, which takes ten times as long as all the
    rest.
    """
    if "ContourData" not in contour:
        raise _broken(path, f"{which} has no coordinates (ContourData)")
    value = contour.get_item("ContourData").value
    if value is None or len(value) == 0:
        return np.empty(0)
    if not isinstance(value, bytes):
        return np.atleast_1d(np.asarray(value, dtype=float))
    texts = value.split(b"\\")
    if max(map(len, texts)) > _LONGEST_NUMBER:
        raise _broken(path, f"{which} has a coordinate that is not a number")
    try:
        return np.array(texts).astype(float)
    except ValueError as error:
        raise _broken(path, f"{which} has a coordinate that is not a number") from error


def _sequence(data: Any, keyword: str) -> Any:
    value = data.get(keyword)
    if value is None:
        return ()
    if isinstance(value, bytes | str | int | float):
        raise ValueError(f"{keyword} is not a sequence")
    return value


def _number(path: Path, item: Any, keyword: str) -> int:
    value = item.get(keyword)
    if value is None or value == "":
        raise _broken(path, f"a region has no number ({keyword})")
    return int(value)


def _broken(path: Path, reason: str) -> DicomError:
    return DicomError(
        f"{path.name} is broken: {reason}.",
        hint="Export the structure set again from its source.",
        path=str(path),
    )
