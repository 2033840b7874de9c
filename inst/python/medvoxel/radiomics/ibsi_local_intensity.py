"""Local intensity of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .region import Region

__all__ = ["PEAK_RADIUS", "local_intensity_ibsi"]

PEAK_RADIUS = 10 * (3 / (4 * math.pi)) ** (1 / 3)
"""Radius in mm of the sphere of 1 cm3 that peaks are averaged over."""

# Slices whose sums are made at a time.
_SLAB = 32


def local_intensity_ibsi(region: Region) -> dict[str, float]:
    """Local and global intensity peak.

    Parameters
    ----------
    region : Region
        The grey values. The sphere takes in voxels outside the mask, so there should be
        `PEAK_RADIUS` around it, as far as the scan reaches.

    Returns
    -------
    dict of str to float
        `loc_peak_loc`, the mean in the sphere around the brightest voxel (of several, the
        greatest such mean), and `loc_peak_glob`, the greatest mean around any voxel of the
        region.

    Notes
    -----
    Local intensity features of the reference manual [1]_: voxels count whose centres lie
    within the sphere, and within the scan.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.2.
    """
    values, mask = _with_margin(region)
    means = _sphere_means(values, region.spacing)[mask]
    inside = values[mask]
    brightest = inside == inside.max()
    return {
        "loc_peak_loc": float(means[brightest].max()),
        "loc_peak_glob": float(means.max()),
    }


def _with_margin(region: Region) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cut to what the spheres around the voxels of the region reach."""
    box = []
    for axis, mm in enumerate(region.spacing):
        others = tuple(i for i in range(3) if i != axis)
        used = np.flatnonzero(region.mask.any(axis=others))
        reach = int(PEAK_RADIUS / mm)
        box.append(slice(max(int(used[0]) - reach, 0), int(used[-1]) + 1 + reach))
    return region.values[tuple(box)], region.mask[tuple(box)]


def _sphere_means(
    values: NDArray[np.float64], spacing: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Mean over the sphere around every voxel, of the voxels within the array."""
    reach = [int(PEAK_RADIUS / mm) for mm in spacing]
    axes = [np.arange(-n, n + 1) * mm for n, mm in zip(reach, spacing, strict=True)]
    z, y, x = np.ix_(*axes)
    sphere = (z * z + y * y + x * x <= PEAK_RADIUS**2).astype(np.float64)
    # Around their middle, values lose least by the rounding of the Fourier transform.
    middle = float(values.mean())
    means = _sphere_sums(values - middle, sphere)
    means /= _sphere_counts(values.shape, sphere)
    means += middle
    return means


def _sphere_sums(values: NDArray[np.float64], sphere: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the sphere around every voxel; 0 counts outside the array."""
    from scipy.fft import irfftn, next_fast_len, rfftn

    reach = [width // 2 for width in sphere.shape]
    # Slab by slab: the whole array's transform would take several times its memory.
    deep = min(values.shape[0], _SLAB)
    shape = [next_fast_len(deep + 2 * reach[0], real=True)]
    for size, n in zip(values.shape[1:], reach[1:], strict=True):
        shape.append(next_fast_len(size + 2 * n, real=True))
    kernel = np.zeros(shape)
    kernel[tuple(slice(0, width) for width in sphere.shape)] = sphere
    spectrum = rfftn(np.roll(kernel, [-n for n in reach], axis=(0, 1, 2))).real
    sums = np.empty(values.shape)
    for start in range(0, len(values), deep):
        stop = min(start + deep, len(values))
        first = max(start - reach[0], 0)
        waves = rfftn(values[first : stop + reach[0]], s=shape)
        waves *= spectrum
        slab = irfftn(waves, s=shape, overwrite_x=True)
        _, height, width = values.shape
        sums[start:stop] = slab[start - first : stop - first, :height, :width]
    return sums


def _sphere_counts(shape: tuple[int, ...], sphere: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many voxels of the sphere around every voxel are within the array."""
    # Counts change at the borders alone, so an array as wide as the sphere shows them all.
    small = tuple(min(size, width) for size, width in zip(shape, sphere.shape, strict=True))
    counts = np.rint(_sphere_sums(np.ones(small), sphere))
    indices = []
    for size, few, width in zip(shape, small, sphere.shape, strict=True):
        at = np.arange(size)
        from_end = np.maximum(at + few - size, min(width // 2, few - 1))
        indices.append(np.where(at < width // 2, at, from_end) if few < size else at)
    spread: NDArray[np.float64] = counts[np.ix_(*indices)]
    return spread
