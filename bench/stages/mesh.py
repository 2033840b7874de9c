"""Surfaces by marching cubes: the bones must enclose the phantom's own volume of bone."""

from __future__ import annotations

from collections.abc import Callable
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

BONE, SKIN = 300.0, -500.0


@dataclass(frozen=True)
class Scan:
    """A scan, its raster, and where to cut."""

    values: NDArray[np.int16]
    raster: phantom.Raster
    threshold: float


class Surface(NamedTuple):
    """Vertices in mm, of either handedness, and faces."""

    vertices: NDArray[np.floating[Any]]
    faces: NDArray[np.integer[Any]]


def _scan(name: str, threshold: float) -> Scan:
    return Scan(data.scan(name), data.SCANS[name], threshold)


def _coarse(threshold: float) -> Scan:
    """Make the documents' own case: a scan at 1 mm, as their resampling leaves it."""
    raster = phantom.Raster((120, 140, 140), (1.0, 1.0, 1.0))
    return Scan(phantom.scan(raster, noise=data.NOISE), raster, threshold)


# --- routes --------------------------------------------------------------------------------


def _medvoxel(scan: Scan) -> Callable[[], Any]:
    from medvoxel import Grid, Volume, make_mesh

    grid = Grid(scan.raster.shape, scan.raster.spacing, (0.0, 0.0, 0.0), np.eye(3))
    volume = Volume(scan.values, grid, "CT", "HU", {})
    return lambda: make_mesh(volume, threshold=scan.threshold)


def _documents(scan: Scan) -> Callable[[], Any]:
    import skimage.measure  # noqa: F401

    return lambda: documents.make_mesh(scan.values, scan.threshold)


def _scikit_image(scan: Scan) -> Callable[[], Any]:
    from skimage.measure import marching_cubes

    return lambda: marching_cubes(scan.values, scan.threshold)


def _vtk(scan: Scan) -> Callable[[], Any]:
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    def run() -> Any:
        image = vtkImageData()
        image.SetDimensions(scan.raster.shape[::-1])
        image.SetSpacing(scan.raster.spacing[::-1])
        image.GetPointData().SetScalars(numpy_to_vtk(scan.values.reshape(-1)))
        filter_ = vtkFlyingEdges3D()
        filter_.SetInputData(image)
        filter_.SetValue(0, scan.threshold)
        filter_.ComputeNormalsOff()
        filter_.Update()
        mesh = filter_.GetOutput()
        vertices = vtk_to_numpy(mesh.GetPoints().GetData())
        return vertices.copy(), vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).copy()

    return run


# --- checks --------------------------------------------------------------------------------


def _of_mesh(scan: Scan, result: Any) -> Surface:
    return Surface(result.vertices, result.faces)


def _of_voxels_xyz(scan: Scan, result: Any) -> Surface:
    return Surface(result[0] * scan.raster.spacing[::-1], result[1])


def _of_voxels_zyx(scan: Scan, result: Any) -> Surface:
    return Surface(result[0] * scan.raster.spacing, result[1])


def _of_vtk(scan: Scan, result: Any) -> Surface:
    return Surface(result[0], result[1].reshape(-1, 3))


def _check(route: Route, scan: Scan, surface: Surface) -> str:
    open_edges = _open_edges(surface.faces)
    words = f"{len(surface.faces):,} faces, "
    words += f"{open_edges:,} open edges" if open_edges else "closed"
    if scan.threshold != BONE:
        return words
    error = _volume(surface) / phantom.bone_volume(scan.threshold) - 1
    if abs(error) > 0.1:
        raise WrongAnswer(f"volume {100 * error:+.1f} %")
    return f"{words}, volume {100 * error:+.2f} %"


def _open_edges(faces: NDArray[np.integer[Any]]) -> int:
    """Count the edges that some face passes without another passing it the other way."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    count = int(faces.max()) + 1
    forth = edges[:, 0] * count + edges[:, 1]
    back = edges[:, 1] * count + edges[:, 0]
    return int((~np.isin(forth, back)).sum())


def _volume(surface: Surface) -> float:
    a, b, c = (surface.vertices[surface.faces[:, k]].astype(np.float64) for k in range(3))
    return abs(float(np.einsum("ij,ij->", a, np.cross(b, c)))) / 6


ROUTES = (
    Route("medvoxel", _medvoxel, _of_mesh),
    Route("documents", _documents, _of_voxels_xyz),
    Route("scikit-image, C order", _scikit_image, _of_voxels_zyx),
    Route("VTK flying edges", _vtk, _of_vtk),
)

STAGE = Stage(
    title="Surfaces",
    text="Marching cubes in int16. Volume: against that of the phantom's bones, which a formula "
    "gives; at 1 mm the raster itself is coarser than the bones' edges. medvoxel's vertices are "
    "in the patient's frame, and it closes what leaves the scan; the others' are in voxels or mm.",
    cases=(
        Case("bone, 120 x 140 x 140 at 1 mm", partial(_coarse, BONE), ROUTES, _check),
        Case("bone, 300 x 512 x 512", partial(_scan, "ankle-ct", BONE), ROUTES, _check),
        Case("skin, 300 x 512 x 512", partial(_scan, "ankle-ct", SKIN), ROUTES, _check),
    ),
    packages=("numpy", "scikit-image", "vtk"),
)
