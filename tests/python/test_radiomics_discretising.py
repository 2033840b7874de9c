"""Grey levels by pyradiomics' rules and by IBSI's."""

from __future__ import annotations

import numpy as np
import pytest

from medvoxel.errors import InputError, MemoryLimitError
from medvoxel.radiomics.discretising import bin_edges, discretise, ibsi_levels
from medvoxel.radiomics.region import Region
from medvoxel.radiomics.settings import RadiomicsSettings


def line(*values: float) -> Region:
    array = np.array(values, dtype=float).reshape(1, 1, -1)
    return Region(array, np.ones(array.shape, dtype=bool), (1.0, 1.0, 1.0))


def levels(region: Region, **settings: object) -> list[int]:
    return discretise(region, RadiomicsSettings(**settings))[0].levels.ravel().tolist()


def test_the_example_in_pyradiomics_documentation() -> None:
    edges = bin_edges(np.array([54.0, 100.0, 166.0]), bin_width=25)
    np.testing.assert_array_equal(edges[:6], [50, 75, 100, 125, 150, 175])


def test_a_maximum_on_an_edge_opens_a_bin_of_its_own() -> None:
    assert levels(line(50, 74.9, 75, 100), bin_width=25) == [1, 1, 2, 3]


def test_bins_of_negative_values_are_multiples_of_the_width_too() -> None:
    discrete, edges = discretise(line(-30, -1, 0, 10), RadiomicsSettings(bin_width=25))
    assert discrete.levels.ravel().tolist() == [1, 2, 3, 3]
    np.testing.assert_array_equal(edges, [-50, -25, 0, 25])


def test_only_voxels_inside_make_bins() -> None:
    array = np.array([0.0, 100, 130, 9000]).reshape(1, 1, 4)
    mask = np.array([False, True, True, False]).reshape(1, 1, 4)
    discrete, _ = discretise(Region(array, mask, (1.0, 1.0, 1.0)), RadiomicsSettings())
    assert discrete.levels.ravel().tolist() == [0, 1, 2, 0]
    assert discrete.count == 2


@pytest.mark.parametrize("value", [0.0, 7.0, 25.0, -25.0])
def test_a_flat_region_is_one_level(value: float) -> None:
    assert levels(line(value, value)) == [1, 1]


def test_a_bin_count_counts_as_a_histogram_does(rng: np.random.Generator) -> None:
    values = rng.normal(100, 40, 500)
    found = np.array(levels(line(*values), bin_count=16))
    expected = np.histogram(values, 16)[0]
    np.testing.assert_array_equal(np.bincount(found, minlength=17)[1:], expected)
    assert found[np.argmax(values)] == 16


def test_fixed_bin_size_starts_at_the_lower_end_of_the_range() -> None:
    how = {"definition": "ibsi", "bin_width": 25, "resegment_range": [-1000, 400]}
    discrete, edges = discretise(line(-1000, -975, 0, 24.9, 400), RadiomicsSettings(**how))
    assert discrete.levels.ravel().tolist() == [1, 2, 41, 41, 57]
    assert discrete.count == 57
    assert (edges[0], edges[40], len(edges)) == (-1000, 0, 58)


def test_fixed_bin_size_without_a_range_starts_at_the_minimum() -> None:
    assert levels(line(54, 78.9, 79, 166), definition="ibsi") == [1, 1, 2, 5]
    assert levels(line(54, 79), definition="ibsi", resegment_range=[-np.inf, 90]) == [1, 2]


def test_fixed_bin_number() -> None:
    # floor(4 (x - 0) / 8) + 1, and the maximum in the last bin.
    found, count, edges = ibsi_levels(np.array([0.0, 1.9, 2, 5, 8]), bin_count=4)
    assert found.tolist() == [1, 1, 2, 3, 4]
    assert count == 4
    np.testing.assert_array_equal(edges, [0, 2, 4, 6, 8])


def test_a_width_far_too_small_is_refused() -> None:
    with pytest.raises(MemoryLimitError, match="bin_width"):
        discretise(line(0, 3000), RadiomicsSettings(bin_width=0.01))


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        discretise(line(0, np.nan), RadiomicsSettings())
