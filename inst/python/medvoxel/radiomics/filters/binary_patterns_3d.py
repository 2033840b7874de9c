"""Local binary patterns on spheres, as pyradiomics has them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["binary_pattern_3d_names", "binary_patterns_3d"]

_CHUNK = 20_000
_DIGITS = 10


def binary_pattern_3d_names(levels: int) -> tuple[str, ...]:
    """Name the images.

    Parameters
    ----------
    levels : int
        Number of levels of spherical harmonics.

    Returns
    -------
    tuple of str
        ``"lbp-3D-m1"`` ..., and ``"lbp-3D-k"``.
    """
    return (*(f"lbp-3D-m{level}" for level in range(1, levels + 1)), "lbp-3D-k")


def binary_patterns_3d(
    values: NDArray[np.float64],
    mask: NDArray[np.bool_],
    *,
    levels: int = 2,
    radius: float = 1.0,
    subdivision: int = 1,
) -> Iterator[NDArray[np.float64]]:
    """Compare each voxel with samples on a sphere around it.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    mask : ndarray of bool, shape (z, y, x)
        Voxels to compute the patterns of.
    levels : int
        Number of levels of spherical harmonics, from 0 on.
    radius : float
        Radius of the sphere in voxels.
    subdivision : int
        How often the icosahedron of samples is refined.

    Yields
    ------
    ndarray of float64, shape (z, y, x)
        For each level the part of the pattern that it explains, then the kurtosis of the
        samples; NaN outside of the mask.

    Notes
    -----
    Kept from pyradiomics: polar and azimuthal angle change places in the harmonics, parts
    are squared as complex numbers before the real part is taken, and samples of an image
    of whole numbers are rounded to whole numbers. Other than there, parts are rounded to
    10 decimals: voxels of the same pattern have the same value, and not one of several
    that differ by what the machine rounds. Where a quantile falls on such voxels,
    RobustMeanAbsoluteDeviation may differ.

    References
    ----------
    pyradiomics, ``imageoperations.getLBP3DImage``. Banerjee J, Moelker A, Niessen WJ,
    van Walsum T. 3D LBP-based rotationally invariant region description. ACCV 2012
    workshops, LNCS 7728.
    """
    from scipy.ndimage import spline_filter

    vertices = _sphere(subdivision, radius)
    harmonics = _harmonics(vertices, radius, levels)
    # Only the neighbourhood of the mask is looked at.
    whole = bool(np.all(values == np.round(values)))
    splines = spline_filter(values, order=3, mode="constant")
    places = np.argwhere(mask)
    found = np.empty((levels + 1, len(places)))
    for start in range(0, len(places), _CHUNK):
        part = slice(start, start + _CHUNK)
        samples = _samples(splines, places[part], vertices, whole)
        found[:-1, part] = _explained(samples >= values[mask][part][:, None], harmonics)
        found[-1, part] = _kurtosis(samples)
    for row in found:
        image = np.full(values.shape, np.nan)
        image[mask] = row
        yield image


def _sphere(subdivision: int, radius: float) -> NDArray[np.float64]:
    from trimesh.creation import icosphere

    return np.asarray(icosphere(subdivision, radius).vertices)


def _harmonics(
    vertices: NDArray[np.float64], radius: float, levels: int
) -> list[NDArray[np.complex128]]:
    """Spherical harmonics of each level at the vertices, shape (vertices, 2 level + 1)."""
    from scipy.special import factorial, lpmv

    turn = np.arccos(np.clip(vertices[:, 2] / radius, -1.0, 1.0))
    height = np.cos(np.arctan2(vertices[:, 1], vertices[:, 0]))
    result = []
    for n in range(levels):
        columns = []
        for m in range(-n, n + 1):
            k = abs(m)
            scale = np.sqrt((2 * n + 1) / (4 * np.pi) * factorial(n - k) / factorial(n + k))
            column = scale * lpmv(k, n, height) * np.exp(1j * k * turn)
            columns.append((-1) ** k * column.conj() if m < 0 else column)
        result.append(np.stack(columns, axis=1))
    return result


def _samples(
    splines: NDArray[np.float64],
    places: NDArray[np.int64],
    vertices: NDArray[np.float64],
    whole: bool,
) -> NDArray[np.float64]:
    from scipy.ndimage import map_coordinates

    at = (places[:, None, :] + vertices[None]).transpose(2, 0, 1)
    samples = map_coordinates(splines, at, order=3, prefilter=False)
    return np.copysign(np.floor(np.abs(samples) + 0.5), samples) if whole else samples


def _explained(
    above: NDArray[np.bool_], harmonics: list[NDArray[np.complex128]]
) -> NDArray[np.float64]:
    rows = []
    for level in harmonics:
        coefficients = above.astype(float) @ level
        part = np.real(np.sqrt(np.sum((coefficients @ level.T) ** 2, axis=1)))
        # Few patterns occur; those that are equal must not differ by noise.
        rows.append(np.round(part, _DIGITS))
    return np.stack(rows)


def _kurtosis(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Excess kurtosis of each row; not defined where all samples are equal."""
    away = samples - samples.mean(axis=1, keepdims=True)
    second = np.mean(away**2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(second > 0, np.mean(away**4, axis=1) / second**2 - 3, np.nan)
