"""Mesh files: read back by trimesh, headers read as bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh

from medvoxel import Grid, Mesh, Segment, Segmentation, make_mesh, write_mesh
from medvoxel.errors import FileFormatError, InputError


@pytest.fixture
def mesh(make_grid):
    grid = make_grid("mirrored", shape=(8, 14, 16))
    z, y, x = np.indices(grid.shape)
    array = np.zeros(grid.shape, np.uint8)
    array[(z > 1) & (z < 6) & (y > 2) & (y < 8) & (x > 2) & (x < 9)] = 1
    array[(z > 3) & (z < 7) & (y > 9) & (x > 9)] = 7
    table = (Segment(1, "Tibia, left", "#E69F00"), Segment(7, "Sehne\nAchilles ä", "#56B4E9"))
    return make_mesh(Segmentation(array, grid, table))


def load(path):
    return trimesh.load(path, process=False, maintain_order=True)


def test_stl_round_trip(mesh, tmp_path):
    path = tmp_path / "surface.stl"
    write_mesh(mesh, path)
    back = load(path)
    np.testing.assert_allclose(back.triangles, mesh.vertices[mesh.faces], atol=1e-4)
    header = path.read_bytes()[:80]
    assert b"SPACE=LPS" in header
    assert b"LPS mm medvoxel" in header
    assert not header.startswith(b"solid")
    assert path.stat().st_size == 84 + 50 * len(mesh.faces)
    merged = trimesh.load(path)
    assert merged.is_watertight
    assert merged.volume > 0


def test_ply_round_trip(mesh, tmp_path):
    path = tmp_path / "surface.ply"
    write_mesh(mesh, path)
    back = load(path)
    np.testing.assert_allclose(back.vertices, mesh.vertices, atol=1e-4)
    np.testing.assert_array_equal(back.faces, mesh.faces)
    orange = back.visual.face_colors[mesh.values == 1]
    np.testing.assert_array_equal(orange[:, :3], [[0xE6, 0x9F, 0x00]] * len(orange))
    header = path.read_bytes().split(b"end_header")[0].decode("utf-8")
    assert "SPACE=LPS" in header
    assert "comment segment 7 #56B4E9 Sehne Achilles ä\n" in header
    assert "github" not in header


def test_obj_round_trip(mesh, tmp_path):
    path = tmp_path / "surface.obj"
    write_mesh(mesh, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "SPACE=LPS" in text.splitlines()[0]
    assert [line for line in text.splitlines() if line.startswith("o ")] == [
        "o Tibia, left",
        "o Sehne Achilles ä",
    ]
    back = trimesh.load(io.StringIO(text), file_type="obj", process=False, maintain_order=True)
    np.testing.assert_allclose(back.vertices, mesh.vertices, atol=1e-6)
    np.testing.assert_array_equal(back.faces, mesh.faces)


def test_suffix_is_read_without_case_and_files_are_replaced(mesh, tmp_path):
    path = tmp_path / "surface.STL"
    path.write_text("old")
    write_mesh(mesh, str(path))
    assert path.stat().st_size == 84 + 50 * len(mesh.faces)
    assert [p.name for p in tmp_path.iterdir()] == ["surface.STL"]


@pytest.mark.parametrize("name", ["surface.vtk", "surface", "surface.stl.txt"])
def test_other_suffixes_are_refused(mesh, tmp_path, name):
    with pytest.raises(FileFormatError, match=r"\.stl, \.ply or \.obj"):
        write_mesh(mesh, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_missing_folder_and_empty_mesh(mesh, tmp_path):
    with pytest.raises(FileFormatError, match="no folder"):
        write_mesh(mesh, tmp_path / "nowhere" / "surface.stl")
    empty = Mesh(np.empty((0, 3)), np.empty((0, 3), int), np.empty(0, int), ())
    with pytest.raises(InputError, match="no faces"):
        write_mesh(empty, tmp_path / "surface.stl")
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file(mesh, tmp_path, monkeypatch):
    path = tmp_path / "surface.ply"
    path.write_text("old")

    def fail(self, data):
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(FileFormatError, match="no space left"):
        write_mesh(mesh, path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["surface.ply"]


def test_unused_vertices_do_no_harm(tmp_path):
    grid = Grid((3, 3, 3))
    mask = np.zeros(grid.shape, np.uint8)
    mask[1, 1, 1] = 2
    mesh = make_mesh(Segmentation(mask, grid, (Segment(2, "dot", "#000000"),)))
    more = Mesh(
        np.vstack([np.zeros((5, 3)), mesh.vertices]), mesh.faces + 5, mesh.values, mesh.segments
    )
    write_mesh(more, tmp_path / "dot.obj")
    back = trimesh.load(tmp_path / "dot.obj", process=False)
    assert len(back.vertices) == len(mesh.vertices)
