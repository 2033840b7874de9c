"""Grey level distance zone matrix, against published values and loops over voxels."""

from __future__ import annotations

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_levels, random_levels
from radiomics_oracle import means, measures, slices_of, voxels_inside, way_out, zones_of

from medvoxel.errors import InputError
from medvoxel.radiomics.gldzm import border_distances, gldzm_ibsi
from medvoxel.radiomics.region import DiscreteRegion


def slow(
    levels: np.ndarray, flat_axis: int | None = None, mask: np.ndarray | None = None
) -> list[float]:
    """The measures by flooding and by the shortest way out of each voxel."""
    mask = levels > 0 if mask is None else mask
    pairs = [
        (int(levels[zone[0]]), min(way_out(mask, at, flat_axis) for at in zone))
        for zone in zones_of(levels, flat_axis)
    ]
    return measures(pairs, len(voxels_inside(levels)))[:16]


@pytest.mark.parametrize(
    ("aggregation", "tag", "printed"),
    [
        ("2D", "dzm_sde", "0.946"),
        ("2D", "dzm_ldhge", "21.3"),
        ("2_5D", "dzm_zdnu", "14.4"),
        ("2_5D", "dzm_zd_var", "0.0988"),
        ("3D", "dzm_zdnu", "5"),
        ("3D", "dzm_zd_entr", "1.92"),
    ],
)
def test_phantom(aggregation: str, tag: str, printed: str) -> None:
    assert agrees(gldzm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


@pytest.mark.parametrize("aggregation", ["2D", "2_5D", "3D"])
def test_consensus(test_data, aggregation: str) -> None:
    values = gldzm_ibsi(phantom_levels(), aggregation=aggregation)
    expected = consensus(test_data, "dzm_")
    assert len(values) == 16
    assert len(expected) == 48
    wrong = {
        tag: (value, *expected[f"{tag}_{aggregation}"])
        for tag, value in values.items()
        if not agrees(value, *expected[f"{tag}_{aggregation}"])
    }
    assert not wrong, wrong


def solid(rng: np.random.Generator) -> DiscreteRegion:
    """Random levels in a ball with a hole: zones at several distances."""
    z, y, x = np.indices((7, 8, 9))
    ball = (z - 3) ** 2 + (y - 3.5) ** 2 + (x - 4) ** 2 < 15
    ball[3, 3, 3] = False
    levels = np.where(ball, rng.integers(1, 10, ball.shape), 0)
    return DiscreteRegion(levels.astype(np.int32), 9, (4.0, 0.5, 0.8))


def test_against_loops(rng) -> None:
    for region in (solid(rng), random_levels(rng, filled=0.9)):
        averaged = means([slow(plane, flat_axis=0) for plane in slices_of(region.levels)])
        for aggregation, expected in (
            ("2D", averaged),
            ("2_5D", slow(region.levels, flat_axis=0)),
            ("3D", slow(region.levels)),
        ):
            values = gldzm_ibsi(region, aggregation=aggregation)
            assert list(values.values()) == pytest.approx(expected, rel=1e-9)


def test_distance_counts_from_the_border_of_the_shape(rng) -> None:
    # Voxels left out by a range of grey values make no border.
    whole = solid(rng)
    shape_mask = whole.mask
    levels = np.where(rng.random(shape_mask.shape) < 0.7, whole.levels, 0)
    region = DiscreteRegion(levels, 9, (1.0, 1.0, 1.0))
    for aggregation, flat_axis in (("3D", None), ("2_5D", 0)):
        values = gldzm_ibsi(region, aggregation=aggregation, shape_mask=shape_mask)
        expected = slow(levels, flat_axis, shape_mask)
        assert list(values.values()) == pytest.approx(expected, rel=1e-9)
    inner = gldzm_ibsi(region, aggregation="3D")
    outer = gldzm_ibsi(region, aggregation="3D", shape_mask=shape_mask)
    assert inner["dzm_lde"] < outer["dzm_lde"]


def test_distances_of_a_box() -> None:
    # Distances are in voxels by faces, whatever the spacing; the array's edge is a border.
    distances = border_distances(np.ones((5, 7, 3), bool), by_slice=False)
    z, y, x = np.indices((5, 7, 3))
    expected = np.min([z + 1, 5 - z, y + 1, 7 - y, x + 1, 3 - x], axis=0)
    np.testing.assert_array_equal(distances, expected)
    flat = border_distances(np.ones((5, 7, 3), bool), by_slice=True)
    np.testing.assert_array_equal(flat, np.min([y + 1, 7 - y, x + 1, 3 - x], axis=0))


def test_corners_are_not_ways_out() -> None:
    # Diagonally outside, the way over faces is two steps.
    mask = np.ones((5, 5, 5), bool)
    mask[2, 1, 1] = False
    assert border_distances(mask, by_slice=False)[2, 2, 2] == 2


def test_one_voxel() -> None:
    region = DiscreteRegion(np.full((1, 1, 1), 2, np.int32), 3, (1.0, 1.0, 1.0))
    values = gldzm_ibsi(region, aggregation="3D")
    assert values["dzm_sde"] == 1
    assert values["dzm_ldhge"] == 4
    assert values["dzm_zd_entr"] == 0


def test_grey_levels_outside_of_the_shape() -> None:
    region = phantom_levels()
    with pytest.raises(InputError, match="outside"):
        gldzm_ibsi(region, aggregation="3D", shape_mask=region.mask & (region.levels > 1))
    with pytest.raises(InputError):
        gldzm_ibsi(region, aggregation="3D", shape_mask=region.mask[1:])


def test_unknown_aggregation() -> None:
    with pytest.raises(InputError, match="3D_avg"):
        gldzm_ibsi(phantom_levels(), aggregation="3D_avg")
