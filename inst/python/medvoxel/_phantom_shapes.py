"""Shapes of the phantom: ellipsoids, rods, and ellipses stacked along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._phantom_fields import Array, smooth_min

__all__ = ["Ellipsoid", "Loft", "Rod", "rotation", "tube"]

Triple = tuple[float, float, float]

# So fine that the nearest row will do.
_TABLE_STEP = 0.02


@dataclass(frozen=True)
class Ellipsoid:
    """Ellipsoid, turned by `tilt`: tangents of half the angles about x, y and z.

    Tangents instead of angles, because the rotation then needs no sine, whose last bit
    differs between mathematical libraries (Cayley's parametrisation).
    """

    centre: Triple
    radii: Triple
    tilt: Triple = (0.0, 0.0, 0.0)

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reach = np.sqrt(((rotation(self.tilt) * np.asarray(self.radii)) ** 2).sum(axis=1))
        return np.asarray(self.centre) - reach, np.asarray(self.centre) + reach

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        offset = [axis - np.float32(c) for axis, c in zip((x, y, z), self.centre, strict=True)]
        if any(self.tilt):
            turned = rotation(self.tilt).T.astype(np.float32)
            offset = [r[0] * offset[0] + r[1] * offset[1] + r[2] * offset[2] for r in turned]
        return _ellipse(offset, self.radii)


@dataclass(frozen=True)
class Rod:
    """Ball that moves along a straight line while its radius changes."""

    start: Triple
    end: Triple
    radii: tuple[float, float]

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reach = max(self.radii)
        return np.minimum(self.start, self.end) - reach, np.maximum(self.start, self.end) + reach

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        start = np.asarray(self.start, dtype=np.float32)
        along = np.asarray(self.end, dtype=np.float32) - start
        scaled = along / np.float32(sum(along.astype(np.float64) ** 2))
        offset = [axis - s for axis, s in zip((x, y, z), start, strict=True)]
        t = offset[0] * scaled[0]
        t += offset[1] * scaled[1]
        t += offset[2] * scaled[2]
        np.clip(t, 0, 1, out=t)
        squared = np.zeros_like(t)
        for part, step in zip(offset, along, strict=True):
            part -= t * step
            part *= part
            squared += part
        t *= np.float32(self.radii[1] - self.radii[0])
        t += np.float32(self.radii[0])
        return np.sqrt(squared) - t


@dataclass(frozen=True)
class Loft:
    """Ellipses stacked along an axis.

    `rows` hold (position along the axis, two centres, two radii), the two in the order of
    the other axes; `bend` bows the section: the second centre moves by ``-bend * u**2``
    at distance ``u`` from the first; `blend` rounds the rim of the end faces.
    """

    axis: int
    rows: Sequence[tuple[float, float, float, float, float]]
    bend: float = 0.0
    blend: float = 0.0

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.asarray(self.rows, dtype=float)
        low = [rows[:, 0].min()]
        high = [rows[:, 0].max()]
        bow = abs(self.bend) * rows[:, 3].max() ** 2
        for k, extra in ((1, 0.0), (2, bow)):
            low.append((rows[:, k] - rows[:, k + 2]).min() - extra)
            high.append((rows[:, k] + rows[:, k + 2]).max() + extra)
        order = np.argsort([self.axis, *(a for a in range(3) if a != self.axis)])
        return np.asarray(low)[order], np.asarray(high)[order]

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        return _spline_table(np.asarray(self.rows, dtype=float))

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        coordinates = [x, y, z]
        s = coordinates.pop(self.axis)
        start, end = self.rows[0][0], self.rows[-1][0]
        row = np.clip(s, np.float32(start), np.float32(end))
        row -= np.float32(start)
        row *= np.float32(1 / _TABLE_STEP)
        row = row.astype(np.intp)
        centre_u, centre_v, radius_u, radius_v = (column.take(row) for column in self._table)
        u = np.subtract(coordinates[0], centre_u, out=centre_u)
        v = np.subtract(coordinates[1], centre_v, out=centre_v)
        if self.bend:
            v += np.float32(self.bend) * u * u
        field = _ellipse([u, v], [radius_u, radius_v])
        if self.bend:
            # Beyond the tips of a flat section the first order falls short by far.
            longest = np.maximum(radius_u, radius_v)
            np.maximum(field, np.sqrt(u * u + v * v) - longest, out=field)
        ends = np.abs(s - np.float32((start + end) / 2)) - np.float32((end - start) / 2)
        return -smooth_min(-field, -ends, self.blend) if self.blend else np.maximum(field, ends)


def tube(path: Sequence[Triple], radii: Sequence[float], pieces: int = 4) -> list[Rod]:
    """Ball swept along the smooth curve through `path`; `radii` are those at its points.

    The curve is Catmull and Rom's spline, made of `pieces` rods between two points.
    """
    knots = np.column_stack([np.asarray(path, dtype=float), radii])
    if len(knots) > 2:
        knots = _spline(knots, pieces)
    return [
        Rod(tuple(a[:3].tolist()), tuple(b[:3].tolist()), (float(a[3]), float(b[3])))
        for a, b in pairwise(knots)
    ]


def rotation(tilt: Sequence[float]) -> NDArray[np.float64]:
    """Rotation matrix of Cayley's parameters, about `tilt` by ``2 atan(|tilt|)``."""
    a, b, c = (float(t) for t in tilt)
    scale = 1 + a * a + b * b + c * c
    return (
        np.array(
            [
                [1 + a * a - b * b - c * c, 2 * (a * b - c), 2 * (a * c + b)],
                [2 * (a * b + c), 1 - a * a + b * b - c * c, 2 * (b * c - a)],
                [2 * (a * c - b), 2 * (b * c + a), 1 - a * a - b * b + c * c],
            ]
        )
        / scale
    )


def _ellipse(offset: Sequence[Array], radii: Sequence[float | Array]) -> Array:
    """Distance to an ellipse or ellipsoid to first order: f / |grad f| of its radius function."""
    inner = outer = np.float32(0)
    for u, radius in zip(offset, radii, strict=True):
        inverse = np.float32(1) / np.asarray(radius, dtype=np.float32)
        scaled = u * inverse
        square = scaled * scaled
        inner = np.add(inner, square, out=square)
        scaled *= inverse
        scaled *= scaled
        outer = np.add(outer, scaled, out=scaled)
    inner += np.float32(1e-6)
    outer += np.float32(1e-6)
    # The small term keeps the centre, where both vanish, deep inside.
    np.sqrt(outer, out=outer)
    np.sqrt(inner, out=inner)
    field = inner - np.float32(1)
    field *= inner
    field /= outer
    return field


def _spline(knots: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    padded = np.concatenate([knots[:1], knots, knots[-1:]])
    out = [knots[0]]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for t in np.arange(1, count + 1) / count:
            out.append(
                0.5
                * (
                    2 * b
                    + (c - a) * t
                    + (2 * a - 5 * b + 4 * c - d) * t * t
                    + (3 * b - a - 3 * c + d) * t * t * t
                )
            )
    return np.asarray(out)


def _spline_table(knots: NDArray[np.float64]) -> NDArray[np.float32]:
    """Columns of `knots` at fine steps, monotone between them (Fritsch and Butland)."""
    s, values = knots[:, 0], knots[:, 1:]
    gaps = np.diff(s)[:, None]
    slopes = np.diff(values, axis=0) / gaps
    tangent = np.zeros_like(values)
    product = slopes[1:] * slopes[:-1]
    total = slopes[1:] + slopes[:-1]
    tangent[1:-1] = np.where(product > 0, 2 * product / np.where(product > 0, total, 1), 0)
    tangent[0], tangent[-1] = slopes[0], slopes[-1]
    count = int(np.ceil((s[-1] - s[0]) / _TABLE_STEP)) + 2
    at = np.minimum(s[0] + _TABLE_STEP * (np.arange(count) + 0.5), s[-1])
    k = np.clip(np.searchsorted(s, at, side="right") - 1, 0, len(s) - 2)
    width = gaps[k]
    t = ((at - s[k])[:, None]) / width
    low, high = values[k], values[k + 1]
    rise = t * t * (3 - 2 * t)
    bow = t * (1 - t) * ((1 - t) * tangent[k] - t * tangent[k + 1]) * width
    return (low + (high - low) * rise + bow).T.astype(np.float32)
