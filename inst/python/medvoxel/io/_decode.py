"""Stored values of one image, compressed or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DependencyError, DicomError
from ._elements import DamagedFileError
from ._header import Header, PixelFormat

__all__ = ["read_frame", "require_decoder", "stored_dtype"]

# The pip package whose plugin pydicom uses, by the beginning of the transfer syntax UID.
_PACKAGES = (
    ("1.2.840.10008.1.2.4.9", "pylibjpeg-openjpeg"),
    ("1.2.840.10008.1.2.4.2", "pylibjpeg-openjpeg"),
    ("1.2.840.10008.1.2.4", "pylibjpeg-libjpeg"),
    ("1.2.840.10008.1.2.5", "pylibjpeg-rle"),
)


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
    """Raise when the file's compression cannot be decoded here.

    Parameters
    ----------
    header : Header
        Of the file.

    Raises
    ------
    DependencyError
        When a Python package is missing; the hint names it.
    DicomError
        When no package for this compression exists.
    """
    if header.elements.pixel_offset is None or header.elements.pixel_length is not None:
        return  # not compressed
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    syntax = UID(header.elements.syntax)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise DicomError(
            f"{header.name} is compressed as {syntax.name}, which is not a still image.",
            hint="Export the series again, uncompressed or as JPEG 2000.",
        ) from error
    if decoder.is_available:
        return
    package = next((p for start, p in _PACKAGES if syntax.startswith(start)), "pylibjpeg")
    raise DependencyError(
        f"{header.name} is compressed as {syntax.name}, and no decoder for it is installed.",
        hint=f"Install the Python package {package} (pip install pylibjpeg {package}).",
        package=package,
    )


def read_frame(header: Header, out: NDArray[np.integer]) -> None:
    """Read the stored values of one image into an array.

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
    """
    pixels, elements = header.format, header.elements
    dtype = stored_dtype(pixels)
    if elements.pixel_offset is not None and elements.pixel_length is not None:
        direct = out.dtype == dtype
        target = out if direct else np.empty(out.shape, dtype)
        _read_native(header, target)
    else:
        target = _decode(header)
        if target.shape != out.shape:
            raise DamagedFileError(f"it decodes to {target.shape} and not to {out.shape}")
        direct = False
    _keep_stored_bits(target, pixels)
    if not direct:
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


def _decode(header: Header) -> NDArray[np.integer]:
    try:
        if header.elements.pixel_offset is None:
            return _decode_whole(header)
        return _decode_encapsulated(header)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # Decoders fail in as many ways as files are broken; those written in Rust panic
        # with an exception that is not an Exception.
        raise DamagedFileError(f"its pixels cannot be decoded ({error})") from error


def _decode_encapsulated(header: Header) -> NDArray[np.integer]:
    from pydicom.pixels import get_decoder

    pixels = header.format
    with open(header.path, "rb") as file:
        file.seek(header.elements.pixel_offset)
        array, _ = get_decoder(header.elements.syntax).as_array(
            file,
            index=header.frame,
            raw=True,
            rows=pixels.rows,
            columns=pixels.columns,
            number_of_frames=header.frames,
            samples_per_pixel=1,
            bits_allocated=pixels.allocated,
            bits_stored=pixels.stored,
            pixel_representation=int(pixels.signed),
            photometric_interpretation=header.text("photometric") or "MONOCHROME2",
            pixel_keyword="PixelData",
        )
    return array


def _decode_whole(header: Header) -> NDArray[np.integer]:
    import pydicom

    data = pydicom.dcmread(header.path, force=True)
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = header.elements.syntax
    array = data.pixel_array
    return array[header.frame] if header.frames > 1 else array


def _keep_stored_bits(values: NDArray[np.integer], pixels: PixelFormat) -> None:
    """Clear, in place, bits that are not part of the value (old overlays); extend the sign.

    Most files have nothing there, so the range is looked at first.
    """
    if pixels.stored == pixels.allocated:
        return
    if pixels.high + 1 > pixels.stored:
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
