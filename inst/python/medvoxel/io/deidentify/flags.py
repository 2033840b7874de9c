"""Find what may show a person in ways that no table of elements can mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Flag", "class_by_modality", "find_flag", "is_image", "remove_embedded_overlays"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# What the profile has rules for, and what nobody types or burns anything into as a habit.
_KNOWN = frozenset(
    _STORAGE + end
    for end in (
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "4", "4.1", "4.3",
        "4.4", "12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5",
        "20", "30", "66.1", "66.2", "66.3", "66.4", "66.5", "66.7", "67", "68.1", "68.2", "128",
        "128.1", "130", "481.1", "481.2", "481.3", "481.5", "481.8",
    )
)  # fmt: skip
_NO_PIXELS = frozenset(
    _STORAGE + end
    for end in ("66.1", "66.2", "66.3", "66.5", "67", "68.1", "68.2", "481.3", "481.5", "481.8")
)
# Nothing would be left of these: the profile replaces all that they say.
_DOCUMENTS = {
    "104.": "a document",
    "88.": "a structured report or key object note",
    "11.": "a presentation state, with drawings and texts",
    "9.": "a waveform",
    "66": "raw data of the maker",
}
_PICTURES = {
    "7": "a secondary capture, with texts in its pixels as a rule",
    "6.": "ultrasound, with the name in its pixels as a rule",
    "3.1": "ultrasound, with the name in its pixels as a rule",
    "77.1.": "a photograph or video",
}
_BY_MODALITY = {"CT": "2", "MR": "4", "PT": "128", "NM": "20", "RTDOSE": "481.2"}
_CAPTURED = frozenset(("DF", "DI", "SD", "SI", "SYN", "WSD", "DRW"))


@dataclass(frozen=True)
class Flag:
    """Why a file may show who the patient is.

    Parameters
    ----------
    reason : str
        For people.
    may_pass : bool
        Whether the file is copied when the user asks for flagged ones.
    """

    reason: str
    may_pass: bool


def class_by_modality(data: Any) -> str:
    """Tell the kind of an image that does not say it.

    Parameters
    ----------
    data : pydicom Dataset
        Without SOP class.

    Returns
    -------
    str
        The class that was meant; "" when that is not plain.
    """
    end = _BY_MODALITY.get(str(data.get("Modality") or "").upper())
    return _STORAGE + end if end and "PixelData" in data else ""


def find_flag(data: Any) -> Flag | None:
    """Look at one file.

    Parameters
    ----------
    data : pydicom Dataset
        As it was read.

    Returns
    -------
    Flag or None
        ``None`` when nothing speaks against copying it.
    """
    sop_class = str(data.get("SOPClassUID") or "")
    if not sop_class:
        return Flag("it does not say what kind of object it is", False)
    kind = sop_class.removeprefix(_STORAGE)
    for end, what in _DOCUMENTS.items():
        if kind == end or (end.endswith(".") and kind.startswith(end)):
            return Flag(f"it is {what}", False)
    for end, what in _PICTURES.items():
        if kind == end or kind.startswith(end + "." * (not end.endswith("."))):
            return Flag(f"it is {what}", True)
    return _flag_of_header(data) or _flag_of_overlay(data) or _flag_of_unknown(sop_class)


def _flag_of_header(data: Any) -> Flag | None:
    image_type = str(data.get("ImageType") or "").upper()
    if str(data.get("BurnedInAnnotation") or "").upper() == "YES":
        return Flag("its header says that there are texts in its pixels", True)
    if str(data.get("RecognizableVisualFeatures") or "").upper() == "YES":
        return Flag("its header says that it shows a person who can be recognised", True)
    if str(data.get("Modality") or "").upper() in ("US", "IVUS"):
        return Flag("it is ultrasound, with the name in its pixels as a rule", True)
    if str(data.get("ConversionType") or "").upper() in _CAPTURED or "SCREEN" in image_type:
        return Flag("it is a screenshot or a scanned film", True)
    return None


def _flag_of_unknown(sop_class: str) -> Flag | None:
    if sop_class in _KNOWN:
        return None
    return Flag("it is of a kind that is not known to be safe", True)


def _flag_of_overlay(data: Any) -> Flag | None:
    if data.file_meta.TransferSyntaxUID.is_compressed and _overlay_bits(data):
        return Flag("there are drawings in unused bits of its compressed pixels", True)
    return None


def is_image(data: Any) -> bool:
    """Whether an object has to have pixels.

    Parameters
    ----------
    data : pydicom Dataset
        Of a kind that is copied.

    Returns
    -------
    bool
        ``False`` for structure sets, registrations and their like.
    """
    return str(data.get("SOPClassUID") or "") not in _NO_PIXELS


def _overlay_bits(data: Any) -> int:
    """Bits of a pixel that hold old overlays, as a mask."""
    mask = 0
    for group in range(0x6000, 0x6020, 2):
        position = data.get((group, 0x0102))
        if position is not None and (group, 0x3000) not in data and position.value:
            mask |= 1 << int(position.value)
    return mask


def remove_embedded_overlays(data: Any) -> None:
    """Clear the bits of the pixels that hold overlays, which are drawings and texts.

    Parameters
    ----------
    data : pydicom Dataset
        With its overlay groups; its pixels, if they are not compressed, are changed. Bits
        that are values are never touched.
    """
    import numpy as np

    mask = _overlay_bits(data)
    if not mask or "PixelData" not in data or data.file_meta.TransferSyntaxUID.is_compressed:
        return
    allocated, high = int(data.BitsAllocated), int(data.HighBit)
    values = ((1 << int(data.BitsStored)) - 1) << max(high - int(data.BitsStored) + 1, 0)
    mask &= ~values & ((1 << allocated) - 1)
    if mask and allocated in (8, 16, 32):
        order = "<" if data.original_encoding[1] else ">"
        words = np.frombuffer(data.PixelData, f"{order}u{allocated // 8}")
        data.PixelData = (words & ~np.array(mask, words.dtype)).astype(words.dtype).tobytes()
