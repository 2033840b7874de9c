"""Which files are copied, which are left out, and where copies may go."""

from __future__ import annotations

import os
import re
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from deidentify_factory import CAPTURE, copies, write_one
from dicom_factory import dataset, stored_values, write_series
from pydicom.uid import RLELossless, generate_uid

from medvoxel import deidentify_dicom, read_dicom
from medvoxel.errors import Cancelled, DicomError, DicomWarning, FileFormatError, InputError

# --- what is flagged ---------------------------------------------------------------------


FLAGGED = [
    ({"BurnedInAnnotation": "YES"}, "texts in its pixels", True),
    ({"RecognizableVisualFeatures": "YES"}, "recognised", True),
    ({"SOPClassUID": CAPTURE}, "secondary capture", True),
    ({"SOPClassUID": CAPTURE + ".4"}, "secondary capture", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"}, "ultrasound", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.3.1"}, "ultrasound", True),
    ({"Modality": "US"}, "ultrasound", True),
    ({"ConversionType": "WSD"}, "screenshot", True),
    ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "screenshot", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.4"}, "photograph", True),
    ({"SOPClassUID": "1.3.12.2.1107.5.9.1"}, "not known to be safe", True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.67"}, "structured report", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "document", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1"}, "presentation state", False),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66"}, "raw data", False),
]


@pytest.mark.parametrize(("tags", "reason", "may_pass"), FLAGGED)
def test_what_may_show_a_person(
    tmp_path: Path, tags: dict[str, Any], reason: str, may_pass: bool
) -> None:
    write_one(tmp_path / "from" / "flagged.dcm", **tags)
    write_one(tmp_path / "from" / "plain.dcm")
    with pytest.warns(DicomWarning, match="1 that may show who the patient is"):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.status for row in rows] == ["left out", "written"]
    assert reason in rows[0].reason
    assert rows[0].target is None
    assert len(list((tmp_path / "to").rglob("*.dcm"))) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if not may_pass else "error", DicomWarning)
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "all", include_flagged=True)
    assert (rows[0].status == "written") == may_pass
    assert reason in rows[0].reason  # the copy is still flagged
    assert rows[1].reason == ""


def test_drawings_in_unused_bits_are_cleared(tmp_path: Path) -> None:
    values = np.arange(20, dtype=np.uint16).reshape(4, 5) * 200  # below 4096
    drawn = values.copy()
    drawn[1::2] |= 1 << 13
    drawn[::2] |= 1 << 15  # a bit that no overlay claims
    data = dataset(drawn, BitsStored=12, HighBit=11)
    for element, vr, value in ((0x0010, "US", 4), (0x0011, "US", 5), (0x0040, "CS", "G"),
                               (0x0050, "SS", [1, 1]), (0x0100, "US", 16),
                               (0x0102, "US", 13)):  # fmt: skip
        data.add_new((0x6000, element), vr, value)
    (tmp_path / "from").mkdir()
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    copy = copies(deidentify_dicom(tmp_path / "from", tmp_path / "to"))[0]
    stored = np.frombuffer(copy.PixelData, "<u2").reshape(4, 5)
    assert np.array_equal(stored & 0x0FFF, values)
    assert not (stored & (1 << 13)).any()
    assert not [e for e in copy if e.tag.group == 0x6000]
    # Where they cannot be cleared, the file is flagged.
    data.compress(RLELossless)
    data.save_as(tmp_path / "from" / "a.dcm", enforce_file_format=True)
    with pytest.warns(DicomWarning):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "rle")
    assert "unused bits" in rows[0].reason


def test_a_value_bit_is_never_taken_for_a_drawing(tmp_path: Path) -> None:
    plane = np.full((4, 5), 0xFFFF, np.uint16)
    data = dataset(plane)
    data.add_new((0x6000, 0x0102), "US", 3)
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    copy = copies(deidentify_dicom(tmp_path / "a.dcm", tmp_path / "to"))[0]
    assert copy.PixelData == plane.tobytes()


# --- other files -------------------------------------------------------------------------


def test_other_files_are_listed_and_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "from"
    write_series(source / "Mustermann_Erika", stored_values((2, 4, 5)))
    (source / "notes.txt").write_text("Erika Mustermann")
    (source / ".hidden").write_text("x")
    (source / "empty").write_bytes(b"")
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes")
    os.mkfifo(source / "pipe")
    (source / "gone").symlink_to(tmp_path / "nothing")
    rows = deidentify_dicom(source, tmp_path / "to")
    assert [Path(row.source).name for row in rows if row.status == "written"] == [
        "slice000.dcm", "slice001.dcm",
    ]  # fmt: skip
    others = {Path(row.source).name: row.reason for row in rows if row.status != "written"}
    assert set(others) == {"notes.txt", ".hidden", "empty", "pipe", "gone"}
    assert all(others.values())
    names = [p.relative_to(tmp_path / "to") for p in (tmp_path / "to").rglob("*")]
    assert not any(re.search("must|erika", str(name), re.IGNORECASE) for name in names)
    files = sorted(name.as_posix() for name in names if name.suffix)
    patient = rows[-1].patient or next(r.patient for r in rows if r.patient)
    assert files == [f"{patient}/series-001/slice-000{i}.dcm" for i in (1, 2)]


def test_slices_are_numbered_as_people_count(tmp_path: Path) -> None:
    names = [f"IM{i}" for i in (1, 2, 10, 11, 3, 20)]
    write_series(tmp_path / "from", names=names)
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [Path(row.source).name for row in rows] == ["IM1", "IM2", "IM3", "IM10", "IM11", "IM20"]
    assert [row.target[-8:] for row in rows] == [f"000{i}.dcm" for i in range(1, 7)]


def test_two_copies_of_a_series_stay_two(tmp_path: Path) -> None:
    write_series(tmp_path / "from" / "a")
    shutil.copytree(tmp_path / "from" / "a", tmp_path / "from" / "b")
    rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.series for row in rows] == [1] * 6 + [2] * 6
    for number in (1, 2):
        folder = Path(rows[6 * number - 1].target).parent
        assert read_dicom(folder).array.shape[0] == 6


def test_every_cut_leaves_the_file_out(tmp_path: Path) -> None:
    source = write_one(tmp_path / "whole.dcm", PatientComments="C" * 50)
    whole = source.read_bytes()
    (tmp_path / "from").mkdir()
    lengths = [*range(140, len(whole), 7), len(whole) - 1]
    for length in lengths:
        (tmp_path / "from" / f"{length:05d}.dcm").write_bytes(whole[:length])
    (tmp_path / "from" / "whole.dcm").write_bytes(whole)
    with pytest.warns(DicomWarning, match=f"{len(lengths)} damaged"):
        rows = deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert [row.status for row in rows] == ["left out"] * len(lengths) + ["written"]
    assert all("damaged" in row.reason for row in rows[:-1])


def test_what_follows_the_data_is_not_copied(tmp_path: Path) -> None:
    source = write_one(tmp_path / "a.dcm")
    with open(source, "ab") as file:
        file.write(b"Erika Mustermann" * 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DicomWarning)
        rows = deidentify_dicom(source, tmp_path / "to")
    assert rows[0].status == "left out" or b"Erika" not in Path(rows[0].target).read_bytes()


def test_zip_and_disc(tmp_path: Path) -> None:
    files = write_series(tmp_path / "from" / "Mustermann")
    (tmp_path / "from" / "note.txt").write_text("x")
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as opening:
        for file in (*files, tmp_path / "from" / "note.txt"):
            opening.write(file, file.relative_to(tmp_path / "from"))
    rows = deidentify_dicom(archive, tmp_path / "zip", secret="one secret")
    plain = deidentify_dicom(tmp_path / "from", tmp_path / "plain", secret="one secret")
    assert [r.source for r in rows] == [
        f"{archive}!Mustermann/{file.name}" for file in files
    ] + [f"{archive}!note.txt"]  # fmt: skip
    assert [r.status for r in rows] == [r.status for r in plain]
    for a, b in zip(rows, plain, strict=True):
        if a.target:
            assert Path(a.target).read_bytes() == Path(b.target).read_bytes()

    from pydicom.fileset import FileSet

    disc = FileSet()
    for file in files:
        data = pydicom.dcmread(file)
        data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = (
            "20200101",
            "12",
            "1",
            "",
        )
        disc.add(data)
    disc.write(tmp_path / "disc")
    next(p for p in (tmp_path / "disc").rglob("*") if p.is_file() and p.name != "DICOMDIR").unlink()
    rows = deidentify_dicom(tmp_path / "disc" / "DICOMDIR", tmp_path / "of-disc")
    assert sorted(row.status for row in rows) == ["left out"] + ["written"] * 5
    rows = deidentify_dicom(tmp_path / "disc", tmp_path / "of-folder")
    reasons = {Path(row.source).name: row.reason for row in rows if not row.target}
    assert list(reasons) == ["DICOMDIR"]
    assert "table of contents" in reasons["DICOMDIR"]


# --- places ------------------------------------------------------------------------------


def state(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_the_input_is_not_touched(tmp_path: Path) -> None:
    source = tmp_path / "from"
    for file in write_series(source):
        file.chmod(0o400)
    before = state(source)
    source.chmod(0o500)
    deidentify_dicom(source, tmp_path / "to")
    assert state(source) == before
    source.chmod(0o700)


def test_places_that_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "outer" / "from"
    write_series(source / "sub")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".x").write_text("x")
    (tmp_path / "file").write_text("x")
    before = state(tmp_path)
    for target in (source, source / "to", source / "sub" / "to", tmp_path / "outer", tmp_path,
                   tmp_path / "link", tmp_path / "link" / "to",
                   source / "sub" / ".." / "to"):  # fmt: skip
        with pytest.raises(InputError, match="originals"):
            deidentify_dicom(source, target)
    with pytest.raises(InputError, match="originals"):
        deidentify_dicom(tmp_path / "link", source / "to")
    for target, message in (("full", "not empty"), ("file", "not a folder"),
                            ("no/such/to", "no folder")):  # fmt: skip
        with pytest.raises(FileFormatError, match=message):
            deidentify_dicom(source, tmp_path / target)
    with pytest.raises(FileFormatError, match="no file or folder"):
        deidentify_dicom(tmp_path / "nowhere", tmp_path / "to")
    assert state(tmp_path) == before
    # A sister whose name begins alike is another place; so is an empty folder that exists.
    (tmp_path / "outer" / "from-2").mkdir()
    rows = deidentify_dicom(source, tmp_path / "outer" / "from-2")
    assert {row.status for row in rows} == {"written"}


def test_nothing_to_copy(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for text in (None, "text"):
        if text:
            (tmp_path / "from" / "a.txt").write_text(text)
        with pytest.raises(DicomError, match="no DICOM file"):
            deidentify_dicom(tmp_path / "from", tmp_path / "to")
        assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("existed", [True, False])
def test_what_is_stopped_leaves_nothing(tmp_path: Path, existed: bool) -> None:
    write_series(tmp_path / "from", stored_values((6, 4, 5)))
    if existed:
        (tmp_path / "to").mkdir()
    calls = []

    def stop_late(done: float, label: str) -> bool:
        calls.append(done)
        return done < 1

    with pytest.raises(Cancelled):
        deidentify_dicom(tmp_path / "from", tmp_path / "to", progress=stop_late)
    assert calls[-1] == 1.0
    assert (tmp_path / "to").exists() == existed
    assert not existed or not list((tmp_path / "to").iterdir())


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(tmp_path / "from", stored_values((3, 4, 5)))
    real, count = pydicom.dcmwrite, []

    def fail_late(path: Any, *args: Any, **kwargs: Any) -> None:
        count.append(path)
        real(path, *args, **kwargs)
        if len(count) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pydicom, "dcmwrite", fail_late)
    with pytest.raises(FileFormatError, match="No space left"):
        deidentify_dicom(tmp_path / "from", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_uids_are_derived_as_the_standard_says() -> None:
    from medvoxel.io.deidentify.key import Key

    key = Key("a secret of some length")
    uids = [key.uid(generate_uid()) for _ in range(200)]
    assert all(re.fullmatch(r"2\.25\.[1-9]\d*", uid) and len(uid) <= 64 for uid in uids)
    assert len(set(uids)) == 200
    assert key.uid("1.2.840.10008.1.4.1.1") == "1.2.840.10008.1.4.1.1"
    assert key.uid("1.2.3\0") == key.uid("1.2.3 ") == key.uid("1.2.3")
    assert key.uid("") == ""
