"""What is to become of each data element: the table of DICOM PS3.15, and what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

__all__ = ["TECHNICAL_TEXT", "action_of", "is_class_uid", "profile_edition", "representation"]

# Texts that the table does not name are removed, for somebody may have typed them, but for
# these: they say how the values were made, or are codes that others refer to.
TECHNICAL_TEXT = frozenset(
    """
    AlgorithmName AlgorithmVersion AttenuationCorrectionMethod CodeMeaning CodeValue
    CodingSchemeDesignator CodingSchemeVersion ConvolutionKernel DimensionDescriptionLabel
    EnergyWindowName FilterType ImagedNucleus LongCodeValue LUTExplanation LUTLabel
    MappingResourceName Manufacturer ManufacturerModelName ModalityLUTType PulseSequenceName
    Radiopharmaceutical ReceiveCoilName ReconstructionMethod RescaleType ScatterCorrectionMethod
    SegmentAlgorithmName SegmentLabel SequenceName SoftwareVersions StackID TransmitCoilName
    URNCodeValue
    """.split()  # noqa: SIM905
)
_TEXT = frozenset("AE LO LT PN SH ST UC UR UT".split())  # noqa: SIM905
_TIMES = frozenset(("DA", "DT", "TM"))
# Bytes that may hold anything, but for these: a hidden text would do no good there.
_BYTES = frozenset(("ICCProfile", "PixelData", "WaveformData", "WaveformPaddingValue"))
_OPAQUE = frozenset(("OB", "OB or OW", "UN"))
_NUMBERS = frozenset(
    """
    AT FD FL OD OF OL OV OW SL SS SV UL US UV
    """.split()  # noqa: SIM905
) | {"US or OW", "US or SS", "US or SS or OW"}
# What no table entry needs to say: these say what an object is, not which one.
_CLASS_WORDS = ("ClassUID", "SOPClass", "TransferSyntax", "CodingSchemeUID", "ContextUID",
                "MappingResourceUID", "ExtensionCreatorUID")  # fmt: skip
_TABLES = "dicomanonymizer.dicom_anonymization_databases"
_NAMES = {
    "D_TAGS": "D",
    "Z_TAGS": "Z",
    "X_TAGS": "X",
    "U_TAGS": "U",
    "Z_D_TAGS": "D",
    "X_Z_TAGS": "Z",
    "X_D_TAGS": "D",
    "X_Z_D_TAGS": "Z",
    "X_Z_U_STAR_TAGS": "walk",
}


@cache
def profile_edition() -> str:
    """Edition of the DICOM standard whose table is used.

    Returns
    -------
    str
        Such as ``"2026c"``: the newest that the installed library has.
    """
    package = import_module(_TABLES)
    names = [module.name for module in iter_modules(package.__path__)]
    return max(name.removeprefix("dicomfields_") for name in names if "dicomfields_" in name)


@cache
def _table() -> Mapping[int, str]:
    """Give the action for each tag of PS3.15 table E.1-1; repeating groups come before.

    Where the table leaves a choice by the kind of object, the one is taken that is right
    for every kind: empty rather than absent, and a dummy where empty may be illegal.
    """
    module = import_module(f"{_TABLES}.dicomfields_{profile_edition()}")
    return {
        tag[0] << 16 | tag[1]: action
        for name, action in _NAMES.items()
        for tag in getattr(module, name)
        if len(tag) == 2
    }


@cache
def representation(tag: int) -> str | None:
    """Value representation of a tag by the standard's dictionary.

    Parameters
    ----------
    tag : int
        As ``group << 16 | element``.

    Returns
    -------
    str or None
        Such as ``"US or SS"``; ``None`` for tags that pydicom does not know.
    """
    from pydicom.datadict import dictionary_VR

    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return None


@cache
def is_class_uid(tag: int) -> bool:
    """Whether a UID says what something is, so that everybody has the same.

    Parameters
    ----------
    tag : int
        Of an element that holds UIDs.

    Returns
    -------
    bool
        ``True`` for SOP classes, transfer syntaxes, coding schemes and their like.
    """
    from pydicom.datadict import keyword_for_tag

    return any(word in keyword_for_tag(tag) for word in _CLASS_WORDS)


@cache
def action_of(tag: int, keep: frozenset[int], shift: bool) -> str:
    """Say what is to become of an element.

    Parameters
    ----------
    tag : int
        As ``group << 16 | element``.
    keep : frozenset of int
        Tags of texts that the user keeps.
    shift : bool
        Whether dates are shifted rather than removed.

    Returns
    -------
    str
        ``"X"`` remove, ``"Z"`` empty, ``"D"`` dummy value, ``"U"`` replace UIDs,
        ``"walk"`` go into the items, ``"shift"`` move dates, ``"patient"`` pseudonym,
        ``"kept"`` keep by wish, ``"raw"`` keep as it is; ``"number"``, ``"code"`` and
        ``"class"`` (a UID that everybody has in common) keep what is one.
    """
    group, vr = tag >> 16, representation(tag)
    # Private, repeating (curves and overlays), commands, file meta, and group lengths.
    if group % 2 or group & 0xFF00 in (0x5000, 0x6000) or group < 8 or not tag & 0xFFFF:
        return "X"
    if tag in (0x00100010, 0x00100020):
        return "patient"
    if vr is None:
        return "X"
    if tag in keep:
        return "kept"
    if vr in _TIMES and shift and not _is_of_birth(tag):
        return "shift"
    return _table().get(tag) or _unlisted(tag, vr)


def _is_of_birth(tag: int) -> bool:
    return tag in (0x00100030, 0x00100032)


def _unlisted(tag: int, vr: str) -> str:
    """Decide where the table is silent; retired elements it never names."""
    from pydicom.datadict import dictionary_is_retired, keyword_for_tag

    keyword, retired = keyword_for_tag(tag), dictionary_is_retired(tag)
    if vr in _TEXT:
        # Somebody may have typed a name there all the same.
        return "kept" if keyword in TECHNICAL_TEXT else "X"
    if vr in _OPAQUE or (vr == "OW" and retired):
        return "raw" if keyword in _BYTES else "X"
    if vr in _NUMBERS:
        return "raw"
    if vr == "UI":
        return "class" if is_class_uid(tag) else "U"
    return {"SQ": "walk", "CS": "code", "DS": "number", "IS": "number"}.get(vr, "X")
