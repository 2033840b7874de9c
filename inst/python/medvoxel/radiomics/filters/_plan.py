"""Which images settings ask for, under which names, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings import RadiomicsSettings
from ._own_settings import image_settings, own_settings

__all__ = ["FilterStep", "Source", "filter_steps", "filtered_images", "image_names"]

Image = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Source:
    """What filters are applied to.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    mask : ndarray of bool, shape (z, y, x)
        Where values are needed.
    """

    values: Image
    spacing: tuple[float, float, float]
    mask: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FilterStep:
    """Images that are made together.

    Parameters
    ----------
    names : tuple of str
        Their names in the columns.
    settings : RadiomicsSettings
        What features on them are computed with.
    run : callable
        Gives the images, in the order of the names. Raises InputError, with the reason in
        lower case, when the scan does not allow them.
    """

    names: tuple[str, ...]
    settings: RadiomicsSettings
    run: Callable[[Source], Iterable[Image]]


def filter_steps(settings: RadiomicsSettings) -> list[FilterStep]:
    """Plan the images that settings ask for.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.

    Returns
    -------
    list of FilterStep
        In the order of the image types.

    Raises
    ------
    InputError
        When a setting of an image type does not fit.
    DependencyError
        When PyWavelets is needed and missing.
    """
    from . import _ibsi_steps, _pyradiomics_steps

    module = _ibsi_steps if settings.definition == "ibsi" else _pyradiomics_steps
    steps = []
    for image_type in settings.image_types:
        own = own_settings(settings, image_type)
        inner = image_settings(settings, image_type)
        parts = _original() if image_type == "Original" else module.steps(image_type, own, inner)
        steps += [FilterStep(names, inner, run) for names, run in parts]
    return steps


def _original() -> list[tuple[tuple[str, ...], Callable[[Source], Iterable[Image]]]]:
    return [(("original",), lambda source: (source.values,))]


def image_names(settings: RadiomicsSettings) -> list[str]:
    """Name the images that settings ask for.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.

    Returns
    -------
    list of str
        As columns begin.
    """
    return [name for step in filter_steps(settings) for name in step.names]


def filtered_images(
    values: Image,
    spacing: tuple[float, float, float],
    settings: RadiomicsSettings,
    *,
    mask: NDArray[Any] | None = None,
) -> Iterator[tuple[str, Image]]:
    """Make the images that settings ask for.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    settings : RadiomicsSettings
        Of the extraction.
    mask : ndarray of bool, shape (z, y, x), optional
        Where values are needed; elsewhere some filters give NaN. By default everywhere.

    Yields
    ------
    tuple of str and ndarray
        Name and image, one after the other, so that one is held at a time.

    Raises
    ------
    InputError
        When the image is too small or its voxels do not suit a filter.
    """
    inside = np.ones(values.shape, dtype=bool) if mask is None else mask.astype(bool, copy=False)
    source = Source(values, spacing, inside)
    for step in filter_steps(settings):
        yield from zip(step.names, step.run(source), strict=True)
