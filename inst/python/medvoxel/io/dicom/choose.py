"""Choose one series of a folder, or say why none can be chosen."""

from __future__ import annotations

import operator
import os
import warnings
from collections import Counter
from collections.abc import Sequence

from ...errors import DicomError, DicomWarning, InputError
from .folder import Folder
from .series import Series

__all__ = ["choose_series"]

_LIST = (
    "list_series() numbers what is there: choose with series= and that number (it is not the "
    "DICOM series number)."
)
_SHOWN = 5


def choose_series(
    found: Sequence[Series], series: int | str | None, folder: Folder, *, strict: bool = True
) -> Series:
    """Choose the series to read.

    Parameters
    ----------
    found : sequence of Series
        All series of the folder.
    series : int, str or None
        Place in the list (0-based), Series Instance UID, or ``None`` for the only volume
        or the largest of several.
    folder : Folder
        Where they were found, for messages.
    strict : bool
        Whether a series of several stacks is refused; else the largest stack is taken with
        a warning.

    Returns
    -------
    Series
        One whose images are grey values with a place in the patient.

    Raises
    ------
    InputError
        When `series` names none of them.
    DicomError
        When there is no volume, or it is not one volume of one patient.
    """
    if series is None:
        chosen = _largest(found, folder, strict)
    elif isinstance(series, str):
        chosen = _by_uid(found, series, folder, strict)
    else:
        chosen = _by_place(found, series)
    if chosen.kind != "volume":
        raise DicomError(f"{chosen.label()} is no volume: {_why(chosen)}.", hint=_LIST)
    return chosen


def _largest(found: Sequence[Series], folder: Folder, strict: bool) -> Series:
    volumes = [s for s in found if s.kind == "volume"]
    if not volumes:
        kinds = Counter(s.kind for s in found)
        text = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        raise DicomError(
            f"There is no volume in {folder.path}; its series are: {text}.",
            hint="read_segmentation() reads structure sets and segmentations."
            if any(s.first.modality in ("SEG", "RTSTRUCT") for s in found)
            else "Give the folder of the CT, MR or PET images.",
        )
    _require_one_patient(volumes)
    chosen = max(volumes, key=lambda s: s.voxels)
    if strict:
        _require_unmixed(chosen, volumes)
    _warn_left_out(chosen, volumes, folder)
    return chosen


def _warn_left_out(chosen: Series, volumes: Sequence[Series], folder: Folder) -> None:
    others = [s.label() for s in volumes if s is not chosen]
    if others:
        warnings.warn(
            DicomWarning(
                f"There are {len(volumes)} volumes in {folder.path}; the largest was read: "
                f"{chosen.label()}. Left out: {_shorten(others)}.",
                hint=_LIST,
            ),
            stacklevel=5,
        )


def _by_uid(found: Sequence[Series], uid: str, folder: Folder, strict: bool) -> Series:
    matching = [s for s in found if s.first.series_uid == uid.strip()]
    if not matching:
        raise InputError(f"No series here has the UID {uid!r}.", hint=_LIST)
    volumes = [s for s in matching if s.kind == "volume"]
    if not volumes:
        return matching[0]
    _require_one_patient(volumes)
    chosen = max(volumes, key=lambda s: s.voxels)
    if strict:
        _require_unmixed(chosen, volumes)
    _warn_left_out(chosen, volumes, folder)
    return chosen


def _by_place(found: Sequence[Series], place: int) -> Series:
    try:
        place = -1 if isinstance(place, bool) else operator.index(place)
    except TypeError:
        place = -1
    if not 0 <= place < len(found):
        count = len(found)
        raise InputError(
            f"series must be one of the {count} rows of list_series(), or a UID."
            if count > 1
            else "There is only one series here.",
            hint=_LIST,
        )
    return found[place]


def _require_unmixed(chosen: Series, volumes: Sequence[Series]) -> None:
    """Refuse a series that mixes orientations, unless one part was chosen by its row."""
    uid = chosen.first.series_uid
    parts = [s for s in volumes if s.first.series_uid == uid]
    if chosen.parts < 2 or len(parts) < 2:
        return
    sizes = _shorten([_describe_part(part) for part in parts])
    raise DicomError(
        f"{chosen.label(whole=True)} mixes {len(parts)} stacks of images ({sizes}), so it "
        "is not one volume.",
        hint="list_series() shows each stack as a row: choose one with series= and the number "
        "of its row.",
        parts=[[h.path for h in part.headers] for part in parts],
    )


def _describe_part(part: Series) -> str:
    size = part.first.format
    raster = "" if size is None else f" of {size.columns} x {size.rows}"
    what = f", {part.part}," if part.part else ""
    return f"{len(part.headers)}{raster}{what} with {part.first.name}"


def _require_one_patient(volumes: Sequence[Series]) -> None:
    """Refuse images of several people, without printing who they are."""
    patients: dict[bytes, list[str]] = {}
    for series in volumes:
        for header in series.headers:
            patients.setdefault(header.patient, []).append(header.path)
    if len(patients) < 2:
        return
    root = os.path.commonpath([os.path.dirname(paths[0]) for paths in patients.values()])
    where = _shorten(
        [f"{len(paths)} with {os.path.relpath(paths[0], root)}" for paths in patients.values()]
    )
    raise DicomError(
        f"These images are of {len(patients)} different patients ({where}).",
        hint="list_series() shows each patient's images as rows of their own: choose one with "
        "series=, or read each patient's folder by itself.",
        patients=len(patients),
    )


def _why(series: Series) -> str:
    return {
        "localizer": "it is a localizer",
        "secondary capture": "it is a secondary capture (a picture of a screen)",
        "colour image": "its pixels are colours",
        "mosaic": "each of its images is a mosaic of slices (dcm2niix takes them apart)",
        "dose": "it is a distribution of dose",
        "multi-frame": "its frames have no positions of their own",
        "no position": "its images have no position, orientation or pixel spacing",
        "segmentation": "it is a segmentation",
    }.get(series.kind, "it holds no images")


def _shorten(items: Sequence[str]) -> str:
    more = f"; and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more
