"""Hostile files: refused with a classed error, or read right; never a crash or a hang.

Each file is read in another process (see fuzz_worker.py), whose memory and time are limited.
The files are the same in every run. For a longer run, set MEDVOXEL_FUZZ to how many times as
many files there shall be.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fuzz_files
import numpy as np
import pytest
from dicom_factory import stored_values, write_series
from fuzz_reader import Reader, require_linux, require_sane

from medvoxel import Segment, Segmentation, read_dicom, write_segmentation

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.configuration import set_hypothesis_home_dir  # noqa: E402

# Beside the package it would be packed with it.
set_hypothesis_home_dir(Path(tempfile.gettempdir(), "medvoxel-hypothesis"))
require_linux()

_TIMES = float(os.environ.get("MEDVOXEL_FUZZ", "1"))


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


class Intact(dict[str, list[bytes]]):
    """Intact series, which nobody wants to see printed beside a failure."""

    def __repr__(self) -> str:
        return "the intact series"


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Intact:
    return Intact(fuzz_files.dicom_seeds(tmp_path_factory.mktemp("intact")))


def files(count: int):
    """Settings for a number of hostile files."""
    return settings(
        max_examples=max(1, round(count * _TIMES)), derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def steps(*ways):
    number = st.integers(0, 2**16 - 1)
    step = st.tuples(st.sampled_from(ways), number, number)
    return st.lists(step, min_size=1, max_size=3)


def written(place: Path, contents: list[bytes], ending: str = ".dcm") -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for i, content in enumerate(contents):
        (place / f"{i}{ending}").write_bytes(content)
    return place


def spoilt(intact: list[bytes], which: int, damage) -> list[bytes]:
    """Spoil one file, or all in the same way."""
    chosen = range(len(intact)) if which >= len(intact) else (which,)
    return [
        fuzz_files.spoil(content, damage) if i in chosen else content
        for i, content in enumerate(intact)
    ]


EXPLICIT = ("explicit", "signed", "rle", "jpeg-ls", "jpeg-2000", "enhanced", "enhanced")
OTHER = ("implicit", "big-endian", "deflated")
KINDS = ("dicom", "dicom", "dicom-fix", "dicom-warn", "list")


@pytest.mark.parametrize("name", [*EXPLICIT, *OTHER])
def test_intact_series_are_read(reader, place, series, name):
    # Else the tests below would show no more than that everything is refused.
    for kind in sorted(set(KINDS)):
        outcome = reader.ask(kind, written(place / "c", series[name]))
        assert outcome["outcome"] == "read", outcome["text"]
        require_sane(outcome)


@files(1400)
@given(
    st.sampled_from(EXPLICIT), st.sampled_from(KINDS), st.integers(0, 5),
    steps(*fuzz_files.DICOM_WAYS),
)  # fmt: skip
def test_dicom(reader, place, series, name, kind, which, damage):
    folder = written(place / "c", spoilt(series[name], which, damage))
    require_sane(reader.ask(kind, folder))


@files(300)
@given(
    st.sampled_from(OTHER), st.sampled_from(KINDS), st.integers(0, 5),
    steps(*fuzz_files.PLAIN_WAYS),
)  # fmt: skip
def test_dicom_in_other_encodings(reader, place, series, name, kind, which, damage):
    folder = written(place / "c", spoilt(series[name], which, damage))
    require_sane(reader.ask(kind, folder))


@files(100)
@given(steps(*fuzz_files.PLAIN_WAYS))
def test_zip(reader, place, series, damage):
    path = place / "scan.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, content in enumerate(series["explicit"]):
            archive.writestr(zipfile.ZipInfo(f"scan/{i}.dcm"), content)
    path.write_bytes(fuzz_files.spoil(path.read_bytes(), damage))
    require_sane(reader.ask("dicom-zip", path))


NIFTI = fuzz_files.nifti_seeds()
NRRD = fuzz_files.nrrd_seeds()


@pytest.mark.parametrize("name", sorted(NIFTI))
def test_intact_nifti_is_read(reader, place, name):
    path = place / ("a.nii.gz" if "packed" in name else "a.nii")
    path.write_bytes(NIFTI[name])
    outcome = reader.ask("nifti", path)
    assert outcome["outcome"] == "read", outcome["text"]


@files(500)
@given(st.sampled_from(sorted(NIFTI)), st.booleans(), steps(*fuzz_files.NIFTI_WAYS))
def test_nifti(reader, place, name, labels, damage):
    path = place / ("a.nii.gz" if "packed" in name else "a.nii")
    path.write_bytes(fuzz_files.spoil(NIFTI[name], damage))
    require_sane(reader.ask("seg" if labels else "nifti", path))


@pytest.mark.parametrize("name", sorted(NRRD))
def test_intact_nrrd_is_read(reader, place, name):
    path = place / "a.nrrd"
    path.write_bytes(NRRD[name])
    outcome = reader.ask("seg" if name == "seg" else "nrrd", path)
    assert outcome["outcome"] == "read", outcome["text"]


@files(400)
@given(st.sampled_from(sorted(NRRD)), st.booleans(), steps(*fuzz_files.NRRD_WAYS))
def test_nrrd(reader, place, name, labels, damage):
    path = place / ("a.seg.nrrd" if labels else "a.nrrd")
    path.write_bytes(fuzz_files.spoil(NRRD[name], damage))
    require_sane(reader.ask("seg" if labels else "nrrd", path))


@pytest.fixture(scope="module")
def contours(tmp_path_factory) -> bytes:
    return fuzz_files.structure_set(tmp_path_factory.mktemp("contours") / "rtstruct.dcm")


@pytest.fixture(scope="module")
def segmentation(tmp_path_factory) -> bytes:
    return segmentation_file(tmp_path_factory.mktemp("segmentation"))


def segmentation_file(folder: Path) -> bytes:
    """A DICOM segmentation of two segments."""
    write_series(folder / "scan", stored_values((6, 12, 14)), FrameOfReferenceUID="1.2.3.4")
    scan = read_dicom(folder / "scan")
    labels = np.zeros(scan.grid.shape, np.uint8)
    labels[1:4, 3:9, 2:8], labels[4, 5:7, 5:7] = 1, 2
    segments = (Segment(1, "bone", "#E69F00"), Segment(2, "fat", "#56B4E9"))
    found = Segmentation(labels, scan.grid, segments)
    write_segmentation(found, folder / "seg.dcm", reference=scan)
    return (folder / "seg.dcm").read_bytes()


def test_intact_structure_set_is_read(reader, place, contours):
    path = place / "rt.dcm"
    path.write_bytes(contours)
    outcome = reader.ask("rtstruct", path)
    assert outcome["outcome"] == "read", outcome["text"]


@files(300)
@given(steps(*fuzz_files.DICOM_WAYS))
def test_structure_set(reader, place, contours, damage):
    path = place / "rt.dcm"
    path.write_bytes(fuzz_files.spoil(contours, damage))
    require_sane(reader.ask("rtstruct", path))


@files(300)
@given(steps(*fuzz_files.DICOM_WAYS))
def test_segmentation(reader, place, segmentation, damage):
    path = place / "seg.dcm"
    path.write_bytes(fuzz_files.spoil(segmentation, damage))
    require_sane(reader.ask("seg", path))
