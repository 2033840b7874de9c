"""One segmentation from those of several observers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MedvoxelWarning
from ..progress import Progress, ProgressCallback
from ..volume import Segmentation
from ._label_combinations import LabelCombinations, combine_labels
from ._matching import MatchedSegment, consensus_table, match_segments
from ._observer_list import named_observers, require_shared_grids
from ._staple import majority, staple, unique_best

__all__ = ["Consensus", "ObserverPerformance", "consensus"]

_MOST_STEPS = 500
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class ObserverPerformance:
    """How well one observer drew one segment, judged by the consensus.

    Parameters
    ----------
    observer : str
        The observer.
    name : str
        Name of the segment.
    sensitivity : float
        Probability that the observer gives the segment to a voxel of it.
    specificity : float
        Probability that the observer does not give it to a voxel outside; near 1 wherever
        the scan is large.
    note : str
        Why a number is missing; empty when all is well.
    """

    observer: str
    name: str
    sensitivity: float
    specificity: float
    note: str


class Consensus(NamedTuple):
    """What :func:`consensus` finds."""

    segmentation: Segmentation
    """The consensus."""
    observers: list[ObserverPerformance]
    """One row for each observer and segment."""
    tied_voxels: int
    """Number of voxels left without a segment because two labels were equally good."""


def consensus(
    observers: Mapping[str, Segmentation] | Sequence[Segmentation],
    /,
    *,
    method: str = "staple",
    progress: ProgressCallback | None = None,
) -> Consensus:
    """Make one segmentation of those of several observers.

    Parameters
    ----------
    observers : mapping or sequence of Segmentation
        The segmentation of each observer, all on one grid.
    method : str
        ``"staple"`` weighs observers by the performance that it estimates along with the
        truth; ``"majority"`` counts them.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Consensus
        The segmentation, the performance of each observer, and the number of ties. A
        segment keeps name, value and colour of the first observer who has it.

    Raises
    ------
    InputError
        When there are fewer than two observers, no segments, or `method` is unknown.
    GeometryError
        When the grids differ.
    Cancelled
        When `progress` returned ``False``.

    Warns
    -----
    MedvoxelWarning
        When STAPLE did not come to rest.

    Notes
    -----
    A voxel for which two labels are equally good, "no segment" being one of them, gets no
    segment. An observer without a segment counts as one who found none of it.

    STAPLE is the multi-label form with one confusion matrix an observer; the prior
    probability of a label is its share in all segmentations, over the whole scan, and the
    first estimate comes from the vote, as in ITK. All depends on a voxel only through the
    combination of labels that it has, so that the steps work on the few combinations that
    occur. Its result depends on how much background there is, and with observers who are
    mostly wrong it can be worse than the vote: look at both.

    References
    ----------
    S. K. Warfield, K. H. Zou and W. M. Wells, "Simultaneous truth and performance level
    estimation (STAPLE): an algorithm for the validation of image segmentation", IEEE
    Transactions on Medical Imaging 23 (2004) 903-921. T. Rohlfing, D. B. Russakoff and
    C. R. Maurer, "Performance-based classifier combination in atlas-based image
    segmentation using expectation-maximization parameter estimation", IEEE Transactions on
    Medical Imaging 23 (2004) 983-994.
    """
    if method not in ("staple", "majority"):
        raise InputError(f"method must be 'staple' or 'majority', not {method!r}.")
    found = named_observers(observers)
    _require_single_cases(found)
    require_shared_grids(found)
    segmentations = [next(iter(of_one.values())) for of_one in found.values()]
    matched = match_segments(segmentations)
    counted = combine_labels(segmentations, matched, range(len(segmentations)))
    width = len(matched) + 1
    if method == "staple":
        scores, confusion = _staple(counted, width, progress)
    else:
        scores = majority(counted.labels, width)
    best, tied = unique_best(scores)
    if method == "majority":
        confusion = _against(counted, best, width)
    # How much of each label there is, by which specificities are weighed.
    if method == "staple":
        shares = counted.counts @ scores
    else:
        shares = np.bincount(best, weights=counted.counts, minlength=width)
    return Consensus(
        _labelled(segmentations[0], counted, matched, best),
        _performances(list(found), matched, counted, confusion, shares, best),
        int(counted.counts[tied].sum()),
    )


def _require_single_cases(found: Mapping[str, Mapping[str, Segmentation]]) -> None:
    for name, cases in found.items():
        if len(cases) > 1:
            raise InputError(
                f"Observer {name!r} has {len(cases)} cases; a consensus is made of one.",
                hint="Call consensus() for each case with one segmentation an observer.",
            )


def _staple(
    counted: LabelCombinations, width: int, callback: ProgressCallback | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    progress = Progress(callback, _MOST_STEPS, "Finding the consensus")
    truth, confusion, at_rest = staple(
        counted.labels,
        counted.counts,
        width,
        tolerance=_TOLERANCE,
        most=_MOST_STEPS,
        report=progress.advance,
    )
    if not at_rest:
        warnings.warn(
            MedvoxelWarning(
                f"STAPLE did not come to rest in {_MOST_STEPS} steps; the last one is given.",
                hint='Compare with consensus(method = "majority").',
            ),
            stacklevel=3,
        )
    return truth, confusion


def _against(
    counted: LabelCombinations, best: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    """Confusion matrices of the observers against a given truth."""
    out = np.zeros((counted.labels.shape[1], width, width))
    for matrix, column in zip(out, counted.labels.T, strict=True):
        np.add.at(matrix, (column, best), counted.counts)
    total = out.sum(axis=1, keepdims=True)
    return np.divide(out, total, out=np.zeros_like(out), where=total > 0)


def _labelled(
    pattern: Segmentation,
    counted: LabelCombinations,
    matched: Sequence[MatchedSegment],
    best: NDArray[np.int64],
) -> Segmentation:
    table = consensus_table(matched)
    values = np.array([0, *(row.value for row in table)])
    array = np.zeros(pattern.array.shape, dtype=np.min_scalar_type(int(values.max())))
    if counted.box is not None:
        value_of = values[best].astype(array.dtype)
        for target, index in zip(array[counted.box], counted.index, strict=True):
            target[...] = value_of[index]
    return Segmentation(array, pattern.grid, table)


def _performances(
    names: Sequence[str],
    matched: Sequence[MatchedSegment],
    counted: LabelCombinations,
    confusion: NDArray[np.float64],
    shares: NDArray[np.float64],
    best: NDArray[np.int64],
) -> list[ObserverPerformance]:
    rows = []
    for j, observer in enumerate(names):
        for place, segment in enumerate(matched, start=1):
            others = np.arange(len(shares)) != place
            outside = float(shares[others].sum())
            wrong = float(confusion[j, place, others] @ shares[others])
            true = bool((counted.counts[best == place] > 0).any())
            drawn = bool((counted.counts[counted.labels[:, j] == place] > 0).any())
            note = "" if true else "no voxel in the consensus"
            if not drawn:
                note = ", ".join(filter(None, ("no voxel from this observer", note)))
            rows.append(
                ObserverPerformance(
                    observer=observer,
                    name=segment.name,
                    sensitivity=math.nan if note else float(confusion[j, place, place]),
                    specificity=1 - wrong / outside if outside > 0 else math.nan,
                    note=note,
                )
            )
    return rows
