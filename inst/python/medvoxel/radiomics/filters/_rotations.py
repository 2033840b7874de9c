"""Separable kernels in all right-angled rotations, and pooling of their responses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

__all__ = ["POOLINGS", "pooled", "rotated"]

POOLINGS = ("average", "max", "min")

Kernels = tuple[NDArray[np.float64], ...]


def rotated(kernels: Sequence[NDArray[np.float64]]) -> list[Kernels]:
    """List the different rotations by right angles of a separable kernel.

    Parameters
    ----------
    kernels : sequence of ndarray, shape (n,)
        Kernel along each axis, each of odd length.

    Returns
    -------
    list of tuple of ndarray
        At most 24 in 3D and 4 in 2D. Rotations that give the same kernel are listed once;
        as each of them occurs equally often, averages do not change by that.

    References
    ----------
    IBSI reference manual for image filters, section on rotational invariance.
    """
    count = len(kernels)
    different: dict[tuple[tuple[int, ...], bytes], Kernels] = {}
    for order in permutations(range(count)):
        for flips in product((1, -1), repeat=count):
            if _parity(order) * int(np.prod(flips)) < 0:
                continue
            turned = tuple(kernels[k][..., ::flip] for k, flip in zip(order, flips, strict=True))
            # Adding 0 makes -0 and 0 the same.
            whole = np.round(reduce(np.multiply.outer, turned), 12) + 0.0
            different.setdefault((whole.shape, whole.tobytes()), turned)
    return list(different.values())


def _parity(order: Sequence[int]) -> int:
    swaps = sum(a > b for i, a in enumerate(order) for b in order[i + 1 :])
    return -1 if swaps % 2 else 1


def pooled(responses: Iterable[Callable[[], NDArray[np.float64]]], how: str) -> NDArray[np.float64]:
    """Pool responses voxel by voxel, holding two of them at a time.

    Parameters
    ----------
    responses : iterable of callable
        Each gives a response map.
    how : str
        One of `POOLINGS`.

    Returns
    -------
    ndarray of float64
        Their mean, maximum or minimum.
    """
    join = {"average": np.add, "max": np.maximum, "min": np.minimum}[how]
    total, count = None, 0
    for response in responses:
        one = response()
        total = one.copy() if total is None else join(total, one, out=total)
        count += 1
    if total is None:
        raise ValueError("nothing to pool")
    return total / count if how == "average" else total
