"""The headers of the files that a scan was read from, ready to be referred to."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, FileFormatError, InputError
from ...progress import Progress, ProgressCallback
from ...provenance import SliceSource
from ...volume import Volume
from ..dicom.stack import plane_axes
from .place import Frames

__all__ = ["Sources", "read_sources"]

# A file whose slice is elsewhere now is not the file that was read.
_SAME_PLACE = 0.01
_OTHER_FORMAT = "Write it as .seg.nrrd instead."
_IDENTIFIERS = {
    "StudyInstanceUID": "Study Instance UID",
    "SeriesInstanceUID": "Series Instance UID",
    "FrameOfReferenceUID": "Frame of Reference UID",
    "SOPClassUID": "SOP Class UID",
    "SOPInstanceUID": "SOP Instance UID",
}
# Elements that every object of a patient has and that may be empty (type 2), with what
# their values look like; anonymised files often lack them.
_MAY_BE_EMPTY = {
    "PatientID": r".*",
    "PatientName": r".*",
    "PatientBirthDate": r"\d{8}",
    "PatientSex": r"[MFO]",
    "AccessionNumber": r".{0,16}",
    "StudyID": r".{0,16}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2,6}(\.\d{1,6})?",
    "ReferringPhysicianName": r".*",
}


@dataclass(frozen=True, eq=False)
class Sources:
    """Source images of a scan.

    Parameters
    ----------
    headers : list of pydicom Dataset
        One for each slice, in the order of the slices; or the one multi-frame image.
    multiframe : bool
        Whether it is one multi-frame image.
    frames : Frames
        Position of each slice of the scan, and how its files lie in the patient.
    """

    headers: list[Any]
    multiframe: bool
    frames: Frames


def read_sources(reference: Volume, *, progress: ProgressCallback | None = None) -> Sources:
    """Read the headers of a scan's files.

    Parameters
    ----------
    reference : Volume
        Read with :func:`read_dicom`.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Sources
        The headers, with what a derived object needs set: an empty value where an
        anonymised file lacks an element, one orientation, the true slice spacing.

    Raises
    ------
    InputError
        When the scan does not know its files, or some of its slices are in none.
    FileFormatError
        When a file is not there any more, or in an archive.
    DicomError
        When a file has changed, or cannot be referred to.
    """
    sources = _require_files(reference)
    files = list(dict.fromkeys(str(s.file) for s in sources))
    headers = {
        file: _read_header(file) for file in Progress.over(files, progress, "Reading headers")
    }
    first = headers[files[0]]
    multiframe = "PerFrameFunctionalGroupsSequence" in first
    if multiframe and len(files) > 1:
        raise DicomError(
            f"The scan's slices are in {len(files)} multi-frame files, and a DICOM segmentation "
            "can refer to one only.",
            hint=_OTHER_FORMAT,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, on values that are a little wrong
            geometry = [_geometry(headers[str(s.file)], s.frame) for s in sources]
            frames = _frames(sources, geometry, first)
            _prepare(list(headers.values()), reference, geometry[0], multiframe)
    except DicomError:
        raise
    except Exception as error:  # elements are decoded when they are used: any may be broken
        raise DicomError(
            f"A header of the series of {os.path.basename(files[0])} is damaged ({error}).",
            hint=_OTHER_FORMAT,
        ) from error
    ordered = [first] if multiframe else [headers[str(s.file)] for s in sources]
    return Sources(ordered, multiframe, frames)


def _require_files(reference: Volume) -> Sequence[SliceSource]:
    if not reference.sources:
        raise InputError(
            "A DICOM segmentation refers to the files of its scan, and this scan does not know "
            "them: it was not read from DICOM, or was resampled or turned since.",
            hint="Read the scan with read_dicom() and give it as reference, or write .seg.nrrd "
            "instead.",
        )
    lost = [k for k, source in enumerate(reference.sources) if source.file is None]
    if lost:
        raise InputError(
            f"{len(lost)} of the scan's {len(reference.sources)} slices are in no file: they were "
            "interpolated, and a DICOM segmentation refers to files.",
            hint=_OTHER_FORMAT,
            slices=lost,
        )
    return reference.sources


def _read_header(file: str) -> Any:
    import pydicom

    if not os.path.isfile(file):
        if "!" in file and os.path.isfile(file.partition("!")[0]):
            raise FileFormatError(
                f"The scan was read from the archive {file.partition('!')[0]}, and a DICOM "
                "segmentation needs its files.",
                hint="Unpack the archive, and read the folder with read_dicom().",
                path=file,
            )
        raise FileFormatError(
            f"A file of the scan is not there any more: {file}.",
            hint="Read the scan again with read_dicom() and give it as reference.",
            path=file,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(file, stop_before_pixels=True, force=True)
    except Exception as error:  # a parser fails in many ways on a damaged file
        raise DicomError(
            f"The header of {os.path.basename(file)} cannot be read ({error}).",
            hint="Copy it again from its source.",
            path=file,
        ) from error


def _geometry(header: Any, frame: int) -> dict[str, NDArray[np.float64]]:
    """Position, orientation and pixel spacing of a file or one of its frames."""
    wanted = {
        "ImagePositionPatient": "PlanePositionSequence",
        "ImageOrientationPatient": "PlaneOrientationSequence",
        "PixelSpacing": "PixelMeasuresSequence",
    }
    places = [header]
    if "PerFrameFunctionalGroupsSequence" in header:
        places += [header.PerFrameFunctionalGroupsSequence[frame]]
        places += list(header.get("SharedFunctionalGroupsSequence") or ())
    found = {}
    for keyword, group in wanted.items():
        inner = [place.get(group)[0] for place in places[1:] if place.get(group)]
        values = [p.get(keyword) for p in (*inner, header) if p.get(keyword) is not None]
        found[keyword] = np.array([float(v) for v in values[0]])
    return found


def _frames(
    sources: Sequence[SliceSource], geometry: Sequence[dict[str, Any]], first: Any
) -> Frames:
    """How the files lie; each must be where it was when the scan was read."""
    for source, found in zip(sources, geometry, strict=True):
        moved = np.linalg.norm(found["ImagePositionPatient"] - np.array(source.position))
        if not moved <= _SAME_PLACE:
            raise DicomError(
                f"{os.path.basename(str(source.file))} has changed since the scan was read: its "
                f"slice is {moved:.3g} mm from where it was.",
                hint="Read the scan again with read_dicom() and give it as reference.",
            )
    axes = plane_axes(geometry[0]["ImageOrientationPatient"])
    if axes is None:
        raise ValueError("impossible orientation")
    spacing = geometry[0]["PixelSpacing"]
    positions = np.array([s.position for s in sources], dtype=float)
    size = (int(first.Rows), int(first.Columns))
    return Frames(positions, axes, (float(spacing[0]), float(spacing[1])), size)


def _prepare(
    headers: Sequence[Any], reference: Volume, geometry: dict[str, Any], multiframe: bool
) -> None:
    """Set what highdicom takes from source images, as it must be in the result."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence as Items

    for header in headers:
        _require_identifiers(header)
    first = headers[0]
    _complete(first)
    measures = Dataset()
    measures.PixelSpacing = [float(v) for v in geometry["PixelSpacing"]]
    step = f"{reference.grid.spacing[0]:.10g}"
    measures.SliceThickness = _thickness(first, multiframe) or step
    measures.SpacingBetweenSlices = step
    cosines = [float(v) for v in geometry["ImageOrientationPatient"]]
    if multiframe:
        orientation = Dataset()
        orientation.ImageOrientationPatient = cosines
        shared = first.SharedFunctionalGroupsSequence[0]
        shared.PixelMeasuresSequence = Items([measures])
        shared.PlaneOrientationSequence = Items([orientation])
        return
    first.update(measures)
    for header in headers:
        header.ImageOrientationPatient = cosines


def _require_identifiers(header: Any) -> None:
    """Refuse files that nothing can refer to; anonymising sometimes empties their UIDs."""
    meta = getattr(header, "file_meta", None) or {}
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if not header.get(keyword) and meta.get(f"MediaStorage{keyword}"):
            setattr(header, keyword, meta.get(f"MediaStorage{keyword}"))
    lacking = [name for keyword, name in _IDENTIFIERS.items() if not header.get(keyword)]
    if lacking:
        raise DicomError(
            "A DICOM segmentation refers to its scan by identifiers, and the scan's files lack "
            f"some: {', '.join(lacking)}.",
            hint=_OTHER_FORMAT,
            missing=lacking,
        )


def _complete(header: Any) -> None:
    """Give the header that patient and study are taken from what it lacks."""
    header.decode()
    # Names may be in any alphabet, and those of the segments in another.
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword, pattern in _MAY_BE_EMPTY.items():
        value = str(header.get(keyword) or "")
        setattr(header, keyword, value if re.fullmatch(pattern, value) else "")


def _thickness(header: Any, multiframe: bool) -> str | None:
    value = header.get("SliceThickness")
    if multiframe:
        groups = header.SharedFunctionalGroupsSequence[0].get("PixelMeasuresSequence")
        value = groups[0].get("SliceThickness") if groups else None
    return f"{float(value):.10g}" if value not in (None, "") and float(value) > 0 else None
