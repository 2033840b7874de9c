"""Neighbouring grey tone difference matrix: how far voxels are from those around them."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan

import numpy as np
from numpy.typing import NDArray

from ._aggregations import check_aggregation, mean_of
from ._neighbours import LevelDifferences, Neighbourhoods, has_room
from .region import DiscreteRegion

__all__ = ["ngtdm_features", "ngtdm_ibsi"]

_HIGHEST_COARSENESS = 1e6

_NAMES = ("Busyness", "Coarseness", "Complexity", "Contrast", "Strength")
_TAGS = ("ngt_coarseness", "ngt_contrast", "ngt_busyness", "ngt_complexity", "ngt_strength")

# Pairs of levels held at once.
_BLOCK = 1 << 20


def ngtdm_features(
    region: DiscreteRegion,
    *,
    distances: Iterable[int] = (1,),
    force2d_dimension: int | None = None,
) -> dict[str, float]:
    """Features of the neighbouring grey tone difference matrix as pyradiomics defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    distances : iterable of int, default (1,)
        Chebyshev distances of neighbours in voxels.
    force2d_dimension : {0, 1, 2}, optional
        The axis (z, y, x) across which voxels are no neighbours. By default neighbourhoods
        are in 3D.

    Returns
    -------
    dict of str to float
        5 features in pyradiomics' order, without unit. In a flat region the coarseness is
        1e6 and the others are 0. All are NaN, as pyradiomics gives none, where the region is
        too narrow for any neighbour at these distances.

    Raises
    ------
    InputError
        When a setting is not allowed.

    Notes
    -----
    Unlike IBSI, voxels without a neighbour inside count, with no difference.

    References
    ----------
    pyradiomics, class `RadiomicsNGTDM`. Amadasun and King, IEEE Trans Syst Man Cybern 1989;
    19:1264-1274.
    """
    distances = tuple(distances)
    if not has_room(region, distances=distances, flat_axis=force2d_dimension):
        return dict.fromkeys(_NAMES, nan)
    around = Neighbourhoods(region, distances=distances, flat_axis=force2d_dimension)
    matrix = around.differences()
    values = _measure(matrix.levels, matrix.voxels, matrix.sums)
    return {name: values[name] for name in _NAMES}


def ngtdm_ibsi(region: DiscreteRegion, *, aggregation: str, distance: int = 1) -> dict[str, float]:
    """Features of the neighbourhood grey tone difference matrix as IBSI defines them.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of the segment.
    aggregation : {"2D", "2_5D", "3D"}
        Neighbours in slices, features averaged over slices; neighbours in slices, counted in
        one matrix; neighbours in the volume.
    distance : int, default 1
        The largest Chebyshev distance of neighbours in voxels.

    Returns
    -------
    dict of str to float
        5 features, named by their IBSI tags ("ngt_coarseness" ...), without unit. Voxels
        without a neighbour inside are left out, and slices of such voxels only; NaN when
        nothing is left. In a flat region the coarseness is 1e6 and the others are 0.

    Raises
    ------
    InputError
        When an argument is not allowed.

    References
    ----------
    IBSI reference manual, section on neighbourhood grey tone difference based features (IPET).
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
    matrices = [around.differences(plane=plane) for plane in planes]
    matrices = [matrix for matrix in matrices if matrix.valid.any()]
    if not matrices:
        return dict.fromkeys(_TAGS, nan)
    return mean_of(matrices, _measure_ibsi)


def _measure_ibsi(matrix: LevelDifferences) -> dict[str, float]:
    """IBSI's features of one matrix."""
    here = matrix.valid > 0
    values = _measure(matrix.levels[here], matrix.valid[here], matrix.sums[here])
    # IBSI: the highest value; pyradiomics: the value where there are no differences.
    values["Coarseness"] = min(values["Coarseness"], _HIGHEST_COARSENESS)
    return {tag: values[tag.removeprefix("ngt_").capitalize()] for tag in _TAGS}


def _measure(
    levels: NDArray[np.float64], voxels: NDArray[np.int64], sums: NDArray[np.float64]
) -> dict[str, float]:
    """Measure a grey tone difference matrix, by pyradiomics' names."""
    total = int(voxels.sum())
    share = voxels / total
    weighted = float(np.sum(share * sums))
    difference = float(sums.sum())
    spread, away, complexity, strength = _pair_sums(levels, share, sums)
    pairs = len(levels) * (len(levels) - 1)
    return {
        "Busyness": weighted / away if away else 0.0,
        "Coarseness": 1 / weighted if weighted else _HIGHEST_COARSENESS,
        "Complexity": complexity / total,
        "Contrast": spread / pairs * difference / total if pairs else 0.0,
        "Strength": strength / difference if difference else 0.0,
    }


def _pair_sums(
    levels: NDArray[np.float64], share: NDArray[np.float64], sums: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Sum over all pairs of levels for contrast, busyness, complexity and strength."""
    moment, weighted = levels * share, share * sums
    found = np.zeros(4)
    rows = max(1, _BLOCK // len(levels))
    for start in range(0, len(levels), rows):
        part = slice(start, start + rows)
        steps = np.abs(levels[part, None] - levels)
        shares = share[part, None] + share
        found += (
            np.sum(share[part, None] * share * steps**2),
            np.sum(np.abs(moment[part, None] - moment)),
            np.sum(steps * (weighted[part, None] + weighted) / shares),
            np.sum(shares * steps**2),
        )
    spread, away, complexity, strength = found.tolist()
    return spread, away, complexity, strength
