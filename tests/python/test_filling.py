from __future__ import annotations

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import InputError
from medvoxel.segmentation._editing import plane_axis

ROWS = (mv.Segment(1, "bone", "#E69F00"), mv.Segment(2, "marrow", "#56B4E9"))


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def fine(grid):
    """A grid of the same directions for analytic shapes: 0.5 x 0.8 x 1 mm."""
    return mv.Grid((41, 50, 80), (1.0, 0.8, 0.5), grid.origin, grid.direction)


def along(grid):
    """Distance in mm from the middle of the grid along each array axis."""
    ends = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(grid.shape, grid.spacing, strict=True)]
    return np.meshgrid(*ends, indexing="ij")


def drawn(mask, every, axis=0):
    """What is left of a mask when it is drawn on some slices only; the last one too."""
    out = np.zeros(mask.shape, dtype=np.uint8)
    hit = np.flatnonzero(mask.any(axis=tuple(i for i in range(3) if i != axis)))
    for at in {*hit[::every].tolist(), int(hit[-1])}:
        index = (slice(None),) * axis + (at,)
        out[index] = mask[index]
    return out


@pytest.mark.parametrize("share", [0.4, 0.6, 0.75])
def test_holes_as_simpleitk_fills_them(any_grid, share, rng):
    sitk = pytest.importorskip("SimpleITK")
    mask = rng.random(any_grid.shape) < share
    seg = mv.Segmentation(mask.astype(np.uint8), any_grid, ROWS)
    theirs = sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(seg.array)))
    out, _ = mv.fill_holes(seg, "bone")
    np.testing.assert_array_equal(out.array, theirs)
    assert share < 0.6 or (out.array != seg.array).any()


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_holes_within_slices_as_simpleitk_fills_them(any_grid, plane, rng):
    sitk = pytest.importorskip("SimpleITK")
    mask = rng.random(any_grid.shape) < 0.55
    seg = mv.Segmentation(mask.astype(np.uint8), any_grid, ROWS)
    axis = plane_axis(seg.grid, plane)
    theirs = np.stack(
        [
            sitk.GetArrayFromImage(
                sitk.BinaryFillhole(sitk.GetImageFromArray(np.ascontiguousarray(part)))
            )
            for part in np.moveaxis(seg.array, axis, 0)
        ],
        axis=axis,
    )
    out, _ = mv.fill_holes(seg, "bone", plane=plane)
    np.testing.assert_array_equal(out.array, theirs)
    assert (out.array != seg.array).any()


def test_a_tube_is_a_hole_in_one_plane_only(any_grid):
    seg = mv.Segmentation(np.zeros(any_grid.shape, dtype=np.uint8), any_grid, ROWS)
    axis = plane_axis(seg.grid, "axial")
    array = seg.array.copy()
    tube = np.moveaxis(array, axis, 0)
    tube[2:-2, 3:9, 3:9] = 1
    tube[2:-2, 5:7, 5:7] = 0
    seg = mv.Segmentation(array, any_grid, ROWS)
    for plane, wanted in ((None, 32), ("axial", 36), ("coronal", 32), ("sagittal", 32)):
        out, _ = mv.fill_holes(seg, 1, plane=plane)
        assert (np.moveaxis(out.array, axis, 0)[5] == 1).sum() == wanted


def test_a_hole_with_another_segment_in_it(make_grid):
    grid = make_grid("anisotropic")
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2:9, 3:12, 3:12] = 1
    array[4:7, 5:10, 5:10] = 0
    array[5, 7, 7] = 2
    seg = mv.Segmentation(array, grid, ROWS)
    out, _ = mv.fill_holes(seg, "bone", overwrite="none")
    assert (out.array == 1).sum() == 7 * 9 * 9 - 1
    assert out.array[5, 7, 7] == 2
    out, (bone, marrow) = mv.fill_holes(seg, "bone", overwrite="all")
    assert (out.array == 1).sum() == 7 * 9 * 9
    assert (bone.segment, marrow.segment, marrow.after_ml) == ("bone", "marrow", 0.0)


@pytest.mark.parametrize(("every", "least"), [(3, 0.98), (5, 0.97), (8, 0.94)])
def test_a_ball_from_some_of_its_slices(any_grid, every, least):
    grid = fine(any_grid)
    z, y, x = along(grid)
    truth = z**2 + y**2 + x**2 <= 16**2
    seg = mv.Segmentation(drawn(truth, every), grid, ROWS)
    out, (change,) = mv.fill_between_slices(seg, "bone")
    assert dice(out.array == 1, truth) > least
    given = seg.array.any(axis=(1, 2))
    np.testing.assert_array_equal(out.array[given], seg.array[given])
    assert change.after_ml == pytest.approx(truth.sum() * grid.voxel_volume / 1000, rel=0.1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cone_from_its_ends_along_any_axis(any_grid, axis):
    grid = fine(any_grid)
    places = list(along(grid))
    height = places.pop(axis)
    truth = (places[0] ** 2 + places[1] ** 2 <= (9 - 0.3 * height) ** 2) & (abs(height) <= 16)
    array = drawn(truth, 10_000, axis)  # the two ends
    assert np.count_nonzero(array.any(axis=tuple(i for i in range(3) if i != axis))) == 2
    out, _ = mv.fill_between_slices(mv.Segmentation(array, grid, ROWS))
    # The distance to a circle is exact, so a cone is met but for pixels on the outline.
    assert dice(out.array == 1, truth) > 0.98


def test_an_oblique_rod_whose_slices_do_not_overlap_is_followed(any_grid):
    grid = fine(any_grid)
    z, y, x = along(grid)
    truth = (y - 0.5 * z) ** 2 + (x + 0.6 * z) ** 2 <= 3.5**2
    out, _ = mv.fill_between_slices(mv.Segmentation(drawn(truth, 20), grid, ROWS), 1)
    assert dice(out.array == 1, truth) > 0.97


def test_a_ball_in_a_shell_together(any_grid):
    grid = fine(any_grid)
    z, y, x = along(grid)
    radius = np.sqrt(z**2 + y**2 + x**2)
    truth = np.where(radius <= 16, 1, 0) + (radius <= 10)
    array = drawn(truth > 0, 4) * truth.astype(np.uint8)
    out, changes = mv.fill_between_slices(mv.Segmentation(array, grid, ROWS))
    assert dice(out.array == 1, truth == 1) > 0.93
    assert dice(out.array == 2, truth == 2) > 0.93
    between = (abs(z) < 8) & (radius < 14)
    assert not (out.array[between] == 0).any()  # no gap where the two meet
    assert len(changes) == 2


def test_what_was_drawn_stays_whichever_segment_comes_first(make_grid):
    grid = make_grid("anisotropic")
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2, 3:17, 3:20] = array[8, 3:17, 3:20] = 1
    array[4, 8:12, 8:12] = array[6, 8:12, 8:12] = 2  # drawn where bone has a gap
    seg = mv.Segmentation(array, grid, ROWS)
    first, _ = mv.fill_between_slices(seg, ["bone", "marrow"])
    other, _ = mv.fill_between_slices(seg, ["marrow", "bone"])
    for out in (first, other):
        np.testing.assert_array_equal(out.array[array != 0], array[array != 0])
        assert (out.array[3:8] != 0).all(axis=0)[3:17, 3:20].all()
    # Alone, bone takes what it needs, or what it may.
    alone, _ = mv.fill_between_slices(seg, "bone")
    assert not (alone.array == 2).any()
    spared, _ = mv.fill_between_slices(seg, "bone", overwrite="none")
    np.testing.assert_array_equal(spared.array == 2, array == 2)


def test_two_rods_do_not_pull_at_each_other(make_grid):
    grid = fine(make_grid("plain"))
    z, y, x = along(grid)
    left, right = (y**2 + (x + 10) ** 2 <= 25), (y**2 + (x - 10) ** 2 <= 25) & (abs(z) > 3)
    seg = mv.Segmentation(drawn(left | right, 10), grid, ROWS)
    out, _ = mv.fill_between_slices(seg)
    np.testing.assert_array_equal((out.array == 1)[:, :, :40], left[:, :, :40])


def test_filling_needs_a_gap(make_grid):
    grid = make_grid("plain")
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2:5, 3:9, 3:9] = 1
    seg = mv.Segmentation(array, grid, ROWS)
    for chosen in (None, "bone", "marrow"):
        with pytest.raises(InputError, match="no empty slices"):
            mv.fill_between_slices(seg, chosen)
    array = array.copy()
    array[3] = 0
    seg = mv.Segmentation(array, grid, ROWS)
    out, _ = mv.fill_between_slices(seg)
    np.testing.assert_array_equal(out.array[3], out.array[2])
    with pytest.raises(InputError, match="no empty slices"):
        mv.fill_between_slices(seg, plane="coronal")
    with pytest.raises(InputError, match="plane"):
        mv.fill_between_slices(seg, plane="z")
