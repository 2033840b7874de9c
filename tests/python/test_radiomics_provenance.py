"""What a row was made from, against what pyradiomics wrote beside its baselines."""

from __future__ import annotations

import ast
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medvoxel import read_nrrd, read_segmentation
from medvoxel.geometry import Grid
from medvoxel.radiomics.extracting import extract_radiomics
from medvoxel.radiomics.parameter_file import parameters
from medvoxel.radiomics.provenance import array_hash, image_facts, mask_facts, run_facts
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume


def test_hashes_boxes_and_counts_are_those_of_pyradiomics(test_data: Callable[..., Path]) -> None:
    folder = test_data("radiomics", "pyradiomics-brain1")
    scan = read_nrrd(folder / "brain1_image.nrrd")
    seg = read_segmentation(folder / "brain1_label.nrrd")
    with (folder / "baseline_glcm.csv").open(newline="") as file:
        theirs = {row[0]: row[1] for row in csv.reader(file)}
    ours = {**image_facts(scan, "original"), **mask_facts(seg, seg.array == 1, "original")}
    names = ("Image-original_Hash", "Mask-original_Hash")
    for name in (f"diagnostics_{name}" for name in names):
        assert ours[name] == theirs[name]
    names = ("Mask-original_BoundingBox", "Mask-original_VolumeNum", "Mask-original_VoxelNum")
    for name in (f"diagnostics_{name}" for name in names):
        assert ours[name] == ast.literal_eval(theirs[name])
    spacing = ast.literal_eval(theirs["diagnostics_Image-original_Spacing"])
    assert ours["diagnostics_Image-original_Spacing"] == pytest.approx(spacing, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32, np.float64])
def test_a_hash_is_that_of_simpleitk(dtype: type, rng: np.random.Generator) -> None:
    sitk = pytest.importorskip("SimpleITK")
    array = rng.integers(0, 200, (3, 4, 5)).astype(dtype)
    assert array_hash(array) == sitk.Hash(sitk.GetImageFromArray(array))
    assert array_hash(np.asfortranarray(array)) == array_hash(array)
    assert array_hash(array.astype(array.dtype.newbyteorder(">"))) == array_hash(array)


def test_places_of_a_mask_by_hand() -> None:
    array = np.zeros((4, 5, 6), dtype=np.uint8)
    array[1, 1:3, 2] = 1
    array[2, 3, 3] = 1  # touches the others at a corner
    array[0, 0, 5] = 1
    grid = Grid(array.shape, (3.0, 2.0, 1.0), (10.0, 20.0, 30.0))
    seg = Segmentation(array, grid, (Segment(1, "a", "#000000"),))
    facts = mask_facts(seg, array == 1, "original", values=Volume(array * 7.0, grid))
    assert facts["diagnostics_Mask-original_BoundingBox"] == (2, 0, 0, 4, 4, 3)
    assert facts["diagnostics_Mask-original_VoxelNum"] == 4
    assert facts["diagnostics_Mask-original_VolumeNum"] == 2
    assert facts["diagnostics_Mask-original_CenterOfMassIndex"] == (3.0, 1.5, 1.0)
    assert facts["diagnostics_Mask-original_CenterOfMass"] == pytest.approx((13.0, 23.0, 33.0))
    assert facts["diagnostics_Mask-original_Mean"] == 7.0
    assert facts["diagnostics_Mask-original_Size"] == (6, 5, 4)


def test_versions_and_settings_are_there() -> None:
    settings = RadiomicsSettings(bin_width=10, resampled_pixel_spacing=(3, 2, 1))
    facts = run_facts(settings)
    assert facts["diagnostics_Versions_Numpy"] == np.__version__
    assert facts["diagnostics_Configuration_Settings"] == parameters(settings)["setting"]
    assert facts["diagnostics_Configuration_Settings"]["resampledPixelSpacing"] == [1, 2, 3]
    ibsi = run_facts(RadiomicsSettings(definition="ibsi"))
    assert ibsi["diagnostics_Configuration_Settings"]["mask_threshold"] == 0.5


def test_a_table_says_what_became_of_each_segment(rng: np.random.Generator) -> None:
    array = rng.normal(100, 30, (10, 12, 14))
    grid = Grid(array.shape, (2.0, 1.0, 1.0))
    labels = np.zeros(array.shape, dtype=np.uint8)
    labels[2:8, 2:9, 3:10] = 1
    labels[0, 0, 0] = 2
    segments = (Segment(1, "a", "#000000"), Segment(2, "dot", "#111111"))
    settings = RadiomicsSettings(
        feature_classes="firstorder", resampled_pixel_spacing=2, resegment_range=[90, 150]
    )
    table = extract_radiomics(Volume(array, grid), Segmentation(labels, grid, segments), settings)
    first, second = table.provenance
    assert first["diagnostics_Image-interpolated_Spacing"] == (2.0, 2.0, 2.0)
    after = first["diagnostics_Mask-interpolated_VoxelNum"]
    left = first["diagnostics_Mask-resegmented_VoxelNum"]
    assert 0 < left < after < first["diagnostics_Mask-original_VoxelNum"] == 6 * 7 * 7
    assert left == table.columns["voxels_used"][0]
    assert first["diagnostics_Mask-resegmented_Minimum"] >= 90
    assert second["diagnostics_Mask-original_VoxelNum"] == 1
    assert "diagnostics_Mask-interpolated_VoxelNum" not in second
    assert first["diagnostics_Image-original_Hash"] == second["diagnostics_Image-original_Hash"]
