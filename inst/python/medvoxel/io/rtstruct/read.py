"""Read radiotherapy structure sets (RTSTRUCT): contours become voxels of a scan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import GeometryError
from ...geometry import Grid
from ...progress import Progress, ProgressCallback
from ...volume import Segment, Segmentation, Volume, segment_colours
from ..dicom_seg.labels import Painter, unique_names
from ..dicom_seg.object import reference_frame, reference_grid, warn_dicom
from .contours import fill_contours
from .file import Region, StructureSet, read_structures
from .planes import Placed, drawing_grid, place_contours

__all__ = ["read_rtstruct"]

_SHOWN = 5


def read_rtstruct(
    path: str | os.PathLike[str],
    *,
    reference: Volume | Segmentation,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Read a DICOM structure set onto the grid of a scan.

    Parameters
    ----------
    path : path-like
        The RTSTRUCT file.
    reference : Volume or Segmentation
        The scan that the contours were drawn on, in any direction.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Segmentation
        On the reference's grid. Values are 1, 2, 3 ... in the order of the ROI Numbers,
        which may be 0 or large themselves; names, colours and coded terms are those of the
        file (a name that occurs again gets a number). A voxel is inside when its centre
        is. Contours of one region in one plane count by the even-odd rule, so that one
        inside another is a hole. Where regions overlap, the later one is on top.

    Raises
    ------
    FileFormatError
        When there is no such path.
    InputError
        When the reference is no scan.
    DicomError
        When the file is not a structure set or is broken.
    GeometryError
        When contours are tilted against the slices, all lie outside the scan, or some do
        and the file names another frame of reference than the scan's files.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    DicomWarning
        When regions overlap or are empty; when contours are left out (points, open lines),
        cut off at the border, moved to the nearest slice, or missing on slices in
        between, which stay empty; when the frame of reference is another.

    Notes
    -----
    Contours are not interpolated between slices.
    """
    grid = reference_grid(reference)
    structures = read_structures(path)
    named = _with_names(structures.regions)
    drawn, axis = drawing_grid([c for r in structures.regions for c in r.contours], grid)
    placed = {
        name: place_contours(region.contours, drawn, name)
        for name, region in named.items()
        if region.contours
    }
    _check_frame(structures, reference, placed, drawn)
    painter = Painter(grid.shape, range(1, len(named) + 1))
    canvas = np.moveaxis(painter.array, axis, 0)
    report = Progress(progress, sum(len(p.slices) for p in placed.values()), "Filling contours")
    for value, name in enumerate(named, start=1):
        for k, contours in placed[name].slices.items() if name in placed else ():
            filled = fill_contours(contours, canvas.shape[1:])
            if filled is not None:
                box, mask = filled
                painter.paint(canvas[k][box], mask, value)
            report.advance()
    _warn_of_regions(named)
    _warn_of_contours(placed)
    _warn_of_voxels(placed, painter, list(named))
    palette = segment_colours(len(named))
    segments = [
        Segment(value, name, region.colour or palette[value - 1], code=region.code)
        for value, (name, region) in enumerate(named.items(), start=1)
    ]
    return Segmentation(painter.array, grid, tuple(segments))


def _with_names(regions: Sequence[Region]) -> dict[str, Region]:
    names = unique_names([r.name for r in regions], [r.number for r in regions], "ROI")
    return dict(zip(names, regions, strict=True))


def _check_frame(
    structures: StructureSet,
    reference: Volume | Segmentation,
    placed: dict[str, Placed],
    grid: Grid,
) -> None:
    """Refuse contours that are elsewhere, and tell of those drawn in another frame."""
    used = [p for p in placed.values() if p.slices]
    if placed and not used:
        raise GeometryError(
            f"All contours of {structures.path.name} lie outside the scan: {_extent(structures)}; "
            f"the scan is {grid.describe()}.",
            hint="Give the scan that they were drawn on as reference.",
        )
    scan = reference_frame(reference)
    others = {r.frame for r in structures.regions if r.contours and r.frame} - {scan}
    if scan is None or not others:
        return
    outside = sum(p.beyond + p.cut for p in placed.values())
    if outside:
        raise GeometryError(
            f"{structures.path.name} was drawn in another frame of reference than the scan's, "
            f"and {outside} of its contours reach outside the scan.",
            hint="Give the scan that they were drawn on as reference, then use resample_to().",
            frames=sorted(others),
            frame_of_scan=scan,
        )
    warn_dicom(
        f"{structures.path.name} names another frame of reference than the scan's files; its "
        "coordinates are taken as they are.",
        "Check with plot_slices() that the regions lie where they should.",
    )


def _extent(structures: StructureSet) -> str:
    points = np.concatenate([c for r in structures.regions for c in r.contours])
    ranges = zip("xyz", points.min(axis=0), points.max(axis=0), strict=True)
    return (
        "they span "
        + ", ".join(f"{a} {low:.1f} to {high:.1f}" for a, low, high in ranges)
        + (" mm (LPS)")
    )


def _warn_of_regions(named: dict[str, Region]) -> None:
    """Tell what in the regions is no closed contour."""
    other = [
        f"{name!r} ({', '.join(f'{n} {kind}' for kind, n in sorted(region.other.items()))})"
        for name, region in named.items()
        if region.other
    ]
    if other:
        warn_dicom(f"Only closed contours fill voxels; left out: {_list(other)}.")
    degenerate = [f"{n!r} ({r.degenerate})" for n, r in named.items() if r.degenerate]
    if degenerate:
        warn_dicom(f"Contours of fewer than three corners were left out: {_list(degenerate)}.")
    empty = [repr(name) for name, region in named.items() if not region.contours]
    if empty:
        warn_dicom(f"Without closed contours, and therefore empty: {_list(empty)}.")


def _warn_of_contours(placed: dict[str, Placed]) -> None:
    """Tell what was done with contours that do not fit the slices."""
    moved = [f"{n!r} (up to {p.off_mm:.2g} mm)" for n, p in placed.items() if p.off_mm]
    if moved:
        warn_dicom(
            f"Contours between slices were taken to the nearest slice: {_list(moved)}.",
            "Give the scan that they were drawn on as reference, if you have it.",
        )
    for attribute, message in (
        ("between", "Contours were left out because others are nearer to their slice"),
        ("repeated", "Contours that repeat another one were left out"),
        ("cut", "Contours reach over the edge of the scan and were cut off there"),
        ("beyond", "Contours outside the scan were left out"),
    ):
        found = [f"{n!r} ({count})" for n, p in placed.items() if (count := getattr(p, attribute))]
        if found:
            warn_dicom(f"{message}: {_list(found)}.")
    gaps = [
        f"{n!r} (contours on {len(p.slices)} of {len(p.slices) + p.skipped} slices)"
        for n, p in placed.items()
        if p.skipped
    ]
    if gaps:
        warn_dicom(
            "Slices between the first and the last contour have none, and these gaps are left "
            f"empty: {_list(gaps)}.",
            "Where a region was drawn on every other slice only, its volume is too small.",
        )


def _warn_of_voxels(placed: dict[str, Placed], painter: Painter, names: list[str]) -> None:
    small = [
        repr(n)
        for value, n in enumerate(names, start=1)
        if n in placed and not painter.painted[value]
    ]
    if small:
        warn_dicom(f"No voxel centre lies inside, and therefore empty: {_list(small)}.")
    overlaps = painter.overlaps(dict(enumerate(names, start=1)))
    if overlaps:
        warn_dicom(
            f"Regions overlap, and a labelmap holds one of them at each voxel, the later one. "
            f"Voxels hidden: {overlaps}.",
            "Export a region to a file of its own when you need all of it.",
        )


def _list(items: Iterable[str]) -> str:
    items = list(items)
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
