"""IBSI's Laws kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._boundaries import convolve_along, mean_along
from ._rotations import pooled, rotated

__all__ = ["LAWS_KERNELS", "laws_filter"]

_WHOLE = {
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
}

LAWS_KERNELS = {name: np.array(row) / np.linalg.norm(row) for name, row in _WHOLE.items()}
"""Level, edge, spot, wave and ripple, each of length 1 in the Euclidean norm."""


def laws_filter(
    values: NDArray[np.float64],
    axes: tuple[int, ...],
    *,
    kernel: str,
    boundary: str,
    rotation_invariance: bool = True,
    pooling: str = "max",
    energy_distance: int | None = None,
) -> NDArray[np.float64]:
    """Convolve with a Laws kernel, and average its energy.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    axes : tuple of int
        Axes of the kernel, in the order of its letters.
    kernel : str
        Such as ``"E5L5S5"``: a kernel for each axis.
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the image is beyond its edges.
    rotation_invariance : bool
        Pool over all rotations by right angles.
    pooling : {"max", "average", "min"}
        How.
    energy_distance : int, optional
        Reach in voxels of the box in which absolute responses are averaged. None gives
        the response itself.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        Response or energy map.

    References
    ----------
    IBSI reference manual for image filters (arXiv:2006.05470), Laws kernels (JTXT).
    """
    parts = [LAWS_KERNELS[kernel[i : i + 2]] for i in range(0, len(kernel), 2)]
    turns = rotated(parts) if rotation_invariance else [tuple(parts)]

    def response(turn: tuple[NDArray[np.float64], ...]) -> NDArray[np.float64]:
        result = values
        for axis, one in zip(axes, turn, strict=True):
            result = convolve_along(result, one, axis, boundary)
        return result

    result = pooled((lambda turn=turn: response(turn) for turn in turns), pooling)
    if energy_distance is None:
        return result
    return mean_along(np.abs(result), 2 * energy_distance + 1, axes, boundary)
