"""What the Python tests share: the import path, real data, random numbers and grids."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "inst" / "python"))

from medvoxel.geometry import Grid

GRID_KINDS = ("plain", "anisotropic", "oblique", "mirrored", "sagittal")

_THIN = (4.0, 0.8, 0.5)  # (z, y, x) in mm: thick slices and oblong pixels
_PLACE = (-31.5, 12.25, 140.0)


def _rotation(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    """Rotation about an axis, by Rodrigues' formula."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def build_grid(kind: str, shape: tuple[int, int, int] = (12, 20, 24)) -> Grid:
    """Grid of one of `GRID_KINDS`, with `shape` (z, y, x).

    ``plain`` is 1 mm at the origin; the others have 0.5 x 0.8 x 4 mm voxels away from the
    origin. ``mirrored`` is oblique too and left-handed; ``sagittal`` has a permuted direction.
    """
    oblique = _rotation((1.0, 2.0, -0.5), 23.0)
    directions = {
        "anisotropic": np.eye(3),
        "oblique": oblique,
        "mirrored": oblique @ np.diag([1.0, 1.0, -1.0]),
        "sagittal": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
    }
    if kind == "plain":
        return Grid(shape)
    return Grid(shape, _THIN, _PLACE, directions[kind])


@pytest.fixture
def make_grid() -> Callable[..., Grid]:
    """Grid by kind: ``make_grid("oblique", shape=(5, 6, 7))``, see `build_grid`."""
    return build_grid


@pytest.fixture(params=GRID_KINDS)
def any_grid(request: pytest.FixtureRequest) -> Grid:
    """Each kind of grid in turn, of the default shape."""
    return build_grid(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20240817)


@pytest.fixture(scope="session")
def test_data() -> Callable[..., Path]:
    """Path below the folder of real data: ``test_data("ct-trunk", "dicom")``.

    Skips the test, saying why, where the folder or the part asked for is missing.
    """

    def find(*parts: str) -> Path:
        root = os.environ.get("MEDVOXEL_TEST_DATA", "")
        if not root:
            pytest.skip("MEDVOXEL_TEST_DATA is not set, so there is no real data to test with")
        path = Path(root, *parts)
        if not path.exists():
            pytest.skip(f"MEDVOXEL_TEST_DATA has no {'/'.join(parts) or 'such folder'}")
        return path

    return find
