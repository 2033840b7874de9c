"""Neighbouring grey tone difference matrix, against published values and loops over voxels."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from radiomics_factory import (
    agrees,
    assert_close,
    binned,
    brain_baseline,
    brain_region,
    consensus,
    phantom_levels,
    random_levels,
)
from radiomics_oracle import means, neighbours_of, slices_of, voxels_inside

from medvoxel.errors import InputError
from medvoxel.radiomics import ngtdm
from medvoxel.radiomics.ngtdm import ngtdm_features, ngtdm_ibsi
from medvoxel.radiomics.region import DiscreteRegion

NAMES = ["Coarseness", "Contrast", "Busyness", "Complexity", "Strength"]


def slow_matrix(
    levels: np.ndarray,
    flat_axis: int | None,
    distances: tuple[int, ...],
    *,
    lonely: bool,
) -> dict[int, tuple[int, float]]:
    """Voxels and summed differences by grey level, with or without lonely voxels."""
    counts: dict[int, int] = defaultdict(int)
    sums: dict[int, float] = defaultdict(float)
    for at in voxels_inside(levels):
        level = int(levels[at])
        around = [int(levels[other]) for other in neighbours_of(levels, at, distances, flat_axis)]
        if around or lonely:
            counts[level] += 1
        if around:
            sums[level] += abs(level - sum(around) / len(around))
    return {level: (counts[level], sums[level]) for level in counts}


def slow(
    levels: np.ndarray,
    flat_axis: int | None = None,
    distances: tuple[int, ...] = (1,),
    *,
    lonely: bool = True,
) -> list[float]:
    """The five features, by loops over pairs of levels."""
    matrix = slow_matrix(levels, flat_axis, distances, lonely=lonely)
    total = sum(n for n, _ in matrix.values())
    entries = [(i, n / total, s) for i, (n, s) in matrix.items()]
    weighted = sum(p * s for _, p, s in entries)
    difference = sum(s for _, _, s in entries)
    spread = away = complexity = strength = 0.0
    for i, p, s in entries:
        for j, q, t in entries:
            spread += p * q * (i - j) ** 2
            away += abs(i * p - j * q)
            complexity += abs(i - j) * (p * s + q * t) / (p + q)
            strength += (p + q) * (i - j) ** 2
    kinds = len(entries)
    return [
        1 / weighted,
        spread / (kinds * (kinds - 1)) * difference / total,
        weighted / away,
        complexity / total,
        strength / difference,
    ]


def test_published_example() -> None:
    # The worked example of pyradiomics' documentation, with its table of n and s.
    levels = np.array([[[1, 2, 5, 2], [3, 5, 1, 3], [1, 3, 5, 5], [3, 1, 1, 1]]], np.int32)
    matrix = slow_matrix(levels, None, (1,), lonely=True)
    assert {level: n for level, (n, _) in matrix.items()} == {1: 6, 2: 2, 3: 4, 5: 4}
    assert matrix[1][1] == pytest.approx(13.35)
    assert matrix[2][1] == pytest.approx(2)
    assert matrix[5][1] == pytest.approx(10.075)
    region = DiscreteRegion(levels, 5, (1.0, 1.0, 1.0))
    values = ngtdm_features(region)
    by_hand = 1 / ((6 * 13.35 + 2 * 2 + 4 * (0.6 + 0.6 + 0.5 + 4 / 3) + 4 * 10.075) / 16)
    assert values["Coarseness"] == pytest.approx(by_hand)
    assert_close(values, dict(zip(NAMES, slow(levels), strict=True)))
    assert list(values) == sorted(NAMES, key=lambda name: name.lower())


@pytest.mark.parametrize(
    ("aggregation", "tag", "printed"),
    [
        ("2D", "ngt_coarseness", "0.121"),
        ("2D", "ngt_busyness", "2.99"),
        ("2_5D", "ngt_contrast", "0.601"),
        ("2_5D", "ngt_complexity", "14.1"),
        ("3D", "ngt_busyness", "6.54"),
        ("3D", "ngt_strength", "0.763"),
    ],
)
def test_phantom(aggregation: str, tag: str, printed: str) -> None:
    assert agrees(ngtdm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


@pytest.mark.parametrize("aggregation", ["2D", "2_5D", "3D"])
def test_consensus(test_data, aggregation: str) -> None:
    values = ngtdm_ibsi(phantom_levels(), aggregation=aggregation)
    expected = consensus(test_data, "ngt_")
    assert len(values) == 5
    assert len(expected) == 15
    wrong = {
        tag: (value, *expected[f"{tag}_{aggregation}"])
        for tag, value in values.items()
        if not agrees(value, *expected[f"{tag}_{aggregation}"])
    }
    assert not wrong, wrong


def test_pyradiomics_baseline(test_data) -> None:
    expected, settings = brain_baseline(test_data, "ngtdm")
    levels = binned(brain_region(test_data), settings["binWidth"])
    assert_close(ngtdm_features(levels), expected, rel=1e-9)


@pytest.mark.parametrize("flat_axis", [None, 0, 1, 2])
@pytest.mark.parametrize("distances", [(1,), (2,), (1, 3)])
def test_against_loops(rng, flat_axis: int | None, distances: tuple[int, ...]) -> None:
    for filled in (0.3, 0.6, 1.0):
        region = random_levels(rng, count=6, filled=filled)
        values = ngtdm_features(region, distances=distances, force2d_dimension=flat_axis)
        expected = slow(region.levels, flat_axis, distances)
        assert_close(values, dict(zip(NAMES, expected, strict=True)))


@pytest.mark.parametrize("distance", [1, 2])
def test_ibsi_against_loops(rng, distance: int) -> None:
    region = random_levels(rng, shape=(3, 6, 7), count=5, filled=0.3)
    distances = tuple(range(1, distance + 1))
    planes = slices_of(region.levels)
    for aggregation, expected in (
        ("2D", means([slow(plane, None, distances, lonely=False) for plane in planes])),
        ("2_5D", slow(region.levels, 0, distances, lonely=False)),
        ("3D", slow(region.levels, None, distances, lonely=False)),
    ):
        values = ngtdm_ibsi(region, aggregation=aggregation, distance=distance)
        assert list(values.values()) == pytest.approx(expected, rel=1e-9)


def test_definitions_differ_in_voxels_without_neighbours() -> None:
    levels = np.array([[[1, 2, 0, 0, 3]]], np.int32)
    region = DiscreteRegion(levels, 3, (1.0, 1.0, 1.0))
    # pyradiomics: p = 1/3 each, s = 1, 1, 0. IBSI: p = 1/2 each, s = 1, 1.
    assert ngtdm_features(region)["Coarseness"] == pytest.approx(3 / 2)
    assert ngtdm_ibsi(region, aggregation="3D")["ngt_coarseness"] == pytest.approx(1)


def test_slices_without_neighbours_are_left_out_of_means() -> None:
    levels = np.zeros((2, 3, 3), np.int32)
    levels[0, 0] = (1, 2, 2)
    levels[1, 1, 1] = 2
    region = DiscreteRegion(levels, 2, (1.0, 1.0, 1.0))
    first = DiscreteRegion(levels[:1], 2, (1.0, 1.0, 1.0))
    assert ngtdm_ibsi(region, aggregation="2D") == ngtdm_ibsi(first, aggregation="2D")


def test_flat_region() -> None:
    region = DiscreteRegion(np.full((2, 3, 4), 2, np.int32), 4, (1.0, 1.0, 1.0))
    expected = {name: 1e6 if name == "Coarseness" else 0.0 for name in NAMES}
    assert ngtdm_features(region) == expected
    assert list(ngtdm_ibsi(region, aggregation="2D").values()) == [1e6, 0, 0, 0, 0]


def test_levels_of_equal_weight_are_not_busy() -> None:
    # i p is the same for both levels: two voxels of level 1, one of level 2.
    region = DiscreteRegion(np.array([[[1, 2, 1]]], np.int32), 2, (1.0, 1.0, 1.0))
    assert ngtdm_features(region)["Busyness"] == 0
    assert ngtdm_features(region)["Strength"] > 0


def test_one_voxel() -> None:
    region = DiscreteRegion(np.array([[[0, 3, 0]]], np.int32), 3, (1.0, 1.0, 1.0))
    assert all(math.isnan(value) for value in ngtdm_features(region).values())
    assert all(math.isnan(value) for value in ngtdm_ibsi(region, aggregation="2D").values())


def test_levels_taken_in_blocks(rng, monkeypatch) -> None:
    region = random_levels(rng, shape=(6, 7, 8), count=100)
    expected = ngtdm_features(region)
    monkeypatch.setattr(ngtdm, "_BLOCK", 700)
    assert_close(ngtdm_features(region), expected, rel=1e-12)


def test_impossible_arguments() -> None:
    with pytest.raises(InputError):
        ngtdm_features(phantom_levels(), distances=())
    with pytest.raises(InputError):
        ngtdm_features(phantom_levels(), force2d_dimension=-1)
    with pytest.raises(InputError, match="2D_comb"):
        ngtdm_ibsi(phantom_levels(), aggregation="2D_comb")
