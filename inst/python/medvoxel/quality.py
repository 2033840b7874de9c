"""What was found in a volume when it was read, and where its slices came from."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InputError
from .provenance import QualityCheck
from .volume import Volume

__all__ = ["SliceFile", "scan_qc", "slice_files"]


@dataclass(frozen=True)
class SliceFile:
    """One row of the table of slices.

    Parameters
    ----------
    slice : int
        0-based index along the first axis of the array.
    file : str or None
        The file that holds it; ``None`` for a slice that was interpolated. A member of a
        zip file is named by the archive and its name in it, with a ``!`` between.
    frame : int or None
        0-based frame in the file.
    uid : str or None
        SOP Instance UID; ``None`` when the file is not there any more.
    x, y, z : float
        Centre of the first voxel as the file gives it, LPS mm.
    """

    slice: int
    file: str | None
    frame: int | None
    uid: str | None
    x: float
    y: float
    z: float


def scan_qc(volume: Volume) -> list[QualityCheck]:
    """List what was checked, found and done when a volume was read.

    Parameters
    ----------
    volume : Volume
        From one of the readers.

    Returns
    -------
    list of QualityCheck
        One row for each check; empty for a volume that was made from an array.

    Raises
    ------
    InputError
        When it is no volume.
    """
    _require_volume(volume)
    return list(volume.qc)


def slice_files(volume: Volume) -> list[SliceFile]:
    """Say which file each slice was read from.

    Parameters
    ----------
    volume : Volume
        From :func:`medvoxel.read_dicom`, on the grid on which it was read.

    Returns
    -------
    list of SliceFile
        One row for each slice; empty when the slices come from no files, as after
        resampling.

    Raises
    ------
    InputError
        When it is no volume.

    Notes
    -----
    A volume keeps the paths of its files and none of their identifiers: the SOP Instance
    UIDs are read from the files when they are asked for.
    """
    _require_volume(volume)
    if not volume.sources:
        return []
    from .io.dicom.uids import sop_instance_uids

    uids = sop_instance_uids([source.file for source in volume.sources])
    return [
        SliceFile(
            index,
            source.file,
            None if source.file is None else source.frame,
            None if source.file is None else uids[source.file],
            *source.position,
        )
        for index, source in enumerate(volume.sources)
    ]


def _require_volume(volume: Volume) -> None:
    if not isinstance(volume, Volume):
        raise InputError(f"Only a volume has this table, not {type(volume).__name__}.")
