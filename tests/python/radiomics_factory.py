"""Regions and reference values that the tests of radiomics share."""

from __future__ import annotations

import ast
import csv
import math
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import numpy as np

from medvoxel import read_nrrd, read_segmentation
from medvoxel.radiomics.region import DiscreteRegion, Region

# The digital phantom of the Image Biomarker Standardisation Initiative (A. Zwanenburg et al.,
# Radiology 2020, and the IBSI reference manual; theibsi/data_sets, CC BY 4.0): grey levels
# [z, y, x], voxels of 2 mm; the minus sign marks voxels outside the region.
PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [-1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, -1, -1], [1, 1, 1, 1, 1], [1, 1, -9, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, -1, -1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)
PHANTOM_SPACING = (2.0, 2.0, 2.0)

Finder = Callable[..., Path]


def phantom_region() -> Region:
    """The digital phantom as grey values."""
    return Region(np.abs(PHANTOM).astype(np.float64), PHANTOM > 0, PHANTOM_SPACING)


def phantom_levels() -> DiscreteRegion:
    """The digital phantom as grey levels 1 to 6; its values are levels already."""
    return DiscreteRegion(np.maximum(PHANTOM, 0).astype(np.int32), 6, PHANTOM_SPACING)


def consensus(test_data: Finder, prefix: str) -> dict[str, tuple[str, float]]:
    """Consensus values as printed, with their tolerances, of the tags that begin so.

    Tags for which there is no consensus are left out.
    """
    path = test_data("radiomics", "ibsi-digital-phantom", "consensus.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    return {
        tag.strip(): (value.strip(), float(tolerance))
        for value, tolerance, tag in (row[:3] for row in rows)
        if value.strip() and tag.strip().startswith(prefix)
    }


def agrees(ours: float, printed: str, tolerance: float = 0.0) -> bool:
    """Whether a value equals a printed one at the digits given, or within a tolerance."""
    return math.isclose(
        ours, float(printed), rel_tol=1e-12, abs_tol=max(tolerance, half_digit(printed))
    )


def half_digit(printed: str) -> float:
    """Half a unit of the third digit that counts: IBSI prints three, less zeros at the end."""
    size = abs(float(printed))
    third = math.floor(math.log10(size)) - 2 if size else -3
    return 0.5 * 10.0**third * (1 + 1e-9)


def brain_baseline(test_data: Finder, name: str) -> tuple[dict[str, float], dict[str, object]]:
    """Pyradiomics' own values of a class (names without prefix) and the settings they had."""
    path = test_data("radiomics", "pyradiomics-brain1", f"baseline_{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = dict(row[:2] for row in csv.reader(file) if len(row) > 1)
    settings = ast.literal_eval(rows["diagnostics_Configuration_Settings"])
    marker = f"original_{name}_"
    values = {
        key.removeprefix(marker): float(value)
        for key, value in rows.items()
        if key.startswith(marker)
    }
    return values, settings


def brain_region(test_data: Finder) -> Region:
    """The tumour of pyradiomics' test case brain1, in its box."""
    folder = test_data("radiomics", "pyradiomics-brain1")
    image = read_nrrd(folder / "brain1_image.nrrd")
    mask = read_segmentation(folder / "brain1_label.nrrd").array == 1
    box = tuple(slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(mask))
    return Region(image.array[box].astype(np.float64), mask[box], image.grid.spacing)


def binned(region: Region, width: float = 25.0) -> DiscreteRegion:
    """Grey levels by a bin width as pyradiomics bins: edges at multiples of the width."""
    first = math.floor(region.inside.min() / width)
    levels = np.where(region.mask, np.floor(region.values / width) - first + 1, 0)
    return DiscreteRegion(levels.astype(np.int32), int(levels.max()), region.spacing)


def random_levels(
    rng: np.random.Generator,
    *,
    shape: tuple[int, int, int] = (4, 5, 6),
    count: int = 4,
    filled: float = 0.7,
    spacing: tuple[float, float, float] = (4.0, 0.5, 0.8),
) -> DiscreteRegion:
    """A small ragged region of random grey levels on an anisotropic grid."""
    levels = rng.integers(1, count + 1, shape) * (rng.random(shape) < filled)
    levels.flat[0] = count
    return DiscreteRegion(levels.astype(np.int32), count, spacing)


def half_space(
    distances: tuple[int, ...] = (1,), flat_axis: int | None = None
) -> list[tuple[int, int, int]]:
    """One of each two opposite offsets at some Chebyshev distances, found the slow way."""
    top = max(distances)
    found: list[tuple[int, int, int]] = []
    for offset in product(range(-top, top + 1), repeat=3):
        far = max(abs(step) for step in offset)
        moves_out = flat_axis is not None and offset[flat_axis] != 0
        if far in distances and not moves_out and tuple(-s for s in offset) not in found:
            found.append(offset)
    return found


def assert_close(
    ours: Mapping[str, float], expected: Mapping[str, float], rel: float = 1e-9
) -> None:
    """Compare all values at once, so that a failure lists every one that differs."""
    assert set(ours) == set(expected)
    wrong = {
        key: (value, expected[key])
        for key, value in ours.items()
        if not (math.isnan(value) and math.isnan(expected[key]))
        and not math.isclose(value, expected[key], rel_tol=rel, abs_tol=1e-12)
    }
    assert not wrong, wrong
