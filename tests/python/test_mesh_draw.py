"""The still picture: pixels against point-in-triangle tests, views against anatomy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Outline

import medvoxel
from medvoxel import Grid, Mesh, Segment, Segmentation, draw_mesh, make_mesh
from medvoxel._mesh_raster import corner_normals, light, rasterise
from medvoxel.errors import InputError

RED, BLUE = "#E01010", "#1010E0"
FRONT, LEFT = -90, 0


def ball(grid, centre, radius):
    place = grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(place - centre, axis=-1) < radius


def two_balls(red, blue, radius=6.0):
    """Two balls at LPS points, in a box of 40 mm."""
    grid = Grid((40, 40, 40), (1, 1, 1), (-19.5, -19.5, -19.5))
    array = np.zeros(grid.shape, np.uint8)
    array[ball(grid, blue, radius)] = 2
    array[ball(grid, red, radius)] = 1
    table = (Segment(1, "red", RED), Segment(2, "blue", BLUE))
    return make_mesh(Segmentation(array, grid, table))


def pixels_of(picture, colour):
    """Rows and columns where one of the two colours is seen, the legend left out."""
    channels = picture.astype(int)
    red, blue = channels[..., 0], channels[..., 2]
    where = red - blue > 40 if colour == RED else blue - red > 40
    rows, columns = np.nonzero(where)
    below = rows > 0.12 * picture.shape[0]
    return rows[below], columns[below]


def draw(mesh, azimuth, elevation=0.0):
    return draw_mesh(mesh, width=300, height=300, azimuth=azimuth, elevation=elevation)


def test_coverage_equals_a_point_in_triangle_test():
    rng = np.random.default_rng(0)
    corners = rng.uniform(-8, 48, (30, 3, 2))
    corners[:10] = rng.uniform(0, 40, (10, 1, 2)) + rng.uniform(-2, 2, (10, 3, 2))
    for triangle in corners:
        seen = rasterise(triangle[None], np.zeros((1, 3)), 32, 40)
        y, x = np.mgrid[:32, :40] + 0.5
        inside = Outline(triangle).contains_points(np.stack([x.ravel(), y.ravel()], axis=1))
        assert ((seen.face >= 0) != inside).sum() <= 1
        # The weights lead back to the pixel's centre.
        hit = np.flatnonzero(seen.face >= 0)
        second, third = seen.weight[hit].T[..., None]
        place = triangle[0] * (1 - second - third) + triangle[1] * second + triangle[2] * third
        np.testing.assert_allclose(place[:, 0], hit % 40 + 0.5, atol=1e-3)
        np.testing.assert_allclose(place[:, 1], hit // 40 + 0.5, atol=1e-3)


def test_the_nearest_is_seen_at_every_pixel():
    """Two faces that pierce each other: each is in front on its side of the middle."""
    full = np.array([[-50.0, -50.0], [150.0, -50.0], [-50.0, 150.0]])
    rising = np.array([-50.0, 150.0, -50.0])
    level = np.full(3, 25.2)
    for order in ([0, 1], [1, 0]):
        depth = np.stack([rising, level])[order]
        seen = rasterise(np.stack([full, full]), depth, 50, 50)
        face = np.array(order)[seen.face].reshape(50, 50)
        assert (face[:, :25] == 1).all()
        assert (face[:, 25:] == 0).all()


def test_faces_seen_edge_on_or_outside_draw_nothing():
    flat = np.array([[[5.0, 5.0], [10.0, 10.0], [20.0, 20.0]]])
    outside = np.array([[[-50.0, -5.0], [-40.0, -5.0], [-45.0, -1.0]]])
    for corners in (flat, outside):
        assert (rasterise(corners, np.zeros((1, 3)), 30, 30).face == -1).all()


def test_normals_and_light():
    mesh = two_balls((0, 0, 0), (12, 12, 12), radius=9)
    faces = mesh.faces[mesh.values == 1]
    normal = corner_normals(mesh.vertices, faces)[np.unique(faces)]
    radial = mesh.vertices[np.unique(faces)]
    radial /= np.linalg.norm(radial, axis=1)[:, None]
    assert (normal * radial).sum(axis=1).mean() > 0.95
    view = lamp = np.array([0.0, 0.0, 1.0])
    grey = np.full((3, 3), 0.5)
    towards = np.array([[0, 0, 3.0], [1.0, 0, 0.5], [0, 0, -3.0]])
    lit = light(towards, grey, view, lamp)[:, 0]
    assert lit[0] > lit[1]
    assert lit[0] == pytest.approx(lit[2])


def test_superior_is_up_and_the_patients_left_is_right_from_the_front():
    picture = draw(two_balls(red=(12, 0, 12), blue=(-12, 0, -12)), FRONT)
    red, blue = pixels_of(picture, RED), pixels_of(picture, BLUE)
    assert red[0].mean() < blue[0].mean() - 50
    assert red[1].mean() > blue[1].mean() + 50


def test_from_the_left_posterior_is_on_the_right():
    picture = draw(two_balls(red=(0, 12, 0), blue=(0, -12, 0)), LEFT)
    assert pixels_of(picture, RED)[1].mean() > pixels_of(picture, BLUE)[1].mean() + 50


def test_what_is_in_front_covers_what_is_behind():
    from_front = draw(two_balls(red=(0, -12, 0), blue=(0, 12, 0)), FRONT)
    assert len(pixels_of(from_front, RED)[0]) > 500
    assert len(pixels_of(from_front, BLUE)[0]) == 0
    from_behind = draw(two_balls(red=(0, -12, 0), blue=(0, 12, 0)), 90)
    assert len(pixels_of(from_behind, RED)[0]) == 0
    from_above = draw(two_balls(red=(0, 0, 12), blue=(0, 0, -12)), FRONT, elevation=90)
    assert len(pixels_of(from_above, BLUE)[0]) == 0


def test_hidden_segments_are_left_out():
    mesh = two_balls(red=(0, -12, 0), blue=(0, 12, 0))

    def seen(hide, table=mesh.segments):
        again = Mesh(mesh.vertices, mesh.faces, mesh.values, table)
        picture = draw_mesh(again, width=300, height=300, azimuth=FRONT, elevation=0, hide=hide)
        return [len(pixels_of(picture, colour)[0]) > 500 for colour in (RED, BLUE)]

    assert seen(None) == [True, False]
    assert seen("red") == seen([1]) == seen(1) == [False, True]
    one_hidden = (Segment(1, "red", RED, visible=False), mesh.segments[1])
    assert seen(None, one_hidden) == [False, True]
    assert seen([], one_hidden) == [True, False]
    with pytest.raises(InputError, match="All segments are hidden"):
        seen([1, "blue"])
    with pytest.raises(InputError, match="no segment 'skin'"):
        seen(["red", "skin"])


@pytest.mark.parametrize(("width", "height"), [(300, 300), (500, 250), (250, 500)])
def test_axes_have_one_scale_and_the_picture_its_size(width, height):
    mesh = two_balls(red=(0, 0, 0), blue=(15, 15, 15), radius=4)
    picture = draw_mesh(mesh, width=width, height=height, azimuth=FRONT, elevation=0)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    rows, columns = pixels_of(picture, RED)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 3


def test_an_open_surface_shows_its_inside():
    vertices = np.array([[0.0, 0, 0], [40, 0, 0], [40, 0, 40], [0, 0, 40]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    sheet = Mesh(vertices, faces, np.array([1, 1]), (Segment(1, "sheet", RED),))
    seen = [len(pixels_of(draw(sheet, azimuth), RED)[0]) for azimuth in (FRONT, 90)]
    assert min(seen) > 5000


def test_same_mesh_same_picture_and_nothing_is_changed():
    mesh = two_balls((5, 0, 5), (-5, 3, -5))
    before = mesh.vertices.copy()
    np.testing.assert_array_equal(draw(mesh, -60), draw(mesh, -60))
    np.testing.assert_array_equal(mesh.vertices, before)


def test_no_global_state_of_matplotlib_is_touched():
    code = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1])\n"
        "from medvoxel import Mesh, Segment, draw_mesh\n"
        "v = np.eye(4, 3) * 10; f = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [0, 2, 3]])\n"
        "draw_mesh(Mesh(v, f, np.ones(4, int), (Segment(1, 'a', '#E69F00'),)), width=200)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    root = Path(medvoxel.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_bad_arguments():
    mesh = two_balls((5, 0, 5), (-5, 3, -5))
    empty = Mesh(np.empty((0, 3)), np.empty((0, 3), int), np.empty(0, int), ())
    for arguments in ({"width": 10}, {"height": 2.5}, {"azimuth": "front"}, {"elevation": np.nan}):
        with pytest.raises(InputError, match=next(iter(arguments))):
            draw_mesh(mesh, **arguments)
    with pytest.raises(InputError, match="no faces"):
        draw_mesh(empty)
