from __future__ import annotations

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import InputError

ROWS = (mv.Segment(1, "bone", "#E69F00"), mv.Segment(4, "skin", "#56B4E9"))


def ball(grid, radius):
    middle = grid.index_to_lps((np.array(grid.shape) - 1) / 2)
    places = grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(places - middle, axis=-1) <= radius


def fine(grid):
    """The same directions with small voxels, still anisotropic."""
    spacing = tuple(step / 4 if step > 1 else step / 2 for step in grid.spacing)
    shape = tuple(int(30 / step) for step in spacing)
    return mv.Grid(shape, spacing, grid.origin, grid.direction)


def of(mask, grid):
    return mv.Segmentation(mask.astype(np.uint8), grid, ROWS)


@pytest.mark.parametrize("mm", [0.5, 0.8, 1.3, 4.0, 6.1])
@pytest.mark.parametrize("sign", [1, -1])
def test_margins_are_maurers_distances(any_grid, mm, sign, rng):
    sitk = pytest.importorskip("SimpleITK")
    mm = max(mm, min(any_grid.spacing))  # less is refused, see below
    mask = rng.random(any_grid.shape) < (0.01 if sign > 0 else 0.995)
    # Outside an object it is the distance to its nearest voxel.
    image = sitk.GetImageFromArray((mask if sign > 0 else ~mask).astype(np.uint8))
    image.SetSpacing(any_grid.spacing[::-1])
    distance = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, False, False, True))
    near = distance <= mm * (1 + 1e-5)
    out, _ = mv.margin(of(mask, any_grid), "bone", sign * mm)
    np.testing.assert_array_equal(out.array == 1, near if sign > 0 else ~near)


@pytest.mark.parametrize(("mm", "wanted"), [(3.0, 11.0), (-3.0, 5.0), (-2.0, 6.0)])
def test_a_ball_grows_and_shrinks_to_a_ball(any_grid, mm, wanted):
    grid = fine(any_grid)
    out, (change,) = mv.margin(of(ball(grid, 8.0), grid), 1, mm)
    assert change.before_ml == pytest.approx(4 / 3 * np.pi * 8**3 / 1000, rel=0.01)
    # Between voxel centres, so up to one voxel's diagonal is lost in every direction.
    assert (np.cbrt(change.after_ml * 3000 / 4 / np.pi)) == pytest.approx(wanted, abs=0.5)
    truth = ball(grid, wanted)
    mask = out.array == 1
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93


def test_a_box_grows_with_round_corners(any_grid):
    grid = fine(any_grid)
    mask = np.zeros(grid.shape, dtype=bool)
    size = [int(12 / step) for step in grid.spacing]
    start = [(n - m) // 2 for n, m in zip(grid.shape, size, strict=True)]
    mask[tuple(slice(a, a + m) for a, m in zip(start, size, strict=True))] = True
    out, _ = mv.margin(of(mask, grid), 1, 5)
    # Distance to the box of the voxel centres, axis by axis.
    beyond = [
        np.maximum(0, np.maximum(a - np.arange(n), np.arange(n) - (a + m - 1))) * step
        for a, m, n, step in zip(start, size, grid.shape, grid.spacing, strict=True)
    ]
    z, y, x = np.meshgrid(*beyond, indexing="ij")
    np.testing.assert_array_equal(out.array == 1, z**2 + y**2 + x**2 <= 25 * (1 + 1e-6))


def test_growing_then_shrinking_is_closing(any_grid, rng):
    mask = np.zeros(any_grid.shape, dtype=bool)
    mask[5:7, 6:14, 8:16] = rng.random((2, 8, 8)) < 0.4
    seg = of(mask, any_grid)
    grown, _ = mv.margin(seg, 1, 2)
    back, _ = mv.margin(grown, 1, -2)
    closed, _ = mv.smooth_segment(seg, 1, method="closing", kernel=4)
    np.testing.assert_array_equal(back.array, closed.array)


@pytest.mark.parametrize("mm", [0.49, -0.49, 0.0])
def test_a_margin_under_a_voxel_is_refused_with_numbers(make_grid, mm):
    seg = of(ball(make_grid("anisotropic"), 3), make_grid("anisotropic"))
    with pytest.raises(InputError, match=r"under one voxel.*0\.5 x 0\.8 x 4 mm.*0\.5 mm or more"):
        mv.margin(seg, 1, mm)


def test_a_margin_within_thick_slices_stays_in_them(make_grid):
    grid = make_grid("anisotropic")
    mask = np.zeros(grid.shape, dtype=bool)
    mask[6, 10, 12] = True
    out, _ = mv.margin(of(mask, grid), 1, 1)
    # Offsets with (0.8 a)² + (0.5 b)² <= 1: five along the row, one pixel up and down, +-1 there.
    assert (out.array[6] == 1).sum() == 5 + 2 * 3
    assert (out.array == 1).sum() == 11


@pytest.mark.parametrize("mode", ["inside", "medial", "outside"])
def test_shells_of_a_ball(any_grid, mode):
    grid = fine(any_grid)
    solid = ball(grid, 8.0)
    out, (change,) = mv.hollow(of(solid, grid), "bone", 4.0, mode=mode)
    outer, inner = {"inside": (12, 8), "medial": (10, 6), "outside": (8, 4)}[mode]
    volume = 4 / 3 * np.pi * (outer**3 - inner**3) / 1000
    assert change.after_ml == pytest.approx(volume, rel=0.12)
    shell = out.array == 1
    assert (shell & solid).any() == (mode != "inside")
    assert (shell & ~solid).any() == (mode != "outside")
    truth = ball(grid, outer) & ~ball(grid, inner)
    assert 2 * (shell & truth).sum() / (shell.sum() + truth.sum()) > 0.88


def test_the_shells_inside_and_outside_are_margins(any_grid, rng):
    mask = np.zeros(any_grid.shape, dtype=bool)
    mask[2:10, 4:16, 4:20] = rng.random((8, 12, 16)) < 0.97
    seg = of(mask, any_grid)
    grown = mv.margin(seg, 1, 1.7)[0].array == 1
    shrunk = mv.margin(seg, 1, -1.7)[0].array == 1
    inside = mv.hollow(seg, 1, 1.7, mode="inside")[0].array == 1
    outside = mv.hollow(seg, 1, 1.7, mode="outside")[0].array == 1
    np.testing.assert_array_equal(inside, grown & ~mask)
    np.testing.assert_array_equal(outside, mask & ~shrunk)


def test_a_shell_is_open_where_the_scan_cuts(make_grid):
    grid = make_grid("plain")
    mask = np.zeros(grid.shape, dtype=bool)
    mask[:, 5:15, 5:15] = True
    out, _ = mv.hollow(of(mask, grid), 1, 2, mode="outside")
    assert not out.array[:, 7:13, 7:13].any()
    assert out.array[0].sum() == out.array[6].sum() == 100 - 36


def test_bad_shells(make_grid):
    seg = of(ball(make_grid("plain"), 3), make_grid("plain"))
    with pytest.raises(InputError, match="mode must be"):
        mv.hollow(seg, 1, 2, mode="middle")
    with pytest.raises(InputError, match=r"Half of the shell of 0\.75 mm is under one voxel"):
        mv.hollow(seg, 1, 1.5, mode="medial")
    for bad in (0, -1, np.nan):
        with pytest.raises(InputError, match="thickness"):
            mv.hollow(seg, 1, bad)
    for bad in (np.nan, np.inf):
        with pytest.raises(InputError, match="number of mm"):
            mv.margin(seg, 1, bad)
