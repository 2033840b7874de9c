"""Surfaces, against analytic shapes, voxel counts and trimesh's own checks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import trimesh
from conftest import GRID_KINDS, build_grid
from scipy.spatial import cKDTree

from medvoxel import (
    Grid,
    Mesh,
    Segment,
    Segmentation,
    Volume,
    is_watertight,
    make_mesh,
    mesh_area,
    mesh_volume,
    simplify_mesh,
    smooth_mesh,
)
from medvoxel._mesh_tools import is_closed, without_opposites
from medvoxel.errors import InputError, MedvoxelWarning


def points(grid):
    return grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def middle(grid):
    return grid.index_to_lps((np.array(grid.shape) - 1) / 2)


def distance_to(grid, centre):
    return np.linalg.norm(points(grid) - centre, axis=-1)


def fine_grid(kind):
    """A grid of the given kind on which a ball of 12 mm has room."""
    return build_grid(kind, shape=(12, 40, 62) if kind != "plain" else (40, 42, 44))


def ball(kind, radius=12.0):
    """A ball of grey values: 300 on its surface, falling by 20 a millimetre."""
    grid = fine_grid(kind)
    centre = middle(grid) + 0.3
    return Volume(300 - 20 * (distance_to(grid, centre) - radius), grid, unit="HU"), centre


def as_trimesh(mesh):
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def labels(grid, *shapes):
    array = np.zeros(grid.shape, np.uint8)
    for value, mask in enumerate(shapes, start=1):
        array[mask] = value
    names = ("ball", "shell", "other")
    table = (Segment(i + 1, names[i], "#E69F00") for i in range(len(shapes)))
    return Segmentation(array, grid, tuple(table))


@pytest.mark.parametrize("kind", GRID_KINDS)
def test_ball_lies_where_it_is_and_is_wound_outwards(kind):
    scan, centre = ball(kind)
    mesh = make_mesh(scan)
    offset = mesh.vertices - centre
    radius = np.linalg.norm(offset, axis=1)
    # Linear interpolation on slices 4 mm apart cannot do better; on 1 mm it does.
    tolerance = 0.02 if kind == "plain" else 0.25
    assert np.abs(radius - 12).max() < tolerance
    normals = np.cross(
        mesh.vertices[mesh.faces[:, 1]] - mesh.vertices[mesh.faces[:, 0]],
        mesh.vertices[mesh.faces[:, 2]] - mesh.vertices[mesh.faces[:, 0]],
    )
    outwards = (normals * offset[mesh.faces[:, 0]]).sum(axis=1)
    assert (outwards > 0).mean() > 0.999
    exact = 4 / 3 * np.pi * 12**3
    # The trapezoid rule over slices h apart misses up to 4 pi r h^2 / 12, here 2.8 %.
    assert mesh_volume(mesh)[1] == pytest.approx(exact, rel=0.005 if kind == "plain" else 0.028)
    assert mesh_area(mesh)[1] == pytest.approx(4 * np.pi * 12**2, rel=0.02)
    surface = as_trimesh(mesh)
    assert surface.is_watertight
    assert surface.is_winding_consistent


def test_name_and_table_of_a_volume():
    scan, _ = ball("plain")
    mesh = make_mesh(scan, threshold=250.5)
    assert [(s.value, s.name) for s in mesh.segments] == [(1, "surface >= 250.5 HU")]
    assert set(mesh.values) == {1}


@pytest.mark.parametrize("kind", GRID_KINDS)
def test_closed_at_the_border_and_ends_at_the_voxels_edge(kind):
    """A block that fills the scan is the scan's box, whatever the values are."""
    grid = build_grid(kind, shape=(5, 7, 9))
    for values in (np.full(grid.shape, 1000), np.full(grid.shape, 432.1)):
        mesh = make_mesh(Volume(values, grid))
        # By hand: the box less a prism of 1/8 voxel along its edges and less its corners.
        voxels = np.prod(grid.shape) - sum(n - 1 for n in grid.shape) / 2 - 8 * (1 / 8 - 1 / 48)
        assert mesh_volume(mesh)[1] == pytest.approx(voxels * grid.voxel_volume, rel=1e-6)
        index = grid.lps_to_index(mesh.vertices)
        np.testing.assert_allclose(index.min(axis=0), -0.5, atol=1e-5)
        np.testing.assert_allclose(index.max(axis=0), np.array(grid.shape) - 0.5, atol=1e-5)
        assert as_trimesh(mesh).is_watertight


def test_half_a_ball_at_the_border_is_closed():
    grid = Grid((20, 40, 40))
    scan = Volume(300 - 20 * (distance_to(grid, grid.index_to_lps((0, 19, 19))) - 12), grid)
    mesh = make_mesh(scan)
    assert as_trimesh(mesh).is_watertight
    # Half a ball and half a voxel below it.
    exact = 2 / 3 * np.pi * 12**3 + 0.5 * np.pi * 12**2
    assert mesh_volume(mesh)[1] == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8, np.float64])
def test_values_equal_to_the_threshold_are_inside_and_harmless(dtype):
    """Whole numbers hit the threshold often; marching cubes alone leaves holes there."""
    rng = np.random.default_rng(0)
    grid = Grid((14, 15, 16), (4.0, 0.8, 0.5))
    values = rng.integers(0, 5, grid.shape)
    mesh = make_mesh(Volume(values.astype(dtype), grid), threshold=2)
    assert as_trimesh(mesh).is_watertight
    assert as_trimesh(mesh).area_faces.min() > 1e-9
    lone = np.zeros(grid.shape, dtype)
    lone[7, 7, 7] = 2
    # One voxel at the threshold: an octahedron half a diagonal wide on either side.
    octahedron = np.prod([4.0, 0.8, 0.5]) / 6
    half_way = 1 - 1.5 / 2
    volume = mesh_volume(make_mesh(Volume(lone, grid), threshold=2))[1]
    assert volume == pytest.approx(octahedron * 8 * half_way**3, rel=1e-4)


def test_fractional_values_at_the_threshold_are_pushed_off_it():
    rng = np.random.default_rng(1)
    grid = Grid((14, 15, 16))
    values = rng.choice([0.25, 0.5, 0.75, 1.25], grid.shape)
    mesh = make_mesh(Volume(values, grid), threshold=0.75)
    assert as_trimesh(mesh).is_watertight
    assert as_trimesh(mesh).area_faces.min() > 0


def test_not_finite_values_do_not_reach_the_vertices():
    scan, centre = ball("plain")
    values = scan.array.copy()
    values[0, 0, 0] = np.nan
    values[tuple(np.rint(scan.grid.lps_to_index(centre)).astype(int))] = np.inf
    values[20, 20, 40] = -np.inf
    mesh = make_mesh(scan.with_array(values))
    assert np.isfinite(mesh.vertices).all()
    assert mesh_volume(mesh)[1] == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.01)


@pytest.mark.parametrize("kind", GRID_KINDS)
def test_segments_have_surfaces_of_their_own(kind):
    grid = fine_grid(kind)
    away = distance_to(grid, middle(grid))
    seg = labels(grid, away < 7, (away >= 7) & (away < 12))
    mesh = make_mesh(seg)
    assert mesh.segments == seg.segments
    volume = mesh_volume(mesh)
    assert set(volume) == {1, 2}
    for value in (1, 2):
        voxels = (seg.array == value).sum() * grid.voxel_volume
        # The surface cuts voxels' corners: it is smaller by nature, by less than a layer.
        assert 0.7 * voxels < volume[value] < 1.0 * voxels
    assert is_watertight(mesh) == {1: True, 2: True}
    only = make_mesh(seg, segments="shell")
    assert only.segments == (seg.segments[1],)
    assert len(only.faces) == (mesh.values == 2).sum()
    assert make_mesh(seg, segments=[1]).segments == (seg.segments[0],)


def test_mask_surface_is_half_way_between_voxels():
    grid = Grid((5, 5, 5), (4.0, 0.8, 0.5), (10, 20, 30))
    mask = np.zeros(grid.shape, bool)
    mask[1:4, 2:4, 1:3] = True
    mesh = make_mesh(labels(grid, mask))
    index = grid.lps_to_index(mesh.vertices)
    np.testing.assert_allclose(index.min(axis=0), (0.5, 1.5, 0.5), atol=1e-6)
    np.testing.assert_allclose(index.max(axis=0), (3.5, 3.5, 2.5), atol=1e-6)


def test_random_masks_are_closed_and_manifold():
    rng = np.random.default_rng(3)
    grid = Grid((15, 16, 17), (4.0, 0.8, 0.5))
    for share in (0.1, 0.5, 0.9):
        mesh = make_mesh(labels(grid, rng.random(grid.shape) < share))
        assert as_trimesh(mesh).is_watertight
        assert is_watertight(mesh) == {1: True}
        assert mesh_volume(mesh)[1] > 0


def test_box_is_a_short_cut_only():
    """The crop must give the surface that the whole array gives."""
    from skimage.measure import marching_cubes

    scan, _ = ball("oblique", radius=6.0)
    mesh = make_mesh(scan, threshold=300.25)
    vertices, faces, _, _ = marching_cubes(scan.array, 300.25)
    assert len(mesh.faces) == len(faces)
    whole = scan.grid.index_to_lps(vertices)
    assert cKDTree(mesh.vertices).query(whole)[0].max() < 1e-3


@pytest.mark.parametrize("step", [2, 3])
def test_step_size_is_coarser_and_still_closed(step):
    scan, centre = ball("plain")
    fine, coarse = make_mesh(scan), make_mesh(scan, step_size=step)
    assert len(coarse.faces) < len(fine.faces) / step
    assert as_trimesh(coarse).is_watertight
    assert mesh_volume(coarse)[1] == pytest.approx(mesh_volume(fine)[1], rel=0.05)
    np.testing.assert_allclose(as_trimesh(coarse).center_mass, centre, atol=0.1)
    away = distance_to(scan.grid, centre)
    mesh = make_mesh(labels(scan.grid, away < 12), step_size=step)
    assert as_trimesh(mesh).is_watertight


def test_a_step_starts_at_the_first_voxel_of_a_structure():
    """A plate of one slice is seen with every step that its surroundings allow."""
    values = np.zeros((16, 12, 12), np.int16)
    values[7] = 1000
    mesh = make_mesh(Volume(values, Grid(values.shape)), threshold=500, step_size=3)
    z = mesh.vertices[:, 2]
    # By hand: 499.5 lies at 0.4995 of the way from slice 4 or 10 to slice 7.
    assert (z.min(), z.max()) == pytest.approx((4 + 3 * 0.4995, 10 - 3 * 0.4995), abs=1e-4)


@pytest.mark.parametrize("step", [2, 4])
def test_a_step_over_a_thin_structure_is_an_error(step):
    mask = np.zeros((9, 9, 9), bool)
    mask[1, 3, 5] = mask[2, 4, 4] = True  # in the box's corners that no step sees
    seg = labels(Grid(mask.shape), mask)
    with pytest.raises(InputError, match=rf"step_size {step} .* segment 'ball'.* smaller"):
        make_mesh(seg, step_size=step)
    scan = Volume(np.where(mask, 900, 0).astype(np.int16), seg.grid)
    with pytest.raises(InputError, match=rf"step_size {step} .* at least 300.* smaller"):
        make_mesh(scan, step_size=step)
    assert mesh_volume(make_mesh(seg))[1] > 0
    assert mesh_volume(make_mesh(scan))[1] > 0


def test_a_threshold_between_whole_numbers():
    values = np.full((9, 9, 9), 250, np.int16)
    values[3:6, 3:6, 3:6] = 251
    mesh = make_mesh(Volume(values, Grid(values.shape)), threshold=250.5)
    np.testing.assert_allclose(mesh.vertices.min(axis=0), 2.5, atol=1e-5)
    np.testing.assert_allclose(mesh.vertices.max(axis=0), 5.5, atol=1e-5)


def test_a_segment_chosen_twice_is_made_once():
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2] = True
    seg = labels(Grid(mask.shape), mask)
    mesh = make_mesh(seg, segments=["ball", 1])
    assert [s.name for s in mesh.segments] == ["ball"]
    assert len(mesh.faces) == len(make_mesh(seg).faces)


def test_input_is_not_written_to():
    scan, _ = ball("plain")
    before = scan.array.copy()
    scan.array.flags.writeable = False
    make_mesh(scan)
    np.testing.assert_array_equal(scan.array, before)


def test_nothing_above_the_threshold_says_the_range():
    scan = Volume(np.arange(27, dtype=np.int16).reshape(3, 3, 3), Grid((3, 3, 3)))
    with pytest.raises(InputError, match=r"from 0 to 26.*plot_histogram"):
        make_mesh(scan, threshold=27)


def test_empty_segments():
    grid = Grid((5, 5, 5))
    mask = np.zeros(grid.shape, bool)
    mask[2, 2, 2] = True
    seg = labels(grid, mask, np.zeros_like(mask))
    with pytest.warns(MedvoxelWarning, match="'shell'"):
        mesh = make_mesh(seg)
    assert [s.name for s in mesh.segments] == ["ball"]
    with pytest.raises(InputError, match="no voxels of 'shell'"):
        make_mesh(seg, segments=["ball", "shell"])
    with pytest.raises(InputError, match="no voxels of 'ball'"):
        make_mesh(labels(grid, np.zeros_like(mask)))
    with pytest.raises(InputError, match="no segment 'bone'"):
        make_mesh(seg, segments="bone")


@pytest.mark.parametrize(
    "arguments",
    [
        {"threshold": "high"},
        {"threshold": np.nan},
        {"step_size": 0},
        {"step_size": 1.5},
        {"segments": 1},
    ],
)
def test_bad_arguments(arguments):
    with pytest.raises(InputError):
        make_mesh(ball("plain")[0], **arguments)


def test_not_a_mesh():
    with pytest.raises(InputError, match="make_mesh"):
        mesh_volume("mesh")
    with pytest.raises(InputError, match="volume or a segmentation"):
        make_mesh(np.zeros((3, 3, 3)))


@pytest.mark.parametrize("kind", ["plain", "oblique", "mirrored"])
def test_simplifying_keeps_shape_winding_and_closedness(kind):
    scan, centre = ball(kind)
    fine = make_mesh(scan)
    coarse = simplify_mesh(fine, faces=1000)
    assert 900 <= len(coarse.faces) <= 1000
    assert mesh_volume(coarse)[1] == pytest.approx(mesh_volume(fine)[1], rel=0.01)
    surface = as_trimesh(coarse)
    assert surface.is_watertight
    assert surface.is_winding_consistent
    radial = surface.triangles_center - centre
    assert ((surface.face_normals * radial).sum(axis=1) > 0).all()


def test_budget_is_shared_by_size():
    grid = fine_grid("plain")
    away = distance_to(grid, middle(grid))
    tiny = np.zeros(grid.shape, bool)
    tiny[1, 1, 1] = True
    mesh = make_mesh(labels(grid, away < 7, (away >= 8) & (away < 12), tiny))
    coarse = simplify_mesh(mesh, faces=2000)
    assert len(coarse.faces) <= 2000 + 4
    before = np.bincount(mesh.values)
    after = np.bincount(coarse.values)
    for value in (1, 2):
        assert after[value] / after.sum() == pytest.approx(before[value] / before.sum(), rel=0.1)
    assert after[3] >= 4
    assert is_watertight(coarse) == {1: True, 2: True, 3: True}
    assert simplify_mesh(mesh, faces=len(mesh.faces)) is mesh


def test_islands_that_vanish_leave_no_dust():
    rng = np.random.default_rng(4)
    grid = Grid((30, 30, 30))
    mesh = make_mesh(labels(grid, rng.random(grid.shape) < 0.15))
    coarse = simplify_mesh(mesh, faces=len(mesh.faces) // 10)
    assert is_watertight(coarse) == {1: True}
    ordered = np.sort(coarse.faces, axis=1)
    assert len(np.unique(ordered, axis=0)) == len(ordered)
    assert set(coarse.faces.ravel()) == set(range(len(coarse.vertices)))


def test_opposite_faces_cancel():
    tetrahedron = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
    dust = [[4, 5, 6], [5, 4, 6], [7, 7, 8]]
    left = without_opposites(np.array(tetrahedron + dust))
    np.testing.assert_array_equal(left, tetrahedron)
    for order in itertools.permutations((0, 1, 2)):
        pair = np.array([[0, 1, 2], list(order)])
        even = order in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
        assert len(without_opposites(pair)) == (2 if even else 0)


def test_closed_means_no_border_and_one_sense():
    tetrahedron = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    assert is_closed(tetrahedron)
    assert not is_closed(tetrahedron[:3])
    turned = tetrahedron.copy()
    turned[0] = turned[0, ::-1]
    assert not is_closed(turned)
    # Two tetrahedra that share the edge 0-1: four faces at one edge, and still closed.
    other = np.array([0, 1, 4, 5])[tetrahedron]
    assert is_closed(np.concatenate([tetrahedron, other]))
    assert not is_closed(np.empty((0, 3), int))


def test_volume_and_area_of_a_known_solid():
    box = trimesh.creation.box((2.0, 3.0, 5.0))
    mesh = Mesh(
        np.array(box.vertices) + 500,
        np.array(box.faces),
        np.full(12, 4),
        (Segment(4, "box", "#E69F00"),),
    )
    assert mesh_volume(mesh) == {4: pytest.approx(30)}
    assert mesh_area(mesh) == {4: pytest.approx(62)}


def test_progress_names_every_segment_done():
    grid = fine_grid("plain")
    away = distance_to(grid, middle(grid))
    seen = []
    make_mesh(labels(grid, away < 7, away > 12), progress=lambda done, label: seen.append(done))
    assert seen[-1] == 1


def test_real_ct_bone(test_data):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.load(test_data("ct-trunk", "labels_117_classes.nii.gz"))
    lps = np.diag([-1, -1, 1, 1]) @ image.affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    array = np.asarray(image.dataobj).astype(np.int16).T
    grid = Grid(array.shape, tuple(spacing[::-1]), tuple(lps[:3, 3]), lps[:3, :3] / spacing)
    counts = np.bincount(array.ravel())
    value = int(np.argmax(counts[1:])) + 1
    seg = Segmentation(array, grid, (Segment(value, "largest", "#E69F00"),))
    mesh = make_mesh(seg)
    voxels = counts[value] * grid.voxel_volume
    assert mesh_volume(mesh)[value] == pytest.approx(voxels, rel=0.05)
    assert as_trimesh(mesh).is_watertight
    coarse = simplify_mesh(smooth_mesh(mesh), faces=20000)
    assert mesh_volume(coarse)[value] == pytest.approx(voxels, rel=0.06)
    assert is_watertight(coarse) == {value: True}
