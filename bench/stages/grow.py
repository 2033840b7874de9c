"""Grow four tissues of the phantom from seeds, and go on after three more strokes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import data
import numpy as np
import phantom
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]

# Range of noise-free Hounsfield units of each label: air, muscle, tendon, cortical bone.
TISSUES = ((-1100, -900), (30, 50), (95, 105), (900, 1300))
SPOTS, RADIUS = 8, 2.5  # per label, mm


@dataclass(frozen=True)
class Task:
    """A scan, its first seeds, and the seeds after three more strokes."""

    values: NDArray[np.int16]
    spacing: tuple[float, float, float]
    seeds: NDArray[np.uint8]
    more: NDArray[np.uint8]
    tissues: tuple[NDArray[np.bool_], ...]


class Grown(NamedTuple):
    """Labels, and the seconds that three more strokes took, where a route can go on."""

    labels: NDArray[np.uint8]
    update: float | None


def _task(raster: phantom.Raster) -> Task:
    clean = phantom.scan(raster, noise=0)
    random = np.random.default_rng(5)
    seeds = np.zeros(raster.shape, np.uint8)
    tissues = tuple((clean >= low) & (clean <= high) for low, high in TISSUES)
    for label, tissue in enumerate(tissues, 1):
        _paint(seeds, tissue, label, SPOTS, raster, random)
    more = seeds.copy()
    for label, tissue in enumerate(tissues[1:], 2):
        _paint(more, tissue, label, 1, raster, random)
    values = phantom.scan(raster, noise=data.NOISE)
    return Task(values, raster.spacing, seeds, more, tissues)


def _paint(
    seeds: NDArray[np.uint8],
    tissue: NDArray[np.bool_],
    label: int,
    spots: int,
    raster: phantom.Raster,
    random: np.random.Generator,
) -> None:
    """Paint spots that keep to the tissue."""
    reach = [int(RADIUS / step) for step in raster.spacing]
    for place in random.choice(np.flatnonzero(tissue), spots):
        centre = np.unravel_index(place, seeds.shape)
        box = tuple(slice(max(c - r, 0), c + r + 1) for c, r in zip(centre, reach, strict=True))
        seeds[box][tissue[box] & (seeds[box] == 0)] = label


# --- routes --------------------------------------------------------------------------------


def _grow(task: Task, seeds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from medvoxel import Grid, Segment, Segmentation, Volume, grow_from_seeds

    grid = Grid(task.values.shape, task.spacing)
    table = tuple(Segment(k, f"tissue {k}", "#808080") for k in range(1, len(TISSUES) + 1))
    scan = Volume(task.values, grid, "CT", "HU")
    return grow_from_seeds(Segmentation(seeds, grid, table), scan, margin=1e6).array


def _medvoxel(task: Task) -> Callable[[], Any]:
    from medvoxel.segmentation import growing

    def run() -> Any:
        labels = _grow(task, task.seeds)
        growing._kept.clear()  # each round starts afresh
        return labels

    return run


def _itk_growcut(task: Task) -> Callable[[], Any]:
    import itk

    images = [itk.image_from_array(a) for a in (task.values, task.seeds)]
    for image in images:
        image.SetSpacing([float(s) for s in task.spacing[::-1]])

    def run() -> Any:
        grow = itk.FastGrowCut[type(images[0]), type(images[1])].New()
        grow.SetInput(images[0])
        grow.SetSeedImage(images[1])
        grow.Update()
        return itk.array_from_image(grow.GetOutput())

    return run


# --- checks --------------------------------------------------------------------------------


def _with_update(task: Task, labels: Any) -> Grown:
    _grow(task, task.seeds)
    begin = time.perf_counter()
    _grow(task, task.more)
    return Grown(labels, time.perf_counter() - begin)


def _without_update(task: Task, labels: Any) -> Grown:
    return Grown(labels, None)


def _check(route: Route, task: Task, grown: Grown) -> str:
    painted = task.seeds > 0
    if not np.array_equal(grown.labels[painted], task.seeds[painted]):
        raise WrongAnswer("seeds have changed")
    hits = [float((grown.labels[t] == k).mean()) for k, t in enumerate(task.tissues, 1)]
    if hits[0] < 0.95:
        raise WrongAnswer(f"{100 * hits[0]:.0f} % of the air found")
    words = "found " + ", ".join(f"{100 * hit:.1f}" for hit in hits) + " %"
    return words if grown.update is None else f"{words}; three more strokes {grown.update:.2f} s"


ROUTES = (
    Route("medvoxel", _medvoxel, _with_update),
    Route("itk-growcut", _itk_growcut, _without_update),
)

STAGE = Stage(
    title="Growing from seeds",
    text="Four tissues from eight spots each, 26 neighbours, no locality. itk-growcut is the "
    "engine of 3D Slicer; it does not grow on from voxels at the border of the scan. Found: the "
    "part of air, muscle, tendon and cortical bone with the right label.",
    cases=(
        Case(
            "120 x 140 x 140 at 1 mm",
            partial(_task, phantom.Raster((120, 140, 140), (1.0, 1.0, 1.0))),
            ROUTES,
            _check,
            reference="itk-growcut",
        ),
        Case(
            "40 x 704 x 704",
            partial(_task, phantom.ANKLE),
            ROUTES,
            _check,
            reference="itk-growcut",
        ),
    ),
    packages=("numpy", "numba", "itk-growcut"),
)
