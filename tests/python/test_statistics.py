from __future__ import annotations

import math

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, Volume, read_nifti, segment_statistics
from medvoxel._surface_area import mask_surface_area
from medvoxel.errors import Cancelled, GeometryError, InputError

SPACING = (4.0, 0.8, 0.5)


def turned(angle=0.3):
    """An oblique frame: turned about all three axes."""
    c, s = math.cos(angle), math.sin(angle)
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


FRAMES = {
    "axial": np.eye(3),
    "oblique": turned(),
    "mirrored": turned() @ np.diag([1, 1, -1]),
}


def one(mask, values, grid, **arguments):
    seg = Segmentation(mask.astype(np.uint8), grid, (Segment(1, "s", "#E69F00"),))
    return segment_statistics(Volume(values, grid, "CT", "HU"), seg, **arguments)[0]


def ball(radius, spacing, shape, centre):
    axes = [(np.arange(n) - c) * s for n, c, s in zip(shape, centre, spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 < radius**2


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_agrees_with_simpleitk(frame, dtype):
    sitk = pytest.importorskip("SimpleITK")
    rng = np.random.default_rng(5)
    shape = (9, 30, 41)
    grid = Grid(shape, SPACING, (-12.5, 40.0, 7.25), FRAMES[frame])
    values = rng.normal(100, 60, shape).round().astype(dtype)
    labels = np.zeros(shape, dtype=np.int32)
    labels[ball(8, SPACING, shape, (4, 15, 20))] = 3
    labels[ball(4, SPACING, shape, (4, 15, 24))] = 5
    labels[0, :3, :4] = 9
    table = tuple(Segment(v, f"s{v}", "#E69F00") for v in (5, 3, 9))
    found = segment_statistics(
        Volume(values, grid, "CT", "HU"), Segmentation(labels, grid, table), quantiles=(0.5,)
    )
    images = [sitk.GetImageFromArray(a) for a in (labels, values)]
    for image in images:
        image.SetSpacing(grid.spacing[::-1])
        image.SetOrigin(grid.origin)
        image.SetDirection(grid.direction.ravel().tolist())
    peer = sitk.LabelIntensityStatisticsImageFilter()
    peer.Execute(*images)
    assert [s.value for s in found] == [5, 3, 9]
    for s in found:
        assert s.voxels == peer.GetNumberOfPixels(s.value)
        assert s.volume_mm3 == pytest.approx(peer.GetPhysicalSize(s.value))
        assert s.volume_ml == pytest.approx(peer.GetPhysicalSize(s.value) / 1000)
        centroid = (s.centroid_x_mm, s.centroid_y_mm, s.centroid_z_mm)
        assert centroid == pytest.approx(peer.GetCentroid(s.value))
        assert s.mean == pytest.approx(peer.GetMean(s.value))
        assert s.sd == pytest.approx(peer.GetStandardDeviation(s.value))
        assert (s.min, s.max) == (peer.GetMinimum(s.value), peer.GetMaximum(s.value))
        assert s.touches_border == (peer.GetNumberOfPixelsOnBorder(s.value) > 0)
        assert s.note == ""


def test_a_tumour_in_a_real_calf_against_simpleitk(test_data):
    sitk = pytest.importorskip("SimpleITK")
    paths = [test_data("leg-ct-mr", "nifti", f"CT_{part}.nii.gz") for part in ("mask", "image")]
    mask, image = (read_nifti(path) for path in paths)
    labels = (mask.array > 0).astype(np.uint8)
    seg = Segmentation(labels, mask.grid, (Segment(1, "tumour", "#E69F00"),))
    s = segment_statistics(image, seg)[0]
    peer = sitk.LabelIntensityStatisticsImageFilter()
    peer_mask, peer_image = (sitk.ReadImage(str(path)) for path in paths)
    peer.Execute(sitk.Cast(peer_mask > 0, sitk.sitkUInt8), peer_image)
    assert s.voxels == peer.GetNumberOfPixels(1) > 1000
    assert s.volume_mm3 == pytest.approx(peer.GetPhysicalSize(1), rel=1e-5)
    assert (s.mean, s.sd) == pytest.approx((peer.GetMean(1), peer.GetStandardDeviation(1)))
    centroid = (s.centroid_x_mm, s.centroid_y_mm, s.centroid_z_mm)
    assert centroid == pytest.approx(peer.GetCentroid(1), abs=1e-3)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("voxels", [2, 3, 10, 57])
def test_quantiles_are_of_type_7(dtype, voxels):
    rng = np.random.default_rng(voxels)
    values = rng.integers(0, 200, (3, 5, 7)).astype(dtype)
    if dtype == np.int32:
        values[0, 0, 0] = 2_000_000_000  # too wide to be counted value by value
    mask = np.zeros(105, dtype=bool)
    mask[rng.permutation(105)[:voxels]] = True
    mask = mask.reshape(values.shape)
    probabilities = (0, 0.025, 0.1, 0.5, 2 / 3, 0.95, 1)
    s = one(mask, values, Grid(values.shape, SPACING), quantiles=probabilities)
    inside = values[mask].astype(float)
    assert list(s.quantiles) == list(probabilities)
    np.testing.assert_allclose(
        list(s.quantiles.values()), np.quantile(inside, probabilities), rtol=1e-6
    )
    assert s.mean == pytest.approx(inside.mean())
    assert s.sd == pytest.approx(inside.std(ddof=1))


def test_large_offset_does_not_spoil_the_deviation():
    values = (np.arange(60).reshape(3, 4, 5) % 2 + 1_000_000_000).astype(np.int32)
    s = one(np.ones(values.shape, dtype=bool), values, Grid(values.shape))
    assert s.sd == pytest.approx(math.sqrt(0.25 * 60 / 59), rel=1e-12)
    assert s.mean == 1_000_000_000.5


def test_analytic_ellipsoid_volume_and_place():
    spacing = (1.0, 0.4, 0.25)
    shape = (31, 81, 121)
    grid = Grid(shape, spacing, (1, 2, 3), FRAMES["mirrored"])
    centre = (15.2, 40.3, 60.4)
    mask = ball(1, np.array(spacing) / (12, 14, 13), shape, centre)
    s = one(mask, np.zeros(shape, dtype=np.int16), grid)
    assert s.volume_mm3 == pytest.approx(4 / 3 * np.pi * 12 * 14 * 13, rel=0.005)
    place = grid.index_to_lps(centre)
    assert np.linalg.norm(place - (s.centroid_x_mm, s.centroid_y_mm, s.centroid_z_mm)) < 0.05
    assert not s.touches_border


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), SPACING, (0.3, 2.0, 0.7)])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_surface_area_equals_marching_cubes_on_noise(spacing, share):
    measure = pytest.importorskip("skimage.measure")
    mask = np.random.default_rng(1).random((7, 9, 11)) < share
    vertices, faces, _, _ = measure.marching_cubes(
        np.pad(mask, 1).astype(np.float32), 0.5, spacing=spacing
    )
    expected = measure.mesh_surface_area(vertices.astype(float), faces)
    assert mask_surface_area(mask, spacing) == pytest.approx(expected, rel=1e-6)


def test_surface_area_of_a_box_by_hand():
    # Faces lie half a voxel outside the outer centres; the twelve edges are cut off
    # half a voxel deep, and the eight corners by the triangle of three half voxels.
    a, b, c = 5 * 4.0, 9 * 0.8, 12 * 0.5
    mask = np.zeros((7, 11, 14), dtype=bool)
    mask[1:6, 1:10, 1:13] = True
    ha, hb, hc = 2.0, 0.4, 0.25
    inner = [(a - 2 * ha, b - 2 * hb), (b - 2 * hb, c - 2 * hc), (a - 2 * ha, c - 2 * hc)]
    faces = 2 * sum(u * v for u, v in inner)
    edges = 4 * (
        (a - 2 * ha) * math.hypot(hb, hc)
        + (b - 2 * hb) * math.hypot(ha, hc)
        + (c - 2 * hc) * math.hypot(ha, hb)
    )
    corner = math.sqrt((hb * hc) ** 2 + (ha * hc) ** 2 + (ha * hb) ** 2) / 2
    assert mask_surface_area(mask, SPACING) == pytest.approx(faces + edges + 8 * corner, rel=1e-6)


@pytest.mark.parametrize(
    ("spacing", "low", "high"), [((0.5, 0.5, 0.5), 1.08, 1.10), ((1.2, 0.5, 0.4), 1.08, 1.16)]
)
def test_surface_area_of_a_ball_is_overestimated_as_documented(spacing, low, high):
    shape = tuple(math.ceil(24 / s) for s in spacing)
    mask = ball(10, spacing, shape, [(n - 1) / 2 for n in shape])
    assert low < mask_surface_area(mask, spacing) / (4 * np.pi * 10**2) < high


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("end", [0, -1])
def test_touching_each_side_is_seen(axis, end):
    shape = (5, 6, 7)
    mask = np.zeros(shape, dtype=bool)
    mask[2, 3, 3] = True
    assert not one(mask, np.zeros(shape, dtype=np.int16), Grid(shape)).touches_border
    place = [2, 3, 3]
    place[axis] = end
    mask[tuple(place)] = True
    s = one(mask, np.zeros(shape, dtype=np.int16), Grid(shape))
    assert s.touches_border
    assert s.voxels == 2


def test_a_segment_without_voxels_has_no_numbers():
    shape = (2, 3, 4)
    s = one(np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int16), Grid(shape))
    assert (s.voxels, s.volume_mm3, s.volume_ml) == (0, 0, 0)
    row = s.as_row()
    for name in ("mean", "sd", "min", "max", "q05", "q50", "q95", "centroid_x_mm"):
        assert math.isnan(row[name])
    assert s.note == "the segment has no voxel"


def test_one_voxel_has_no_deviation():
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[1, 1, 1] = True
    s = one(mask, np.full((3, 3, 3), 7, dtype=np.int16), Grid((3, 3, 3)))
    assert (s.mean, s.min, s.max) == (7, 7, 7)
    assert math.isnan(s.sd)
    assert s.note == "sd needs two voxels"


def test_values_that_are_not_finite_are_left_out_and_counted():
    values = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    values[0, 0, :2] = (np.nan, np.inf)
    mask = np.ones(values.shape, dtype=bool)
    s = one(mask, values, Grid(values.shape))
    assert s.voxels == 27
    assert s.mean == pytest.approx(np.arange(2, 27).mean())
    assert s.note == "2 of 27 voxels are not finite and left out"
    nothing = one(mask, np.full_like(values, np.nan), Grid(values.shape))
    assert math.isnan(nothing.mean)
    assert nothing.volume_mm3 == 27
    assert nothing.note == "27 of 27 voxels are not finite and left out"


def test_row_is_flat_with_units_in_its_names():
    values = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    mask = np.ones(values.shape, dtype=bool)
    row = one(mask, values, Grid(values.shape), quantiles=(0.05, 0.5, 0.025, 1)).as_row()
    assert list(row) == [
        "value", "name", "voxels", "volume_mm3", "volume_ml", "surface_area_mm2",
        "touches_border", "centroid_x_mm", "centroid_y_mm", "centroid_z_mm", "mean", "sd", "min",
        "max", "q05", "q50", "q2_5", "q100", "note",
    ]  # fmt: skip
    assert row["q50"] == 13
    assert all(type(v) in (int, float, str, bool) for v in row.values())


def test_a_large_label_value():
    labels = np.zeros((2, 3, 4), dtype=np.int32)
    labels[1, 1] = 2_000_000_000
    seg = Segmentation(labels, Grid(labels.shape), (Segment(2_000_000_000, "s", "#000000"),))
    scan = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), Grid(labels.shape))
    assert segment_statistics(scan, seg)[0].mean == 17.5


def test_no_segments_and_no_quantiles():
    shape = (2, 3, 4)
    scan = Volume(np.zeros(shape, dtype=np.float32), Grid(shape))
    labels = np.ones(shape, dtype=np.uint8)
    assert segment_statistics(scan, Segmentation(labels, Grid(shape), ())) == []
    assert one(labels.astype(bool), scan.array, Grid(shape), quantiles=()).quantiles == {}


@pytest.mark.parametrize("quantiles", [(-0.1,), (0.5, 1.2), (np.nan,), (5, 95)])
def test_quantiles_are_probabilities(quantiles):
    shape = (2, 3, 4)
    with pytest.raises(InputError, match="probabilities"):
        one(np.ones(shape, bool), np.zeros(shape, np.int16), Grid(shape), quantiles=quantiles)


def test_another_grid_is_refused():
    shape = (2, 3, 4)
    scan = Volume(np.zeros(shape, dtype=np.int16), Grid(shape))
    other = Segmentation(
        np.ones(shape, np.uint8), Grid(shape, (2, 1, 1)), (Segment(1, "s", "#000000"),)
    )
    with pytest.raises(GeometryError):
        segment_statistics(scan, other)


def test_progress_cancels():
    shape = (2, 3, 4)
    with pytest.raises(Cancelled):
        one(np.ones(shape, bool), np.zeros(shape, np.int16), Grid(shape), progress=lambda *_: False)


def test_read_only_input():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    labels = np.ones((2, 3, 4), dtype=np.uint8)
    values.flags.writeable = labels.flags.writeable = False
    seg = Segmentation(labels, Grid(labels.shape), (Segment(1, "s", "#000000"),))
    segment_statistics(Volume(values, Grid(values.shape)), seg)
    np.testing.assert_array_equal(values.ravel(), np.arange(24))
