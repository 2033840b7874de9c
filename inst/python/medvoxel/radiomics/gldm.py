"""Grey level dependence matrix: how many neighbours of a voxel are like it."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan

import numpy as np

from ._aggregations import check_aggregation, mean_of
from ._neighbours import Neighbourhoods, has_room
from ._size_counts import EPSILON, MEASURES, measure
from .region import DiscreteRegion

__all__ = ["gldm_features", "gldm_ibsi"]

_FEATURES = {
    "DependenceEntropy": "entropy",
    "DependenceNonUniformity": "size_nonuniformity",
    "DependenceNonUniformityNormalized": "size_nonuniformity_normalised",
    "DependenceVariance": "size_variance",
    "GrayLevelNonUniformity": "level_nonuniformity",
    "GrayLevelVariance": "level_variance",
    "HighGrayLevelEmphasis": "high",
    "LargeDependenceEmphasis": "large",
    "LargeDependenceHighGrayLevelEmphasis": "large_high",
    "LargeDependenceLowGrayLevelEmphasis": "large_low",
    "LowGrayLevelEmphasis": "low",
    "SmallDependenceEmphasis": "small",
    "SmallDependenceHighGrayLevelEmphasis": "small_high",
    "SmallDependenceLowGrayLevelEmphasis": "small_low",
}

_TAGS = (
    "ngl_lde", "ngl_hde", "ngl_lgce", "ngl_hgce", "ngl_ldlge", "ngl_ldhge", "ngl_hdlge",
    "ngl_hdhge", "ngl_glnu", "ngl_glnu_norm", "ngl_dcnu", "ngl_dcnu_norm", "ngl_dc_perc",
    "ngl_gl_var", "ngl_dc_var", "ngl_dc_entr", "ngl_dc_energy",
)  # fmt: skip


def gldm_features(
    region: DiscreteRegion,
    *,
    distances: Iterable[int] = (1,),
    gldm_alpha: float = 0,
    force2d_dimension: int | None = None,
) -> dict[str, float]:
    """Features of the grey level dependence matrix as pyradiomics defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    distances : iterable of int, default (1,)
        Chebyshev distances of neighbours in voxels.
    gldm_alpha : float, default 0
        The largest difference of grey levels at which a neighbour depends on a voxel
        (pyradiomics' setting `gldm_a`).
    force2d_dimension : {0, 1, 2}, optional
        The axis (z, y, x) across which voxels are no neighbours. By default neighbourhoods
        are in 3D.

    Returns
    -------
    dict of str to float
        14 features in pyradiomics' order, without unit. A voxel without neighbours counts as
        one without dependents; but all are NaN, as pyradiomics gives none, where the region
        is too narrow for any neighbour at these distances.

    Raises
    ------
    InputError
        When a setting is not allowed.

    References
    ----------
    pyradiomics, class `RadiomicsGLDM`. Sun and Wee, Comput Vis Graph Image Process 1983;
    23:341-352.
    """
    distances = tuple(distances)
    if not has_room(region, distances=distances, flat_axis=force2d_dimension):
        return dict.fromkeys(_FEATURES, nan)
    around = Neighbourhoods(region, distances=distances, flat_axis=force2d_dimension)
    values = measure(around.dependence(alpha=gldm_alpha), epsilon=EPSILON)
    return {name: values[key] for name, key in _FEATURES.items()}


def gldm_ibsi(
    region: DiscreteRegion, *, aggregation: str, distance: int = 1, alpha: float = 0
) -> dict[str, float]:
    """Features of the neighbouring grey level dependence matrix as IBSI defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    aggregation : {"2D", "2_5D", "3D"}
        Neighbours in slices, features averaged over slices; neighbours in slices, counted in
        one matrix; neighbours in the volume.
    distance : int, default 1
        The largest Chebyshev distance of neighbours in voxels.
    alpha : float, default 0
        The largest difference of grey levels at which a neighbour depends on a voxel
        (IBSI: coarseness).

    Returns
    -------
    dict of str to float
        17 features, named by their IBSI tags ("ngl_lde" ...), without unit.

    Raises
    ------
    InputError
        When an argument is not allowed.

    References
    ----------
    IBSI reference manual, section on neighbouring grey level dependence based features
    (REK0). The dependence of a voxel counts the voxel itself.
    """
    check_aggregation(aggregation)
    around = Neighbourhoods(
        region,
        distances=range(1, distance + 1),
        flat_axis=None if aggregation == "3D" else 0,
    )
    planes = [None]
    if aggregation == "2D":
        planes = [int(plane) for plane in np.nonzero(region.mask.any(axis=(1, 2)))[0]]
    values = mean_of([around.dependence(alpha=alpha, plane=plane) for plane in planes], measure)
    return {tag: values[name] for tag, name in zip(_TAGS, MEASURES, strict=True)}
