"""Grey level distance zone matrix: how far from the border zones of one grey level are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._aggregations import check_aggregation, mean_of
from ._size_counts import MEASURES, measure
from ._zones import find_zones, zone_matrices
from .region import DiscreteRegion

__all__ = ["border_distances", "gldzm_ibsi"]

_TAGS = (
    "dzm_sde", "dzm_lde", "dzm_lgze", "dzm_hgze", "dzm_sdlge", "dzm_sdhge", "dzm_ldlge",
    "dzm_ldhge", "dzm_glnu", "dzm_glnu_norm", "dzm_zdnu", "dzm_zdnu_norm", "dzm_z_perc",
    "dzm_gl_var", "dzm_zd_var", "dzm_zd_entr",
)  # fmt: skip


def gldzm_ibsi(
    region: DiscreteRegion, *, aggregation: str, shape_mask: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Features of the grey level distance zone matrix as IBSI defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    aggregation : {"2D", "2_5D", "3D"}
        Zones and distances in slices, features averaged over slices; zones and distances in
        slices, counted in one matrix; zones and distances in the volume.
    shape_mask : ndarray of bool, shape (z, y, x), optional
        The morphological mask, from whose border distances count. By default the voxels
        that have a grey level; after re-segmentation by a range these are fewer.

    Returns
    -------
    dict of str to float
        16 features, named by their IBSI tags ("dzm_sde" ...), without unit.

    Raises
    ------
    InputError
        When the aggregation is another, or a voxel has a grey level outside of the mask.

    Notes
    -----
    A zone's distance is the least of its voxels'. A voxel's is the number of faces crossed on
    the shortest way out (Manhattan, in voxels), 1 at the border. Outside of the array is
    outside of the mask.

    References
    ----------
    IBSI reference manual, section on grey level distance zone based features (VMDZ).
    """
    check_aggregation(aggregation)
    mask = region.mask if shape_mask is None else shape_mask
    if mask.shape != region.levels.shape or np.any(region.mask & ~mask):
        raise InputError(
            "Voxels with a grey level lie outside of the shape's mask.",
            hint="Give the mask of the whole segment, in the box of the grey levels.",
        )
    flat = aggregation != "3D"
    zones = find_zones(
        region.levels,
        flat_axis=0 if flat else None,
        distances=border_distances(mask, by_slice=flat),
    )
    values = mean_of(zone_matrices(region, zones, zones.nearest, aggregation), measure)
    return {tag: values[name] for tag, name in zip(_TAGS, MEASURES, strict=False)}


def border_distances(mask: NDArray[np.bool_], *, by_slice: bool) -> NDArray[np.int32]:
    """Faces of voxels crossed on the shortest way out of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The mask; outside of the array is outside of it.
    by_slice : bool
        Whether ways out must stay in their slice.

    Returns
    -------
    ndarray of int32, shape (z, y, x)
        Distances, 1 at the border, 0 outside.
    """
    from scipy import ndimage

    padded = np.pad(mask, 1)
    if not by_slice:
        distances = ndimage.distance_transform_cdt(padded, metric="taxicab")
        return distances[1:-1, 1:-1, 1:-1]
    return np.stack(
        [
            ndimage.distance_transform_cdt(plane, metric="taxicab")[1:-1, 1:-1]
            for plane in padded[1:-1]
        ]
    )
