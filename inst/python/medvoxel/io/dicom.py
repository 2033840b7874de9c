"""Read DICOM series into volumes.

Slices are ordered and spaced by their positions in the patient, every file's own slope
and intercept are applied, and what does not form one regular volume of one patient is
refused with a reason.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence

from ..errors import DicomError, DicomWarning
from ..geometry import Grid
from ..progress import ProgressCallback
from ..volume import Volume
from ._choose import choose_series
from ._dicom_geometry import Stack, find_problems
from ._facts import acquisition_facts, require_rescale, value_unit
from ._folder import Damaged, read_folder
from ._header import TAGS, Header
from ._lost import require_none_lost
from ._pixels import read_values
from ._series import Series, SeriesInfo, group_series, slice_distance

__all__ = ["SeriesInfo", "list_series", "read_dicom"]

# Share of the time that goes into headers, measured on uncompressed series.
_HEADERS_PART = 0.3


def list_series(
    path: str | os.PathLike[str], *, progress: ProgressCallback | None = None
) -> list[SeriesInfo]:
    """List the DICOM series under a folder.

    Parameters
    ----------
    path : path-like
        A folder, searched with its subfolders (files that are not DICOM are passed
        over); or one DICOM file, which stands for its series in its own folder.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    list of SeriesInfo
        One for each series, by series number. A series that mixes orientations or sizes,
        as localizers do, has one line for each.

    Raises
    ------
    FileFormatError
        When the path does not exist.
    DicomError
        When there is no readable DICOM file.

    Warns
    -----
    DicomWarning
        When files look like DICOM but are damaged.
    """
    folder = read_folder(path, progress=progress)
    _warn_damaged(folder.damaged)
    return [series.info(i) for i, series in enumerate(group_series(folder.headers))]


def read_dicom(
    path: str | os.PathLike[str],
    *,
    series: int | str | None = None,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Read one DICOM series as a volume.

    Parameters
    ----------
    path : path-like
        A folder, searched with its subfolders; or one DICOM file, which stands for its
        series in its own folder.
    series : int or str, optional
        Which series when there are several: its place in the result of
        :func:`list_series` (0-based) or its Series Instance UID. By default the only
        volume, or the largest one with a warning.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Volume
        Array (z, y, x) with slices in ascending order along the normal (row direction x
        column direction), so that the axes are right-handed. Values are rescaled with
        the slope and intercept of each file: int16 when they are whole numbers that fit,
        else int32, else float32. ``unit`` is ``"HU"`` for CT; ``"stored values"`` says
        that the files have neither slope nor intercept. Grid in LPS mm; the slice
        spacing comes from the positions.

    Raises
    ------
    FileFormatError
        When the path does not exist.
    InputError
        When `series` names no series.
    DicomError
        When there is no volume, or it is not one regular volume of one patient: missing
        or duplicate slices, uneven spacing, gantry tilt, mixed orientation.
    DependencyError
        When the decoder of a compressed series is not installed.
    MemoryLimitError
        When the volume does not fit into memory.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    DicomWarning
        When the largest of several volumes was taken, or damaged files were left out and
        the rest still is a regular volume.

    Notes
    -----
    Values of MONOCHROME1 images are not inverted and padding is not replaced; both are
    noted in ``info``, which holds nothing that identifies a person.
    """
    folder = read_folder(path, progress=_part(progress, 0.0, _HEADERS_PART))
    chosen = choose_series(group_series(folder.headers), series, folder)
    places = {os.path.dirname(h.path) for h in chosen.headers}
    damaged = [d for d in folder.damaged if os.path.dirname(d.path) in places]
    stack, headers = _require_regular(chosen, damaged)
    require_rescale(headers)
    array, broken = read_values(headers, progress=_part(progress, _HEADERS_PART, 1.0))
    if broken:
        damaged += broken.values()
        good = _readable(headers, broken, chosen)
        rest = Series(tuple(headers[i] for i in good), "volume")
        stack, headers = _require_regular(rest, damaged)
        array = array[good]
    _warn_damaged(damaged)
    first = headers[0]
    _warn_lookup_table(first)
    return Volume(
        array,
        _grid(array.shape, stack, first),
        modality=first.modality,
        unit=value_unit(first),
        info=acquisition_facts(headers),
    )


def _part(progress: ProgressCallback | None, start: float, end: float) -> ProgressCallback | None:
    """Let one stage of the work move a progress bar from `start` to `end`."""
    if progress is None:
        return None
    return lambda done, label: progress(start + (end - start) * done, label)


def _require_regular(series: Series, damaged: Sequence[Damaged]) -> tuple[Stack, list[Header]]:
    """Give the slices in order, or raise with the most basic fault."""
    stacked = series.stack()
    if stacked is None:
        raise DicomError(
            f"{series.label()} is no volume: its row and column directions are not "
            f"perpendicular ({series.first.name}).",
            hint="Export the series again from its source.",
        )
    findings = find_problems(stacked[0])
    if findings:
        worst = findings[0]
        lost = f" Damaged files were left out: {_names(damaged)}." if damaged else ""
        raise DicomError(
            f"{series.label()} is not one regular volume: {worst.message}.{lost}",
            hint=worst.hint,
            problems=[finding.code for finding in findings],
            **worst.details,
        )
    require_none_lost(series, stacked[0], damaged)
    return stacked


def _readable(headers: Sequence[Header], broken: Iterable[int], series: Series) -> list[int]:
    """List the indices of the slices whose pixels could be read."""
    good = sorted(set(range(len(headers))) - set(broken))
    if not good:
        raise DicomError(
            f"None of the slices of {series.label()} can be decoded.",
            hint="Copy the series again from its source.",
        )
    return good


def _grid(shape: tuple[int, ...], stack: Stack, first: Header) -> Grid:
    step = stack.step
    if step is None:
        step = slice_distance(first)
    if step is None:
        step = 1.0
        _warn(
            "A single slice without slice thickness: its spacing across the plane is set to 1 mm.",
            "Take no volumes from this scan.",
        )
    return Grid(shape, (step, *stack.pixel_spacing), tuple(stack.positions[0]), stack.axes)


def _warn_damaged(damaged: Sequence[Damaged]) -> None:
    if damaged:
        _warn(
            f"{len(damaged)} damaged {'file was' if len(damaged) == 1 else 'files were'} left "
            f"out: {_names(damaged)}.",
            "Copy damaged files again from their source.",
        )


def _warn_lookup_table(first: Header) -> None:
    if TAGS["modality_lut"] in first.elements.values:
        _warn(
            "The series has a modality lookup table, which is not applied: values are as stored.",
            "Use hounsfield() when you know slope and intercept.",
        )


def _names(damaged: Sequence[Damaged]) -> str:
    more = f"; and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    return "; ".join(map(str, damaged[:5])) + more


def _warn(message: str, hint: str) -> None:
    warnings.warn(DicomWarning(message, hint=hint), stacklevel=4)
