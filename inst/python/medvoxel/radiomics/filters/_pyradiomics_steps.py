"""The image types of pyradiomics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..settings import RadiomicsSettings
from . import intensity_transforms
from ._plan import Image, Source
from .binary_patterns_2d import binary_patterns_2d
from .binary_patterns_3d import binary_pattern_3d_names, binary_patterns_3d
from .gradient import gradient_magnitude
from .laplacian_of_gaussian import laplacian_of_gaussian
from .wavelets import require_wavelet, wavelet_images, wavelet_names

__all__ = ["steps"]

Part = tuple[tuple[str, ...], Callable[[Source], Iterable[Image]]]

_TRANSFORMS = {
    "Square": ("square", intensity_transforms.square),
    "SquareRoot": ("squareroot", intensity_transforms.square_root),
    "Logarithm": ("logarithm", intensity_transforms.logarithm),
    "Exponential": ("exponential", intensity_transforms.exponential),
}


def steps(image_type: str, own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    """Plan the images of one type.

    Parameters
    ----------
    image_type : str
        pyradiomics' name of the type.
    own : dict
        Settings of the filter, checked.
    settings : RadiomicsSettings
        Of the extraction; for the plane of slices.

    Returns
    -------
    list of tuple
        Names, and the function that gives the images.
    """
    if image_type in _TRANSFORMS:
        name, function = _TRANSFORMS[image_type]
        return [((name,), lambda source: (function(source.values),))]
    return _BUILDERS[image_type](own, settings)


def _log(own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    def part(sigma: float) -> Part:
        name = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
        return (name,), lambda s: (laplacian_of_gaussian(s.values, s.spacing, float(sigma)),)

    return [part(sigma) for sigma in own["sigma"]]


def _wavelet(own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    require_wavelet(own["wavelet"])
    names = wavelet_names(own["level"], 3 if settings.plane is None else 2)
    chosen = {**own, "plane": settings.plane}
    return [(names, lambda source: wavelet_images(source.values, **chosen, mask=source.mask))]


def _gradient(own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    use = own["gradientUseSpacing"]
    run = lambda s: (gradient_magnitude(s.values, s.spacing, use_spacing=use),)  # noqa: E731
    return [(("gradient",), run)]


def _lbp_2d(own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    chosen = {
        "radius": own["lbp2DRadius"],
        "samples": own["lbp2DSamples"],
        "method": own["lbp2DMethod"],
        # Slices also where textures are not computed within slices, as in pyradiomics.
        "plane": settings.force2d_dimension,
    }
    return [(("lbp-2D",), lambda source: (binary_patterns_2d(source.values, **chosen),))]


def _lbp_3d(own: dict[str, Any], settings: RadiomicsSettings) -> list[Part]:
    chosen = {
        "levels": own["lbp3DLevels"],
        "radius": own["lbp3DIcosphereRadius"],
        "subdivision": own["lbp3DIcosphereSubdivision"],
    }
    names = binary_pattern_3d_names(chosen["levels"])
    return [(names, lambda source: binary_patterns_3d(source.values, source.mask, **chosen))]


_BUILDERS = {
    "LoG": _log,
    "Wavelet": _wavelet,
    "Gradient": _gradient,
    "LBP2D": _lbp_2d,
    "LBP3D": _lbp_3d,
}
