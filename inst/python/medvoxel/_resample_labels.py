"""Labelmaps on another grid: each label interpolated on its own, the strongest wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._boxes import Box, label_boxes
from ._resample_operators import AxisOperator, apply_operators
from .progress import Progress, ProgressCallback

__all__ = ["Scorer", "resample_labels", "separable_scorer"]

Scorer = Callable[[NDArray[Any], int, Box], "tuple[NDArray[Any], Box] | None"]
"""Takes labels, one label and its box; gives its share of the voxels of an output box."""

# Scores closer than this are a tie: the float32 sums that make them carry such errors.
_TIE = 1e-5


def separable_scorer(operators: Sequence[AxisOperator]) -> Scorer:
    """Score labels by one matrix for each axis.

    Parameters
    ----------
    operators : sequence of AxisOperator
        For the axes (z, y, x). Output boxes count from each operator's ``start``.

    Returns
    -------
    callable
        For :func:`resample_labels`.
    """

    def score(array: NDArray[Any], label: int, box: Box) -> tuple[NDArray[Any], Box] | None:
        parts = [op.columns(part.start, part.stop) for op, part in zip(operators, box, strict=True)]
        if any(part.start == part.stop for part in parts):
            return None
        where = tuple(
            slice(part.start - op.start, part.stop - op.start)
            for op, part in zip(operators, parts, strict=True)
        )
        return apply_operators(array[box] == label, parts), where

    return score


def resample_labels(
    array: NDArray[Any],
    shape: Sequence[int],
    score: Scorer,
    progress: ProgressCallback | None = None,
) -> NDArray[Any]:
    """Give every output voxel the label that fills most of it.

    Parameters
    ----------
    array : ndarray of int, shape (z, y, x)
        Labels.
    shape : sequence of int
        Output shape (z, y, x).
    score : callable
        Interpolates one label, see :data:`Scorer`.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray of int
        Of the input's type, holding labels of the input and 0 only.

    Notes
    -----
    This is linear interpolation of the one-hot image followed by the arg max. At a tie a
    label wins against the background, and the lower of two labels wins.
    """
    out = np.zeros(shape, dtype=array.dtype)
    best = np.zeros(shape, dtype=np.float32)
    background = np.ones(shape, dtype=np.float32)
    labels = list(label_boxes(array))
    meter = Progress(progress, sum(_size(box) for _, box in labels), "Resampling labels")
    for value, box in labels:
        scored = score(array, value, box)
        if scored is not None:
            scores, where = scored
            background[where] -= scores
            wins = scores > best[where] + _TIE
            best[where][wins] = scores[wins]
            out[where][wins] = value
        meter.advance(_size(box))
    out[background > best + _TIE] = 0
    return out


def _size(box: Box) -> int:
    return int(np.prod([part.stop - part.start for part in box]))
