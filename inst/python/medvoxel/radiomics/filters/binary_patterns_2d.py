"""Local binary patterns within slices, as pyradiomics has them."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

__all__ = ["binary_patterns_2d"]


def binary_patterns_2d(
    values: NDArray[np.float64],
    *,
    radius: float = 1.0,
    samples: int = 8,
    method: str = "uniform",
    plane: int = 0,
) -> NDArray[np.float64]:
    """Compare each voxel with samples on a circle around it, slice by slice.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    radius : float
        Radius of the circle in pixels.
    samples : int
        Number of samples.
    method : {"default", "ror", "uniform", "nri_uniform", "var"}
        scikit-image's name of the pattern.
    plane : {0, 1, 2}
        The axis across which slices lie.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        Patterns; with ``"uniform"`` whole numbers from 0 to ``samples + 1``.

    References
    ----------
    pyradiomics, ``imageoperations.getLBP2DImage``; scikit-image, ``local_binary_pattern``.
    Ojala T, Pietikainen M, Maenpaa T. Multiresolution gray-scale and rotation invariant
    texture classification with local binary patterns. IEEE PAMI 2002;24:971-987.
    """
    from skimage.feature import local_binary_pattern

    result = np.empty(values.shape)
    # Swapped, not moved: the circle then starts where pyradiomics has it start.
    slices, patterns = values.swapaxes(0, plane), result.swapaxes(0, plane)
    with warnings.catch_warnings():
        # Grey values of a scan are measured, and equal ones are equal: no rounding here.
        warnings.filterwarnings("ignore", message="Applying `local_binary_pattern`")
        for image, pattern in zip(slices, patterns, strict=True):
            pattern[...] = local_binary_pattern(image, P=samples, R=radius, method=method)
    return result
