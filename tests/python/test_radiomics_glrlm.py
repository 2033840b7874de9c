"""Run length features against IBSI, pyradiomics' baselines and slow loops."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest
from radiomics_factory import (
    agrees,
    assert_close,
    binned,
    brain_baseline,
    brain_region,
    consensus,
    half_space,
    phantom_levels,
    random_levels,
)

from medvoxel import errors
from medvoxel.radiomics.glrlm import GLRLM_FEATURES, GLRLM_IBSI, glrlm_features, glrlm_ibsi
from medvoxel.radiomics.region import DiscreteRegion

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
SPACING = (2.0, 1.0, 1.0)
SOME_CONSENSUS = [
    ("2D_avg", "rlm_sre", "0.641"),
    ("2D_comb", "rlm_r_perc", "0.627"),
    ("2_5D_avg", "rlm_rlnu", "22.3"),
    ("2_5D_comb", "rlm_rl_entr", "2.76"),
    ("3D_avg", "rlm_lrhge", "17.6"),
    ("3D_comb", "rlm_glnu", "281"),
]


def region_of(levels: object) -> DiscreteRegion:
    array = np.array(levels, dtype=np.int32)
    return DiscreteRegion(array, int(array.max()), SPACING)


def slow_runs(levels: np.ndarray, offset: tuple[int, int, int]) -> Counter:
    """Count runs by walking on from each voxel with which one begins."""

    def level(place):
        inside = all(0 <= a < size for a, size in zip(place, levels.shape, strict=True))
        return int(levels[tuple(place)]) if inside else 0

    runs: Counter = Counter()
    for start in product(*map(range, levels.shape)):
        before = [a - b for a, b in zip(start, offset, strict=True)]
        if level(start) and level(before) != level(start):
            length, place = 0, list(start)
            while level(place) == level(start):
                length += 1
                place = [a + b for a, b in zip(place, offset, strict=True)]
            runs[level(start), length] += 1
    return runs


def slow_features(runs: Counter) -> dict[str, float]:
    """Pyradiomics' formulas, term by term."""
    count = sum(runs.values())
    share = {key: n / count for key, n in runs.items()}
    levels, lengths = {i for i, _ in runs}, {j for _, j in runs}
    by_level = [sum(n for (i, _), n in runs.items() if i == level) for level in levels]
    by_length = [sum(n for (_, j), n in runs.items() if j == length) for length in lengths]
    mean_level = sum(i * p for (i, _), p in share.items())
    mean_length = sum(j * p for (_, j), p in share.items())

    def emphasis(level_power, length_power):
        terms = (p * i**level_power * j**length_power for (i, j), p in share.items())
        return sum(terms)

    return {
        "GrayLevelNonUniformity": sum(n**2 for n in by_level) / count,
        "GrayLevelNonUniformityNormalized": sum(n**2 for n in by_level) / count**2,
        "GrayLevelVariance": sum(p * (i - mean_level) ** 2 for (i, _), p in share.items()),
        "HighGrayLevelRunEmphasis": emphasis(2, 0),
        "LongRunEmphasis": emphasis(0, 2),
        "LongRunHighGrayLevelEmphasis": emphasis(2, 2),
        "LongRunLowGrayLevelEmphasis": emphasis(-2, 2),
        "LowGrayLevelRunEmphasis": emphasis(-2, 0),
        "RunEntropy": -sum(p * math.log2(p) for p in share.values()),
        "RunLengthNonUniformity": sum(n**2 for n in by_length) / count,
        "RunLengthNonUniformityNormalized": sum(n**2 for n in by_length) / count**2,
        "RunPercentage": count / sum(j * n for (_, j), n in runs.items()),
        "RunVariance": sum(p * (j - mean_length) ** 2 for (_, j), p in share.items()),
        "ShortRunEmphasis": emphasis(0, -2),
        "ShortRunHighGrayLevelEmphasis": emphasis(2, -2),
        "ShortRunLowGrayLevelEmphasis": emphasis(-2, -2),
    }


def merged(parts: list[Counter], weights: list[float] | None = None) -> Counter:
    total: Counter = Counter()
    for part, weight in zip(parts, weights or [1] * len(parts), strict=True):
        for key, n in part.items():
            total[key] += weight * n
    return total


def slow_mean(parts: list[Counter]) -> dict[str, float]:
    rows = [slow_features(part) for part in parts if part]
    return {name: float(np.mean([row[name] for row in rows])) for name in GLRLM_FEATURES}


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_consensus_value_of_the_phantom(test_data, aggregation):
    """16 features equal at the digits given, which is tighter than IBSI's tolerance."""
    expected = consensus(test_data, "rlm_")
    ours = glrlm_ibsi(phantom_levels(), aggregation=aggregation)
    assert len(expected) == 96
    assert list(ours) == list(GLRLM_IBSI)
    wrong = {
        tag: (value, expected[f"{tag}_{aggregation}"])
        for tag, value in ours.items()
        if not agrees(value, expected[f"{tag}_{aggregation}"][0])
    }
    assert not wrong, wrong


def test_pyradiomics_baseline(test_data):
    expected, settings = brain_baseline(test_data, "glrlm")
    ours = glrlm_features(binned(brain_region(test_data), settings["binWidth"]))
    assert list(ours) == list(GLRLM_FEATURES)
    assert_close(ours, expected, rel=1e-9)


@pytest.mark.parametrize("flat_axis", [None, 0, 1, 2])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_against_loops(rng, flat_axis, count):
    region = random_levels(rng, count=count)
    parts = [slow_runs(region.levels, offset) for offset in half_space((1,), flat_axis)]
    ours = glrlm_features(region, force2d_dimension=flat_axis)
    assert_close(ours, slow_mean(parts))


@pytest.mark.parametrize("norm", ["manhattan", "euclidean", "infinity", "no_weighting"])
def test_weighted_against_loops(rng, norm):
    region = random_levels(rng, count=3)
    parts, weights = [], []
    for offset in half_space():
        steps = [abs(a) * b for a, b in zip(offset, region.spacing, strict=True)]
        parts.append(slow_runs(region.levels, offset))
        length = {"manhattan": sum(steps), "euclidean": math.hypot(*steps)}
        length |= {"infinity": max(steps), "no_weighting": 1.0}
        weights.append(length[norm])
    expected = slow_features(merged(parts, weights))
    assert_close(glrlm_features(region, weighting_norm=norm), expected)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_aggregations_against_loops(rng, aggregation):
    region = random_levels(rng, shape=(3, 4, 5), count=3)
    offsets = half_space((1,), None if aggregation.startswith("3D") else 0)
    whole = [region.levels]
    if aggregation.startswith("2D"):
        whole = [plane[None] for plane in region.levels]
    per_slice = [[slow_runs(levels, offset) for offset in offsets] for levels in whole]
    if aggregation.endswith("comb"):
        per_slice = [[merged(parts)] for parts in per_slice]
    expected = slow_mean([part for parts in per_slice for part in parts])
    ours = glrlm_ibsi(region, aggregation=aggregation)
    assert_close(ours, {tag: expected[name] for tag, name in GLRLM_IBSI.items()})


def test_one_line_by_hand():
    """Runs of 1 x 1 and 3 x 2; no other direction has a line of two voxels."""
    ours = glrlm_features(region_of([[[1, 3, 3]]]))
    expected = {"RunPercentage": 2 / 3, "LongRunEmphasis": 2.5, "ShortRunEmphasis": 0.625}
    expected |= {"GrayLevelVariance": 1, "RunVariance": 0.25, "RunEntropy": 1}
    expected |= {"LongRunHighGrayLevelEmphasis": 18.5, "RunLengthNonUniformity": 1}
    assert_close({name: ours[name] for name in expected}, expected)


def test_runs_of_a_full_cube():
    """A run on each line: 16 along an axis, 7 diagonals on a square, 64 - 27 in space."""
    ours = glrlm_ibsi(region_of(np.ones((4, 4, 4))), aggregation="3D_comb")
    lines = 3 * 16 + 6 * 4 * 7 + 4 * 37
    assert ours["rlm_r_perc"] == pytest.approx(lines / (13 * 64))


@pytest.mark.parametrize(("aggregation", "tag", "printed"), SOME_CONSENSUS)
def test_some_consensus_values_without_the_data(aggregation, tag, printed):
    assert agrees(glrlm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


def test_lines_with_a_gap_count_but_lines_of_one_do_not():
    """Pyradiomics drops directions where each line has one voxel, adjacent or not."""
    apart = glrlm_features(region_of([[[2, 0, 2]]]))
    assert apart["RunPercentage"] == 1
    assert apart["HighGrayLevelRunEmphasis"] == 4
    no_line = glrlm_features(region_of([[[1, 0, 0], [0, 0, 1]]]))
    assert all(math.isnan(value) for value in no_line.values())


def test_dropped_directions_are_not_merged():
    """Only the direction x has lines of two: 4 voxels count once, not 13 times."""
    line = region_of([[[1, 1, 2, 1]]])
    merged_values = glrlm_features(line, weighting_norm="no_weighting")
    assert_close(merged_values, glrlm_features(line))
    assert merged_values["RunLengthNonUniformity"] == pytest.approx(5 / 3)


def test_ibsi_keeps_directions_without_lines():
    single = region_of([[[3]]])
    assert glrlm_ibsi(single, aggregation="3D_avg")["rlm_r_perc"] == 1
    assert glrlm_ibsi(single, aggregation="3D_comb")["rlm_glnu"] == 13


def test_empty_slices_do_not_count():
    levels = np.zeros((3, 2, 3), dtype=np.int32)
    levels[0] = [[1, 2, 2], [3, 1, 1]]
    whole = glrlm_ibsi(region_of(levels), aggregation="2D_avg")
    assert_close(whole, glrlm_ibsi(region_of(levels[:1]), aggregation="2D_avg"))


@pytest.mark.parametrize("norm", [None, "euclidean"])
def test_one_voxel_gives_nan(norm):
    ours = glrlm_features(region_of([[[5]]]), weighting_norm=norm)
    assert list(ours) == list(GLRLM_FEATURES)
    assert all(math.isnan(value) for value in ours.values())


def test_input_is_not_written_to(rng):
    region = random_levels(rng)
    before = region.levels.copy()
    region.levels.setflags(write=False)
    glrlm_features(region)
    assert np.array_equal(region.levels, before)


@pytest.mark.parametrize("settings", [{"force2d_dimension": -1}, {"weighting_norm": "none"}])
def test_bad_settings_are_named(settings):
    with pytest.raises(errors.InputError) as caught:
        glrlm_features(phantom_levels(), **settings)
    assert caught.value.hint


def test_bad_aggregation_is_named():
    with pytest.raises(errors.InputError, match="mean"):
        glrlm_ibsi(phantom_levels(), aggregation="mean")
