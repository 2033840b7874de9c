from __future__ import annotations

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import InputError

ROWS = (
    mv.Segment(1, "a", "#E69F00"),
    mv.Segment(2, "b", "#56B4E9"),
    mv.Segment(9, "c", "#009E73"),
)


def labels(grid, seed):
    array = np.random.default_rng(seed).choice([0, 1, 2, 9], grid.shape).astype(np.int16)
    return mv.Segmentation(array, grid, ROWS)


LOGIC = {
    "copy": lambda a, b: b,
    "add": lambda a, b: a | b,
    "subtract": lambda a, b: a & ~b,
    "intersect": lambda a, b: a & b,
}


@pytest.mark.parametrize("operation", LOGIC)
def test_logic_with_a_segment_of_another_segmentation(any_grid, operation):
    seg, other = labels(any_grid, 1), labels(any_grid, 2)
    a, b = seg.mask("a"), other.mask("b")
    wanted = LOGIC[operation](a, b)
    out, changes = mv.combine_segments(seg, "a", operation, "b", other=other, overwrite="all")
    np.testing.assert_array_equal(out.mask("a"), wanted)
    np.testing.assert_array_equal(out.array[~wanted & ~a], seg.array[~wanted & ~a])
    np.testing.assert_array_equal(out.array[~wanted & a], 0)
    assert changes[0].after_ml == pytest.approx(wanted.sum() * any_grid.voxel_volume / 1000)
    # Without permission, voxels of other segments stay theirs.
    out, _ = mv.combine_segments(seg, "a", operation, "b", other=other, overwrite="none")
    np.testing.assert_array_equal(out.mask("a"), wanted & (a | (seg.array == 0)))
    for name in ("b", "c"):
        np.testing.assert_array_equal(out.mask(name), seg.mask(name))


def test_a_modifier_of_the_same_labelmap_gives_its_voxels_up(any_grid):
    seg = labels(any_grid, 1)
    a, b = seg.mask("a"), seg.mask("b")
    added, changes = mv.combine_segments(seg, "a", "add", "b", overwrite="none")
    np.testing.assert_array_equal(added.mask("a"), a | b)
    assert not added.mask("b").any()
    np.testing.assert_array_equal(added.mask("c"), seg.mask("c"))
    assert [(c.segment, c.after_ml) for c in changes][1] == ("b", 0.0)
    copied, _ = mv.combine_segments(seg, "a", "copy", "b", overwrite="none")
    np.testing.assert_array_equal(copied.mask("a"), b)
    same, _ = mv.combine_segments(seg, "a", "subtract", "b")
    np.testing.assert_array_equal(same.array, seg.array)
    nothing, _ = mv.combine_segments(seg, "a", "intersect", "b")
    assert not nothing.mask("a").any()
    itself, _ = mv.combine_segments(seg, "a", "add", "a")
    np.testing.assert_array_equal(itself.array, seg.array)


def test_operators_without_a_modifier(any_grid):
    seg = labels(any_grid, 1)
    a, free = seg.mask("a"), seg.array == 0
    for operation, overwrite, wanted in (
        ("invert", "none", free),
        ("invert", "all", ~a),
        ("clear", "none", a & ~a),
        ("fill", "none", a | free),
        ("fill", "all", a | ~a),
    ):
        out, _ = mv.combine_segments(seg, 1, operation, overwrite=overwrite)
        np.testing.assert_array_equal(out.mask(1), wanted, err_msg=f"{operation} {overwrite}")


def test_removed_segments_leave_the_table_and_the_voxels(any_grid):
    seg = labels(any_grid, 1)
    ml = any_grid.voxel_volume / 1000
    out, changes = mv.remove_segment(seg, ["c", 1])
    assert [row.name for row in out.segments] == ["b"]
    np.testing.assert_array_equal(out.array, np.where(seg.array == 2, 2, 0))
    assert [(c.segment, c.value, c.after_ml) for c in changes] == [("a", 1, 0.0), ("c", 9, 0.0)]
    assert changes[1].before_ml == pytest.approx((seg.array == 9).sum() * ml)
    nothing, _ = mv.remove_segment(seg, ["a", "b", "c"])
    assert nothing.segments == ()
    assert not nothing.array.any()


def test_a_segment_that_is_masked_is_not_removed(any_grid):
    seg = labels(any_grid, 1)
    editable = np.ones(any_grid.shape, dtype=bool)
    editable[tuple(np.argwhere(seg.array == 2)[:5].T)] = False
    with pytest.raises(InputError, match=r"5 voxels of 'b' may not be edited.*editable_range"):
        mv.remove_segment(seg, "b", editable=editable)
    out, _ = mv.remove_segment(seg, "a", editable=editable)
    assert [row.name for row in out.segments] == ["b", "c"]
    with pytest.raises(InputError, match="no segment 'd'"):
        mv.remove_segment(seg, "d")
    for nothing in (None, []):
        with pytest.raises(InputError, match="names no segment"):
            mv.remove_segment(seg, nothing)


def test_bad_arguments(make_grid):
    seg = labels(make_grid("plain"), 1)
    with pytest.raises(InputError, match="operation must be one of copy"):
        mv.combine_segments(seg, "a", "xor", "b")
    with pytest.raises(InputError, match="needs a second segment"):
        mv.combine_segments(seg, "a", "add")
    with pytest.raises(InputError, match="takes no modifier"):
        mv.combine_segments(seg, "a", "clear", "b")
    with pytest.raises(InputError, match="no segment 'd'"):
        mv.combine_segments(seg, "a", "add", "d")
