"""What a DICOM segmentation holds: its segments, where its frames lie, and their pixels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DependencyError, DicomError, MedvoxelError
from ...volume import Segment, segment_colours
from ..dicom.stack import plane_axes
from ..labels.coded_terms import dicom_term, unless_tissue
from .colour import hex_from_lab
from .labels import unique_names
from .object import open_object

__all__ = ["SegmentationFile", "iter_frames", "read_segmentation_file"]

_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_TYPES = ("BINARY", "FRACTIONAL", "LABELMAP")
# Cosines and spacings of frames may differ in their last digits.
_SAME = 1e-4


@dataclass(frozen=True, eq=False)
class SegmentationFile:
    """The content of a file.

    Parameters
    ----------
    path : Path
        The file.
    data : pydicom Dataset
        Its elements.
    kind : str
        ``"BINARY"``, ``"FRACTIONAL"`` or ``"LABELMAP"``.
    segments : tuple of Segment
        Values are the Segment Numbers.
    numbers : ndarray of int, shape (n,) or None
        Segment of each frame; ``None`` in a labelmap.
    positions : ndarray, shape (n, 3)
        Centre of the first pixel of each frame, LPS mm.
    axes : ndarray, shape (3, 3)
        Columns are the directions along which columns and rows count up, and the normal.
    pixel_spacing : tuple of float
        Between rows, then between columns, mm.
    stated_step, thickness : float or None
        Spacing Between Slices and Slice Thickness, mm.
    largest : int
        Value that stands for 1 in a fractional segmentation.
    """

    path: Path
    data: Any
    kind: str
    segments: tuple[Segment, ...]
    numbers: NDArray[np.int64] | None
    positions: NDArray[np.float64]
    axes: NDArray[np.float64]
    pixel_spacing: tuple[float, float]
    stated_step: float | None
    thickness: float | None
    largest: int

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        return int(self.data.Rows), int(self.data.Columns)

    @property
    def frame_of_reference(self) -> str | None:
        """Frame of Reference UID."""
        return str(self.data.get("FrameOfReferenceUID") or "") or None


def read_segmentation_file(path: str | os.PathLike[str]) -> SegmentationFile:
    """Read everything but the pixels.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    SegmentationFile
        At least one frame and one segment.

    Raises
    ------
    FileFormatError
        When there is no such path.
    DicomError
        When the file is not a segmentation of a patient's scan, or is broken.
    """
    path, data = open_object(path, _SEGMENTATIONS, "DICOM segmentation (SEG)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, on values that are a little wrong
            return _read(path, data)
    except MedvoxelError:
        raise
    except Exception as error:  # elements are decoded when they are used: any may be broken
        raise broken(path, f"an element is missing or cannot be read ({error})") from error


def _read(path: Path, data: Any) -> SegmentationFile:
    kind = str(data.get("SegmentationType") or "")
    if kind not in _TYPES:
        raise broken(path, f"its type is {kind or 'not given'}, not one of {', '.join(_TYPES)}")
    _require_size(path, data, kind)
    groups = list(_groups(path, data))
    positions = np.array([_vector(path, g, "PlanePosition", "ImagePositionPatient", 3)
                          for g in groups])  # fmt: skip
    orientation = _common(path, [
        _vector(path, g, "PlaneOrientation", "ImageOrientationPatient", 6) for g in groups
    ], "orientations")  # fmt: skip
    spacing = _common(path, [_vector(path, g, "PixelMeasures", "PixelSpacing", 2) for g in groups],
                      "pixel spacings")  # fmt: skip
    axes = plane_axes(orientation)
    if axes is None or min(spacing) <= 0:
        raise broken(path, "its row and column directions or its pixel spacing are impossible")
    segments = _segments(path, data, kind)
    numbers = None
    if kind != "LABELMAP":
        numbers = np.array(
            [int(_find(g, "SegmentIdentification", "ReferencedSegmentNumber")) for g in groups]
        )
        unknown = sorted(set(numbers.tolist()) - {s.value for s in segments})
        if unknown:
            raise broken(path, f"it has frames of segment {unknown[0]}, which it does not describe")
    return SegmentationFile(
        path, data, kind, segments, numbers, positions, axes, (spacing[0], spacing[1]),
        _positive(groups[0], "SpacingBetweenSlices"), _positive(groups[0], "SliceThickness"),
        int(data.get("MaximumFractionalValue") or 255),
    )  # fmt: skip


def _require_size(path: Path, data: Any, kind: str) -> None:
    bits = int(data.BitsAllocated)
    if bits not in ((1, 8, 16) if kind != "BINARY" else (1,)):
        raise broken(path, f"it has {bits} bits for each pixel, which no {kind} segmentation has")
    if int(data.get("SamplesPerPixel", 1)) != 1 or min(int(data.Rows), int(data.Columns)) < 1:
        raise broken(path, "its frames have no pixels, or several values for each")


def _groups(path: Path, data: Any) -> Iterator[tuple[Any, Any]]:
    """Functional groups of each frame: its own, and those shared by all."""
    shared = data.get("SharedFunctionalGroupsSequence")
    shared = shared[0] if shared else None
    own = data.get("PerFrameFunctionalGroupsSequence") or ()
    count = int(data.get("NumberOfFrames") or 1)
    if len(own) != count:
        raise broken(path, f"it describes {len(own)} of its {count} frames")
    for group in own:
        yield group, shared


def _find(groups: tuple[Any, Any], group: str, key: str) -> Any:
    for source in groups:
        sequence = source.get(f"{group}Sequence") if source is not None else None
        if sequence and sequence[0].get(key) not in (None, ""):
            return sequence[0].get(key)
    return None


def _vector(
    path: Path, groups: tuple[Any, Any], group: str, key: str, length: int
) -> tuple[float, ...]:
    value = _find(groups, group, key)
    if value is None:
        raise DicomError(
            f"{path.name} does not say where its frames lie in a patient ({key}).",
            hint="Segmentations of microscopy and plain images cannot be read as volumes.",
            path=str(path),
        )
    vector = tuple(float(v) for v in value)
    if len(vector) != length or not np.isfinite(vector).all():
        raise broken(path, f"{key} is not {length} numbers")
    return vector


def _common(path: Path, values: Sequence[tuple[float, ...]], what: str) -> tuple[float, ...]:
    if np.ptp(np.array(values), axis=0).max() > _SAME:
        raise DicomError(
            f"The frames of {path.name} have different {what}, so they form no volume.",
            hint="Save each volume to a file of its own.",
            path=str(path),
        )
    return values[0]


def _positive(groups: tuple[Any, Any], key: str) -> float | None:
    value = _find(groups, "PixelMeasures", key)
    # Some scanners give the distance a sign.
    size = None if value is None else abs(float(value))
    return size if size is not None and 0 < size < np.inf else None


def _segments(path: Path, data: Any, kind: str) -> tuple[Segment, ...]:
    rows = []
    for item in data.SegmentSequence:
        number = int(item.SegmentNumber)
        if number == 0 and kind == "LABELMAP":
            continue  # the background, which a labelmap describes too
        if number < 1 or any(number == n for n, *_ in rows):
            raise broken(path, f"a segment has the number {number}, which is impossible or taken")
        lab = item.get("RecommendedDisplayCIELabValue")
        code = unless_tissue(dicom_term(item, "SegmentedPropertyTypeCodeSequence"))
        rows.append((number, str(item.get("SegmentLabel") or ""), hex_from_lab(lab), code))
    if not rows:
        raise broken(path, "it describes no segment")
    rows.sort(key=lambda row: row[0])
    numbers, labels, colours, codes = zip(*rows, strict=True)
    names = unique_names(labels, numbers, "Segment")
    palette = segment_colours(len(rows))
    return tuple(
        Segment(number, name, colour or spare, code=code)
        for number, name, colour, spare, code in zip(
            numbers, names, colours, palette, codes, strict=True
        )
    )


def broken(path: Path, reason: str) -> DicomError:
    """Make the error for a damaged file.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What is wrong, as the end of a sentence.

    Returns
    -------
    DicomError
        To be raised.
    """
    return DicomError(
        f"{path.name} is broken: {reason}.",
        hint="Export the segmentation again from its source.",
        path=str(path),
    )


def iter_frames(file: SegmentationFile) -> Iterator[NDArray[Any]]:
    """Decode the frames one after the other.

    Parameters
    ----------
    file : SegmentationFile
        The content of a file.

    Yields
    ------
    ndarray, shape (rows, columns)
        Stored values: bool of a binary segmentation, else unsigned integers.

    Raises
    ------
    DicomError
        When pixels are missing or cannot be decoded.
    DependencyError
        When the decoder is not installed.
    """
    syntax = getattr(file.data, "file_meta", {}).get("TransferSyntaxUID")
    if not getattr(syntax, "is_transfer_syntax", False):
        raise broken(file.path, f"its transfer syntax ({syntax or 'not given'}) is none")
    if not file.data.get("PixelData"):
        raise broken(file.path, "it has no pixels")
    if int(file.data.BitsAllocated) == 1 and not syntax.is_encapsulated:
        yield from _bits(file)
        return
    _require_decoder(file, syntax)
    count, given = len(file.positions), 0
    frames = _decoded(file)
    for given, frame in enumerate(frames, start=1):
        if frame.shape != file.size or given > count:
            raise broken(file.path, f"a frame has the size {frame.shape} and not {file.size}")
        yield frame
    if given != count:
        raise broken(file.path, f"it is cut short: {given} of {count} frames")


def _decoded(file: SegmentationFile) -> Iterator[NDArray[Any]]:
    from pydicom.pixels import iter_pixels

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from iter_pixels(file.data, raw=True)
    except Exception as error:  # decoders fail in as many ways as files are broken
        raise broken(file.path, f"its pixels cannot be decoded ({error})") from error


def _bits(file: SegmentationFile) -> Iterator[NDArray[np.bool_]]:
    """Unpack bits, frame by frame; frames follow each other without a gap."""
    packed = np.frombuffer(file.data.PixelData, np.uint8)
    pixels, count = int(np.prod(file.size)), len(file.positions)
    if len(packed) * 8 < pixels * count:
        raise broken(file.path, f"it is cut short: {len(packed)} of {-(-pixels * count // 8)} "
                     "bytes of pixels")  # fmt: skip
    for i in range(count):
        first, skip = divmod(i * pixels, 8)
        part = packed[first : first + -(-(skip + pixels) // 8)]
        bits = np.unpackbits(part, bitorder="little")[skip : skip + pixels]
        yield bits.reshape(file.size).view(np.bool_)


def _require_decoder(file: SegmentationFile, syntax: Any) -> None:
    from pydicom.pixels import get_decoder

    try:
        ready = get_decoder(syntax).is_available
    except NotImplementedError as error:
        raise broken(file.path, f"its compression ({syntax.name}) is not known") from error
    if not ready:
        raise DependencyError(
            f"{file.path.name} is compressed as {syntax.name}, and no decoder for it is installed.",
            hint="Install the Python packages pylibjpeg, pylibjpeg-libjpeg and pylibjpeg-openjpeg.",
        )
