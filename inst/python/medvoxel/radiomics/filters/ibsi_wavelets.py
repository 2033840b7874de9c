"""IBSI's separable wavelets, without decimation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._boundaries import convolve_along
from ._rotations import Kernels, pooled, rotated
from .wavelets import require_wavelet

__all__ = ["separable_wavelet"]


def separable_wavelet(
    values: NDArray[np.float64],
    axes: tuple[int, ...],
    *,
    wavelet: str,
    subband: str,
    level: int,
    boundary: str,
    rotation_invariance: bool = True,
    pooling: str = "average",
) -> NDArray[np.float64]:
    """Filter with the low- and high-pass filters of a wavelet.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    axes : tuple of int
        Axes to filter, in the order of the letters.
    wavelet : str
        A discrete wavelet of PyWavelets.
    subband : str
        Such as ``"LLH"``: low- or high-pass for each axis.
    level : int
        Level of the decomposition, from 1 on.
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the image is beyond its edges.
    rotation_invariance : bool
        Pool over all rotations by right angles.
    pooling : {"average", "max", "min"}
        How.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response.

    Notes
    -----
    Before the last level the low-pass filter acts along all axes; from level to level
    filters are stretched by zeros ("à trous").

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), separable wavelets (25BO).
    """
    found = require_wavelet(wavelet)
    pair = {"L": _odd(found.dec_lo), "H": _odd(found.dec_hi)}
    last = [pair[letter] for letter in subband]
    before = [pair["L"] for _ in subband]
    turns = _turns(last, before) if rotation_invariance else [(tuple(last), tuple(before))]

    def response(last: Kernels, before: Kernels) -> NDArray[np.float64]:
        result = values
        for number in range(1, level + 1):
            kernels = last if number == level else before
            for axis, kernel in zip(axes, kernels, strict=True):
                stretched = _stretched(kernel, 2 ** (number - 1))
                result = convolve_along(result, stretched, axis, boundary)
        return result

    return pooled((lambda turn=turn: response(*turn) for turn in turns), pooling)


def _turns(
    last: list[NDArray[np.float64]], before: list[NDArray[np.float64]]
) -> list[tuple[Kernels, Kernels]]:
    """Rotate both sets of kernels together: a flipped filter is flipped at every level."""
    pairs = [np.stack(pair) for pair in zip(last, before, strict=True)]
    return [
        (tuple(pair[0] for pair in turn), tuple(pair[1] for pair in turn))
        for turn in rotated(pairs)
    ]


def _odd(taps: list[float]) -> NDArray[np.float64]:
    """Append a zero to a filter of even length: its middle is the sample after its centre."""
    kernel = np.asarray(taps, dtype=float)
    return kernel if len(kernel) % 2 else np.append(kernel, 0.0)


def _stretched(kernel: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    result = np.zeros((len(kernel) - 1) * step + 1)
    result[::step] = kernel
    return result
