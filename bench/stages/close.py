"""Close the bones with a ball: the result is compared with SciPy's exact distances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import data
import numpy as np
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]

BONE, RADIUS = 300.0, 5.0  # HU, mm

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """A mask, and what closing makes of it."""

    name: str
    mask: Mask
    spacing: tuple[float, float, float]
    closed: Mask


def _task(name: str) -> Task:
    bones = data.scan(name) > BONE
    spacing = data.SCANS[name].spacing
    closed = data.mask(f"{name}-closed{RADIUS:g}", lambda: _close_by_distance(bones, spacing))
    return Task(name, bones, spacing, closed)


def _close_by_distance(mask: Mask, spacing: tuple[float, float, float]) -> Mask:
    from scipy.ndimage import distance_transform_edt

    # A little more than the radius: ten steps of 0.5 mm are 5 mm, whatever the rounding.
    radius = RADIUS * (1 + 1e-6)
    grown = distance_transform_edt(~mask, sampling=spacing) <= radius
    return distance_transform_edt(grown, sampling=spacing) > radius


# --- routes --------------------------------------------------------------------------------


def _medvoxel(task: Task) -> Callable[[], Any]:
    from medvoxel.segmentation.morphology import close_mask

    return lambda: close_mask(task.mask, radius=RADIUS, spacing=task.spacing)


def _scipy(task: Task) -> Callable[[], Any]:
    return lambda: _close_by_distance(task.mask, task.spacing)


def _scikit_image(task: Task) -> Callable[[], Any]:
    from skimage.morphology import isotropic_closing

    return lambda: isotropic_closing(task.mask, RADIUS * (1 + 1e-6), spacing=task.spacing)


def _edt(task: Task) -> Callable[[], Any]:
    import edt

    def run() -> Any:
        radius = RADIUS * (1 + 1e-6)
        grown = edt.edt(~task.mask, anisotropy=task.spacing, parallel=2) <= radius
        return edt.edt(grown, anisotropy=task.spacing, parallel=2) > radius

    return run


def _simpleitk(task: Task) -> Callable[[], Any]:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(task.mask.view(np.uint8))
    radius = [int(RADIUS / step) for step in task.spacing[::-1]]

    def run() -> Any:
        closed = sitk.BinaryMorphologicalClosing(image, radius, sitk.sitkBall, 1.0, True)
        return sitk.GetArrayViewFromImage(closed).view(bool).copy()

    return run


# --- checks --------------------------------------------------------------------------------


def _check(route: Route, task: Task, closed: Mask) -> str:
    added = int(np.count_nonzero(task.closed & ~task.mask))
    different = int(np.count_nonzero(closed != task.closed))
    if different == 0:
        return f"equal; {added:,} voxels added"
    # A ball of voxels is not quite one of millimetres: SimpleITK alone may differ.
    if route.name != "SimpleITK, ball of voxels" or different > 0.15 * added:
        raise WrongAnswer(f"{different:,} voxels differ")
    return f"{different:,} voxels differ"


ROUTES = (
    Route("medvoxel", _medvoxel),
    Route("SciPy, distance twice", _scipy),
    Route("scikit-image isotropic_closing", _scikit_image),
    Route("edt, distance twice, two threads", _edt),
    Route("SimpleITK, ball of voxels", _simpleitk),
)

STAGE = Stage(
    title="Closing with a ball of 5 mm",
    text=f"The bones above {BONE:g} HU, closed by all that a ball of {RADIUS:g} mm radius cannot "
    "reach from outside. Compared voxel by voxel with exact distances.",
    cases=(
        Case(
            "300 x 512 x 512 at 0.5 x 0.35 x 0.35 mm",
            partial(_task, "ankle-ct"),
            ROUTES,
            _check,
            reference="SciPy, distance twice",
        ),
    ),
    packages=("numpy", "scipy", "scikit-image", "edt", "SimpleITK"),
)
