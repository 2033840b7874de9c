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
    mask: NDArray[np.bool_] | None = None,
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
    mask : ndarray of bool, shape (z, y, x), optional
        Where values are needed; by default everywhere.

    Yields
    ------
    ndarray of float64, shape (z, y, x)
        In the order of :func:`wavelet_names`. The letters stand for the axes x, y, z.
        NaN outside of the box of the mask.

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
    # Filters reach half their length at each level; beyond the box it is not worth the time.
    reach = (start_level + level) * (len(pair["L"]) // 2 + 1)
    box = _box(values.shape, mask)
    data, kept = _periodic_block(values, box, reach, axes)

    def placed(band: NDArray[np.float64]) -> NDArray[np.float64]:
        if band[kept].shape == values.shape:
            return band[kept]
        whole = np.full(values.shape, np.nan)
        whole[box] = band[kept]
        return whole

    for number in range(start_level + level):
        approximation = data
        for axis in axes:
            approximation = _convolve(approximation, pair["L"], axis)
        if number >= start_level:
            bands = _subbands(data, axes, pair)
            next(bands)
            yield from map(placed, bands)
        data = approximation
    yield placed(data)


def _box(shape: tuple[int, ...], mask: NDArray[np.bool_] | None) -> tuple[slice, ...]:
    if mask is None or not mask.any():
        return tuple(slice(0, count) for count in shape)
    spans = []
    for axis in range(len(shape)):
        others = tuple(k for k in range(len(shape)) if k != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        spans.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(spans)


def _periodic_block(
    values: NDArray[np.float64], box: tuple[slice, ...], reach: int, axes: Sequence[int]
) -> tuple[NDArray[np.float64], tuple[slice, ...]]:
    """Take a box with its surroundings from the periodic image, and say where the box is."""
    places, kept = [], []
    for axis, (part, count) in enumerate(zip(box, values.shape, strict=True)):
        period = count + count % 2
        margin = reach if axis in axes else 0
        if part.stop - part.start + 2 * margin >= period:
            # All of it, around which the filters go in a circle.
            at, first = np.arange(period), part.start
        else:
            at, first = np.arange(part.start - margin, part.stop + margin), margin
        places.append(at % period % count)
        kept.append(slice(first, first + part.stop - part.start))
    return values[np.ix_(*places)], tuple(kept)


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
