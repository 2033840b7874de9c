"""Read the slices of a series into one array, straight from the files."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ...errors import DicomError, MemoryLimitError
from ...progress import Progress, ProgressCallback
from .._rescale import integer_values, rescale_slice, value_dtype
from .._threads import thread_count
from .decoding.decode import read_frame, require_decoder, stored_dtype
from .elements import DamagedFileError
from .folder import Damaged
from .header import Header

__all__ = ["read_values", "same_pixels"]

# Whole slopes and intercepts up to here are applied in integers, which 64 bits then hold.
_WHOLE = 1 << 31


def read_values(
    headers: Sequence[Header],
    *,
    allocate: Callable[[np.dtype], NDArray[np.number] | None] | None = None,
    progress: ProgressCallback | None,
) -> tuple[NDArray[np.number], dict[int, Damaged]]:
    """Read slices and apply slope and intercept of each.

    Parameters
    ----------
    headers : sequence of Header
        In the order of the slices, all of the same size.
    allocate : callable, optional
        Gives an array (z, y, x) of the type it is asked for, int32 or float64, to be
        filled; or ``None``. Whoever keeps values in these types saves a second copy.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    array : ndarray, shape (z, y, x)
        The array from `allocate`; else int16 when every value is a whole number that
        fits, else int32, else float32.
    damaged : dict of int to Damaged
        Slices whose pixels could not be read, by index. The array is of no use then.

    Raises
    ------
    DicomError
        When the pixels are of a kind that is not a grey value.
    DependencyError
        When a decoder is missing.
    MemoryLimitError
        When the array does not fit into memory.
    """
    _require_readable(headers)
    slopes = np.array([1.0 if h.slope is None else h.slope for h in headers])
    intercepts = np.array([h.intercept or 0.0 for h in headers])
    whole = np.all(slopes == np.rint(slopes)) and np.all(intercepts == np.rint(intercepts))
    whole = whole and max(np.abs(slopes).max(), np.abs(intercepts).max()) <= _WHOLE
    wide = np.dtype(np.int32 if whole and _fits(headers, slopes, intercepts) else np.float64)
    target = None if allocate is None or (whole and wide.kind == "f") else allocate(wide)
    if target is not None:
        return _read_into(target, headers, slopes, intercepts, progress)
    if not whole:
        return _read_fractions(headers, slopes, intercepts, progress)
    stack = _empty(headers, np.result_type(*{stored_dtype(h.format) for h in headers}))
    damaged = _each(headers, lambda i: read_frame(headers[i], stack[i]), progress)
    if damaged:
        return stack, damaged
    array = integer_values(stack, slopes, intercepts)
    if array is None:
        array = _empty(headers, np.dtype(np.float32))
        for i, plane in enumerate(stack):
            array[i] = rescale_slice(plane, slopes[i], intercepts[i])
    return array, damaged


def same_pixels(a: Header, b: Header) -> bool:
    """Whether two images hold the same stored values.

    Parameters
    ----------
    a, b : Header
        The images.

    Returns
    -------
    bool
        ``False`` also when one of them cannot be read.
    """
    if a.format != b.format or not a.format.is_grey:
        return False
    planes = []
    for header in (a, b):
        plane = np.empty((header.format.rows, header.format.columns), stored_dtype(header.format))
        try:
            read_frame(header, plane)
        except DamagedFileError:
            return False
        planes.append(plane)
    return bool(np.array_equal(*planes))


def _require_readable(headers: Sequence[Header]) -> None:
    for pixels in {h.format for h in headers}:
        if not pixels.is_grey:
            raise DicomError(
                f"Pixels of {pixels.allocated} bits and {pixels.samples} samples are not "
                "grey values of a scan.",
                hint="Choose another series with list_series().",
            )
    for header in {h.elements.syntax: h for h in headers}.values():
        require_decoder(header)


def _fits(
    headers: Sequence[Header], slopes: NDArray[np.float64], intercepts: NDArray[np.float64]
) -> bool:
    """Whether no stored value can leave 32 bits."""
    largest = max(1 << h.format.stored for h in headers)
    return bool(np.max(largest * np.abs(slopes) + np.abs(intercepts)) < 1 << 31)


def _read_into(
    array: NDArray[np.number],
    headers: Sequence[Header],
    slopes: NDArray[np.float64],
    intercepts: NDArray[np.float64],
    progress: ProgressCallback | None,
) -> tuple[NDArray[np.number], dict[int, Damaged]]:
    """Rescale each slice on its way into an array that was given."""
    room = threading.local()

    def read(i: int) -> None:
        pixels = headers[i].format
        dtype = stored_dtype(pixels)
        stored = getattr(room, "plane", None)
        if stored is None or stored.dtype != dtype:
            stored = room.plane = np.empty((pixels.rows, pixels.columns), dtype)
        read_frame(headers[i], stored)
        if array.dtype.kind == "f":
            # Single precision, as the values have where this array is not at hand.
            array[i] = rescale_slice(stored, slopes[i], intercepts[i]).astype(np.float32)
            return
        np.copyto(array[i], stored, casting="unsafe")
        if slopes[i] != 1:
            np.multiply(array[i], np.int32(slopes[i]), out=array[i])
        if intercepts[i] != 0:
            np.add(array[i], np.int32(intercepts[i]), out=array[i])

    return array, _each(headers, read, progress)


def _read_fractions(
    headers: Sequence[Header],
    slopes: NDArray[np.float64],
    intercepts: NDArray[np.float64],
    progress: ProgressCallback | None,
) -> tuple[NDArray[np.number], dict[int, Damaged]]:
    """Rescale slice by slice, so that no second copy of the volume is made."""
    array = _empty(headers, np.dtype(np.float32))
    whole = True

    def read(i: int) -> None:
        nonlocal whole
        pixels = headers[i].format
        stored = np.empty((pixels.rows, pixels.columns), stored_dtype(pixels))
        read_frame(headers[i], stored)
        values = rescale_slice(stored, slopes[i], intercepts[i])
        array[i] = values
        # One fraction is enough to know; until then every slice has to be looked at.
        if whole and (not np.array_equal(values, array[i]) or np.any(values != np.rint(values))):
            whole = False

    damaged = _each(headers, read, progress)
    if whole and not damaged:
        dtype = value_dtype(float(array.min()), float(array.max()))
        if dtype is not None:
            return array.astype(dtype), damaged
    return array, damaged


def _each(
    headers: Sequence[Header],
    read: Callable[[int], None],
    progress: ProgressCallback | None,
) -> dict[int, Damaged]:
    """Read every slice on a few threads; collect those that are damaged."""

    def attempt(i: int) -> Damaged | None:
        try:
            read(i)
        except DamagedFileError as error:
            # Nothing is written in its place: a header may claim gigabytes, which cost
            # memory only when they are touched.
            return Damaged(headers[i].path, str(error), headers[i])
        return None

    damaged = {}
    with warnings.catch_warnings(), ThreadPoolExecutor(thread_count()) as pool:
        # Decoders warn of oddities in the stream; what matters here is what comes out.
        warnings.simplefilter("ignore")
        results = pool.map(attempt, range(len(headers)))
        try:
            for i in Progress.over(range(len(headers)), progress, "Reading slices"):
                problem = next(results)
                if problem is not None:
                    damaged[i] = problem
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return damaged


def _empty(headers: Sequence[Header], dtype: np.dtype) -> NDArray[np.number]:
    pixels = headers[0].format
    shape = (len(headers), pixels.rows, pixels.columns)
    try:
        return np.empty(shape, dtype)
    except MemoryError as error:
        gigabytes = float(np.prod(shape, dtype=float)) * dtype.itemsize / 1e9
        raise MemoryLimitError(
            f"The volume needs {gigabytes:.1f} GB, more than this computer has free.",
            hint="Close other programs, or read the series on a larger computer.",
        ) from error
