"""IBSI's mean filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._boundaries import mean_along

__all__ = ["mean_filter"]


def mean_filter(
    values: NDArray[np.float64], axes: tuple[int, ...], *, support: int, boundary: str
) -> NDArray[np.float64]:
    """Average over a box around each voxel.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    axes : tuple of int
        Axes along which the box extends.
    support : int
        Edge of the box in voxels, odd.
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the image is beyond its edges.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        The response.

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), mean filter (S60F).
    """
    return mean_along(values, support, axes, boundary)
