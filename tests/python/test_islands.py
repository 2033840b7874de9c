from __future__ import annotations

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import InputError

ROWS = (mv.Segment(3, "bone", "#E69F00"), mv.Segment(5, "skin", "#56B4E9"))


def specks(grid, seed=0, share=0.12):
    array = (np.random.default_rng(seed).random(grid.shape) < share).astype(np.int16) * 3
    return mv.Segmentation(array, grid, ROWS)


def blocks(grid):
    """Three boxes of bone of 8, 24 and 60 voxels, the largest last, and skin round one."""
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[1:3, 1:3, 1:3] = 3
    array[5:7, 1:4, 8:12] = 3
    array[4:8, 11:18, 13:22] = 5
    array[5:7, 12:17, 14:20] = 3
    return mv.Segmentation(array, grid, ROWS)


def place(grid, z, y, x):
    return grid.index_to_lps((z, y, x))


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("smallest", [2, 4, 7])
def test_islands_as_simpleitk_relabels_them(any_grid, connectivity, smallest):
    sitk = pytest.importorskip("SimpleITK")
    seg = specks(any_grid)
    image = sitk.GetImageFromArray((seg.array == 3).astype(np.uint8))
    parts = sitk.ConnectedComponent(image, connectivity == 26)
    large = sitk.GetArrayFromImage(sitk.RelabelComponent(parts, smallest))
    out, _ = mv.islands(
        seg, "bone", operation="remove_small", minimum_size=smallest, connectivity=connectivity
    )
    np.testing.assert_array_equal(out.array == 3, large > 0)
    split, changes = mv.islands(
        seg, "bone", operation="split", minimum_size=smallest, connectivity=connectivity
    )
    assert len(split.segments) - 1 == large.max() > 1
    ours = [int((split.array == row.value).sum()) for row in split.segments[:-1]]
    assert ours == np.bincount(large.reshape(-1))[1:].tolist()  # both by size
    for row in split.segments[:-1]:
        assert len(np.unique(large[split.array == row.value])) == 1
    assert [c.segment for c in changes] == [f"bone {n + 1}" for n in range(large.max())]
    largest, _ = mv.islands(seg, "bone", connectivity=connectivity)
    assert (largest.array == 3).sum() == ours[0]
    assert len(np.unique(large[largest.array == 3])) == 1


def test_the_smallest_island_in_mm3(any_grid):
    seg = blocks(any_grid)
    voxel = any_grid.voxel_volume
    for limit, left in ((24 * voxel, 84), (24.1 * voxel, 60), (0, 92), (8 * voxel, 92)):
        out, (change,) = mv.islands(
            seg, 3, operation="remove_small", minimum_size=limit, size_unit="mm3"
        )
        assert (out.array == 3).sum() == left
        assert change.after_ml == pytest.approx(left * voxel / 1000)
    default, _ = mv.islands(seg, 3, operation="remove_small")
    assert not (default.array == 3).any()  # 1000 voxels, as in Slicer


def test_selected_islands_by_points_in_mm(any_grid):
    seg = blocks(any_grid)
    small, large = place(any_grid, 1, 2, 2), place(any_grid, 6.3, 13.4, 15.2)
    kept, _ = mv.islands(seg, "bone", operation="keep_selected", at=small)
    assert (kept.array == 3).sum() == 8
    assert kept.array[1, 1, 1] == 3
    both, _ = mv.islands(seg, "bone", operation="keep_selected", at=[small, large])
    assert (both.array == 3).sum() == 68
    rest, _ = mv.islands(seg, "bone", operation="remove_selected", at=[small, large])
    assert (rest.array == 3).sum() == 24
    for out in (kept, both, rest):
        np.testing.assert_array_equal(out.array == 5, seg.array == 5)


def test_a_region_is_added_at_a_point(any_grid):
    array = np.zeros(any_grid.shape, dtype=np.uint8)
    array[2:9, 3:12, 3:12] = 3
    array[4:7, 5:10, 5:10] = 0  # a hole of 75 voxels with a core of skin
    array[5, 7, 7] = 5
    seg = mv.Segmentation(array, any_grid, ROWS)
    at = place(any_grid, 4, 5, 5)
    # A region ends where another segment begins, as in Slicer, also where it may be taken.
    for overwrite in ("none", "all"):
        out, _ = mv.islands(seg, 3, operation="add_selected", at=at, overwrite=overwrite)
        assert (out.array == 3).sum() == 7 * 9 * 9 - 1
        assert out.array[5, 7, 7] == 5
        assert out.array[0, 0, 0] == 0
    core = place(any_grid, 5, 7, 7)
    out, _ = mv.islands(seg, 3, operation="add_selected", at=core)
    assert (out.array == 3).sum() == 7 * 9 * 9 - 75 + 1
    out, _ = mv.islands(seg, 3, operation="add_selected", at=[at, core])
    assert (out.array == 3).sum() == 7 * 9 * 9
    assert not (out.array == 5).any()


def test_split_islands_become_instances(any_grid):
    seg = blocks(any_grid)
    out, changes = mv.split_islands(seg, "bone", minimum_size=0)
    assert [row.name for row in out.segments] == ["bone 1", "bone 2", "bone 3", "skin"]
    assert [row.value for row in out.segments] == [3, 6, 7, 5]
    assert out.segments[0].colour == ROWS[0].colour
    assert len({row.colour for row in out.segments}) == 4
    assert [int((out.array == value).sum()) for value in (3, 6, 7)] == [60, 24, 8]
    np.testing.assert_array_equal(out.array == 5, seg.array == 5)
    ml = any_grid.voxel_volume / 1000
    assert changes[0].before_ml == pytest.approx(92 * ml)
    assert [c.after_ml for c in changes] == pytest.approx([60 * ml, 24 * ml, 8 * ml])
    fewer, _ = mv.split_islands(
        seg, "bone", minimum_size=24 * any_grid.voxel_volume, size_unit="mm3"
    )
    assert [row.name for row in fewer.segments] == ["bone 1", "bone 2", "skin"]
    assert fewer.array[1, 1, 1] == 0


def test_split_islands_keep_what_the_segment_is(make_grid):
    seg = blocks(make_grid("plain"))
    bone = mv.Segment(3, "bone", "#E69F00", False, "in progress", "SCT^272673000^Bone")
    out, _ = mv.split_islands(
        mv.Segmentation(seg.array, seg.grid, (bone, ROWS[1])), "bone", minimum_size=0
    )
    assert {(r.visible, r.status, r.code) for r in out.segments[:3]} == {
        (False, "in progress", "SCT^272673000^Bone")
    }


def test_split_passes_over_names_that_are_taken(make_grid):
    seg = blocks(make_grid("plain"))
    rows = (ROWS[0], mv.Segment(5, "bone 2", "#56B4E9"))
    out, _ = mv.split_islands(mv.Segmentation(seg.array, seg.grid, rows), "bone", minimum_size=0)
    assert [row.name for row in out.segments] == ["bone 1", "bone 3", "bone 4", "bone 2"]


def test_more_islands_than_the_type_holds(make_grid):
    grid = make_grid("plain")
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[::2, ::2, ::2] = 3
    out, _ = mv.split_islands(mv.Segmentation(array, grid, ROWS), 3, minimum_size=1)
    assert len(out.segments) == 6 * 10 * 12 + 1
    assert out.array.max() == 5 + 6 * 10 * 12 - 1
    assert out.array.dtype == np.uint16


def test_bad_arguments(make_grid):
    grid = make_grid("oblique")
    seg = blocks(grid)
    with pytest.raises(InputError, match="operation must be"):
        mv.islands(seg, 3, operation="largest")
    with pytest.raises(InputError, match="connectivity"):
        mv.islands(seg, 3, connectivity=8)
    with pytest.raises(InputError, match="connectivity"):
        mv.split_islands(seg, 3, connectivity=8)
    with pytest.raises(InputError, match="unit"):
        mv.islands(seg, 3, operation="remove_small", size_unit="ml")
    with pytest.raises(InputError, match="minimum_size"):
        mv.split_islands(seg, 3, minimum_size=-1)
    with pytest.raises(InputError, match="largest has 60"):
        mv.split_islands(seg, 3)
    with pytest.raises(InputError, match="needs a point"):
        mv.islands(seg, 3, operation="keep_selected")
    for bad in ([], [1, 2], [[1, 2, np.nan]]):
        with pytest.raises(InputError, match="points"):
            mv.islands(seg, 3, operation="keep_selected", at=bad)
    with pytest.raises(InputError, match="outside the scan"):
        mv.islands(seg, 3, operation="keep_selected", at=place(grid, -1, 0, 0))
    with pytest.raises(InputError, match="not in segment 'bone' but in 'skin'"):
        mv.islands(seg, 3, operation="keep_selected", at=place(grid, 4, 11, 13))
    with pytest.raises(InputError, match="in 'skin' and may not be added"):
        mv.islands(seg, 3, operation="add_selected", at=place(grid, 4, 11, 13), overwrite="none")
    empty = mv.Segmentation(np.zeros(grid.shape, dtype=np.uint8), grid, ROWS)
    with pytest.raises(InputError, match="no voxels"):
        mv.split_islands(empty, 3)
