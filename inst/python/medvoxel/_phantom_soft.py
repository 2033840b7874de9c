"""Skin, muscles, small tendons and vessels of the phantom; frame as in ``_phantom_bones``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._phantom_fields import Part, Points, Shape, carve, join, smooth_min
from ._phantom_shapes import Ellipsoid, Loft, tube

__all__ = ["SOLE", "body", "muscles", "plantar_fascia", "small_tendons", "vessels"]

SOLE = -58.0
"""Height of the ground, mm."""

_LEG = Loft(
    2,
    [
        (-46, 2, 22, 4, 5),
        (-30, 2, 19, 18, 25),
        (-10, 2, 14, 27, 35),
        (8, 1, 11, 31.5, 36),
        (24, 0.5, 10.5, 31.5, 36),
        (40, 0.5, 10.5, 32, 36),
        (60, 1, 11, 34.5, 38.5),
        (90, 3, 12, 41, 45),
        (130, 4, 14, 47, 52),
    ],
)

_FOOT = Loft(
    1,
    [
        (-192, 2, -48, 16, 7),
        (-180, 2, -47, 34, 10),
        (-150, 0, -44, 44, 14),
        (-115, -2, -38, 45, 21),
        (-85, -3, -30, 43, 29),
        (-60, -2, -24.5, 40, 35),
        (-35, -1, -20.5, 36, 38.5),
        (-10, 0, -21, 33, 38),
        (15, 1, -26, 31, 33),
        (34, 2, -30, 26, 29),
        (46, 2, -32, 16, 18),
        (52, 2, -33, 3, 4),
    ],
)

_BUMPS: list[Shape] = [
    Ellipsoid((2, 33, -31), (30, 30, 33)),
    Ellipsoid((-4, -30, 5), (23, 27, 18)),
    Ellipsoid((-27, 0, 13), (9, 13, 14)),
]

_ARCH = Ellipsoid((-40, -45, -68), (30, 52, 17))

# fmt: off
_MUSCLES: list[Shape] = [
    # soleus, flexor hallucis longus, flexor digitorum and tibialis posterior
    Loft(2, [(16, 0, 47, 1, 0.5), (32, 0, 42, 10, 3), (60, 0, 38, 25, 6.5), (130, 0, 36, 41, 20)]),
    Loft(2, [(-2, 1, 27, 1, 1), (10, 5, 27, 9, 5), (34, 8, 26.5, 14, 8), (130, 8, 24, 17, 11)]),
    Loft(2, [(16, -19, 20, 1, 1), (34, -16, 21, 8, 5), (60, -14, 21, 10, 7.5),
             (130, -14, 20, 13, 10)]),
    # peroneals; extensors and tibialis anterior
    Loft(2, [(-4, 27, 24, 1, 1), (14, 25, 25, 6, 6), (50, 25, 26, 8, 9), (130, 27, 25, 10, 13)]),
    Loft(2, [(6, 8, -20, 1, 1), (26, 11, -15, 8, 6), (60, 14, -8, 12, 11), (130, 15, -8, 17, 16)]),
    Loft(2, [(28, -3, -20, 1, 1), (60, 3, -17, 7, 6), (130, 4, -19, 14, 10)]),
    # sole: short flexor, quadratus, abductors of the great and the small toe
    Loft(1, [(-135, -3, -51, 3, 1), (-60, 0, -43, 18, 7), (0, 1, -45, 13, 6), (32, 1, -44, 2, 1)]),
    Loft(1, [(-120, 0, -38, 3, 1), (-70, -1, -31, 17, 8), (-30, -2, -33, 15, 8),
             (5, -10, -28, 6, 11), (30, -12, -24, 1, 3)]),
    Loft(1, [(-130, -30, -44, 1, 1), (-60, -26, -34, 8, 10), (-5, -21, -33, 7, 11),
             (32, -13, -38, 1, 2)]),
    Loft(1, [(-130, 33, -49, 1, 1), (-45, 28, -45, 8, 8), (0, 21, -43, 7, 8), (34, 13, -43, 1, 1)]),
    # short extensors on the back of the foot
    Ellipsoid((17, -38, -3), (12, 22, 5.5), (0.12, 0.16, 0)),
]
# fmt: on

_SMALL_TENDONS: list[Shape] = [
    # tibialis anterior, extensor hallucis, extensor digitorum
    *tube(
        [(-3, -20, 44), (-9, -25, 24), (-16, -36, 10), (-26, -54, -2), (-32, -68, -14)],
        [2.2, 2.8, 2.8, 2.6, 3],
    ),
    *tube(
        [(4, -21, 36), (0, -26, 21), (-8, -44, 13), (-13, -64, 8.5), (-25, -110, -12)],
        [1.4, 1.8, 1.8, 1.6, 1.5],
    ),
    *tube(
        [(9, -20, 28), (9, -25, 18), (8, -42, 12), (6, -68, 3), (4, -110, -18)],
        [1.6, 2.2, 2.4, 2.2, 1.8],
    ),
    # tibialis posterior, flexor digitorum, flexor hallucis: behind the medial malleolus
    *tube(
        [(-19, 17, 40), (-22, 13, 20), (-25, 8, 2), (-24, -14, -10), (-25, -38, -12)],
        [2.2, 2.7, 2.7, 2.6, 3],
    ),
    *tube(
        [(-16, 23, 34), (-20, 20, 14), (-24, 14, -4), (-20, -8, -19), (-10, -60, -32)],
        [1.6, 2, 2, 2, 1.8],
    ),
    *tube(
        [(2, 28, 12), (-4, 27, 2), (-9, 22, -8), (-12, -6, -22), (-20, -70, -34)],
        [1.8, 2.3, 2.3, 2.2, 2.2],
    ),
    # peroneals: behind and below the lateral malleolus
    *tube(
        [(28, 21, 20), (29.5, 19.5, 2), (26, 8, -17), (28.5, -24, -26), (31, -46, -34)],
        [2, 2.3, 2.1, 2, 2],
    ),
    *tube(
        [(27, 25, 16), (28, 24, 2), (25, 11, -22), (25, -20, -32), (16, -40, -37)],
        [2, 2.3, 2.1, 2, 2],
    ),
]

_FASCIA: list[Shape] = [
    Loft(
        1,
        [
            (-120, -3, -53, 24, 1),
            (-40, -2, -50.5, 14, 1.3),
            (30, 0, -46, 9, 1.9),
            (40, 0, -43, 6, 1),
        ],
    )
]

_VESSELS: list[Shape] = [
    *tube([(-8, 30, 62), (-13, 29, 30), (-18, 25, 8), (-20, 16, -12), (-15, -5, -28)], [1.7] * 5),
    *tube([(2, -14, 62), (2, -21, 26), (0, -30, 17), (-2, -60, 8)], [1.3] * 4),
    *tube([(-28, -4, 62), (-29, -8, 30), (-25, -17, 12), (-27, -45, 4)], [1.6, 1.6, 1.5, 1.3]),
    *tube([(18, 39, 62), (21, 34, 26), (27, 26, 0), (28, 10, -14)], [1.5, 1.5, 1.4, 1.2]),
]


def body(points: Points, prominences: Sequence[tuple[Part | None, float, float]]) -> Part:
    """Field of the skin's surface.

    Parameters
    ----------
    points : Points
        Where to compute it.
    prominences : sequence of (Part, float, float)
        What shows through the skin, the tissue over it and the width of the seam, in mm.

    Returns
    -------
    Part
        On the whole raster.
    """
    field = np.full(points.shape, points.margin + 14, dtype=np.float32)
    skin = Part(tuple(slice(0, n) for n in points.shape), field)
    outline = join(points, [_LEG, _FOOT, *_BUMPS], 12, reach=14)
    if outline is not None:
        field[outline.box] = outline.field
    for part, cover, blend in prominences:
        if part is not None:
            bump = part.field - np.float32(cover)
            field[part.box] = smooth_min(field[part.box], bump, blend)
    carve(skin, join(points, [_ARCH], 0, reach=12), 0, 10)
    above = np.float32(SOLE) - points.axes[2]
    field[:] = -smooth_min(-field, -above, 14)
    return skin


def muscles(points: Points, skin: Part, depth: float) -> Part | None:
    """Field of the muscles, at least `depth` mm below the skin's surface."""
    return _below(skin, join(points, _MUSCLES, 1.0), depth)


def small_tendons(points: Points) -> Part | None:
    """Field of all tendons but the Achilles tendon."""
    return join(points, _SMALL_TENDONS, 0.5, reach=11)


def plantar_fascia(points: Points, skin: Part, depth: float) -> Part | None:
    """Field of the plantar fascia, at least `depth` mm below the skin's surface."""
    return _below(skin, join(points, _FASCIA, 0), depth)


def vessels(points: Points, skin: Part, depth: float) -> Part | None:
    """Field of the larger vessels, at least `depth` mm below the skin's surface."""
    return _below(skin, join(points, _VESSELS, 0), depth)


def _below(skin: Part, part: Part | None, depth: float) -> Part | None:
    if part is not None:
        shallow = skin.field[part.box] + np.float32(depth)
        part.field = -smooth_min(-part.field, -shallow, 2)
    return part
