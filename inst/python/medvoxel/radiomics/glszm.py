"""Grey level size zone matrix: how large zones of one grey level are."""

from __future__ import annotations

from math import nan

from ._aggregations import check_aggregation, mean_of
from ._neighbours import has_room
from ._size_counts import EPSILON, MEASURES, count_sizes, measure
from ._zones import find_zones, zone_matrices
from .region import DiscreteRegion

__all__ = ["glszm_features", "glszm_ibsi"]

_FEATURES = {
    "GrayLevelNonUniformity": "level_nonuniformity",
    "GrayLevelNonUniformityNormalized": "level_nonuniformity_normalised",
    "GrayLevelVariance": "level_variance",
    "HighGrayLevelZoneEmphasis": "high",
    "LargeAreaEmphasis": "large",
    "LargeAreaHighGrayLevelEmphasis": "large_high",
    "LargeAreaLowGrayLevelEmphasis": "large_low",
    "LowGrayLevelZoneEmphasis": "low",
    "SizeZoneNonUniformity": "size_nonuniformity",
    "SizeZoneNonUniformityNormalized": "size_nonuniformity_normalised",
    "SmallAreaEmphasis": "small",
    "SmallAreaHighGrayLevelEmphasis": "small_high",
    "SmallAreaLowGrayLevelEmphasis": "small_low",
    "ZoneEntropy": "entropy",
    "ZonePercentage": "percentage",
    "ZoneVariance": "size_variance",
}

_TAGS = (
    "szm_sze", "szm_lze", "szm_lgze", "szm_hgze", "szm_szlge", "szm_szhge", "szm_lzlge",
    "szm_lzhge", "szm_glnu", "szm_glnu_norm", "szm_zsnu", "szm_zsnu_norm", "szm_z_perc",
    "szm_gl_var", "szm_zs_var", "szm_zs_entr",
)  # fmt: skip


def glszm_features(
    region: DiscreteRegion, *, force2d_dimension: int | None = None
) -> dict[str, float]:
    """Features of the grey level size zone matrix as pyradiomics defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    force2d_dimension : {0, 1, 2}, optional
        The axis (z, y, x) across which voxels are not connected: zones are found in planes,
        and counted in one matrix. By default zones are in 3D.

    Returns
    -------
    dict of str to float
        16 features in pyradiomics' order, without unit. All are NaN, as pyradiomics gives
        none, where the region is one voxel wide along each axis that counts.

    Raises
    ------
    InputError
        When the axis is none of these.

    References
    ----------
    pyradiomics, class `RadiomicsGLSZM`. Thibault et al., PRIP 2009: 140-145.
    """
    if not has_room(region, flat_axis=force2d_dimension):
        return dict.fromkeys(_FEATURES, nan)
    zones = find_zones(region.levels, flat_axis=force2d_dimension)
    matrix = count_sizes(zones.levels, zones.sizes, int(zones.sizes.sum()))
    values = measure(matrix, epsilon=EPSILON)
    return {name: values[key] for name, key in _FEATURES.items()}


def glszm_ibsi(region: DiscreteRegion, *, aggregation: str) -> dict[str, float]:
    """Features of the grey level size zone matrix as IBSI defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    aggregation : {"2D", "2_5D", "3D"}
        Zones in slices, features averaged over slices; zones in slices, counted in one
        matrix; zones in the volume.

    Returns
    -------
    dict of str to float
        16 features, named by their IBSI tags ("szm_sze" ...), without unit.

    Raises
    ------
    InputError
        When the aggregation is another.

    References
    ----------
    IBSI reference manual, section on grey level size zone based features (9SAK).
    """
    check_aggregation(aggregation)
    zones = find_zones(region.levels, flat_axis=None if aggregation == "3D" else 0)
    values = mean_of(zone_matrices(region, zones, zones.sizes, aggregation), measure)
    return {tag: values[name] for tag, name in zip(_TAGS, MEASURES, strict=False)}
