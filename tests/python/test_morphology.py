from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from medvoxel.errors import InputError
from medvoxel.segmentation.morphology import (
    ball_reach,
    close_mask,
    dilate,
    erode,
    fill_holes,
    open_mask,
)

SPACINGS = [(1.0, 1.0, 1.0), (4.0, 0.8, 0.5), (0.5, 4.0, 0.8), (3.0, 0.1989, 0.1989)]
RADII = [0, 0.5, 0.8, 1.3, 3 * 0.1989, 4.1]


def noise(seed=0, shape=(7, 19, 21), share=0.03):
    return np.random.default_rng(seed).random(shape) < share


def near(mask, radius, spacing):
    """All voxels within a distance of the mask, by SciPy's exact distance."""
    distance = ndimage.distance_transform_edt(~mask, sampling=spacing)
    return distance <= radius * (1 + 1e-6)


def pad(mask, value=False, by=45):
    return np.pad(mask, by, constant_values=value)


def crop(mask, by=45):
    return mask[by:-by, by:-by, by:-by]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("radius", RADII)
def test_dilation_and_erosion_are_exact_distances(spacing, radius):
    mask = noise()
    np.testing.assert_array_equal(
        dilate(mask, radius=radius, spacing=spacing), near(mask, radius, spacing)
    )
    dense = ~mask
    np.testing.assert_array_equal(
        erode(dense, radius=radius, spacing=spacing), ~near(mask, radius, spacing)
    )


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("radius", [0.8, 1.3])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_opening_and_closing_are_exact(spacing, radius, share):
    mask = noise(1, share=share)
    eroded = ~near(~mask, radius, spacing) if not mask.all() else mask
    opened = near(eroded, radius, spacing) if eroded.any() else eroded
    np.testing.assert_array_equal(open_mask(mask, radius=radius, spacing=spacing), opened)
    room = pad(mask)
    closed = crop(~near(~near(room, radius, spacing), radius, spacing))
    np.testing.assert_array_equal(close_mask(mask, radius=radius, spacing=spacing), closed)


def test_opening_and_closing_order():
    mask = noise(2, share=0.6)
    opened = open_mask(mask, radius=1, spacing=(1, 1, 1))
    closed = close_mask(mask, radius=1, spacing=(1, 1, 1))
    assert not (opened & ~mask).any()
    assert not (mask & ~closed).any()
    np.testing.assert_array_equal(open_mask(opened, radius=1, spacing=(1, 1, 1)), opened)


def test_the_border_of_the_scan_takes_nothing_away():
    everything = np.ones((4, 5, 6), dtype=bool)
    assert erode(everything, radius=2, spacing=(1, 1, 1)).all()
    assert open_mask(everything, radius=2, spacing=(1, 1, 1)).all()
    slab = np.zeros((4, 8, 8), dtype=bool)
    slab[:, 2:6, 2:6] = True  # cut by the first and the last slice
    assert erode(slab, radius=1, spacing=(1, 1, 1)).sum() == 4 * 2 * 2


def test_closing_fills_a_gap_and_does_not_stick_to_the_border():
    mask = np.zeros((9, 9, 12), dtype=bool)
    mask[:, :, [2, 3, 4, 6, 7, 8]] = True  # two slabs with a gap, two voxels from the border
    closed = close_mask(mask, radius=2, spacing=(1, 1, 1))
    assert np.flatnonzero(closed[4, 4]).tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert not closed[:, :, :2].any()


def test_a_ball_on_thick_slices_stays_in_its_slice():
    point = np.zeros((5, 9, 9), dtype=bool)
    point[2, 4, 4] = True
    grown = dilate(point, radius=1, spacing=(4, 0.5, 0.5))
    assert grown.sum() == 13  # offsets with a² + b² <= 4
    assert not grown[[0, 1, 3, 4]].any()
    assert ball_reach(1, (4, 0.5, 0.5)) == (0, 2, 2)


def test_volume_of_a_dilated_ball():
    spacing = (1.0, 0.5, 0.5)
    point = np.zeros((25, 49, 49), dtype=bool)
    point[12, 24, 24] = True
    volume = dilate(point, radius=10, spacing=spacing).sum() * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.01)


@pytest.mark.parametrize("radius", [-1, np.nan, np.inf])
@pytest.mark.parametrize("action", [dilate, erode, open_mask, close_mask])
def test_bad_radius(action, radius):
    with pytest.raises(InputError, match="radius"):
        action(noise(), radius=radius, spacing=(1, 1, 1))


@pytest.mark.parametrize("action", [dilate, erode, open_mask, close_mask])
def test_an_empty_mask_stays_empty(action):
    assert not action(np.zeros((3, 4, 5), dtype=bool), radius=2, spacing=(1, 1, 1)).any()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_holes_as_scipy_fills_them(seed, share):
    mask = noise(seed, share=share)
    np.testing.assert_array_equal(fill_holes(mask), ndimage.binary_fill_holes(mask))


def test_holes_open_at_the_border_or_across_a_face_stay():
    shell = np.ones((5, 5, 5), dtype=bool)
    shell[1:4, 1:4, 1:4] = False
    assert fill_holes(shell).all()
    leaky = shell.copy()
    leaky[2, 2, 4] = False
    assert not fill_holes(leaky)[2, 2, 2]
    edge = shell.copy()
    edge[0, 0, 2] = False  # meets the cavity across an edge only
    assert fill_holes(edge)[2, 2, 2]
    assert not fill_holes(edge)[0, 0, 2]
    assert not fill_holes(np.zeros((2, 2, 2), dtype=bool)).any()


def test_input_is_left_alone_and_may_be_read_only():
    mask = noise(5, share=0.5)
    mask.flags.writeable = False
    before = mask.copy()
    for action in (dilate, erode, open_mask, close_mask):
        action(mask, radius=1, spacing=(1, 1, 1))
    fill_holes(mask)
    np.testing.assert_array_equal(mask, before)
