"""Sums over all pairs of voxels, weighted by the inverse of their distance."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["moran_and_geary"]

# Complex numbers transformed at a time.
_BLOCK = 1 << 18


def moran_and_geary(
    values: NDArray[np.float64], mask: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> tuple[float, float]:
    """Moran's I and Geary's C of the values in a mask.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    mask : ndarray of bool, shape (z, y, x)
        The voxels that count, best in their box.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).

    Returns
    -------
    moran, geary : float
        Both NaN where all values are equal.

    Notes
    -----
    All pairs, not a sample of them: the sums of pairs are sums over offsets, hence products
    of Fourier transforms. Both come to within rounding of what a loop over pairs yields.
    """
    inside = values[mask]
    count = len(inside)
    deviation = inside - inside.mean()
    scale = float(np.abs(deviation).max())
    # As constant as numbers of such size can be told apart.
    if scale <= 8 * np.finfo(np.float64).eps * float(np.abs(inside).max()):
        return math.nan, math.nan
    deviation /= scale
    weights = _weight_spectrum(mask.shape, spacing)
    field = np.zeros(mask.shape)
    field[mask] = deviation
    products = _pair_sum(weights, field)
    field[mask] = deviation * deviation
    total, squares = _pair_sums_with(weights, mask.astype(np.float64), field)
    spread = float((deviation * deviation).sum())
    moran = count * products / (total * spread)
    # The sum of w (a - b)^2 over all pairs is twice that of w a^2 less w a b.
    geary = (count - 1) * (squares - products) / (total * spread)
    return moran, geary


def _weight_spectrum(
    shape: tuple[int, ...], spacing: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Fourier transform of 1 / distance, of the frequencies from 0 to the highest.

    Distances do not change with the sign of an offset, so the transform is that of cosines,
    and a period of twice the largest offset suffices.
    """
    from scipy.fft import dctn, next_fast_len

    halves = [next_fast_len(max(size - 1, 1)) for size in shape]
    z, y, x = np.ix_(*(np.arange(n + 1) * mm for n, mm in zip(halves, spacing, strict=True)))
    weights = np.sqrt(z * z + y * y + x * x)
    weights[0, 0, 0] = np.inf  # a voxel is no pair with itself
    spectrum: NDArray[np.float64] = dctn(1 / weights, type=1, overwrite_x=True)
    return spectrum


def _pair_sum(weights: NDArray[np.float64], field: NDArray[np.float64]) -> float:
    """Sum over all ordered pairs of weight times value times value."""
    from scipy.fft import rfft

    half = weights.shape[2] - 1
    lines = rfft(field, n=2 * half, axis=2)
    total = 0.0
    for part, spectrum, share in _blocks(weights):
        waves = _transform(lines[:, :, part], spectrum.shape)
        total += _weighted(waves.real**2 + waves.imag**2, spectrum, share)
    return total


def _pair_sums_with(
    weights: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[float, float]:
    """Sum over ordered pairs of weight times first times first, and times second."""
    from scipy.fft import rfft

    half = weights.shape[2] - 1
    lines = rfft(first, n=2 * half, axis=2), rfft(second, n=2 * half, axis=2)
    own = both = 0.0
    for part, spectrum, share in _blocks(weights):
        a, b = (_transform(each[:, :, part], spectrum.shape) for each in lines)
        own += _weighted(a.real**2 + a.imag**2, spectrum, share)
        both += _weighted(a.real * b.real + a.imag * b.imag, spectrum, share)
    return own, both


def _weighted(
    power: NDArray[np.float64], spectrum: NDArray[np.float64], share: NDArray[np.float64]
) -> float:
    """Sum of a power spectrum times the weights'; the first is changed in place."""
    power *= spectrum
    return float(power.sum(axis=(0, 1)) @ share)


def _transform(lines: NDArray[np.complex128], shape: tuple[int, ...]) -> NDArray[np.complex128]:
    """Transform along y and z, padded to the period."""
    from scipy.fft import fft

    waves: NDArray[np.complex128] = fft(
        fft(lines, n=shape[1], axis=1), n=shape[0], axis=0, overwrite_x=True
    )
    return waves


def _blocks(
    weights: NDArray[np.float64],
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
    """Parts of the frequencies along x, their weights, and what each stands for."""
    periods = [2 * (size - 1) for size in weights.shape]
    z, y = (np.minimum(np.arange(period), period - np.arange(period)) for period in periods[:2])
    last = weights.shape[2] - 1
    share = np.full(last + 1, 2.0 / math.prod(periods))  # x and -x
    share[[0, last]] /= 2
    size = max(_BLOCK // (periods[0] * periods[1]), 1)
    for start in range(0, last + 1, size):
        part = slice(start, min(start + size, last + 1))
        yield part, weights[:, :, part][z][:, y], share[part]
