"""Write DICOM segmentations (SEG) that viewers open over their scan."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, GeometryError, InputError, MedvoxelError
from ...progress import ProgressCallback
from ...volume import Segment, Segmentation, Volume
from .._paths import user_path
from .._write import atomic_path
from ..labels.coded_terms import CATEGORY
from .colour import lab_from_hex
from .labels import unique_names
from .object import warn_dicom
from .place import Frames, find_raster, part_of_plane
from .sources import Sources, read_sources

__all__ = ["write_dicom_seg"]

# What DICOM allows in a label and the meaning of a code (value representation LO), and in
# the name of a coding scheme (SH).
_LONGEST_LABEL, _LONGEST_SCHEME = 64, 16
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]+")
# A number for the series that the scans of a study seldom reach.
_SERIES_NUMBER = 1000


def write_dicom_seg(
    seg: Segmentation,
    path: str | os.PathLike[str],
    *,
    reference: Volume,
    progress: ProgressCallback | None = None,
) -> tuple[Path, ...]:
    """Write a segmentation as DICOM SEG.

    Parameters
    ----------
    seg : Segmentation
        On the grid of the scan.
    path : path-like
        The file; an existing one is replaced.
    reference : Volume
        The scan, read with :func:`read_dicom`; its files must still be there. Patient,
        study and frame of reference are taken from them.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    tuple of Path
        The file.

    Raises
    ------
    InputError
        When an argument is of another kind, there is no segment, a voxel has a value that
        is no segment, or the scan does not know its files.
    GeometryError
        When the segmentation lies on another grid than the scan.
    FileFormatError
        When a file of the scan is gone, or the result cannot be written.
    DicomError
        When the scan's files are damaged or cannot be referred to.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    DicomWarning
        When segment values had to be renumbered (DICOM counts segments 1, 2, 3 ...), or a
        name or the meaning of a code had to be changed.

    Notes
    -----
    The type is BINARY, which every viewer opens; frames without a voxel are left out.
    The code of a segment becomes its property type, tissue (SNOMED CT 85756007) where it
    has none, as 3D Slicer does when nothing is chosen; the category is always tissue, the
    algorithm semi-automatic. There is no place for visible and status. The file names the
    patient, as the scan's files do.
    """
    _require_arguments(seg, reference)
    reference.grid.require_same(seg.grid)
    numbered = _renumber(seg)
    sources = read_sources(reference, progress=progress)
    planes = _planes(seg, numbered, reference, sources.frames)
    rows = seg.segments
    described = list(zip(rows, _labels(rows), _codes(rows), strict=True))
    with _quiet():
        try:
            result = _build(planes, described, sources)
            with atomic_path(path) as temporary:
                result.save_as(temporary, enforce_file_format=True)
        except MedvoxelError:
            raise
        except Exception as error:  # highdicom refuses what the scan's files say
            raise DicomError(
                f"The scan's files do not allow a DICOM segmentation: {error}",
                hint="Write it as .seg.nrrd instead.",
            ) from error
    return (user_path(path),)


def _require_arguments(seg: Any, reference: Any) -> None:
    if not isinstance(seg, Segmentation):
        raise InputError(f"A segmentation is needed, not {type(seg).__name__}.")
    if not isinstance(reference, Volume):
        missing = reference is None
        raise InputError(
            "DICOM is written beside the images that were segmented: it needs the scan as "
            "reference."
            if missing
            else f"The reference must be a scan, not {type(reference).__name__}.",
            hint="Read the scan with read_dicom() and give it as reference.",
        )
    if not seg.segments:
        raise InputError("The segmentation has no segment.", hint="Add one first.")


def _renumber(seg: Segmentation) -> NDArray[np.integer]:
    """Give a table that takes each value of the array to 1, 2, 3 ... in the table's order."""
    low, high = int(seg.array.min()), int(seg.array.max())
    values = [s.value for s in seg.segments]
    if low < 0 or high > max(values):
        raise InputError(f"A voxel has the value {low if low < 0 else high}, which is no segment.")
    dtype = np.uint8 if len(values) <= 0xFF else np.uint16
    if len(values) > 0xFFFF:
        raise InputError(f"A DICOM segmentation cannot hold {len(values)} segments.")
    table = np.zeros(max(values) + 1, dtype)
    table[values] = np.arange(1, len(values) + 1)
    unknown = table == 0
    unknown[0] = False
    for plane in seg.array if unknown.any() else ():
        foreign = plane[unknown[plane]]
        if foreign.size:
            raise InputError(f"A voxel has the value {foreign[0]}, which is no segment.")
    if values != list(range(1, len(values) + 1)):
        warn_dicom(
            f"DICOM counts segments 1, 2, 3 ...: the values {_some(values)} are written as "
            f"1 to {len(values)}.",
            "Use .seg.nrrd or NIfTI to keep them.",
        )
    return table


def _planes(
    seg: Segmentation, table: NDArray[np.integer], reference: Volume, frames: Frames
) -> NDArray[np.integer]:
    """Segment numbers in the rows and columns of the files, one plane for each slice."""
    # The slices may lie a little off the grid; which slice is which file's is known.
    first = Frames(frames.positions[:1], frames.axes, frames.pixel_spacing, frames.size)
    raster = find_raster(reference.grid, first, known=frames.positions)
    if raster is None or raster.across != 0:
        raise GeometryError(
            "The scan does not lie on the rows and columns of its files any more.",
            hint="Read the scan again with read_dicom() and give it as reference.",
        )
    planes = np.zeros((len(seg.array), *frames.size), table.dtype)
    for k in range(len(planes)):
        start = (k, *raster.starts[0][1:])
        part = part_of_plane(seg.array, raster, start, frames.size)
        if part is not None:
            view, window = part
            planes[k][window] = table[view]
    return planes


def _labels(segments: tuple[Segment, ...]) -> list[str]:
    """Names as DICOM allows them."""
    allowed = [_allowed(s.name) for s in segments]
    labels = unique_names(allowed, [s.value for s in segments], "Segment")
    labels = [label[:_LONGEST_LABEL] for label in labels]
    changed = [s.name for s, label in zip(segments, labels, strict=True) if s.name != label]
    if changed:
        warn_dicom(
            "Names that DICOM does not allow were changed (64 characters, no backslash, "
            f"line break or tab): {_some([repr(n) for n in changed])}.",
            None,
        )
    return labels


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub(" ", text.replace("\\", "/"))[:_LONGEST_LABEL].strip()


def _codes(segments: tuple[Segment, ...]) -> list[tuple[str, str, str]]:
    """Scheme, value and meaning of what each segment is."""
    codes, changed = [], []
    for segment in segments:
        scheme, value, meaning = (segment.code or CATEGORY).split("^")
        if len(scheme) > _LONGEST_SCHEME or "\\" in scheme + value:
            raise InputError(
                f"DICOM does not allow the code {segment.code!r} of {segment.name!r}.",
                hint="A coding scheme has up to 16 characters, such as SCT, and no backslash.",
            )
        codes.append((scheme, value, _allowed(meaning)))
        if codes[-1][2] != meaning:
            changed.append(repr(meaning))
    if changed:
        warn_dicom(
            "Meanings of codes that DICOM does not allow were changed (64 characters, no "
            f"backslash): {_some(changed)}.",
            None,
        )
    return codes


def _build(
    planes: NDArray[np.integer],
    segments: list[tuple[Segment, str, tuple[str, str, str]]],
    sources: Sources,
) -> Any:
    from highdicom import PlanePositionSequence
    from highdicom.seg import Segmentation as DicomSegmentation
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    from ... import __version__

    first = sources.headers[0]
    described = str(first.get("SeriesDescription") or "").replace("\\", "/")
    # Given for a multi-frame image only, which may hold frames of other volumes.
    positions = (
        [PlanePositionSequence("PATIENT", tuple(p)) for p in sources.frames.positions]
        if sources.multiframe
        else None
    )
    return DicomSegmentation(
        sources.headers,
        planes,
        "BINARY",
        [_description(i, *segment) for i, segment in enumerate(segments, start=1)],
        series_instance_uid=generate_uid(),
        series_number=_SERIES_NUMBER + min(abs(int(first.get("SeriesNumber") or 0)), 1 << 20),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="medvoxel",
        manufacturer_model_name="medvoxel",
        software_versions=__version__,
        device_serial_number="0",
        content_label="SEGMENTATION",
        content_description=", ".join(label for _, label, _ in segments)[:_LONGEST_LABEL].strip(),
        transfer_syntax_uid=ExplicitVRLittleEndian,
        plane_positions=positions,
        series_description=f"Segmentation {described}"[:_LONGEST_LABEL].strip(),
    )


def _description(number: int, segment: Segment, label: str, code: tuple[str, str, str]) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from pydicom.sr.coding import Code

    from ... import __version__

    category, kind = (
        Code(value, scheme, meaning) for scheme, value, meaning in (CATEGORY.split("^"), code)
    )
    family = Code("123109", "DCM", "Manual Processing")
    return SegmentDescription(
        number,
        label,
        category,
        kind,
        "SEMIAUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence("medvoxel", family, __version__),
        display_color=CIELabColor(*lab_from_hex(segment.colour)),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries from writing to the console."""
    logger = logging.getLogger("highdicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _some(items: list[Any]) -> str:
    return ", ".join(map(str, items[:5])) + (" ..." if len(items) > 5 else "")
