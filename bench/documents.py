"""The source documents' own code, in its essentials: what medvoxel is measured against.

Only names that libraries have since dropped are replaced (`pydicom.read_file`). Its faults
are kept: the first file's slope stands for all, and the new raster keeps the corners.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["get_pixels_hu", "load_scan", "make_mesh", "resample"]


def load_scan(path: str) -> list[Any]:
    """Read all files of a folder, in the order of their instance numbers."""
    import pydicom

    slices = [pydicom.dcmread(path + "/" + s) for s in os.listdir(path)]
    slices.sort(key=lambda x: int(x.InstanceNumber))
    slice_thickness = np.abs(slices[0].ImagePositionPatient[2] - slices[1].ImagePositionPatient[2])
    for s in slices:
        s.SliceThickness = slice_thickness
    return slices


def get_pixels_hu(scans: list[Any]) -> NDArray[np.int16]:
    """Stack the pixels and apply slope and intercept."""
    image = np.stack([s.pixel_array for s in scans])
    image = image.astype(np.int16)
    image[image == -2000] = 0
    intercept = scans[0].RescaleIntercept if "RescaleIntercept" in scans[0] else -1024
    slope = scans[0].RescaleSlope if "RescaleSlope" in scans[0] else 1
    image = slope * image.astype(np.float64)
    image = image.astype(np.int16)
    image += np.int16(intercept)
    return np.array(image, dtype=np.int16)


def resample(
    image: NDArray[Any], spacing: NDArray[np.float64], new_spacing: Any = (1, 1, 1)
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Resample with the cubic spline of SciPy; gives the image and the spacing it claims."""
    import scipy.ndimage

    resize_factor = spacing / new_spacing
    new_real_shape = image.shape * resize_factor
    new_shape = np.round(new_real_shape)
    real_resize_factor = new_shape / image.shape
    new_spacing = spacing / real_resize_factor
    return scipy.ndimage.zoom(image, real_resize_factor), new_spacing


def make_mesh(
    image: NDArray[Any], threshold: float = 300, step_size: int = 1
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Marching cubes on the transposed image; vertices are in voxels, (x, y, z)."""
    from skimage import measure

    p = image.transpose(2, 1, 0)
    verts, faces, _, _ = measure.marching_cubes(
        p, threshold, step_size=step_size, allow_degenerate=True
    )
    return verts, faces
