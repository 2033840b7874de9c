"""Folders and paths that are not what a reader expects, and files that unpack without end."""

from __future__ import annotations

import ast
import gzip
import os
import socket
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_factory import dataset, positions, stored_values, write_series
from fuzz_reader import Reader, require_linux, require_sane

import medvoxel
from medvoxel import errors, list_series, read_dicom, read_nifti, read_nrrd, read_segmentation
from medvoxel.io.dicom import folder as _folder
from medvoxel.io.dicom import series as _series

require_linux()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """Without a limit: what is asked for shall be seen."""
    reader = Reader(limited=False)
    yield reader
    reader.close()


# --- folders --------------------------------------------------------------------------


def add_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def add_pipe_named_as_a_slice(folder: Path) -> None:
    os.mkfifo(folder / "slice006.dcm")


def add_socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("control.sock")
    finally:
        os.chdir(here)


def add_devices(folder: Path) -> None:
    for name in ("zero", "null", "urandom", "full"):
        (folder / name).symlink_to(f"/dev/{name}")


def add_links_in_a_circle(folder: Path) -> None:
    (folder / "self").symlink_to(folder)
    (folder / "up").symlink_to("..")


def add_folder_named_as_a_slice(folder: Path) -> None:
    (folder / "slice006.dcm").mkdir()


def add_deep_folders(folder: Path) -> None:
    for _ in range(120):
        folder = folder / "deeper"
    folder.mkdir(parents=True)


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(add_pipe),
        pytest.param(add_pipe_named_as_a_slice),
        pytest.param(add_socket),
        add_devices,
        add_links_in_a_circle,
        add_folder_named_as_a_slice,
        add_deep_folders,
    ],
)
def test_what_is_no_file_is_passed_over(tmp_path, reader, add: Callable[[Path], None]):
    folder = tmp_path / "scan"
    write_series(folder)
    add(folder)
    for kind in ("dicom", "list"):
        outcome = reader.ask(kind, folder)
        require_sane(outcome)
        assert outcome["outcome"] == "read", outcome["text"]
        assert not outcome["warned"], outcome["warned"]


@pytest.mark.parametrize("target", ["nowhere", "slice006.dcm"])
def test_a_link_that_leads_nowhere_is_named(tmp_path, target):
    # As in a repository of data whose content was not fetched: a slice may be lost.
    write_series(tmp_path)
    (tmp_path / "slice006.dcm").symlink_to(target)
    with pytest.warns(errors.DicomWarning, match=r"slice006\.dcm: it cannot be opened"):
        assert len(read_dicom(tmp_path).array) == 6


def test_a_file_without_bytes_is_named(tmp_path):
    write_series(tmp_path)
    (tmp_path / "slice006.dcm").write_bytes(b"")
    with pytest.warns(errors.DicomWarning, match=r"slice006\.dcm: it is empty"):
        assert len(read_dicom(tmp_path).array) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    files = write_series(tmp_path)
    files[5].chmod(0)
    with pytest.warns(errors.DicomWarning, match=r"slice005\.dcm: it cannot be opened"):
        assert len(read_dicom(tmp_path).array) == 5


def test_a_slash_at_the_end(tmp_path):
    write_series(tmp_path / "scan")
    assert len(read_dicom(f"{tmp_path / 'scan'}{os.sep}").array) == 6
    assert len(list_series(f"{tmp_path / 'scan'}{os.sep}")) == 1


@pytest.mark.skipif(sys.platform == "darwin", reason="there every name is UTF-8")
def test_names_that_are_not_utf_8(tmp_path):
    files = write_series(tmp_path)
    odd = os.fsencode(tmp_path) + b"/sl\xff\xfe\x80.dcm"
    os.rename(files[3], odd)
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, stored_values().astype(int) - 1024)
    assert os.fsencode(volume.sources[3].file) == odd
    assert medvoxel.slice_files(volume)[3].uid


@pytest.mark.parametrize("name", ["a\nb", "c\td", "über", "-rf", "*?[", "\x1b[31m", " ", "%s"])
def test_odd_names(tmp_path, name):
    files = write_series(tmp_path)
    files[2].rename(tmp_path / f"{name}.dcm")
    assert len(read_dicom(tmp_path).array) == 6


# --- paths ----------------------------------------------------------------------------


READERS = (read_dicom, list_series, read_nifti, read_nrrd, read_segmentation)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("path", ["nowhere", "a\0b", "nowhere/scan.nii"])
def test_paths_that_lead_nowhere(read, path):
    with pytest.raises(errors.FileFormatError):
        read(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("path", ["~nobody-of-this-name/scan", "a" * 5000, None, 7, b"scan"])
def test_paths_that_are_none(read, path):
    with pytest.raises(errors.MedvoxelError):
        read(path)


@pytest.mark.parametrize("read", [read_dicom, list_series])
def test_an_empty_path_is_not_the_folder_that_r_happens_to_be_in(tmp_path, monkeypatch, read):
    write_series(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.MedvoxelError):
        read("")


# --- files that unpack without end ----------------------------------------------------

_BOMB = 400 << 20


def deflated(path: Path) -> Path:
    """Write a data set that is deflated, and huge once it is not."""
    data = dataset(stored_values()[0], syntax=pydicom.uid.DeflatedExplicitVRLittleEndian)
    data.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    start = 144 + struct.unpack_from("<I", content, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(zlib.decompress(content[start:], -15))
    packed += packer.compress(b"\xe0\x7f\x01\x00OB\0\0" + struct.pack("<I", _BOMB))
    for _ in range(_BOMB >> 20):
        packed += packer.compress(bytes(1 << 20))
    path.write_bytes(content[:start] + packed + packer.flush())
    return path


def test_deflated_without_end(tmp_path, reader):
    folder = tmp_path / "scan"
    folder.mkdir()
    deflated(folder / "a.dcm")
    # pydicom, with which the values would be compared otherwise, inflates it all.
    for kind in ("list", "dicom-warn"):
        require_sane(reader.ask(kind, folder))


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"]
)
def test_compressed_image_of_absurd_size(tmp_path, reader, syntax):
    folder = tmp_path / "scan"
    for path in write_series(folder, stored_values((2, 64, 64))):
        data = pydicom.dcmread(path)
        data.compress(syntax)
        data.Rows = data.Columns = 13_000
        data.save_as(path)
    outcome = reader.ask("dicom", folder)
    require_sane(outcome)
    assert outcome["outcome"] == "refused"


@pytest.mark.parametrize("frames", [100_000, 2_000_000_000])
@pytest.mark.parametrize("rows", [5, 65535])
def test_frames_without_end(tmp_path, reader, frames, rows):
    folder = tmp_path / "scan"
    write_series(
        folder, SOPClassUID=pydicom.uid.EnhancedCTImageStorage, NumberOfFrames=frames, Rows=rows
    )
    outcome = reader.ask("dicom", folder)
    require_sane(outcome)
    assert outcome["outcome"] == "refused"


def test_fragments_without_end(tmp_path, reader):
    folder = tmp_path / "scan"
    (path,) = write_series(folder, stored_values((1, 64, 64)))
    data = pydicom.dcmread(path)
    data.compress(pydicom.uid.RLELossless)
    data.save_as(path)
    content = path.read_bytes()
    end = content.rfind(b"\xfe\xff\xdd\xe0")
    path.write_bytes(content[:end] + b"\xfe\xff\x00\xe0\0\0\0\0" * 500_000 + content[end:])
    require_sane(reader.ask("dicom", folder))


def nifti_header(shape: tuple[int, ...]) -> bytearray:
    """Make the header of an image of bytes."""
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.uint8)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    return bytearray(header.binaryblock + bytes(4))


def test_nifti_bombs(tmp_path, reader):
    bomb = gzip.compress(nifti_header((30000, 30000, 30000)) + bytes(50 << 20), 9)
    (tmp_path / "large.nii.gz").write_bytes(bomb)
    (tmp_path / "members.nii.gz").write_bytes(gzip.compress(b"") * 100_000)
    (tmp_path / "plain.nii").write_bytes(nifti_header((30000, 30000, 30000)))
    (tmp_path / "behind.nii.gz").write_bytes(
        gzip.compress(nifti_header((4, 4, 4)) + bytes(64 + _BOMB), 1)
    )
    for name in ("large.nii.gz", "members.nii.gz", "plain.nii"):
        outcome = reader.ask("nifti", tmp_path / name)
        require_sane(outcome)
        assert outcome["outcome"] == "refused", name
    outcome = reader.ask("nifti", tmp_path / "behind.nii.gz")
    require_sane(outcome)
    assert outcome["outcome"] == "read"
    assert outcome["grown"] < 32 << 20


def test_nrrd_bombs(tmp_path, reader):
    head = (
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: {0} {0} {0}\nencoding: {1}\n"
        "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n\n"
    )
    for name, size, encoding, data in (
        ("raw", 30000, "raw", b""),
        ("gzip", 30000, "gzip", gzip.compress(bytes(50 << 20), 9)),
        ("text", 30000, "ascii", b"1 " * 1000),
    ):
        path = tmp_path / f"{name}.nrrd"
        path.write_bytes(head.format(size, encoding).encode() + data)
        outcome = reader.ask("nrrd", path)
        require_sane(outcome)
        assert outcome["outcome"] == "refused", name


def test_zip_bomb(tmp_path, reader):
    path = tmp_path / "scan.zip"
    intact = write_series(tmp_path / "scan")[0].read_bytes()
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.dcm", "w") as member,
    ):
        member.write(intact)
        for _ in range(900):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 2 << 20
    outcome = reader.ask("dicom-zip", path)
    require_sane(outcome)
    assert outcome["outcome"] == "refused"


# --- work that grows with the number of files and not with its square -----------------


def counted(monkeypatch, module, name: str) -> list[int]:
    """Count the calls of a function."""
    calls, original = [0], getattr(module, name)

    def count(*args, **kwargs):
        calls[0] += 1
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, count)
    return calls


def series_of(folder: Path, count: int, **tags) -> Path:
    write_series(folder, np.zeros((count, 2, 2), np.uint16), places=positions(count), **tags)
    return folder


@pytest.mark.parametrize("count", [50, 200])
def test_each_header_is_read_once_and_compared_once(tmp_path, monkeypatch, count):
    series_of(tmp_path, count)
    read = counted(monkeypatch, _folder, "read_header")
    compared = counted(monkeypatch, _series, "_same_raster")
    assert [row.slices for row in list_series(tmp_path)] == [count]
    assert read[0] == count
    assert compared[0] <= count


@pytest.mark.parametrize("count", [40, 160])
def test_images_that_all_differ_are_compared_with_few(tmp_path, monkeypatch, count):
    # One series in which every image has a pixel size of its own: in 20,000 files, comparing
    # all with all would take hours.
    each = [{"PixelSpacing": [0.5 + 0.01 * i, 0.5]} for i in range(count)]
    series_of(tmp_path, count, each=each)
    compared = counted(monkeypatch, _series, "_same_raster")
    assert len(list_series(tmp_path)) == count
    assert compared[0] <= 10 * count


@pytest.mark.parametrize("count", [40, 160])
def test_stacks_that_all_differ_are_named_in_little_work(tmp_path, monkeypatch, count):
    from medvoxel.io.dicom import duplicates as _duplicates

    each = [{"PixelSpacing": [0.5 + 0.01 * i, 0.5], "EchoTime": 2.46} for i in range(count)]
    series_of(tmp_path, count, each=each)
    asked = counted(monkeypatch, _duplicates, "_value")
    list_series(tmp_path)
    assert asked[0] <= 40 * count


# --- nothing that runs what it reads --------------------------------------------------

_PACKAGE = Path(medvoxel.__file__).parent
_RUNS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def test_no_file_is_ever_unpickled():
    sources = sorted(_PACKAGE.rglob("*.py"))
    assert len(sources) > 50
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                assert _RUNS.isdisjoint(a.name.split(".")[0] for a in node.names), where
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in _RUNS, where
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), where
                assert node.value.value is False, where
            elif isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("eval", "exec", "os.system", "yaml.load"), where
                if name in ("np.load", "numpy.load"):
                    words = {k.arg: k.value for k in node.keywords}
                    pickled = words.get("allow_pickle", ast.Constant(False))
                    assert isinstance(pickled, ast.Constant), where
                    assert pickled.value is False, where


def test_time_is_bounded_where_headers_are_deep(tmp_path, reader):
    import fuzz_files

    (path,) = write_series(tmp_path / "scan", stored_values((1, 5, 7)))
    content = path.read_bytes()
    place = next(e.start for e in fuzz_files.elements_of(content) if e.start > 300)
    for defined in (True, False):
        deep = fuzz_files.nest(100_000, defined=False, closed=defined)
        path.write_bytes(content[:place] + deep + content[place:])
        start = time.monotonic()
        require_sane(reader.ask("dicom", path.parent))
        assert time.monotonic() - start < 5
