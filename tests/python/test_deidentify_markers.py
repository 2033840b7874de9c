"""No text that was planted anywhere in a file is anywhere in its copy.

Every element of the standard's dictionary that can hold a text gets a text of its own: at
the top, three sequences deep, in the head of the file and behind the pixels.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_factory import SPACING, dataset, positions
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom import config
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from medvoxel import deidentify_dicom, read_dicom

TEXT = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
# All that keeps its text, by decision: it says how the values were made, or is a code.
KEPT_TEXT = {
    "AlgorithmName", "AlgorithmVersion", "AttenuationCorrectionMethod", "CodeMeaning", "CodeValue",
    "CodingSchemeDesignator", "CodingSchemeVersion", "ConvolutionKernel",
    "DimensionDescriptionLabel", "EnergyWindowName", "FilterType", "ImagedNucleus",
    "LUTExplanation", "LUTLabel", "LongCodeValue", "MappingResourceName", "Manufacturer",
    "ManufacturerModelName", "ModalityLUTType", "PulseSequenceName", "Radiopharmaceutical",
    "ReceiveCoilName", "ReconstructionMethod", "RescaleType", "ScatterCorrectionMethod",
    "SegmentAlgorithmName", "SegmentLabel", "SequenceName", "SoftwareVersions", "StackID",
    "TransmitCoilName", "URNCodeValue",
}  # fmt: skip
# Identifiers that everybody has in common: of classes, syntaxes and vocabularies.
KEPT_UIDS = {
    "AffectedSOPClassUID", "AvailableTransferSyntaxUID", "CodingSchemeUID",
    "ContextGroupExtensionCreatorUID", "ContextUID", "EncryptedContentTransferSyntaxUID",
    "FlowTransferSyntaxUID", "MACCalculationTransferSyntaxUID", "MappingResourceUID",
    "OriginalSpecializedSOPClassUID", "PertinentSOPClassesInSeries", "PertinentSOPClassesInStudy",
    "RTVCommunicationSOPClassUID", "ReferencedRelatedGeneralSOPClassUIDInFile",
    "ReferencedSOPClassUID", "ReferencedSOPClassUIDInFile", "ReferencedTransferSyntaxUIDInFile",
    "RelatedGeneralSOPClassUID", "RequestedSOPClassUID", "SOPClassUID", "SOPClassesInStudy",
    "SOPClassesSupported", "StoredInstanceTransferSyntaxUID", "TransferSyntaxUID",
    "ImplementationClassUID", "MediaStorageSOPClassUID",
}  # fmt: skip
# Bytes that a colour image or a waveform is made of.
KEPT_BYTES = {"ICCProfile", "WaveformData", "WaveformPaddingValue"}
# What a file needs to be a readable image, which a marker would break.
STRUCTURE = {
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "Modality", "PhotometricInterpretation",
    "BurnedInAnnotation", "RecognizableVisualFeatures", "ConversionType", "SOPInstanceUID",
    "SeriesInstanceUID", "PixelPresentation", "PresentationLUTShape", "Units",
}  # fmt: skip
DATE, TIME = "19371113", "113355"
GROUPS = (0x5000, 0x5002, 0x6000, 0x601E)
NAMED_BY_TABLE = {t[0] << 16 | t[1] for t in table.ALL_TAGS if len(t) == 2}


def marker(tag: int, level: str) -> str:
    return f"Z{level}{tag:08X}"


def uid_marker(tag: int, level: str) -> str:
    return f"1.2.3.{ord(level)}.9{tag:010d}"


def value_for(tag: int, vr: str, level: str) -> object:
    if vr in TEXT:
        return marker(tag, level)
    return {
        "UI": uid_marker(tag, level), "DA": DATE, "DT": DATE + TIME, "TM": TIME, "AS": "037Y",
        "OB": marker(tag, level).encode(), "UN": marker(tag, level).encode(),
    }.get(vr)  # fmt: skip


def plant(data: Dataset, level: str, *, spare: set[str] = frozenset()) -> None:
    """Put a marker into every element that can hold one."""
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        group = tag >> 16
        if group < 8 or group >= 0xFFFA or tag == 0x00080005 or keyword in spare:
            continue
        vr = "OB" if vr == "OB or OW" and keyword != "PixelData" else vr
        value = value_for(tag, vr, level)
        if value is not None:
            data[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)
    block = data.private_block(0x0009, f"Z{level}CREATOR", create=True)
    block.add_new(0x01, "LO", f"Z{level}PRIVATE")
    for group in GROUPS:
        data.add_new((group, 0x0022), "LO", f"Z{level}{group:04X}DESC")
        data.add_new((group, 0x4000), "LT", f"Z{level}{group:04X}COMM")


def nested(level: str) -> Dataset:
    """Put a few markers into an item of every sequence of the dictionary."""
    item = Dataset()
    item.PatientName = f"Z{level}NAME"
    item.PatientComments = f"Z{level}COMMENT"
    item.InstitutionName = f"Z{level}PLACE"
    item.ReferencedSOPInstanceUID = f"1.2.3.{ord(level)}.5"
    item.private_block(0x0009, f"Z{level}CREATOR", create=True).add_new(1, "LO", f"Z{level}PRIV")
    return item


def planted(plane: np.ndarray, syntax: str) -> Dataset:
    data = dataset(plane, syntax=syntax)
    for tag, (vr, _, _, _, _) in DicomDictionary.items():
        if vr == "SQ" and tag >> 16 not in (0x0004, 0xFFFA):
            data[tag] = DataElement(tag, "SQ", [nested("S")])
    plant(data, "T", spare=STRUCTURE | {"PixelData", "TransferSyntaxUID"})
    data.RescaleType = "HU"
    first, second, third = Dataset(), Dataset(), Dataset()
    for level, item in (("1", first), ("2", second), ("3", third)):
        plant(item, level)
    second.RelatedSeriesSequence = [third]
    first.ReferencedInstanceSequence = [second]
    # One that the table does not name, so that it has to be walked through.
    data.VOILUTSequence = [first]
    data.preamble = b"ZPREAMBLE".ljust(128, b"Z")
    data.file_meta.SourceApplicationEntityTitle = "ZFSOURCE"
    data.file_meta.SendingApplicationEntityTitle = "ZFSENDER"
    data.file_meta.ImplementationVersionName = "ZFVERSION"
    data.file_meta.PrivateInformationCreatorUID = "1.2.3.70.1"
    data.file_meta.PrivateInformation = b"ZFPRIVATE!"
    data.PixelData = data.PixelData + b"ZEBEHINDPIXELS"
    data.add_new(0xFFFCFFFC, "OB", b"ZEPADDING!")
    return data


def allowed_markers() -> set[bytes]:
    """List the markers that may stay, by the table itself and the lists above."""
    allowed = set()
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        code = vr == "CS" and tag not in NAMED_BY_TABLE
        if keyword in KEPT_TEXT | KEPT_BYTES or code:
            allowed |= {marker(tag, level).encode() for level in "T123"}
        if keyword in KEPT_UIDS:
            allowed |= {uid_marker(tag, level).encode() for level in "T123"}
    return allowed


WORDS = {
    *(f"Z{level}{word}" for level in "T123S" for word in ("NAME", "COMMENT", "PLACE", "CREATOR",
                                                          "PRIV")),
    *(f"Z{level}{g:04X}{w}" for level in "T123" for g in GROUPS for w in ("DESC", "COMM")),
    "ZPREAMBLE", "ZFSOURCE", "ZFSENDER", "ZFVERSION", "ZFPRIVATE", "ZEBEHIND", "ZEPADDING",
    "ZFILENAME", "1.2.3.70.1", "1.2.3.83.5",
}  # fmt: skip
MARKERS = re.compile(rb"Z[T123][0-9A-F]{8}|1\.2\.3\.\d\d\.9\d{10}")


def inside(path: Path) -> bytes:
    """Bytes of a file, and what is deflated in it."""
    content = path.read_bytes()
    if pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID.is_deflated:
        start = content.index(b"\x02\x00\x00\x00UL") + 8
        start += 4 + int.from_bytes(content[start : start + 4], "little")
        content += zlib.decompress(content[start:], -zlib.MAX_WBITS)
    return content


def found_in(content: bytes) -> set[bytes]:
    return set(MARKERS.findall(content)) | {w.encode() for w in WORDS if w.encode() in content}


@pytest.fixture(
    scope="module",
    params=[
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=["explicit", "implicit", "big-endian", "deflated"],
)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    data = planted(np.arange(20, dtype=np.uint16).reshape(4, 5), request.param)
    for i, place in enumerate(positions(2)):
        data.ImagePositionPatient = place
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        data.PixelSpacing = list(SPACING[1:])
        data.save_as(folder / f"ZFILENAME{i}.dcm", enforce_file_format=True)
    return folder


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("dates", ["shift", "remove"])
def test_no_marker_survives(folder: Path, tmp_path: Path, dates: str) -> None:
    before = {p: p.read_bytes() for p in folder.iterdir()}
    rows = deidentify_dicom(folder, tmp_path / "to", dates=dates)
    assert [row.status for row in rows] == ["written"] * 2
    assert {p: p.read_bytes() for p in folder.iterdir()} == before
    allowed = allowed_markers()
    for row in rows:
        assert b"ZFILE" not in row.target.encode()
        content = inside(Path(row.target))
        found = found_in(content)
        assert found - allowed == set()
        assert DATE.encode() not in content
        assert (TIME.encode() in content) == (dates == "shift")
        assert b"037Y" not in content
    # The test would see nothing if nothing were kept.
    assert marker(0x00080070, "T").encode() in found
    assert marker(0x00080070, "3").encode() in found


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_planted_series_reads_the_same(folder: Path, tmp_path: Path) -> None:
    deidentify_dicom(folder, tmp_path / "to")
    before, after = read_dicom(folder), read_dicom(tmp_path / "to")
    assert np.array_equal(before.array, after.array)
    assert np.array_equal(before.grid.affine, after.grid.affine)
    assert before.unit == after.unit


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_volume_holds_no_marker(folder: Path) -> None:
    volume = read_dicom(folder)
    held = repr((volume.info, volume.qc, volume.modality, volume.unit, volume.grid))
    held += repr([source.position for source in volume.sources])
    found = found_in(held.encode())
    # The maker and model of the scanner, its kernel, and the description, from which what
    # names the patient has been taken.
    scanner = {marker(tag, "T").encode() for tag in (0x00080070, 0x00081090, 0x00181210)}
    assert found - scanner <= {marker(0x0008103E, "T").encode()}
    assert DATE not in held


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_texts_in_the_place_of_numbers(tmp_path: Path) -> None:
    """A file may say that a number is a text, and hide a name there."""
    numeric = {"DS", "IS", "US", "SS", "UL", "SL", "FD", "FL", "AT", "OW", "OF", "UV", "US or SS"}
    data, item = dataset(np.zeros((4, 5), np.uint16)), Dataset()
    for tag, (vr, *_) in DicomDictionary.items():
        if vr in numeric and 8 <= tag >> 16 < 0x7FE0:
            item[tag] = DataElement(tag, "LO", marker(tag, "N"))
    data.VOILUTSequence = [item]
    (tmp_path / "from").mkdir()
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert b"ZN" not in Path(rows[0].target).read_bytes()


def test_every_rule_of_the_table_is_followed() -> None:
    """The library's own lists against the decisions, tag by tag."""
    from medvoxel.io.deidentify.rules import action_of, profile_edition, representation

    assert profile_edition() >= "2026c"
    never_kept = {"raw", "kept", "code", "number", "class"}
    for tag in NAMED_BY_TABLE:
        vr = representation(tag)
        for shift in (True, False):
            action = action_of(tag, frozenset(), shift)
            assert action not in never_kept
            if shift and vr in ("DA", "DT", "TM"):
                assert action == "shift" or tag in (0x00100030, 0x00100032)
    for name, allowed in (("X_TAGS", {"X"}), ("U_TAGS", {"U"}), ("Z_TAGS", {"Z", "patient"})):
        tags = [t[0] << 16 | t[1] for t in getattr(table, name) if len(t) == 2]
        known = [t for t in tags if representation(t) and t >> 16 >= 8]
        assert {action_of(t, frozenset(), False) for t in known} <= allowed


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_more_is_kept_than_by_the_library_itself(tmp_path: Path) -> None:
    """Whatever dicom-anonymizer changes at the top of a file is changed here, too."""
    from dicomanonymizer.simpledicomanonymizer import anonymize_dataset, initialize_actions

    data = dataset(np.zeros((4, 5), np.uint16))
    plant(data, "T", spare=STRUCTURE | {"PixelData"})
    (tmp_path / "from").mkdir()
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to", dates="remove")
    original, theirs, ours = (
        pydicom.dcmread(path)
        for path in (tmp_path / "from" / "a.dcm", tmp_path / "from" / "a.dcm", rows[0].target)
    )
    anonymize_dataset(theirs, base_rules_gen=lambda: initialize_actions("dicomfields_2026c"))
    changed = [e.tag for e in original if e.tag not in theirs or theirs[e.tag].value != e.value]
    assert len(changed) > 500
    same = [tag for tag in changed if tag in ours and ours[tag].value == original[tag].value]
    assert same == []
