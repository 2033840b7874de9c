"""Low-pass filter of a surface: the windowed sinc filter of 3D Slicer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.sparse import diags, identity

from .progress import Progress, ProgressCallback

__all__ = ["low_pass", "sinc_weights"]

# Nuttall's window, whose error of scale is 0.0004 % where Hamming's is up to 1 %.
_NUTTALL = (0.355768, 0.487396, 0.144232, 0.012604)
# How near to 1 the filter must be at the end of its pass band.
_NEAR = 1e-3
_ROUNDS = 500


def sinc_weights(factor: float) -> NDArray[np.float64]:
    """Weights of the Chebyshev polynomials that make up the filter.

    Parameters
    ----------
    factor : float
        3D Slicer's smoothing factor, from 0 to 1: the pass band ends at
        ``10 ** (-4 * factor)``, of 2, and the filter has ``20 + 40 * factor`` terms.

    Returns
    -------
    ndarray, shape (terms + 1,)
        They sum to 1, so that a constant is left as it is.
    """
    terms = 20 + int(40 * factor)
    # Where the pass band ends, on the axis of the polynomials: 1 is no frequency at all.
    end = 1 - 0.5 * 10 ** (-4 * factor)
    shift = 0.0
    for _ in range(_ROUNDS):
        weights = _windowed_sinc(terms, np.arccos(end) + shift)
        miss = chebyshev.chebval(end, weights) - 1
        if abs(miss) < _NEAR:
            break
        shift -= miss / chebyshev.chebval(end, _slope(weights))
    return weights / weights.sum()


def _windowed_sinc(terms: int, angle: float) -> NDArray[np.float64]:
    """Cut a sinc with Nuttall's window."""
    number = np.arange(terms + 1)
    turn = number * np.pi / (terms + 1)
    window = sum(share * np.cos(i * turn) for i, share in enumerate(_NUTTALL))
    return window * np.where(number > 0, 2, 1) * np.sinc(number * angle / np.pi) * angle / np.pi


def _slope(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differentiate as VTK does: without the last term, and with the first one twice.

    Newton's steps only need its size, and so they end where VTK's do.
    """
    slope = chebyshev.chebder(weights[:-1])
    slope[0] *= 2
    return slope


def low_pass(
    vertices: NDArray[np.float64],
    neighbours: Any,
    border: NDArray[np.bool_],
    weights: NDArray[np.float64],
    progress: ProgressCallback | None = None,
) -> NDArray[np.float64]:
    """Filter the positions of vertices.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Points.
    neighbours : csr_matrix, shape (n, n)
        Takes every vertex to the mean of its neighbours.
    border : ndarray of bool, shape (n,)
        Vertices that stay.
    weights : ndarray
        See :func:`sinc_weights`.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray, shape (n, 3)
        Moved points.
    """
    inner = diags((~border).astype(np.float64))
    step = 0.5 * (inner @ neighbours + identity(len(vertices)) + diags(border.astype(np.float64)))
    step = step.tocsr()
    # Near zero no digits are lost in the sums.
    middle = vertices.mean(axis=0)
    before = vertices - middle
    now = step @ before
    result = weights[0] * before + weights[1] * now
    for weight in Progress.over(weights[2:], progress, "Smoothing"):
        before, now = now, 2 * (step @ now) - before
        result += weight * now
    return result + middle
