"""Read the voxels of a NRRD file piece by piece, whatever they are packed with."""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import FileFormatError
from ...progress import Progress, ProgressCallback
from .._file_checks import damaged, empty_array, require_room
from .._gzip import decompressed, finish
from .._voxel_types import native
from .header import NRRD, NrrdHeader

__all__ = ["read_all", "read_one"]

_BLOCK = 1 << 20
_LONGEST_NUMBER = 1 << 10


def read_all(header: NrrdHeader, progress: ProgressCallback | None = None) -> NDArray[Any]:
    """Read every voxel.

    Parameters
    ----------
    header : NrrdHeader
        Of the file.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray
        Slowest axis first; in the machine's byte order.

    Raises
    ------
    FileFormatError
        When the file is damaged.
    MemoryLimitError
        When the voxels do not fit into memory.
    """
    return _read(header, header.sizes[::-1], 0, None, progress)


def read_one(
    header: NrrdHeader, axis: int, index: int, progress: ProgressCallback | None = None
) -> NDArray[Any]:
    """Read the voxels at one place of one axis, without room for the others.

    Parameters
    ----------
    header : NrrdHeader
        Of the file.
    axis : int
        The axis, counted from the fastest.
    index : int
        The place on it.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray
        Without that axis, slowest first; in the machine's byte order.

    Raises
    ------
    FileFormatError
        When the file is damaged.
    MemoryLimitError
        When the voxels do not fit into memory.
    """
    sizes = header.sizes
    shape = (sizes[:axis] + sizes[axis + 1 :])[::-1]
    if math.prod(sizes[axis + 1 :]) == 1:  # one after the other
        return _read(header, shape, index * math.prod(shape), None, progress)
    inner = math.prod(sizes[:axis])
    return _read(header, shape, 0, lambda place: place // inner % sizes[axis] == index, progress)


def _read(
    header: NrrdHeader,
    shape: tuple[int, ...],
    skip: int,
    wanted: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None,
    progress: ProgressCallback | None,
) -> NDArray[Any]:
    _require_room(header)
    array = empty_array(header.path, shape, header.dtype)
    flat, filled, place = array.reshape(-1), 0, skip
    report = Progress(progress, array.size, "Reading NRRD")
    size = header.dtype.itemsize
    count = array.nbytes if wanted is None else math.prod(header.sizes) * size
    try:
        for values in _whole(_pieces(header, skip * size, count), header.dtype):
            found = values
            if wanted is not None:
                found = values[wanted(np.arange(place, place + len(values)))]
            place += len(values)
            found = found[: array.size - filled]
            flat[filled : filled + len(found)] = found
            filled += len(found)
            report.advance(len(found))
    except (OSError, ValueError, OverflowError, EOFError, zlib.error) as error:
        if isinstance(error, FileFormatError):
            raise
        raise damaged(header.path, f"its voxels cannot be read ({error})", NRRD) from error
    if filled < array.size:
        reason = f"it is cut short, {filled} of {array.size} voxels"
        raise damaged(header.path, reason, NRRD)
    return native(array)


def _require_room(header: NrrdHeader) -> None:
    """Refuse sizes that the files cannot hold, before anything is allocated."""
    if math.prod(header.sizes) % len(header.files):
        raise damaged(header.path, "its files of voxels cannot be of one length", NRRD)
    have = sum(file.stat().st_size for file in header.files) - header.start
    if header.encoding == "ascii":  # a digit and a space are the least
        need = 2 * math.prod(header.sizes) - 1
    else:
        need = math.prod(header.sizes) * header.dtype.itemsize + max(header.byte_skip, 0)
    packing = "raw" if header.encoding == "ascii" else header.encoding
    require_room(header.path, need, have, packing, NRRD)


def _pieces(header: NrrdHeader, skip: int, count: int) -> Iterator[Any]:
    """`count` bytes of all files in a row, from byte `skip` of the voxels on."""
    length = math.prod(header.sizes) // len(header.files) * header.dtype.itemsize
    for path in header.files:
        here = min(length - skip, count)
        if here <= 0:
            skip = max(skip - length, 0)
            continue
        with open(path, "rb") as file:
            file.seek(header.start)
            for _ in range(header.line_skip):
                if not file.readline(_BLOCK):
                    break
            yield from _unpacked(header, path, file, skip, here)
        skip, count = 0, count - here


def _unpacked(
    header: NrrdHeader, path: Path, file: BinaryIO, skip: int, count: int
) -> Iterator[Any]:
    """`count` bytes of one file, after `skip` of its voxels."""
    before = max(header.byte_skip, 0)
    if header.encoding == "raw":
        if header.byte_skip < 0:
            length = math.prod(header.sizes) // len(header.files) * header.dtype.itemsize
            before = max(path.stat().st_size - length - file.tell(), 0)
        file.seek(before + skip, 1)
        yield from _limited(iter(lambda: file.read(_BLOCK), b""), 0, count)
    elif header.byte_skip < 0:
        raise ValueError("bytes can be counted from the end only where nothing is packed")
    elif header.encoding == "gzip":
        pieces = decompressed(file)
        yield from _limited(pieces, before + skip, count)
        finish(pieces)
    elif header.encoding == "bzip2":
        yield from _limited(_bunzipped(file), before + skip, count)
    else:
        file.seek(before, 1)
        yield from _limited(_numbers(file, header.dtype), skip, count)


def _limited(pieces: Iterator[Any], skip: int, count: int) -> Iterator[memoryview]:
    for piece in pieces:
        left = min(skip, len(piece))
        skip -= left
        part = memoryview(piece)[left : left + count]
        count -= len(part)
        if len(part):
            yield part
        if not count:
            return


def _bunzipped(file: BinaryIO) -> Iterator[bytes]:
    worker = bz2.BZ2Decompressor()
    while True:
        raw = file.read(_BLOCK // 4) if worker.needs_input else b""
        if worker.needs_input and not raw:
            return
        piece = worker.decompress(raw, _BLOCK)
        if piece:
            yield piece
        if worker.eof:  # several files in a row are one
            raw = worker.unused_data or file.read(_BLOCK // 4)
            if not raw.startswith(b"BZh"):
                return
            worker = bz2.BZ2Decompressor()
            piece = worker.decompress(raw, _BLOCK)
            if piece:
                yield piece


def _numbers(file: BinaryIO, dtype: np.dtype) -> Iterator[memoryview]:
    """Numbers written as text, as bytes of their type."""
    rest = b""
    while block := file.read(_BLOCK):
        *whole, rest = (rest + block + b".").split()
        rest = rest[:-1]
        if len(rest) > _LONGEST_NUMBER:
            raise ValueError(f"there is no number in {rest[:20]!r}")
        if whole:
            yield _parsed(whole, dtype)
    if rest:
        yield _parsed([rest], dtype)


def _parsed(words: list[bytes], dtype: np.dtype) -> memoryview:
    if max(len(word) for word in words) > _LONGEST_NUMBER:
        raise ValueError("there is a number of more than 1000 digits")
    if dtype.kind == "f":
        values = np.array([float(word) for word in words], dtype)
    else:
        numbers = [int(word) for word in words]
        if min(numbers) < np.iinfo(dtype).min or max(numbers) > np.iinfo(dtype).max:
            raise ValueError(f"a number does not fit into {dtype}")
        values = np.array(numbers, dtype)
    return memoryview(values).cast("B")


def _whole(pieces: Iterator[Any], dtype: np.dtype) -> Iterator[NDArray[Any]]:
    """Turn bytes into values; what a piece cuts through waits for the next."""
    rest = b""
    for piece in pieces:
        if rest:
            piece = rest + bytes(piece)
        whole = len(piece) // dtype.itemsize * dtype.itemsize
        yield np.frombuffer(piece[:whole], dtype)
        rest = bytes(piece[whole:])
