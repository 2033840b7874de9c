"""The private parts of the DICOM reader, each against something independent."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import dataset, stored_values, write_series
from pydicom.uid import ImplicitVRLittleEndian

from medvoxel.io._rescale import integer_values
from medvoxel.io.dicom import elements as _elements
from medvoxel.io.dicom.elements import DamagedFileError, read_elements
from medvoxel.io.dicom.header import TAGS, numbers
from medvoxel.io.dicom.privacy import REMOVED, scrub
from medvoxel.io.dicom.stack import plane_axes, stack_slices
from medvoxel.io.dicom.stack_checks import find_problems

WANTED = frozenset(TAGS.values())


# --- the quick header walk against pydicom's parser -----------------------------------


def same_as_pydicom(path) -> bool:
    quick = _elements.read_elements(str(path), WANTED)
    slow = _elements._with_pydicom(str(path), WANTED)
    a, b = (
        {tag: value.strip(b" \0") for tag, value in e.values.items() if value}
        for e in (quick, slow)
    )
    data = pydicom.dcmread(path)
    start = quick.pixel_offset
    pixels = path.read_bytes()[start : start + len(data.PixelData)]
    return a == b and quick.syntax == slow.syntax and pixels == data.PixelData


def crowded(**meta):
    """A header with nested sequences of either kind of length and a large private element."""
    data = dataset(stored_values((1, 5, 7))[0], **meta)
    inner, outer = pydicom.Dataset(), pydicom.Dataset()
    inner.CodeValue, inner.CodeMeaning = "113100", "Basic"
    outer.CodeValue = "1"
    outer.PurposeOfReferenceCodeSequence = pydicom.Sequence([inner, inner])
    data.DeidentificationMethodCodeSequence = pydicom.Sequence([outer, outer])
    data.ReferencedImageSequence = pydicom.Sequence([])
    block = data.private_block(0x0029, "Maker of long headers", create=True)
    block.add_new(0x10, "OB", bytes(70000))
    return data


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_walk_finds_what_pydicom_finds(tmp_path, syntax, undefined):
    data = crowded(**({} if syntax is None else {"syntax": syntax}))
    if undefined:
        for element in data.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for item in element.value:
                    item.is_undefined_length_sequence_item = True
    data.save_as(tmp_path / "crowded.dcm", enforce_file_format=True)
    assert same_as_pydicom(tmp_path / "crowded.dcm")


def test_walk_agrees_on_real_files(test_data):
    count = 0
    for path in test_data("dicom-variants").rglob("*.dcm"):
        quick = read_elements(str(path), WANTED)
        slow = _elements._with_pydicom(str(path), WANTED)
        assert {t: v.strip(b" \0") for t, v in quick.values.items()} == {
            t: v.strip(b" \0") for t, v in slow.values.items()
        }
        assert quick.pixel_offset is not None
        count += 1
    assert count > 40


def test_header_cut_anywhere_is_damage_or_not_dicom(tmp_path):
    path = tmp_path / "crowded.dcm"
    crowded().save_as(path, enforce_file_format=True)
    whole = path.read_bytes()
    end = read_elements(str(path), WANTED).pixel_offset
    for length in [0, 4, 100, 131, 140, 200, 333, 500, 900, 5000, 40000, end - 1]:
        path.write_bytes(whole[:length])
        if length < 132:
            assert read_elements(str(path), WANTED) is None
        else:
            with pytest.raises(DamagedFileError):
                read_elements(str(path), WANTED)


def test_random_damage_never_escapes(tmp_path, rng):
    """Bytes of a header overwritten at random: an answer or a damaged file, no other error."""
    (file,) = write_series(tmp_path, stored_values((1, 5, 7)))
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    answers = {"read": 0, "damaged": 0}
    for _ in range(300):
        broken = whole.copy()
        places = rng.integers(132, len(whole) - 70, size=rng.integers(1, 6))
        broken[places] = rng.integers(0, 256, len(places))
        file.write_bytes(broken.tobytes())
        try:
            read_elements(str(file), WANTED)
            answers["read"] += 1
        except DamagedFileError:
            answers["damaged"] += 1
    assert min(answers.values()) > 0


def test_numbers():
    assert numbers(b"0.5\\-8e-1 ") == (0.5, -0.8)
    assert numbers(b" \0") == ()
    for bad in (b"nan", b"inf\\1", b"1,5", b"1\\\\2"):
        with pytest.raises(DamagedFileError):
            numbers(bad)


# --- geometry -------------------------------------------------------------------------


def stack_of(offsets, *, drift=0.0, pixel=(0.8, 0.5)):
    axes = plane_axes([1, 0, 0, 0, 1, 0])
    offsets = np.asarray(offsets, float)
    places = np.stack([drift * offsets, 0 * offsets, offsets], axis=1)
    return stack_slices(axes, places, pixel, [f"{i:03d}" for i in range(len(offsets))])[0]


@pytest.mark.parametrize(
    ("offsets", "codes"),
    [
        ([0, 3, 6, 9], []),
        ([5], []),
        ([0, 3.02, 6, 9], []),  # 0.7 % of the spacing
        ([0, 3.1, 6, 9], ["uneven_spacing"]),
        ([0, 3, 9, 12], ["missing_slices"]),
        ([0, 3, 6, 6, 9], ["duplicate_positions"]),
        ([0, 3, 6, 300], ["missing_slices"]),
        ([0, 3, 6, 301], ["uneven_spacing"]),
        ([2, 2, 2], ["not_a_volume"]),
        ([0, 0.01, 0.02, 0.03], []),  # microscopic steps are steps
        ([0, 1.4, 2.4, 3.4], ["uneven_spacing"]),
        ([0, 0.61, 1.2, 1.8], []),  # rounded to hundredths
        ([0, 0.613, 1.2, 1.8], ["uneven_spacing"]),
    ],
)
def test_findings_by_offset(offsets, codes):
    assert [f.code for f in find_problems(stack_of(offsets))] == codes


@pytest.mark.parametrize(("drift", "codes"), [(0.0009, []), (0.01, ["gantry_tilt"])])
def test_findings_by_drift(drift, codes):
    stack = stack_of(np.arange(60) * 3.0, drift=drift)
    assert [f.code for f in find_problems(stack)] == codes


def test_axes_are_right_handed_and_perpendicular(rng):
    for _ in range(20):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        axes = plane_axes([*turn[:, 0], *(turn[:, 1] + 1e-4)])
        np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1)
        np.testing.assert_allclose(axes[:, 0], turn[:, 0], atol=1e-12)


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32])
def test_integer_values_against_wide_arithmetic(dtype, rng):
    info = np.iinfo(dtype)
    for slope, intercept in [(1, 0), (1, -1024), (-1, 5), (3, 7), (-40, 100000)]:
        stored = rng.integers(info.min // 50, info.max // 50, (3, 4, 5)).astype(dtype)
        expected = stored.astype(object) * slope + intercept
        found = integer_values(stored.copy(), np.full(3, slope * 1.0), np.full(3, intercept * 1.0))
        if found is None:
            assert max(abs(v) for v in expected.ravel()) > 2**31 - 1
            continue
        np.testing.assert_array_equal(found, expected)
        fits = all(-32768 <= v <= 32767 for v in expected.ravel())
        assert found.dtype == (np.int16 if fits else np.int32)


# --- privacy --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Knee left", "Knee left"),
        ("DOE knee", f"{REMOVED} knee"),
        ("doe_jane_ct", f"{REMOVED}_{REMOVED}_ct"),
        ("Doering axial", "Doering axial"),
        ("born 02.03.1964", f"born {REMOVED}"),
        ("19640302 scan", f"{REMOVED} scan"),
        ("119640302", "119640302"),
        ("id AB/12", f"id {REMOVED}"),
        ("Li 3 mm", f"{REMOVED} 3 mm"),
        ("Limb 3 mm", "Limb 3 mm"),
    ],
)
def test_scrub(text, expected):
    cleaned = scrub(text, names=("DOE^Jane^Li",), identifiers=("AB/12",), birth="19640302")
    assert cleaned == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("王^小明", "MR 王小明 knee", f"MR {REMOVED} knee"),
        ("Wang^Xiaoming=王^小明", "MR王小明膝", f"MR{REMOVED}膝"),
        ("Wang^Xiaoming=王^小明", "XiaomingWang", REMOVED),
        ("山田^太郎", "山田太郎 ankle", f"{REMOVED} ankle"),
        ("山田^太郎", "太郎 足", f"{REMOVED} 足"),
        ("김^민수", "김민수님 knee", f"{REMOVED}님 knee"),
        ("Иванов^Пётр", "колено Иванова", f"колено {REMOVED}\u0430"),
        ("Ли^И", "Ли и линия", f"{REMOVED} и линия"),
        ("Wu^Li", "WU KNEE Li", f"{REMOVED} KNEE {REMOVED}"),
        ("Wu^Li", "wuli LiWu limb", f"{REMOVED} {REMOVED} limb"),
        ("Müller^Hans", "MuellerHans Knie, Mueller", f"{REMOVED} Knie, {REMOVED}"),
        ("Müller^Hans", "HansMüller MULLER mu\u0308ller", f"{REMOVED} {REMOVED} {REMOVED}"),
        ("Mueller^Hans", "Müller HMüller", f"{REMOVED} {REMOVED}"),
        ("Groß^José", "GROSS Jose Grossa", f"{REMOVED} {REMOVED} Grossa"),
        ("O'Neil", "ONEIL o'neil", f"{REMOVED} {REMOVED}"),
        ("ONeil", "O\u2019Neil", REMOVED),
        ("Smith-Jones^A", "SmithJones a Jones", f"{REMOVED} a {REMOVED}"),
        # What is left: single letters, titles of two letters, modalities.
        ("Doe^J^^^Mr", "MR J line", "MR J line"),
        ("Doe^Jane^^Dr", "dr JaneDoe", f"dr {REMOVED}"),
        ("CT^Phantom", "CT knee", "CT knee"),
        ("Anders^Kim", "and Kimber andersen", "and Kimber andersen"),
    ],
)
def test_scrub_names(name, text, expected):
    assert scrub(text, names=(name,), identifiers=(), birth="") == expected


@pytest.mark.parametrize(
    "date",
    [
        "31.1.1970", "31.01.1970", "31. 1. 1970", "31/1/1970", "1/31/1970", "1970-1-31",
        "1970_01_31", "19700131", "31011970", "3111970", "01311970", "31.1.70", "310170",
        "700131", "31 Jan 1970", "31JAN1970", "31-January-70", "Jan 31, 1970", "31. Januar 1970",
    ],
)  # fmt: skip
def test_scrub_birth_date(date):
    assert scrub(f"b. {date} a", names=(), identifiers=(), birth="19700131") == f"b. {REMOVED} a"


@pytest.mark.parametrize(
    "text", ["30.1.1970", "131.1.1970", "31.1.19705", "Jan 1970", "x31.1.1970", "2.31.1 1 mm"]
)
def test_scrub_leaves_other_numbers(text):
    assert scrub(text, names=(), identifiers=(), birth="19700131") == text


def test_scrub_without_patient():
    assert scrub("CT Body 3.0", names=(), identifiers=("",), birth="") == "CT Body 3.0"
