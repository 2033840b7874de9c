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
    part = {"modulus": np.abs, "real": np.real, "imaginary": np.imag}[response]

    def one(plane: int, angle: float) -> NDArray[np.float64]:
        kernel = _kernel(width, wavelength, gamma, math.radians(angle))
        return part(_in_slices(values, plane, kernel, boundary))

    runs = ((plane, angle) for plane in planes for angle in angles)
    return pooled((lambda run=run: one(*run) for run in runs), pooling)


def _kernel(width: float, wavelength: float, gamma: float, angle: float) -> NDArray[np.complex128]:
    reach = math.ceil(_REACH * width * max(1.0, 1.0 / gamma))
    second, first = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    along = first * math.cos(angle) + second * math.sin(angle)
    across = second * math.cos(angle) - first * math.sin(angle)
    bell = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * width**2))
    return bell * np.exp(2j * math.pi * along / wavelength)


def _in_slices(
    values: NDArray[np.float64], plane: int, kernel: NDArray[np.complex128], boundary: str
) -> NDArray[np.complex128]:
    from scipy.signal import oaconvolve

    reach = len(kernel) // 2
    widths = tuple(0 if axis == plane else reach for axis in range(3))
    slices = padded(values, widths, boundary)
    axes = tuple(axis for axis in range(3) if axis != plane)
    return oaconvolve(slices, np.expand_dims(kernel, plane), mode="valid", axes=axes)
