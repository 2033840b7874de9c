"""Surfaces of volumes and segmentations: make, smooth, simplify and measure them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._boxes import box_at_least, label_boxes
from ._mesh_filters import decimate, neighbour_mean
from ._mesh_smoothing import low_pass, sinc_weights
from ._mesh_surface import mask_surface, value_surface
from ._mesh_tools import check_mesh, check_whole, is_closed, join, part_of, trimesh_of
from .errors import InputError, MedvoxelWarning
from .progress import Progress, ProgressCallback
from .volume import Mesh, Segment, Segmentation, Volume

__all__ = [
    "is_watertight",
    "make_mesh",
    "mesh_area",
    "mesh_volume",
    "simplify_mesh",
    "smooth_mesh",
]

# The colour of a bone on the light backgrounds that meshes are drawn on.
_BONE = "#E3D3AE"
# Taubin's two factors: 1 / 0.5 - 1 / 0.5263 = 0.1 is the pass band that he advises.
_SHRINK, _GROW = 0.5, 0.5263
# The smallest closed surface of triangles.
_TETRAHEDRON = 4


def make_mesh(
    x: Volume | Segmentation,
    *,
    threshold: float = 300.0,
    step_size: int = 1,
    segments: int | str | Sequence[int | str] | None = None,
    progress: ProgressCallback | None = None,
) -> Mesh:
    """Make a closed surface of a volume at a threshold, or of each segment.

    Parameters
    ----------
    x : Volume or Segmentation
        What to make a surface of.
    threshold : float
        For a volume: voxels of at least this value are inside. Not used for a
        segmentation.
    step_size : int
        Look at every `step_size`-th voxel only: coarser and faster.
    segments : int, str or sequence, optional
        For a segmentation: values or names of the segments wanted; all by default.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Mesh
        Vertices in LPS mm by the full geometry (oblique and mirrored too), faces wound
        outwards, closed where the structure meets the border of the scan. A volume gives
        one segment of value 1.

    Raises
    ------
    InputError
        When nothing is at or above the threshold, a chosen segment has no voxels, or
        `step_size` passes over all voxels of a thin structure.

    Warns
    -----
    MedvoxelWarning
        When a segment of the table has no voxels; it is left out.
    """
    step = check_whole(step_size, "step_size", 1)
    if isinstance(x, Segmentation):
        return _mesh_segments(x, segments, step, progress)
    if not isinstance(x, Volume):
        raise InputError(f"A volume or a segmentation is needed, not {type(x).__name__}.")
    if segments is not None:
        raise InputError(
            "A volume has no segments to choose from.",
            hint="Give a threshold, or make a segmentation with segment_threshold().",
        )
    return _mesh_volume(x, _check_threshold(threshold), step, progress)


def _mesh_volume(x: Volume, threshold: float, step: int, progress: ProgressCallback | None) -> Mesh:
    box = box_at_least(x.array, threshold)
    if box is None:
        low, high = np.fmin.reduce(x.array, axis=None), np.fmax.reduce(x.array, axis=None)
        raise InputError(
            f"No voxel is at or above the threshold {threshold:g}: values go from {low:g} to "
            f"{high:g}.",
            hint="Choose a lower threshold; plot_histogram() shows which values there are.",
        )
    name = f"surface >= {threshold:g} {x.unit}".strip()
    row = Segment(1, name, _BONE)
    surfaces = [
        value_surface(x.array, x.grid, box, threshold, step)
        for _ in Progress.over([row], progress, "Making the surface")
    ]
    return join(surfaces, [row])


def _mesh_segments(
    x: Segmentation,
    segments: int | str | Sequence[int | str] | None,
    step: int,
    progress: ProgressCallback | None,
) -> Mesh:
    chosen = _choose(x, segments)
    boxes = dict(label_boxes(x.array))
    empty = [row.name for row in chosen if row.value not in boxes]
    found = [row for row in chosen if row.value in boxes]
    if empty and (segments is not None or not found):
        names = ", ".join(repr(name) for name in empty) or "the table"
        raise InputError(
            f"There are no voxels of {names}, so there is no surface.",
            hint="segment_statistics() shows how many voxels each segment has.",
        )
    if empty:
        names = ", ".join(repr(name) for name in empty)
        warnings.warn(
            MedvoxelWarning(f"Left out, because they have no voxels: {names}."), stacklevel=3
        )
    surfaces = [
        mask_surface(
            x.array[boxes[row.value]] == row.value,
            x.grid,
            boxes[row.value],
            step,
            f"segment {row.name!r}",
        )
        for row in Progress.over(found, progress, "Making surfaces")
    ]
    return join(surfaces, found)


def _choose(
    x: Segmentation, segments: int | str | Sequence[int | str] | None
) -> tuple[Segment, ...]:
    if segments is None:
        if not x.segments:
            raise InputError("The segmentation has no segments, so there is no surface.")
        return x.segments
    if isinstance(segments, str | Real):
        segments = [segments]
    rows = [x.find(segment) for segment in segments]
    if not rows:
        raise InputError("No segment was chosen.", hint="Leave segments out for all of them.")
    return tuple(dict.fromkeys(rows))


def smooth_mesh(
    mesh: Mesh,
    *,
    method: str = "sinc",
    factor: float = 0.5,
    iterations: int | None = None,
    progress: ProgressCallback | None = None,
) -> Mesh:
    """Smooth the steps that voxels leave on a surface, without shrinking it.

    Parameters
    ----------
    mesh : Mesh
        One or several segments; each is smoothed on its own.
    method : {"sinc", "taubin"}
        ``"sinc"`` is the windowed sinc filter that 3D Slicer's *Show 3D* has [1]_;
        ``"taubin"`` shrinks and grows in turns, and smooths less [2]_.
    factor : float
        For ``"sinc"``: 3D Slicer's smoothing factor, from 0 (nothing is changed) to 1.
    iterations : int, optional
        For ``"taubin"``: number of times that the surface is shrunk and grown again, 10
        by default; 0 changes nothing.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Mesh
        With the same faces and moved vertices.

    Raises
    ------
    InputError
        When an argument is not one of those above.

    Notes
    -----
    As in 3D Slicer the pass band ends at ``10 ** (-4 * factor)``, the polynomial has the
    degree ``20 + 40 * factor``, the window is Nuttall's, neighbours count alike and the
    border of an open surface stays. What is smaller than the waves that pass, such as a
    spike or a sheet of one voxel, is flattened.

    References
    ----------
    .. [1] G. Taubin, T. Zhang and G. Golub, "Optimal surface smoothing as filter
       design", IBM research report RC 20404 (1996).
    .. [2] G. Taubin, "A signal processing approach to fair surface design", SIGGRAPH
       1995, 351-358.
    """
    check_mesh(mesh)
    if method not in ("sinc", "taubin"):
        raise InputError(
            f"There is no method {method!r}.", hint='The methods are "sinc" and "taubin".'
        )
    if method == "taubin":
        rounds = 10 if iterations is None else check_whole(iterations, "iterations", 0)
        strength: float = rounds
    else:
        strength = _check_factor(factor, iterations)
    if strength == 0 or not len(mesh.faces):
        return mesh
    neighbours, border = neighbour_mean(mesh.faces, len(mesh.vertices))
    if method == "taubin":
        vertices = _taubin(mesh, neighbours, rounds, progress)
    else:
        weights = sinc_weights(strength)
        vertices = low_pass(mesh.vertices, neighbours, border, weights, progress)
    return Mesh(vertices, mesh.faces, mesh.values, mesh.segments)


def _check_factor(factor: float, iterations: int | None) -> float:
    if iterations is not None:
        raise InputError(
            'iterations belongs to the method "taubin".',
            hint='Use method = "taubin", or give factor instead of iterations.',
        )
    if not isinstance(factor, Real) or not 0 <= factor <= 1:
        raise InputError(f"factor must be a number from 0 to 1, not {factor!r}.")
    return float(factor)


def _taubin(
    mesh: Mesh, neighbours: Any, rounds: int, progress: ProgressCallback | None
) -> NDArray[np.float64]:
    from trimesh.smoothing import filter_taubin

    surface = trimesh_of(mesh.vertices, mesh.faces)
    for _ in Progress.over(range(rounds), progress, "Smoothing"):
        # trimesh counts shrinking and growing as an iteration each.
        filter_taubin(surface, _SHRINK, _GROW, iterations=2, laplacian_operator=neighbours)
    return np.array(surface.vertices, dtype=np.float64)


def simplify_mesh(
    mesh: Mesh, *, faces: int = 50000, progress: ProgressCallback | None = None
) -> Mesh:
    """Describe a surface with fewer triangles.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.
    faces : int
        Number of triangles wanted in all; segments share it by their size. A mesh that
        has fewer is returned as it is.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Mesh
        With about that many faces, closed where it was closed.

    Raises
    ------
    InputError
        When `faces` is not a positive whole number.

    Notes
    -----
    Quadric edge collapse [1]_ as in fast-simplification. Islands that collapse into two
    triangles back to back are dropped.

    References
    ----------
    .. [1] M. Garland and P. S. Heckbert, "Surface simplification using quadric error
       metrics", SIGGRAPH 1997, 209-216.
    """
    check_mesh(mesh)
    budget = check_whole(faces, "faces", 1)
    total = len(mesh.faces)
    if total <= budget:
        return mesh
    surfaces = []
    for row in Progress.over(mesh.segments, progress, "Simplifying"):
        vertices, triangles = part_of(mesh, row.value)
        goal = max(_TETRAHEDRON, math.floor(len(triangles) * budget / total))
        surfaces.append(decimate(vertices, triangles, goal))
    return join(surfaces, mesh.segments)


def mesh_volume(mesh: Mesh) -> dict[int, float]:
    """Volume that each segment's surface encloses.

    Parameters
    ----------
    mesh : Mesh
        Closed surfaces, see :func:`is_watertight`.

    Returns
    -------
    dict
        Volume in mm³ by segment value.
    """
    return _for_each(mesh, lambda vertices, faces: float(trimesh_of(vertices, faces).volume))


def mesh_area(mesh: Mesh) -> dict[int, float]:
    """Area of each segment's surface.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.

    Returns
    -------
    dict
        Area in mm² by segment value.
    """
    return _for_each(mesh, lambda vertices, faces: float(trimesh_of(vertices, faces).area))


def is_watertight(mesh: Mesh) -> dict[int, bool]:
    """Whether each segment's surface encloses its inside without a gap.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.

    Returns
    -------
    dict
        By segment value, True when the faces have no border and agree on what is
        outside. Parts that touch along an edge are allowed.
    """
    return _for_each(mesh, lambda _, faces: is_closed(faces))


def _for_each(
    mesh: Mesh, measure: Callable[[NDArray[np.float64], NDArray[np.int64]], Any]
) -> dict[int, Any]:
    check_mesh(mesh)
    return {row.value: measure(*part_of(mesh, row.value)) for row in mesh.segments}


def _check_threshold(threshold: Any) -> float:
    try:
        value = float(threshold)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"The threshold must be a number, not {threshold!r}.")
    return value
