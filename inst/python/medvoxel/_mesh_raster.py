"""A small depth-buffer renderer in NumPy: which face is seen at each pixel, and its light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .progress import Progress, ProgressCallback

__all__ = ["Seen", "corner_normals", "light", "rasterise"]

# Pixels that are tested at once, few enough for the processor's cache.
_BATCH = 1 << 17


class Seen:
    """What is seen at each covered pixel.

    Parameters
    ----------
    height, width : int
        Size of the picture.
    """

    def __init__(self, height: int, width: int) -> None:
        self.shape = (height, width)
        count = height * width
        self.depth = np.full(count, -np.inf, dtype=np.float32)
        self.face = np.full(count, -1, dtype=np.int32)
        self.weight = np.zeros((count, 2), dtype=np.float32)

    def add(
        self,
        pixel: NDArray[Any],
        depth: NDArray[Any],
        face: NDArray[Any],
        weight: NDArray[Any],
    ) -> None:
        """Enter candidates; the nearest stays.

        Parameters
        ----------
        pixel, depth, face : ndarray, shape (k,)
            Pixel number, depth (greater is nearer) and face number of each.
        weight : ndarray, shape (k, 2)
            Weights of the face's second and third corner.
        """
        np.maximum.at(self.depth, pixel, depth)
        nearest = depth >= self.depth[pixel]
        pixel = pixel[nearest]
        self.face[pixel] = face[nearest]
        self.weight[pixel] = weight[nearest]


def rasterise(
    corners: NDArray[np.float64],
    depth: NDArray[np.float64],
    height: int,
    width: int,
    progress: ProgressCallback | None = None,
) -> Seen:
    """Find the face that is seen at each pixel.

    Parameters
    ----------
    corners : ndarray, shape (m, 3, 2)
        Corners of each face in pixels: x to the right, y downwards, pixel centres at .5.
    depth : ndarray, shape (m, 3)
        Depth of each corner; greater is nearer.
    height, width : int
        Size of the picture.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    Seen
        The nearest face, with the weights of its corners.
    """
    seen = Seen(height, width)
    low = np.clip(np.floor(corners.min(axis=1)), 0, (width, height)).astype(np.int64)
    high = np.clip(np.ceil(corners.max(axis=1)), 0, (width, height)).astype(np.int64)
    visible = np.flatnonzero((high > low).all(axis=1))
    # Faces of about the same size share one rectangle of pixels to test, its sides powers
    # of two, so that all of them are tested in one array operation.
    power = np.ceil(np.log2(np.maximum(high - low, 1)[visible])).astype(np.int64)
    meter = Progress(progress, len(visible), "Drawing the surface")
    for wide, tall in np.unique(power, axis=0):
        chosen = visible[(power[:, 0] == wide) & (power[:, 1] == tall)]
        rows = max(1, _BATCH >> int(wide + tall))
        for start in range(0, len(chosen), rows):
            faces = chosen[start : start + rows]
            _test(seen, corners[faces], depth[faces], low[faces], faces, (1 << wide, 1 << tall))
            meter.advance(len(faces))
    return seen


def _test(
    seen: Seen,
    corners: NDArray[np.float64],
    depth: NDArray[np.float64],
    low: NDArray[np.int64],
    faces: NDArray[np.int64],
    size: tuple[int, int],
) -> None:
    """Find the pixels in a rectangle beside `low` that each of some faces covers."""
    height, width = seen.shape
    # Counted from the rectangle's corner, single precision is exact enough.
    a, b, c = (corners - low[:, None, :]).astype(np.float32).transpose(1, 2, 0)[..., None, None]
    u, v = b - a, c - a
    area = u[0] * v[1] - u[1] * v[0]
    # A face seen edge-on covers nothing; division by its area would.
    area[np.abs(area) < 1e-9] = np.inf
    dx = np.arange(size[0], dtype=np.float32) + np.float32(0.5) - a[0]
    dy = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5) - a[1]
    second = dx * (v[1] / area) - dy * (v[0] / area)
    third = dy * (u[0] / area) - dx * (u[1] / area)
    inside = (second >= 0) & (third >= 0) & (second + third <= 1) & np.isfinite(area)
    face, row, column = np.nonzero(inside)
    second, third = second[inside], third[inside]
    row, column = row + low[face, 1], column + low[face, 0]
    if low[:, 0].max() + size[0] > width or low[:, 1].max() + size[1] > height:
        kept = (column < width) & (row < height)
        face, row, column = face[kept], row[kept], column[kept]
        second, third = second[kept], third[kept]
    near = depth[face].T
    at = near[0] + (near[1] - near[0]) * second + (near[2] - near[0]) * third
    seen.add(
        row * width + column,
        at.astype(np.float32),
        faces[face],
        np.stack([second, third], axis=1),
    )


def corner_normals(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[Any]:
    """Mean unit normal of the faces around each vertex, weighted by their area.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Points.
    faces : ndarray of int, shape (m, 3)
        Rows of `vertices`.

    Returns
    -------
    ndarray, shape (n, 3)
        Unit vectors; zero where faces cancel out.
    """
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(faces.ravel(), np.repeat(normal[:, k], 3), minlength=len(vertices))
            for k in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.zeros_like(total), where=length > 0)


def light(
    normal: NDArray[Any], colour: NDArray[Any], view: NDArray[Any], lamp: NDArray[Any]
) -> NDArray[Any]:
    """Colour of matt surfaces with a faint gloss.

    Parameters
    ----------
    normal : ndarray, shape (k, 3)
        Normals, of any length.
    colour : ndarray, shape (k, 3)
        Colours, 0 to 1.
    view, lamp : ndarray, shape (3,)
        Unit vectors to the viewer and to the light.

    Returns
    -------
    ndarray, shape (k, 3)
        Colours, 0 to 1.

    Notes
    -----
    Phong's model with Blinn's half-way vector. A normal that points away from the viewer
    is turned round, so that the inner side of an open surface is lit too.
    """
    half_way = (view + lamp) / np.linalg.norm(view + lamp)
    length = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    length[length == 0] = 1
    facing, diffuse, gloss = (
        np.einsum("ij,j->i", normal, towards) / length for towards in (view, lamp, half_way)
    )
    turned = facing < 0
    diffuse = np.maximum(np.where(turned, -diffuse, diffuse), 0)
    gloss = np.maximum(np.where(turned, -gloss, gloss), 0)
    for _ in range(5):  # to the 32nd power
        gloss *= gloss
    # Grazing surfaces are darker, which draws outlines where structures overlap.
    shade = (0.45 + 0.65 * diffuse) * (0.6 + 0.4 * np.sqrt(np.abs(facing)))
    return np.minimum(colour * shade[:, None] + 0.1 * gloss[:, None], 1)
