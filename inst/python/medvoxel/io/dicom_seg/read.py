"""Read DICOM segmentations (SEG) of every type."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, GeometryError
from ...geometry import Grid
from ...progress import Progress, ProgressCallback
from ...volume import Segmentation, Volume
from .frames import SegmentationFile, broken, iter_frames, read_segmentation_file
from .labels import Painter
from .object import reference_frame, reference_grid, warn_dicom
from .place import Frames, Raster, find_raster, own_grid, part_of_plane
from .write import write_dicom_seg

__all__ = ["read_dicom_seg", "write_dicom_seg"]

# Stated spacings are often rounded.
_SAME_STEP = 0.01


def read_dicom_seg(
    path: str | os.PathLike[str],
    *,
    reference: Volume | Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Read a DICOM segmentation.

    Parameters
    ----------
    path : path-like
        The file: binary, fractional or labelmap.
    reference : Volume or Segmentation, optional
        The scan that it was made on, in any orientation.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Segmentation
        Values are the Segment Numbers, names the Segment Labels (a label that occurs again
        gets a number), colours the recommended ones, codes the property types (none for
        "Tissue", which is written where nothing was chosen). With `reference` on its grid, else
        on the grid that the frames span, with the slices that were left out between them
        because they are empty. Where segments overlap, the one with the higher number is
        on top.

    Raises
    ------
    FileFormatError
        When there is no such path.
    InputError
        When the reference is no scan.
    DicomError
        When the file is not a segmentation of a scan, is broken, or its frames form no
        regular grid.
    GeometryError
        When the frames do not lie on the voxels of the reference.
    DependencyError
        When the decoder of a compressed file is not installed.
    MemoryLimitError
        When it does not fit into memory.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    DicomWarning
        When segments overlap, lie partly outside the reference, name another frame of
        reference, or were fractional: half of the largest value and more is inside.
    """
    file = read_segmentation_file(path)
    frames = Frames(file.positions, file.axes, file.pixel_spacing, file.size)
    if reference is None:
        grid, raster = own_grid(
            frames, stated=file.stated_step, thickness=file.thickness, name=file.path.name
        )
    else:
        grid = reference_grid(reference)
        raster = _on_reference(file, frames, reference, grid)
    _require_once(file, raster)
    painter = Painter(grid.shape, [s.value for s in file.segments])
    outside = _paint(file, raster, painter, progress)
    _warn_of(file, painter, outside)
    if reference is not None:
        _warn_of_frame(file, reference)
    return Segmentation(painter.array, grid, file.segments)


def _on_reference(
    file: SegmentationFile, frames: Frames, reference: Volume | Segmentation, grid: Grid
) -> Raster:
    """Find the reference's voxels on which the frames lie, or say how they differ."""
    sources = getattr(reference, "sources", ())
    known = np.array([s.position for s in sources], dtype=float) if sources else None
    raster = find_raster(grid, frames, known=known)
    if raster is not None and _same_step(file, raster, grid):
        blank = np.broadcast_to(np.False_, grid.shape)
        if any(part_of_plane(blank, raster, s, file.size) is not None for s in raster.starts):
            return raster
    try:
        own, _ = own_grid(
            frames, stated=file.stated_step, thickness=file.thickness, name=file.path.name
        )
    except DicomError as error:
        raise GeometryError(
            f"The frames of {file.path.name} do not lie on the voxels of the scan "
            f"({grid.describe()}). {error.message}",
            hint="Give the scan that it was made on as reference.",
        ) from error
    grid.require_same(own, what=f"The segmentation {file.path.name}")
    raise GeometryError(
        f"The frames of {file.path.name} do not lie on the voxels of the scan: "
        f"{own.describe()} against {grid.describe()}.",
        hint="Read it without reference, then bring it to the scan with resample_to().",
    )


def _same_step(file: SegmentationFile, raster: Raster, grid: Grid) -> bool:
    """Whether the frames are as far apart as the slices, and not on every other slice only."""
    gaps = np.diff(np.unique(raster.starts[:, raster.across]))
    if len(gaps) and gaps.min() == 1:
        return True
    # No two neighbours: the frames of a coarser scan may lie on slices of a finer one.
    if file.stated_step is not None:
        return abs(file.stated_step / grid.spacing[raster.across] - 1) <= _SAME_STEP
    if len(gaps):
        warn_dicom(
            f"The frames of {file.path.name} lie {gaps.min()} slices of the scan apart, or more; "
            "the slices between are left empty.",
            "If it was made on a coarser scan, read it without reference, then use resample_to().",
        )
    return True


def _require_once(file: SegmentationFile, raster: Raster) -> None:
    """Refuse a file that says two things on one place, such as a sequence in time."""
    numbers = np.zeros(len(raster.starts), int) if file.numbers is None else file.numbers
    rows = np.column_stack([numbers, raster.starts])
    twice = len(rows) - len(np.unique(rows, axis=0))
    if twice:
        raise DicomError(
            f"{file.path.name} has {twice} frames of a segment where there is one already, so it "
            "is a sequence in time (or of something else) and not a volume.",
            hint="Save each volume to a file of its own.",
        )


def _paint(
    file: SegmentationFile, raster: Raster, painter: Painter, progress: ProgressCallback | None
) -> int:
    """Put all frames into the labelmap; give the number of voxels that lie outside it."""
    report = Progress(progress, len(raster.starts), "Reading segments")
    outside = 0
    for i, frame in enumerate(iter_frames(file)):
        part = part_of_plane(painter.array, raster, raster.starts[i], file.size)
        for value, mask in _masks(file, i, frame):
            if part is None:
                outside += int(np.count_nonzero(mask))
                continue
            view, window = part
            shown = mask[window]
            if shown.size < mask.size:
                outside += int(np.count_nonzero(mask)) - int(np.count_nonzero(shown))
            painter.paint(view, shown, value)
        report.advance()
    return outside


def _masks(
    file: SegmentationFile, index: int, frame: NDArray[Any]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Give the segments of one frame."""
    if file.numbers is not None:
        value = int(file.numbers[index])
        if file.kind == "FRACTIONAL":
            yield value, 2 * frame.astype(np.int32) >= file.largest
        else:
            yield value, frame.astype(np.bool_, copy=False)
        return
    known = {s.value for s in file.segments}
    for value in np.unique(frame).tolist():
        if value == 0:
            continue
        if value not in known:
            raise broken(file.path, f"it has pixels of segment {value}, which it does not describe")
        yield value, frame == value


def _warn_of(file: SegmentationFile, painter: Painter, outside: int) -> None:
    if file.kind == "FRACTIONAL":
        warn_dicom(
            f"{file.path.name} holds fractions; voxels of half and more "
            f"(of {file.largest}) are taken as inside.",
            None,
        )
    if outside:
        warn_dicom(
            f"{outside} voxels of {file.path.name} lie outside the scan and were left out.",
            "Give the scan that it was made on as reference.",
        )
    overlaps = painter.overlaps({s.value: s.name for s in file.segments})
    if overlaps:
        warn_dicom(
            f"Segments of {file.path.name} overlap, and a labelmap holds one of them at each "
            f"voxel, the one with the higher number. Voxels hidden: {overlaps}.",
            "Save a segment to a file of its own when you need all of it.",
        )


def _warn_of_frame(file: SegmentationFile, reference: Volume | Segmentation) -> None:
    scan, own = reference_frame(reference), file.frame_of_reference
    if scan is not None and own is not None and scan != own:
        warn_dicom(
            f"{file.path.name} names another frame of reference than the scan's files; its "
            "coordinates are taken as they are.",
            "Check with plot_slices() that the segments lie where they should.",
        )
