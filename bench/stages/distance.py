"""Distances between two surfaces of which one lies 3 mm outside the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import data
import numpy as np
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]

BONE, GAP = 300.0, 3.0  # HU, mm

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Task:
    """Two masks."""

    a: Mask
    b: Mask
    spacing: tuple[float, float, float]


class Distances(NamedTuple):
    """In mm; the 95 % distance where a route has one."""

    hausdorff: float
    hausdorff95: float | None = None


def _task(name: str) -> Task:
    spacing = data.SCANS[name].spacing
    bone = data.mask(f"{name}-bone", partial(_one_bone, data.scan(name) > BONE))
    return Task(bone, data.mask(f"{name}-bone-grown", partial(_grow, bone, spacing)), spacing)


def _one_bone(mask: Mask) -> Mask:
    """Fill the largest bone: no surface inside, and none beside that it could grow into."""
    from scipy.ndimage import label

    outside, _ = label(~mask)
    parts, _ = label(outside != outside[0, 0, 0])
    sizes = np.bincount(parts.reshape(-1))
    return parts == np.argmax(sizes[1:]) + 1


def _grow(mask: Mask, spacing: tuple[float, float, float]) -> Mask:
    from scipy.ndimage import distance_transform_edt

    return distance_transform_edt(~mask, sampling=spacing) <= GAP


# --- routes --------------------------------------------------------------------------------


def _medvoxel(task: Task) -> Callable[[], Any]:
    from medvoxel import Grid, Segment, Segmentation, surface_distance

    grid = Grid(task.a.shape, task.spacing)
    table = (Segment(1, "bone", "#808080"),)
    first, second = (Segmentation(m.view(np.uint8), grid, table) for m in (task.a, task.b))

    def run() -> Any:
        row = surface_distance(first, second)[0]
        return Distances(row.hausdorff_mm, row.hausdorff95_mm)

    return run


def _surface_distance(task: Task) -> Callable[[], Any]:
    from surface_distance import compute_robust_hausdorff, compute_surface_distances

    def run() -> Any:
        found = compute_surface_distances(task.a, task.b, task.spacing)
        return Distances(*(compute_robust_hausdorff(found, share) for share in (100, 95)))

    return run


def _scipy(task: Task) -> Callable[[], Any]:
    from scipy.ndimage import binary_erosion, distance_transform_edt

    def run() -> Any:
        edges = [mask & ~binary_erosion(mask) for mask in (task.a, task.b)]
        ways = [distance_transform_edt(~edge, sampling=task.spacing) for edge in edges]
        return Distances(max(ways[1][edges[0]].max(), ways[0][edges[1]].max()))

    return run


def _simpleitk(task: Task) -> Callable[[], Any]:
    import SimpleITK as sitk

    images = [sitk.GetImageFromArray(mask.view(np.uint8)) for mask in (task.a, task.b)]
    for image in images:
        image.SetSpacing(task.spacing[::-1])

    def run() -> Any:
        measure = sitk.HausdorffDistanceImageFilter()
        measure.Execute(*images)
        return Distances(measure.GetHausdorffDistance())

    return run


# --- checks --------------------------------------------------------------------------------

_first: dict[Task, Distances] = {}  # of the two routes that measure between the same elements


def _check(route: Route, task: Task, found: Distances) -> str:
    if not abs(found.hausdorff - GAP) <= math.hypot(*task.spacing):
        raise WrongAnswer(f"{found.hausdorff:.3f} mm, not {GAP:g}")
    words = f"{found.hausdorff:.4f} mm"
    if found.hausdorff95 is None:
        return words
    first = _first.setdefault(task, found)
    if not np.allclose(found, first, rtol=0, atol=1e-4):
        raise WrongAnswer(f"{found} and {first}")
    return f"{words}, 95 % {found.hausdorff95:.4f} mm"


ROUTES = (
    Route("medvoxel", _medvoxel),
    Route("surface-distance", _surface_distance),
    Route("SciPy, maps of distance", _scipy),
    Route("SimpleITK", _simpleitk),
)

STAGE = Stage(
    title="Hausdorff distance",
    text=f"The largest bone, and the same grown by {GAP:g} mm, which their distance must be but "
    "for the size of a voxel. medvoxel and surface-distance (DeepMind's, the "
    "definition) measure between elements of the surface, and must agree; SciPy between voxels "
    "at the edge, SimpleITK from all voxels of one to the other. medvoxel gives six more "
    "figures from the same run.",
    cases=(
        Case(
            "300 x 512 x 512 at 0.5 x 0.35 x 0.35 mm",
            partial(_task, "ankle-ct"),
            ROUTES,
            _check,
            reference="SimpleITK",
        ),
    ),
    packages=("numpy", "scipy", "surface-distance", "SimpleITK"),
)
