from __future__ import annotations

import math

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, consensus
from medvoxel.errors import GeometryError, InputError


def seg(labels, grid, names=("s",)):
    table = names.items() if isinstance(names, dict) else enumerate(names, start=1)
    rows = tuple(Segment(value, name, "#E69F00") for value, name in table)
    return Segmentation(labels.astype(np.int32), grid, rows)


def truth(shape):
    labels = np.zeros(shape, dtype=np.int32)
    labels[2:8, 3:12, 4:12] = 1
    labels[4:10, 8:18, 10:20] = 2
    return labels


def observed(labels, rng, error, count=3):
    """The truth with a share of the voxels redrawn at random."""
    wrong = rng.random(labels.shape) < error
    return np.where(wrong, rng.integers(0, count, labels.shape), labels)


def images_of(drawn):
    sitk = pytest.importorskip("SimpleITK")
    return sitk, [sitk.GetImageFromArray(d.astype(np.uint8)) for d in drawn]


def test_majority_is_that_of_simpleitk(any_grid, rng):
    drawn = [observed(truth(any_grid.shape), rng, 0.5) for _ in range(4)]
    found = consensus([seg(d, any_grid, ("a", "b")) for d in drawn], method="majority")
    sitk, images = images_of(drawn)
    peer = sitk.GetArrayFromImage(sitk.LabelVoting(images, 9))
    assert np.array_equal(found.segmentation.array, np.where(peer == 9, 0, peer))
    assert found.tied_voxels == np.count_nonzero(peer == 9) > 0
    assert found.segmentation.grid.same_as(any_grid)


def test_staple_is_that_of_simpleitk(any_grid, rng):
    drawn = [observed(truth(any_grid.shape), rng, e) for e in (0.1, 0.3, 0.6, 0.7)]
    found = consensus([seg(d, any_grid, ("a", "b")) for d in drawn])
    sitk, images = images_of(drawn)
    peer = sitk.MultiLabelSTAPLEImageFilter()
    peer.SetTerminationUpdateThreshold(1e-7)
    expected = sitk.GetArrayFromImage(peer.Execute(images))
    assert np.mean(found.segmentation.array == expected) > 0.9999
    for j in range(4):
        # ITK: rows are what the observer said, columns the truth, with a row for undecided.
        matrix = np.array(peer.GetConfusionMatrix(j)).reshape(-1, 3)[:3]
        for row in (r for r in found.observers if r.observer == str(j + 1)):
            place = 1 + ("a", "b").index(row.name)
            assert row.sensitivity == pytest.approx(matrix[place, place], abs=1e-4)


def test_two_labels_against_the_binary_filter(rng):
    grid = Grid((12, 20, 24), (4.0, 0.8, 0.5))
    labels = (truth(grid.shape) > 0).astype(np.int32)
    drawn = [observed(labels, rng, e, count=2) for e in (0.05, 0.2, 0.4)]
    found = consensus([seg(d, grid) for d in drawn])
    sitk, images = images_of(drawn)
    peer = sitk.STAPLEImageFilter()
    peer.SetForegroundValue(1)
    peer.SetMaximumIterations(500)
    probability = sitk.GetArrayFromImage(peer.Execute(images))
    assert np.array_equal(found.segmentation.array == 1, probability > 0.5)
    sensitivity = [row.sensitivity for row in found.observers]
    assert sensitivity == pytest.approx(peer.GetSensitivity(), abs=1e-3)
    specificity = [row.specificity for row in found.observers]
    assert specificity == pytest.approx(peer.GetSpecificity(), abs=1e-3)


def test_staple_finds_the_performance_that_was_put_in(rng):
    grid = Grid((40, 50, 60))
    labels = np.zeros(grid.shape, dtype=np.int32)
    labels[5:35, 10:40, 10:50] = 1
    rates = [(0.95, 0.99), (0.8, 0.9), (0.6, 0.97), (0.9, 0.7)]
    drawn = []
    for sensitivity, specificity in rates:
        chance = rng.random(grid.shape)
        drawn.append(np.where(labels == 1, chance < sensitivity, chance > specificity))
    found = consensus({f"o{i}": seg(d, grid) for i, d in enumerate(drawn)})
    got = [(row.sensitivity, row.specificity) for row in found.observers]
    assert np.abs(np.subtract(got, rates)).max() < 0.01
    errors = np.count_nonzero(found.segmentation.array != labels)
    vote = consensus([seg(d, grid) for d in drawn], method="majority")
    assert errors < np.count_nonzero(vote.segmentation.array != labels)
    assert errors < min(np.count_nonzero(d != labels) for d in drawn)


def test_majority_by_hand():
    grid = Grid((1, 1, 6))
    drawn = [[1, 1, 1, 2, 0, 0], [1, 1, 2, 1, 0, 1], [1, 0, 0, 1, 0, 0]]
    observers = {k: seg(np.array(d).reshape(1, 1, 6), grid, ("a", "b")) for k, d in
                 zip("xyz", drawn, strict=True)}  # fmt: skip
    found = consensus(observers, method="majority")
    assert found.segmentation.array.tolist() == [[[1, 1, 0, 1, 0, 0]]]
    assert found.tied_voxels == 1
    rows = {(r.observer, r.name): r for r in found.observers}
    assert rows["x", "a"].sensitivity == pytest.approx(2 / 3)
    assert rows["x", "a"].specificity == pytest.approx(2 / 3)
    assert rows["y", "a"].sensitivity == 1
    assert math.isnan(rows["x", "b"].sensitivity)
    assert rows["x", "b"].note == "no voxel in the consensus"
    assert rows["z", "b"].note == "no voxel from this observer, no voxel in the consensus"


@pytest.mark.parametrize("method", ["staple", "majority"])
def test_agreed_segmentations_come_back(any_grid, method):
    labels = truth(any_grid.shape)
    names = {2: "two", 1: "one"}
    found = consensus([seg(labels, any_grid, names)] * 3, method=method)
    assert np.array_equal(found.segmentation.array, labels)
    assert [(s.value, s.name) for s in found.segmentation.segments] == [(2, "two"), (1, "one")]
    assert all(r.sensitivity == r.specificity == 1 for r in found.observers)
    assert found.tied_voxels == 0


@pytest.mark.parametrize("method", ["staple", "majority"])
def test_names_are_matched_and_values_kept_apart(method):
    grid = Grid((2, 3, 4))
    labels = np.zeros(grid.shape, dtype=np.int32)
    labels[0], labels[1, 0] = 1, 2
    others = {1: "ankle", 2: "tendon"}
    third = {1: "bone", 2: "tendon", 3: "ankle"}
    swapped = np.choose(labels, [0, 2, 1])
    found = consensus(
        [
            seg(labels, grid, ("tendon", "ankle")),
            seg(swapped, grid, others),
            seg(np.choose(labels, [0, 2, 3]), grid, third),
        ],
        method=method,
    )
    assert np.array_equal(found.segmentation.array, labels)
    table = [(s.value, s.name) for s in found.segmentation.segments]
    assert table == [(1, "tendon"), (2, "ankle"), (3, "bone")]
    assert [r.note for r in found.observers if r.name == "bone"][2] == (
        "no voxel from this observer, no voxel in the consensus"
    )


def test_the_row_of_the_first_is_kept_whole():
    grid = Grid((2, 3, 4))
    labels = np.ones(grid.shape, np.uint8)
    row = Segment(1, "a", "#E69F00", False, "completed", "SCT^13024002^Tendon")
    both = [
        Segmentation(labels, grid, (row,)),
        Segmentation(labels * 2, grid, (Segment(2, "a", "#000000"),)),
    ]
    assert consensus(both, method="majority").segmentation.segments == (row,)


@pytest.mark.parametrize("method", ["staple", "majority"])
def test_nobody_drew_anything(method):
    grid = Grid((2, 3, 4))
    found = consensus([seg(np.zeros(grid.shape), grid)] * 2, method=method)
    assert not found.segmentation.array.any()
    assert all(math.isnan(r.sensitivity) and r.note for r in found.observers)
    assert all(r.specificity == 1 for r in found.observers)


def test_many_observers_do_not_leave_the_range_of_numbers(rng):
    grid = Grid((12, 20, 24))
    labels = truth(grid.shape)
    drawn = [seg(observed(labels, rng, 0.4), grid, ("a", "b")) for _ in range(60)]
    found = consensus(drawn)
    assert np.mean(found.segmentation.array == labels) > 0.99
    assert all(np.isfinite(r.sensitivity) for r in found.observers)


def test_what_is_refused():
    grid = Grid((2, 3, 4))
    one = seg(np.ones(grid.shape), grid)
    with pytest.raises(InputError, match="method"):
        consensus([one, one], method="mean")
    with pytest.raises(InputError, match="At least two"):
        consensus([one])
    with pytest.raises(InputError, match="made of one"):
        consensus({"anna": [one, one], "ben": [one, one]})
    with pytest.raises(GeometryError, match="'2'"):
        consensus([one, seg(np.ones(grid.shape), Grid((2, 3, 4), (2, 1, 1)))])
