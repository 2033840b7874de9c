"""Intensity-based statistics of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import math

import numpy as np

from ._value_statistics import value_statistics
from .region import Region

__all__ = ["statistics_ibsi"]


def statistics_ibsi(region: Region) -> dict[str, float]:
    """Compute the 18 statistics of grey values that are not discretised.

    Parameters
    ----------
    region : Region
        The grey values.

    Returns
    -------
    dict of str to float
        Values by tag of the consensus table (`stat_mean` ...). Skewness and excess kurtosis
        are 0 in a flat region; `stat_cov` and `stat_qcod` are NaN where the mean, or the sum
        of the quartiles, is 0.

    Notes
    -----
    Intensity-based statistical features of the reference manual [1]_. Percentiles, which it
    leaves open, are interpolated between ranks. The variance is divided by the number of
    voxels; the kurtosis is reduced by 3.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.3.
    """
    values = region.inside
    energy = float(np.square(values).sum())
    features = value_statistics(values)
    features |= {"energy": energy, "rms": math.sqrt(energy / len(values))}
    return {f"stat_{name}": value for name, value in features.items()}
