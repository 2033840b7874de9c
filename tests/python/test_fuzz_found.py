"""Faults that hostile files brought to light, each as a file of its own that is small."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from dicom_factory import MR, ORIGIN, positions, stored_values, write_enhanced, write_series
from pydicom.uid import ExplicitVRBigEndian

from medvoxel import errors, list_series, read_dicom

HU = stored_values().astype(int) - 1024


def enhanced(path: Path, **arguments) -> Path:
    write_enhanced(
        path, stored_values(),
        **{"places": positions(6), "rescale": [(1, -1024)] * 6, **arguments},
    )  # fmt: skip
    return path


def replace_bytes(path: Path, old: bytes, new: bytes) -> None:
    """Change what stands in a file once, or in each of its frames."""
    content = path.read_bytes()
    assert len(old) == len(new)
    assert old in content
    path.write_bytes(content.replace(old, new))


def require_refused(path: Path, **arguments) -> None:
    """Refuse with a classed error, in the list too where that cannot tell."""
    with pytest.raises(errors.MedvoxelError):
        read_dicom(path, **arguments)
    try:
        list_series(path)
    except errors.MedvoxelError:
        return


def refused_or_said(path: Path) -> bool:
    """Whether a file is refused, or read with a problem in its quality table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.MedvoxelWarning)
        try:
            volume = read_dicom(path)
        except errors.MedvoxelError:
            return True
    return any(row.severity == "problem" for row in volume.qc)


@pytest.mark.parametrize("on_problem", ["error", "fix", "warn"])
@pytest.mark.parametrize("row", [["1e308", "0", "0"], ["1e308"] * 3, ["-1e308"] * 3])
def test_directions_that_overflow(tmp_path, row, on_problem):
    write_series(tmp_path, places=positions(6), ImageOrientationPatient=row + row[::-1])
    require_refused(tmp_path, on_problem=on_problem)


def test_pixels_of_absurd_size_are_numbers_or_refused(tmp_path):
    write_series(tmp_path / "small", PixelSpacing=["1e-308", "1e-308"])
    assert np.isfinite(read_dicom(tmp_path / "small").grid.affine).all()
    write_series(tmp_path / "large", PixelSpacing=["1e308", "1e308"])
    require_refused(tmp_path / "large")


@pytest.mark.parametrize("on_problem", ["error", "fix", "warn"])
@pytest.mark.parametrize("far", ["1e300", "1e308", "-1e308"])
def test_positions_that_overflow(tmp_path, far, on_problem):
    places = positions(6)
    places[5] = [far, far, far]
    write_series(tmp_path, places=places)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", errors.MedvoxelWarning)
        list_series(tmp_path)
        try:
            volume = read_dicom(tmp_path, on_problem=on_problem)
        except errors.MedvoxelError:
            return
        assert np.isfinite(volume.grid.affine).all()


@pytest.mark.parametrize("tags", [{"RescaleSlope": "1e308"}, {"RescaleIntercept": "-1e308"}])
def test_values_that_overflow_are_refused_or_said(tmp_path, tags):
    write_series(tmp_path, **tags)
    assert refused_or_said(tmp_path)


@pytest.mark.parametrize("bad", ["nan", "inf", "1e999"])
@pytest.mark.parametrize("what", ["slope", "place"])
def test_frames_with_numbers_that_are_none(tmp_path, what, bad):
    path = enhanced(
        tmp_path / "a.dcm", rescale=[(1.03125, 7)] * 6,
        places=[[ORIGIN[0], ORIGIN[1], 1000 + 4.5 * i] for i in range(6)],
    )  # fmt: skip
    old = b"1.03125" if what == "slope" else b"1009.0"
    replace_bytes(path, old, bad.encode().ljust(len(old)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        require_refused(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x20\x00\x13\x91SQ", b"\x20\x00\x13\x91US"),  # a sequence that is a number
        (b"\x28\x00\x45\x91SQ", b"\x28\x00\x45\x91LO"),  # a sequence that is a text
        (b"\x28\x00\x53\x10DS", b"\x28\x00\x53\x10SQ"),  # a number that is a sequence
        pytest.param(b"\x20\x00\x32\x00DS", b"\x20\x00\x32\x00ZZ", id="no type"),
        pytest.param(b"\x20\x00\x32\x00DS", b"\x20\x00\x32\x00FD", id="cut short"),
    ],
)
def test_frames_whose_groups_are_broken(tmp_path, old, new):
    replace_bytes(enhanced(tmp_path / "a.dcm"), old, new)
    require_refused(tmp_path)


def test_slightly_wrong_files_bring_no_warnings_of_other_packages(tmp_path):
    # As seen in the wild: a text that is not in the character set that the file names.
    content = [{"StackID": "étage", "InStackPositionNumber": 1 + i} for i in range(6)]
    path = enhanced(tmp_path / "a.dcm", content=content)
    replace_bytes(path, "étage".encode(), b"\xe9\xe9tage")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_dicom(tmp_path).array, HU)


def test_a_transfer_syntax_that_is_none_is_refused_without_noise(tmp_path):
    for path in write_series(tmp_path):
        replace_bytes(path, b"1.2.840.10008.1.2.1\0", b"1.2.840.1x008.1.2.1\0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(errors.MedvoxelError):
            read_dicom(tmp_path)


# --- accepted, and wrong --------------------------------------------------------------


@pytest.mark.parametrize("tags", [{"Columns": 6}, {"Rows": 2}, {"Columns": 5, "Rows": 3}])
def test_more_pixels_than_the_header_asks_for_are_said(tmp_path, tags):
    # The rows of such an image are cut at the wrong places: it is sheared or a part of one.
    write_series(tmp_path, **tags)
    assert refused_or_said(tmp_path)


@pytest.mark.parametrize("value", [None, 2, 257, 65535])
def test_a_sign_that_is_not_given_is_not_guessed(tmp_path, value):
    # Signed values taken for unsigned ones: air is bone, and nobody is told.
    values = (stored_values() - 100).astype(np.int16)
    write_series(tmp_path, values, PixelRepresentation=value, RescaleIntercept=0)
    assert refused_or_said(tmp_path)


def test_padding_that_no_voxel_can_hold_marks_none(tmp_path):
    # 40000 * 2 is 14464 when 16 bits wrap round, which is a value of this scan.
    values = stored_values() + 7100
    assert 14464 in values * 2
    write_series(
        tmp_path, values, PixelPaddingValue=40000, RescaleSlope=2, RescaleIntercept=0,
        Modality="MR",
    )  # fmt: skip
    volume = read_dicom(tmp_path, on_problem="fix")
    np.testing.assert_array_equal(volume.array, values.astype(int) * 2)


def test_b_values_are_named_in_any_byte_order(tmp_path):
    places = [place for place in positions(3) for _ in range(2)]
    write_series(
        tmp_path, places=places, each=[{"DiffusionBValue": 1000.0 * (i % 2)} for i in range(6)],
        syntax=ExplicitVRBigEndian, **MR,
    )  # fmt: skip
    assert [row.part for row in list_series(tmp_path)] == ["b-value 0", "b-value 1000"]


def test_every_second_file_is_beyond_reading(tmp_path):
    # What remains is even: without the lost slices, the spacing would be twice what it is.
    for path in write_series(tmp_path, stored_values((7, 5, 7)))[1::2]:
        path.write_bytes(path.read_bytes()[:400])
    try:
        with pytest.warns(errors.DicomWarning, match="3 damaged files were left out"):
            volume = read_dicom(tmp_path)
    except errors.DicomError:
        return
    rows = {row.check: row for row in volume.qc}
    assert rows["damaged files"].severity == "problem"
    assert "gaps between slices" in rows["slice thickness"].found


def test_a_segmentation_with_two_transfer_syntaxes(tmp_path):
    from test_fuzz import segmentation_file

    from medvoxel import read_segmentation

    segmentation_file(tmp_path)
    replace_bytes(tmp_path / "seg.dcm", b"1.2.840.10008.1.2.1\0", b"1.2.840\\10008.1.2.1\0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(errors.MedvoxelError):
            read_segmentation(tmp_path / "seg.dcm")
