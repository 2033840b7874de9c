"""Compress with all cores, decompress into an array."""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import BinaryIO

from ._threads import thread_count

__all__ = ["compress", "decompress_into", "decompressed", "finish"]

# Level 1: scans are noise for the most part. Level 9 was measured ten times slower for
# files 3 % smaller.
_LEVEL = 1
_BLOCK = 1 << 20
_MAGIC = b"\x1f\x8b"
_HEADER = _MAGIC + b"\x08\x00\x00\x00\x00\x00\x04\xff"


def compress(file: BinaryIO, blocks: Iterator[memoryview], done: Callable[[], None]) -> None:
    """Write blocks as one gzip member.

    Parameters
    ----------
    file : binary file
        Written to.
    blocks : iterator of memoryview
        The content in order; each stays valid until it was asked for the next.
    done : callable
        Called after each block.

    Notes
    -----
    As pigz does: blocks are deflated apart on a few threads and joined at byte
    boundaries (sync flush), which makes an ordinary gzip file with a single member that
    every reader takes. There is no time in the header, so equal content gives equal files.
    """
    checksum, size = 0, 0
    file.write(_HEADER)
    with ThreadPoolExecutor(thread_count()) as pool:
        waiting: deque = deque()
        try:
            for block in blocks:
                checksum, size = zlib.crc32(block, checksum), size + len(block)
                waiting.append(pool.submit(_deflate, block))
                if len(waiting) > 2 * thread_count():
                    file.write(waiting.popleft().result())
                    done()
            while waiting:
                file.write(waiting.popleft().result())
                done()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    file.write(b"\x03\x00" + struct.pack("<II", checksum, size & 0xFFFFFFFF))


def _deflate(block: memoryview) -> bytes:
    worker = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return worker.compress(block) + worker.flush(zlib.Z_SYNC_FLUSH)


def decompressed(file: BinaryIO) -> Iterator[bytes]:
    """Unpack a gzip file piece by piece.

    Parameters
    ----------
    file : binary file
        At the start of the packed bytes.

    Yields
    ------
    bytes
        At most a block (1 MiB) at once: a few bytes can unpack to gigabytes.

    Raises
    ------
    zlib.error
        When the file is no gzip file or is damaged; a wrong checksum is found at the end.
    """
    worker, raw = zlib.decompressobj(31), b""
    while True:
        raw = raw or file.read(_BLOCK // 4)
        piece = worker.decompress(raw, _BLOCK) if raw else worker.flush()
        if piece:
            yield piece
        elif not raw:
            return
        raw = worker.unconsumed_tail
        if worker.eof:  # a file may be several members in a row
            raw = worker.unused_data
            raw += file.read(_BLOCK // 4) if len(raw) < len(_MAGIC) else b""
            if not raw.startswith(_MAGIC):  # what some programs leave behind is no content
                return
            worker = zlib.decompressobj(31)


def decompress_into(
    file: BinaryIO, target: memoryview, skip: int, done: Callable[[int], None]
) -> int:
    """Fill memory from a gzip file.

    Parameters
    ----------
    file : binary file
        At its start.
    target : memoryview
        Bytes to fill.
    skip : int
        Bytes of the content to leave out before.
    done : callable
        Called with the number of bytes after each step.

    Returns
    -------
    int
        Bytes that were filled; fewer than asked when the file ends before.

    Raises
    ------
    zlib.error
        When the file is no gzip file or is damaged.
    """
    filled, pieces = 0, decompressed(file)
    for piece in pieces:
        left = min(skip, len(piece))
        skip -= left
        part = memoryview(piece)[left : left + len(target) - filled]
        target[filled : filled + len(part)] = part
        filled += len(part)
        done(len(part))
        if filled == len(target):
            break
    finish(pieces)
    return filled


def finish(pieces: Iterator[bytes]) -> None:
    """Go on to the checksum, unless much more content is before it.

    Parameters
    ----------
    pieces : iterator of bytes
        Of :func:`decompressed`.

    Raises
    ------
    zlib.error
        When the checksum is wrong.
    """
    # Bytes that were changed on the way often unpack without a fault: only the checksum
    # tells. It is looked at where that costs next to nothing.
    for _ in islice(pieces, 2):
        pass
