"""Edits of any kind, restricted and told."""

from __future__ import annotations

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, Volume, edit
from medvoxel.errors import InputError
from medvoxel.segmentation import edits

GRID = Grid(shape=(6, 10, 12), spacing=(4.0, 0.8, 0.5), origin=(3.0, -2.0, 10.0))
ROWS = (Segment(1, "core", "#E69F00"), Segment(5, "rim", "#56B4E9"))


@pytest.fixture
def scan():
    random = np.random.default_rng(3)
    return Volume(random.normal(50, 30, GRID.shape).astype(np.int16), GRID, unit="HU")


@pytest.fixture
def labels():
    array = np.zeros(GRID.shape, np.int32)
    array[2:4, 3:6, 4:8] = 1
    array[4, 7:9, 1:4] = 5
    return Segmentation(array, GRID, ROWS)


def _point(z, y, x):
    return GRID.index_to_lps(np.array([z, y, x]))


def test_every_operation_is_found():
    for operation in edits._OPERATIONS:
        if operation != "grow_from_seeds":
            assert callable(edits._verb(operation))


def test_an_unknown_operation_is_named(labels):
    with pytest.raises(InputError, match=r"paint.*not 'colour'"):
        edit(labels, "colour")


def test_growing_needs_the_scan(labels):
    with pytest.raises(InputError, match="scan"):
        edit(labels, "grow_from_seeds")


def test_range_and_area_restrict_together(labels, scan):
    area = np.zeros(GRID.shape, np.int32)
    area[:, :, 6:] = 1
    after, changes, changed, touched = edit(
        labels, "paint", segment="rim", mask=np.ones(GRID.shape, bool), scan=scan, lower=30,
        upper=80, outside="core", area=area,
    )  # fmt: skip
    allowed = (scan.array >= 30) & (scan.array <= 80) & (labels.array != 1) & (area == 1)
    assert np.array_equal(after.array, np.where(allowed, 5, labels.array))
    assert np.array_equal(changed, np.flatnonzero(after.array != labels.array))
    assert touched is None
    (rim,) = [change for change in changes if change.segment == "rim"]
    assert rim.after_ml == pytest.approx((after.array == 5).sum() * 1.6 / 1000)
    assert rim.before_ml == pytest.approx(6 * 1.6 / 1000)


def test_no_change_has_no_places(labels):
    *_, changed, _ = edit(labels, "paint", segment="core", mask=labels.array == 1)
    assert changed is None


def test_touched_are_the_voxels_of_the_brush_that_have_its_label(labels):
    at = _point(3, 4, 5)
    after, _, _, (places, value) = edit(
        labels, "paint", segment="rim", at=at, diameter=3, overwrite="none", touched=True
    )
    under = np.zeros(GRID.shape, bool)
    under.reshape(-1)[places] = True
    z, y, x = np.indices(GRID.shape)
    near = (4 * (z - 3)) ** 2 + (0.8 * (y - 4)) ** 2 + (0.5 * (x - 5)) ** 2 <= 1.5**2
    # What belongs to the core is protected: no seed of the rim may lie there.
    assert np.array_equal(under, near & (labels.array != 1))
    assert value == 5
    assert (after.array[under] == 5).all()


def test_touched_counts_what_was_erased_before(labels):
    mask = labels.array == 1
    mask[0] = True
    editable = np.ones(GRID.shape, np.int32)
    editable[:, :5] = 0
    _, _, _, (places, value) = edit(labels, "erase", mask=mask, area=editable, touched=True)
    assert value == 0
    assert np.array_equal(places, np.flatnonzero(mask & (editable == 1)))


def test_growing_starts_from_the_seeds_that_are_given(labels, scan):
    seeds = np.zeros(GRID.shape, np.int32)
    seeds[2, 4, 5], seeds[4, 8, 2] = 1, 5
    start = labels.with_array(seeds)
    after, changes, *_ = edit(labels, "grow_from_seeds", scan=scan, seeds=start, margin=100.0)
    plain, _, _, size = edit(start, "grow_from_seeds", scan=scan, margin=100.0)
    assert size is None  # the whole scan
    assert np.array_equal(after.array, plain.array)
    for change in changes:
        count = [(a.array == change.value).sum() for a in (labels, after)]
        assert [change.before_ml, change.after_ml] == pytest.approx([n * 0.0016 for n in count])


def test_growing_leaves_what_may_not_change(labels, scan):
    after, *_ = edit(labels, "grow_from_seeds", scan=scan, lower=40, upper=90, margin=100.0)
    barred = (scan.array < 40) | (scan.array > 90)
    assert np.array_equal(after.array[barred], labels.array[barred])


@pytest.mark.parametrize("overwrite", ["all", "visible", "none"])
def test_hidden_segments_do_not_grow(labels, scan, overwrite):
    hidden = Segment(7, "note", "#009E73", visible=False)
    array = labels.array.copy()
    array[0, 0, :3] = 7
    with_note = Segmentation(array, GRID, (*ROWS, hidden))
    after, *_ = edit(with_note, "grow_from_seeds", scan=scan, margin=100.0, overwrite=overwrite)
    noted = after.array == 7
    assert not noted[array != 7].any()
    assert noted[array == 7].all() == (overwrite != "all")


def test_seeds_decide_what_a_brush_may_take(labels):
    seeds = np.where(np.indices(GRID.shape)[0] == 3, labels.array, 0).astype(np.int32)
    mask = labels.array == 1
    after, _, changed, (places, value) = edit(
        labels, "paint", segment="rim", mask=mask, overwrite="none", touched=True,
        seeds=labels.with_array(seeds),
    )  # fmt: skip
    # The core was drawn on slice 3 and grew onto slice 2.
    expected = np.flatnonzero(mask & (seeds == 0))
    assert np.array_equal(changed, expected)
    assert np.array_equal(places, expected)
    assert value == 5
    assert (after.array.reshape(-1)[expected] == 5).all()


def test_erasing_takes_the_seeds_and_what_grew_from_them(labels):
    seeds = labels.with_array(np.zeros(GRID.shape, np.int32))
    after, _, changed, (_, value) = edit(
        labels, "erase", segment="core", mask=np.ones(GRID.shape, bool), touched=True, seeds=seeds
    )
    assert value == 0
    assert np.array_equal(after.array, np.where(labels.array == 1, 0, labels.array))
    assert np.array_equal(changed, np.flatnonzero(labels.array == 1))


@pytest.mark.parametrize("operation", ["paint", "fill", "grow"])
def test_a_label_finds_room_in_any_type(scan, operation):
    array = np.zeros(GRID.shape, np.uint8)
    array[1, 1, 1], array[4, 8, 9] = 1, 2
    rows = (*(Segment(n, str(n), "#000000") for n in (1, 2)), Segment(300, "late", "#FFFFFF"))
    small = Segmentation(array, GRID, rows)
    if operation == "grow":
        after, *_ = edit(small, "grow_from_seeds", scan=scan, margin=100.0)
        assert set(np.unique(after.array)) == {1, 2}
        return
    options = {"mask": np.ones(GRID.shape, bool)} if operation == "paint" else {}
    name = "paint" if operation == "paint" else "combine_segments"
    if operation == "fill":
        options = {"operation": "fill"}
    after, *_ = edit(small, name, segment="late", **options)
    assert (after.array == 300).all()


def test_growing_says_how_large_its_box_is(labels, scan):
    *_, size = edit(labels, "grow_from_seeds", scan=scan, margin=0.9)
    # From the box of the seeds, one row and one column further, no slice.
    assert size == pytest.approx((3 * 4.0, 8 * 0.8, 9 * 0.5))
