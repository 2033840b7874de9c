"""The windowed sinc filter, against VTK's and against what a filter must leave alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import build_grid
from numpy.polynomial import chebyshev

from medvoxel import (
    Mesh,
    Segment,
    Segmentation,
    is_watertight,
    make_mesh,
    mesh_volume,
    smooth_mesh,
)
from medvoxel._mesh_smoothing import sinc_weights
from medvoxel.errors import InputError

ORACLE = Path(__file__).parent / "oracle" / "sinc.npz"
SEGMENT = Segment(1, "s", "#E69F00")


@pytest.fixture(scope="module")
def stored():
    with np.load(ORACLE) as content:
        return dict(content)


def stored_mesh(stored):
    faces = stored["faces"].astype(np.int64)
    vertices = stored["vertices"].astype(np.float64)
    return Mesh(vertices, faces, np.ones(len(faces), np.int32), (SEGMENT,))


def segmentation(*masks, kind="plain"):
    array = np.zeros(masks[0].shape, np.uint8)
    for value, mask in enumerate(masks, start=1):
        array[mask] = value
    rows = tuple(Segment(i, f"s{i}", "#E69F00") for i in range(1, len(masks) + 1))
    return Segmentation(array, build_grid(kind, shape=array.shape), rows)


def ball(grid, radius):
    centre = grid.index_to_lps((np.array(grid.shape) - 1) / 2)
    places = grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(places - centre, axis=-1) < radius


# VTK scales by what the filter makes of a constant, which at 1 is 0.9993; here that is 1.
@pytest.mark.parametrize(("factor", "apart"), [(0.25, 1e-4), (0.5, 1e-4), (1.0, 0.012)])
def test_equals_vtk(stored, factor, apart):
    mesh = stored_mesh(stored)
    smooth = smooth_mesh(mesh, factor=factor).vertices
    theirs = stored[str(factor)]
    moved = np.abs(theirs - mesh.vertices).max()
    assert moved > 100 * apart
    np.testing.assert_allclose(smooth, theirs, rtol=0, atol=apart)


def test_the_border_of_an_open_surface_stays():
    # A square of 21 x 21 points, bumpy but for its border.
    y, x = np.indices((21, 21)).reshape(2, -1)
    inside = (x > 0) & (x < 20) & (y > 0) & (y < 20)
    bumps = np.random.default_rng(1).normal(size=441) * inside
    corner = np.flatnonzero((x < 20) & (y < 20))
    faces = np.vstack([corner + np.array(t)[:, None] for t in ([0, 1, 22], [0, 22, 21])])
    faces = np.concatenate([f.T for f in np.split(faces, 2)])
    sheet = Mesh(np.stack([x, y, bumps], 1) * 1.0, faces, np.ones(800, np.int32), (SEGMENT,))
    smooth = smooth_mesh(sheet).vertices
    np.testing.assert_allclose(smooth[~inside], sheet.vertices[~inside], rtol=0, atol=1e-12)
    assert np.std(smooth[inside, 2]) < 0.25 * np.std(bumps[inside])
    flat = Mesh(np.stack([x, y, 0 * x], 1) * 1.0, faces, sheet.values, sheet.segments)
    np.testing.assert_allclose(smooth_mesh(flat).vertices[:, 2], 0, atol=1e-12)


@pytest.mark.parametrize("factor", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_the_filter_passes_low_frequencies_and_stops_high_ones(factor):
    weights = sinc_weights(factor)
    assert len(weights) == 21 + int(40 * factor)
    # Frequencies k from 0 to 2 lie at 1 - k / 2.
    response = chebyshev.chebval(np.linspace(1, -1, 2001), weights)
    assert response[0] == pytest.approx(1, abs=1e-12)
    assert chebyshev.chebval(1 - 0.5 * 10 ** (-4 * factor), weights) == pytest.approx(1, abs=2e-3)
    assert response.max() < 1.001
    assert np.abs(response[1500:]).max() < 0.01


@pytest.mark.parametrize("kind", ["plain", "oblique", "mirrored"])
@pytest.mark.parametrize("method", ["sinc", "taubin"])
def test_a_sphere_keeps_its_volume_and_gets_its_normals(kind, method):
    grid = build_grid(kind, shape=(12, 40, 62) if kind != "plain" else (40, 42, 44))
    mask = ball(grid, 12)
    rough = make_mesh(Segmentation(mask.astype(np.uint8), grid, (SEGMENT,)))
    smooth = smooth_mesh(rough, method=method, iterations=20 if method == "taubin" else None)
    np.testing.assert_array_equal(smooth.faces, rough.faces)
    assert mesh_volume(smooth)[1] == pytest.approx(mesh_volume(rough)[1], rel=0.02)
    assert is_watertight(smooth) == {1: True}
    deviation = [_away_from_radial(mesh, rough.vertices.mean(axis=0)) for mesh in (rough, smooth)]
    assert deviation[1] < 0.6 * deviation[0]


def _away_from_radial(mesh, centre):
    """Mean angle between the faces' normals and those of a sphere, in degrees."""
    corners = mesh.vertices[mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    radial = corners.mean(axis=1) - centre
    cosine = (normal * radial).sum(axis=1) / np.linalg.norm(radial, axis=1) / area
    return np.average(np.degrees(np.arccos(np.clip(cosine, -1, 1))), weights=area)


def test_the_surface_moves_with_the_patient():
    mesh = make_mesh(segmentation(ball(build_grid("plain", shape=(20, 22, 24)), 7)))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    moved = Mesh(mesh.vertices @ turn + 500, mesh.faces, mesh.values, mesh.segments)
    for factor in (0.5, 1.0):
        expected = smooth_mesh(mesh, factor=factor).vertices @ turn + 500
        np.testing.assert_allclose(
            smooth_mesh(moved, factor=factor).vertices, expected, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("method", ["sinc", "taubin"])
def test_segments_are_smoothed_apart(method):
    grid = build_grid("plain", shape=(30, 32, 34))
    seg = segmentation(ball(grid, 6), ball(grid, 10) & ~ball(grid, 6))
    both = smooth_mesh(make_mesh(seg), method=method)
    alone = smooth_mesh(make_mesh(seg, segments=2), method=method)
    np.testing.assert_allclose(
        both.vertices[both.faces[both.values == 2]], alone.vertices[alone.faces]
    )


def test_one_voxel_stays_a_closed_solid():
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2] = True
    smooth = smooth_mesh(make_mesh(segmentation(mask)))
    assert is_watertight(smooth) == {1: True}
    assert np.isfinite(smooth.vertices).all()


def test_no_smoothing_is_no_change():
    mesh = make_mesh(segmentation(ball(build_grid("plain", shape=(12, 12, 12)), 4)))
    assert smooth_mesh(mesh, factor=0) is mesh
    assert smooth_mesh(mesh, method="taubin", iterations=0) is mesh
    before = mesh.vertices.copy()
    smooth_mesh(mesh)
    np.testing.assert_array_equal(mesh.vertices, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "median"}, "method 'median'"),
        ({"factor": 1.5}, "factor must be a number from 0 to 1"),
        ({"factor": float("nan")}, "factor must be"),
        ({"factor": "0.5"}, "factor must be"),
        ({"iterations": 5}, 'belongs to the method "taubin"'),
        ({"method": "taubin", "iterations": -1}, "iterations must be"),
    ],
)
def test_bad_arguments(arguments, words):
    mesh = make_mesh(segmentation(np.ones((3, 3, 3), bool)))
    with pytest.raises(InputError, match=words):
        smooth_mesh(mesh, **arguments)


def test_progress_comes_to_its_end():
    seen = []
    mesh = make_mesh(segmentation(np.ones((3, 3, 3), bool)))
    smooth_mesh(mesh, progress=lambda done, label: seen.append((done, label)))
    assert seen[-1] == (1, "Smoothing")


def test_live_against_vtk(stored):
    pytest.importorskip("vtk", reason="vtk is not installed: the stored answers stand for it")
    from oracle import make_sinc

    mesh = stored_mesh(stored)
    theirs = make_sinc.smoothed_by_vtk(mesh.vertices, mesh.faces, 0.5)
    np.testing.assert_allclose(smooth_mesh(mesh).vertices, theirs, rtol=0, atol=1e-4)
