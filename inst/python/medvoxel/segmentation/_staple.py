"""STAPLE: the hidden truth and the performance of observers, from label combinations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["majority", "staple", "unique_best"]

# Votes and probabilities this close, relative to the best, are a tie.
_TIE = 1e-9


def majority(labels: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Share of the observers who gave each label.

    Parameters
    ----------
    labels : ndarray of int, shape (combinations, observers)
        Label combinations.
    width : int
        Number of labels, background included.

    Returns
    -------
    ndarray of float, shape (combinations, width)
        Rows add up to 1.
    """
    votes = np.zeros((len(labels), width))
    for column in labels.T:
        votes[np.arange(len(labels)), column] += 1
    return votes / labels.shape[1]


def unique_best(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Label of the highest score, or 0 when two share it.

    Parameters
    ----------
    scores : ndarray of float, shape (combinations, width)
        Votes or probabilities.

    Returns
    -------
    tuple of ndarray
        The labels, and whether there was a tie, each of shape (combinations,).
    """
    best = scores.max(axis=1, keepdims=True)
    tied = np.count_nonzero(scores >= best * (1 - _TIE), axis=1) > 1
    return np.where(tied, 0, scores.argmax(axis=1)), tied


def staple(
    labels: NDArray[np.int64],
    counts: NDArray[np.int64],
    width: int,
    *,
    tolerance: float,
    most: int,
    report: Callable[[], None],
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Estimate truth and performance by expectation maximisation.

    Parameters
    ----------
    labels : ndarray of int, shape (combinations, observers)
        Label combinations.
    counts : ndarray of int, shape (combinations,)
        Voxels of each.
    width : int
        Number of labels, background included.
    tolerance : float
        Ends when no entry of a confusion matrix changes by more.
    most : int
        Largest number of steps.
    report : callable
        Called once a step.

    Returns
    -------
    tuple
        Probabilities of the truth (combinations, width); confusion matrices (observers,
        width, width), entry [j, s, t] being the probability that observer j says s where t
        is true; and whether the steps came to rest.
    """
    observers = labels.shape[1]
    prior = _label_shares(labels, counts, width)
    # As ITK does: the first estimate is the agreement of each observer with the vote.
    voted, tied = unique_best(majority(labels, width))
    truth = np.zeros((len(labels), width))
    truth[np.arange(len(labels)), voted] = ~tied
    confusion = _confusion(labels, counts, truth, np.zeros((observers, width, width)))
    for _ in range(most):
        truth = _expected_truth(labels, confusion, prior)
        changed = _confusion(labels, counts, truth, confusion)
        step = float(np.abs(changed - confusion).max())
        confusion = changed
        report()
        if step < tolerance:
            return _expected_truth(labels, confusion, prior), confusion, True
    return _expected_truth(labels, confusion, prior), confusion, False


def _label_shares(
    labels: NDArray[np.int64], counts: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    weights = np.repeat(counts.astype(float), labels.shape[1])
    shares = np.bincount(labels.reshape(-1), weights=weights, minlength=width)
    return shares / shares.sum()


def _expected_truth(
    labels: NDArray[np.int64], confusion: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    # In logarithms: with many observers the products leave the range of numbers.
    with np.errstate(divide="ignore"):
        log = np.tile(np.log(prior), (len(labels), 1))
        for column, matrix in zip(labels.T, confusion, strict=True):
            log += np.log(matrix[column])
    best = log.max(axis=1, keepdims=True)
    # A combination that nobody is thought to make is judged by the shares alone.
    log = np.where(np.isfinite(best), log - np.where(np.isfinite(best), best, 0), 0)
    truth = np.exp(log) * np.where(np.isfinite(best), 1, prior)
    return truth / truth.sum(axis=1, keepdims=True)


def _confusion(
    labels: NDArray[np.int64],
    counts: NDArray[np.int64],
    truth: NDArray[np.float64],
    before: NDArray[np.float64],
) -> NDArray[np.float64]:
    weight = truth * counts[:, None]
    total = weight.sum(axis=0)
    out = np.zeros_like(before)
    for matrix, column in zip(out, labels.T, strict=True):
        np.add.at(matrix, column, weight)
    # Of a label that is nowhere true nothing is learned.
    return np.divide(out, total, out=before.copy(), where=total > 0)
