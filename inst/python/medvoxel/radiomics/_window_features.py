"""First-order and GLCM features of the windows around the voxels of a segment."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ._directions import lengths_mm, unique_directions
from ._mask_box import mask_box
from ._ranks import Ranks, pack
from ._windows import Window
from .catalogue import radiomics_catalogue
from .discretising import discretise
from .feature_classes import Inputs
from .glcm import GLCM_FEATURES
from .region import Region
from .settings import RadiomicsSettings

__all__ = ["MAPPED_CLASSES", "window_feature_names", "window_features"]

MAPPED_CLASSES = ("firstorder", "glcm")

Centres = NDArray[np.int64]
Rows = NDArray[np.float64]

# Windows between two reports of progress: some milliseconds.
_CHUNK = 500


def window_feature_names(feature_class: str) -> list[str]:
    """Names of the features of a class, in the order in which the kernels give them."""
    rows = radiomics_catalogue(definition="pyradiomics", feature_class=feature_class)
    return [row.name for row in rows]


def window_features(inputs: Inputs, names: list[str], counter: Progress) -> dict[str, Rows]:
    """Compute first-order and GLCM features in the window around each voxel of a segment.

    Parameters
    ----------
    inputs : Inputs
        The image and the segment.
    names : list of str
        Columns of features, such as ``"original_glcm_Contrast"``.
    counter : Progress
        Told of each window of each class.

    Returns
    -------
    dict of str to ndarray of float64, shape (voxels,)
        Values at the voxels of the segment, in the order of the array; NaN where a feature
        is not defined.
    """
    settings = inputs.settings
    region, centres = _window_region(inputs)
    discrete, _ = discretise(region, settings)
    window = Window(settings.kernel_radius, settings.plane)
    ranks = pack(discrete.levels, settings.kernel_radius)
    at = np.flatnonzero(np.pad(centres, settings.kernel_radius))
    found = {}
    for feature_class in MAPPED_CLASSES:
        keys = window_feature_names(feature_class)
        asked = [(name, name.rsplit("_", 1)[1]) for name in names if f"_{feature_class}_" in name]
        if not asked:
            continue
        rows = np.empty((len(at), len(keys)))
        if feature_class == "glcm":
            run = _glcm(ranks, window, region, settings, "MCC" in [key for _, key in asked])
        else:
            run = _first_order(ranks, window, region, settings)
        for first in range(0, len(at), _CHUNK):
            part = slice(first, first + _CHUNK)
            run(at[part], rows[part])
            counter.advance(len(at[part]))
        found.update({name: rows[:, keys.index(key)].copy() for name, key in asked})
    return found


def _window_region(inputs: Inputs) -> tuple[Region, NDArray[np.bool_]]:
    """Find what windows see, and in the same box the voxels that they lie around."""
    prepared, settings = inputs.prepared, inputs.settings
    around = 0 if settings.masked_kernel else settings.kernel_radius
    box = tuple(
        slice(max(part.start - around, 0), min(part.stop + around, size))
        for part, size in zip(mask_box(prepared.mask), prepared.mask.shape, strict=True)
    )
    centres = prepared.mask[box]
    seen = centres if settings.masked_kernel else np.ones_like(centres)
    return Region(inputs.values[box], seen, prepared.grid.spacing), centres


def _glcm(
    ranks: Ranks, window: Window, region: Region, settings: RadiomicsSettings, with_mcc: bool
) -> Callable[[Centres, Rows], None]:
    from ._glcm_map_kernel import glcm_of_windows

    directions = unique_directions(settings.distances, force2d_dimension=settings.plane)
    pairs = window.pairs(directions)
    weights = np.empty(0)
    if settings.weighting_norm == "no_weighting":
        weights = np.ones(len(directions))
    elif settings.weighting_norm is not None:
        lengths = lengths_mm(directions, region.spacing, settings.weighting_norm)
        weights = np.exp(-(lengths**2))
    steps, symmetrical = window.steps(ranks), settings.symmetrical_glcm

    def run(centres: Centres, found: Rows) -> None:
        glcm_of_windows(
            ranks.flat, centres, steps, *pairs, weights, symmetrical, ranks.levels, with_mcc, found
        )
        if len(ranks.levels) == 1:  # as pyradiomics sets it where there is one level in all
            found[:, GLCM_FEATURES.index("MCC")] = 1.0

    return run


def _first_order(
    ranks: Ranks, window: Window, region: Region, settings: RadiomicsSettings
) -> Callable[[Centres, Rows], None]:
    from ._first_order_map_kernel import first_order_of_windows

    values = np.pad(region.values, ranks.border).reshape(-1)
    steps, voxel = window.steps(ranks), math.prod(region.spacing)
    shift = float(settings.voxel_array_shift)

    def run(centres: Centres, found: Rows) -> None:
        highest = len(ranks.levels)
        first_order_of_windows(values, ranks.flat, highest, centres, steps, shift, voxel, found)

    return run
