"""Feature maps: pyradiomics' voxel-based values, and each window by itself."""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medvoxel.errors import Cancelled, GeometryError, InputError, MedvoxelWarning
from medvoxel.geometry import Grid
from medvoxel.radiomics.discretising import discretise
from medvoxel.radiomics.first_order import first_order_features
from medvoxel.radiomics.glcm import GLCM_FEATURES, glcm_features
from medvoxel.radiomics.maps import radiomics_map
from medvoxel.radiomics.parameter_file import settings_from
from medvoxel.radiomics.region import DiscreteRegion, Region
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume

ORACLE = Path(__file__).parent / "oracle" / "pyradiomics_maps.json"
CASE = json.loads(ORACLE.read_text())
OF_WINDOWS = ("kernelRadius", "maskedKernel", "initValue")


def scene(values: Any, labels: Any, spacing: tuple[float, ...]) -> tuple[Volume, Segmentation]:
    grid = Grid(np.shape(labels), tuple(spacing), (5.0, -3.0, 12.0), np.diag([-1.0, 1.0, 1.0]))
    segments = tuple(Segment(int(v), f"part {v}", "#E69F00") for v in np.unique(labels) if v)
    return Volume(np.asarray(values), grid, "MR", "a.u."), Segmentation(labels, grid, segments)


def rough(seed: int = 5) -> tuple[Volume, Segmentation]:
    """A rough scan with anisotropic voxels; the segment has gaps and reaches the border."""
    source = np.random.default_rng(seed)
    values = source.normal(90, 40, (5, 6, 7)).round()
    labels = (source.random(values.shape) < 0.7).astype(np.uint8)
    return scene(values, labels, (4.0, 0.8, 0.5))


@pytest.mark.parametrize("name", CASE["settings"])
def test_maps_are_those_of_pyradiomics(name: str) -> None:
    given = {k: v for k, v in CASE["settings"][name].items() if k != "additionalInfo"}
    windows = {k: given.pop(k) for k in OF_WINDOWS if k in given}
    settings = settings_from({"setting": given, "voxelSetting": windows})
    labels = np.array(CASE["labels"], np.uint8)
    scan, segmentation = scene(np.array(CASE["values"], np.int16), labels, CASE["spacing"])
    with ORACLE.with_suffix(".csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["settings"] == name]
    at = tuple(np.array([row["voxel"].split() for row in rows], int).T)
    features = [key for key in rows[0] if key.startswith("original_")]
    assert len(features) == 24 + 18
    maps = radiomics_map(scan, segmentation, features, settings)
    for key in features:
        expected = [float(row[key]) for row in rows]
        np.testing.assert_allclose(maps[key].array[at], expected, rtol=1e-9, err_msg=key)
        assert (maps[key].array[labels == 0] == settings.init_value).all()


def windows_of(mask: np.ndarray, radius: int, plane: int | None) -> Any:
    """Each voxel of a mask with the box around it."""
    for place in np.argwhere(mask):
        reach = [0 if axis == plane else radius for axis in range(3)]
        yield (
            tuple(place),
            tuple(slice(max(p - r, 0), p + r + 1) for p, r in zip(place, reach, strict=True)),
        )


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"kernel_radius": 2, "distances": (1, 2), "symmetrical_glcm": False},
        {"weighting_norm": "manhattan", "bin_width": 60.0},
        {"force2d": True, "force2d_dimension": 1, "bin_count": 4},
    ],
    ids=["default", "wide", "merged", "planes"],
)
def test_glcm_maps_are_features_of_each_window(how: dict[str, Any]) -> None:
    settings = RadiomicsSettings(**how)
    scan, segmentation = rough()
    mask = segmentation.array > 0
    region = Region(scan.array, mask, scan.grid.spacing)
    discrete, _ = discretise(region, settings)
    # MCC counts levels of the region that are not in the window, see below.
    keys = [key for key in GLCM_FEATURES if key != "MCC"]
    names = [f"original_glcm_{key}" for key in keys]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MedvoxelWarning)
        maps = radiomics_map(scan, segmentation, names, settings)
    for place, box in windows_of(mask, settings.kernel_radius, settings.plane):
        # One more voxel with the highest level, far off: it is what differences are
        # normalised by, and has no neighbours.
        levels = np.pad(discrete.levels[box], [(0, 4)] * 3)
        levels[-1, -1, -1] = discrete.count
        expected = glcm_features(
            DiscreteRegion(levels, discrete.count, scan.grid.spacing),
            distances=settings.distances,
            force2d_dimension=settings.plane,
            symmetrical=settings.symmetrical_glcm,
            weighting_norm=settings.weighting_norm,
        )
        for key, name in zip(keys, names, strict=True):
            value = 0.0 if np.isnan(expected[key]) else expected[key]
            assert maps[name].array[place] == pytest.approx(value, rel=1e-9, abs=1e-7), key


@pytest.mark.parametrize("symmetrical", [True, False])
def test_maximal_correlation_is_that_of_the_matrix_of_the_window(symmetrical: bool) -> None:
    settings = RadiomicsSettings(bin_width=40.0, symmetrical_glcm=symmetrical, kernel_radius=2)
    scan, segmentation = rough(8)
    mask = segmentation.array > 0
    discrete, _ = discretise(Region(scan.array, mask, scan.grid.spacing), settings)
    found = radiomics_map(scan, segmentation, "original_glcm_MCC", settings)
    for place, box in windows_of(mask, 2, None):
        levels = np.pad(discrete.levels[box], [(0, 20), (0, 0), (0, 0)])
        # All levels of the region, in a plane where no two are neighbours.
        levels[6::2][: discrete.count, 0, 0] = np.arange(1, discrete.count + 1)
        expected = glcm_features(
            DiscreteRegion(levels, discrete.count, scan.grid.spacing), symmetrical=symmetrical
        )["MCC"]
        assert found.array[place] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("plane", [None, 0])
def test_first_order_maps_are_features_of_each_window(plane: int | None) -> None:
    settings = RadiomicsSettings(
        force2d=plane is not None, voxel_array_shift=50.0, bin_width=30.0, init_value=-7.0
    )
    scan, segmentation = rough(11)
    mask = segmentation.array > 0
    region = Region(scan.array, mask, scan.grid.spacing)
    discrete, _ = discretise(region, settings)
    keys = first_order_features(region, discrete, deprecated=True)
    names = {key: f"original_firstorder_{key}" for key in keys}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MedvoxelWarning)
        maps = radiomics_map(scan, segmentation, list(names.values()), settings)
    for place, box in windows_of(mask, 1, plane):
        expected = first_order_features(
            Region(scan.array[box], mask[box], scan.grid.spacing),
            DiscreteRegion(discrete.levels[box], discrete.count, scan.grid.spacing),
            voxel_array_shift=50.0,
            deprecated=True,
        )
        for key, name in names.items():
            value = -7.0 if np.isnan(expected[key]) else expected[key]
            assert maps[name].array[place] == pytest.approx(value, rel=1e-9, abs=1e-9), key


def test_a_map_lies_on_the_grid_of_the_scan_with_its_unit() -> None:
    scan, segmentation = rough()
    found = radiomics_map(scan, segmentation, "original_firstorder_Maximum")
    assert isinstance(found, Volume)
    assert found.grid is scan.grid
    assert (found.unit, found.modality) == ("a.u.", "")
    assert found.info == {"feature": "original_firstorder_Maximum", "segment": "part 1"}
    assert radiomics_map(scan, segmentation, "original_firstorder_Variance").unit == "a.u.2"
    assert radiomics_map(scan, segmentation, "original_firstorder_Skewness").unit == ""
    assert (found.array[segmentation.array > 0] >= scan.array[segmentation.array > 0]).all()


def test_where_a_feature_is_not_defined_a_warning_says_so() -> None:
    values = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    labels = np.zeros(values.shape, np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    labels[4, 5, 6] = 1
    scan, segmentation = scene(values, labels, (1.0, 1.0, 1.0))
    settings = RadiomicsSettings(init_value=-1.0, bin_width=5.0)
    with pytest.warns(MedvoxelWarning, match="Contrast: not defined in the window of up to 1 "):
        found = radiomics_map(scan, segmentation, "original_glcm_Contrast", settings)
    assert found.array[4, 5, 6] == -1
    assert (found.array[labels == 1] == -1).sum() == 1
    with pytest.raises(InputError, match="not defined in any window"):
        radiomics_map(scan, segmentation, settings=settings.but(distances=(3,)))


def test_a_flat_segment_is_flat() -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:4, 1:5] = 1
    scan, segmentation = scene(np.full(labels.shape, 40.0), labels, (2.0, 1.0, 1.0))
    names = [f"original_glcm_{key}" for key in ("Contrast", "Correlation", "MCC", "Imc1")]
    found = radiomics_map(scan, segmentation, names)
    inside = [found[name].array[labels == 1] for name in names]
    np.testing.assert_allclose([[part.min(), part.max()] for part in inside],
                               [[0, 0], [1, 1], [1, 1], [0, 0]], atol=1e-12)  # fmt: skip


def test_maps_of_filtered_images_and_of_a_resampled_scan() -> None:
    scan, segmentation = rough()
    square = radiomics_map(
        scan,
        segmentation,
        "square_firstorder_Mean",
        RadiomicsSettings(image_types=("Original", "Square"), force2d=True),
    )
    largest = np.abs(scan.array).max()
    mask = segmentation.array > 0
    plain = [
        (scan.array[box][mask[box]] ** 2 / largest).mean() for _, box in windows_of(mask, 1, 0)
    ]
    # pyradiomics scales by the maximum of the whole image.
    np.testing.assert_allclose(square.array[mask], plain, rtol=1e-9)
    finer = RadiomicsSettings(resampled_pixel_spacing=(2.0, 0.8, 0.5))
    found = radiomics_map(scan, segmentation, "original_firstorder_Mean", finer)
    assert found.grid.spacing == (2.0, 0.8, 0.5)
    assert np.count_nonzero(found.array) > mask.sum()


def test_what_cannot_be_mapped_is_said() -> None:
    scan, segmentation = rough()
    with pytest.raises(InputError, match="only of firstorder and glcm"):
        radiomics_map(scan, segmentation, "original_shape_Sphericity")
    with pytest.raises(InputError, match="no feature 'Contrat'"):
        radiomics_map(scan, segmentation, "original_glcm_Contrat")
    with pytest.raises(InputError, match="make no image 'square'"):
        radiomics_map(scan, segmentation, "square_glcm_Contrast")
    with pytest.raises(InputError, match="no feature to map"):
        radiomics_map(scan, segmentation, [])
    with pytest.raises(InputError, match="pyradiomics' definitions only"):
        radiomics_map(scan, segmentation, settings=RadiomicsSettings("ibsi"))
    elsewhere = Segmentation(segmentation.array, Grid(segmentation.array.shape), ())
    with pytest.raises(GeometryError):
        radiomics_map(scan, elsewhere)


def test_an_image_that_cannot_be_made_is_said() -> None:
    labels = np.ones((3, 6, 7), np.uint8)
    values = np.arange(labels.size, dtype=float).reshape(labels.shape)
    scan, segmentation = scene(values, labels, (1.0, 1.0, 1.0))
    settings = RadiomicsSettings(image_types={"LoG": {"sigma": (1.0,)}})
    with pytest.raises(InputError, match="No map: no log-sigma-1-0-mm-3D image"):
        radiomics_map(scan, segmentation, "log-sigma-1-0-mm-3D_glcm_Contrast", settings)


def test_one_segment_of_several_is_chosen() -> None:
    scan, segmentation = rough()
    labels = segmentation.array.copy()
    labels[3:] *= 2
    scan, segmentation = scene(scan.array, labels, (1.0, 1.0, 1.0))
    with pytest.raises(InputError, match="say which with segment"):
        radiomics_map(scan, segmentation)
    name = "original_firstorder_Minimum"
    settings = RadiomicsSettings(init_value=-1e6)
    by_name = radiomics_map(scan, segmentation, name, settings, segment="part 2")
    by_label = radiomics_map(scan, segmentation, name, settings.but(label=2))
    np.testing.assert_array_equal(by_name.array, by_label.array)
    np.testing.assert_array_equal(by_name.array > -1e6, labels == 2)
    empty = segmentation.with_array(np.where(labels == 2, 1, labels))
    with pytest.raises(InputError, match="has no voxels"):
        radiomics_map(scan, empty, segment=2)


def test_progress_counts_windows_and_can_stop() -> None:
    scan, segmentation = rough()
    told: list[float] = []

    def stop(done: float, label: str) -> bool:
        told.append(done)
        assert label == "Feature map"
        return False

    with pytest.raises(Cancelled):
        radiomics_map(scan, segmentation, progress=stop)
    assert told == [1.0]
