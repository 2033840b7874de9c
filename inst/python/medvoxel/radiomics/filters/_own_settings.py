"""Settings of image types: which there are, their checks and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import InputError
from .. import _settings_checks as checks
from ..settings import RadiomicsSettings
from ._boundaries import BOUNDARIES
from ._rotations import POOLINGS
from .ibsi_gabor import RESPONSES
from .ibsi_laws import LAWS_KERNELS

__all__ = ["check_filters", "image_settings", "own_settings"]

_REQUIRED = object()

# Settings of the extraction that an image type may have another value of.
_OVERRIDES = (
    "bin_width", "bin_count", "force2d", "force2d_dimension", "distances", "weighting_norm",
    "symmetrical_glcm", "gldm_a", "voxel_array_shift", "ivh_bin_width", "ivh_bin_count",
)  # fmt: skip


def _size(name: str, value: Any) -> int | float:
    """Require a number above 0 and leave it as it is: 1 and 1.0 differ in column names."""
    checks.positive(name, value)
    return value


def _odd(name: str, value: Any) -> int:
    size = checks.whole(1)(name, value)
    if size % 2 == 0:
        raise InputError(f"{name} must be an odd number of voxels, not {size}.")
    return size


def _laws_kernel(name: str, value: Any) -> str:
    text = str(value).upper()
    parts = [text[i : i + 2] for i in range(0, len(text), 2)]
    if len(parts) not in (2, 3) or not all(part in LAWS_KERNELS for part in parts):
        raise InputError(
            f"{name} must be two (2D) or three kernels such as L5E5S5, not {value!r}.",
            hint=f"There are: {', '.join(LAWS_KERNELS)}.",
        )
    return text


def _subband(name: str, value: Any) -> str:
    text = str(value).upper()
    if len(text) not in (2, 3) or set(text) - {"L", "H"}:
        raise InputError(f"{name} must be two (2D) or three of L and H, not {value!r}.")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be a name, not {value!r}.")
    return value


_BOUNDARY = {"boundary": (checks.word(*BOUNDARIES), "mirror")}
_ROTATION = {"rotation_invariance": (checks.flag, True)}

_OPTIONS: dict[str, dict[str, dict[str, tuple[Any, Any]]]] = {
    "pyradiomics": {
        "Original": {},
        "LoG": {"sigma": (checks.several(_size), _REQUIRED)},
        "Wavelet": {
            "wavelet": (_text, "coif1"),
            "level": (checks.whole(1), 1),
            "start_level": (checks.whole(0), 0),
        },
        "Square": {},
        "SquareRoot": {},
        "Logarithm": {},
        "Exponential": {},
        "Gradient": {"gradientUseSpacing": (checks.flag, True)},
        "LBP2D": {
            "lbp2DRadius": (checks.positive, 1.0),
            "lbp2DSamples": (checks.whole(1), 8),
            "lbp2DMethod": (
                checks.word("default", "ror", "uniform", "nri_uniform", "var"),
                "uniform",
            ),
        },
        "LBP3D": {
            "lbp3DLevels": (checks.whole(1), 2),
            "lbp3DIcosphereRadius": (checks.positive, 1.0),
            "lbp3DIcosphereSubdivision": (checks.whole(0, 5), 1),
        },
    },
    "ibsi": {
        "Original": {},
        "Mean": {"support": (checks.several(_odd), _REQUIRED), **_BOUNDARY},
        "LoG": {
            "sigma": (checks.several(_size), _REQUIRED),
            "cutoff": (checks.positive, 4.0),
            **_BOUNDARY,
        },
        "Laws": {
            "kernel": (checks.several(_laws_kernel), _REQUIRED),
            **_ROTATION,
            "pooling": (checks.word(*POOLINGS), "max"),
            "energy_distance": (checks.optional(checks.whole(1)), None),
            **_BOUNDARY,
        },
        "Gabor": {
            "sigma": (checks.several(_size), _REQUIRED),
            "wavelength": (checks.several(_size), _REQUIRED),
            "gamma": (checks.positive, 1.0),
            "theta": (checks.optional(checks.number()), None),
            "theta_step": (checks.positive, 45.0),
            **_ROTATION,
            "pooling": (checks.word(*POOLINGS), "average"),
            "response": (checks.word(*RESPONSES), "modulus"),
            **_BOUNDARY,
        },
        "Wavelet": {
            "wavelet": (_text, _REQUIRED),
            "subband": (checks.several(_subband), None),
            "level": (checks.several(checks.whole(1)), (1,)),
            **_ROTATION,
            "pooling": (checks.word(*POOLINGS), "average"),
            **_BOUNDARY,
        },
        "Simoncelli": {"level": (checks.several(checks.whole(1)), (1,))},
    },
}


def own_settings(settings: RadiomicsSettings, image_type: str) -> dict[str, Any]:
    """Collect settings of a filter: its own before the common ones before the defaults.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.
    image_type : str
        Such as ``"LoG"``.

    Returns
    -------
    dict
        A value for each setting of the filter.

    Raises
    ------
    InputError
        When the definition has no such image type, or a setting is unknown, wrong or
        missing.
    """
    options = _options(settings.definition, image_type)
    own = settings.image_types.get(image_type, {})
    known = (*options, *_OVERRIDES, *_pyradiomics_names())
    for name in own:
        if name not in known:
            raise InputError(
                f'The image type "{image_type}" has no setting {name!r}.',
                hint=checks.similar(name, known),
            )
    values = {}
    for name, (check, default) in options.items():
        value = own.get(name, settings.filters.get(name))
        if value is None and default is _REQUIRED:
            raise InputError(
                f'The image type "{image_type}" needs the setting {name}.',
                hint=f'Set {name} for "{image_type}" in image_types.',
            )
        values[name] = default if value is None else check(name, value)
    return values


def _options(definition: str, image_type: str) -> dict[str, tuple[Any, Any]]:
    if image_type not in _OPTIONS[definition]:
        raise InputError(
            f'The image type "{image_type}" is not one of definition = "{definition}".',
            hint=f"There are: {', '.join(_OPTIONS[definition])}.",
        )
    return _OPTIONS[definition][image_type]


def _pyradiomics_names() -> dict[str, str]:
    from ..parameter_file import SETTING_NAMES

    return {name: ours for name, ours in SETTING_NAMES.items() if ours in _OVERRIDES}


def image_settings(settings: RadiomicsSettings, image_type: str) -> RadiomicsSettings:
    """Give the settings that features on the images of one type are computed with.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.
    image_type : str
        Such as ``"LoG"``.

    Returns
    -------
    RadiomicsSettings
        With the values that the image type has of its own, such as another bin width.
    """
    names = _pyradiomics_names()
    own: Mapping[str, Any] = settings.image_types.get(image_type, {})
    changes = {names.get(name, name): value for name, value in own.items()}
    changes = {name: value for name, value in changes.items() if name in _OVERRIDES}
    if image_type != "Original":
        # That range is one of the scan's grey values; it has chosen the voxels already.
        changes["resegment_range"] = None
    return settings.but(image_types=("Original",), filters={}, **changes)


def check_filters(settings: RadiomicsSettings) -> None:
    """Check the settings of all image types.

    Parameters
    ----------
    settings : RadiomicsSettings
        Of the extraction.

    Raises
    ------
    InputError
        See :func:`own_settings`; also when a kernel does not have a part for each axis.
    """
    for image_type in settings.image_types:
        own = own_settings(settings, image_type)
        axes = 2 if image_settings(settings, image_type).force2d else 3
        for name, letters in (("kernel", 2), ("subband", 1)):
            for value in own.get(name) or ():
                if len(value) != letters * axes:
                    raise InputError(
                        f'The {name} {value!r} of image type "{image_type}" has '
                        f"{len(value) // letters} parts; {axes} are needed.",
                        hint="force2d says whether filters work in slices.",
                    )
