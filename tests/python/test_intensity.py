from __future__ import annotations

import re

import numpy as np
import pytest

from medvoxel import Grid, Volume, hounsfield, tissue_ranges
from medvoxel.errors import InputError, MedvoxelWarning


def stored(values, modality="CT", unit="stored values", **info):
    array = np.asarray(values).reshape(1, 1, -1)
    return Volume(array, Grid(array.shape, (4, 0.8, 0.5)), modality, unit, info)


def test_default_is_the_documents_assumption():
    scan = stored(np.array([0, 24, 1024, 4095], dtype=np.uint16), kvp=120)
    result = hounsfield(scan)
    assert result.array.dtype == np.int16
    assert result.array.ravel().tolist() == [-1024, -1000, 0, 3071]
    assert result.unit == "HU"
    assert result.modality == "CT"
    assert result.grid is scan.grid
    assert result.info["rescale_slope"] == 1
    assert result.info["rescale_intercept"] == -1024
    assert result.info["rescale_assumed"] is True
    assert result.info["kvp"] == 120


@pytest.mark.parametrize(
    ("dtype", "values", "slope", "intercept", "expected", "result_dtype"),
    [
        (np.int16, [-32768, 32767], 1, -1024, [-33792, 31743], np.int32),
        (np.uint16, [0, 65535], 1, -1024, [-1024, 64511], np.int32),
        (np.uint16, [0, 65535], 1, -32768, [-32768, 32767], np.int16),
        (np.uint8, [0, 255], 1, -1024, [-1024, -769], np.int16),
        (np.int16, [-3, 5], -2, 1, [7, -9], np.int16),
        (np.uint16, [0, 3], 0.5, -1024, [-1024, -1022.5], np.float32),
        (np.int32, [0, 2**31 - 1], 2, 0, [0, 2**32 - 2], np.float64),
        (np.float32, [0.5, 1.5], 1, -1024, [-1023.5, -1022.5], np.float32),
        (np.float64, [0.1], 1, 0.2, [0.1 + 0.2], np.float64),
    ],
)
def test_nothing_wraps_round(dtype, values, slope, intercept, expected, result_dtype):
    scan = stored(np.array(values, dtype=dtype))
    before = scan.array.copy()
    result = hounsfield(scan, slope=slope, intercept=intercept)
    assert result.array.dtype == result_dtype
    np.testing.assert_array_equal(result.array.ravel(), expected)
    np.testing.assert_array_equal(scan.array, before)


def test_hounsfield_units_are_not_converted_twice():
    with pytest.raises(InputError, match="already"):
        hounsfield(stored([1, 2], unit="HU"))


@pytest.mark.parametrize("unit", ["", "SUV"])
def test_other_units_are_refused(unit):
    with pytest.raises(InputError, match="stored values"):
        hounsfield(stored([1, 2], unit=unit))


@pytest.mark.parametrize(("slope", "intercept"), [(0, 0), (np.nan, 0), (1, np.inf)])
def test_impossible_rescaling_is_refused(slope, intercept):
    with pytest.raises(InputError, match="slope"):
        hounsfield(stored([1, 2]), slope=slope, intercept=intercept)


def test_other_modalities_than_ct_are_warned_about():
    with pytest.warns(MedvoxelWarning, match="this scan is MR"):
        result = hounsfield(stored([1, 2], modality="MR"))
    assert result.unit == "HU"


def test_tissue_ranges_are_the_published_ones():
    table = {row.tissue: (row.lower, row.upper) for row in tissue_ranges()}
    assert table["air"] == (-1000, -1000)
    assert table["lung"] == (-700, -600)
    assert table["fat"] == (-120, -90)
    assert table["water"] == (0, 0)
    assert table["muscle"] == (35, 55)
    assert table["cortical bone"] == (500, 1900)


def test_tissue_ranges_run_from_dark_to_bright():
    rows = tissue_ranges()
    lower = [row.lower for row in rows]
    assert lower == sorted(lower)
    assert all(row.lower <= row.upper for row in rows)
    assert all(re.fullmatch(r"#[0-9A-F]{6}", row.colour) for row in rows)
    assert len({row.colour for row in rows}) == len(rows)
