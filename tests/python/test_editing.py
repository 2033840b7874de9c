from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from conftest import GRID_KINDS, build_grid
from editing_factory import EDITS, SHAPES, labelmap

import medvoxel as mv
from medvoxel.errors import Cancelled, GeometryError, InputError
from medvoxel.segmentation import combining, island_operations, smoothing
from medvoxel.segmentation._brush import BrushShape
from medvoxel.segmentation._editing import Editor, Overwrite, VolumeChange, plane_axis

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.configuration import set_hypothesis_home_dir  # noqa: E402

# Beside the package it would be packed with it.
set_hypothesis_home_dir(Path(tempfile.gettempdir(), "medvoxel-hypothesis"))

IDLE = {"combine subtract", "combine intersect"}  # within one labelmap at most what they empty


@st.composite
def situations(draw):
    """A labelmap, a segment of it, a mask of what may change, and a policy."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    shape = tuple(draw(st.integers(5, 10)) for _ in range(3))
    seg = labelmap(build_grid(draw(st.sampled_from(GRID_KINDS)), shape), seed)
    share = draw(st.sampled_from([None, 0.2, 0.7, 0.95]))
    editable = None if share is None else random.random(shape) < share
    target = draw(st.sampled_from([row.value for row in seg.segments]))
    return seg, target, editable, draw(st.sampled_from(get_args(Overwrite))), random


def run(name, situation):
    """Do an edit; refused situations are no example."""
    seg, target, editable, overwrite, random = situation
    try:
        return EDITS[name].run(seg, target, random, editable=editable, overwrite=overwrite)
    except InputError:
        hypothesis.reject()


@pytest.mark.parametrize("name", EDITS)
@settings(
    max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(situation=situations())
def test_an_edit_changes_what_it_may_and_tells_it(name, situation):
    seg, target, editable, overwrite, _ = situation
    before = seg.array.copy()
    out, changes, own = run(name, situation)
    np.testing.assert_array_equal(seg.array, before)
    changed = out.array != before
    if editable is not None:
        allowed = editable | (before == target) if name == "remove" else editable
        assert not (changed & ~allowed).any()
    assert not (changed & kept(seg, own, overwrite)).any()
    require_table(name, seg, out, own)
    if changes is not None:
        require_recounted(seg, out, changes)


def kept(seg, own, overwrite):
    """Voxels of segments that nobody has asked to change and the policy protects."""
    protected = {
        "all": [],
        "visible": [row.value for row in seg.segments if not row.visible],
        "none": [row.value for row in seg.segments],
    }[overwrite]
    return np.isin(seg.array, [value for value in protected if value not in own])


def require_table(name, seg, out, own):
    """Rows stay as they were, but for those that the edit is about."""
    about = own if name in ("remove", "islands split", "split islands") else set()
    rows = {row.value: row for row in seg.segments}
    after = {row.value: row for row in out.segments}
    assert rows.keys() - after.keys() == (own if name == "remove" else set())
    for value, row in after.items():
        old = rows[value if value in rows else min(own)]
        assert (row.visible, row.status) == (old.visible, old.status)
        assert row.code == old.code
        assert row == old or value in about or value not in rows
    assert set(np.unique(out.array).tolist()) <= {0, *after}


def require_recounted(seg, out, changes):
    assert all(isinstance(change, VolumeChange) for change in changes)
    told = {change.value: change for change in changes}
    assert len(told) == len(changes)
    ml = seg.grid.voxel_volume / 1000
    for row in {row.value: row for row in (*seg.segments, *out.segments)}.values():
        before, after = (int((a == row.value).sum()) * ml for a in (seg.array, out.array))
        if row.value not in told:
            assert before == after
            continue
        assert told[row.value].segment == row.name
        assert told[row.value].before_ml == pytest.approx(before)
        assert told[row.value].after_ml == pytest.approx(after)


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_does_something_on_most_labelmaps(name, any_grid):
    grid = mv.Grid((8, 12, 14), any_grid.spacing, any_grid.origin, any_grid.direction)
    changed = 0
    for seed in range(12):
        seg = labelmap(grid, seed)
        target = 7 if name == "fill between slices" else 2
        try:
            out, _, _ = EDITS[name].run(seg, target, np.random.default_rng(seed))
        except InputError:
            continue
        changed += (out.array != seg.array).any()
    assert changed >= (1 if name in IDLE else 3)


def test_the_table_of_edits_is_complete():
    functions = {name: getattr(mv, name) for name in mv.__all__}
    parameters = {
        name: inspect.signature(value).parameters
        for name, value in functions.items()
        if inspect.isfunction(value)
    }
    verbs = {name for name, those in parameters.items() if "editable" in those}
    assert verbs == {edit.verb for edit in EDITS.values()}
    for name in verbs:
        assert parameters[name]["editable"].default is None
        assert "overwrite" not in parameters[name] or parameters[name]["overwrite"].default == "all"
    told = {name.split()[1] for name in EDITS if name.startswith(("smooth", "islands", "combine"))}
    assert told == {
        *smoothing._METHODS,
        *island_operations._OPERATIONS,
        *combining._WITH_MODIFIER,
        *combining._ALONE,
    }
    assert {*get_args(BrushShape), "mask"} == set(SHAPES)


def blocks(grid):
    """Two blocks side by side and a bar, of which the second block is hidden."""
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2:10, 3:12, 3:12] = 1
    array[2:10, 3:12, 12:21] = 2
    array[2:10, 12:14, 3:21] = 7
    rows = (
        mv.Segment(1, "bone", "#E69F00"),
        mv.Segment(2, "tendon", "#56B4E9", visible=False),
        mv.Segment(7, "skin", "#009E73"),
    )
    return mv.Segmentation(array, grid, rows)


@pytest.mark.parametrize(
    ("overwrite", "takes"), [("all", {0, 2, 7}), ("visible", {0, 7}), ("none", {0})]
)
def test_what_a_growing_segment_takes(any_grid, overwrite, takes):
    seg = blocks(any_grid)
    out, changes = mv.margin(seg, "bone", 3, overwrite=overwrite)
    assert set(np.unique(seg.array[(out.array == 1) & (seg.array != 1)]).tolist()) == takes
    assert {change.value for change in changes} == {1, *takes} - {0}
    if overwrite == "all":
        default, _ = mv.margin(seg, "bone", 3)
        np.testing.assert_array_equal(default.array, out.array)


def test_segments_by_name_value_several_or_all(any_grid):
    seg = blocks(any_grid)
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


NEED_VOXELS = {
    "islands keep_selected": "is not in segment",
    "islands remove_selected": "is not in segment",
    "islands split": "no voxels to split",
    "split islands": "no voxels to split",
    "fill between slices": "no empty slices",
    "grow from seeds": "needs seeds",
}


@pytest.mark.parametrize("name", EDITS)
def test_empty_segments_stay_without_complaint(name, make_grid):
    seg = labelmap(make_grid("oblique"), 0)
    empty = seg.with_array(np.zeros_like(seg.array))
    edit, random = EDITS[name].run, np.random.default_rng(1)
    if name in NEED_VOXELS:
        with pytest.raises(InputError, match=NEED_VOXELS[name]):
            edit(empty, 2, random)
        return
    out, changes, _ = edit(empty, 2, random)
    assert changes or name.startswith("erase")
    if not name.startswith(("paint", "combine", "islands add")):
        assert not out.array.any()


def test_bad_overwrite_and_editable(make_grid):
    seg = blocks(make_grid("plain"))
    with pytest.raises(InputError, match='"all", "visible", "none", not'):
        mv.margin(seg, 1, 3, overwrite="some")
    with pytest.raises(InputError, match="shape"):
        mv.margin(seg, 1, 3, editable=np.ones((2, 2, 2), dtype=bool))
    with pytest.raises(InputError, match="mask"):
        mv.margin(seg, 1, 3, editable=np.ones(seg.grid.shape))
    with pytest.raises(GeometryError, match="modifier"):
        mv.combine_segments(seg, 1, "add", 1, other=blocks(make_grid("oblique")))


def test_masks_of_integers_as_r_has_them(make_grid):
    seg = blocks(make_grid("anisotropic"))
    editable = np.random.default_rng(1).random(seg.grid.shape) < 0.5
    one, _ = mv.margin(seg, 1, 3, editable=editable)
    other, _ = mv.margin(seg, 1, 3, editable=editable.astype(np.int32))
    np.testing.assert_array_equal(one.array, other.array)


def test_planes_are_those_of_the_body(make_grid):
    def axes(kind):
        return [plane_axis(make_grid(kind), plane) for plane in ("axial", "coronal", "sagittal")]

    assert axes("plain") == axes("oblique") == axes("mirrored") == [0, 1, 2]
    # The columns of "sagittal" are (0, 1, 0), (0, 0, -1), (1, 0, 0): x runs to posterior,
    # y to inferior, z to the left.
    assert axes("sagittal") == [1, 2, 0]
    with pytest.raises(InputError, match="plane"):
        plane_axis(make_grid("plain"), "oblique")


def test_values_beyond_the_type_widen_it(make_grid):
    editor = Editor(blocks(make_grid("plain")))
    editor.widen(255)
    assert editor.array.dtype == np.uint8
    editor.widen(300)
    assert editor.array.dtype == np.uint16
    np.testing.assert_array_equal(editor.array, editor.before.array)


def test_progress_counts_segments_and_cancels(make_grid):
    seg = blocks(make_grid("plain"))
    told = []
    mv.margin(seg, None, 2, progress=lambda part, label: told.append((part, label)))
    assert told[-1] == (1.0, "Growing")
    with pytest.raises(Cancelled):
        mv.smooth_segment(seg, progress=lambda part, label: False)
