"""The traps of reading DICOM into which other tools fell, one test or more for each.

The numbers are those of the project's list of traps, part A; part B is in
test_geometry_traps.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from conftest import build_grid
from dicom_factory import (
    MR,
    ORIGIN,
    SPACING,
    dataset,
    positions,
    stored_values,
    write_enhanced,
    write_series,
    write_structure_set,
)
from pydicom.uid import generate_uid
from scipy import ndimage

import medvoxel as mv
from medvoxel import Volume, errors

HU = stored_values().astype(int) - 1024


def quality(volume: Volume, check: str) -> mv.QualityCheck:
    return next(row for row in volume.qc if row.check == check)


def mended(path: Path) -> Volume:
    with pytest.warns(errors.DicomWarning, match="was mended"):
        return mv.read_dicom(path, on_problem="fix")


# --- A: DICOM -------------------------------------------------------------------------


def test_a01_order_of_files_and_instance_numbers_is_no_order_of_slices(tmp_path):
    write_series(tmp_path / "plain")
    names = [f"IM{n}" for n in (30, 4, 100, 22, 1, 5)]
    each = [{"InstanceNumber": 6 - i, "SliceLocation": -i} for i in range(6)]
    write_series(tmp_path / "shuffled", names=names, each=each)
    plain, shuffled = (mv.read_dicom(tmp_path / name) for name in ("plain", "shuffled"))
    np.testing.assert_array_equal(shuffled.array, HU)
    np.testing.assert_array_equal(shuffled.array, plain.array)
    np.testing.assert_array_equal(shuffled.grid.affine, plain.grid.affine)


@pytest.mark.parametrize("step", [4.0, -4.0])
@pytest.mark.parametrize("kind", ["plain", "oblique", "sagittal"])
def test_a02_no_scan_is_mirrored(tmp_path, kind, step):
    direction = build_grid(kind).direction
    cosines = [round(float(v), 12) for v in direction[:, :2].T.ravel()]
    places = positions(6, orientation=cosines, step=step)
    write_series(tmp_path, places=places, ImageOrientationPatient=cosines)
    scan = mv.read_dicom(tmp_path)
    row, column = np.reshape(cosines, (2, 3))
    for k in (0, 5):
        # Which voxel has this value is known, and by PS3.3, C.7.6.2.1.1 where it lies.
        for i, j in ((0, 0), (4, 0), (0, 6), (4, 6)):
            where = np.argwhere(scan.array == HU[k, i, j])
            expected = np.array(places[k]) + row * 0.5 * j + column * 0.8 * i
            np.testing.assert_allclose(scan.grid.index_to_lps(where[0]), expected, atol=1e-6)


def test_a03_spacing_is_not_the_thickness(tmp_path):
    tags = {"SliceThickness": 5, "SpacingBetweenSlices": -5}
    write_series(tmp_path, places=positions(6, step=2.5), **tags)
    scan = mv.read_dicom(tmp_path)
    assert scan.grid.spacing[0] == 2.5
    assert quality(scan, "slice thickness").severity == "note"
    assert mv.list_series(tmp_path)[0].spacing[0] == 2.5


def test_a04_a_missing_slice_does_not_squeeze_the_scan(tmp_path):
    ramp = np.arange(8, dtype=np.uint16)[:, None, None] * 60 + stored_values((8, 5, 7))[0]
    write_series(tmp_path, ramp)[3].unlink()
    with pytest.raises(errors.DicomError, match="1 slice is missing"):
        mv.read_dicom(tmp_path)
    scan = mended(tmp_path)
    np.testing.assert_array_equal(scan.array, ramp.astype(int) - 1024)
    assert [s.slice for s in mv.slice_files(scan) if s.file is None] == [3]
    assert quality(scan, "missing slices").severity == "fixed"


def test_a05_two_images_at_one_place_are_split_or_refused(tmp_path):
    places = [place for place in positions(6) for _ in range(2)]
    echoes = [{"EchoTime": 2.0 + i % 2} for i in range(12)]
    array = stored_values((12, 5, 7))
    write_series(tmp_path / "echoes", array, places=places, each=echoes, **MR)
    assert [row.slices for row in mv.list_series(tmp_path / "echoes")] == [6, 6]
    second = mv.read_dicom(tmp_path / "echoes", series=1)
    np.testing.assert_array_equal(second.array, array[1::2].astype(int) - 1024)
    write_series(tmp_path / "same", array, places=places, **MR)
    with pytest.raises(errors.DicomError) as caught:
        mv.read_dicom(tmp_path / "same", on_problem="fix")
    assert caught.value.details["files"] == [f"slice{i:03d}.dcm" for i in range(1, 12, 2)]


def test_a06_uneven_spacing_is_resampled_along_the_normal(tmp_path):
    along = np.array([0.0, 2.0, 5.0, 7.0, 10.0, 12.0])
    places = [[*ORIGIN[:2], ORIGIN[2] + a] for a in along]
    planes = np.broadcast_to((1024 + 10 * along)[:, None, None], (6, 5, 7))
    write_series(tmp_path, planes.astype(np.uint16), places=places)
    with pytest.raises(errors.DicomError, match="varies from 2 to 3 mm"):
        mv.read_dicom(tmp_path)
    scan = mended(tmp_path)
    heights = scan.grid.index_to_lps([[k, 0, 0] for k in range(len(scan.array))])[:, 2]
    np.testing.assert_allclose(scan.array[:, 2, 3], 10 * (heights - ORIGIN[2]), atol=0.5)
    assert heights[-1] == pytest.approx(ORIGIN[2] + 12)
    # On an even grid of the same slices, the worst lies 0.6 mm off: 3 * 2.4 against 7.
    assert quality(scan, "slice spacing").size_mm == pytest.approx(0.6, abs=0.21)


def test_a07_a_tilted_gantry_is_sheared_back(tmp_path):
    # Slices of 0.8 x 0.5 mm, whose normal is 18 degrees off the way of the table.
    angle = np.radians(18)
    column = np.array([0.0, np.cos(angle), np.sin(angle)])
    centre, radius, step = np.array([3.0, -7.0, 11.0]), 16.0, 1.25
    start = centre - [24.0, 0, 20 * step] - column * 28
    places = [start + np.array([0, 0, step * k]) for k in range(40)]
    x, y = 0.5 * np.arange(96), 0.8 * np.arange(70)
    planes = [
        radius - np.linalg.norm(
            p + y[:, None, None] * column + x[None, :, None] * np.array([1.0, 0, 0]) - centre,
            axis=-1,
        )
        for p in places
    ]  # fmt: skip
    stored = np.clip(np.rint(1024 + 100 * np.array(planes)), 24, 4000).astype(np.uint16)
    write_series(
        tmp_path, stored, places=[[float(v) for v in p] for p in places],
        ImageOrientationPatient=[1.0, 0.0, 0.0, *map(float, column)], GantryDetectorTilt=-18,
    )  # fmt: skip
    scan = mended(tmp_path)
    inside = scan.array >= 0
    size = inside.sum() * scan.grid.voxel_volume
    assert size == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)
    found = scan.grid.index_to_lps(ndimage.center_of_mass(inside))
    np.testing.assert_allclose(found, centre, atol=0.01 * radius)


def test_a08_padding_is_air_before_anything_is_interpolated(tmp_path):
    values = np.full((6, 5, 7), 1024 + 50, np.int16)
    values[:, :, :2] = -2000
    write_series(tmp_path, values, PixelPaddingValue=-2000)[2].unlink()
    scan = mended(tmp_path)
    assert set(np.unique(scan.array)) == {-1000, 50}
    assert (scan.array[:, :, :2] == -1000).all()


def test_a09_each_file_has_its_own_slope(tmp_path):
    hounsfield = np.arange(0, 6 * 35 * 4, 4).reshape(6, 5, 7)
    slopes = (1, 2, 0.5, 4, 1, 2)
    stored = np.array([plane / slope + 8 for plane, slope in zip(hounsfield, slopes, strict=True)])
    each = [{"RescaleSlope": s, "RescaleIntercept": -8 * s} for s in slopes]
    write_series(tmp_path, stored.astype(np.uint16), each=each)
    scan = mv.read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, hounsfield)
    assert quality(scan, "slope and intercept").severity == "note"


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32])
@pytest.mark.parametrize("intercept", [-1024, 1024])
def test_a10_no_value_wraps_round(tmp_path, dtype, intercept):
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.max, 0, 1], dtype).reshape(1, 2, 2)
    write_series(tmp_path, np.concatenate([values, values]), RescaleIntercept=intercept)
    expected = values[0].astype(np.int64) + intercept
    scan = mv.read_dicom(tmp_path)
    # Single precision beyond 32 bits: what cannot be held exactly is rounded, not wrapped.
    np.testing.assert_allclose(scan.array[0].astype(float), expected, rtol=1e-7)
    if np.abs(expected).max() < 2**31:
        np.testing.assert_array_equal(scan.array[0].astype(np.int64), expected)


@pytest.mark.parametrize("packed", ["native", "jpeg-2000", "jpeg-2000, sign of the file"])
@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_a11_sign_and_bits(tmp_path, signed, bits, packed):
    low = -(1 << (bits - 1)) if signed else 0
    values = low + np.arange(3 * 64 * 64).reshape(3, 64, 64) % (1 << bits)
    values[0, 0, :2] = low, low + (1 << bits) - 1
    stored = values.astype(np.int16 if signed else np.uint16)
    other = packed.endswith("file")
    if other:  # the stream does not know of the sign
        stored = (stored.view(np.uint16) & np.uint16((1 << bits) - 1)).astype(np.uint16)
    tags = {"BitsStored": bits, "HighBit": bits - 1, "RescaleIntercept": 0}
    for path in write_series(tmp_path, stored, **tags):
        data = pydicom.dcmread(path)
        if packed != "native":
            data.compress(pydicom.uid.JPEG2000Lossless)
        data.PixelRepresentation = int(signed)
        data.save_as(path)
    np.testing.assert_array_equal(mv.read_dicom(tmp_path).array, values)


@pytest.mark.parametrize("signed", [False, True])
def test_a12_overlays_in_the_high_bits_are_no_values(tmp_path, signed):
    values = stored_values() - 100 * signed
    stored = (values.astype(np.int16).view(np.uint16) & 0x0FFF) | (stored_values() % 16 << 12)
    stored = stored.astype(np.uint16).view(np.int16 if signed else np.uint16)
    write_series(tmp_path, stored, BitsStored=12, HighBit=11, RescaleIntercept=0)
    expected = values.astype(np.int16) if signed else values
    np.testing.assert_array_equal(mv.read_dicom(tmp_path).array, expected)


def test_a13_monochrome1_changes_no_value(tmp_path):
    write_series(tmp_path, PhotometricInterpretation="MONOCHROME1")
    scan = mv.read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, HU)
    assert scan.info["photometric"] == "MONOCHROME1"
    assert quality(scan, "photometric interpretation").severity == "problem"


@pytest.mark.parametrize(
    "syntax", ["RLELossless", "JPEGLSLossless", "JPEG2000Lossless", "JPEGLosslessSV1"]
)
def test_a14_every_compression_is_read(tmp_path, syntax):
    values = (stored_values((3, 64, 64)) * 7 % 4096).astype(np.uint16)
    uid = getattr(pydicom.uid, syntax)
    for path in write_series(tmp_path, values, BitsStored=12, HighBit=11):
        data = pydicom.dcmread(path)
        if syntax == "JPEGLosslessSV1":
            codecs = pytest.importorskip("imagecodecs")
            stream = codecs.ljpeg_encode(data.pixel_array, bitspersample=12)
            data.PixelData = pydicom.encaps.encapsulate([stream])
            data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
            data.file_meta.TransferSyntaxUID = uid
        else:
            data.compress(uid)
        data.save_as(path)
    scan = mv.read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, values.astype(int) - 1024)
    assert quality(scan, "transfer syntax").found == uid.name


def test_a14_what_cannot_be_decoded_is_named(tmp_path):
    for path in write_series(tmp_path, stored_values((3, 64, 64))):
        data = pydicom.dcmread(path)
        data.compress(pydicom.uid.RLELossless)
        data.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
        data.save_as(path)
    with pytest.raises(errors.MedvoxelError, match="MPEG2"):
        mv.read_dicom(tmp_path)


def test_a15_frames_lie_where_they_say_and_not_where_they_are_counted(tmp_path):
    order = [3, 0, 5, 1, 4, 2]
    places = positions(6)
    content = [
        {"StackID": "1", "InStackPositionNumber": 6 - i, "DimensionIndexValues": [1, 6 - i]}
        for i in range(6)
    ]
    write_enhanced(
        tmp_path / "a.dcm", stored_values()[order], places=[places[i] for i in order],
        rescale=[(1, -1024)] * 6, content=content,
    )  # fmt: skip
    scan = mv.read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.array, HU)
    assert scan.grid.spacing == pytest.approx(SPACING)
    assert [s.frame for s in mv.slice_files(scan)] == [order.index(k) for k in range(6)]


def test_a16_what_is_no_scan_is_listed_and_left_out(tmp_path, recwarn):
    write_series(tmp_path, ConvolutionKernel="B60f")
    localizer = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesInstanceUID": "1.2.3"}
    write_series(tmp_path, np.zeros((1, 90, 90), np.uint16), names=["scout.dcm"], **localizer)
    capture = dataset(
        np.zeros((60, 60), np.uint8), SOPClassUID="1.2.840.10008.5.1.4.1.1.7",
        SeriesInstanceUID="1.2.4", ImagePositionPatient=None, ImageOrientationPatient=None,
        PixelSpacing=None,
    )  # fmt: skip
    capture.save_as(tmp_path / "capture.dcm", enforce_file_format=True)
    write_structure_set(tmp_path / "dose-report.dcm")
    rows = {row.kind: row for row in mv.list_series(tmp_path)}
    assert sorted(rows) == ["localizer", "not an image", "secondary capture", "volume"]
    volume = rows["volume"]
    assert (volume.slices, volume.columns, volume.rows, volume.kernel) == (6, 7, 5, "B60f")
    assert volume.spacing == pytest.approx(SPACING)
    np.testing.assert_array_equal(mv.read_dicom(tmp_path).array, HU)
    assert not recwarn.list


def test_a16_the_largest_volume_is_chosen_and_said(tmp_path):
    write_series(tmp_path)
    write_series(tmp_path / "b", stored_values((9, 5, 7)), SeriesInstanceUID=generate_uid())
    with pytest.warns(errors.DicomWarning, match="the largest was read"):
        assert len(mv.read_dicom(tmp_path).array) == 9


def test_a17_pixel_spacing_names_the_distance_of_rows_first(tmp_path):
    write_series(tmp_path, PixelSpacing=[0.5, 0.8])
    grid = mv.read_dicom(tmp_path).grid
    assert grid.spacing[1:] == (0.5, 0.8)  # (rows, columns)
    np.testing.assert_allclose(grid.index_to_lps((0, 1, 0)) - ORIGIN, [0, 0.5, 0], atol=1e-9)
    np.testing.assert_allclose(grid.index_to_lps((0, 0, 1)) - ORIGIN, [0.8, 0, 0], atol=1e-9)


def test_a18_the_caller_says_whether_to_refuse_mend_or_pass_over(tmp_path):
    write_series(tmp_path)[2].unlink()
    with pytest.raises(errors.DicomError):
        mv.read_dicom(tmp_path)
    assert len(mended(tmp_path).array) == 6
    with pytest.warns(errors.DicomWarning, match="as if it were a regular volume"):
        passed = mv.read_dicom(tmp_path, on_problem="warn")
    assert len(passed.array) == 5
    assert quality(passed, "missing slices").severity == "problem"
