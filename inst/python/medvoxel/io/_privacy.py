"""Take what names a person out of a free text."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["REMOVED", "scrub"]

REMOVED = "[removed]"


def scrub(text: str, *, names: tuple[str, ...], identifiers: tuple[str, ...], birth: str) -> str:
    """Replace parts of a text that come from the patient's name, identifier or birth date.

    Parameters
    ----------
    text : str
        A description that somebody typed.
    names : tuple of str
        DICOM person names; each part of three letters or more is removed.
    identifiers : tuple of str
        Identifiers, removed as a whole.
    birth : str
        Birth date as ``YYYYMMDD``, removed in its usual spellings; may be empty.

    Returns
    -------
    str
        The text with ``[removed]`` in their place.
    """
    pattern = _pattern(names, identifiers, birth)
    return text if pattern is None else pattern.sub(REMOVED, text)


@lru_cache(maxsize=16)
def _pattern(
    names: tuple[str, ...], identifiers: tuple[str, ...], birth: str
) -> re.Pattern[str] | None:
    words = {i.strip() for i in identifiers if len(i.strip()) >= 2}
    for name in names:
        # Both the whole part (Smith-Jones) and its pieces (Smith, Jones).
        words.update(re.split(r"[\^=\s,]+", name), re.split(r"[\W_]+", name))
    words = {w for w in words if len(w) >= 3 or w in identifiers}
    if re.fullmatch(r"\d{8}", birth):
        year, month, day = birth[:4], birth[4:6], birth[6:]
        for order in ((year, month, day), (day, month, year), (month, day, year)):
            words.update(mark.join(order) for mark in ("-", ".", "/", "_", " ", ""))
    if not words:
        return None
    longest_first = sorted((re.escape(w) for w in words), key=lambda w: (-len(w), w))
    # An underscore divides words in descriptions, so \b will not do.
    edge = r"[^\W_]"
    return re.compile(f"(?<!{edge})(?:{'|'.join(longest_first)})(?!{edge})", re.IGNORECASE)
