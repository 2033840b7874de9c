"""What a NIfTI header says, in medvoxel's terms, and the other way round."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileFormatError, GeometryError
from ..geometry import Grid

__all__ = ["data_offset", "grid_of", "header_for", "modality_and_unit"]

# NIfTI counts x to the right and y to anterior (RAS), DICOM to left and posterior (LPS).
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# One byte of the header names the unit of length; 0 stands for "unknown".
_MILLIMETRES = {"meter": 1000.0, "micron": 1e-3}
_DESCRIPTION = re.compile(rb"medvoxel modality=(\S*) unit=(.*)", re.DOTALL)
_DESCRIPTION_BYTES = 79
_NIFTI1_MOST = 32767


def grid_of(header: Any, shape: tuple[int, int, int]) -> tuple[Grid, str]:
    """Make the grid of an image.

    Parameters
    ----------
    header : nibabel.Nifti1Header
        Of the image.
    shape : tuple of int
        Array shape (z, y, x).

    Returns
    -------
    Grid
        In LPS mm.
    str
        From where: ``"sform"``, else ``"qform"``, else ``"pixdim"``.

    Raises
    ------
    GeometryError
        When the axes are sheared or a spacing is zero.
    FileFormatError
        When the header's own values make no sense.
    """
    affine, source = _affine(header)
    affine = _RAS_LPS @ affine
    affine[:3] *= _MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and spacing.min() > 0):
        raise GeometryError(
            f"The {source} of the file gives no voxel size (its columns are "
            f"{', '.join(f'{s:.4g}' for s in spacing)} mm long).",
            hint="Write the image again with the program that made it.",
        )
    direction = affine[:3, :3] / spacing
    shear = float(np.abs(direction.T @ direction - np.eye(3)).max())
    if shear > 1e-3:
        raise GeometryError(
            f"The {source} of the file is sheared: two axes are "
            f"{np.degrees(np.arcsin(min(shear, 1.0))):.1f} degrees from perpendicular.",
            hint="Resample the image to a rectangular grid with the program that made it.",
            degrees=float(np.degrees(np.arcsin(min(shear, 1.0)))),
        )
    return Grid(shape, tuple(spacing[::-1]), tuple(affine[:3, 3]), direction), source


def _affine(header: Any) -> tuple[NDArray[np.float64], str]:
    """Affine to RAS: sform first, then qform, then the bare spacing."""
    try:
        if int(header["sform_code"]) > 0:
            return header.get_sform().astype(float), "sform"
        if int(header["qform_code"]) > 0:
            return header.get_qform().astype(float), "qform"
    except ValueError as error:
        raise FileFormatError(
            f"The orientation in the header cannot be used ({error}).",
            hint="Write the image again with the program that made it.",
        ) from error
    spacing = np.abs(np.asarray(header["pixdim"][1:4], dtype=float))
    return np.diag([*spacing, 1.0]), "pixdim"


def modality_and_unit(header: Any) -> tuple[str, str]:
    """Read back what :func:`header_for` left in the description.

    Parameters
    ----------
    header : nibabel.Nifti1Header
        Of the image.

    Returns
    -------
    tuple of str
        Modality and unit; both "" when another program wrote the file. Descriptions of
        others are not kept, because some name the patient.
    """
    found = _DESCRIPTION.fullmatch(bytes(header["descrip"]).rstrip(b"\0"))
    if found is None:
        return "", ""
    return found[1].decode("utf-8", "ignore"), found[2].decode("utf-8", "ignore")


def header_for(grid: Grid, dtype: np.dtype, modality: str = "", unit: str = "") -> Any:
    """Make the header of a single-file NIfTI image.

    Parameters
    ----------
    grid : Grid
        Where the voxels lie.
    dtype : dtype
        Of the voxels.
    modality, unit : str
        Kept in the description; both "" for a labelmap.

    Returns
    -------
    nibabel.Nifti1Header or nibabel.Nifti2Header
        sform and qform are equal, both with code 1 (scanner coordinates). NIfTI-2 only
        when an axis is too long for NIfTI-1.
    """
    import nibabel

    kind = nibabel.Nifti1Header if max(grid.shape) <= _NIFTI1_MOST else nibabel.Nifti2Header
    header = kind(endianness="<")
    header.set_data_shape(grid.shape[::-1])
    header.set_data_dtype(dtype)
    affine = _RAS_LPS @ grid.affine
    header.set_sform(affine, code=1)
    header.set_qform(affine, code=1)
    header.set_xyzt_units("mm")
    # A slope of 0 or "not a number" also means none, but not every program knows it.
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["vox_offset"] = data_offset(header)
    if modality or unit:
        text = f"medvoxel modality={re.sub(r'[^!-~]', '', modality)} unit={unit}"
        header["descrip"] = text.encode("utf-8")[:_DESCRIPTION_BYTES]
    return header


def data_offset(header: Any) -> int:
    """Byte at which the voxels start in a file without extensions.

    Parameters
    ----------
    header : nibabel.Nifti1Header
        Of the image.

    Returns
    -------
    int
        Size of the header, and the four bytes that say that nothing is between.
    """
    return len(header.binaryblock) + 4
