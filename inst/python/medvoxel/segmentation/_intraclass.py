"""Intraclass correlation of single measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Icc", "intraclass_correlations"]


@dataclass(frozen=True)
class Icc:
    """An intraclass correlation with its 95 % confidence interval; NaN where undefined.

    Parameters
    ----------
    icc, lower, upper : float
        Estimate and interval.
    note : str
        Why a number is missing; empty when all is well.
    """

    icc: float
    lower: float
    upper: float
    note: str = ""


def intraclass_correlations(table: NDArray[np.float64]) -> dict[str, Icc]:
    """Compute ICC(2,1) and ICC(3,1) of a table of measurements.

    Parameters
    ----------
    table : ndarray of float, shape (cases, observers)
        One measurement in each cell.

    Returns
    -------
    dict
        ``"ICC(2,1)"``: absolute agreement, observers drawn at random (McGraw and Wong's
        ICC(A,1)). ``"ICC(3,1)"``: consistency of these observers (ICC(C,1)); a constant
        difference between observers does not lower it.

    References
    ----------
    P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing rater
    reliability", Psychological Bulletin 86 (1979) 420-428. K. O. McGraw and S. P. Wong,
    "Forming inferences about some intraclass correlation coefficients", Psychological
    Methods 1 (1996) 30-46, with the correction on page 390.
    """
    cases, observers = table.shape
    if cases < 2:
        reason = f"needs two cases or more, there {'is' if cases == 1 else 'are'} {cases}"
        undefined = Icc(math.nan, math.nan, math.nan, reason)
        return {"ICC(2,1)": undefined, "ICC(3,1)": undefined}
    rows, columns, error = _mean_squares(table)
    scale = float(np.square(table).mean())
    # What is left by rounding is no variance.
    if rows <= 1e-20 * scale:
        undefined = Icc(math.nan, math.nan, math.nan, "the values do not differ between cases")
        return {"ICC(2,1)": undefined, "ICC(3,1)": undefined}
    error = 0.0 if error <= 1e-20 * scale else error
    columns = 0.0 if columns <= 1e-20 * scale else columns
    return {
        "ICC(2,1)": _agreement(rows, columns, error, cases, observers),
        "ICC(3,1)": _consistency(rows, error, cases, observers),
    }


def _mean_squares(table: NDArray[np.float64]) -> tuple[float, float, float]:
    """Two-way analysis of variance without repeats: cases, observers, rest."""
    cases, observers = table.shape
    mean = table.mean()
    by_case, by_observer = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_case[:, None] - by_observer + mean
    return (
        float(observers * np.square(by_case - mean).sum() / (cases - 1)),
        float(cases * np.square(by_observer - mean).sum() / (observers - 1)),
        float(np.square(rest).sum() / ((cases - 1) * (observers - 1))),
    )


def _consistency(rows: float, error: float, n: int, k: int) -> Icc:
    if error == 0:
        return Icc(1.0, 1.0, 1.0)
    ratio = rows / error
    low = ratio / _f_quantile(n - 1, (n - 1) * (k - 1))
    high = ratio * _f_quantile((n - 1) * (k - 1), n - 1)
    return Icc(
        (rows - error) / (rows + (k - 1) * error),
        (low - 1) / (low + k - 1),
        (high - 1) / (high + k - 1),
    )


def _agreement(rows: float, columns: float, error: float, n: int, k: int) -> Icc:
    icc = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    if error == 0 and columns == 0:
        return Icc(1.0, 1.0, 1.0)
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    # Satterthwaite's degrees of freedom.
    freedom = (a * columns + b * error) ** 2 / (
        (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    low, high = _f_quantile(n - 1, freedom), _f_quantile(freedom, n - 1)
    noise = k * columns + (k * n - k - n) * error
    return Icc(
        icc,
        n * (rows - low * error) / (low * noise + n * rows),
        n * (high * rows - error) / (noise + n * high * rows),
    )


def _f_quantile(upper: float, lower: float) -> float:
    from scipy.special import fdtri

    return float(fdtri(upper, lower, 0.975))
