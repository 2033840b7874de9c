from __future__ import annotations

import re
import tracemalloc
import warnings
from functools import lru_cache

import numpy as np
import pytest

from medvoxel import Grid, Volume, ankle_phantom, read_dicom, segment_threshold
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
        ({"lower": 1, "method": "minimum"}, "method must be"),
        ({"lower": 1, "side": "below"}, "side is for the methods"),
        ({"lower": 1, "bins": 10}, "bins is for the methods"),
        ({"method": "li", "side": "dark"}, "side must be"),
        ({"method": "li", "bins": 1}, "bins must be a whole number"),
        ({"method": "li", "bins": 10.5}, "bins must be a whole number"),
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


METHODS = {"otsu": "Otsu", "isodata": "IsoData", "li": "Li", "triangle": "Triangle", "yen": "Yen"}


def found_by(array, method, **arguments):
    """Highest value of the dark side."""
    dark = segment_threshold(scan(array), method=method, side="below", **arguments)
    return array[dark.array.reshape(array.shape) > 0].max()


@lru_cache
def phantom(modality):
    return ankle_phantom(spacing=(3, 1.2, 1.2), modality=modality)[0].array


def real_or_phantom(name, test_data):
    if name.endswith("phantom"):
        return phantom(name[:2])
    return read_dicom(test_data("leg-ct-mr", f"{name}-dicom", "image")).array


@pytest.mark.parametrize("name", ["CT phantom", "MR phantom", "ct", "mr"])
@pytest.mark.parametrize("method", METHODS)
def test_methods_agree_with_scikit_image(name, method, test_data):
    from skimage import filters

    array = real_or_phantom(name, test_data)
    same = array
    if method == "triangle":  # tails of 1 % are left out here, as in ITK
        values = np.sort(array, axis=None)
        ends = values[[array.size // 100, array.size - array.size // 100 - 1]]
        same = array[(array >= ends[0]) & (array <= ends[1])]
    peer = float(getattr(filters, f"threshold_{method}")(same.copy()))
    # Its sums are in single precision: a step to the neighbouring value is allowed.
    assert abs(found_by(array, method) - np.floor(peer)) <= 1


@pytest.mark.parametrize("name", ["CT phantom", "MR phantom", "ct", "mr"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bins", [None, 256])
def test_methods_agree_with_the_filters_that_slicer_uses(name, method, bins, test_data):
    sitk = pytest.importorskip("SimpleITK")
    array = real_or_phantom(name, test_data)
    span = int(array.max()) - int(array.min())
    peer = getattr(sitk, f"{METHODS[method]}ThresholdImageFilter")()
    peer.SetNumberOfHistogramBins(bins or span + 1)
    peer.Execute(sitk.GetImageFromArray(array))
    # ITK's bins begin a little aside, and its iterations stop at other whole bins.
    allowed = 2.5 * span / bins if bins else 4
    assert abs(found_by(array, method, bins=bins) - peer.GetThreshold()) <= allowed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_two_tissues_are_parted_and_the_sides_complete_each_other(method, dtype):
    rng = np.random.default_rng(8)
    # As many bright as make each method, also those that follow the tail, part the two.
    values = np.concatenate([rng.normal(0, 20, 9000), rng.normal(400, 40, 3000)])
    array = values.round().astype(dtype).reshape(10, 30, 40)
    above = segment_threshold(scan(array), method=method)
    below = segment_threshold(scan(array), method=method, side="below")
    np.testing.assert_array_equal(above.array + below.array, 1)
    bright = np.arange(12000).reshape(array.shape) >= 9000
    assert np.mean((above.array > 0) == bright) > (0.95 if method == "yen" else 0.99)
    words = re.fullmatch(r"above (\S+) HU \((\w+)\)", above.segments[0].name)
    assert words[2] == METHODS[method]
    assert below.segments[0].name == f"up to {words[1]} HU ({words[2]})"
    assert array[below.array > 0].max() <= float(words[1]) < array[above.array > 0].min()


def test_the_dark_side_keeps_the_lower_bound():
    array = np.array([-1000] * 9 + [0] * 5 + [100] * 4, dtype=np.int16)
    result = segment_threshold(scan(array), method="otsu", side="below", lower=-500)
    np.testing.assert_array_equal(result.array.ravel(), array == 0)
    assert result.segments[0].name == "-500 to 0 HU (Otsu)"


def test_isodata_lies_midway_between_the_means():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(50, 50, 80000), rng.normal(300, 80, 30000)])
    array = values.round().astype(np.int16)
    cut = found_by(array, "isodata")
    middle = (array[array <= cut].mean() + array[array > cut].mean()) / 2
    assert 0 <= middle - cut < 1


def test_li_is_where_the_cross_entropy_is_stationary():
    rng = np.random.default_rng(2)
    array = np.concatenate([rng.normal(150, 40, 4000), rng.normal(300, 60, 1500)])
    array = array.round().astype(np.int16)
    shifted = array - array.min()
    cut = found_by(array, "li") - array.min()
    dark, bright = shifted[shifted <= cut].mean(), shifted[shifted > cut].mean()
    assert abs((bright - dark) / np.log(bright / dark) - cut) <= 1.5


@pytest.mark.parametrize("method", METHODS)
def test_two_values_are_parted(method):
    array = np.array([5] * 9 + [7] * 3, dtype=np.int16)
    result = segment_threshold(scan(array), method=method)
    np.testing.assert_array_equal(result.array.ravel(), array == 7)


def test_counting_takes_no_copy_of_the_scan():
    array = np.random.default_rng(1).integers(0, 2000, (40, 200, 200)).astype(np.int16)
    tracemalloc.start()
    for method in METHODS:
        segment_threshold(scan(array), method=method)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * array.nbytes  # the result takes half as much as the scan


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
