from __future__ import annotations

import math

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, overlap, read_segmentation
from medvoxel.errors import GeometryError, InputError


def seg(labels, grid, names):
    table = names.items() if isinstance(names, dict) else enumerate(names, start=1)
    rows = tuple(Segment(value, name, "#E69F00") for value, name in table)
    return Segmentation(labels, grid, rows)


def boxes(shape, *parts, dtype=np.uint8):
    """Labels from (value, slices) pairs, the later on top."""
    labels = np.zeros(shape, dtype=dtype)
    for value, part in parts:
        labels[part] = value
    return labels


def test_by_hand(any_grid):
    shape = any_grid.shape
    # 4 x 4 x 4 voxels each, 2 of the 4 columns in common.
    a = seg(boxes(shape, (1, np.s_[2:6, 2:6, 2:6])), any_grid, ["s"])
    b = seg(boxes(shape, (1, np.s_[2:6, 2:6, 4:8])), any_grid, ["s"])
    (row,) = overlap(a, b)
    assert row.dice == 0.5
    assert row.jaccard == pytest.approx(1 / 3)
    assert row.false_negative_rate == 0.5
    assert row.false_discovery_rate == 0.5
    assert row.false_positive_rate == pytest.approx(32 / (np.prod(shape) - 64))
    assert row.volume_a_ml == pytest.approx(64 * any_grid.voxel_volume / 1000)
    assert row.volume_difference_ml == 0
    assert (row.matched_by, row.note) == ("name", "")


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.uint16])
def test_agrees_with_simpleitk_on_noise(any_grid, rng, dtype):
    sitk = pytest.importorskip("SimpleITK")
    a, b = (rng.choice([0, 0, 0, 2, 5, 7], any_grid.shape).astype(dtype) for _ in range(2))
    names = {7: "seven", 2: "two", 5: "five"}
    found = overlap(seg(a, any_grid, names), seg(b, any_grid, names))
    assert [row.value_a for row in found] == [7, 2, 5]
    for row in found:
        images = [sitk.GetImageFromArray((x == row.value_a).astype(np.uint8)) for x in (a, b)]
        peer = sitk.LabelOverlapMeasuresImageFilter()
        peer.Execute(images[1], images[0])  # source, target: the target is the reference
        assert row.dice == pytest.approx(peer.GetDiceCoefficient(1))
        assert row.jaccard == pytest.approx(peer.GetJaccardCoefficient(1))
        assert row.false_negative_rate == pytest.approx(peer.GetFalseNegativeError(1))
        inside_a, inside_b = a == row.value_a, b == row.value_b
        wrong = np.count_nonzero(inside_b & ~inside_a)
        assert row.false_positive_rate == pytest.approx(wrong / np.count_nonzero(~inside_a))
        assert row.false_discovery_rate == pytest.approx(wrong / np.count_nonzero(inside_b))


def test_organs_of_a_trunk_against_simpleitk(test_data):
    sitk = pytest.importorskip("SimpleITK")
    a = read_segmentation(test_data("ct-trunk", "trunk_3mm_labels.nii.gz"))
    b = a.with_array(np.roll(a.array, 1, axis=2))
    peer = sitk.LabelOverlapMeasuresImageFilter()
    peer.Execute(*(sitk.GetImageFromArray(s.array.astype(np.uint16)) for s in (b, a)))
    found = overlap(a, b)
    there = [row for row in found if not row.note]
    assert len(there) > 20
    for row in there:
        assert row.dice == pytest.approx(peer.GetDiceCoefficient(row.value_a))
        assert row.false_negative_rate == pytest.approx(peer.GetFalseNegativeError(row.value_a))
    assert len(there) == len(np.setdiff1d(a.array, 0))


def test_names_win_over_values():
    grid = Grid((2, 3, 4))
    labels = boxes(grid.shape, (1, np.s_[0]), (2, np.s_[1]))
    found = overlap(
        seg(labels, grid, ["tendon", "ankle"]), seg(3 - labels, grid, ["ankle", "tendon"])
    )
    assert [(r.name, r.value_a, r.value_b, r.dice) for r in found] == [
        ("tendon", 1, 2, 1.0), ("ankle", 2, 1, 1.0)
    ]  # fmt: skip


def test_values_count_where_no_name_is_shared():
    grid = Grid((2, 3, 4))
    labels = boxes(grid.shape, (1, np.s_[0]), (2, np.s_[1]))
    found = overlap(seg(labels, grid, ["tendon", "ankle"]), seg(labels, grid, ["a", "b"]))
    assert [(r.name, r.matched_by, r.dice) for r in found] == [
        ("tendon", "value", 1.0), ("ankle", "value", 1.0)
    ]  # fmt: skip


def test_no_value_stands_for_a_missing_name():
    grid = Grid((2, 3, 4))
    labels = boxes(grid.shape, (1, np.s_[0]), (2, np.s_[1]))
    found = overlap(seg(labels, grid, ["tendon", "ankle"]), seg(labels, grid, ["bone", "ankle"]))
    assert [(r.name, r.value_a, r.value_b, r.note) for r in found] == [
        ("tendon", 1, None, "no such segment in b"),
        ("ankle", 2, 2, ""),
        ("bone", None, 1, "no such segment in a"),
    ]
    tendon, _, bone = found
    assert math.isnan(tendon.dice)
    assert math.isnan(tendon.volume_b_ml)
    assert math.isnan(tendon.false_negative_rate)
    assert bone.volume_b_ml == pytest.approx(0.012)


def test_a_missed_segment_is_0_and_nothing_against_nothing_unknown():
    grid = Grid((2, 3, 4))
    some = boxes(grid.shape, (1, np.s_[0]))
    none = np.zeros_like(some)
    (row,) = overlap(seg(some, grid, ["s"]), seg(none, grid, ["s"]))
    assert (row.dice, row.jaccard) == (0, 0)
    assert math.isnan(row.false_discovery_rate)
    assert (row.false_negative_rate, row.false_positive_rate) == (1, 0)
    assert (row.volume_b_ml, row.note) == (0, "no voxel in b")
    (row,) = overlap(seg(none, grid, ["s"]), seg(none, grid, ["s"]))
    assert math.isnan(row.dice)
    assert math.isnan(row.false_negative_rate)
    assert row.note == "no voxel in a, no voxel in b"
    (row,) = overlap(seg(some * 0 + 1, grid, ["s"]), seg(some, grid, ["s"]))
    assert math.isnan(row.false_positive_rate)  # nothing is outside
    assert row.dice == pytest.approx(2 / 3)


def test_large_and_unknown_values():
    grid = Grid((2, 3, 4))
    labels = boxes(grid.shape, (2_000_000_000, np.s_[0]), (3, np.s_[1]), dtype=np.int32)
    labels[1, 0, 0] = 9  # not in the table
    labels[1, 0, 1] = -1
    names = {2_000_000_000: "large", 3: "three"}
    found = overlap(seg(labels, grid, names), seg(labels, grid, names))
    assert [(r.dice, round(r.volume_a_ml * 1000)) for r in found] == [(1, 12), (1, 10)]
    low = labels.copy()
    low[labels > 9] = 0
    (row,) = overlap(seg(low, grid, {3: "three"}), seg(low, grid, {3: "three"}))
    assert (row.dice, round(row.volume_b_ml * 1000)) == (1, 10)


def test_input_stays_as_it_is(rng):
    grid = Grid((4, 5, 6))
    a, b = (rng.integers(0, 3, grid.shape) for _ in range(2))
    for array in (a, b):
        array.flags.writeable = False
    assert len(overlap(seg(a, grid, ["x", "y"]), seg(b, grid, ["x", "y"]))) == 2


def test_what_cannot_be_compared():
    grid = Grid((2, 3, 4))
    labels = np.ones(grid.shape, dtype=np.uint8)
    elsewhere = Grid((2, 3, 4), (1, 1, 2))
    with pytest.raises(GeometryError, match="second segmentation"):
        overlap(seg(labels, grid, ["s"]), seg(labels, elsewhere, ["s"]))
    with pytest.raises(InputError, match="no segments"):
        overlap(seg(labels * 0, grid, []), seg(labels * 0, grid, []))
    with pytest.raises(InputError, match="more than once"):
        overlap(seg(labels, grid, ["s", "s"]), seg(labels, grid, ["s"]))
