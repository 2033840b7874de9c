"""Decoding: every transfer syntax, sign and depth, and headers that disagree."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from compressed_factory import (
    DEPTHS,
    LOSSLESS,
    SHAPE,
    UNCOMPRESSED,
    bits_of,
    depth_tags,
    encode,
    imagecodecs,
    pattern,
    read,
    write,
)
from dicom_factory import dataset
from pydicom import uid

from medvoxel.io.dicom.decoding.codestream import read_codestream

# --- every syntax, sign and depth ------------------------------------------------------


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(("allocated", "stored"), DEPTHS)
@pytest.mark.parametrize("form", LOSSLESS)
def test_without_loss_every_value_comes_back(tmp_path, form, allocated, stored, signed):
    values = pattern(allocated, stored, signed)
    frame = encode(form, values, stored)
    path = write(tmp_path / "x.dcm", [frame], values, LOSSLESS[form], **depth_tags(stored, signed))
    found = read(path)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(("allocated", "stored"), DEPTHS)
@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k"])
def test_pydicom_gives_the_same(tmp_path, form, allocated, stored, signed):
    syntax = uid.UID(LOSSLESS[form])
    if not pydicom.pixels.get_decoder(syntax).is_available:
        pytest.skip(f"pydicom has no plugin for {form}")
    values = pattern(allocated, stored, signed)
    frame = encode(form, values, stored)
    path = write(tmp_path / "x.dcm", [frame], values, syntax, **depth_tags(stored, signed))
    np.testing.assert_array_equal(read(path), pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000"])
def test_gdcm_gives_the_same(tmp_path, form, signed):
    sitk = pytest.importorskip("SimpleITK")
    values = pattern(16, 12, signed)
    frame = encode(form, values, 12)
    path = write(tmp_path / "x.dcm", [frame], values, LOSSLESS[form], **depth_tags(12, signed))
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0]
    np.testing.assert_array_equal(read(path), image)


@pytest.mark.parametrize("syntax", UNCOMPRESSED)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(("allocated", "stored"), DEPTHS)
def test_uncompressed_frames_of_several(tmp_path, syntax, allocated, stored, signed):
    one = pattern(allocated, stored, signed)
    frames = np.stack([one, one[::-1], one[:, ::-1]])
    data = dataset(frames, syntax=syntax, NumberOfFrames=3, **depth_tags(stored, signed))
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    for i, expected in enumerate(frames):
        np.testing.assert_array_equal(read(tmp_path / "x.dcm", i), expected)


def test_big_endian_words_of_two_bytes_are_as_in_pydicom(tmp_path):
    values = pattern(8, 8, False)
    data = dataset(values, syntax=uid.ExplicitVRBigEndian)
    words = np.frombuffer(values.tobytes() + b"\0", "<u2").byteswap()
    data.PixelData, data["PixelData"].VR = words.tobytes(), "OW"
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read(tmp_path / "x.dcm"), values)
    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "x.dcm").pixel_array, values)


@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor_of_jpeg_lossless(tmp_path, predictor):
    values = np.random.default_rng(predictor).integers(0, 1 << 16, SHAPE).astype(np.uint16)
    frame = imagecodecs.jpeg8_encode(values, lossless=True, predictor=predictor, bitspersample=16)
    assert read_codestream(frame).form == "jpeg-lossless"
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEGLossless)
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize(("depth", "syntax"), [(8, uid.JPEGBaseline8Bit),
                                               (12, uid.JPEGExtended12Bit)])  # fmt: skip
def test_lossy_jpeg_is_what_other_decoders_make_of_it(tmp_path, depth, syntax):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]  # smooth, as JPEG is made for
    values = ((np.sin(x / 5) * np.cos(y / 7) + 1) * ((1 << depth) - 1) / 2).astype(
        f"u{1 if depth == 8 else 2}"
    )
    frame = imagecodecs.jpeg8_encode(values, level=90, bitspersample=depth, colorspace="GRAYSCALE")
    assert read_codestream(frame).form == "jpeg"
    path = write(tmp_path / "x.dcm", [frame], values, syntax, **depth_tags(depth, False))
    found = read(path).astype(int)
    assert np.abs(found - values).max() < (1 << depth) // 30
    sitk = pytest.importorskip("SimpleITK")
    np.testing.assert_array_equal(found, sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0])
    # The standard leaves the last bit of the cosine transform to the decoder.
    assert np.abs(found - pydicom.dcmread(path).pixel_array).max() <= 1


# --- headers and frames that disagree ---------------------------------------------------


@pytest.mark.parametrize("form", ["jpeg-2000", "htj2k"])
@pytest.mark.parametrize("stored", [12, 13, 16])
def test_jpeg_2000_without_the_sign_of_the_header(tmp_path, form, stored):
    if form == "htj2k" and stored < 16:
        pytest.skip("this encoder of HTJ2K knows whole bytes only")
    values = pattern(16, stored, True)
    frame = encode(form, bits_of(values, stored), stored)
    assert not read_codestream(frame).signed
    path = write(tmp_path / "x.dcm", [frame], values, LOSSLESS[form], **depth_tags(stored, True))
    np.testing.assert_array_equal(read(path), values)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, values)


@pytest.mark.parametrize("stored", [12, 16])
def test_jpeg_2000_with_a_sign_that_the_header_lacks(tmp_path, stored):
    signed = pattern(16, stored, True)
    frame = encode("jpeg-2000", signed, stored)
    assert read_codestream(frame).signed
    values = bits_of(signed, stored)
    tags = depth_tags(stored, False)
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEG2000Lossless, **tags)
    np.testing.assert_array_equal(read(path), values)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, values)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "jpeg-2000", "native"])
def test_overlay_bits_above_the_value_are_cleared(tmp_path, form, signed):
    values = pattern(16, 12, signed)
    overlay = np.random.default_rng(1).integers(0, 16, SHAPE).astype(np.uint16) << 12
    raw = (bits_of(values, 12) | overlay).astype(np.uint16)
    tags = depth_tags(12, signed)
    if form == "native":
        dataset(raw, **tags).save_as(tmp_path / "x.dcm", enforce_file_format=True)
    else:
        write(tmp_path / "x.dcm", [encode(form, raw, 16)], raw, LOSSLESS[form], **tags)
    np.testing.assert_array_equal(read(tmp_path / "x.dcm"), values)


@pytest.mark.parametrize("form", ["rle", "jpeg-lossless", "native"])
def test_values_in_the_upper_bits(tmp_path, form):
    values = pattern(16, 12, False)
    raw = (values << 4) | 7
    tags = {"BitsStored": 12, "HighBit": 15}
    if form == "native":
        dataset(raw, **tags).save_as(tmp_path / "x.dcm", enforce_file_format=True)
    else:
        write(tmp_path / "x.dcm", [encode(form, raw, 16)], raw, LOSSLESS[form], **tags)
    np.testing.assert_array_equal(read(tmp_path / "x.dcm"), values)


def test_negative_values_coded_with_all_bits(tmp_path):
    values = pattern(16, 12, True)
    frame = encode("jpeg-lossless", values.view(np.uint16), 16)
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEGLosslessSV1, **depth_tags(12, True))
    np.testing.assert_array_equal(read(path), values)


def test_eight_bits_coded_for_sixteen_allocated(tmp_path):
    values = pattern(16, 8, False)
    frame = encode("jpeg-2000", values.astype(np.uint8), 8)
    tags = depth_tags(8, False)
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEG2000Lossless, **tags)
    np.testing.assert_array_equal(read(path), values)


def test_the_form_is_taken_from_the_frame_and_not_from_the_label(tmp_path):
    values = pattern(16, 16, False)
    frame = encode("jpeg-2000", values, 16)
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEGLosslessSV1)
    np.testing.assert_array_equal(read(path), values)


def test_jpeg_2000_in_the_boxes_of_a_jp2_file(tmp_path):
    values = pattern(16, 16, False)
    frame = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, codecformat="jp2")
    assert frame[4:8] == b"jP  "
    path = write(tmp_path / "x.dcm", [frame], values, uid.JPEG2000Lossless)
    np.testing.assert_array_equal(read(path), values)


# --- real files ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rle", "jpeg", "jpegls", "j2k"])
def test_real_headers_with_every_compression(test_data, name):
    plain = test_data("dicom-variants", "compressed", "001")
    for path in sorted(test_data("dicom-variants", f"compressed_{name}", "001").iterdir()):
        np.testing.assert_array_equal(read(path), pydicom.dcmread(path).pixel_array)
        np.testing.assert_array_equal(read(path), read(plain / path.name))


def test_a_real_scan_in_jpeg_2000_is_as_pydicom_reads_it(test_data):
    for path in sorted(test_data("ct-trunk", "dicom").iterdir())[::5]:
        np.testing.assert_array_equal(read(path), pydicom.dcmread(path).pixel_array)
