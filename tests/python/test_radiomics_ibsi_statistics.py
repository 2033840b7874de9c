"""Intensity-based statistics against the IBSI's consensus and values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_region
from radiomics_shapes import THIN, ragged_mask, ragged_values

from medvoxel.radiomics.ibsi_statistics import statistics_ibsi
from medvoxel.radiomics.region import Region

PRINTED = {"stat_mean": "2.15", "stat_kurt": "-0.355", "stat_qcod": "0.6", "stat_energy": "567"}


def test_consensus_values(test_data):
    expected = consensus(test_data, "stat_")
    ours = statistics_ibsi(phantom_region())
    assert list(ours) == list(expected)
    assert {
        tag: ours[tag] for tag, (value, _) in expected.items() if not agrees(ours[tag], value)
    } == {}


@pytest.mark.parametrize("tag", PRINTED)
def test_published_values(tag):
    assert agrees(statistics_ibsi(phantom_region())[tag], PRINTED[tag])


def test_moments_equal_those_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    region = Region(ragged_values(), ragged_mask(), THIN)
    ours = statistics_ibsi(region)
    assert ours["stat_skew"] == pytest.approx(stats.skew(region.inside))
    assert ours["stat_kurt"] == pytest.approx(stats.kurtosis(region.inside))
    assert ours["stat_var"] == pytest.approx(np.var(region.inside))
    median = np.median(region.inside)
    assert ours["stat_medad"] == pytest.approx(np.abs(region.inside - median).mean())


def test_adding_a_constant_moves_places_and_keeps_spread():
    region = Region(ragged_values(), ragged_mask(), THIN)
    higher = Region(ragged_values() + 1000, ragged_mask(), THIN)
    plain, moved = statistics_ibsi(region), statistics_ibsi(higher)
    for name in ("mean", "median", "min", "p10", "p90", "max"):
        assert moved[f"stat_{name}"] == pytest.approx(plain[f"stat_{name}"] + 1000)
    for name in ("var", "skew", "kurt", "iqr", "range", "mad", "rmad", "medad"):
        assert moved[f"stat_{name}"] == pytest.approx(plain[f"stat_{name}"], rel=1e-9)


def test_flat_region():
    ours = statistics_ibsi(Region(np.full((2, 3, 2), 5.0), np.ones((2, 3, 2), bool), THIN))
    assert (ours["stat_skew"], ours["stat_kurt"], ours["stat_var"]) == (0, 0, 0)
    assert (ours["stat_cov"], ours["stat_qcod"]) == (0, 0)


def test_coefficients_of_nothing_are_nan():
    values = np.array([[[-2.0, 2.0, -1.0, 1.0]]])
    ours = statistics_ibsi(Region(values, np.ones(values.shape, bool), THIN))
    assert math.isnan(ours["stat_cov"])
    assert math.isnan(ours["stat_qcod"])
