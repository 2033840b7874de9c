"""Intact files to start from, and ways to spoil them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from dicom_factory import dataset, positions, stored_values, write_enhanced, write_series
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

__all__ = [
    "DICOM_WAYS",
    "NIFTI_WAYS",
    "NRRD_WAYS",
    "PLAIN_WAYS",
    "Element",
    "dicom_seeds",
    "elements_of",
    "nest",
    "nifti_seeds",
    "nrrd_seeds",
    "spoil",
    "structure_set",
]

Way = Callable[[bytes, int, int], bytes]
"""Spoils some bytes; the two numbers choose where and how."""

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_COMPRESSED = {
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
}
_TEXTS = (
    b"0", b"-1", b"1e308", b"-1e308", b"1e-320", b"nan", b"inf", b"1e400", b"", b" ", b"1\\2",
    b"\\\\", b"0x10", b"1,5", b"9" * 30, b"1e", b"nan\\nan\\nan", b"1e300\\1e300\\1e300",
    b"1e308\\0\\0\\0\\1e308\\0", b"1e308\\" * 5 + b"1e308", b"0\\0\\0\\0\\0\\0", b"0\\0",
    b"1e-300\\1e-300", b"1e300\\1e300", b"-0.8\\-0.5", b"100000", b"1000000000", b"1.2.840.10008",
)  # fmt: skip
_SHORTS = (0, 1, 2, 3, 7, 8, 12, 15, 16, 17, 24, 32, 64, 255, 1000, 32768, 65535)
_VRS = b"SQ UN OB OW US SS UL DS IS LO FD AT UI PN ZZ \0\0".split(b" ")
_LENGTHS = (0, 1, 2, 3, 4, 255, 65534, 65535, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
_DEPTHS = (1, 3, 20, 300, 3000)


@dataclass(frozen=True)
class Element:
    """Where one data element of an explicit little endian file lies."""

    start: int
    vr: bytes
    length_at: int
    value_at: int
    end: int

    @property
    def length_size(self) -> int:
        """Bytes of the length field."""
        return self.value_at - self.length_at


def elements_of(
    content: bytes, start: int = 132, end: int | None = None, depth: int = 6
) -> list[Element]:
    """List the elements of an explicit little endian file, those in sequences too."""
    end, found, at = len(content) if end is None else end, [], start
    while at + 8 <= end:
        vr = content[at + 4 : at + 6]
        size = 4 if vr in _LONG else 2
        length_at = at + 8 if size == 4 else at + 6
        value_at = length_at + size
        length = int.from_bytes(content[length_at:value_at], "little")
        stop = end if length == 0xFFFFFFFF else min(value_at + length, end)
        found.append(Element(at, vr, length_at, value_at, stop))
        if vr == b"SQ" and length != 0xFFFFFFFF and depth:
            item = value_at
            while item + 8 <= stop:
                inner = item + 8 + int.from_bytes(content[item + 4 : item + 8], "little")
                found += elements_of(content, item + 8, min(inner, stop), depth - 1)
                item = inner
        at = stop
    return found


# --- intact files ---------------------------------------------------------------------


def dicom_seeds(folder: Path) -> dict[str, list[bytes]]:
    """Small series of every kind of file that is read, as the bytes of their files."""
    seeds = {"explicit": _files(write_series(folder / "explicit", stored_values((3, 5, 7))))}
    odd = {
        "implicit": ImplicitVRLittleEndian,
        "big-endian": ExplicitVRBigEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }
    for name, syntax in odd.items():
        seeds[name] = _files(write_series(folder / name, stored_values((3, 5, 7)), syntax=syntax))
    values = (stored_values((3, 16, 16)) * 5 - 900).astype(np.int16)
    scale = {"RescaleIntercept": 0, "RescaleSlope": 0.5}
    seeds["signed"] = _files(write_series(folder / "signed", values, **scale))
    for name, syntax in _COMPRESSED.items():
        paths = write_series(folder / name, stored_values((3, 64, 64)))
        for path in paths:
            data = pydicom.dcmread(path)
            data.compress(syntax)
            data.save_as(path)
        seeds[name] = _files(paths)
    (folder / "enhanced").mkdir()
    write_enhanced(
        folder / "enhanced" / "a.dcm", stored_values((4, 5, 7)), places=positions(4)[::-1],
        rescale=[(1, -1024), (2, 0), (0.5, 3), (1, 0)],
        content=[{"StackID": "1", "InStackPositionNumber": i + 1} for i in range(4)],
    )  # fmt: skip
    seeds["enhanced"] = _files([folder / "enhanced" / "a.dcm"])
    return seeds


def _files(paths: Sequence[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def nifti_seeds() -> dict[str, bytes]:
    """Images of NIfTI-1 and NIfTI-2, packed and not, in whole numbers and fractions."""
    affine = np.array([[0.5, 0, 0, -7], [0, 0, 4.0, 3], [0, -0.8, 0, 9], [0, 0, 0, 1]])
    values = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    seeds = {}
    for name, kind, dtype in (
        ("one", nibabel.Nifti1Image, np.int16),
        ("two", nibabel.Nifti2Image, np.int16),
        ("float", nibabel.Nifti1Image, np.float32),
        ("four", nibabel.Nifti1Image, np.uint8),
    ):
        stored = values.astype(dtype)
        image = kind(stored[..., None] if name == "four" else stored, affine)
        image.header["scl_slope"], image.header["scl_inter"] = 2, -1000
        seeds[name] = image.to_bytes()
        seeds[f"{name}-packed"] = gzip.compress(seeds[name], 1, mtime=0)
    return seeds


def nrrd_seeds() -> dict[str, bytes]:
    """Images with each encoding, and a segmentation as 3D Slicer writes them."""
    values = np.arange(4 * 5 * 6, dtype="<i2")
    head = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 6 5 4\n"
        "space directions: (0.5,0,0) (0,0.8,0) (0,0,4)\nkinds: domain domain domain\n"
        "endian: little\nencoding: {}\nspace origin: (-7,3,9)\n"
    )
    text = " ".join(map(str, values)).encode()
    segments = (
        "Segment0_ID:=a\nSegment0_LabelValue:=1\nSegment0_Layer:=0\nSegment0_Name:=bone\n"
        "Segment0_Color:=0.9 0.5 0\nSegment0_Extent:=0 5 0 4 0 3\n"
    )
    return {
        "raw": head.format("raw").encode() + b"\n" + values.tobytes(),
        "ascii": head.format("ascii").encode() + b"\n" + text,
        "gzip": head.format("gzip").encode() + b"\n" + gzip.compress(values.tobytes(), 1, mtime=0),
        "seg": (head.format("raw") + segments).encode() + b"\n" + (values % 2).tobytes(),
    }


def structure_set(path: Path) -> bytes:
    """A structure set with a square in each of three slices, and one with a hole."""
    square = [(2, 2), (9, 2), (9, 8), (2, 8)]
    hole = [(4, 4), (6, 4), (6, 6), (4, 6)]
    data = dataset(np.zeros((1, 1), np.uint16), Modality="RTSTRUCT", SeriesInstanceUID="1.2.3.9")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "RescaleSlope"):
        delattr(data, keyword)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    for number, shapes in ((1, [square]), (2, [square, hole])):
        roi, contours = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, f"region {number}"
        roi.ReferencedFrameOfReferenceUID = "1.2.3"
        contours.ReferencedROINumber, contours.ROIDisplayColor = number, [200, 100, 0]
        contours.ContourSequence = []
        for z in (1, 2, 3):
            for shape in shapes:
                item = Dataset()
                item.ContourGeometricType = "CLOSED_PLANAR"
                item.NumberOfContourPoints = len(shape)
                item.ContourData = [c for x, y in shape for c in (x + 0.5, y + 0.5, z)]
                contours.ContourSequence.append(item)
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(contours)
    data.save_as(path, enforce_file_format=True)
    return path.read_bytes()


def nest(depth: int, *, defined: bool, closed: bool, tag: bytes = b"\x08\x00\x15\x11") -> bytes:
    """One sequence in another, `depth` times; open at the end where it is not closed."""
    if not defined:
        body = (tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * depth
        end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
        return body + end * depth if closed else body
    body = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(body)) + body
        body = tag + b"SQ\0\0" + struct.pack("<I", len(item)) + item
    return body if closed else body[:-4]


# --- ways to spoil any file -----------------------------------------------------------


def spoil(content: bytes, steps: Sequence[tuple[Way, int, int]]) -> bytes:
    """Apply one way after the other."""
    for way, where, how in steps:
        if content:
            content = way(content, where, how)
    return content


def flip(content: bytes, where: int, how: int) -> bytes:
    """Change one byte."""
    spoilt = bytearray(content)
    spoilt[where % len(content)] ^= how % 255 + 1
    return bytes(spoilt)


def overwrite(content: bytes, where: int, how: int) -> bytes:
    """Change eight bytes."""
    at = where % len(content)
    noise = np.random.default_rng(how).bytes(8)
    return content[:at] + noise + content[at + 8 :]


def truncate(content: bytes, where: int, how: int) -> bytes:
    """Cut the end off."""
    return content[: where % len(content)]


def lengthen(content: bytes, where: int, how: int) -> bytes:
    """Leave something behind."""
    return content + np.random.default_rng(how).bytes((1, 2, 16, 1000)[where % 4])


def insert(content: bytes, where: int, how: int) -> bytes:
    """Put something between."""
    at = where % len(content)
    return content[:at] + np.random.default_rng(how).bytes(how % 9 + 1) + content[at:]


PLAIN_WAYS: tuple[Way, ...] = (flip, overwrite, truncate, lengthen, insert)


# --- ways to spoil DICOM --------------------------------------------------------------


def _element(content: bytes, where: int, *vrs: bytes) -> Element | None:
    found = [e for e in elements_of(content) if not vrs or e.vr in vrs]
    return found[where % len(found)] if found else None


def flip_header(content: bytes, where: int, how: int) -> bytes:
    """Change one byte before the pixels and behind the preamble."""
    spoilt = bytearray(content)
    end = max(e.start for e in elements_of(content) or [Element(len(content), b"", 0, 0, 0)])
    spoilt[min(128 + where % max(end - 128, 1), len(content) - 1)] ^= how % 255 + 1
    return bytes(spoilt)


def change_length(content: bytes, where: int, how: int) -> bytes:
    """Give an element another length."""
    element = _element(content, where)
    if element is None:
        return content
    length = _LENGTHS[how % len(_LENGTHS)] & ((1 << 8 * element.length_size) - 1)
    packed = length.to_bytes(element.length_size, "little")
    return content[: element.length_at] + packed + content[element.value_at :]


def change_vr(content: bytes, where: int, how: int) -> bytes:
    """Give an element another value representation."""
    element = _element(content, where)
    if element is None:
        return content
    at = element.start + 4
    return content[:at] + _VRS[how % len(_VRS)] + content[at + 2 :]


def repeat(content: bytes, where: int, how: int) -> bytes:
    """Put a copy of an element before another one; a sequence may then hold itself."""
    element, place = _element(content, where), _element(content, how)
    if element is None or place is None:
        return content
    return content[: place.start] + content[element.start : element.end] + content[place.start :]


def drop(content: bytes, where: int, how: int) -> bytes:
    """Leave an element out."""
    element = _element(content, where)
    return content if element is None else content[: element.start] + content[element.end :]


def change_text(content: bytes, where: int, how: int) -> bytes:
    """Give an element of the top level an absurd number or text."""
    found = [e for e in elements_of(content) if e.vr in (b"DS", b"IS", b"CS", b"UI")]
    if not found:
        return content
    element, value = found[where % len(found)], _TEXTS[how % len(_TEXTS)]
    value += b" " * (len(value) % 2)
    length = len(value).to_bytes(element.length_size, "little")
    return content[: element.length_at] + length + value + content[element.end :]


def change_inner_text(content: bytes, where: int, how: int) -> bytes:
    """The same, of the same length: what is around stays in order."""
    element = _element(content, where, b"DS", b"IS", b"CS")
    if element is None:
        return content
    size = element.end - element.value_at
    value = _TEXTS[how % len(_TEXTS)][:size].ljust(size)
    return content[: element.value_at] + value + content[element.end :]


def change_short(content: bytes, where: int, how: int) -> bytes:
    """Give rows, bits and the like an absurd number."""
    element = _element(content, where, b"US", b"SS")
    if element is None or element.end - element.value_at < 2:
        return content
    value = struct.pack("<H", _SHORTS[how % len(_SHORTS)])
    return content[: element.value_at] + value + content[element.value_at + 2 :]


def add_nested(content: bytes, where: int, how: int) -> bytes:
    """Put sequences in sequences before an element."""
    element = _element(content, where)
    at = len(content) // 2 if element is None else element.start
    deep = nest(_DEPTHS[how % 5], defined=bool(how & 8), closed=bool(how & 16))
    return content[:at] + deep + content[at:]


DICOM_WAYS: tuple[Way, ...] = (
    *PLAIN_WAYS, flip_header, flip_header, change_length, change_vr, repeat, drop, change_text,
    change_text, change_inner_text, change_short, change_short, add_nested,
)  # fmt: skip


# --- ways to spoil NIfTI and NRRD -----------------------------------------------------

_FLOATS = (0.0, -1.0, 1e-38, 1e38, -1e38, float("nan"), float("inf"), 352.5, 1e9, 3.0)
_INTEGERS = (0, -1, 1, 2, 3, 4, 5, 6, 7, 8, 16, 64, 128, 255, 512, 768, 1024, 2304, 32767, -32768)


def _with_header(content: bytes, change: Callable[[np.ndarray], None]) -> bytes:
    packed = content.startswith(b"\x1f\x8b")
    try:
        content = gzip.decompress(content) if packed else content
    except (OSError, EOFError, gzip.zlib.error):
        return content
    second = content[:1] == b"\x1c"
    kind = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    size = kind.template_dtype.itemsize
    if len(content) >= size:
        header = np.frombuffer(content[:size], kind.template_dtype.newbyteorder("<")).copy()
        with np.errstate(all="ignore"):
            change(header)
        content = header.tobytes() + content[size:]
    return gzip.compress(content, 1, mtime=0) if packed else content


def change_field(content: bytes, where: int, how: int) -> bytes:
    """Give a field of a NIfTI header an absurd number."""

    def change(header: np.ndarray) -> None:
        names = [n for n in header.dtype.names if header.dtype[n].base.kind in "iuf"]
        flat = header[names[where % len(names)]].reshape(-1)
        kind = flat.dtype.kind
        values = _FLOATS if kind == "f" else _INTEGERS
        value = values[how % len(values)]
        at = (how // len(values)) % len(flat)
        flat[at] = np.array(value).astype(flat.dtype)

    return _with_header(content, change)


def change_shape(content: bytes, where: int, how: int) -> bytes:
    """Give a NIfTI image absurd dimensions."""

    def change(header: np.ndarray) -> None:
        most = np.iinfo(header["dim"].dtype).max
        values = (0, -1, 1, 2, 7, most, most // 2, -most)
        header["dim"].reshape(-1)[where % 8] = values[how % len(values)]
        if how & 64:
            header["dim"].reshape(-1)[1:4] = most

    return _with_header(content, change)


NIFTI_WAYS: tuple[Way, ...] = (*PLAIN_WAYS, *(change_field,) * 5, change_shape, change_shape)

_NRRD_VALUES = (
    "0", "-1", "1", "7", "nan", "inf", "1e308", "99999999999999999999", "4 4 4 4", "none none none",
    "(nan,0,0) (0,1,0) (0,0,1)", "(1e308,0,0) (0,1e308,0) (0,0,1e308)", "(0,0,0) (0,0,0) (0,0,0)",
    "(1,1,0) (0,1,0) (0,0,1)", "none (1,0,0) (0,1,0) (0,0,1)", "65535 65535 65535", "-1 5 4",
    "6 5 4 1000000", "double", "block", "uint8", "big", "raw", "gzip", "bzip2", "ascii", "hex",
    "LIST", "../../x.raw", "/dev/zero", "x%d.raw 1 1000000000 1", "(1,2)", "", "\0", "RAS", "17",
)  # fmt: skip


def change_line(content: bytes, where: int, how: int) -> bytes:
    """Give a field of a NRRD header an absurd value."""
    head, _, data = content.partition(b"\n\n")
    lines = head.split(b"\n")
    at = where % len(lines)
    name = lines[at].partition(b":")[0]
    lines[at] = name + b": " + _NRRD_VALUES[how % len(_NRRD_VALUES)].encode()
    return b"\n".join(lines) + b"\n\n" + data


def move_line(content: bytes, where: int, how: int) -> bytes:
    """Drop, repeat or move a line of a NRRD header."""
    head, _, data = content.partition(b"\n\n")
    lines = head.split(b"\n")
    line = lines.pop(where % len(lines))
    if how % 3:
        lines.insert(how % (len(lines) + 1), line)
    if how % 3 == 2:
        lines.insert(how % (len(lines) + 1), line)
    return b"\n".join(lines) + b"\n\n" + data


def add_line(content: bytes, where: int, how: int) -> bytes:
    """Add a field to a NRRD header."""
    names = (b"data file", b"line skip", b"byte skip", b"spacings", b"space units", b"space",
             b"measurement frame", b"labels", b"content", b"block size", b"key:")  # fmt: skip
    line = names[where % len(names)] + b": " + _NRRD_VALUES[how % len(_NRRD_VALUES)].encode()
    head, _, data = content.partition(b"\n\n")
    return head + b"\n" + line + b"\n\n" + data


NRRD_WAYS: tuple[Way, ...] = (*PLAIN_WAYS, *(change_line,) * 4, move_line, add_line, add_line)
