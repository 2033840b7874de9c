"""Growing at a working spacing, against a plain search on the larger voxels."""

from __future__ import annotations

import numpy as np
import pytest
from growing_factory import dijkstra, scattered, seeded

from medvoxel import Grid, Volume, resample
from medvoxel.segmentation import growing
from medvoxel.segmentation.growing import grow_from_seeds


@pytest.fixture(autouse=True)
def _nothing_kept():
    growing._kept.clear()


def _held(fine, coarse):
    """For each axis, the larger voxels that hold each voxel's centre, by points in mm."""
    out = []
    for axis, (n, size) in enumerate(zip(fine.shape, coarse.shape, strict=True)):
        index = np.zeros((n, 3))
        index[:, axis] = np.arange(n)
        there = coarse.lps_to_index(fine.index_to_lps(index))[:, axis]
        out.append(np.clip(np.floor(there + 0.5 + 1e-6), 0, size - 1).astype(int))
    return out


def _coarse_seeds(seeds, fine, coarse):
    """Voxel by voxel: the most frequent label, of equals the lowest."""
    z, y, x = _held(fine, coarse)
    counts = np.zeros((*coarse.shape, 8), int)
    for place in np.argwhere(seeds):
        counts[z[place[0]], y[place[1]], x[place[2]], seeds[tuple(place)]] += 1
    return np.argmax(counts, axis=-1).astype(np.uint8)


# --- the definition ------------------------------------------------------------------------


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("kind", ["plain", "anisotropic", "oblique", "mirrored"])
def test_labels_are_those_of_a_search_on_the_larger_voxels(rng, make_grid, kind, connectivity):
    grid = make_grid(kind, shape=(5, 24, 27))
    spacing = (grid.spacing[0], 3 * grid.spacing[1], 3 * grid.spacing[2])
    scan = Volume(rng.integers(0, 900, grid.shape).astype(np.int16), grid)
    seeds = scattered(rng, grid.shape, each=40)
    found = grow_from_seeds(
        seeded(seeds, grid), scan, margin=1e3, spacing=spacing, connectivity=connectivity
    )
    coarse = resample(scan, spacing, method="linear")
    assert coarse.grid.shape == (5, 8, 9)
    few = _coarse_seeds(seeds, grid, coarse.grid)
    expected, _ = dijkstra(coarse.array, few, coarse.grid.spacing, connectivity=connectivity)
    # One voxel in nine lies at the centre of a larger one, where nothing is interpolated.
    centres, kept = found.array[:, 1::3, 1::3], seeds[:, 1::3, 1::3]
    np.testing.assert_array_equal(centres, np.where(kept, kept, expected))
    np.testing.assert_array_equal(found.array[seeds > 0], seeds[seeds > 0])
    assert (found.array > 0).all()


@pytest.mark.parametrize("spacing", [0.3, (4.0, 0.8, 0.5), (1.0, 0.8, 0.2)])
def test_an_axis_that_is_coarser_already_stays(rng, spacing):
    grid = Grid((6, 20, 24), (4.0, 0.8, 0.5))
    scan = Volume(rng.integers(0, 900, grid.shape).astype(np.int16), grid)
    seeds = seeded(scattered(rng, grid.shape), grid)
    found = grow_from_seeds(seeds, scan, spacing=spacing)
    np.testing.assert_array_equal(found.array, grow_from_seeds(seeds, scan).array)


def test_noise_is_averaged_out(rng, any_grid):
    # Two halves, of which the noise is as large as the step between them.
    scan = rng.normal(0, 40, (12, 60, 72))
    truth = np.ones(scan.shape, np.uint8)
    truth[:, :, 40:] = 2
    scan[truth == 2] += 80
    grid = Grid(scan.shape, any_grid.spacing, any_grid.origin, any_grid.direction)
    seeds = np.zeros_like(truth)
    seeds[4:8, 20:30, 5:15], seeds[4:8, 40:50, 55:65] = 1, 2
    wrong = [
        (grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), margin=1e3, **o).array != truth)
        for o in ({}, {"spacing": np.multiply(grid.spacing, 3)})
    ]
    assert wrong[0].mean() > 2 * wrong[1].mean()
    assert wrong[1].mean() < 0.05


# --- seeds ---------------------------------------------------------------------------------


def test_no_seed_is_lost_and_the_most_frequent_wins():
    grid = Grid((1, 1, 24))
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[0, 0, 1] = 3  # alone in its larger voxel
    seeds[0, 0, 8:12] = [2, 2, 1, 0]
    seeds[0, 0, 16:20] = [5, 0, 4, 0]
    scan = Volume(np.arange(0, 2400, 100, dtype=np.int16).reshape(grid.shape), grid)
    found = grow_from_seeds(seeded(seeds, grid), scan, margin=99, spacing=4).array.ravel()
    assert found[1] == 3
    assert found[8:12].tolist() == [2, 2, 1, 2]
    assert found[16:20].tolist() == [5, 4, 4, 4]
    assert found[0] == 3
    assert found[23] == 4


@pytest.mark.parametrize("spacing", [1.1, 1.7, 2.0, 3.3, 50.0])
def test_every_voxel_is_held_and_labelled(rng, spacing):
    grid = Grid((7, 19, 23), (4.0, 0.8, 0.5))
    scan = Volume(rng.integers(0, 900, grid.shape).astype(np.int16), grid)
    seeds = scattered(rng, grid.shape)
    found = grow_from_seeds(seeded(seeds, grid), scan, margin=1e3, spacing=spacing).array
    assert (found > 0).all()
    np.testing.assert_array_equal(found[seeds > 0], seeds[seeds > 0])


def test_the_margin_is_that_of_the_scan():
    grid = Grid((21, 41, 61), (4.0, 0.8, 0.5))
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[10, 20, 25:35], seeds[10, 20, 35] = 1, 2
    scan = Volume(np.zeros(grid.shape, np.int16), grid)
    for margin in (None, 0, 4.0):
        plain, coarse = (
            grow_from_seeds(seeded(seeds, grid), scan, margin=margin, spacing=s).array > 0
            for s in (None, 2.0)
        )
        np.testing.assert_array_equal(coarse, plain)


# --- where labels may go -------------------------------------------------------------------


def test_half_of_a_larger_voxel_must_be_open():
    grid = Grid((1, 1, 20))
    scan = Volume(np.zeros(grid.shape, np.int16), grid)
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[0, 0, 0] = 1
    editable = np.ones(grid.shape, bool)
    editable[0, 0, 8:10] = False  # half of the third: passed
    options = {"margin": 99, "spacing": 4}
    found = grow_from_seeds(seeded(seeds, grid), scan, editable=editable, **options)
    np.testing.assert_array_equal(found.array == 1, editable)
    editable[0, 0, 10] = False  # more than half: a wall, of which the open rest is filled
    found = grow_from_seeds(seeded(seeds, grid), scan, editable=editable, **options)
    assert found.array.ravel().tolist() == [1] * 8 + [0, 0, 0, 1] + [0] * 8


def test_nothing_outside_the_mask_changes(rng, any_grid):
    scan = Volume(rng.integers(0, 900, any_grid.shape).astype(np.int16), any_grid)
    seeds = scattered(rng, any_grid.shape, each=60)
    editable = rng.random(any_grid.shape) < 0.6
    before = seeds.copy(), editable.copy()
    spacing = np.multiply(any_grid.spacing, (1, 2, 2.5))
    found = grow_from_seeds(
        seeded(seeds, any_grid), scan, margin=1e3, editable=editable, spacing=spacing
    ).array
    np.testing.assert_array_equal(found[~editable], seeds[~editable])
    np.testing.assert_array_equal(found[seeds > 0], seeds[seeds > 0])
    assert (found[editable] > 0).mean() > 0.95
    np.testing.assert_array_equal(seeds, before[0])
    np.testing.assert_array_equal(editable, before[1])


def test_the_edge_of_a_mask_is_filled():
    # The mask ends within larger voxels, of which less than half may change.
    grid = Grid((9, 30, 30), (2.0, 0.5, 0.5))
    editable = np.zeros(grid.shape, bool)
    editable[1:8, 5:26, 7:22] = True
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[4, 15, 15] = 1
    scan = Volume(np.zeros(grid.shape, np.int16), grid)
    found = grow_from_seeds(
        seeded(seeds, grid), scan, margin=99, editable=editable, spacing=(2, 2, 2)
    )
    np.testing.assert_array_equal(found.array == 1, editable)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_voxels_without_a_number_have_no_part(kind):
    grid = Grid((1, 6, 40))
    scan = np.zeros(grid.shape, kind)
    scan[..., 20:] = 100
    scan[:, 2, ::3], scan[:, 4, 1::3] = np.nan, np.inf
    missing = ~np.isfinite(scan)
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[0, 0, 1], seeds[0, 0, 38] = 1, 2
    found = grow_from_seeds(
        seeded(seeds, grid), Volume(scan, grid), margin=99, spacing=(1, 2, 2)
    ).array
    assert (found[missing] == 0).all()
    expected = np.where(np.arange(40) < 20, 1, 2) * np.ones((1, 6, 1), int)
    np.testing.assert_array_equal(found[~missing], expected[~missing])


def test_padding_is_air():
    grid = Grid((3, 20, 20))
    scan = np.full(grid.shape, 40, np.int16)
    scan[:, :, 10:] = -1000
    padded = np.where(np.arange(20) < 15, scan, -3024).astype(np.int16)
    info = {"padding_low": -3024, "padding_high": -3024}
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[1, 10, 2], seeds[1, 10, 12] = 1, 2
    found, expected = (
        grow_from_seeds(
            seeded(seeds, grid), Volume(values, grid, "CT", "HU", info), margin=99, spacing=2
        ).array
        for values in (padded, scan)
    )
    np.testing.assert_array_equal(found, expected)
    assert (found[:, :, 15:] == 2).all()


# --- more seeds ----------------------------------------------------------------------------


class _Counting(growing.GrowState):
    made = 0

    def __init__(self, *arguments):
        type(self).made += 1
        super().__init__(*arguments)


@pytest.mark.parametrize("masked", [False, True])
def test_more_seeds_are_grown_on_from_the_last_state(rng, any_grid, monkeypatch, masked):
    scan = Volume(rng.normal(0, 300, any_grid.shape), any_grid)
    options = {"margin": 1e3, "spacing": np.multiply(any_grid.spacing, 2)}
    if masked:
        options["editable"] = rng.random(any_grid.shape) < 0.9
    seeds = scattered(rng, any_grid.shape)
    monkeypatch.setattr(growing, "GrowState", _Counting)
    made = []
    for step in range(3):
        # Where no larger voxel has another label already.
        seeds[2 + 4 * step, 4:8, 10] = np.where(seeds[2 + 4 * step, 4:8, 10] == 0, 2, 0)
        _Counting.made = 0
        found = grow_from_seeds(seeded(seeds.copy(), any_grid), scan, **options).array
        made.append(_Counting.made)
        kept = growing._kept.copy()
        growing._kept.clear()
        fresh = grow_from_seeds(seeded(seeds.copy(), any_grid), scan, **options).array
        growing._kept[:] = kept
        np.testing.assert_array_equal(found, fresh)
    assert made == [1, 0, 0]
    grow_from_seeds(seeded(seeds, any_grid), scan, **{**options, "spacing": None})
    assert growing._kept[0].settings[0] == any_grid.shape
