"""Matrices that count grey levels against sizes, and what is measured on them.

Zones by size (GLSZM), zones by distance (GLDZM) and neighbourhoods by dependence (GLDM) are
measured by the same formulas. The matrix is kept as the list of its entries that are not 0:
its columns may be as many as voxels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPSILON", "MEASURES", "SizeCounts", "count_sizes", "measure"]

EPSILON = float(np.spacing(1.0))
"""What pyradiomics adds under the logarithm of an entropy."""

MEASURES = (
    "small", "large", "low", "high", "small_low", "small_high", "large_low", "large_high",
    "level_nonuniformity", "level_nonuniformity_normalised",
    "size_nonuniformity", "size_nonuniformity_normalised",
    "percentage", "level_variance", "size_variance", "entropy", "energy",
)  # fmt: skip
"""In the order of IBSI's reference manual."""


@dataclass(frozen=True, eq=False)
class SizeCounts:
    """A matrix of grey levels (rows) against sizes (columns), by its filled entries.

    Parameters
    ----------
    levels, sizes : ndarray of int64, shape (entries,)
        The grey level and the size of each entry, each pair once.
    counts : ndarray of int64, shape (entries,)
        How often it occurs, above 0.
    voxels : int
        How many voxels the matrix was made from.
    """

    levels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]
    voxels: int


def count_sizes(levels: NDArray[np.integer], sizes: NDArray[np.integer], voxels: int) -> SizeCounts:
    """Count how often each pair of a grey level and a size occurs.

    Parameters
    ----------
    levels, sizes : ndarray of int, shape (things,)
        Grey level and size of each zone; sizes from 1.
    voxels : int
        How many voxels the zones cover.

    Returns
    -------
    SizeCounts
        The matrix.
    """
    columns = int(sizes.max()) + 1
    pairs, counts = np.unique(levels.astype(np.int64) * columns + sizes, return_counts=True)
    return SizeCounts(pairs // columns, pairs % columns, counts.astype(np.int64), voxels)


def measure(matrix: SizeCounts, *, epsilon: float = 0.0) -> dict[str, float]:
    """Measure a matrix of grey levels against sizes.

    Parameters
    ----------
    matrix : SizeCounts
        The matrix.
    epsilon : float, default 0
        Added under the logarithm of the entropy.

    Returns
    -------
    dict of str to float
        The values, named and ordered as `MEASURES`.

    References
    ----------
    IBSI reference manual, sections on the grey level size zone, grey level distance zone and
    neighbouring grey level dependence matrices; pyradiomics' `RadiomicsGLSZM` and
    `RadiomicsGLDM` have the same formulas, but for `epsilon`.
    """
    total = int(matrix.counts.sum())
    share = matrix.counts / total
    of_levels = np.bincount(matrix.levels, matrix.counts)
    of_sizes = np.bincount(_ranks(matrix.sizes), matrix.counts)
    level_squares = matrix.levels.astype(np.float64) ** 2
    size_squares = matrix.sizes.astype(np.float64) ** 2
    level_sum = float(np.sum(of_levels**2))
    size_sum = float(np.sum(of_sizes**2))
    values = (
        np.sum(share / size_squares),
        np.sum(share * size_squares),
        np.sum(share / level_squares),
        np.sum(share * level_squares),
        np.sum(share / (level_squares * size_squares)),
        np.sum(share * level_squares / size_squares),
        np.sum(share * size_squares / level_squares),
        np.sum(share * level_squares * size_squares),
        level_sum / total,
        level_sum / total**2,
        size_sum / total,
        size_sum / total**2,
        total / matrix.voxels,
        _variance(share, matrix.levels),
        _variance(share, matrix.sizes),
        -np.sum(share * np.log2(share + epsilon)),
        np.sum(share**2),
    )
    return {name: float(value) for name, value in zip(MEASURES, values, strict=True)}


def _ranks(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank each value among those that occur."""
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def _variance(share: NDArray[np.float64], values: NDArray[np.int64]) -> float:
    """Compute the variance of values that occur by their share."""
    mean = np.sum(share * values)
    return float(np.sum(share * (values - mean) ** 2))
