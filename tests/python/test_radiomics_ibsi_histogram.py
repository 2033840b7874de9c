"""The intensity histogram against the IBSI's consensus and small histograms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_levels

from medvoxel.radiomics.ibsi_histogram import histogram_ibsi
from medvoxel.radiomics.region import DiscreteRegion

PRINTED = {"ih_entropy": "1.27", "ih_uniformity": "0.512", "ih_max_grad": "8", "ih_min_grad": "-50"}


def histogram_of(*levels: int, count: int | None = None) -> dict[str, float]:
    array = np.array(levels, np.int32).reshape(1, 1, -1)
    return histogram_ibsi(DiscreteRegion(array, count or int(array.max()), (1.0, 1.0, 1.0)))


def test_consensus_values(test_data):
    expected = consensus(test_data, "ih_")
    ours = histogram_ibsi(phantom_levels())
    assert list(ours) == list(expected)
    assert {
        tag: ours[tag] for tag, (value, _) in expected.items() if not agrees(ours[tag], value)
    } == {}


@pytest.mark.parametrize("tag", PRINTED)
def test_published_values(tag):
    assert agrees(histogram_ibsi(phantom_levels())[tag], PRINTED[tag])


def test_mode_of_several_is_next_to_the_mean():
    assert histogram_of(1, 1, 4, 4, 5)["ih_mode"] == 4
    assert histogram_of(1, 1, 3, 3, 2)["ih_mode"] == 1
    assert histogram_of(2, 1, 1, 1)["ih_mode"] == 1


def test_gradients_are_central_differences():
    ours = histogram_of(1, 2, 2, 2, 2, 4)  # counts 1, 4, 0, 1
    assert (ours["ih_max_grad"], ours["ih_max_grad_g"]) == (3, 1)
    assert (ours["ih_min_grad"], ours["ih_min_grad_g"]) == (-1.5, 3)


def test_levels_above_those_that_occur_count_for_gradients():
    ours = histogram_of(1, 2, 2, count=4)  # counts 1, 2, 0, 0
    assert (ours["ih_min_grad"], ours["ih_min_grad_g"]) == (-1, 3)


def test_single_level_has_no_gradient():
    ours = histogram_of(1, 1, 1)
    assert math.isnan(ours["ih_max_grad"])
    assert math.isnan(ours["ih_min_grad_g"])
    assert (ours["ih_entropy"], ours["ih_uniformity"]) == (0, 1)
    assert math.copysign(1, ours["ih_entropy"]) == 1
