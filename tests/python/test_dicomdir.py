"""The images that a DICOMDIR lists are found, and nothing outside its folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pydicom
import pytest
from dicom_factory import stored_values, write_series
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import generate_uid

from medvoxel.errors import DicomError, FileFormatError
from medvoxel.io.dicom.dicomdir import files_of, is_dicomdir


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A disc as pydicom writes one: two series, and a record that is no image."""
    files = write_series(tmp_path / "a", stored_values((3, 4, 4)))
    files += write_series(tmp_path / "b", stored_values((2, 4, 4)), SeriesInstanceUID="1.2.9")
    fileset = FileSet()
    for file in files:
        fileset.add(_complete(pydicom.dcmread(file)))
    fileset.write(tmp_path / "disc")
    return tmp_path / "disc" / "DICOMDIR"


def _complete(data: Dataset) -> Dataset:
    # Records need what a bare image may lack.
    for keyword, value in (("StudyDate", "20200101"), ("StudyTime", "1200"), ("StudyID", "1"),
                           ("AccessionNumber", "")):  # fmt: skip
        setattr(data, keyword, value)
    return data


def _edit(path: Path, change) -> None:
    data = pydicom.dcmread(path)
    images = [r for r in data.DirectoryRecordSequence if r.DirectoryRecordType == "IMAGE"]
    change(images)
    data.save_as(path)


def test_the_images_are_listed(disc: Path) -> None:
    assert is_dicomdir(disc)
    files, missing = files_of(disc)
    assert missing == []
    on_disc = {str(p.resolve()) for p in disc.parent.rglob("*") if p.is_file()} - {str(disc)}
    assert set(files) == on_disc
    assert len(files) == len(set(files)) == 5


def test_other_files_are_none(disc: Path, tmp_path: Path) -> None:
    assert not is_dicomdir(files_of(disc)[0][0])
    assert not is_dicomdir(tmp_path)
    assert not is_dicomdir(tmp_path / "nothing")
    copied = tmp_path / "index.bin"  # by its content, not its name
    shutil.copy(disc, copied)
    assert is_dicomdir(copied)
    text = tmp_path / "DICOMDIR"
    text.write_text("no directory")
    assert not is_dicomdir(text)


def test_names_are_found_in_any_case(disc: Path) -> None:
    files = [Path(f) for f in files_of(disc)[0]]
    lowered = [f.with_name(f.name.lower()) for f in files[:2]]
    for file, name in zip(files, lowered, strict=False):
        file.rename(name)
    versioned = files[2].with_name(files[2].name + ";1")
    files[2].rename(versioned)
    found, missing = files_of(disc)
    assert found == [str(f) for f in (*lowered, versioned, *files[3:])]
    assert missing == []


def test_missing_files_are_named(disc: Path) -> None:
    files = files_of(disc)[0]
    os.remove(files[1])
    found, missing = files_of(disc)
    assert found == [files[0], *files[2:]]
    assert missing == [os.path.relpath(files[1], disc.parent).replace(os.sep, "/")]


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize(
    "name", [["..", "secret"], "../secret", "/etc/passwd", ["", "etc", "passwd"], "C:\\secret",
             ["LINK"], ["DOWN", "secret"], ["PT000000", "..", "..", "secret"]],
)  # fmt: skip
def test_nothing_outside_the_folder(disc: Path, name) -> None:
    secret = disc.parent.parent / "secret"
    secret.write_bytes(b"x")
    (disc.parent / "LINK").symlink_to(secret)
    (disc.parent / "DOWN").symlink_to(secret.parent)
    _edit(disc, lambda images: setattr(images[0], "ReferencedFileID", name))
    found, missing = files_of(disc)
    assert len(found) == 4
    assert len(missing) == 1


def test_circles_and_doubles_end(disc: Path) -> None:
    def change(images: list[Dataset]) -> None:
        for image in images:
            image.OffsetOfTheNextDirectoryRecord = 400
            image.OffsetOfReferencedLowerLevelDirectoryEntity = 400
        images[1].ReferencedFileID = images[0].ReferencedFileID
        images[2].RecordInUseFlag = 0

    _edit(disc, change)
    assert len(files_of(disc)[0]) == 3


def test_damage_is_a_classed_error(disc: Path, tmp_path: Path) -> None:
    whole = disc.read_bytes()
    for length in range(300, len(whole), 97):
        disc.write_bytes(whole[:length])
        with pytest.raises(DicomError):
            files_of(disc)
    with pytest.raises(FileFormatError):
        files_of(tmp_path / "nothing")
    data = Dataset()
    data.DirectoryRecordSequence = []
    data.file_meta = pydicom.dcmread(_restored(disc, whole)).file_meta
    data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.save_as(disc, enforce_file_format=True)
    with pytest.raises(DicomError, match="lists no images"):
        files_of(disc)


def _restored(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-implicit", "DICOMDIR-bigEnd"])
def test_a_real_disc(name: str) -> None:
    """A disc that comes with pydicom: 31 images of three patients in all syntaxes."""
    path = pydicom.data.get_testdata_file(f"dicomdirtests/{name}", download=False)
    if path is None:
        pytest.skip("this pydicom came without its test files")
    assert is_dicomdir(path)
    files, missing = files_of(path)
    assert (len(files), missing) == (31, [])
    assert all(pydicom.dcmread(f, stop_before_pixels=True).Modality for f in files)
