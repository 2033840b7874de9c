"""Structure sets: files that are broken, odd, or something else."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest
from dicom_factory import write_series
from pydicom.uid import ImplicitVRLittleEndian
from rtstruct_factory import (
    boxed,
    on_slice,
    read,
    scan,
    structure_set,
)

from medvoxel.errors import (
    Cancelled,
    DicomError,
    FileFormatError,
    InputError,
    MedvoxelError,
)
from medvoxel.io.rtstruct.read import read_rtstruct


def drop(keyword: str):
    return lambda data: delattr(data, keyword)


def in_contour(**values):
    def change(data):
        item = data.ROIContourSequence[0].ContourSequence[0]
        for keyword, value in values.items():
            if value is None:
                delattr(item, keyword)
            else:
                item[keyword] = pydicom.DataElement(
                    keyword, "DS" if "Data" in keyword else "IS", value
                )

    return change


def raw_coordinates(text: bytes):
    def change(data):
        item = data.ROIContourSequence[0].ContourSequence[0]
        item.add_new(0x30060050, "OB", text + b" " * (len(text) % 2))
        item.NumberOfContourPoints = text.count(b"\\") // 3 + 1

    return change


def same_number(data):
    data.StructureSetROISequence.append(data.StructureSetROISequence[0])


def unknown_number(data):
    data.ROIContourSequence[0].ReferencedROINumber = 77


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (drop("StructureSetROISequence"), "names no region"),
        (lambda d: delattr(d.StructureSetROISequence[0], "ROINumber"), "no number"),
        (lambda d: delattr(d.ROIContourSequence[0], "ReferencedROINumber"), "no number"),
        (same_number, "two regions have the number 1"),
        (unknown_number, "region 77"),
        (in_contour(ContourData=None), "no coordinates"),
        (in_contour(NumberOfContourPoints="5"), "has 4 points and should have 5"),
        (raw_coordinates(b"1\\2\\3\\4\\5\\6\\7\\8"), "8 coordinates"),
        (raw_coordinates(b"1\\2\\3\\4\\nan\\6\\7\\8\\9 "), "not a number"),
        (raw_coordinates(b"1\\2\\3\\4\\1e999\\6\\7\\8\\9"), "not a number"),
        (raw_coordinates(b"1\\2\\3\\4\\5,5\\6\\7\\8\\9 "), "not a number"),
        (raw_coordinates(b"1\\2\\3\\4\\\\6\\7\\8\\9"), "not a number"),
        (raw_coordinates(b"1\\2\\3\\" + b"4" * 5000 + b"\\5\\6\\7\\8\\9"), "not a number"),
        (raw_coordinates(b"1\\2\\3\\4\\5\\6\\7\\8\\3e8 "), "cannot be in a patient"),
    ],
)  # fmt: skip
def test_broken_files_are_refused_with_the_reason(make_grid, tmp_path, change, reason):
    grid = make_grid("plain")
    regions = [(1, "A", boxed(grid, (2, 4), (3, 8), (4, 9)))]
    path = structure_set(tmp_path / "rs.dcm", regions, change=change)
    with pytest.raises(DicomError, match=reason) as caught:
        read_rtstruct(path, reference=scan(grid))
    assert caught.value.hint
    assert "rs.dcm" in str(caught.value) or "'A'" in str(caught.value)


@pytest.mark.filterwarnings("ignore:The value for the data element")
@pytest.mark.parametrize("implicit", [False, True])
def test_a_contour_of_more_than_64_kilobytes_is_read(make_grid, tmp_path, implicit):
    grid = make_grid("plain")
    angle = np.linspace(0, 2 * np.pi, 20000, endpoint=False)
    ring = np.stack([10 + 8.2 * np.sin(angle), 12 + 8.2 * np.cos(angle)], axis=1)
    change = implicit_values if implicit else None
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", [on_slice(grid, 3, ring)])], change=change)
    row, column = np.indices(grid.shape[1:])
    assert np.array_equal(
        read(path, scan(grid)).array[3] == 1, np.hypot(row - 10, column - 12) < 8.2
    )


def implicit_values(data):
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def test_files_that_are_no_structure_set_are_refused(make_grid, tmp_path):
    reference = scan(make_grid("plain"))
    image = write_series(tmp_path / "ct")[0]
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM")
    with pytest.raises(DicomError, match=r"another kind of DICOM file \(CT Image Storage\)"):
        read_rtstruct(image, reference=reference)
    with pytest.raises(DicomError, match="no DICOM file"):
        read_rtstruct(text, reference=reference)
    with pytest.raises(FileFormatError, match="no file"):
        read_rtstruct(tmp_path / "missing.dcm", reference=reference)
    with pytest.raises(FileFormatError, match="no file"):
        read_rtstruct(tmp_path, reference=reference)


def test_the_reference_must_be_a_scan_or_a_segmentation(make_grid, tmp_path):
    grid = make_grid("plain")
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", boxed(grid, (2, 4), (3, 8), (4, 9)))])
    with pytest.raises(InputError, match="must be a scan"):
        read_rtstruct(path, reference=np.zeros((3, 3, 3)))
    first = read(path, scan(grid))
    assert np.array_equal(read(path, first).array, first.array)


def test_progress_is_reported_and_can_stop_the_work(make_grid, tmp_path):
    grid = make_grid("plain")
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", boxed(grid, (0, 9), (3, 8), (4, 9)))])
    told = []
    read(path, scan(grid), progress=lambda done, label: told.append(done))
    assert told[-1] == 1
    with pytest.raises(Cancelled):
        read(path, scan(grid), progress=lambda done, label: False)


def test_files_cut_short_anywhere_give_a_classed_error_or_a_segmentation(make_grid, tmp_path):
    grid = make_grid("plain")
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", boxed(grid, (2, 8), (3, 8), (4, 9)))])
    whole, refused, read_whole = path.read_bytes(), 0, []
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read_rtstruct(path, reference=scan(grid))
        except MedvoxelError as error:
            refused += bool(error.hint)
        else:
            read_whole.append(length)
    assert refused + len(read_whole) == len(range(0, len(whole), 41))
    assert refused > 20
