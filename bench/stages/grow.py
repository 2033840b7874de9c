"""Grow four tissues of the phantom from seeds, and go on after three more strokes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import data
import numpy as np
import phantom
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]

# Range of noise-free Hounsfield units of each label: air, muscle, tendon, cortical bone.
TISSUES = ((-1100, -900), (30, 50), (95, 105), (900, 1300))
SPOTS, RADIUS = 8, 2.5  # per label, mm

Labels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Task:
    """A scan, where its tissues are, and seeds for them."""

    values: NDArray[np.int16]
    spacing: tuple[float, float, float]
    seeds: Labels
    tissues: tuple[NDArray[np.bool_], ...]

    def strokes(self) -> Iterator[list[tuple[Any, NDArray[np.bool_], int]]]:
        """Yield three strokes again and again, never in the same place; always the same ones."""
        random = np.random.default_rng(6)
        places = [np.flatnonzero(tissue) for tissue in self.tissues[1:]]
        while True:
            yield [
                (*_spot(tissue, random.choice(where), self.spacing), label)
                for label, (tissue, where) in enumerate(
                    zip(self.tissues[1:], places, strict=True), 2
                )
            ]


@cache
def _task(raster: phantom.Raster) -> Task:
    clean = phantom.scan(raster, noise=0)
    random = np.random.default_rng(5)
    seeds = np.zeros(raster.shape, np.uint8)
    tissues = tuple((clean >= low) & (clean <= high) for low, high in TISSUES)
    for label, tissue in enumerate(tissues, 1):
        for place in random.choice(np.flatnonzero(tissue), SPOTS):
            _paint(seeds, [(*_spot(tissue, place, raster.spacing), label)])
    return Task(phantom.scan(raster, noise=data.NOISE), raster.spacing, seeds, tissues)


def _spot(
    tissue: NDArray[np.bool_], place: int, spacing: tuple[float, float, float]
) -> tuple[Any, NDArray[np.bool_]]:
    """Box around a place, and what of it is the tissue."""
    centre = np.unravel_index(place, tissue.shape)
    reach = [int(RADIUS / step) for step in spacing]
    box = tuple(slice(max(c - r, 0), c + r + 1) for c, r in zip(centre, reach, strict=True))
    return box, tissue[box]


def _paint(seeds: Labels, strokes: list[tuple[Any, NDArray[np.bool_], int]]) -> None:
    for box, inside, label in strokes:
        seeds[box][inside & (seeds[box] == 0)] = label


# --- routes --------------------------------------------------------------------------------


def _grow(task: Task, seeds: Labels, spacing: float | None = None) -> Labels:
    from medvoxel import Grid, Segment, Segmentation, Volume, grow_from_seeds

    grid = Grid(task.values.shape, task.spacing)
    table = tuple(Segment(k, f"tissue {k}", "#808080") for k in range(1, len(TISSUES) + 1))
    scan = Volume(task.values, grid, "CT", "HU")
    return grow_from_seeds(
        Segmentation(seeds, grid, table), scan, margin=1e6, spacing=spacing
    ).array


def _afresh(task: Task, seeds: Labels, spacing: float | None = None) -> Labels:
    from medvoxel.segmentation import growing

    growing._kept.clear()
    labels = _grow(task, seeds, spacing)
    growing._kept.clear()
    return labels


def _medvoxel(task: Task, spacing: float | None = None) -> Callable[[], Any]:
    return lambda: _afresh(task, task.seeds, spacing)


def _itk_growcut(task: Task, more: bool = False) -> Callable[[], Any]:
    array, strokes = task.seeds.copy(), task.strokes()
    _itk_filter(task, array)  # loads what is loaded lazily

    def run() -> Any:
        if more:
            _paint(array, next(strokes))
        return _itk_output(*_itk_filter(task, array))

    return run


def _itk_filter(task: Task, seeds: Labels) -> tuple[Any, Any]:
    import itk

    # It does not grow on from voxels at the border, so there is a frame that it may not enter.
    barred = np.pad(np.zeros(seeds.shape, np.uint8), 1, constant_values=1)
    images = [itk.image_from_array(a) for a in (np.pad(task.values, 1), np.pad(seeds, 1), barred)]
    for image in images:
        image.SetSpacing([float(s) for s in task.spacing[::-1]])
    grow = itk.FastGrowCut[type(images[0]), type(images[1])].New()
    grow.SetInput(images[0])
    grow.SetMaskImage(images[2])
    return grow, images[1]


def _itk_output(grow: Any, seeds: Any) -> Labels:
    import itk

    grow.SetSeedImage(seeds)
    grow.Update()
    return itk.array_from_image(grow.GetOutput())[1:-1, 1:-1, 1:-1]


# --- after more strokes: each run paints three more, and grows on --------------------------


def _medvoxel_on(task: Task, spacing: float | None = None) -> Callable[[], Any]:
    from medvoxel.segmentation import growing

    seeds, strokes = task.seeds.copy(), task.strokes()
    growing._kept.clear()
    _grow(task, seeds, spacing)
    kept = growing._kept.copy()  # the routes take turns
    growing._kept.clear()

    def run() -> Any:
        _paint(seeds, next(strokes))
        growing._kept[:] = kept
        labels = _grow(task, seeds, spacing)
        kept[:] = growing._kept
        growing._kept.clear()
        return labels

    return run


def _itk_growcut_on(task: Task) -> Callable[[], Any]:
    import itk

    array, strokes = task.seeds.copy(), task.strokes()
    grow, seeds = _itk_filter(task, array)
    _itk_output(grow, seeds)

    def run() -> Any:
        _paint(array, next(strokes))
        image = itk.image_from_array(np.pad(array, 1))
        image.CopyInformation(seeds)
        return _itk_output(grow, image)

    return run


# --- checks --------------------------------------------------------------------------------


@cache
def _truth(task: Task, more: bool) -> tuple[Labels, Labels]:
    """Seeds, and what medvoxel grows from them afresh at the scan's own spacing."""
    seeds = task.seeds.copy()
    if more:
        _paint(seeds, next(task.strokes()))
    return seeds, _afresh(task, seeds)


def _check(route: Route, task: Task, labels: Labels, more: bool = False) -> str:
    seeds, expected = _truth(task, more)
    painted = seeds > 0
    if not np.array_equal(labels[painted], seeds[painted]):
        raise WrongAnswer("seeds have changed")
    hits = [float((labels[t] == k).mean()) for k, t in enumerate(task.tissues, 1)]
    if hits[0] < 0.95:
        raise WrongAnswer(f"{100 * hits[0]:.0f} % of the air found")
    words = "found " + ", ".join(f"{100 * hit:.1f}" for hit in hits) + " %"
    if "spacing" in route.name:
        return words
    same = float((labels == expected).mean())
    # The others have other rules for ties.
    if same < (1 if route.name == "medvoxel" else 0.99):
        raise WrongAnswer(f"{100 * same:.2f} % as medvoxel from the start")
    return f"{words}; {100 * same:.2f} % of all voxels as medvoxel from the start"


AT_1_MM = Route("medvoxel, spacing = 1", partial(_medvoxel, spacing=1.0))
ROUTES = (Route("medvoxel", _medvoxel), Route("itk-growcut", _itk_growcut))
ON_AT_1_MM = Route("medvoxel, spacing = 1", partial(_medvoxel_on, spacing=1.0))
ROUTES_ON = (
    Route("medvoxel", _medvoxel_on),
    Route("itk-growcut, growing on", _itk_growcut_on),
    Route("itk-growcut, from the start", partial(_itk_growcut, more=True)),
)


def _cases(name: str, raster: phantom.Raster, first: Any, then: Any) -> tuple[Case, Case]:
    prepare = partial(_task, raster)
    return (
        Case(name, prepare, first, _check, reference=ROUTES[-1].name),
        Case(
            f"{name}, three more strokes", prepare, then, partial(_check, more=True),
            reference=ROUTES_ON[-1].name,
        ),
    )  # fmt: skip


STAGE = Stage(
    title="Growing from seeds",
    text="Four tissues from eight spots each, 26 neighbours, no locality. itk-growcut is the "
    "engine of 3D Slicer; it gets a frame, because it does not grow on from the border. Found: the "
    "part of air, muscle, tendon and cortical bone with the right label. Three more strokes: "
    "what it takes to grow on when the seeds have grown already; each round paints other ones.",
    cases=(
        *_cases(
            "120 x 140 x 140 at 1 mm",
            phantom.Raster((120, 140, 140), (1.0, 1.0, 1.0)),
            ROUTES,
            ROUTES_ON,
        ),
        *_cases("40 x 704 x 704", phantom.ANKLE, (AT_1_MM, *ROUTES), (ON_AT_1_MM, *ROUTES_ON)),
    ),
    packages=("numpy", "numba", "itk-growcut"),
)
