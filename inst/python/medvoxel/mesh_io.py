"""Write meshes to STL, PLY and OBJ files whose headers say their frame."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._mesh_tools import check_mesh, part_of, trimesh_of
from .errors import FileFormatError, InputError
from .io._write import atomic_path
from .volume import Mesh

__all__ = ["write_mesh"]

# 3D Slicer looks for this word in the header or comments of a mesh file.
_FRAME = "SPACE=LPS"
_COMMENT = f"medvoxel, vertices in mm, x to the left, y to posterior, z to superior. {_FRAME}"
_STL_HEADER = 80


def write_mesh(mesh: Mesh, path: str | os.PathLike[str]) -> None:
    """Write a mesh to a file; the suffix chooses the format.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.
    path : path-like
        Where to; it ends in ``.stl`` (binary; triangles only), ``.ply`` (binary; with the
        segments' colours) or ``.obj`` (text; one named object for each segment).

    Raises
    ------
    InputError
        When the mesh has no faces.
    FileFormatError
        When the suffix is another one, the folder is missing, or it cannot be written to.

    Notes
    -----
    Vertices are LPS mm, which 3D Slicer and others expect by default; the header says so
    with ``SPACE=LPS``. STL and PLY hold single precision.
    """
    check_mesh(mesh)
    if not len(mesh.faces):
        raise InputError("The mesh has no faces, so there is nothing to write.")
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise FileFormatError(
            f"{Path(path).name!r} does not say a mesh format by its suffix.",
            hint="Let the name end in .stl, .ply or .obj.",
            path=str(path),
        )
    content = _WRITERS[suffix](mesh)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _stl(mesh: Mesh) -> bytes:
    from trimesh.exchange.stl import export_stl

    # A binary file that began with "solid" would be taken for a text one.
    header = f"LPS mm medvoxel {_FRAME}".encode("ascii").ljust(_STL_HEADER, b"\0")
    return header + export_stl(trimesh_of(mesh.vertices, mesh.faces))[_STL_HEADER:]


def _ply(mesh: Mesh) -> bytes:
    from trimesh.exchange.ply import export_ply

    surface = trimesh_of(mesh.vertices, mesh.faces)
    surface.visual.face_colors = _face_colours(mesh)
    content = export_ply(surface, vertex_normal=False)
    end = content.index(b"end_header\n")
    lines = [row for row in content[:end].decode("ascii").splitlines() if row[:7] != "comment"]
    names = [f"segment {row.value} {row.colour} {_one_line(row.name)}" for row in mesh.segments]
    lines[2:2] = [f"comment {text}" for text in (_COMMENT, *names)]
    return ("\n".join(lines) + "\n").encode("utf-8") + content[end:]


def _obj(mesh: Mesh) -> bytes:
    from trimesh import Scene
    from trimesh.exchange.obj import export_obj

    scene = Scene()
    for row in mesh.segments:
        part = trimesh_of(*part_of(mesh, row.value))
        if len(part.faces):
            scene.add_geometry(part, geom_name=_one_line(row.name))
    text = export_obj(scene, include_normals=False, include_texture=False, header=_COMMENT)
    return text.encode("utf-8")


_WRITERS: dict[str, Callable[[Mesh], bytes]] = {".stl": _stl, ".ply": _ply, ".obj": _obj}


def _face_colours(mesh: Mesh) -> NDArray[np.uint8]:
    colours = {row.value: bytes.fromhex(row.colour.lstrip("#")[:6]) for row in mesh.segments}
    values, which = np.unique(mesh.values, return_inverse=True)
    rgb = np.array([list(colours[int(value)]) for value in values], dtype=np.uint8)
    alpha = np.full((len(which), 1), 255, dtype=np.uint8)
    return np.hstack([rgb[which.reshape(-1)], alpha])


def _one_line(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip() or "segment"
