"""Co-occurrence features against IBSI, pyradiomics' baselines and slow loops."""

from __future__ import annotations

import math
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
from medvoxel.radiomics.glcm import GLCM_FEATURES, GLCM_IBSI, glcm_features, glcm_ibsi
from medvoxel.radiomics.region import DiscreteRegion

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
SPACING = (2.0, 1.0, 1.0)


def region_of(levels: object) -> DiscreteRegion:
    array = np.array(levels, dtype=np.int32)
    return DiscreteRegion(array, int(array.max()), SPACING)


def slow_matrix(region: DiscreteRegion, offset: tuple[int, int, int], symmetrical: bool):
    """Count pairs voxel by voxel; rows and columns are levels 1 to the highest."""
    levels = region.levels
    matrix = np.zeros((levels.max(),) * 2)
    for here in product(*map(range, levels.shape)):
        there = tuple(a + b for a, b in zip(here, offset, strict=True))
        if all(0 <= a < size for a, size in zip(there, levels.shape, strict=True)):
            i, j = levels[here], levels[there]
            if i and j:
                matrix[i - 1, j - 1] += 1
                matrix[j - 1, i - 1] += symmetrical
    return matrix


def slow_features(matrix: np.ndarray) -> dict[str, float]:
    """Pyradiomics' formulas, term by term over the full matrix."""
    p = matrix / matrix.sum()
    count = len(p)
    grid = [(i, j, p[i - 1, j - 1]) for i in range(1, count + 1) for j in range(1, count + 1)]
    px, py = p.sum(1), p.sum(0)
    ux, uy = sum(i * v for i, _, v in grid), sum(j * v for _, j, v in grid)
    sx = math.sqrt(sum((i - ux) ** 2 * v for i, _, v in grid))
    sy = math.sqrt(sum((j - uy) ** 2 * v for _, j, v in grid))
    sums = {k: sum(v for i, j, v in grid if i + j == k) for k in range(2, 2 * count + 1)}
    gaps = {k: sum(v for i, j, v in grid if abs(i - j) == k) for k in range(count)}

    def bits(values):
        return -sum(v * math.log2(v) for v in values if v > 0)

    hxy1 = -sum(v * math.log2(px[i - 1] * py[j - 1]) for i, j, v in grid if v > 0)
    hxy2 = bits(a * b for a in px for b in py)
    hxy, hx, hy = bits(v for *_, v in grid), bits(px), bits(py)
    mean_gap = sum(k * v for k, v in gaps.items())
    cluster = {n: sum((i + j - ux - uy) ** n * v for i, j, v in grid) for n in (2, 3, 4)}
    q = np.zeros((count, count))
    for i, j, k in product(range(count), repeat=3):
        if px[i] > 0 and py[k] > 0:
            q[i, j] += p[i, k] * p[j, k] / (px[i] * py[k])
    eigenvalues = sorted(np.linalg.eigvals(q).real)
    return {
        "Autocorrelation": sum(i * j * v for i, j, v in grid),
        "ClusterProminence": cluster[4],
        "ClusterShade": cluster[3],
        "ClusterTendency": cluster[2],
        "Contrast": sum((i - j) ** 2 * v for i, j, v in grid),
        "Correlation": (sum(i * j * v for i, j, v in grid) - ux * uy) / (sx * sy) if sx * sy else 1,
        "DifferenceAverage": mean_gap,
        "DifferenceEntropy": bits(gaps.values()),
        "DifferenceVariance": sum((k - mean_gap) ** 2 * v for k, v in gaps.items()),
        "Id": sum(v / (1 + k) for k, v in gaps.items()),
        "Idm": sum(v / (1 + k**2) for k, v in gaps.items()),
        "Idmn": sum(v / (1 + k**2 / count**2) for k, v in gaps.items()),
        "Idn": sum(v / (1 + k / count) for k, v in gaps.items()),
        "Imc1": (hxy - hxy1) / max(hx, hy) if max(hx, hy) else 0,
        "Imc2": math.sqrt(1 - math.exp(-2 * (hxy2 - hxy))),
        "InverseVariance": sum(v / k**2 for k, v in gaps.items() if k),
        "JointAverage": ux,
        "JointEnergy": sum(v**2 for *_, v in grid),
        "JointEntropy": hxy,
        "MCC": math.sqrt(max(eigenvalues[-2], 0)),
        "MaximumProbability": max(v for *_, v in grid),
        "SumAverage": sum(k * v for k, v in sums.items()),
        "SumEntropy": bits(sums.values()),
        "SumSquares": sx**2,
    }


def slow_mean(matrices: list[np.ndarray]) -> dict[str, float]:
    rows = [slow_features(matrix) for matrix in matrices if matrix.sum()]
    return {name: float(np.mean([row[name] for row in rows])) for name in GLCM_FEATURES}


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_consensus_value_of_the_phantom(test_data, aggregation):
    """25 features equal at the digits given, which is tighter than IBSI's tolerance."""
    expected = consensus(test_data, "cm_")
    ours = glcm_ibsi(phantom_levels(), aggregation=aggregation)
    assert len(expected) == 150
    assert list(ours) == list(GLCM_IBSI)
    wrong = {
        tag: (value, expected[f"{tag}_{aggregation}"])
        for tag, value in ours.items()
        if not agrees(value, expected[f"{tag}_{aggregation}"][0])
    }
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("aggregation", "tag", "printed"),
    [
        ("2D_avg", "cm_joint_max", "0.519"),
        ("2D_avg", "cm_clust_prom", "79.1"),
        ("2D_avg", "cm_inv_diff_norm", "0.851"),
        ("2D_comb", "cm_corr", "0.0173"),
        ("2D_comb", "cm_info_corr2", "0.263"),
        ("2_5D_avg", "cm_sum_var", "7.48"),
    ],
)
def test_some_consensus_values_without_the_data(aggregation, tag, printed):
    assert agrees(glcm_ibsi(phantom_levels(), aggregation=aggregation)[tag], printed)


def test_pyradiomics_baseline(test_data):
    expected, settings = brain_baseline(test_data, "glcm")
    ours = glcm_features(
        binned(brain_region(test_data), settings["binWidth"]), distances=settings["distances"]
    )
    assert list(ours) == list(GLCM_FEATURES)
    assert_close(ours, expected, rel=1e-9)


@pytest.mark.parametrize("symmetrical", [True, False])
@pytest.mark.parametrize("distances", [(1,), (1, 2), (3,)])
@pytest.mark.parametrize("flat_axis", [None, 0, 1, 2])
def test_against_loops(rng, symmetrical, distances, flat_axis):
    region = random_levels(rng)
    offsets = half_space(distances, flat_axis)
    # One way only, a pair is counted from the voxel that comes first in the array.
    forward = [max(offset, tuple(-step for step in offset)) for offset in offsets]
    expected = slow_mean([slow_matrix(region, offset, symmetrical) for offset in forward])
    ours = glcm_features(
        region, distances=distances, force2d_dimension=flat_axis, symmetrical=symmetrical
    )
    assert_close(ours, expected, rel=1e-7)


@pytest.mark.parametrize("norm", ["manhattan", "euclidean", "infinity", "no_weighting"])
def test_weighted_against_loops(rng, norm):
    region = random_levels(rng, spacing=(1.5, 0.5, 0.8))
    merged = 0
    for offset in half_space((1, 2)):
        steps = [abs(a) * b for a, b in zip(offset, region.spacing, strict=True)]
        distance = {
            "manhattan": sum(steps),
            "euclidean": math.hypot(*steps),
            "infinity": max(steps),
            "no_weighting": 0.0,
        }[norm]
        merged = merged + math.exp(-(distance**2)) * slow_matrix(region, offset, True)
    ours = glcm_features(region, distances=(1, 2), weighting_norm=norm)
    assert_close(ours, slow_features(merged), rel=1e-7)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_aggregations_against_loops(rng, aggregation):
    region = random_levels(rng, shape=(3, 4, 5))
    offsets = half_space((1,), None if aggregation.startswith("3D") else 0)
    slices = [region]
    if aggregation.startswith("2D"):
        slices = [DiscreteRegion(plane[None], region.count, SPACING) for plane in region.levels]
    per_slice = []
    for part in slices:  # widened to the levels of the whole region
        found = [slow_matrix(part, offset, True) for offset in offsets]
        missing = region.count - len(found[0])
        per_slice.append([np.pad(matrix, (0, missing)) for matrix in found])
    if aggregation.endswith("comb"):
        per_slice = [[sum(found)] for found in per_slice]
    expected = slow_mean([matrix for found in per_slice for matrix in found])
    ours = glcm_ibsi(region, aggregation=aggregation)
    assert_close(ours, {tag: expected[name] for tag, name in GLCM_IBSI.items()}, rel=1e-7)


def test_ibsi_normalises_by_levels_that_can_occur():
    region = DiscreteRegion(np.array([[[1, 3]]], dtype=np.int32), 4, SPACING)
    assert glcm_ibsi(region, aggregation="3D_avg")["cm_inv_diff_norm"] == 1 / (1 + 2 / 4)
    assert glcm_features(region)["Idn"] == 1 / (1 + 2 / 3)


def test_one_pair_by_hand():
    ours = glcm_features(region_of([[[1, 4]]]))
    expected = {"Contrast": 9, "JointAverage": 2.5, "JointEntropy": 1, "JointEnergy": 0.5}
    expected |= {"Correlation": -1, "MCC": 1, "Imc1": -1, "ClusterTendency": 0, "SumAverage": 5}
    assert_close({name: ours[name] for name in expected}, expected)
    assert ours["Imc2"] == pytest.approx(math.sqrt(1 - math.exp(-2)))


def test_flat_region_has_pyradiomics_values():
    ours = glcm_features(region_of(np.ones((3, 3, 3))))
    ones = {"Correlation", "MCC", "JointEnergy", "MaximumProbability", "Id", "Idn", "Idm"}
    ones |= {"Idmn", "Autocorrelation", "JointAverage"}
    expected = {name: float(name in ones) for name in GLCM_FEATURES} | {"SumAverage": 2.0}
    assert_close(ours, expected)


@pytest.mark.parametrize("levels", [[[[1]]], [[[1, 0, 2]]], [[[1, 0, 0], [0, 0, 1]]]])
@pytest.mark.parametrize("norm", [None, "euclidean"])
def test_no_neighbours_gives_nan(levels, norm):
    ours = glcm_features(region_of(levels), weighting_norm=norm)
    assert list(ours) == list(GLCM_FEATURES)
    assert all(math.isnan(value) for value in ours.values())
    assert all(map(math.isnan, glcm_ibsi(region_of(levels), aggregation="2D_avg").values()))


def test_slices_without_pairs_do_not_count():
    levels = np.zeros((3, 2, 3), dtype=np.int32)
    levels[0], levels[2, 0, 0] = [[1, 2, 2], [3, 1, 1]], 3
    whole = glcm_ibsi(region_of(levels), aggregation="2D_avg")
    assert_close(whole, glcm_ibsi(region_of(levels[:1]), aggregation="2D_avg"))


def test_independent_levels_correlate_by_nothing():
    """Every pair of four levels once, along x only: p(i, j) = p(i) p(j)."""
    rows = [[i, j] for i in range(1, 5) for j in range(1, 5)]
    spaced = np.zeros((1, 32, 2), dtype=np.int32)
    spaced[0, ::2] = rows
    ours = glcm_features(region_of(spaced), symmetrical=False)
    for name in ("Imc1", "Imc2", "MCC", "Correlation"):
        assert ours[name] == pytest.approx(0, abs=2e-7), name


def test_levels_that_do_not_occur_change_only_normalised_differences(rng):
    region = random_levels(rng)
    sparse = DiscreteRegion(region.levels * 1000, 4000, region.spacing)
    few, many = glcm_features(region), glcm_features(sparse)
    for name in ("MCC", "Imc1", "Imc2", "JointEntropy", "Idn", "Correlation", "SumEntropy"):
        assert many[name] == pytest.approx(few[name], rel=1e-9), name
    assert many["Contrast"] == pytest.approx(few["Contrast"] * 1e6)


def test_input_is_not_written_to(rng):
    region = random_levels(rng)
    before = region.levels.copy()
    region.levels.setflags(write=False)
    glcm_features(region)
    assert np.array_equal(region.levels, before)


@pytest.mark.parametrize(
    "settings",
    [
        {"distances": (0,)},
        {"distances": (1.5,)},
        {"distances": ()},
        {"force2d_dimension": 3},
        {"weighting_norm": "cosine"},
    ],
)
def test_bad_settings_are_named(settings):
    with pytest.raises(errors.InputError) as caught:
        glcm_features(phantom_levels(), **settings)
    assert caught.value.hint


def test_bad_aggregation_is_named():
    with pytest.raises(errors.InputError, match="4D"):
        glcm_ibsi(phantom_levels(), aggregation="4D")
