"""Grey level co-occurrence matrix: which grey levels lie beside each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ._direction_matrices import aggregated, means
from ._directions import Direction, lengths_mm, unique_directions
from ._glcm_measures import glcm_measures, maximal_correlation
from ._ranks import Ranks, pack
from .region import DiscreteRegion

__all__ = ["GLCM_FEATURES", "GLCM_IBSI", "glcm_features", "glcm_ibsi"]

GLCM_FEATURES = (
    "Autocorrelation",
    "ClusterProminence",
    "ClusterShade",
    "ClusterTendency",
    "Contrast",
    "Correlation",
    "DifferenceAverage",
    "DifferenceEntropy",
    "DifferenceVariance",
    "Id",
    "Idm",
    "Idmn",
    "Idn",
    "Imc1",
    "Imc2",
    "InverseVariance",
    "JointAverage",
    "JointEnergy",
    "JointEntropy",
    "MCC",
    "MaximumProbability",
    "SumAverage",
    "SumEntropy",
    "SumSquares",
)
"""Pyradiomics' features, in the order in which it gives them."""

GLCM_IBSI = {
    "cm_joint_max": "MaximumProbability",
    "cm_joint_avg": "JointAverage",
    "cm_joint_var": "SumSquares",
    "cm_joint_entr": "JointEntropy",
    "cm_diff_avg": "DifferenceAverage",
    "cm_diff_var": "DifferenceVariance",
    "cm_diff_entr": "DifferenceEntropy",
    "cm_sum_avg": "SumAverage",
    "cm_sum_var": "ClusterTendency",
    "cm_sum_entr": "SumEntropy",
    "cm_energy": "JointEnergy",
    "cm_contrast": "Contrast",
    "cm_dissimilarity": "DifferenceAverage",
    "cm_inv_diff": "Id",
    "cm_inv_diff_norm": "Idn",
    "cm_inv_diff_mom": "Idm",
    "cm_inv_diff_mom_norm": "Idmn",
    "cm_inv_var": "InverseVariance",
    "cm_corr": "Correlation",
    "cm_auto_corr": "Autocorrelation",
    "cm_clust_tend": "ClusterTendency",
    "cm_clust_shade": "ClusterShade",
    "cm_clust_prom": "ClusterProminence",
    "cm_info_corr1": "Imc1",
    "cm_info_corr2": "Imc2",
}
"""IBSI's tags and the feature of pyradiomics that has the same formula."""


def glcm_features(
    region: DiscreteRegion,
    *,
    distances: Iterable[int] = (1,),
    force2d_dimension: int | None = None,
    symmetrical: bool = True,
    weighting_norm: str | None = None,
) -> dict[str, float]:
    """Co-occurrence features by pyradiomics' definition.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of a segment.
    distances : iterable of int, default (1,)
        Chebyshev distances between the two voxels of a pair, in voxels.
    force2d_dimension : {0, 1, 2}, optional
        Pairs within the planes across this axis (z, y, x) only.
    symmetrical : bool, default True
        Count each pair both ways.
    weighting_norm : {"manhattan", "euclidean", "infinity", "no_weighting"}, optional
        Merge the matrices of all directions, weighted by exp(-d**2) with d the distance in
        mm by this norm ("no_weighting": by 1). By default features of each direction are
        averaged.

    Returns
    -------
    dict of str to float
        24 features by pyradiomics' names. Directions in which no two voxels are neighbours
        do not count; all is NaN when there are no neighbours at all, or all weights are 0.

    Raises
    ------
    InputError
        When a distance, the axis or the norm is none of those allowed.

    Notes
    -----
    For one grey level Correlation and MCC are 1 and Imc1 and Imc2 are 0, as in pyradiomics.
    Where the two levels of a pair are independent, rounding can make what is under the root
    of Imc2 or MCC negative; the value is 0 then (pyradiomics leaves out the direction).
    Where there are no neighbours pyradiomics gives a few sums of nothing (InverseVariance 0,
    MCC 1); these are NaN here.

    References
    ----------
    Pyradiomics' class glcm; IBSI reference manual, section 3.6.
    """
    chosen = unique_directions(distances, force2d_dimension=force2d_dimension)
    ranks = pack(region.levels, max(abs(step) for step in chosen[-1]))
    matrices = (_pairs(ranks, direction) for direction in chosen)
    if weighting_norm is not None:
        weights = _weights(chosen, region, weighting_norm)
        merged = np.zeros((len(ranks.levels),) * 2)
        for weight, matrix in zip(weights, matrices, strict=True):
            merged += weight * matrix
        matrices = iter([merged])
    top = float(ranks.levels[-1])
    rows = []
    for matrix in matrices:
        probabilities = _normalised(matrix + matrix.T if symmetrical else matrix)
        if probabilities is not None:
            row = glcm_measures(probabilities, ranks.levels, top)
            row["MCC"] = maximal_correlation(probabilities)
            rows.append(row)
    return means(rows, GLCM_FEATURES)


def glcm_ibsi(region: DiscreteRegion, *, aggregation: str) -> dict[str, float]:
    """Co-occurrence features by IBSI's definition: distance 1, pairs counted both ways.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of a segment.
    aggregation : {"2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"}
        How directions and slices (along z) come together.

    Returns
    -------
    dict of str to float
        25 features by the tags of IBSI's tables, without the aggregation. Matrices without
        pairs do not count; all is NaN when there is none.

    Raises
    ------
    InputError
        When the aggregation is none of these.

    Notes
    -----
    IBSI defines no correlation of a constant: where a matrix has one grey level only, this
    takes pyradiomics' values (correlation 1, information correlation 0).

    References
    ----------
    IBSI reference manual, section 3.6.
    """
    ranks = pack(region.levels)
    rows = []
    matrices = aggregated(lambda *which: _pairs(ranks, *which), ranks.shape[0], aggregation)
    for matrix in matrices:
        probabilities = _normalised(matrix + matrix.T)
        if probabilities is not None:
            rows.append(glcm_measures(probabilities, ranks.levels, float(region.count)))
    values = means(rows, tuple(GLCM_IBSI.values()))
    return {tag: values[name] for tag, name in GLCM_IBSI.items()}


def _pairs(ranks: Ranks, direction: Direction, plane: int | None = None) -> NDArray[np.int64]:
    """Pairs of grey levels one offset apart, counted one way."""
    from ._offset_kernels import count_pairs

    counts = np.zeros((len(ranks.levels) + 1,) * 2, dtype=np.int64)
    first, last = ranks.span(plane)
    count_pairs(ranks.flat, first, last, ranks.step(direction), counts)
    return counts[1:, 1:]


def _weights(directions: list[Direction], region: DiscreteRegion, norm: str) -> NDArray[np.float64]:
    """Weight of each direction: the farther apart, the less."""
    if norm == "no_weighting":
        return np.ones(len(directions))
    return np.exp(-(lengths_mm(directions, region.spacing, norm) ** 2))


def _normalised(counts: NDArray[np.number]) -> NDArray[np.float64] | None:
    """Probabilities from counts; None when there are no pairs."""
    total = counts.sum()
    return counts / total if total > 0 else None
