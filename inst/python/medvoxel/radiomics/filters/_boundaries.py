"""What an image is beyond its edges, for convolutions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOUNDARIES", "convolve_along", "mean_along", "padded"]

BOUNDARIES = ("mirror", "nearest", "periodic", "zero")
"""IBSI's names of boundary conditions."""

# Mirrored at the outer face of the last voxel, so that this voxel is repeated.
_SCIPY = {"mirror": "reflect", "nearest": "nearest", "periodic": "wrap", "zero": "constant"}
_NUMPY = {"mirror": "symmetric", "nearest": "edge", "periodic": "wrap", "zero": "constant"}


def convolve_along(
    values: NDArray[np.float64], kernel: NDArray[np.float64], axis: int, boundary: str
) -> NDArray[np.float64]:
    """Convolve along one axis.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    kernel : ndarray of float64, shape (n,)
        Weights; n is odd, the middle one belongs to the voxel itself.
    axis : int
        The axis.
    boundary : str
        One of `BOUNDARIES`.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response.
    """
    from scipy.ndimage import convolve1d

    return convolve1d(values, kernel, axis=axis, mode=_SCIPY[boundary])


def mean_along(
    values: NDArray[np.float64], size: int, axes: tuple[int, ...], boundary: str
) -> NDArray[np.float64]:
    """Average over a box.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    size : int
        Edge of the box in voxels, odd.
    axes : tuple of int
        Axes along which it extends.
    boundary : str
        One of `BOUNDARIES`.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The means.
    """
    from scipy.ndimage import uniform_filter1d

    for axis in axes:
        values = uniform_filter1d(values, size, axis=axis, mode=_SCIPY[boundary])
    return values


def padded(
    values: NDArray[np.float64], widths: tuple[int, ...], boundary: str
) -> NDArray[np.float64]:
    """Continue an image beyond its edges.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    widths : tuple of int
        Voxels to add at both ends of each axis.
    boundary : str
        One of `BOUNDARIES`.

    Returns
    -------
    ndarray of float64
        The larger image.
    """
    return np.pad(values, [(n, n) for n in widths], mode=_NUMPY[boundary])
