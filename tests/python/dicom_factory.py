"""Write small DICOM series for the tests, by pydicom and the standard's own words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SPACING = (4.0, 0.8, 0.5)  # (z, y, x): thick slices, oblong pixels
ORIGIN = (-31.5, 12.25, 140.0)
SERIES = "1.2.826.0.1.3680043.8.498.1001"


def stored_values(shape: tuple[int, int, int] = (6, 5, 7)) -> np.ndarray:
    """Different values everywhere, so that no mix-up of axes can hide."""
    return np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)


def dataset(plane: np.ndarray, *, syntax: str = ExplicitVRLittleEndian, **tags: Any) -> FileDataset:
    """One CT image; `tags` replace or add elements by keyword, ``None`` removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    data = FileDataset(
        "", {}, file_meta=meta, preamble=bytes(128),
        is_implicit_VR=meta.TransferSyntaxUID.is_implicit_VR,
        is_little_endian=meta.TransferSyntaxUID.is_little_endian,
    )  # fmt: skip
    signed = plane.dtype.kind == "i"
    bits = plane.dtype.itemsize * 8
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(),
        "Modality": "CT",
        "Manufacturer": "Phantom works",
        "SeriesDescription": "Ankle 4 mm",
        "PatientName": "Mustermann^Erika",
        "PatientID": "P-4711",
        "PatientBirthDate": "19700131",
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1000",
        "SeriesInstanceUID": SERIES,
        "SeriesNumber": 3,
        "SliceThickness": 4.0,
        "ImagePositionPatient": list(ORIGIN),
        "ImageOrientationPatient": list(AXIAL),
        "PixelSpacing": [SPACING[1], SPACING[2]],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": plane.shape[-2],
        "Columns": plane.shape[-1],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(signed),
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    }
    values.update(tags)
    for keyword, value in values.items():
        if value is not None:
            setattr(data, keyword, value)
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    if syntax == ExplicitVRBigEndian:
        plane = plane.byteswap()
    data.PixelData = plane.tobytes() + bytes(plane.nbytes % 2)
    data["PixelData"].VR = "OW" if bits > 8 else "OB"
    return data


def positions(
    count: int,
    *,
    orientation: Sequence[float] = AXIAL,
    origin: Sequence[float] = ORIGIN,
    step: float = SPACING[0],
) -> list[list[float]]:
    """Place `count` slices `step` mm apart along the normal."""
    row, column = np.reshape(orientation, (2, 3))
    normal = np.cross(row, column)
    return [[round(v, 10) for v in np.asarray(origin) + i * step * normal] for i in range(count)]


def write_series(
    folder: Path,
    array: np.ndarray | None = None,
    *,
    places: Sequence[Sequence[float]] | None = None,
    names: Sequence[str] | None = None,
    each: Sequence[dict[str, Any]] | None = None,
    **tags: Any,
) -> list[Path]:
    """Write one file for each plane of `array` (z, y, x); `each` holds tags of one file."""
    array = stored_values() if array is None else array
    orientation = tags.get("ImageOrientationPatient", AXIAL)
    places = positions(len(array), orientation=orientation) if places is None else places
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for i, plane in enumerate(array):
        own = {"ImagePositionPatient": list(places[i]), "InstanceNumber": i + 1, **tags}
        own.update(each[i] if each else {})
        path = folder / (names[i] if names else f"slice{i:03d}.dcm")
        dataset(np.ascontiguousarray(plane), **own).save_as(path, enforce_file_format=True)
        written.append(path)
    return written


def write_enhanced(
    path: Path,
    array: np.ndarray,
    *,
    places: Sequence[Sequence[float]],
    rescale: Sequence[tuple[float, float]] | None,
    content: Sequence[dict[str, Any]] | None = None,
    groups: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Write an enhanced multi-frame CT; orientation and spacing are shared by the frames.

    `content` and `groups` hold the frame content and further functional groups of each.
    """
    data = dataset(
        array,
        SOPClassUID=EnhancedCTImageStorage,
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
        PixelSpacing=None,
        RescaleSlope=None,
        RescaleIntercept=None,
        NumberOfFrames=len(array),
    )
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=list(AXIAL))
    shared.PixelMeasuresSequence = _item(PixelSpacing=[SPACING[1], SPACING[2]])
    data.SharedFunctionalGroupsSequence = DicomSequence([shared])
    frames = []
    for i, place in enumerate(places):
        frame = Dataset()
        if content is not None:
            frame.FrameContentSequence = _item(**content[i])
        frame.PlanePositionSequence = _item(ImagePositionPatient=list(place))
        if rescale is not None:
            frame.PixelValueTransformationSequence = _item(
                RescaleSlope=rescale[i][0], RescaleIntercept=rescale[i][1], RescaleType="HU"
            )
        for keyword, value in (groups[i] if groups else {}).items():
            setattr(frame, keyword, value)
        frames.append(frame)
    data.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    data.save_as(path, enforce_file_format=True)


def write_structure_set(path: Path) -> None:
    """Write a file that is DICOM and no image."""
    data = dataset(np.zeros((1, 1), np.uint16), Modality="RTSTRUCT", SeriesInstanceUID="1.2.3.9")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "SOPClassUID"):
        delattr(data, keyword)
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    data.save_as(path, enforce_file_format=True)


def _item(**values: Any) -> DicomSequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return DicomSequence([item])


MR = {"Modality": "MR", "SOPClassUID": MRImageStorage}
