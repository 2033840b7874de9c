"""Frames in fragments and tables, missing decoders, syntaxes that are not read."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pydicom
import pytest
from compressed_factory import (
    DEPTHS,
    LOSSLESS,
    SHAPE,
    depth_tags,
    encode,
    imagecodecs,
    pattern,
    read,
    three_frames,
    write,
)
from dicom_factory import dataset, write_series
from pydicom import uid
from pydicom.encaps import encapsulate, encapsulate_extended

from medvoxel import environment, errors, read_dicom
from medvoxel.io.dicom.decoding import codecs as _codecs
from medvoxel.io.dicom.decoding import decode as _decode
from medvoxel.io.dicom.decoding import fragments as _fragments
from medvoxel.io.dicom.decoding import whole as _whole
from medvoxel.io.dicom.elements import DamagedFileError
from medvoxel.io.dicom.header import read_header

# --- fragments and frames ----------------------------------------------------------------


@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("form", ["jpeg-lossless", "jpeg-ls", "jpeg-2000"])
def test_frames_in_fragments(tmp_path, form, fragments, table):
    frames, planes = three_frames(form)
    pixels = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
    path = write(tmp_path / "x.dcm", frames, planes[0], LOSSLESS[form], pixels=pixels)
    for i in (2, 0, 1):
        np.testing.assert_array_equal(read(path, i), planes[i])


def test_frames_with_an_extended_table(tmp_path):
    frames, planes = three_frames("jpeg-ls")
    pixels, offsets, lengths = encapsulate_extended(frames)
    tables = {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    path = write(tmp_path / "x.dcm", frames, planes[0], uid.JPEGLSLossless, pixels=pixels, **tables)
    for i in (2, 0, 1):
        np.testing.assert_array_equal(read(path, i), planes[i])


def test_a_table_that_points_nowhere_is_not_believed(tmp_path):
    frames, planes = three_frames("jpeg-2000")
    pixels = bytearray(encapsulate(frames, fragments_per_frame=2))
    pixels[12:16] = struct.pack("<I", 6)
    path = write(tmp_path / "x.dcm", frames, planes[0], uid.JPEG2000Lossless, pixels=bytes(pixels))
    np.testing.assert_array_equal(read(path, 1), planes[1])


@pytest.mark.parametrize("fragments", [1, 2])
def test_fewer_or_more_fragments_than_frames(tmp_path, fragments):
    frames, planes = three_frames("rle")
    pixels = encapsulate(frames[:2], fragments_per_frame=fragments, has_bot=False)
    path = write(tmp_path / "x.dcm", frames, planes[0], uid.RLELossless, pixels=pixels)
    with pytest.raises(DamagedFileError, match="compressed fragments"):
        read(path)


def test_a_file_of_many_frames_is_stepped_through_once(tmp_path, monkeypatch):
    frames, planes = three_frames("jpeg-ls")
    path = write(tmp_path / "x.dcm", frames * 20, planes[0], uid.JPEGLSLossless)
    calls = []
    original = _fragments.split_frames
    monkeypatch.setattr(_fragments, "split_frames", lambda *a: calls.append(a) or original(*a))
    for i in range(60):
        np.testing.assert_array_equal(read(path, i), planes[i % 3])
    assert len(calls) == 1


def test_a_file_that_is_parsed_as_a_whole_is_parsed_once(tmp_path, monkeypatch):
    frames = np.stack([pattern(16, 12, False)] * 9)
    frames[4] += 1
    data = dataset(frames, syntax=uid.ExplicitVRBigEndian, NumberOfFrames=9)
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    calls = []
    original = _whole._parse
    monkeypatch.setattr(_whole, "_parse", lambda h: calls.append(h) or original(h))
    header = read_header(str(tmp_path / "x.dcm"))
    out = np.empty(frames.shape, np.uint16)

    def one(i: int) -> None:
        values = {n: getattr(header, n) for n in header.__slots__}
        _decode.read_frame(type(header)(**values | {"frame": i}), out[i])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(9)))
    np.testing.assert_array_equal(out, frames)
    assert len(calls) == 1
    assert _whole._kept.pixels is None  # nothing stays in memory


def test_compressed_files_that_only_a_parser_understands(tmp_path):
    frames, planes = three_frames("jpeg-ls")
    path = write(tmp_path / "x.dcm", frames, planes[0], uid.JPEGLSLossless)
    raw = path.read_bytes()
    swapped = raw.replace(raw[128:132], b"\0" * 4, 1)  # no preamble that the quick walk knows
    path.write_bytes(swapped[132:])
    assert read_header(str(path)).elements.pixel_offset is None
    for i in (2, 0, 1):
        np.testing.assert_array_equal(read(path, i), planes[i])


def test_many_threads_decode_at_once(tmp_path):
    frames, planes = three_frames("jpeg-lossless")
    path = write(tmp_path / "x.dcm", frames, planes[0], uid.JPEGLosslessSV1)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: read(path, i % 3), range(64)))
    for i, plane in enumerate(found):
        np.testing.assert_array_equal(plane, planes[i % 3])


def test_a_deflated_file_inflates_to_what_its_header_says_and_no_further(tmp_path):
    values = pattern(16, 12, False)
    path = tmp_path / "x.dcm"
    data = dataset(values, syntax=uid.DeflatedExplicitVRLittleEndian)
    data.save_as(path, enforce_file_format=True)
    whole = _whole.inflate(str(path), 1 << 20).read()
    assert values.tobytes() in whole
    assert _whole.inflate(str(path), 100).read() == whole[:100]


# --- decoders that are missing, and syntaxes that are not read ----------------------------


@pytest.fixture
def no_imagecodecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide the package as Python does when it is not installed."""
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    _codecs._quick_decoder.cache_clear()
    yield
    _codecs._quick_decoder.cache_clear()


@pytest.fixture
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pydicom find none of its plugins, its own code for run lengths included."""
    monkeypatch.setattr(pydicom.pixels.decoders.base.Decoder, "is_available", False)


@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k"])
@pytest.mark.usefixtures("no_plugins")
def test_missing_decoder_names_the_package(tmp_path, monkeypatch, form):
    values = pattern(16, 16, False)
    frame = encode(form, values, 16)
    path = write(tmp_path / "x.dcm", [frame], values, LOSSLESS[form])
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    _codecs._quick_decoder.cache_clear()
    try:
        with pytest.raises(errors.DependencyError, match="pip install imagecodecs") as caught:
            read_dicom(tmp_path)
        header = read_header(str(path))
        with pytest.raises(errors.DependencyError):
            _decode.read_frame(header, np.empty(SHAPE, np.uint16))
    finally:
        _codecs._quick_decoder.cache_clear()
    assert caught.value.details["package"] == "imagecodecs"
    assert uid.UID(LOSSLESS[form]).name in caught.value.message


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(("allocated", "stored"), DEPTHS)
@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k"])
def test_plugins_of_pydicom_take_over(tmp_path, monkeypatch, form, allocated, stored, signed):
    values = pattern(allocated, stored, signed)
    syntax = uid.UID(LOSSLESS[form])
    if not pydicom.pixels.get_decoder(syntax).is_available:
        pytest.skip(f"pydicom has no plugin for {form}")
    frame = encode(form, values, stored)
    path = write(tmp_path / "x.dcm", [frame], values, syntax, **depth_tags(stored, signed))
    monkeypatch.setattr(_codecs, "_quick_decoder", lambda form: None)
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.usefixtures("no_imagecodecs", "no_plugins")
def test_uncompressed_files_need_no_decoder(tmp_path):
    write_series(tmp_path)
    assert read_dicom(tmp_path).array.shape == (6, 5, 7)


def test_a_decoder_that_was_built_without_a_codec_is_not_used(monkeypatch):
    monkeypatch.setattr(imagecodecs, "jpeg8_version", lambda: "libjpeg_turbo 3.0.4/8.0")
    _codecs._quick_decoder.cache_clear()
    try:
        assert _codecs._quick_decoder("jpeg-lossless") is None
        assert _codecs._quick_decoder("jpeg-ls") is not None
    finally:
        _codecs._quick_decoder.cache_clear()


@pytest.mark.parametrize(
    "syntax",
    ["1.2.840.113619.5.2", uid.MPEG2MPML, uid.HEVCMP51, "1.2.840.10008.1.2.4.94", "1.2.3.4"],
)
def test_other_syntaxes_are_named_and_refused(tmp_path, syntax):
    values = pattern(16, 16, False)
    write(tmp_path / "x.dcm", [b"\0\0\1\xb3" * 40], values, syntax)
    with pytest.raises(errors.DicomError, match=syntax.replace(".", r"\.")) as caught:
        read_dicom(tmp_path)
    assert "Export" in caught.value.hint


def test_the_report_on_the_environment_asks_for_the_same_decoders():
    reported = {(syntax, codec) for syntax, codec, _ in environment._SYNTAXES.values()}
    assert reported == {(_codecs._SYNTAXES[f], _codecs._CODECS[f][0]) for f in _codecs._CODECS}
    assert environment._SYNTAXES["JPEG Lossless"][2] == _codecs._TURBO
    assert set(_decode._FORMS.values()) == set(_codecs._CODECS)
