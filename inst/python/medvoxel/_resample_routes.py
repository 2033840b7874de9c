"""Choose the way from one grid to another: separable where axes are parallel, else affine."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._resample_affine import IndexMap, affine_scorer, sample_affine
from ._resample_labels import resample_labels, separable_scorer
from ._resample_operators import AxisOperator, apply_operators, axis_operator, take_nearest
from .errors import MedvoxelWarning
from .geometry import Grid
from .progress import ProgressCallback

__all__ = ["Settings", "on_grid"]

# float32 holds whole numbers up to this exactly.
_FLOAT32_WHOLE = 1 << 24


class Settings(NamedTuple):
    """How to resample; the arguments of :func:`medvoxel.resample_to`."""

    method: str
    antialias: bool
    fill: float
    progress: ProgressCallback | None


def on_grid(
    array: NDArray[Any], grid: Grid, target: Grid, is_labels: bool, settings: Settings
) -> NDArray[Any] | None:
    """Bring an array from one grid to another.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values or labels.
    grid, target : Grid
        Where they lie and where they shall lie.
    is_labels : bool
        Whether to keep labels as labels.
    settings : Settings
        How to resample.

    Returns
    -------
    ndarray or None
        Of the type of `array` and the shape of `target`; None when no voxel of the
        target lies within the array's voxel-edge box.
    """
    if is_labels and settings.method != "nearest":
        # A kernel with negative lobes would give a label a negative share of a voxel.
        settings = settings._replace(method="linear")
    index_map = IndexMap.between(grid, target)
    axes = index_map.parallel_axes()
    if axes is None:
        return _oblique(array, index_map, is_labels, settings)
    operators = [
        axis_operator(
            array.shape[k],
            index_map.shape_out[j],
            index_map.offset[k],
            index_map.matrix[k, j],
            settings.method,
            settings.antialias,
        )
        for j, k in enumerate(axes)
    ]
    if any(op.start == op.stop for op in operators):
        return None
    inner = _separable(array.transpose(axes), operators, is_labels, settings)
    if inner.shape == target.shape:
        return inner
    values = np.full(target.shape, settings.fill, dtype=array.dtype)
    values[tuple(slice(op.start, op.stop) for op in operators)] = inner
    return values


def _oblique(
    array: NDArray[Any], index_map: IndexMap, is_labels: bool, settings: Settings
) -> NDArray[Any] | None:
    inside = index_map.inside()
    if not inside.any():
        return None
    method, antialias, fill, progress = settings
    if is_labels and method != "nearest":
        scorer = affine_scorer(index_map, antialias)
        values = resample_labels(array, index_map.shape_out, scorer, progress)
    else:
        dtype = _float_type(array)
        if method == "cubic" and not np.isfinite(array).all():
            # The spline's recursive filter would carry them through whole rows.
            method = "linear"
            warnings.warn(
                MedvoxelWarning(
                    "The scan holds values that are not finite; it was interpolated linearly.",
                    hint="Replace them first for cubic interpolation.",
                ),
                stacklevel=2,
            )
        values = sample_affine(array, index_map, method, antialias, dtype, progress)
        values = _as_type(values, array.dtype)
    values[~inside] = fill
    return values


def _separable(
    array: NDArray[Any], operators: Sequence[AxisOperator], is_labels: bool, settings: Settings
) -> NDArray[Any]:
    progress = settings.progress
    if settings.method == "nearest":
        return take_nearest(array, operators)
    if is_labels:
        shape = [op.stop - op.start for op in operators]
        return resample_labels(array, shape, separable_scorer(operators), progress)
    offset = _usual_value(array) if array.dtype.kind == "f" else 0.0
    dtype = _float_type(array)
    values = apply_operators(array, operators, dtype, offset=offset, progress=progress)
    return _as_type(values, array.dtype)


def _float_type(array: NDArray[Any]) -> type[np.floating[Any]]:
    """Choose the smallest floating point type that holds the values."""
    if array.dtype.kind == "f":
        return np.float64 if array.dtype.itemsize > 4 else np.float32
    if array.dtype.itemsize <= 2:
        return np.float32
    farthest = max(abs(int(array.min())), abs(int(array.max())))
    return np.float32 if farthest <= _FLOAT32_WHOLE else np.float64


def _usual_value(array: NDArray[Any]) -> float:
    """Find a value near most others: the median of some hundred voxels, 0 when not finite."""
    steps = tuple(slice(None, None, max(1, n // 8)) for n in array.shape)
    sample = np.sort(array[steps], axis=None)
    middle = float(sample[len(sample) // 2])
    return middle if math.isfinite(middle) else 0.0


def _as_type(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Round and clip to an integer type; changes `values` in place."""
    if dtype.kind == "f" or values.dtype == dtype:
        return values.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    low, high = values.dtype.type(limits.min), values.dtype.type(limits.max)
    if int(high) > limits.max:
        high = np.nextafter(high, values.dtype.type(0))
    np.rint(values, out=values)
    np.clip(values, low, high, out=values)
    return values.astype(dtype)
