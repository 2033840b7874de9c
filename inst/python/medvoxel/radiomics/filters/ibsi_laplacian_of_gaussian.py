"""IBSI's Laplacian of Gaussian: by convolution with the sampled kernel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._boundaries import convolve_along

__all__ = ["sampled_laplacian_of_gaussian"]


def sampled_laplacian_of_gaussian(
    values: NDArray[np.float64],
    axes: tuple[int, ...],
    *,
    width: float,
    cutoff: float,
    boundary: str,
) -> NDArray[np.float64]:
    """Convolve with the Laplacian of a Gaussian.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    axes : tuple of int
        Axes of the Gaussian.
    width : float
        Its standard deviation in voxels.
    cutoff : float
        Where the kernel ends, in standard deviations.
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the image is beyond its edges.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response, not normalised across scales.

    Notes
    -----
    The kernel is a sum of separable ones (one second derivative each), cut to a cube of
    ``1 + 2 floor(cutoff width + 0.5)`` voxels.

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), Laplacian of Gaussian (L6PA).
    """
    reach = math.floor(cutoff * width + 0.5)
    at = np.arange(-reach, reach + 1) / width
    bell = np.exp(-(at**2) / 2) / (math.sqrt(2 * math.pi) * width)
    curved = bell * (at**2 - 1) / width**2
    total = np.zeros(values.shape)
    for second in axes:
        part = values
        for axis in axes:
            part = convolve_along(part, curved if axis == second else bell, axis, boundary)
        total += part
    return total
