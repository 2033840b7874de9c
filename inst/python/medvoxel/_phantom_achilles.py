"""The Achilles tendon of the phantom, sound or not; frame as in ``_phantom_bones``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._phantom_fields import Array, Part, Points, join, smooth_min
from ._phantom_patient import Patient
from ._phantom_shapes import Loft

__all__ = ["Achilles", "achilles"]

# Height, centre (x, y), half width, half depth. It lies against the tuberosity from -29 to
# -10, is narrowest 4 cm above, and spreads over the soleus higher up.
_SOUND = (
    (-29, 3.0, 55.5, 8.5, 2.2),
    (-17, 3.0, 56.6, 10.6, 2.8),
    (-4, 2.5, 55.8, 9.3, 3.0),
    (10, 2.0, 53.7, 7.8, 3.1),
    (30, 1.0, 50.2, 7.1, 3.0),
    (45, 0.5, 47.6, 7.7, 2.8),
    (60, 0.0, 45.4, 9.5, 2.5),
    (85, 0.0, 43.8, 13.0, 2.0),
    (130, 0.0, 46.5, 18.0, 1.2),
)
# Bowed like the tuberosity, and with a blunt end: a thin edge on the bone would fray.
_BEND = 0.03
_BLUNT = 3.0

Row = tuple[float, float, float, float, float]
_REACH = 14.0


@dataclass
class Achilles:
    """Fields of the tendon, of the gap in it and of the swelling (1 at its middle)."""

    tendon: Part | None
    gap: Part | None
    swelling: Array | None


def achilles(points: Points, patient: Patient, pathology: str) -> Achilles:
    """Compute the tendon.

    Parameters
    ----------
    points : Points
        Where.
    patient : Patient
        Sizes and places.
    pathology : {"none", "tendinopathy", "rupture"}
        What ails it.

    Returns
    -------
    Achilles
        Its fields.
    """
    if pathology == "tendinopathy":
        middle, half = patient.swelling_height, 28.0
        tendon = _cord(points, _rows(patient, middle, half, patient.swelling))
        return Achilles(tendon, None, _bump_field(points, tendon, middle, half))
    if pathology == "rupture":
        return _torn(points, patient)
    return Achilles(_cord(points, _rows(patient)), None, None)


def _torn(points: Points, patient: Patient) -> Achilles:
    """Two retracted, thickened, frayed stumps, and the haematoma between them."""
    middle, half = patient.gap_height, patient.gap_length / 2
    stumps = join(points, [Loft(2, _rows(patient, middle, half + 20, 0.5), _BEND)], 0, reach=_REACH)
    sheath = join(
        points, [Loft(2, _rows(patient, middle, half + 22, 0.75), _BEND)], 0, reach=_REACH
    )
    if stumps is None or sheath is None:
        return Achilles(stumps, None, None)
    x, y, z = points.at(stumps.box)
    slant = np.float32(0.35) * (y - np.float32(50)) + np.float32(0.12) * x
    frayed = np.float32(1.1) * np.abs(_sawtooth(x / np.float32(4)))
    distance = np.abs(z - np.float32(middle) + slant) + frayed
    inside = np.float32(half) - distance
    stumps.field = -smooth_min(-stumps.field, -inside, 4)
    z = points.at(sheath.box)[2]
    ends = np.abs(z - np.float32(middle)) - np.float32(half + 5)
    sheath.field = -smooth_min(-sheath.field, -ends, 5)
    return Achilles(stumps, sheath, None)


def _cord(points: Points, rows: list[Row]) -> Part | None:
    return join(points, [Loft(2, rows, _BEND, _BLUNT)], 0, reach=_REACH)


def _rows(
    patient: Patient, middle: float = 0.0, half: float = 1.0, swelling: float = 0.0
) -> list[Row]:
    sound = np.asarray(_SOUND, dtype=float)
    heights = np.unique(np.concatenate([sound[:, 0], middle + half * np.linspace(-1, 1, 13)]))
    heights = heights[(heights >= sound[0, 0]) & (heights <= sound[-1, 0])]
    rows = []
    for z in heights:
        k = min(int(np.searchsorted(sound[:, 0], z, side="right")) - 1, len(sound) - 2)
        t = (z - sound[k, 0]) / (sound[k + 1, 0] - sound[k, 0])
        x, y, width, depth = (sound[k, 1:] * (1 - t) + sound[k + 1, 1:] * t).tolist()
        bump = _bump((z - middle) / half)
        width *= patient.tendon_width * (1 + 0.3 * swelling * bump)
        depth *= patient.tendon_depth * (1 + swelling * bump)
        rows.append((float(z), x, y, width, depth))
    return rows


def _bump(t: float) -> float:
    rest = max(1 - t * t, 0.0)
    return rest * rest


def _bump_field(points: Points, part: Part | None, middle: float, half: float) -> Array | None:
    if part is None:
        return None
    t = (points.at(part.box)[2] - np.float32(middle)) / np.float32(half)
    t = np.maximum(np.float32(1) - t * t, np.float32(0))
    return t * t


def _sawtooth(x: Array) -> Array:
    return (x - np.floor(x)) * np.float32(2) - np.float32(1)
