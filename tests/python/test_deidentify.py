"""Copies say nothing about the patient, fit together, and read as the originals do."""

from __future__ import annotations

import datetime
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from deidentify_factory import copies, write_one, write_structures
from dicom_factory import dataset, positions, stored_values, write_enhanced, write_series
from pydicom.sr.codedict import codes

from medvoxel import deidentify_dicom, read_dicom
from medvoxel.errors import DicomError, InputError

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
