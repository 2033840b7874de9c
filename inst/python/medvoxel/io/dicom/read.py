"""Read DICOM series into volumes.

Slices are ordered and spaced by their positions in the patient, every file's own slope
and intercept are applied, and what does not form one regular volume of one patient is
refused with a reason, or mended where that was asked for.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, DicomWarning, InputError
from ...progress import ProgressCallback
from ...provenance import SliceSource
from ...volume import Volume
from ..archive.opening import Opened, opened
from .choose import choose_series
from .elements import DamagedFileError
from .facts import acquisition_facts, require_rescale, value_unit
from .folder import Damaged, Folder, read_folder
from .header import Header
from .mend import mend
from .padding import air_value, fill_padding, padding_of
from .pixels import read_values, same_pixels
from .plan import POLICIES, Plan, plan_series
from .quality_rows import Reading, quality_rows
from .real_world import apply_real_world
from .series import Series, SeriesInfo, group_series, slice_distance

__all__ = ["SeriesInfo", "list_series", "read_dicom"]

# Share of the time that goes into headers, measured on uncompressed series.
_HEADERS_PART = 0.3

Allocate = Callable[[Volume], NDArray[np.number]]
"""Makes room for a volume: given the volume with nothing but zeros, an array to fill."""


def list_series(
    path: str | os.PathLike[str], *, progress: ProgressCallback | None = None
) -> list[SeriesInfo]:
    """List the DICOM series under a folder.

    Parameters
    ----------
    path : path-like
        A folder, searched with its subfolders (files that are not DICOM are passed
        over); one DICOM file, which stands for its series in its own folder; a DICOMDIR,
        which stands for the images it lists; or a zip file of any of these.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    list of SeriesInfo
        One for each series, by series number. A series that mixes orientations, sizes,
        acquisitions at the same places (echoes, time points) or patients has one line for
        each stack.

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
    with opened(path, progress=progress) as place:
        folder = read_folder(place.folder, progress=progress)
        _warn_damaged(folder.damaged)
        found = group_series(folder.headers)
        patients = list(dict.fromkeys(series.first.patient for series in found))
        rows = (s.info(i, patients.index(s.first.patient) + 1) for i, s in enumerate(found))
        return [_labelled(row, place) for row in rows]


def _labelled(info: SeriesInfo, place: Opened) -> SeriesInfo:
    """Name files in an archive as its user knows them."""
    if place.archive is None:
        return info
    files = tuple(map(place.label, info.files))
    return replace(info, folder=place.label(info.folder), files=files)


def read_dicom(
    path: str | os.PathLike[str],
    *,
    series: int | str | None = None,
    on_problem: str = "error",
    allocate: Allocate | None = None,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Read one DICOM series as a volume.

    Parameters
    ----------
    path : path-like
        A folder, searched with its subfolders; one DICOM file, which stands for its series
        in its own folder; a DICOMDIR, which stands for the images it lists; or a zip file
        of any of these, which is unpacked into a temporary folder and nowhere else.
    series : int or str, optional
        Which series when there are several: its place in the result of
        :func:`list_series` (0-based) or its Series Instance UID. By default the only
        volume, or the largest one with a warning.
    on_problem : str
        What to do when the slices do not form a regular volume. ``"error"`` refuses them.
        ``"fix"`` mends what can be mended: missing slices are interpolated, uneven spacing
        is resampled along the normal, a tilted gantry is sheared back by the positions,
        exact copies are left out; padding is set to air before anything is interpolated.
        ``"warn"`` stacks the slices as if they were regular and warns with the size of
        the error.
    allocate : callable, optional
        Makes room for a regular volume: called with the volume as it will be, all of whose
        values are 0, of the type int16 or float64; returns an array (z, y, x) of integers
        or floats, which is filled. For callers whose values live elsewhere, such as R.
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
        spacing comes from the positions. ``qc`` says what was checked, found and done, see
        :func:`medvoxel.scan_qc`; ``sources`` names the file of each slice.

    Raises
    ------
    FileFormatError
        When the path does not exist.
    InputError
        When `series` names no series, or `on_problem` is none of the three words.
    DicomError
        When there is no volume, or it is not one regular volume of one patient: missing
        or duplicate slices, uneven spacing, gantry tilt, mixed orientation, several frames
        of reference. With ``on_problem="fix"`` only when it cannot be mended.
    DependencyError
        When the decoder of a compressed series is not installed.
    MemoryLimitError
        When the volume does not fit into memory.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    DicomWarning
        When the largest of several volumes was taken, damaged files were left out and the
        rest still is a regular volume, or something was mended or passed over as
        `on_problem` says.

    Notes
    -----
    Values of MONOCHROME1 images are not inverted and padding is not replaced; both are
    noted in ``info``, which holds nothing that identifies a person.
    """
    if on_problem not in POLICIES:
        raise InputError(
            f"on_problem must be one of {', '.join(map(repr, POLICIES))}, not {on_problem!r}."
        )
    with opened(path, progress=_part(progress, 0.0, _HEADERS_PART)) as place:
        folder = read_folder(place.folder, progress=_part(progress, 0.0, _HEADERS_PART))
        found = group_series(folder.headers)
        chosen = choose_series(found, series, folder, strict=on_problem == "error")
        others = [other for other in found if other is not chosen]
        return _read(chosen, others, folder, place, on_problem, allocate, progress)


def _read(
    series: Series,
    others: Sequence[Series],
    folder: Folder,
    place: Opened,
    policy: str,
    allocate: Allocate | None,
    progress: ProgressCallback | None,
) -> Volume:
    places = {os.path.dirname(h.path) for h in series.headers}
    damaged = [d for d in folder.damaged if os.path.dirname(d.path) in places]
    while True:
        plan = plan_series(series, damaged, policy, same_pixels, others)
        volume, broken = _volume(plan, others, place, policy, allocate, progress)
        if not broken:
            break
        # Only decoding shows that pixels are damaged: without them it is another stack.
        damaged += broken.values()
        series = replace(series, headers=_readable(plan.headers, broken, series))
    _warn_damaged(damaged)
    _warn_findings(plan, policy, volume)
    return volume


def _volume(
    plan: Plan,
    others: Sequence[Series],
    place: Opened,
    policy: str,
    allocate: Allocate | None,
    progress: ProgressCallback | None,
) -> tuple[Volume, dict[int, Damaged]]:
    require_rescale(plan.headers)
    try:
        headers, unit = apply_real_world(plan.headers)
    except DamagedFileError as error:
        raise DicomError(
            f"{plan.series.label()} cannot be read: {error}.",
            hint="Export the series again from its source.",
        ) from error
    first = headers[0]
    if len(headers) == 1 and slice_distance(first) is None:
        _warn(
            "A single slice without slice thickness: its spacing across the plane is set to 1 mm.",
            "Take no volumes from this scan.",
        )
    reading = Reading(plan, others, real_world=unit is not None)
    unit = value_unit(first) if unit is None else unit
    info = acquisition_facts(headers)
    empty = Volume(
        _zeros(plan.grid.shape, np.int16),
        plan.grid,
        modality=first.modality,
        unit=unit,
        info=info,
        qc=quality_rows(reading),
        sources=_sources(plan, place),
    )
    room = None if allocate is None else _allocator(allocate, empty)
    fill = policy == "fix" or _padding_varies(headers)
    mending = plan.layout is not None
    array, broken = read_values(
        headers,
        allocate=None if mending else room,
        progress=_part(progress, _HEADERS_PART, 0.7 if mending else 1.0),
    )
    if broken:
        return empty, broken
    if not fill:
        return replace(empty, array=array), broken
    filled = fill_padding(array, headers, unit)
    if mending:
        air = filled.air if filled.count else air_value(array, unit)
        late = _part(progress, 0.7, 1.0)
        array = mend(array, plan.stack, plan.layout, air, allocate=room, progress=late)
    rows = quality_rows(replace(reading, filled=filled))
    info = {key: value for key, value in info.items() if not key.startswith("padding_")}
    return replace(empty, array=array, qc=rows, info=info), broken


def _padding_varies(headers: Sequence[Header]) -> bool:
    """Whether padding is another value in each image: then nobody could tell it later."""
    if all(padding_of(header) is None for header in headers):
        return False
    return len({(h.slope, h.intercept, padding_of(h)) for h in headers}) > 1


def _zeros(shape: tuple[int, ...], dtype: type[np.number]) -> NDArray[np.number]:
    # Takes no memory: all voxels are the same one.
    return np.broadcast_to(dtype(0), shape)


def _allocator(allocate: Allocate, empty: Volume) -> Callable[[np.dtype], NDArray[np.number]]:
    """Ask for room once the type of the values is known."""

    def make(dtype: np.dtype) -> NDArray[np.number]:
        if dtype.kind == "i":
            return allocate(empty)
        return allocate(replace(empty, array=_zeros(empty.grid.shape, np.float64)))

    return make


def _sources(plan: Plan, place: Opened) -> tuple[SliceSource, ...]:
    found = [SliceSource(place.label(h.path), h.frame, tuple(h.position)) for h in plan.headers]
    if plan.layout is None:
        return tuple(found)
    grid = plan.layout.grid
    return tuple(
        found[i]
        if i >= 0
        else SliceSource(None, 0, tuple(map(float, grid.index_to_lps((k, 0, 0)))))
        for k, i in enumerate(plan.layout.source)
    )


def _part(progress: ProgressCallback | None, start: float, end: float) -> ProgressCallback | None:
    """Let one stage of the work move a progress bar from `start` to `end`."""
    if progress is None:
        return None
    return lambda done, label: progress(start + (end - start) * done, label)


def _readable(
    headers: Sequence[Header], broken: Iterable[int], series: Series
) -> tuple[Header, ...]:
    """List the slices whose pixels could be read."""
    lost = set(broken)
    good = tuple(header for i, header in enumerate(headers) if i not in lost)
    if not good:
        raise DicomError(
            f"None of the slices of {series.label()} can be decoded.",
            hint="Copy the series again from its source.",
        )
    return good


def _warn_damaged(damaged: Sequence[Damaged]) -> None:
    if damaged:
        _warn(
            f"{len(damaged)} damaged {'file was' if len(damaged) == 1 else 'files were'} left "
            f"out: {_names(damaged)}.",
            "Copy damaged files again from their source.",
        )


def _warn_findings(plan: Plan, policy: str, volume: Volume) -> None:
    """Say what was mended, or stacked although it does not fit."""
    rows = [f.message for f in plan.findings]
    for count, one, more in (
        (len(plan.copies), "exact copy was", "exact copies were"),
        (len(plan.dropped), "image was", "images were"),
    ):
        if count:
            rows.append(f"{count} {one if count == 1 else more} left out")
    rows += [
        f"padding ({row.found}) was {row.done}"
        for row in volume.qc
        if row.check == "padding" and row.severity == "fixed"
    ]
    if rows:
        how, off = "was mended", ""
        if policy != "fix" and plan.findings:
            how = "was stacked as if it were a regular volume"
            if plan.displacement > 0:
                off = f". Slices lie up to {plan.displacement:.3g} mm from their places"
        _warn(
            f"{plan.series.label()} {how}: {'; '.join(rows)}{off}.",
            "scan_qc() shows what was done.",
        )


def _names(damaged: Sequence[Damaged]) -> str:
    more = f"; and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    return "; ".join(map(str, damaged[:5])) + more


def _warn(message: str, hint: str) -> None:
    warnings.warn(DicomWarning(message, hint=hint), stacklevel=5)
