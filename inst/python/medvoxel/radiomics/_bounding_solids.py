"""The smallest box in any direction, and the smallest ellipsoid, around points in space."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["ellipsoid_area", "enclosing_ellipsoid", "oriented_box"]

# Faces of the hull on which boxes are tried: the largest ones.
_FACES = 1000
# Directions all around that are tried besides: the least box need not lie on a face.
_SPREAD = 200
# The best boxes so found that are improved further.
_STARTS = 8
# How often a box is turned at most, and what part of its volume a turn has to save.
_TURNS = 100
_GAIN = 1e-6
# How far the ellipsoid may be from optimal (in its squared radius), and in how many steps.
_TOLERANCE = 1e-7
_STEPS = 50_000
_DEGREE = 20


def oriented_box(
    corners: NDArray[np.float64], normals: NDArray[np.float64], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Edges of the box of least volume around points.

    Parameters
    ----------
    corners : ndarray, shape (n, 3)
        Corners of the convex hull.
    normals : ndarray, shape (m, 3)
        Unit normals of its faces.
    areas : ndarray, shape (m,)
        Areas of the faces.

    Returns
    -------
    ndarray, shape (3,)
        Lengths of the edges.

    Notes
    -----
    The least boxes that stand on a plane are found, exactly [1]_: on the thousand largest
    faces of the hull, across the axes, and on 200 planes all around. Of the best, each side
    in turn is taken for the plane until nothing improves. No larger than what lies on a
    face; where the least box of all does not, it may be
    missed, by one or two per cent among small polyhedra.

    References
    ----------
    .. [1] H. Freeman and R. Shapira, "Determining the minimum-area encasing rectangle for
       an arbitrary closed curve", Communications of the ACM 18(7), 409-413, 1975.
    """
    from ._box_kernel import least_rectangles

    corners = np.ascontiguousarray(corners)
    faces = _distinct_directions(normals, areas)
    directions = np.concatenate([np.eye(3), _spread_directions(_SPREAD), faces])
    volumes, edges = least_rectangles(corners, directions)
    best = math.inf
    frame = np.eye(3)
    for start in np.argsort(volumes, kind="stable")[:_STARTS]:
        volume, axis, edge = volumes[start], directions[start], edges[start]
        for _ in range(_TURNS):
            tried = np.stack([edge, np.cross(axis, edge)])
            found, along = least_rectangles(corners, tried)
            i = int(found.argmin())
            if not found[i] < volume * (1 - _GAIN):
                break
            volume, axis, edge = found[i], tried[i], along[i]
        if volume < best:
            best, frame = volume, np.stack([axis, edge, np.cross(axis, edge)])
    return np.ptp(corners @ frame.T, axis=0)


def _distinct_directions(
    normals: NDArray[np.float64], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Collect the normals of the largest faces; opposite ones count as one."""
    rounded = np.rint(normals * 1e9).astype(np.int64)
    lead = np.take_along_axis(rounded, (rounded != 0).argmax(axis=1)[:, np.newaxis], axis=1)
    _, first, group = np.unique(
        rounded * np.sign(lead), axis=0, return_index=True, return_inverse=True
    )
    sums = np.bincount(group.ravel(), weights=areas)
    largest = np.argsort(-sums, kind="stable")[:_FACES]
    return normals[first[largest]]


def _spread_directions(count: int) -> NDArray[np.float64]:
    """Spread unit vectors all over a half sphere, on a spiral by the golden angle."""
    place = np.arange(count) + 0.5
    height = place / count
    angle = math.pi * (3 - math.sqrt(5)) * place
    radius = np.sqrt(1 - height * height)
    return np.stack([height, radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def enclosing_ellipsoid(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half axes of the ellipsoid of least volume around points.

    Parameters
    ----------
    corners : ndarray, shape (n, 3)
        Corners of the convex hull.

    Returns
    -------
    ndarray, shape (3,)
        Half lengths of the axes, from the smallest.

    Notes
    -----
    Khachiyan's ascent with steps away from points that do not matter [1]_, which converges
    linearly; at the end the ellipsoid is widened to hold every point.

    References
    ----------
    .. [1] M. J. Todd and E. A. Yildirim, "On Khachiyan's algorithm for the computation of
       minimum-volume enclosing ellipsoids", Discrete Applied Mathematics 155(13),
       1731-1744, 2007.
    """
    middle = corners.mean(axis=0)
    scale = float(np.abs(corners - middle).max())
    lifted = np.ones((len(corners), 4))
    lifted[:, :3] = (corners - middle) / scale
    share = _khachiyan(lifted)
    points = lifted[:, :3]
    centre = share @ points
    spread = (points * share[:, np.newaxis]).T @ points - np.outer(centre, centre)
    offset = points - centre
    reach = float((offset * np.linalg.solve(spread, offset.T).T).sum(axis=1).max())
    half_axes: NDArray[np.float64] = scale * np.sqrt(reach * np.linalg.eigvalsh(spread))
    return half_axes


def _khachiyan(lifted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the points that define the ellipsoid."""
    count, size = lifted.shape
    share = np.full(count, 1 / count)
    inverse = kappa = np.empty(0)
    for step in range(_STEPS):
        if step % 500 == 0:  # so that the rounding of the updates cannot pile up
            inverse = np.linalg.inv((lifted * share[:, np.newaxis]).T @ lifted)
            kappa = ((lifted @ inverse) * lifted).sum(axis=1)
        top = int(kappa.argmax())
        low = int(np.where(share > 0, kappa, math.inf).argmin())
        over, under = kappa[top] / size - 1, 1 - kappa[low] / size
        if max(over, under) < _TOLERANCE:
            break
        at = top if over >= under else low
        move = _step(float(kappa[at]), float(share[at]), size)
        # Sherman and Morrison's update of the inverse, and with it of kappa.
        ratio = move / (1 - move)
        column = inverse @ lifted[at]
        shift = ratio / (1 + ratio * kappa[at])
        inverse = (inverse - shift * np.outer(column, column)) / (1 - move)
        kappa = (kappa - shift * np.square(lifted @ column)) / (1 - move)
        share *= 1 - move
        share[at] = max(share[at] + move, 0.0)
    return share


def _step(kappa: float, share: float, size: int) -> float:
    """Best step towards a point, or away from it as far as its weight lasts."""
    away = -share / (1 - share)
    if kappa <= 1:
        return away
    return max((kappa - size) / (size * (kappa - 1)), away)


def ellipsoid_area(half_axes: NDArray[np.float64]) -> float:
    """Surface area of an ellipsoid as the IBSI approximates it.

    Parameters
    ----------
    half_axes : ndarray, shape (3,)
        Half lengths of the axes, none of them 0.

    Returns
    -------
    float
        The reference manual's series of Legendre polynomials to the 20th degree [1]_.

    Notes
    -----
    The consensus values hang on this series, so it is kept, though it is not quite the area:
    in the series that is, both eccentricities are those of the smallest axis with the others,
    whereas the manual takes those of the largest. It is exact for spheres and too small for
    others, by 4 % for the digital phantom.

    References
    ----------
    .. [1] A. Zwanenburg et al., "Image biomarker standardisation initiative: reference
       manual", arXiv:1612.07003, section 3.1.22.
    """
    c, b, a = (float(half) for half in np.sort(half_axes))
    alpha, beta = 1 - (b / a) ** 2, 1 - (c / a) ** 2  # squared
    # (alpha beta)^n P_n by the recurrence of P_n, which needs no division by alpha.
    product, middle = alpha * beta, (alpha + beta) / 2
    before, term, total = 0.0, 1.0, 0.0
    for n in range(_DEGREE + 1):
        total += term / (1 - 4 * n * n)
        before, term = term, ((2 * n + 1) * middle * term - n * product * before) / (n + 1)
    return 4 * math.pi * a * b * total
