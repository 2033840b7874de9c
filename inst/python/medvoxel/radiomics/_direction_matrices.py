"""The six ways in which IBSI brings matrices of directions and slices together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._directions import Direction, unique_directions

__all__ = ["AGGREGATIONS", "aggregated", "means"]

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")

Counter = Callable[[Direction, "int | None"], NDArray[Any]]


def aggregated(count: Counter, slices: int, aggregation: str) -> Iterator[NDArray[Any]]:
    """Give the matrices whose features are averaged under an IBSI aggregation.

    Parameters
    ----------
    count : callable
        Gives the matrix of a direction, in one slice along z or (None) in all of them.
        Matrices of one region must have one shape.
    slices : int
        How many slices there are.
    aggregation : {"2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"}
        2D: a matrix for each slice and direction in its plane; 2_5D: slices are merged;
        3D: all 13 directions. avg: features of each matrix are averaged; comb: the
        matrices of the directions are merged first.

    Yields
    ------
    ndarray
        Matrices, which may be empty.

    Raises
    ------
    InputError
        When the aggregation is none of these.

    References
    ----------
    IBSI reference manual, sections 3.6 and 3.7 ("Aggregating features").
    """
    if aggregation not in AGGREGATIONS:
        raise InputError(
            f"The aggregation {aggregation!r} is not known.",
            hint=f"Use one of {', '.join(AGGREGATIONS)}.",
        )
    space, _, method = aggregation.rpartition("_")
    directions = unique_directions(force2d_dimension=None if space == "3D" else 0)
    for plane in range(slices) if space == "2D" else (None,):
        matrices = (count(direction, plane) for direction in directions)
        if method == "avg":
            yield from matrices
        else:
            yield sum(matrices)  # type: ignore[misc]


def means(values: list[dict[str, float]], names: tuple[str, ...]) -> dict[str, float]:
    """Average features over matrices, leaving out where a matrix gives none.

    Parameters
    ----------
    values : list of dict
        The features of each matrix.
    names : tuple of str
        All features, which are NaN when there is no matrix.

    Returns
    -------
    dict of str to float
        The averages in the order of the names.
    """
    averages = {}
    for name in names:
        known = [row[name] for row in values if not np.isnan(row[name])]
        averages[name] = float(np.mean(known)) if known else float("nan")
    return averages
