"""Masks of tissues in CT, each from a range, islands and holes, within the body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..volume import Segmentation, Volume
from ._editing import plane_axis
from ._preset_masks import fill_slices, keep_islands, label_islands
from ._ranges import within
from .components import bounding_box
from .morphology import close_mask, fill_holes, open_mask

__all__ = ["Inside", "bone", "find_body", "look_inside", "lung", "range_of"]

Mask = NDArray[np.bool_]

_PURE_AIR = -950  # HU; a part whose median is below holds no lung tissue


@dataclass(frozen=True)
class Inside:
    """The box of the body: views of the scan, so that no voxel around it costs time.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values in HU.
    body : ndarray of bool, shape (z, y, x)
        The body with all that is in it.
    box : tuple of slice
        Where both lie in the scan.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    axial : int
        The axis across axial slices.
    """

    array: NDArray[Any]
    body: Mask
    box: tuple[slice, slice, slice]
    spacing: tuple[float, float, float]
    axial: int

    def voxels(self, volume: float) -> float:
        """Convert a volume to voxels.

        Parameters
        ----------
        volume : float
            In mm³.

        Returns
        -------
        float
            The same in voxels; one that meets it exactly is not too small.
        """
        return volume / math.prod(self.spacing) * (1 - 1e-9)


def find_body(
    volume: Volume, lower: float, opening: float, share: float, steps: Progress
) -> tuple[Mask, float]:
    """Find the body, filled, without the table and clothes.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    lower : float
        Lowest value of the skin.
    opening : float
        Radius in mm of the ball that thin things do not hold.
    share : float
        Part of the largest island from which another belongs to the body.
    steps : Progress
        Advanced by two.

    Returns
    -------
    body : ndarray of bool, shape (z, y, x)
        The body.
    left : float
        The largest island that was left out, as a part of the largest.
    """
    mask = within(volume.array, lower, None)
    # Before anything is filled: the table closes slices as the body does.
    mask = open_mask(mask, radius=opening, spacing=volume.grid.spacing)
    steps.advance()
    mask, sizes = keep_islands(mask, share=share)
    left = sizes[sizes < share * sizes[:1].sum()]
    # Lungs and bowel that the ends of the scan cut open are closed within the slices, and
    # so is all that is closed in 3D.
    mask = fill_slices(mask, plane_axis(volume.grid, "axial"))
    steps.advance()
    return mask, float(left[0] / sizes[0]) if len(left) else 0.0


def look_inside(volume: Volume, body: Segmentation | Mask) -> Inside | None:
    """Cut the box of the body out of the scan.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    body : Segmentation or ndarray of bool, shape (z, y, x)
        The body; of a segmentation all segments count.

    Returns
    -------
    Inside or None
        ``None`` for an empty body.

    Raises
    ------
    GeometryError
        When the segmentation lies on another grid than the scan.
    """
    if isinstance(body, Segmentation):
        volume.grid.require_same(body.grid)
        body = body.array != 0
    box = bounding_box(body)
    if box is None:
        return None
    spacing = volume.grid.spacing
    return Inside(volume.array[box], body[box], box, spacing, plane_axis(volume.grid, "axial"))


def range_of(inside: Inside, lower: float | None, upper: float | None, smallest: float) -> Mask:
    """Find what has values of a range.

    Parameters
    ----------
    inside : Inside
        The body.
    lower, upper : float, optional
        Inclusive bounds in HU.
    smallest : float
        Volume in mm³ that an island must have.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        Within the box of the body.
    """
    mask = within(inside.array, lower, upper)
    mask &= inside.body
    return keep_islands(mask, smallest=inside.voxels(smallest))[0]


def bone(inside: Inside, lower: float, closing: float, holes: float, smallest: float) -> Mask:
    """Find bone with its marrow.

    Parameters
    ----------
    inside : Inside
        The body.
    lower : float
        Lowest value of bone in HU.
    closing : float
        Radius in mm of the ball that gaps between trabeculae do not hold.
    holes : float
        Area in mm² of the largest hole in an axial slice that is filled.
    smallest : float
        Volume in mm³ that an island must have.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        Within the box of the body.
    """
    mask = range_of(inside, lower, None, smallest)
    if closing > 0:
        mask = close_mask(mask, radius=closing, spacing=inside.spacing)
    pixel = math.prod(inside.spacing) / inside.spacing[inside.axial]
    mask = fill_slices(fill_holes(mask), inside.axial, holes / pixel * (1 + 1e-9))
    mask &= inside.body
    return mask


def lung(inside: Inside, upper: float, closing: float, smallest: float) -> Mask:
    """Find the lungs: large, dark, and not pure air.

    Parameters
    ----------
    inside : Inside
        The body.
    upper : float
        Highest value of lung in HU.
    closing : float
        Radius in mm of the ball that vessels of the lung do not hold.
    smallest : float
        Volume in mm³ that a lung must have.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
        Within the box of the body; the largest part or two.
    """
    dark = within(inside.array, None, upper)
    dark &= inside.body
    labels, sizes = label_islands(dark)
    large = np.flatnonzero(sizes >= max(inside.voxels(smallest), 1)) + 1
    lungs = [i for i in large if np.median(inside.array[labels == i]) > _PURE_AIR]
    lungs = sorted(lungs, key=lambda i: -sizes[i - 1])[:2]
    mask = np.isin(labels, lungs)
    if closing > 0 and lungs:
        mask = close_mask(mask, radius=closing, spacing=inside.spacing)
    mask = fill_holes(mask)
    mask &= inside.body
    return mask
