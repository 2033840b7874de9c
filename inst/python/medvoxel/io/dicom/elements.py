"""Find the few data elements that matter in a DICOM file, quickly.

Reading a series is bound by Python code spent on headers, not by the disk: a general
parser makes an object of each of the hundred and more elements of a file. This one
steps over them and keeps the bytes of those that were asked for. Whatever it is not
sure of (big endian, deflated, no preamble, elements out of order) goes to pydicom,
which hands back the same bytes.
"""

from __future__ import annotations

import struct
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DamagedFileError", "Elements", "meta_value", "read_elements"]

_IMPLICIT = "1.2.840.10008.1.2"
_EXPLICIT = "1.2.840.10008.1.2.1"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_UNDEFINED = 0xFFFFFFFF
_MEDIA_CLASS, _TRANSFER_SYNTAX = 0x00020002, 0x00020010
_AFTER_META, _PIXELS, _PIXEL_DATA = 0x00030000, 0x7FE00008, 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

_META = frozenset((_MEDIA_CLASS, _TRANSFER_SYNTAX))
# The directory of a disc says what it is only in its meta header.
_SOP_CLASS, _MEDIA_DIRECTORY = 0x00080016, b"1.2.840.10008.1.3.10"

# Value representations whose length takes four bytes (DICOM PS3.5, 7.1.2).
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_EXPLICIT_HEAD = struct.Struct("<HH2sH").unpack_from
_IMPLICIT_HEAD = struct.Struct("<HHI").unpack_from
_UINT32 = struct.Struct("<I").unpack_from

# Most headers fit into the first block; a few carry megabytes of private elements.
_BLOCKS = (1 << 14, 1 << 20, 1 << 24)
_DEPTH = 16


class DamagedFileError(Exception):
    """A file is DICOM but cannot be used; the text says why, without naming the file.

    Parameters
    ----------
    reason : str
        The text.
    header : Header, optional
        The header, where only the pixels are damaged: the place of the slice is known.
    """

    def __init__(self, reason: str, header: Any = None) -> None:
        super().__init__(reason)
        self.header = header


class _UnsureError(Exception):
    """The quick walk met something that pydicom should look at."""


class _DeflatedError(Exception):
    """The header is compressed."""


class _MoreError(Exception):
    """The header does not end inside the block."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The wanted elements of one file.

    Parameters
    ----------
    values : dict of int to bytes
        Little-endian bytes of the elements that were found. Not shown by ``repr``,
        because they may name the patient.
    syntax : str
        Transfer syntax UID.
    pixel_offset : int or None
        Where the value of Pixel Data starts; ``None`` when there is none or only pydicom
        can tell.
    pixel_length : int or None
        Its length in bytes, 0 when there is no Pixel Data; ``None`` when encapsulated or
        when only pydicom can tell.
    """

    values: dict[int, bytes] = field(repr=False)
    syntax: str
    pixel_offset: int | None = None
    pixel_length: int | None = None


def read_elements(path: str, wanted: frozenset[int]) -> Elements | None:
    """Read the wanted elements of a DICOM file and find its pixels.

    Parameters
    ----------
    path : str
        The file.
    wanted : frozenset of int
        Tags as ``group << 16 | element``.

    Returns
    -------
    Elements or None
        ``None`` when the file is not DICOM.

    Raises
    ------
    DamagedFileError
        When it is DICOM but cut short or unreadable.
    OSError
        When it cannot be opened.
    """
    with open(path, "rb", buffering=0) as file:
        block = file.read(_BLOCKS[0])
        kind = _sniff(block)
        if kind == "no":
            return None
        if kind == "bare":
            return _with_pydicom(path, wanted)
        size = file.seek(0, 2)
        for length in _BLOCKS:
            if length > len(block) and len(block) < size:
                file.seek(0)
                block = file.read(length)
            try:
                return _walk_file(block, size, wanted)
            except _DeflatedError:
                return _deflated(path, wanted)
            except _UnsureError:
                break
            except _MoreError:
                if len(block) >= size:
                    raise DamagedFileError("it ends inside its header") from None
    return _with_pydicom(path, wanted)


def meta_value(path: str, tag: int) -> bytes:
    """Read one element of the head of a file.

    Parameters
    ----------
    path : str
        The file.
    tag : int
        Of group 0002.

    Returns
    -------
    bytes
        Its value; empty when it is not there.

    Raises
    ------
    OSError
        When the file cannot be opened.
    """
    with open(path, "rb") as file:
        block = file.read(_BLOCKS[0])
    found: dict[int, bytes] = {}
    if _sniff(block) == "yes":
        with suppress(_MoreError, _UnsureError):
            _walk(block, 132, True, frozenset((tag,)), found, _AFTER_META)
    return found.get(tag, b"").strip(b" \0")


def _sniff(block: bytes) -> str:
    """Tell DICOM files ("yes") from others ("no"); "bare" has no preamble."""
    if block[128:132] == b"DICM":
        return "yes"
    # Old files start with the data set itself: a short element of group 0002 or 0008.
    if len(block) < 64 or block[:4] not in _BARE_STARTS:
        return "no"
    explicit = block[4:6].isalpha() and block[4:6].isupper()
    length = block[6] | block[7] << 8 if explicit else _UINT32(block, 4)[0]
    return "bare" if length <= 64 else "no"


_BARE_STARTS = frozenset(
    struct.pack("<HH", group, element)
    for group, element in [(2, 0), (2, 1), (8, 0), (8, 1), (8, 5), (8, 8), (8, 0x16)]
)


def _walk_file(block: bytes, size: int, wanted: frozenset[int]) -> Elements:
    meta: dict[int, bytes] = {}
    start = _walk(block, 132, True, _META, meta, _AFTER_META)
    syntax = meta.get(_TRANSFER_SYNTAX, b"").strip(b" \0").decode("ascii", "replace")
    if meta.get(_MEDIA_CLASS, b"").strip(b" \0") == _MEDIA_DIRECTORY:
        return Elements({_SOP_CLASS: _MEDIA_DIRECTORY}, syntax, None, 0)
    if syntax in ("", _BIG_ENDIAN):
        raise _UnsureError
    if syntax == _DEFLATED:
        raise _DeflatedError
    explicit = syntax != _IMPLICIT
    if len(block) < start + 8:
        raise _MoreError
    if explicit != (block[start + 4 : start + 6] in _KNOWN_VRS):
        raise _UnsureError  # the header lies about its own encoding
    values: dict[int, bytes] = {}
    stop = _walk(block, start, explicit, wanted, values, _PIXELS)
    if stop >= size:
        return Elements(values, syntax, None, 0)
    if stop + 12 > len(block):
        raise _MoreError
    high, low, _ = _IMPLICIT_HEAD(block, stop)
    if high << 16 | low != _PIXEL_DATA:
        return Elements(values, syntax, None, 0)
    offset, length = _pixel_element(block, stop, explicit)
    native = syntax in (_IMPLICIT, _EXPLICIT)
    if native == (length == _UNDEFINED):
        raise _UnsureError
    return Elements(values, syntax, offset, length if native else None)


_KNOWN_VRS = _LONG | frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)


def _walk(
    block: bytes,
    start: int,
    explicit: bool,
    wanted: frozenset[int],
    values: dict[int, bytes],
    stop: int,
) -> int:
    """Step from element to element; return where the first tag from `stop` on starts."""
    position, end, last = start, len(block), -1
    while position + 8 <= end:
        if explicit:
            high, low, vr, length = _EXPLICIT_HEAD(block, position)
            body = position + 8
            if vr in _LONG:
                if position + 12 > end:
                    raise _MoreError
                length = _UINT32(block, position + 8)[0]
                body = position + 12
        else:
            high, low, length = _IMPLICIT_HEAD(block, position)
            vr, body = b"", position + 8
        tag = high << 16 | low
        if tag >= stop:
            return position
        if tag <= last or (explicit and vr not in _KNOWN_VRS):
            raise _UnsureError
        last = tag
        if length == _UNDEFINED:
            body = _skip_sequence(block, body, explicit and vr != b"UN", _DEPTH)
            length = 0
            if tag in wanted:
                values[tag] = b""  # a sequence: that it is there is all that is asked
        elif tag in wanted:
            if body + length > end:
                raise _MoreError
            values[tag] = block[body : body + length]
        position = body + length
    # A file without pixels ends exactly here; anything else goes on beyond the block.
    if position != end:
        raise _MoreError
    return position


def _skip_sequence(block: bytes, position: int, explicit: bool, depth: int) -> int:
    """Return where a sequence of undefined length ends."""
    if depth == 0:
        raise _UnsureError
    while position + 8 <= len(block):
        high, low, length = _IMPLICIT_HEAD(block, position)
        tag = high << 16 | low
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise _UnsureError
        if length == _UNDEFINED:
            position = _skip_item(block, position, explicit, depth - 1)
        else:
            position += length
    raise _MoreError


def _skip_item(block: bytes, position: int, explicit: bool, depth: int) -> int:
    while position + 8 <= len(block):
        high, low, length = _IMPLICIT_HEAD(block, position)
        if high << 16 | low == _ITEM_END:
            return position + 8
        vr, body = b"", position + 8
        if explicit:
            _, _, vr, length = _EXPLICIT_HEAD(block, position)
            if vr not in _KNOWN_VRS:
                raise _UnsureError
            if vr in _LONG:
                if position + 12 > len(block):
                    raise _MoreError
                length = _UINT32(block, position + 8)[0]
                body = position + 12
        if length == _UNDEFINED:
            body = _skip_sequence(block, body, explicit and vr != b"UN", depth)
            length = 0
        position = body + length
    raise _MoreError


def _pixel_element(block: bytes, position: int, explicit: bool) -> tuple[int, int]:
    """Offset and length of the pixel element whose header starts at `position`."""
    if not explicit:
        return position + 8, _UINT32(block, position + 4)[0]
    if block[position + 4 : position + 6] not in _LONG:
        raise _UnsureError
    return position + 12, _UINT32(block, position + 8)[0]


def _deflated(path: str, wanted: frozenset[int]) -> Elements | None:
    from .decoding.inflate import inflate

    # Bounded: a few kilobytes can inflate to gigabytes.
    stream = inflate(path, _BLOCKS[-1])
    if stream is None:
        return _with_pydicom(path, wanted)
    block, values = stream.read(), {}
    try:
        _walk(block, 0, True, wanted, values, _PIXELS)
    except _UnsureError:
        return _with_pydicom(path, wanted)
    except _MoreError:
        raise DamagedFileError("it ends inside its header") from None
    return Elements(values, _DEFLATED)


def _with_pydicom(path: str, wanted: frozenset[int]) -> Elements | None:
    import pydicom

    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break a rule of their type; none matters here.
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(
                path, stop_before_pixels=True, force=True, specific_tags=sorted(wanted)
            )
            tags = list(data.keys())
            values = {int(tag): _raw_bytes(data, tag) for tag in tags}
            syntax = str(data.file_meta.get("TransferSyntaxUID", ""))
    except Exception as error:  # any failure of a parser on a broken file has one meaning
        raise DamagedFileError(f"its header cannot be read ({type(error).__name__})") from error
    if not values:
        return None
    if not syntax:
        implicit, little = data.original_encoding
        syntax = _BIG_ENDIAN if not little else _IMPLICIT if implicit else _EXPLICIT
    return Elements(values, syntax)


def _raw_bytes(data: object, tag: object) -> bytes:
    """Give the bytes of an element as a little-endian file would hold them."""
    element = data.get_item(tag)  # type: ignore[attr-defined]
    value = element.value
    if not isinstance(value, bytes):  # already converted, such as the character set
        return "\\".join([value] if isinstance(value, str) else map(str, value or ())).encode()
    if element.VR in ("US", "SS") or (element.VR is None and len(value) == 2):
        return value if element.is_little_endian else value[::-1]
    if element.VR == "FD" and not element.is_little_endian:
        return b"".join(value[i : i + 8][::-1] for i in range(0, len(value), 8))
    return value
