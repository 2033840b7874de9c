"""Read and write segmentations, whatever the file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import DicomError, FileFormatError, InputError
from ..progress import ProgressCallback
from ..volume import Segmentation, Volume
from ._file_checks import require_file, warn_user
from ._paths import user_path
from ._quiet import quietly
from .labels.onto_reference import onto_reference

__all__ = ["read_segmentation", "write_segmentation"]

_NIFTI = (".nii", ".nii.gz")
_NRRD = (".nrrd", ".nhdr")
_SEG = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
# Old DICOM files begin with their data set.
_BARE = (
    b"\x08\x00\x05\x00",
    b"\x08\x00\x08\x00",
    b"\x08\x00\x12\x00",
    b"\x08\x00\x16\x00",
    b"\x02\x00\x00\x00",
    b"\x08\x00\x00\x00",
)
_RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
_ENDINGS = ".nii, .nii.gz, .nrrd, .seg.nrrd or .dcm"


def read_segmentation(
    path: str | os.PathLike[str],
    *,
    reference: Volume | Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> Segmentation:
    """Read a segmentation with the table of its segments.

    Parameters
    ----------
    path : path-like
        A labelmap (``.nii``, ``.nii.gz``, ``.nrrd``), a ``.seg.nrrd`` of 3D Slicer, a DICOM
        segmentation or a DICOM structure set; or a folder with one of the last two. The
        names for a plain labelmap are taken from a table beside it: ``labels.tsv`` for
        ``labels.nii.gz`` (BIDS, as :func:`medvoxel.write_nifti` leaves it), a ``.ctbl`` of
        3D Slicer, or a label description of ITK-SNAP.
    reference : Volume or Segmentation, optional
        The scan that was segmented; a structure set needs it.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Segmentation
        On the grid of the reference where one is given, else on the file's own. Nothing is
        interpolated: axes in another order or direction are turned, and a part that 3D
        Slicer has cut out is put in its place.

    Raises
    ------
    FileFormatError
        When the file is missing, damaged, or of a format that is not read.
    InputError
        When it holds no labels, or more than one segmentation.
    DicomError
        When a DICOM file is not a segmentation.
    GeometryError
        When its voxels are not those of the reference: with both geometries and their
        difference in mm.

    Warns
    -----
    MedvoxelWarning
        When segments overlap (the later one is on top), when labels had to change or have
        no name, and when the file says nothing about orientation.

    Notes
    -----
    Names and colours come back from every format; what is visible only from NIfTI with its
    table; the status from that and from ``.seg.nrrd``; coded terms from these, from DICOM
    segmentations and from structure sets. Of the terms of 3D Slicer and DICOM the type is
    kept, without category, modifier and region; "Tissue" (SNOMED CT 85756007), which stands
    there for nothing chosen, is no term here.
    """
    if reference is not None and not isinstance(reference, Volume | Segmentation):
        raise InputError(
            f"The reference must be a scan or a segmentation, not {type(reference).__name__}.",
            hint="Read the scan with read_dicom() and give it as reference.",
        )
    path = user_path(path)
    if path.is_dir():
        return _read_dicom(_only_object(path), reference, progress)
    require_file(path)
    kind = _kind(path)
    if kind == "dicom":
        return _read_dicom(path, reference, progress)
    if kind == "nifti":
        return _on_reference(_read_nifti(path, progress), reference)
    return _read_nrrd(path, reference, progress)


def _kind(path: Path) -> str:
    """Format of a file: by what it begins with, else by its name."""
    with open(path, "rb") as file:
        start = file.read(132)
    if start.startswith(b"NRRD"):
        return "nrrd"
    if start[128:] == b"DICM" or start[:4] in _BARE:
        return "dicom"
    name = path.name.lower()
    for kind, endings in (("nifti", _NIFTI), ("nrrd", _NRRD), ("dicom", (".dcm",))):
        if name.endswith(endings):
            return kind
    raise FileFormatError(
        f"{path.name} is not a segmentation that can be read.",
        hint=f"Files in NIfTI, NRRD and DICOM can be read, named {_ENDINGS}.",
        path=str(path),
    )


def _on_reference(
    seg: Segmentation, reference: Volume | Segmentation | None, *, may_be_cropped: bool = False
) -> Segmentation:
    if reference is None:
        return seg
    return onto_reference(seg, reference.grid, may_be_cropped=may_be_cropped)


def _read_nifti(path: Path, progress: ProgressCallback | None) -> Segmentation:
    from .labels.labelmap import labelmap_segmentation
    from .nifti.volume import load_nifti, warn_of_place

    try:
        image = load_nifti(path, progress=progress)
    except InputError as error:
        if "count" not in error.details:
            raise
        raise InputError(
            f"{path.name} holds {error.details['count']} volumes, and a segmentation is one.",
            hint="read_nifti() reads one of them with volume=; as_segmentation() in R makes a "
            "segmentation of it.",
            count=error.details["count"],
        ) from error
    warn_of_place(image, path)
    return labelmap_segmentation(image.values, image.grid, path)


def _read_nrrd(
    path: Path, reference: Volume | Segmentation | None, progress: ProgressCallback | None
) -> Segmentation:
    from .labels.labelmap import labelmap_segmentation
    from .nrrd.header import read_header
    from .nrrd.seg_nrrd import has_segments, is_empty_shell, read_segments
    from .nrrd.volume import load_nrrd

    header = read_header(path)
    if not has_segments(header):
        image = load_nrrd(header, progress=progress)
        seg = labelmap_segmentation(image.array, image.grid, path)
        return _on_reference(seg, reference)
    seg = read_segments(header, progress=progress)
    if not is_empty_shell(header):
        return _on_reference(seg, reference, may_be_cropped=True)
    if reference is not None:
        return Segmentation(np.zeros(reference.grid.shape, np.uint8), reference.grid, seg.segments)
    warn_user(
        f"{path.name} holds no voxels, only the names of segments.",
        "Give the scan as reference to get an empty segmentation of its size.",
    )
    return seg


def _read_dicom(
    path: Path, reference: Volume | Segmentation | None, progress: ProgressCallback | None
) -> Segmentation:
    found = _dicom_class(path)
    if found == _RTSTRUCT:
        from .rtstruct.read import read_rtstruct

        if reference is None:
            raise InputError(
                f"{path.name} holds contours, which have no voxels of their own.",
                hint="Give the scan that they were drawn on as reference.",
            )
        with quietly():
            return read_rtstruct(path, reference=reference, progress=progress)
    if found in _SEG:
        from .dicom_seg.read import read_dicom_seg

        with quietly():
            return read_dicom_seg(path, reference=reference, progress=progress)
    raise DicomError(
        f"{path.name} is not a segmentation"
        + ("." if found is None else f" but another kind of DICOM file ({_class_name(found)})."),
        hint="Read images with read_dicom().",
        path=str(path),
    )


def _only_object(folder: Path) -> Path:
    """Find the one segmentation or structure set of a folder."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )
    found = [path for path in files if _dicom_class(path) in (*_SEG, _RTSTRUCT)]
    if not found:
        raise DicomError(
            f"There is no DICOM segmentation or structure set in {folder}.",
            hint="Give the file itself if it is in another format.",
            path=str(folder),
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:5])
        raise InputError(
            f"There are {len(found)} segmentations in {folder}: {names}"
            f"{' ...' if len(found) > 5 else ''}.",
            hint="Give the file instead of the folder.",
            files=[str(path) for path in found],
        )
    return found[0]


def _dicom_class(path: Path) -> str | None:
    from .dicom_seg.object import sop_class_of

    return sop_class_of(path)


def _class_name(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name


def write_segmentation(
    seg: Segmentation,
    path: str | os.PathLike[str],
    *,
    reference: Volume | Segmentation | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Path, ...]:
    """Write a segmentation with the table of its segments.

    Parameters
    ----------
    seg : Segmentation
        What to write.
    path : path-like
        The ending chooses the format: ``.nii`` or ``.nii.gz`` (with the table ``labels.tsv``
        beside ``labels.nii.gz``), ``.seg.nrrd`` or ``.nrrd`` (3D Slicer), ``.dcm`` (DICOM
        segmentation). An existing file is replaced.
    reference : Volume or Segmentation, optional
        The scan that was segmented: its grid must be that of `seg`. A DICOM segmentation
        refers to the files it was read from.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        When `seg` is no segmentation.
    FileFormatError
        When the name has another ending, or the file cannot be written.
    GeometryError
        When the reference lies on another grid.

    Warns
    -----
    MedvoxelWarning
        When the format cannot hold a name, a value or a coded term as it is.

    Notes
    -----
    :func:`read_segmentation` says what is kept in which format.
    """
    if not isinstance(seg, Segmentation):
        raise InputError(
            f"Only a segmentation can be written, not {type(seg).__name__}.",
            hint="Scans are written with write_nifti() or write_nrrd().",
        )
    path = user_path(path)
    name = path.name.lower()
    if not name.endswith((*_NIFTI, ".nrrd", ".dcm")):
        raise FileFormatError(
            f"{path.name} must end in {_ENDINGS}.", hint="Change the name.", path=str(path)
        )
    if isinstance(reference, Volume | Segmentation):
        reference.grid.require_same(seg.grid)
    if name.endswith(_NIFTI):
        from .nifti.volume import write_nifti

        return write_nifti(seg, path, progress=progress)
    if name.endswith(".nrrd"):
        from .nrrd.volume import write_nrrd

        return write_nrrd(seg, path, progress=progress)
    from .dicom_seg.read import write_dicom_seg

    return write_dicom_seg(seg, path, reference=reference, progress=progress)
