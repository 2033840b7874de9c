"""The header of one DICOM image: typed, without the patient."""

from __future__ import annotations

import hashlib
import math
import os
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .elements import DamagedFileError, Elements, read_elements
from .privacy import scrub

__all__ = [
    "TAGS",
    "Header",
    "PixelFormat",
    "checked_cosines",
    "checked_place",
    "numbers",
    "read_header",
]

TAGS = {
    "character_set": 0x00080005,
    "image_type": 0x00080008,
    "sop_class": 0x00080016,
    "sop_instance": 0x00080018,
    "time": 0x00080032,
    "modality": 0x00080060,
    "manufacturer": 0x00080070,
    "description": 0x0008103E,
    "model": 0x00081090,
    "patient_name": 0x00100010,
    "patient_id": 0x00100020,
    "birth_date": 0x00100030,
    "slice_thickness": 0x00180050,
    "kvp": 0x00180060,
    "echo_time": 0x00180081,
    "inversion_time": 0x00180082,
    "echo_number": 0x00180086,
    "slice_spacing": 0x00180088,
    "trigger_time": 0x00181060,
    "kernel": 0x00181210,
    "flip_angle": 0x00181314,
    "b_value": 0x00189087,
    "gradient": 0x00189089,
    "series_uid": 0x0020000E,
    "number": 0x00200011,
    "acquisition": 0x00200012,
    "instance": 0x00200013,
    "position": 0x00200032,
    "orientation": 0x00200037,
    "frame_of_reference": 0x00200052,
    "temporal_position": 0x00200100,
    "samples": 0x00280002,
    "photometric": 0x00280004,
    "frames": 0x00280008,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "pixel_spacing": 0x00280030,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "high_bit": 0x00280102,
    "signed": 0x00280103,
    "padding": 0x00280120,
    "padding_limit": 0x00280121,
    "intercept": 0x00281052,
    "slope": 0x00281053,
    "rescale_type": 0x00281054,
    "lossy": 0x00282110,
    "modality_lut": 0x00283000,
    "real_world": 0x00409096,
    "units": 0x00541001,
}
_WANTED = frozenset(TAGS.values())
# Stored as a binary number and not as text.
_DOUBLES = frozenset(("b_value", "gradient"))
_FARTHEST = 1e9


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How the stored values of a file are laid out.

    Parameters
    ----------
    rows, columns : int
        Size of one frame.
    samples : int
        1 for grey values, 3 for colour.
    allocated, stored, high : int
        Bits allocated, bits stored and high bit.
    signed : bool
        Whether stored values are two's complement.
    """

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame of grey values of whole bytes."""
        return self.rows * self.columns * self.allocated // 8

    @property
    def is_grey(self) -> bool:
        """Whether this is one grey value of whole bytes for each voxel."""
        return self.samples == 1 and self.allocated in (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Header:
    """What reading needs to know of one image (one file, or one frame of a file).

    Parameters
    ----------
    path : str
        The file.
    series_uid, modality, sop_class : str
        As in the file; "" when absent.
    patient : bytes
        Digest of name and identifier: tells patients apart without keeping who they are.
    image_type : tuple of str
        Values of Image Type.
    format : PixelFormat or None
        ``None`` when there is no image in the file.
    position : tuple of float or None
        Centre of the first voxel, LPS mm.
    orientation : tuple of float or None
        Direction of a row (three cosines), then of a column, LPS.
    pixel_spacing : tuple of float or None
        Between rows, then between columns, mm.
    slope, intercept : float or None
        Rescale values; ``None`` when absent.
    elements : Elements
        The raw bytes, for what only the first file of a series is asked.
    frame : int
        0-based frame in the file.
    frames : int
        Number of frames in the file.
    expanded : bool
        Whether this is one frame of several; else it stands for all frames of the file.
    own : mapping of str to str
        What a frame says for itself of the keys that tell acquisitions apart.
    """

    path: str
    series_uid: str
    patient: bytes = field(repr=False)
    modality: str
    sop_class: str
    image_type: tuple[str, ...]
    format: PixelFormat | None
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    slope: float | None
    intercept: float | None
    elements: Elements = field(repr=False)
    frame: int = 0
    frames: int = 1
    expanded: bool = False
    own: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """File name for messages; with the frame (from 1) where a file has several."""
        name = os.path.basename(self.path)
        several = self.expanded and self.frames > 1
        return f"{name} (frame {self.frame + 1})" if several else name

    @property
    def excess(self) -> int:
        """Bytes of uncompressed pixels beyond those that rows, columns and frames need."""
        length = self.elements.pixel_length
        if not length or self.format is None or not self.format.is_grey:
            return 0
        # One byte more makes the length even.
        extra = length - self.format.frame_bytes * self.frames
        return extra if extra > 1 else 0

    @property
    def has_geometry(self) -> bool:
        """Whether the image says where in the patient it lies."""
        return None not in (self.position, self.orientation, self.pixel_spacing)

    def text(self, key: str) -> str:
        """Value of an element as text; several values are joined by "/"."""
        if key in self.own:
            return self.own[key]
        return "/".join(_texts(self.elements.values, key))

    def key(self, key: str) -> str:
        """Value of an element that tells acquisitions apart, of the frame or else the file."""
        found = self.own.get(key)
        if found is not None or key not in TAGS:
            return found or ""
        value = self.elements.values.get(TAGS[key], b"")
        if key in _DOUBLES and value and len(value) % 8 == 0:
            return "/".join(f"{number[0]:g}" for number in struct.iter_unpack("<d", value))
        return _plain(self.elements.values, key)

    def number(self, key: str) -> float | None:
        """First value of a decimal or integer string, or ``None``."""
        try:
            if key in self.own:
                values = numbers(self.own[key].encode())
            else:
                values = numbers(self.elements.values.get(TAGS[key], b""))
        except DamagedFileError:
            return None
        return values[0] if values else None

    @property
    def description(self) -> str:
        """Series description without parts of name, identifier or birth date."""
        values = self.elements.values
        return scrub(
            self.text("description"),
            names=tuple(_texts(values, "patient_name")),
            identifiers=tuple(_texts(values, "patient_id")),
            birth=self.text("birth_date"),
        )


def read_header(path: str) -> Header | None:
    """Read the header of one file.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    Header or None
        ``None`` when it is not a DICOM file.

    Raises
    ------
    DamagedFileError
        When the file is cut short or a value in it cannot be understood.
    """
    try:
        elements = read_elements(path, _WANTED)
    except OSError as error:
        raise DamagedFileError(f"it cannot be opened ({error.strerror or error})") from error
    if elements is None:
        return None
    values = elements.values
    pixels = _pixel_format(values)
    frames = int((numbers(values.get(TAGS["frames"], b"")) or (1,))[0])
    header = Header(
        path=path,
        series_uid=_plain(values, "series_uid"),
        patient=_patient(values),
        modality=_plain(values, "modality"),
        sop_class=_plain(values, "sop_class"),
        image_type=tuple(_texts(values, "image_type")),
        format=pixels,
        position=checked_place(_vector(values, "position", 3)),
        orientation=checked_cosines(_vector(values, "orientation", 6)),
        pixel_spacing=checked_place(_vector(values, "pixel_spacing", 2)),
        slope=_scalar(values, "slope"),
        intercept=_scalar(values, "intercept"),
        elements=elements,
        frames=max(frames, 1),
    )
    try:
        _require_whole(path, elements, pixels, frames)
    except DamagedFileError as error:
        raise DamagedFileError(str(error), header) from error
    return header


@lru_cache(maxsize=4096)
def numbers(value: bytes) -> tuple[float, ...]:
    """Numbers in the bytes of a decimal or integer string.

    Parameters
    ----------
    value : bytes
        Such as ``0.5`` and ``0.8`` with a backslash between.

    Returns
    -------
    tuple of float
        Empty when there is none.

    Raises
    ------
    DamagedFileError
        When a part is not a finite number.
    """
    text = value.strip(b" \0")
    if not text:
        return ()
    try:
        parts = tuple(float(part) for part in text.split(b"\\"))
    except ValueError:
        parts = (math.nan,)
    if not all(map(math.isfinite, parts)):
        raise DamagedFileError("its header holds a number that cannot be read")
    return parts


def checked_place(numbers: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse lengths that no patient has, with which no arithmetic works.

    Parameters
    ----------
    numbers : tuple of float or None
        In mm.

    Returns
    -------
    tuple of float or None
        The same.

    Raises
    ------
    DamagedFileError
        When one is not finite, or larger than a thousand kilometres.
    """
    if numbers and not all(abs(number) <= _FARTHEST for number in numbers):
        raise DamagedFileError("its header holds a length that no patient has")
    return numbers


def checked_cosines(numbers: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse directions that are none.

    Parameters
    ----------
    numbers : tuple of float or None
        Six cosines.

    Returns
    -------
    tuple of float or None
        The same.

    Raises
    ------
    DamagedFileError
        When one is not finite, or far above 1.
    """
    if numbers and not all(abs(number) <= 2 for number in numbers):
        raise DamagedFileError("its header holds a direction that is none")
    return numbers


def _vector(values: dict[int, bytes], key: str, length: int) -> tuple[float, ...] | None:
    found = numbers(values.get(TAGS[key], b""))
    if found and len(found) != length:
        raise DamagedFileError(f"its {key.replace('_', ' ')} has {len(found)} numbers")
    return found or None


def _scalar(values: dict[int, bytes], key: str) -> float | None:
    found = numbers(values.get(TAGS[key], b""))
    return found[0] if found else None


def _short(values: dict[int, bytes], key: str, default: int) -> int:
    value = values.get(TAGS[key], b"")
    return int.from_bytes(value[:2], "little") if len(value) >= 2 else default


def _plain(values: dict[int, bytes], key: str) -> str:
    return values.get(TAGS[key], b"").strip(b" \0").decode("ascii", "replace")


def _pixel_format(values: dict[int, bytes]) -> PixelFormat | None:
    rows, columns = _short(values, "rows", 0), _short(values, "columns", 0)
    allocated = _short(values, "bits_allocated", 0)
    if not (rows and columns and allocated):
        return None
    stored = _short(values, "bits_stored", allocated)
    high = _short(values, "high_bit", stored - 1)
    if not (1 <= stored <= allocated and stored - 1 <= high < allocated):
        raise DamagedFileError(
            f"it claims {stored} bits stored up to bit {high} in {allocated} allocated"
        )
    sign = _short(values, "signed", 0)
    if sign > 1:
        raise DamagedFileError(f"it says {sign} where it should say whether values have a sign")
    return _shared_format(
        rows,
        columns,
        _short(values, "samples", 1),
        allocated,
        stored,
        high,
        sign == 1,
    )


_shared_format = lru_cache(maxsize=256)(PixelFormat)


def _patient(values: dict[int, bytes]) -> bytes:
    parts = (values.get(TAGS[key], b"").strip(b" \0^") for key in ("patient_id", "patient_name"))
    return hashlib.blake2b(b"\0".join(parts).lower(), digest_size=16).digest()


def _require_whole(path: str, elements: Elements, pixels: PixelFormat | None, frames: int) -> None:
    """Refuse a file whose pixels are missing or cut short."""
    if pixels is None or not pixels.is_grey:
        return
    if elements.pixel_offset is None:
        if elements.pixel_length == 0:
            raise DamagedFileError("it holds no pixels")
        return  # pydicom reads it as a whole and says so itself
    size = os.path.getsize(path)
    if elements.pixel_length is None:
        _require_whole_fragments(path, elements.pixel_offset, size)
        return
    expected = pixels.frame_bytes * max(frames, 1)
    present = min(elements.pixel_length, size - elements.pixel_offset)
    if present < expected:
        raise DamagedFileError(f"it is cut short: {present} of {expected} bytes of pixels")


def _require_whole_fragments(path: str, offset: int, size: int) -> None:
    """Step through compressed fragments; decoders are silent about a missing end."""
    with open(path, "rb") as file:
        while offset + 8 <= size:
            file.seek(offset)
            head = file.read(8)
            if head[:4] == b"\xfe\xff\xdd\xe0":
                return
            if head[:4] != b"\xfe\xff\x00\xe0":
                raise DamagedFileError("its compressed pixels are not in order")
            offset += 8 + int.from_bytes(head[4:], "little")
    if offset != size:
        raise DamagedFileError("it is cut short inside its compressed pixels")


def _texts(values: dict[int, bytes], key: str) -> list[str]:
    raw = values.get(TAGS[key], b"").strip(b" \0")
    if not raw:
        return []
    if raw.isascii() and b"\x1b" not in raw:
        text = raw.decode("ascii")
    else:
        text = _decode(raw, values.get(TAGS["character_set"], b""))
    return [part.strip() for part in text.split("\\")]


def _decode(raw: bytes, character_set: bytes) -> str:
    from pydicom.charset import convert_encodings, decode_bytes

    names = character_set.strip(b" \0").decode("ascii", "replace").split("\\")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unknown character set is no news here
            return decode_bytes(raw, convert_encodings(names), {"\\", "^", "="})
    except (LookupError, UnicodeError, ValueError):
        return raw.decode("latin-1")
