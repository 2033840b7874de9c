"""Shape features in 3D against pyradiomics, solids of known measures and slow searches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import assert_close, brain_baseline, brain_region
from radiomics_shapes import THIN, ellipsoid_mask, ragged_mask, slow_diameter

from medvoxel.radiomics._surface_cells import mesh_measures
from medvoxel.radiomics.region import Region
from medvoxel.radiomics.shape import shape_features

# What pyradiomics 3.0.1 gives for the ragged mask.
PYRADIOMICS = {
    "Compactness1": 0.005674686313550319,
    "Compactness2": 0.011441579041864056,
    "Elongation": 0.25046627667469207,
    "Flatness": 0.15875337259784142,
    "LeastAxisLength": 3.811974190476824,
    "MajorAxisLength": 24.01192571910536,
    "Maximum2DDiameterColumn": 20.223748416156685,
    "Maximum2DDiameterRow": 20.396078054371138,
    "Maximum2DDiameterSlice": 5.660388679233963,
    "Maximum3DDiameter": 20.615528128088304,
    "MeshVolume": 90.39999999999998,
    "MinorAxisLength": 6.014177630653597,
    "SphericalDisproportion": 4.437836981776357,
    "Sphericity": 0.2253350008363139,
    "SurfaceArea": 432.28260150019366,
    "SurfaceVolumeRatio": 4.781887184736656,
    "VoxelVolume": 124.80000000000001,
}
# The baseline of brain1 is of a development version of 2018. The released versions have
# another table of ambiguous cells; these two are what 3.0.1 gives, the ratios follow.
BRAIN_MESH = {"MeshVolume": 16147.51180013021, "SurfaceArea": 6438.821603779402}
BRAIN_RATIOS = ("SurfaceVolumeRatio", "Sphericity")


def shape_of(mask: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), **options):
    return shape_features(Region(np.zeros(mask.shape), mask, spacing), **options)


def test_equals_pyradiomics_in_values_and_order():
    ours = shape_of(ragged_mask(), THIN, deprecated=True)
    assert list(ours) == list(PYRADIOMICS)
    assert_close(ours, PYRADIOMICS, rel=1e-11)


def test_leaves_out_what_pyradiomics_leaves_out():
    left_out = set(PYRADIOMICS) - set(shape_of(ragged_mask(), THIN))
    assert left_out == {"Compactness1", "Compactness2", "SphericalDisproportion"}


def test_equals_the_baseline_of_brain1(test_data):
    expected, _ = brain_baseline(test_data, "shape")
    for name in (*BRAIN_MESH, *BRAIN_RATIOS):
        assert expected.pop(name) > 0
    ours = shape_features(brain_region(test_data))
    assert_close({name: ours[name] for name in expected}, expected, rel=1e-11)
    assert_close({name: ours[name] for name in BRAIN_MESH}, BRAIN_MESH, rel=1e-11)


def test_room_around_the_mask_does_not_matter():
    mask = ragged_mask()
    plain = shape_of(mask, THIN)
    assert_close(shape_of(np.pad(mask, ((3, 1), (0, 2), (4, 0))), THIN), plain, rel=1e-12)


def test_shape_mask_is_what_counts():
    mask = ragged_mask()
    part = mask & (np.indices(mask.shape)[0] > 2)
    region = Region(np.zeros(mask.shape), part, THIN, shape_mask=mask)
    assert shape_features(region) == shape_of(mask, THIN)


def test_diameters_equal_those_of_all_pairs(rng):
    for spacing in (THIN, (1.0, 1.0, 1.0), (0.7, 3.0, 2.1)):
        mask = rng.random((4, 6, 5)) < 0.3
        mask[1, 2, 3] = True
        ours = shape_of(mask, spacing)
        for name, axis in (("2DDiameterSlice", 0), ("2DDiameterColumn", 1), ("2DDiameterRow", 2)):
            assert ours[f"Maximum{name}"] == pytest.approx(slow_diameter(mask, spacing, axis))
        assert ours["Maximum3DDiameter"] == pytest.approx(slow_diameter(mask, spacing))


def test_ellipsoid_has_its_measures():
    half_axes, spacing = (16.0, 10.0, 6.0), (1.0, 0.5, 0.4)
    ours = shape_of(ellipsoid_mask(half_axes, spacing), spacing)
    volume = 4 / 3 * math.pi * math.prod(half_axes)
    assert ours["MeshVolume"] == pytest.approx(volume, rel=0.01)
    # An ellipsoid's variance along an axis is a fifth of its half length squared.
    assert ours["MajorAxisLength"] == pytest.approx(4 * 16 / math.sqrt(5), rel=0.01)
    assert ours["MinorAxisLength"] == pytest.approx(4 * 10 / math.sqrt(5), rel=0.01)
    assert ours["LeastAxisLength"] == pytest.approx(4 * 6 / math.sqrt(5), rel=0.01)
    assert ours["Maximum3DDiameter"] == pytest.approx(33)  # half a voxel more at both ends
    # Marching cubes on a mask makes steps, which have more area than what they follow.
    a, b, c = (half**1.6075 for half in half_axes)
    smooth = 4 * math.pi * ((a * b + b * c + c * a) / 3) ** (1 / 1.6075)  # by Thomsen
    assert 1.03 < ours["SurfaceArea"] / smooth < 1.12


def test_single_voxel_is_an_octahedron():
    ours = shape_of(np.ones((1, 1, 1), bool), (2.0, 3.0, 4.0))
    assert ours["MeshVolume"] == pytest.approx(2 * 3 * 4 / 6)
    corner = math.sqrt((2 * 3) ** 2 + (3 * 4) ** 2 + (4 * 2) ** 2) / 8
    assert ours["SurfaceArea"] == pytest.approx(8 * corner)
    assert ours["Maximum3DDiameter"] == pytest.approx(4)
    assert ours["Maximum2DDiameterRow"] == pytest.approx(3)
    assert ours["MajorAxisLength"] == 0
    assert math.isnan(ours["Elongation"])
    assert math.isnan(ours["Flatness"])


def test_flat_region_has_no_least_axis():
    ours = shape_of(np.ones((1, 5, 9), bool), (3.0, 0.7, 0.3))
    assert ours["LeastAxisLength"] == 0
    assert ours["Flatness"] == 0
    assert ours["Elongation"] == pytest.approx(math.sqrt((25 - 1) * 0.49 / ((81 - 1) * 0.09)) ** -1)


@pytest.mark.parametrize("filled", [0.1, 0.5, 0.9])
def test_closed_surface_equals_the_mesh_of_scikit_image(rng, filled):
    measure = pytest.importorskip("skimage.measure")
    mask = rng.random((7, 6, 9)) < filled
    mask[0, 0, 0] = True
    vertices, faces, _, _ = measure.marching_cubes(
        np.pad(mask, 1).astype(np.float64), 0.5, spacing=THIN, method="lorensen"
    )
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    volume, area = mesh_measures(mask, THIN, mirrored=False)
    assert area == pytest.approx(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    assert volume == pytest.approx(abs((a * np.cross(b, c)).sum()) / 6, rel=1e-6)


def test_surfaces_differ_in_ambiguous_cells_alone():
    ball = ellipsoid_mask((7.0, 7.0, 7.0), (1.0, 1.0, 1.0))
    plain, mirrored = (mesh_measures(ball, THIN, mirrored=turn) for turn in (False, True))
    assert mirrored == pytest.approx(plain, rel=1e-12)
    ragged = ragged_mask()
    plain, mirrored = (mesh_measures(ragged, THIN, mirrored=turn) for turn in (False, True))
    assert abs(mirrored[1] / plain[1] - 1) > 1e-3
