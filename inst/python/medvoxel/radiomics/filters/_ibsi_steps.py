"""The image types of IBSI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

from ...errors import InputError
from ..settings import RadiomicsSettings
from ._plan import Image, Source
from .ibsi_gabor import gabor_filter
from .ibsi_laplacian_of_gaussian import sampled_laplacian_of_gaussian
from .ibsi_laws import laws_filter
from .ibsi_mean import mean_filter
from .ibsi_simoncelli import simoncelli_wavelet
from .ibsi_wavelets import separable_wavelet
from .wavelets import require_wavelet

__all__ = ["steps"]

Part = tuple[tuple[str, ...], Callable[[Source], Iterable[Image]]]
Own = dict[str, Any]

# Spacings that differ by less than this part of them are equal.
_EQUAL = 1e-3


def steps(image_type: str, own: Own, settings: RadiomicsSettings) -> list[Part]:
    """Plan the images of one type.

    Parameters
    ----------
    image_type : str
        The type.
    own : dict
        Settings of the filter, checked.
    settings : RadiomicsSettings
        Of the extraction; for the plane of slices.

    Returns
    -------
    list of tuple
        Names, and the function that gives the images.
    """
    # The first letter of a kernel is for x.
    axes = tuple(axis for axis in (2, 1, 0) if axis != settings.plane)
    parts = _BUILDERS[image_type](own, axes)
    return [((f"{name}-{len(axes)}D",), _alone(run)) for name, run in parts]


def _alone(run: Callable[[Source], Image]) -> Callable[[Source], Iterable[Image]]:
    return lambda source: (run(source),)


Parts = list[tuple[str, Callable[[Source], Image]]]


def _mean(own: Own, axes: tuple[int, ...]) -> Parts:
    def part(size: int) -> tuple[str, Callable[[Source], Image]]:
        chosen = {"support": size, "boundary": own["boundary"]}
        return f"mean-{size}", lambda s: mean_filter(s.values, axes, **chosen)

    return [part(size) for size in own["support"]]


def _log(own: Own, axes: tuple[int, ...]) -> Parts:
    def part(sigma: float) -> tuple[str, Callable[[Source], Image]]:
        def run(s: Source) -> Image:
            width = sigma / _edge(s, axes)
            chosen = {"cutoff": own["cutoff"], "boundary": own["boundary"]}
            return sampled_laplacian_of_gaussian(s.values, axes, width=width, **chosen)

        return f"log-sigma-{_dashed(sigma)}-mm", run

    return [part(sigma) for sigma in own["sigma"]]


def _laws(own: Own, axes: tuple[int, ...]) -> Parts:
    common = {name: value for name, value in own.items() if name != "kernel"}
    energy = own["energy_distance"]
    suffix = "" if energy is None else f"-energy-{energy}"

    def part(kernel: str) -> tuple[str, Callable[[Source], Image]]:
        name = f"laws-{kernel}{suffix}"
        return name, lambda s: laws_filter(s.values, axes, kernel=kernel, **common)

    return [part(kernel) for kernel in own["kernel"]]


def _gabor(own: Own, axes: tuple[int, ...]) -> Parts:
    angles = _angles(own)
    # Planes of all three directions only where the filter may turn out of its plane.
    whole = len(axes) == 3
    plane = 0 if whole else next(axis for axis in range(3) if axis not in axes)
    planes = (0, 1, 2) if whole and own["rotation_invariance"] else (plane,)
    used = tuple(axis for axis in range(3) if len(planes) == 3 or axis != plane)
    common = {name: own[name] for name in ("gamma", "boundary", "pooling", "response")}

    def part(sigma: float, wave: float) -> tuple[str, Callable[[Source], Image]]:
        def run(s: Source) -> Image:
            edge = _edge(s, used)
            sizes = {"width": sigma / edge, "wavelength": wave / edge}
            return gabor_filter(s.values, planes, angles=angles, **sizes, **common)

        return f"gabor-sigma-{_dashed(sigma)}-wavelength-{_dashed(wave)}-mm", run

    return [part(*pair) for pair in product(own["sigma"], own["wavelength"])]


def _angles(own: Own) -> tuple[float, ...]:
    if not own["rotation_invariance"]:
        return (own["theta"] or 0.0,)
    if own["theta"] is not None:
        raise InputError(
            "theta is one direction, and rotation_invariance pools over all.",
            hint="Set rotation_invariance to False, or theta_step instead of theta.",
        )
    step = own["theta_step"]
    count = round(360 / step)
    if abs(count * step - 360) > 1e-6 * 360:
        raise InputError(f"theta_step must divide 360 degrees; {step:g} does not.")
    return tuple(np.arange(count) * 360 / count)


def _wavelet(own: Own, axes: tuple[int, ...]) -> Parts:
    require_wavelet(own["wavelet"])
    common = {name: own[name] for name in ("wavelet", "rotation_invariance", "pooling", "boundary")}

    def part(level: int, band: str) -> tuple[str, Callable[[Source], Image]]:
        name = f"wavelet-{own['wavelet']}-{band}-level-{level}"
        chosen = {"subband": band, "level": level}
        return name, lambda s: separable_wavelet(s.values, axes, **chosen, **common)

    return [part(*pair) for pair in product(own["level"], own["subband"] or _bands(own, axes))]


def _bands(own: Own, axes: tuple[int, ...]) -> list[str]:
    """All subbands; where all rotations are pooled, the order of letters does not count."""
    bands = ["".join(letters) for letters in product("LH", repeat=len(axes))]
    return (
        list(dict.fromkeys("".join(sorted(band, reverse=True)) for band in bands))
        if own["rotation_invariance"]
        else bands
    )


def _simoncelli(own: Own, axes: tuple[int, ...]) -> Parts:
    def part(level: int) -> tuple[str, Callable[[Source], Image]]:
        name = f"simoncelli-level-{level}"
        return name, lambda s: simoncelli_wavelet(s.values, tuple(sorted(axes)), level=level)

    return [part(level) for level in own["level"]]


def _edge(source: Source, axes: tuple[int, ...]) -> float:
    """Edge of a voxel in mm, the same along all axes that are filtered."""
    edges = [source.spacing[axis] for axis in axes]
    if max(edges) > min(edges) * (1 + _EQUAL):
        sizes = " x ".join(f"{edge:g}" for edge in edges)
        raise InputError(
            f"this filter needs equally long voxels, and these are {sizes} mm "
            "(set resampled_pixel_spacing, or force2d)"
        )
    return edges[0]


def _dashed(number: float) -> str:
    return str(number).replace(".", "-")


_BUILDERS = {
    "Mean": _mean,
    "LoG": _log,
    "Laws": _laws,
    "Gabor": _gabor,
    "Wavelet": _wavelet,
    "Simoncelli": _simoncelli,
}
