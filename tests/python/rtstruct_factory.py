"""Structure sets (RTSTRUCT) for the tests."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from dicom_factory import write_structure_set
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medvoxel.errors import DicomWarning
from medvoxel.geometry import Grid
from medvoxel.io.rtstruct.read import read_rtstruct
from medvoxel.volume import Segmentation, Volume

FRAME = "1.2.826.0.1.3680043.8.498.2001"
CLOSED = "CLOSED_PLANAR"


def scan(grid: Grid, **more) -> Volume:
    return Volume(np.zeros(grid.shape, np.int16), grid, **more)


def on_slice(grid: Grid, k: float, corners, kind: str = CLOSED) -> Dataset:
    """A contour of (row, column) corners on slice `k`, in mm with three decimals."""
    corners = np.asarray(corners, dtype=float)
    points = grid.index_to_lps(np.column_stack([np.full(len(corners), k), corners]))
    return contour(points, kind)


def contour(points, kind: str = CLOSED) -> Dataset:
    item = Dataset()
    item.ContourGeometricType = kind
    item.NumberOfContourPoints = len(points)
    item.ContourData = [f"{v:.3f}" for v in np.ravel(points)]
    return item


def rectangle(top, left, bottom, right) -> list[tuple[float, float]]:
    return [(top, left), (top, right), (bottom, right), (bottom, left)]


def box(shape, slices, rows, columns) -> np.ndarray:
    """The voxels that rectangles half a voxel outside them hold."""
    mask = np.zeros(shape, bool)
    mask[slice(*slices), slice(*rows), slice(*columns)] = True
    return mask


def boxed(grid: Grid, slices, rows, columns) -> list[Dataset]:
    corners = rectangle(rows[0] - 0.5, columns[0] - 0.5, rows[1] - 0.5, columns[1] - 0.5)
    return [on_slice(grid, k, corners) for k in range(*slices)]


def structure_set(path: Path, regions, *, change=None, frame=FRAME) -> Path:
    """Write regions given as (number, name, contours or None, colour or None)."""
    write_structure_set(path)
    data = pydicom.dcmread(path)
    data.StructureSetROISequence = Sequence()
    data.ROIContourSequence = Sequence()
    for number, name, contours, *colour in regions:
        roi = Dataset()
        roi.ROINumber = number
        roi.ROIName = name
        if frame:
            roi.ReferencedFrameOfReferenceUID = frame
        data.StructureSetROISequence.append(roi)
        if contours is None:
            continue
        item = Dataset()
        item.ReferencedROINumber = number
        if colour:
            item.ROIDisplayColor = list(colour[0])
        item.ContourSequence = Sequence(contours)
        data.ROIContourSequence.append(item)
    if change is not None:
        change(data)
    data.save_as(path, enforce_file_format=True)
    return path


def read(path: Path, reference, **more) -> Segmentation:
    """Read, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_rtstruct(path, reference=reference, **more)


def read_told(path: Path, reference) -> tuple[Segmentation, list[str]]:
    """Read, with the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = read_rtstruct(path, reference=reference)
    assert all(w.category is DicomWarning for w in caught)
    assert all(w.filename == __file__ for w in caught)
    return result, [str(w.message) for w in caught]
