"""What is not one regular volume is refused, with what, where and the next step."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from dicom_factory import (
    AXIAL,
    ORIGIN,
    SERIES,
    dataset,
    positions,
    stored_values,
    write_series,
)

from medvoxel import errors, list_series, read_dicom


def refusal(path: Path, **arguments) -> errors.DicomError:
    with pytest.raises(errors.DicomError) as caught:
        read_dicom(path, **arguments)
    assert caught.value.hint
    return caught.value


# --- no regular volume ----------------------------------------------------------------


def test_missing_slice_names_its_place(tmp_path):
    files = write_series(tmp_path)
    files[3].unlink()
    error = refusal(tmp_path)
    assert error.details["problems"] == ["missing_slices"]
    assert "1 slice is missing" in error.message
    assert "148.0) mm (slice002.dcm)" in error.message  # 140 + 2 * 4
    assert "156.0) mm (slice004.dcm)" in error.message


def test_several_gaps_are_counted(tmp_path):
    files = write_series(tmp_path, stored_values((20, 4, 4)))
    for i in (3, 4, 11):
        files[i].unlink()
    error = refusal(tmp_path)
    assert error.details["count"] == 3
    assert error.details["spacing_mm"] == pytest.approx(4.0)


def test_uneven_spacing(tmp_path):
    places = positions(6)
    places[3][2] += 1.3
    write_series(tmp_path, places=places)
    error = refusal(tmp_path)
    assert error.details["problems"] == ["uneven_spacing"]
    assert error.details["largest_mm"] == pytest.approx(5.3)


def test_duplicate_positions_name_the_files(tmp_path):
    write_series(tmp_path)
    write_series(tmp_path, stored_values()[:2], names=["copy0.dcm", "copy1.dcm"])
    error = refusal(tmp_path)
    assert error.details["problems"][0] == "duplicate_positions"
    assert "copy0.dcm and slice000.dcm" in error.message


def test_images_at_one_place_are_no_volume(tmp_path):
    write_series(tmp_path, places=[ORIGIN] * 6)
    assert refusal(tmp_path).details["problems"] == ["not_a_volume"]


@pytest.mark.parametrize("degrees", [1.0, -14.0])
def test_gantry_tilt_is_measured_from_positions(tmp_path, degrees):
    angle = np.radians(degrees)
    tilted = [1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle))]
    places = [[ORIGIN[0], ORIGIN[1], ORIGIN[2] + 5.0 * i] for i in range(6)]
    write_series(tmp_path, places=places, ImageOrientationPatient=tilted, GantryDetectorTilt=0)
    error = refusal(tmp_path)
    assert error.details["problems"] == ["gantry_tilt"]
    assert error.details["degrees"] == pytest.approx(abs(degrees), abs=1e-6)


def test_slice_beside_the_stack(tmp_path):
    places = positions(6)
    places[2][0] += 30
    write_series(tmp_path, places=places)
    error = refusal(tmp_path)
    assert error.details["problems"] == ["shifted_slices"]
    assert error.details["size_mm"] == pytest.approx(30)
    assert "slice002.dcm" in error.message


def test_mixed_orientation_can_be_chosen_apart(tmp_path):
    coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]
    write_series(tmp_path)
    write_series(
        tmp_path, stored_values((4, 5, 7)), names=[f"cor{i}.dcm" for i in range(4)],
        ImageOrientationPatient=coronal,
    )  # fmt: skip
    for series in (None, SERIES):
        error = refusal(tmp_path, series=series)
        assert "mixes 2 stacks" in error.message
        assert "cor0.dcm" in error.message
    assert read_dicom(tmp_path, series=0).array.shape == (6, 5, 7)
    assert read_dicom(tmp_path, series=1).array.shape == (4, 5, 7)


def test_directions_that_are_not_perpendicular(tmp_path):
    write_series(
        tmp_path, places=positions(6), ImageOrientationPatient=[1.0, 0.0, 0.0, 0.7, 0.7, 0.0]
    )
    assert "perpendicular" in refusal(tmp_path).message


def test_cosines_of_few_decimals_are_no_fault(tmp_path):
    # cos and sin of 11 degrees with three decimals: 2e-4 short of a unit vector.
    write_series(tmp_path, ImageOrientationPatient=[0.982, 0.191, 0.0, -0.191, 0.982, 0.0])
    direction = read_dicom(tmp_path).grid.direction
    np.testing.assert_allclose(direction.T @ direction, np.eye(3), atol=1e-12)


def test_colours_are_no_scan(tmp_path):
    write_series(tmp_path, np.zeros((2, 4, 12), np.uint8), Columns=4, SamplesPerPixel=3,
                 PhotometricInterpretation="RGB", PlanarConfiguration=0)  # fmt: skip
    assert list_series(tmp_path)[0].kind == "colour image"
    assert "no volume" in refusal(tmp_path).message


# --- people ---------------------------------------------------------------------------


def test_two_patients_in_a_folder(tmp_path):
    write_series(tmp_path / "a")
    write_series(
        tmp_path / "b", SeriesInstanceUID="1.2.3", PatientID="X-99", PatientName="Doe^Jane"
    )
    error = refusal(tmp_path)
    assert "2 different patients" in error.message
    for secret in ("X-99", "Doe", "Jane", "4711", "Mustermann"):
        assert secret not in f"{error} {error.details}"
    assert read_dicom(tmp_path, series="1.2.3").array.shape == (6, 5, 7)


def test_two_patients_in_a_series(tmp_path):
    each = [{"PatientID": "X-99"} if i > 3 else {} for i in range(6)]
    write_series(tmp_path, each=each)
    for series in (None, SERIES):
        assert "2 different patients (4 with slice000.dcm; 2 with slice004.dcm)" in (
            refusal(tmp_path, series=series, on_problem="warn").message
        )
    assert [(row.part, row.slices) for row in list_series(tmp_path)] == [
        ("patient 1", 4),
        ("patient 2", 2),
    ]
    np.testing.assert_array_equal(
        read_dicom(tmp_path, series=1).array, stored_values()[4:].astype(int) - 1024
    )


# --- rescale values -------------------------------------------------------------------


def test_slope_in_some_files_only(tmp_path):
    each = [{}, {}, {"RescaleSlope": None, "RescaleIntercept": None}] + [{}] * 3
    write_series(tmp_path, each=each)
    assert "1 of 6 files have no rescale slope" in refusal(tmp_path).message


def test_slope_zero(tmp_path):
    write_series(tmp_path, RescaleSlope=0)
    assert "slope of 0" in refusal(tmp_path).message


# --- nothing there, or broken ---------------------------------------------------------


def test_path_that_does_not_exist(tmp_path):
    for function in (read_dicom, list_series):
        with pytest.raises(errors.FileFormatError, match="no file or folder"):
            function(tmp_path / "nowhere")


def test_empty_folder(tmp_path):
    assert "it is empty" in refusal(tmp_path).message


def test_folder_of_texts(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text("Hounsfield " * 100)
    assert "none of its 3 files is DICOM" in refusal(tmp_path).message
    assert "not a DICOM image" in refusal(tmp_path / "0.txt").message


def damage_by_noise(file: Path) -> None:
    file.write_bytes(np.random.default_rng(1).bytes(file.stat().st_size))


def damage_by_cut_in_pixels(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def damage_by_cut_in_header(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:300])


def damage_by_emptying(file: Path) -> None:
    file.write_bytes(b"")


def damage_by_number(file: Path) -> None:
    content = file.read_bytes()
    assert b"-31.5" in content
    file.write_bytes(content.replace(b"-31.5", b"-31,5"))


DAMAGES = [
    damage_by_noise,
    damage_by_cut_in_pixels,
    damage_by_cut_in_header,
    damage_by_emptying,
    damage_by_number,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_at_the_end_is_left_out(tmp_path, damage):
    files = write_series(tmp_path)
    damage(files[0])
    with pytest.warns(errors.DicomWarning, match=r"1 damaged file was left out: slice000\.dcm"):
        scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, stored_values()[1:].astype(int) - 1024)
    assert scan.grid.origin[2] == 144.0


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_in_the_middle_is_a_missing_slice(tmp_path, damage):
    files = write_series(tmp_path)
    damage(files[3])
    error = refusal(tmp_path)
    assert error.details["problems"] == ["missing_slices"]
    assert "Damaged files were left out: slice003.dcm" in error.message


@pytest.mark.parametrize("damage", [damage_by_cut_in_pixels, damage_by_cut_in_header])
def test_folder_of_damaged_files_only(tmp_path, damage):
    for file in write_series(tmp_path):
        damage(file)
    assert "No DICOM file" in refusal(tmp_path).message


def test_compressed_file_cut_short(tmp_path):
    import pydicom

    files = write_series(tmp_path, stored_values((4, 16, 16)))
    for file in files:
        data = pydicom.dcmread(file)
        data.compress(pydicom.uid.RLELossless)
        data.save_as(file)
    damage_by_cut_in_pixels(files[3])
    with pytest.warns(errors.DicomWarning, match="cut short inside its compressed pixels"):
        assert len(read_dicom(tmp_path).array) == 3


@pytest.mark.parametrize("which", [0, 3])
def test_stream_that_does_not_decode(tmp_path, which):
    import pydicom

    files = write_series(tmp_path, stored_values((4, 16, 16)))
    for i, file in enumerate(files):
        data = pydicom.dcmread(file)
        data.compress(pydicom.uid.RLELossless)
        if i == which:
            whole = bytearray(data.PixelData)
            whole[20:84] = b"\xff" * 64  # the table of segments
            data.PixelData = bytes(whole)
        data.save_as(file)
    with pytest.warns(errors.DicomWarning, match="cannot be decoded"):
        scan = read_dicom(tmp_path)
    kept = [i for i in range(4) if i != which]
    np.testing.assert_array_equal(scan.array, stored_values((4, 16, 16))[kept].astype(int) - 1024)


def spoil_stream(files: list[Path], which: set[int]) -> None:
    """Compress all files; the table of segments of some is overwritten."""
    import pydicom

    for i, file in enumerate(files):
        data = pydicom.dcmread(file)
        data.compress(pydicom.uid.RLELossless)
        if i in which:
            whole = bytearray(data.PixelData)
            whole[20:84] = b"\xff" * 64
            data.PixelData = bytes(whole)
        data.save_as(file)


@pytest.mark.parametrize(
    ("count", "which"), [(3, {1}), (5, {1, 3}), (6, {2}), (6, {0, 3}), (7, {0, 2, 4, 6})]
)
@pytest.mark.parametrize("how", ["stream", "cut"])
def test_slice_lost_inside_is_missing_even_when_the_rest_is_even(tmp_path, count, which, how):
    files = write_series(tmp_path, stored_values((count, 16, 16)))
    if how == "stream":
        spoil_stream(files, which)
    else:
        for i in which:
            damage_by_cut_in_pixels(files[i])
    error = refusal(tmp_path)
    assert error.details["problems"] == ["missing_slices"]
    assert f"{len(which - {0, count - 1})} slice" in error.message
    assert all(f"slice{i:03d}.dcm" in error.message for i in which - {0, count - 1})


@pytest.mark.parametrize("which", [{0, 1}, {0, 4}, {3, 4}])
def test_slices_lost_at_the_ends_leave_the_right_ones(tmp_path, which):
    values = stored_values((5, 16, 16))
    spoil_stream(write_series(tmp_path, values), which)
    kept = [i for i in range(5) if i not in which]
    with pytest.warns(errors.DicomWarning, match="2 damaged files were left out"):
        scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, values[kept].astype(int) - 1024)
    assert scan.grid.origin[2] == 140 + 4 * kept[0]


def test_damaged_copy_of_a_good_slice_is_no_hole(tmp_path):
    write_series(tmp_path)
    (copy,) = write_series(
        tmp_path, stored_values()[2:3], places=positions(6)[2:3], names=["copy.dcm"]
    )
    damage_by_cut_in_pixels(copy)
    with pytest.warns(errors.DicomWarning, match=r"copy\.dcm"):
        assert len(read_dicom(tmp_path).array) == 6


def test_damaged_slice_of_another_series_is_no_hole(tmp_path):
    write_series(tmp_path, places=positions(6))
    other = write_series(
        tmp_path, stored_values()[:1], places=[[*ORIGIN[:2], 142.0]], names=["other.dcm"],
        SeriesInstanceUID="1.2.3",
    )  # fmt: skip
    damage_by_cut_in_pixels(other[0])
    with pytest.warns(errors.DicomWarning, match=r"other\.dcm"):
        assert len(read_dicom(tmp_path).array) == 6


DOSE = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2", "Modality": "RTDOSE"}


@pytest.mark.parametrize("tags", [DOSE, {}])
def test_frames_without_places_are_not_one_slice(tmp_path, tags):
    data = dataset(stored_values(), NumberOfFrames=6, GridFrameOffsetVector=list(range(6)), **tags)
    data.save_as(tmp_path / "frames.dcm", enforce_file_format=True)
    (line,) = list_series(tmp_path)
    assert (line.kind, line.slices) == ("dose" if tags else "multi-frame", 6)
    assert f"its series are: 1 {line.kind}" in refusal(tmp_path).message
    error = refusal(tmp_path, series=0)
    why = "it is a distribution of dose" if tags else "its frames have no positions of their own"
    assert f"(6 slices) is no volume: {why}" in error.message


@pytest.mark.parametrize("name", ["README", "VERSION", "LOCKFILE", "notes"])
@pytest.mark.parametrize("content", [b"", b"made by hand\r\n", "für 足".encode("utf-16")])
def test_text_without_ending_beside_files_without_ending(tmp_path, recwarn, name, content):
    write_series(tmp_path, names=[f"IM{i:04d}" for i in range(6)])
    (tmp_path / name).write_bytes(content)
    assert len(read_dicom(tmp_path).array) == 6
    assert recwarn.list == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("IM0006", b""), ("IM0006", b"<html>not found</html>"), ("other", bytes(range(200)))],
)
def test_file_without_ending_that_was_an_image(tmp_path, name, content):
    write_series(tmp_path, names=[f"IM{i:04d}" for i in range(6)])
    (tmp_path / name).write_bytes(content)
    with pytest.warns(errors.DicomWarning, match=f"1 damaged file was left out: {name}"):
        assert len(read_dicom(tmp_path).array) == 6


def test_harmless_files_beside_are_not_called_damaged(tmp_path, recwarn):
    write_series(tmp_path)
    (tmp_path / "README").write_text("a text of some length, without an ending")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".slice.dcm").write_bytes(b"hidden")
    assert len(read_dicom(tmp_path).array) == 6
    assert recwarn.list == []


@pytest.mark.parametrize("rows", [0, 60000])
def test_absurd_size_is_damage(tmp_path, rows):
    write_series(tmp_path, Rows=rows, Columns=60000)
    with pytest.raises(errors.DicomError):
        read_dicom(tmp_path)


def test_orientation_of_five_numbers(tmp_path):
    write_series(tmp_path, ImageOrientationPatient=list(AXIAL)[:5], places=positions(6))
    assert "orientation has 5 numbers" in refusal(tmp_path).message


def test_a_folder_that_cannot_be_opened_is_said(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    write_series(tmp_path / "open")
    locked = tmp_path / "locked"
    locked.mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(locked))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.warns(errors.DicomWarning, match="locked was passed over"):
        assert read_dicom(tmp_path).array.shape[0] == 6
