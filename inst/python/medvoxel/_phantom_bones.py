"""Bones of the phantom: a left ankle, millimetres, x lateral, y posterior, z up."""

from __future__ import annotations

from ._phantom_fields import Part, Points, Shape, carve, join, overlap
from ._phantom_shapes import Ellipsoid, Loft, tube

__all__ = ["BONES", "bones", "joints"]

# Distances between the bones: two layers of cartilage, as a radiograph shows them.
_ANKLE_GAP = 3.0
_SUBTALAR_GAP = 2.4
_MIDFOOT_GAP = 2.0
# For the skin over the malleoli, and for the shells next to the ankle joint.
_REACH = 10.0

_TALUS: list[Shape] = [
    Loft(
        0,
        [
            (-18, 4, 4.5, 15, 12),
            (-13.5, 4, 4.5, 18, 15),
            (0, 4, 4.5, 18.5, 14.5),
            (13.5, 4, 4.5, 19, 15.5),
            (18.5, 4, 4.5, 15, 12),
        ],
        blend=8,
    ),
    *tube([(-2, -6, 4), (-7, -18, 0)], [11, 9.5]),
    Ellipsoid((-8.5, -26, -2), (13, 11.5, 11.5)),
    Ellipsoid((-2, 21, -1), (8, 8, 6)),
    Ellipsoid((14, 6, -4), (8, 9, 7)),
]

_TIBIA: list[Shape] = [
    Loft(
        2,
        [
            (17, -2, 3, 21, 17.5),
            (24, -2, 3, 22.5, 18.5),
            (34, -3, 3, 20.5, 17.5),
            (46, -5, 2, 16.5, 15),
            (62, -7, 1, 13.5, 13),
            (130, -9, 0, 12, 12),
        ],
    ),
    *tube([(-7, -9, 130), (-6, -9.5, 60), (-5, -9, 42)], [5, 5.5, 6]),
    *tube([(-16, 1, 34), (-22, 0, 20), (-25, -1, 7)], [9, 8.5, 7]),
    Ellipsoid((2, 17, 22), (14, 6, 9)),
]

_FIBULA: list[Shape] = [
    Loft(
        2,
        [
            (-9, 27, 10, 1.5, 2),
            (-6, 27.5, 9.5, 4.5, 6),
            (0, 28, 9, 6.5, 9.5),
            (8, 27.5, 8, 7.5, 11),
            (22, 26, 8.5, 7.5, 10),
            (36, 24.5, 10, 6.5, 7.5),
            (60, 24, 12, 6, 6.5),
            (130, 24, 14, 5.5, 6),
        ],
    )
]

_CALCANEUS: list[Shape] = [
    Ellipsoid((3, 41, -22), (14.5, 14, 20.5), (0.08, 0, 0)),
    Ellipsoid((3, 34, -20), (13.5, 17, 17)),
    Ellipsoid((5, 16, -18), (13, 24, 16.5)),
    Ellipsoid((6, 8, -11), (14, 13, 12)),
    Ellipsoid((10, -10, -17), (12, 17, 12.5)),
    Ellipsoid((-13, -1, -11), (10, 9.5, 5.5), (0, 0.1, 0)),
    Ellipsoid((-4, 44, -36), (8, 9, 6)),
    Ellipsoid((11, 42, -36), (5.5, 7, 5)),
]

# Each is carved by those before it, so the order matters.
_MIDFOOT: list[tuple[list[Shape], float]] = [
    ([Ellipsoid((-11, -43, -4), (18, 9, 13), (0, 0.12, 0.1))], 5),
    ([Ellipsoid((18, -43, -21), (12.5, 17, 12)), Ellipsoid((13, -35, -20), (11, 10, 11))], 5),
    ([Ellipsoid((-22.5, -67, -12.5), (8.5, 15, 13.5), (0, -0.1, 0))], 4),
    ([Ellipsoid((-8.5, -64, -3), (7.5, 10.5, 10))], 4),
    ([Ellipsoid((5.5, -62, -8), (7.5, 13.5, 11))], 4),
    ([*tube([(-25, -84, -17), (-27, -98, -22), (-31, -132, -42)], [10, 7.5, 10])], 4),
    ([*tube([(-10, -79, -6), (-12, -95, -14), (-15, -142, -42)], [9, 5.5, 7])], 4),
    ([*tube([(2, -80, -10), (0, -95, -17), (0, -138, -43)], [8.5, 5, 7])], 4),
    ([*tube([(13, -68, -18), (12, -88, -24), (14, -130, -44)], [8.5, 5, 6.5])], 4),
    ([*tube([(27, -60, -30), (23, -80, -34), (28, -120, -45)], [8.5, 5.5, 6.5])], 4),
]

BONES = ("tibia", "fibula", "talus", "calcaneus", "midfoot")


def bones(points: Points) -> dict[str, list[Part]]:
    """Fields of the bones, none of which touches another.

    Parameters
    ----------
    points : Points
        Where to compute them.

    Returns
    -------
    dict of str to list of Part
        By the names of `BONES`; the midfoot has one part a bone.
    """
    talus = join(points, _TALUS, 7, reach=_REACH)
    tibia = join(points, _TIBIA, 6, reach=_REACH)
    fibula = join(points, _FIBULA, 0, reach=_REACH)
    calcaneus = join(points, _CALCANEUS, 8, reach=4)
    carve(tibia, talus, _ANKLE_GAP)
    carve(fibula, talus, _ANKLE_GAP)
    carve(fibula, tibia, _SUBTALAR_GAP)
    carve(calcaneus, talus, _SUBTALAR_GAP)
    midfoot: list[Part | None] = []
    for shapes, blend in _MIDFOOT:
        bone = join(points, shapes, blend, reach=8)
        for other in (talus, calcaneus, *midfoot):
            carve(bone, other, _MIDFOOT_GAP)
        midfoot.append(bone)
    found = {"tibia": [tibia], "fibula": [fibula], "talus": [talus], "calcaneus": [calcaneus]}
    found["midfoot"] = midfoot
    return {name: [p for p in parts if p is not None] for name, parts in found.items()}


def joints(found: dict[str, list[Part]]) -> list[Part]:
    """Cartilage and capsule: what lies close to two bones at once."""
    pairs = [("talus", "tibia"), ("talus", "fibula"), ("talus", "calcaneus"), ("tibia", "fibula")]
    spaces = [overlap(a, b, 3.6) for one, two in pairs for a in found[one] for b in found[two]]
    row = [*found["talus"], *found["calcaneus"], *found["midfoot"]]
    spaces += [overlap(a, b, 3.0) for i, a in enumerate(row) for b in row[i + 1 :]]
    return [part for part in spaces if part is not None]
