"""Grow seeds over a scan: each voxel joins the seed that it is most alike to."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry import Grid
from ..progress import ProgressCallback
from ..volume import Segmentation, Volume
from ._editing import Mask
from ._grow_coarse import CoarseGrid, coarser_spacing
from ._grow_state import Box, GrowState, Problem, Seeds
from ._grow_units import choose_units
from ._grow_words import MOST_LABELS
from .components import bounding_box

__all__ = ["forget_growth", "grow_from_seeds", "growth_size"]

# Slicer's: part of the extent of the seeds on each side, at least so many voxels.
_GROWTH, _GROWTH_MASKED, _LEAST = 0.2, 0.5, 3
_MOST_KEPT = 2**27  # voxels; a state takes 8 bytes each

_kept: list[GrowState] = []  # at most one: the last
_lock = threading.Lock()


def forget_growth() -> None:
    """Free the distances that are kept for growing on.

    Notes
    -----
    :func:`grow_from_seeds` works the same afterwards; it starts afresh.
    """
    with _lock:
        _kept.clear()


def grow_from_seeds(
    seeds: Segmentation,
    scan: Volume,
    /,
    *,
    locality: float = 0.0,
    margin: float | None = None,
    connectivity: int = 26,
    editable: NDArray[np.bool_] | None = None,
    spacing: float | Sequence[float] | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Grow the segments from their seeds until they meet.

    Parameters
    ----------
    seeds : Segmentation
        The seeds, on the grid of the scan; every voxel of a segment is a seed of it.
    scan : Volume
        The scan.
    locality : float
        How many grey values one mm counts; 0 leaves distance out.
    margin : float, optional
        How far from the box of all seeds labels may grow, in mm. By default as in Slicer:
        a fifth of the box's extent on each side (half of it with `editable`), and three
        voxels at least.
    connectivity : {6, 26}
        Neighbours of a voxel: across faces, or across edges and corners too.
    editable : ndarray of bool, shape (z, y, x), optional
        Only here do voxels change; seeds elsewhere stay and do not grow, and no path
        leads through. Voxels of the scan that are not finite are barred likewise.
    spacing : float or sequence of three floats, optional
        Grow on voxels of this size in mm, one number for all axes or (z, y, x), and bring
        the labels back: faster, and noise is averaged out. Axes along which the scan is
        coarser stay as they are. By default on the voxels of the scan.
    progress : callable, optional
        Called with the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        The seeds and what grew from them. Voxels that no path leads to have no segment.

    Raises
    ------
    InputError
        When fewer than two segments have seeds (one, with `editable`), or an argument is
        out of range.
    GeometryError
        When scan and seeds lie on different grids.
    Cancelled
        When `progress` returned ``False``.

    Notes
    -----
    Each voxel gets the label of the seed at the shortest path, where a step costs the
    absolute difference of the grey values plus `locality` times its length in mm; at equal
    lengths the lower segment value wins. Whole grey values that span less than 65536 are
    taken as they are; others are rounded to 65536 levels over the range of the scan.

    The distances of the last call are kept (8 bytes a voxel of the box). When the next call
    has more seeds and is otherwise the same, only what changes is grown; the result is that
    of a fresh run. When seeds are gone or anything else is different it starts afresh.

    With `spacing` the scan is resampled (linear, averaged over the larger voxels; padding
    becomes air). A larger voxel has the label of the seeds in it, of several labels the most
    frequent and among those the lowest; it may be grown into when half of it may change, or
    when it holds a seed. Each voxel of the scan that may change then gets the label that is
    strongest at its centre when all are interpolated linearly; seeds stay as they are. What
    is thinner than a larger voxel, walls too, may be lost.

    References
    ----------
    L. Zhu, I. Kolesov, Y. Gao, R. Kikinis, A. Tannenbaum, "An effective interactive medical
    image segmentation method using fast GrowCut", MICCAI Interactive Medical Image
    Computing Workshop (2014). R. B. Dial, "Algorithm 360: shortest-path forest with
    topological ordering", Commun. ACM 12 (1969) 632-633.
    """
    scan.grid.require_same(seeds.grid, what="The segmentation of the seeds")
    _check_arguments(locality, margin, connectivity, spacing)
    _check_editable(editable, scan)
    if editable is not None and editable.dtype != bool:
        editable = editable != 0
    active = seeds.array if editable is None else np.where(editable, seeds.array, 0)
    spread = bounding_box(active != 0)
    values, found = _find_seeds(seeds, active)
    _require_seeds(seeds, found, values, editable is not None)
    if spread is None:  # _require_seeds() has raised; for the type checker
        return seeds
    box = _box(spread, scan.grid, margin, editable is not None)
    pose = partial(_pose, locality=float(locality), connectivity=int(connectivity), values=values)
    coarser = None if spacing is None else coarser_spacing(scan.grid, spacing)
    if coarser is None:
        # The type of the seeds may not hold the value of a segment that has none.
        kind = np.promote_types(seeds.array.dtype, np.min_scalar_type(max(values)))
        out = seeds.array.astype(kind)
        _grow_into(out, pose(scan, editable), found, box, progress)
        return seeds.with_array(out)
    coarse = CoarseGrid.of(scan, coarser)
    few = coarse.seeds(found, scan.grid.shape)
    problem = pose(coarse.scan, coarse.editable(editable, scan.grid, few))
    kind = np.promote_types(seeds.array.dtype, np.min_scalar_type(max(values)))
    labels = few.array(coarse.scan.grid.shape, values, kind)
    _grow_into(labels, problem, few, coarse.box(box), progress)
    return seeds.with_array(coarse.bring_back(labels, seeds, _way(scan, editable), box))


def growth_size(
    seeds: Segmentation, *, margin: float | None = None, editable: Mask | None = None
) -> tuple[float, float, float] | None:
    """Measure the box that :func:`grow_from_seeds` grows in.

    Parameters
    ----------
    seeds : Segmentation
        The seeds.
    margin : float, optional
        As for :func:`grow_from_seeds`.
    editable : ndarray of bool, shape (z, y, x), optional
        As for :func:`grow_from_seeds`.

    Returns
    -------
    tuple of float or None
        Its size in mm, (z, y, x); ``None`` when it is the whole scan, or there are no seeds.
    """
    active = seeds.array != 0
    if editable is not None:
        active &= editable != 0
    spread = bounding_box(active)
    if spread is None:
        return None
    box = _box(spread, seeds.grid, margin, editable is not None)
    sizes = [part.stop - part.start for part in box]
    if tuple(sizes) == seeds.grid.shape:
        return None
    z, y, x = (n * step for n, step in zip(sizes, seeds.grid.spacing, strict=True))
    return z, y, x


def _pose(
    scan: Volume,
    editable: NDArray[np.bool_] | None,
    *,
    locality: float,
    connectivity: int,
    values: tuple[int, ...],
) -> Problem:
    spacing = scan.grid.spacing
    units = choose_units(scan.array, locality, spacing)
    return Problem(scan.array, editable, spacing, units, connectivity, values)


def _way(scan: Volume, editable: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Where labels may go, as an array in any case."""
    if scan.array.dtype.kind in "iu":
        return np.broadcast_to(True, scan.grid.shape) if editable is None else editable
    finite = np.isfinite(scan.array)
    return finite if editable is None else finite & editable


def _grow_into(
    out: NDArray[np.integer],
    problem: Problem,
    seeds: Seeds,
    box: Box,
    progress: ProgressCallback | None,
) -> None:
    """Grow on from the last state where it fits. A cancelled state is not kept."""
    with _lock:
        state = _kept.pop() if _kept else None
    added = state.new_seeds(problem, seeds, box) if state is not None else None
    if state is None or added is None:
        state, added = None, seeds  # frees the old state before the new one is made
        state = GrowState(problem, box)
    elif box != state.box:
        state = state.enlarged(problem, box)
    state.add(added)
    state.run(problem, progress)
    state.write(out, problem.values)
    if math.prod(s.stop - s.start for s in box) <= _MOST_KEPT:
        # Not before it is written: another thread may take it from here.
        with _lock:
            _kept[:] = [state]


def _find_seeds(seeds: Segmentation, active: NDArray[np.integer]) -> tuple[tuple[int, ...], Seeds]:
    places = np.flatnonzero(active)
    found = active.reshape(-1)[places]
    values = sorted(s.value for s in seeds.segments)
    if len(values) > MOST_LABELS:
        values = np.unique(found).tolist()
    if len(values) > MOST_LABELS:
        raise InputError(
            f"{len(values)} segments have seeds, and at most {MOST_LABELS} can grow together.",
            hint="Grow fewer segments at once.",
        )
    labels = np.searchsorted(np.array(values, dtype=np.int64), found) + 1
    return tuple(values), Seeds(places, labels.astype(np.int16))


def _require_seeds(
    seeds: Segmentation, found: Seeds, values: tuple[int, ...], masked: bool
) -> None:
    present = [values[label - 1] for label in np.unique(found.labels)]
    if len(present) >= (1 if masked else 2):
        return
    names = ", ".join(repr(seeds.find(value).name) for value in present) or "no segment"
    where = " where voxels may change" if masked else ""
    raise InputError(
        f"Growing needs seeds of two segments, or of one within a mask; {names} has seeds{where}.",
        hint="Add seeds with paint()"
        + (", or widen the mask." if masked else ", or limit what may change: editable_range()."),
    )


def _check_arguments(
    locality: float,
    margin: float | None,
    connectivity: int,
    spacing: float | Sequence[float] | None,
) -> None:
    for name, value in (("locality", locality), ("margin", margin)):
        if value is None and name == "margin":
            continue
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0:
            raise InputError(f"{name} must be a number, 0 or more, not {value!r}.")
    if connectivity not in (6, 26):
        raise InputError(f"connectivity must be 6 or 26, not {connectivity!r}.")
    if spacing is not None and not _is_spacing(spacing):
        raise InputError(
            f"spacing must be one positive number in mm or three, not {spacing!r}.",
            hint="For example spacing = 1 to grow on cubes of 1 mm.",
        )


def _is_spacing(spacing: object) -> bool:
    try:
        values = np.asarray(spacing)
    except ValueError:  # a ragged list
        return False
    if values.dtype.kind not in "iuf":
        return False
    return values.shape in ((), (3,)) and bool((np.isfinite(values) & (values > 0)).all())


def _check_editable(editable: NDArray[np.bool_] | None, scan: Volume) -> None:
    if editable is None:
        return
    if not isinstance(editable, np.ndarray) or editable.dtype.kind not in "biu":
        raise InputError("editable must be a mask: an array of bool, True where edits are allowed.")
    if editable.shape != scan.grid.shape:
        raise InputError(f"editable has shape {editable.shape}, the scan {scan.grid.shape}.")


def _box(spread: Box, grid: Grid, margin: float | None, masked: bool) -> Box:
    """Widen the box of the seeds within the scan."""
    parts = []
    for part, size, step in zip(spread, grid.shape, grid.spacing, strict=True):
        if margin is None:
            growth = _GROWTH_MASKED if masked else _GROWTH
            extra = max(math.ceil(growth * (part.stop - part.start)), _LEAST)
        else:
            extra = math.floor(margin / step * (1 + 1e-6))
        parts.append(slice(max(part.start - extra, 0), min(part.stop + extra, size)))
    return parts[0], parts[1], parts[2]
