from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

import medvoxel as mv
from medvoxel.errors import InputError

ROWS = (mv.Segment(1, "a", "#E69F00"), mv.Segment(2, "b", "#56B4E9"), mv.Segment(3, "c", "#009E73"))


def noise(grid, seed=0, share=0.5):
    """Random clumps, so that smoothing has something to keep and something to change."""
    random = np.random.default_rng(seed)
    clumps = np.kron(random.random([-(-n // 3) for n in grid.shape]) < share, np.ones((3, 3, 3)))
    array = clumps[: grid.shape[0], : grid.shape[1], : grid.shape[2]].astype(np.uint8)
    array[random.random(grid.shape) < 0.15] ^= 1
    return mv.Segmentation(array, grid, ROWS)


def ball(grid, radius, centre=None):
    """Voxels within a distance of the middle of the grid, by physical places."""
    middle = (np.array(grid.shape) - 1) / 2
    centre = grid.index_to_lps(middle) if centre is None else np.asarray(centre)
    places = grid.index_to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(places - centre, axis=-1) <= radius


def smooth(seg, **settings):
    return mv.smooth_segment(seg, 1, **settings)[0].array


@pytest.mark.parametrize("kernel", [3.0, 4.1, 9.0])
def test_median_and_mean_as_simpleitk(any_grid, kernel):
    sitk = pytest.importorskip("SimpleITK")
    seg = noise(any_grid)
    radius = [n // 2 for n in mv.kernel_size(kernel, spacing=any_grid.spacing)[::-1]]
    image = sitk.GetImageFromArray(seg.array)
    median = sitk.GetArrayFromImage(sitk.BinaryMedian(image, radius, 1, 0))
    np.testing.assert_array_equal(smooth(seg, method="median", kernel=kernel), median)
    mean = sitk.Mean(sitk.Cast(image, sitk.sitkFloat64), radius)
    np.testing.assert_array_equal(
        smooth(seg, method="mean", kernel=kernel), sitk.GetArrayFromImage(mean) > 0.5
    )


@pytest.mark.parametrize("reach", [1, 2, 3])
@pytest.mark.parametrize("method", ["opening", "closing"])
def test_opening_and_closing_as_simpleitk_on_cubes(make_grid, method, reach):
    sitk = pytest.importorskip("SimpleITK")
    seg = noise(make_grid("plain"), share=0.8 if method == "opening" else 0.2)
    # ITK's ball of so many voxels reaches half a voxel further: the same as this diameter.
    image = sitk.GetImageFromArray(
        np.pad(seg.array, 8, "edge" if method == "opening" else "constant")
    )
    work = {"opening": sitk.BinaryMorphologicalOpening, "closing": sitk.BinaryMorphologicalClosing}
    theirs = sitk.GetArrayFromImage(work[method](image, [reach] * 3, sitk.sitkBall))
    ours = smooth(seg, method=method, kernel=2 * reach + 1)
    inner = (slice(4, -4),) * 3
    np.testing.assert_array_equal(ours[inner], theirs[8:-8, 8:-8, 8:-8][inner])


@pytest.mark.parametrize("kernel", [2.0, 5.0])
def test_closing_by_distances_on_every_grid(any_grid, kernel):
    seg = noise(any_grid, share=0.2)
    wide = np.pad(seg.array, 20)
    reach = kernel / 2 * (1 + 1e-6)
    far = ndimage.distance_transform_edt(wide == 0, sampling=any_grid.spacing) > reach
    closed = ndimage.distance_transform_edt(~far, sampling=any_grid.spacing) > reach
    np.testing.assert_array_equal(
        smooth(seg, method="closing", kernel=kernel), closed[20:-20, 20:-20, 20:-20]
    )


@pytest.mark.parametrize("kernel", [0.6, 2.0])
def test_gaussian_is_the_convolution_in_mm(any_grid, kernel):
    seg = noise(any_grid)
    blurred = seg.array.astype(float)
    for axis, step in enumerate(any_grid.spacing):
        reach = int(4 * kernel / step + 0.5)
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / kernel) ** 2)
        weights /= weights.sum()
        blurred = np.apply_along_axis(
            lambda row, n=reach, w=weights: np.convolve(np.pad(row, n, "edge"), w, "valid"),
            axis,
            blurred,
        )
    clear = abs(blurred - 0.5) > 1e-5
    ours = smooth(seg, method="gaussian", kernel=kernel)
    np.testing.assert_array_equal(ours[clear], (blurred > 0.5)[clear])
    assert clear.mean() > 0.999


@pytest.mark.parametrize(("method", "kernel"), [("median", 2.5), ("gaussian", 0.8), ("joint", 0.8)])
def test_specks_and_pits_of_a_ball_go(any_grid, method, kernel):
    grid = mv.Grid((16, 50, 60), any_grid.spacing, any_grid.origin, any_grid.direction)
    truth = ball(grid, 7.5 if grid.spacing[0] == 1 else 12)
    random = np.random.default_rng(3)
    noisy = truth ^ (random.random(grid.shape) < 0.08)
    seg = mv.Segmentation(noisy.astype(np.uint8), grid, ROWS)

    def dice(mask):
        return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())

    smoothed = smooth(seg, method=method, kernel=kernel) == 1
    assert dice(noisy) < 0.9
    assert dice(smoothed) > 0.965


def test_joint_smoothing_leaves_no_gap_between_neighbours(any_grid):
    array = np.zeros(any_grid.shape, dtype=np.uint8)
    array[2:10, 3:10, 3:21] = 1
    array[2:10, 10:17, 3:21] = 2
    rough = np.random.default_rng(2).random(any_grid.shape) < 0.3
    seam = np.zeros(any_grid.shape, dtype=bool)
    seam[2:10, 9:11, 3:21] = True
    array[rough & seam] = 3 - array[rough & seam]
    seg = mv.Segmentation(array, any_grid, ROWS)
    joint, changes = mv.smooth_segment(seg, ["a", "b"], method="joint", kernel=1.0)
    inner = np.zeros(any_grid.shape, dtype=bool)
    inner[4:8, 6:14, 6:18] = True
    assert not (joint.array[inner] == 0).any()
    edges = [np.count_nonzero(np.diff(s.array[inner].reshape(4, 8, 12) == 1)) for s in (seg, joint)]
    assert edges[1] < edges[0]
    assert {change.segment for change in changes} == {"a", "b"}


def test_joint_is_the_strongest_of_the_blurred(any_grid):
    array = np.random.default_rng(5).integers(0, 4, any_grid.shape).astype(np.int16)
    array = np.kron(array[::4, ::4, ::4], np.ones((4, 4, 4), dtype=np.int16))
    seg = mv.Segmentation(array, any_grid, ROWS)
    sigma = [1.5 / step for step in any_grid.spacing]
    blurred = np.stack(
        [
            ndimage.gaussian_filter((array == v).astype(float), sigma, mode="nearest")
            for v in range(4)
        ]
    )
    top = np.sort(blurred, axis=0)
    clear = top[-1] - top[-2] > 1e-5
    joint, _ = mv.smooth_segment(seg, method="joint", kernel=1.5)
    np.testing.assert_array_equal(joint.array[clear], blurred.argmax(axis=0)[clear])
    assert clear.mean() > 0.9


def test_the_mean_of_a_mask_cut_at_half_is_its_median(any_grid):
    seg = noise(any_grid)
    for kernel in (2.1, 4.0, 9.0):
        median, mean = (smooth(seg, method=way, kernel=kernel) for way in ("median", "mean"))
        np.testing.assert_array_equal(mean, median)


def test_joint_leaves_other_segments_alone(any_grid):
    array = np.random.default_rng(5).integers(0, 4, any_grid.shape).astype(np.uint8)
    seg = mv.Segmentation(array, any_grid, ROWS)
    settings = {"method": "joint", "kernel": 1.0}
    joint, _ = mv.smooth_segment(seg, ["a", "b"], overwrite="none", **settings)
    np.testing.assert_array_equal(joint.array == 3, array == 3)
    assert (joint.array != array).any()
    taking, changes = mv.smooth_segment(seg, ["a", "b"], **settings)
    assert ((array == 3) & (taking.array != 3)).any()
    assert [change.segment for change in changes] == ["a", "b", "c"]


def test_kernel_sizes_are_those_of_slicer():
    for spacing in (0.2, 0.5, 0.8, 1.0, 1.7, 4.0):
        for kernel in (0.6, 1.0, 3.0, 5.0, 7.7, 12.0):
            slicer = math.floor((kernel / spacing + 1) / 2 + 0.5) * 2 - 1
            assert mv.kernel_size(kernel, spacing=(0.1, 0.1, spacing))[2] == slicer
    assert mv.kernel_size(3, spacing=(4, 0.8, 0.5)) == (1, 3, 7)


@pytest.mark.parametrize("method", ["median", "mean", "opening", "closing"])
def test_a_kernel_within_a_voxel_is_refused_with_numbers(make_grid, method):
    seg = noise(make_grid("anisotropic"))
    with pytest.raises(InputError, match=r"0\.9 mm.*0\.5 x 0\.8 x 4 mm.*1 mm or more") as error:
        smooth(seg, method=method, kernel=0.9)
    assert "every axis" in str(error.value)
    smooth(seg, method=method, kernel=1)
    for bad in (0, -3, np.nan, np.inf):
        with pytest.raises(InputError, match="kernel must be"):
            smooth(seg, method=method, kernel=bad)


@pytest.mark.parametrize("method", ["gaussian", "joint"])
def test_a_gaussian_within_half_a_voxel_is_refused(make_grid, method):
    seg = noise(make_grid("anisotropic"))
    with pytest.raises(InputError, match=r"0\.2 mm.*half a voxel.*0\.25 mm or more"):
        smooth(seg, method=method, kernel=0.2)
    with pytest.raises(InputError, match="kernel must be"):
        smooth(seg, method=method, kernel=np.nan)


def test_bad_method(make_grid):
    with pytest.raises(InputError, match="median, mean"):
        smooth(noise(make_grid("plain")), method="taubin")


@pytest.mark.parametrize("method", ["median", "opening", "closing", "gaussian", "joint"])
def test_a_kernel_larger_than_the_scan_is_refused(method):
    seg = mv.Segmentation(
        np.ones((3, 4, 5), np.uint8), mv.Grid((3, 4, 5)), (mv.Segment(1, "a", "#000000"),)
    )
    for kernel in (6, 1e6, 1e300):
        with pytest.raises(InputError, match="larger than the scan, which is 5 mm"):
            mv.smooth_segment(seg, method=method, kernel=kernel)
