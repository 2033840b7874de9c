"""Intensity histogram of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._value_statistics import value_statistics
from .region import DiscreteRegion

__all__ = ["histogram_ibsi"]


def histogram_ibsi(discrete: DiscreteRegion) -> dict[str, float]:
    """Compute the 23 features of the histogram of grey levels.

    Parameters
    ----------
    discrete : DiscreteRegion
        The grey levels.

    Returns
    -------
    dict of str to float
        Values by tag of the consensus table (`ih_mean` ...). The gradients are NaN where
        there is a single grey level, which has no neighbour to differ from.

    Notes
    -----
    Intensity histogram features of the reference manual [1]_. Of several most frequent
    levels the mode is the one next to the mean, and the lower of two as near. Gradients are
    central differences of the counts of levels 1 to N_g, one-sided at both ends; of equal
    gradients the lowest level is given. Percentiles are interpolated between ranks.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.4.
    """
    levels = discrete.levels[discrete.mask]
    counts = np.bincount(levels, minlength=discrete.count + 1)[1:]
    share = counts[counts > 0] / len(levels)
    statistics = value_statistics(levels.astype(np.float64))
    mode = _mode(counts, statistics["mean"])
    features: dict[str, float] = {}
    for name, value in statistics.items():
        features[name] = value
        if name == "max":
            features["mode"] = mode
    features["entropy"] = float(-(share * np.log2(share)).sum()) + 0.0  # no negative zero
    features["uniformity"] = float((share**2).sum())
    features |= _gradients(counts)
    return {f"ih_{name}": value for name, value in features.items()}


def _mode(counts: NDArray[np.intp], mean: float) -> float:
    """Most frequent level, of several the one next to the mean."""
    frequent = np.flatnonzero(counts == counts.max()) + 1
    return float(frequent[np.argmin(np.abs(frequent - mean))])


def _gradients(counts: NDArray[np.intp]) -> dict[str, float]:
    """Steepest rise and fall of the histogram, and where they are."""
    names = ("max_grad", "max_grad_g", "min_grad", "min_grad_g")
    if len(counts) < 2:
        return dict.fromkeys(names, float("nan"))
    slope = np.gradient(counts.astype(np.float64))
    top, bottom = int(slope.argmax()), int(slope.argmin())
    values = (slope[top], top + 1, slope[bottom], bottom + 1)
    return {name: float(value) for name, value in zip(names, values, strict=True)}
