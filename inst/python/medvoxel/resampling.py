"""Bring volumes and segmentations to another spacing or onto another grid."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ._padded import without_padding
from ._resample_operators import METHODS
from ._resample_routes import Settings, on_grid
from .errors import GeometryError, InputError, MemoryLimitError
from .geometry import Grid
from .progress import ProgressCallback
from .volume import Segmentation, Volume

__all__ = ["resample", "resample_to"]

Gridded = TypeVar("Gridded", Volume, Segmentation)

_AIR = -1000


def resample(
    x: Gridded,
    spacing: float | Sequence[float] = 1.0,
    *,
    method: str = "cubic",
    antialias: bool = True,
    progress: ProgressCallback | None = None,
) -> Gridded:
    """Lay a new raster with another spacing over the same box of the patient.

    Parameters
    ----------
    x : Volume or Segmentation
        What to resample.
    spacing : float or sequence of three floats
        New spacing in mm, one number for all axes or (z, y, x). It is kept exactly; the
        number of voxels is rounded, and old and new raster have the same centre.
    method : {"cubic", "linear", "nearest"}
        Interpolation of a volume. A segmentation keeps its labels whatever is chosen:
        every voxel gets the label that fills most of it, or with ``"nearest"`` the label
        at its centre.
    antialias : bool
        Average over the new voxel along axes that get coarser (the kernel is widened),
        instead of picking points of the old raster. Has no effect on ``"nearest"``.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume or Segmentation
        As `x`, with the same type of values; integers are rounded and stay within the
        range of their type. Cubic interpolation overshoots a little at sharp edges.

    Raises
    ------
    InputError
        When an argument is not one of those above.
    MemoryLimitError
        When the result would not fit into this computer's memory.

    Notes
    -----
    Interpolation is separable: one sparse matrix for each axis, applied to the shrinking
    axes first. The cubic kernel is that of Keys (1981) with a = -0.5.
    """
    _check(x, method)
    grid = x.grid
    new_spacing = _three(spacing)
    if np.allclose(new_spacing, grid.spacing, rtol=1e-9, atol=0):
        return x
    extent = np.multiply(grid.shape, grid.spacing)
    # A voxel much larger than the whole scan is a slip, and its filter would not fit.
    if np.any(np.asarray(new_spacing) > 10 * extent):
        size = " x ".join(f"{e:.4g}" for e in extent[::-1])
        raise InputError(
            f"The spacing asked for is more than ten times the scan's size of {size} mm.",
            hint="Spacing is in mm: choose one below the size of the scan.",
        )
    shape = tuple(max(1, math.floor(n / s + 0.5)) for n, s in zip(extent, new_spacing, strict=True))
    target = grid.with_shape_and_spacing(shape, new_spacing)
    return _bring(x, target, Settings(method, antialias, 0, progress))


def resample_to(
    x: Gridded,
    reference: Volume | Segmentation | Grid,
    *,
    method: str = "cubic",
    antialias: bool = True,
    fill: float | None = None,
    progress: ProgressCallback | None = None,
) -> Gridded:
    """Bring a volume or segmentation onto the grid of another.

    Parameters
    ----------
    x : Volume or Segmentation
        What to resample.
    reference : Volume, Segmentation or Grid
        Where the result shall lie; its values are not used. Any direction is allowed:
        permuted, mirrored and oblique.
    method : {"cubic", "linear", "nearest"}
        As for :func:`resample`.
    antialias : bool
        As for :func:`resample`.
    fill : float, optional
        Value of voxels outside `x`. By default -1000 (air) when the unit is HU, the
        smallest value of any other volume, and 0 in a segmentation.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume or Segmentation
        As `x`, on the reference's grid.

    Raises
    ------
    InputError
        When an argument is not one of those above.
    GeometryError
        When no voxel of the reference lies within `x`.
    MemoryLimitError
        When the result would not fit into this computer's memory.

    Notes
    -----
    Grids with parallel axes take the separable route of :func:`resample`. Others are
    sampled with the cubic B-spline of SciPy, after a Gaussian along the axes that get
    coarser.
    """
    _check(x, method)
    target = reference if isinstance(reference, Grid) else getattr(reference, "grid", None)
    if not isinstance(target, Grid):
        raise InputError(f"The reference must be a scan or a grid, not {type(reference).__name__}.")
    value = _fill_value(x, fill)
    if x.grid.same_as(target, tolerance=1e-6):
        return x.with_array(x.array, target)
    return _bring(x, target, Settings(method, antialias, value, progress))


def _bring(x: Gridded, target: Grid, settings: Settings) -> Gridded:
    _require_memory(target.shape, x.array.dtype)
    if isinstance(x, Volume):
        x = without_padding(x)
    values = on_grid(x.array, x.grid, target, isinstance(x, Segmentation), settings)
    if values is None:
        raise GeometryError(
            f"No voxel of the reference ({target.describe()}) lies within the scan "
            f"({x.grid.describe()}).",
            hint="Check that both come from the same patient and frame of reference.",
        )
    return x.with_array(values, target)


def _check(x: Any, method: str) -> None:
    if not isinstance(x, Volume | Segmentation):
        raise InputError(f"A volume or a segmentation is needed, not {type(x).__name__}.")
    if method not in METHODS:
        raise InputError(
            f"There is no method {method!r}.", hint=f"Methods are {', '.join(METHODS)}."
        )


def _three(spacing: float | Sequence[float]) -> tuple[float, float, float]:
    try:
        values = np.broadcast_to(np.asarray(spacing, dtype=float), 3)
    except (TypeError, ValueError):
        values = np.full(3, np.nan)
    if np.ndim(spacing) > 1 or not (np.isfinite(values).all() and (values > 0).all()):
        raise InputError(
            f"Spacing must be one positive number in mm or three, not {spacing!r}.",
            hint="For example spacing = 1 for cubes of 1 mm.",
        )
    return tuple(float(v) for v in values)  # type: ignore[return-value]


def _fill_value(x: Volume | Segmentation, fill: float | None) -> float:
    if isinstance(x, Segmentation):
        allowed = [0, *(segment.value for segment in x.segments)]
        if fill is not None and fill not in allowed:
            raise InputError(
                f"A segmentation cannot be filled with {fill!r}: no segment has this value.",
                hint="Leave fill out for 0, no segment.",
            )
        return 0 if fill is None else fill
    whole = x.array.dtype.kind in "iu"
    if fill is None:
        fill = _AIR if x.unit == "HU" else float(np.fmin.reduce(x.array, axis=None))
        return float(np.clip(fill, *_limits(x.array.dtype))) if whole else fill
    low, high = _limits(x.array.dtype) if whole else (-math.inf, math.inf)
    if whole and not (float(fill).is_integer() and low <= fill <= high):
        raise InputError(
            f"fill = {fill!r} cannot stand among values of type {x.array.dtype}.",
            hint=f"Give a whole number from {low} to {high}.",
        )
    return fill


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    limits = np.iinfo(dtype)
    return limits.min, limits.max


def _require_memory(shape: Sequence[int], dtype: np.dtype[Any]) -> None:
    """Refuse early what would end in a crash of the whole session."""
    needed = math.prod(int(n) for n in shape) * (dtype.itemsize + 4)
    try:
        present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a system that says
        return
    if needed > present:
        dims = " x ".join(str(n) for n in shape[::-1])
        raise MemoryLimitError(
            f"The result would have {dims} voxels and take {needed / 2**30:.0f} GiB; "
            f"this computer has {present / 2**30:.0f} GiB.",
            hint="Ask for a larger spacing, or crop the scan first.",
        )
