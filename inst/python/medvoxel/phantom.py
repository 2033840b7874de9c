"""An ankle to practise on, built from parameters and a seed.

No patient stands behind it: every shape is a smooth union of ellipsoids and swept tubes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ._phantom_patient import draw_patient
from ._phantom_render import Scanner, render
from ._phantom_tissue import SEGMENTS
from .errors import InputError
from .geometry import Grid
from .progress import ProgressCallback
from .volume import Segmentation, Volume

__all__ = ["ankle_phantom"]

_FIELD_OF_VIEW = (120.0, 140.0, 140.0)
_CHOICES = {
    "modality": ("CT", "MR"),
    "pathology": ("none", "tendinopathy", "rupture"),
    "side": ("left", "right"),
}
_UNITS = {"CT": "HU", "MR": "stored values"}
_BIAS = {"CT": 0.0, "MR": 0.15}


def ankle_phantom(
    *,
    spacing: Sequence[float] = (2.0, 0.6, 0.6),
    shape: Sequence[int] | None = None,
    modality: str = "CT",
    pathology: str = "none",
    side: str = "left",
    noise: float = 15.0,
    bias: float | None = None,
    direction: ArrayLike | None = None,
    seed: int = 1,
    progress: ProgressCallback | None = None,
) -> tuple[Volume, Segmentation]:
    """Build a scan of an ankle and its true segmentation.

    Skin, fat, muscles, the bones from tibia to midfoot with cortical shell and cancellous
    inside, and an Achilles tendon that joins the posterior calcaneus. The seed varies
    size, pose, fat and tendon a little, as between patients; the same seed on another grid
    is the same ankle.

    Parameters
    ----------
    spacing : sequence of float
        Voxel spacing in mm, (z, y, x).
    shape : sequence of int, optional
        Number of voxels, (z, y, x); by default as many as fill 120 x 140 x 140 mm. The
        grid's centre is the LPS origin, a little below the ankle joint.
    modality : {"CT", "MR"}
        CT in Hounsfield units, or a T1-weighted image in stored values, in which tendon
        and cortical bone are dark and fat is bright.
    pathology : {"none", "tendinopathy", "rupture"}
        ``"tendinopathy"`` thickens the tendon fusiformly 2 to 6 cm above its insertion and
        changes its texture; ``"rupture"`` leaves a gap, filled by haematoma, between
        retracted ends.
    side : {"left", "right"}
        Which ankle.
    noise : float
        Standard deviation of the noise, in HU or stored values (Rician in MR), with
        grains of about 1 mm in the slice.
    bias : float, optional
        Largest part by which a smooth multiplicative field changes the signal (in CT, the
        attenuation above air). By default 0 for CT and 0.15 for MR.
    direction : array_like, shape (3, 3), optional
        Columns are the LPS unit vectors of the x, y and z array axes; identity by default.
        The grid turns about its centre, the ankle stays where it is.
    seed : int
        Which patient; not negative.
    progress : callable, optional
        Told how far the work is, see :class:`medvoxel.progress.Progress`.

    Returns
    -------
    scan : Volume
        Whole numbers (int16); CT values clipped to -1024 to 3071 as scanners store them.
    truth : Segmentation
        The structure at each voxel's centre (uint8). The names and values never change:
        1 skin, 2 fat, 3 muscle, 4 tibia, 5 fibula, 6 talus, 7 calcaneus, 8 midfoot, 9 soft
        tissue (joint capsules, vessels, all other tendons), 10 tendon (Achilles), and with
        a rupture 11 gap.

    Raises
    ------
    InputError
        When an argument is none of its choices or out of range.
    GeometryError
        When spacing or direction is impossible.

    Notes
    -----
    A seed gives the same bytes with every version of NumPy and on every processor: random
    numbers come from the raw words of PCG64, which NumPy keeps stable, and arrays only meet
    operations whose rounding IEEE 754 fixes. They change only with medvoxel, which NEWS
    would say.

    Edges hold the share of each voxel that a structure fills, from its distance field, the
    voxel's extent along the surface's normal and a blur of 0.4 mm (standard deviation).

    Examples
    --------
    >>> from medvoxel import ankle_phantom
    >>> scan, truth = ankle_phantom(spacing=(3, 1, 1), pathology="rupture")
    >>> scan.array.shape, scan.unit, truth.find("gap").value
    ((40, 140, 140), 'HU', 11)
    """
    choices = {"modality": modality, "pathology": pathology, "side": side}
    for name, value in choices.items():
        _require_choice(name, value)
    bias = _BIAS[modality] if bias is None else bias
    _require_range("noise", noise, 0, 10_000)
    _require_range("bias", bias, 0, 0.9)
    if isinstance(seed, bool) or int(seed) != seed or seed < 0:
        raise InputError(f"seed must be a whole number that is not negative, not {seed!r}.")
    grid = _grid(spacing, shape, direction)
    scanner = Scanner(modality, float(noise), float(bias), int(seed))
    values, labels = render(grid, draw_patient(int(seed)), (pathology, side), scanner, progress)
    info = {**choices, "phantom": "ankle", "seed": int(seed), "noise": float(noise)}
    segments = SEGMENTS if pathology == "rupture" else SEGMENTS[:-1]
    return Volume(values, grid, modality, _UNITS[modality], info), Segmentation(
        labels, grid, segments
    )


def _grid(
    spacing: Sequence[float], shape: Sequence[int] | None, direction: ArrayLike | None
) -> Grid:
    spacing = tuple(spacing)
    if len(spacing) != 3 or not all(0.05 <= s <= 20 for s in spacing):
        raise InputError(f"spacing must be three numbers between 0.05 and 20 mm, not {spacing}.")
    if shape is None:
        shape = [max(round(f / s), 1) for f, s in zip(_FIELD_OF_VIEW, spacing, strict=True)]
    matrix = np.eye(3) if direction is None else np.asarray(direction, dtype=float)
    corner = Grid(tuple(shape), spacing, (0.0, 0.0, 0.0), matrix)
    middle = (np.asarray(corner.shape) - 1) / 2
    return Grid(corner.shape, spacing, tuple(0.0 - corner.index_to_lps(middle)), matrix)


def _require_choice(name: str, value: object) -> None:
    if value not in _CHOICES[name]:
        known = ", ".join(repr(c) for c in _CHOICES[name])
        raise InputError(f"{name} must be one of {known}, not {value!r}.")


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} must lie between {low} and {high}, not {value!r}.")
