"""Compressed frames of every transfer syntax and depth, and DICOM files with them."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_factory import dataset
from numpy.typing import NDArray
from pydicom import uid
from pydicom.encaps import encapsulate

from medvoxel.io.dicom.decoding import decode as _decode
from medvoxel.io.dicom.header import read_header

imagecodecs = pytest.importorskip("imagecodecs")

SHAPE = (31, 37)  # odd, so that frames of bytes need padding
LOSSLESS = {
    "rle": uid.RLELossless,
    "jpeg-lossless": uid.JPEGLosslessSV1,
    "jpeg-ls": uid.JPEGLSLossless,
    "jpeg-2000": uid.JPEG2000Lossless,
    "htj2k": uid.HTJ2KLossless,
    "deflated frames": "1.2.840.10008.1.2.8.1",
    "plain fragments": "1.2.840.10008.1.2.1.98",
}
UNKNOWN_TO_PYDICOM = {"1.2.840.10008.1.2.8.1": "1.2.840.10008.1.2.1.98"}
UNCOMPRESSED = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]
CODESTREAMS = ("jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k", "rle")
DEPTHS = [(8, 8), (16, 10), (16, 12), (16, 16)]


def pattern(allocated: int, stored: int, signed: bool) -> NDArray[Any]:
    """Noise on a ramp that reaches both ends of the range."""
    low = -(1 << (stored - 1)) if signed else 0
    span = 1 << stored
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    noise = np.random.default_rng(stored).integers(0, span // 4, SHAPE)
    values = low + (x * span // SHAPE[1] + 3 * y + noise) % span
    values[0, :2] = low, low + span - 1
    return values.astype(f"{'i' if signed else 'u'}{allocated // 8}")


def bits_of(values: NDArray[Any], stored: int) -> NDArray[Any]:
    """The bits that are stored, without a sign."""
    width = values.dtype.itemsize
    return (values.astype(np.int64) & ((1 << stored) - 1)).astype(f"u{width}")


def encode(form: str, values: NDArray[Any], stored: int) -> bytes:
    if form == "rle":
        return rle(values)
    if form == "deflated frames":
        return zlib.compress(values.tobytes(), wbits=-15)
    if form == "plain fragments":
        return values.tobytes()
    if form == "jpeg-lossless":
        return imagecodecs.jpeg8_encode(
            bits_of(values, stored), lossless=True, predictor=1, bitspersample=stored
        )
    if form == "jpeg-ls":  # by an encoder that knows depths which are no whole bytes
        jpeg_ls = pytest.importorskip("jpeg_ls")
        return bytes(jpeg_ls.encode_array(bits_of(values, stored)))
    if form == "jpeg-2000":
        return imagecodecs.jpeg2k_encode(
            values, level=0, reversible=True, codecformat="j2k", bitspersample=stored
        )
    if not hasattr(imagecodecs, "htj2k_encode"):
        pytest.skip("this imagecodecs has no encoder of HTJ2K")
    return imagecodecs.htj2k_encode(values, reversible=True)


def rle(values: NDArray[Any]) -> bytes:
    """Run lengths of PS3.5 annex G, by pydicom's encoder."""
    data = dataset(values)
    data.compress(uid.RLELossless, encoding_plugin="pydicom")
    return next(iter(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=1)))


def write(path: Path, frames: list[bytes], like: NDArray[Any], syntax: str, **tags: Any) -> Path:
    """Write compressed frames with the header of `like`; ``pixels`` stands for the fragments."""
    pixels = tags.pop("pixels", None) or encapsulate(frames)
    data = dataset(like, RescaleIntercept=0, **tags)
    if len(frames) > 1:
        data.NumberOfFrames = len(frames)
    # pydicom writes no syntax that it does not know: one as long stands in for it.
    known = UNKNOWN_TO_PYDICOM.get(syntax, syntax)
    data.file_meta.TransferSyntaxUID = known
    data.PixelData = pixels
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.save_as(path, enforce_file_format=True)
    if known != syntax:
        path.write_bytes(path.read_bytes().replace(known.encode(), syntax.encode() + b"\0"))
    return path


def depth_tags(stored: int, signed: bool) -> dict[str, int]:
    return {"BitsStored": stored, "HighBit": stored - 1, "PixelRepresentation": int(signed)}


def read(path: Path, frame: int = 0) -> NDArray[Any]:
    """Read a frame as a reader of a series does."""
    header = read_header(str(path))
    _decode.require_decoder(header)
    header = type(header)(**{n: getattr(header, n) for n in header.__slots__} | {"frame": frame})
    out = np.full((header.format.rows, header.format.columns), 77, np.int32)
    _decode.read_frame(header, out)
    direct = np.empty(out.shape, _decode.stored_dtype(header.format))
    _decode.read_frame(header, direct)
    np.testing.assert_array_equal(direct, out)
    return direct


def three_frames(form: str) -> tuple[list[bytes], NDArray[Any]]:
    one = pattern(16, 16, False)
    planes = np.stack([one, one[::-1], one[:, ::-1]])
    return [encode(form, plane, 16) for plane in planes], planes
