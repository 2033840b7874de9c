"""Resampling, against analytic shapes, SimpleITK and hand-made values."""

from __future__ import annotations

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, Volume, resample, resample_to
from medvoxel._resample_labels import resample_labels
from medvoxel._resample_operators import axis_operator
from medvoxel.errors import Cancelled, GeometryError, InputError, MedvoxelWarning, MemoryLimitError

ANISOTROPIC = (4.0, 0.8, 0.5)


def rotation(z=0.0, y=0.0, x=0.0):
    """Rotation matrix from three angles in degrees."""
    cz, cy, cx = np.cos(np.radians([z, y, x]))
    sz, sy, sx = np.sin(np.radians([z, y, x]))
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return about_z @ about_y @ about_x


DIRECTIONS = {
    "axial": np.eye(3),
    "oblique": rotation(20, -15, 30),
    "mirrored": np.diag([-1.0, 1.0, 1.0]),
    "permuted": np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0]]),
    "oblique mirrored": rotation(20, -15, 30) @ np.diag([1.0, -1.0, 1.0]),
}


def points(grid):
    """LPS position of every voxel."""
    return grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def smooth_field(place):
    """A function of the place in mm that every grid here samples well."""
    x, y, z = np.moveaxis(place, -1, 0)
    return 300 * np.sin(x / 9) * np.cos(y / 8) + 200 * np.cos(z / 14) + 2 * x - y + 0.5 * z


def volume_of(grid, function, dtype=np.float64, **kwargs):
    return Volume(function(points(grid)).astype(dtype), grid, **kwargs)


def ball(grid, centre, radius, softness=0.0):
    distance = np.linalg.norm(points(grid) - centre, axis=-1)
    if not softness:
        return distance <= radius
    return 1 / (1 + np.exp((distance - radius) / softness))


def centroid(volume, background=0.0):
    weight = volume.array.astype(float) - background
    return (points(volume.grid) * weight[..., None]).sum(axis=(0, 1, 2)) / weight.sum()


@pytest.mark.parametrize("method", ["cubic", "linear", "nearest"])
@pytest.mark.parametrize("value", [0.1, -1024.0, 3e5 + 1 / 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_is_kept_exactly(method, value, dtype):
    grid = Grid((7, 31, 29), ANISOTROPIC)
    constant = Volume(np.full(grid.shape, value, dtype), grid)
    for spacing in (1.0, 1.7, (9.0, 3.3, 0.2)):
        out = resample(constant, spacing, method=method)
        assert out.array.dtype == dtype
        np.testing.assert_array_equal(out.array, dtype(value))


@pytest.mark.parametrize("method", ["cubic", "linear"])
@pytest.mark.parametrize("antialias", [True, False])
def test_ramp_is_reproduced_away_from_the_border(method, antialias):
    grid = Grid((40, 60, 50), (0.7, 0.6, 0.9), (10, -20, 30), DIRECTIONS["oblique"])

    def ramp(place):
        return place @ np.array([3.0, -2.0, 5.0]) + 7

    for spacing in (0.4, 1.0, 1.93):
        out = resample(volume_of(grid, ramp), spacing, method=method, antialias=antialias)
        inner = tuple(slice(n // 4, n - n // 4) for n in out.array.shape)
        np.testing.assert_allclose(out.array[inner], ramp(points(out.grid))[inner], atol=1e-9)


def test_cubic_reproduces_second_degree_polynomials():
    values = np.arange(20.0) ** 2
    matrix = axis_operator(20, 55, 0.1, 0.31, "cubic", True).matrix
    position = 0.1 + 0.31 * np.arange(55)
    inner = (position > 2) & (position < 17)
    np.testing.assert_allclose((matrix @ values)[inner], position[inner] ** 2, atol=1e-10)


def test_weights_by_hand():
    # Keys' kernel with a = -0.5 half way between two voxels: -1/16, 9/16, 9/16, -1/16.
    row = axis_operator(6, 1, 2.5, 1.0, "cubic", True).matrix.toarray()[0]
    np.testing.assert_allclose(row, [0, -1 / 16, 9 / 16, 9 / 16, -1 / 16, 0])
    # Linear, shrunk by two: a triangle of half-width 2 voxels.
    row = axis_operator(6, 1, 2.5, 2.0, "linear", True).matrix.toarray()[0]
    np.testing.assert_allclose(row, [0, 1 / 8, 3 / 8, 3 / 8, 1 / 8, 0])
    # Nearest takes the lower of two equally near voxels.
    row = axis_operator(6, 1, 2.5, 1.0, "nearest", True).matrix.toarray()[0]
    np.testing.assert_array_equal(row, [0, 0, 1, 0, 0, 0])


def test_operators_hold_for_any_ratio():
    for n, k, step in [(1, 3, 1 / 3), (1, 1, 1.0), (2, 7, 0.29), (50, 3, 17.1), (9, 9, -1.0)]:
        first = (n - 1) / 2 - step * (k - 1) / 2
        for method in ("cubic", "linear", "nearest"):
            for antialias in (True, False):
                op = axis_operator(n, k, first, step, method, antialias)
                assert (op.start, op.stop, op.n_out) == (0, k, k)
                np.testing.assert_allclose(op.matrix.sum(axis=1), 1, atol=1e-12)


def test_documents_shape_spacing_and_centre():
    grid = Grid((40, 704, 704), (3, 0.1989, 0.1989), (-70, -60, 5), DIRECTIONS["oblique"])
    out = resample(Volume(np.zeros(grid.shape, np.int16), grid), 1)
    assert out.array.shape == (120, 140, 140)
    assert out.grid.spacing == (1.0, 1.0, 1.0)
    old_centre = grid.index_to_lps((np.array(grid.shape) - 1) / 2)
    new_centre = out.grid.index_to_lps((np.array(out.grid.shape) - 1) / 2)
    np.testing.assert_allclose(new_centre, old_centre, atol=1e-9)


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("method", ["cubic", "linear"])
def test_ball_keeps_its_centroid_and_volume(name, method):
    grid = Grid((24, 90, 110), (3.0, 0.8, 0.6), (-31, 12, 40), DIRECTIONS[name])
    centre = grid.index_to_lps((11.3, 44.6, 55.1))
    soft = volume_of(grid, lambda p: ball(grid, centre, 15, 1.5))
    out = resample(soft, 1.0, method=method)
    shift = np.linalg.norm(centroid(out) - centre)
    assert shift < 0.05
    before = soft.array.sum() * grid.voxel_volume
    assert out.array.sum() * out.grid.voxel_volume == pytest.approx(before, rel=0.01)


def test_integers_stay_integers_and_do_not_wrap():
    grid = Grid((6, 20, 20), (2, 1, 1))
    edge = np.zeros(grid.shape, np.uint8)
    edge[:, :, 10:] = 255
    out = resample(Volume(edge, grid), 0.7)
    assert out.array.dtype == np.uint8
    # The cubic kernel overshoots at the step; wrapped values would show as 250 beside 0.
    assert out.array[:, :, :10].max() < 20
    assert out.array[:, :, -10:].min() > 235
    big = np.full(grid.shape, 2**31 - 5, np.int32)
    np.testing.assert_array_equal(resample(Volume(big, grid), 0.7).array, 2**31 - 5)


def test_rounds_to_nearest():
    grid = Grid((1, 1, 2))
    out = resample(Volume(np.array([[[0, 7]]], np.int16), grid), (1, 1, 0.5), method="linear")
    np.testing.assert_array_equal(out.array.ravel(), np.rint([0, 1.75, 5.25, 7]))


def test_nothing_to_do_returns_the_same():
    grid = Grid((4, 5, 6), ANISOTROPIC)
    scan = Volume(np.random.default_rng(0).normal(size=grid.shape), grid)
    np.testing.assert_array_equal(resample(scan, ANISOTROPIC).array, scan.array)
    np.testing.assert_array_equal(resample_to(scan, scan).array, scan.array)


def test_input_is_not_written_to():
    grid = Grid((8, 20, 20), ANISOTROPIC, direction=DIRECTIONS["oblique"])
    array = np.random.default_rng(0).normal(size=grid.shape)
    array.flags.writeable = False
    scan = Volume(array, grid)
    before = array.copy()
    resample(scan, 1)
    resample_to(scan, Grid((10, 10, 10), (1, 1, 1)))
    np.testing.assert_array_equal(array, before)


def test_antialiasing_averages_noise():
    rng = np.random.default_rng(3)
    grid = Grid((10, 120, 120), (2, 0.2, 0.2))
    noise = Volume(rng.normal(0, 100, grid.shape), grid)
    smooth = resample(noise, 1.0).array.std()
    picked = resample(noise, 1.0, antialias=False).array.std()
    assert smooth < 0.3 * picked


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("reference", DIRECTIONS)
@pytest.mark.parametrize("method", ["linear", "nearest"])
def test_resample_to_agrees_with_simpleitk(name, reference, method):
    sitk = pytest.importorskip("SimpleITK")
    grid = Grid((12, 40, 50), (3.1, 0.83, 0.57), (-10, -15, -18), DIRECTIONS[name])
    grid = grid.with_shape_and_spacing(grid.shape, grid.spacing)
    target_centre = grid.index_to_lps((6.2, 18.7, 26.3))
    raster = Grid((9, 33, 21), (2.3, 0.71, 1.13), (0, 0, 0), DIRECTIONS[reference])
    origin = target_centre - (raster.index_to_lps((4, 16, 10)) - 0)
    target = Grid(raster.shape, raster.spacing, tuple(origin), raster.direction)
    scan = volume_of(grid, smooth_field, unit="HU")
    out = resample_to(scan, target, method=method, antialias=False)

    image = sitk.GetImageFromArray(scan.array)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction.ravel())
    filter_ = sitk.ResampleImageFilter()
    filter_.SetSize(target.shape[::-1])
    filter_.SetOutputSpacing(target.spacing[::-1])
    filter_.SetOutputOrigin(target.origin)
    filter_.SetOutputDirection(target.direction.ravel())
    interpolators = {"linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor}
    filter_.SetInterpolator(interpolators[method])
    filter_.SetDefaultPixelValue(-1000)
    expected = sitk.GetArrayFromImage(filter_.Execute(image))
    assert (expected != -1000).mean() > 0.1
    np.testing.assert_allclose(out.array, expected, atol=1e-6)


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("reference", DIRECTIONS)
def test_resample_to_is_true_to_the_place_in_the_patient(name, reference):
    grid = Grid((30, 70, 60), (1.5, 0.8, 0.9), (-25, -28, -22), DIRECTIONS[name])
    centre = grid.index_to_lps((np.array(grid.shape) - 1) / 2)
    raster = Grid((10, 12, 14), (1.7, 1.1, 1.3), (0, 0, 0), DIRECTIONS[reference])
    origin = centre - raster.index_to_lps((np.array(raster.shape) - 1) / 2)
    target = Grid(raster.shape, raster.spacing, tuple(origin), raster.direction)
    scan = volume_of(grid, smooth_field)
    out = resample_to(scan, target, antialias=False)
    np.testing.assert_allclose(out.array, smooth_field(points(target)), atol=1.0)
    blurred = resample_to(scan, target)
    assert np.abs(blurred.array - out.array).max() < 12


def test_a_small_angle_is_not_taken_for_parallel():
    """A quarter of a voxel over the whole grid, on a ramp that linear sampling gives exactly."""
    grid = Grid((5, 41, 41), (4.0, 0.8, 0.8))
    target = Grid(grid.shape, grid.spacing, grid.origin, rotation(np.degrees(0.25 / 40)))
    scan = volume_of(grid, lambda place: 100 * place[..., 0])
    out = resample_to(scan, target, method="linear", antialias=False, fill=np.nan)
    seen = np.isfinite(out.array[:, 1:-1, 1:-1])
    expected = 100 * points(target)[..., 0][:, 1:-1, 1:-1]
    assert seen.mean() > 0.9
    np.testing.assert_allclose(out.array[:, 1:-1, 1:-1][seen], expected[seen], atol=0.01)


def test_cubic_sampling_of_a_part_is_that_of_the_whole():
    """SciPy filters the whole array, here only what is near to the target is."""
    ndimage = pytest.importorskip("scipy.ndimage")
    values = np.random.default_rng(5).normal(0, 500, (40, 44, 42))
    grid = Grid(values.shape, (1.3, 0.8, 0.5))
    origin = grid.index_to_lps((20.3, 22.4, 21.2))
    target = Grid((2, 3, 3), (0.4, 0.3, 0.3), tuple(origin), DIRECTIONS["oblique"])
    out = resample_to(Volume(values, grid), target, antialias=False)
    index = np.moveaxis(grid.lps_to_index(points(target)), -1, 0)
    expected = ndimage.map_coordinates(values, index, order=3, mode="mirror")
    np.testing.assert_allclose(out.array, expected, atol=0.01)


def test_whole_voxel_shift_copies_exactly():
    grid = Grid((6, 9, 8), ANISOTROPIC, (5, 6, 7), DIRECTIONS["oblique"])
    scan = Volume(np.random.default_rng(2).integers(-900, 900, grid.shape).astype(np.int16), grid)
    target = grid.crop((-1, 2, 3), (4, 12, 7))
    out = resample_to(scan, target, fill=-7)
    expected = np.full(target.shape, -7)
    expected[1:, :7] = scan.array[:4, 2:, 3:7]
    np.testing.assert_array_equal(out.array, expected)


@pytest.mark.parametrize("reference", ["axial", "oblique"])
def test_outside_is_air_or_the_minimum(reference):
    grid = Grid((6, 10, 10), ANISOTROPIC)
    values = np.random.default_rng(2).integers(40, 90, grid.shape).astype(np.int16)
    target = Grid((30, 30, 30), (1, 1, 1), (-6, -4, -2), DIRECTIONS[reference])
    hu = resample_to(Volume(values, grid, unit="HU"), target)
    mr = resample_to(Volume(values, grid, unit="stored values"), target)
    chosen = resample_to(Volume(values, grid), target, fill=7)
    index = grid.lps_to_index(points(target))
    outside = ((index < -0.5) | (index > np.array(grid.shape) - 0.5)).any(axis=-1)
    assert 0 < outside.mean() < 1
    assert (hu.array[outside] == -1000).all()
    assert (hu.array[~outside] > -1000).all()
    assert (mr.array[outside] == values.min()).all()
    assert (chosen.array[outside] == 7).all()


@pytest.mark.parametrize("reference", ["axial", "oblique"])
def test_no_overlap_is_an_error(reference):
    scan = Volume(np.zeros((5, 5, 5)), Grid((5, 5, 5)))
    far = Grid((5, 5, 5), (1, 1, 1), (100, 0, 0), DIRECTIONS[reference])
    with pytest.raises(GeometryError, match="No voxel of the reference"):
        resample_to(scan, far)


def labelled(grid, *shapes):
    array = np.zeros(grid.shape, np.uint8)
    table = []
    for value, mask in shapes:
        array[mask] = value
        table.append(Segment(value, f"segment {value}", "#E69F00"))
    return Segmentation(array, grid, tuple(table))


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("spacing", [0.45, 1.0, 2.0])
def test_labels_stay_labels_and_keep_their_volume(name, spacing):
    grid = Grid((22, 70, 90), (2.5, 0.8, 0.6), (-9, 4, 2), DIRECTIONS[name])
    middle = grid.index_to_lps((10.4, 35.2, 44.3))
    seg = labelled(grid, (3, ball(grid, middle, 20)), (200, ball(grid, middle, 10)))
    out = resample(seg, spacing)
    assert out.array.dtype == np.uint8
    assert set(np.unique(out.array)) <= {0, 3, 200}
    assert out.segments == seg.segments
    for value in (3, 200):
        mask, before = out.array == value, seg.array == value
        volume = mask.sum() * out.grid.voxel_volume
        assert volume == pytest.approx(before.sum() * grid.voxel_volume, rel=0.03)
        assert np.linalg.norm(points(out.grid)[mask].mean(axis=0) - middle) < 0.15


@pytest.mark.parametrize("reference", ["permuted", "oblique mirrored"])
def test_labels_on_another_grid(reference):
    grid = Grid((22, 60, 70), (2.5, 0.8, 0.6), (-9, 4, 2), DIRECTIONS["oblique"])
    middle = grid.index_to_lps((10.4, 30.2, 34.3))
    seg = labelled(grid, (3, ball(grid, middle, 16)), (7, ball(grid, middle, 8)))
    direction = DIRECTIONS["oblique"] @ DIRECTIONS[reference]
    raster = Grid((50, 50, 50), (0.9, 0.9, 0.9), (0, 0, 0), direction)
    origin = middle - raster.index_to_lps((25, 25, 25))
    target = Grid(raster.shape, raster.spacing, tuple(origin), direction)
    out = resample_to(seg, target)
    nearest = resample_to(seg, target, method="nearest")
    for value, radius in ((3, 16), (7, 8)):
        truth = ball(target, middle, radius)
        dice = [
            2 * (mask & truth).sum() / (mask.sum() + truth.sum())
            for mask in (out.array >= value, nearest.array >= value)
        ]
        assert dice[0] > 0.95
        assert dice[0] > dice[1] + 0.005
    assert set(np.unique(out.array)) == set(np.unique(nearest.array)) == {0, 3, 7}


def test_label_ties_go_to_the_structure_then_to_the_lower_label():
    grid = Grid((1, 1, 4))
    table = (Segment(1, "a", "#E69F00"), Segment(2, "b", "#56B4E9"))
    # Two voxels become one; both halves weigh the same.
    seg = Segmentation(np.array([[[0, 2, 2, 1]]], np.uint8), grid, table)
    out = resample(seg, (1, 1, 2))
    np.testing.assert_array_equal(out.array.ravel(), [2, 2])
    seg = Segmentation(np.array([[[2, 2, 1, 1]]], np.uint8), Grid((1, 1, 4)), table)
    np.testing.assert_array_equal(resample(seg, (1, 1, 4)).array.ravel(), [1])


def test_label_ties_are_kept_through_rounding_errors():
    seg = np.array([[[0, 1, 2]]], np.uint8)

    def halves(first, second):
        scores = {1: first, 2: second}
        here = (slice(0, 1),) * 3
        return lambda array, label, box: (np.full((1, 1, 1), scores[label], np.float32), here)

    rounding = 2e-7
    for first, second, expected in [
        (0.5 - rounding, 0.0, 1),  # against the background
        (0.0, 0.5 - rounding, 2),
        (0.5 - rounding, 0.5 + rounding, 1),  # against each other
        (0.49, 0.0, 0),  # no tie
    ]:
        out = resample_labels(seg, (1, 1, 1), halves(first, second))
        assert out.item() == expected


def test_one_hot_argmax_equals_the_plain_way():
    """The bounding boxes are a short cut; the whole one-hot image must give the same."""
    rng = np.random.default_rng(5)
    grid = Grid((9, 24, 26), (2.0, 0.7, 0.9))
    coarse = rng.integers(0, 5, (3, 6, 7))
    array = np.kron(coarse, np.ones((3, 4, 4), int))[:9, :24, :26].astype(np.int32)
    table = tuple(Segment(v, f"s{v}", "#E69F00") for v in range(1, 5))
    out = resample(Segmentation(array, grid, table), 1.1)
    shares = [
        resample(Volume((array == v).astype(float), grid), 1.1, method="linear").array
        for v in range(5)
    ]
    top = np.sort(shares, axis=0)
    clear = top[-1] - top[-2] > 1e-4
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(out.array[clear], np.argmax(shares, axis=0)[clear])


def test_large_label_values_survive():
    grid = Grid((6, 6, 6))
    array = np.zeros(grid.shape, np.int32)
    array[2:4, 2:5, 1:5] = 2**30 + 1
    seg = Segmentation(array, grid, (Segment(2**30 + 1, "far", "#E69F00"),))
    for method in ("cubic", "nearest"):
        assert set(np.unique(resample(seg, 0.6, method=method).array)) == {0, 2**30 + 1}


def test_not_finite_values_stay_local():
    grid = Grid((10, 30, 30))
    values = np.ones(grid.shape)
    values[5, 15, 15] = np.nan
    out = resample(Volume(values, grid), 0.8)
    assert 0 < np.isnan(out.array).sum() < 300
    oblique = Grid((10, 20, 20), (1, 1, 1), (5, 5, 0), rotation(10, 0, 0))
    with pytest.warns(MedvoxelWarning, match="not finite"):
        out = resample_to(Volume(values, grid), oblique)
    assert 0 < np.isnan(out.array).sum() < 30


@pytest.mark.parametrize("spacing", [0, -1, np.nan, (1, 2), (1, 2, 0), "fine", [[1, 1, 1]], None])
def test_bad_spacing(spacing):
    with pytest.raises(InputError, match="Spacing must be"):
        resample(Volume(np.zeros((3, 3, 3)), Grid((3, 3, 3))), spacing)


def test_bad_arguments():
    scan = Volume(np.zeros((3, 3, 3), np.uint8), Grid((3, 3, 3)))
    seg = Segmentation(scan.array, scan.grid, ())
    with pytest.raises(InputError, match="no method"):
        resample(scan, 2, method="lanczos")
    with pytest.raises(InputError, match="volume or a segmentation"):
        resample(scan.array, 2)
    with pytest.raises(InputError, match="reference must be"):
        resample_to(scan, scan.array)
    shifted = Grid((3, 3, 3), origin=(1, 0, 0))
    with pytest.raises(InputError, match="fill"):
        resample_to(scan, shifted, fill=-1)
    with pytest.raises(InputError, match="cannot be filled"):
        resample_to(seg, shifted, fill=4)


def test_a_result_beyond_memory_is_refused():
    scan = Volume(np.zeros((100, 100, 100), np.int16), Grid((100, 100, 100)))
    with pytest.raises(MemoryLimitError, match="GiB"):
        resample(scan, 0.001)


def test_progress_and_cancelling(monkeypatch):
    clock = iter(np.arange(0, 1e6, 0.2))
    monkeypatch.setattr("medvoxel.progress.time.monotonic", lambda: next(clock))
    grid = Grid((20, 30, 30), (2, 0.5, 0.5))
    scan = Volume(np.zeros(grid.shape, np.int16), grid)
    seen = []
    resample(scan, 1, progress=lambda done, label: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == 1
    with pytest.raises(Cancelled):
        resample(scan, 1, progress=lambda done, label: False)
    with pytest.raises(Cancelled):
        resample_to(
            scan,
            Grid((9, 9, 9), direction=rotation(10, 0, 0)),
            progress=lambda done, label: False,
        )
