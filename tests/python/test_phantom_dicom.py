"""The phantom as DICOM: legal by list and by validator, and the same when read by others."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import numpy as np
import pytest

from medvoxel import ankle_phantom, read_dicom, write_phantom_dicom
from medvoxel.errors import Cancelled, FileFormatError, InputError
from medvoxel.geometry import Grid
from medvoxel.volume import Volume

pydicom = pytest.importorskip("pydicom")
# pydicom warns of values that break the standard.
pytestmark = pytest.mark.filterwarnings("error")

SMALL = {"spacing": (5.0, 1.4, 1.1), "shape": (9, 70, 80)}

# Attributes of type 1 and 2 by module, PS3.3 A.3.3 (CT) and A.4.3 (MR); conditional ones
# where the condition holds.
MODULES = {
    "patient": "PatientName PatientID PatientBirthDate PatientSex",
    "general study": "StudyInstanceUID StudyDate StudyTime ReferringPhysicianName StudyID "
    "AccessionNumber",
    "general series": "Modality SeriesInstanceUID SeriesNumber Laterality PatientPosition",
    "frame of reference": "FrameOfReferenceUID PositionReferenceIndicator",
    "general equipment": "Manufacturer",
    "general image": "InstanceNumber ContentDate ContentTime",
    "image plane": "PixelSpacing ImageOrientationPatient ImagePositionPatient SliceThickness",
    "image pixel": "SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated "
    "BitsStored HighBit PixelRepresentation PixelData",
    "SOP common": "SOPClassUID SOPInstanceUID SpecificCharacterSet",
}
CT_IMAGE = "ImageType RescaleIntercept RescaleSlope RescaleType KVP AcquisitionNumber"
MR_IMAGE = (
    "ImageType ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime "
    "EchoTime EchoTrainLength"
)
MAY_BE_EMPTY = (
    "PatientBirthDate ReferringPhysicianName AccessionNumber PositionReferenceIndicator ScanOptions"
)
META = (
    "FileMetaInformationVersion MediaStorageSOPClassUID MediaStorageSOPInstanceUID "
    "TransferSyntaxUID ImplementationClassUID"
)


def turned(mirrored: bool = False) -> np.ndarray:
    c, s = np.cos(0.4), np.sin(0.4)
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return about_z @ about_y @ np.diag([1, 1, -1 if mirrored else 1])


def datasets(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module", params=["CT", "MR"])
def series(request, tmp_path_factory):
    """A scan and the folder that it was written to."""
    scan, _ = ankle_phantom(**SMALL, modality=request.param, pathology="rupture")
    folder = tmp_path_factory.mktemp("dicom") / "series"
    assert write_phantom_dicom(folder, scan=scan) == folder
    return scan, folder


# --- legal -------------------------------------------------------------------------------


def test_every_attribute_that_the_iod_asks_for_is_there(series):
    scan, folder = series
    names = " ".join([*MODULES.values(), CT_IMAGE if scan.modality == "CT" else MR_IMAGE]).split()
    for dataset in datasets(folder):
        missing = [name for name in names if name not in dataset]
        empty = [n for n in names if n in dataset and dataset[n].is_empty]
        assert missing == []
        assert set(empty) <= set(MAY_BE_EMPTY.split())
        assert [n for n in META.split() if n not in dataset.file_meta] == []


def test_the_validator_of_dicom3tools_finds_nothing(series):
    scan, folder = series
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
    for path in sorted(folder.iterdir()):
        found = subprocess.run(
            ["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False
        )
        lines = (found.stdout + found.stderr).split("\n")
        assert [line for line in lines if line.startswith(("Error", "Warning"))] == []
        assert f"{scan.modality}Image" in lines[0] + "".join(lines)


def test_class_syntax_and_encoding(series):
    scan, folder = series
    expected = "1.2.840.10008.5.1.4.1.1.2" if scan.modality == "CT" else "1.2.840.10008.5.1.4.1.1.4"
    for dataset in datasets(folder):
        assert dataset.SOPClassUID == expected == dataset.file_meta.MediaStorageSOPClassUID
        assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID
        assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
        assert dataset.PixelRepresentation == 0


def test_slope_and_intercept_only_in_ct(series):
    scan, folder = series
    first = datasets(folder)[0]
    if scan.modality == "CT":
        assert (first.RescaleSlope, first.RescaleIntercept) == (1, -1024)
    else:
        assert "RescaleSlope" not in first
        assert "RescaleIntercept" not in first


def test_no_one_could_take_it_for_a_person(series):
    first = datasets(series[1])[0]
    assert str(first.PatientName) == "Volunteer^Synthetic"
    assert first.PatientID == "MEDVOXEL-PHANTOM"
    assert first.PatientBirthDate == ""
    assert first.QualityControlSubject == "YES"
    assert "InstitutionName" not in first


# --- order and geometry --------------------------------------------------------------------


def test_numbering_starts_at_the_top(series):
    scan, folder = series
    found = datasets(folder)
    assert [d.InstanceNumber for d in found] == list(range(1, 10))
    heights = [float(d.ImagePositionPatient[2]) for d in found]
    assert heights == sorted(heights, reverse=True)
    assert np.array_equal(
        found[0].pixel_array.astype(int), scan.array[-1] + (1024 if scan.modality == "CT" else 0)
    )


def test_spacing_is_written_row_first(series):
    first = datasets(series[1])[0]
    assert [float(v) for v in first.PixelSpacing] == [1.4, 1.1]
    assert (first.Rows, first.Columns) == (70, 80)
    assert float(first.SliceThickness) == 5.0


@pytest.mark.parametrize("mirrored", [False, True])
def test_positions_run_along_the_normal(tmp_path, mirrored):
    scan, _ = ankle_phantom(**SMALL, direction=turned(mirrored), side="right")
    found = datasets(write_phantom_dicom(tmp_path / "a", scan=scan))
    rows = np.array(found[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    positions = np.array([d.ImagePositionPatient for d in found], dtype=float)
    steps = np.diff(positions, axis=0)
    assert np.allclose(rows, turned(mirrored)[:, :2].T, atol=1e-12)
    assert np.allclose(np.linalg.norm(steps, axis=1), 5.0)
    assert np.allclose(steps @ rows.T, 0, atol=1e-9)
    assert np.allclose(positions[::-1], scan.grid.index_to_lps([(k, 0, 0) for k in range(9)]))
    locations = np.array([d.SliceLocation for d in found], dtype=float)
    assert np.allclose(np.diff(locations), 5.0 if mirrored else -5.0)
    assert found[0].Laterality == "R"


# --- round trips ---------------------------------------------------------------------------


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("direction", [np.eye(3), turned()])
def test_simpleitk_reads_what_was_written(tmp_path, modality, direction):
    sitk = pytest.importorskip("SimpleITK")
    scan, _ = ankle_phantom(**SMALL, modality=modality, direction=direction)
    folder = write_phantom_dicom(tmp_path / "a", scan=scan)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(names)
    assert np.array_equal(sitk.GetArrayFromImage(image), scan.array)
    assert np.allclose(image.GetSpacing(), scan.grid.spacing[::-1])
    assert np.allclose(image.GetOrigin(), scan.grid.origin)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), direction)


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("direction", [np.eye(3), turned(), turned(mirrored=True)])
def test_read_dicom_reads_what_was_written(tmp_path, modality, direction):
    scan, _ = ankle_phantom(**SMALL, modality=modality, direction=direction)
    read = read_dicom(write_phantom_dicom(tmp_path / "a", scan=scan))
    assert (read.modality, read.unit) == (scan.modality, scan.unit)
    # A mirrored grid comes back the right way round: the same voxels at the same places.
    points = read.grid.index_to_lps([(0, 0, 0), (8, 69, 79), (2, 30, 40)])
    index = np.rint(scan.grid.lps_to_index(points)).astype(int)
    assert np.allclose(scan.grid.index_to_lps(index), points, atol=1e-6)
    backwards = index[0, 0] == 8
    assert np.array_equal(read.array, scan.array[::-1] if backwards else scan.array)


def test_documents_scan_keeps_its_spacing(tmp_path):
    scan, _ = ankle_phantom(spacing=(3.0, 0.1989, 0.1989), shape=(3, 64, 64))
    read = read_dicom(write_phantom_dicom(tmp_path / "a", scan=scan))
    assert read.grid.same_as(scan.grid, tolerance=1e-6)


def test_wide_values_get_sixteen_bits(tmp_path):
    array = np.array([[[-3000, 0], [4000, 5]]] * 2, dtype=np.int16)
    scan = Volume(array, Grid((2, 2, 2)), "CT", "HU")
    folder = write_phantom_dicom(tmp_path / "a", scan=scan)
    first = datasets(folder)[0]
    assert (first.BitsStored, first.RescaleIntercept) == (16, -3000)
    assert np.array_equal(read_dicom(folder).array, array)


# --- identifiers -----------------------------------------------------------------------------


def identifiers(folder):
    first = datasets(folder)[0]
    return first.StudyInstanceUID, first.SeriesInstanceUID, first.FrameOfReferenceUID


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_same_call_writes_the_same_bytes(tmp_path):
    first, second = (write_phantom_dicom(tmp_path / n, **SMALL, seed=3) for n in "ab")
    assert digest(first) == digest(second)


def test_number_type_does_not_matter(tmp_path):
    scan, _ = ankle_phantom(**SMALL)
    first = write_phantom_dicom(tmp_path / "a", scan=scan)
    second = write_phantom_dicom(tmp_path / "b", scan=scan.with_array(scan.array.astype(float)))
    assert digest(first) == digest(second)


def test_ct_and_mr_of_a_seed_share_study_and_frame(tmp_path):
    ct = write_phantom_dicom(tmp_path / "ct", **SMALL)
    mr = write_phantom_dicom(tmp_path / "mr", **SMALL, modality="MR")
    other = write_phantom_dicom(tmp_path / "other", **SMALL, seed=2)
    patient = write_phantom_dicom(tmp_path / "patient", **SMALL, patient="SECOND")
    one = identifiers(ct)
    assert one[0] == identifiers(mr)[0]
    assert one[2] == identifiers(mr)[2]
    assert one[1] != identifiers(mr)[1]
    assert not set(one) & set(identifiers(other))
    assert not set(one) & set(identifiers(patient))
    assert datasets(patient)[0].PatientID == "SECOND"


def test_every_image_has_its_own_identifier_and_all_are_valid(series):
    found = datasets(series[1])
    assert len({d.SOPInstanceUID for d in found}) == len(found)
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({d[name].value for d in found}) == 1
    assert all(d.SOPInstanceUID.is_valid for d in found)


# --- folders -----------------------------------------------------------------------------------


def test_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(FileFormatError) as caught:
            write_phantom_dicom(tmp_path / "a", **SMALL, overwrite=overwrite)
        assert caught.value.hint
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["notes.txt"]


def test_overwrite_replaces_a_series(tmp_path):
    folder = write_phantom_dicom(tmp_path / "a", **SMALL)
    with pytest.raises(FileFormatError, match="not empty"):
        write_phantom_dicom(folder, **SMALL)
    write_phantom_dicom(folder, spacing=(5, 2, 2), shape=(4, 20, 20), overwrite=True)
    assert [p.name for p in sorted(folder.iterdir())] == [f"IM000{k}.dcm" for k in (1, 2, 3, 4)]


def test_empty_folder_is_filled(tmp_path):
    (tmp_path / "a").mkdir()
    assert len(datasets(write_phantom_dicom(tmp_path / "a", **SMALL))) == 9


def test_missing_parent_and_file_in_the_way(tmp_path):
    with pytest.raises(FileFormatError, match="no folder"):
        write_phantom_dicom(tmp_path / "no" / "a", **SMALL)
    (tmp_path / "b").write_text("")
    with pytest.raises(FileFormatError, match="is a file"):
        write_phantom_dicom(tmp_path / "b", **SMALL)


def test_stopping_leaves_nothing(tmp_path):
    calls = []

    def stop(part, label):
        calls.append(label)
        return not label.startswith("Writing")

    scan, _ = ankle_phantom(**SMALL)
    with pytest.raises(Cancelled):
        write_phantom_dicom(tmp_path / "a", scan=scan, progress=stop)
    assert list(tmp_path.iterdir()) == []


# --- arguments -----------------------------------------------------------------------------------


def test_wrong_arguments_are_refused(tmp_path):
    scan, _ = ankle_phantom(**SMALL)
    with pytest.raises(InputError, match="seed"):
        write_phantom_dicom(tmp_path / "a", scan=scan, seed=2)
    with pytest.raises(InputError, match="patient"):
        write_phantom_dicom(tmp_path / "a", scan=scan, patient="a\\b")
    for odd in (0.5, np.nan):
        with pytest.raises(InputError, match="whole numbers"):
            write_phantom_dicom(tmp_path / "a", scan=scan.with_array(scan.array + odd))
    with pytest.raises(InputError, match="PT"):
        write_phantom_dicom(tmp_path / "a", scan=Volume(scan.array, scan.grid, "PT"))
    below = Volume(np.full((2, 2, 2), -1, dtype=np.int16), Grid((2, 2, 2)), "MR")
    with pytest.raises(InputError, match="16 bits"):
        write_phantom_dicom(tmp_path / "a", scan=below)
    assert list(tmp_path.iterdir()) == []
