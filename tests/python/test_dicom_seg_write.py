"""DICOM segmentations written: read back, and read by other programs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_factory import positions, write_enhanced
from dicom_seg_factory import (
    FRAME,
    ORIENTATIONS,
    SEGMENTS,
    SHAPE,
    edit,
    labels,
    read,
    scan,
    told_by,
    write,
)

from medvoxel._phantom_tissue import SEGMENTS as PHANTOM
from medvoxel.errors import (
    Cancelled,
    DicomError,
    FileFormatError,
    GeometryError,
    InputError,
)
from medvoxel.geometry import Grid
from medvoxel.io.dicom_seg.colour import hex_from_lab, lab_from_hex
from medvoxel.io.dicom_seg.read import write_dicom_seg
from medvoxel.provenance import SliceSource
from medvoxel.volume import Segment, Segmentation, Volume


@pytest.mark.parametrize("order", [None, [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]])
@pytest.mark.parametrize("kind", list(ORIENTATIONS))
def test_what_is_written_comes_back(tmp_path, kind, order):
    volume = scan(tmp_path / "ct", kind, order=order)
    seg = labels(volume.grid)
    result = read(write(seg, tmp_path / "seg.dcm", volume), volume)
    assert np.array_equal(result.array, seg.array)
    assert result.segments == seg.segments
    assert result.grid is volume.grid


@pytest.mark.parametrize("kind", list(ORIENTATIONS))
def test_other_programs_find_each_segment_on_the_slice_it_is_on(tmp_path, kind):
    highdicom = pytest.importorskip("highdicom")
    volume = scan(tmp_path / "ct", kind, order=[3, 0, 5, 1, 4, 2])
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    uids = [pydicom.dcmread(s.file).SOPInstanceUID for s in volume.sources]
    theirs = highdicom.seg.segread(path)
    for segment in seg.segments:
        masks = theirs.get_pixels_by_source_instance(
            uids, segment_numbers=[segment.value], combine_segments=False,
            assert_missing_frames_are_empty=True,
        )  # fmt: skip
        assert np.array_equal(masks[..., 0] == 1, seg.array == segment.value)
    data = pydicom.dcmread(path)
    assert len(data.pixel_array) == int(data.NumberOfFrames) == 4 * 3
    for group, frame in zip(data.PerFrameFunctionalGroupsSequence, data.pixel_array, strict=True):
        place = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
        k = int(np.argmin([np.linalg.norm(np.subtract(place, s.position)) for s in volume.sources]))
        assert np.allclose(place, volume.sources[k].position, atol=1e-6)
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        assert np.array_equal(frame == 1, seg.array[k] == number)


def test_simpleitk_sees_each_voxel_at_its_place_in_the_patient(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    # A multiple of eight pixels: GDCM loses the last bits of others.
    volume = scan(tmp_path / "ct", "oblique", shape=(6, 8, 16))
    seg = labels(volume.grid, SEGMENTS[:1])
    seg.array[:, 0, 0] = 1
    image = sitk.ReadImage(str(write(seg, tmp_path / "seg.dcm", volume)))
    theirs = sitk.GetArrayFromImage(image) > 0
    index = np.moveaxis(np.indices(theirs.shape), 0, -1).reshape(-1, 3)
    points = [image.TransformIndexToPhysicalPoint(i[::-1].tolist()) for i in index]
    ours = volume.grid.lps_to_index(points)
    assert np.abs(ours - np.rint(ours)).max() < 1e-4
    assert np.array_equal(seg.array[tuple(np.rint(ours).astype(int).T)] == 1, theirs.ravel())


def test_viewers_find_patient_study_series_and_frame_of_reference(tmp_path):
    volume = scan(tmp_path / "ct", SeriesDescription="Knöchel", SpecificCharacterSet="ISO_IR 100",
                  PatientName="Müller^Jürgen")  # fmt: skip
    data = pydicom.dcmread(write(labels(volume.grid), tmp_path / "seg.dcm", volume))
    source = pydicom.dcmread(volume.sources[0].file)
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID",
                    "FrameOfReferenceUID"):  # fmt: skip
        assert data[keyword].value == source[keyword].value
    assert data.SeriesInstanceUID != source.SeriesInstanceUID
    assert data.SeriesDescription == "Segmentation Knöchel"
    assert data.Modality == "SEG"
    assert data.SegmentationType == "BINARY"
    assert data.Manufacturer == "medvoxel"
    series = data.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == source.SeriesInstanceUID
    named = {i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence}
    assert named == {pydicom.dcmread(s.file).SOPInstanceUID for s in volume.sources}
    shared = data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [float(v) for v in shared.PixelSpacing] == [0.8, 0.5]
    assert float(shared.SpacingBetweenSlices) == 4
    first = data.SegmentSequence[0]
    assert first.SegmentLabel == "Achilles"
    assert first.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert first.SegmentAlgorithmName == "medvoxel"
    assert first.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "85756007"


def test_a_wrong_spacing_in_the_source_files_is_not_handed_on(tmp_path):
    volume = scan(tmp_path / "ct", SpacingBetweenSlices=1.0, SliceThickness=None)
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    alone = read(path)
    assert alone.grid.spacing == (4.0, 0.8, 0.5)
    assert np.array_equal(alone.array, seg.array[1:])


def test_a_scan_turned_over_gives_files_the_way_they_lie(tmp_path):
    volume = scan(tmp_path / "ct", "oblique")
    flipped = Grid(
        SHAPE, volume.grid.spacing, tuple(volume.grid.index_to_lps((5, 0, 6))),
        volume.grid.direction * (-1, 1, -1),
    )  # fmt: skip
    turned = Volume(volume.array, flipped, sources=volume.sources[::-1])
    seg = labels(flipped)
    path = write(seg, tmp_path / "seg.dcm", turned)
    assert np.array_equal(read(path, turned).array, seg.array)
    assert np.array_equal(read(path, volume).array, seg.array[::-1, :, ::-1])


def test_anonymised_and_odd_headers_do_not_stop_the_writing(tmp_path):
    gone = dict.fromkeys(["PatientID", "PatientName", "PatientBirthDate", "SeriesDescription"])
    odd = {"PatientSex": "W", "StudyDate": "yesterday", "StudyTime": "noon", "SeriesNumber": None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        volume = scan(tmp_path / "ct", **gone, **odd)
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    assert np.array_equal(read(path, volume).array, seg.array)
    assert pydicom.dcmread(path).PatientSex == ""


def test_nothing_is_logged_or_printed(tmp_path, capfd, caplog):
    volume = scan(tmp_path / "ct", PatientName="Mustermann Erika")
    empty = Segmentation(np.zeros(SHAPE, np.uint8), volume.grid, SEGMENTS)
    path = write(empty, tmp_path / "seg.dcm", volume)
    assert capfd.readouterr() == ("", "")
    assert not [r for r in caplog.records if r.name.startswith("highdicom")]
    assert read(path, volume).array.sum() == 0


def test_values_that_dicom_does_not_count_are_renumbered_with_a_warning(tmp_path):
    volume = scan(tmp_path / "ct")
    array = np.zeros(SHAPE, np.int32)
    array[1], array[2], array[4] = 7, 2, 300
    rows = (Segment(7, "a", "#FF0000"), Segment(2, "b", "#00FF00"), Segment(300, "c", "#0000FF"))
    seg = Segmentation(array, volume.grid, rows)
    _, told = told_by(write_dicom_seg, seg, tmp_path / "seg.dcm", reference=volume)
    assert "the values 7, 2, 300 are written as 1 to 3" in told[0]
    result = read(tmp_path / "seg.dcm", volume)
    assert np.array_equal(result.array[:, 0, 0], [0, 1, 2, 0, 3, 0])
    assert [(s.value, s.name, s.colour) for s in result.segments] == [
        (1, "a", "#FF0000"), (2, "b", "#00FF00"), (3, "c", "#0000FF")]  # fmt: skip


def test_more_segments_than_a_byte_counts(tmp_path):
    volume = scan(tmp_path / "ct", shape=(2, 20, 20))
    array = np.arange(800).reshape(volume.grid.shape) % 301
    rows = tuple(Segment(v, f"s{v}", "#808080") for v in range(1, 301))
    seg = Segmentation(array.astype(np.uint16), volume.grid, rows)
    result = read(write(seg, tmp_path / "seg.dcm", volume), volume)
    assert np.array_equal(result.array, array)
    assert result.array.dtype == np.uint16


def test_names_that_dicom_does_not_allow_are_changed_with_a_warning(tmp_path):
    volume = scan(tmp_path / "ct")
    rows = (
        Segment(1, "x" * 80, "#FF0000"),
        Segment(2, "a\\b", "#00FF00"),
        Segment(3, "c\td\r\ne", "#0000FF"),
    )
    seg = Segmentation(np.ones(SHAPE, np.uint8), volume.grid, rows)
    _, told = told_by(write_dicom_seg, seg, tmp_path / "seg.dcm", reference=volume)
    assert len(told) == 1
    names = [s.name for s in read(tmp_path / "seg.dcm", volume).segments]
    assert names == ["x" * 64, "a/b", "c d e"]


def test_codes_become_property_types(tmp_path):
    volume = scan(tmp_path / "ct")
    codes = ("SCT^61352006^Achilles tendon", None, "99MEDVOXEL^1234567890123456789^größer")
    rows = tuple(replace(row, code=code) for row, code in zip(SEGMENTS, codes, strict=True))
    rows = (replace(rows[0], visible=False, status="flagged"), *rows[1:])
    path = write(labels(volume.grid, rows), tmp_path / "seg.dcm", volume)
    found = []
    for item in pydicom.dcmread(path).SegmentSequence:
        assert item.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning == "Tissue"
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        value = kind.get("CodeValue") or kind.LongCodeValue
        found.append((kind.CodingSchemeDesignator, value, kind.CodeMeaning))
    assert found == [
        ("SCT", "61352006", "Achilles tendon"),
        ("SCT", "85756007", "Tissue"),
        ("99MEDVOXEL", "1234567890123456789", "größer"),
    ]
    back = read(path, volume).segments
    assert back == (replace(rows[0], visible=True, status=None), *rows[1:])


def test_codes_that_dicom_does_not_allow(tmp_path):
    volume = scan(tmp_path / "ct")
    rows = (replace(SEGMENTS[0], code="SCT^1^" + 70 * "a"), *SEGMENTS[1:])
    seg = labels(volume.grid, rows)
    _, told = told_by(write_dicom_seg, seg, tmp_path / "seg.dcm", reference=volume)
    assert len(told) == 1
    assert "Meanings of codes" in told[0]
    assert read(tmp_path / "seg.dcm", volume).segments[0].code == "SCT^1^" + 64 * "a"
    for code in ("A-SCHEME-TOO-LONG^1^a", "SCT^1\\2^a"):
        rows = (replace(SEGMENTS[0], code=code), *SEGMENTS[1:])
        with pytest.raises(InputError, match="does not allow the code"):
            write_dicom_seg(labels(volume.grid, rows), tmp_path / "b.dcm", reference=volume)
    assert not (tmp_path / "b.dcm").exists()


def test_the_codes_of_the_phantom_are_those_of_dicom():
    from pydicom.sr.codedict import codes

    names = {"fat": "AdiposeTissue", "soft tissue": "SoftTissue", "tendon": "AchillesTendon"}
    coded = [row for row in PHANTOM if row.code is not None]
    assert {row.name for row in PHANTOM} - {row.name for row in coded} == {"midfoot", "gap"}
    for row in coded:
        term = getattr(codes.SCT, names.get(row.name, row.name.capitalize()))
        assert row.code.split("^")[:2] == [term.scheme_designator, term.value]


def test_colours_come_back_to_the_last_bit():
    rng = np.random.default_rng(0)
    colours = ["#000000", "#FFFFFF", "#FF0000", "#0000FF", "#FFFF00"]
    colours += ["#{:02X}{:02X}{:02X}".format(*rng.integers(0, 256, 3)) for _ in range(300)]
    highdicom = pytest.importorskip("highdicom")
    for colour in colours:
        assert hex_from_lab(highdicom.color.CIELabColor(*lab_from_hex(colour)).value) == colour
    # Red is L* 53.24, a* 80.09, b* 67.20 for a D65 white.
    assert np.allclose(lab_from_hex("#FF0000"), (53.24, 80.09, 67.20), atol=0.01)
    assert hex_from_lab(None) is None
    assert hex_from_lab([1, 2]) is None


def enhanced(path: Path, *, echoes: int = 1) -> Volume:
    """An enhanced file whose frames are out of order, the first echo of it as a volume."""
    order, count = [2, 0, 3, 1], 4
    places = [positions(count)[k] for k in order] * echoes
    write_enhanced(path, np.zeros((count * echoes, 5, 7), np.uint16), places=places,
                   rescale=[(1, 0)] * (count * echoes))  # fmt: skip
    edit(path, lambda data: setattr(data, "FrameOfReferenceUID", FRAME))
    grid = Grid((count, 5, 7), (4.0, 0.8, 0.5), positions(count)[0])
    sources = tuple(
        SliceSource(str(path), order.index(k), tuple(positions(count)[k])) for k in range(count)
    )
    return Volume(np.zeros(grid.shape, np.int16), grid, sources=sources)


@pytest.mark.parametrize("echoes", [1, 2])
def test_an_enhanced_source_is_referred_to_by_frame(tmp_path, echoes):
    volume = enhanced(tmp_path / "enhanced.dcm", echoes=echoes)
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    assert np.array_equal(read(path, volume).array, seg.array)
    data = pydicom.dcmread(path)
    for group in data.PerFrameFunctionalGroupsSequence:
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        k = volume.grid.lps_to_index(group.PlanePositionSequence[0].ImagePositionPatient)[0]
        number = source.ReferencedFrameNumber
        frames = [number] if isinstance(number, int) else list(number)
        assert volume.sources[round(k)].frame + 1 in [int(f) for f in frames]


def test_an_orientation_told_with_each_frame_is_taken_too(tmp_path):
    volume = enhanced(tmp_path / "enhanced.dcm")

    def to_each_frame(data):
        shared = data.SharedFunctionalGroupsSequence[0]
        for group in data.PerFrameFunctionalGroupsSequence:
            group.PlaneOrientationSequence = shared.PlaneOrientationSequence
            group.PixelMeasuresSequence = shared.PixelMeasuresSequence
        del shared.PlaneOrientationSequence, shared.PixelMeasuresSequence

    edit(tmp_path / "enhanced.dcm", to_each_frame)
    seg = labels(volume.grid)
    assert np.array_equal(read(write(seg, tmp_path / "s.dcm", volume), volume).array, seg.array)


def test_several_multiframe_files_are_refused(tmp_path):
    volume = enhanced(tmp_path / "a.dcm")
    enhanced(tmp_path / "b.dcm")
    sources = list(volume.sources)
    sources[0] = SliceSource(str(tmp_path / "b.dcm"), sources[0].frame, sources[0].position)
    mixed = Volume(volume.array, volume.grid, sources=tuple(sources))
    with pytest.raises(DicomError, match="2 multi-frame files"):
        write_dicom_seg(labels(volume.grid), tmp_path / "s.dcm", reference=mixed)


def test_a_scan_that_does_not_know_its_files_is_refused(tmp_path):
    volume = scan(tmp_path / "ct")
    seg, path = labels(volume.grid), tmp_path / "seg.dcm"
    bare = Volume(volume.array, volume.grid)
    with pytest.raises(InputError, match=r"not read from DICOM.* read_dicom\(\)"):
        write_dicom_seg(seg, path, reference=bare)
    sources = list(volume.sources)
    sources[2] = SliceSource(None, 0, sources[2].position)
    filled = Volume(volume.array, volume.grid, sources=tuple(sources))
    with pytest.raises(InputError, match=r"1 of the scan's 6 slices .* \.seg\.nrrd"):
        write_dicom_seg(seg, path, reference=filled)
    assert not path.exists()


def test_files_in_an_archive_or_gone_or_changed_are_refused(tmp_path):
    volume = scan(tmp_path / "ct")
    seg, path = labels(volume.grid), tmp_path / "seg.dcm"
    archive = tmp_path / "scan.zip"
    archive.write_bytes(b"PK")
    zipped = tuple(SliceSource(f"{archive}!{k}.dcm", 0, s.position)
                   for k, s in enumerate(volume.sources))  # fmt: skip
    with pytest.raises(FileFormatError, match=r"archive .*scan\.zip.* Unpack"):
        write_dicom_seg(seg, path, reference=Volume(volume.array, volume.grid, sources=zipped))
    moved = [0.0, 0.0, 7.0]
    edit(Path(volume.sources[1].file), lambda d: setattr(d, "ImagePositionPatient", moved))
    with pytest.raises(DicomError, match="has changed"):
        write_dicom_seg(seg, path, reference=volume)
    Path(volume.sources[4].file).unlink()
    with pytest.raises(FileFormatError, match="not there any more"):
        write_dicom_seg(seg, path, reference=volume)


def test_sources_that_nothing_can_refer_to_are_refused(tmp_path):
    volume = scan(tmp_path / "ct", FrameOfReferenceUID=None, StudyInstanceUID="")
    with pytest.raises(DicomError, match="Study Instance UID, Frame of Reference UID"):
        write_dicom_seg(labels(volume.grid), tmp_path / "seg.dcm", reference=volume)


def test_identifiers_that_only_the_file_meta_information_kept_are_used(tmp_path):
    volume = scan(tmp_path / "ct")
    uids = []
    for source in volume.sources:
        data = pydicom.dcmread(source.file)
        uids.append(data.SOPInstanceUID)
        data.SOPClassUID = data.SOPInstanceUID = ""
        data.save_as(source.file)
    seg = labels(volume.grid)
    path = write(seg, tmp_path / "seg.dcm", volume)
    assert np.array_equal(read(path, volume).array, seg.array)
    series = pydicom.dcmread(path).ReferencedSeriesSequence[0]
    assert [i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence] == uids


def test_wrong_arguments_are_refused(tmp_path):
    volume = scan(tmp_path / "ct")
    seg, path = labels(volume.grid), tmp_path / "seg.dcm"
    with pytest.raises(InputError, match="A segmentation is needed"):
        write_dicom_seg(volume, path, reference=volume)
    with pytest.raises(InputError, match="must be a scan"):
        write_dicom_seg(seg, path, reference=seg)
    with pytest.raises(InputError, match="no segment"):
        write_dicom_seg(Segmentation(seg.array * 0, seg.grid, ()), path, reference=volume)
    fewer = Segmentation(seg.array, seg.grid, (SEGMENTS[0], SEGMENTS[2]))
    with pytest.raises(InputError, match="value 2, which is no segment"):
        write_dicom_seg(fewer, path, reference=volume)
    other = Grid(SHAPE, (4.0, 0.8, 0.5), (0.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match=r"resample_to\(\)"):
        write_dicom_seg(Segmentation(seg.array, other, SEGMENTS), path, reference=volume)
    with pytest.raises(FileFormatError, match="no folder"):
        write_dicom_seg(seg, tmp_path / "none" / "seg.dcm", reference=volume)
    with pytest.raises(Cancelled):
        write_dicom_seg(seg, path, reference=volume, progress=lambda done, label: False)
    assert not path.exists()


def test_what_highdicom_refuses_is_told_as_our_error_and_leaves_the_old_file(tmp_path):
    volume = scan(tmp_path / "ct")
    path = tmp_path / "seg.dcm"
    path.write_bytes(b"old")
    edit(Path(volume.sources[3].file), lambda d: setattr(d, "SeriesInstanceUID", "1.2.3"))
    with pytest.raises(DicomError, match="do not allow a DICOM segmentation") as caught:
        write_dicom_seg(labels(volume.grid), path, reference=volume)
    assert ".seg.nrrd" in caught.value.hint
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_the_real_tumour_survives_as_dicom_segmentation(test_data, tmp_path):
    from medvoxel import read_dicom
    from medvoxel.io.rtstruct.read import read_rtstruct

    volume = read_dicom(test_data("leg-ct-mr", "ct-dicom", "image"))
    if not volume.sources:
        pytest.skip("read_dicom() does not say where the slices are from")
    (contours,) = test_data("leg-ct-mr", "ct-dicom", "mask").iterdir()
    seg = read_rtstruct(contours, reference=volume)
    result = read(write(seg, tmp_path / "seg.dcm", volume), volume)
    assert result.segments == seg.segments
    assert np.array_equal(result.array, seg.array)
