"""Pixels of files whose layout only a full parser can tell.

Big-endian and deflated files, and those that the quick walk is not sure of. The file is
parsed as a whole; of a multi-frame file the result is kept until its last frame was asked
for, so that it is parsed once and not once for each frame.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..elements import DamagedFileError
from ..header import Header
from .fragments import join_parts, split_frames
from .inflate import inflate

__all__ = ["WholePixels", "whole_pixels"]

_DEFLATED = "1.2.840.10008.1.2.1.99"
# What a header may take beside the pixels.
_HEADER_MOST = 1 << 24
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class WholePixels:
    """The value of Pixel Data of one file.

    Parameters
    ----------
    value : bytes
        As in the file.
    frames : tuple of tuple of (int, int), optional
        For each compressed frame, start and length of its fragments in `value`; ``None``
        when it is not compressed.
    big_endian : bool
        Whether the first byte of a value is the highest.
    """

    value: bytes = field(repr=False)
    frames: tuple[tuple[tuple[int, int], ...], ...] | None
    big_endian: bool

    def fragments(self, frame: int) -> bytes:
        """Join the fragments of a compressed frame.

        Parameters
        ----------
        frame : int
            From 0.

        Returns
        -------
        bytes
            The frame, still compressed.
        """
        return join_parts(io.BytesIO(self.value), self.frames[frame] if self.frames else ())


class _Kept:
    """The last multi-frame file, and which of its frames are still to come."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.path = ""
        self.pixels: WholePixels | None = None
        self.waiting: set[int] = set()

    def take(self, header: Header) -> WholePixels:
        with self.lock:
            if self.path != header.path or header.frame not in self.waiting:
                self.pixels = _parse(header)
                self.path, self.waiting = header.path, set(range(header.frames))
            pixels = self.pixels
            self.waiting.discard(header.frame)
            if not self.waiting:
                self.path, self.pixels = "", None
        return pixels  # type: ignore[return-value]


_kept = _Kept()


def whole_pixels(header: Header) -> WholePixels:
    """Parse a file for its Pixel Data.

    Parameters
    ----------
    header : Header
        Of the file or of one of its frames.

    Returns
    -------
    WholePixels
        The value, and how to read it.

    Raises
    ------
    DamagedFileError
        When the file cannot be parsed or has no pixels.
    """
    return _parse(header) if header.frames == 1 else _kept.take(header)


def _parse(header: Header) -> WholePixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = _data_set(header)
            element = data.get_item("PixelData") if "PixelData" in data else None
    except DamagedFileError:
        raise
    except Exception as error:  # any failure of a parser on a broken file has one meaning
        raise DamagedFileError(f"its pixels cannot be read ({type(error).__name__})") from error
    if element is None or not isinstance(element.value, bytes):
        raise DamagedFileError("it holds no pixels")
    value, little = element.value, element.is_little_endian
    if not little and element.VR == "OW" and header.format.allocated == 8:
        # Two values of a byte share a word, whose bytes are in reverse order.
        value = np.frombuffer(value[: len(value) // 2 * 2], ">u2").astype("<u2").tobytes()
    compressed = element.length == _UNDEFINED
    frames = split_frames(io.BytesIO(value), 0, header.frames) if compressed else None
    return WholePixels(value, frames, not little)


def _data_set(header: Header) -> Any:
    import pydicom

    pixels = header.format
    if header.elements.syntax == _DEFLATED and pixels is not None:
        stream = inflate(header.path, pixels.frame_bytes * header.frames + _HEADER_MOST)
        if stream is not None:
            return pydicom.filereader.read_dataset(stream, False, True)
    return pydicom.dcmread(header.path, force=True, specific_tags=["PixelData"])
