from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from medvoxel import Grid, Volume, segment_kmeans
from medvoxel.errors import Cancelled, InputError, MedvoxelWarning
from medvoxel.segmentation import kmeans

SPACING = (4.0, 0.8, 0.5)
RAW = {"opening": 0, "islands": None, "fill_holes": False}


def scan(array, unit="HU", spacing=SPACING):
    return Volume(array, Grid(array.shape, spacing), "CT", unit)


def best_centres(values, classes):
    """Optimal one-dimensional k-means by dynamic programming over sorted values."""
    points, counts = np.unique(values, return_counts=True)
    points = points.astype(float)
    n = np.concatenate([[0], np.cumsum(counts)])
    s1 = np.concatenate([[0], np.cumsum(counts * points)])
    s2 = np.concatenate([[0], np.cumsum(counts * points**2)])

    def cost(first, last):  # points first..last-1 in one class
        return s2[last] - s2[first] - (s1[last] - s1[first]) ** 2 / (n[last] - n[first])

    size = len(points)
    best = np.full((classes + 1, size + 1), np.inf)
    start = np.zeros((classes + 1, size + 1), dtype=int)
    best[0, 0] = 0
    for k in range(1, classes + 1):
        for last in range(k, size + 1):
            costs = [best[k - 1, first] + cost(first, last) for first in range(k - 1, last)]
            start[k, last] = k - 1 + int(np.argmin(costs))
            best[k, last] = min(costs)
    centres, last = [], size
    for k in range(classes, 0, -1):
        first = start[k, last]
        centres.append((s1[last] - s1[first]) / (n[last] - n[first]))
        last = first
    return np.array(centres[::-1])


def leg(seed=1, shape=(12, 40, 60), noise=30):
    """Air, soft tissue and a bone, in ellipses of millimetres, with noise."""
    _, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    y, x = (y - 20) * SPACING[1], (x - 30) * SPACING[2]
    truth = np.ones(shape, dtype=np.uint8)
    truth[np.broadcast_to(y**2 + x**2 < 13**2, shape)] = 2
    truth[np.broadcast_to(y**2 + (x - 3) ** 2 < 4.5**2, shape)] = 3
    level = np.array([0, -1000, 40, 900])[truth]
    values = level + np.random.default_rng(seed).normal(0, noise, shape)
    return truth, values.round().astype(np.int16)


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_raw_labels_are_the_nearest_of_the_optimal_centres(classes, dtype):
    rng = np.random.default_rng(classes)
    values = np.concatenate([rng.normal(m, 12, 150) for m in (-100, 0, 60, 200)]).round()
    array = values.astype(dtype).reshape(6, 10, 10)
    centres = best_centres(array, classes)
    result = segment_kmeans(scan(array), classes=classes, **RAW)
    nearest = np.abs(array[..., None].astype(float) - centres).argmin(axis=-1) + 1
    np.testing.assert_array_equal(result.array, nearest)
    named = [float(re.search(r"\((\S+) HU\)", s.name)[1]) for s in result.segments]
    np.testing.assert_allclose(named, centres, atol=0.51)


def test_classes_run_from_dark_to_bright_with_names():
    truth, array = leg()
    result = segment_kmeans(scan(array))
    assert [s.value for s in result.segments] == [1, 2, 3]
    assert result.array.dtype == np.uint8
    for segment, level in zip(result.segments, (-1000, 40, 900), strict=True):
        name, centre = re.fullmatch(r"class (\d) \((-?\d+) HU\)", segment.name).groups()
        assert int(name) == segment.value
        assert abs(int(centre) - level) < 10
    for value in (1, 2, 3):
        found, real = result.array == value, truth == value
        assert 2 * (found & real).sum() / (found.sum() + real.sum()) > 0.97


def test_a_tie_goes_to_the_darker_class():
    array = np.array([0, 0, 10, 10, 5], dtype=np.int16).reshape(1, 1, 5)
    labels = kmeans._assign(array, np.array([5.0]))
    assert labels.ravel().tolist() == [1, 1, 2, 2, 1]


def test_the_same_seed_gives_the_same_labels():
    _, array = leg()
    first = segment_kmeans(scan(array), sample=500, seed=7)
    again = segment_kmeans(scan(array), sample=500, seed=7)
    np.testing.assert_array_equal(first.array, again.array)
    assert first.segments == again.segments
    other = segment_kmeans(scan(array), sample=500, seed=8)
    assert other.segments != first.segments


def test_the_sample_is_drawn_without_replacement():
    array = np.arange(1000, dtype=np.int16).reshape(10, 10, 10)
    drawn = kmeans._draw(array, 600, 1)
    assert len(np.unique(drawn)) == 600
    assert len(kmeans._draw(array, 5000, 1)) == 1000


def test_opening_removes_specks_and_fills_them_with_what_encloses_them():
    array = np.full((9, 21, 21), 40, dtype=np.int16)
    array[:, :4] = -1000
    array[2:7, 8:16, 8:16] = 900
    array[4, 12, 12] = -1000  # a dark speck within the bone
    array[4, 6, 18] = 900  # a bright speck within the soft tissue
    result = segment_kmeans(scan(array, spacing=(1, 1, 1)), opening=1).array
    assert result[4, 12, 12] == 3
    assert result[4, 6, 18] == 2
    assert (result[:, :4] == 1).all()
    free = segment_kmeans(scan(array, spacing=(1, 1, 1)), opening=1, fill_holes=False).array
    assert free[4, 12, 12] == 0
    assert free[4, 6, 18] == 0


def test_a_class_never_takes_a_labelled_voxel_of_another():
    array = np.full((11, 15, 15), -1000, dtype=np.int16)
    array[2:9, 2:13, 2:13] = 900  # a closed shell of bone ...
    array[3:8, 3:12, 3:12] = 40  # ... round soft tissue
    result = segment_kmeans(scan(array, spacing=(1, 1, 1)), opening=0).array
    np.testing.assert_array_equal(result, np.searchsorted([-1000, 40, 900], array) + 1)


def test_of_two_enclosing_classes_the_inner_one_takes_a_free_voxel():
    array = np.full((13, 13, 13), 900, dtype=np.int16)
    array[2:11, 2:11, 2:11] = 40
    array[6, 6, 6] = -1000
    array[0, 0, :] = -1000  # the larger island of the dark class
    result = segment_kmeans(scan(array, spacing=(1, 1, 1)), opening=0).array
    assert result[6, 6, 6] == 2
    swapped = np.where(array == -1000, array, 940 - array)
    result = segment_kmeans(scan(swapped, spacing=(1, 1, 1)), opening=0).array
    assert result[6, 6, 6] == 3


def test_islands():
    array = np.zeros((3, 20, 20), dtype=np.int16)
    array[:, 2:8, 2:8] = 100
    array[:, 12:16, 12:16] = 100
    array[1, 18, 18] = 100
    volume = scan(array, spacing=(1, 1, 1))

    def count(islands):
        return int((segment_kmeans(volume, classes=2, opening=0, islands=islands).array == 2).sum())

    with pytest.warns(
        MedvoxelWarning, match=r"class 2 \(100 HU\) lost 1 part of 48 voxels"
    ) as caught:
        assert count(1) == 108
    assert caught[0].message.hint == "Use islands = 2 to keep them."
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the single voxel is a speck
        assert count(2) == 156
        assert count(None) == 157


def test_default_opening_is_one_voxel_within_the_slice():
    assert kmeans._opening_radius(None, (3.0, 0.2, 0.2)) == 0.2
    assert kmeans._opening_radius(None, (4.0, 0.8, 0.5)) == 0.8
    assert kmeans._opening_radius(None, (1.0, 1.0, 1.0)) == 1.0


def test_voxels_that_are_no_number_are_left_out():
    _, array = leg()
    values = array.astype(np.float32)
    values[3, 5, :7] = np.nan
    result = segment_kmeans(scan(values), **RAW)
    assert (result.array[3, 5, :7] == 0).all()
    assert (result.array == 0).sum() == 7


def test_names_of_small_numbers_keep_decimals():
    array = np.tile(np.array([0.1, 0.2, 0.9]), 8).reshape(2, 3, 4)
    names = [s.name for s in segment_kmeans(scan(array, unit=""), **RAW).segments]
    assert names == ["class 1 (0.10)", "class 2 (0.20)", "class 3 (0.90)"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 1}, "classes must be a whole number, 2 to 255"),
        ({"classes": 2.5}, "classes"),
        ({"classes": 256}, "classes"),
        ({"islands": 0}, "islands"),
        ({"sample": 0}, "sample"),
        ({"seed": -1}, "seed"),
        ({"opening": -1}, "opening"),
        ({"opening": np.nan}, "opening"),
        ({"opening": 0.3}, r"smallest spacing is 0\.5 mm"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        segment_kmeans(scan(leg()[1]), **arguments)


@pytest.mark.parametrize("values", [[5, 5, 5, 5], [5, 6, 5, 6]])
def test_too_few_values(values):
    with pytest.raises(InputError, match="different values, too few for 3 classes"):
        segment_kmeans(scan(np.array(values, dtype=np.int16).reshape(1, 2, 2)))


def test_a_class_that_is_cleaned_away_is_warned_about():
    array = np.zeros((5, 12, 12), dtype=np.int16)
    array[:, :6] = 100
    array[2, 9, 9] = 1000
    with pytest.warns(MedvoxelWarning, match=r"no voxel of class 3 \(1000 HU\)") as caught:
        result = segment_kmeans(scan(array, spacing=(1, 1, 1)), opening=1)
    assert len(result.segments) == 3
    assert caught[0].filename == __file__


def test_progress_and_cancelling():
    seen = []
    segment_kmeans(scan(leg()[1]), progress=lambda done, label: seen.append((done, label)))
    assert seen[-1][0] == 1.0
    with pytest.raises(Cancelled):
        segment_kmeans(scan(leg()[1]), progress=lambda done, label: False)


def test_input_is_left_alone_and_may_be_read_only():
    _, array = leg()
    before = array.copy()
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        segment_kmeans(scan(array))
    np.testing.assert_array_equal(array, before)
