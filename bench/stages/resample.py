"""Resample to cubes of 1 mm, and compare with the phantom where each route puts its voxels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import data
import documents
import numpy as np
import phantom
from harness import Case, Route, Stage, WrongAnswer
from numpy.typing import NDArray

__all__ = ["STAGE"]


@dataclass(frozen=True)
class Scan:
    """A noisy scan, its raster, and the target's shape at 1 mm."""

    name: str
    values: NDArray[np.int16]
    raster: phantom.Raster

    @property
    def target(self) -> phantom.Raster:
        extent = np.multiply(self.raster.shape, self.raster.spacing)
        return phantom.Raster(tuple(int(n) for n in np.round(extent)), (1.0, 1.0, 1.0))

    def clean(self) -> Scan:
        """Take the same scan without noise."""
        return Scan(self.name, data.scan(self.name, noise=0), self.raster)


def _scan(name: str) -> Scan:
    return Scan(name, data.scan(name), data.SCANS[name])


# --- routes --------------------------------------------------------------------------------


def _medvoxel(scan: Scan, antialias: bool = True) -> Callable[[], Any]:
    from medvoxel import Grid, Volume, resample

    origin = [float(p[0]) for p in scan.raster.places[::-1]]
    grid = Grid(scan.raster.shape, scan.raster.spacing, tuple(origin), np.eye(3))
    volume = Volume(scan.values, grid, "CT", "HU", {})
    return lambda: resample(volume, 1.0, antialias=antialias)


def _documents(scan: Scan) -> Callable[[], Any]:
    import scipy.ndimage  # noqa: F401

    return lambda: documents.resample(scan.values, np.array(scan.raster.spacing))[0]


def _zoom_linear(scan: Scan) -> Callable[[], Any]:
    import scipy.ndimage

    factors = np.divide(scan.target.shape, scan.raster.shape)
    return lambda: scipy.ndimage.zoom(scan.values, factors, order=1)


def _scikit_image(scan: Scan) -> Callable[[], Any]:
    from skimage.transform import resize

    return lambda: resize(
        scan.values, scan.target.shape, order=1, anti_aliasing=True, preserve_range=True
    )


def _simpleitk(scan: Scan, interpolator: str) -> Callable[[], Any]:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(scan.values)
    image.SetSpacing(scan.raster.spacing[::-1])
    image.SetOrigin([float(p[0]) for p in scan.raster.places[::-1]])
    resampler = sitk.ResampleImageFilter()
    resampler.SetInterpolator(getattr(sitk, interpolator))
    resampler.SetSize(scan.target.shape[::-1])
    resampler.SetOutputSpacing(scan.target.spacing)
    resampler.SetOutputOrigin([float(p[0]) for p in scan.target.places[::-1]])
    # The outermost new voxels reach beyond the old centres, where ITK knows nothing.
    resampler.SetUseNearestNeighborExtrapolator(True)
    return lambda: sitk.GetArrayFromImage(resampler.Execute(image))


# --- where the new voxels lie, and how near to the truth they are --------------------------


class Resampled(NamedTuple):
    """New values, where they truly lie, and the spacing that the route says they have."""

    values: NDArray[Any]
    places: Sequence[NDArray[np.float64]]
    spacing: Sequence[float]


def _of_volume(scan: Scan, result: Any) -> Resampled:
    grid = result.grid
    places = [
        start + step * np.arange(n)
        for start, step, n in zip(grid.origin[::-1], grid.spacing, grid.shape, strict=True)
    ]
    return Resampled(result.array, places, grid.spacing)


def _on_target(scan: Scan, result: Any) -> Resampled:
    return Resampled(result, scan.target.places, scan.target.spacing)


def _same_box(scan: Scan, result: Any) -> Resampled:
    """Part the same box into equal voxels."""
    spacing = np.multiply(scan.raster.shape, scan.raster.spacing) / result.shape
    return Resampled(result, phantom.Raster(result.shape, tuple(spacing)).places, spacing)


def _corners_kept(scan: Scan, result: Any) -> Resampled:
    """Keep the first and last voxel where they are, as `ndimage.zoom` does."""
    ends = [p[-1] for p in scan.raster.places]
    places = [np.linspace(-end, end, n) for end, n in zip(ends, result.shape, strict=True)]
    return Resampled(result, places, _same_box(scan, result).spacing)


def _check(route: Route, scan: Scan, result: Resampled) -> str:
    clean_scan = scan.clean()
    clean = _error(route.finish(clean_scan, route.make(clean_scan)()))
    if not clean < 100:
        raise WrongAnswer(f"RMSE {clean:.0f} HU on the clean scan")
    words = f"RMSE {clean:.1f} clean, **{_error(result):.1f}** noisy"
    misplaced = max(
        abs(p[-1] - p[0] - (len(p) - 1) * step)
        for p, step in zip(result.places, result.spacing, strict=True)
    )
    return words + (f"; up to {misplaced:.1f} mm out of place" if misplaced > 0.05 else "")


def _error(result: Resampled) -> float:
    """Root mean square difference from what an ideal scanner with 1 mm voxels measures."""
    values, places, _ = result
    thirds = np.array([-1, 0, 1]) / 3
    total, count = 0.0, 0
    y, x = ((p[:, None] + thirds).reshape(-1) for p in places[1:])
    for plane, height in zip(values, places[0], strict=True):
        fine = phantom.values(height + thirds, y, x).mean(axis=0, dtype=np.float64)
        truth = fine.reshape(len(places[1]), 3, len(places[2]), 3).mean(axis=(1, 3))
        total += float(np.square(plane - truth).sum())
        count += truth.size
    return (total / count) ** 0.5


ROUTES = (
    Route("medvoxel", _medvoxel, _of_volume),
    Route("medvoxel, antialias = FALSE", partial(_medvoxel, antialias=False), _of_volume),
    Route("documents (ndimage.zoom, order 3)", _documents, _corners_kept),
    Route("ndimage.zoom, order 1", _zoom_linear, _corners_kept),
    Route("scikit-image resize, anti-aliased", _scikit_image, _same_box),
    Route("SimpleITK, linear", partial(_simpleitk, interpolator="sitkLinear"), _on_target),
    Route("SimpleITK, B-spline", partial(_simpleitk, interpolator="sitkBSpline"), _on_target),
)

STAGE = Stage(
    title="Resampling to 1 mm",
    text=f"A scan of the phantom in int16 with {data.NOISE:g} HU of noise. RMSE in HU against the "
    "phantom averaged over each cube of 1 mm, at the places where a route's voxels truly lie; "
    '"out of place" is how far these are from where the spacing that it gives puts them.',
    cases=tuple(
        Case(name, partial(_scan, key), ROUTES, _check, reference=ROUTES[2].name)
        for name, key in (
            ("40 x 704 x 704 at 3 x 0.1989 x 0.1989 mm", "ankle"),
            ("300 x 512 x 512 at 0.5 x 0.35 x 0.35 mm", "ankle-ct"),
        )
    ),
    packages=("numpy", "scipy", "scikit-image", "SimpleITK"),
)
