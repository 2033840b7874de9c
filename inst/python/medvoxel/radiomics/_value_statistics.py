"""Statistics that the IBSI defines alike for grey values and for grey levels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["value_statistics"]


def value_statistics(values: NDArray[np.float64]) -> dict[str, float]:
    """Compute the 16 statistics that `stat_` and `ih_` features have in common.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Grey values or grey levels.

    Returns
    -------
    dict of str to float
        Values by tag without prefix, in the order of the consensus table. Skewness and
        kurtosis are 0 where all values are equal; a coefficient is NaN where what it is
        divided by is 0.
    """
    low, lower, median, upper, high = np.percentile(values, [10, 25, 50, 75, 90])
    mean = values.mean()
    deviation = values - mean
    squares = deviation * deviation
    variance = squares.mean()
    scale = variance or 1.0
    robust = values[(values >= low) & (values <= high)]
    smallest, greatest = values.min(), values.max()
    features = {
        "mean": mean,
        "var": variance,
        "skew": (squares * deviation).mean() / scale**1.5,
        "kurt": (squares * squares).mean() / scale**2 - 3 if variance else 0.0,
        "median": median,
        "min": smallest,
        "p10": low,
        "p90": high,
        "max": greatest,
        "iqr": upper - lower,
        "range": greatest - smallest,
        "mad": np.abs(deviation).mean(),
        "rmad": np.abs(robust - robust.mean()).mean() if len(robust) else math.nan,
        "medad": np.abs(values - median).mean(),
        "cov": _ratio(math.sqrt(variance), mean),
        "qcod": _ratio(upper - lower, upper + lower),
    }
    return {name: float(value) for name, value in features.items()}


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
