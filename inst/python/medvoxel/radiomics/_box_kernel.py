"""Least rectangles around points seen along many directions, compiled with numba."""

from __future__ import annotations

import numpy as np

from ._compiled import compiled
from ._diameters_kernel import hull_of_sorted

__all__ = ["least_rectangles"]


@compiled
def least_rectangles(points, directions):  # type: ignore[no-untyped-def]
    """Volumes of the least boxes with one edge along each direction, and a second edge.

    The least rectangle around a polygon has an edge along one of the polygon's.
    """
    count = len(points)
    volumes = np.empty(len(directions))
    edges = np.empty((len(directions), 3))
    u = np.empty(count)
    v = np.empty(count)
    chain = np.empty(2 * count + 3, np.int64)
    for k in range(len(directions)):
        d = directions[k] / np.sqrt((directions[k] * directions[k]).sum())
        least = np.argmin(np.abs(d))
        e = -d * d[least]
        e[least] += 1.0
        e /= np.sqrt((e * e).sum())
        f = np.array(
            [d[1] * e[2] - d[2] * e[1], d[2] * e[0] - d[0] * e[2], d[0] * e[1] - d[1] * e[0]]
        )
        low = high = points[0, 0] * d[0] + points[0, 1] * d[1] + points[0, 2] * d[2]
        for i in range(count):
            p = points[i]
            height = p[0] * d[0] + p[1] * d[1] + p[2] * d[2]
            low, high = min(low, height), max(high, height)
            u[i] = p[0] * e[0] + p[1] * e[1] + p[2] * e[2]
            v[i] = p[0] * f[0] + p[1] * f[1] + p[2] * f[2]
        order = np.argsort(u)
        su, sv = u[order], v[order]
        size = hull_of_sorted(su, sv, 0, count, chain)
        area = np.inf
        for i in range(size):
            a, b = chain[i], chain[(i + 1) % size]
            c, s = su[b] - su[a], sv[b] - sv[a]
            length = np.sqrt(c * c + s * s)
            if length == 0.0:
                continue
            c, s = c / length, s / length
            left = bottom = np.inf
            right = top = -np.inf
            for j in range(size):
                along = su[chain[j]] * c + sv[chain[j]] * s
                across = sv[chain[j]] * c - su[chain[j]] * s
                left, right = min(left, along), max(right, along)
                bottom, top = min(bottom, across), max(top, across)
            if (right - left) * (top - bottom) < area:
                area = (right - left) * (top - bottom)
                edges[k] = c * e + s * f
        volumes[k] = area * (high - low)
    return volumes, edges
