"""The feature classes of both definitions, and how each is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .discretising import discretise
from .preparing import Prepared
from .region import DiscreteRegion, Region
from .settings import RadiomicsSettings

__all__ = ["Inputs", "compute"]

# IBSI's local intensity looks at voxels around the segment, up to 6.2 mm away.
_LOCAL_MARGIN = 6.3


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the classes of one image of one segment are computed from, made when needed.

    Parameters
    ----------
    prepared : Prepared
        The segment.
    values : ndarray of float64, shape (z, y, x)
        Grey values of the image, filtered or not, on the prepared grid.
    settings : RadiomicsSettings
        How.
    """

    prepared: Prepared
    values: NDArray[np.float64]
    settings: RadiomicsSettings

    @cached_property
    def region(self) -> Region:
        """Grey values and masks in the box of the segment."""
        return self.prepared.region(values=self.values)

    @cached_property
    def surroundings(self) -> Region:
        """The same with the surroundings that local intensity looks at."""
        return self.prepared.region(margin=_LOCAL_MARGIN, values=self.values)

    @cached_property
    def _levels_and_edges(self) -> tuple[DiscreteRegion, NDArray[np.float64]]:
        return discretise(self.region, self.settings)

    @property
    def discrete(self) -> DiscreteRegion:
        """Grey levels."""
        return self._levels_and_edges[0]

    @property
    def edges(self) -> NDArray[np.float64]:
        """Edges of the bins."""
        return self._levels_and_edges[1]

    @cached_property
    def bins(self) -> int:
        """How many grey levels occur."""
        return len(np.unique(self.discrete.levels[self.discrete.mask]))


Arguments = Callable[[Inputs], tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class _Class:
    """Where the function of a class lives, and what it is called with."""

    module: str
    function: str
    arguments: Arguments
    # How results of several calls are told apart: the aggregations of IBSI.
    calls: Callable[[RadiomicsSettings], tuple[str, ...]] = field(default=lambda _: ("",))
    # Whether features that pyradiomics computes only when named are behind a switch.
    has_deprecated: bool = False


def _on_region(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (inputs.region,), {}


def _on_levels(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (inputs.discrete,), {}


def _texture(*names: str) -> Arguments:
    def arguments(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
        s = inputs.settings
        known = {
            "distances": s.distances,
            "force2d_dimension": s.plane,
            "weighting_norm": s.weighting_norm,
            "symmetrical": s.symmetrical_glcm,
            "gldm_alpha": s.gldm_a,
        }
        return (inputs.discrete,), {name: known[name] for name in names}

    return arguments


def _first_order(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shift = inputs.settings.voxel_array_shift
    return (inputs.region, inputs.discrete), {"voxel_array_shift": shift}


def _shape_2d(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (inputs.region,), {"force2d_dimension": inputs.settings.force2d_dimension}


def _around(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (inputs.surroundings,), {}


def _volume_histogram(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    s = inputs.settings
    absolute = s.resegment_range is not None and s.resegment_mode == "absolute"
    limits = (*(s.resegment_range or ()), None) if absolute else (None, None)
    finite = tuple(v if v is not None and np.isfinite(v) else None for v in limits[:2])
    keywords = {
        "bin_width": s.ivh_bin_width,
        "bin_count": s.ivh_bin_count,
        "intensity_range": finite,
    }
    return (inputs.region,), keywords


def _distance_zones(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (inputs.discrete,), {"shape_mask": inputs.region.shape_of}


def _directional(settings: RadiomicsSettings) -> tuple[str, ...]:
    return settings.aggregation


def _undirected(settings: RadiomicsSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.rpartition("_")[0] for name in settings.aggregation))


_PYRADIOMICS = {
    "shape": _Class("shape", "shape_features", _on_region, has_deprecated=True),
    "shape2D": _Class("shape_2d", "shape_2d_features", _shape_2d, has_deprecated=True),
    "firstorder": _Class("first_order", "first_order_features", _first_order, has_deprecated=True),
    "glcm": _Class(
        "glcm",
        "glcm_features",
        _texture("distances", "force2d_dimension", "symmetrical", "weighting_norm"),
    ),
    "glrlm": _Class("glrlm", "glrlm_features", _texture("force2d_dimension", "weighting_norm")),
    "glszm": _Class("glszm", "glszm_features", _texture("force2d_dimension")),
    "gldm": _Class(
        "gldm", "gldm_features", _texture("distances", "gldm_alpha", "force2d_dimension")
    ),
    "ngtdm": _Class("ngtdm", "ngtdm_features", _texture("distances", "force2d_dimension")),
}

_IBSI = {
    "morphology": _Class("ibsi_morphology", "morphology_ibsi", _on_region),
    "local_intensity": _Class("ibsi_local_intensity", "local_intensity_ibsi", _around),
    "statistics": _Class("ibsi_statistics", "statistics_ibsi", _on_region),
    "histogram": _Class("ibsi_histogram", "histogram_ibsi", _on_levels),
    "volume_histogram": _Class("ibsi_volume_histogram", "volume_histogram_ibsi", _volume_histogram),
    "glcm": _Class("glcm", "glcm_ibsi", _on_levels, _directional),
    "glrlm": _Class("glrlm", "glrlm_ibsi", _on_levels, _directional),
    "glszm": _Class("glszm", "glszm_ibsi", _on_levels, _undirected),
    "gldzm": _Class("gldzm", "gldzm_ibsi", _distance_zones, _undirected),
    "ngtdm": _Class("ngtdm", "ngtdm_ibsi", _on_levels, _undirected),
    "ngldm": _Class("gldm", "gldm_ibsi", _on_levels, _undirected),
}

_CLASSES: Mapping[str, Mapping[str, _Class]] = {"pyradiomics": _PYRADIOMICS, "ibsi": _IBSI}


def compute(name: str, inputs: Inputs, *, deprecated: bool = False) -> dict[str, float]:
    """Compute the features of one class.

    Parameters
    ----------
    name : str
        A class of the settings' definition.
    inputs : Inputs
        What to compute them from.
    deprecated : bool
        Also those that pyradiomics computes only when they are named.

    Returns
    -------
    dict of str to float
        Under pyradiomics' names, or the tags of IBSI with the aggregation at the end.
    """
    row = _CLASSES[inputs.settings.definition][name]
    function = getattr(import_module(f".{row.module}", __package__), row.function)
    arguments, keywords = row.arguments(inputs)
    if deprecated and row.has_deprecated:
        keywords["deprecated"] = True
    values: dict[str, float] = {}
    for aggregation in row.calls(inputs.settings):
        if not aggregation:
            return function(*arguments, **keywords)
        found = function(*arguments, **keywords, aggregation=aggregation)
        values.update({f"{tag}_{aggregation}": value for tag, value in found.items()})
    return values
