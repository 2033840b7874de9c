"""Laplacian of Gaussian as pyradiomics has it: by ITK's recursive filters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError

__all__ = ["laplacian_of_gaussian"]

# A Gaussian (order 0) and its second derivative (order 2) as two damped oscillations each:
# (amplitude of the cosine, of the sine, frequency, damping). From Farneback and Westin.
_FAST, _SLOW = (0.6681, -1.3932), (2.0787, -1.3732)
_TERMS = {
    0: ((1.3530, 1.8151, *_FAST), (-0.3531, 0.0902, *_SLOW)),
    2: ((-1.3563, 5.2318, *_FAST), (0.3446, -2.2355, *_SLOW)),
}
# The recursion looks back four samples.
_LEAST = 4


def laplacian_of_gaussian(
    values: NDArray[np.float64], spacing: tuple[float, float, float], sigma: float
) -> NDArray[np.float64]:
    """Apply the Laplacian of a Gaussian, normalised across scales.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    sigma : float
        Standard deviation of the Gaussian in mm.

    Returns
    -------
    ndarray of float64, shape (z, y, x)
        ``sigma**2`` times the Laplacian.

    Raises
    ------
    InputError
        When the image is too small: less than 4 voxels, or than sigma and a voxel, along
        an axis.

    Notes
    -----
    Values between the passes along the axes are rounded to single precision, as ITK does
    for all images but those of double precision. Beyond its edges the image goes on with
    the value of the edge.

    References
    ----------
    pyradiomics, ``imageoperations.getLoGImage``; ITK,
    ``LaplacianRecursiveGaussianImageFilter``. Deriche R. Recursively implementing the
    Gaussian and its derivatives. INRIA report 1893, 1993. Farneback G, Westin CF.
    Improving Deriche-style recursive Gaussian filters. J Math Imaging Vis 2006;26:293-299.
    """
    _require_size(values.shape, spacing, sigma)
    total = np.zeros(values.shape, dtype=np.float32)
    for axis in (2, 1, 0):
        part = _pass(values, axis, sigma / spacing[axis], order=2, scale=sigma**2)
        for other in (2, 1, 0):
            if other != axis:
                part = _pass(part, other, sigma / spacing[other], order=0)
        total = (total + part * np.float64(1 / spacing[axis] ** 2)).astype(np.float32)
    return total.astype(np.float64)


def _require_size(shape: tuple[int, ...], spacing: tuple[float, ...], sigma: float) -> None:
    for axis, name in enumerate("zyx"):
        least = max(_LEAST, math.ceil(sigma / spacing[axis]) + 1)
        if shape[axis] < least:
            raise InputError(
                f"the image has {shape[axis]} voxels along {name}, and at least {least} are "
                f"needed for sigma = {sigma:g} mm"
            )


def _pass(
    values: NDArray[np.floating], axis: int, width: float, *, order: int, scale: float = 1.0
) -> NDArray[np.float32]:
    """Filter along one axis: one recursion forwards, one backwards."""
    from scipy.signal import lfilter, lfilter_zi

    forwards, feedback = _recursion(width, order)
    forwards = forwards * scale
    # The same without the sample itself, which the way forwards has counted.
    backwards = np.append(forwards, 0.0) - forwards[0] * feedback
    lines = np.moveaxis(values, axis, -1)
    result = np.empty(lines.shape, dtype=np.float32)
    ways = [
        (weights, lfilter_zi(weights, feedback), sense)
        for weights, sense in ((np.append(forwards, 0.0), 1), (backwards, -1))
    ]
    for slab, filtered in zip(lines, result, strict=True):
        samples = slab.astype(np.float64)
        total = np.zeros(samples.shape)
        for weights, steady, sense in ways:
            along = samples[:, ::sense]
            # Before its first sample a line has had that value for ever.
            total[:, ::sense] += lfilter(weights, feedback, along, zi=steady * along[:, :1])[0]
        filtered[...] = total
    return np.moveaxis(result, -1, axis)


def _recursion(width: float, order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the samples and of earlier results, for a Gaussian of a width in voxels."""
    smooth, feedback = _oscillations(width, 0)
    if order == 0:
        return smooth / (2 * smooth.sum() / feedback.sum() - smooth[0]), feedback
    curved, _ = _oscillations(width, 2)
    # A constant must give 0, and a parabola its curvature.
    total = feedback.sum()
    excess = (2 * curved.sum() - total * curved[0]) / (2 * smooth.sum() - total * smooth[0])
    curved = curved - excess * smooth
    return curved / _second_moment(curved, feedback), feedback


def _oscillations(width: float, order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numerator and denominator of the sum of two damped oscillations."""
    tops, bottoms = [], []
    for cosine, sine, frequency, damping in _TERMS[order]:
        decay, angle = math.exp(damping / width), frequency / width
        turn = decay * (sine * math.sin(angle) - cosine * math.cos(angle))
        tops.append([cosine, turn])
        bottoms.append([1.0, -2 * decay * math.cos(angle), decay**2])
    top = np.convolve(tops[0], bottoms[1]) + np.convolve(tops[1], bottoms[0])
    return top, np.convolve(bottoms[0], bottoms[1])


def _second_moment(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> float:
    """Sum of n**2 times the response to an impulse at 0, from its rational transform."""
    n, m = np.arange(len(top)), np.arange(len(bottom))
    t0, t1, t2 = (float((n**k) @ top) for k in range(3))
    b0, b1, b2 = (float((m**k) @ bottom) for k in range(3))
    return t2 / b0 - (2 * t1 * b1 + t0 * b2) / b0**2 + 2 * t0 * b1**2 / b0**3
