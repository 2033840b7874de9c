"""107 radiomics features of a ball: the values are compared with pyradiomics' own."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]

FEATURES = 107
BIN_WIDTH = 25
TOLERANCE = 1e-6
# Standard deviations of what is smooth and of the noise on it, and the mean.
SMOOTH, NOISE, MEAN = 110.0, 25.0, 700.0


@dataclass(frozen=True)
class Task:
    """A scan of 1 mm voxels and its mask; `expected` takes the values of pyradiomics."""

    values: NDArray[np.int16]
    mask: NDArray[np.uint8]
    expected: dict[str, float] = field(default_factory=dict)


def _task(width: int) -> Task:
    from scipy.ndimage import gaussian_filter

    size = width + 4
    source = np.random.default_rng(3)
    smooth = gaussian_filter(source.standard_normal((size,) * 3, dtype=np.float32), 2.5)
    smooth *= SMOOTH / smooth.std()
    noise = source.standard_normal(smooth.shape, dtype=np.float32)
    values = np.rint(MEAN + smooth + NOISE * noise).astype(np.int16)
    along = (np.arange(size) - (size - 1) / 2) ** 2
    away = along[:, None, None] + along[:, None] + along
    return Task(values, (away < (width / 2) ** 2).astype(np.uint8))


# --- routes --------------------------------------------------------------------------------


def _pyradiomics(task: Task) -> Callable[[], Any]:
    import SimpleITK as sitk
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.disable(logging.CRITICAL)
    image, mask = sitk.GetImageFromArray(task.values), sitk.GetImageFromArray(task.mask)
    extractor = RadiomicsFeatureExtractor(binWidth=BIN_WIDTH)
    return lambda: extractor.execute(image, mask)


def _only_features(task: Task, found: Any) -> dict[str, float]:
    return {name: float(value) for name, value in found.items() if name.startswith("original_")}


def _medvoxel(task: Task) -> Callable[[], Any]:
    import medvoxel

    grid = medvoxel.Grid(task.mask.shape)
    scan = medvoxel.Volume(task.values, grid)
    segments = (medvoxel.Segment(1, "ball", "#E69F00"),)
    segmentation = medvoxel.Segmentation(task.mask, grid, segments)
    settings = medvoxel.RadiomicsSettings(bin_width=BIN_WIDTH)
    return lambda: medvoxel.extract_radiomics(scan, segmentation, settings)


def _only_row(task: Task, table: Any) -> dict[str, float]:
    return {name: table.columns[name][0] for name in table.features}


def _nyxus(task: Task) -> Callable[[], Any]:
    import nibabel
    import nyxus

    folder = tempfile.TemporaryDirectory()
    for name, array in (("scan", task.values), ("mask", task.mask)):
        nibabel.save(nibabel.Nifti1Image(array.T, np.eye(4)), Path(folder.name) / f"{name}.nii")
    groups = ("ALL_INTENSITY", "ALL_MORPHOLOGY", "GLCM", "GLRLM", "GLSZM", "GLDM", "NGTDM")
    inside = task.values[task.mask > 0]
    levels = int(inside.max()) // BIN_WIDTH - int(inside.min()) // BIN_WIDTH + 1
    extractor = nyxus.Nyxus3D([f"*3D_{name}*" for name in groups], coarse_gray_depth=levels)

    def run() -> Any:
        scan, mask = (str(Path(folder.name) / f"{name}.nii") for name in ("scan", "mask"))
        return extractor.featurize_files([scan], [mask], False)

    return run


def _only_numbers(task: Task, frame: Any) -> dict[str, float]:
    row = frame.iloc[0]
    return {name: float(row[name]) for name in frame.columns if name.startswith("3")}


# --- checks --------------------------------------------------------------------------------


def _check(route: Route, task: Task, found: dict[str, float]) -> str:
    if route.name.startswith("nyxus"):
        return _check_mean(task, found)
    if len(found) != FEATURES:
        raise WrongAnswer(f"{len(found)} features")
    if route.name.startswith("pyradiomics"):
        task.expected.update(found)
        return f"{FEATURES} features"
    if not task.expected:
        return f"{FEATURES} features; nothing to compare with"
    wrong = [
        name
        for name, value in task.expected.items()
        if not math.isclose(found.get(name, math.nan), value, rel_tol=TOLERANCE)
    ]
    if wrong:
        raise WrongAnswer(f"{len(wrong)} differ from pyradiomics: {', '.join(wrong[:3])}")
    return f"{FEATURES} features, equal to {TOLERANCE:g}"


def _check_mean(task: Task, found: dict[str, float]) -> str:
    """Names and binning are its own: what can be compared is the mean."""
    mean = float(task.values[task.mask > 0].mean())
    if not math.isclose(found.get("3MEAN", math.nan), mean, rel_tol=1e-6):
        raise WrongAnswer(f"a mean of {found.get('3MEAN')}, not {mean:g}")
    return f"{len(found)} values by definitions of its own; the mean is right"


ROUTES = (
    Route("pyradiomics", _pyradiomics, _only_features),
    Route("medvoxel", _medvoxel, _only_row),
    Route("nyxus, four threads", _nyxus, _only_numbers),
)

STAGE = Stage(
    title="Radiomics: 107 features",
    text="A ball of smooth noise, 1 mm voxels, bins of 25: pyradiomics' default classes. Values of "
    "pyradiomics are the reference; it is built from source, where there is a compiler.",
    cases=tuple(
        Case(f"{width} voxels wide", partial(_task, width), ROUTES, _check, reference="pyradiomics")
        for width in (60, 200)
    ),
    packages=("numpy", "scipy", "numba", "pyradiomics", "nyxus", "SimpleITK"),
)
