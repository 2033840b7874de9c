"""Agreement between observers, and between the repeats of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, ProgressCallback
from ..volume import Segmentation
from ._intraclass import intraclass_correlations
from ._label_combinations import LabelCombinations, combine_labels
from ._matching import MatchedSegment, match_segments
from ._observer_list import Observers, named_observers, require_shared_grids

__all__ = ["Agreement", "AgreementSummary", "PairwiseDice", "VolumeCorrelation", "agreement"]


@dataclass(frozen=True)
class PairwiseDice:
    """Dice coefficient of one segment between two observers.

    Parameters
    ----------
    name : str
        Name of the segment.
    case : str
        The case.
    observer_a, observer_b : str
        The two.
    volume_a_ml, volume_b_ml : float
        Their volumes; NaN where the segment table does not have it.
    dice : float
        Their Dice coefficient; NaN where one of them has no voxel of the segment.
    note : str
        Why it is missing; empty when all is well.
    """

    name: str
    case: str
    observer_a: str
    observer_b: str
    volume_a_ml: float
    volume_b_ml: float
    dice: float
    note: str


@dataclass(frozen=True)
class AgreementSummary:
    """Pairwise Dice coefficients of one segment, over all pairs and cases.

    Parameters
    ----------
    name : str
        Name of the segment.
    pairs : int
        Number of coefficients that are defined.
    missing : int
        Number of pairs without one: they are not in the mean.
    dice_mean, dice_sd, dice_min, dice_max : float
        Of those that are defined; `dice_sd` is that of a sample (n - 1).
    """

    name: str
    pairs: int
    missing: int
    dice_mean: float
    dice_sd: float
    dice_min: float
    dice_max: float


@dataclass(frozen=True)
class VolumeCorrelation:
    """Intraclass correlation of the volumes of one segment.

    Parameters
    ----------
    name : str
        Name of the segment.
    type : str
        ``"ICC(2,1)"``, absolute agreement, or ``"ICC(3,1)"``, consistency.
    icc, lower, upper : float
        Estimate and 95 % confidence interval; NaN where undefined.
    cases, observers : int
        Number of each that went in.
    note : str
        Why a number is missing or cases were left out; empty when all is well.
    """

    name: str
    type: str
    icc: float
    lower: float
    upper: float
    cases: int
    observers: int
    note: str


class Agreement(NamedTuple):
    """What :func:`agreement` finds."""

    pairs: list[PairwiseDice]
    """Dice coefficient of each segment, case and pair."""
    summary: list[AgreementSummary]
    """One row a segment."""
    icc: list[VolumeCorrelation]
    """Two rows a segment."""


def agreement(observers: Observers, /, *, progress: ProgressCallback | None = None) -> Agreement:
    """Measure how far observers, or the repeats of one, agree.

    Parameters
    ----------
    observers : mapping or sequence
        For each observer (or repeat) a segmentation, or a sequence or mapping of them, one
        a case. Everybody segments every case; the segmentations of one case lie on one grid.
    progress : callable, optional
        Receives the fraction done and a label; returning ``False`` cancels.

    Returns
    -------
    Agreement
        Pairwise Dice coefficients, their summary, and the intraclass correlation of
        volumes. Segments are matched by name; where no name occurs twice, by value.

    Raises
    ------
    InputError
        When there are fewer than two observers, no segments, or different cases.
    GeometryError
        When the segmentations of one case lie on different grids.
    Cancelled
        When `progress` returned ``False``.

    Notes
    -----
    The intraclass correlation needs several cases: it compares the differences between
    observers with those between cases. ICC(2,1) is lowered by observers who always draw
    larger than others, ICC(3,1) is not. A case in which somebody has no voxel of the segment
    is left out, and the note says so.

    References
    ----------
    P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing rater
    reliability", Psychological Bulletin 86 (1979) 420-428. K. O. McGraw and S. P. Wong,
    "Forming inferences about some intraclass correlation coefficients", Psychological
    Methods 1 (1996) 30-46.
    """
    found = named_observers(observers)
    require_shared_grids(found)
    names = list(found)
    cases = list(found[names[0]])
    # In the order (observer, case), which fixes the columns of the matched rows.
    matched = match_segments([s for of_one in found.values() for s in of_one.values()])
    pairs: list[list[PairwiseDice]] = []
    volumes = np.full((len(matched), len(cases), len(names)), math.nan)
    for i, case in enumerate(Progress.over(cases, progress, "Comparing observers")):
        columns = [j * len(cases) + i for j in range(len(names))]
        of_case = [found[name][case] for name in names]
        counted = combine_labels(of_case, matched, columns)
        volumes[:, i] = _volumes(counted, matched, columns, of_case)
        pairs.append(_pairs(counted, matched, volumes[:, i], names, case))
    rows = list(chain.from_iterable(pairs))
    return Agreement(
        rows,
        [_summary(m.name, [row.dice for row in rows if row.name == m.name]) for m in matched],
        [icc for m, table in zip(matched, volumes, strict=True) for icc in _icc(m.name, table)],
    )


def _volumes(
    counted: LabelCombinations,
    matched: Sequence[MatchedSegment],
    columns: Sequence[int],
    segmentations: Sequence[Segmentation],
) -> NDArray[np.float64]:
    """Volumes in ml, (segments, observers); NaN where a table lacks the segment."""
    voxel_ml = segmentations[0].grid.voxel_volume / 1000
    out = np.empty((len(matched), len(columns)))
    for j, column in enumerate(columns):
        voxels = np.zeros(len(matched) + 1, dtype=np.int64)
        np.add.at(voxels, counted.labels[:, j], counted.counts)
        out[:, j] = voxels[1:] * voxel_ml
        out[[m.rows[column] is None for m in matched], j] = math.nan
    return out


def _pairs(
    counted: LabelCombinations,
    matched: Sequence[MatchedSegment],
    volumes: NDArray[np.float64],
    names: Sequence[str],
    case: str,
) -> list[PairwiseDice]:
    rows = []
    for place, segment in enumerate(matched, start=1):
        drawn = counted.labels == place
        voxels = counted.counts @ drawn
        for a, b in combinations(range(len(names)), 2):
            both = int(counted.counts @ (drawn[:, a] & drawn[:, b]))
            lacking = [names[j] for j in (a, b) if voxels[j] == 0]
            size = int(voxels[a] + voxels[b])
            rows.append(
                PairwiseDice(
                    name=segment.name,
                    case=case,
                    observer_a=names[a],
                    observer_b=names[b],
                    volume_a_ml=float(volumes[place - 1, a]),
                    volume_b_ml=float(volumes[place - 1, b]),
                    dice=2 * both / size if size else math.nan,
                    note=f"no voxel from {' and '.join(lacking)}" if lacking else "",
                )
            )
    return rows


def _summary(name: str, dice: Sequence[float]) -> AgreementSummary:
    known = np.array([d for d in dice if not math.isnan(d)])
    some, several = len(known) > 0, len(known) > 1
    return AgreementSummary(
        name=name,
        pairs=len(known),
        missing=len(dice) - len(known),
        dice_mean=float(known.mean()) if some else math.nan,
        dice_sd=float(known.std(ddof=1)) if several else math.nan,
        dice_min=float(known.min()) if some else math.nan,
        dice_max=float(known.max()) if some else math.nan,
    )


def _icc(name: str, volumes: NDArray[np.float64]) -> list[VolumeCorrelation]:
    complete = (volumes > 0).all(axis=1)  # NaN is not
    left_out = int(np.count_nonzero(~complete))
    table = volumes[complete]
    rows = []
    for kind, found in intraclass_correlations(table).items():
        notes = [found.note] if found.note else []
        if left_out:
            notes.append(f"{left_out} of {len(volumes)} cases left out: no voxel from somebody")
        rows.append(
            VolumeCorrelation(
                name=name,
                type=kind,
                icc=found.icc,
                lower=found.lower,
                upper=found.upper,
                cases=len(table),
                observers=volumes.shape[1],
                note="; ".join(notes),
            )
        )
    return rows
