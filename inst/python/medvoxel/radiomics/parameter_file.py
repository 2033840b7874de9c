"""Read and write pyradiomics' parameter files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DependencyError, FileFormatError, InputError, MedvoxelWarning
from ._known_names import FILTER_SETTINGS
from ._settings_checks import similar
from .settings import RadiomicsSettings, checked_settings

__all__ = ["SETTING_NAMES", "parameters", "read_parameters", "settings_from", "write_parameters"]

SETTING_NAMES = {
    "normalize": "normalize",
    "normalizeScale": "normalize_scale",
    "removeOutliers": "remove_outliers",
    "resampledPixelSpacing": "resampled_pixel_spacing",
    "interpolator": "interpolator",
    "padDistance": "pad_distance",
    "preCrop": "pre_crop",
    "geometryTolerance": "geometry_tolerance",
    "correctMask": "correct_mask",
    "minimumROIDimensions": "minimum_roi_dimensions",
    "minimumROISize": "minimum_roi_size",
    "resegmentRange": "resegment_range",
    "resegmentMode": "resegment_mode",
    "resegmentShape": "resegment_shape",
    "binWidth": "bin_width",
    "binCount": "bin_count",
    "force2D": "force2d",
    "force2Ddimension": "force2d_dimension",
    "distances": "distances",
    "weightingNorm": "weighting_norm",
    "symmetricalGLCM": "symmetrical_glcm",
    "gldm_a": "gldm_a",
    "voxelArrayShift": "voxel_array_shift",
    "label": "label",
}
"""pyradiomics' name of each setting; those of feature maps stand in a section of their own."""

_VOXEL_SETTING = {
    "kernelRadius": "kernel_radius",
    "maskedKernel": "masked_kernel",
    "initValue": "init_value",
}
# Settings of pyradiomics that say nothing about the features' values.
_WITHOUT_EFFECT = ("additionalInfo", "enableCExtensions", "label_channel", "voxelBatch")
# What pyradiomics does not know; this section makes a file unreadable for it.
_OWN = (
    "definition",
    "resegment_outliers",
    "round_intensities",
    "mask_interpolator",
    "mask_threshold",
    "ivh_bin_width",
    "ivh_bin_count",
    "aggregation",
)
_SECTIONS = ("imageType", "featureClass", "setting", "voxelSetting", "medvoxel")
# Where None says something else than the default does.
_NONE_COUNTS = ("interpolator",)


def read_parameters(path: str | os.PathLike[str]) -> RadiomicsSettings:
    """Read settings from a parameter file of pyradiomics.

    Parameters
    ----------
    path : str or path-like
        A YAML (or JSON) file with the sections ``imageType``, ``featureClass``,
        ``setting`` and ``voxelSetting``; a section ``medvoxel`` holds what pyradiomics
        does not know.

    Returns
    -------
    RadiomicsSettings
        What the file does not name has its default. A label is a restriction to that
        segment only where the file names one.

    Raises
    ------
    FileFormatError
        When it cannot be read, or is no parameter file.
    InputError
        When a setting has a value that is not allowed.

    Warns
    -----
    MedvoxelWarning
        For names that are not known; they are left out.
    """
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"The parameter file {source} cannot be read: {error}.") from error
    yaml = _yaml()
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileFormatError(f"The file {source} is not valid YAML: {error}.") from error
    if not isinstance(content, Mapping):
        raise FileFormatError(
            f"The file {source} is not a parameter file.",
            hint=f"It needs one or more of the sections {', '.join(_SECTIONS)}.",
        )
    return settings_from(content)


def settings_from(content: Mapping[str, Any]) -> RadiomicsSettings:
    """Make settings from the content of a parameter file.

    Parameters
    ----------
    content : mapping
        From section to its names and values.

    Returns
    -------
    RadiomicsSettings
        The settings.

    Raises
    ------
    InputError
        When a value is not allowed.
    """
    _warn_unknown("section", content, _SECTIONS)
    own = _section(content, "medvoxel")
    _warn_unknown("setting", own, _OWN)
    values = {name: own[name] for name in _OWN if own.get(name) is not None}
    image_types, classes = _section(content, "imageType"), _section(content, "featureClass")
    if image_types:
        values["image_types"] = image_types
    if classes:
        values["feature_classes"] = {name: features or () for name, features in classes.items()}
    values |= _named(_section(content, "setting"), SETTING_NAMES, FILTER_SETTINGS)
    values |= _named(_section(content, "voxelSetting"), _VOXEL_SETTING, ())
    return RadiomicsSettings.of(**values)


def _named(
    section: Mapping[str, Any], names: Mapping[str, str], filters: tuple[str, ...]
) -> dict[str, Any]:
    everywhere = {**SETTING_NAMES, **_VOXEL_SETTING}
    _warn_unknown("setting", section, (*everywhere, *filters, *_WITHOUT_EFFECT))
    values: dict[str, Any] = {}
    own = {name: value for name, value in section.items() if name in filters}
    if own:
        values["filters"] = own
    for name, value in section.items():
        ours = names.get(name, everywhere.get(name))
        if ours is None or (value is None and ours not in _NONE_COUNTS):
            continue
        values[ours] = value
    if "resampled_pixel_spacing" in values:
        values["resampled_pixel_spacing"] = _turned(values["resampled_pixel_spacing"])
    return values


def _turned(spacing: Any) -> Any:
    """From (x, y, z) to (z, y, x)."""
    if not isinstance(spacing, list | tuple) or len(spacing) != 3:
        raise InputError(
            f"resampledPixelSpacing must be three numbers (x, y, z) in mm, not {spacing!r}."
        )
    return list(spacing)[::-1]


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name)
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise FileFormatError(f"The section {name} must hold names and values, not {section!r}.")
    return section


def _warn_unknown(kind: str, names: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            warnings.warn(
                MedvoxelWarning(
                    f"The {kind} {name!r} of the parameter file is not known and left out.",
                    hint=similar(str(name), known),
                ),
                stacklevel=4,
            )


def parameters(settings: RadiomicsSettings) -> dict[str, dict[str, Any]]:
    """Give the content of a parameter file that says what settings say.

    Parameters
    ----------
    settings : RadiomicsSettings
        The settings.

    Returns
    -------
    dict
        From section to names and plain values. There is a section ``medvoxel``, which
        pyradiomics refuses, only with ``definition="ibsi"``.
    """
    setting = {name: _plain(getattr(settings, ours)) for name, ours in SETTING_NAMES.items()}
    if setting["resampledPixelSpacing"] is not None:
        setting["resampledPixelSpacing"] = setting["resampledPixelSpacing"][::-1]
    if settings.label is not None and len(settings.label) == 1:
        setting["label"] = settings.label[0]
    setting = {
        name: value for name, value in setting.items() if value is not None or name in _NONE_COUNTS
    }
    content: dict[str, dict[str, Any]] = {
        "imageType": {
            # Here 1.0 stays so: filters name their images after it.
            name: _plain(own, shorten=False)
            for name, own in settings.image_types.items()
        },
        "featureClass": {name: list(names) for name, names in settings.feature_classes.items()},
        "setting": {**setting, **_plain(settings.filters, shorten=False)},
    }
    voxel = {name: getattr(settings, ours) for name, ours in _VOXEL_SETTING.items()}
    defaults = RadiomicsSettings()
    if any(getattr(defaults, ours) != voxel[name] for name, ours in _VOXEL_SETTING.items()):
        content["voxelSetting"] = voxel
    if settings.definition != "pyradiomics":
        own = {name: _plain(getattr(settings, name)) for name in _OWN}
        content["medvoxel"] = {name: value for name, value in own.items() if value is not None}
    return content


def write_parameters(
    settings: RadiomicsSettings | Mapping[str, Any], path: str | os.PathLike[str]
) -> None:
    """Write settings to a parameter file of pyradiomics.

    Parameters
    ----------
    settings : RadiomicsSettings or mapping
        The settings.
    path : str or path-like
        The file; one that exists is replaced.

    Raises
    ------
    FileFormatError
        When the file cannot be written.

    Notes
    -----
    pyradiomics reads what is written with ``definition="pyradiomics"`` and no, or one,
    label that is a number.
    """
    target = Path(path)
    settings = checked_settings(settings)
    text = _yaml().safe_dump(parameters(settings), sort_keys=False, default_flow_style=None)
    partial = target.with_name(f".{target.name}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True) if target.parent.is_dir() else None
        raise FileFormatError(f"The parameter file {target} cannot be written: {error}.") from error


def _plain(value: Any, *, shorten: bool = True) -> Any:
    """Turn tuples and read-only mappings into lists and dicts, and 25.0 into 25."""
    if isinstance(value, Mapping):
        return {name: _plain(item, shorten=shorten) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, shorten=shorten) for item in value]
    if shorten and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise DependencyError(
            "Parameter files need the Python package PyYAML.",
            hint="Install it with install_medvoxel().",
        ) from error
    return yaml
