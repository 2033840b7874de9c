"""Transfer syntaxes by name, without loading pydicom for the two that are most common."""

from __future__ import annotations

from functools import lru_cache

from .._quiet import quietly

__all__ = ["is_lossy", "syntax_name"]

_UNCOMPRESSED = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
}
# Those that always lose something; others may, and then Lossy Image Compression says so.
_LOSSY = frozenset(
    f"1.2.840.10008.1.2.4.{tail}" for tail in ("50", "51", "52", "53", "54", "55", "56", "81")
)


@lru_cache(maxsize=64)
def syntax_name(uid: str) -> str:
    """Name a transfer syntax.

    Parameters
    ----------
    uid : str
        Its UID.

    Returns
    -------
    str
        As the standard names it; the UID itself when it is not a standard one.
    """
    if uid in _UNCOMPRESSED:
        return _UNCOMPRESSED[uid]
    from pydicom.uid import UID

    with quietly():
        return UID(uid).name


def is_lossy(uid: str) -> bool:
    """Whether a transfer syntax always changes the values.

    Parameters
    ----------
    uid : str
        Its UID.

    Returns
    -------
    bool
        ``True`` for JPEG baseline and extended, and near-lossless JPEG-LS.
    """
    return uid in _LOSSY
