"""From a scan and a mask to the region that features are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError, InputError
from ..geometry import Grid
from ..volume import Segmentation, Volume
from ._mask_box import mask_box
from ._resampling_grids import Raster, Span, centred_raster, cornered_raster
from ._sampling import ORDERS, sample
from .region import Region
from .resegmenting import resegment
from .settings import RadiomicsSettings

__all__ = ["Prepared", "UnusableRegion", "normalise", "on_scan_grid", "prepare"]

# The sphere of 1 cm³ of IBSI's local intensity peak has this radius in mm.
_PEAK_RADIUS = 6.21
# A sample this near to a whole number is that number: what is left is rounding noise.
_WHOLE = 1e-6


class UnusableRegion(InputError):
    """A segment from which no features can be computed, with the reason."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A segment after normalising, resampling and re-segmenting.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values of the segment and its surroundings.
    grid : Grid
        Where they lie.
    mask : ndarray of bool, shape (z, y, x)
        Voxels whose grey values count (IBSI: intensity mask).
    shape_mask : ndarray of bool, shape (z, y, x)
        Voxels of the shape (IBSI: morphological mask).
    voxels : int
        Voxels of the segment as it was given.
    touches_border : bool
        Whether one of them lies in the first or last slice, row or column of the scan.
    """

    values: NDArray[np.float64]
    grid: Grid
    mask: NDArray[np.bool_]
    shape_mask: NDArray[np.bool_]
    voxels: int
    touches_border: bool

    def region(self, *, margin: float = 0.0, values: NDArray[Any] | None = None) -> Region:
        """Crop to the segment.

        Parameters
        ----------
        margin : float
            Width in mm of surroundings to keep, as far as there are any.
        values : ndarray, shape (z, y, x), optional
            Other values on the same grid, as those of a filtered image.

        Returns
        -------
        Region
            The box of the shape.
        """
        voxels = np.ceil(margin / np.asarray(self.grid.spacing)).astype(int)
        box = _slices(_box(self.shape_mask), voxels, self.grid.shape)
        inside = self.values if values is None else values
        return Region(
            np.ascontiguousarray(inside[box], dtype=np.float64),
            np.ascontiguousarray(self.mask[box]),
            self.grid.spacing,
            np.ascontiguousarray(self.shape_mask[box]),
        )


def on_scan_grid(
    scan: Volume, segmentation: Segmentation, settings: RadiomicsSettings
) -> Segmentation:
    """Make sure that a segmentation lies on the grid of its scan.

    Parameters
    ----------
    scan : Volume
        The scan.
    segmentation : Segmentation
        The segmentation.
    settings : RadiomicsSettings
        With `geometry_tolerance` and `correct_mask`.

    Returns
    -------
    Segmentation
        The same one, or with `correct_mask` one brought to the scan's grid.

    Raises
    ------
    GeometryError
        When it lies elsewhere; with both geometries, their difference in mm and the way
        out.
    """
    grid = scan.grid
    tolerance = settings.geometry_tolerance
    if tolerance is not None and grid.same_as(segmentation.grid, tolerance=tolerance):
        return segmentation
    if settings.correct_mask and not grid.same_as(segmentation.grid):
        from ..resampling import resample_to

        return resample_to(segmentation, grid, method="nearest")
    if tolerance is not None and grid.same_as(segmentation.grid):
        corner = grid.difference(segmentation.grid)["corner_mm"]
        raise GeometryError(
            f"Voxels of the segmentation lie up to {corner:.3g} mm from the scan's, more than "
            f"geometry_tolerance = {tolerance:g} allows.",
            hint="Bring it to the scan's grid with resample_to().",
        )
    grid.require_same(segmentation.grid)
    return segmentation


def normalise(scan: Volume, settings: RadiomicsSettings) -> Volume:
    """Bring a whole scan to mean 0 and a given standard deviation, where settings ask for it.

    Parameters
    ----------
    scan : Volume
        The scan.
    settings : RadiomicsSettings
        With `normalize`, `normalize_scale` and `remove_outliers`.

    Returns
    -------
    Volume
        The scan itself, or one of float64.

    Raises
    ------
    InputError
        When all grey values are equal.

    References
    ----------
    pyradiomics, ``imageoperations.normalizeImage``: the standard deviation is that of a
    sample (n - 1); outliers are set to the limit before the scale is applied.
    """
    if not settings.normalize:
        return scan
    values = scan.array.astype(np.float64)
    spread = values.std(ddof=1) if values.size > 1 else 0.0
    if not spread > 0:
        raise InputError(
            "A scan of one grey value cannot be normalised.", hint="Set normalize to False."
        )
    values -= values.mean()
    values /= spread
    if settings.remove_outliers is not None:
        np.clip(values, -settings.remove_outliers, settings.remove_outliers, out=values)
    values *= settings.normalize_scale
    return scan.with_array(values)


def prepare(
    scan: Volume, mask: NDArray[np.bool_], settings: RadiomicsSettings, *, whole: bool = False
) -> Prepared:
    """Resample, round, re-segment and crop a segment.

    Parameters
    ----------
    scan : Volume
        The scan, normalised already where that is wanted.
    mask : ndarray of bool, shape (z, y, x)
        Voxels of the segment.
    settings : RadiomicsSettings
        How.
    whole : bool
        Keep the whole scan around a segment, for filters; with pyradiomics' definition
        only where it is not resampled.

    Returns
    -------
    Prepared
        Grey values and masks.

    Raises
    ------
    UnusableRegion
        When no voxel is left, or the segment is below the smallest size allowed.

    Notes
    -----
    With ``definition="pyradiomics"``: the new grid is aligned at the corner, the mask is
    that of the nearest voxel, and a scan of whole numbers stays one (its samples are cut
    off towards 0, as ITK does). With ``"ibsi"``: grids are aligned at the centre, the mask
    is interpolated and cut at `mask_threshold`, and grey values are rounded. Outliers are
    those of the whole segment also where a range is given (both conditions hold then).
    The shape is that of the whole segment; pyradiomics cuts it at the box of the
    re-segmented one, which is not followed here. Noise of rounding apart, a sample that
    falls on a voxel's centre is that voxel; ITK may give one less for whole numbers.

    References
    ----------
    pyradiomics, ``imageoperations.resampleImage``. IBSI reference manual, sections 2.4
    (interpolation), 2.5 (re-segmentation).
    """
    if not mask.any():
        raise UnusableRegion("the segment has no voxels")
    box = _box(mask)
    # IBSI filters the whole scan, also one that is resampled; pyradiomics crops that first.
    everything = whole and settings.definition == "ibsi"
    raster = _raster(scan.grid, [(0, n) for n in mask.shape] if everything else box, settings)
    if raster is None:
        values, shape_mask, grid = _cropped(scan, mask, box, settings, whole)
    else:
        values, shape_mask = _resampled(scan, mask, raster, settings)
        grid = raster.grid
    if not shape_mask.any():
        raise UnusableRegion("no voxel of the segment is left after resampling")
    _require_size(shape_mask, settings, "")
    inner = resegment(values, shape_mask, settings)
    if settings.resegment_range is not None or settings.resegment_outliers is not None:
        if np.count_nonzero(inner) <= 1:
            raise UnusableRegion("no more than one voxel is left after re-segmentation")
        _require_size(inner, settings, " after re-segmentation")
    shape_mask = inner if settings.resegment_shape else shape_mask
    border = any(a == 0 or b == n for (a, b), n in zip(box, mask.shape, strict=True))
    return Prepared(values, grid, inner, shape_mask, int(np.count_nonzero(mask)), border)


def _raster(grid: Grid, box: Sequence[Span], settings: RadiomicsSettings) -> Raster | None:
    """Lay the grid to resample to; None when nothing is to be resampled."""
    if not settings.resamples:
        return None
    wanted = settings.resampled_pixel_spacing or (0.0, 0.0, 0.0)
    if settings.definition == "ibsi":
        raster = centred_raster(grid, wanted, box, _PEAK_RADIUS)
    else:
        raster = cornered_raster(grid, wanted, box, settings.pad_distance)
    return None if np.allclose(raster.grid.spacing, grid.spacing) else raster


def _cropped(
    scan: Volume,
    mask: NDArray[np.bool_],
    box: Sequence[Span],
    settings: RadiomicsSettings,
    whole: bool,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], Grid]:
    pad = np.full(3, settings.pad_distance)
    if settings.definition == "ibsi":
        pad = np.maximum(pad, np.ceil(_PEAK_RADIUS / np.asarray(scan.grid.spacing)).astype(int))
    keep = _slices(box, pad, mask.shape)
    # pyradiomics filters the whole scan, unless told to crop it or resampling does.
    crops = settings.resamples and settings.definition != "ibsi"
    if whole and not (settings.pre_crop or crops):
        keep = tuple(slice(0, n) for n in mask.shape)
    grid = scan.grid.crop([part.start for part in keep], [part.stop for part in keep])
    return scan.array[keep].astype(np.float64), mask[keep], grid


def _resampled(
    scan: Volume, mask: NDArray[np.bool_], raster: Raster, settings: RadiomicsSettings
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    order = ORDERS[settings.interpolator or "sitkBSpline"]
    if settings.definition != "ibsi":
        values = sample(scan.array, raster.positions, order=order)
        stored = _as_stored(values, scan.array.dtype, snap=order == 3)
        return stored, sample(mask, raster.positions, order=0) > 0.5
    # The outermost new voxels may lie beyond the scan: they take the value of its edge.
    inside = [np.clip(at, 0, n - 1) for at, n in zip(raster.positions, mask.shape, strict=True)]
    values = sample(scan.array, inside, order=order)
    rounded = settings.round_intensities
    if scan.unit == "HU" if rounded is None else rounded:
        values = np.floor(values + 0.5)
    if settings.mask_interpolator == "nearest":
        return values, sample(mask, inside, order=0) > 0.5
    # Sums of weights carry rounding noise; one half exactly is inside.
    return values, sample(mask, inside, order=1) >= settings.mask_threshold - 1e-9


def _as_stored(
    values: NDArray[np.float64], dtype: np.dtype[Any], *, snap: bool
) -> NDArray[np.float64]:
    """Give samples as they are after being stored in the scan's own type, as in ITK.

    What a spline misses a whole number by is rounding, and `snap` takes it back, which ITK
    does not.
    """
    if dtype.kind == "f":
        return values.astype(dtype).astype(np.float64)
    whole = np.round(values)
    near = np.abs(values - whole) < _WHOLE if snap else False
    values = np.where(near, whole, np.trunc(values))
    limits = np.iinfo(dtype)
    return np.clip(values, limits.min, limits.max)


def _require_size(mask: NDArray[np.bool_], settings: RadiomicsSettings, when: str) -> None:
    voxels = int(np.count_nonzero(mask))
    long = sum(stop - first > 1 for first, stop in _box(mask))
    if long == 0:
        raise UnusableRegion(f"the segment is a single voxel{when}")
    if long < settings.minimum_roi_dimensions:
        raise UnusableRegion(
            f"the segment is longer than one voxel along {long} axes only{when}; "
            f"minimum_roi_dimensions is {settings.minimum_roi_dimensions}"
        )
    least = settings.minimum_roi_size
    if least is not None and voxels <= least:
        raise UnusableRegion(
            f"the segment has {voxels} voxels{when}, not more than minimum_roi_size = {least}"
        )


def _box(mask: NDArray[np.bool_]) -> list[Span]:
    """First index and one past the last of a mask along each axis."""
    return [(part.start, part.stop) for part in mask_box(mask)]


def _slices(box: Sequence[Span], pad: NDArray[np.int64], shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(
        slice(max(first - int(p), 0), min(stop + int(p), n))
        for (first, stop), p, n in zip(box, pad, shape, strict=True)
    )
