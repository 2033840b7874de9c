"""Grey level dependence matrix, against published values and loops over voxels."""

from __future__ import annotations

import math

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
from radiomics_oracle import means, measures, neighbours_of, slices_of, voxels_inside

from medvoxel.errors import InputError
from medvoxel.radiomics.gldm import gldm_features, gldm_ibsi
from medvoxel.radiomics.region import DiscreteRegion

# pyradiomics' names in the order of IBSI's manual; None: not offered by pyradiomics.
NAMES = [
    "SmallDependenceEmphasis",
    "LargeDependenceEmphasis",
    "LowGrayLevelEmphasis",
    "HighGrayLevelEmphasis",
    "SmallDependenceLowGrayLevelEmphasis",
    "SmallDependenceHighGrayLevelEmphasis",
    "LargeDependenceLowGrayLevelEmphasis",
    "LargeDependenceHighGrayLevelEmphasis",
    "GrayLevelNonUniformity",
    None,
    "DependenceNonUniformity",
    "DependenceNonUniformityNormalized",
    None,
    "GrayLevelVariance",
    "DependenceVariance",
    "DependenceEntropy",
    None,
]


def slow(
    levels: np.ndarray,
    flat_axis: int | None = None,
    distances: tuple[int, ...] = (1,),
    alpha: float = 0,
) -> list[float]:
    """The measures, voxel by voxel."""
    voxels = voxels_inside(levels)
    pairs = []
    for at in voxels:
        others = neighbours_of(levels, at, distances, flat_axis)
        alike = [other for other in others if abs(int(levels[other]) - levels[at]) <= alpha]
        pairs.append((int(levels[at]), 1 + len(alike)))
    return measures(pairs, len(voxels))


def named(values: list[float]) -> dict[str, float]:
    """The measures that pyradiomics offers, by its names."""
    return {name: value for name, value in zip(NAMES, values, strict=True) if name}


def test_published_example() -> None:
    # The worked example of pyradiomics' documentation (alpha 0, distance 1), with its matrix.
    levels = [[5, 2, 5, 4, 4], [3, 3, 3, 1, 3], [2, 1, 1, 1, 3], [4, 2, 2, 2, 3], [3, 5, 3, 3, 2]]
    matrix = np.array([[0, 1, 2, 1], [1, 2, 3, 0], [1, 4, 4, 0], [1, 2, 0, 0], [3, 0, 0, 0]])
    pairs = [
        (i + 1, j + 1)
        for i, j in zip(*np.nonzero(matrix), strict=True)
        for _ in range(matrix[i, j])
    ]
    region = DiscreteRegion(np.array([levels], dtype=np.int32), 5, (1.0, 1.0, 1.0))
    assert_close(gldm_features(region), named(measures(pairs, 25)), rel=1e-12)
    assert list(gldm_features(region)) == sorted(name for name in NAMES if name)


@pytest.mark.parametrize(
    ("aggregation", "tag", "printed"),
    [
        ("2D", "ngl_lde", "0.158"),
        ("2D", "ngl_dc_energy", "0.17"),
        ("2_5D", "ngl_hdhge", "50.8"),
        ("2_5D", "ngl_dc_var", "3.27"),
        ("3D", "ngl_ldlge", "0.00963"),
        ("3D", "ngl_dc_entr", "4.4"),
    ],
)
def test_phantom(aggregation: str, tag: str, printed: str) -> None:
    assert agrees(gldm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


@pytest.mark.parametrize("aggregation", ["2D", "2_5D", "3D"])
def test_consensus(test_data, aggregation: str) -> None:
    values = gldm_ibsi(phantom_levels(), aggregation=aggregation)
    expected = consensus(test_data, "ngl_")
    assert len(values) == 17
    assert len(expected) == 51
    wrong = {
        tag: (value, *expected[f"{tag}_{aggregation}"])
        for tag, value in values.items()
        if not agrees(value, *expected[f"{tag}_{aggregation}"])
    }
    assert not wrong, wrong


def test_pyradiomics_baseline(test_data) -> None:
    expected, settings = brain_baseline(test_data, "gldm")
    levels = binned(brain_region(test_data), settings["binWidth"])
    assert_close(gldm_features(levels, gldm_alpha=settings["gldm_a"]), expected, rel=1e-9)


@pytest.mark.parametrize("flat_axis", [None, 0, 1, 2])
@pytest.mark.parametrize(("distances", "alpha"), [((1,), 0), ((1,), 1), ((2,), 0), ((1, 3), 2)])
def test_against_loops(
    rng, flat_axis: int | None, distances: tuple[int, ...], alpha: float
) -> None:
    for filled in (0.5, 1.0):
        region = random_levels(rng, count=6, filled=filled)
        values = gldm_features(
            region, distances=distances, gldm_alpha=alpha, force2d_dimension=flat_axis
        )
        assert_close(values, named(slow(region.levels, flat_axis, distances, alpha)))


@pytest.mark.parametrize(("distance", "alpha"), [(1, 0), (2, 1)])
def test_ibsi_against_loops(rng, distance: int, alpha: float) -> None:
    region = random_levels(rng, count=4, filled=0.6)
    distances = tuple(range(1, distance + 1))
    planes = slices_of(region.levels)
    for aggregation, expected in (
        ("2D", means([slow(plane, None, distances, alpha) for plane in planes])),
        ("2_5D", slow(region.levels, 0, distances, alpha)),
        ("3D", slow(region.levels, None, distances, alpha)),
    ):
        values = gldm_ibsi(region, aggregation=aggregation, distance=distance, alpha=alpha)
        assert list(values.values()) == pytest.approx(expected, rel=1e-9)


def test_neighbours_do_not_wrap_round() -> None:
    # The same level at the end of one row and the start of the next is not a neighbour.
    levels = np.array([[[2, 1, 3], [1, 1, 1], [3, 1, 2]]], np.int32)
    region = DiscreteRegion(levels, 3, (1.0, 1.0, 1.0))
    assert_close(gldm_features(region, distances=(2,)), named(slow(levels, None, (2,))))


def test_flat_region() -> None:
    # In a block of 3 x 3 x 3 one voxel has 26 neighbours, 6 have 17, 12 have 11, 8 have 7.
    region = DiscreteRegion(np.ones((3, 3, 3), np.int32), 1, (1.0, 1.0, 1.0))
    expected = (27**2 + 6 * 18**2 + 12 * 12**2 + 8 * 8**2) / 27
    assert gldm_features(region)["LargeDependenceEmphasis"] == pytest.approx(expected)
    assert gldm_features(region)["GrayLevelVariance"] == 0


def test_large_alpha_makes_all_levels_alike(rng) -> None:
    region = random_levels(rng, count=5)
    flat = DiscreteRegion((region.levels > 0).astype(np.int32), 1, region.spacing)
    wide = gldm_features(region, gldm_alpha=4)
    for name in ("LargeDependenceEmphasis", "DependenceNonUniformity"):
        assert wide[name] == pytest.approx(gldm_features(flat)[name])


def test_one_voxel_and_scattered_voxels() -> None:
    one = DiscreteRegion(np.array([[[0, 3, 0]]], np.int32), 3, (1.0, 1.0, 1.0))
    assert all(math.isnan(value) for value in gldm_features(one).values())
    assert gldm_ibsi(one, aggregation="3D")["ngl_lde"] == 1
    scattered = DiscreteRegion(np.array([[[1, 0, 1]]], np.int32), 1, (1.0, 1.0, 1.0))
    assert gldm_features(scattered)["SmallDependenceEmphasis"] == 1


def test_many_empty_levels() -> None:
    levels = np.array([[[1, 1, 1_000_000], [1, 1_000_000, 1]]], np.int32)
    region = DiscreteRegion(levels, 1_000_000, (1.0, 1.0, 1.0))
    assert_close(gldm_features(region), named(slow(levels)))


@pytest.mark.parametrize("alpha", [-1, math.nan, math.inf])
def test_impossible_alpha(alpha: float) -> None:
    with pytest.raises(InputError):
        gldm_features(phantom_levels(), gldm_alpha=alpha)


def test_impossible_arguments() -> None:
    with pytest.raises(InputError):
        gldm_features(phantom_levels(), distances=(0,))
    with pytest.raises(InputError):
        gldm_ibsi(phantom_levels(), aggregation="3D", distance=0)
    with pytest.raises(InputError, match="5D"):
        gldm_ibsi(phantom_levels(), aggregation="2.5D")
