"""Segment by k-means of the grey values, and clean each class up."""

from __future__ import annotations

import math
import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..progress import Progress, ProgressCallback
from ..volume import Segment, Segmentation, Volume, segment_colours
from .components import keep_largest
from .morphology import fill_holes as fill_cavities
from .morphology import open_mask

__all__ = ["segment_kmeans"]

_MOST_CLASSES = 255
_LARGE = 0.1  # part of the largest island from which losing another is worth a word


def segment_kmeans(
    volume: Volume,
    /,
    *,
    classes: int = 3,
    opening: float | None = None,
    fill_holes: bool = True,
    islands: int | None = 1,
    sample: int = 100_000,
    seed: int = 1,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Part the grey values into classes by k-means, and clean each class up.

    Parameters
    ----------
    volume : Volume
        The scan.
    classes : int
        Number of classes, 2 to 255.
    opening : float, optional
        Radius in mm of the ball that each class is opened with, which removes specks and
        thin bridges; 0 opens nothing. By default the middle one of the three voxel
        spacings: one voxel within the slice, and across slices where these are as near.
    fill_holes : bool
        Whether a class takes the voxels that the cleaning freed and that it encloses.
    islands : int, optional
        How many parts of each class to keep, the largest first, connected through voxel
        faces; ``None`` keeps all.
    sample : int
        Number of voxels, drawn at random, that k-means learns the centres from.
    seed : int
        Seed of the draw and of k-means; the same seed gives the same labels.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        Labels 1 (darkest) to `classes` (brightest), uint8. Voxels that the cleaning took
        from a class and that no class encloses are 0, as are those that are not a number.
        Each segment is named with the centre of its class, such as ``"class 1 (-950 HU)"``.

    Raises
    ------
    InputError
        When an argument is out of its range, or the scan has fewer different values than
        classes.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When the cleaning leaves a class without a voxel, and when `islands` removed a
        part at least a tenth as large as the largest one, such as the other leg.

    Notes
    -----
    In one dimension the nearest centre is found by cut points midway between neighbouring
    centres, so that all voxels are labelled by comparisons in their own type. A value on
    a cut belongs to the darker class.

    The steps of the cleaning are: opening and islands for each class on its own, then the
    holes. A hole is filled with those of its voxels only that have no label: a class never
    takes a voxel of another class. A free voxel that two classes enclose goes to the one
    that encloses less, which is the inner one.

    Classes are ranges of values, the same everywhere in the scan. An MR scan often is
    brighter near the coil (bias field), and one tissue then falls into two classes. Correct
    it before, crop the scan to the region in question, or use :func:`grow_from_seeds`,
    which compares neighbours only.

    References
    ----------
    S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982)
    129-137; D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding"
    (2007), both in the implementation of scikit-learn.
    """
    _check(classes, islands, sample, seed)
    radius = _opening_radius(opening, volume.grid.spacing)
    steps = Progress(progress, 2 * classes + 1, "Clustering grey values")
    centres = _centres(_draw(volume.array, sample, seed), classes, seed)
    labels = _assign(volume.array, (centres[1:] + centres[:-1]) / 2)
    steps.advance()
    sizes = []
    for value in range(1, classes + 1):
        sizes.append(_clean_class(labels, value, radius, volume.grid.spacing, islands))
        steps.advance()
    if fill_holes:
        _fill_free_voxels(labels, classes, steps)
    segments = _segments(centres, volume.unit)
    _warn_lost(labels, segments)
    _warn_islands(sizes, segments, islands)
    return Segmentation(labels, volume.grid, segments)


def _check(classes: int, islands: int | None, sample: int, seed: int) -> None:
    limits = {
        "classes": (classes, 2, _MOST_CLASSES),
        "sample": (sample, 1, None),
        "seed": (seed, 0, 2**32 - 1),
        "islands": (1 if islands is None else islands, 1, None),
    }
    for name, (value, low, high) in limits.items():
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < low or (high is not None and value > high):
            upto = "or more" if high is None else f"to {high}"
            raise InputError(f"{name} must be a whole number, {low} {upto}, not {value!r}.")


def _opening_radius(opening: float | None, spacing: tuple[float, float, float]) -> float:
    if opening is None:
        return sorted(spacing)[1]
    if not math.isfinite(opening) or opening < 0:
        raise InputError(f"opening must be a radius of 0 mm or more, not {opening}.")
    if 0 < opening < min(spacing):
        raise InputError(
            f"A ball of {opening:g} mm holds a single voxel: the smallest spacing is "
            f"{min(spacing):.4g} mm.",
            hint="Give opening a radius of at least that, or 0 for no opening.",
        )
    return float(opening)


def _draw(array: NDArray[Any], sample: int, seed: int) -> NDArray[Any]:
    """Draw voxels without replacement; all of them where the scan has no more."""
    if array.size <= sample:
        values = array.ravel()
    else:
        chosen = np.random.default_rng(seed).choice(
            array.size, size=sample, replace=False, shuffle=False
        )
        values = array[np.unravel_index(chosen, array.shape)]
    return values[np.isfinite(values)]


def _centres(values: NDArray[Any], classes: int, seed: int) -> NDArray[np.float64]:
    """Centres of the classes, darkest first."""
    # Where joblib cannot count the physical cores, as in containers, it prints a traceback.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(os.cpu_count() or 1))
    from sklearn.cluster import KMeans

    # Equal values once, weighted by their number: the same clusters from fewer rows.
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < classes:
        raise InputError(
            f"The {len(values)} sampled voxels hold {len(distinct)} different values, too few "
            f"for {classes} classes.",
            hint="Ask for fewer classes, or raise sample.",
        )
    points = distinct.astype(np.float64)
    # No tolerance: it would be a part of the variance of the distinct values, several HU.
    model = KMeans(n_clusters=classes, n_init=10, tol=0, random_state=int(seed))
    found = model.fit(points[:, None], sample_weight=counts).labels_
    # Averaged again here: scikit-learn sums on several threads in no fixed order, and a
    # last digit must not decide on which side of a cut a value falls.
    sizes = np.bincount(found, weights=counts, minlength=classes)
    sums = np.bincount(found, weights=counts * points, minlength=classes)
    return np.sort(sums / sizes)


def _assign(array: NDArray[Any], cuts: NDArray[np.float64]) -> NDArray[np.uint8]:
    labels = np.ones(array.shape, dtype=np.uint8)
    whole = array.dtype.kind in "iu"
    for cut in cuts:
        labels += array > (math.floor(cut) if whole else float(cut))
    if not whole:
        labels[np.isnan(array)] = 0
    return labels


def _clean_class(
    labels: NDArray[np.uint8],
    value: int,
    radius: float,
    spacing: tuple[float, float, float],
    islands: int | None,
) -> NDArray[np.int64]:
    """Open a class and keep its islands; the voxels it loses become 0, in place.

    Returns the sizes of all its islands, the largest first.
    """
    before = labels == value
    kept = open_mask(before, radius=radius, spacing=spacing) if radius > 0 else before
    sizes = np.zeros(0, dtype=np.int64)
    if islands is not None:
        kept, sizes = keep_largest(kept, islands)
    labels[before & ~kept] = 0
    return sizes


def _fill_free_voxels(labels: NDArray[np.uint8], classes: int, steps: Progress) -> None:
    """Give the free voxels to the class that encloses them, the innermost first, in place."""
    holes: list[tuple[int, int, NDArray[np.int64]]] = []
    for value in range(1, classes + 1):
        filled = fill_cavities(labels == value)
        extent = int(np.count_nonzero(filled))
        holes.append((extent, value, np.flatnonzero(filled & (labels == 0))))
        steps.advance()
    flat = labels.reshape(-1)
    # From the outside in, so that the inner class has the last word.
    for _, value, voxels in sorted(holes, key=lambda hole: -hole[0]):
        flat[voxels] = value


def _segments(centres: NDArray[np.float64], unit: str) -> tuple[Segment, ...]:
    # As many decimals as tell the centres apart: none for a CT, some for values of 0 to 1.
    nearest = float(np.min(np.diff(centres)))
    decimals = max(0, 1 - math.floor(math.log10(nearest)))
    ending = f" {unit}" if unit else ""
    rows = zip(centres, segment_colours(len(centres)), strict=True)
    return tuple(
        Segment(i, f"class {i} ({centre:.{decimals}f}{ending})", colour)
        for i, (centre, colour) in enumerate(rows, start=1)
    )


def _warn_lost(labels: NDArray[np.uint8], segments: tuple[Segment, ...]) -> None:
    lost = [s.name for s in segments if not (labels == s.value).any()]
    if lost:
        warnings.warn(
            MedvoxelWarning(
                f"The cleaning left no voxel of {', '.join(lost)}.",
                hint="Use a smaller opening, or opening = 0.",
            ),
            stacklevel=3,
        )


def _warn_islands(
    sizes: list[NDArray[np.int64]], segments: tuple[Segment, ...], islands: int | None
) -> None:
    """Say which classes have lost islands that are no specks."""
    lost, most = [], 0
    for found, segment in zip(sizes, segments, strict=True):
        large = int(np.count_nonzero(found >= _LARGE * found[:1].sum()))
        if islands is not None and large > islands:
            parts, voxels = large - islands, int(found[islands:large].sum())
            ending = "part" if parts == 1 else "parts"
            lost.append(f"{segment.name} lost {parts} {ending} of {voxels} voxels")
            most = max(most, large)
    if lost:
        warnings.warn(
            MedvoxelWarning(
                f"islands = {islands} removed parts at least a tenth as large as the largest "
                f"of their class: {'; '.join(lost)}.",
                hint=f"Use islands = {most} to keep them.",
            ),
            stacklevel=3,
        )
