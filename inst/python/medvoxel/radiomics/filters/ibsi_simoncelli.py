"""IBSI's non-separable wavelet of Simoncelli."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["simoncelli_wavelet"]


def simoncelli_wavelet(
    values: NDArray[np.float64], axes: tuple[int, ...], *, level: int
) -> NDArray[np.float64]:
    """Apply Simoncelli's band-pass filter to a periodic image.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    axes : tuple of int
        Axes of the filter, ascending.
    level : int
        Level of the decomposition, from 1 on: frequencies around ``2**-level`` of the
        highest one.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response.

    Notes
    -----
    The filter is ``cos(pi/2 log2(2 f / top))`` for frequencies f from ``top / 4`` to
    ``top = 2**(1 - level)``, and 0 elsewhere. Along each axis frequencies go in equal steps
    from -1 to 1, ends included, as in IBSI's reference maps; for an even number of voxels
    that is half a step from those of a discrete Fourier transform. The real part of the
    response is given.

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), non-separable wavelets
    (LODD). Simoncelli EP, Freeman WT. The steerable pyramid. ICIP 1995.
    """
    from scipy.fft import irfftn, rfftn

    shape = [values.shape[axis] for axis in axes]
    band = _band(shape, level)
    # The real part: the mean of the filter at each frequency and at its negative.
    reverse = np.ix_(*(-np.arange(count) % count for count in shape))
    band = (band + band[reverse]) / 2
    half = band[..., : shape[-1] // 2 + 1]
    rest = [axis for axis in range(3) if axis not in axes]
    return irfftn(rfftn(values, axes=axes) * np.expand_dims(half, rest), s=shape, axes=axes)


def _band(shape: list[int], level: int) -> NDArray[np.float64]:
    squared = np.zeros(shape)
    for axis, count in enumerate(shape):
        line = np.fft.ifftshift(np.linspace(-1.0, 1.0, count)) if count > 1 else np.zeros(1)
        squared += np.expand_dims(line**2, [k for k in range(len(shape)) if k != axis])
    frequency = np.sqrt(squared, out=squared)
    top = 2.0 ** (1 - level)
    inside = (frequency >= top / 4) & (frequency <= top)
    band = np.zeros(shape)
    band[inside] = np.cos(np.pi / 2 * np.log2(2 * frequency[inside] / top))
    return band
