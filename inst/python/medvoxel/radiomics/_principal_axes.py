"""Variances of the voxel centres of a mask along its principal axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["centre_of_mask", "principal_variances"]

# Below this part of the greatest variance, a variance is rounding error of a flat mask.
_NOISE = 1e-13


def principal_variances(
    mask: NDArray[np.bool_], spacing: tuple[float, ...], *, ddof: int = 0
) -> NDArray[np.float64]:
    """Eigenvalues of the covariance of the voxel centres, from the smallest.

    Parameters
    ----------
    mask : ndarray of bool
        The voxels, on any number of axes.
    spacing : tuple of float
        Voxel spacing in mm for each axis.
    ddof : {0, 1}
        Divide by the number of voxels less this: 0 in pyradiomics, 1 in the IBSI.

    Returns
    -------
    ndarray of float64
        One value in mm2 for each axis; all are NaN for as few voxels as `ddof`.
    """
    axes = range(mask.ndim)
    lines, count = _line_counts(mask)
    first = [int(lines[axis] @ np.arange(mask.shape[axis])) for axis in axes]
    covariance = np.empty((mask.ndim, mask.ndim))
    for i in axes:
        for j in axes[i:]:
            # Whole numbers as far as here: flat masks have exactly no variance.
            moment = count * _second_moment(mask, lines, i, j) - first[i] * first[j]
            value = moment / (count * (count - ddof)) if count > ddof else np.nan
            covariance[i, j] = covariance[j, i] = value * spacing[i] * spacing[j]
    if np.isnan(covariance).any():
        return np.full(mask.ndim, np.nan)
    values = np.linalg.eigvalsh(covariance)
    values[values < _NOISE * values[-1]] = 0.0
    return values


def centre_of_mask(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean array index of the voxels of a mask along each axis.

    Parameters
    ----------
    mask : ndarray of bool
        The voxels.

    Returns
    -------
    ndarray of float64
        One index for each axis.
    """
    lines, count = _line_counts(mask)
    return np.array([line @ np.arange(len(line)) / count for line in lines])


def _line_counts(mask: NDArray[np.bool_]) -> tuple[list[NDArray[np.int64]], int]:
    """Numbers of voxels at each index of each axis, and of all."""
    everything = range(mask.ndim)
    lines = [
        np.count_nonzero(mask, axis=tuple(i for i in everything if i != axis))
        for axis in everything
    ]
    return [np.asarray(line, np.int64) for line in lines], int(lines[0].sum())


def _second_moment(mask: NDArray[np.bool_], lines: list[NDArray[np.int64]], i: int, j: int) -> int:
    """Sum over the voxels of the product of two of their indices."""
    if i == j:
        return int(lines[i] @ np.arange(mask.shape[i]) ** 2)
    others = tuple(axis for axis in range(mask.ndim) if axis not in (i, j))
    plane = np.count_nonzero(mask, axis=others) if others else mask.astype(np.int64)
    return int(np.arange(mask.shape[i]) @ plane @ np.arange(mask.shape[j]))
