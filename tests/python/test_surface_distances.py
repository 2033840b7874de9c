from __future__ import annotations

import math

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, read_segmentation, surface_distance
from medvoxel.errors import Cancelled, GeometryError, InputError

THICK = [(5.0, 1.0, 1.0), (4.0, 0.8, 0.5)]


def seg(mask, grid, name="s"):
    return Segmentation(mask.astype(np.uint8), grid, (Segment(1, name, "#E69F00"),))


def measure(a, b, grid, **arguments):
    return surface_distance(seg(a, grid), seg(b, grid), **arguments)[0]


def box(shape, start, stop):
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(i, j) for i, j in zip(start, stop, strict=True))] = True
    return mask


def ball(radius, grid, centre_mm):
    axes = [
        np.arange(n) * s - c for n, s, c in zip(grid.shape, grid.spacing, centre_mm, strict=True)
    ]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 <= radius**2


def elements_one_by_one(mask, spacing):
    """Cubes with both inside and outside, and the area in each, cube by cube."""
    skimage = pytest.importorskip("skimage.measure")
    framed = np.pad(mask, 1).astype(np.float32)
    points, areas = [], []
    for place in np.ndindex(*(n - 1 for n in framed.shape)):
        cube = framed[tuple(slice(i, i + 2) for i in place)]
        if 0 < cube.sum() < 8:
            vertices, faces, _, _ = skimage.marching_cubes(cube, 0.5, spacing=spacing)
            points.append(np.array(place) * spacing)
            areas.append(skimage.mesh_surface_area(vertices, faces))
    return np.array(points), np.array(areas)


def all_distances(points, others):
    return np.sqrt(((points[:, None] - others[None]) ** 2).sum(axis=-1)).min(axis=1)


def percentile_by_hand(distances, areas, share):
    total, reached = areas.sum(), 0.0
    for d, area in sorted(zip(distances, areas, strict=True)):
        reached += area
        if reached >= share * total:
            return d
    return max(distances)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_every_number_against_brute_force(any_grid, rng, share):
    shape = (5, 7, 8)
    grid = Grid(shape, any_grid.spacing, any_grid.origin, any_grid.direction)
    a, b = rng.random(shape) < share, rng.random(shape) < share
    a[:, :, 5:] = False
    b[3:] = False
    found = measure(a, b, grid, tolerance=1.0)
    (pa, wa), (pb, wb) = (elements_one_by_one(m, grid.spacing) for m in (a, b))
    da, db = all_distances(pa, pb), all_distances(pb, pa)
    assert found.area_a_mm2 == pytest.approx(wa.sum(), rel=1e-6)
    assert found.area_b_mm2 == pytest.approx(wb.sum(), rel=1e-6)
    assert found.hausdorff_mm == pytest.approx(max(da.max(), db.max()))
    worst = max(percentile_by_hand(da, wa, 0.95), percentile_by_hand(db, wb, 0.95))
    assert found.hausdorff95_mm == pytest.approx(worst)
    assert found.mean_a_to_b_mm == pytest.approx((da * wa).sum() / wa.sum())
    assert found.mean_b_to_a_mm == pytest.approx((db * wb).sum() / wb.sum())
    mean = ((da * wa).sum() + (db * wb).sum()) / (wa.sum() + wb.sum())
    assert found.mean_mm == pytest.approx(mean)
    near = wa[da <= 1].sum() + wb[db <= 1].sum()
    assert found.surface_dice == pytest.approx(near / (wa.sum() + wb.sum()), rel=1e-6)


@pytest.mark.parametrize("spacing", THICK)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_moved_box_is_as_far_away_as_it_was_moved(spacing, axis):
    sitk = pytest.importorskip("SimpleITK")
    grid = Grid((12, 20, 24), spacing)
    a = box(grid.shape, (3, 4, 5), (7, 14, 15))
    b = np.roll(a, 3, axis=axis)
    found = measure(a, b, grid, tolerance=3 * spacing[axis])
    assert found.hausdorff_mm == pytest.approx(3 * spacing[axis])
    assert found.surface_dice == 1
    images = [sitk.GetImageFromArray(m.astype(np.uint8)) for m in (a, b)]
    for image in images:
        image.SetSpacing(grid.spacing[::-1])
    peer = sitk.HausdorffDistanceImageFilter()
    peer.Execute(*images)
    assert found.hausdorff_mm == pytest.approx(peer.GetHausdorffDistance())
    closer = measure(a, b, grid, tolerance=2.99 * spacing[axis])
    assert closer.surface_dice < 1


@pytest.mark.parametrize("spacing", THICK)
def test_spheres_on_thick_slices(spacing):
    sitk = pytest.importorskip("SimpleITK")
    shape = tuple(math.ceil(64 / s) + 1 for s in spacing)
    grid = Grid(shape, spacing)
    middle = tuple((n - 1) / 2 * s for n, s in zip(shape, spacing, strict=True))
    inner, outer = ball(20, grid, middle), ball(30, grid, middle)
    found = measure(inner, outer, grid, tolerance=10)
    # The steps of both surfaces come nearer to each other than the spheres do.
    assert 10 - spacing[0] / 3 < found.mean_mm < 10
    assert found.hausdorff_mm == pytest.approx(10, abs=spacing[0])
    images = [sitk.GetImageFromArray(m.astype(np.uint8)) for m in (inner, outer)]
    for image in images:
        image.SetSpacing(grid.spacing[::-1])
    peer = sitk.HausdorffDistanceImageFilter()
    peer.Execute(*images)
    assert found.hausdorff_mm == pytest.approx(peer.GetHausdorffDistance(), abs=spacing[0])
    # Blind to the spacing the answer would be far off.
    blind = measure(inner, outer, Grid(shape), tolerance=10)
    assert abs(blind.mean_mm - 10) > 2


def test_the_mean_nears_the_true_distance_with_thinner_slices():
    errors = []
    for thickness in (4.0, 2.0, 1.0, 0.5):
        grid = Grid((int(44 / thickness) + 1, 89, 89), (thickness, 0.5, 0.5))
        inner, outer = (ball(r, grid, (22, 22, 22)) for r in (12, 20))
        errors.append(8 - measure(inner, outer, grid).mean_mm)
    assert errors == sorted(errors, reverse=True)
    assert abs(errors[-1]) < 0.6 * 0.5  # places are known to about half a voxel


def test_faces_weigh_by_their_area():
    # Two boxes, one a slice of 4 mm taller: its top, and what is under it, are apart.
    grid = Grid((8, 30, 30), (4.0, 0.5, 0.5))
    a = box(grid.shape, (2, 5, 5), (4, 25, 25))
    b = box(grid.shape, (2, 5, 5), (5, 25, 25))
    found = measure(a, b, grid, tolerance=0)
    face = 19 * 19 * 0.5 * 0.5
    # Marching cubes cuts edges and corners half a voxel deep.
    edges = 4 * 19 * 0.5 * math.hypot(2, 0.25)
    corners = 4 * math.sqrt((0.25 * 0.25) ** 2 + 2 * (2 * 0.25) ** 2) / 2
    apart = face + (face + edges + corners)
    total = found.area_a_mm2 + found.area_b_mm2
    assert found.hausdorff_mm == 4
    assert 1 - found.surface_dice == pytest.approx(apart / total, rel=1e-6)


def test_frame_does_not_matter(make_grid, rng):
    kinds = ("anisotropic", "oblique", "mirrored", "sagittal")
    shape = (6, 9, 10)
    a, b = rng.random(shape) < 0.3, rng.random(shape) < 0.3
    found = {measure(a, b, make_grid(kind, shape=shape)) for kind in kinds}
    assert len(found) == 1


def test_equal_segments_have_distance_zero(any_grid, rng):
    mask = rng.random(any_grid.shape) < 0.4
    found = measure(mask, mask, any_grid, tolerance=0)
    assert (found.hausdorff_mm, found.hausdorff95_mm, found.mean_mm) == (0, 0, 0)
    assert (found.surface_dice, found.note) == (1, "")


def test_a_single_voxel_at_the_border():
    grid = Grid((3, 4, 5), (4.0, 0.8, 0.5))
    a, b = box(grid.shape, (0, 0, 0), (1, 1, 1)), box(grid.shape, (2, 3, 4), (3, 4, 5))
    found = measure(a, b, grid)
    assert found.hausdorff_mm == pytest.approx(math.hypot(2 * 4, 3 * 0.8, 4 * 0.5))
    assert found.surface_dice == 0


def test_order_only_swaps_the_directions(rng):
    grid = Grid((5, 8, 9), (4.0, 0.8, 0.5))
    a, b = rng.random(grid.shape) < 0.1, rng.random(grid.shape) < 0.3
    there, back = measure(a, b, grid), measure(b, a, grid)
    assert there.hausdorff_mm == back.hausdorff_mm
    assert there.mean_mm == pytest.approx(back.mean_mm)
    assert there.mean_a_to_b_mm == back.mean_b_to_a_mm != there.mean_b_to_a_mm


def test_empty_segments_have_no_distance():
    grid = Grid((3, 4, 5))
    some, none = box(grid.shape, (0, 0, 0), (2, 2, 2)), np.zeros(grid.shape, dtype=bool)
    row = measure(some, none, grid)
    assert row.note == "no voxel in b"
    assert row.area_a_mm2 > 0
    numbers = ("hausdorff_mm", "hausdorff95_mm", "mean_mm", "surface_dice", "area_b_mm2")
    assert all(math.isnan(getattr(row, name)) for name in numbers)


def test_several_segments_are_measured_each():
    grid = Grid((4, 10, 20), (4.0, 0.8, 0.5))
    a = np.zeros(grid.shape, dtype=np.int32)
    a[1:3, 2:6, 2:6], a[1:3, 2:6, 10:14] = 4, 9
    table = (Segment(9, "nine", "#E69F00"), Segment(4, "four", "#56B4E9"))
    b = a.copy()
    b[:, :, 9] = b[:, :, 10]
    found = surface_distance(Segmentation(a, grid, table), Segmentation(b, grid, table))
    assert [(r.name, r.hausdorff_mm) for r in found] == [("nine", 0.5), ("four", 0)]


def test_organs_of_a_trunk_that_moved(test_data):
    a = read_segmentation(test_data("ct-trunk", "trunk_3mm_labels.nii.gz"))
    b = a.with_array(np.roll(a.array, 1, axis=2))
    step = a.grid.spacing[2]
    there = [row for row in surface_distance(a, b, tolerance=step) if not row.note]
    assert len(there) > 20
    # One voxel along a row, apart from what left the scan on one side.
    inside = [row for row in there if not (a.array[:, :, -1] == row.value_a).any()]
    assert len(inside) > 20
    assert all(row.hausdorff_mm == pytest.approx(step) for row in inside)
    assert all(row.surface_dice == 1 and 0 < row.mean_mm < step for row in inside)


def test_what_is_refused():
    grid = Grid((3, 4, 5))
    mask = box(grid.shape, (0, 0, 0), (2, 2, 2))
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(InputError, match="tolerance"):
            measure(mask, mask, grid, tolerance=wrong)
    with pytest.raises(GeometryError):
        surface_distance(seg(mask, grid), seg(mask, Grid((3, 4, 5), (1, 1, 2))))
    with pytest.raises(Cancelled):
        measure(mask, mask, grid, progress=lambda done, label: False)
