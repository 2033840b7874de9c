from __future__ import annotations

import math

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


def half_scan(dtype=np.float64):
    """A scan of which the half with the larger x is labelled; 0.5 x 0.8 x 4 mm voxels."""
    shape = (6, 20, 40)
    grid = Grid(shape, (4, 0.8, 0.5), (0, 0, 0))
    array = np.random.default_rng(2).integers(-200, 900, shape).astype(dtype)
    labels = np.zeros(shape, np.uint8)
    labels[..., 20:] = 7
    return Volume(array, grid, "CT", "HU"), Segmentation(labels, grid, SEGMENTS)


def test_modes_replace_outside_inside_or_both():
    scan, seg = case()
    bone = seg.array == 7
    inside = mask_scan(scan, seg, keep="bone", mode="inside").array
    np.testing.assert_array_equal(inside, np.where(bone, -1000, scan.array))
    both = mask_scan(scan, seg, keep="bone", mode="both").array
    np.testing.assert_array_equal(both, bone)
    chosen = mask_scan(scan, seg, keep="bone", mode="both", fill=-7, fill_inside=9).array
    np.testing.assert_array_equal(chosen, np.where(bone, 9, -7))
    assert inside.dtype == both.dtype == chosen.dtype == np.int16


@pytest.mark.parametrize("sigma", [0.2, 0.6, 1.5])
def test_a_soft_edge_is_the_normal_distribution(sigma):
    scan, seg = half_scan()
    weight = mask_scan(scan, seg, mode="both", soft_edge=sigma).array
    # The edge lies half way between voxels 19 and 20.
    away = (np.arange(40) - 19.5) * 0.5
    expected = np.array([0.5 * (1 + math.erf(d / sigma / math.sqrt(2))) for d in away])
    np.testing.assert_allclose(weight, np.broadcast_to(expected, weight.shape), atol=2e-4)
    soft = mask_scan(scan, seg, fill=-1000, soft_edge=sigma).array
    np.testing.assert_allclose(soft, weight * scan.array + (1 - weight) * -1000, atol=1e-3)
    soft = mask_scan(scan, seg, fill=-1000, mode="inside", soft_edge=sigma).array
    np.testing.assert_allclose(soft, (1 - weight) * scan.array + weight * -1000, atol=1e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_soft_edge_is_in_mm_along_each_axis(axis):
    spacing = np.array((4, 0.8, 0.5))
    labels = np.zeros((41, 41, 41), np.uint8)
    labels[tuple(slice(20, None) if a == axis else slice(None) for a in range(3))] = 2
    grid = Grid(labels.shape, tuple(spacing))
    seg = Segmentation(labels, grid, SEGMENTS)
    weight = mask_scan(Volume(labels * 1.0, grid), seg, mode="both", soft_edge=2).array
    line = np.moveaxis(weight, axis, -1)[20, 20]
    away = (np.arange(41) - 19.5) * spacing[axis]
    expected = [0.5 * (1 + math.erf(d / 2 / math.sqrt(2))) for d in away]
    np.testing.assert_allclose(line, expected, atol=2e-4)


def test_a_soft_edge_is_floating_point_and_far_voxels_are_as_without():
    scan, seg = half_scan(np.int16)
    soft = mask_scan(scan, seg, soft_edge=0.5).array
    hard = mask_scan(scan, seg)
    assert (soft.dtype, hard.array.dtype) == (np.float32, np.int16)
    np.testing.assert_array_equal(soft[..., :14], hard.array[..., :14])
    np.testing.assert_allclose(soft[..., 26:], hard.array[..., 26:], rtol=0, atol=0.01)


def test_a_thin_structure_keeps_its_values_in_the_middle():
    scan, seg = half_scan()
    labels = np.zeros_like(seg.array)
    labels[3, 10, 20] = 2
    thin = Segmentation(labels, seg.grid, SEGMENTS)
    soft = mask_scan(scan, thin, soft_edge=2).array
    assert soft[3, 10, 20] == pytest.approx(scan.array[3, 10, 20])
    assert soft[3, 10, 24] > -1000


def test_a_soft_edge_without_any_edge():
    scan, seg = half_scan()
    full = Segmentation(np.full(seg.array.shape, 2, np.uint8), seg.grid, SEGMENTS)
    np.testing.assert_array_equal(mask_scan(scan, full, soft_edge=3).array, scan.array)
    empty = mask_scan(scan, full, keep="bone", soft_edge=3).array
    assert (empty == -1000).all()


def test_values_that_are_not_finite_do_not_spread():
    scan, seg = half_scan()
    scan.array[0, 0, 0] = np.nan
    assert np.isfinite(mask_scan(scan, seg, soft_edge=0.5).array).all()
    soft = mask_scan(scan, seg, fill=np.nan, soft_edge=0.5).array
    np.testing.assert_array_equal(np.isfinite(soft[0, 0, [0, 19, 30]]), [False, False, True])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "FILL_INSIDE"}, "mode is one of"),
        ({"fill_inside": 1}, 'belongs to the mode "both"'),
        ({"soft_edge": -1}, "soft_edge must be"),
        ({"soft_edge": np.inf}, "soft_edge must be"),
        ({"mode": "both", "fill_inside": 1.5}, "fill must be a whole number"),
    ],
)
def test_bad_arguments(arguments, words):
    scan, seg = case()
    with pytest.raises(InputError, match=words):
        mask_scan(scan, seg, **arguments)
