"""Real series against the NIfTI beside them and against SimpleITK's reader."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from medvoxel import errors, read_dicom, read_nifti
from medvoxel.volume import Volume

VARIANTS = [
    "anatomical/001",
    "anatomical/001_implicit",
    "anatomical/002_non_isotropic",
    "compressed/001",
    "compressed_j2k/001",
    "compressed_jpeg/001",
    "compressed_jpegls/001",
    "compressed_rle/001",
    "enhanced-philips/001",
    "enhanced-philips/001_implicit",
    "failing/slicecount/001",
]
SERIES = [
    ("leg-ct-mr", "ct-dicom", "image"),
    ("leg-ct-mr", "mr-dicom", "image"),
    ("ct-trunk", "dicom"),
    ("pelvis-ct", "dicom"),
]


def placed_values(affine_lps: np.ndarray, array: np.ndarray) -> np.ndarray:
    """Values in the order of patient axes, whatever the order and sense of the array axes.

    nibabel does the turning, so no code of medvoxel takes part.
    """
    image = nibabel.Nifti1Image(array.T.astype(np.float64), np.diag([-1, -1, 1, 1]) @ affine_lps)
    return nibabel.as_closest_canonical(image)


def assert_same_as_nifti(scan: Volume, path: Path, *, tolerance: float = 0.0) -> None:
    ours = placed_values(scan.grid.affine, scan.array)
    truth = nibabel.load(path)
    if truth.ndim == 4:
        truth = truth.slicer[..., 0]
    truth = nibabel.as_closest_canonical(truth)
    np.testing.assert_allclose(ours.affine, truth.affine, atol=1e-3)
    np.testing.assert_allclose(ours.get_fdata(), truth.get_fdata(), rtol=tolerance, atol=0)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_leg_equals_the_nifti_beside_it(test_data, modality):
    scan = read_dicom(test_data("leg-ct-mr", f"{modality.lower()}-dicom", "image"))
    name = {"CT": "CT_image.nii.gz", "MR": "MR_T1_image.nii.gz"}[modality]
    assert_same_as_nifti(scan, test_data("leg-ct-mr", "nifti", name))
    assert scan.array.dtype == np.int16
    assert scan.unit == {"CT": "HU", "MR": "stored values"}[modality]
    again = read_nifti(test_data("leg-ct-mr", "nifti", name))
    assert again.grid.same_as(scan.grid)
    np.testing.assert_array_equal(again.array, scan.array)


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_equals_its_ground_truth(test_data, name):
    scan = read_dicom(test_data("dicom-variants", *name.split("/")))
    truth = test_data("dicom-variants", *f"{name}_ground_truth.nii.gz".split("/"))
    # Slopes of MR with fractions are single precision here, double in some of the truths.
    whole = scan.array.dtype.kind == "i"
    assert_same_as_nifti(scan, truth, tolerance=0.0 if whole else 1e-6)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("gantrytilting/001", "gantry_tilt"),
        ("notavolume/001", "not_a_volume"),
        ("sliceincrement/001", "missing_slices"),
        ("sliceincrement/002", "gantry_tilt"),
    ],
)
def test_failing_variant_is_refused_with_its_reason(test_data, name, problem):
    with pytest.raises(errors.DicomError) as caught:
        read_dicom(test_data("dicom-variants", "failing", *name.split("/")))
    assert caught.value.details["problems"][0] == problem


def test_mixed_orientation_variant_is_refused(test_data):
    with pytest.raises(errors.DicomError, match="mixes 2 stacks"):
        read_dicom(test_data("dicom-variants", "failing", "sliceorientation", "001"))


def test_trunk_lies_on_the_grid_of_its_labels(test_data):
    scan = read_dicom(test_data("ct-trunk", "dicom"))
    assert scan.grid.spacing[0] == 2.0
    assert scan.info["slice_thickness"] == 3.0
    labels = read_nifti(test_data("ct-trunk", "labels_117_classes.nii.gz"))
    # The labels run the other way along rows; the boxes must be the same.
    assert labels.grid.shape == scan.grid.shape
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in scan.grid.shape])).reshape(3, -1).T
    ours, theirs = scan.grid.index_to_lps(corners), labels.grid.index_to_lps(corners)
    np.testing.assert_allclose(ours.min(axis=0), theirs.min(axis=0), atol=1e-3)
    np.testing.assert_allclose(ours.max(axis=0), theirs.max(axis=0), atol=1e-3)


def test_pelvis_lies_on_the_grid_of_its_mask(test_data):
    scan = read_dicom(test_data("pelvis-ct", "dicom"))
    mask = read_nifti(test_data("pelvis-ct", "humanct_0002_1000_1004_seg.nii.gz"))
    assert mask.grid.same_as(scan.grid)
    assert scan.array[mask.array > 0].mean() > -200  # soft tissue, not air


@pytest.mark.parametrize("parts", SERIES)
def test_against_simpleitk(test_data, parts):
    sitk = pytest.importorskip("SimpleITK")
    folder = test_data(*parts)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    scan = read_dicom(folder)
    np.testing.assert_array_equal(scan.array, sitk.GetArrayViewFromImage(image))
    for corner in np.array(np.meshgrid(*[(0, n - 1) for n in scan.grid.shape])).reshape(3, -1).T:
        place = image.TransformIndexToPhysicalPoint([int(i) for i in corner[::-1]])
        np.testing.assert_allclose(scan.grid.index_to_lps(corner), place, atol=1e-3)
