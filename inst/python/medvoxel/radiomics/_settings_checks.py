"""Checks of single settings: each gives the value in its one form, or an InputError."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import InputError
from ._known_names import (
    AGGREGATIONS,
    CLASSES,
    FILTER_SETTINGS,
    IMAGE_TYPES,
    INTERPOLATORS,
    OTHER_INTERPOLATORS,
    WEIGHTINGS,
)

__all__ = [
    "CHECKS",
    "feature_classes",
    "flag",
    "image_types",
    "known_settings",
    "number",
    "one_of",
    "optional",
    "positive",
    "several",
    "similar",
    "whole",
    "word",
]

Check = Callable[[str, Any], Any]


def similar(name: str, known: Iterable[str]) -> str:
    """Hint at the names most like one that does not exist, or at all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."


def known_settings(names: Iterable[str], known: Sequence[str]) -> None:
    """Raise when a name is none of the settings."""
    for name in names:
        if name not in known:
            raise InputError(f"There is no radiomics setting {name!r}.", hint=similar(name, known))


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """Require one of several words."""
    if not isinstance(value, str) or value not in choices:
        words = ", ".join(f'"{choice}"' for choice in choices)
        raise InputError(f"{name} must be one of {words}, not {value!r}.")
    return value


def feature_classes(value: Any, definition: str) -> Mapping[str, tuple[str, ...]]:
    """Bring feature classes to a mapping from class to names of features."""
    if isinstance(value, str):
        value = (value,)
    items = value.items() if isinstance(value, Mapping) else ((name, ()) for name in value)
    known = CLASSES[definition]
    classes = {}
    for name, features in items:
        if name not in known:
            raise InputError(
                f'There is no feature class {name!r} in definition "{definition}".',
                hint=similar(str(name), known),
            )
        names = (features,) if isinstance(features, str) else tuple(features or ())
        if not all(isinstance(feature, str) for feature in names):
            raise InputError(f"The features of class {name} must be names, not {features!r}.")
        classes[name] = names
    if not classes:
        raise InputError("No feature class is left to compute.", hint=similar("", known))
    return MappingProxyType({name: classes[name] for name in known if name in classes})


def image_types(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """Bring image types to a mapping from type to settings of its own."""
    if isinstance(value, str):
        value = (value,)
    items = value.items() if isinstance(value, Mapping) else ((name, {}) for name in value)
    types = {}
    for name, own in items:
        if name not in IMAGE_TYPES:
            raise InputError(
                f"There is no image type {name!r}.", hint=similar(str(name), IMAGE_TYPES)
            )
        if own and not isinstance(own, Mapping):
            raise InputError(
                f"The settings of image type {name!r} need their names, not {own!r}.",
                hint="For instance sigma for LoG.",
            )
        types[name] = MappingProxyType(dict(own or {}))
    if not types:
        raise InputError("No image type is left to compute features on.")
    return MappingProxyType(types)


def flag(name: str, value: Any) -> bool:
    """Require True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False, not {value!r}.")
    return bool(value)


def number(low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> Check:
    """Require a finite number from `low` (or above it) to `high`."""

    def check(name: str, value: Any) -> float:
        good = isinstance(value, int | float | np.integer | np.floating)
        good = good and not isinstance(value, bool) and math.isfinite(value)
        if not good or not low <= value <= high or (above and value == low):
            raise InputError(f"{name} must be {_range(low, high, above)}, not {value!r}.")
        return float(value)

    return check


def whole(low: int, high: float = math.inf) -> Check:
    """Require a whole number from `low` to `high`."""
    in_range = number(low, high)

    def check(name: str, value: Any) -> int:
        if in_range(name, value) != int(value):
            raise InputError(f"{name} must be a whole number, not {value!r}.")
        return int(value)

    return check


def _range(low: float, high: float, above: bool) -> str:
    if math.isinf(low):
        return "a number"
    start = f"above {low:g}" if above else f"at least {low:g}"
    return f"a number {start}" + ("" if math.isinf(high) else f" and at most {high:g}")


def optional(check: Check) -> Check:
    """Let None pass."""
    return lambda name, value: None if value is None else check(name, value)


def several(check: Check, least: int = 1, most: float = math.inf) -> Check:
    """Require one or more values, each of which passes a check; one alone may stand bare."""

    def checked(name: str, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str) or np.ndim(value) == 0:
            value = (value,)
        if not least <= len(value) <= most:
            raise InputError(f"{name} has {len(value)} values; that is too few or too many.")
        return tuple(check(name, item) for item in value)

    return checked


def word(*choices: str) -> Check:
    """Require one of several words."""
    return lambda name, value: one_of(name, value, choices)


def _spacing(name: str, value: Any) -> tuple[float, float, float]:
    values = several(number(0.0), 1, 3)(name, value)
    if len(values) == 2:
        raise InputError(f"{name} must be one number in mm or three (z, y, x), not {value!r}.")
    values = values * 3 if len(values) == 1 else values
    if not any(values):
        raise InputError(f"{name} is 0 along every axis.", hint="Set it to None: no resampling.")
    return values  # type: ignore[return-value]


def _interpolator(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 3:
        return INTERPOLATORS[value - 1]
    if value in OTHER_INTERPOLATORS:
        raise InputError(
            f"{name} {value} of pyradiomics is not offered.",
            hint=f"Choose from {', '.join(INTERPOLATORS)}.",
        )
    return one_of(name, value, INTERPOLATORS)


def _threshold_range(name: str, value: Any) -> tuple[float, ...]:
    limits = tuple(sorted(several(_bound, 1, 2)(name, value)))
    if not any(math.isfinite(limit) for limit in limits):
        raise InputError(f"{name} has no finite limit.", hint="Set it to None: no range.")
    return limits


def _bound(name: str, value: Any) -> float:
    """Check a limit of a range: infinity stands for none."""
    if isinstance(value, int | float | np.number) and math.isinf(value):
        return float(value)
    return number()(name, value)


def _labels(name: str, value: Any) -> tuple[int | str, ...]:
    def check(name: str, item: Any) -> int | str:
        return item if isinstance(item, str) else whole(1)(name, item)

    return several(check)(name, value)


def _filters(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must map names to values, not {value!r}.")
    for key in value:
        if key not in FILTER_SETTINGS:
            raise InputError(
                f"There is no filter setting {key!r}.", hint=similar(str(key), FILTER_SETTINGS)
            )
    return MappingProxyType(dict(value))


positive = number(0.0, above=True)
"""Require a number above 0."""

CHECKS: dict[str, Check] = {
    "filters": _filters,
    "label": optional(_labels),
    "normalize": flag,
    "normalize_scale": positive,
    "remove_outliers": optional(positive),
    "resampled_pixel_spacing": optional(_spacing),
    "interpolator": optional(_interpolator),
    "pad_distance": whole(0),
    "pre_crop": flag,
    "geometry_tolerance": optional(number(0.0, 0.5, above=True)),
    "correct_mask": flag,
    "minimum_roi_dimensions": whole(1, 3),
    "minimum_roi_size": optional(whole(1)),
    "resegment_range": optional(_threshold_range),
    "resegment_mode": word("absolute", "relative", "sigma"),
    "resegment_shape": flag,
    "bin_width": positive,
    "bin_count": optional(whole(1)),
    "force2d": flag,
    "force2d_dimension": whole(0, 2),
    "distances": several(whole(1)),
    "weighting_norm": optional(word(*WEIGHTINGS)),
    "symmetrical_glcm": flag,
    "gldm_a": number(0.0),
    "voxel_array_shift": number(),
    "kernel_radius": whole(1),
    "masked_kernel": flag,
    "init_value": lambda name, value: float(value) if value != value else number()(name, value),
    "resegment_outliers": optional(positive),
    "round_intensities": optional(flag),
    "mask_interpolator": word("linear", "nearest"),
    "mask_threshold": number(0.0, 1.0, above=True),
    "ivh_bin_width": optional(positive),
    "ivh_bin_count": optional(whole(1)),
    "aggregation": several(word(*AGGREGATIONS)),
}
"""The check of each setting that stands alone, in the order of the settings."""
