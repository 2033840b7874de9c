"""First-order features of the grey values of a region, as pyradiomics defines them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .region import DiscreteRegion, Region

__all__ = ["first_order_features"]

_EPSILON = float(np.spacing(1.0))


def first_order_features(
    region: Region,
    discrete: DiscreteRegion,
    *,
    voxel_array_shift: float = 0,
    deprecated: bool = False,
) -> dict[str, float]:
    """First-order features of pyradiomics.

    Parameters
    ----------
    region : Region
        The grey values.
    discrete : DiscreteRegion
        Their grey levels, for Entropy and Uniformity.
    voxel_array_shift : float, default 0
        Added to the grey values in Energy, TotalEnergy and RootMeanSquared, so that they are
        not negative.
    deprecated : bool, default False
        Add StandardDeviation, which pyradiomics computes only when it is named.

    Returns
    -------
    dict of str to float
        Values by feature, in the order of pyradiomics. None is missing: in a flat region
        Skewness and Kurtosis are 0, as there.

    Notes
    -----
    The formulas are those of `radiomics.firstorder.RadiomicsFirstOrder` [1]_. Kurtosis is
    not reduced by 3, and percentiles are interpolated between ranks.

    References
    ----------
    .. [1] J. J. M. van Griethuysen et al., "Computational radiomics system to decode the
       radiographic phenotype", Cancer Research 77(21), e104-e107, 2017.
    """
    values = region.inside
    low, lower, middle, upper, high = np.percentile(values, [10, 25, 50, 75, 90])
    mean = float(values.mean())
    deviation = values - mean
    variance, skewness, kurtosis = _shape_of_histogram(deviation)
    energy = float(np.square(values + voxel_array_shift).sum())
    entropy, uniformity = _histogram_features(discrete)
    smallest, greatest = float(values.min()), float(values.max())
    features = {
        "10Percentile": low,
        "90Percentile": high,
        "Energy": energy,
        "Entropy": entropy,
        "InterquartileRange": upper - lower,
        "Kurtosis": kurtosis,
        "Maximum": greatest,
        "MeanAbsoluteDeviation": np.abs(deviation).mean(),
        "Mean": mean,
        "Median": middle,
        "Minimum": smallest,
        "Range": greatest - smallest,
        "RobustMeanAbsoluteDeviation": _robust_deviation(values, low, high),
        "RootMeanSquared": math.sqrt(energy / len(values)),
        "Skewness": skewness,
    }
    if deprecated:
        features["StandardDeviation"] = math.sqrt(variance)
    features |= {
        "TotalEnergy": energy * math.prod(region.spacing),
        "Uniformity": uniformity,
        "Variance": variance,
    }
    return {name: float(value) for name, value in features.items()}


def _shape_of_histogram(deviation: NDArray[np.float64]) -> tuple[float, float, float]:
    """Variance, skewness and kurtosis from the deviations from the mean."""
    squares = deviation * deviation
    second = float(squares.mean())
    third = float((squares * deviation).mean())
    fourth = float((squares * squares).mean())
    scale = second or 1.0
    return second, third / scale**1.5, fourth / scale**2


def _robust_deviation(values: NDArray[np.float64], low: float, high: float) -> float:
    """Mean absolute deviation of the values between two percentiles."""
    robust = values[(values >= low) & (values <= high)]
    if not len(robust):  # two values: neither lies between the percentiles
        return math.nan
    return float(np.abs(robust - robust.mean()).mean())


def _histogram_features(discrete: DiscreteRegion) -> tuple[float, float]:
    """Entropy and uniformity of the grey levels."""
    counts = np.bincount(discrete.levels[discrete.mask])
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share + _EPSILON)).sum()), float((share**2).sum())
