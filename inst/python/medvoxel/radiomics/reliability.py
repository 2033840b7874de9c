"""How reliable features are over observers, repeats or perturbed segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..segmentation._intraclass import intraclass_correlations

__all__ = ["FeatureReliability", "feature_reliability"]


@dataclass(frozen=True)
class FeatureReliability:
    """Reliability of one feature.

    Parameters
    ----------
    feature : str
        Its name.
    cases, observers : int
        How many were compared; cases with a missing value are left out.
    icc, icc_lower, icc_upper : float
        ICC(2,1), absolute agreement, with its 95 % confidence interval.
    consistency : float
        ICC(3,1), which a constant difference between observers does not lower.
    variation : float
        Within-case coefficient of variation: standard deviation over observers by the mean
        of the absolute values, pooled over cases.
    note : str
        Why a number is missing; empty when all is well.
    """

    feature: str
    cases: int
    observers: int
    icc: float
    icc_lower: float
    icc_upper: float
    consistency: float
    variation: float
    note: str = ""


def feature_reliability(values: ArrayLike, features: Sequence[str]) -> list[FeatureReliability]:
    """Measure the reliability of features.

    Parameters
    ----------
    values : array_like of float, shape (features, cases, observers)
        One measurement in each cell; NaN where it is missing.
    features : sequence of str
        Names.

    Returns
    -------
    list of FeatureReliability
        In the order given.

    Raises
    ------
    InputError
        When the shape does not fit, or there is only one observer.

    References
    ----------
    As :func:`medvoxel.agreement`, for ICC. T. K. Koo and M. Y. Li, "A guideline of selecting
    and reporting intraclass correlation coefficients for reliability research", J.
    Chiropr. Med. 15 (2016) 155-163.
    """
    table = np.asarray(values, dtype=float)
    names = [features] if isinstance(features, str) else list(features)
    if table.ndim != 3 or len(table) != len(names):
        raise InputError(
            f"values must have the shape (features, cases, observers) for {len(names)} features, "
            f"not {table.shape}."
        )
    if table.shape[2] < 2:
        raise InputError("Reliability needs two observers or more.")
    return [_of(name, one) for name, one in zip(names, table, strict=True)]


def _of(name: str, table: NDArray[np.float64]) -> FeatureReliability:
    whole = table[np.isfinite(table).all(axis=1)]
    missing = len(table) - len(whole)
    notes = [f"{missing} of {len(table)} cases lack a value"] if missing else []
    if len(whole) == 0:
        nothing = (math.nan,) * 5
        return FeatureReliability(name, 0, table.shape[1], *nothing, note=notes[0])
    found = intraclass_correlations(whole)
    agreement, consistency = found["ICC(2,1)"], found["ICC(3,1)"]
    notes += [agreement.note] if agreement.note else []
    return FeatureReliability(
        name,
        len(whole),
        whole.shape[1],
        agreement.icc,
        agreement.lower,
        agreement.upper,
        consistency.icc,
        _variation(whole),
        "; ".join(notes),
    )


def _variation(table: NDArray[np.float64]) -> float:
    level = float(np.abs(table.mean(axis=1)).mean())
    spread = math.sqrt(float(table.var(axis=1, ddof=1).mean()))
    return spread / level if level > 0 else math.nan
