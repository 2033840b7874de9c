"""What a compressed frame says of itself, read before a decoder sees it.

A decoder trusts these numbers: it allocates what they ask for, and many give back an image
of the wrong size, or a half of one, without a word. So size, depth and completeness are
looked at here first, in a few short steps. The form is taken from the bytes as well, for the
transfer syntax of some files names another one.

References
----------
ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.800 annex A (JPEG 2000).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..elements import DamagedFileError

__all__ = ["Codestream", "read_codestream"]

JPEG, LOSSLESS, JPEG_LS, JPEG_2000 = "jpeg", "jpeg-lossless", "jpeg-ls", "jpeg-2000"

_SOI, _SOS, _EOI = 0xD8, 0xDA, b"\xff\xd9"
_FORMS = {0xC0: JPEG, 0xC1: JPEG, 0xC3: LOSSLESS, 0xF7: JPEG_LS}
_OTHER_FORMS = frozenset(range(0xC0, 0xD0)) - set(_FORMS) - {0xC4, 0xC8, 0xCC}

_SOC_SIZ, _SOT = b"\xff\x4f\xff\x51", 0xFF90
_BOXED = b"\x00\x00\x00\x0cjP  "
_SIZ = struct.Struct(">2xH 8I H3B").unpack_from
# A slice of a scan is one tile, or a few dozen; a decoder needs kilobytes for each.
_MOST_TILES = 4096


@dataclass(frozen=True, slots=True)
class Codestream:
    """Size and depth of a compressed frame.

    Parameters
    ----------
    form : str
        ``"jpeg"`` (with loss), ``"jpeg-lossless"``, ``"jpeg-ls"`` or ``"jpeg-2000"``.
    rows, columns, components : int
        Size of the image.
    precision : int
        Bits of a value.
    signed : bool
        Whether it says that values are two's complement; only JPEG 2000 can.
    """

    form: str
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False


def read_codestream(data: bytes) -> Codestream:
    """Read the header of a compressed frame and see that its end is there.

    Parameters
    ----------
    data : bytes
        The frame.

    Returns
    -------
    Codestream
        What it says of itself.

    Raises
    ------
    DamagedFileError
        When it is cut short, not in order, or in a form that DICOM does not use.
    """
    try:
        if data[:2] == b"\xff\xd8":
            return _read_jpeg(data)
        start = _first_of_boxes(data) if data.startswith(_BOXED) else 0
        if data[start : start + 4] == _SOC_SIZ:
            return _read_jpeg_2000(data, start)
    except (IndexError, struct.error):
        raise DamagedFileError("its compressed pixels end inside their header") from None
    raise DamagedFileError("its compressed pixels are in no form that is known")


def _read_jpeg(data: bytes) -> Codestream:
    """Step from marker to marker up to the image, then look for its end.

    Coded values never contain the end mark: JPEG follows FF with 00, JPEG-LS with a byte
    below 80.
    """
    position, found = 2, None
    while True:
        if data[position] != 0xFF:
            raise DamagedFileError("the header of its compressed pixels is not in order")
        marker = data[position + 1]
        if marker == 0xFF:  # filling
            position += 1
            continue
        length = struct.unpack_from(">H", data, position + 2)[0]
        if marker in _OTHER_FORMS:
            raise DamagedFileError(
                f"its pixels are in a form of JPEG that scans do not use (SOF{marker - 0xC0})"
            )
        if marker in _FORMS:
            precision, rows, columns, parts = struct.unpack_from(">BHHB", data, position + 4)
            found = Codestream(_FORMS[marker], rows, columns, parts, precision)
        position += 2 + length
        if marker == _SOS:
            break
    if found is None:
        raise DamagedFileError("its compressed pixels do not say how large the image is")
    if data.rfind(_EOI, position) < 0:
        raise DamagedFileError("it is cut short inside its compressed pixels")
    return found


def _read_jpeg_2000(data: bytes, start: int) -> Codestream:
    sizes = _SIZ(data, start + 4)
    width, height, left, top, tile_width, tile_height, tile_left, tile_top = sizes[1:9]
    components, depth, step_x, step_y = sizes[9:]
    if not (tile_width and tile_height) or (step_x, step_y) != (1, 1):
        raise DamagedFileError("the header of its compressed pixels is not in order")
    tiles = -((tile_left - width) // tile_width) * -((tile_top - height) // tile_height)
    if not 1 <= tiles <= _MOST_TILES:
        raise DamagedFileError(f"its compressed pixels are in {tiles} tiles")
    _require_tiles(data, start + 2, tiles)
    return Codestream(
        JPEG_2000, height - top, width - left, components, (depth & 0x7F) + 1, depth >= 0x80
    )


def _require_tiles(data: bytes, position: int, tiles: int) -> None:
    """See that every part of every tile is there, and the end mark after them."""
    seen: set[int] = set()
    while data[position : position + 2] != _EOI:
        if position + 10 > len(data):
            raise DamagedFileError("it is cut short inside its compressed pixels")
        marker, length = struct.unpack_from(">HH", data, position)
        length += 2
        if marker == _SOT:
            tile, length = struct.unpack_from(">HI", data, position + 4)
            seen.add(tile)
            if length == 0:  # up to the end mark
                length = data.rfind(_EOI, position) - position
        if marker < 0xFF00 or length < 4:
            raise DamagedFileError("the parts of its compressed pixels are not in order")
        position += length
    if seen != set(range(tiles)):
        raise DamagedFileError("its compressed pixels lack a part of the image")


def _first_of_boxes(data: bytes) -> int:
    """Where the image starts in a JP2 file; DICOM allows the bare image only."""
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"jp2c":
            return position + (16 if length == 1 else 8)
        if length < 8:
            break
        position += length
    raise DamagedFileError("its compressed pixels are not in order")
