"""Numbers for each segment: size, place and grey values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._boxes import Box, label_boxes
from ._grey_values import grey_values, no_grey_values
from ._surface_area import mask_surface_area
from .errors import InputError
from .geometry import Grid
from .progress import Progress, ProgressCallback
from .volume import Segment, Segmentation, Volume

__all__ = ["SegmentStatistics", "segment_statistics"]

_NAN = math.nan


@dataclass(frozen=True)
class SegmentStatistics:
    """The numbers of one segment. What is not defined is NaN, never 0.

    Parameters
    ----------
    value : int
        Voxel value of the segment.
    name : str
        Its name.
    voxels : int
        Number of voxels.
    volume_mm3, volume_ml : float
        Their volume.
    surface_area_mm2 : float
        Area of the marching-cubes surface through the mask, not smoothed, closed at the
        border of the scan.
    touches_border : bool
        Whether a voxel lies in the first or last slice, row or column: the structure may
        go on outside the scan, and its size is then a lower bound.
    centroid_x_mm, centroid_y_mm, centroid_z_mm : float
        Mean of the voxel centres in LPS mm.
    mean, sd, min, max : float
        Of the grey values; `sd` is that of a sample (n - 1).
    quantiles : mapping of float to float
        Quantiles of the grey values by probability, interpolated as NumPy and R do by
        default (type 7).
    note : str
        Why a number is missing or partial; empty when all is well.
    """

    value: int
    name: str
    voxels: int
    volume_mm3: float
    volume_ml: float
    surface_area_mm2: float
    touches_border: bool
    centroid_x_mm: float
    centroid_y_mm: float
    centroid_z_mm: float
    mean: float
    sd: float
    min: float
    max: float
    quantiles: Mapping[float, float]
    note: str

    def as_row(self) -> dict[str, Any]:
        """Flatten to one row of a table.

        Returns
        -------
        dict
            Plain values by column, without nesting: a quantile of probability 0.05 becomes
            the column ``q05``, one of 0.025 ``q2_5``.
        """
        row: dict[str, Any] = {}
        for column in fields(self):
            if column.name == "quantiles":
                row.update({_quantile_name(p): q for p, q in self.quantiles.items()})
            else:
                row[column.name] = getattr(self, column.name)
        return row


def segment_statistics(
    volume: Volume,
    segmentation: Segmentation,
    /,
    *,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    progress: ProgressCallback | None = None,
) -> list[SegmentStatistics]:
    """Measure each segment and the grey values in it.

    Parameters
    ----------
    volume : Volume
        The scan.
    segmentation : Segmentation
        Segments on the grid of the scan.
    quantiles : sequence of float
        Probabilities from 0 to 1.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    list of SegmentStatistics
        One for each row of the segment table, in its order; see there for units.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When a probability is not from 0 to 1.
    Cancelled
        When `progress` returned ``False``.

    Notes
    -----
    Numbers of size do not look at grey values; voxels that are not finite are left out of
    the statistics of grey values only, and `note` counts them. Whole-number scans are
    measured by their exact histogram, without a copy of the values.
    """
    volume.grid.require_same(segmentation.grid)
    probabilities = _probabilities(quantiles)
    boxes = dict(label_boxes(segmentation.array))
    return [
        _measure(volume, segmentation.array, row, boxes.get(row.value), probabilities)
        for row in Progress.over(segmentation.segments, progress, "Measuring segments")
    ]


def _probabilities(quantiles: Sequence[float]) -> tuple[float, ...]:
    values = tuple(float(p) for p in np.atleast_1d(np.asarray(quantiles, dtype=float)))
    if not all(0 <= p <= 1 for p in values):
        raise InputError(f"quantiles must be probabilities from 0 to 1, not {quantiles}.")
    return tuple(dict.fromkeys(values))


def _quantile_name(probability: float) -> str:
    percent = f"{100 * probability:.6g}"
    return "q" + (percent.zfill(2) if percent.isdigit() else percent.replace(".", "_"))


def _measure(
    volume: Volume,
    labels: NDArray[np.integer],
    row: Segment,
    box: Box | None,
    probabilities: tuple[float, ...],
) -> SegmentStatistics:
    if box is None:
        return _empty(row, probabilities)
    mask = labels[box] == row.value
    voxels = int(np.count_nonzero(mask))
    size = voxels * volume.grid.voxel_volume
    x, y, z = _centroid(mask, voxels, box, volume.grid)
    grey, note = grey_values(volume.array[box], mask, voxels, probabilities)
    return SegmentStatistics(
        value=row.value,
        name=row.name,
        voxels=voxels,
        volume_mm3=size,
        volume_ml=size / 1000,
        surface_area_mm2=mask_surface_area(mask, volume.grid.spacing),
        touches_border=any(
            part.start == 0 or part.stop == length
            for part, length in zip(box, labels.shape, strict=True)
        ),
        centroid_x_mm=x,
        centroid_y_mm=y,
        centroid_z_mm=z,
        note=note,
        **grey,
    )


def _empty(row: Segment, probabilities: tuple[float, ...]) -> SegmentStatistics:
    return SegmentStatistics(
        value=row.value,
        name=row.name,
        voxels=0,
        volume_mm3=0.0,
        volume_ml=0.0,
        surface_area_mm2=0.0,
        touches_border=False,
        centroid_x_mm=_NAN,
        centroid_y_mm=_NAN,
        centroid_z_mm=_NAN,
        note="the segment has no voxel",
        **no_grey_values(probabilities),
    )


def _centroid(
    mask: NDArray[np.bool_], voxels: int, box: Box, grid: Grid
) -> tuple[float, float, float]:
    """Mean of the voxel centres, LPS mm, from the sums over planes."""
    index = []
    for axis, part in enumerate(box):
        others = tuple(i for i in range(3) if i != axis)
        planes = np.count_nonzero(mask, axis=others)
        index.append(part.start + float(planes @ np.arange(len(planes))) / voxels)
    x, y, z = grid.index_to_lps(index).tolist()
    return x, y, z
