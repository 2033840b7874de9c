"""Filling contours: against shapes with known centres and other programs' fills."""

from __future__ import annotations

import numpy as np
import pytest

from medvoxel.io.rtstruct import contours as _contours
from medvoxel.io.rtstruct.contours import fill_contours

SHAPE = (40, 50)


def fill(contours, shape=SHAPE) -> np.ndarray:
    """Mask of the whole image."""
    whole = np.zeros(shape, bool)
    filled = fill_contours([np.asarray(c, dtype=float) for c in contours], shape)
    if filled is not None:
        box, mask = filled
        assert mask.dtype == bool
        whole[box] = mask
    return whole


def rectangle(top, left, bottom, right) -> np.ndarray:
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)], dtype=float)


def circle(row, column, radius, count=720) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([row + radius * np.sin(angle), column + radius * np.cos(angle)], axis=1)


def off_edges(polygon) -> np.ndarray:
    """Centres that no edge comes near, where every program must agree."""
    centres = np.stack(np.indices(SHAPE), axis=-1)[..., None, :].astype(float)
    edge = np.roll(polygon, -1, axis=0) - polygon
    along = ((centres - polygon) * edge).sum(axis=-1) / (edge**2).sum(axis=-1)
    nearest = polygon + np.clip(along, 0, 1)[..., None] * edge
    return np.linalg.norm(centres - nearest, axis=-1).min(axis=-1) > 1e-3


def test_a_rectangle_between_centres_holds_the_centres_inside_it():
    expected = np.zeros(SHAPE, bool)
    expected[3:8, 10:21] = True
    assert np.array_equal(fill([rectangle(2.5, 9.3, 7.1, 20.9)]), expected)


def test_centres_on_the_left_and_upper_edge_are_inside_those_on_the_others_not():
    expected = np.zeros(SHAPE, bool)
    expected[2:7, 9:20] = True
    assert np.array_equal(fill([rectangle(2, 9, 7, 20)]), expected)


def test_a_circle_holds_the_centres_nearer_than_its_radius():
    row, column = np.indices(SHAPE)
    distance = np.hypot(row - 19.3, column - 24.8)
    expected = distance < 15.2
    away = np.abs(distance - 15.2) > 1e-3
    result = fill([circle(19.3, 24.8, 15.2, 20000)])
    assert np.array_equal(result[away], expected[away])
    assert abs(result.sum() / (np.pi * 15.2**2) - 1) < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_random_polygons_that_cross_themselves_are_filled_as_matplotlib_does(seed):
    path = pytest.importorskip("matplotlib.path")
    polygon = np.random.default_rng(seed).uniform(-10, 60, (25, 2))
    centres = np.stack(np.indices(SHAPE), axis=-1).reshape(-1, 2)
    closed = path.Path(np.vstack([polygon, polygon[:1]]))
    expected = closed.contains_points(centres).reshape(SHAPE)
    away = off_edges(polygon)
    assert away.mean() > 0.99
    assert 0 < expected[away].sum() < away.sum()
    assert np.array_equal(fill([polygon])[away], expected[away])


@pytest.mark.parametrize("seed", range(4))
def test_random_star_shapes_are_filled_as_scikit_image_does(seed):
    draw = pytest.importorskip("skimage.draw")
    rng = np.random.default_rng(100 + seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 60))
    radius = rng.uniform(5, 18, 60)
    polygon = np.stack([20 + radius * np.sin(angle), 25 + radius * np.cos(angle)], axis=1)
    away = off_edges(polygon)
    assert np.array_equal(fill([polygon])[away], draw.polygon2mask(SHAPE, polygon)[away])


@pytest.mark.parametrize("lattice", [1, 3])
def test_triangles_that_tile_the_image_cover_each_centre_once(lattice):
    # Corners at whole numbers put edges and corners on centres; thirds do not.
    spatial = pytest.importorskip("scipy.spatial")
    rng = np.random.default_rng(5)
    inner = rng.integers(0, [40 * lattice + 1, 50 * lattice + 1], (120, 2)) / lattice
    corners = np.vstack([inner, [(0, 0), (0, 50), (40, 0), (40, 50)]])
    corners = np.unique(corners, axis=0)
    count = np.zeros(SHAPE, int)
    for triangle in spatial.Delaunay(corners).simplices:
        count += fill([corners[triangle]])
    assert np.array_equal(count, np.ones(SHAPE, int))


def test_an_edge_told_in_one_piece_and_in_four_separates_without_gap_or_overlap():
    diagonal = [(0, 0), (9, 12), (18, 24), (27, 36), (36, 48)]
    below = [diagonal[0], diagonal[-1], (36, 0)]
    above = [*diagonal, (0, 48)]
    count = fill([below]).astype(int) + fill([above])
    assert np.array_equal(count[:36, :48], np.ones((36, 48), int))
    assert count[36:].sum() == count[:, 48:].sum() == 0


def test_corners_that_miss_a_centre_by_rounding_are_on_it():
    exact = rectangle(2, 9, 7, 20)
    noise = np.random.default_rng(2).uniform(-1e-6, 1e-6, (50, *exact.shape))
    for each in noise:
        assert np.array_equal(fill([exact + each]), fill([exact]))


def test_start_and_sense_of_a_contour_do_not_matter():
    polygon = np.random.default_rng(8).integers(0, 40, (15, 2)).astype(float)
    expected = fill([polygon])
    for shift in range(15):
        assert np.array_equal(fill([np.roll(polygon, shift, axis=0)]), expected)
    assert np.array_equal(fill([polygon[::-1]]), expected)


def test_a_contour_inside_another_is_a_hole_and_one_in_the_hole_is_filled():
    rings = [circle(20, 25, radius) for radius in (15, 10, 5)]
    outer, middle, inner = (fill([ring]) for ring in rings)
    assert np.array_equal(fill(rings), (outer & ~middle) | inner)


def test_a_keyhole_gives_the_ring():
    outer, inner = rectangle(4.5, 4.5, 30.5, 40.5), rectangle(10.5, 10.5, 20.5, 30.5)[::-1]
    keyhole = np.vstack(
        [outer, outer[:1], np.roll(inner, 1, axis=0), np.roll(inner, 1, axis=0)[:1]]
    )
    assert np.array_equal(fill([keyhole]), fill([outer]) & ~fill([inner]))


@pytest.mark.parametrize("shift", [(-30, 0), (25, -35), (10, 40), (-200, -300)])
def test_what_lies_outside_the_image_is_cut_off(shift):
    polygon = circle(20, 25, 18) + shift
    far = 400
    large = fill([polygon + far], (SHAPE[0] + 2 * far, SHAPE[1] + 2 * far))
    assert np.array_equal(fill([polygon]), large[far : far + SHAPE[0], far : far + SHAPE[1]])


@pytest.mark.parametrize(
    "contour",
    [
        rectangle(2.2, 3.2, 2.8, 30.0),
        rectangle(2.2, 3.2, 30.0, 3.8),
        [(5, 5), (5, 30), (5, 10)],
        [(3, 3), (30, 30), (3, 3)],
        [(7, 7), (7, 7), (7, 7)],
    ],
)
def test_contours_between_the_centres_hold_none(contour):
    assert fill([contour]).sum() == 0


def test_many_edges_are_worked_on_in_parts(monkeypatch):
    polygon = np.random.default_rng(3).uniform(-5, 55, (200, 2))
    expected = fill([polygon])
    monkeypatch.setattr(_contours, "_BATCH", 97)
    assert np.array_equal(fill([polygon]), expected)


def test_the_farthest_corners_do_not_overflow():
    far = _contours.FARTHEST
    assert fill([rectangle(-far, -far, far, far)]).all()
    half = [(-far, -far), (-far, far), (far, far)]  # above the diagonal
    row, column = np.indices(SHAPE)
    assert np.array_equal(fill([half]), column >= row)


def test_no_contour_is_no_mask():
    assert fill_contours([], SHAPE) is None
