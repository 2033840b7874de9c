"""Apply the rules to one data set and all that is nested in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..dicom.privacy import scrub
from .key import Key, shifted
from .rules import action_of, is_class_uid, representation

__all__ = ["Cleaner"]

DUMMY = "REMOVED"
_DUMMIES: dict[str, Any] = {
    "AS": "000Y", "DA": "19000101", "DT": "19000101000000", "TM": "000000", "DS": "0", "IS": "0",
    "UR": "http://removed.invalid", "OB": b"\0\0", "OW": b"\0\0", "UN": b"\0\0", "UI": "",
    "OF": bytes(4), "OL": bytes(4), "OD": bytes(8), "OV": bytes(8), "AT": 0,
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9_ .+/-]{0,16}")
_UID = re.compile(r"[0-9.]{0,64}")
_ROI_NAME, _ROI_NUMBER = 0x30060026, 0x30060022
_BINARY = frozenset(("AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV", "OB", "OW", "OF", "OD",
                     "OL", "OV"))  # fmt: skip


@dataclass(frozen=True)
class Cleaner:
    """What is needed to clean one file.

    Parameters
    ----------
    key : Key
        Replaces what identifies.
    patient : str
        What tells this patient from others.
    keep : frozenset of int
        Tags of texts that the user keeps.
    shift : bool
        Whether dates are shifted rather than removed.
    hidden : tuple of (names, identifiers, birth date)
        What is taken out of the texts that are kept.
    """

    key: Key
    patient: str
    keep: frozenset[int]
    shift: bool
    hidden: tuple[tuple[str, ...], tuple[str, ...], str]

    def clean(self, data: Any) -> None:
        """Apply the rules.

        Parameters
        ----------
        data : pydicom Dataset
            Changed in place, with the items of its sequences.
        """
        for tag in list(data.keys()):
            action = action_of(int(tag), self.keep, self.shift)
            _ACTIONS[action](self, data, int(tag))

    def _walk(self, data: Any, tag: int) -> None:
        element = data[tag]
        if element.VR != "SQ":
            del data[tag]
            return
        for item in element.value:
            self.clean(item)

    def _replace_uids(self, data: Any, tag: int) -> None:
        parts = _text(data, tag).split("\\")
        _put(data, tag, "UI", [self.key.uid(part) for part in parts])

    def _shift(self, data: Any, tag: int) -> None:
        vr = str(representation(tag))
        value = shifted(vr, _text(data, tag), self.key.shift(self.patient))
        _put(data, tag, vr, value.split("\\"))

    def _rename(self, data: Any, tag: int) -> None:
        if tag == 0x00100020:
            _put(data, tag, "LO", [self.key.pseudonym(self.patient)])
        else:
            _put(data, tag, "PN", [self.key.name(self.patient, _text(data, tag).lower())])

    def _keep_scrubbed(self, data: Any, tag: int) -> None:
        if representation(tag) in ("DS", "IS"):
            _keep_numbers(self, data, tag)
            return
        element = data[tag]
        names, identifiers, birth = self.hidden
        values = [element.value] if isinstance(element.value, str) else _listed(element.value or ())
        clean = [scrub(str(v), names=names, identifiers=identifiers, birth=birth) for v in values]
        _put(data, tag, str(element.VR), clean)

    def _blank(self, data: Any, tag: int) -> None:
        """Put a dummy of the right kind."""
        vr = str(representation(tag)).split(" ")[0]
        if vr == "SQ":
            self._blank_items(data, tag)
        elif vr == "UI":
            (_keep_classes if is_class_uid(tag) else Cleaner._replace_uids)(self, data, tag)
        else:
            _put(data, tag, vr, _DUMMIES.get(vr, 0 if vr in _BINARY else DUMMY))

    def _blank_items(self, data: Any, tag: int) -> None:
        element = data[tag]
        if element.VR != "SQ":
            del data[tag]
            return
        for item in element.value:
            for inner in map(int, list(item.keys())):
                if (inner >> 16) % 2 or representation(inner) is None:
                    del item[inner]
                else:
                    self._blank(item, inner)

    def _empty(self, data: Any, tag: int) -> None:
        # Which region is which would be lost otherwise: names of regions are no Type 3.
        if tag == _ROI_NAME:
            number = _text(data, _ROI_NUMBER).strip() if _ROI_NUMBER in data else ""
            _put(data, tag, "LO", f"ROI-{number}" if number.isdigit() else DUMMY)
            return
        vr = str(representation(tag))
        _put(data, tag, vr, [] if vr == "SQ" else None)


def _remove(cleaner: Cleaner, data: Any, tag: int) -> None:
    del data[tag]


def _keep_raw(cleaner: Cleaner, data: Any, tag: int) -> None:
    """Keep an element, unless it is a text in the place of a number."""
    element = data.get_item(tag)
    wanted = str(representation(tag)).split(" ")[0]
    if wanted not in _BINARY or element.VR is None or str(element.VR).split(" ")[0] in _BINARY:
        return
    if element.VR != "UN" or (wanted[0] != "O" and len(element.value or b"") > 8):
        del data[tag]


def _keep_numbers(cleaner: Cleaner, data: Any, tag: int) -> None:
    parts = _text(data, tag).split("\\")
    try:
        for part in parts:
            float(part.strip(" \0") or 0)
    except ValueError:
        del data[tag]


def _keep_classes(cleaner: Cleaner, data: Any, tag: int) -> None:
    parts = [part.strip(" \0") for part in _text(data, tag).split("\\")]
    _put(data, tag, "UI", [part for part in parts if _UID.fullmatch(part)])


def _keep_codes(cleaner: Cleaner, data: Any, tag: int) -> None:
    parts = [part.strip(" \0") for part in _text(data, tag).split("\\")]
    names, identifiers, birth = cleaner.hidden
    clean = [scrub(part, names=names, identifiers=identifiers, birth=birth) for part in parts]
    # A code in which something was replaced is none any more.
    kept = [part if _CODE.fullmatch(new) else "" for part, new in zip(parts, clean, strict=True)]
    if kept != parts:
        _put(data, tag, "CS", kept)


_ACTIONS: dict[str, Callable[[Cleaner, Any, int], None]] = {
    "X": _remove,
    "Z": Cleaner._empty,
    "D": Cleaner._blank,
    "U": Cleaner._replace_uids,
    "walk": Cleaner._walk,
    "shift": Cleaner._shift,
    "patient": Cleaner._rename,
    "kept": Cleaner._keep_scrubbed,
    "raw": _keep_raw,
    "number": _keep_numbers,
    "code": _keep_codes,
    "class": _keep_classes,
}


def _text(data: Any, tag: int) -> str:
    """Value as it stands in the file, several with backslashes between."""
    value = data.get_item(tag).value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else "\\".join(map(str, _listed(value)))


def _listed(value: Any) -> list[Any]:
    return list(value) if hasattr(value, "__iter__") else [value]


def _put(data: Any, tag: int, vr: str, value: Any) -> None:
    from pydicom.config import IGNORE
    from pydicom.dataelem import DataElement

    if isinstance(value, list) and vr != "SQ":
        value = value[0] if len(value) == 1 else value
    data[tag] = DataElement(tag, vr, value, validation_mode=IGNORE)
