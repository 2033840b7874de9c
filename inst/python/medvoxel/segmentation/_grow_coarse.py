"""Growing on larger voxels than the scan's: the way there, and back to the scan's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._padded import without_padding
from ..geometry import Grid
from ..resampling import resample, resample_to
from ..volume import Segment, Segmentation, Volume
from ._grow_state import Box, Seeds

__all__ = ["CoarseGrid", "coarser_spacing"]

# Less of a larger voxel than this may be rounding and no voxel at all.
_LEAST_SHARE = 1e-4
_SLAB = 2**22  # voxels that are brought back together


def coarser_spacing(
    grid: Grid, spacing: float | Sequence[float]
) -> tuple[float, float, float] | None:
    """Choose the spacing to grow at.

    Parameters
    ----------
    grid : Grid
        Of the scan.
    spacing : float or sequence of three floats
        The spacing asked for in mm, for all axes or (z, y, x).

    Returns
    -------
    tuple of float or None
        Axes that the scan has coarser stay as they are; ``None`` when all do.
    """
    wanted = np.broadcast_to(np.asarray(spacing, dtype=float), 3)
    coarser = wanted > np.multiply(grid.spacing, 1 + 1e-6)
    if not coarser.any():
        return None
    z, y, x = np.where(coarser, wanted, grid.spacing).tolist()
    return z, y, x


@dataclass(frozen=True, eq=False)
class CoarseGrid:
    """A scan on larger voxels, and which of them holds each voxel of the scan.

    Parameters
    ----------
    scan : Volume
        On the larger voxels.
    holders : tuple of ndarray of int
        For each axis (z, y, x), the index of the larger voxel in which the centre of each
        voxel of the scan lies; each holds one at least.
    """

    scan: Volume
    holders: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]

    @classmethod
    def of(cls, scan: Volume, spacing: tuple[float, float, float]) -> CoarseGrid:
        """Resample a scan, averaging over the larger voxels.

        Parameters
        ----------
        scan : Volume
            The scan. Voxels that are not finite have no part in the averages.
        spacing : tuple of float
            As from :func:`coarser_spacing`.

        Returns
        -------
        CoarseGrid
            The same for the same scan.
        """
        coarse = _average(scan, spacing)
        old, new = scan.grid, coarse.grid
        z, y, x = (
            _holders(n, step, size, wide)
            for n, step, size, wide in zip(
                old.shape, old.spacing, new.shape, new.spacing, strict=True
            )
        )
        return cls(coarse, (z, y, x))

    def box(self, box: Box) -> Box:
        """Find the larger voxels that hold a box.

        Parameters
        ----------
        box : tuple of slice
            Box of voxels of the scan, not empty.

        Returns
        -------
        tuple of slice
            Box of larger voxels.
        """
        z, y, x = (
            slice(int(holder[part.start]), int(holder[part.stop - 1]) + 1)
            for holder, part in zip(self.holders, box, strict=True)
        )
        return z, y, x

    def seeds(self, seeds: Seeds, shape: Sequence[int]) -> Seeds:
        """Bring seeds along, so that none is lost.

        Parameters
        ----------
        seeds : Seeds
            Places in the scan.
        shape : sequence of int
            Shape of the scan, (z, y, x).

        Returns
        -------
        Seeds
            A larger voxel with seeds of several labels gets the most frequent one, of
            equally frequent ones the lowest.
        """
        index = np.unravel_index(seeds.places, shape)
        held = [holder[i] for holder, i in zip(self.holders, index, strict=True)]
        places = np.ravel_multi_index(held, self.scan.grid.shape)
        # One number for place and label, the label low: np.unique() then sorts by both.
        room = int(seeds.labels.max(initial=0)) + 1
        pairs, counts = np.unique(places * room + seeds.labels, return_counts=True)
        at, labels = np.divmod(pairs, room)
        order = np.lexsort((labels, -counts, at))
        first = order[np.unique(at[order], return_index=True)[1]]
        return Seeds(at[first], labels[first].astype(np.int16))

    def editable(
        self, editable: NDArray[np.bool_] | None, grid: Grid, seeds: Seeds
    ) -> NDArray[np.bool_] | None:
        """Find the larger voxels that may change: those of which half may, or with seeds.

        Parameters
        ----------
        editable : ndarray of bool or None, shape (z, y, x)
            The voxels of the scan that may change; ``None`` for all.
        grid : Grid
            Of the scan.
        seeds : Seeds
            Those of this grid.

        Returns
        -------
        ndarray of bool or None
            On the larger voxels.
        """
        if editable is None:
            return None
        table = (Segment(1, "editable", "#000000"),)
        labels = Segmentation(editable.view(np.uint8), grid, table)
        way = resample(labels, self.scan.grid.spacing).array == 1
        way.reshape(-1)[seeds.places] = True
        return way

    def bring_back(
        self,
        labels: NDArray[np.integer],
        seeds: Segmentation,
        editable: NDArray[np.bool_],
        box: Box,
    ) -> NDArray[np.integer]:
        """Give each voxel of the scan the label that is strongest at its centre.

        Parameters
        ----------
        labels : ndarray of int
            Labels of the larger voxels.
        seeds : Segmentation
            The seeds on the grid of the scan.
        editable : ndarray of bool, shape (z, y, x)
            Only here a label is given.
        box : tuple of slice
            And only within this box of the scan.

        Returns
        -------
        ndarray of int, shape (z, y, x)
            The labels, and the seeds as they were.
        """
        out = np.array(seeds.array)
        source = seeds.with_array(*_one_further(labels, self.scan.grid))
        z, y, x = box
        thick = max(_SLAB // ((y.stop - y.start) * (x.stop - x.start)), 1)
        for first in range(z.start, z.stop, thick):
            part = slice(first, min(first + thick, z.stop)), y, x
            target = seeds.grid.crop([s.start for s in part], [s.stop for s in part])
            new = resample_to(source, target).array
            np.copyto(out[part], new, where=editable[part] & (out[part] == 0))
        return out


def _one_further(labels: NDArray[np.integer], grid: Grid) -> tuple[NDArray[np.integer], Grid]:
    """Let labels reach one voxel on, over the border as well.

    Along the edge of what may change, larger voxels are barred of which a part may change.
    """
    out = np.pad(labels, 1, mode="edge")
    old = out.copy()
    for axis in range(3):
        for here, there in ((slice(1, None), slice(-1)), (slice(-1), slice(1, None))):
            at, beside = ((slice(None),) * axis + (s,) for s in (here, there))
            np.copyto(out[at], old[beside], where=out[at] == 0)
    return out, grid.crop((-1, -1, -1), [n + 1 for n in grid.shape])


def _average(scan: Volume, spacing: tuple[float, float, float]) -> Volume:
    finite = np.isfinite(scan.array) if scan.array.dtype.kind == "f" else None
    if finite is None or finite.all():
        return resample(scan, spacing, method="linear")
    known = without_padding(scan)
    values = Volume(np.where(finite, known.array, 0), scan.grid)
    mean = resample(values, spacing, method="linear")
    share = resample(Volume(finite.astype(np.float32), scan.grid), spacing, method="linear").array
    array = np.full_like(mean.array, np.nan)
    np.divide(mean.array, share, out=array, where=share > _LEAST_SHARE, casting="same_kind")
    return mean.with_array(array)


def _holders(count: int, step: float, new_count: int, new_step: float) -> NDArray[np.intp]:
    """Index of the new voxel that holds each old one; both rasters have the same centre."""
    place = (np.arange(count) - (count - 1) / 2) * (step / new_step) + new_count / 2
    # The rounded number of voxels may reach less far than the scan.
    return np.clip(np.floor(place + 1e-9), 0, new_count - 1).astype(np.intp)
