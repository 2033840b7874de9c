from __future__ import annotations

import warnings

import numpy as np
import pytest

from medvoxel import Grid, Volume, segment_threshold
from medvoxel.errors import InputError, MedvoxelWarning


def scan(values, unit="HU"):
    array = np.asarray(values)
    array = array.reshape((1,) * (3 - array.ndim) + array.shape)
    return Volume(array, Grid(array.shape, (4, 0.8, 0.5)), "CT", unit)


def otsu_by_definition(values):
    """Largest between-class variance over all cuts between neighbouring values."""
    values = np.sort(np.asarray(values, dtype=float).ravel())
    best = (-1.0, np.nan)
    for cut in np.unique(values)[:-1]:
        dark, bright = values[values <= cut], values[values > cut]
        between = len(dark) * len(bright) * (dark.mean() - bright.mean()) ** 2
        best = max(best, (between, -cut))
    return -best[1]


def test_bounds_are_inclusive():
    result = segment_threshold(
        scan(np.array([99, 100, 200, 201], dtype=np.int16)), lower=100, upper=200
    )
    assert result.array.ravel().tolist() == [0, 1, 1, 0]
    assert result.array.dtype == np.uint8
    assert [(s.value, s.name) for s in result.segments] == [(1, "100 to 200 HU")]


@pytest.mark.parametrize(
    ("bounds", "expected", "name"),
    [
        ({"lower": 100}, [0, 0, 1, 1], "from 100 HU"),
        ({"upper": 100}, [1, 1, 1, 0], "up to 100 HU"),
        ({"lower": 99.5, "upper": 199.9}, [0, 0, 1, 0], "99.5 to 199.9 HU"),
        ({"lower": -1e6}, [1, 1, 1, 1], "from -1e+06 HU"),
        ({"upper": 1e6, "lower": 0}, [0, 1, 1, 1], "0 to 1e+06 HU"),
    ],
)
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_one_bound_is_enough(bounds, expected, name, dtype):
    result = segment_threshold(scan(np.array([-50, 99, 100, 200], dtype=dtype)), **bounds)
    assert result.array.ravel().tolist() == expected
    assert result.segments[0].name == name


def test_bounds_beyond_the_type_of_the_scan():
    small = scan(np.array([0, 7, 255], dtype=np.uint8))
    assert segment_threshold(small, lower=-1000, upper=7).array.ravel().tolist() == [1, 1, 0]
    with pytest.warns(MedvoxelWarning, match="0 to 255 HU"):
        assert not segment_threshold(small, lower=300).array.any()
    with pytest.warns(MedvoxelWarning, match="0 to 255 HU"):
        assert not segment_threshold(small, upper=-1).array.any()


def test_voxels_that_are_no_number_belong_to_none():
    result = segment_threshold(scan(np.array([np.nan, 1, 5], dtype=np.float32)), lower=0)
    assert result.array.ravel().tolist() == [0, 1, 1]


def test_name_and_missing_unit():
    values = np.array([1, 2, 3], dtype=np.int16)
    assert segment_threshold(scan(values), lower=2, name="bone").segments[0].name == "bone"
    assert segment_threshold(scan(values, unit=""), lower=2).segments[0].name == "from 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "lower, upper or both"),
        ({"lower": 3, "upper": 2}, "above upper"),
        ({"lower": np.nan}, "lower must be a finite number"),
        ({"upper": np.inf}, "upper must be a finite number"),
        ({"lower": "bone"}, "lower must be a finite number"),
        ({"lower": 1, "method": "li"}, "method must be"),
        ({"lower": 2.5, "method": "otsu"}, "two different values"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        segment_threshold(scan(np.array([1, 2, 3], dtype=np.int16)), **arguments)


def test_empty_result_warns_with_the_range_of_the_data():
    with pytest.warns(MedvoxelWarning, match=r"the scan holds -50 to 200 HU") as caught:
        result = segment_threshold(scan(np.array([-50, 200], dtype=np.int16)), lower=500)
    assert not result.array.any()
    assert len(result.segments) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("seed", range(5))
def test_otsu_is_the_best_cut_by_definition(seed):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(-80, 40, 300), rng.normal(300, 150, 90)])
    array = values.round().astype(np.int16).reshape(3, 10, 13)
    best = otsu_by_definition(array)
    result = segment_threshold(scan(array), method="otsu")
    np.testing.assert_array_equal(result.array, array > best)
    assert result.segments[0].name == f"above {best:g} HU (Otsu)"


def test_otsu_within_bounds_leaves_the_air_out():
    rng = np.random.default_rng(3)
    air = np.full(5000, -1000)
    soft, bone = rng.normal(40, 30, 800).round(), rng.normal(900, 150, 200).round()
    array = np.concatenate([air, soft, bone]).astype(np.int16)
    best = otsu_by_definition(array[(array >= -500) & (array <= 2000)])
    result = segment_threshold(scan(array), method="otsu", lower=-500, upper=2000)
    assert 200 < best < 700
    np.testing.assert_array_equal(result.array.ravel(), (array > best) & (array <= 2000))
    whole = segment_threshold(scan(array), method="otsu")
    assert whole.array.sum() == 1000


def test_otsu_of_floating_point_with_outlier_and_nan():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(0, 0.05, 500), rng.normal(1, 0.05, 500), [50.0]])
    best = otsu_by_definition(values)
    array = np.append(values, np.nan)
    result = segment_threshold(scan(array), method="otsu")
    np.testing.assert_array_equal(result.array.ravel(), array > best)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_otsu_of_a_constant_scan_is_refused(dtype):
    with pytest.raises(InputError, match="two different values"):
        segment_threshold(scan(np.full((2, 3, 4), 7, dtype=dtype)), method="otsu")


def test_otsu_of_nothing_but_nan_is_refused():
    with pytest.raises(InputError, match="two different values"):
        segment_threshold(scan(np.full((2, 3, 4), np.nan)), method="otsu")


def test_wide_range_of_whole_numbers():
    rng = np.random.default_rng(5)
    array = np.concatenate([rng.integers(0, 1000, 400), rng.integers(9_000_000, 10_000_000, 400)])
    result = segment_threshold(scan(array.astype(np.int32)), method="otsu")
    np.testing.assert_array_equal(result.array.ravel(), array > 1000)


def test_input_is_left_alone_and_may_be_read_only():
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        segment_threshold(scan(array), lower=3)
        segment_threshold(scan(array), method="otsu")
    np.testing.assert_array_equal(array.ravel(), np.arange(24))
