"""Scans, labels and DICOM segmentations for the tests of reading and writing them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from dicom_factory import positions, write_series

from medvoxel.errors import DicomWarning
from medvoxel.geometry import Grid
from medvoxel.io.dicom_seg.read import read_dicom_seg, write_dicom_seg
from medvoxel.provenance import SliceSource
from medvoxel.volume import Segment, Segmentation, Volume

FRAME = "1.2.826.0.1.3680043.8.498.2001"
SHAPE = (6, 5, 7)
COS, SIN = np.cos(0.4), np.sin(0.4)
ORIENTATIONS = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (COS, SIN, 0.0, -SIN * COS, COS * COS, SIN),
}
SEGMENTS = (
    Segment(1, "Achilles", "#E69F00"),
    Segment(2, "Fußwurzel", "#56B4E9"),
    Segment(3, "腱", "#010203"),
)


def scan(folder: Path, kind: str = "axial", *, order=None, shape=SHAPE, **tags) -> Volume:
    """A series on disk and its volume; `order` is the slice of each file."""
    orientation = [round(v, 10) for v in ORIENTATIONS[kind]]
    places = positions(shape[0], orientation=orientation)
    order = list(range(shape[0])) if order is None else order
    tags = {"FrameOfReferenceUID": FRAME, "ImageOrientationPatient": orientation, **tags}
    files = write_series(
        folder, np.zeros(shape, np.uint16), places=[places[k] for k in order], **tags
    )
    row, column = np.reshape(orientation, (2, 3))
    direction = np.stack([row, column, np.cross(row, column)], axis=1)
    grid = Grid(shape, (4.0, 0.8, 0.5), places[0], direction)
    by_slice = dict(zip(order, files, strict=True))
    sources = tuple(SliceSource(str(by_slice[k]), 0, tuple(places[k])) for k in range(shape[0]))
    return Volume(np.zeros(shape, np.int16), grid, modality="CT", sources=sources)


def labels(grid: Grid, segments=SEGMENTS, seed: int = 4) -> Segmentation:
    """Random labels, so that no mix-up of axes can hide; two slices are empty."""
    array = np.random.default_rng(seed).integers(0, len(segments) + 1, grid.shape).astype(np.uint8)
    array[[0, 3]] = 0
    return Segmentation(array, grid, segments)


def write(seg: Segmentation, path: Path, reference: Volume, **more) -> Path:
    """Write, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write_dicom_seg(seg, path, reference=reference, **more) == (path,)
    return path


def read(path: Path, reference=None, **more) -> Segmentation:
    """Read, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_dicom_seg(path, reference=reference, **more)


def told_by(function, *args, **more):
    """Result and warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **more)
    assert all(w.category is DicomWarning for w in caught)
    # The caller of the reader is told, not the reader itself.
    assert all(w.filename == __file__ for w in caught)
    return result, [str(w.message) for w in caught]


def edit(path: Path, change) -> Path:
    data = pydicom.dcmread(path)
    change(data)
    data.save_as(path, enforce_file_format=True)
    return path


def made_by_highdicom(path: Path, volume: Volume, pixels: np.ndarray, kind: str, **more) -> Path:
    """A segmentation of segments "a", "b" ... that medvoxel had no part in."""
    import highdicom
    from pydicom.sr.codedict import codes

    count = pixels.shape[-1] if pixels.ndim == 4 else int(pixels.max())
    described = [
        highdicom.seg.SegmentDescription(
            i + 1, "abcdef"[i], codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL"
        )
        for i in range(count)
    ]
    headers = [pydicom.dcmread(source.file) for source in volume.sources]
    for header in headers:
        for keyword in ("PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            setattr(header, keyword, "")
    seg = highdicom.seg.Segmentation(
        headers, pixels, kind, described, pydicom.uid.generate_uid(), 1,
        pydicom.uid.generate_uid(), 1, "m", "m", "1", "1", **more,
    )  # fmt: skip
    seg.save_as(path)
    return path
