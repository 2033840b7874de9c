"""What a row of features was made from, under the names of pyradiomics' diagnostics."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..volume import Segmentation, Volume
from ._mask_box import mask_box
from .settings import RadiomicsSettings

__all__ = ["array_hash", "image_facts", "labelmap_hash", "mask_facts", "run_facts"]

_PREFIX = "diagnostics_"


def run_facts(settings: RadiomicsSettings) -> dict[str, Any]:
    """Versions of what computes, and the settings.

    Parameters
    ----------
    settings : RadiomicsSettings
        The settings.

    Returns
    -------
    dict
        ``diagnostics_Versions_*`` and ``diagnostics_Configuration_*``; settings under the
        names of a parameter file, so that they can be written to one.
    """
    from .. import __version__
    from .parameter_file import parameters

    content = parameters(settings)
    facts = {
        "Versions_medvoxel": __version__,
        "Versions_Numpy": np.__version__,
        "Versions_Scipy": version("scipy"),
        "Versions_Python": platform.python_version(),
        "Configuration_Definition": settings.definition,
        "Configuration_Settings": {
            **content["setting"],
            **content.get("voxelSetting", {}),
            **content.get("medvoxel", {}),
        },
        "Configuration_EnabledImageTypes": content["imageType"],
        "Configuration_FeatureClasses": content["featureClass"],
    }
    return {f"{_PREFIX}{name}": value for name, value in facts.items()}


def array_hash(array: NDArray[Any]) -> str:
    """SHA-1 of the values of an array, as SimpleITK's ``Hash`` and so pyradiomics gives it.

    Parameters
    ----------
    array : ndarray, shape (z, y, x)
        Values; the hash depends on their type, as it does there.

    Returns
    -------
    str
        40 hexadecimal digits.
    """
    values = np.ascontiguousarray(array)
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha1(little.tobytes(), usedforsecurity=False).hexdigest()


def labelmap_hash(segmentation: Segmentation) -> str:
    """Hash of a labelmap, as 32-bit labels like pyradiomics'.

    Parameters
    ----------
    segmentation : Segmentation
        The labelmap.

    Returns
    -------
    str
        40 hexadecimal digits.
    """
    return array_hash(segmentation.array.astype(np.uint32))


def image_facts(scan: Volume, stage: str) -> dict[str, Any]:
    """Geometry, hash and range of grey values of an image.

    Parameters
    ----------
    scan : Volume
        The image.
    stage : {"original", "interpolated"}
        What it is; only the original has a hash.

    Returns
    -------
    dict
        ``diagnostics_Image-<stage>_*``; sizes and spacings are (x, y, z).
    """
    facts: dict[str, Any] = {}
    if stage == "original":
        facts["Hash"] = array_hash(scan.array)
        facts["Dimensionality"] = "3D"
    facts |= _geometry(scan)
    facts |= _range(scan.array)
    return {f"{_PREFIX}Image-{stage}_{name}": value for name, value in facts.items()}


def mask_facts(
    segmentation: Segmentation,
    mask: NDArray[np.bool_],
    stage: str,
    *,
    values: Volume | None = None,
    digest: str | None = None,
) -> dict[str, Any]:
    """Geometry, hash, size and place of a mask.

    Parameters
    ----------
    segmentation : Segmentation
        The labelmap that the mask is taken from.
    mask : ndarray of bool, shape (z, y, x)
        Voxels of the segment.
    stage : {"original", "interpolated", "resegmented"}
        What it is; only the original has a hash, that of the whole labelmap.
    values : Volume, optional
        Grey values on the same grid, to say their range inside.
    digest : str, optional
        The hash of the labelmap, where it is known already.

    Returns
    -------
    dict
        ``diagnostics_Mask-<stage>_*``. ``BoundingBox`` is (x, y, z) of the first voxel and
        the size, ``VolumeNum`` the number of parts that do not touch even at a corner.
    """
    facts: dict[str, Any] = {}
    if stage == "original":
        facts["Hash"] = digest or labelmap_hash(segmentation)
    facts |= _geometry(segmentation)
    facts |= _place(segmentation, mask)
    if values is not None and mask.any():
        facts |= _range(values.array[mask])
    return {f"{_PREFIX}Mask-{stage}_{name}": value for name, value in facts.items()}


def _geometry(x: Volume | Segmentation) -> dict[str, Any]:
    return {
        "Spacing": tuple(x.grid.spacing[::-1]),
        "Size": tuple(x.grid.shape[::-1]),
        "Origin": tuple(x.grid.origin),
        "Direction": tuple(float(v) for v in x.grid.direction.ravel()),
    }


def _range(values: NDArray[Any]) -> dict[str, float]:
    return {
        "Mean": float(values.mean(dtype=np.float64)),
        "Minimum": float(values.min()),
        "Maximum": float(values.max()),
    }


def _place(segmentation: Segmentation, mask: NDArray[np.bool_]) -> dict[str, Any]:
    from scipy import ndimage

    if not mask.any():
        return {"VoxelNum": 0, "VolumeNum": 0}
    box = mask_box(mask)
    inside = mask[box]
    count = int(np.count_nonzero(inside))
    centre = []
    for axis, part in enumerate(box):
        others = tuple(k for k in range(3) if k != axis)
        voxels = np.count_nonzero(inside, axis=others)
        centre.append(part.start + float(voxels @ np.arange(len(voxels))) / count)
    low, size = [part.start for part in box], list(inside.shape)
    return {
        "BoundingBox": (*low[::-1], *size[::-1]),
        "VoxelNum": count,
        "VolumeNum": int(ndimage.label(inside, structure=np.ones((3, 3, 3)))[1]),
        "CenterOfMassIndex": tuple(centre[::-1]),
        "CenterOfMass": tuple(float(v) for v in segmentation.grid.index_to_lps(centre)),
    }
