"""Shape features in 2D against pyradiomics, figures of known measures and slow searches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import assert_close
from radiomics_shapes import THIN, ragged_mask, slow_diameter

from medvoxel.errors import InputError
from medvoxel.radiomics.region import Region
from medvoxel.radiomics.shape_2d import shape_2d_features

# What pyradiomics 3.0.1 gives for the fourth slice of the ragged mask across z and across x.
# It gives nothing across y.
PYRADIOMICS = {
    0: {
        "Elongation": 0.6195085759467001,
        "MajorAxisLength": 5.818537086638634,
        "MaximumDiameter": 5.412023651093923,
        "MeshSurface": 3.2000000000000024,
        "MinorAxisLength": 3.6046336246365613,
        "Perimeter": 21.467962264113204,
        "PerimeterSurfaceRatio": 6.708738207535371,
        "PixelSurface": 5.2,
        "SphericalDisproportion": 3.385407110630347,
        "Sphericity": 0.2953854491709284,
    },
    2: {
        "Elongation": 0.2397399791404395,
        "MajorAxisLength": 22.746245171683544,
        "MaximumDiameter": 20.25438224187546,
        "MeshSurface": 32.00000000000001,
        "MinorAxisLength": 5.453184342982736,
        "Perimeter": 61.59215610874227,
        "PerimeterSurfaceRatio": 1.9247548783981956,
        "PixelSurface": 38.400000000000006,
        "SphericalDisproportion": 3.0714644016078343,
        "Sphericity": 0.32557759727787344,
    },
}


def shape_of(mask: np.ndarray, spacing: tuple[float, float, float] = THIN, **options):
    return shape_2d_features(Region(np.zeros(mask.shape), mask, spacing), **options)


def one_slice(axis: int) -> np.ndarray:
    mask = ragged_mask()
    return mask & (np.indices(mask.shape)[axis] == 3)


@pytest.mark.parametrize("axis", PYRADIOMICS)
def test_equals_pyradiomics_in_values_and_order(axis):
    ours = shape_of(one_slice(axis), force2d_dimension=axis, deprecated=True)
    assert list(ours) == list(PYRADIOMICS[axis])
    assert_close(ours, PYRADIOMICS[axis], rel=1e-11)


def test_leaves_out_what_pyradiomics_leaves_out():
    ours = shape_of(one_slice(0), force2d_dimension=0)
    assert set(PYRADIOMICS[0]) - set(ours) == {"SphericalDisproportion"}


def test_axis_across_y_is_the_same_figure_turned():
    turned = shape_of(one_slice(0).swapaxes(0, 1), (0.8, 4.0, 0.5), force2d_dimension=1)
    assert_close(turned, shape_of(one_slice(0), force2d_dimension=0))


def test_rectangle_lacks_its_corners():
    mask = np.zeros((3, 9, 9), bool)
    mask[1, 2:6, 3:8] = True
    ours = shape_of(mask, force2d_dimension=0)
    assert ours["PixelSurface"] == pytest.approx(20 * 0.4)
    assert ours["MeshSurface"] == pytest.approx(20 * 0.4 - 4 * 0.4 / 8)
    straight = 2 * (3 * 0.8 + 4 * 0.5)
    assert ours["Perimeter"] == pytest.approx(straight + 2 * math.hypot(0.8, 0.5))
    assert ours["MajorAxisLength"] == pytest.approx(4 * 0.8 * math.sqrt((16 - 1) / 12))
    assert ours["MinorAxisLength"] == pytest.approx(4 * 0.5 * math.sqrt((25 - 1) / 12))


def test_diameter_equals_that_of_all_pairs(rng):
    for _ in range(5):
        mask = rng.random((1, 7, 8)) < 0.3
        mask[0, 3, 3] = True
        ours = shape_of(mask, force2d_dimension=0)["MaximumDiameter"]
        assert ours == pytest.approx(slow_diameter(mask[0], THIN[1:]))


def test_single_pixel_is_a_diamond():
    ours = shape_of(np.ones((1, 1, 1), bool), force2d_dimension=0)
    assert ours["MeshSurface"] == pytest.approx(0.8 * 0.5 / 2)
    assert ours["Perimeter"] == pytest.approx(2 * math.hypot(0.8, 0.5))
    assert ours["MaximumDiameter"] == pytest.approx(0.8)
    assert math.isnan(ours["Elongation"])


def test_several_slices_are_an_error():
    with pytest.raises(InputError, match="axis 0") as caught:
        shape_of(ragged_mask(), force2d_dimension=0)
    assert "3D shape" in caught.value.hint
