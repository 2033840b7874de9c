"""Grey level size zone matrix, against published values and flooding by hand."""

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
from radiomics_oracle import means, measures, slices_of, voxels_inside, zones_of

from medvoxel.errors import InputError
from medvoxel.radiomics.glszm import glszm_features, glszm_ibsi
from medvoxel.radiomics.region import DiscreteRegion

# pyradiomics' names in the order of IBSI's manual.
NAMES = [
    "SmallAreaEmphasis",
    "LargeAreaEmphasis",
    "LowGrayLevelZoneEmphasis",
    "HighGrayLevelZoneEmphasis",
    "SmallAreaLowGrayLevelEmphasis",
    "SmallAreaHighGrayLevelEmphasis",
    "LargeAreaLowGrayLevelEmphasis",
    "LargeAreaHighGrayLevelEmphasis",
    "GrayLevelNonUniformity",
    "GrayLevelNonUniformityNormalized",
    "SizeZoneNonUniformity",
    "SizeZoneNonUniformityNormalized",
    "ZonePercentage",
    "GrayLevelVariance",
    "ZoneVariance",
    "ZoneEntropy",
]


def slow(levels: np.ndarray, flat_axis: int | None = None) -> list[float]:
    """The measures by flooding."""
    zones = zones_of(levels, flat_axis)
    pairs = [(int(levels[zone[0]]), len(zone)) for zone in zones]
    return measures(pairs, len(voxels_inside(levels)))[:16]


def test_published_example() -> None:
    # The worked example of pyradiomics' documentation, with its matrix.
    levels = [[5, 2, 5, 4, 4], [3, 3, 3, 1, 3], [2, 1, 1, 1, 3], [4, 2, 2, 2, 3], [3, 5, 3, 3, 2]]
    matrix = np.array(
        [[0, 0, 0, 1, 0], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 1, 0, 0, 0], [3, 0, 0, 0, 0]]
    )
    pairs = [
        (i + 1, j + 1)
        for i, j in zip(*np.nonzero(matrix), strict=True)
        for _ in range(matrix[i, j])
    ]
    region = DiscreteRegion(np.array([levels], dtype=np.int32), 5, (1.0, 1.0, 1.0))
    expected = dict(zip(NAMES, measures(pairs, 25), strict=False))
    assert_close(glszm_features(region), expected, rel=1e-12)
    assert glszm_features(region)["ZonePercentage"] == pytest.approx(11 / 25)
    assert list(glszm_features(region)) == sorted(NAMES)  # as pyradiomics lists them


@pytest.mark.parametrize(
    ("aggregation", "tag", "printed"),
    [
        ("2D", "szm_sze", "0.363"),
        ("2D", "szm_zs_var", "21"),
        ("2_5D", "szm_lze", "34.2"),
        ("2_5D", "szm_zs_entr", "3.08"),
        ("3D", "szm_lzhge", "1490"),
        ("3D", "szm_z_perc", "0.0676"),
    ],
)
def test_phantom(aggregation: str, tag: str, printed: str) -> None:
    assert agrees(glszm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


@pytest.mark.parametrize("aggregation", ["2D", "2_5D", "3D"])
def test_consensus(test_data, aggregation: str) -> None:
    values = glszm_ibsi(phantom_levels(), aggregation=aggregation)
    expected = consensus(test_data, "szm_")
    assert len(values) == 16
    assert len(expected) == 48
    wrong = {
        tag: (value, *expected[f"{tag}_{aggregation}"])
        for tag, value in values.items()
        if not agrees(value, *expected[f"{tag}_{aggregation}"])
    }
    assert not wrong, wrong


def test_pyradiomics_baseline(test_data) -> None:
    expected, settings = brain_baseline(test_data, "glszm")
    levels = binned(brain_region(test_data), settings["binWidth"])
    assert_close(glszm_features(levels), expected, rel=1e-9)


@pytest.mark.parametrize("flat_axis", [None, 0, 1, 2])
@pytest.mark.parametrize("count", [2, 5])
def test_against_flooding(rng, flat_axis: int | None, count: int) -> None:
    for filled in (0.4, 0.8, 1.0):
        region = random_levels(rng, count=count, filled=filled)
        expected = dict(zip(NAMES, slow(region.levels, flat_axis), strict=True))
        assert_close(glszm_features(region, force2d_dimension=flat_axis), expected)


def test_ibsi_against_flooding(rng) -> None:
    for _ in range(3):
        region = random_levels(rng, count=3, filled=0.6)
        averaged = means([slow(plane) for plane in slices_of(region.levels)])
        merged = slow(region.levels, flat_axis=0)
        for aggregation, expected in (
            ("2D", averaged),
            ("2_5D", merged),
            ("3D", slow(region.levels)),
        ):
            values = glszm_ibsi(region, aggregation=aggregation)
            assert list(values.values()) == pytest.approx(expected, rel=1e-9)


def test_long_winding_zone() -> None:
    # One path of a voxel's width that comes back on itself, so that early voxels are found
    # to be of one zone late; and a second level between.
    levels = np.full((7, 9, 11), 2, dtype=np.int32)
    levels[:, ::2] = 1
    levels[1::2] = 2
    levels[1::2, 0, ::2] = 1
    region = DiscreteRegion(levels, 2, (1.0, 1.0, 1.0))
    expected = dict(zip(NAMES, slow(levels), strict=True))
    assert_close(glszm_features(region), expected)


def test_turned_region_has_the_same_features(rng) -> None:
    region = random_levels(rng, shape=(3, 6, 8), count=3)
    expected = glszm_features(region)
    for order in ((2, 1, 0), (1, 2, 0)):
        turned = DiscreteRegion(region.levels[::-1].transpose(order), 3, region.spacing)
        assert_close(glszm_features(turned), expected)


def test_many_empty_levels(rng) -> None:
    region = random_levels(rng, count=3)
    sparse = DiscreteRegion(
        np.where(region.levels > 0, region.levels * 100_000, 0).astype(np.int32),
        300_000,
        region.spacing,
    )
    few, many = glszm_features(region), glszm_features(sparse)
    assert many["ZoneEntropy"] == few["ZoneEntropy"]
    assert many["GrayLevelVariance"] == pytest.approx(few["GrayLevelVariance"] * 1e10)


def test_flat_region_is_one_zone() -> None:
    region = DiscreteRegion(np.ones((3, 4, 5), np.int32), 1, (4.0, 0.5, 0.8))
    values = glszm_features(region)
    assert values["LargeAreaEmphasis"] == 3600
    assert values["ZoneEntropy"] == pytest.approx(0, abs=1e-12)
    assert values["GrayLevelVariance"] == 0


def test_one_voxel() -> None:
    region = DiscreteRegion(np.array([[[0, 3, 0]]], np.int32), 3, (1.0, 1.0, 1.0))
    assert all(math.isnan(value) for value in glszm_features(region).values())
    assert glszm_ibsi(region, aggregation="2D")["szm_hgze"] == 9


def test_column_of_voxels_has_no_planes_across_it() -> None:
    region = DiscreteRegion(np.ones((4, 1, 1), np.int32), 1, (1.0, 1.0, 1.0))
    assert all(math.isnan(v) for v in glszm_features(region, force2d_dimension=0).values())
    assert glszm_features(region, force2d_dimension=1)["LargeAreaEmphasis"] == 16


def test_input_is_left_alone_and_may_be_any_view(rng) -> None:
    levels = random_levels(rng).levels
    levels.flags.writeable = False
    view = DiscreteRegion(np.asfortranarray(levels)[:, ::-1], 4, (1.0, 1.0, 1.0))
    copy = DiscreteRegion(np.ascontiguousarray(levels[:, ::-1]), 4, (1.0, 1.0, 1.0))
    assert glszm_features(view) == glszm_features(copy)


def test_unknown_aggregation() -> None:
    with pytest.raises(InputError, match="2D_avg") as caught:
        glszm_ibsi(phantom_levels(), aggregation="2D_avg")
    assert "2_5D" in caught.value.hint


def test_unknown_axis() -> None:
    with pytest.raises(InputError):
        glszm_features(phantom_levels(), force2d_dimension=3)
