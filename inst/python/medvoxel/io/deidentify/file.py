"""Read one DICOM file and clean it, or say why it cannot be copied."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..dicom.elements import DamagedFileError
from ..dicom.header import read_header
from .clean import Cleaner
from .flags import class_by_modality, find_flag, is_image, remove_embedded_overlays
from .key import Key
from .rules import profile_edition

__all__ = ["Cleaned", "Settings", "Unusable", "clean_file"]

_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_PROFILE = ("113100", "Basic Application Confidentiality Profile")
_MODIFIED_DATES = (
    "113107",
    "Retain Longitudinal Temporal Information Modified Dates Option",
)


@dataclass(frozen=True)
class Settings:
    """What the user asked for.

    Parameters
    ----------
    key : Key
        Replaces what identifies.
    keep : frozenset of int
        Tags of texts that are kept.
    kept_names : tuple of str
        Their keywords.
    shift : bool
        Whether dates are shifted rather than removed.
    include_flagged : bool
        Whether images that may show who the patient is are copied.
    """

    key: Key
    keep: frozenset[int]
    kept_names: tuple[str, ...]
    shift: bool
    include_flagged: bool


class Unusable(Exception):
    """A file is not copied; the text says why, without naming it.

    Parameters
    ----------
    reason : str
        The text.
    kind : str
        ``"other"``, no image; ``"damaged"``; or ``"flagged"``.
    """

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Cleaned:
    """A file that can be written.

    Parameters
    ----------
    data : pydicom FileDataset
        Clean.
    patient : str
        Pseudonym.
    series : str
        New Series Instance UID.
    stem : str
        ``"slice"``, or ``"object"`` for what has no pixels.
    note : str
        Why it is flagged, "" when it is not.
    """

    data: Any
    patient: str
    series: str
    stem: str
    note: str


def clean_file(path: str, label: str, settings: Settings) -> Cleaned:
    """Read and clean one file.

    Parameters
    ----------
    path : str
        The file; never changed.
    label : str
        What it is called; where nothing says who the patient is, its folder does.
    settings : Settings
        What the user asked for.

    Returns
    -------
    Cleaned
        What to write.

    Raises
    ------
    Unusable
        When it is not copied.
    """
    try:
        header = read_header(path)
    except DamagedFileError as error:
        raise Unusable(f"it is damaged: {error}", "damaged") from error
    if header is None:
        raise Unusable("it is not DICOM", "other")
    if header.sop_class == _MEDIA_DIRECTORY:
        raise Unusable("it is the table of contents of a disc (DICOMDIR)", "other")
    with warnings.catch_warnings():
        # What is odd in the input is none of the user's business here.
        warnings.simplefilter("ignore")
        try:
            return _clean(_read(path), label, settings)
        except (Unusable, MemoryError):
            raise
        except Exception as error:  # pydicom raises whatever broken bytes lead it to
            reason = f"it is damaged: its elements cannot be understood ({type(error).__name__})"
            raise Unusable(reason, "damaged") from error


def _read(path: str) -> Any:
    import pydicom

    data = pydicom.dcmread(path, force=True)
    for tag in data.keys():  # noqa: SIM118 - to go through the items would convert them
        element = data.get_item(tag)
        length = getattr(element, "length", 0)
        if isinstance(element.value, bytes) and len(element.value) < length < 0xFFFFFFFF:
            raise Unusable("it is damaged: it is cut short", "damaged")
    meta = getattr(data, "file_meta", None)
    if meta is None or "TransferSyntaxUID" not in meta:
        _guess_syntax(data)
    # Tools that empty these in the data set often forget the head of the file.
    for name in ("SOPClassUID", "SOPInstanceUID"):
        if not data.get(name):
            setattr(data, name, data.file_meta.get(f"MediaStorage{name}") or "")
    return data


def _guess_syntax(data: Any) -> None:
    """Say what pydicom found in a file without the group that says it."""
    from pydicom import uid
    from pydicom.dataset import FileMetaDataset

    implicit, little = data.original_encoding
    explicit = uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else explicit


def _clean(data: Any, label: str, settings: Settings) -> Cleaned:
    data.SOPClassUID = data.SOPClassUID or class_by_modality(data)
    data.SOPInstanceUID = data.SOPInstanceUID or f"instance of {label}"
    flag = find_flag(data)
    if flag is not None and not (settings.include_flagged and flag.may_pass):
        raise Unusable(flag.reason, "flagged")
    with_pixels = is_image(data) and flag is None
    _trim_pixels(data, required=with_pixels)
    remove_embedded_overlays(data)
    patient = _identity(data, label)
    cleaner = Cleaner(settings.key, patient, settings.keep, settings.shift, _hidden(data))
    cleaner.clean(data)
    _say_what_was_done(data, settings)
    _new_file_meta(data)
    stem = "slice" if "Rows" in data else "object"
    series = str(data.get("SeriesInstanceUID") or "")
    return Cleaned(data, settings.key.pseudonym(patient), series, stem, flag.reason if flag else "")


def _identity(data: Any, label: str) -> str:
    """Give what tells this patient from others; two unknown ones are not the same."""
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID"):
        value = str(data.get(keyword) or "").strip(" \0^").lower()
        if value:
            return f"{keyword}\0{value}"
    return f"folder\0{os.path.dirname(label)}"


def _hidden(data: Any) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    names = tuple(
        str(data.get(k))
        for k in ("PatientName", "ReferringPhysicianName", "PerformingPhysicianName",
                  "OperatorsName", "OtherPatientNames")
        if data.get(k)
    )  # fmt: skip
    identifiers = tuple(
        str(data.get(k)) for k in ("PatientID", "AccessionNumber", "StudyID") if data.get(k)
    )
    return names, identifiers, str(data.get("PatientBirthDate") or "")


def _trim_pixels(data: Any, *, required: bool) -> None:
    """Cut off what follows the last pixel: anything may be hidden there."""
    if not any(name in data for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        if required:
            raise Unusable("it is damaged: it holds no pixels", "damaged")
        return
    if "PixelData" not in data or data.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    if "422" in str(data.get("PhotometricInterpretation")):
        return
    bits = (
        int(data.Rows) * int(data.Columns) * int(data.get("SamplesPerPixel") or 1)
        * int(data.get("NumberOfFrames") or 1) * int(data.BitsAllocated)
    )  # fmt: skip
    size = (bits + 7) // 8
    if len(data.PixelData) < size:
        raise Unusable("it is damaged: its pixels are cut short", "damaged")
    if len(data.PixelData) > size:
        data.PixelData = data.PixelData[:size] + bytes(size % 2)


def _say_what_was_done(data: Any, settings: Settings) -> None:
    from pydicom.dataset import Dataset

    data.PatientIdentityRemoved = "YES"
    method = ["medvoxel", f"DICOM PS3.15 {profile_edition()} basic profile"]
    method.append("dates shifted" if settings.shift else "dates removed")
    method += [f"kept: {name}"[:64] for name in settings.kept_names]
    data.DeidentificationMethod = method
    codes = []
    for value, meaning in (_PROFILE, _MODIFIED_DATES) if settings.shift else (_PROFILE,):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        codes.append(code)
    data.DeidentificationMethodCodeSequence = codes
    data.LongitudinalTemporalInformationModified = "MODIFIED" if settings.shift else "REMOVED"


def _new_file_meta(data: Any) -> None:
    """Start the file anew: the old head names the machines that it came through."""
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = data.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta = meta
    data.preamble = bytes(128)


def settings_of(
    *, dates: str, keep: Sequence[str], include_flagged: bool, secret: str | None
) -> Settings:
    """Bring the arguments of the user into form; they were checked before."""
    from pydicom.datadict import tag_for_keyword

    tags = frozenset(int(tag_for_keyword(name) or 0) for name in keep)
    return Settings(Key(secret), tags, tuple(keep), dates == "shift", include_flagged)
