"""Files to be de-identified, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from dicom_factory import dataset
from pydicom.dataset import Dataset

STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def copies(rows: list[Any]) -> list[Dataset]:
    return [pydicom.dcmread(row.target) for row in rows if row.target]


def write_one(path: Path, **tags: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset(np.zeros((4, 5), np.uint16), **tags).save_as(path, enforce_file_format=True)
    return path


def write_structures(path: Path, images: list[Path]) -> None:
    """Write a structure set that refers to images in all the places where it may."""
    first = pydicom.dcmread(images[0])
    data = dataset(np.zeros((1, 1), np.uint16), Modality="RTSTRUCT", SOPClassUID=STRUCTURES,
                   SeriesInstanceUID="1.2.3.9", PatientName="Mustermann^Erika")  # fmt: skip
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(data, keyword)
    contours = []
    for file in images:
        image, contour = Dataset(), Dataset()
        image.ReferencedSOPClassUID = first.SOPClassUID
        image.ReferencedSOPInstanceUID = pydicom.dcmread(file).SOPInstanceUID
        contour.ContourImageSequence = [image]
        contour.ContourData = [0.5, 0.25, 1, 2, 3, 1, 4, 5, 1]
        contours.append(contour)
    series, study, frame, roi, region = (Dataset() for _ in range(5))
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = [c.ContourImageSequence[0] for c in contours]
    study.RTReferencedSeriesSequence = [series]
    study.ReferencedSOPInstanceUID = first.StudyInstanceUID
    frame.RTReferencedStudySequence = [study]
    frame.FrameOfReferenceUID = first.get("FrameOfReferenceUID", "1.2.3.10")
    data.ReferencedFrameOfReferenceSequence = [frame]
    region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = (
        7,
        "Erika's",
        "1.2.3.10",
    )
    data.StructureSetROISequence = [region]
    roi.ReferencedROINumber, roi.ContourSequence = 7, contours
    data.ROIContourSequence = [roi]
    data.save_as(path, enforce_file_format=True)
