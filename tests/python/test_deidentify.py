"""Copies say nothing about the patient, fit together, and read as the originals do."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_factory import dataset, positions, stored_values, write_enhanced, write_series
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import RLELossless, generate_uid

from medvoxel import deidentify_dicom, read_dicom
from medvoxel.errors import Cancelled, DicomError, DicomWarning, FileFormatError, InputError

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


# --- what fits together ------------------------------------------------------------------


def test_references_lead_to_the_copies(tmp_path: Path) -> None:
    images = write_series(tmp_path / "from" / "ct", FrameOfReferenceUID="1.2.3.10")
    write_structures(tmp_path / "from" / "rt.dcm", images)
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    by_class = {d.Modality: d for d in copies(rows)}
    ct = [d for d in copies(rows) if d.Modality == "CT"]
    rt, frame = by_class["RTSTRUCT"], by_class["RTSTRUCT"].ReferencedFrameOfReferenceSequence[0]
    written = {d.SOPInstanceUID for d in ct}
    assert len(written) == len(images)
    study = frame.RTReferencedStudySequence[0]
    series = study.RTReferencedSeriesSequence[0]
    assert {i.ReferencedSOPInstanceUID for i in series.ContourImageSequence} == written
    contours = rt.ROIContourSequence[0].ContourSequence
    referred = [c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in contours]
    originals = [pydicom.dcmread(f).SOPInstanceUID for f in images]
    expected = {
        pydicom.dcmread(row.source).SOPInstanceUID: pydicom.dcmread(row.target).SOPInstanceUID
        for row in rows
    }
    assert referred == [expected[uid] for uid in originals]
    assert series.SeriesInstanceUID == ct[0].SeriesInstanceUID
    assert study.ReferencedSOPInstanceUID == ct[0].StudyInstanceUID == rt.StudyInstanceUID
    assert frame.FrameOfReferenceUID == ct[0].FrameOfReferenceUID
    assert contours[0].ContourData == [0.5, 0.25, 1, 2, 3, 1, 4, 5, 1]
    # What names the region is gone, its number stays.
    assert rt.StructureSetROISequence[0].ROIName == "ROI-7"
    for data in (rt, *ct):
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        for element in data.iterall():
            if element.VR == "UI" and element.value:
                assert pydicom.uid.UID(element.value).is_valid
                known = str(element.value).startswith(("1.2.840.10008.", "2.25."))
                assert known, element.keyword


def test_classes_and_syntaxes_stay(tmp_path: Path) -> None:
    source = write_series(tmp_path / "from")[0]
    before, after = pydicom.dcmread(source), copies(deidentify_dicom(source, tmp_path / "to"))[0]
    assert after.SOPClassUID == before.SOPClassUID
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert after.SOPInstanceUID != before.SOPInstanceUID
    assert after.file_meta.ImplementationClassUID == pydicom.uid.PYDICOM_IMPLEMENTATION_UID


def test_a_secret_continues_and_a_forgotten_key_does_not(tmp_path: Path) -> None:
    source = write_one(tmp_path / "from" / "a.dcm", StudyDate="20200301")
    seen = {}
    for i, secret in enumerate(["long enough", "long enough", "another one", None, None]):
        data = copies(deidentify_dicom(source, tmp_path / str(i), secret=secret))[0]
        seen[i] = (data.PatientID, str(data.PatientName), data.SOPInstanceUID, data.StudyDate)
    assert seen[0] == seen[1]
    for field in range(3):
        assert len({seen[i][field] for i in (0, 2, 3, 4)}) == 4
    with pytest.raises(InputError, match="eight"):
        deidentify_dicom(source, tmp_path / "x", secret="short")


# --- patients ----------------------------------------------------------------------------


def test_patients_stay_apart(tmp_path: Path) -> None:
    for i, (identifier, name) in enumerate([("1", "A^B"), ("1", "A^B"), ("2", "A^B"), ("", "C^D"),
                                            ("", "E^F"), ("", "")]):  # fmt: skip
        write_one(tmp_path / "from" / f"{i}.dcm", PatientID=identifier, PatientName=name,
                  StudyInstanceUID=f"1.2.{i}", SeriesInstanceUID=f"1.3.{i}")  # fmt: skip
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    patients = [row.patient for row in rows]
    assert patients[0] == patients[1]
    assert len(set(patients)) == 5
    assert [d.PatientID for d in copies(rows)] == patients
    assert all(re.fullmatch("P[A-Z2-7]{10}", patient) for patient in patients)
    assert {Path(row.target).parts[-3] for row in rows} == set(patients)


def test_a_series_of_two_patients_is_still_refused(tmp_path: Path) -> None:
    """One identifier, two names: the copy must not make one patient of them."""
    each = [{"PatientName": "Doe^Jane" if i < 3 else "Smith^John"} for i in range(6)]
    write_series(tmp_path / "from", each=each)
    deidentify_dicom(tmp_path / "from", tmp_path / "to")
    for folder in ("from", "to"):
        with pytest.raises(DicomError, match="patients"):
            read_dicom(tmp_path / folder)


# --- dates -------------------------------------------------------------------------------


def days(text: str) -> datetime.date:
    return datetime.datetime.strptime(text[:8], "%Y%m%d").date()


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
def test_intervals_are_kept(tmp_path: Path) -> None:
    dates = {"a": "20200227", "b": "20200301", "c": "20210301"}
    for name, date in dates.items():
        write_one(
            tmp_path / "from" / f"{name}.dcm", StudyDate=date, StudyTime="101112.5",
            AcquisitionDateTime=f"{date}235959.123456+0100", PatientBirthDate="19701231",
            PatientBirthTime="1200", SeriesDate=f"{date[:4]}.{date[4:6]}.{date[6:]}",
        )  # fmt: skip
    write_one(tmp_path / "from" / "other.dcm", StudyDate="20200227", PatientID="other")
    a, b, c, other = copies(deidentify_dicom(tmp_path / "from", tmp_path / "to"))
    assert days(b.StudyDate) - days(a.StudyDate) == datetime.timedelta(3)
    assert days(c.StudyDate) - days(b.StudyDate) == datetime.timedelta(365)
    moved = datetime.date(2020, 2, 27) - days(a.StudyDate)
    assert 1 <= moved.days <= 3652
    assert datetime.date(2020, 2, 27) - days(other.StudyDate) != moved
    assert a.SeriesDate == a.StudyDate
    assert a.AcquisitionDateTime == f"{a.StudyDate}235959.123456"
    assert a.StudyTime == "101112.5"
    assert a.PatientBirthDate == ""
    assert "PatientBirthTime" not in a
    assert a.LongitudinalTemporalInformationModified == "MODIFIED"


def test_shifts_of_many_patients_differ() -> None:
    from medvoxel.io.deidentify.key import Key

    key = Key()
    shifts = [key.shift(str(i)) for i in range(2000)]
    assert min(shifts) >= 1
    assert max(shifts) <= 3652
    assert len(set(shifts)) > 1400  # 2000 draws of 3652 give 1540 on average
    assert abs(np.mean(shifts) - 1826.5) < 5 * 3652 / 12**0.5 / 2000**0.5


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("DA", "20200301", "20200229"), ("DA", "2020.03.01", "20200229"), ("DA", "202003", ""),
        ("DA", "20201341", ""), ("DA", "00010101", ""), ("DA", "Erika", ""), ("DA", "", ""),
        ("DA", "20200301Erika", ""), ("DA", "20200301\\20200302", "20200229\\20200301"),
        ("DT", "20200301", "20200229"), ("DT", "2020030107", "2020022907"),
        ("DT", "20200301120000-0500", "20200229120000"), ("DT", "20200301Erika", ""),
        ("DT", "2020", ""), ("TM", "12", "12"), ("TM", "12:30:15", "12:30:15"),
        ("TM", "123015.123456", "123015.123456"), ("TM", "Erika", ""), ("TM", "12Erika", ""),
    ],
)  # fmt: skip
def test_one_day_back(vr: str, value: str, expected: str) -> None:
    from medvoxel.io.deidentify.key import shifted

    assert shifted(vr, value, 1) == expected


def test_dates_are_removed(tmp_path: Path) -> None:
    source = write_one(tmp_path / "a.dcm", StudyDate="20200301", StudyTime="101112",
                       SeriesDate="20200301", AcquisitionDateTime="20200301101112",
                       DateOfLastCalibration="20200301", PatientBirthDate="19701231")  # fmt: skip
    rows = deidentify_dicom(source, tmp_path / "to", dates="remove")
    content = Path(rows[0].target).read_bytes()
    # UIDs are random: short numbers occur in them by chance.
    for text in (b"20200301", b"19701231", b"20200301101112"):
        assert text not in content
    data = copies(rows)[0]
    assert data.StudyDate == ""
    assert data.LongitudinalTemporalInformationModified == "REMOVED"
    with pytest.raises(InputError, match="dates"):
        deidentify_dicom(source, tmp_path / "x", dates="later")


# --- what the copy says about itself -------------------------------------------------------


@pytest.mark.parametrize("dates", ["shift", "remove"])
def test_the_copy_says_what_was_done(tmp_path: Path, dates: str) -> None:
    source = write_one(tmp_path / "a.dcm", DeidentificationMethod="by Erika Mustermann")
    data = copies(deidentify_dicom(source, tmp_path / "to", dates=dates))[0]
    assert data.PatientIdentityRemoved == "YES"
    assert "Erika" not in str(data.DeidentificationMethod)
    given = {
        (c.CodeValue, c.CodingSchemeDesignator, c.CodeMeaning)
        for c in data.DeidentificationMethodCodeSequence
    }
    # The standard's own words, from pydicom's dictionary of codes.
    wanted = {codes.DCM.BasicApplicationConfidentialityProfile}
    if dates == "shift":
        wanted.add(codes.DCM.RetainLongitudinalTemporalInformationModifiedDatesOption)
    assert given == {(c.value, c.scheme_designator, c.meaning) for c in wanted}


def test_what_is_kept_by_wish_is_cleaned(tmp_path: Path) -> None:
    source = write_one(
        tmp_path / "a.dcm", SeriesDescription="Ankle of Mustermann P-4711", PatientSex="F",
        PatientAge="050Y", PatientWeight="71.5", StudyDescription="secret",
    )  # fmt: skip
    keep = ["SeriesDescription", "PatientSex", "PatientAge", "PatientWeight"]
    data = copies(deidentify_dicom(source, tmp_path / "to", keep=keep))[0]
    assert data.SeriesDescription == "Ankle of [removed] [removed]"
    assert (data.PatientSex, data.PatientAge, data.PatientWeight) == ("F", "050Y", 71.5)
    assert "StudyDescription" not in data
    assert "kept: PatientSex" in data.DeidentificationMethod
    plain = copies(deidentify_dicom(source, tmp_path / "plain"))[0]
    assert plain.PatientSex == ""
    assert not {"SeriesDescription", "PatientAge", "PatientWeight"} & set(plain.dir())


@pytest.mark.parametrize("name", ["PatientName", "PatientID", "PatientBirthDate", "StudyTime",
                                  "SOPInstanceUID", "RequestAttributesSequence", "PixelData",
                                  "NoSuchThing", 7])  # fmt: skip
def test_identifiers_cannot_be_kept(tmp_path: Path, name: Any) -> None:
    source = write_one(tmp_path / "a.dcm")
    with pytest.raises(InputError, match="keep"):
        deidentify_dicom(source, tmp_path / "to", keep=[name])
    assert not (tmp_path / "to").exists()


# --- the values --------------------------------------------------------------------------


def test_enhanced_and_mirrored_series_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "from" / "e").mkdir(parents=True)
    write_enhanced(tmp_path / "from" / "e" / "a.dcm", stored_values(), places=positions(6),
                   rescale=[(1.0 + i, -1024.0) for i in range(6)])  # fmt: skip
    mirrored = (-1.0, 0.0, 0.0, 0.0, 0.8, -0.6)
    write_series(tmp_path / "from" / "m", stored_values(), ImageOrientationPatient=list(mirrored),
                 names=[f"Mustermann{9 - i}" for i in range(6)], SeriesInstanceUID="1.2.77",
                 PixelPaddingValue=0, RescaleSlope="0.25")  # fmt: skip
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.series for row in rows] == [1] + [2] * 6
    for row in (rows[0], rows[1]):
        before = read_dicom(Path(row.source).parent)
        after = read_dicom(Path(row.target).parent)
        assert np.array_equal(before.array, after.array)
        assert before.array.dtype == after.array.dtype
        assert np.array_equal(before.grid.affine, after.grid.affine)
        assert (before.unit, before.modality) == (after.unit, after.modality)


REAL = ["leg-ct-mr/ct-dicom/image", "leg-ct-mr/mr-dicom/image", "ct-trunk/dicom", "pelvis-ct/dicom",
        *(f"dicom-variants/{name}/001" for name in (
            "compressed", "compressed_j2k", "compressed_jpeg", "compressed_jpegls",
            "compressed_rle", "anatomical", "enhanced-philips"))]  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_series_read_the_same(tmp_path: Path, name: str) -> None:
    if not os.environ.get("MEDVOXEL_TEST_DATA"):
        pytest.skip("MEDVOXEL_TEST_DATA is not set")
    source = Path(os.environ["MEDVOXEL_TEST_DATA"]) / name
    rows = deidentify_dicom(source, tmp_path / "to")
    before, after = read_dicom(source), read_dicom(tmp_path / "to")
    assert np.array_equal(before.array, after.array)
    assert np.array_equal(before.grid.affine, after.grid.affine)
    assert before.unit == after.unit
    originals = [pydicom.dcmread(row.source, force=True) for row in rows if row.target]
    for original, copy in zip(originals, copies(rows), strict=True):
        assert original.PixelData == copy.PixelData  # compressed bytes are as they were


def test_real_structures_keep_their_regions(tmp_path: Path) -> None:
    if not os.environ.get("MEDVOXEL_TEST_DATA"):
        pytest.skip("MEDVOXEL_TEST_DATA is not set")
    source = Path(os.environ["MEDVOXEL_TEST_DATA"]) / "leg-ct-mr" / "ct-dicom"
    rows = deidentify_dicom(source, tmp_path / "to", keep="ROIName")
    row = next(row for row in rows if "mask" in row.source)
    original, copy = pydicom.dcmread(row.source), pydicom.dcmread(row.target)
    regions = [region.ROIName for region in copy.StructureSetROISequence]
    assert regions == [region.ROIName for region in original.StructureSetROISequence]
    for ours, theirs in zip(copy.ROIContourSequence, original.ROIContourSequence, strict=True):
        for a, b in zip(ours.ContourSequence, theirs.ContourSequence, strict=True):
            assert a.ContourData == b.ContourData
    segmentations = pytest.importorskip("medvoxel.io.segmentations")
    before = segmentations.read_segmentation(row.source, reference=read_dicom(source / "image"))
    images = Path(next(r.target for r in rows if "image" in r.source)).parent
    after = segmentations.read_segmentation(row.target, reference=read_dicom(images))
    assert np.array_equal(before.array, after.array)
    assert [s.name for s in before.segments] == [s.name for s in after.segments]


def test_a_file_without_uids_is_copied(tmp_path: Path) -> None:
    """Files out of other tools: identifiers empty, the kind only in the head of the file."""
    for i, place in enumerate(positions(3)):
        data = dataset(np.full((4, 5), i, np.uint16), ImagePositionPatient=place)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID",
                        "PatientID", "PatientName"):  # fmt: skip
            setattr(data, keyword, "")
        data.save_as(tmp_path / f"{i}.dcm", enforce_file_format=True)
    bare = pydicom.dcmread(tmp_path / "0.dcm")
    (tmp_path / "from").mkdir()
    for i in range(3):
        shutil.move(tmp_path / f"{i}.dcm", tmp_path / "from")
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert len({row.patient for row in rows}) == 1
    assert {row.series for row in rows} == {1}
    assert len({d.SOPInstanceUID for d in copies(rows)}) == 3
    assert {d.SOPClassUID for d in copies(rows)} == {bare.file_meta.MediaStorageSOPClassUID}
    assert np.array_equal(read_dicom(tmp_path / "from").array, read_dicom(tmp_path / "to").array)


# --- what is flagged ---------------------------------------------------------------------


FLAGGED = [
    ({"BurnedInAnnotation": "YES"}, "texts in its pixels", True),
    ({"RecognizableVisualFeatures": "YES"}, "recognised", True),
    ({"SOPClassUID": CAPTURE}, "secondary capture", True),
    ({"SOPClassUID": CAPTURE + ".4"}, "secondary capture", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"}, "ultrasound", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.3.1"}, "ultrasound", True),
    ({"Modality": "US"}, "ultrasound", True),
    ({"ConversionType": "WSD"}, "screenshot", True),
    ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "screenshot", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.4"}, "photograph", True),
    ({"SOPClassUID": "1.3.12.2.1107.5.9.1"}, "not known to be safe", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.67"}, "structured report", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "document", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1"}, "presentation state", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66"}, "raw data", False),
]


@pytest.mark.parametrize(("tags", "reason", "may_pass"), FLAGGED)
def test_what_may_show_a_person(
    tmp_path: Path, tags: dict[str, Any], reason: str, may_pass: bool
) -> None:
    write_one(tmp_path / "from" / "flagged.dcm", **tags)
    write_one(tmp_path / "from" / "plain.dcm")
    with pytest.warns(DicomWarning, match="1 that may show who the patient is"):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.status for row in rows] == ["left out", "written"]
    assert reason in rows[0].reason
    assert rows[0].target is None
    assert len(list((tmp_path / "to").rglob("*.dcm"))) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if not may_pass else "error", DicomWarning)
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "all", include_flagged=True)
    assert (rows[0].status == "written") == may_pass
    assert reason in rows[0].reason  # the copy is still flagged
    assert rows[1].reason == ""


def test_drawings_in_unused_bits_are_cleared(tmp_path: Path) -> None:
    values = np.arange(20, dtype=np.uint16).reshape(4, 5) * 200  # below 4096
    drawn = values.copy()
    drawn[1::2] |= 1 << 13
    drawn[::2] |= 1 << 15  # a bit that no overlay claims
    data = dataset(drawn, BitsStored=12, HighBit=11)
    for element, vr, value in ((0x0010, "US", 4), (0x0011, "US", 5), (0x0040, "CS", "G"),
                               (0x0050, "SS", [1, 1]), (0x0100, "US", 16),
                               (0x0102, "US", 13)):  # fmt: skip
        data.add_new((0x6000, element), vr, value)
    (tmp_path / "from").mkdir()
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    copy = copies(deidentify_dicom(tmp_path / "from", tmp_path / "to"))[0]
    stored = np.frombuffer(copy.PixelData, "<u2").reshape(4, 5)
    assert np.array_equal(stored & 0x0FFF, values)
    assert not (stored & (1 << 13)).any()
    assert not [e for e in copy if e.tag.group == 0x6000]
    # Where they cannot be cleared, the file is flagged.
    data.compress(RLELossless)
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    with pytest.warns(DicomWarning):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "rle")
    assert "unused bits" in rows[0].reason


def test_a_value_bit_is_never_taken_for_a_drawing(tmp_path: Path) -> None:
    plane = np.full((4, 5), 0xFFFF, np.uint16)
    data = dataset(plane)
    data.add_new((0x6000, 0x0102), "US", 3)
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    copy = copies(deidentify_dicom(tmp_path / "a.dcm", tmp_path / "to"))[0]
    assert copy.PixelData == plane.tobytes()


# --- other files -------------------------------------------------------------------------


def test_other_files_are_listed_and_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "from"
    write_series(source / "Mustermann_Erika", stored_values((2, 4, 5)))
    (source / "notes.txt").write_text("Erika Mustermann")
    (source / ".hidden").write_text("x")
    (source / "empty").write_bytes(b"")
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes")
    os.mkfifo(source / "pipe")
    (source / "gone").symlink_to(tmp_path / "nothing")
    rows = deidentify_dicom(source, tmp_path / "to")
    assert [Path(row.source).name for row in rows if row.status == "written"] == [
        "slice000.dcm", "slice001.dcm",
    ]  # fmt: skip
    others = {Path(row.source).name: row.reason for row in rows if row.status != "written"}
    assert set(others) == {"notes.txt", ".hidden", "empty", "pipe", "gone"}
    assert all(others.values())
    names = [p.relative_to(tmp_path / "to") for p in (tmp_path / "to").rglob("*")]
    assert not any(re.search("must|erika", str(name), re.IGNORECASE) for name in names)
    files = sorted(name.as_posix() for name in names if name.suffix)
    patient = rows[-1].patient or next(r.patient for r in rows if r.patient)
    assert files == [f"{patient}/series-001/slice-000{i}.dcm" for i in (1, 2)]


def test_slices_are_numbered_as_people_count(tmp_path: Path) -> None:
    names = [f"IM{i}" for i in (1, 2, 10, 11, 3, 20)]
    write_series(tmp_path / "from", names=names)
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [Path(row.source).name for row in rows] == ["IM1", "IM2", "IM3", "IM10", "IM11", "IM20"]
    assert [row.target[-8:] for row in rows] == [f"000{i}.dcm" for i in range(1, 7)]


def test_two_copies_of_a_series_stay_two(tmp_path: Path) -> None:
    write_series(tmp_path / "from" / "a")
    shutil.copytree(tmp_path / "from" / "a", tmp_path / "from" / "b")
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.series for row in rows] == [1] * 6 + [2] * 6
    for number in (1, 2):
        folder = Path(rows[6 * number - 1].target).parent
        assert read_dicom(folder).array.shape[0] == 6


def test_every_cut_leaves_the_file_out(tmp_path: Path) -> None:
    source = write_one(tmp_path / "whole.dcm", PatientComments="C" * 50)
    whole = source.read_bytes()
    (tmp_path / "from").mkdir()
    lengths = [*range(140, len(whole), 7), len(whole) - 1]
    for length in lengths:
        (tmp_path / "from" / f"{length:05d}.dcm").write_bytes(whole[:length])
    (tmp_path / "from" / "whole.dcm").write_bytes(whole)
    with pytest.warns(DicomWarning, match=f"{len(lengths)} damaged"):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.status for row in rows] == ["left out"] * len(lengths) + ["written"]
    assert all("damaged" in row.reason for row in rows[:-1])


def test_what_follows_the_data_is_not_copied(tmp_path: Path) -> None:
    source = write_one(tmp_path / "a.dcm")
    with open(source, "ab") as file:
        file.write(b"Erika Mustermann" * 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DicomWarning)
        rows = deidentify_dicom(source, tmp_path / "to")
    assert rows[0].status == "left out" or b"Erika" not in Path(rows[0].target).read_bytes()


def test_zip_and_disc(tmp_path: Path) -> None:
    files = write_series(tmp_path / "from" / "Mustermann")
    (tmp_path / "from" / "note.txt").write_text("x")
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as opening:
        for file in (*files, tmp_path / "from" / "note.txt"):
            opening.write(file, file.relative_to(tmp_path / "from"))
    rows = deidentify_dicom(archive, tmp_path / "zip", secret="one secret")
    plain = deidentify_dicom(tmp_path / "from", tmp_path / "plain", secret="one secret")
    assert [r.source for r in rows] == [
        f"{archive}!Mustermann/{file.name}" for file in files
    ] + [f"{archive}!note.txt"]  # fmt: skip
    assert [r.status for r in rows] == [r.status for r in plain]
    for a, b in zip(rows, plain, strict=True):
        if a.target:
            assert Path(a.target).read_bytes() == Path(b.target).read_bytes()

    from pydicom.fileset import FileSet

    disc = FileSet()
    for file in files:
        data = pydicom.dcmread(file)
        data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = (
            "20200101",
            "12",
            "1",
            "",
        )
        disc.add(data)
    disc.write(tmp_path / "disc")
    next(p for p in (tmp_path / "disc").rglob("*") if p.is_file() and p.name != "DICOMDIR").unlink()
    rows = deidentify_dicom(tmp_path / "disc" / "DICOMDIR", tmp_path / "of-disc")
    assert sorted(row.status for row in rows) == ["left out"] + ["written"] * 5
    rows = deidentify_dicom(tmp_path / "disc", tmp_path / "of-folder")
    reasons = {Path(row.source).name: row.reason for row in rows if not row.target}
    assert list(reasons) == ["DICOMDIR"]
    assert "table of contents" in reasons["DICOMDIR"]


# --- places ------------------------------------------------------------------------------


def state(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_the_input_is_not_touched(tmp_path: Path) -> None:
    source = tmp_path / "from"
    for file in write_series(source):
        file.chmod(0o400)
    before = state(source)
    source.chmod(0o500)
    deidentify_dicom(source, tmp_path / "to")
    assert state(source) == before
    source.chmod(0o700)


def test_places_that_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "outer" / "from"
    write_series(source / "sub")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".x").write_text("x")
    (tmp_path / "file").write_text("x")
    before = state(tmp_path)
    for target in (source, source / "to", source / "sub" / "to", tmp_path / "outer", tmp_path,
                   tmp_path / "link", tmp_path / "link" / "to",
                   source / "sub" / ".." / "to"):  # fmt: skip
        with pytest.raises(InputError, match="originals"):
            deidentify_dicom(source, target)
    with pytest.raises(InputError, match="originals"):
        deidentify_dicom(tmp_path / "link", source / "to")
    for target, message in (("full", "not empty"), ("file", "not a folder"),
                            ("no/such/to", "no folder")):  # fmt: skip
        with pytest.raises(FileFormatError, match=message):
            deidentify_dicom(source, tmp_path / target)
    with pytest.raises(FileFormatError, match="no file or folder"):
        deidentify_dicom(tmp_path / "nowhere", tmp_path / "to")
    assert state(tmp_path) == before
    # A sister whose name begins alike is another place; so is an empty folder that exists.
    (tmp_path / "outer" / "from-2").mkdir()
    rows = deidentify_dicom(source, tmp_path / "outer" / "from-2")
    assert {row.status for row in rows} == {"written"}


def test_nothing_to_copy(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for text in (None, "text"):
        if text:
            (tmp_path / "from" / "a.txt").write_text(text)
        with pytest.raises(DicomError, match="no DICOM file"):
            deidentify_dicom(tmp_path / "from", tmp_path / "to")
        assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("existed", [True, False])
def test_what_is_stopped_leaves_nothing(tmp_path: Path, existed: bool) -> None:
    write_series(tmp_path / "from", stored_values((6, 4, 5)))
    if existed:
        (tmp_path / "to").mkdir()
    calls = []

    def stop_late(done: float, label: str) -> bool:
        calls.append(done)
        return done < 1

    with pytest.raises(Cancelled):
        deidentify_dicom(tmp_path / "from", tmp_path / "to", progress=stop_late)
    assert calls[-1] == 1.0
    assert (tmp_path / "to").exists() == existed
    assert not existed or not list((tmp_path / "to").iterdir())


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(tmp_path / "from", stored_values((3, 4, 5)))
    real, count = pydicom.dcmwrite, []

    def fail_late(path: Any, *args: Any, **kwargs: Any) -> None:
        count.append(path)
        real(path, *args, **kwargs)
        if len(count) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pydicom, "dcmwrite", fail_late)
    with pytest.raises(FileFormatError, match="No space left"):
        deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_uids_are_derived_as_the_standard_says() -> None:
    from medvoxel.io.deidentify.key import Key

    key = Key("a secret of some length")
    uids = [key.uid(generate_uid()) for _ in range(200)]
    assert all(re.fullmatch(r"2\.25\.[1-9]\d*", uid) and len(uid) <= 64 for uid in uids)
    assert len(set(uids)) == 200
    assert key.uid("1.2.840.10008.1.4.1.1") == "1.2.840.10008.1.4.1.1"
    assert key.uid("1.2.3\0") == key.uid("1.2.3 ") == key.uid("1.2.3")
    assert key.uid("") == ""
