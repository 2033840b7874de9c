"""How IBSI makes one value of the slices of a volume, for textures without directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from ..errors import InputError

__all__ = ["AGGREGATIONS", "check_aggregation", "mean_of"]

AGGREGATIONS = ("2D", "2_5D", "3D")
"""By slice and averaged; by slice and merged into one matrix; as a volume."""

T = TypeVar("T")


def check_aggregation(aggregation: str) -> None:
    """Refuse an aggregation that textures without directions do not have."""
    if aggregation not in AGGREGATIONS:
        raise InputError(
            f"The aggregation {aggregation!r} is not known here.",
            hint=f"Use one of {', '.join(AGGREGATIONS)}.",
        )


def mean_of(
    matrices: Sequence[T], values_of: Callable[[T], Mapping[str, float]]
) -> dict[str, float]:
    """Average each value over the matrices of slices."""
    values = [values_of(matrix) for matrix in matrices]
    return {name: float(np.mean([each[name] for each in values])) for name in values[0]}
