"""What a segment is, as a coded term: ``"scheme^value^meaning"``."""

from __future__ import annotations

from typing import Any

__all__ = ["CATEGORY", "dicom_term", "joined_term", "unless_tissue"]

# What 3D Slicer and highdicom's users put where nothing was chosen; in SNOMED CT, and by
# its code of before 2018.
CATEGORY = "SCT^85756007^Tissue"
_TISSUE = ("85756007", "T-D0050")


def joined_term(scheme: str, value: str, meaning: str) -> str | None:
    """Put the parts of a coded term together.

    Parameters
    ----------
    scheme, value, meaning : str
        As a file gives them.

    Returns
    -------
    str or None
        The term, with the value in the place of a missing meaning; None without scheme or
        value.
    """
    scheme, value, meaning = (" ".join(part.split()) for part in (scheme, value, meaning))
    parts = (scheme, value, meaning or value)
    if not all(parts) or not all(part.isprintable() and "^" not in part for part in parts):
        return None
    return "^".join(parts)


def unless_tissue(code: str | None) -> str | None:
    """Take the term that stands for "nothing chosen" for none.

    Parameters
    ----------
    code : str or None
        A term.

    Returns
    -------
    str or None
        None for SNOMED CT's "Tissue", else the term.
    """
    return None if code is None or code.split("^")[1] in _TISSUE else code


def dicom_term(item: Any, keyword: str) -> str | None:
    """Read a coded term of a DICOM data set.

    Parameters
    ----------
    item : pydicom Dataset
        Where it stands.
    keyword : str
        Of the sequence that holds it.

    Returns
    -------
    str or None
        None where there is no term, or no whole one: nothing else of a file depends on it.
    """
    try:
        code = item.get(keyword)[0]
        value = code.get("CodeValue") or code.get("LongCodeValue") or code.get("URNCodeValue")
        texts = (code.get("CodingSchemeDesignator"), value, code.get("CodeMeaning"))
        return joined_term(*(str(text or "") for text in texts))
    except Exception:  # elements are decoded when they are used: any may be broken
        return None
