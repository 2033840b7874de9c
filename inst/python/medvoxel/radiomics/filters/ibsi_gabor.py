"""IBSI's Gabor filter: in planes, averaged over directions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._boundaries import padded
from ._rotations import pooled

__all__ = ["RESPONSES", "gabor_filter"]

RESPONSES = ("modulus", "real", "imaginary")

# The Gaussian is 1e-9 of its height at this number of standard deviations.
_REACH = 6.5
# Numbers of one slab that is transformed in one go.
_AT_ONCE = 2_000_000


def gabor_filter(
    values: NDArray[np.float64],
    planes: Sequence[int],
    *,
    width: float,
    wavelength: float,
    gamma: float,
    angles: Sequence[float],
    boundary: str,
    pooling: str = "average",
    response: str = "modulus",
) -> NDArray[np.float64]:
    """Convolve slices with Gabor kernels and pool the responses.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    planes : sequence of int
        Axes across which slices are taken.
    width : float
        Standard deviation of the Gaussian in voxels, along the wave.
    wavelength : float
        In voxels.
    gamma : float
        Aspect: the Gaussian is `width` / `gamma` wide across the wave.
    angles : sequence of float
        Directions of the wave in degrees, clockwise from the x axis (y points down).
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the image is beyond its edges.
    pooling : {"average", "max", "min"}
        How responses of planes and directions are pooled.
    response : {"modulus", "real", "imaginary"}
        What is taken of the complex response.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response.

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), Gabor filter (Q88H).
    """
    # Opposite directions have conjugate kernels.
    if response != "imaginary":
        angles = list(dict.fromkeys(round(angle % 180, 9) for angle in angles))
    kernels = [_kernel(width, wavelength, gamma, math.radians(angle)) for angle in angles]

    def one(plane: int) -> NDArray[np.float64]:
        stack = np.moveaxis(values, plane, 0)
        result = _in_slices(stack, kernels, boundary, pooling, response)
        return np.moveaxis(result, 0, plane)

    return pooled((lambda plane=plane: one(plane) for plane in planes), pooling)


def _kernel(width: float, wavelength: float, gamma: float, angle: float) -> NDArray[np.complex128]:
    reach = math.ceil(_REACH * width * max(1.0, 1.0 / gamma))
    second, first = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    along = first * math.cos(angle) + second * math.sin(angle)
    across = second * math.cos(angle) - first * math.sin(angle)
    bell = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * width**2))
    return bell * np.exp(2j * math.pi * along / wavelength)


def _in_slices(
    stack: NDArray[np.float64],
    kernels: Sequence[NDArray[np.complex128]],
    boundary: str,
    pooling: str,
    response: str,
) -> NDArray[np.float64]:
    """Convolve slices along the first axis, a few at a time, with all kernels."""
    from scipy.fft import fft2, ifft2, next_fast_len

    part = {"modulus": np.abs, "real": np.real, "imaginary": np.imag}[response]
    reach = len(kernels[0]) // 2
    # Around in a circle, which spoils only what is cut off after.
    size = tuple(next_fast_len(count + 2 * reach) for count in stack.shape[1:])
    inner = tuple(slice(2 * reach, 2 * reach + count) for count in stack.shape[1:])
    spectra = [fft2(kernel, s=size) for kernel in kernels]
    together = max(1, _AT_ONCE // (size[0] * size[1]))
    result = np.empty(stack.shape)
    for start in range(0, len(stack), together):
        slab = slice(start, start + together)
        wave = fft2(padded(stack[slab], (0, reach, reach), boundary), s=size)

        def one(
            spectrum: NDArray[np.complex128], wave: NDArray[np.complex128] = wave
        ) -> NDArray[np.float64]:
            return part(ifft2(wave * spectrum)[(slice(None), *inner)])

        result[slab] = pooled((lambda s=s, one=one: one(s) for s in spectra), pooling)
    return result
