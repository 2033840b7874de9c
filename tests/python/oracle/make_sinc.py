"""Write sinc.npz: what VTK's filter, the one that 3D Slicer has, makes of a small surface.

python make_sinc.py

Needs vtk (9.4 or newer: before that it had another window) and scikit-image. The settings
are those of Slicer's vtkBinaryLabelmapToClosedSurfaceConversionRule.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import vtk
from numpy.typing import NDArray
from skimage.measure import marching_cubes
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

TARGET = Path(__file__).with_name("sinc.npz")
FACTORS = (0.25, 0.5, 1.0)


def main() -> None:
    """Write the surface and what becomes of it."""
    vertices, faces = _surface()
    content = {"vertices": vertices.astype(np.float32), "faces": faces.astype(np.int16)}
    points = content["vertices"].astype(np.float64)
    for factor in FACTORS:
        content[str(factor)] = smoothed_by_vtk(points, faces, factor)
    np.savez_compressed(TARGET, **content)


def _surface() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make a ball that a box is joined to, with thick slices, turned and far from zero."""
    z, y, x = np.indices((14, 24, 30)) * np.reshape((2.0, 0.8, 0.5), (3, 1, 1, 1))
    mask = (z - 12) ** 2 + (y - 9) ** 2 + (x - 7) ** 2 < 6**2
    mask[2:5, 3:20, 2:18] = True
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(float), 0.5)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    return vertices * (2.0, 0.8, 0.5) @ turn + (120, -80, 400), faces.astype(np.int64)


def smoothed_by_vtk(
    points: NDArray[np.float64], faces: NDArray[np.int64], factor: float
) -> NDArray[np.float32]:
    surface = vtk.vtkPolyData()
    coordinates = vtk.vtkPoints()
    coordinates.SetData(numpy_to_vtk(points, deep=True))
    surface.SetPoints(coordinates)
    cells = vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(faces.ravel(), deep=True))
    surface.SetPolys(cells)
    smoother = vtk.vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(surface)
    smoother.SetNumberOfIterations(20 + int(40 * factor))
    smoother.SetPassBand(10 ** (-4 * factor))
    smoother.BoundarySmoothingOff()
    smoother.FeatureEdgeSmoothingOff()
    smoother.NonManifoldSmoothingOn()
    smoother.NormalizeCoordinatesOn()
    smoother.Update()
    return vtk_to_numpy(smoother.GetOutput().GetPoints().GetData()).astype(np.float32)


if __name__ == "__main__":
    main()
