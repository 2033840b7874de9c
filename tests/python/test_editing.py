from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import Cancelled, GeometryError, InputError
from medvoxel.segmentation._editing import Editor, VolumeChange, plane_axis

ROWS = (
    mv.Segment(1, "bone", "#E69F00"),
    mv.Segment(2, "tendon", "#56B4E9"),
    mv.Segment(7, "skin", "#009E73"),
)
CENTRE = (6, 8, 16)

EDITS = {
    **{
        method: partial(mv.smooth_segment, method=method, kernel=9)
        for method in ("median", "mean", "opening", "closing")
    },
    **{m: partial(mv.smooth_segment, method=m, kernel=2) for m in ("gaussian", "joint")},
    "grow": partial(mv.margin, mm=4.5),
    "shrink": partial(mv.margin, mm=-1),
    **{
        mode: partial(mv.hollow, thickness=2, mode=mode) for mode in ("inside", "medial", "outside")
    },
    **{
        op: partial(mv.islands, segment="tendon", operation=op, minimum_size=3)
        for op in ("keep_largest", "remove_small", "split")
    },
    **{
        op: lambda seg, op=op, **rest: mv.islands(
            seg, 2, operation=op, at=seg.grid.index_to_lps(CENTRE), **rest
        )
        for op in ("keep_selected", "remove_selected")
    },
    "add_selected": lambda seg, **rest: mv.islands(
        seg, 2, operation="add_selected", at=seg.grid.index_to_lps((0, 0, 0)), **rest
    ),
    **{
        op: partial(mv.combine_segments, operation=op, segment="bone", modifier="tendon")
        for op in ("copy", "add", "subtract", "intersect")
    },
    **{
        op: partial(mv.combine_segments, operation=op, segment="bone")
        for op in ("invert", "clear", "fill")
    },
    "holes": partial(mv.fill_holes),
    "axial holes": partial(mv.fill_holes, plane="axial"),
    "between": partial(mv.fill_between_slices, segment=7),
}
IDLE = {"subtract", "intersect"}  # no work within one labelmap
GIVING = {"copy", "add", "split"}  # segments give voxels to each other


def labelmap(grid, seed=0):
    """Blobs of two segments with holes and specks, and one that is drawn on two slices."""
    random = np.random.default_rng(seed)
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2:10, 3:12, 3:12] = 1
    array[2:10, 3:12, 12:21] = 2
    array[random.random(grid.shape) < 0.1] = 0
    array[random.random(grid.shape) < 0.03] = 2
    array[:, 14:] = 0
    array[3, 14:19, 4:20] = 7
    array[9, 14:19, 4:20] = 7
    array[CENTRE] = 2
    array[0, 0, 0] = 0
    array.flags.writeable = False
    return mv.Segmentation(array, grid, ROWS)


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("overwrite", ["none", "all"])
def test_nothing_outside_the_editable_voxels_changes(name, overwrite, any_grid, rng):
    seg = labelmap(any_grid)
    editable = rng.random(any_grid.shape) < 0.6
    editable[0, 0, 0] = True
    before = seg.array.copy()
    rest = {} if overwrite == "none" else {"overwrite": overwrite}
    out, _ = EDITS[name](seg, editable=editable, **rest)
    np.testing.assert_array_equal(out.array[~editable], before[~editable])
    np.testing.assert_array_equal(seg.array, before)
    changed = (out.array != before).any()
    assert changed or name in IDLE


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("overwrite", ["none", "all"])
def test_changes_are_the_volumes_of_the_labelmaps(name, overwrite, any_grid):
    seg = labelmap(any_grid)
    rest = {} if overwrite == "none" else {"overwrite": overwrite}
    out, changes = EDITS[name](seg, **rest)
    assert all(isinstance(change, VolumeChange) for change in changes)
    ml = any_grid.voxel_volume / 1000
    told = {change.value: change for change in changes}
    for row in out.segments:
        before, after = (int((a == row.value).sum()) * ml for a in (seg.array, out.array))
        if row.value not in told:
            assert before == after
            continue
        assert told[row.value].segment == row.name
        assert told[row.value].before_ml == pytest.approx(before)
        assert told[row.value].after_ml == pytest.approx(after)


@pytest.mark.parametrize("name", sorted(EDITS.keys() - GIVING))
def test_a_segment_takes_only_voxels_without_a_segment(name, any_grid):
    edit, seg = EDITS[name], labelmap(any_grid)
    # Edited in turn, or jointly, one segment may take what another has left.
    bound = name.endswith("selected") or "segment" in getattr(edit, "keywords", {})
    out, _ = edit(seg) if bound else edit(seg, "bone")
    kept = (seg.array != 0) & (out.array != 0)
    np.testing.assert_array_equal(out.array[kept], seg.array[kept])


def test_overwrite_all_takes_from_others(any_grid):
    seg = labelmap(any_grid)
    out, changes = mv.margin(seg, "bone", 3, overwrite="all")
    assert ((seg.array == 2) & (out.array == 1)).any()
    assert [change.segment for change in changes][:2] == ["bone", "tendon"]
    assert changes[1].after_ml < changes[1].before_ml


def test_segments_by_name_value_several_or_all(any_grid):
    seg = labelmap(any_grid)
    by_name, changes = mv.margin(seg, "tendon", -1)
    by_value, _ = mv.margin(seg, 2, -1)
    np.testing.assert_array_equal(by_name.array, by_value.array)
    assert [change.segment for change in changes] == ["tendon"]
    several, changes = mv.margin(seg, [7, "bone"], -1)
    assert {change.value for change in changes} == {1, 7}
    np.testing.assert_array_equal(several.array == 2, seg.array == 2)
    _, changes = mv.margin(seg, None, -1)
    assert [change.value for change in changes] == [1, 2, 7]
    with pytest.raises(InputError, match="no segment 'liver'"):
        mv.margin(seg, "liver", 3)
    with pytest.raises(InputError, match="names no segment"):
        mv.margin(seg, [], 3)


@pytest.mark.parametrize(
    "name", [n for n in EDITS if n not in ("split", "keep_selected", "remove_selected", "between")]
)
def test_an_empty_segment_stays_without_complaint(name, any_grid):
    empty = mv.Segmentation(np.zeros(any_grid.shape, dtype=np.int16), any_grid, ROWS)
    out, changes = EDITS[name](empty)
    assert changes
    if name not in ("add_selected", "invert", "fill"):
        assert not out.array.any()


def test_bad_overwrite_and_editable(make_grid):
    seg = labelmap(make_grid("plain"))
    with pytest.raises(InputError, match="overwrite"):
        mv.margin(seg, 1, 3, overwrite="visible")
    with pytest.raises(InputError, match="shape"):
        mv.margin(seg, 1, 3, editable=np.ones((2, 2, 2), dtype=bool))
    with pytest.raises(InputError, match="mask"):
        mv.margin(seg, 1, 3, editable=np.ones(seg.grid.shape))
    with pytest.raises(GeometryError, match="modifier"):
        mv.combine_segments(seg, "add", 1, 1, other=labelmap(make_grid("oblique")))


def test_masks_of_integers_as_r_has_them(make_grid):
    seg = labelmap(make_grid("anisotropic"))
    editable = np.random.default_rng(1).random(seg.grid.shape) < 0.5
    one, _ = mv.margin(seg, 1, 3, editable=editable)
    other, _ = mv.margin(seg, 1, 3, editable=editable.astype(np.int32))
    np.testing.assert_array_equal(one.array, other.array)


def test_planes_are_those_of_the_body(make_grid):
    def axes(kind):
        seg = labelmap(make_grid(kind))
        return [plane_axis(seg, plane) for plane in ("axial", "coronal", "sagittal")]

    assert axes("plain") == axes("oblique") == axes("mirrored") == [0, 1, 2]
    # The columns of "sagittal" are (0, 1, 0), (0, 0, -1), (1, 0, 0): x runs to posterior,
    # y to inferior, z to the left.
    assert axes("sagittal") == [1, 2, 0]
    with pytest.raises(InputError, match="plane"):
        plane_axis(labelmap(make_grid("plain")), "oblique")


def test_values_beyond_the_type_widen_it(make_grid):
    editor = Editor(labelmap(make_grid("plain")))
    editor.widen(255)
    assert editor.array.dtype == np.uint8
    editor.widen(300)
    assert editor.array.dtype == np.uint16
    np.testing.assert_array_equal(editor.array, editor.before.array)


def test_progress_counts_segments_and_cancels(make_grid):
    seg = labelmap(make_grid("plain"))
    told = []
    mv.margin(seg, None, 2, progress=lambda part, label: told.append((part, label)))
    assert told[-1] == (1.0, "Growing")
    with pytest.raises(Cancelled):
        mv.smooth_segment(seg, progress=lambda part, label: False)
