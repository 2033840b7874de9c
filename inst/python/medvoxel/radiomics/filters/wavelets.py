"""Undecimated wavelet transform as pyradiomics has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DependencyError, InputError

__all__ = ["require_wavelet", "wavelet_images", "wavelet_names"]


def require_wavelet(name: str) -> Any:
    """Look up a discrete wavelet.

    Parameters
    ----------
    name : str
        PyWavelets' name, such as ``"coif1"``, ``"db2"`` or ``"haar"``.

    Returns
    -------
    pywt.Wavelet
        With its filters.

    Raises
    ------
    InputError
        When there is no such wavelet.
    DependencyError
        When PyWavelets is missing.
    """
    try:
        import pywt
    except ImportError as error:
        raise DependencyError(
            "Wavelet filters need the Python package PyWavelets.",
            hint="Install it with install_medvoxel().",
        ) from error
    known = pywt.wavelist(kind="discrete")
    if name not in known:
        raise InputError(
            f"There is no discrete wavelet {name!r}.",
            hint=f"There are: {', '.join(known)}.",
        )
    return pywt.Wavelet(name)


def wavelet_names(level: int, axes: int) -> tuple[str, ...]:
    """Name the images of a wavelet transform.

    Parameters
    ----------
    level : int
        Number of levels.
    axes : int
        Number of axes that are transformed.

    Returns
    -------
    tuple of str
        ``"wavelet-LLH"`` ... of each level, and last the approximation of the last one.
    """
    names = []
    for number in range(1, level + 1):
        names += [f"{_prefix(number)}-{band}" for band in _bands(axes)[1:]]
    return (*names, f"{_prefix(level)}-{'L' * axes}")


def _prefix(number: int) -> str:
    return "wavelet" if number == 1 else f"wavelet{number}"


def _bands(axes: int) -> list[str]:
    return ["".join(letters) for letters in product("LH", repeat=axes)]


def wavelet_images(
    values: NDArray[np.float64],
    *,
    wavelet: str = "coif1",
    level: int = 1,
    start_level: int = 0,
    plane: int | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Transform an image to wavelet subbands, without decimation.

    Parameters
    ----------
    values : ndarray of float64, shape (z, y, x)
        Grey values.
    wavelet : str
        A discrete wavelet of PyWavelets.
    level : int
        Number of levels to give.
    start_level : int
        Levels to leave out first.
    plane : {0, 1, 2}, optional
        The axis that is left alone.

    Yields
    ------
    ndarray of float64, shape (z, y, x)
        In the order of :func:`wavelet_names`. The letters stand for the axes x, y, z.

    Notes
    -----
    The image is periodic; along an axis of odd length its first slice is repeated at the
    end before, and the last slice is dropped after. Each level filters the approximation
    of the level before with the same filters, as pyradiomics does; the usual transform
    would stretch them.

    References
    ----------
    pyradiomics, ``imageoperations.getWaveletImage``; PyWavelets, ``swtn``.
    """
    pair = _filters(wavelet)
    axes = [axis for axis in (2, 1, 0) if axis != plane]
    kept = tuple(slice(0, n) for n in values.shape)
    data = np.pad(values, [(0, n % 2) for n in values.shape], mode="wrap")
    for number in range(start_level + level):
        approximation = data
        for axis in axes:
            approximation = _convolve(approximation, pair["L"], axis)
        if number >= start_level:
            bands = _subbands(data, axes, pair)
            next(bands)
            yield from (band[kept] for band in bands)
        data = approximation
    yield data[kept]


def _filters(name: str) -> dict[str, NDArray[np.float64]]:
    found = require_wavelet(name)
    return {"L": np.asarray(found.dec_lo), "H": np.asarray(found.dec_hi)}


def _subbands(
    data: NDArray[np.float64], axes: Sequence[int], pair: dict[str, NDArray[np.float64]]
) -> Iterator[NDArray[np.float64]]:
    """Go through the tree of subbands, so that few images are held at a time."""
    if not axes:
        yield data
        return
    for letter in "LH":
        yield from _subbands(_convolve(data, pair[letter], axes[0]), axes[1:], pair)


def _convolve(
    data: NDArray[np.float64], weights: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    from scipy.ndimage import convolve1d

    # The middle of a filter of even length is the sample after its centre.
    return convolve1d(data, weights, axis=axis, mode="wrap")
