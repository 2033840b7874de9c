"""Find the connected parts of a mask, and keep the largest."""

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

Mask = NDArray[np.bool_]

STEPS = {6: 1, 26: 3}


@dataclass(frozen=True)
class Task:
    """A mask, and who is a neighbour."""

    mask: Mask
    connectivity: int


def _task(threshold: float, connectivity: int) -> Task:
    return Task(data.scan("ankle-ct") > threshold, connectivity)


# --- routes --------------------------------------------------------------------------------


def _medvoxel(task: Task) -> Callable[[], Any]:
    from medvoxel.segmentation.components import largest_components

    return lambda: largest_components(task.mask, connectivity=task.connectivity)


def _scipy(task: Task) -> Callable[[], Any]:
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(3, STEPS[task.connectivity])
    return lambda: _largest(ndimage.label(task.mask, structure)[0])


def _scikit_image(task: Task) -> Callable[[], Any]:
    from skimage.measure import label

    return lambda: _largest(label(task.mask, connectivity=STEPS[task.connectivity]))


def _largest(labels: NDArray[np.integer]) -> Mask:
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    return labels == np.argmax(sizes)


def _cc3d(task: Task) -> Callable[[], Any]:
    import cc3d

    return lambda: cc3d.largest_k(task.mask, k=1, connectivity=task.connectivity)


def _simpleitk(task: Task) -> Callable[[], Any]:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(task.mask.view(np.uint8))

    def run() -> Any:
        labels = sitk.ConnectedComponent(image, task.connectivity == 26)
        ranked = sitk.RelabelComponent(labels)
        return sitk.GetArrayViewFromImage(ranked) == 1

    return run


# --- checks --------------------------------------------------------------------------------


def _check(route: Route, task: Task, found: Any) -> str:
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(3, STEPS[task.connectivity])
    labels, count = ndimage.label(task.mask, structure)
    different = int(np.count_nonzero(np.asarray(found, bool) != _largest(labels)))
    if different:
        raise WrongAnswer(f"{different:,} voxels differ from SciPy's")
    return f"equal: 1 part of {count:,}"


ROUTES = (
    Route("medvoxel", _medvoxel),
    Route("SciPy", _scipy),
    Route("scikit-image", _scikit_image),
    Route("cc3d", _cc3d),
    Route("SimpleITK", _simpleitk),
)

STAGE = Stage(
    title="The largest connected part",
    text="Label the connected parts of a mask and keep the largest; 300 x 512 x 512. Soft tissue "
    "above 60 HU falls apart into specks of noise.",
    cases=tuple(
        Case(
            f"{name}, {connectivity} neighbours",
            partial(_task, threshold, connectivity),
            ROUTES,
            _check,
            reference="SciPy",
        )
        for name, threshold, connectivity in (
            ("bone above 300 HU", 300, 26),
            ("tissue above 60 HU", 60, 6),
        )
    ),
    packages=("numpy", "scipy", "scikit-image", "connected-components-3d", "SimpleITK"),
)
