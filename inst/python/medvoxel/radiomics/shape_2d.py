"""Size and shape of a region within one slice, as pyradiomics defines them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._diameters import planar_diameter
from ._principal_axes import principal_variances
from ._surface_cells import boundary_points, crop
from .region import Region

__all__ = ["shape_2d_features"]


def shape_2d_features(
    region: Region, *, force2d_dimension: int = 0, deprecated: bool = False
) -> dict[str, float]:
    """Shape features of pyradiomics in 2D.

    Parameters
    ----------
    region : Region
        The segment, with voxels in a single slice; its grey values do not matter.
    force2d_dimension : {0, 1, 2}, default 0
        The axis (z, y, x) across the slice.
    deprecated : bool, default False
        Add SphericalDisproportion, which pyradiomics computes only when it is named:
        Sphericity says the same.

    Returns
    -------
    dict of str to float
        Values by feature, in the order of pyradiomics; lengths in mm. Elongation is NaN for
        a single voxel, which has no longest axis.

    Raises
    ------
    InputError
        When the segment has voxels in several slices.

    Notes
    -----
    The formulas are those of `radiomics.shape2D.RadiomicsShape2D` [1]_: surface, perimeter
    and diameter are those of a contour half way between pixels inside and outside, which
    parts pixels that touch at a corner only.

    References
    ----------
    .. [1] J. J. M. van Griethuysen et al., "Computational radiomics system to decode the
       radiographic phenotype", Cancer Research 77(21), e104-e107, 2017.
    """
    mask = crop(region.shape_of)
    if mask.shape[force2d_dimension] > 1:
        raise InputError(
            f"Shape in 2D needs one slice along axis {force2d_dimension} (z, y, x); the region "
            f"has {mask.shape[force2d_dimension]}.",
            hint="Use the 3D shape features, or set force2Ddimension to the axis across.",
        )
    pixels = mask.any(axis=force2d_dimension)
    row, column = (mm for i, mm in enumerate(region.spacing) if i != force2d_dimension)
    surface, perimeter = _contour_measures(pixels, (row, column))
    minor, major = principal_variances(pixels, (row, column))
    sphericity = 2 * math.sqrt(math.pi * surface) / perimeter
    features = {
        "Elongation": math.sqrt(minor / major) if major > 0 else math.nan,
        "MajorAxisLength": 4 * math.sqrt(major),
        "MaximumDiameter": planar_diameter(boundary_points(pixels), (row, column)),
        "MeshSurface": surface,
        "MinorAxisLength": 4 * math.sqrt(minor),
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / surface,
        "PixelSurface": np.count_nonzero(pixels) * row * column,
    }
    if deprecated:
        features["SphericalDisproportion"] = 1 / sphericity
    features["Sphericity"] = sphericity
    return {name: float(value) for name, value in features.items()}


def _contour_measures(
    pixels: NDArray[np.bool_], spacing: tuple[float, float]
) -> tuple[float, float]:
    """Area inside the contour, and its length, by marching squares."""
    row, column = spacing
    padded = np.pad(pixels, 1).view(np.uint8)
    # Bit 2 y + x of a cell's code is its corner (y, x).
    codes = padded[:, :-1] | (padded[:, 1:] << 1)
    codes = codes[:-1] | (codes[1:] << 2)
    counts = np.bincount(codes.ravel(), minlength=16)
    one = counts[[1, 2, 4, 8]].sum()
    three = counts[[7, 11, 13, 14]].sum()
    across = counts[[6, 9]].sum()  # two pixels that touch at a corner only
    side_by_side, above = counts[[3, 12]].sum(), counts[[5, 10]].sum()
    half = (side_by_side + above) / 2
    surface = (one / 8 + across / 4 + half + 7 / 8 * three + counts[15]) * row * column
    slanted = (one + three + 2 * across) * math.hypot(row, column) / 2
    return float(surface), float(slanted + side_by_side * column + above * row)
