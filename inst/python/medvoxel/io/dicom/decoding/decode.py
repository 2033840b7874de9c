"""Stored values of one image, compressed or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....errors import DependencyError, DicomError
from ..elements import DamagedFileError
from ..header import Header, PixelFormat
from ..syntax import syntax_name
from .codecs import RLE, decode_codestream, decode_deflated, decode_rle, has_decoder
from .codestream import JPEG, JPEG_2000, JPEG_LS, LOSSLESS, Codestream, read_codestream
from .fragments import frame_bytes
from .whole import whole_pixels

__all__ = ["read_frame", "require_decoder", "stored_dtype"]

_STANDARD = "1.2.840.10008.1.2"
_NATIVE = frozenset(_STANDARD + tail for tail in ("", ".1", ".2", ".1.99"))
_PLAIN_FRAGMENTS, _DEFLATED_FRAMES = _STANDARD + ".1.98", _STANDARD + ".8.1"

# The form of each compressed transfer syntax; the frames themselves say more.
_FORMS = {
    f"{_STANDARD}.{tail}": form
    for form, tails in {
        JPEG: ("4.50", "4.51"),
        LOSSLESS: ("4.57", "4.70"),
        JPEG_LS: ("4.80", "4.81"),
        JPEG_2000: ("4.90", "4.91", "4.201", "4.202", "4.203"),
        RLE: ("5",),
    }.items()
    for tail in tails
}


def stored_dtype(pixels: PixelFormat) -> np.dtype:
    """NumPy type of the stored values.

    Parameters
    ----------
    pixels : PixelFormat
        Of the file.

    Returns
    -------
    dtype
        Little-endian integer of the bits allocated.
    """
    return np.dtype(f"<{'i' if pixels.signed else 'u'}{pixels.allocated // 8}")


def require_decoder(header: Header) -> None:
    """Raise when the file's transfer syntax cannot be read here.

    Parameters
    ----------
    header : Header
        Of the file.

    Raises
    ------
    DependencyError
        When a Python package is missing; the hint names it.
    DicomError
        When the syntax is unknown, or not one of still images.
    """
    syntax = header.elements.syntax
    if syntax in _NATIVE or syntax in (_PLAIN_FRAGMENTS, _DEFLATED_FRAMES):
        return
    name = _syntax_name(syntax)
    if syntax not in _FORMS:
        raise DicomError(
            f"{header.name} has the transfer syntax {name}, which medvoxel does not read.",
            hint="Export the series again, uncompressed or as JPEG 2000.",
            syntax=syntax,
        )
    if not has_decoder(_FORMS[syntax]):
        raise DependencyError(
            f"{header.name} is compressed as {name}, and no decoder for it is installed.",
            hint="Install the Python package imagecodecs: install_medvoxel() in R, or "
            "pip install imagecodecs.",
            package="imagecodecs",
        )


def read_frame(header: Header, out: NDArray[np.integer]) -> None:
    """Read the stored values of one image into an array.

    Frames are independent: several threads may read frames of one file.

    Parameters
    ----------
    header : Header
        Of the file or frame.
    out : ndarray of int, shape (rows, columns)
        Filled; C-contiguous, of a type that holds the stored values.

    Raises
    ------
    DamagedFileError
        When the pixels are cut short or cannot be decoded.
    DependencyError
        When the frame is in another form than its transfer syntax says, and no decoder
        for that form is installed.
    """
    pixels, elements = header.format, header.elements
    dtype = stored_dtype(pixels)
    target = out if out.dtype == dtype and out.flags.c_contiguous else np.empty(out.shape, dtype)
    coded_bits = pixels.allocated
    if elements.pixel_offset is None:
        coded_bits = _read_whole(header, target)
    elif elements.pixel_length is None:
        data = frame_bytes(header.path, elements.pixel_offset, header.frame, header.frames)
        coded_bits = _decompress(elements.syntax, data, pixels, target)
    else:
        _read_native(header, target)
    _keep_stored_bits(target, pixels, coded_bits)
    if target is not out:
        out[...] = target


def _read_native(header: Header, target: NDArray[np.integer]) -> None:
    size = target.nbytes
    with open(header.path, "rb", buffering=0) as file:
        file.seek(header.elements.pixel_offset + header.frame * size)
        view, done = memoryview(target).cast("B"), 0
        while done < size:
            got = file.readinto(view[done:])
            if not got:
                raise DamagedFileError(f"it is cut short: {done} of {size} bytes of pixels")
            done += got


def _read_whole(header: Header, target: NDArray[np.integer]) -> int:
    pixels = whole_pixels(header)
    if pixels.frames is not None:
        data = pixels.fragments(header.frame)
        return _decompress(header.elements.syntax, data, header.format, target)
    size = target.nbytes
    whole = size * header.frames
    if header.elements.syntax in _FORMS and len(pixels.value) not in (whole, whole + whole % 2):
        raise DamagedFileError("its compressed pixels are not in fragments")
    _fill(target, memoryview(pixels.value)[header.frame * size :])
    if pixels.big_endian:
        target.byteswap(inplace=True)
    return header.format.allocated


def _decompress(syntax: str, data: bytes, pixels: PixelFormat, target: NDArray[np.integer]) -> int:
    """Decode a frame; return how many bits of its values were coded."""
    if syntax == _PLAIN_FRAGMENTS:
        _fill(target, data)
    elif syntax == _DEFLATED_FRAMES:
        _fill(target, decode_deflated(data, target.nbytes))
    elif _FORMS.get(syntax) == RLE:
        decode_rle(data, target)
    else:
        stream = read_codestream(data)
        _require_size(stream, pixels)
        values = decode_codestream(stream, data, target)
        if stream.form == LOSSLESS:
            _require_precision(values, stream, pixels)
        _store(values, stream, pixels, target)
        return stream.precision
    return pixels.allocated


def _fill(target: NDArray[np.integer], data: bytes | memoryview) -> None:
    if len(data) < target.nbytes:
        raise DamagedFileError(f"it is cut short: {len(data)} of {target.nbytes} bytes of pixels")
    target.ravel()[...] = np.frombuffer(data, target.dtype, target.size)


def _require_size(stream: Codestream, pixels: PixelFormat) -> None:
    """Refuse, before anything is allocated, a frame that is not the image of the header."""
    if (stream.rows, stream.columns) != (pixels.rows, pixels.columns):
        raise DamagedFileError(
            f"it is compressed as {stream.rows} x {stream.columns} and not as "
            f"{pixels.rows} x {pixels.columns}"
        )
    if stream.components != 1:
        raise DamagedFileError(f"it is compressed with {stream.components} colours")
    if not 1 <= stream.precision <= pixels.allocated:
        raise DamagedFileError(
            f"it is compressed with {stream.precision} bits in {pixels.allocated} allocated"
        )


def _require_precision(
    values: NDArray[np.integer], stream: Codestream, pixels: PixelFormat
) -> None:
    """See that no value has more bits than the frame says.

    JPEG lossless has no checks of its own: after one wrong bit all that follows is a sum of
    wrong differences, which soon leaves the range. Negative values may be coded with all
    bits allocated.
    """
    top = 1 << stream.precision
    bits = values.dtype.itemsize * 8
    if stream.precision >= bits or values.max() < top:
        return
    if pixels.signed and bits == pixels.allocated:
        negative = values.view(f"i{values.dtype.itemsize}")
        if negative.max() < top and negative.min() >= -(top >> 1):
            return
    raise DamagedFileError(f"its pixels decode to values of more than {stream.precision} bits")


def _store(
    values: NDArray[np.integer],
    stream: Codestream,
    pixels: PixelFormat,
    target: NDArray[np.integer],
) -> None:
    """Bring decoded values into the stored type, with the sign that the header gives.

    JPEG-LS has no sign, and JPEG 2000 may give the wrong one: the bits of the coded depth
    are then read again as the header says, as pydicom does (its issue 1149).
    """
    if not np.shares_memory(values, target):
        target[...] = values.astype(target.dtype)
    again = stream.form in (JPEG_LS, JPEG_2000) and stream.signed != pixels.signed
    spare = target.dtype.itemsize * 8 - stream.precision
    if again and spare:
        np.left_shift(target, spare, out=target)
        np.right_shift(target, spare, out=target)


def _keep_stored_bits(values: NDArray[np.integer], pixels: PixelFormat, coded: int) -> None:
    """Clear, in place, bits that are not part of the value (old overlays); extend the sign.

    Most files have nothing there, so the range is looked at first.
    """
    if pixels.stored == pixels.allocated:
        return
    if coded >= pixels.high + 1 > pixels.stored:
        np.right_shift(values, pixels.high + 1 - pixels.stored, out=values)
    top = 1 << (pixels.stored - pixels.signed)
    if values.max() < top and values.min() >= -top * pixels.signed:
        return
    if not pixels.signed:
        np.bitwise_and(values, values.dtype.type(top - 1), out=values)
        return
    spare = values.dtype.itemsize * 8 - pixels.stored
    np.left_shift(values, spare, out=values)
    np.right_shift(values, spare, out=values)


def _syntax_name(syntax: str) -> str:
    name = syntax_name(syntax)
    return f"{name} ({syntax})" if name != syntax else syntax
