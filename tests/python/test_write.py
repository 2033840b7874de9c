"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from medvoxel.errors import FileFormatError
from medvoxel.io._write import atomic_path


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "labels.nii.gz"
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"voxels")
        assert temporary.parent == tmp_path
        assert temporary.name.endswith("labels.nii.gz")
        assert not target.exists()
    assert target.read_bytes() == b"voxels"
    assert names(tmp_path) == ["labels.nii.gz"]


def test_failure_keeps_the_old_file_and_leaves_nothing(tmp_path):
    target = tmp_path / "mesh.stl"
    target.write_bytes(b"old")

    def write_half(path: Path) -> None:
        path.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        write_half(temporary)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["mesh.stl"]


def test_failure_of_the_disk_is_told(tmp_path):
    told = pytest.raises(FileFormatError, match="could not be written: No space left")
    with told, atomic_path(tmp_path / "a.csv"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_old_file_is_replaced(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with atomic_path(str(target)) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_missing_folder_is_named(tmp_path):
    told = pytest.raises(FileFormatError, match=r"there is no folder .*nowhere")
    with told as caught, atomic_path(tmp_path / "nowhere" / "a.csv"):
        pytest.fail("the block must not run")
    assert "Create the folder" in caught.value.hint


def test_folder_in_place_of_a_file(tmp_path):
    with pytest.raises(FileFormatError, match="is a folder"), atomic_path(tmp_path):
        pytest.fail("the block must not run")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_folder_without_rights(tmp_path):
    tmp_path.chmod(0o500)
    try:
        told = pytest.raises(FileFormatError, match="cannot be written")
        with told, atomic_path(tmp_path / "a.csv"):
            pytest.fail("the block must not run")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_result_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "ours") as temporary:
        temporary.write_text("")
    rights = [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("plain", "ours")]
    assert rights[0] == rights[1]
