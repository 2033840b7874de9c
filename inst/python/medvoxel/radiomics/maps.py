"""Feature maps: what a radiomics feature is in the window around each voxel of a segment."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..geometry import Grid
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation, Volume
from ._image_inputs import image_inputs
from ._mask_box import mask_box
from ._window_features import MAPPED_CLASSES, window_feature_names, window_features
from .catalogue import radiomics_catalogue
from .feature_classes import Inputs
from .filters import filter_steps
from .preparing import Prepared, UnusableRegion, normalise, on_scan_grid, prepare
from .settings import RadiomicsSettings, checked_settings

__all__ = ["radiomics_map"]

Rows = NDArray[np.float64]
Wanted = dict[str, list[str]]

_DEFAULTS = RadiomicsSettings()


def radiomics_map(
    scan: Volume,
    segmentation: Segmentation,
    feature: str | Sequence[str] = "original_glcm_Contrast",
    settings: RadiomicsSettings | Mapping[str, Any] = _DEFAULTS,
    *,
    segment: int | str | None = None,
    progress: ProgressCallback | None = None,
) -> Volume | dict[str, Volume]:
    """Compute a feature in the window around each voxel of a segment.

    Parameters
    ----------
    scan : Volume
        The scan.
    segmentation : Segmentation
        The segments, on the scan's grid.
    feature : str or sequence of str
        First-order and GLCM features by their names in the table, such as
        ``"original_glcm_Contrast"``.
    settings : RadiomicsSettings or mapping
        How. `kernel_radius` is the window's radius in voxels; with `masked_kernel` it holds
        voxels of the segment only; voxels outside of the segment have `init_value`. Grey
        levels are those of the whole segment; without `masked_kernel` those of its box,
        enlarged by the radius.
    segment : int or str, optional
        Value or name of the segment. May be left out where there is only one, or the
        settings have one label.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume or dict of str to Volume
        The map, float64, on the scan's grid, and for several features one under each name.
        Where settings resample the scan, the map is on the new grid around the segment.

    Raises
    ------
    GeometryError
        When the segmentation lies on another grid.
    InputError
        When there is no such feature or segment, or the segment cannot be used.
    Cancelled
        When `progress` stops it.

    Warns
    -----
    MedvoxelWarning
        When a feature is not defined in some windows, as that of a voxel without
        neighbours in the segment: these have `init_value`, too.

    Notes
    -----
    This is pyradiomics' voxel-based extraction. MCC is also given where some direction has
    no pairs at a voxel: pyradiomics gives up the whole map then. Its Imc2 leaves out a
    direction where rounding makes a root negative; here that direction counts with 0.

    References
    ----------
    pyradiomics documentation, "Voxel-based extraction".
    """
    settings = checked_settings(settings)
    names = [feature] if isinstance(feature, str) else list(feature)
    if settings.definition != "pyradiomics":
        raise InputError(
            "Feature maps follow pyradiomics' definitions only.",
            hint='Use settings with definition = "pyradiomics".',
        )
    wanted = _by_image(names, settings)
    prepared, name = _prepared(scan, segmentation, segment, settings)
    windows = int(np.count_nonzero(prepared.mask))
    passes = sum(len({one.split("_")[-2] for one in of}) for of in wanted.values())
    counter = Progress(progress, passes * windows, "Feature map")
    found: dict[str, Rows] = {}
    for inputs, of in _images(prepared, settings, wanted):
        found.update(window_features(inputs, of, counter))
    _fill_undefined(found, settings.init_value)
    maps = {}
    for one in names:
        array, grid = _on_grid(found[one], scan, prepared, settings.init_value)
        info = {"feature": one, "segment": name}
        maps[one] = Volume(array, grid, unit=_unit(one, scan.unit), info=info)
    return maps[names[0]] if isinstance(feature, str) else maps


# --- what is asked for -----------------------------------------------------------------


def _by_image(names: Sequence[str], settings: RadiomicsSettings) -> Wanted:
    """Sort the names of features by the image they are computed on."""
    images = [image for step in filter_steps(settings) for image in step.names]
    wanted: Wanted = {}
    for name in names:
        image, feature_class, key = _parts(name)
        if image not in images:
            raise InputError(
                f"The settings make no image {image!r}, which {name!r} needs.",
                hint=f"They make {', '.join(images)}; see image_types.",
            )
        if key not in window_feature_names(feature_class):
            raise InputError(
                f"The class {feature_class} has no feature {key!r}.",
                hint=f"Its features are {', '.join(window_feature_names(feature_class))}.",
            )
        wanted.setdefault(image, []).append(name)
    if not wanted:
        raise InputError("There is no feature to map.", hint='Name one: "original_glcm_Contrast".')
    return wanted


def _parts(name: str) -> tuple[str, str, str]:
    parts = name.rsplit("_", 2) if isinstance(name, str) else []
    if len(parts) != 3 or parts[1] not in MAPPED_CLASSES:
        raise InputError(
            f"There are no maps of {name!r}, only of firstorder and glcm features.",
            hint='Write the name as in the table: "original_glcm_Contrast".',
        )
    return parts[0], parts[1], parts[2]


def _prepared(
    scan: Volume, segmentation: Segmentation, segment: int | str | None, settings: RadiomicsSettings
) -> tuple[Prepared, str]:
    for given, kind, noun in ((scan, Volume, "scan"), (segmentation, Segmentation, "segmentation")):
        if not isinstance(given, kind):
            raise InputError(f"A {noun} is needed, not {type(given).__name__}.")
    segmentation = on_scan_grid(scan, segmentation, settings)
    row = segmentation.find(_one_segment(segmentation, segment, settings))
    if not (settings.resamples or settings.pre_crop):
        # Without `masked_kernel` the window looks as far as this.
        settings = settings.but(pad_distance=max(settings.pad_distance, settings.kernel_radius))
    whole = any(name != "Original" for name in settings.image_types)
    try:
        mask = segmentation.array == row.value
        return prepare(normalise(scan, settings), mask, settings, whole=whole), row.name
    except UnusableRegion as reason:
        raise InputError(f"No map of {row.name!r}: {reason.message}.") from reason


def _one_segment(
    segmentation: Segmentation, segment: int | str | None, settings: RadiomicsSettings
) -> int | str:
    if segment is not None:
        return segment
    choice = settings.label or [row.value for row in segmentation.segments]
    if len(choice) == 1:
        return choice[0]
    names = ", ".join(f"{row.name!r} ({row.value})" for row in segmentation.segments) or "none"
    raise InputError(
        "A feature map is of one segment; say which with segment.", hint=f"Segments here: {names}."
    )


def _images(
    prepared: Prepared, settings: RadiomicsSettings, wanted: Wanted
) -> Iterator[tuple[Inputs, list[str]]]:
    notes: list[str] = []
    for image, inputs in image_inputs(prepared, settings, notes):
        if image not in wanted:
            continue
        if inputs is None:
            raise InputError(f"No map: {notes[-1]}.")
        yield inputs, wanted[image]


# --- the maps --------------------------------------------------------------------------


def _fill_undefined(found: dict[str, Rows], init_value: float) -> None:
    """Put the value of the outside where a feature is not defined, and say so."""
    holes = {name: int(np.count_nonzero(np.isnan(values))) for name, values in found.items()}
    for name, count in holes.items():
        if count == len(found[name]):
            raise InputError(
                f"{name} is not defined in any window of the segment.",
                hint="Choose a larger kernel_radius, or smaller distances.",
            )
        found[name][np.isnan(found[name])] = init_value
    some = [name for name, count in holes.items() if count]
    if some:
        warnings.warn(
            MedvoxelWarning(
                f"{', '.join(some)}: not defined in the window of up to {max(holes.values())} "
                f"voxels, which have {init_value:g} like those outside of the segment.",
                hint="A larger kernel_radius brings more neighbours into the window.",
            ),
            stacklevel=3,
        )


def _on_grid(values: Rows, scan: Volume, prepared: Prepared, outside: float) -> tuple[Rows, Grid]:
    """Lay values out on the grid of the scan, or on the new one after resampling."""
    grid, box = scan.grid, mask_box(prepared.mask)
    inside = prepared.mask[box]
    if np.allclose(prepared.grid.spacing, grid.spacing):
        start = np.rint(grid.lps_to_index(prepared.grid.origin)).astype(int)
        box = tuple(slice(p.start + a, p.stop + a) for p, a in zip(box, start, strict=True))  # type: ignore[assignment]
    else:
        grid = prepared.grid
    array = np.full(grid.shape, float(outside))
    array[box][inside] = values
    return array, grid


def _unit(feature: str, unit: str) -> str:
    """Give the unit of a feature by that of the scan; nothing for a plain number."""
    _, feature_class, key = _parts(feature)
    rows = radiomics_catalogue(definition="pyradiomics", feature_class=feature_class)
    found = next(row.unit for row in rows if row.name == key)
    return found.replace("intensity", unit or "intensity").removeprefix("1")
