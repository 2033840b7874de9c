"""Features of one grey level co-occurrence matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["glcm_measures", "maximal_correlation"]


def glcm_measures(
    probabilities: NDArray[np.float64], levels: NDArray[np.float64], top: float
) -> dict[str, float]:
    """All features of a co-occurrence matrix but the maximal correlation coefficient.

    Nearly all follow from four sums of the matrix: over rows, columns, and the two
    diagonals. The logarithm of 0 is left out, where pyradiomics adds 2.2e-16 inside of it.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, n)
        The matrix, of sum 1.
    levels : ndarray of float64, shape (n,)
        Grey level of each row and column.
    top : float
        The number of grey levels that normalised differences are divided by.

    Returns
    -------
    dict of str to float
        By pyradiomics' names.
    """
    rows, columns = probabilities.sum(axis=1), probabilities.sum(axis=0)
    at = levels.astype(np.intp)
    flat = probabilities.ravel()
    sums = np.bincount(np.add.outer(at, at).ravel(), weights=flat)
    gaps = np.bincount(np.abs(np.subtract.outer(at, at)).ravel(), weights=flat)
    total, gap = np.arange(len(sums), dtype=np.float64), np.arange(len(gaps), dtype=np.float64)
    row_mean, column_mean = levels @ rows, levels @ columns
    row_variance = rows @ (levels - row_mean) ** 2
    column_variance = columns @ (levels - column_mean) ** 2
    gap_mean = gap @ gaps
    cluster = total - row_mean - column_mean
    values = {
        "Autocorrelation": levels @ probabilities @ levels,
        "ClusterProminence": cluster**4 @ sums,
        "ClusterShade": cluster**3 @ sums,
        "ClusterTendency": cluster**2 @ sums,
        "Contrast": gap**2 @ gaps,
        "Correlation": _correlation(
            (levels - row_mean) @ probabilities @ (levels - column_mean),
            row_variance,
            column_variance,
        ),
        "DifferenceAverage": gap_mean,
        "DifferenceEntropy": _entropy(gaps),
        "DifferenceVariance": (gap - gap_mean) ** 2 @ gaps,
        "Id": np.sum(gaps / (1 + gap)),
        "Idm": np.sum(gaps / (1 + gap**2)),
        "Idmn": np.sum(gaps / (1 + (gap / top) ** 2)),
        "Idn": np.sum(gaps / (1 + gap / top)),
        "InverseVariance": np.sum(gaps[1:] / gap[1:] ** 2),
        "JointAverage": row_mean,
        "JointEnergy": flat @ flat,
        "MaximumProbability": flat.max(),
        "SumAverage": total @ sums,
        "SumEntropy": _entropy(sums),
        "SumSquares": row_variance,
    }
    values.update(_information(flat, rows, columns))
    return {name: float(value) for name, value in values.items()}


def _correlation(covariance: float, row_variance: float, column_variance: float) -> float:
    """Correlation of the grey levels of pairs; 1, as in pyradiomics, where one is constant."""
    scale = np.sqrt(row_variance) * np.sqrt(column_variance)
    return covariance / scale if scale > 0 else 1.0


def _information(
    flat: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> dict[str, float]:
    """Joint entropy, and both measures of information correlation.

    HXY1 and HXY2 of the definitions are the same: the entropy of the rows and of the
    columns together.
    """
    joint, row, column = _entropy(flat), _entropy(rows), _entropy(columns)
    shared = max(row + column - joint, 0.0)  # below 0 is rounding
    largest = max(row, column)
    return {
        "JointEntropy": joint,
        "Imc1": -shared / largest if largest > 0 else 0.0,
        "Imc2": float(np.sqrt(-np.expm1(-2 * shared))),
    }


def _entropy(probabilities: NDArray[np.float64]) -> float:
    """Entropy in bits."""
    some = probabilities[probabilities > 0]
    return max(float(-(some @ np.log2(some))), 0.0)


def maximal_correlation(probabilities: NDArray[np.float64]) -> float:
    """Maximal correlation coefficient of a co-occurrence matrix.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, n)
        The matrix, of sum 1; n counts all grey levels of the region.

    Returns
    -------
    float
        Root of the second largest eigenvalue of Q (pyradiomics' class glcm, feature 16);
        1 for a single grey level.

    Notes
    -----
    Q(i, j) is the sum over k of p(i, k) p(j, k) / (p_x(i) p_y(k)), a product of matrices.
    The small number in the divisor is pyradiomics': it is felt where a grey level is rare.
    """
    count = len(probabilities)
    if count < 2:
        return 1.0
    rows, columns = probabilities.sum(axis=1), probabilities.sum(axis=0)
    scaled = probabilities / (np.outer(rows, columns) + np.spacing(1.0))
    q = scaled @ probabilities.T
    second = np.sort(np.linalg.eigvals(q).real)[-2]
    return float(np.sqrt(max(second, 0.0)))
