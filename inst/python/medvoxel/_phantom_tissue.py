"""From shapes to layers of tissue: what lies over what, with which value and label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._phantom_achilles import achilles
from ._phantom_bones import bones, joints
from ._phantom_fields import Array, Part, Points
from ._phantom_patient import Patient, Stream
from ._phantom_soft import SOLE, body, muscles, plantar_fascia, small_tendons, vessels
from .volume import Segment

__all__ = ["SEGMENTS", "TISSUES", "Layer", "Texture", "layers"]

SEGMENTS = (
    Segment(1, "skin", "#E5B299", code="SCT^39937001^Skin"),
    Segment(2, "fat", "#F0E442", code="SCT^55603005^Adipose tissue"),
    Segment(3, "muscle", "#A33B32", code="SCT^71616004^Muscle"),
    Segment(4, "tibia", "#56B4E9", code="SCT^12611008^Tibia"),
    Segment(5, "fibula", "#0072B2", code="SCT^87342007^Fibula"),
    Segment(6, "talus", "#CC79A7", code="SCT^67453005^Talus"),
    Segment(7, "calcaneus", "#009E73", code="SCT^80144004^Calcaneus"),
    Segment(8, "midfoot", "#9C7FD6"),
    Segment(9, "soft tissue", "#8C5A2B", code="SCT^87784001^Soft tissue"),
    Segment(10, "tendon", "#E69F00", code="SCT^61352006^Achilles tendon"),
    Segment(11, "gap", "#C4006A"),
)
"""The truth's segment table; ``tendon`` is the Achilles tendon, ``soft tissue`` the joint
capsules, vessels and all other tendons, ``gap`` the haematoma of a rupture. The codes are
SNOMED CT's, of the terms in DICOM PS3.16."""

_LABEL = {segment.name: segment.value for segment in SEGMENTS}


@dataclass(frozen=True)
class Tissue:
    """Mean value and standard deviation of the texture."""

    mean: float
    texture: float = 0.0


TISSUES: dict[str, dict[str, Tissue]] = {
    "CT": {
        "air": Tissue(-1000),
        "skin": Tissue(40),
        "fat": Tissue(-100, 7),
        "muscle": Tissue(55, 6),
        "capsule": Tissue(45, 5),
        "vessel": Tissue(42),
        "tendon": Tissue(90, 2),
        "degenerate": Tissue(70, 14),
        "gap": Tissue(35, 7),
        "cortical": Tissue(1200),
        "cancellous": Tissue(250, 45),
    },
    "MR": {
        "air": Tissue(0),
        "skin": Tissue(330),
        "fat": Tissue(850, 25),
        "muscle": Tissue(330, 14),
        "capsule": Tissue(300, 15),
        "vessel": Tissue(120),
        "tendon": Tissue(45, 4),
        "degenerate": Tissue(190, 60),
        "gap": Tissue(260, 35),
        "cortical": Tissue(25),
        "cancellous": Tissue(740, 35),
    },
}
"""Means by modality: Hounsfield units, and stored values of a T1-weighted image."""


@dataclass
class Layer:
    """One structure: of one tissue, or a shell around a core.

    Parameters
    ----------
    part : Part
        Where it is.
    tissue : str
        What it is made of, a name of `TISSUES`.
    label : int
        Its value in the truth.
    shell : ndarray, optional
        Thickness of the shell in mm, on the box of the part; beneath it is `core`.
    core, core_label : str, int
        Tissue of the core, and its label.
    swelling : ndarray, optional
        How much of it is degenerate tendon, on the box of the part.
    """

    part: Part
    tissue: str
    label: int
    shell: Array | None = None
    core: str = ""
    core_label: int = 0
    swelling: Array | None = None


class Texture:
    """Smooth noise with the grain of tissue, fixed in the anatomy and not in the voxels.

    Parameters
    ----------
    seed : int
        Which patient.
    """

    # Fibres and trabeculae run up the leg.
    _CELL = (1.7, 1.7, 5.0)
    _SIZE = 32

    def __init__(self, seed: int) -> None:
        values = Stream(seed, 2).normal((self._SIZE**3,))
        # Blending eight nodes lowers the variance to this part on average.
        self._values = values * np.float32(1 / (26 / 35) ** 1.5)

    def __call__(self, x: Array, y: Array, z: Array) -> Array:
        """Texture of mean 0 and standard deviation 1 at points of the anatomy."""
        size, flat, weights = self._SIZE, [], []
        for axis, cell, stride in zip((x, y, z), self._CELL, (1, size, size**2), strict=True):
            place = axis / np.float32(cell)
            floor = np.floor(place)
            place -= floor
            node = floor.astype(np.int32)
            flat.append([(node & (size - 1)) * stride, ((node + 1) & (size - 1)) * stride])
            rise = place * place * (np.float32(3) - np.float32(2) * place)
            weights.append([np.float32(1) - rise, rise])
        total = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.float32)
        for c in (0, 1):
            for b in (0, 1):
                row, weight = flat[2][c] + flat[1][b], weights[2][c] * weights[1][b]
                for a in (0, 1):
                    total += self._values[row + flat[0][a]] * (weight * weights[0][a])
        return total


def layers(points: Points, patient: Patient, pathology: str) -> list[Layer]:
    """Everything there is at `points`, from the skin inwards.

    Parameters
    ----------
    points : Points
        Where.
    patient : Patient
        Whose ankle.
    pathology : {"none", "tendinopathy", "rupture"}
        What ails the tendon.

    Returns
    -------
    list of Layer
        First the skin with fat as its core; then what lies in the fat, in the order of
        painting.
    """
    skeleton = bones(points)
    cord = achilles(points, patient, pathology)
    cords = small_tendons(points)
    shown = [(p, 4.5, 4.0) for name in ("tibia", "fibula") for p in skeleton[name]]
    shown += [(part, 3.5, 3.0) for part in skeleton["midfoot"]]
    shown += [(cords, 2.6, 7.0), (cord.tendon, 3.4, 8.0), (cord.gap, 3.2, 8.0)]
    skin = body(points, shown)
    skin.field -= np.float32(patient.fat)
    soft = [("muscle", muscles(points, skin, 3.5 + patient.fat), "muscle")]
    soft += [("capsule", part, "soft tissue") for part in joints(skeleton)]
    soft.append(("vessel", vessels(points, skin, 2.5), "soft tissue"))
    soft.append(("tendon", cords, "soft tissue"))
    soft.append(("tendon", plantar_fascia(points, skin, 6.0), "soft tissue"))
    soft.append(("gap", cord.gap, "gap"))
    found = [Layer(skin, "skin", _LABEL["skin"], _skin_thickness(points), "fat", _LABEL["fat"])]
    found += [Layer(p, tissue, _LABEL[name]) for tissue, p, name in soft if p is not None]
    if cord.tendon is not None:
        found.append(Layer(cord.tendon, "tendon", _LABEL["tendon"], swelling=cord.swelling))
    for name, parts in skeleton.items():
        for part in parts:
            shell = _cortex(name, points.at(part.box)[2])
            found.append(Layer(part, "cortical", _LABEL[name], shell, "cancellous", _LABEL[name]))
    return found


def _cortex(name: str, z: Array) -> Array:
    """Thickness of the cortical shell, mm: it grows up the shafts."""
    if name == "tibia":
        return np.float32(1.3) + np.float32(3.2) * _ramp(z, 22, 75)
    if name == "fibula":
        return np.float32(1.2) + np.float32(1.3) * _ramp(z, 12, 60)
    return np.full_like(z, {"talus": 1.1, "calcaneus": 1.2}.get(name, 0.9))


def _skin_thickness(points: Points) -> Array:
    """Thickness of the skin, mm: the sole's is thicker."""
    return np.float32(3.4) - np.float32(1.8) * _ramp(points.axes[2], SOLE + 4, SOLE + 14)


def _ramp(z: Array, low: float, high: float) -> NDArray[np.float32]:
    return np.clip((z - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
