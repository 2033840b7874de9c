from __future__ import annotations

import numpy as np
import pytest

from medvoxel.errors import InputError
from medvoxel.segmentation.components import bounding_box, largest_components


def noise(seed, shape=(9, 14, 17), share=0.35):
    return np.random.default_rng(seed).random(shape) < share


def test_bounding_box():
    mask = np.zeros((5, 6, 7), dtype=bool)
    assert bounding_box(mask) is None
    mask[2, 1:4, 5] = True
    assert bounding_box(mask) == (slice(2, 3), slice(1, 4), slice(5, 6))
    assert bounding_box(mask, margin=(1, 2, 3)) == (slice(1, 4), slice(0, 6), slice(2, 7))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("count", [1, 3])
def test_agrees_with_simpleitk(seed, connectivity, count):
    sitk = pytest.importorskip("SimpleITK")
    mask = noise(seed)
    parts = sitk.ConnectedComponent(
        sitk.GetImageFromArray(mask.astype(np.uint8)), connectivity == 26
    )
    ranked = sitk.GetArrayFromImage(sitk.RelabelComponent(parts))
    sizes = np.bincount(ranked.ravel())[1:]
    assert len(sizes) <= count or sizes[count - 1] > sizes[count], "a tie would decide nothing"
    expected = (ranked > 0) & (ranked <= count)
    np.testing.assert_array_equal(
        largest_components(mask, count, connectivity=connectivity), expected
    )


def test_connectivity_of_edges_and_corners():
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[0, 0, :2] = True  # a pair
    mask[0, 1, 2] = True  # across an edge
    mask[1, 1, 1] = True  # across an edge of the former
    mask[2, 2, 0] = True  # across a corner of the former
    assert [largest_components(mask, connectivity=n).sum() for n in (6, 18, 26)] == [2, 4, 5]


def test_of_equal_parts_the_first_is_kept():
    mask = np.zeros((3, 5, 5), dtype=bool)
    mask[2, 0, 0:2] = True
    mask[0, 3, 3:5] = True
    mask[1, 2, 1:3] = True
    kept = largest_components(mask)
    assert np.argwhere(kept).tolist() == [[0, 3, 3], [0, 3, 4]]
    assert np.argwhere(largest_components(mask, 2))[-1].tolist() == [1, 2, 2]


def test_more_parts_asked_for_than_there_are():
    mask = noise(1)
    np.testing.assert_array_equal(largest_components(mask, 10_000), mask)
    assert not largest_components(np.zeros((2, 3, 4), dtype=bool)).any()


def test_many_parts_are_counted_across_blocks(monkeypatch):
    from medvoxel.segmentation import components

    mask = noise(2, share=0.2)
    expected = largest_components(mask, 5)
    monkeypatch.setattr(components, "_BLOCK", 7)
    np.testing.assert_array_equal(largest_components(mask, 5), expected)


@pytest.mark.parametrize(("count", "connectivity"), [(0, 6), (1.5, 6), (1, 8)])
def test_bad_arguments(count, connectivity):
    with pytest.raises(InputError):
        largest_components(noise(1), count, connectivity=connectivity)
