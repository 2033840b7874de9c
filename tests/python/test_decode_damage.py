"""Compressed frames that are cut short, changed, or not what they say."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from compressed_factory import (
    CODESTREAMS,
    LOSSLESS,
    SHAPE,
    encode,
    imagecodecs,
    pattern,
    read,
    write,
)
from pydicom import uid

from medvoxel.io.dicom.decoding import decode as _decode
from medvoxel.io.dicom.decoding.codestream import read_codestream
from medvoxel.io.dicom.elements import DamagedFileError
from medvoxel.io.dicom.header import PixelFormat

# --- damage ------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("form", CODESTREAMS)
def test_a_frame_that_is_cut_short_is_refused(tmp_path, form, part):
    values = pattern(16, 16, False)
    frame = encode(form, values, 16)
    cut = frame[: int(len(frame) * part)]
    path = write(tmp_path / "x.dcm", [cut], values, LOSSLESS[form])
    with pytest.raises(DamagedFileError):
        read(path)


def resized(form: str, frame: bytes, rows: int, columns: int) -> bytes:
    """The frame with another size in its own header."""
    data = bytearray(frame)
    if form in ("jpeg-2000", "htj2k"):
        struct.pack_into(">II", data, 8, columns, rows)
        struct.pack_into(">II", data, 24, columns, rows)  # one tile
        return bytes(data)
    mark = b"\xff\xf7" if form == "jpeg-ls" else b"\xff\xc3"
    struct.pack_into(">HH", data, data.index(mark) + 5, rows, columns)
    return bytes(data)


@pytest.mark.parametrize("size", [(65535, 65535), (SHAPE[0] + 1, SHAPE[1]), SHAPE[::-1], (0, 0)])
@pytest.mark.parametrize("form", ["jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k"])
def test_a_frame_of_another_size_never_reaches_a_decoder(monkeypatch, form, size):
    values = pattern(16, 16, False)
    frame = resized(form, encode(form, values, 16), *size)
    monkeypatch.setattr(_decode, "decode_codestream", lambda *a: pytest.fail("was decoded"))
    pixels = PixelFormat(*SHAPE, 1, 16, 16, 15, False)
    with pytest.raises(DamagedFileError, match=r"compressed|order"):
        _decode._decompress(LOSSLESS[form], frame, pixels, np.empty(SHAPE, np.uint16))


@pytest.mark.parametrize("edge", [1, 2])
def test_a_frame_in_very_many_tiles_is_refused(edge):
    values = np.zeros((700, 700), np.uint16)
    frame = bytearray(encode("jpeg-2000", values, 16))
    struct.pack_into(">II", frame, 24, edge, edge)
    with pytest.raises(DamagedFileError, match="tiles"):
        read_codestream(bytes(frame))


def test_colour_and_progressive_frames_are_refused():
    colour = imagecodecs.jpeg8_encode(np.zeros((*SHAPE, 3), np.uint8))
    pixels = PixelFormat(*SHAPE, 1, 8, 8, 7, False)
    with pytest.raises(DamagedFileError, match="3 colours"):
        _decode._decompress(uid.JPEGBaseline8Bit, colour, pixels, np.empty(SHAPE, np.uint8))
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.fromarray(np.zeros(SHAPE, np.uint8)).save(file, "jpeg", progressive=True)
    with pytest.raises(DamagedFileError, match="SOF2"):
        read_codestream(file.getvalue())


def test_wrong_bits_of_jpeg_lossless_are_noticed_by_their_range():
    values = pattern(16, 12, False)
    frame = bytearray(encode("jpeg-lossless", values, 12))
    frame[len(frame) // 2] ^= 0x55
    pixels = PixelFormat(*SHAPE, 1, 16, 12, 11, False)
    with pytest.raises(DamagedFileError, match="more than 12 bits"):
        _decode._decompress(uid.JPEGLosslessSV1, bytes(frame), pixels, np.empty(SHAPE, np.uint16))


def test_run_lengths_that_point_out_of_the_frame_are_refused():
    values = pattern(16, 16, False)
    frame = bytearray(encode("rle", values, 16))
    pixels = PixelFormat(*SHAPE, 1, 16, 16, 15, False)
    for second in (1 << 31, len(frame), 64, 3):
        struct.pack_into("<I", frame, 8, second)
        with pytest.raises(DamagedFileError, match="not in order"):
            _decode._decompress(uid.RLELossless, bytes(frame), pixels, np.empty(SHAPE, np.uint16))


def test_decoders_survive_mutants_and_see_most_of_them(tmp_path):
    values = pattern(16, 12, False)
    frames = {
        LOSSLESS[form]: np.frombuffer(encode(form, values, 16 if form == "htj2k" else 12), "u1")
        for form in CODESTREAMS
        if form != "htj2k" or hasattr(imagecodecs, "htj2k_encode")
    }
    lossy = imagecodecs.jpeg8_encode(values, level=90, bitspersample=12)
    frames[uid.JPEGExtended12Bit] = np.frombuffer(lossy, "u1")
    np.savez(tmp_path / "frames.npz", shape=SHAPE, **frames)
    program = Path(__file__).with_name("decode_mutants.py")
    answer = subprocess.run(
        [sys.executable, program, tmp_path / "frames.npz", "500", "512"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    for syntax, counts in json.loads(answer.stdout).items():
        assert counts["mutants"] == 500
        # Nothing in lossy JPEG tells a wrong value from a right one.
        least = 100 if syntax == uid.JPEGExtended12Bit else 300
        assert counts["refused"] >= least, (syntax, counts)
    # CharLS wants its end mark exactly where the image ends.
    assert json.loads(answer.stdout)[uid.JPEGLSLossless]["refused"] >= 480
