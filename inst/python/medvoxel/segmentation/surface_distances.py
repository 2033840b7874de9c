"""Distances between the surfaces of the segments of two segmentations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._boxes import Box, label_boxes
from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation
from ._matching import MatchedSegment, match_segments
from ._surface_elements import SurfaceElements, surface_elements, weighted_percentile
from .overlaps import missing_segment_note

__all__ = ["SegmentSurfaceDistance", "surface_distance"]

_NAN = math.nan
_DISTANCES = (
    "hausdorff_mm", "hausdorff95_mm", "mean_mm", "mean_a_to_b_mm", "mean_b_to_a_mm",
    "surface_dice",
)  # fmt: skip
# A distance of five voxels of 0.8 mm is not quite 4 mm for a computer.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SegmentSurfaceDistance:
    """Distances between the surfaces of one segment. Undefined is NaN, never 0.

    Parameters
    ----------
    name : str
        Name of the segment, in `a` where it is there.
    value_a, value_b : int or None
        Its voxel values; None where there is none.
    matched_by : str
        ``"name"`` or ``"value"``; empty when only one of the two has it.
    area_a_mm2, area_b_mm2 : float
        Areas of the two surfaces.
    hausdorff_mm : float
        The largest distance from any element of one surface to the other.
    hausdorff95_mm : float
        The distance within which 95 % of the area of one surface lies from the other;
        the larger one of the two directions.
    mean_mm : float
        Mean distance over the area of both surfaces (average symmetric surface distance).
    mean_a_to_b_mm, mean_b_to_a_mm : float
        The mean of each direction.
    surface_dice : float
        Part of the area of both surfaces that lies within the tolerance of the other.
    tolerance_mm : float
        That tolerance.
    note : str
        Why numbers are missing; empty when all is well.
    """

    name: str
    value_a: int | None
    value_b: int | None
    matched_by: str
    area_a_mm2: float
    area_b_mm2: float
    hausdorff_mm: float
    hausdorff95_mm: float
    mean_mm: float
    mean_a_to_b_mm: float
    mean_b_to_a_mm: float
    surface_dice: float
    tolerance_mm: float
    note: str


def surface_distance(
    a: Segmentation,
    b: Segmentation,
    /,
    *,
    tolerance: float = 1.0,
    progress: ProgressCallback | None = None,
) -> list[SegmentSurfaceDistance]:
    """Compare two segmentations of one scan by how far apart their surfaces are.

    Parameters
    ----------
    a : Segmentation
        The one to compare with.
    b : Segmentation
        The other, on the same grid.
    tolerance : float
        Distance in mm that counts as agreement for the surface Dice coefficient, such as
        the difference between two observers; 0 or more.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    list of SegmentSurfaceDistance
        One a segment: those of `a` in the order of its table, then those that only `b`
        has. Segments are matched by name; where no name is in both tables, by value.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When neither has a segment, or the tolerance is not a number of at least 0.
    Cancelled
        When `progress` returned ``False``.

    Notes
    -----
    An element of a surface is a cube of 2 x 2 x 2 voxel centres with some inside and some
    outside. It lies at the centre of the cube and weighs as much as the area of the
    marching-cubes surface in it, so that a face across thick slices counts for its true
    size. (Boundary voxels, as ITK counts them, would weigh the same whichever way the
    surface runs, and lie half a voxel inside.) Distances are exact between these elements,
    in mm, and 0 between equal surfaces; places are known to about half a voxel, so
    that differences below the spacing mean little. Surfaces are closed at the border of
    the scan.

    References
    ----------
    S. Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for
    radiotherapy: deep learning algorithm development and validation study", Journal of
    Medical Internet Research 23 (2021) e26151, whose definitions of elements, percentile
    and surface Dice coefficient are used.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise InputError(f"tolerance must be a number of at least 0 in mm, not {tolerance}.")
    a.grid.require_same(b.grid, what="The second segmentation")
    matched = match_segments([a, b])
    boxes = dict(label_boxes(a.array)), dict(label_boxes(b.array))
    return [
        _compare(row, (a, b), boxes, float(tolerance))
        for row in Progress.over(matched, progress, "Measuring surface distances")
    ]


def _compare(
    row: MatchedSegment,
    segmentations: tuple[Segmentation, Segmentation],
    boxes: tuple[dict[int, Box], dict[int, Box]],
    tolerance: float,
) -> SegmentSurfaceDistance:
    surfaces = [
        _surface(segmentation, value, box.get(value) if value is not None else None)
        for segmentation, value, box in zip(segmentations, row.values, boxes, strict=True)
    ]
    first, second = surfaces
    if first is not None and second is not None:
        numbers = _distances(first, second, tolerance)
    else:
        numbers = dict.fromkeys(_DISTANCES, _NAN)
    area_a, area_b = (_NAN if s is None else float(s.areas.sum()) for s in surfaces)
    return SegmentSurfaceDistance(
        name=row.name,
        value_a=row.values[0],
        value_b=row.values[1],
        matched_by=row.matched_by,
        area_a_mm2=area_a,
        area_b_mm2=area_b,
        tolerance_mm=tolerance,
        note=missing_segment_note(row, first is not None, second is not None),
        **numbers,
    )


def _surface(
    segmentation: Segmentation, value: int | None, box: Box | None
) -> SurfaceElements | None:
    if value is None or box is None:
        return None
    mask = segmentation.array[box] == value
    return surface_elements(mask, segmentation.grid.spacing, box)


def _distances(a: SurfaceElements, b: SurfaceElements, tolerance: float) -> dict[str, float]:
    to_b, to_a = a.distances_to(b), b.distances_to(a)
    area_a, area_b = a.areas.sum(), b.areas.sum()
    sum_a, sum_b = to_b @ a.areas, to_a @ b.areas
    limit = tolerance * (1 + _ROUNDING) + _ROUNDING * min(a.spacing)
    near = a.areas[to_b <= limit].sum() + b.areas[to_a <= limit].sum()
    return {
        "hausdorff_mm": float(np.max([to_b.max(), to_a.max()])),
        "hausdorff95_mm": max(
            weighted_percentile(to_b, a.areas, 0.95), weighted_percentile(to_a, b.areas, 0.95)
        ),
        "mean_mm": float((sum_a + sum_b) / (area_a + area_b)),
        "mean_a_to_b_mm": float(sum_a / area_a),
        "mean_b_to_a_mm": float(sum_b / area_b),
        "surface_dice": float(min(near / (area_a + area_b), 1)),
    }
