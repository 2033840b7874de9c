"""Interpolation where the axes of two grids are not parallel."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ._boxes import Box
from ._resample_labels import Scorer
from .geometry import Grid
from .progress import Progress, ProgressCallback

__all__ = ["IndexMap", "affine_scorer", "sample_affine"]

_ORDER = {"cubic": 3, "linear": 1, "nearest": 0}
# Positions this far outside the voxel-edge box still count as inside: rounding noise.
_EDGE = 1e-6
# How far the recursive spline prefilter is felt, in voxels (its pole is 0.27, 0.27^12 = 1e-7).
_SPLINE_REACH = 12
# A drift of less than this part of a voxel over the whole grid counts as parallel.
_DRIFT = 1e-3
# Standard deviations after which the Gaussian is cut.
_TRUNCATE = 4.0


@dataclass(frozen=True, eq=False)
class IndexMap:
    """Where the voxels of one grid lie on another: ``matrix @ index + offset``.

    Parameters
    ----------
    matrix : ndarray, shape (3, 3)
        Takes output indices (z, y, x) to input indices (z, y, x).
    offset : ndarray, shape (3,)
        Input position of output voxel ``[0, 0, 0]``.
    shape_in, shape_out : tuple of int
        Shapes (z, y, x) of the two grids.
    """

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]
    shape_in: tuple[int, int, int]
    shape_out: tuple[int, int, int]

    @classmethod
    def between(cls, grid: Grid, reference: Grid) -> IndexMap:
        """Make the map that brings data from one grid to another.

        Parameters
        ----------
        grid : Grid
            Where the data lies.
        reference : Grid
            Where it shall lie.

        Returns
        -------
        IndexMap
            From indices of `reference` to indices of `grid`.
        """
        steps = np.vstack([np.zeros(3), np.eye(3)])
        index = grid.lps_to_index(reference.index_to_lps(steps))
        return cls((index[1:] - index[0]).T, index[0], grid.shape, reference.shape)

    def parallel_axes(self) -> tuple[int, int, int] | None:
        """Say which input axis each output axis runs along.

        Returns
        -------
        tuple of int or None
            For the output axes (z, y, x); None when the grids are not parallel.
        """
        axes = tuple(int(k) for k in np.argmax(np.abs(self.matrix), axis=0))
        if sorted(axes) != [0, 1, 2]:
            return None
        rest = self.matrix.copy()
        rest[axes, (0, 1, 2)] = 0.0
        drift = np.abs(rest) @ (np.asarray(self.shape_out) - 1.0)
        return axes if drift.max() < _DRIFT else None

    def inside(self) -> NDArray[np.bool_]:
        """Whether the centres of the output voxels lie in the input's voxel-edge box."""
        z, y, x = (np.arange(n) for n in self.shape_out)
        inside = np.ones(self.shape_out, dtype=bool)
        for row, start, count in zip(self.matrix, self.offset, self.shape_in, strict=True):
            plane = (row[1] * y)[:, None] + (row[2] * x)[None, :]
            for i, at in enumerate(start + row[0] * z):
                inside[i] &= (plane >= -0.5 - _EDGE - at) & (plane <= count - 0.5 + _EDGE - at)
        return inside

    def part(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> IndexMap:
        """Map of the part ``first:last`` of the output."""
        shape = tuple(int(n) for n in last - first)
        return replace(self, offset=self.offset + self.matrix @ first, shape_out=shape)

    def blur(self, antialias: bool) -> NDArray[np.float64]:
        """Give the standard deviations (z, y, x) of a Gaussian that keeps sampling from aliasing.

        Notes
        -----
        After Cardoso et al. [1]_: the full width at half maximum makes up for the
        difference of the two voxel sizes, sigma = sqrt(r^2 - 1) / 2.355 for the ratio r.

        References
        ----------
        .. [1] M. J. Cardoso et al., "Scale factor point spread function matching: beyond
           aliasing in image resampling", MICCAI 2015, 675-683.
        """
        if not antialias:
            return np.zeros(3)
        ratio = np.linalg.norm(self.matrix, axis=1)
        return np.sqrt(np.maximum(ratio**2 - 1, 0)) / np.sqrt(8 * np.log(2))


def sample_affine(
    array: NDArray[Any],
    index_map: IndexMap,
    method: str,
    antialias: bool,
    dtype: Any = np.float32,
    progress: ProgressCallback | None = None,
) -> NDArray[Any]:
    """Interpolate an array at the voxels of any other grid.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Any numeric or boolean type.
    index_map : IndexMap
        Where to sample.
    method : {"cubic", "linear", "nearest"}
        Cubic is the interpolating cubic B-spline.
    antialias : bool
        Smooth with a Gaussian along the axes that shrink.
    dtype : dtype
        Floating point type to compute in; nearest keeps the array's own.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray, shape (z, y, x)
        Values on the output grid; outside the input they repeat its border.
    """
    order = _ORDER[method]
    sigma = index_map.blur(antialias and order > 0)
    part, start = _needed_part(array, index_map, np.ceil(_TRUNCATE * sigma) + _SPLINE_REACH)
    data = part.astype(dtype) if order else part
    if sigma.any():
        data = ndimage.gaussian_filter(data, sigma, mode="nearest", truncate=_TRUNCATE)
    if order == 3:
        data = ndimage.spline_filter(data, order=3, output=dtype, mode="mirror")
    values = np.empty(index_map.shape_out, dtype=data.dtype)

    def fill_slice(z: int) -> None:
        ndimage.affine_transform(
            data,
            index_map.matrix,
            offset=index_map.offset - start + index_map.matrix[:, 0] * z,
            output=values[z : z + 1],
            output_shape=(1, *index_map.shape_out[1:]),
            order=order,
            mode="mirror" if order == 3 else "nearest",
            prefilter=False,
        )

    _in_threads(fill_slice, index_map.shape_out[0], progress)
    return values


def _in_threads(work: Callable[[int], None], count: int, progress: ProgressCallback | None) -> None:
    """Do `count` pieces of work that leave Python's lock free, on a few threads."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        tasks = [pool.submit(work, i) for i in range(count)]
        try:
            for task in Progress.over(tasks, progress, "Resampling"):
                task.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def affine_scorer(index_map: IndexMap, antialias: bool) -> Scorer:
    """Score labels by linear interpolation on any other grid.

    Parameters
    ----------
    index_map : IndexMap
        Where to sample.
    antialias : bool
        Smooth the labels with a Gaussian along the axes that shrink.

    Returns
    -------
    callable
        For :func:`medvoxel._resample_labels.resample_labels`.
    """
    reach = np.ceil(_TRUNCATE * index_map.blur(antialias)) + 1
    inverse = np.linalg.inv(index_map.matrix)

    def score(array: NDArray[Any], label: int, box: Box) -> tuple[NDArray[Any], Box] | None:
        low = np.array([part.start for part in box]) - reach
        high = np.array([part.stop - 1 for part in box]) + reach
        corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1)
        seen = inverse @ (corners - index_map.offset[:, None])
        first = np.maximum(np.floor(seen.min(axis=1)), 0).astype(np.int64)
        last = np.minimum(np.ceil(seen.max(axis=1)) + 1, index_map.shape_out).astype(np.int64)
        if (first >= last).any():
            return None
        # The label's surroundings come along: they are what the interpolation fades into.
        start = np.maximum(low, 0).astype(np.int64)
        stop = np.minimum(high + 1, array.shape).astype(np.int64)
        cut = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        sub = index_map.part(first, last)
        sub = replace(sub, offset=sub.offset - start)
        where = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        return sample_affine(array[cut] == label, sub, "linear", antialias), where

    return score


def _needed_part(
    array: NDArray[Any], index_map: IndexMap, reach: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Cut out what the output can see, so that the rest costs no memory."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in index_map.shape_out])).reshape(3, -1)
    seen = index_map.matrix @ corners + index_map.offset[:, None]
    last = np.asarray(array.shape) - 1
    start = np.clip(np.floor(seen.min(axis=1) - reach), 0, last).astype(np.int64)
    stop = np.clip(np.ceil(seen.max(axis=1) + reach), 0, last).astype(np.int64) + 1
    return array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))], start
