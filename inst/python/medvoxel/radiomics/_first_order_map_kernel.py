"""First-order features of the window around each voxel, compiled with numba."""

from __future__ import annotations

import numpy as np

from ._compiled import compiled

__all__ = ["first_order_of_windows"]


@compiled
def first_order_of_windows(  # type: ignore[no-untyped-def]
    values, ranks, highest, centres, window, shift, voxel, found
):
    """Write the features of each window to a row of `found`.

    `ranks` tell the levels, and with 0 which voxels are outside; `highest` is the last one
    and `voxel` the volume of a voxel.
    """
    inside = np.empty(len(window))
    counts = np.zeros(highest + 1)
    for row in range(len(centres)):
        count = 0
        for offset in window:
            at = centres[row] + offset
            if ranks[at]:
                inside[count] = values[at]
                counts[ranks[at]] += 1
                count += 1
        entropy = uniformity = 0.0
        for offset in window:
            rank = ranks[centres[row] + offset]
            if counts[rank] > 0:
                share = counts[rank] / count
                counts[rank] = 0.0
                entropy -= share * np.log2(share)
                uniformity += share * share
        found[row] = _features(np.sort(inside[:count]), shift, voxel, entropy, uniformity)


@compiled
def _features(values, shift, voxel, entropy, uniformity):  # type: ignore[no-untyped-def]
    """Compute the features of sorted values in the order of `first_order_features`."""
    count = len(values)
    mean = values.mean()
    energy = absolute = second = third = fourth = 0.0
    for value in values:
        energy += (value + shift) ** 2
        away = value - mean
        square = away * away
        absolute += abs(away)
        second += square
        third += square * away
        fourth += square * square
    variance = second / count
    scale = variance if variance > 0 else 1.0
    low, high = _percentile(values, 0.1), _percentile(values, 0.9)
    return np.array(
        (
            low, high, energy, max(entropy, 0.0),
            _percentile(values, 0.75) - _percentile(values, 0.25),
            fourth / count / scale**2,
            values[-1], absolute / count, mean, _percentile(values, 0.5), values[0],
            values[-1] - values[0], _robust_deviation(values, low, high),
            np.sqrt(energy / count), third / count / scale**1.5, np.sqrt(variance),
            energy * voxel, uniformity, variance,
        )
    )  # fmt: skip


@compiled
def _percentile(values, part):  # type: ignore[no-untyped-def]
    """Percentile of sorted values, between ranks rounded as NumPy does."""
    at = (len(values) - 1) * part
    lower = int(at)
    upper = min(lower + 1, len(values) - 1)
    share = at - lower
    step = values[upper] - values[lower]
    if share < 0.5:
        return values[lower] + step * share
    return values[upper] - step * (1 - share)


@compiled
def _robust_deviation(values, low, high):  # type: ignore[no-untyped-def]
    """Mean absolute deviation of the values between two percentiles; NaN for none."""
    total = absolute = 0.0
    count = 0
    for value in values:
        if low <= value <= high:
            total += value
            count += 1
    if count == 0:
        return np.nan
    for value in values:
        if low <= value <= high:
            absolute += abs(value - total / count)
    return absolute / count
