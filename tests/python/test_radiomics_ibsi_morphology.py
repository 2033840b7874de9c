"""Morphology against the IBSI's consensus, solids of known measures and slow sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from radiomics_factory import agrees, consensus, phantom_region
from radiomics_shapes import THIN, ellipsoid_mask, ragged_mask, ragged_values, slow_diameter

from medvoxel.radiomics._bounding_solids import (
    ellipsoid_area,
    enclosing_ellipsoid,
    oriented_box,
)
from medvoxel.radiomics._spatial_correlation import moran_and_geary
from medvoxel.radiomics.ibsi_morphology import morphology_ibsi
from medvoxel.radiomics.region import Region

UNIT = (1.0, 1.0, 1.0)
PRINTED = {
    "morph_volume": "556",
    "morph_area_mesh": "388",
    "morph_pca_maj_axis": "11.4",
    "morph_area_dens_aee": "1.36",
    "morph_moran_i": "0.0397",
    "morph_geary_c": "0.974",
}


def morphology_of(mask: np.ndarray, spacing=UNIT, values: np.ndarray | None = None):
    grey = np.arange(mask.size, dtype=np.float64).reshape(mask.shape)
    return morphology_ibsi(Region(grey if values is None else values, mask, spacing))


def turn(rng: np.random.Generator) -> np.ndarray:
    """A rotation that leaves no axis where it was."""
    return np.linalg.qr(rng.normal(size=(3, 3)))[0]


def hull_parts(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    spatial = pytest.importorskip("scipy.spatial")
    hull = spatial.ConvexHull(points)
    a, b, c = (points[hull.simplices[:, i]] for i in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return points[hull.vertices], hull.equations[:, :3], areas


def slow_moran_and_geary(values, mask, spacing) -> tuple[float, float]:
    """Both by a loop over all pairs."""
    places = np.argwhere(mask) * np.array(spacing)
    grey = values[mask]
    off = grey - grey.mean()
    weights = moran = geary = 0.0
    for i, place in enumerate(places):
        for j in range(len(places)):
            if i != j:
                weight = 1 / math.dist(place, places[j])
                weights += weight
                moran += weight * off[i] * off[j]
                geary += weight * (grey[i] - grey[j]) ** 2
    spread = (off**2).sum()
    count = len(grey)
    return count * moran / (weights * spread), (count - 1) * geary / (2 * weights * spread)


def test_consensus_values(test_data):
    expected = consensus(test_data, "morph_")
    ours = morphology_ibsi(phantom_region())
    without = {"vol_dens_ombb", "area_dens_ombb", "vol_dens_mvee", "area_dens_mvee"}
    assert set(ours) - set(expected) == {f"morph_{name}" for name in without}
    assert {
        tag: ours[tag] for tag, (value, _) in expected.items() if not agrees(ours[tag], value)
    } == {}


@pytest.mark.parametrize("tag", PRINTED)
def test_published_values(tag):
    assert agrees(morphology_ibsi(phantom_region())[tag], PRINTED[tag])


def test_ellipsoid_has_its_measures():
    half_axes, spacing = (16.0, 10.0, 6.0), (1.0, 0.5, 0.4)
    ours = morphology_of(ellipsoid_mask(half_axes, spacing), spacing)
    assert ours["morph_volume"] == pytest.approx(4 / 3 * math.pi * math.prod(half_axes), rel=0.01)
    assert ours["morph_vol_dens_aabb"] == pytest.approx(math.pi / 6, rel=0.1)
    assert ours["morph_vol_dens_ombb"] == pytest.approx(math.pi / 6, rel=0.1)
    assert ours["morph_vol_dens_mvee"] == pytest.approx(1, rel=0.1)
    assert 0.95 < ours["morph_vol_dens_conv_hull"] < 1
    assert ours["morph_vol_dens_aee"] == pytest.approx((math.sqrt(5) / 2) ** 3, rel=0.03)
    assert ours["morph_pca_elongation"] == pytest.approx(10 / 16, rel=0.01)
    assert ours["morph_pca_flatness"] == pytest.approx(6 / 16, rel=0.01)


def test_ragged_region():
    mask, values = ragged_mask(), ragged_values()
    ours = morphology_of(mask, THIN, values)
    assert ours["morph_diam"] == pytest.approx(slow_diameter(mask, THIN))
    assert ours["morph_vol_approx"] == pytest.approx(mask.sum() * math.prod(THIN))
    assert ours["morph_integ_int"] == pytest.approx(ours["morph_volume"] * values[mask].mean())
    axes = 4 * np.sqrt(np.linalg.eigvalsh(np.cov((np.argwhere(mask) * THIN).T)))
    assert ours["morph_pca_least_axis"] == pytest.approx(axes[0])
    assert ours["morph_pca_maj_axis"] == pytest.approx(axes[2])
    places = np.argwhere(mask) * THIN
    shift = places.mean(axis=0) - np.average(places, axis=0, weights=values[mask])
    assert ours["morph_com"] == pytest.approx(math.hypot(*shift))


def test_shape_and_grey_values_have_masks_of_their_own():
    mask, values = ragged_mask(), ragged_values()
    part = mask & (values > 0)
    both = morphology_ibsi(Region(values, part, THIN, shape_mask=mask))
    whole, bright = morphology_of(mask, THIN, values), morphology_of(part, THIN, values)
    assert both["morph_area_mesh"] == whole["morph_area_mesh"]
    assert both["morph_moran_i"] == bright["morph_moran_i"]
    assert both["morph_integ_int"] == pytest.approx(whole["morph_volume"] * values[part].mean())
    places = np.argwhere(part) * THIN
    centre = np.average(places, axis=0, weights=values[part])
    shift = (np.argwhere(mask) * THIN).mean(axis=0) - centre
    assert both["morph_com"] == pytest.approx(math.hypot(*shift))


@pytest.mark.parametrize("spacing", [UNIT, THIN, (0.3, 7.0, 2.0)])
def test_moran_and_geary_equal_a_loop_over_pairs(rng, spacing):
    for shape in ((4, 5, 6), (1, 7, 3), (1, 1, 9), (2, 2, 2)):
        values = rng.normal(1000, 20, shape)
        mask = rng.random(shape) < 0.7
        mask.flat[:2] = True
        ours = moran_and_geary(values, mask, spacing)
        assert ours == pytest.approx(slow_moran_and_geary(values, mask, spacing), rel=1e-9)


def test_moran_and_geary_do_not_depend_on_blocks(rng, monkeypatch):
    values = rng.normal(0, 1, (6, 7, 20))
    mask = values > -0.5
    whole = moran_and_geary(values, mask, THIN)
    monkeypatch.setattr("medvoxel.radiomics._spatial_correlation._BLOCK", 1)
    assert moran_and_geary(values, mask, THIN) == pytest.approx(whole, rel=1e-12)


def test_alike_neighbours_correlate():
    slope = np.indices((6, 6, 6)).sum(axis=0).astype(float)
    checks = np.indices((6, 6, 6)).sum(axis=0) % 2.0
    mask = np.ones((6, 6, 6), bool)
    smooth, rough = (moran_and_geary(values, mask, UNIT) for values in (slope, checks))
    assert smooth[0] > 0 > rough[0]
    assert smooth[1] < 1 < rough[1]


def test_turned_box_is_found(rng):
    corners = np.array(np.meshgrid([0, 2], [0, 5], [0, 11])).reshape(3, -1).T
    inner = rng.uniform([0, 0, 0], [2, 5, 11], (300, 3))
    points = np.concatenate([corners, inner]) @ turn(rng).T
    assert np.sort(oriented_box(*hull_parts(points))) == pytest.approx([2, 5, 11])


def test_box_holds_all_and_is_no_larger_than_along_the_axes(rng):
    for _ in range(5):
        points = rng.normal(size=(60, 3)) * (1, 2, 3) @ turn(rng).T
        box = oriented_box(*hull_parts(points)).prod()
        spatial = pytest.importorskip("scipy.spatial")
        assert spatial.ConvexHull(points).volume < box < np.ptp(points, axis=0).prod() + 1e-9


def test_regular_tetrahedron_fits_a_cube(rng):
    # No face of the least box, the cube around it, lies on a face of the tetrahedron.
    points = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) @ turn(rng).T
    on_a_face = 2.0
    assert 1 - 1e-9 < oriented_box(*hull_parts(points)).prod() < 1.03 < on_a_face


def test_enclosing_ellipsoid_of_points_on_one(rng):
    points = rng.normal(size=(400, 3))
    points /= np.linalg.norm(points, axis=1)[:, np.newaxis]
    points = points * (2, 5, 11) @ turn(rng).T + 100
    assert enclosing_ellipsoid(points) == pytest.approx([2, 5, 11], rel=1e-5)


def test_enclosing_ellipsoid_of_a_box_touches_its_corners(rng):
    corners = np.array(np.meshgrid([0, 2], [0, 5], [0, 11])).reshape(3, -1).T @ turn(rng).T
    expected = np.array([2, 5, 11]) / 2 * math.sqrt(3)
    assert enclosing_ellipsoid(corners) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("half_axes", [(2, 2.5, 3), (1, 7, 8), (3, 1.5, 2.9)])
def test_area_of_ellipsoids_is_the_series_of_the_manual(half_axes):
    special = pytest.importorskip("scipy.special")
    c, b, a = sorted(half_axes)
    alpha, beta = math.sqrt(1 - (b / a) ** 2), math.sqrt(1 - (c / a) ** 2)
    total = 0.0
    for n in range(21):
        legendre = special.eval_legendre(n, (alpha**2 + beta**2) / (2 * alpha * beta))
        total += (alpha * beta) ** n / (1 - 4 * n**2) * legendre
    ours = ellipsoid_area(np.array(half_axes, float))
    assert ours == pytest.approx(4 * math.pi * a * b * total)


def test_area_of_a_sphere_is_exact_and_equal_axes_are_no_exception():
    assert ellipsoid_area(np.full(3, 3.0)) == pytest.approx(4 * math.pi * 9)
    nearly = ellipsoid_area(np.array([2.0, 3.0 - 1e-9, 3.0]))
    assert ellipsoid_area(np.array([2.0, 3.0, 3.0])) == pytest.approx(nearly, rel=1e-8)


def test_single_voxel_has_no_axes():
    ours = morphology_of(np.ones((1, 1, 1), bool), (2.0, 3.0, 4.0))
    nothing = {tag for tag, value in ours.items() if math.isnan(value)}
    axes = ("pca_maj_axis", "pca_min_axis", "pca_least_axis", "pca_elongation", "pca_flatness")
    others = ("com", "vol_dens_aee", "area_dens_aee", "moran_i", "geary_c")
    assert nothing == {f"morph_{name}" for name in axes + others}
    assert ours["morph_volume"] == pytest.approx(4)
    assert ours["morph_vol_dens_conv_hull"] == pytest.approx(1)


def test_flat_and_constant_regions():
    mask = np.ones((1, 4, 6), bool)
    ours = morphology_of(mask, values=np.full(mask.shape, 0.1))
    for name in ("vol_dens_aee", "moran_i", "geary_c"):
        assert math.isnan(ours[f"morph_{name}"])
    assert ours["morph_pca_least_axis"] == 0
    assert ours["morph_com"] == pytest.approx(0, abs=1e-12)
    assert ours["morph_vol_dens_mvee"] > 0
