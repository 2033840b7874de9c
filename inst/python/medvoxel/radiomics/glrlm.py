"""Grey level run length matrix: how far the same grey level goes on in a direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._direction_matrices import aggregated, means
from ._directions import Direction, lengths_mm, unique_directions
from ._glrlm_measures import glrlm_measures
from ._ranks import Ranks, pack
from .region import DiscreteRegion

__all__ = ["GLRLM_FEATURES", "GLRLM_IBSI", "glrlm_features", "glrlm_ibsi"]

GLRLM_FEATURES = (
    "GrayLevelNonUniformity",
    "GrayLevelNonUniformityNormalized",
    "GrayLevelVariance",
    "HighGrayLevelRunEmphasis",
    "LongRunEmphasis",
    "LongRunHighGrayLevelEmphasis",
    "LongRunLowGrayLevelEmphasis",
    "LowGrayLevelRunEmphasis",
    "RunEntropy",
    "RunLengthNonUniformity",
    "RunLengthNonUniformityNormalized",
    "RunPercentage",
    "RunVariance",
    "ShortRunEmphasis",
    "ShortRunHighGrayLevelEmphasis",
    "ShortRunLowGrayLevelEmphasis",
)
"""Pyradiomics' features, in the order in which it gives them."""

GLRLM_IBSI = {
    "rlm_sre": "ShortRunEmphasis",
    "rlm_lre": "LongRunEmphasis",
    "rlm_lgre": "LowGrayLevelRunEmphasis",
    "rlm_hgre": "HighGrayLevelRunEmphasis",
    "rlm_srlge": "ShortRunLowGrayLevelEmphasis",
    "rlm_srhge": "ShortRunHighGrayLevelEmphasis",
    "rlm_lrlge": "LongRunLowGrayLevelEmphasis",
    "rlm_lrhge": "LongRunHighGrayLevelEmphasis",
    "rlm_glnu": "GrayLevelNonUniformity",
    "rlm_glnu_norm": "GrayLevelNonUniformityNormalized",
    "rlm_rlnu": "RunLengthNonUniformity",
    "rlm_rlnu_norm": "RunLengthNonUniformityNormalized",
    "rlm_r_perc": "RunPercentage",
    "rlm_gl_var": "GrayLevelVariance",
    "rlm_rl_var": "RunVariance",
    "rlm_rl_entr": "RunEntropy",
}
"""IBSI's tags and the feature of pyradiomics that has the same formula."""


def glrlm_features(
    region: DiscreteRegion,
    *,
    force2d_dimension: int | None = None,
    weighting_norm: str | None = None,
) -> dict[str, float]:
    """Run length features by pyradiomics' definition.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of a segment.
    force2d_dimension : {0, 1, 2}, optional
        Runs within the planes across this axis (z, y, x) only.
    weighting_norm : {"manhattan", "euclidean", "infinity", "no_weighting"}, optional
        Merge the matrices of all directions, weighted by the length of a step in mm by this
        norm ("no_weighting": by 1). By default features of each direction are averaged.

    Returns
    -------
    dict of str to float
        16 features by pyradiomics' names. Directions in which no line has two voxels of the
        region do not count; all is NaN when there is no other.

    Raises
    ------
    InputError
        When the axis or the norm is none of those allowed.

    References
    ----------
    Pyradiomics' class glrlm; IBSI reference manual, section 3.7.
    """
    chosen = unique_directions(force2d_dimension=force2d_dimension)
    ranks = pack(region.levels)
    count = _counter(ranks)
    matrices = [
        count(direction) if _has_line(ranks, direction, region) else None for direction in chosen
    ]
    if weighting_norm is not None:
        weights = _weights(chosen, region, weighting_norm)
        pairs = zip(weights, matrices, strict=True)
        parts = [weight * matrix for weight, matrix in pairs if matrix is not None]
        matrices = [sum(parts)] if parts else []  # type: ignore[list-item]
    rows = [_measures(matrix, ranks) for matrix in matrices if matrix is not None]
    return means(rows, GLRLM_FEATURES)


def glrlm_ibsi(region: DiscreteRegion, *, aggregation: str) -> dict[str, float]:
    """Run length features by IBSI's definition.

    Parameters
    ----------
    region : DiscreteRegion
        Grey levels of a segment.
    aggregation : {"2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"}
        How directions and slices (along z) come together.

    Returns
    -------
    dict of str to float
        16 features by the tags of IBSI's tables, without the aggregation. Slices without
        voxels do not count.

    Raises
    ------
    InputError
        When the aggregation is none of these.

    References
    ----------
    IBSI reference manual, section 3.7.
    """
    ranks = pack(region.levels)
    matrices = aggregated(_counter(ranks), ranks.shape[0], aggregation)
    rows = [_measures(matrix, ranks) for matrix in matrices if matrix.any()]
    values = means(rows, tuple(GLRLM_IBSI.values()))
    return {tag: values[name] for tag, name in GLRLM_IBSI.items()}


def _counter(ranks: Ranks) -> Callable[..., NDArray[np.int64]]:
    """Make a function that gives the run length matrix of a direction in a slice or in all."""
    from ._offset_kernels import count_runs

    longest = max(ranks.shape)
    lengths = np.empty(len(ranks.flat), dtype=np.uint16 if longest < 2**16 else np.int32)

    def count(direction: Direction, plane: int | None = None) -> NDArray[np.int64]:
        reached = np.zeros((len(ranks.levels) + 1, longest + 2), dtype=np.int64)
        first, last = ranks.span(plane)
        count_runs(ranks.flat, first, last, ranks.step(direction), lengths, reached)
        return reached[1:, 1:-1] - reached[1:, 2:]

    return count


def _measures(runs: NDArray[np.number], ranks: Ranks) -> dict[str, float]:
    """Features of a run length matrix, with lengths that do not occur at its end cut off."""
    longest = int(np.flatnonzero(runs.any(axis=0))[-1]) + 1
    return glrlm_measures(runs[:, :longest].astype(np.float64), ranks.levels)


def _has_line(ranks: Ranks, direction: Direction, region: DiscreteRegion) -> bool:
    """Whether some line along a direction has two voxels of the region, adjacent or not."""
    from ._offset_kernels import has_pair

    if has_pair(ranks.flat, *ranks.span(), ranks.step(direction)):
        return True
    inside = np.argwhere(region.mask)
    axis = next(axis for axis, step in enumerate(direction) if step)
    steps = inside[:, axis] * direction[axis]
    lines = inside - steps[:, None] * np.asarray(direction)  # where each line has no step left
    return len(np.unique(lines, axis=0)) < len(inside)


def _weights(directions: list[Direction], region: DiscreteRegion, norm: str) -> NDArray[np.float64]:
    """Weight of each direction: the longer its steps, the more."""
    if norm == "no_weighting":
        return np.ones(len(directions))
    return lengths_mm(directions, region.spacing, norm)
