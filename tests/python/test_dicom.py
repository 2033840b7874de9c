"""Reading DICOM: order, geometry, values, units, what is listed and what is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_factory import (
    AXIAL,
    MR,
    ORIGIN,
    SERIES,
    SPACING,
    positions,
    stored_values,
    write_enhanced,
    write_series,
    write_structure_set,
)
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from medvoxel import errors, list_series, read_dicom
from medvoxel.progress import ProgressCallback

OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def corner_places(path: Path) -> dict[int, np.ndarray]:
    """Stored value to place of the four corners, by equation C.7.6.2.1-1 of DICOM PS3.3."""
    data = pydicom.dcmread(path)
    row, column = np.reshape(np.asarray(data.ImageOrientationPatient, float), (2, 3))
    between_rows, between_columns = map(float, data.PixelSpacing)
    found = {}
    for r in (0, data.Rows - 1):
        for c in (0, data.Columns - 1):
            place = np.asarray(data.ImagePositionPatient, float)
            place = place + row * between_columns * c + column * between_rows * r
            found[int(data.pixel_array[r, c])] = place
    return found


# --- order and geometry ---------------------------------------------------------------


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, SAGITTAL])
def test_every_corner_lies_where_the_standard_puts_it(tmp_path, orientation):
    files = write_series(tmp_path, ImageOrientationPatient=list(orientation), RescaleIntercept=0)
    scan = read_dicom(tmp_path)
    assert not scan.grid.is_mirrored
    for file in files:
        for value, place in corner_places(file).items():
            index = np.argwhere(scan.array == value)
            assert len(index) == 1
            np.testing.assert_allclose(scan.grid.index_to_lps(index[0]), place, atol=1e-6)


def test_spacing_is_slices_rows_columns(tmp_path):
    write_series(tmp_path)
    np.testing.assert_allclose(read_dicom(tmp_path).grid.spacing, SPACING)


def test_order_comes_from_positions_not_from_names_or_instance_numbers(tmp_path):
    write_series(tmp_path / "straight")
    write_series(
        tmp_path / "shuffled",
        names=["f.dcm", "b.dcm", "d.dcm", "a.dcm", "e.dcm", "c.dcm"],
        each=[{"InstanceNumber": 6 - i} for i in range(6)],
    )
    straight, shuffled = read_dicom(tmp_path / "straight"), read_dicom(tmp_path / "shuffled")
    np.testing.assert_array_equal(shuffled.array, straight.array)
    np.testing.assert_allclose(shuffled.grid.affine, straight.grid.affine)
    np.testing.assert_array_equal(straight.array, stored_values().astype(int) - 1024)


def test_slices_stored_downwards_are_turned_round_with_their_places(tmp_path):
    downwards = positions(6)[::-1]
    write_series(tmp_path, places=downwards)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, stored_values()[::-1].astype(int) - 1024)
    np.testing.assert_allclose(scan.grid.origin, ORIGIN)
    np.testing.assert_allclose(scan.grid.direction, np.eye(3))


def test_slice_thickness_is_not_the_spacing(tmp_path):
    write_series(tmp_path, places=positions(6, step=2.5), SliceThickness=5, SpacingBetweenSlices=-5)
    assert read_dicom(tmp_path).grid.spacing[0] == 2.5


def test_rounded_positions_do_not_add_up_over_a_long_stack(tmp_path):
    # 0.625 mm written with two decimals: steps of 0.62 and 0.63, median wrong by 1 %.
    places = [[*ORIGIN[:2], round(0.625 * i, 2)] for i in range(80)]
    write_series(tmp_path, stored_values((80, 2, 2)), places=places)
    assert read_dicom(tmp_path).grid.spacing[0] == pytest.approx(0.625, abs=2e-4)


def test_single_slice_takes_its_thickness(tmp_path):
    write_series(tmp_path, stored_values((1, 5, 7)), SliceThickness=3)
    scan = read_dicom(tmp_path)
    assert scan.array.shape == (1, 5, 7)
    assert scan.grid.spacing == (3.0, 0.8, 0.5)


def test_single_slice_without_thickness_warns(tmp_path):
    write_series(tmp_path, stored_values((1, 5, 7)), SliceThickness=None)
    with pytest.warns(errors.DicomWarning, match="set to 1 mm"):
        assert read_dicom(tmp_path).grid.spacing[0] == 1.0


def test_a_file_stands_for_its_series(tmp_path):
    files = write_series(tmp_path)
    write_series(tmp_path, SeriesInstanceUID="1.2.3", names=[f"other{i}" for i in range(6)])
    scan = read_dicom(files[2])
    assert scan.array.shape == (6, 5, 7)
    assert len(list_series(files[2])) == 1


# --- values ---------------------------------------------------------------------------


def test_each_slice_has_its_own_slope(tmp_path):
    stored = np.full((3, 4, 4), 100, np.uint16)
    slopes = [1, 2, 0.5]
    write_series(tmp_path, stored, each=[{"RescaleSlope": s} for s in slopes], RescaleIntercept=-10)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array[:, 0, 0], [90, 190, 40])
    assert scan.array.dtype == np.int16  # all of them are whole numbers


def test_fractions_become_single_precision(tmp_path):
    stored = stored_values((3, 4, 5))
    slopes, intercepts = [0.5, 1.25, 3.0], [0.0, -7.5, 0.1]
    each = [
        {"RescaleSlope": s, "RescaleIntercept": i} for s, i in zip(slopes, intercepts, strict=True)
    ]
    write_series(tmp_path, stored, each=each)
    scan = read_dicom(tmp_path)
    expected = stored * np.reshape(slopes, (3, 1, 1)) + np.reshape(intercepts, (3, 1, 1))
    assert scan.array.dtype == np.float32
    np.testing.assert_array_equal(scan.array, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "dtype"),
    [
        (np.array([0, 4095], np.uint16), 1, -1024, np.int16),
        (np.array([0, 65535], np.uint16), 1, -1024, np.int32),
        (np.array([0, 33791], np.uint16), 1, -1024, np.int16),
        (np.array([0, 33792], np.uint16), 1, -1024, np.int32),
        (np.array([-32768, 32767], np.int16), 1, 0, np.int16),
        (np.array([-32000, 100], np.int16), 1, -1024, np.int32),
        (np.array([-30000, 30000], np.int16), 2, 0, np.int32),
        (np.array([0, 1000], np.uint16), -1, 500, np.int16),
        (np.array([0, 255], np.uint8), 1, -1024, np.int16),
        (np.array([0, 255], np.uint8), 200, 0, np.int32),
        (np.array([-5, 2**31 - 1], np.int32), 1, 0, np.int32),
        (np.array([0, 2**32 - 1], np.uint32), 1, 0, np.float32),
        (np.array([0, 2**31 + 10], np.uint32), 1, -100, np.int32),
    ],
)
def test_no_integer_overflows(tmp_path, stored, slope, intercept, dtype):
    planes = np.stack([np.resize(stored, (4, 6))] * 2)
    write_series(tmp_path, planes, RescaleSlope=slope, RescaleIntercept=intercept)
    array = read_dicom(tmp_path).array
    assert array.dtype == dtype
    expected = [int(v) * slope + intercept for v in stored]  # Python's integers have no end
    np.testing.assert_array_equal(array[0, 0, :2], np.array(expected, dtype))


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_signedness_and_bits_stored(tmp_path, bits, signed):
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = np.array([low, -1 if signed else 1, 0, high])
    # As scanners write signed values of few bits: without copies of the sign above them.
    stored = (values & ((1 << bits) - 1)).astype(np.uint16)
    planes = np.stack([np.resize(stored, (2, 4))] * 2)
    write_series(
        tmp_path, planes.view(np.int16) if signed else planes,
        BitsStored=bits, HighBit=bits - 1, RescaleIntercept=0,
    )  # fmt: skip
    np.testing.assert_array_equal(read_dicom(tmp_path).array[1, 0], values)


def test_whole_numbers_beyond_single_precision_stay_exact(tmp_path):
    write_series(tmp_path, RescaleIntercept=20000001)  # odd, and above 2 to the power 24
    scan = read_dicom(tmp_path)
    assert scan.array.dtype == np.int32
    np.testing.assert_array_equal(scan.array, stored_values().astype(np.int64) + 20000001)


def test_slope_beyond_all_integers(tmp_path):
    write_series(tmp_path, np.zeros((6, 5, 7), np.uint8), RescaleSlope="1e30", RescaleIntercept=0)
    np.testing.assert_array_equal(read_dicom(tmp_path).array, 0)


def test_overlay_in_the_high_bits_is_cleared(tmp_path):
    stored = stored_values((2, 4, 6))
    overlay = stored | (np.arange(48).reshape(2, 4, 6) % 3 == 0).astype(np.uint16) << 15
    write_series(tmp_path, overlay, BitsStored=12, HighBit=11, RescaleIntercept=0)
    np.testing.assert_array_equal(read_dicom(tmp_path).array, stored)


def test_values_above_the_lowest_bits_are_shifted_down(tmp_path):
    stored = stored_values((2, 4, 6))
    write_series(tmp_path, stored << 4, BitsStored=12, HighBit=15, RescaleIntercept=0)
    np.testing.assert_array_equal(read_dicom(tmp_path).array, stored)


def test_files_of_one_series_may_differ_in_sign(tmp_path):
    write_series(tmp_path, stored_values((2, 4, 4)), RescaleIntercept=0)
    write_series(
        tmp_path, np.full((1, 4, 4), -7, np.int16), names=["z.dcm"],
        places=positions(3)[2:], RescaleIntercept=0,
    )  # fmt: skip
    array = read_dicom(tmp_path).array
    assert array.dtype == np.int16
    assert array[2].max() == -7
    np.testing.assert_array_equal(array[:2], stored_values((2, 4, 4)))


def test_monochrome1_and_padding_are_told_and_left_alone(tmp_path):
    write_series(tmp_path, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=17)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, stored_values().astype(int) - 1024)
    assert scan.info["photometric"] == "MONOCHROME1"
    assert scan.info["padding_value"] == 17


# --- encodings ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_other_encodings_give_the_same(tmp_path, syntax):
    write_series(tmp_path, syntax=syntax)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, stored_values().astype(int) - 1024)
    np.testing.assert_allclose(scan.grid.spacing, SPACING)
    assert scan.info["transfer_syntax"] == syntax


def test_file_without_preamble(tmp_path):
    for file in write_series(tmp_path):
        data = pydicom.dcmread(file)
        bare = pydicom.Dataset(data)
        bare.save_as(file, implicit_vr=True, little_endian=True, enforce_file_format=False)
        assert file.read_bytes()[128:132] != b"DICM"
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, stored_values().astype(int) - 1024)


@pytest.mark.parametrize("signed", [False, True])
def test_compressed_without_loss(tmp_path, signed):
    stored = stored_values((4, 16, 12)).astype(np.int16 if signed else np.uint16)
    for file in write_series(tmp_path, stored - 300 * signed):
        data = pydicom.dcmread(file)
        data.compress(RLELossless)
        data.save_as(file)
    expected = stored.astype(int) - 300 * signed - 1024
    np.testing.assert_array_equal(read_dicom(tmp_path).array, expected)


def test_missing_decoder_names_the_package(tmp_path, monkeypatch):
    files = write_series(tmp_path)
    for file in files:
        data = pydicom.dcmread(file)
        data.compress(RLELossless)
        data.save_as(file)
    monkeypatch.setattr("medvoxel.io.dicom.decoding.decode.has_decoder", lambda form: False)
    with pytest.raises(errors.DependencyError, match="imagecodecs") as caught:
        read_dicom(tmp_path)
    assert "RLE" in caught.value.message


# --- units ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "unit"),
    [
        ({}, "HU"),
        ({"RescaleType": "HU"}, "HU"),
        ({"RescaleType": "US"}, "HU"),
        ({"RescaleType": "Z_EFF"}, "Z_EFF"),
        ({"RescaleSlope": None, "RescaleIntercept": None}, "stored values"),
        ({**MR}, "rescaled values"),
        ({**MR, "RescaleSlope": None, "RescaleIntercept": None}, "stored values"),
        ({"Modality": "PT", "Units": "BQML"}, "Bq/ml"),
        ({"Modality": "PT", "Units": "GML"}, "g/ml"),
    ],
)
def test_unit(tmp_path, tags, unit):
    write_series(tmp_path, **tags)
    scan = read_dicom(tmp_path)
    assert scan.unit == unit
    if unit == "stored values":  # no intercept is made up
        np.testing.assert_array_equal(scan.array, stored_values())
        assert scan.info["has_rescale"] is False


# --- several series, and what is no scan ----------------------------------------------


def fill_folder(tmp_path: Path) -> None:
    write_series(tmp_path / "a", stored_values((9, 5, 7)), SeriesNumber=7)
    write_series(
        tmp_path / "b", stored_values((3, 5, 7)), SeriesInstanceUID="1.2.3.1", SeriesNumber=2,
        SeriesDescription="Thin soft", ConvolutionKernel="B30s",
    )  # fmt: skip
    write_series(
        tmp_path / "c", stored_values((1, 5, 7)), SeriesInstanceUID="1.2.3.2", SeriesNumber=1,
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
    )  # fmt: skip
    write_series(
        tmp_path / "d", stored_values((1, 5, 7)), SeriesInstanceUID="1.2.3.3", SeriesNumber=9,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7", ImagePositionPatient=None,
        each=[{"ImagePositionPatient": None}],
    )  # fmt: skip
    write_structure_set(tmp_path / "structures.dcm")
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / "a" / "._slice000.dcm").write_bytes(b"\0\5\26\7macOS keeps this beside a file")


def test_list_series(tmp_path):
    fill_folder(tmp_path)
    found = list_series(tmp_path)
    assert [(s.index, s.number, s.slices, s.kind) for s in found] == [
        (0, 1, 1, "localizer"),
        (1, 2, 3, "volume"),
        (2, 3, 1, "not an image"),
        (3, 7, 9, "volume"),
        (4, 9, 1, "secondary capture"),
    ]
    assert found[3].spacing == SPACING
    assert (found[3].rows, found[3].columns, found[3].uid) == (5, 7, SERIES)
    assert found[1].kernel == "B30s"
    assert len(found[3].files) == 9
    assert found[3].folder == str(tmp_path / "a")
    assert found[4].spacing is None
    row = found[3].as_row()
    assert (row["spacing_x"], row["spacing_y"], row["spacing_z"]) == SPACING[::-1]
    assert found[4].as_row()["spacing_x"] is None


def test_largest_volume_is_taken_with_a_warning(tmp_path):
    fill_folder(tmp_path)
    with pytest.warns(errors.DicomWarning, match="largest was read") as caught:
        scan = read_dicom(tmp_path)
    assert len(scan.array) == 9
    assert "'Thin soft' (3 slices)" in str(caught[0].message)
    assert "series=" in caught[0].message.hint


def test_only_volume_is_taken_without_a_word(tmp_path, recwarn):
    fill_folder(tmp_path)
    for file in (tmp_path / "b").iterdir():
        file.unlink()
    assert len(read_dicom(tmp_path).array) == 9
    assert not recwarn.list


@pytest.mark.parametrize("series", [1, "1.2.3.1"])
def test_series_by_place_or_uid(tmp_path, series, recwarn):
    fill_folder(tmp_path)
    assert read_dicom(tmp_path, series=series).array.shape == (3, 5, 7)
    assert not recwarn.list


@pytest.mark.parametrize("series", [5, -1, "1.2.9", 1.5, True])
def test_series_that_is_not_there(tmp_path, series):
    fill_folder(tmp_path)
    with pytest.raises(errors.InputError) as caught:
        read_dicom(tmp_path, series=series)
    assert "list_series()" in caught.value.hint


@pytest.mark.parametrize(("series", "why"), [(0, "localizer"), (2, "no images"), (4, "screen")])
def test_series_that_is_no_volume(tmp_path, series, why):
    fill_folder(tmp_path)
    with pytest.raises(errors.DicomError, match=why):
        read_dicom(tmp_path, series=series)


def test_localizers_inside_a_series_are_set_apart(tmp_path):
    write_series(tmp_path)
    write_series(
        tmp_path, stored_values((1, 9, 9)), names=["scout.dcm"], places=[[0, 0, 0]],
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ImageOrientationPatient=list(SAGITTAL),
    )  # fmt: skip
    assert [s.kind for s in list_series(tmp_path)] == ["volume", "localizer"]
    assert read_dicom(tmp_path).array.shape == (6, 5, 7)
    assert read_dicom(tmp_path, series=SERIES).array.shape == (6, 5, 7)


# --- enhanced multi-frame -------------------------------------------------------------


def test_enhanced_frames_are_placed_one_by_one(tmp_path):
    stored = stored_values((4, 5, 7))
    order = [2, 0, 3, 1]
    places = [positions(4)[i] for i in order]
    rescale = [(1, -10.0 * i) for i in order]
    write_enhanced(tmp_path / "enhanced.dcm", stored[order], places=places, rescale=rescale)
    scan = read_dicom(tmp_path)
    expected = stored.astype(int) - 10 * np.arange(4)[:, None, None]
    np.testing.assert_array_equal(scan.array, expected)
    np.testing.assert_allclose(scan.grid.origin, ORIGIN)
    assert scan.grid.spacing == SPACING
    assert (scan.unit, scan.info["frames"]) == ("HU", 4)
    assert list_series(tmp_path)[0].slices == 4


# --- privacy, progress, isolation -----------------------------------------------------


def test_nothing_that_names_the_patient_is_kept(tmp_path):
    write_series(
        tmp_path, PatientName="Müller-Lüdenscheid^Erika", PatientID="K.12",
        SeriesDescription="Fuß Muller ERIKA lüdenscheid K.12 31.01.1970_links",
        StudyDate="20200229", AccessionNumber="A99", ReferringPhysicianName="Arzt^Anna",
    )  # fmt: skip
    scan, info = read_dicom(tmp_path), list_series(tmp_path)[0]
    assert info.description == f"Fuß{' [removed]' * 5}_links"
    told = repr((scan.info, scan.modality, info)).lower()
    for secret in ("erika", "muller", "denscheid", "k.12", "1970", "2020", "a99", "arzt"):
        assert secret not in told
    assert SERIES not in repr(dict(scan.info))


class TestProgress:
    def test_two_stages_make_one_bar(self, tmp_path):
        write_series(tmp_path)
        told = []
        read_dicom(tmp_path, progress=lambda done, label: told.append((done, label)))
        assert [label for _, label in told] == ["Reading headers", "Reading slices"]
        assert told[0][0] < told[1][0] == 1.0

    @pytest.mark.parametrize("stage", ["headers", "slices"])
    def test_can_be_cancelled(self, tmp_path, stage):
        write_series(tmp_path)
        stop: ProgressCallback = lambda done, label: stage not in label  # noqa: E731
        with pytest.raises(errors.Cancelled):
            read_dicom(tmp_path, progress=stop)


def test_uncompressed_series_need_no_pydicom(tmp_path):
    """Its import costs more than reading a scan."""
    write_series(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import medvoxel; "
        "medvoxel.read_dicom(sys.argv[2]); print('pydicom' in sys.modules)"
    )
    root = Path(errors.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, str(root), str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
