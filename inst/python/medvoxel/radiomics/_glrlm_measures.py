"""Features of one grey level run length matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["glrlm_measures"]


def glrlm_measures(runs: NDArray[np.float64], levels: NDArray[np.float64]) -> dict[str, float]:
    """All features of a run length matrix.

    Parameters
    ----------
    runs : ndarray of float64, shape (n, longest)
        How many runs there are (or their weight) of each grey level and length 1, 2 ...
    levels : ndarray of float64, shape (n,)
        Grey level of each row.

    Returns
    -------
    dict of str to float
        By pyradiomics' names.
    """
    lengths = np.arange(1, runs.shape[1] + 1, dtype=np.float64)
    count = runs.sum()
    shares = runs / count
    by_level, by_length = shares.sum(axis=1), shares.sum(axis=0)
    low, high = levels**-2.0, levels**2
    short, long = lengths**-2.0, lengths**2
    some = shares[shares > 0]
    level_unevenness, length_unevenness = by_level @ by_level, by_length @ by_length
    values = {
        "GrayLevelNonUniformity": level_unevenness * count,
        "GrayLevelNonUniformityNormalized": level_unevenness,
        "GrayLevelVariance": by_level @ (levels - levels @ by_level) ** 2,
        "HighGrayLevelRunEmphasis": high @ by_level,
        "LongRunEmphasis": long @ by_length,
        "LongRunHighGrayLevelEmphasis": high @ shares @ long,
        "LongRunLowGrayLevelEmphasis": low @ shares @ long,
        "LowGrayLevelRunEmphasis": low @ by_level,
        "RunEntropy": max(-(some @ np.log2(some)), 0.0),
        "RunLengthNonUniformity": length_unevenness * count,
        "RunLengthNonUniformityNormalized": length_unevenness,
        # Runs for each voxel; a voxel counts as often as matrices were merged.
        "RunPercentage": 1 / (lengths @ by_length),
        "RunVariance": by_length @ (lengths - lengths @ by_length) ** 2,
        "ShortRunEmphasis": short @ by_length,
        "ShortRunHighGrayLevelEmphasis": high @ shares @ short,
        "ShortRunLowGrayLevelEmphasis": low @ shares @ short,
    }
    return {name: float(value) for name, value in values.items()}
