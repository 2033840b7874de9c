"""Sort headers into series, and say what each series is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._dicom_geometry import Stack, plane_axes, stack_slices
from ._header import Header

__all__ = ["Series", "SeriesInfo", "group_series", "same_stack", "slice_distance"]

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Cosines and spacings of one stack differ by what rounding leaves.
_SAME_COSINE = 1e-3
_SAME_SPACING = 1e-3
_COLUMNS = (
    "index", "kind", "modality", "number", "description", "kernel", "slices", "rows", "columns",
    "folder", "uid",
)  # fmt: skip


@dataclass(frozen=True)
class SeriesInfo:
    """One line about one series, without anything that identifies a person.

    Parameters
    ----------
    index : int
        Place in the list of series, 0-based.
    uid : str
        Series Instance UID.
    modality : str
        DICOM modality, such as ``"CT"``.
    description : str
        Series description; parts of the patient's name, identifier and birth date are
        replaced by ``[removed]``.
    number : int or None
        Series number.
    slices : int
        Number of images.
    rows, columns : int or None
        Size of an image.
    spacing : tuple of float or None
        (z, y, x) in mm; z from positions. ``None`` when the files do not say.
    kind : str
        ``"volume"``, or why it is none: ``"localizer"``, ``"secondary capture"``,
        ``"multi-frame"`` (frames without positions of their own), ``"colour image"``,
        ``"no position"`` or ``"not an image"``.
    kernel : str
        Convolution kernel, "" when absent.
    folder : str
        The folder that holds its files.
    files : tuple of str
        Its files.
    """

    index: int
    uid: str
    modality: str
    description: str
    number: int | None
    slices: int
    rows: int | None
    columns: int | None
    spacing: tuple[float, float, float] | None
    kind: str
    kernel: str
    folder: str
    files: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        """Give one row of a table.

        Returns
        -------
        dict
            Plain values: all but the files; the spacing in three entries, mm.
        """
        z, y, x = self.spacing or (None, None, None)
        flat = {name: getattr(self, name) for name in _COLUMNS}
        return {**flat, "spacing_x": x, "spacing_y": y, "spacing_z": z}


@dataclass(frozen=True)
class Series:
    """The headers of one series, or of the part of one with the same raster.

    Parameters
    ----------
    headers : tuple of Header
        In the order of the paths.
    kind : str
        See :class:`SeriesInfo`.
    parts : int
        Into how many stacks of different orientation, size or pixel spacing the series
        falls.
    """

    headers: tuple[Header, ...]
    kind: str
    parts: int = 1

    @property
    def first(self) -> Header:
        """The first header: what all have in common is read from it."""
        return self.headers[0]

    @property
    def images(self) -> int:
        """Number of images, with all frames of files whose frames have no place."""
        return sum(1 if h.expanded else h.frames for h in self.headers)

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        size = self.first.format
        return 0 if size is None else size.rows * size.columns * len(self.headers)

    def stack(self) -> tuple[Stack, list[Header]] | None:
        """Slices and headers in order along the normal; ``None`` without geometry."""
        axes = plane_axes(self.first.orientation) if self.first.has_geometry else None
        if axes is None:
            return None
        positions = np.array([h.position for h in self.headers])
        stack, order = stack_slices(
            axes, positions, self.first.pixel_spacing, [h.name for h in self.headers]
        )
        return stack, [self.headers[i] for i in order]

    def label(self) -> str:
        """Name the series for people."""
        number = self.first.number("number")
        which = "without number" if number is None else f"{number:.0f}"
        text = f"{self.first.modality} series {which}".strip()
        description = self.first.description
        count = self.images
        named = f"{text} {description!r}" if description else text
        return f"{named} ({count} {'slice' if count == 1 else 'slices'})"

    def info(self, index: int) -> SeriesInfo:
        """Give the line for the list of series."""
        first, number = self.first, self.first.number("number")
        files = tuple(dict.fromkeys(h.path for h in self.headers))
        return SeriesInfo(
            index=index,
            uid=first.series_uid,
            modality=first.modality,
            description=first.description,
            number=None if number is None else int(number),
            slices=self.images,
            rows=first.format.rows if first.format else None,
            columns=first.format.columns if first.format else None,
            spacing=self._spacing(),
            kind=self.kind,
            kernel=first.text("kernel"),
            folder=os.path.commonpath([os.path.dirname(file) for file in files]),
            files=files,
        )

    def _spacing(self) -> tuple[float, float, float] | None:
        stacked = self.stack()
        if stacked is None:
            return None
        stack = stacked[0]
        step = stack.typical_step or slice_distance(self.first)
        return None if step is None else (step, *stack.pixel_spacing)


def slice_distance(header: Header) -> float | None:
    """Distance of slices from the header, for a single slice where positions say nothing.

    Parameters
    ----------
    header : Header
        Of the slice.

    Returns
    -------
    float or None
        Millimetres; ``None`` when the file does not say.
    """
    for key in ("slice_thickness", "slice_spacing"):
        value = header.number(key)
        if value is not None and abs(value) > 0:
            return abs(value)
    return None


def group_series(headers: Iterable[Header]) -> list[Series]:
    """Sort headers into series and split those that mix rasters.

    Parameters
    ----------
    headers : iterable of Header
        In any order.

    Returns
    -------
    list of Series
        In the order of series number, then UID, then size; it does not depend on the
        names of the files.
    """
    by_uid: dict[str, list[Header]] = {}
    for header in headers:
        # Without a UID, files of one folder are taken together.
        key = header.series_uid or os.path.dirname(header.path)
        by_uid.setdefault(key, []).append(header)
    found: list[tuple[tuple[object, ...], Series]] = []
    for uid, members in by_uid.items():
        parts = _split(members)
        volumes = sum(part.kind == "volume" for part in parts)
        for part in parts:
            series = Series(part.headers, part.kind, max(volumes, 1))
            number = series.first.number("number")
            key = (number is None, number or 0, uid, -len(part.headers), part.first.path)
            found.append((key, series))
    return [series for _, series in sorted(found, key=lambda pair: pair[0])]


def _split(members: list[Header]) -> list[Series]:
    """Split by kind, matrix size, orientation and pixel spacing."""
    parts: list[list[Header]] = []
    seen: dict[tuple[object, ...], int] = {}
    for header in members:
        kind = _kind(header)
        key = (kind, _matrix(header), header.orientation, header.pixel_spacing)
        if key not in seen:
            fits = (
                i
                for i, part in enumerate(parts)
                if _kind(part[0]) == kind and _same_raster(part[0], header)
            )
            seen[key] = next(fits, len(parts))
            if seen[key] == len(parts):
                parts.append([])
        parts[seen[key]].append(header)
    return [Series(tuple(part), _kind(part[0])) for part in parts]


def _matrix(header: Header) -> tuple[int, int] | None:
    return (header.format.rows, header.format.columns) if header.format else None


def _same_raster(a: Header, b: Header) -> bool:
    if _matrix(a) != _matrix(b) or a.has_geometry != b.has_geometry:
        return False
    return not a.has_geometry or bool(
        np.allclose(a.orientation, b.orientation, rtol=0, atol=_SAME_COSINE)
        and np.allclose(a.pixel_spacing, b.pixel_spacing, rtol=_SAME_SPACING, atol=0)
    )


def same_stack(a: Header, b: Header) -> bool:
    """Whether two images are of one series, kind and raster.

    Parameters
    ----------
    a, b : Header
        The images.

    Returns
    -------
    bool
        ``True`` when they belong to one stack.
    """
    return a.series_uid == b.series_uid and _kind(a) == _kind(b) and _same_raster(a, b)


def _kind(header: Header) -> str:
    if header.format is None:
        return "not an image"
    if "LOCALIZER" in header.image_type:
        return "localizer"
    if header.format.samples != 1:
        return "colour image"
    whole_file = header.frames > 1 and not header.expanded
    if header.has_geometry and not whole_file:
        return "segmentation" if header.modality == "SEG" else "volume"
    if header.sop_class.startswith(_SECONDARY_CAPTURE):
        return "secondary capture"
    return "multi-frame" if header.frames > 1 else "no position"
