"""DICOM segmentations of all kinds read, with and without a reference, and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_factory import positions, write_series
from dicom_seg_factory import (
    FRAME,
    SHAPE,
    edit,
    labels,
    made_by_highdicom,
    read,
    scan,
    told_by,
    write,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medvoxel.errors import (
    Cancelled,
    DicomError,
    GeometryError,
    MedvoxelError,
    MemoryLimitError,
)
from medvoxel.geometry import Grid
from medvoxel.io.dicom_seg import object as _dicom_seg_object
from medvoxel.io.dicom_seg.read import read_dicom_seg
from medvoxel.provenance import SliceSource
from medvoxel.volume import Segmentation, Volume


def test_fractional_segments_are_cut_at_half(tmp_path):
    volume = scan(tmp_path / "ct")
    fraction = np.random.default_rng(1).uniform(0, 1, (*SHAPE, 1))
    path = made_by_highdicom(tmp_path / "s.dcm", volume, fraction, "FRACTIONAL",
                             max_fractional_value=100)  # fmt: skip
    result, told = told_by(read_dicom_seg, path, reference=volume)
    assert np.array_equal(result.array == 1, np.around(fraction[..., 0] * 100) >= 50)
    assert len(told) == 1
    assert "fractions" in told[0]


def test_labelmaps_are_read_without_their_background(tmp_path):
    volume = scan(tmp_path / "ct")
    seg = labels(volume.grid)
    path = made_by_highdicom(tmp_path / "s.dcm", volume, seg.array, "LABELMAP")
    result = read(path, volume)
    assert np.array_equal(result.array, seg.array)
    assert [(s.value, s.name) for s in result.segments] == [(1, "a"), (2, "b"), (3, "c")]
    assert len({s.colour for s in result.segments}) == 3


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"])
def test_compressed_files_are_read(tmp_path, syntax):
    volume = scan(tmp_path / "ct", shape=(6, 32, 40))
    seg = labels(volume.grid)
    try:
        path = made_by_highdicom(tmp_path / "s.dcm", volume, seg.array, "LABELMAP",
                                 transfer_syntax_uid=syntax)  # fmt: skip
    except (RuntimeError, ValueError, ImportError) as error:
        pytest.skip(f"highdicom cannot write {syntax} here: {error}")
    assert np.array_equal(read(path, volume).array, seg.array)


def test_deflated_files_are_read_unless_they_would_fill_the_memory(tmp_path, monkeypatch):
    volume = scan(tmp_path / "ct")
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)
    assert np.array_equal(read(path, volume).array, seg.array)
    monkeypatch.setattr(_dicom_seg_object, "_MOST_INFLATED", 1000)
    with pytest.raises(MemoryLimitError, match="inflates"):
        read_dicom_seg(path, reference=volume)


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        ({"CodeValue": "10200004", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Liver"},
         "SCT^10200004^Liver"),
        ({"LongCodeValue": "1234567890123456789", "CodingSchemeDesignator": "99X",
          "CodeMeaning": "a  b"}, "99X^1234567890123456789^a b"),
        ({"CodeValue": "T-D0050", "CodingSchemeDesignator": "SRT", "CodeMeaning": "Tissue"}, None),
        ({"CodeValue": "1", "CodingSchemeDesignator": "99X"}, "99X^1^1"),
        ({"CodeValue": "1", "CodeMeaning": "no scheme"}, None),
        ({}, None),
        (None, None),
    ],
)  # fmt: skip
def test_the_property_type_becomes_the_code(tmp_path, type_, code):
    volume = scan(tmp_path / "ct")
    path = made_by_highdicom(tmp_path / "s.dcm", volume, labels(volume.grid).array, "BINARY")

    def change(data):
        del data.SegmentSequence[1].SegmentedPropertyTypeCodeSequence
        if type_ is not None:
            item = Dataset()
            for keyword, value in type_.items():
                setattr(item, keyword, value)
            data.SegmentSequence[1].SegmentedPropertyTypeCodeSequence = Sequence([item])

    rows = read(edit(path, change), volume).segments
    # The others are "Tissue", as they stand where nothing was chosen.
    assert [s.code for s in rows] == [None, code, None]


def test_overlapping_segments_are_flattened_with_the_voxel_counts(tmp_path):
    volume = scan(tmp_path / "ct")
    masks = np.zeros((*SHAPE, 3), np.uint8)
    masks[1:4, :, :4, 0] = 1
    masks[3:5, 1:3, :, 1] = 1
    masks[0, 0, 0, 2] = 1
    path = made_by_highdicom(tmp_path / "s.dcm", volume, masks, "BINARY")
    result, told = told_by(read_dicom_seg, path, reference=volume)
    expected = np.where(masks[..., 1], 2, np.where(masks[..., 2], 3, masks[..., 0]))
    assert np.array_equal(result.array, expected)
    assert "8 of 'a' under 'b'." in told[0]


@pytest.fixture
def written(tmp_path) -> tuple[Path, Volume, Segmentation]:
    """A file, its scan and its labels."""
    volume = scan(tmp_path / "ct", "oblique")
    seg = labels(volume.grid)
    return write(seg, tmp_path / "seg.dcm", volume), volume, seg


def test_without_reference_the_frames_span_the_grid_with_their_gaps(written):
    path, volume, seg = written
    result = read(path)
    assert np.array_equal(result.array, seg.array[1:])  # slice 3 is empty and not in the file
    assert result.grid.same_as(volume.grid.crop((1, 0, 0), SHAPE))


def test_the_step_is_found_from_the_frames_when_it_is_not_stated(written):
    path, _, seg = written
    edit(path, lambda d: drop_measure(d, "SpacingBetweenSlices", "SliceThickness"))
    assert np.array_equal(read(path).array, seg.array[1:])


def drop_measure(data: Dataset, *keywords: str) -> None:
    for keyword in keywords:
        delattr(data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], keyword)


def shift_frames(data: Dataset, move) -> None:
    for group in data.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        place.ImagePositionPatient = [round(float(v), 6) for v in move(
            np.array(place.ImagePositionPatient, float))]  # fmt: skip


def test_frames_on_no_regular_grid_are_refused(tmp_path):
    volume = scan(tmp_path / "ct")
    path = write(labels(volume.grid), tmp_path / "seg.dcm", volume)
    edit(path, lambda d: shift_frames(d, lambda p: np.add(p, (0, 0, 1.3 * (p[2] > 158)))))
    with pytest.raises(DicomError, match=r"4 to 8 mm apart.*no multiples"):
        read_dicom_seg(path)
    edit(path, lambda d: shift_frames(d, lambda p: np.add(p, (0.2 * (p[2] - 144), 0, 0))))
    with pytest.raises(DicomError, match="at a slant"):
        read_dicom_seg(path)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)])
def test_the_reference_may_be_turned_and_mirrored_in_any_way(written, order, flips):
    path, volume, seg = written
    grid = volume.grid
    start = [0 if flips[a] > 0 else SHAPE[a] - 1 for a in range(3)]
    columns = [2 - a for a in order[::-1]]
    turned = Grid(
        tuple(SHAPE[a] for a in order),
        tuple(grid.spacing[a] for a in order),
        tuple(grid.index_to_lps(start)),
        (grid.direction * flips[::-1])[:, columns],
    )
    expected = seg.array[tuple(slice(None, None, f) for f in flips)].transpose(order)
    result = read(path, Volume(np.zeros(turned.shape, np.int16), turned))
    assert np.array_equal(result.array, expected)


def test_a_part_of_the_scan_and_a_larger_one_are_references_too(written):
    path, volume, seg = written
    larger = volume.grid.crop((-2, -1, -3), (8, 9, 9))
    result = read(path, Segmentation(np.zeros(larger.shape, int), larger, ()))
    assert np.array_equal(result.array[2:8, 1:6, 3:10], seg.array)
    assert np.count_nonzero(result.array) == np.count_nonzero(seg.array)
    part = volume.grid.crop((2, 1, 2), (5, 5, 6))
    result, told = told_by(
        read_dicom_seg, path, reference=Volume(np.zeros(part.shape, np.int16), part)
    )
    assert np.array_equal(result.array, seg.array[2:5, 1:5, 2:6])
    lost = np.count_nonzero(seg.array) - np.count_nonzero(result.array)
    assert told == [f"{lost} voxels of seg.dcm lie outside the scan and were left out."]


@pytest.mark.parametrize(
    ("spacing", "shift"),
    [((4.0, 0.8, 0.5), 0.3), ((4.0, 0.8, 0.51), 0.0), ((2.0, 0.8, 0.5), 0.0),
     ((4.0, 0.8, 0.5), 100.0)],
)  # fmt: skip
def test_another_raster_is_refused_with_both_grids_and_the_way_out(written, spacing, shift):
    path, volume, _ = written
    start = np.array(volume.grid.index_to_lps((1, 0, 0))) + shift * volume.grid.direction[:, 0]
    other = Grid(SHAPE, spacing, tuple(start), volume.grid.direction)
    with pytest.raises(
        GeometryError, match=r"7 x 5 x 5 voxels .* against 7 x 5 x 6.* mm"
    ) as caught:
        read_dicom_seg(path, reference=Volume(np.zeros(SHAPE, np.int16), other))
    assert "resample_to()" in caught.value.hint


@pytest.mark.parametrize("stated", [True, False])
def test_frames_of_a_coarser_scan_do_not_fill_every_other_slice_unseen(tmp_path, stated):
    volume = scan(tmp_path / "ct")
    path = write(labels(volume.grid), tmp_path / "seg.dcm", volume)
    finer = Grid((12, 5, 7), (2.0, 0.8, 0.5), volume.grid.origin)
    fine = Volume(np.zeros(finer.shape, np.int16), finer)
    if stated:
        with pytest.raises(GeometryError, match=r"7 x 5 x 5 voxels of 0\.5 x 0\.8 x 4 mm"):
            read_dicom_seg(path, reference=fine)
        return
    edit(path, lambda d: drop_measure(d, "SpacingBetweenSlices"))
    _, told = told_by(read_dicom_seg, path, reference=fine)
    assert len(told) == 1
    assert "2 slices of the scan apart" in told[0]


def test_a_segmentation_drawn_on_every_other_slice_is_read(tmp_path):
    volume = scan(tmp_path / "ct")
    seg = labels(volume.grid)
    seg.array[[0, 2, 4]] = 0
    seg.array[3] = 1
    path = write(seg, tmp_path / "seg.dcm", volume)
    assert np.array_equal(read(path, volume).array, seg.array)
    assert np.array_equal(read(path).array, seg.array[1:])


def test_slices_that_lie_a_little_off_the_regular_grid_are_found(tmp_path):
    off = [0.0, 0.03, -0.03, 0.02, -0.02, 0.0]  # accepted by read_dicom, within 1 % of 4 mm
    places = [[*p[:2], round(p[2] + d, 6)] for p, d in zip(positions(6), off, strict=True)]
    files = write_series(tmp_path / "ct", np.zeros(SHAPE, np.uint16), places=places,
                         FrameOfReferenceUID=FRAME)  # fmt: skip
    grid = Grid(SHAPE, (4.0, 0.8, 0.5), places[0])
    sources = tuple(SliceSource(str(f), 0, tuple(p)) for f, p in zip(files, places, strict=True))
    volume = Volume(np.zeros(SHAPE, np.int16), grid, sources=sources)
    seg = labels(grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    assert np.array_equal(read(path, volume).array, seg.array)
    assert np.array_equal(read(path).array, seg.array[1:])


def test_another_frame_of_reference_is_told(written):
    path, volume, seg = written
    edit(path, lambda d: setattr(d, "FrameOfReferenceUID", "1.2.3"))
    result, told = told_by(read_dicom_seg, path, reference=volume)
    assert np.array_equal(result.array, seg.array)
    assert "another frame of reference" in told[0]


def per_frame(change):
    return lambda data: change(data.PerFrameFunctionalGroupsSequence[0])


def repeat_a_frame(data: Dataset) -> None:
    frames = list(data.PerFrameFunctionalGroupsSequence)
    data.PerFrameFunctionalGroupsSequence = Sequence([*frames[1:], frames[1]])


def wrong_number(group: Dataset) -> None:
    group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: delattr(d, "SegmentSequence"), "cannot be read"),
        (lambda d: setattr(d, "SegmentSequence", Sequence()), "no segment"),
        (lambda d: setattr(d.SegmentSequence[0], "SegmentNumber", 2), "impossible or taken"),
        (lambda d: setattr(d, "SegmentationType", "SPARSE"), "its type is SPARSE"),
        (lambda d: setattr(d, "BitsAllocated", 32), "32 bits"),
        (lambda d: setattr(d, "Rows", 0), "no pixels"),
        (lambda d: setattr(d, "Rows", 500), "cut short"),
        (lambda d: setattr(d, "NumberOfFrames", 5), "12 of its 5 frames"),
        (lambda d: delattr(d, "PerFrameFunctionalGroupsSequence"), "0 of its 12 frames"),
        (lambda d: delattr(d, "SharedFunctionalGroupsSequence"), "ImageOrientationPatient"),
        (per_frame(lambda g: delattr(g, "PlanePositionSequence")), "ImagePositionPatient"),
        (per_frame(lambda g: delattr(g, "SegmentIdentificationSequence")), "cannot be read"),
        (per_frame(wrong_number), "segment 9"),
        (repeat_a_frame, "sequence in time"),
        (lambda d: setattr(d, "PixelData", d.PixelData[:-20]), "cut short"),
        (lambda d: delattr(d, "PixelData"), "no pixels"),
        (lambda d: setattr(d.file_meta, "TransferSyntaxUID", "1.2.3"), "transfer syntax"),
        (lambda d: setattr(d, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"), "CT Image Storage"),
    ],
)
def test_broken_files_are_refused_with_the_reason(written, change, reason):
    path, volume, _ = written
    edit(path, change)
    for reference in (None, volume):
        with pytest.raises(DicomError, match=reason) as caught:
            read_dicom_seg(path, reference=reference)
        assert caught.value.hint
        assert "seg.dcm" in str(caught.value)


def test_frames_absurdly_far_apart_do_not_fill_the_memory(tmp_path):
    volume = scan(tmp_path / "ct")
    path = write(labels(volume.grid), tmp_path / "seg.dcm", volume)
    edit(path, lambda d: shift_frames(d, lambda p: np.add(p, (0, 0, 4e12 * (p[2] > 150)))))
    with pytest.raises(MemoryLimitError, match="more than fit into memory"):
        read_dicom_seg(path)


def test_files_cut_short_anywhere_give_a_classed_error(written):
    path, volume, _ = written
    whole = path.read_bytes()
    for length in range(0, len(whole), 61):
        path.write_bytes(whole[:length])
        with pytest.raises(MedvoxelError) as caught:
            read_dicom_seg(path, reference=volume)
        assert caught.value.hint, length


def test_reading_reports_progress_and_can_be_stopped(written):
    path, volume, _ = written
    told = []
    read(path, volume, progress=lambda done, label: told.append(done))
    assert told[-1] == 1
    with pytest.raises(Cancelled):
        read(path, volume, progress=lambda done, label: False)
