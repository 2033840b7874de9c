"""An ankle of ellipsoids whose value is known at every point: the truth of the benchmarks.

It is written apart from medvoxel's own phantom, so that a fault of one cannot hide in the
other. Places are millimetres from the centre of the scan; arrays are indexed [z, y, x].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANKLE", "ANKLE_CT", "Raster", "bone_volume", "scan", "values"]

AIR, FAT, MUSCLE, TENDON, CORTICAL, CANCELLOUS = -1000.0, -100.0, 40.0, 100.0, 1200.0, 120.0
# An edge is a smooth ramp this wide (mm), as a scanner's blur makes it.
EDGE = 1.2
# Where cancellous bone begins, as a share of the way from a bone's centre to its surface.
SHELL = 0.75
# Trabeculae: waves of this length in mm (z, y, x) and height in HU.
WAVES, WAVE_HEIGHT = (8.0, 4.0, 4.0), 50.0


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and semi-axes in mm, (z, y, x), and what it adds to what is there."""

    centre: tuple[float, float, float]
    semi: tuple[float, float, float]
    step: float = 0.0


SOFT = (
    Ellipsoid((0, 0, 0), (160, 62, 60), FAT - AIR),
    Ellipsoid((0, 0, 0), (150, 56, 54), MUSCLE - FAT),
    Ellipsoid((10, 44, 0), (46, 3.5, 7), TENDON - MUSCLE),
)
BONES = (
    Ellipsoid((24, -14, 4), (32, 14, 15)),  # tibia
    Ellipsoid((20, -4, 28), (36, 7, 7)),  # fibula
    Ellipsoid((-22, -12, 2), (11, 20, 17)),  # talus
    Ellipsoid((-44, 14, 0), (11, 30, 14)),  # calcaneus
)


@dataclass(frozen=True)
class Raster:
    """A centred raster: voxels and mm, (z, y, x)."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]

    @property
    def places(self) -> list[NDArray[np.float64]]:
        """Voxel centres along each axis."""
        pairs = zip(self.shape, self.spacing, strict=True)
        return [(np.arange(n) - (n - 1) / 2) * step for n, step in pairs]


# The documents' own scan, and the same ankle as a CT scanner would take it.
ANKLE = Raster((40, 704, 704), (3.0, 0.1989, 0.1989))
ANKLE_CT = Raster((300, 512, 512), (0.5, 0.35, 0.35))


def scan(raster: Raster, *, noise: float, seed: int = 1) -> NDArray[np.int16]:
    """Whole Hounsfield units, averaged over the thickness of a slice, with Gaussian noise."""
    z, y, x = raster.places
    parts = math.ceil(raster.spacing[0] / 0.6)
    offsets = ((np.arange(parts) + 0.5) / parts - 0.5) * raster.spacing[0]
    random = np.random.default_rng(seed)
    image = np.empty(raster.shape, dtype=np.int16)
    for k, height in enumerate(z):
        plane = values(height + offsets, y, x).mean(axis=0)
        if noise > 0:
            plane += noise * random.standard_normal(plane.shape, dtype=np.float32)
        image[k] = np.maximum(np.rint(plane), -1024)
    return image


def values(z: Any, y: Any, x: Any) -> NDArray[np.float32]:
    """Hounsfield units at the points of a raster given by its places along each axis."""
    places = [np.asarray(p, dtype=np.float32) for p in (z, y, x)]
    image = np.full([len(p) for p in places], AIR, dtype=np.float32)
    for shape in SOFT:
        box, q = _distances(shape, places)
        image[box] += np.float32(shape.step) * _inside(shape, q, 1.0)
    waves = [np.sin(2 * math.pi * p / w) for p, w in zip(places, WAVES, strict=True)]
    for bone in BONES:
        box, q = _distances(bone, places)
        texture = np.float32(WAVE_HEIGHT)
        for wave, part in zip(np.ix_(*waves), box, strict=True):
            axis = int(np.argmax(wave.shape))
            texture = texture * wave[tuple(part if k == axis else slice(None) for k in range(3))]
        image[box] += np.float32(CORTICAL - MUSCLE) * _inside(bone, q, 1.0)
        image[box] += (texture + np.float32(CANCELLOUS - CORTICAL)) * _inside(bone, q, SHELL)
    return image


def bone_volume(threshold: float) -> float:
    """Volume in mm3 of what lies above `threshold`, which bone alone reaches."""
    outer = _ramp_position((threshold - MUSCLE) / (CORTICAL - MUSCLE))
    inner = _ramp_position((CORTICAL - threshold) / (CORTICAL - CANCELLOUS))
    volume = 0.0
    for bone in BONES:
        per_mm = 1 / min(bone.semi)
        surface = 1 - outer * EDGE * per_mm
        hollow = SHELL - inner * EDGE * per_mm
        volume += 4 / 3 * math.pi * math.prod(bone.semi) * (surface**3 - hollow**3)
    return volume


def _distances(
    shape: Ellipsoid, places: Sequence[NDArray[np.float32]]
) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
    """Box around an ellipsoid, and there the distance from its centre; 1 on its surface."""
    reach = 1 + EDGE / min(shape.semi)
    box, squares = [], []
    for place, centre, semi in zip(places, shape.centre, shape.semi, strict=True):
        start, stop = np.searchsorted(place, (centre - reach * semi, centre + reach * semi))
        box.append(slice(int(start), int(stop)))
        squares.append(((place[start:stop] - centre) / semi).astype(np.float32) ** 2)
    a, b, c = np.ix_(*squares)
    return tuple(box), np.sqrt(a + b + c)


def _inside(shape: Ellipsoid, q: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    t = (np.float32(level) - q) * np.float32(min(shape.semi) / EDGE) + np.float32(0.5)
    np.clip(t, 0, 1, out=t)
    return t * t * (3 - 2 * t)


def _ramp_position(share: float) -> float:
    """Where the ramp 3 t^2 - 2 t^3 reaches `share`, from its middle, in widths of it."""
    return -math.sin(math.asin(1 - 2 * share) / 3)
