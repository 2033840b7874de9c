"""Presets for CT: body, bone, soft tissue, fat, lung and air, by range, islands and holes."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation, Volume
from . import _preset_tissues as tissues
from ._preset_common import (
    AIR,
    BODY,
    BONE,
    DEFAULTS,
    FAT,
    LUNG,
    SOFT,
    TISSUES,
    body_mask,
    check_ct,
    find_body,
    find_within,
    numbers,
    one_segment,
    segment_rows,
    warn_none,
)
from ._preset_masks import keep_islands
from ._preset_tissues import Inside
from ._ranges import within

__all__ = [
    "segment_air",
    "segment_body",
    "segment_bone",
    "segment_fat",
    "segment_lung",
    "segment_soft_tissue",
    "segment_tissues",
]

Mask = NDArray[np.bool_]


def segment_body(
    volume: Volume,
    /,
    *,
    lower: float = BODY["lower"],
    opening: float = BODY["opening"],
    share: float = BODY["share"],
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment the body in a CT, without the table and clothes.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    lower : float
        Lowest value of the skin in HU.
    opening : float
        Radius in mm of the ball that table, clothes and tubes are too thin for; 0 removes
        nothing.
    share : float
        Islands of at least this part of the largest one belong to the body: both legs,
        but seldom an arm beside the trunk, for which a smaller part such as 0.02 is needed,
        and then a thick table stays. 1 keeps the largest only.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "body", uint8: everything within the skin, air included.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is no body, and when a part of at least 2 % of the largest one was left
        out.

    Notes
    -----
    Values from `lower`, opened, the large islands of that, holes filled: in 3D, and in each
    axial slice, because lungs and bowel are open where the scan ends. Air that a slice
    encloses between limbs and trunk is filled with them. Things as thick as a limb, such as
    a plaster cast or a water cushion, remain, and so does what touches the skin and is
    thicker than the ball.
    """
    check_ct(volume, "segment_body")
    values = numbers(lower=lower, opening=opening, share=share)
    steps = Progress(progress, 2, "Finding the body")
    return one_segment(volume, "body", find_body(volume, values, steps))


def segment_bone(
    volume: Volume,
    /,
    *,
    lower: float = BONE["lower"],
    closing: float = BONE["closing"],
    holes: float = BONE["holes"],
    smallest: float = BONE["smallest"],
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment bone with its marrow in a CT.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    lower : float
        Lowest value of bone in HU.
    closing : float
        Radius in mm of the ball that gaps between trabeculae are too narrow for; 0 closes
        nothing. It also joins bones that lie nearer than twice as far.
    holes : float
        Area in mm² up to which a hole in an axial slice is filled: marrow in the shaft of
        a long bone, but not the spinal canal. Holes closed in 3D are always filled.
    smallest : float
        Volume in mm³ that an island must have.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "bone", uint8.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is none.

    Notes
    -----
    Vessels and bowel with contrast medium, metal and calcifications are as bright as bone.
    A higher `lower`, such as 250, loses many of the vessels, and thin cancellous bone.
    """
    check_ct(volume, "segment_bone")
    values = numbers(lower=lower, closing=closing, holes=holes, smallest=smallest)
    mask = find_within(volume, "bone", body, progress, lambda at: tissues.bone(at, *values))
    return one_segment(volume, "bone", mask)


def segment_soft_tissue(
    volume: Volume,
    /,
    *,
    lower: float = SOFT["lower"],
    upper: float = SOFT["upper"],
    smallest: float = SOFT["smallest"],
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment soft tissue other than fat in a CT: muscle, organs, vessels, skin.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    lower, upper : float
        Inclusive bounds in HU.
    smallest : float
        Volume in mm³ that an island must have.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "soft tissue", uint8: the range within the body and outside bone, as
        :func:`segment_bone` finds it by default.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is none.

    Notes
    -----
    -29 to 150 HU is the range for muscle in studies of body composition. Fluid, blood and
    the vessels of the lung are in it too; parenchyma with contrast medium may be above.

    References
    ----------
    J. Aubrey et al., "Measurement of skeletal muscle radiation attenuation and basis of its
    biological variation", Acta Physiol. 210 (2014) 489-497.
    """
    check_ct(volume, "segment_soft_tissue")
    values = numbers(lower=lower, upper=upper, smallest=smallest)
    mask = find_within(volume, "soft tissue", body, progress, lambda at: _no_bone(at, *values))
    return one_segment(volume, "soft tissue", mask)


def segment_fat(
    volume: Volume,
    /,
    *,
    lower: float = FAT["lower"],
    upper: float = FAT["upper"],
    smallest: float = FAT["smallest"],
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment fat in a CT, below the skin and within.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    lower, upper : float
        Inclusive bounds in HU.
    smallest : float
        Volume in mm³ that an island must have.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "fat", uint8: the range within the body and outside bone, as
        :func:`segment_bone` finds it by default. The marrow is not counted.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is none.

    Notes
    -----
    -190 to -30 HU is the usual range in studies of body composition. Voxels that are half
    air and half tissue, at the skin and around bowel gas, have such values too: the
    thicker the voxels, the more.

    References
    ----------
    T. Yoshizumi et al., "Abdominal fat: standardized technique for measurement at CT",
    Radiology 211 (1999) 283-286.
    """
    check_ct(volume, "segment_fat")
    values = numbers(lower=lower, upper=upper, smallest=smallest)
    mask = find_within(volume, "fat", body, progress, lambda at: _no_bone(at, *values))
    return one_segment(volume, "fat", mask)


def segment_lung(
    volume: Volume,
    /,
    *,
    upper: float = LUNG["upper"],
    closing: float = LUNG["closing"],
    smallest: float = LUNG["smallest"],
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment the lungs in a CT.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    upper : float
        Highest value of lung in HU.
    closing : float
        Radius in mm of the ball that vessels of the lung are too thin for; 0 closes
        nothing.
    smallest : float
        Volume in mm³ that a lung must have; 30 ml by default.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "lung", uint8: the largest one or two dark parts within the body whose
        median is above that of air (-950 HU), with their vessels.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is none.

    Notes
    -----
    Bronchi belong to it, and the trachea where it hangs together with the lungs. Consolidated
    lung is as dense as soft tissue and is left out; so is a lung that the side of the scan
    cuts off. Stool with gas can be as dark as lung: look at the result.

    References
    ----------
    S. Hu, E. A. Hoffman and J. M. Reinhardt, "Automatic lung segmentation for accurate
    quantitation of volumetric X-ray CT images", IEEE Trans. Med. Imaging 20 (2001) 490-498,
    for the range and the parts of it.
    """
    check_ct(volume, "segment_lung")
    values = numbers(upper=upper, closing=closing, smallest=smallest)
    mask = find_within(volume, "lung", body, progress, lambda at: tissues.lung(at, *values))
    return one_segment(volume, "lung", mask)


def segment_air(
    volume: Volume,
    /,
    *,
    where: Literal["inside", "around", "both"] = "inside",
    upper: float = AIR["upper"],
    smallest: float = AIR["smallest"],
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment air in a CT.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    where : {"inside", "around", "both"}
        Air inside the body (lungs, airways, bowel, sinuses, wounds), around it, or both.
    upper : float
        Highest value of air in HU.
    smallest : float
        Volume in mm³ that an island must have.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        One segment, "air", uint8. Lung is in it, as half air as its values say.

    Raises
    ------
    InputError
        When the unit of the scan is not HU, or an argument is out of its range.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is none.

    Notes
    -----
    Padding around the field of view counts as air around the body.
    """
    check_ct(volume, "segment_air")
    if where not in ("inside", "around", "both"):
        raise InputError(f'where must be "inside", "around" or "both", not {where!r}.')
    upper, smallest = numbers(upper=upper, smallest=smallest)
    steps = Progress(progress, 3, "Finding air")
    known = body_mask(volume, body, steps)
    mask = within(volume.array, None, upper)
    if where == "inside":
        mask &= known
    elif where == "around":
        mask &= ~known
    least = smallest / math.prod(volume.grid.spacing) * (1 - 1e-9)
    mask, _ = keep_islands(mask, smallest=least)
    steps.advance()
    return one_segment(volume, "air", mask)


def segment_tissues(
    volume: Volume,
    /,
    *,
    body: Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Segment a CT into bone, soft tissue, fat, lung, air and the rest of the body.

    Parameters
    ----------
    volume : Volume
        CT in Hounsfield units.
    body : Segmentation, optional
        The body, as from :func:`segment_body`, which finds it by default.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Segmentation
        The segments 1 to 6 in that order, uint8: what the other presets find by default.
        Together they are the body. Where two find a voxel, bone goes before lung, and lung
        before the others; air is that outside the lungs.

    Raises
    ------
    InputError
        When the unit of the scan is not HU.
    GeometryError
        When `body` lies on another grid.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When there is no body.
    """
    check_ct(volume, "segment_tissues")
    steps = Progress(progress, 7, "Finding tissues")
    known = body_mask(volume, body, steps)
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    inside = tissues.look_inside(volume, known)
    if inside is None:
        warn_none("body")
    else:
        part = labels[inside.box]
        part[inside.body] = len(TISSUES)
        # The last has the last word.
        for name in ("soft tissue", "fat", "air", "lung", "bone"):
            part[DEFAULTS[name](inside)] = TISSUES.index(name) + 1
            steps.advance()
    return Segmentation(labels, volume.grid, segment_rows(TISSUES))


def _no_bone(inside: Inside, lower: float, upper: float, smallest: float) -> Mask:
    mask = tissues.range_of(inside, lower, upper, smallest)
    mask &= ~DEFAULTS["bone"](inside)
    return mask
