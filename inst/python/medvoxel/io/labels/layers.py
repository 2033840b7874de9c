"""Put segments that a file keeps in several layers into one labelmap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...volume import Segment, segment_colours
from .._file_checks import warn_user

__all__ = ["LayeredSegment", "free_name", "labels_in", "merge_layers", "warn_of_unnamed"]

_SHOWN = 5
_MOST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class LayeredSegment:
    """A segment of a file of several layers.

    Parameters
    ----------
    layer : int
        Which layer it is in.
    label : int
        The value that stands for it there; other layers may use it too.
    name, colour, status, code
        As of :class:`medvoxel.Segment`.
    """

    layer: int
    label: int
    name: str
    colour: str
    status: str | None = None
    code: str | None = None


def merge_layers(
    layers: NDArray[Any], segments: Sequence[LayeredSegment], name: str
) -> tuple[NDArray[Any], tuple[Segment, ...]]:
    """Make one labelmap of layers; of segments that overlap, the later is on top.

    Parameters
    ----------
    layers : ndarray of int, shape (layers, z, y, x)
        The layers.
    segments : sequence of LayeredSegment
        In the order of the file.
    name : str
        Of the file, for the warnings.

    Returns
    -------
    ndarray of int, shape (z, y, x)
        The labelmap.
    tuple of Segment
        Its table.

    Warns
    -----
    MedvoxelWarning
        When labels had to change because two layers use the same, when segments overlap
        (with the voxels of each pair), and when labels have no name.
    """
    segments = [*segments, *_without_row(layers, segments, name)]
    values = _own_values(segments, name)
    table = tuple(
        Segment(value, row.name, row.colour, status=row.status, code=row.code)
        for value, row in zip(values, segments, strict=True)
    )
    if len(layers) == 1 and [row.label for row in segments] == values:
        return layers[0], table
    _warn_of_overlap(layers, segments, name)
    # The place in the table plus one: of two, the greater is the later one.
    order = np.zeros(layers.shape[1:], np.int32)
    for i, layer in enumerate(layers):
        np.maximum(order, _places(layer, i, segments), out=order)
    highest = max(values, default=0)
    dtype = np.uint8 if highest < 256 else np.uint16 if highest < 65536 else np.int32
    return np.array([0, *values], dtype)[order], table


def _places(
    layer: NDArray[Any], index: int, segments: Sequence[LayeredSegment]
) -> NDArray[np.int32]:
    """Place in the table, counted from 1, of what is in each voxel of a layer."""
    # A later row for the same label takes the place of an earlier one.
    rows = {row.label: i for i, row in enumerate(segments, start=1) if row.layer == index}
    labels = sorted(rows)
    places = np.array([0, *(rows[label] for label in labels)], np.int32)
    if not labels:
        return np.zeros(layer.shape, np.int32)
    if labels[-1] < 65536:
        table = np.zeros(65536, np.int32)
        table[labels] = places[1:]
        return table[layer]
    return np.where(layer == 0, 0, places[np.searchsorted(labels, layer) + 1])


def _without_row(
    layers: NDArray[Any], segments: Sequence[LayeredSegment], name: str
) -> list[LayeredSegment]:
    """Rows for the labels that occur and that no segment claims."""
    known = {(row.layer, row.label) for row in segments}
    found = [(i, int(v)) for i, layer in enumerate(layers) for v in labels_in(layer)]
    lost = [place for place in found if place not in known]
    taken = {row.name for row in segments}
    if lost and segments:
        warn_of_unnamed(len(lost), name)
    palette = segment_colours(len(segments) + len(lost))[len(segments) :]
    return [
        LayeredSegment(layer, label, free_name(label, taken), colour)
        for (layer, label), colour in zip(lost, palette, strict=True)
    ]


def labels_in(array: NDArray[Any]) -> list[int]:
    """Labels that occur, in rising order, without 0.

    Parameters
    ----------
    array : ndarray of int
        Labels, none of them negative.

    Returns
    -------
    list of int
        The labels.
    """
    if array.dtype.itemsize <= 2 and array.dtype.kind == "u":
        counts = np.zeros(1 << (8 * array.dtype.itemsize), np.int64)
        for plane in array:
            part = np.bincount(plane.ravel())
            counts[: len(part)] += part
        values = np.flatnonzero(counts)
    else:
        values = np.unique(np.concatenate([np.unique(plane) for plane in array]))
    return [int(v) for v in values if v]


def free_name(value: int, taken: set[str]) -> str:
    """Name for a label without one, as everywhere in medvoxel; added to `taken`.

    Parameters
    ----------
    value : int
        The label.
    taken : set of str
        Names that are used already.

    Returns
    -------
    str
        ``"segment 3"``, with a number behind it where that is taken.
    """
    name, count = f"segment {value}", 1
    while name in taken:
        count += 1
        name = f"segment {value} ({count})"
    taken.add(name)
    return name


def warn_of_unnamed(count: int, name: str) -> None:
    """Tell of labels that occur and that the table of a file does not name.

    Parameters
    ----------
    count : int
        How many.
    name : str
        Of the file.
    """
    one = count == 1
    warn_user(
        f"{count} label{'' if one else 's'} that occur{'s' if one else ''} in {name} "
        f"{'has' if one else 'have'} no name in its table.",
        'Such labels are called "segment" and their value.',
    )


def _own_values(segments: Sequence[LayeredSegment], name: str) -> list[int]:
    """Give each segment a value that no other has: its label where that is free."""
    first: dict[int, int] = {}
    for i, row in enumerate(segments):
        first.setdefault(row.label, i)
    used, values, changed = set(first), [], []
    free = 1
    for i, row in enumerate(segments):
        value = row.label
        if first[value] != i:
            while free in used:
                free += 1
            value = free
            used.add(value)
            changed.append(f"{row.name} is now {value}")
        if value > _MOST:
            raise InputError(f"The label {value} of {name} is too large for a labelmap.")
        values.append(value)
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        warn_user(
            f"Segments of {name} share a label, so that some got another: "
            f"{', '.join(changed[:_SHOWN])}{more}.",
            "Go by the names of segments rather than by their values.",
        )
    return values


def _warn_of_overlap(layers: NDArray[Any], segments: Sequence[LayeredSegment], name: str) -> None:
    hidden = _overlaps(layers, segments)
    if not hidden:
        return
    pairs = [
        f"{count} of {segments[under].name!r} under {segments[over].name!r}"
        for (under, over), count in sorted(hidden.items(), key=lambda item: -item[1])
    ]
    more = f" and {len(pairs) - _SHOWN} more pairs" if len(pairs) > _SHOWN else ""
    warn_user(
        f"Segments of {name} overlap, and one labelmap holds one of them in each voxel; the "
        f"later one is on top: {', '.join(pairs[:_SHOWN])}{more} (voxels).",
        "What is below is lost here; the file keeps it.",
    )


def _overlaps(
    layers: NDArray[Any], segments: Sequence[LayeredSegment]
) -> dict[tuple[int, int], int]:
    """Voxels that each pair of segments shares, by their places in the table."""
    several = np.zeros(layers.shape[1:], np.uint16)
    for layer in layers:
        several += layer != 0
    where = several > 1
    # One entry for each segment of each such voxel, by voxel and then by place.
    columns = [_places(layer[where], i, segments) for i, layer in enumerate(layers)]
    present = [np.flatnonzero(column) for column in columns]
    voxels = np.concatenate(present)
    places = np.concatenate([c[p] - 1 for c, p in zip(columns, present, strict=True)])
    turn = np.lexsort((places, voxels))
    voxels, places = voxels[turn], places[turn]
    hidden: Counter[tuple[int, int]] = Counter()
    for step in range(1, int(several.max(initial=0))):
        same = voxels[step:] == voxels[:-step]
        codes = places[:-step][same] * np.int64(len(segments)) + places[step:][same]
        for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
            hidden[divmod(int(code), len(segments))] += int(count)
    return hidden | _same_voxels(layers, segments)


def _same_voxels(
    layers: NDArray[Any], segments: Sequence[LayeredSegment]
) -> dict[tuple[int, int], int]:
    """Voxels of rows that stand for one label of one layer, and so for the same voxels."""
    first: dict[tuple[int, int], int] = {}
    shared = {}
    for i, row in enumerate(segments):
        under = first.setdefault((row.layer, row.label), i)
        if under != i:
            count = int(np.count_nonzero(layers[row.layer] == row.label))
            shared.update({(under, i): count} if count else {})
            first[row.layer, row.label] = i
    return shared
