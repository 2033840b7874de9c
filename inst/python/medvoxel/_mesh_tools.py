"""What the mesh functions share: parts, joints and closedness of triangle lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .volume import Mesh, Segment

__all__ = [
    "check_mesh",
    "check_whole",
    "is_closed",
    "join",
    "part_of",
    "trimesh_of",
    "used_vertices",
    "without_opposites",
]


def check_mesh(mesh: Any) -> Mesh:
    """Refuse what is no mesh.

    Parameters
    ----------
    mesh : object
        What a user gave.

    Returns
    -------
    Mesh
        The same.

    Raises
    ------
    InputError
        When it is something else.
    """
    if not isinstance(mesh, Mesh):
        raise InputError(
            f"A mesh is needed, not {type(mesh).__name__}.", hint="Make one with make_mesh()."
        )
    return mesh


def check_whole(value: Any, name: str, least: int) -> int:
    """Refuse what is no whole number of at least `least`.

    Parameters
    ----------
    value : object
        What a user gave.
    name : str
        Name of the argument.
    least : int
        The smallest number allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InputError
        When it is something else.
    """
    whole = isinstance(value, Real) and float(value).is_integer()
    if not whole or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def used_vertices(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Leave out vertices that no face needs.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Points.
    faces : ndarray of int, shape (m, 3)
        Rows of `vertices`.

    Returns
    -------
    vertices, faces : ndarray
        In the old order.
    """
    used = np.zeros(len(vertices), dtype=bool)
    used[faces] = True
    if used.all():
        return vertices, faces
    number = np.cumsum(used) - 1
    return vertices[used], number[faces]


def part_of(mesh: Mesh, value: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Take the surface of one segment out of a mesh.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.
    value : int
        The segment's value.

    Returns
    -------
    vertices, faces : ndarray
        The segment's own vertices and faces.
    """
    return used_vertices(mesh.vertices, mesh.faces[mesh.values == value])


def join(
    surfaces: Iterable[tuple[NDArray[Any], NDArray[Any]]], segments: Sequence[Segment]
) -> Mesh:
    """Put the surfaces of several segments into one mesh.

    Parameters
    ----------
    surfaces : iterable of tuple
        Vertices and faces of each segment.
    segments : sequence of Segment
        Their rows of the table, in the same order.

    Returns
    -------
    Mesh
        With every surface on vertices of its own.
    """
    vertices, faces, values, count = [], [], [], 0
    for (points, triangles), segment in zip(surfaces, segments, strict=True):
        vertices.append(np.asarray(points, dtype=np.float64))
        faces.append(np.asarray(triangles, dtype=np.int64) + count)
        values.append(np.full(len(triangles), segment.value, dtype=np.int64))
        count += len(points)
    return Mesh(
        np.concatenate(vertices), np.concatenate(faces), np.concatenate(values), tuple(segments)
    )


def trimesh_of(vertices: NDArray[Any], faces: NDArray[Any]) -> Any:
    """Make trimesh's mesh of the same vertices and faces.

    Parameters
    ----------
    vertices, faces : ndarray
        Taken as they are; nothing is merged or dropped.

    Returns
    -------
    trimesh.Trimesh
        Sharing no memory that trimesh would change.
    """
    import trimesh

    return trimesh.Trimesh(vertices=vertices, faces=faces, process=False, validate=False)


def is_closed(faces: NDArray[np.int64]) -> bool:
    """Whether a list of triangles encloses its inside without a gap.

    Parameters
    ----------
    faces : ndarray of int, shape (m, 3)
        Vertex numbers.

    Returns
    -------
    bool
        True when every edge is passed equally often in both directions: the faces have
        no border and agree on what is outside. Surfaces that touch along an edge pass.
    """
    if not len(faces):
        return False
    start = faces.ravel()
    end = np.roll(faces, -1, axis=1).ravel()
    count = int(faces.max()) + 1
    forth = np.sort(start * count + end)
    back = np.sort(end * count + start)
    return bool(np.array_equal(forth, back))


def without_opposites(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Drop pairs of faces that lie back to back, and faces without three corners.

    Parameters
    ----------
    faces : ndarray of int, shape (m, 3)
        Vertex numbers.

    Returns
    -------
    ndarray of int
        What is left; a closed surface stays closed and encloses the same volume.
    """
    ordered = np.sort(faces, axis=1)
    proper = (ordered[:, 0] < ordered[:, 1]) & (ordered[:, 1] < ordered[:, 2])
    faces, ordered = faces[proper], ordered[proper]
    if not len(faces):
        return faces
    _, group, sizes = np.unique(ordered, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    shared = np.flatnonzero(sizes[group] > 1)
    # Of the six orders of three corners, three turn one way and three the other.
    turn = np.prod(np.sign(faces[shared] - np.roll(faces[shared], 1, axis=1)), axis=1)
    keep = np.ones(len(faces), dtype=bool)
    waiting: dict[tuple[int, int], list[int]] = {}
    for face, key, way in zip(shared.tolist(), group[shared].tolist(), turn.tolist(), strict=True):
        opposite = waiting.get((key, -way))
        if opposite:
            keep[[face, opposite.pop()]] = False
        else:
            waiting.setdefault((key, way), []).append(face)
    return faces[keep]
