"""NIfTI files that are damaged or lie, and SimpleITK beside those that do not."""

from __future__ import annotations

import gzip
import tracemalloc

import nibabel
import numpy as np
import pytest
from nifti_factory import ENDINGS, RAS, patch, row, save, scan_on

from medvoxel import Grid, errors, read_nifti, write_nifti

# --- bad input ------------------------------------------------------------------------


def test_voxels_without_value_are_told(tmp_path):
    values = np.ones((3, 4, 5), np.float32)
    values[0, 1, 2] = values[2, 0, 0] = np.nan
    save(tmp_path / "holes.nii", values, np.eye(4))
    with pytest.warns(errors.MedvoxelWarning, match=r"2 of 60 voxels of holes\.nii") as caught:
        scan = read_nifti(tmp_path / "holes.nii")
    assert "x[!is.finite(x)] <- value" in caught[0].message.hint
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(scan.array.T, values)


def test_infinite_voxels_are_told(tmp_path):
    values = np.ones((3, 4, 5), np.float32)
    values[0, 1, 2], values[0, 1, 3], values[2, 0, 0] = np.inf, -np.inf, np.nan
    save(tmp_path / "a.nii", values, np.eye(4))
    with pytest.warns(errors.MedvoxelWarning, match=r"3 of 60 voxels.*\(NaN and infinite\)"):
        scan = read_nifti(tmp_path / "a.nii")
    assert row(scan, "voxels without value").severity == "problem"
    assert "3 of 60" in row(scan, "voxels without value").found


def test_ordinary_values_are_not_called_missing(tmp_path, recwarn):
    save(tmp_path / "whole.nii", np.full((3, 4, 5), 3e38, np.float32), np.eye(4))
    scan = read_nifti(tmp_path / "whole.nii")
    assert recwarn.list == []
    assert row(scan, "voxels without value").severity == "ok"


def test_scale_that_leads_to_infinity(tmp_path, recwarn):
    save(tmp_path / "a.nii", np.full((3, 4, 5), 3e38, np.float32), np.eye(4))
    patch(tmp_path / "a.nii", 112, np.array([1000, 0], "<f4"))
    with pytest.warns(errors.MedvoxelWarning, match="60 of 60 voxels"):
        read_nifti(tmp_path / "a.nii")
    assert not [w for w in recwarn.list if issubclass(w.category, RuntimeWarning)]


def test_missing_file_and_other_formats(tmp_path):
    with pytest.raises(errors.FileFormatError, match="no file"):
        read_nifti(tmp_path / "a.nii")
    (tmp_path / "a.dcm").write_bytes(b"x" * 500)
    with pytest.raises(errors.FileFormatError, match="not named as a NIfTI file") as caught:
        read_nifti(tmp_path / "a.dcm")
    assert "read_dicom()" in caught.value.hint


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"not an image " * 100])
def test_text_is_no_image(tmp_path, ending, content):
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nifti(path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.99])
def test_file_cut_short(tmp_path, ending, keep, rng):
    path = tmp_path / f"a{ending}"
    save(path, rng.integers(0, 1000, (20, 30, 40)).astype(np.int16), np.eye(4))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nifti(path)


def test_compressed_file_with_wrong_bytes(tmp_path, rng):
    path = tmp_path / "a.nii.gz"
    save(path, rng.integers(0, 1000, (20, 30, 40)).astype(np.int16), np.eye(4))
    patch(path, 3000, np.zeros(100, np.uint8))
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nifti(path)


def test_colours_and_complex_numbers(tmp_path):
    colours = np.zeros((2, 3, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    for array in (colours, np.zeros((2, 3, 4), np.complex64)):
        save(tmp_path / "a.nii", array, np.eye(4))
        with pytest.raises(errors.FileFormatError, match="not grey values"):
            read_nifti(tmp_path / "a.nii")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("length", [600, 32767])
def test_header_that_asks_for_too_much(tmp_path, ending, length):
    """What the file cannot hold is refused before there is room made for it."""
    path = tmp_path / "a.nii"
    save(path, np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(path, 42, np.full(3, length, "<i2"))  # dim
    if ending == ".nii.gz":
        (tmp_path / "a.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
    tracemalloc.start()
    with pytest.raises(errors.FileFormatError, match=r"asks for [\d,]+ MB"):
        read_nifti(tmp_path / f"a{ending}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_unpacking_stays_within_what_was_asked(tmp_path):
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.eye(4))
    bomb = gzip.compress((tmp_path / "a.nii").read_bytes() + bytes(64 << 20), 9)
    (tmp_path / "a.nii.gz").write_bytes(bomb)
    tracemalloc.start()
    assert not read_nifti(tmp_path / "a.nii.gz").array.any()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("start", [np.nan, np.inf, -1e30, 1e30, 3.0])
def test_voxels_that_start_nowhere(tmp_path, start):
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(tmp_path / "a.nii", 108, np.array([start], "<f4"))
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nifti(tmp_path / "a.nii")


@pytest.mark.parametrize("dims", [(3, 0, 3, 4), (3, -2, 3, 4), (0, 2, 3, 4), (9, 2, 3, 4)])
def test_axes_without_voxels(tmp_path, dims):
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(tmp_path / "a.nii", 40, np.array(dims, "<i2"))
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nifti(tmp_path / "a.nii")


def test_half_of_a_pair(tmp_path):
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(tmp_path / "a.nii", 344, np.frombuffer(b"ni1\0", np.uint8))
    with pytest.raises(errors.FileFormatError, match="pair of files"):
        read_nifti(tmp_path / "a.nii")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.filterwarnings("ignore::medvoxel.errors.MedvoxelWarning")
def test_mutated_files_fail_in_a_known_way(tmp_path, ending, rng):
    write_nifti(scan_on(Grid((4, 5, 6))), tmp_path / f"a{ending}")
    whole = (tmp_path / f"a{ending}").read_bytes()
    path, outcomes = tmp_path / f"b{ending}", set()
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(0, min(len(content), 352), 3):
            content[place] = rng.integers(0, 256)
        path.write_bytes(content[: rng.integers(1, 2 * len(content))])
        try:
            read_nifti(path)
            outcomes.add("read")
        except errors.MedvoxelError:
            outcomes.add("refused")
    assert "refused" in outcomes
    assert ending == ".nii.gz" or "read" in outcomes


def test_voxel_size_zero(tmp_path):
    path = tmp_path / "a.nii"
    save(path, np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(path, 280, np.zeros(12, "<f4"))  # the three rows of the sform
    with pytest.raises(errors.GeometryError, match="no voxel size"):
        read_nifti(path)


# --- against SimpleITK ----------------------------------------------------------------


def test_simpleitk_reads_what_was_written(tmp_path, any_grid):
    sitk = pytest.importorskip("SimpleITK")
    scan = scan_on(any_grid)
    write_nifti(scan, tmp_path / "a.nii.gz")
    image = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), scan.array)
    np.testing.assert_allclose(image.GetSpacing(), any_grid.spacing[::-1], rtol=1e-5)
    np.testing.assert_allclose(image.GetOrigin(), any_grid.origin, atol=1e-4)
    np.testing.assert_allclose(
        np.reshape(image.GetDirection(), (3, 3)), any_grid.direction, atol=1e-5
    )


def test_real_images_equal_nibabel(test_data):
    names = ["CT_image", "MR_T1_mask", "PET_image"]
    paths = [test_data("leg-ct-mr", "nifti", f"{name}.nii.gz") for name in names]
    paths.append(test_data("hippocampus", "images", "hippocampus_075.nii.gz"))
    for path in paths:
        scan, image = read_nifti(path), nibabel.load(path)
        np.testing.assert_array_equal(scan.array.T, image.get_fdata())
        np.testing.assert_allclose(RAS @ scan.grid.affine, image.affine, atol=1e-4)
