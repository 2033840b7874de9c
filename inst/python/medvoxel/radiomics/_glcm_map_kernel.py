"""Co-occurrence features of the window around each voxel, compiled with numba.

A window holds few pairs, so a matrix has a row only for each level that occurs in it, and
features are sums over the entries above 0. Loops instead of array expressions: they
compile in half the time.
"""

from __future__ import annotations

import numpy as np

from ._compiled import compiled

__all__ = ["glcm_of_windows"]


@compiled
def glcm_of_windows(  # type: ignore[no-untyped-def]
    ranks, centres, window, first, second, ends, weights, symmetrical, levels, with_mcc, found
):
    """Write the features of each window to a row of `found`, NaN where there are no pairs.

    The places of a window are numbered; pair k of them is `first[k]` and `second[k]`, and
    those of direction d end before `ends[d]`. With `weights` the directions are merged.
    """
    place = np.empty(len(window), np.int64)
    number = np.full(len(levels) + 1, -1)
    here = np.empty(len(window))
    most = min(len(window), len(levels))
    matrix, shares = np.zeros((most, most)), np.empty((most, most))
    sums = np.zeros(2 * int(levels[-1]) + 1)
    gaps = np.zeros(int(levels[-1]) + 1)
    for row in range(len(centres)):
        count = _number_levels(ranks, centres[row], window, levels, place, number, here)
        known = 0
        for k in range(found.shape[1]):
            found[row, k] = 0.0
        for direction in range(len(ends)):
            start = ends[direction - 1] if direction else 0
            weight = weights[direction] if len(weights) else 1.0
            _add_pairs(place, first, second, start, ends[direction], weight, matrix)
            if len(weights) and direction < len(ends) - 1:
                continue
            if _take_shares(matrix, count, symmetrical, shares):
                features = _features(
                    shares[:count, :count], here, sums, gaps, levels[-1], symmetrical, with_mcc
                )
                for k in range(found.shape[1]):
                    found[row, k] += features[k]
                known += 1
        for k in range(found.shape[1]):
            found[row, k] = found[row, k] / known if known else np.nan


@compiled
def _number_levels(ranks, centre, window, levels, place, number, here):  # type: ignore[no-untyped-def]
    """Give the levels of a window numbers as they come, and -1 to places outside."""
    count = 0
    for k in range(len(window)):
        rank = ranks[centre + window[k]]
        place[k] = -1
        if rank:
            if number[rank] < 0:
                number[rank] = count
                here[count] = levels[rank - 1]
                count += 1
            place[k] = number[rank]
    for k in range(len(window)):
        number[ranks[centre + window[k]]] = -1
    return count


@compiled
def _add_pairs(place, first, second, start, end, weight, matrix):  # type: ignore[no-untyped-def]
    """Add the pairs of one direction to a matrix."""
    for k in range(start, end):
        one, other = place[first[k]], place[second[k]]
        if one >= 0 and other >= 0:
            matrix[one, other] += weight


@compiled
def _take_shares(matrix, count, symmetrical, shares):  # type: ignore[no-untyped-def]
    """Empty a matrix into its shares of sum 1; whether there are any."""
    total = 0.0
    for i in range(count):
        for j in range(count):
            total += matrix[i, j]
    if total == 0:
        return False
    for i in range(count):
        for j in range(i + 1):
            one, other = matrix[i, j] / total, matrix[j, i] / total
            if symmetrical:
                one = other = (one + other) / 2
            shares[i, j], shares[j, i] = one, other
            matrix[i, j] = matrix[j, i] = 0.0
    return True


@compiled
def _features(shares, here, sums, gaps, top, symmetrical, with_mcc):  # type: ignore[no-untyped-def]
    """Compute the features of one matrix in the order of `GLCM_FEATURES`."""
    rows, columns = np.zeros(len(shares)), np.zeros(len(shares))
    for i in range(len(shares)):
        for j in range(len(shares)):
            rows[i] += shares[i, j]
            columns[j] += shares[i, j]
    row_mean, row_variance = _moments(rows, here)
    column_mean, column_variance = _moments(columns, here)
    product = energy = largest = covariance = joint = 0.0
    tendency = shade = prominence = 0.0
    for i in range(len(shares)):
        for j in range(len(shares)):
            share = shares[i, j]
            if share > 0:
                one, other = here[i], here[j]
                sums[int(one + other)] += share
                gaps[int(abs(one - other))] += share
                product += one * other * share
                energy += share * share
                largest = max(largest, share)
                joint -= share * np.log2(share)
                covariance += (one - row_mean) * (other - column_mean) * share
                cluster = one + other - row_mean - column_mean
                square = cluster * cluster * share
                tendency += square
                shade += square * cluster
                prominence += square * cluster * cluster
    joint = max(joint, 0.0)
    scale = np.sqrt(row_variance) * np.sqrt(column_variance)
    row_entropy, column_entropy = _entropy(rows), _entropy(columns)
    shared = max(row_entropy + column_entropy - joint, 0.0)
    most = max(row_entropy, column_entropy)
    gap = _gap_features(shares, here, gaps, top)
    return np.array(
        (
            product, prominence, shade, tendency, gap[0],
            covariance / scale if scale > 0 else 1.0,
            gap[1], gap[2], gap[3], gap[4], gap[5], gap[6], gap[7],
            -shared / most if most > 0 else 0.0,
            np.sqrt(-np.expm1(-2 * shared)),
            gap[8], row_mean, energy, joint,
            _maximal_correlation(shares, rows, columns, symmetrical) if with_mcc else np.nan,
            largest, row_mean + column_mean, _entropy_of_sums(shares, here, sums), row_variance,
        )
    )  # fmt: skip


@compiled
def _gap_features(shares, here, gaps, top):  # type: ignore[no-untyped-def]
    """Contrast, the mean, entropy and variance of differences, Id, Idm, Idmn, Idn and IV.

    `gaps` is emptied again.
    """
    contrast = mean = entropy = spread = near = 0.0
    plain = squared = plain_top = squared_top = 0.0
    for i in range(len(shares)):
        for j in range(len(shares)):
            gap = abs(here[i] - here[j])
            share = gaps[int(gap)]
            if share > 0:
                gaps[int(gap)] = 0.0
                contrast += gap * gap * share
                mean += gap * share
                entropy -= share * np.log2(share)
                plain += share / (1 + gap)
                squared += share / (1 + gap * gap)
                plain_top += share / (1 + gap / top)
                squared_top += share / (1 + (gap / top) ** 2)
                if gap > 0:
                    near += share / (gap * gap)
    for i in range(len(shares)):
        for j in range(len(shares)):
            spread += (abs(here[i] - here[j]) - mean) ** 2 * shares[i, j]
    entropy = max(entropy, 0.0)
    return contrast, mean, entropy, spread, plain, squared, squared_top, plain_top, near


@compiled
def _entropy_of_sums(shares, here, sums):  # type: ignore[no-untyped-def]
    """Entropy of the sums of levels; `sums` is emptied again."""
    entropy = 0.0
    for i in range(len(shares)):
        for j in range(len(shares)):
            at = int(here[i] + here[j])
            if sums[at] > 0:
                entropy -= sums[at] * np.log2(sums[at])
                sums[at] = 0.0
    return max(entropy, 0.0)


@compiled
def _moments(shares, here):  # type: ignore[no-untyped-def]
    """Mean and variance of levels."""
    mean = variance = 0.0
    for i in range(len(shares)):
        mean += shares[i] * here[i]
    for i in range(len(shares)):
        variance += shares[i] * (here[i] - mean) ** 2
    return mean, variance


@compiled
def _entropy(shares):  # type: ignore[no-untyped-def]
    """Entropy in bits."""
    entropy = 0.0
    for share in shares:
        if share > 0:
            entropy -= share * np.log2(share)
    return max(entropy, 0.0)


@compiled
def _maximal_correlation(shares, rows, columns, symmetrical):  # type: ignore[no-untyped-def]
    """Root of the second largest eigenvalue of Q, which are the squares of singular values.

    Those of A with A(i, j) = p(i, j) / sqrt(p_x(i) p_y(j)). Levels that are not in the
    window add values of 0, so that a window of one level has 0.
    """
    count = len(shares)
    if count < 2:
        return 0.0
    scaled = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if shares[i, j] > 0:
                scaled[i, j] = shares[i, j] / np.sqrt(rows[i] * columns[j])
    if not symmetrical:
        scaled = scaled @ scaled.T
    first = second = 0.0
    for value in np.linalg.eigvalsh(scaled):
        if abs(value) > first:
            first, second = abs(value), first
        else:
            second = max(second, abs(value))
    return min(second if symmetrical else np.sqrt(second), 1.0)
