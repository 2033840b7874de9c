"""The features: names, meaning, units, codes, and where the two definitions differ."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..errors import InputError
from ._known_names import CLASSES
from ._settings_checks import one_of
from .settings import RadiomicsSettings

__all__ = ["RadiomicsFeature", "column_name", "feature_names", "radiomics_catalogue"]

_DIRECTIONAL = ("glcm", "glrlm")
_ZONES = ("glszm", "gldzm", "ngtdm", "ngldm")


@dataclass(frozen=True)
class RadiomicsFeature:
    """One row of the catalogue.

    Parameters
    ----------
    definition : {"pyradiomics", "ibsi"}
        Whose feature it is.
    feature_class : str
        The class it is computed in.
    name : str
        pyradiomics' name, or the tag of IBSI's reference values.
    by_default : bool
        Whether it is computed when its class is; the others when they are named.
    title : str
        Its name in words.
    formula : str
        How it is computed.
    unit : str
        ``"1"`` for a plain number, ``"intensity"`` for the unit of the scan.
    ibsi_code : str
        The permanent code in the IBSI reference manual; empty where it is not in IBSI.
    counterpart : str
        The feature of the other definition; empty when there is none.
    reference : str
        Where the formula stands.
    differs : {"yes", "no", ""}
        Whether the values of both definitions differ also where nothing is resampled.
    difference : str
        How, or that there is no counterpart.
    """

    definition: str
    feature_class: str
    name: str
    by_default: bool
    title: str
    formula: str
    unit: str
    ibsi_code: str
    counterpart: str
    reference: str
    differs: str
    difference: str


def radiomics_catalogue(
    *, definition: str | None = None, feature_class: str | None = None
) -> list[RadiomicsFeature]:
    """List the features that can be computed.

    Parameters
    ----------
    definition : {"pyradiomics", "ibsi"}, optional
        Only those of one definition.
    feature_class : str, optional
        Only those of one class.

    Returns
    -------
    list of RadiomicsFeature
        In the order of the table's columns.

    Raises
    ------
    InputError
        When there is no such definition or class.

    Notes
    -----
    With resampling, all features differ between the definitions, because pyradiomics
    aligns grids at the corner and takes the nearest voxel of the mask, and IBSI aligns
    them at the centre and interpolates the mask.

    References
    ----------
    Zwanenburg A, Leger S, Vallieres M, Lock S. Image biomarker standardisation initiative:
    reference manual. arXiv:1612.07003. van Griethuysen JJM and others. Computational
    radiomics system to decode the radiographic phenotype. Cancer Research 2017;77:e104.
    """
    if definition is not None:
        one_of("definition", definition, tuple(CLASSES))
    rows = [row for row in _rows() if definition in (None, row.definition)]
    known = dict.fromkeys(row.feature_class for row in rows)
    if feature_class is not None and feature_class not in known:
        raise InputError(
            f"There is no feature class {feature_class!r}.", hint=f"There are: {', '.join(known)}."
        )
    return [row for row in rows if feature_class in (None, row.feature_class)]


@cache
def _rows() -> tuple[RadiomicsFeature, ...]:
    package = __package__.rpartition(".")[0]
    text = files(package).joinpath("data", "radiomics_catalogue.csv").read_text(encoding="utf-8")
    rows = []
    for row in csv.DictReader(text.splitlines()):
        row["feature_class"] = row.pop("class")
        rows.append(RadiomicsFeature(**{**row, "by_default": row["by_default"] == "yes"}))  # type: ignore[arg-type]
    return tuple(rows)


def column_name(definition: str, image: str, feature_class: str, key: str) -> str:
    """Name the column of a feature.

    Parameters
    ----------
    definition : {"pyradiomics", "ibsi"}
        Whose feature it is.
    image : str
        The image it is computed on, ``"original"`` for the scan itself.
    feature_class : str
        Its class.
    key : str
        pyradiomics' name, or IBSI's tag with the aggregation.

    Returns
    -------
    str
        Such as ``"original_glcm_Contrast"`` or ``"original_cm_contrast_3D_avg"``: the tag
        of IBSI says the class already.
    """
    return f"{image}_{key}" if definition == "ibsi" else f"{image}_{feature_class}_{key}"


def feature_names(settings: RadiomicsSettings, *, image: str = "original") -> list[str]:
    """List the columns that settings ask for on one image.

    Parameters
    ----------
    settings : RadiomicsSettings
        The settings.
    image : str
        The image.

    Returns
    -------
    list of str
        Names of columns, class by class.
    """
    names = []
    for feature_class, wanted in settings.feature_classes.items():
        rows = radiomics_catalogue(definition=settings.definition, feature_class=feature_class)
        tags = [row.name for row in rows if row.name in wanted or (row.by_default and not wanted)]
        for suffix in _suffixes(feature_class, settings):
            names += [
                column_name(settings.definition, image, feature_class, f"{tag}{suffix}")
                for tag in tags
            ]
    return names


def _suffixes(feature_class: str, settings: RadiomicsSettings) -> list[str]:
    if settings.definition == "ibsi" and feature_class in _DIRECTIONAL:
        return [f"_{name}" for name in settings.aggregation]
    if settings.definition == "ibsi" and feature_class in _ZONES:
        return list(dict.fromkeys(f"_{name.rpartition('_')[0]}" for name in settings.aggregation))
    return [""]
