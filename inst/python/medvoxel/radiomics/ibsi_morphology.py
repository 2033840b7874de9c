"""Morphology of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._bounding_solids import ellipsoid_area, enclosing_ellipsoid, oriented_box
from ._diameters import extreme_points, farthest_pair
from ._principal_axes import centre_of_mask, principal_variances
from ._spatial_correlation import moran_and_geary
from ._surface_cells import boundary_points, crop, crop_box, mesh_measures
from .region import Region

__all__ = ["morphology_ibsi"]


def morphology_ibsi(region: Region) -> dict[str, float]:
    """Compute the 29 features of the shape and of how grey values lie in it.

    Parameters
    ----------
    region : Region
        The segment: its shape, and the voxels whose grey values count.

    Returns
    -------
    dict of str to float
        Values by tag of the consensus table (`morph_volume` ...); mm, mm2 and mm3. NaN where
        the definition gives none: axes of a single voxel, densities of an ellipsoid of a
        flat shape, the shift where grey values sum to 0, Moran's I and Geary's C of equal
        grey values.

    Notes
    -----
    Morphological features of the reference manual [1]_. The mesh is by marching cubes
    (Lorensen and Cline), closed, half way between voxels. Axes come from the covariance
    divided by the number of voxels less 1, as the consensus values do. The oriented box and
    the enclosing ellipsoid, for which there is no consensus, are the smallest found (see
    `_bounding_solids`). Moran's I and Geary's C count all pairs of voxels.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.1.
    """
    mask = crop(region.shape_of)
    volume, area = mesh_measures(mask, region.spacing, mirrored=False)
    points, _ = extreme_points(boundary_points(mask), region.spacing)
    hull = _Hull(points)
    half_axes = 2 * np.sqrt(principal_variances(mask, region.spacing, ddof=1))
    box = crop_box(region.mask)
    moran, geary = moran_and_geary(region.values[box], region.mask[box], region.spacing)
    features = {"volume": volume}
    features["vol_approx"] = np.count_nonzero(mask) * math.prod(region.spacing)
    features |= _compactness(volume, area)
    features["com"] = _centre_shift(region)
    features["diam"] = farthest_pair(hull.corners)
    features |= _axis_features(half_axes)
    features |= _densities(volume, area, hull, half_axes)
    features["integ_int"] = volume * float(region.inside.mean())
    features |= {"moran_i": moran, "geary_c": geary}
    return {f"morph_{name}": float(value) for name, value in features.items()}


class _Hull:
    """Convex hull of some points."""

    def __init__(self, points: NDArray[np.float64]) -> None:
        from scipy.spatial import ConvexHull

        hull = ConvexHull(points)
        self.corners = points[hull.vertices]
        self.volume, self.area = float(hull.volume), float(hull.area)
        self.normals = hull.equations[:, :3]
        a, b, c = (points[hull.simplices[:, i]] for i in range(3))
        self.face_areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _compactness(volume: float, area: float) -> dict[str, float]:
    """Features of volume and area alone."""
    roundness = 36 * math.pi * volume**2 / area**3
    return {
        "area_mesh": area,
        "av": area / volume,
        "comp_1": volume / (math.sqrt(math.pi) * area**1.5),
        "comp_2": roundness,
        "sph_dispr": roundness ** (-1 / 3),
        "sphericity": roundness ** (1 / 3),
        "asphericity": roundness ** (-1 / 3) - 1,
    }


def _centre_shift(region: Region) -> float:
    """Distance between the centres of the shape and of the grey values."""
    weights = np.where(region.mask, region.values, 0.0)
    total = float(weights.sum())
    if total == 0:
        return math.nan
    shift = 0.0
    for axis, centre in enumerate(centre_of_mask(region.shape_of)):
        others = tuple(i for i in range(3) if i != axis)
        heavy = weights.sum(axis=others) @ np.arange(weights.shape[axis]) / total
        shift += ((heavy - centre) * region.spacing[axis]) ** 2
    return math.sqrt(shift)


def _axis_features(half_axes: NDArray[np.float64]) -> dict[str, float]:
    """Lengths of the principal axes and their ratios."""
    least, minor, major = half_axes
    some = major > 0
    return {
        "pca_maj_axis": 2 * major,
        "pca_min_axis": 2 * minor,
        "pca_least_axis": 2 * least,
        "pca_elongation": minor / major if some else math.nan,
        "pca_flatness": least / major if some else math.nan,
    }


def _densities(
    volume: float, area: float, hull: _Hull, half_axes: NDArray[np.float64]
) -> dict[str, float]:
    """Volume and area as parts of those of simpler solids around the shape."""
    solids = {
        "aabb": _box_measures(np.ptp(hull.corners, axis=0)),
        "ombb": _box_measures(oriented_box(hull.corners, hull.normals, hull.face_areas)),
        "aee": _ellipsoid_measures(half_axes),
        "mvee": _ellipsoid_measures(enclosing_ellipsoid(hull.corners)),
        "conv_hull": (hull.volume, hull.area),
    }
    features = {}
    for name, (solid_volume, solid_area) in solids.items():
        features[f"vol_dens_{name}"] = volume / solid_volume
        features[f"area_dens_{name}"] = area / solid_area
    return features


def _box_measures(edges: NDArray[np.float64]) -> tuple[float, float]:
    """Volume and area of a box."""
    a, b, c = (float(edge) for edge in edges)
    return a * b * c, 2 * (a * b + b * c + c * a)


def _ellipsoid_measures(half_axes: NDArray[np.float64]) -> tuple[float, float]:
    """Volume and area of an ellipsoid, NaN where it is flat."""
    if not (half_axes > 0).all():
        return math.nan, math.nan
    return 4 / 3 * math.pi * float(half_axes.prod()), ellipsoid_area(half_axes)
