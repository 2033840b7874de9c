"""Magnitude of the gradient, as pyradiomics has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["gradient_magnitude"]


def gradient_magnitude(
    values: NDArray[np.float64],
    spacing: tuple[float, float, float],
    *,
    use_spacing: bool = True,
) -> NDArray[np.float64]:
    """Compute the length of the gradient by central differences.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    use_spacing : bool
        Whether differences are per mm, else per voxel.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        In steps of single precision, as ITK gives it.

    Notes
    -----
    Beyond its edges the image goes on with the value of the edge.

    References
    ----------
    pyradiomics, ``imageoperations.getGradientImage``; ITK, ``GradientMagnitudeImageFilter``.
    """
    from scipy.ndimage import correlate1d

    total = np.zeros(values.shape)
    for axis in range(3):
        step = spacing[axis] if use_spacing else 1.0
        slope = correlate1d(values, [-0.5, 0.0, 0.5], axis=axis, mode="nearest")
        slope /= step
        total += np.square(slope, out=slope)
    return np.sqrt(total, out=total).astype(np.float32).astype(np.float64)
