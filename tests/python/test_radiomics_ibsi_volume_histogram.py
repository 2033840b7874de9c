"""The intensity-volume histogram against the IBSI's consensus and slow counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_region

from medvoxel.errors import InputError
from medvoxel.radiomics.ibsi_volume_histogram import volume_histogram_ibsi
from medvoxel.radiomics.region import Region

PRINTED = {"ivh_v10": "0.324", "ivh_v90": "0.0946", "ivh_i10": "5", "ivh_i90": "2"}


def region_of(values: np.ndarray) -> Region:
    values = np.asarray(values, np.float64).reshape(1, 1, -1)
    return Region(values, np.ones(values.shape, bool), (1.0, 1.0, 1.0))


def slow_features(values: list[float], scale: list[float]) -> dict[str, float]:
    """The definition, level by level over the whole scale."""
    part = [sum(v >= level for v in values) / len(values) for level in scale]
    reach = [(level - scale[0]) / (scale[-1] - scale[0]) for level in scale]
    v10, v90 = (
        max(p for p, r in zip(part, reach, strict=True) if r >= fraction - 1e-9)
        for fraction in (0.1, 0.9)
    )
    beyond = 2 * scale[-1] - scale[-2]
    i10, i90 = (
        min([level for p, level in zip(part, scale, strict=True) if p <= fraction] or [beyond])
        for fraction in (0.1, 0.9)
    )
    area = sum(
        (part[k] + part[k + 1]) / 2 * (reach[k + 1] - reach[k]) for k in range(len(scale) - 1)
    )
    return {
        "ivh_v10": v10,
        "ivh_v90": v90,
        "ivh_i10": i10,
        "ivh_i90": i90,
        "ivh_diff_v10_v90": v10 - v90,
        "ivh_diff_i10_i90": i10 - i90,
        "ivh_auc": area,
    }


def test_consensus_values(test_data):
    expected = consensus(test_data, "ivh_")
    assert len(expected) == 6  # there is none for the area under the curve
    ours = volume_histogram_ibsi(phantom_region())
    assert {
        tag: ours[tag] for tag, (value, _) in expected.items() if not agrees(ours[tag], value)
    } == {}


@pytest.mark.parametrize("tag", PRINTED)
def test_published_values(tag):
    assert agrees(volume_histogram_ibsi(phantom_region())[tag], PRINTED[tag])


def test_whole_values_have_a_scale_with_steps_of_one(rng):
    values = rng.integers(-20, 35, 50)
    ours = volume_histogram_ibsi(region_of(values), intensity_range=(-50, 40))
    expected = slow_features(list(values), [float(v) for v in range(-50, 41)])
    assert ours == pytest.approx(expected)


def test_range_is_that_of_the_values_by_default(rng):
    values = rng.integers(-20, 35, 50)
    scale = [float(v) for v in range(values.min(), values.max() + 1)]
    assert volume_histogram_ibsi(region_of(values)) == pytest.approx(
        slow_features(list(values), scale)
    )


def test_bins_of_a_width_stand_for_their_centres(rng):
    values = rng.uniform(-3, 11, 80)
    centres = np.arange(-5 + 1.25, 12.5, 2.5)  # -5 to 12.5 in steps of 2.5
    binned = centres[np.floor((values + 5) / 2.5).astype(int)]
    ours = volume_histogram_ibsi(region_of(values), bin_width=2.5, intensity_range=(-5, 12.5))
    assert ours == pytest.approx(slow_features(list(binned), list(centres)))


def test_top_of_the_range_is_in_the_last_bin():
    ours = volume_histogram_ibsi(region_of([0.0, 4.0]), bin_width=1.0)
    assert ours["ivh_i90"] == 0.5 + 1
    assert ours["ivh_i10"] == 3.5 + 1


def test_bins_of_a_number_stand_for_their_numbers(rng):
    values = rng.uniform(-3, 11, 80)
    share = (values - values.min()) / np.ptp(values)
    numbers = np.minimum(np.floor(20 * share) + 1, 20)
    ours = volume_histogram_ibsi(region_of(values), bin_count=20, intensity_range=(-100, 100))
    assert ours == pytest.approx(slow_features(list(numbers), [float(n) for n in range(1, 21)]))


def test_values_with_fractions_are_levels_of_their_own():
    ours = volume_histogram_ibsi(region_of([0.5, 1.25, 1.5, 2.75, 10.5]))
    assert ours["ivh_v10"] == pytest.approx(0.6)  # those of at least 0.5 + 1
    assert ours["ivh_i90"] == 1.25
    assert ours["ivh_i10"] == 10.5


def test_flat_region_has_no_intensity_fractions():
    ours = volume_histogram_ibsi(region_of([3, 3, 3]))
    assert all(math.isnan(ours[f"ivh_{name}"]) for name in ("v10", "v90", "auc"))
    assert (ours["ivh_i10"], ours["ivh_diff_i10_i90"]) == (4, 0)


@pytest.mark.parametrize(
    "options", [{"bin_width": 0.0}, {"bin_count": 0}, {"bin_width": 1.0, "bin_count": 10}]
)
def test_impossible_bins_are_errors(options):
    with pytest.raises(InputError, match="bin_"):
        volume_histogram_ibsi(region_of([1, 2]), **options)
