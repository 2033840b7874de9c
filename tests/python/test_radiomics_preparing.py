"""The chain from scan to region: against SimpleITK, and against what is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from medvoxel.errors import GeometryError, InputError
from medvoxel.geometry import Grid
from medvoxel.radiomics._sampling import sample
from medvoxel.radiomics.preparing import UnusableRegion, normalise, on_scan_grid, prepare
from medvoxel.radiomics.resegmenting import resegment
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume

MakeGrid = Callable[..., Grid]
ONE = (Segment(1, "a", "#000000"),)
INTERPOLATORS = ("sitkBSpline", "sitkLinear", "sitkNearestNeighbor")


def blob(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """A ragged mask away from and at the border."""
    mask = np.zeros(shape, dtype=bool)
    inner = tuple(slice(n // 4, n - 1) for n in shape)
    mask[inner] = rng.random(mask[inner].shape) > 0.3
    return mask


# --- sampling ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 3])
def test_samples_are_those_of_the_full_spline(order: int, rng: np.random.Generator) -> None:
    array = rng.normal(size=(70, 9, 12))
    at = [np.sort(rng.uniform(0, n - 1, 7)) for n in array.shape]
    at[0] = np.sort(rng.uniform(30, 40, 7))  # so that a window is cut out
    expected = map_coordinates(array, np.meshgrid(*at, indexing="ij"), order=order, mode="mirror")
    np.testing.assert_allclose(sample(array, at, order=order), expected, atol=1e-12)


def test_the_array_ends_half_a_voxel_beyond_its_centres() -> None:
    at = [np.array([0.0]), np.array([0.0]), np.array([-0.6, -0.5, 0.0, 3.49, 3.5])]
    found = sample(np.ones((1, 1, 4)), at, order=1)
    np.testing.assert_array_equal(found.ravel(), [0, 1, 1, 1, 0])


# --- pyradiomics' resampling ---------------------------------------------------------------


def itk_resampled(
    sitk: Any,
    scan: Volume,
    mask: np.ndarray,
    spacing: tuple,
    name: str,
    *,
    low: Any = (0, 0, 0),
    size: Any = None,
) -> tuple:
    """Image and mask on the new grid aligned at the corner, or a part of it, by ITK."""
    images = []
    for array in (scan.array, mask.astype(np.uint32)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(scan.grid.spacing[::-1])
        image.SetOrigin(scan.grid.origin)
        image.SetDirection(scan.grid.direction.ravel().tolist())
        images.append(image)
    old, new = np.array(scan.grid.spacing[::-1]), np.array(spacing[::-1])
    whole = np.ceil(np.array(images[0].GetSize()) * old / new).astype(int).tolist()
    resampler = sitk.ResampleImageFilter()
    resampler.SetOutputSpacing(new.tolist())
    resampler.SetSize(whole if size is None else size)
    resampler.SetOutputDirection(images[0].GetDirection())
    start = (0.5 * (new - old) / old + np.asarray(low) / (old / new)).tolist()
    resampler.SetOutputOrigin(images[0].TransformContinuousIndexToPhysicalPoint(start))
    found = []
    for image, method in zip(images, (name, "sitkNearestNeighbor"), strict=True):
        resampler.SetInterpolator(getattr(sitk, method))
        found.append(resampler.Execute(image))
    return tuple(found)


@pytest.mark.parametrize("kind", ["plain", "anisotropic", "oblique", "mirrored", "sagittal"])
@pytest.mark.parametrize("name", INTERPOLATORS)
@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_resampling_is_that_of_itk_on_a_grid_aligned_at_the_corner(
    kind: str, name: str, dtype: type, make_grid: MakeGrid, rng: np.random.Generator
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    grid = make_grid(kind, shape=(9, 24, 30))
    scan = Volume(rng.normal(100, 400, grid.shape).astype(dtype), grid)
    mask = blob(grid.shape, rng)
    spacing = (2.9, 1.13, 1.37)
    settings = RadiomicsSettings(resampled_pixel_spacing=spacing, interpolator=name, pad_distance=2)
    prepared = prepare(scan, mask, settings)
    image, label = itk_resampled(sitk, scan, mask, spacing, name)
    start = image.TransformPhysicalPointToContinuousIndex(prepared.grid.origin)
    np.testing.assert_allclose(start, np.round(start), atol=1e-6)
    box = tuple(
        slice(round(i), round(i) + n) for i, n in zip(start[::-1], prepared.grid.shape, strict=True)
    )
    np.testing.assert_allclose(
        prepared.values, sitk.GetArrayFromImage(image)[box], rtol=1e-9, atol=1e-6
    )
    whole = sitk.GetArrayFromImage(label) > 0
    np.testing.assert_array_equal(prepared.mask, whole[box])
    assert prepared.mask.sum() == whole.sum()


@pytest.mark.parametrize("sense", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.parametrize("factor", [2.0, 4.0, 2 / 3])
def test_ties_of_the_mask_fall_as_in_itk(
    sense: tuple[int, int, int], factor: float, rng: np.random.Generator
) -> None:
    """New centres midway between old ones: the arithmetic decides, and has to be ITK's."""
    sitk = pytest.importorskip("SimpleITK")
    origin = tuple(rng.normal(0, 100, 3))
    grid = Grid((20, 24, 22), (3.0, 0.78125, 0.9), origin, np.diag(sense).astype(float))
    mask = blob(grid.shape, rng)
    scan = Volume(rng.normal(size=grid.shape), grid)
    spacing = tuple(factor * s for s in grid.spacing)
    settings = RadiomicsSettings(resampled_pixel_spacing=spacing, pad_distance=0)
    prepared = prepare(scan, mask, settings)
    first = np.argwhere(mask).min(axis=0)[::-1]
    ratio = np.array(grid.spacing[::-1]) / np.array(spacing[::-1])
    low = np.maximum(np.floor((first - 0.5) * ratio), 0)
    _, label = itk_resampled(
        sitk, scan, mask, spacing, "sitkLinear", low=low, size=prepared.mask.shape[::-1]
    )
    np.testing.assert_array_equal(prepared.mask, sitk.GetArrayFromImage(label) > 0)


def test_an_axis_of_zero_or_of_one_slice_keeps_its_spacing(rng: np.random.Generator) -> None:
    grid = Grid((6, 20, 20), (4.0, 0.5, 0.8))
    scan = Volume(rng.normal(size=grid.shape), grid)
    mask = np.zeros(grid.shape, dtype=bool)
    mask[2:5, 4:12, 4:12] = True
    kept = prepare(scan, mask, RadiomicsSettings(resampled_pixel_spacing=(0, 1, 1)))
    assert kept.grid.spacing == (4.0, 1.0, 1.0)
    mask[3:] = False
    kept = prepare(scan, mask, RadiomicsSettings(resampled_pixel_spacing=1))
    assert kept.grid.spacing == (4.0, 1.0, 1.0)
    same = prepare(scan, mask, RadiomicsSettings(resampled_pixel_spacing=grid.spacing))
    np.testing.assert_array_equal(same.region().inside, scan.array[mask])


def test_a_scan_of_whole_numbers_stays_one_and_within_its_type() -> None:
    array = np.zeros((8, 8, 8), dtype=np.uint8)
    array[:, :, 4:] = 255
    settings = RadiomicsSettings(resampled_pixel_spacing=0.4)
    values = prepare(Volume(array, Grid(array.shape)), array == 255, settings).values
    assert values.min() == 0
    assert values.max() == 255
    assert (values == np.trunc(values)).all()


# --- IBSI's resampling ---------------------------------------------------------------------


def ramp(grid: Grid) -> np.ndarray:
    """Values that are linear in the patient, so that any interpolation is exact."""
    points = grid.index_to_lps(np.stack(np.indices(grid.shape), axis=-1))
    return points @ np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize("name", ["sitkLinear", "sitkBSpline"])
def test_ibsi_grids_share_their_centre(name: str, any_grid: Grid) -> None:
    scan = Volume(ramp(any_grid), any_grid)
    mask = np.ones(any_grid.shape, dtype=bool)
    settings = RadiomicsSettings(
        definition="ibsi", resampled_pixel_spacing=(3.1, 1.7, 1.3), interpolator=name
    )
    prepared = prepare(scan, mask, settings)
    expected = np.ceil(np.multiply(any_grid.shape, any_grid.spacing) / (3.1, 1.7, 1.3))
    np.testing.assert_array_equal(prepared.grid.shape, expected)
    middle = (np.array(prepared.grid.shape) - 1) / 2
    np.testing.assert_allclose(
        prepared.grid.index_to_lps(middle),
        any_grid.index_to_lps((np.array(any_grid.shape) - 1) / 2),
        atol=1e-9,
    )
    if name == "sitkLinear":
        inner = (slice(2, -2),) * 3
        np.testing.assert_allclose(prepared.values[inner], ramp(prepared.grid)[inner], atol=1e-9)


def test_ibsi_keeps_the_place_and_size_of_a_ball() -> None:
    grid = Grid((15, 60, 80), (4.0, 1.0, 0.7), (10.0, 20.0, 30.0))
    points = grid.index_to_lps(np.stack(np.indices(grid.shape), axis=-1))
    centre = np.array([38.0, 50.0, 58.0])
    mask = np.linalg.norm(points - centre, axis=-1) <= 20
    settings = RadiomicsSettings(definition="ibsi", resampled_pixel_spacing=1)
    prepared = prepare(Volume(np.zeros(grid.shape), grid), mask, settings)
    inside = prepared.grid.index_to_lps(np.argwhere(prepared.mask))
    before = grid.index_to_lps(np.argwhere(mask))
    np.testing.assert_allclose(inside.mean(axis=0), before.mean(axis=0), atol=0.05)
    assert len(inside) == pytest.approx(len(before) * 2.8, rel=0.02)


def test_half_a_voxel_is_inside_and_grey_values_of_ct_are_rounded() -> None:
    grid = Grid((4, 4, 4))
    array = np.broadcast_to(np.array([0.0, 3.0, 10.0, 15.0]), grid.shape).copy()
    mask = np.zeros(grid.shape, dtype=bool)
    mask[:, :, 1] = True
    how = {"definition": "ibsi", "interpolator": "sitkLinear", "resampled_pixel_spacing": 2}
    prepared = prepare(Volume(array, grid, unit="HU"), mask, RadiomicsSettings(**how))
    np.testing.assert_array_equal(prepared.values[0, 0], [2.0, 13.0])
    np.testing.assert_array_equal(prepared.mask[0, 0], [True, False])
    other = prepare(Volume(array, grid), mask, RadiomicsSettings(**how))
    np.testing.assert_array_equal(other.values[0, 0], [1.5, 12.5])
    with pytest.raises(UnusableRegion, match="after resampling"):
        prepare(Volume(array, grid), mask, RadiomicsSettings(**how, mask_threshold=0.6))


# --- normalising, re-segmenting, cropping --------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_normalising_is_that_of_itk(dtype: type, rng: np.random.Generator) -> None:
    sitk = pytest.importorskip("SimpleITK")
    array = rng.normal(300, 90, (5, 6, 7)).astype(dtype)
    scan = Volume(array, Grid(array.shape))
    expected = sitk.GetArrayFromImage(sitk.Normalize(sitk.GetImageFromArray(array)))
    plain = normalise(scan, RadiomicsSettings(normalize=True)).array
    np.testing.assert_allclose(plain, expected, rtol=1e-9, atol=1e-12)
    how = RadiomicsSettings(normalize=True, normalize_scale=100, remove_outliers=1.5)
    np.testing.assert_allclose(
        normalise(scan, how).array, 100 * np.clip(expected, -1.5, 1.5), rtol=1e-9, atol=1e-9
    )
    assert normalise(scan, RadiomicsSettings()) is scan


def test_a_flat_scan_cannot_be_normalised() -> None:
    scan = Volume(np.ones((2, 2, 2)), Grid((2, 2, 2)))
    with pytest.raises(InputError, match="one grey value"):
        normalise(scan, RadiomicsSettings(normalize=True))


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ({"resegment_range": [2]}, [2, 3, 10]),
        ({"resegment_range": [2, 3]}, [2, 3]),
        ({"resegment_range": [0.2, 0.5], "resegment_mode": "relative"}, [2, 3]),
        ({"resegment_range": [-np.inf, 3]}, [0, 2, 3]),
        # The mean is 3.75 and the population's standard deviation 3.77.
        ({"resegment_range": [-0.5, 0.5], "resegment_mode": "sigma"}, [2, 3]),
        ({"definition": "ibsi", "resegment_outliers": 1}, [0, 2, 3]),
        # Outliers are those of the whole segment, not of what is left in the range.
        (
            {"definition": "ibsi", "resegment_outliers": 1, "resegment_range": [2, 10]},
            [2, 3],
        ),
    ],
)
def test_a_range_of_grey_values_narrows_the_segment(how: dict, kept: list[float]) -> None:
    values = np.array([0.0, 2, 3, 10, 2.5]).reshape(1, 1, 5)
    mask = np.array([True, True, True, True, False]).reshape(1, 1, 5)
    found = resegment(values, mask, RadiomicsSettings(**how))
    assert values[found].tolist() == kept


def test_a_range_leaves_the_shape_unless_told() -> None:
    array = np.arange(27.0).reshape(3, 3, 3)
    scan, mask = Volume(array, Grid(array.shape)), np.ones(array.shape, dtype=bool)
    how = RadiomicsSettings(resegment_range=[10, 20])
    region = prepare(scan, mask, how).region()
    assert (region.mask.sum(), region.shape_of.sum()) == (11, 27)
    region = prepare(scan, mask, how.but(resegment_shape=True)).region()
    assert (region.mask.sum(), region.shape_of.sum()) == (11, 11)


def test_the_region_is_cropped_and_keeps_its_surroundings_when_asked() -> None:
    array = np.arange(20.0 * 30 * 40).reshape(20, 30, 40)
    scan = Volume(array, Grid(array.shape, (4.0, 0.5, 0.8)))
    mask = np.zeros(array.shape, dtype=bool)
    mask[8:11, 10:20, 15:19] = True
    prepared = prepare(scan, mask, RadiomicsSettings(definition="ibsi"))
    region = prepared.region()
    np.testing.assert_array_equal(region.values, array[8:11, 10:20, 15:19])
    wide = prepared.region(margin=4.0)
    np.testing.assert_array_equal(wide.values, array[7:12, 2:28, 10:24])
    assert wide.mask.sum() == mask.sum()
    assert prepared.voxels == mask.sum()
    assert not prepared.touches_border


def test_a_segment_at_the_border_is_said_to_touch_it() -> None:
    array = np.zeros((5, 5, 5))
    mask = np.zeros(array.shape, dtype=bool)
    mask[1:3, 1:3, 3:] = True
    assert prepare(Volume(array, Grid(array.shape)), mask, RadiomicsSettings()).touches_border


@pytest.mark.parametrize(
    ("part", "how", "reason"),
    [
        ((slice(0, 0),) * 3, {}, "no voxels"),
        ((1, 1, 1), {"minimum_roi_dimensions": 1}, "single voxel"),
        ((1, 1, slice(0, 3)), {}, "minimum_roi_dimensions"),
        ((1, slice(0, 2), slice(0, 2)), {"minimum_roi_size": 4}, "minimum_roi_size"),
        ((1, slice(0, 2), slice(0, 2)), {"resegment_range": [999]}, "re-segmentation"),
        ((slice(0, 2),) * 3, {"resegment_range": [4, 5]}, "after re-segmentation"),
    ],
)
def test_a_segment_that_cannot_be_used_says_why(part: tuple, how: dict, reason: str) -> None:
    array = np.arange(64.0).reshape(4, 4, 4)
    mask = np.zeros(array.shape, dtype=bool)
    mask[part] = True
    with pytest.raises(UnusableRegion, match=reason):
        prepare(Volume(array, Grid(array.shape)), mask, RadiomicsSettings(**how))


def test_inputs_are_left_as_they_are(rng: np.random.Generator) -> None:
    array = rng.normal(size=(8, 9, 10))
    mask = blob(array.shape, rng)
    array.flags.writeable = mask.flags.writeable = False
    how = RadiomicsSettings(normalize=True, resampled_pixel_spacing=0.7, resegment_range=[-1])
    prepare(normalise(Volume(array, Grid(array.shape)), how), mask, how)


# --- geometry ------------------------------------------------------------------------------


def pair(shift: float) -> tuple[Volume, Segmentation]:
    array = np.zeros((4, 5, 6))
    grid = Grid(array.shape, (2.0, 1.0, 1.0))
    moved = Grid(array.shape, (2.0, 1.0, 1.0), (shift, 0.0, 0.0))
    return Volume(array, grid), Segmentation(np.ones(array.shape, dtype=np.uint8), moved, ONE)


def test_another_grid_is_an_error_that_says_how_far_and_names_the_way_out() -> None:
    with pytest.raises(GeometryError, match=r"0\.25 mm.*resample_to\(\)") as error:
        on_scan_grid(*pair(0.25), RadiomicsSettings())
    assert error.value.details["corner_mm"] == pytest.approx(0.25)


def test_the_tolerance_can_be_wider_or_stricter() -> None:
    scan, seg = pair(0.25)
    assert on_scan_grid(scan, seg, RadiomicsSettings(geometry_tolerance=0.3)) is seg
    scan, seg = pair(0.005)
    assert on_scan_grid(scan, seg, RadiomicsSettings()) is seg
    with pytest.raises(GeometryError, match=r"geometry_tolerance.*resample_to\(\)"):
        on_scan_grid(scan, seg, RadiomicsSettings(geometry_tolerance=1e-3))


def test_a_mask_can_be_corrected() -> None:
    scan, seg = pair(2.0)
    fixed = on_scan_grid(scan, seg, RadiomicsSettings(correct_mask=True))
    assert fixed.grid.same_as(scan.grid)
    np.testing.assert_array_equal(fixed.array[0, 0], [0, 0, 1, 1, 1, 1])
