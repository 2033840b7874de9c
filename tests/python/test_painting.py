from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import InputError
from medvoxel.segmentation._editing import plane_axis

ROWS = (
    mv.Segment(1, "bone", "#E69F00"),
    mv.Segment(2, "tendon", "#56B4E9", visible=False),
    mv.Segment(5, "skin", "#009E73"),
)
PLANES = ("axial", "coronal", "sagittal")


def empty(grid):
    return mv.Segmentation(np.zeros(grid.shape, dtype=np.uint8), grid, ROWS)


def centres(grid):
    """LPS place of every voxel centre of the whole grid."""
    return grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def inner(grid, random, number):
    """Random LPS points of the scan, up to its outer faces."""
    return grid.index_to_lps(random.random((number, 3)) * grid.shape - 0.5)


def to_line(places, start, end):
    """Distance in mm of places from the line between two points."""
    way = end - start
    part = np.clip((places - start) @ way / max(way @ way, 1e-30), 0, 1)
    return np.linalg.norm(places - start - part[..., None] * way, axis=-1)


def runs_through(grid, start, end, slack=0.0):
    """Voxels that a line enters, each clipped against the line by itself."""
    start, end = grid.lps_to_index(start), grid.lps_to_index(end)
    centre = np.moveaxis(np.indices(grid.shape), 0, -1)
    way = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        one = (centre - 0.5 - slack - start) / way
        two = (centre + 0.5 + slack - start) / way
    first = np.maximum(np.minimum(one, two).max(axis=-1), 0)
    last = np.minimum(np.maximum(one, two).min(axis=-1), 1)
    return first <= last


def painted(grid, at, **settings):
    out, (change,) = mv.paint(empty(grid), "bone", at, **settings)
    assert change.after_ml == pytest.approx((out.array == 1).sum() * grid.voxel_volume / 1000)
    region = mv.brush_region(grid, at, **settings)
    if region is None:
        assert not out.array.any()
    else:
        box, mask = region
        whole = np.zeros(grid.shape, dtype=bool)
        whole[box] = mask
        np.testing.assert_array_equal(whole, out.array == 1)
        for axis in range(3):
            assert mask.any(axis=tuple(i for i in range(3) if i != axis))[[0, -1]].all()
    return out.array == 1


@pytest.mark.parametrize("diameter", [0.01, 1.3, 5.0, 11.0])
def test_balls_by_the_distance_of_every_voxel(any_grid, rng, diameter):
    points = inner(any_grid, rng, 6)
    mask = painted(any_grid, points, diameter=diameter)
    wanted = np.zeros(any_grid.shape, dtype=bool)
    clear = np.ones(any_grid.shape, dtype=bool)
    for point in points:
        away = np.linalg.norm(centres(any_grid) - point, axis=-1)
        wanted |= away <= diameter / 2
        clear &= abs(away - diameter / 2) > 1e-4
        holds = tuple(np.rint(any_grid.lps_to_index(point)).astype(int))
        wanted[holds] = True
    np.testing.assert_array_equal(mask[clear], wanted[clear])
    assert clear.mean() > 0.99
    assert mask.any()


def test_a_voxel_as_far_as_the_radius_counts(any_grid):
    at = any_grid.index_to_lps((5, 8, 9))
    for axis, step in enumerate(any_grid.spacing):
        mask = painted(any_grid, at, diameter=4 * step)
        offset = np.eye(3, dtype=int)[axis]
        assert mask[tuple(np.array((5, 8, 9)) + 2 * offset)]
        assert mask[tuple(np.array((5, 8, 9)) - 2 * offset)]
        assert not mask[tuple(np.array((5, 8, 9)) + 3 * offset)]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("diameter", [0.01, 5.0])
def test_discs_by_the_distance_within_the_slice(any_grid, rng, plane, diameter):
    points = inner(any_grid, rng, 5)
    axis = plane_axis(any_grid, plane)
    across = any_grid.direction[:, 2 - axis]
    wanted = np.zeros(any_grid.shape, dtype=bool)
    for point in points:
        holds = np.rint(any_grid.lps_to_index(point)).astype(int)
        offset = centres(any_grid) - point
        offset -= (offset @ across)[..., None] * across
        disc = np.linalg.norm(offset, axis=-1) <= diameter / 2
        level = np.indices(any_grid.shape)[axis] == holds[axis]
        wanted |= disc & level
        wanted[tuple(holds)] = True
    mask = painted(any_grid, points, diameter=diameter, sphere=False, plane=plane)
    np.testing.assert_array_equal(mask, wanted)


@pytest.mark.parametrize("diameter", [0.01, 1.0, 4.0])
def test_strokes_by_the_distance_to_the_line(any_grid, rng, diameter):
    points = inner(any_grid, rng, 4)
    mask = painted(any_grid, points, shape="stroke", diameter=diameter)
    near = np.zeros(any_grid.shape, dtype=bool)
    maybe = np.zeros(any_grid.shape, dtype=bool)
    for start, end in pairwise(points):
        away = to_line(centres(any_grid), start, end)
        near |= (away <= diameter / 2 - 1e-5) | runs_through(any_grid, start, end, -1e-6)
        maybe |= (away <= diameter / 2 + 1e-5) | runs_through(any_grid, start, end, 1e-6)
    assert not (near & ~mask).any()
    assert not (mask & ~maybe).any()
    assert (near == maybe).mean() > 0.999


def test_strokes_to_the_outer_faces(any_grid, rng):
    for _ in range(40):
        index = rng.random((2, 3)) * any_grid.shape - 0.5
        axis = int(rng.integers(3))
        index[1, axis] = rng.choice([-0.5, any_grid.shape[axis] - 0.5])
        start, end = any_grid.index_to_lps(index)
        mask = painted(any_grid, [start, end], shape="stroke", diameter=0.01)
        assert not (mask & ~runs_through(any_grid, start, end, 1e-2)).any()
        assert mask.any(axis=(1, 2))[int(np.clip(np.rint(index[1, 0]), 0, 11))]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("diameter", [0.01, 4.0])
def test_flat_strokes_are_the_discs_of_all_their_points(any_grid, rng, plane, diameter):
    start, end = inner(any_grid, rng, 2)
    settings = {"sphere": False, "plane": plane}
    mask = painted(any_grid, [start, end], shape="stroke", diameter=diameter, **settings)
    line = start + np.linspace(0, 1, 401)[:, None] * (end - start)
    gap = float(np.linalg.norm(end - start)) / 400
    discs = painted(any_grid, line, diameter=diameter, **settings)
    wider = painted(any_grid, line, diameter=diameter + 2 * gap, **settings)
    assert not (discs & ~mask).any()
    assert not (mask & ~(wider | runs_through(any_grid, start, end))).any()


def test_a_stroke_of_one_point_is_a_point(any_grid, rng):
    at = inner(any_grid, rng, 1)
    np.testing.assert_array_equal(painted(any_grid, at, shape="stroke"), painted(any_grid, at))
    twice = painted(any_grid, [at[0], at[0]], shape="stroke")
    np.testing.assert_array_equal(twice, painted(any_grid, at))


def corners_on(grid, axis, level, plane_points):
    index = np.insert(plane_points, axis, level, axis=1)
    return grid.index_to_lps(index)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("number", [3, 5, 12])
def test_polygons_as_matplotlib_and_scikit_image_fill_them(any_grid, rng, plane, number):
    path = pytest.importorskip("matplotlib.path")
    draw = pytest.importorskip("skimage.draw")
    axis = plane_axis(any_grid, plane)
    size = [n for i, n in enumerate(any_grid.shape) if i != axis]
    flat = rng.random((number, 2)) * np.subtract(size, 1)  # crosses itself when it has many
    at = corners_on(any_grid, axis, 4.3, flat)
    mask = np.moveaxis(painted(any_grid, at, shape="polygon", plane=plane), axis, 0)
    assert not np.delete(mask, 4, axis=0).any()
    pixels = np.moveaxis(np.indices(size), 0, -1).reshape(-1, 2)
    theirs = path.Path(np.vstack([flat, flat[:1]])).contains_points(pixels).reshape(size)
    np.testing.assert_array_equal(mask[4], theirs)
    np.testing.assert_array_equal(mask[4], draw.polygon2mask(size, flat))
    assert mask.any()


def test_pixels_on_the_outline_belong_to_a_polygon(any_grid):
    for plane in PLANES:
        axis = plane_axis(any_grid, plane)
        square = np.array([(2, 3), (2, 9), (8, 9), (8, 3)])
        mask = painted(
            any_grid, corners_on(any_grid, axis, 5, square), shape="polygon", plane=plane
        )
        wanted = np.zeros([n for i, n in enumerate(any_grid.shape) if i != axis], dtype=bool)
        wanted[2:9, 3:10] = True
        np.testing.assert_array_equal(np.moveaxis(mask, axis, 0)[5], wanted)
        triangle = np.array([(2, 3), (2, 9), (8, 3)])
        mask = painted(
            any_grid, corners_on(any_grid, axis, 5, triangle), shape="polygon", plane=plane
        )
        assert np.moveaxis(mask, axis, 0)[5].sum() == 7 * 8 / 2
    between = corners_on(any_grid, 0, 5, [(2.2, 2.2), (2.2, 2.8), (2.8, 2.2)])
    plane = next(plane for plane in PLANES if plane_axis(any_grid, plane) == 0)
    assert not painted(any_grid, between, shape="polygon", plane=plane).any()


def test_polygons_lie_on_one_slice(make_grid):
    grid = make_grid("oblique")
    index = np.array([(4.0, 2, 2), (4.4, 2, 12), (4.0, 12, 7)])
    assert painted(grid, grid.index_to_lps(index), shape="polygon")[4].any()
    apart = np.array([(1.0, 2, 2), (3.0, 2, 12), (1.0, 12, 7)])
    with pytest.raises(InputError, match="off"):  # no corner lies on the slice between
        mv.paint(empty(grid), 1, grid.index_to_lps(apart), shape="polygon")
    index[1, 0] = 8
    with pytest.raises(InputError, match=r"corner \d is 8 mm off .* slices are 4 mm apart"):
        mv.paint(empty(grid), 1, grid.index_to_lps(index), shape="polygon")
    with pytest.raises(InputError, match="three corners or more, not 2"):
        mv.paint(empty(grid), 1, grid.index_to_lps(index[:2]), shape="polygon")


def test_a_box_holds_the_voxels_of_its_corners(any_grid):
    at = any_grid.index_to_lps([(7.4, 2.6, 15.3), (3.2, 10.4, 4.6)])
    mask = painted(any_grid, at, shape="box")
    wanted = np.zeros(any_grid.shape, dtype=bool)
    wanted[3:8, 3:11, 5:16] = True
    np.testing.assert_array_equal(mask, wanted)
    with pytest.raises(InputError, match="two points"):
        mv.paint(empty(any_grid), 1, at[0], shape="box")


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32])
def test_a_mask_is_painted_and_erased_under_every_policy(any_grid, rng, dtype):
    array = rng.choice([0, 1, 2, 5], any_grid.shape).astype(np.int16)
    seg = mv.Segmentation(array, any_grid, ROWS)
    mask = (rng.random(any_grid.shape) < 0.4).astype(dtype)
    editable = rng.random(any_grid.shape) < 0.7
    for overwrite, taken in (("all", [0, 2, 5]), ("visible", [0, 5]), ("none", [0])):
        out, _ = mv.paint(seg, 1, mask=mask, overwrite=overwrite, editable=editable)
        hit = (mask != 0) & editable & np.isin(array, taken)
        np.testing.assert_array_equal(out.array, np.where(hit, 1, array))
    for chosen, values in ((None, [1, 2, 5]), ("skin", [5]), ([1, "skin"], [1, 5])):
        out, changes = mv.erase(seg, chosen, mask=mask, editable=editable)
        hit = (mask != 0) & editable & np.isin(array, values)
        np.testing.assert_array_equal(out.array, np.where(hit, 0, array))
        assert [change.value for change in changes] == values
    nothing, changes = mv.paint(seg, 1, mask=np.zeros_like(mask))
    np.testing.assert_array_equal(nothing.array, array)
    assert [change.value for change in changes] == [1]


@pytest.mark.parametrize("shape", ["points", "stroke", "polygon", "box"])
def test_what_is_painted_can_be_erased(any_grid, rng, shape):
    at = inner(any_grid, rng, 2 if shape == "box" else 4)
    if shape == "polygon":
        at = any_grid.lps_to_index(at)
        at[:, plane_axis(any_grid, "axial")] = 3
        at = any_grid.index_to_lps(at)
    full = mv.Segmentation(np.full(any_grid.shape, 2, dtype=np.uint8), any_grid, ROWS)
    mask = painted(any_grid, at, shape=shape)
    out, _ = mv.erase(full, None, at, shape=shape)
    np.testing.assert_array_equal(out.array, np.where(mask, 0, 2))
    out, changes = mv.erase(full, "bone", at, shape=shape)
    np.testing.assert_array_equal(out.array, full.array)
    assert [(c.segment, c.before_ml, c.after_ml) for c in changes] == [("bone", 0.0, 0.0)]


def test_a_point_outside_the_scan_is_named(any_grid):
    points = any_grid.index_to_lps([(1, 1, 1), (5, 19.5, 3), (5, 22, 3), (-2, 0, 0)])
    away = 2.5 * any_grid.spacing[1]
    with pytest.raises(InputError, match=f"Point 3 of 4 .* {away:.3g} mm from it") as error:
        mv.paint(empty(any_grid), 1, points)
    assert error.value.details == {"point": 2}
    ends = any_grid.index_to_lps([(z, y, x) for z in (-0.5, 11.5) for y in (-0.5, 19.5)
                                  for x in (-0.5, 23.5)])  # fmt: skip
    for value in (*ends.min(axis=0), *ends.max(axis=0)):
        assert f"{value + 0.0:.1f}" in str(error.value)
    # The outer half of the outer voxels is the scan.
    assert painted(any_grid, points[:2], diameter=0.01).sum() == 2
    with pytest.raises(InputError, match="The point at"):
        mv.erase(empty(any_grid), None, points[3])


def test_bad_brushes(make_grid):
    grid = make_grid("mirrored")
    seg, at = empty(grid), grid.index_to_lps((3, 4, 5))
    for settings, words in (
        ({"at": at, "shape": "ring"}, "shape must be one of points, stroke, polygon, box"),
        ({"at": at, "diameter": 0}, "diameter"),
        ({"at": at, "diameter": np.nan}, "diameter"),
        ({"at": at, "sphere": False, "plane": "z"}, "plane must be"),
        ({"at": [[1, 2]]}, "points"),
        ({"at": []}, "points"),
        ({"at": ["a", "b", "c"]}, "points"),
        ({"at": [at, [np.nan, 0, 0]]}, "point 2 is not finite"),
        ({}, "points or a mask"),
        ({"at": at, "mask": np.ones(grid.shape, dtype=bool)}, "points or a mask"),
        ({"mask": np.ones((2, 2, 2), dtype=bool)}, "shape"),
        ({"mask": np.ones(grid.shape)}, "mask must be"),
    ):
        with pytest.raises(InputError, match=words):
            mv.paint(seg, "bone", **settings)
        with pytest.raises(InputError, match=words):
            mv.erase(seg, "bone", **settings)
    with pytest.raises(InputError, match="no segment 'liver'"):
        mv.paint(seg, "liver", at)


def test_boxes_are_cut_at_the_border_and_points_are_not(any_grid):
    far = any_grid.index_to_lps([(-30.0, 3, 3), (2.0, 8, 90)])
    mask = painted(any_grid, far, shape="box")
    wanted = np.zeros(any_grid.shape, dtype=bool)
    wanted[:3, 3:9, 3:] = True
    np.testing.assert_array_equal(mask, wanted)
    with pytest.raises(InputError, match="outside the scan"):
        painted(any_grid, any_grid.index_to_lps([(-30.0, 3, 3), (-20.0, 8, 8)]), shape="box")
    with pytest.raises(InputError, match="outside the scan"):
        painted(any_grid, far, shape="stroke")


def test_a_huge_brush_paints_all():
    grid = mv.Grid((3, 4, 5))
    assert painted(grid, (1, 1, 1), diameter=1e300).all()
