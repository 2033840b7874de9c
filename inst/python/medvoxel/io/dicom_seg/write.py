"""Write DICOM segmentations (SEG) that viewers open over their scan."""

from __future__ import annotations

import logging
import os
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
from .colour import lab_from_hex
from .labels import unique_names
from .object import warn_dicom
from .place import Frames, find_raster, part_of_plane
from .sources import Sources, read_sources

__all__ = ["write_dicom_seg"]

# What DICOM allows in a label (value representation LO).
_LONGEST_LABEL = 64
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
        When segment values had to be renumbered (DICOM counts segments 1, 2, 3 ...) or a
        name had to be changed.

    Notes
    -----
    The type is BINARY, which every viewer opens; frames without a voxel are left out.
    Every segment is coded as tissue (SNOMED CT 85756007), as 3D Slicer does when nothing
    is chosen, made by a semi-automatic algorithm. The file names the patient, as the
    scan's files do.
    """
    _require_arguments(seg, reference)
    reference.grid.require_same(seg.grid)
    numbered = _renumber(seg)
    sources = read_sources(reference, progress=progress)
    planes = _planes(seg, numbered, reference, sources.frames)
    labels = _labels(seg.segments)
    with _quiet():
        try:
            result = _build(planes, list(zip(seg.segments, labels, strict=True)), sources)
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
    allowed = [s.name.replace("\\", "/")[:_LONGEST_LABEL].strip() for s in segments]
    labels = unique_names(allowed, [s.value for s in segments], "Segment")
    labels = [label[:_LONGEST_LABEL] for label in labels]
    changed = [s.name for s, label in zip(segments, labels, strict=True) if s.name != label]
    if changed:
        warn_dicom(
            f"Names that DICOM does not allow were changed (64 characters, no backslash): "
            f"{_some([repr(n) for n in changed])}.",
            None,
        )
    return labels


def _build(
    planes: NDArray[np.integer], segments: list[tuple[Segment, str]], sources: Sources
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
        [_description(i, s, label) for i, (s, label) in enumerate(segments, start=1)],
        series_instance_uid=generate_uid(),
        series_number=_SERIES_NUMBER + min(abs(int(first.get("SeriesNumber") or 0)), 1 << 20),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="medvoxel",
        manufacturer_model_name="medvoxel",
        software_versions=__version__,
        device_serial_number="0",
        content_label="SEGMENTATION",
        content_description=", ".join(label for _, label in segments)[:_LONGEST_LABEL].strip(),
        transfer_syntax_uid=ExplicitVRLittleEndian,
        plane_positions=positions,
        series_description=f"Segmentation {described}"[:_LONGEST_LABEL].strip(),
    )


def _description(number: int, segment: Segment, label: str) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from pydicom.sr.coding import Code

    from ... import __version__

    tissue = Code("85756007", "SCT", "Tissue")
    family = Code("123109", "DCM", "Manual Processing")
    return SegmentDescription(
        number,
        label,
        tissue,
        tissue,
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
