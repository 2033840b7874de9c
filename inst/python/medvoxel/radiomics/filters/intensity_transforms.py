"""Square, square root, logarithm and exponential of grey values, as pyradiomics has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["exponential", "logarithm", "square", "square_root"]


def square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square grey values, and scale them to the old maximum.

    Parameters
    ----------
    values : ndarray of float64
        Grey values.

    Returns
    -------
    ndarray of float64
        ``(c x)**2`` with ``c = 1 / sqrt(max |x|)``; 0 for an image of zeros.

    References
    ----------
    pyradiomics, ``imageoperations.getSquareImage``.
    """
    top = _top(values)
    return np.square(values * (1 / np.sqrt(top))) if top > 0 else np.zeros(values.shape)


def square_root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the root of absolute grey values, keep their sign, and scale to the old maximum.

    Parameters
    ----------
    values : ndarray of float64
        Grey values.

    Returns
    -------
    ndarray of float64
        ``sign(x) sqrt(c |x|)`` with ``c = max |x|``.

    References
    ----------
    pyradiomics, ``imageoperations.getSquareRootImage``.
    """
    return np.copysign(np.sqrt(np.abs(values) * _top(values)), values)


def logarithm(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the logarithm of absolute grey values, keep the sign, scale to the old maximum.

    Parameters
    ----------
    values : ndarray of float64
        Grey values.

    Returns
    -------
    ndarray of float64
        ``c sign(x) log(|x| + 1)`` with ``c = max |x| / log(max |x| + 1)``; 0 for an image
        of zeros.

    References
    ----------
    pyradiomics, ``imageoperations.getLogarithmImage``.
    """
    top = _top(values)
    scale = top / np.log(top + 1) if top > 0 else 0.0
    return np.copysign(np.log(np.abs(values) + 1) * scale, values)


def exponential(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the exponential of grey values, scaled to the old maximum.

    Parameters
    ----------
    values : ndarray of float64
        Grey values.

    Returns
    -------
    ndarray of float64
        ``exp(c x)`` with ``c = log(max |x|) / max |x|``; 1 for an image of zeros.

    References
    ----------
    pyradiomics, ``imageoperations.getExponentialImage``.
    """
    top = _top(values)
    return np.exp(values * (np.log(top) / top)) if top > 0 else np.ones(values.shape)


def _top(values: NDArray[np.float64]) -> float:
    return float(max(values.max(), -values.min()))
