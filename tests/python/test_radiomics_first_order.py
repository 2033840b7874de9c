"""First-order features against pyradiomics and against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import assert_close, binned, brain_baseline, brain_region
from radiomics_shapes import THIN, ragged_mask, ragged_values

from medvoxel.radiomics.first_order import first_order_features
from medvoxel.radiomics.region import DiscreteRegion, Region

# What pyradiomics 3.0.1 gives for the ragged region, binWidth 10 and voxelArrayShift 50.
PYRADIOMICS = {
    "10Percentile": -30.3,
    "90Percentile": 40.599999999999994,
    "Energy": 299695.0,
    "Entropy": 3.265913315902764,
    "InterquartileRange": 41.25,
    "Kurtosis": 2.002955328883914,
    "Maximum": 56.0,
    "MeanAbsoluteDeviation": 22.26561472715319,
    "Mean": 6.141025641025641,
    "Median": 7.5,
    "Minimum": -40.0,
    "Range": 96.0,
    "RobustMeanAbsoluteDeviation": 17.016649323621227,
    "RootMeanSquared": 61.98583378275709,
    "Skewness": -0.005145648664554077,
    "StandardDeviation": 26.27601243943402,
    "TotalEnergy": 479512.0,
    "Uniformity": 0.10749506903353057,
    "Variance": 690.4288297172914,
}


def ragged_region() -> Region:
    return Region(ragged_values(), ragged_mask(), THIN)


def test_equals_pyradiomics_in_values_and_order():
    region = ragged_region()
    ours = first_order_features(region, binned(region, 10.0), voxel_array_shift=50, deprecated=True)
    assert list(ours) == list(PYRADIOMICS)
    assert_close(ours, PYRADIOMICS, rel=1e-11)


def test_leaves_out_what_pyradiomics_leaves_out():
    region = ragged_region()
    ours = first_order_features(region, binned(region))
    assert set(PYRADIOMICS) - set(ours) == {"StandardDeviation"}
    assert len(ours) == 18


def test_equals_the_baseline_of_brain1(test_data):
    expected, settings = brain_baseline(test_data, "firstorder")
    region = brain_region(test_data)
    ours = first_order_features(
        region, binned(region, settings["binWidth"]), voxel_array_shift=2000
    )
    assert_close(ours, expected, rel=1e-12)


def test_shift_changes_energies_alone():
    region = ragged_region()
    plain = first_order_features(region, binned(region))
    shifted = first_order_features(region, binned(region), voxel_array_shift=100)
    changed = {name for name in plain if plain[name] != shifted[name]}
    assert changed == {"Energy", "TotalEnergy", "RootMeanSquared"}
    assert shifted["Energy"] == np.square(region.inside + 100).sum()


def test_values_outside_the_mask_do_not_matter():
    region = ragged_region()
    values = np.where(region.mask, region.values, 1e6)
    other = Region(values, region.mask, THIN)
    discrete = binned(region)
    assert first_order_features(other, discrete) == first_order_features(region, discrete)


def test_flat_region_has_no_spread():
    values = np.full((2, 2, 2), 7.0)
    region = Region(values, values > 0, (1.0, 1.0, 1.0))
    ours = first_order_features(region, binned(region))
    for name in ("Variance", "Skewness", "Kurtosis", "Range", "MeanAbsoluteDeviation"):
        assert ours[name] == 0
    assert ours["Uniformity"] == 1
    assert ours["Entropy"] == pytest.approx(0, abs=1e-15)
    assert ours["Energy"] == 8 * 49


def test_two_voxels_leave_none_between_the_percentiles():
    region = Region(np.array([[[1.0, 3.0]]]), np.ones((1, 1, 2), bool), (1.0, 1.0, 1.0))
    levels = DiscreteRegion(np.array([[[1, 2]]], np.int32), 2, region.spacing)
    ours = first_order_features(region, levels)
    assert math.isnan(ours.pop("RobustMeanAbsoluteDeviation"))
    assert not any(math.isnan(value) for value in ours.values())
    assert ours["Entropy"] == pytest.approx(1)
