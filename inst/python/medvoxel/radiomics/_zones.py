"""Zones: connected voxels of one grey level."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._aggregations import check_aggregation
from ._directions import all_directions
from ._size_counts import SizeCounts, count_sizes
from .region import DiscreteRegion

__all__ = ["Zones", "find_zones", "zone_matrices"]


@dataclass(frozen=True, eq=False)
class Zones:
    """The zones of a region, in the order of their first voxels.

    Parameters
    ----------
    levels : ndarray of int32, shape (zones,)
        Their grey levels.
    sizes : ndarray of int64, shape (zones,)
        Their voxels.
    planes : ndarray of int64, shape (zones,)
        The slice in which each begins.
    nearest : ndarray of int32, shape (zones,)
        The least distance of its voxels, 0 where no distances were given.
    """

    levels: NDArray[np.int32]
    sizes: NDArray[np.int64]
    planes: NDArray[np.int64]
    nearest: NDArray[np.int32]


def find_zones(
    levels: NDArray[np.int32],
    *,
    flat_axis: int | None = None,
    distances: NDArray[np.int32] | None = None,
) -> Zones:
    """Find the zones of an array of grey levels.

    Parameters
    ----------
    levels : ndarray of int32, shape (z, y, x)
        Grey levels, 0 outside.
    flat_axis : {0, 1, 2}, optional
        The axis across which voxels are not connected: zones in planes, of 8-connected
        voxels. By default zones are in 3D, of 26-connected voxels.
    distances : ndarray of int32, shape (z, y, x), optional
        A distance for each voxel.

    Returns
    -------
    Zones
        Grey level, size, plane and least distance of each.

    Notes
    -----
    Union and find in one pass over the voxels and one to count.
    """
    from ._zone_kernel import join, summarise

    padded = _bordered(levels, flat_axis)
    flat = padded.reshape(-1)
    plane, row = padded.shape[1] * padded.shape[2], padded.shape[2]
    before = _before(flat=flat_axis is not None)
    offsets = np.array([z * plane + y * row + x for z, y, x in before], dtype=np.int64)
    index_type = np.int32 if flat.size < 2**31 else np.int64
    parents = np.zeros(flat.size, dtype=index_type)
    if distances is None:
        flat_distances = np.zeros(0, dtype=np.int32)
    else:
        flat_distances = _bordered(distances, flat_axis).reshape(-1)
    count = join(flat, parents, offsets)
    zone_levels, sizes, firsts, nearest = summarise(flat, parents, flat_distances, count)
    return Zones(zone_levels, sizes, firsts // plane - 1, nearest)


def zone_matrices(
    region: DiscreteRegion, zones: Zones, sizes: NDArray[np.integer], aggregation: str
) -> list[SizeCounts]:
    """Count zones by grey level and size: by slice under "2D", all together otherwise.

    Parameters
    ----------
    region : DiscreteRegion
        Where the zones were found: in slices unless the aggregation is "3D".
    zones : Zones
        The zones.
    sizes : ndarray of int, shape (zones,)
        What they are counted by.
    aggregation : {"2D", "2_5D", "3D"}
        IBSI's aggregation.

    Returns
    -------
    list of SizeCounts
        One matrix a slice that has voxels, or one in all.
    """
    check_aggregation(aggregation)
    voxels = np.count_nonzero(region.levels, axis=(1, 2))
    if aggregation != "2D":
        return [count_sizes(zones.levels, sizes, int(voxels.sum()))]
    ends = np.searchsorted(zones.planes, np.arange(len(voxels) + 1))
    return [
        count_sizes(zones.levels[start:end], sizes[start:end], int(voxels[plane]))
        for plane, (start, end) in enumerate(pairwise(ends.tolist()))
        if end > start
    ]


def _bordered(array: NDArray[np.int32], flat_axis: int | None) -> NDArray[np.int32]:
    """Put a border of 0 around the array, and its flat axis first."""
    turned = array if flat_axis is None else np.moveaxis(array, flat_axis, 0)
    padded = np.zeros(tuple(size + 2 for size in turned.shape), dtype=np.int32)
    padded[1:-1, 1:-1, 1:-1] = turned
    return padded


def _before(*, flat: bool) -> list[tuple[int, int, int]]:
    """List steps to the neighbours that come before a voxel, the one that neighbours all first."""
    steps = all_directions(force2d_dimension=0 if flat else None)
    before = steps[: len(steps) // 2]
    hub = (0, -1, 0) if flat else (-1, 0, 0)
    return [hub, *(step for step in before if step != hub)]
