"""Local intensity against the IBSI's consensus and a slow search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_region

from medvoxel.radiomics.ibsi_local_intensity import PEAK_RADIUS, local_intensity_ibsi
from medvoxel.radiomics.region import Region


def slow_peaks(region: Region) -> dict[str, float]:
    """Means over spheres, voxel by voxel."""
    places = np.argwhere(np.ones(region.mask.shape, bool)) * np.array(region.spacing)
    values = region.values.ravel()
    means = []
    for at in np.flatnonzero(region.mask):
        near = np.square(places - places[at]).sum(axis=1) <= PEAK_RADIUS**2
        means.append((values[at], values[near].mean()))
    brightest = max(value for value, _ in means)
    return {
        "loc_peak_loc": max(mean for value, mean in means if value == brightest),
        "loc_peak_glob": max(mean for _, mean in means),
    }


def test_consensus_values(test_data):
    expected = consensus(test_data, "loc_")
    ours = local_intensity_ibsi(phantom_region())
    assert list(ours) == list(expected)
    assert {
        tag: ours[tag] for tag, (value, _) in expected.items() if not agrees(ours[tag], value)
    } == {}


def test_published_values():
    ours = local_intensity_ibsi(phantom_region())
    assert agrees(ours["loc_peak_loc"], "2.6")
    assert agrees(ours["loc_peak_glob"], "3.1")


def test_sphere_holds_one_cubic_centimetre():
    assert 4 / 3 * math.pi * PEAK_RADIUS**3 == pytest.approx(1000)


@pytest.mark.parametrize("spacing", [(4.0, 0.8, 0.5), (1.0, 2.5, 7.0), (10.0, 3.0, 2.0)])
def test_equals_a_slow_search(rng, spacing):
    for shape in ((5, 19, 30), (2, 4, 6), (40, 3, 3)):
        values = rng.normal(-700, 300, shape)
        mask = rng.random(shape) < 0.05
        mask[1, 2, 2] = True
        region = Region(values, mask, spacing)
        assert local_intensity_ibsi(region) == pytest.approx(slow_peaks(region), rel=1e-11)


def test_many_slices_equal_a_slow_search(rng):
    values = rng.normal(100, 30, (75, 4, 5))
    mask = np.zeros(values.shape, bool)
    mask[1:74, 1:3, 2] = True
    region = Region(values, mask, (1.5, 2.0, 2.0))
    assert local_intensity_ibsi(region) == pytest.approx(slow_peaks(region), rel=1e-11)


def test_of_several_brightest_voxels_the_greatest_mean_counts():
    values = np.zeros((1, 1, 40))
    values[0, 0, [5, 30]] = 100
    values[0, 0, 31] = 90
    region = Region(values, np.ones(values.shape, bool), (2.0, 2.0, 2.0))
    assert local_intensity_ibsi(region) == pytest.approx(slow_peaks(region))


def test_values_far_from_the_mask_do_not_matter():
    values = np.ones((60, 9, 9))
    mask = np.zeros(values.shape, bool)
    mask[50, 4, 4] = True
    values[:40] = 1e12
    ours = local_intensity_ibsi(Region(values, mask, (1.0, 1.0, 1.0)))
    assert ours == {"loc_peak_loc": 1.0, "loc_peak_glob": 1.0}
