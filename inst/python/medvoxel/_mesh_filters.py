"""Smoothing and decimation of one surface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags

from ._mesh_tools import used_vertices, without_opposites

__all__ = ["decimate", "neighbour_mean"]

# How far quadric decimation may go to reach its goal (its own default).
_AGGRESSION = 7.0


def neighbour_mean(faces: NDArray[np.int64], count: int) -> tuple[Any, NDArray[np.bool_]]:
    """Make the matrix that takes every vertex to the mean of its neighbours.

    Parameters
    ----------
    faces : ndarray of int, shape (m, 3)
        Vertex numbers.
    count : int
        Number of vertices.

    Returns
    -------
    mean : csr_matrix, shape (count, count)
        Rows sum to 1; a vertex without neighbours stays where it is.
    border : ndarray of bool, shape (count,)
        Vertices at an edge of one face only, which a closed surface has none of.
    """
    start = np.concatenate([faces.ravel(), np.roll(faces, -1, axis=1).ravel()])
    end = np.concatenate([np.roll(faces, -1, axis=1).ravel(), faces.ravel()])
    links = coo_matrix((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    border = np.zeros(count, dtype=bool)
    border[links.indices[links.data == 1]] = True
    links.data[:] = 1.0
    alone = np.flatnonzero(np.diff(links.indptr) == 0)
    if len(alone):
        links = links + coo_matrix((np.ones(len(alone)), (alone, alone)), shape=links.shape)
    degree = np.asarray(links.sum(axis=1)).ravel()
    return (diags(1.0 / degree) @ links).tocsr(), border


def decimate(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], goal: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Bring one surface down to about `goal` faces by quadric edge collapse.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Points.
    faces : ndarray of int, shape (m, 3)
        Rows of `vertices`.
    goal : int
        Number of faces wanted.

    Returns
    -------
    vertices, faces : ndarray
        Unchanged when there is nothing to do, or when nothing would be left.
    """
    if len(faces) <= goal:
        return vertices, faces
    from fast_simplification import simplify

    # Near zero single precision, which some versions compute in, is finest.
    middle = vertices.mean(axis=0)
    points, triangles = simplify(
        vertices - middle,
        faces.astype(np.int32),
        target_reduction=1 - goal / len(faces),
        agg=_AGGRESSION,
    )
    triangles = without_opposites(np.asarray(triangles, dtype=np.int64))
    if not len(triangles):
        # The whole segment would vanish: a structure that small stays as it was.
        return vertices, faces
    return used_vertices(np.asarray(points, dtype=np.float64) + middle, triangles)
