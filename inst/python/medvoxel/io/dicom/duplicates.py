"""Several acquisitions in one series: take apart what lies at the same place.

Echoes, time points and b-values of one series, or two acquisitions of the same region,
put several images at one position. What tells them apart is in the headers; only when
nothing does are they duplicates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .header import Header
from .stack import plane_axes

__all__ = [
    "difference",
    "drop_copies",
    "has_duplicates",
    "order_key",
    "split_acquisitions",
    "values_of",
]

# Closer than this along the normal is the same place, mm.
_SAME_PLACE = 1e-3

# What tells acquisitions apart, the plainest first; the words are for people.
_KEYS: tuple[tuple[str, str], ...] = (
    ("acquisition", "acquisition"),
    ("temporal_position", "temporal position"),
    ("echo_time", "echo time"),
    ("echo_number", "echo"),
    ("b_value", "b-value"),
    ("trigger_time", "trigger time"),
    ("inversion_time", "inversion time"),
    ("flip_angle", "flip angle"),
    ("gradient", "gradient direction"),
    ("kvp", "kVp"),
    ("component", "component"),
    ("stack", "stack"),
    ("image_type", "image type"),
    ("kernel", "kernel"),
    ("time", "time point"),
)


def has_duplicates(headers: Sequence[Header]) -> bool:
    """Whether two images of one raster lie at the same place.

    Parameters
    ----------
    headers : sequence of Header
        Of one orientation.

    Returns
    -------
    bool
        ``False`` when they have no geometry.
    """
    return _count_duplicates(headers) > 0


def _count_duplicates(headers: Sequence[Header]) -> int:
    if len(headers) < 2 or not headers[0].has_geometry:
        return 0
    return int(np.count_nonzero(np.diff(_along(headers)) <= _SAME_PLACE))


def _along(headers: Sequence[Header]) -> NDArray[np.float64]:
    """Places along the normal, ascending."""
    axes = plane_axes(headers[0].orientation)
    if axes is None:
        return np.arange(len(headers), dtype=float)
    return np.sort(np.array([h.position for h in headers]) @ axes[:, 2])


def split_acquisitions(headers: list[Header]) -> list[list[Header]]:
    """Split images at the same places into acquisitions.

    Parameters
    ----------
    headers : list of Header
        Of one series and raster.

    Returns
    -------
    list of list of Header
        The images as they are when no two lie at one place, or when nothing in their
        headers tells them apart.

    Notes
    -----
    The key after which the fewest places are taken twice decides, and of several the one
    with the fewest values; what it leaves is split by the others. Values that merely
    differ along the stack (an acquisition number for each breath, or a time for each
    image) do not split it: of those there are far more than images at one place.
    """
    before = _count_duplicates(headers)
    # Images that all lie at one place are no volume, however they are sorted.
    if before in (0, len(headers) - 1):
        return [headers]
    most = 2 * _largest_pile(headers)
    best: list[list[Header]] | None = None
    score = (before, 0)
    for key, _ in _KEYS:
        parts = _partition(headers, key)
        if not 2 <= len(parts) <= most:
            continue
        found = (sum(map(_count_duplicates, parts)), len(parts))
        if found[0] < before and found < score:
            best, score = parts, found
    if best is None:
        return [headers]
    return [small for part in best for small in split_acquisitions(part)]


def _largest_pile(headers: Sequence[Header]) -> int:
    """Count the images at the place that has most of them."""
    along = _along(headers)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(along) > _SAME_PLACE]))
    return int(np.diff(np.append(starts, len(along))).max())


def _partition(headers: list[Header], key: str) -> list[list[Header]]:
    parts: dict[object, list[Header]] = {}
    for header in headers:
        parts.setdefault(_value(header, key), []).append(header)
    return list(parts.values())


def _value(header: Header, key: str) -> str:
    return "/".join(header.image_type) if key == "image_type" else header.key(key)


def values_of(headers: Sequence[Header]) -> dict[str, set[str]]:
    """Collect the values of all keys that tell acquisitions apart.

    Parameters
    ----------
    headers : sequence of Header
        One of each stack of a series.

    Returns
    -------
    dict of str to set of str
        For :func:`difference`.
    """
    return {key: {_value(header, key) for header in headers} for key, _ in _KEYS}


def difference(header: Header, known: Mapping[str, set[str]]) -> str:
    """Say in which keys an image differs from those of other stacks.

    Parameters
    ----------
    header : Header
        Of the stack that is named.
    known : mapping of str to set of str
        From :func:`values_of`.

    Returns
    -------
    str
        Such as ``"echo time 2.46"``; "" when no key tells them apart.
    """
    said = []
    for key, words in _KEYS:
        own = _value(header, key)
        if own and len(known[key]) > 1:
            # The time of day could lead to the patient: only which of them it was.
            own = str(sorted(known[key]).index(own) + 1) if key == "time" else own
            said.append(f"{words} {own}")
    return ", ".join(said[:3])


def order_key(header: Header) -> tuple[object, ...]:
    """Put images at one place in order: by what tells acquisitions apart, then by number.

    Parameters
    ----------
    header : Header
        Of the image.

    Returns
    -------
    tuple
        To be compared with those of other images.
    """
    values = (_natural(_value(header, key)) for key, _ in _KEYS[:-1])
    return (*values, header.number("instance") or 0.0, header.frame, _natural(header.path))


def _natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """Let IM10 come after IM2."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text)
    return tuple((1, float(p), "") if p[:1].isdigit() else (0, 0.0, p) for p in parts)


def drop_copies(
    headers: Sequence[Header], same_pixels: Callable[[Header, Header], bool]
) -> tuple[list[Header], list[Header]]:
    """Leave out exact copies: the same image under the same identifier in two files.

    Parameters
    ----------
    headers : sequence of Header
        In the order of the paths.
    same_pixels : callable
        Compares the pixels of two images.

    Returns
    -------
    kept : list of Header
        The first of each.
    copies : list of Header
        The others.
    """
    kept: list[Header] = []
    copies: list[Header] = []
    seen: dict[tuple[object, ...], Header] = {}
    for header in headers:
        key = (header.text("sop_instance"), header.frame, header.position)
        first = seen.setdefault(key, header)
        if first is header or not key[0] or not same_pixels(first, header):
            kept.append(header)
        else:
            copies.append(header)
    return kept, copies
