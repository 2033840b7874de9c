"""What a NIfTI header says, in medvoxel's terms, and the other way round."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError
from ...geometry import Grid
from ...provenance import QualityCheck
from .._file_checks import damaged, grid_from_affine
from .._gzip import decompress_into

__all__ = [
    "compare_forms",
    "data_offset",
    "grid_of",
    "header_for",
    "modality_and_unit",
    "read_header",
]

# NIfTI counts x to the right and y to anterior (RAS), DICOM to left and posterior (LPS).
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# One byte of the header names the unit of length; 0 stands for "unknown".
_MILLIMETRES = {"meter": 1000.0, "micron": 1e-3}
_DESCRIPTION = re.compile(rb"medvoxel modality=(\S*) unit=(.*)", re.DOTALL)
_DESCRIPTION_BYTES = 79
_NIFTI1_MOST = 32767
_LONGEST_HEADER = 540
# What the codes of sform and qform mean.
_FRAMES = {1: "scanner", 2: "aligned to another image", 3: "Talairach", 4: "MNI 152"}
_DISAGREE_MM = 0.1


class _Listener:
    """Hears what nibabel would print about a header."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def log(self, level: int, message: str) -> None:
        if level > 0:
            self.messages.append(message)


def read_header(path: Path) -> tuple[Any, tuple[QualityCheck, ...]]:
    """Read the header of a file, and nothing else of it.

    Parameters
    ----------
    path : Path
        A ``.nii`` or ``.nii.gz`` file.

    Returns
    -------
    nibabel.Nifti1Header or nibabel.Nifti2Header
        With small faults mended.
    tuple of QualityCheck
        A row for each of them.

    Raises
    ------
    FileFormatError
        When the file does not start with a header of NIfTI that can be used.
    """
    import nibabel
    from nibabel.spatialimages import HeaderDataError

    block = _first_bytes(path)
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if kind.may_contain_header(block):
            break
    else:
        raise _damaged(path, "it does not begin with a NIfTI header")
    listener = _Listener()
    try:
        header = kind(block[: kind.template_dtype.itemsize], check=False)
        header.check_fix(logger=listener, error_level=40)
    except (HeaderDataError, ValueError, OverflowError, TypeError, IndexError) as error:
        raise _damaged(path, f"its header cannot be read ({error})") from error
    if not bytes(header["magic"]).startswith(b"n+"):
        raise _damaged(path, "it is the header of a pair of files, without the voxels")
    return header, tuple(_mended(message) for message in listener.messages)


def _first_bytes(path: Path) -> bytes:
    block = bytearray(_LONGEST_HEADER)
    try:
        with open(path, "rb") as file:
            if path.name.lower().endswith(".gz"):
                got = decompress_into(file, memoryview(block), 0, lambda count: None)
            else:
                got = file.readinto(block)
    except (OSError, zlib.error) as error:
        raise _damaged(path, f"its header cannot be read ({error})") from error
    return bytes(block[:got])


def _damaged(path: Path, reason: str) -> FileFormatError:
    return damaged(path, reason, "a NIfTI image")


def _mended(message: str) -> QualityCheck:
    found, _, done = message.partition("; ")
    return QualityCheck("header", found, done, severity="fixed" if done else "note")


def grid_of(header: Any, shape: tuple[int, int, int]) -> tuple[Grid, str, tuple[QualityCheck, ...]]:
    """Make the grid of an image: from the sform, then the qform, then the bare spacing.

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
    tuple of QualityCheck
        Where it came from, and whether the two forms agree where there are both.

    Raises
    ------
    GeometryError
        When the axes are sheared or a spacing is zero.
    FileFormatError
        When the header's own values make no sense.
    """
    for source in ("sform", "qform"):
        code = int(header[f"{source}_code"])
        if code > 0:
            if source == "sform" and int(header["qform_code"]) > 0 and not _is_set(header):
                # Some programs set the code and leave the matrix empty.
                continue
            grid = grid_from_affine(_form(header, source), shape, source)
            found = f"{source} ({_FRAMES.get(code, f'code {code}')})"
            rows = (QualityCheck("orientation source", found), *compare_forms(header, shape))
            return grid, source, rows
    spacing = np.abs(np.asarray(header["pixdim"][1:4], dtype=float)) * _millimetres(header)
    grid = grid_from_affine(_RAS_LPS @ np.diag([*spacing, 1.0]), shape, "pixdim")
    done = "axes taken to run to the right, to the front and up"
    row = QualityCheck("orientation source", "voxel size only", done, severity="problem")
    return grid, "pixdim", (row,)


def _is_set(header: Any) -> bool:
    """Whether the sform gives each axis a length."""
    lengths = np.linalg.norm(header.get_sform()[:3, :3], axis=0)
    return bool(np.isfinite(lengths).all() and lengths.min() > 0)


def _form(header: Any, which: str) -> NDArray[np.float64]:
    """Affine of one form to LPS mm."""
    from nibabel.spatialimages import HeaderDataError

    try:
        affine = _RAS_LPS @ getattr(header, f"get_{which}")().astype(float)
    except (ValueError, HeaderDataError) as error:
        raise FileFormatError(
            f"The {which} in the header cannot be used ({error}).",
            hint="Write the image again with the program that made it.",
        ) from error
    affine[:3] *= _millimetres(header)
    return affine


def _millimetres(header: Any) -> float:
    # Codes that the standard does not know mean what 0 does: taken for millimetres.
    try:
        return _MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
    except KeyError:
        return 1.0


def compare_forms(header: Any, shape: tuple[int, int, int]) -> tuple[QualityCheck, ...]:
    """Say by how much sform and qform differ, where a file has both.

    Parameters
    ----------
    header : nibabel.Nifti1Header
        Of the image.
    shape : tuple of int
        Array shape (z, y, x).

    Returns
    -------
    tuple of QualityCheck
        One row, or none where only one of them is there. Two forms that differ are a
        ``"note"`` when they name different frames (the scanner and a template, as
        registration leaves them), and a ``"problem"`` when both name the same.
    """
    codes = int(header["sform_code"]), int(header["qform_code"])
    if min(codes) <= 0:
        return ()
    check = "sform against qform"
    try:
        move = _form(header, "sform") - _form(header, "qform")
    except FileFormatError as error:
        return (QualityCheck(check, error.message, "sform used", severity="note"),)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape[::-1]])).reshape(3, -1)
    size = float(np.linalg.norm(move[:3, :3] @ corners + move[:3, 3:], axis=0).max())
    if not size > _DISAGREE_MM:  # a qform of NaN is no qform
        return (QualityCheck(check, "they agree", size_mm=size),)
    found = f"they put voxels up to {size:.3g} mm apart"
    severity = "problem" if codes[0] == codes[1] else "note"
    return (QualityCheck(check, found, "sform used", size, severity),)


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
