"""Size and shape of a region in 3D, as pyradiomics defines them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._diameters import extreme_points, farthest_pair
from ._principal_axes import principal_variances
from ._surface_cells import boundary_points, crop, mesh_measures
from .region import Region

__all__ = ["shape_features"]


def shape_features(region: Region, *, deprecated: bool = False) -> dict[str, float]:
    """Shape features of pyradiomics in 3D.

    Parameters
    ----------
    region : Region
        The segment; its grey values do not matter.
    deprecated : bool, default False
        Add Compactness1, Compactness2 and SphericalDisproportion, which pyradiomics
        computes only when they are named: Sphericity says the same.

    Returns
    -------
    dict of str to float
        Values by feature, in the order of pyradiomics; lengths in mm. Elongation and
        Flatness are NaN for a single voxel, which has no longest axis.

    Notes
    -----
    The formulas are those of `radiomics.shape.RadiomicsShape` [1]_. Volume, area and
    diameters are those of a mesh by marching cubes half way between voxels inside and
    outside, in which pyradiomics turns half of the cases inside out instead of having
    triangles of their own for them; axes are those of the voxel centres.

    References
    ----------
    .. [1] J. J. M. van Griethuysen et al., "Computational radiomics system to decode the
       radiographic phenotype", Cancer Research 77(21), e104-e107, 2017.
    """
    mask = crop(region.shape_of)
    volume, area = mesh_measures(mask, region.spacing, mirrored=True)
    least, minor, major = principal_variances(mask, region.spacing)
    extreme, (in_slice, in_column, in_row) = extreme_points(boundary_points(mask), region.spacing)
    sphericity = (36 * math.pi * volume**2) ** (1 / 3) / area
    features = {}
    if deprecated:
        features["Compactness1"] = volume / (area**1.5 * math.sqrt(math.pi))
        features["Compactness2"] = 36 * math.pi * volume**2 / area**3
    features |= {
        "Elongation": math.sqrt(minor / major) if major > 0 else math.nan,
        "Flatness": math.sqrt(least / major) if major > 0 else math.nan,
        "LeastAxisLength": 4 * math.sqrt(least),
        "MajorAxisLength": 4 * math.sqrt(major),
        "Maximum2DDiameterColumn": in_column,
        "Maximum2DDiameterRow": in_row,
        "Maximum2DDiameterSlice": in_slice,
        "Maximum3DDiameter": _greatest_distance(extreme),
        "MeshVolume": volume,
        "MinorAxisLength": 4 * math.sqrt(minor),
    }
    if deprecated:
        features["SphericalDisproportion"] = 1 / sphericity
    features |= {
        "Sphericity": sphericity,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": np.count_nonzero(mask) * math.prod(region.spacing),
    }
    return {name: float(value) for name, value in features.items()}


def _greatest_distance(points: NDArray[np.float64]) -> float:
    """Greatest distance between points in space."""
    from scipy.spatial import ConvexHull

    return farthest_pair(points[ConvexHull(points).vertices])
