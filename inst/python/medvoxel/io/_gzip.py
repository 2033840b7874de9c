"""Compress with all cores, decompress into an array."""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from ._threads import thread_count

__all__ = ["compress", "decompress_into"]

# Level 1: scans are noise for the most part. Level 9 was measured ten times slower for
# files 3 % smaller.
_LEVEL = 1
_BLOCK = 1 << 20
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"


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
    worker, filled, raw = zlib.decompressobj(31), 0, b""
    while filled < len(target):
        raw = raw or file.read(_BLOCK // 4)
        # At most a block at once: a few bytes can unpack to gigabytes.
        piece = worker.decompress(raw, _BLOCK) if raw else worker.flush()
        if not raw and not piece:
            break
        raw = worker.unconsumed_tail
        if worker.eof:  # a file may be several members in a row
            raw, worker = worker.unused_data, zlib.decompressobj(31)
        left = min(skip, len(piece))
        skip -= left
        piece = memoryview(piece)[left : left + len(target) - filled]
        target[filled : filled + len(piece)] = piece
        filled += len(piece)
        done(len(piece))
    return filled
