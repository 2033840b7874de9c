"""The images of a segment that features are computed on, and the columns this makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .catalogue import feature_names
from .feature_classes import Inputs
from .filters import FilterStep, Source, filter_steps
from .preparing import Prepared
from .settings import RadiomicsSettings

__all__ = ["feature_columns", "image_inputs", "split_classes"]

Classes = Mapping[str, tuple[str, ...]]

# Computed once, and named after the original image, whatever images there are.
_SHAPES = ("shape", "shape2D", "morphology")


def split_classes(settings: RadiomicsSettings) -> tuple[Classes, Classes]:
    """Part the feature classes to those of the shape and those of each image.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.

    Returns
    -------
    tuple of two mappings
        From class to the names of its features.
    """
    classes = settings.feature_classes
    shapes = {name: wanted for name, wanted in classes.items() if name in _SHAPES}
    return shapes, {name: wanted for name, wanted in classes.items() if name not in _SHAPES}


def feature_columns(settings: RadiomicsSettings, steps: Iterable[FilterStep]) -> list[str]:
    """List all columns that settings ask for.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.
    steps : iterable of FilterStep
        The images.

    Returns
    -------
    list of str
        The shape's first, then image by image.
    """
    shapes, others = split_classes(settings)
    names = feature_names(settings.but(feature_classes=shapes)) if shapes else []
    if others:
        settings = settings.but(feature_classes=others)
        for step in steps:
            for image in step.names:
                names += feature_names(settings, image=image)
    return names


def image_inputs(
    prepared: Prepared, settings: RadiomicsSettings, notes: list[str]
) -> Iterator[tuple[str, Inputs | None]]:
    """Make the images of a segment one by one.

    Parameters
    ----------
    prepared : Prepared
        The segment.
    settings : RadiomicsSettings
        Of the extraction.
    notes : list of str
        Takes the reason where an image cannot be made.

    Yields
    ------
    tuple of str and Inputs
        Name of the image in the columns, and what features are computed from; None
        instead where the image cannot be made.
    """
    source = Source(prepared.values, prepared.grid.spacing, prepared.mask)
    for step in filter_steps(settings):
        left = list(step.names)
        try:
            for values in step.run(source):
                usable = _is_usable(left[0], values, prepared.mask, notes)
                yield left.pop(0), Inputs(prepared, values, step.settings) if usable else None
        except InputError as reason:
            notes.append(f"no {left[0]} image: {reason.message}")
            yield from ((name, None) for name in left)


def _is_usable(
    name: str, values: NDArray[np.float64], mask: NDArray[np.bool_], notes: list[str]
) -> bool:
    undefined = int(np.count_nonzero(~np.isfinite(values[mask])))
    if undefined:
        notes.append(f"no {name} features: the image has no value at {undefined} voxels")
    return not undefined
