"""Stacks that are no regular volume: refused, mended or stacked with a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_factory import AXIAL, ORIGIN, positions, stored_values, write_series
from scipy import ndimage

from medvoxel import errors, read_dicom, resample, slice_files


def row(volume, check: str):
    return next(r for r in volume.qc if r.check == check)


def fixed(path: Path, **arguments):
    with pytest.warns(errors.DicomWarning, match="was mended"):
        return read_dicom(path, on_problem="fix", **arguments)


def warned(path: Path, **arguments):
    with pytest.warns(errors.DicomWarning, match="as if it were a regular volume"):
        return read_dicom(path, on_problem="warn", **arguments)


def test_other_words_are_refused(tmp_path):
    write_series(tmp_path)
    with pytest.raises(errors.InputError, match="on_problem must be one of"):
        read_dicom(tmp_path, on_problem="interpolate")


@pytest.mark.parametrize("on_problem", ["error", "fix", "warn"])
def test_regular_series_are_not_touched(tmp_path, recwarn, on_problem):
    write_series(tmp_path)
    volume = read_dicom(tmp_path, on_problem=on_problem)
    np.testing.assert_array_equal(volume.array, stored_values().astype(int) - 1024)
    assert {r.severity for r in volume.qc} <= {"ok", "note"}
    assert not recwarn.list


# --- missing slices -------------------------------------------------------------------


def test_missing_slices_are_interpolated_and_marked(tmp_path):
    # Linear along the normal, so that linear interpolation has to give it back.
    ramp = np.arange(8, dtype=np.uint16)[:, None, None] * 60 + stored_values((8, 5, 7))[0]
    files = write_series(tmp_path, ramp)
    for i in (2, 5, 6):
        files[i].unlink()
    volume = fixed(tmp_path)
    np.testing.assert_array_equal(volume.array, ramp.astype(int) - 1024)
    assert volume.grid.spacing == pytest.approx((4.0, 0.8, 0.5))
    assert volume.grid.origin == pytest.approx(ORIGIN)
    marked = slice_files(volume)
    assert [s.slice for s in marked if s.file is None] == [2, 5, 6]
    assert Path(marked[3].file).name == "slice003.dcm"
    found = row(volume, "missing slices")
    assert (found.severity, found.done) == ("fixed", "3 slices interpolated")
    assert found.size_mm == pytest.approx(12.0)


def test_missing_slices_under_warn_are_squeezed_with_their_size(tmp_path):
    files = write_series(tmp_path)
    files[4].unlink()
    volume = warned(tmp_path)
    assert volume.array.shape[0] == 5
    # 5 slices over 20 mm: the fourth lies at 12 mm and is put at 15 mm.
    found = row(volume, "missing slices")
    assert found.severity == "problem"
    assert "up to 3 mm" in found.done


def test_a_hole_that_cannot_be_seen_is_filled_from_the_damaged_headers(tmp_path):
    ramp = np.arange(7, dtype=np.uint16)[:, None, None] * 30 + stored_values((7, 5, 7))[0]
    for i, path in enumerate(write_series(tmp_path, ramp)):
        if i % 2:
            path.write_bytes(path.read_bytes()[:-20])
    volume = fixed(tmp_path)
    np.testing.assert_array_equal(volume.array, ramp.astype(int) - 1024)
    assert volume.grid.spacing[0] == pytest.approx(4.0)


def test_more_holes_than_slices_are_refused(tmp_path):
    places = [[*ORIGIN[:2], ORIGIN[2] + z] for z in (0, 1, 2, 3, 900)]
    write_series(tmp_path, stored_values((5, 5, 7)), places=places)
    with pytest.raises(errors.DicomError, match="would have to be interpolated"):
        read_dicom(tmp_path, on_problem="fix")


# --- uneven spacing -------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [AXIAL, (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)])
def test_uneven_spacing_is_resampled_along_the_normal(tmp_path, orientation):
    along = np.array([0.0, 3.0, 7.0, 9.0, 13.5, 16.0, 20.0])
    normal = np.cross(*np.reshape(orientation, (2, 3)))
    places = [list(np.array(ORIGIN) + a * normal) for a in along]
    # A linear function of the place: exact under linear interpolation.
    planes = np.round(100 * along)[:, None, None] + 3 * np.arange(7) + np.zeros((7, 5, 7))
    write_series(
        tmp_path, planes.astype(np.uint16), places=places, ImageOrientationPatient=list(orientation)
    )
    volume = fixed(tmp_path)
    step = volume.grid.spacing[0]
    assert step == pytest.approx(20 / (len(volume.array) - 1))
    expected = 100 * step * np.arange(len(volume.array)) - 1024
    np.testing.assert_allclose(volume.array[:, 2, 0], expected, atol=0.51)
    np.testing.assert_allclose(np.diff(volume.array, axis=2), 3, atol=1)
    corner = volume.grid.index_to_lps((len(volume.array) - 1, 0, 0))
    np.testing.assert_allclose(corner, places[-1], atol=1e-6)
    assert row(volume, "slice spacing").severity == "fixed"
    assert row(volume, "slice spacing").size_mm > 0.3


# --- gantry tilt ----------------------------------------------------------------------


def tilted_sphere(folder: Path, degrees: float, **tags) -> tuple[np.ndarray, float]:
    """Write a sphere scanned with a tilted gantry: planes are slanted against the table."""
    angle = np.radians(degrees)
    rows, columns, count = 90, 80, 60
    spacing, step, radius = 1.0, 1.5, 30.0
    normal = np.array([0.0, -np.sin(angle), np.cos(angle)])
    column = np.array([0.0, np.cos(angle), np.sin(angle)])
    centre = np.array([5.0, -8.0, 20.0])
    start = centre - [columns / 2, 0, step * count / 2] - column * rows / 2
    places = [list(start + np.array([0, 0, step * k])) for k in range(count)]
    x = start[0] + spacing * np.arange(columns)
    planes = []
    for place in places:
        base = np.array(place)[None, :] + np.outer(spacing * np.arange(rows), column)
        distance = np.sqrt(
            (x[None, :] - centre[0]) ** 2 + ((base[:, 1:] - centre[1:]) ** 2).sum(axis=1)[:, None]
        )
        planes.append(np.clip(1000 + 100 * (radius - distance), 24, 2024))
    assert normal @ column == pytest.approx(0)
    write_series(
        folder, np.rint(planes).astype(np.uint16), places=places,
        ImageOrientationPatient=[1.0, 0.0, 0.0, *column], PixelSpacing=[spacing, spacing], **tags,
    )  # fmt: skip
    return centre, 4 / 3 * np.pi * radius**3


@pytest.mark.parametrize(("degrees", "tag"), [(20.0, 20.0), (-15.0, 15.0), (12.0, 0.0)])
def test_tilted_sphere_keeps_volume_and_place(tmp_path, degrees, tag):
    # The tag is wrong in sign or value, as makers write it: positions decide.
    centre, size = tilted_sphere(tmp_path, degrees, GantryDetectorTilt=tag)
    with pytest.raises(errors.DicomError, match=f"{abs(degrees)} degrees"):
        read_dicom(tmp_path)
    volume = fixed(tmp_path)
    inside = volume.array > -24
    assert inside.sum() * volume.grid.voxel_volume == pytest.approx(size, rel=0.01)
    found = volume.grid.index_to_lps(ndimage.center_of_mass(inside))
    np.testing.assert_allclose(found, centre, atol=0.1)
    # Round in all directions: a sheared sphere is not.
    extent = np.array([np.ptp(np.nonzero(inside)[i]) + 1 for i in range(3)])
    np.testing.assert_allclose(extent * volume.grid.spacing, 60, atol=2.1)
    assert volume.array.min() == -1000
    assert row(volume, "gantry tilt").severity == "fixed"


def test_tilt_under_warn_says_how_far_slices_lie_off(tmp_path):
    tilted_sphere(tmp_path, 20.0)
    volume = warned(tmp_path)
    drift = 59 * 1.5 * np.sin(np.radians(20.0))
    assert f"up to {drift:.3g} mm" in row(volume, "gantry tilt").done


def test_slices_beside_the_stack_are_moved_to_their_places(tmp_path):
    places = positions(6)
    for i in (2, 3):
        places[i][0] += 1.0  # two columns to the left
        places[i][1] -= 0.8  # one row up
    write_series(tmp_path, places=places)
    volume = fixed(tmp_path)
    values = stored_values().astype(int) - 1024
    assert volume.array.shape == (6, 6, 9)
    np.testing.assert_array_equal(volume.array[0, 1:, :7], values[0])
    np.testing.assert_array_equal(volume.array[2, :5, 2:], values[2])
    for i, place in enumerate(places):
        index = volume.grid.lps_to_index(place)
        np.testing.assert_allclose(index, [i, 0 if i in (2, 3) else 1, 2 if i in (2, 3) else 0])
    outside = np.ones((6, 9), bool)
    outside[1:, :7] = False
    assert set(volume.array[0][outside]) == {-1000}


def test_slices_far_beside_are_refused(tmp_path):
    places = positions(6)
    places[2][0] += 500
    write_series(tmp_path, places=places)
    with pytest.raises(errors.DicomError, match="too far apart"):
        read_dicom(tmp_path, on_problem="fix")


# --- padding --------------------------------------------------------------------------


def padded(tmp_path: Path, **tags) -> np.ndarray:
    values = stored_values((6, 5, 7)).astype(np.int16) + 1000
    values[:, 0, :] = -2000
    write_series(tmp_path, values, PixelPaddingValue=-2000, **tags)
    return values


def test_padding_is_kept_unless_mending_is_asked_for(tmp_path):
    values = padded(tmp_path)
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, values - 1024)
    found = row(volume, "padding")
    assert (found.found, found.severity) == ("stored value -2000", "note")


def test_padding_becomes_air(tmp_path):
    values = padded(tmp_path)
    with pytest.warns(errors.DicomWarning, match="in 42 voxels. was set to -1000") as caught:
        volume = read_dicom(tmp_path, on_problem="fix")
    assert len(caught) == 1
    assert (volume.array[:, 0, :] == -1000).all()
    np.testing.assert_array_equal(volume.array[:, 1:], values[:, 1:] - 1024)
    assert "in 42 voxels" in row(volume, "padding").found


def test_padding_range_and_slope(tmp_path):
    values = stored_values((4, 5, 7)).astype(np.int16)
    values[:, 0, 0], values[:, 0, 1] = -120, -100
    write_series(
        tmp_path, values, PixelPaddingValue=-120, PixelPaddingRangeLimit=-100, RescaleSlope=0.5,
        RescaleIntercept=3, Modality="MR",
    )  # fmt: skip
    volume = read_dicom(tmp_path, on_problem="fix")
    # The smallest value that was measured, not one that marks padding.
    assert (volume.array[:, 0, :2] == values[values > -100].min() * 0.5 + 3).all()


def test_padding_never_bleeds_into_what_is_interpolated(tmp_path):
    values = np.full((6, 5, 7), 1024, np.int16)
    values[:, :, 0] = -2000
    values[3, 2, 3] = -2000
    files = write_series(tmp_path, values, PixelPaddingValue=-2000)
    files[2].unlink()
    volume = fixed(tmp_path)
    assert volume.array.min() == -1000
    assert volume.array[2, 2, 3] == -500  # half way between 0 and air, not padding


def test_padding_value_that_the_bits_cannot_hold_marks_nothing(tmp_path):
    values = stored_values((4, 5, 7)) + 2000
    write_series(tmp_path, values, BitsStored=12, HighBit=11, PixelPaddingValue=63536)
    volume = read_dicom(tmp_path, on_problem="fix")
    np.testing.assert_array_equal(volume.array, values.astype(int) - 1024)
    assert row(volume, "padding").found == "none declared"


def test_padding_never_bleeds_into_what_is_resampled(tmp_path):
    values = np.full((6, 5, 7), 1024, np.int16)
    values[:, :, :2] = -2000
    write_series(tmp_path, values, PixelPaddingValue=-2000)
    fine = resample(read_dicom(tmp_path), (2.0, 0.4, 0.25), method="linear")
    assert fine.array.min() == -1000
    assert fine.array.max() == 0
    assert row(fine, "padding").severity == "fixed"
    again = resample(fine, (4.0, 0.8, 0.5), method="linear")
    assert row(again, "padding") == row(fine, "padding")


# --- copies ---------------------------------------------------------------------------


def test_exact_copies_are_left_out(tmp_path):
    files = write_series(tmp_path)
    (tmp_path / "again").mkdir()
    for path in files[:4]:
        (tmp_path / "again" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(errors.DicomError, match="4 slices lie at the place of another"):
        read_dicom(tmp_path)
    volume = fixed(tmp_path)
    np.testing.assert_array_equal(volume.array, stored_values().astype(int) - 1024)
    assert row(volume, "duplicate positions").found == "4 exact copies of other files"


def test_duplicates_that_differ_are_never_mended(tmp_path):
    write_series(tmp_path)
    write_series(tmp_path, stored_values()[:2] + 5, names=["other0.dcm", "other1.dcm"])
    with pytest.raises(errors.DicomError) as caught:
        read_dicom(tmp_path, on_problem="fix")
    assert len(caught.value.details["files"]) == 2
    assert "other0.dcm" in caught.value.message
    volume = warned(tmp_path)
    assert volume.array.shape == (6, 5, 7)
    assert row(volume, "duplicate positions").severity == "problem"


def test_several_faults_at_once(tmp_path):
    places = [[*ORIGIN[:2], ORIGIN[2] + 4.0 * i] for i in range(9)]
    tilted = [1.0, 0.0, 0.0, 0.0, float(np.cos(0.2)), float(np.sin(0.2))]
    files = write_series(
        tmp_path, stored_values((9, 5, 7)), places=places, ImageOrientationPatient=tilted
    )
    files[4].unlink()
    volume = fixed(tmp_path)
    assert volume.array.shape[0] == 9
    assert volume.grid.spacing[0] == pytest.approx(4 * np.cos(0.2))
    assert {r.check for r in volume.qc if r.severity == "fixed"} == {
        "missing slices",
        "gantry tilt",
    }
