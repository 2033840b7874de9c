"""Sparse interpolation operators: one small matrix for each axis of a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .progress import Progress, ProgressCallback

__all__ = ["METHODS", "AxisOperator", "apply_operators", "axis_operator", "take_nearest"]

METHODS = ("cubic", "linear", "nearest")
_SUPPORT = {"cubic": 2.0, "linear": 1.0}
# Positions that miss a voxel centre by less than this part of a voxel are rounding noise.
_SNAP = 1e-6
# Values that are worked on at once, for the processor's cache.
_CACHE = 1 << 18


@dataclass(frozen=True, eq=False)
class AxisOperator:
    """Interpolation along one axis.

    Parameters
    ----------
    matrix : csr_matrix, shape (stop - start, n_in)
        Weights; each row sums to 1.
    start, stop : int
        The output samples ``start:stop`` lie within the voxels of the input axis; the
        matrix has rows for these only.
    n_out : int
        Number of output samples, outside ones included.
    """

    matrix: csr_matrix
    start: int
    stop: int
    n_out: int

    @property
    def is_identity(self) -> bool:
        """Whether the matrix changes nothing."""
        rows, columns = self.matrix.shape
        return (
            rows == columns == self.matrix.nnz
            and bool(np.all(self.matrix.data == 1.0))
            and bool(np.array_equal(self.matrix.indices, np.arange(columns)))
        )

    def columns(self, first: int, last: int) -> AxisOperator:
        """Operator for an input that is zero outside ``first:last``.

        Parameters
        ----------
        first, last : int
            Part of the input axis that is kept.

        Returns
        -------
        AxisOperator
            Its ``start`` and ``stop`` enclose the samples that can differ from zero.
        """
        part = self.matrix[:, first:last]
        touched = np.flatnonzero(np.diff(part.indptr))
        low, high = (int(touched[0]), int(touched[-1]) + 1) if len(touched) else (0, 0)
        return AxisOperator(part[low:high], self.start + low, self.start + high, self.n_out)


def _kernel(distance: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    t = np.abs(distance)
    if method == "linear":
        return np.maximum(1.0 - t, 0.0)
    inner = (1.5 * t - 2.5) * t * t + 1.0
    outer = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return np.where(t <= 1.0, inner, np.where(t < 2.0, outer, 0.0))


def _keep_ramps(
    weights: NDArray[np.float64], offset: NDArray[np.float64], window: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give every row the first moment 0, so that linear ramps pass unchanged.

    A widened kernel that is sampled at voxel centres misses this by a little. What is
    added has sum 0 and is spread over the kernel's `window`.
    """
    centre = (window * offset).sum(axis=1) / window.sum(axis=1)
    slope = window * (offset - centre[:, None])
    spread = (slope * offset).sum(axis=1)
    moment = (weights * offset).sum(axis=1)
    factor = np.divide(moment, spread, out=np.zeros_like(moment), where=spread > 1e-12)
    return weights - factor[:, None] * slope


def axis_operator(
    n_in: int,
    n_out: int,
    first: float,
    step: float,
    method: str = "cubic",
    antialias: bool = True,
) -> AxisOperator:
    """Make the interpolation matrix of one axis.

    Parameters
    ----------
    n_in, n_out : int
        Samples of the input and the output axis.
    first : float
        Position of output sample 0 on the input axis, in input voxels (0 is the first
        voxel's centre).
    step : float
        Distance of two output samples in input voxels; negative runs backwards.
    method : {"cubic", "linear", "nearest"}
        Interpolation kernel. Nearest takes the lower index at a tie.
    antialias : bool
        Widen the kernel by `step` where that is more than one voxel.

    Returns
    -------
    AxisOperator
        For the output samples within the voxel-edge box of the input, -0.5 to n_in - 0.5.

    Notes
    -----
    The cubic kernel is the convolution kernel of Keys [1]_ with a = -0.5, which
    reproduces second-degree polynomials. Where the kernel hangs over the border its
    weights are divided by their sum; elsewhere linear ramps are reproduced exactly.

    References
    ----------
    .. [1] R. Keys, "Cubic convolution interpolation for digital image processing",
       IEEE Trans. Acoustics, Speech, and Signal Processing 29(6), 1153-1160, 1981.
    """
    position = first + step * np.arange(n_out)
    whole = np.rint(position)
    position = np.where(np.abs(position - whole) < _SNAP, whole, position)
    inside = np.flatnonzero((position >= -0.5 - _SNAP) & (position <= n_in - 0.5 + _SNAP))
    start, stop = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    centre = position[start:stop, None]
    if method == "nearest":
        index = np.clip(np.ceil(centre - 0.5 - _SNAP), 0, n_in - 1).astype(np.int64)
        weights = np.ones(index.shape)
    else:
        index, weights = _taps(n_in, centre, method, max(abs(step), 1.0) if antialias else 1.0)
    keep = weights != 0.0
    indptr = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
    shape = (stop - start, n_in)
    matrix = csr_matrix((weights[keep], index[keep], indptr), shape=shape)
    return AxisOperator(matrix, start, stop, n_out)


def _taps(
    n_in: int, centre: NDArray[np.float64], method: str, scale: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    reach = _SUPPORT[method] * scale
    low = np.ceil(centre - reach).astype(np.int64)
    index = low + np.arange(int(np.ceil(2 * reach)) + 1)
    offset = index - centre
    weights = _kernel(offset / scale, method)
    within = (index >= 0) & (index < n_in)
    whole = (within | (weights == 0.0)).all(axis=1)
    weights = np.where(within, weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    if scale > 1.0 and whole.any():
        window = np.maximum(1.0 - np.abs(offset) / reach, 0.0)[whole] * within[whole]
        weights[whole] = _keep_ramps(weights[whole], offset[whole], window)
    return np.clip(index, 0, n_in - 1), weights


def take_nearest(array: NDArray[Any], operators: Sequence[AxisOperator]) -> NDArray[Any]:
    """Pick the samples that operators of the method "nearest" point to.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Any type; values are not touched.
    operators : sequence of AxisOperator
        One for each axis.

    Returns
    -------
    ndarray
        Shape (stop - start) of each operator.
    """
    return array[np.ix_(*[op.matrix.indices for op in operators])]


def apply_operators(
    array: NDArray[Any],
    operators: Sequence[AxisOperator],
    dtype: Any = np.float32,
    *,
    offset: float = 0.0,
    progress: ProgressCallback | None = None,
) -> NDArray[Any]:
    """Resample an array along its three axes.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Any numeric or boolean type and any strides; only slices of it are converted.
    operators : sequence of AxisOperator
        One for each axis.
    dtype : dtype
        Floating point type to compute in.
    offset : float
        Taken from the values before and added again after. Rounding errors scale with
        what is left, so values equal to `offset` come through exactly.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray
        Shape (stop - start) of each operator, C order.
    """
    ratio = [op.matrix.shape[0] / op.matrix.shape[1] for op in operators]
    # Shrinking axes first, so that the others have less to do. Among equals y goes first:
    # its pass reads whole rows as they lie in memory and leaves less for x to transpose.
    order = sorted((1, 2, 0), key=lambda axis: round(ratio[axis], 2))
    axes = [axis for axis in order if not operators[axis].is_identity]
    if not axes:
        return np.array(array, dtype=dtype, order="C")
    meter = Progress(progress, _steps(array.shape, operators, axes), "Resampling")
    for number, axis in enumerate(axes):
        matrix = operators[axis].matrix.astype(dtype)
        array = _pass(array, matrix, axis, dtype, offset if number == 0 else 0.0, meter)
    if offset:
        array += array.dtype.type(offset)
    return array


def _steps(shape: Sequence[int], operators: Sequence[AxisOperator], axes: Sequence[int]) -> int:
    size, total = list(shape), 0
    for axis in axes:
        total += size[1 if axis == 0 else 0]
        size[axis] = operators[axis].matrix.shape[0]
    return total


def _pass(
    array: NDArray[Any],
    matrix: csr_matrix,
    axis: int,
    dtype: Any,
    offset: float,
    meter: Progress,
) -> NDArray[Any]:
    """Multiply along one axis, in pieces that stay in the processor's cache."""

    def load(block: NDArray[Any]) -> NDArray[Any]:
        if offset:
            return np.subtract(block, offset, dtype=dtype, order="C")
        return np.ascontiguousarray(block, dtype=dtype)

    shape = list(array.shape)
    shape[axis] = matrix.shape[0]
    out = np.empty(shape, dtype=dtype)
    if axis == 0:
        rows = max(1, _CACHE // (array.shape[0] * array.shape[2]))
        for start in range(0, array.shape[1], rows):
            block = load(array[:, start : start + rows])
            product = matrix @ block.reshape(len(block), -1)
            out[:, start : start + rows] = product.reshape(-1, *block.shape[1:])
            meter.advance(block.shape[1])
        return out
    for z, plane in enumerate(array):
        out[z] = matrix @ load(plane) if axis == 1 else (matrix @ load(plane.T)).T
        meter.advance()
    return out
