"""Where the bytes of each frame are in compressed pixels (DICOM PS3.5, annex A.4).

They are a list of items: a table of offsets, which may be empty, then fragments. A frame is
one fragment or several. The extended offset table (PS3.3, C.7.6.3) is not needed: where it
stands every frame is one fragment, and stepping over the fragments finds them all.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import BinaryIO

from ..elements import DamagedFileError

__all__ = ["frame_bytes", "join_parts", "split_frames"]

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
# Two kilobytes a fragment is what the smallest writer's buffer gives; more is an attack.
_MOST_FRAGMENTS = 4096

# A frame begins with one of these where its fragments have to be told apart by content.
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")

Part = tuple[int, int]


def frame_bytes(path: str, offset: int, frame: int, frames: int) -> bytes:
    """Read the compressed bytes of one frame of a file, and no other frame.

    Parameters
    ----------
    path : str
        The file.
    offset : int
        Where the value of Pixel Data starts.
    frame, frames : int
        The 0-based frame, and how many there are.

    Returns
    -------
    bytes
        The fragments of that frame, joined.

    Raises
    ------
    DamagedFileError
        When the fragments are not in order or not as many as the frames.
    """
    with open(path, "rb") as file:
        if frames == 1:
            return join_parts(file, split_frames(file, offset, 1)[0])
        state = os.fstat(file.fileno())
        table = _kept_table(path, offset, frames, state.st_size, state.st_mtime_ns)
        return join_parts(file, table[frame])


@lru_cache(maxsize=16)
def _kept_table(
    path: str, offset: int, frames: int, size: int, changed: int
) -> tuple[tuple[Part, ...], ...]:
    """Step through a multi-frame file once, not once for each frame.

    Size and time of the last change are there so that a file that was replaced is looked at
    again.
    """
    with open(path, "rb") as file:
        return split_frames(file, offset, frames)


def split_frames(stream: BinaryIO, offset: int, frames: int) -> tuple[tuple[Part, ...], ...]:
    """Find the fragments of every frame.

    Parameters
    ----------
    stream : binary file
        Can be repositioned.
    offset : int
        Where the value of Pixel Data starts.
    frames : int
        How many there are.

    Returns
    -------
    tuple of tuple of (int, int)
        For each frame, start and length of its fragments.

    Raises
    ------
    DamagedFileError
        When the fragments are not in order or not as many as the frames.
    """
    table, fragments = _items(stream, offset, frames)
    if frames == 1:
        return (tuple(fragments),)
    if len(fragments) == frames:
        return tuple((part,) for part in fragments)
    if len(fragments) < frames:
        raise DamagedFileError(f"it has {len(fragments)} compressed fragments for {frames} frames")
    firsts = _firsts_by_table(stream, table, fragments, frames)
    if firsts is None:
        firsts = [i for i, (start, _) in enumerate(fragments) if _starts_frame(stream, start)]
    if len(firsts) != frames or firsts[0] != 0:
        raise DamagedFileError(
            f"its {len(fragments)} compressed fragments cannot be told apart into {frames} frames"
        )
    stops = [*firsts[1:], len(fragments)]
    return tuple(tuple(fragments[a:b]) for a, b in zip(firsts, stops, strict=True))


def join_parts(stream: BinaryIO, parts: Sequence[Part]) -> bytes:
    """Read fragments and join them.

    Parameters
    ----------
    stream : binary file
        Can be repositioned.
    parts : sequence of (int, int)
        Start and length of each.

    Returns
    -------
    bytes
        Their contents.

    Raises
    ------
    DamagedFileError
        When the file ends before they do.
    """
    found = []
    for start, length in parts:
        stream.seek(start)
        found.append(stream.read(length))
        if len(found[-1]) != length:
            raise DamagedFileError("it is cut short inside its compressed pixels")
    return found[0] if len(found) == 1 else b"".join(found)


def _items(stream: BinaryIO, offset: int, frames: int) -> tuple[Part, list[Part]]:
    """Place of the table of offsets, and of the fragments after it."""
    items: list[Part] = []
    end = stream.seek(0, os.SEEK_END)
    while offset + 8 <= end:
        stream.seek(offset)
        head = stream.read(8)
        if head[:4] == _END:
            break
        length = int.from_bytes(head[4:], "little")
        if head[:4] != _ITEM:
            raise DamagedFileError("its compressed pixels are not in order")
        if offset + 8 + length > end:
            raise DamagedFileError("it is cut short inside its compressed pixels")
        items.append((offset + 8, length))
        if len(items) > _MOST_FRAGMENTS * frames:
            raise DamagedFileError(f"it has far too many fragments for {frames} frames")
        offset += 8 + length
    if len(items) < 2:
        raise DamagedFileError("it holds no pixels")
    return items[0], items[1:]


def _firsts_by_table(
    stream: BinaryIO, table: Part, fragments: list[Part], frames: int
) -> list[int] | None:
    """Index of the first fragment of each frame; ``None`` when the table does not tell."""
    start, length = table
    if length != 4 * frames:
        return None
    stream.seek(start)
    offsets = struct.unpack(f"<{frames}I", stream.read(length))
    origin = fragments[0][0]
    index = {begin - origin: i for i, (begin, _) in enumerate(fragments)}
    found = [index.get(offset, -1) for offset in offsets]
    rising = all(a < b for a, b in pairwise(found))
    return found if found[0] == 0 and rising else None


def _starts_frame(stream: BinaryIO, start: int) -> bool:
    stream.seek(start)
    return stream.read(8).startswith(_STARTS)
