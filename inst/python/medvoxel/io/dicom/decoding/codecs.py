"""Decoders of compressed frames: imagecodecs', else those that pydicom finds.

imagecodecs comes first because its decoders are the quickest of each kind and leave other
threads running; pydicom's hold the interpreter's lock, and two of them at once are slower
than one after the other. A frame that the first decoder refuses is not tried with another:
of mutated JPEG-LS frames CharLS refuses nearly all, and libjpeg takes most of them for good.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import DependencyError
from ..elements import DamagedFileError
from .codestream import JPEG, JPEG_2000, JPEG_LS, LOSSLESS, Codestream

__all__ = ["decode_codestream", "decode_deflated", "decode_rle", "has_decoder"]

RLE = "rle"

# For each form, the codec of imagecodecs and its decoder.
_CODECS = {
    JPEG: ("JPEG8", "jpeg8_decode"),
    LOSSLESS: ("JPEG8", "jpeg8_decode"),
    JPEG_LS: ("JPEGLS", "jpegls_decode"),
    # OpenJPH is quicker for HTJ2K, but some damaged frames keep it busy for ever.
    JPEG_2000: ("JPEG2K", "jpeg2k_decode"),
    RLE: ("DICOMRLE", "dicomrle_decode"),
}
# A transfer syntax of each form, by which pydicom finds its decoders.
_SYNTAXES = {
    JPEG: "1.2.840.10008.1.2.4.51",
    LOSSLESS: "1.2.840.10008.1.2.4.57",
    JPEG_LS: "1.2.840.10008.1.2.4.80",
    JPEG_2000: "1.2.840.10008.1.2.4.90",
    RLE: "1.2.840.10008.1.2.5",
}
# The first libjpeg-turbo that decodes JPEG lossless of every depth.
_TURBO = (3, 1)
_RLE_HEADER = 64

_one_at_a_time = threading.Lock()


def has_decoder(form: str) -> bool:
    """Whether frames of a form can be decoded here.

    Parameters
    ----------
    form : str
        One of :class:`Codestream`'s, or ``"rle"``.

    Returns
    -------
    bool
        ``True`` when imagecodecs or a plugin of pydicom can.
    """
    return _quick_decoder(form) is not None or _pydicom_decoder(form) is not None


def decode_codestream(
    stream: Codestream, data: bytes, out: NDArray[np.integer]
) -> NDArray[np.integer]:
    """Decode a frame in one of the forms of JPEG.

    Parameters
    ----------
    stream : Codestream
        What the frame says of itself, one component.
    data : bytes
        The frame.
    out : ndarray of int, shape (rows, columns)
        Used for the result where it is C-contiguous and as wide as the values.

    Returns
    -------
    ndarray of int, shape (rows, columns)
        The values, in the narrowest of 8, 16 and 32 bits and with the sign of the frame.

    Raises
    ------
    DamagedFileError
        When the frame is damaged.
    DependencyError
        When no decoder for its form is installed.
    """
    width = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    dtype = np.dtype(f"{'i' if stream.signed else 'u'}{width}")
    if out.dtype.itemsize == width and out.flags.c_contiguous:
        values = out.view(dtype)
    else:
        values = np.empty(out.shape, dtype)
    decoder = _quick_decoder(stream.form)
    if decoder is None:
        values[...] = _by_pydicom(stream.form, data, values, stream.precision)
        return values
    options: dict[str, Any] = {"numthreads": 1} if stream.form == JPEG_2000 else {}
    try:
        decoder(data, out=values, **options)
    except Exception as error:  # each codec has its own class, and NumPy's come up too
        raise DamagedFileError(f"its pixels cannot be decoded ({error})") from error
    return values


def decode_rle(data: bytes, out: NDArray[np.integer]) -> None:
    """Decode a frame of run lengths (DICOM PS3.5, annex G).

    Parameters
    ----------
    data : bytes
        The frame.
    out : ndarray of int, shape (rows, columns)
        Filled; C-contiguous, little-endian.

    Raises
    ------
    DamagedFileError
        When the frame is damaged.
    """
    _require_segments(data, out.dtype.itemsize)
    if len(data) > 2 * out.nbytes + _RLE_HEADER:  # run lengths add less than one in a hundred
        raise DamagedFileError(f"it has {len(data)} bytes for {out.nbytes} bytes of pixels")
    decoder = _quick_decoder(RLE)
    if decoder is None:
        out[...] = _by_pydicom(RLE, data, out, out.dtype.itemsize * 8)
        return
    try:
        decoded = decoder(data, out.dtype)
    except Exception as error:  # its own class, and those of Cython
        raise DamagedFileError(f"its pixels cannot be decoded ({error})") from error
    if len(decoded) < out.nbytes:
        raise DamagedFileError(f"it is cut short: {len(decoded)} of {out.nbytes} bytes of pixels")
    # Some writers code the padding of the last byte as well.
    out.ravel()[...] = np.frombuffer(decoded, out.dtype, out.size)


def decode_deflated(data: bytes, size: int) -> bytes:
    """Inflate a frame, up to the size that it should have.

    Parameters
    ----------
    data : bytes
        The frame, without a zlib header.
    size : int
        Most bytes that are given back.

    Returns
    -------
    bytes
        The frame.

    Raises
    ------
    DamagedFileError
        When it is damaged.
    """
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    except zlib.error as error:
        raise DamagedFileError(f"its pixels cannot be decoded ({error})") from error


def _require_segments(data: bytes, count: int) -> None:
    """See that the segments, one for each byte of a value, lie in order inside the frame.

    The decoder goes where the header sends it.
    """
    header = np.frombuffer(data[:_RLE_HEADER].ljust(_RLE_HEADER, b"\0"), "<u4")
    if header[0] != count:
        raise DamagedFileError(
            f"its pixels cannot be decoded ({header[0]} run-length segments and not {count})"
        )
    ends = [*header[1 : count + 1].tolist(), len(data)]
    rising = all(a < b for a, b in pairwise(ends))
    if ends[0] != _RLE_HEADER or not rising:
        raise DamagedFileError(
            "its pixels cannot be decoded (run-length segments are not in order)"
        )


@lru_cache(maxsize=8)
def _quick_decoder(form: str) -> Callable[..., Any] | None:
    try:
        import imagecodecs

        codec, name = _CODECS[form]
        if not getattr(imagecodecs, codec).available:
            return None
        if codec == "JPEG8" and _turbo_version(imagecodecs.jpeg8_version()) < _TURBO:
            return None
        return getattr(imagecodecs, name)
    except (ImportError, AttributeError):  # absent, or built without this codec
        return None


def _turbo_version(text: str) -> tuple[int, ...]:
    """Version in words such as ``libjpeg_turbo 3.1.3/8.0``."""
    number = text.split()[-1].split("/")[0]
    return tuple(int(part) for part in number.split(".")[:2] if part.isdigit())


def _pydicom_decoder(form: str) -> Any:
    from pydicom.pixels import get_decoder

    decoder = get_decoder(_SYNTAXES[form])
    return decoder if decoder.is_available else None


def _by_pydicom(form: str, data: bytes, like: NDArray[Any], precision: int) -> NDArray[np.integer]:
    from pydicom.encaps import encapsulate

    decoder = _pydicom_decoder(form)
    if decoder is None:
        raise DependencyError(
            f"No decoder for {form} is installed.",
            hint="Install the Python package imagecodecs (pip install imagecodecs).",
            package="imagecodecs",
        )
    bits = like.dtype.itemsize * 8
    try:
        with _one_at_a_time:
            array, _ = decoder.as_array(
                encapsulate([data], has_bot=False),
                raw=True,
                rows=like.shape[0],
                columns=like.shape[1],
                number_of_frames=1,
                samples_per_pixel=1,
                bits_allocated=bits,
                bits_stored=precision,
                pixel_representation=int(like.dtype.kind == "i"),
                photometric_interpretation="MONOCHROME2",
                pixel_keyword="PixelData",
            )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # Plugins written in Rust panic with an exception that is not an Exception.
        raise DamagedFileError(f"its pixels cannot be decoded ({error})") from error
    if array.shape != like.shape:
        raise DamagedFileError(f"it decodes to {array.shape} and not to {like.shape}")
    return array
