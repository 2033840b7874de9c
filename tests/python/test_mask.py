from __future__ import annotations

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, Volume, mask_scan
from medvoxel.errors import GeometryError, InputError

SHAPE = (3, 4, 5)
GRID = Grid(SHAPE, (4, 0.8, 0.5), (10, 20, 30))
SEGMENTS = (Segment(2, "tendon", "#E69F00"), Segment(7, "bone", "#56B4E9"))


def case(dtype=np.int16, unit="HU", labels_dtype=np.uint8):
    array = (np.arange(60).reshape(SHAPE) - 30).astype(dtype)
    labels = np.zeros(SHAPE, dtype=labels_dtype)
    labels[0, 1:3] = 2
    labels[2, :, 3] = 7
    scan = Volume(array, GRID, "CT", unit, {"kvp": 120})
    return scan, Segmentation(labels, GRID, SEGMENTS)


@pytest.mark.parametrize(
    ("keep", "values"),
    [
        (None, [2, 7]),
        ("tendon", [2]),
        (7, [7]),
        (["bone"], [7]),
        (("tendon", 7), [2, 7]),
        (np.array([2]), [2]),
        (2.0, [2]),
    ],
)
def test_keeps_the_structure_and_removes_the_rest(keep, values):
    scan, seg = case()
    result = mask_scan(scan, seg, keep=keep)
    inside = np.isin(seg.array, values)
    np.testing.assert_array_equal(result.array[inside], scan.array[inside])
    assert (result.array[~inside] == -1000).all()
    assert result.array.dtype == np.int16
    assert (result.grid, result.unit, result.modality) == (GRID, "HU", "CT")
    assert result.info == {"kvp": 120}


def test_the_fill_is_the_smallest_value_without_hounsfield_units():
    scan, seg = case(unit="stored values")
    assert mask_scan(scan, seg).array[1, 0, 0] == -30
    scan, seg = case(dtype=np.float32, unit="")
    scan.array[1, 1, 1] = np.nan
    assert mask_scan(scan, seg).array[1, 0, 0] == -30


def test_the_fill_can_be_chosen():
    scan, seg = case()
    assert mask_scan(scan, seg, fill=0).array[1, 0, 0] == 0
    scan, seg = case(dtype=np.float32)
    assert np.isnan(mask_scan(scan, seg, fill=np.nan).array[1, 0, 0])


@pytest.mark.parametrize(
    ("dtype", "fill"), [(np.int16, np.nan), (np.int16, 0.5), (np.int16, 40000), (np.uint8, -1)]
)
def test_a_fill_that_the_type_cannot_hold_is_refused(dtype, fill):
    scan, seg = case(dtype=dtype)
    with pytest.raises(InputError, match="fill must be a whole number"):
        mask_scan(scan, seg, fill=fill)


def test_many_segments():
    labels = np.arange(60, dtype=np.int32).reshape(SHAPE)
    seg = Segmentation(labels, GRID, tuple(Segment(i, f"s{i}", "#000000") for i in range(1, 60)))
    scan, _ = case()
    kept = list(range(5, 45))
    result = mask_scan(scan, seg, keep=kept).array
    np.testing.assert_array_equal(result, np.where(np.isin(labels, kept), scan.array, -1000))


def test_unknown_segment_lists_the_known_ones():
    scan, seg = case()
    with pytest.raises(InputError, match=r"'skin'.*'tendon' \(2\), 'bone' \(7\)"):
        mask_scan(scan, seg, keep="skin")
    with pytest.raises(InputError, match="keep names no segment"):
        mask_scan(scan, seg, keep=[])


def test_another_grid_is_refused():
    scan, seg = case()
    moved = Segmentation(seg.array, Grid(SHAPE, GRID.spacing, (10, 20, 31)), SEGMENTS)
    with pytest.raises(GeometryError, match="another grid"):
        mask_scan(scan, moved)


def test_input_is_left_alone():
    scan, seg = case()
    before = scan.array.copy()
    scan.array.flags.writeable = False
    mask_scan(scan, seg, keep=2)
    np.testing.assert_array_equal(scan.array, before)
