"""Sort headers into series, and say what each series is."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .duplicates import difference, has_duplicates, order_key, split_acquisitions, values_of
from .header import Header
from .stack import Stack, plane_axes, stack_slices
from .stack_checks import find_problems

__all__ = ["Series", "SeriesInfo", "group_series", "same_stack", "slice_distance"]

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Cosines and spacings of one stack differ by what rounding leaves.
_SAME_COSINE = 1e-3
_SAME_SPACING = 1e-3
_COLUMNS = (
    "index", "kind", "modality", "number", "description", "part", "patient", "kernel", "slices",
    "rows", "columns", "problem", "folder", "uid",
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
        ``"mosaic"`` (many slices in one image), ``"dose"``, ``"segmentation"``,
        ``"no position"`` or ``"not an image"``.
    part : str
        What tells this stack from others of the same series, such as
        ``"echo time 2.46"``; "" when the series is one stack.
    patient : int
        Which patient of those in the list, counted from 1; it says nothing else of them.
    problem : str
        Why the slices do not form a regular volume, such as ``"missing slices"``; "" when
        they do.
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
    part: str
    patient: int
    problem: str
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
        Into how many stacks the series falls: of different orientation, size or pixel
        spacing, of different acquisitions at the same places, or of several patients.
    part : str
        What tells this one from the others, for people.
    """

    headers: tuple[Header, ...]
    kind: str
    parts: int = 1
    part: str = ""

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
        headers = self.headers
        if has_duplicates(headers):
            headers = tuple(sorted(headers, key=order_key))
        positions = np.array([h.position for h in headers])
        names = [h.name for h in headers]
        if len(set(names)) < len(names):  # files of the same name in several folders
            names = [os.path.join(os.path.basename(os.path.dirname(h.path)), h.name)
                     for h in headers]  # fmt: skip
        stack, order = stack_slices(axes, positions, self.first.pixel_spacing, names)
        return stack, [headers[i] for i in order]

    def label(self, *, whole: bool = False) -> str:
        """Name the stack, or the `whole` series to which it belongs, for people."""
        number = self.first.number("number")
        which = "without number" if number is None else f"{number:.0f}"
        text = f"{self.first.modality} series {which}".strip()
        description = self.first.description
        named = f"{text} {description!r}" if description else text
        if whole:
            return named
        count = self.images
        part = f"{self.part}, " if self.part else ""
        return f"{named} ({part}{count} {'slice' if count == 1 else 'slices'})"

    def info(self, index: int, patient: int = 1) -> SeriesInfo:
        """Give the line for the list of series; `patient` counts those in the list."""
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
            part=self.part,
            patient=patient,
            problem=self._problem(),
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

    def _problem(self) -> str:
        if self.kind != "volume":
            return ""
        stacked = self.stack()
        if stacked is None:
            return "directions not perpendicular"
        return ", ".join(f.code.replace("_", " ") for f in find_problems(stacked[0]))


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
        for series in _split(members):
            number = series.first.number("number")
            key = (number is None, number or 0, uid, -len(series.headers), series.first.path)
            found.append((key, series))
    return [series for _, series in sorted(found, key=lambda pair: pair[0])]


def _split(members: list[Header]) -> list[Series]:
    """Split one series into stacks, and say what tells them apart."""
    parts = [
        stack
        for raster in _split_rasters(members)
        for frame in _split_frames_of_reference(raster)
        for stack in (split_acquisitions(frame) if _kind(frame[0]) == "volume" else [frame])
    ]
    volumes = [part for part in parts if _kind(part[0]) == "volume"]
    firsts = [part[0] for part in volumes]
    known = values_of(firsts)
    patients = list(dict.fromkeys(first.patient for first in firsts))
    series = []
    for part in parts:
        if _kind(part[0]) != "volume" or len(volumes) < 2:
            series.append(Series(tuple(part), _kind(part[0])))
            continue
        said = [*_rasters_apart(part[0], firsts), difference(part[0], known)]
        if len(patients) > 1:
            said.insert(0, f"patient {patients.index(part[0].patient) + 1}")
        name = ", ".join(filter(None, said))
        series.append(Series(tuple(part), "volume", len(volumes), name))
    return series


def _rasters_apart(header: Header, firsts: list[Header]) -> list[str]:
    """Say in what of its place and raster a stack differs from others of its series."""
    said = []
    if any(_matrix(other) != _matrix(header) for other in firsts):
        said.append(f"{header.format.columns} x {header.format.rows}")
    if not all(np.allclose(o.orientation, header.orientation, atol=_SAME_COSINE) for o in firsts):
        said.append(_plane(header))
    if not all(np.allclose(o.pixel_spacing, header.pixel_spacing, rtol=1e-3) for o in firsts):
        said.append("pixels of {1:g} x {0:g} mm".format(*header.pixel_spacing))
    frames = list(dict.fromkeys(other.key("frame_of_reference") for other in firsts))
    if len(frames) > 1:
        number = frames.index(header.key("frame_of_reference")) + 1
        said.append(f"frame of reference {number}")
    return said


def _plane(header: Header) -> str:
    row, column = np.reshape(header.orientation, (2, 3))
    normal = np.abs(np.cross(row, column))
    name = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    return name if normal.max() > 0.9999 else f"oblique {name}"


def _split_rasters(members: list[Header]) -> list[list[Header]]:
    """Split by kind, patient, matrix size, orientation and pixel spacing."""
    parts: list[list[Header]] = []
    seen: dict[tuple[object, ...], int] = {}
    near: dict[tuple[object, ...], list[int]] = {}
    for header in members:
        alike = (_kind(header), header.patient, _matrix(header), header.has_geometry)
        key = (*alike, header.orientation, header.pixel_spacing)
        if key not in seen:
            place, sizes = _bucket(header), _sizes(header)
            fits = (
                i
                for bucket in (place - 1, place, place + 1)
                for size in sizes
                for i in near.get((*alike, bucket, size), ())
                if _same_raster(parts[i][0], header)
            )
            seen[key] = next(fits, len(parts))
            if seen[key] == len(parts):
                parts.append([])
                near.setdefault((*alike, place, sizes[0]), []).append(seen[key])
        parts[seen[key]].append(header)
    return parts


# Weights without a common measure, one in sum.
_WEIGHTS = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])
_WEIGHTS /= _WEIGHTS.sum()


def _bucket(header: Header) -> int:
    """Give a direction a number, so that equal ones have the same or the next number.

    Only neighbours have to be compared: in a series in which every image has a direction
    of its own, comparing all with all would take hours.
    """
    if not header.has_geometry:
        return 0
    return int(np.floor(np.dot(_WEIGHTS, header.orientation) / (2 * _SAME_COSINE)))


def _sizes(header: Header) -> list[tuple[int, int]]:
    """Give a pixel size the numbers of all sizes that may be equal to it; its own is first."""
    if not header.has_geometry:
        return [(0, 0)]
    # Equal sizes differ by less than a step on this scale.
    y, x = (
        math.floor(math.log(max(s, 1e-300)) / (2 * _SAME_SPACING)) for s in header.pixel_spacing
    )
    near = [(y + i, x + j) for i in (0, -1, 1) for j in (0, -1, 1)]
    return near


def _split_frames_of_reference(members: list[Header]) -> list[list[Header]]:
    """Split images whose positions are measured from different places.

    Some programs that remove names give every image a frame of reference of its own,
    which then says nothing: such images stay together, and the quality table says so.
    """
    parts: dict[str, list[Header]] = {}
    for header in members:
        parts.setdefault(header.key("frame_of_reference"), []).append(header)
    return list(parts.values()) if min(map(len, parts.values())) > 1 else [members]


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
    same = a.series_uid == b.series_uid and a.patient == b.patient and _kind(a) == _kind(b)
    return same and _same_raster(a, b)


def _kind(header: Header) -> str:
    if header.format is None:
        return "not an image"
    if "LOCALIZER" in header.image_type:
        return "localizer"
    if header.format.samples != 1 or header.text("photometric") == "PALETTE COLOR":
        return "colour image"
    if "MOSAIC" in header.image_type:
        return "mosaic"
    if header.modality == "RTDOSE":
        return "dose"
    whole_file = header.frames > 1 and not header.expanded
    if header.has_geometry and not whole_file:
        return "segmentation" if header.modality == "SEG" else "volume"
    if header.sop_class.startswith(_SECONDARY_CAPTURE):
        return "secondary capture"
    return "multi-frame" if header.frames > 1 else "no position"
