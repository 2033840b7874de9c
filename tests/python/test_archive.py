"""A zip file is read as a folder is, and nothing of it is written anywhere else."""

from __future__ import annotations

import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from dicom_factory import stored_values, write_series

from medvoxel.errors import Cancelled, DicomError, DicomWarning, FileFormatError
from medvoxel.io.archive import members as limits
from medvoxel.io.archive.names import harmless_paths, split_name
from medvoxel.io.archive.opening import is_archive, opened, real_files

DICOM = bytes(128) + b"DICM" + b"content"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder that may be written to; it is empty again at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_zip_holds_what_the_folder_held(tmp_path: Path, temporary: Path) -> None:
    files = write_series(tmp_path / "scan" / "a", stored_values())
    path = tmp_path / "scan.data"  # known by its content, not its name
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, f"patient/a/{file.name}")
    with opened(path) as place:
        assert place.folder.parent == temporary.resolve()
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
        found = everything(place.folder)
        assert found == {f"patient/a/{f.name}": f.read_bytes() for f in files}
        inside = place.folder / "patient" / "a"
        assert place.label(inside / "slice002.dcm") == f"{path}!patient/a/slice002.dcm"
        assert place.label(inside) == f"{path}!patient/a"
        assert place.label(inside.parent) == f"{path}!patient"
        assert place.label(place.folder) == str(path)


def test_what_is_no_zip_is_handed_on(tmp_path: Path, temporary: Path) -> None:
    file = write_series(tmp_path, stored_values((1, 4, 4)))[0]
    for path in (tmp_path, file, tmp_path / "nothing"):
        with opened(path) as place:
            assert place.folder == path
            assert place.label(str(file)) == str(file)
    with open(file, "ab") as dicom:  # a DICOM file that ends as a zip file does
        dicom.write(make_zip(tmp_path / "x.zip", {"a": b"b"}).read_bytes())
    assert zipfile.is_zipfile(file)
    assert not is_archive(file)


HOSTILE = [
    "../outside.dcm", "../../../../outside.dcm", "/outside.dcm", "//server/share/outside.dcm",
    "C:\\outside.dcm", "C:outside.dcm", "..\\outside.dcm", "a/../../outside.dcm", "a/b",
    "a", "A", "con.dcm", "NUL", "aux/x.dcm", "COM¹.dcm", "x.dcm.", "x.dcm ", "x.dcm", "X.DCM",
    "n" * 300 + ".dcm", "/".join("d" * 40 for _ in range(20)) + "/x.dcm", "a:stream.dcm",
    "new\nline.dcm", "tab\t.dcm", "\u202egpj.dcm", "q?.dcm", "file-3.dcm", "~/home.dcm",
    "$HOME/x.dcm", "\uff4e\uff55\uff4c.dcm", "İ.dcm", "i̇.dcm", "é.dcm", "e\u0301.dcm", "-rf",
    "%2e%2e/x.dcm",
]  # fmt: skip


def test_no_name_leads_out(tmp_path: Path, temporary: Path) -> None:
    members = {name: DICOM + str(i).encode() for i, name in enumerate(HOSTILE)}
    path = make_zip(tmp_path / "hostile.zip", members)
    before = everything(tmp_path)
    with opened(path) as place:
        found = {p: p.read_bytes() for p in place.folder.rglob("*") if p.is_file()}
        # Every content arrived once, whatever it was called, and keeps its own name.
        assert sorted(found.values()) == sorted(members.values())
        names = {place.label(p): content for p, content in found.items()}
        assert names == {f"{path}!{name}": content for name, content in members.items()}
        everywhere = everything(tmp_path)
        outside = {k: v for k, v in everywhere.items() if not k.startswith("temporary")}
        assert outside == before
    assert everything(tmp_path) == before


def test_harmless_paths_are_harmless_everywhere() -> None:
    paths = harmless_paths([split_name(name) for name in HOSTILE])
    assert len({p.casefold() for p in paths}) == len(HOSTILE)
    for path in paths:
        parts = path.split("/")
        assert not os.path.isabs(path)
        assert len(path) < 200
        for part in parts:
            assert part not in ("", ".", "..")
            assert part.isprintable()
            assert not set(part) & set('<>:"\\|?*')
            assert part.split(".")[0].lower() not in ("con", "nul", "aux", "com¹")
            assert part == part.strip(" ")
            assert not part.endswith(".")
    # No file where there is a folder.
    folders = {p.rsplit("/", 1)[0].casefold() for p in paths if "/" in p}
    assert not folders & {p.casefold() for p in paths}
    assert paths[HOSTILE.index("a/b")] == "a/b"
    assert paths[HOSTILE.index("x.dcm")] == "x.dcm"


def test_links_and_hidden_files_stay_inside(tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
        archive.writestr("link/passwd", DICOM)
        device = zipfile.ZipInfo("device")
        device.create_system = 3
        device.external_attr = (stat.S_IFCHR | 0o666) << 16
        archive.writestr(device, "")
        archive.writestr("__MACOSX/a/._IM1", b"x")
        archive.writestr("a/.DS_Store", b"x")
        archive.writestr("a/notes.txt", b"x")
        archive.writestr("a/dicom.txt", DICOM)
        archive.writestr("a/IM1", DICOM)
        archive.mkdir("empty") if hasattr(archive, "mkdir") else None
    with opened(path) as place:
        assert not any(p.is_symlink() for p in place.folder.rglob("*"))
        assert sorted(everything(place.folder)) == ["a/IM1", "a/dicom.txt", "link/passwd"]
        assert dict(place.skipped) == {
            "link": "it is a link or device",
            "device": "it is a link or device",
            "__MACOSX/a/._IM1": "it is hidden",
            "a/.DS_Store": "it is hidden",
            "a/notes.txt": "it is not DICOM",
        }


def test_the_last_of_two_equal_names_counts(tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("IM1", DICOM + b"old")
        archive.writestr("IM1", DICOM + b"new")
    with opened(path) as place:
        assert everything(place.folder) == {"IM1": DICOM + b"new"}
        assert place.skipped == (("IM1", "a later member has the same name"),)
    with real_files() as real:
        assert real(f"{path}!IM1").read_bytes() == DICOM + b"new"


def test_names_in_utf8_without_the_flag(tmp_path: Path, temporary: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"Müßig.dcm": DICOM})
    # The flag that says UTF-8 stands in the local header and in the directory.
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(magic) + offset
        flags = struct.unpack_from("<H", content, at)[0]
        assert flags & 0x800
        struct.pack_into("<H", content, at, flags & ~0x800)
    path.write_bytes(content)
    with opened(path) as place:
        file = place.folder / "Müßig.dcm"
        assert place.label(file) == f"{path}!Müßig.dcm"
    path.write_bytes(content.replace("ß".encode(), b"\xff\xff"))
    with opened(path) as place:
        assert list(everything(place.folder).values()) == [DICOM]


def test_names_that_are_no_utf8_are_refused(tmp_path: Path, temporary: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"Müßig.dcm": DICOM})
    path.write_bytes(path.read_bytes().replace("ß".encode(), b"\xff\xff"))
    with pytest.raises(FileFormatError, match="damaged"), opened(path):
        pass


def test_archives_in_archives_are_named(tmp_path: Path, temporary: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"IM1": DICOM}).read_bytes()
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM, "more/inner.zip": inner})
    with pytest.warns(DicomWarning, match=r"more/inner\.zip"), opened(path) as place:
        assert list(everything(place.folder)) == ["IM1"]


def test_nothing_in_it(tmp_path: Path, temporary: Path) -> None:
    for members in ({}, {"readme.txt": b"text", ".hidden": DICOM}):
        path = make_zip(tmp_path / "x.zip", members)
        with pytest.raises(DicomError, match="no scan"), opened(path):
            pass


@pytest.mark.parametrize("flag", [0x1, 0x41])
def test_a_locked_archive_says_so(tmp_path: Path, temporary: Path, flag: int) -> None:
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= flag
    content[content.index(b"PK\x01\x02") + 8] |= flag
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="locked with a password") as caught, opened(path):
        pass
    assert "Unpack it with its password" in caught.value.hint


def test_every_cut_is_an_error(tmp_path: Path, temporary: Path) -> None:
    whole = make_zip(tmp_path / "x.zip", {"a/IM1": DICOM, "a/IM2": DICOM * 40}).read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(4, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError), opened(path):
            pass


def test_every_changed_byte_is_an_error_or_harmless(tmp_path: Path, temporary: Path) -> None:
    members = {"a/IM1": DICOM, "a/IM2": DICOM * 40}
    whole = make_zip(tmp_path / "x.zip", members).read_bytes()
    path = tmp_path / "changed.zip"
    refused = 0
    for at in range(4, len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DicomWarning)
                with opened(path) as place:
                    # What arrives is what was packed, never other bytes.
                    assert set(everything(place.folder).values()) <= set(members.values())
        except (FileFormatError, DicomError):
            refused += 1
    assert refused > len(whole) / 3


def test_bombs_are_refused(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_zip(tmp_path / "x.zip", {f"IM{i}": bytes(1 << 20) for i in range(4)})
    with opened(path):  # empty images of a phantom are no bomb
        pass
    monkeypatch.setattr(limits, "_RATIO_MATTERS_ABOVE", 1 << 20)
    with pytest.raises(FileFormatError, match="zip bomb"), opened(path):
        pass
    monkeypatch.setattr(limits, "_MOST_MEMBERS", 3)
    with pytest.raises(FileFormatError, match="4 members"), opened(path):
        pass
    monkeypatch.setattr(limits, "_LONGEST_DIRECTORY", 100)
    with pytest.raises(FileFormatError, match="more than 3 members"), opened(path):
        pass


def test_a_full_disk_is_seen_before(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_zip(tmp_path / "x.zip", {"IM1": bytes(3000)})
    usage = limits.shutil.disk_usage(tmp_path)._replace(free=limits._RESERVE + 2999)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(FileFormatError, match="GB are free"), opened(path):
        pass


def test_overlapping_members_are_refused(tmp_path: Path, temporary: Path) -> None:
    """David Fifield's construction: many entries of the directory, one set of bytes."""
    path = make_zip(tmp_path / "x.zip", {"IM1": bytes(1 << 20)})
    content = path.read_bytes()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry = content[start:end]
    tail = bytearray(content[end:])
    struct.pack_into("<HHL", tail, 8, 50, 50, 50 * len(entry))
    entries = b"".join(entry.replace(b"IM1", b"I%02d" % i) for i in range(50))
    path.write_bytes(content[:start] + entries + bytes(tail))
    assert len(zipfile.ZipFile(path).infolist()) == 50
    with pytest.raises(FileFormatError, match="overlap"), opened(path):
        pass


@pytest.mark.parametrize("said", [10, 10_000_000])
def test_a_size_that_lies_is_an_error(tmp_path: Path, temporary: Path, said: int) -> None:
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM * 1000})
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", content, content.index(magic) + offset, said)
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="damaged"), opened(path):
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods(tmp_path: Path, temporary: Path, method: int) -> None:
    content = np.random.default_rng(1).bytes(3_000_000)
    path = make_zip(tmp_path / "x.zip", {"IM1": content}, method)
    with opened(path) as place:
        assert everything(place.folder) == {"IM1": content}
    unknown = bytearray(path.read_bytes())
    struct.pack_into("<H", unknown, unknown.index(b"PK\x03\x04") + 8, 9)  # Deflate64
    struct.pack_into("<H", unknown, unknown.rindex(b"PK\x01\x02") + 10, 9)
    path.write_bytes(unknown)
    with pytest.raises(FileFormatError), opened(path):
        pass


def test_larger_fields(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zipfile.ZIP_FILECOUNT_LIMIT", 1)
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM, "IM2": DICOM})
    assert b"PK\x06\x06" in path.read_bytes()
    with opened(path) as place:
        assert len(everything(place.folder)) == 2


def test_progress_and_cancelling(tmp_path: Path, temporary: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM})
    seen = []
    with opened(path, progress=lambda done, label: seen.append((done, label))):
        pass
    assert seen[-1] == (1.0, "Unpacking")
    with pytest.raises(Cancelled), opened(path, progress=lambda done, label: False):
        pass


def test_the_folder_goes_when_reading_fails(tmp_path: Path, temporary: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"IM1": DICOM})
    with suppress(ZeroDivisionError), opened(path) as place:
        assert place.folder.is_dir()
        raise ZeroDivisionError
    assert not place.folder.exists()


def test_members_are_found_again(tmp_path: Path, temporary: Path) -> None:
    folder = tmp_path / "odd! name"
    folder.mkdir()
    path = make_zip(folder / "a!b.zip", {"x!y/IM1": DICOM + b"1", "../IM2": DICOM + b"2"})
    plain = folder / "plain!.dcm"
    plain.write_bytes(DICOM)
    with real_files() as real:
        assert real(str(plain)) == plain
        assert real(f"{path}!x!y/IM1").read_bytes() == DICOM + b"1"
        member = real(f"{path}!../IM2")
        assert member.read_bytes() == DICOM + b"2"
        assert temporary in member.parents
        for gone in (f"{path}!IM3", f"{folder / 'c.zip'}!IM1", str(folder / "none.dcm")):
            with pytest.raises(FileFormatError, match="no file"):
                real(gone)
    assert not member.exists()
