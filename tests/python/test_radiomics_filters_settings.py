"""Image types in the settings, and their images in the table."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from medvoxel.errors import DependencyError, InputError
from medvoxel.geometry import Grid
from medvoxel.radiomics.extracting import extract_radiomics
from medvoxel.radiomics.filters import image_names
from medvoxel.radiomics.parameter_file import parameters, settings_from
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume


def scene(size: int = 14) -> tuple[Volume, Segmentation]:
    """A rough scan with a ball in it, and one voxel that is too small a segment."""
    grid = Grid((size, size, size))
    values = np.random.default_rng(3).normal(200, 60, grid.shape).round()
    away = np.indices(grid.shape) - (size - 1) / 2
    labels = (np.sqrt((away**2).sum(axis=0)) < size / 3).astype(np.uint8)
    labels[0, 0, 0] = 2
    segments = (Segment(1, "ball", (1, 0, 0)), Segment(2, "dot", (0, 1, 0)))
    return Volume(values, grid), Segmentation(labels, grid, segments)


def settings(definition: str = "pyradiomics", **how: object) -> RadiomicsSettings:
    classes = {"pyradiomics": ("firstorder",), "ibsi": ("statistics",)}[definition]
    return RadiomicsSettings(definition, **{"feature_classes": classes, **how})


def test_images_have_pyradiomics_names() -> None:
    pytest.importorskip("pywt")
    found = image_names(
        settings(
            image_types={
                "Original": {}, "LoG": {"sigma": [1.0, 2.5, 3]}, "Wavelet": {}, "Square": {},
                "SquareRoot": {}, "Logarithm": {}, "Exponential": {}, "Gradient": {},
                "LBP2D": {}, "LBP3D": {},
            }
        )
    )  # fmt: skip
    assert found == [
        "original", "log-sigma-1-0-mm-3D", "log-sigma-2-5-mm-3D", "log-sigma-3-mm-3D",
        *(f"wavelet-{band}" for band in ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")),
        "square", "squareroot", "logarithm", "exponential", "gradient", "lbp-2D",
        "lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k",
    ]  # fmt: skip


def test_images_of_ibsi_are_named_by_what_tells_them_apart() -> None:
    pytest.importorskip("pywt")
    types = {
        "Mean": {"support": [3, 5]},
        "LoG": {"sigma": 2.5},
        "Laws": {"kernel": "L5E5S5", "energy_distance": 7},
        "Gabor": {"sigma": 5, "wavelength": [2, 4]},
        "Wavelet": {"wavelet": "db3"},
        "Simoncelli": {"level": [1, 2]},
    }
    assert image_names(settings("ibsi", image_types=types)) == [
        "mean-3-3D", "mean-5-3D", "log-sigma-2-5-mm-3D", "laws-L5E5S5-energy-7-3D",
        "gabor-sigma-5-wavelength-2-mm-3D", "gabor-sigma-5-wavelength-4-mm-3D",
        *(f"wavelet-db3-{band}-level-1-3D" for band in ("LLL", "LLH", "LHH", "HHH")),
        "simoncelli-level-1-3D", "simoncelli-level-2-3D",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "types", "message"),
    [
        ("pyradiomics", {"LoG": {}}, "needs the setting sigma"),
        ("pyradiomics", {"LoG": {"sigma": -1}}, "sigma must be a number above 0"),
        ("pyradiomics", {"LoG": {"sigm": 1}}, "no setting 'sigm'"),
        ("pyradiomics", {"Wavelet": {"level": 0}}, "level"),
        ("pyradiomics", {"LBP2D": {"lbp2DMethod": "best"}}, "lbp2DMethod"),
        ("pyradiomics", {"Original": {"sigma": 1}}, "no setting 'sigma'"),
        ("pyradiomics", {"Laws": {"kernel": "L5L5L5"}}, "not one of definition"),
        ("ibsi", {"Square": {}}, "not one of definition"),
        ("ibsi", {"Mean": {"support": 4}}, "odd"),
        ("ibsi", {"Laws": {"kernel": "L5X5S5"}}, "kernels such as"),
        ("ibsi", {"Laws": {"kernel": "L5S5"}}, "has 2 parts; 3 are needed"),
        ("ibsi", {"Wavelet": {"wavelet": "db2", "subband": "LX"}}, "two .2D. or three of L and H"),
        ("ibsi", {"Mean": {"support": 3, "boundary": "wrap"}}, "boundary must be one of"),
    ],
)
def test_wrong_settings_are_errors_at_once(
    definition: str, types: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        settings(definition, image_types=types)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"theta": 30}, "theta is one direction"),
        ({"theta_step": 50}, "must divide 360"),
    ],
)
def test_directions_of_gabor_filters_must_make_sense(own: dict[str, float], message: str) -> None:
    types = {"Gabor": {"sigma": 5, "wavelength": 2, **own}}
    with pytest.raises(InputError, match=message):
        image_names(settings("ibsi", image_types=types))


def test_common_filter_settings_hold_where_a_type_has_none_of_its_own() -> None:
    common = {"sigma": [2.0], "gradientUseSpacing": False}
    assert image_names(settings(image_types="LoG", filters=common)) == ["log-sigma-2-0-mm-3D"]
    own = {"LoG": {"sigma": [1.0]}}
    assert image_names(settings(image_types=own, filters=common)) == ["log-sigma-1-0-mm-3D"]


def test_settings_of_filters_survive_a_parameter_file() -> None:
    before = settings(image_types={"LoG": {"sigma": [1.0, 2]}, "Square": {"binWidth": 3.0}})
    after = settings_from(parameters(before))
    assert after == before
    assert image_names(after) == ["log-sigma-1-0-mm-3D", "log-sigma-2-mm-3D", "square"]


def test_an_image_type_may_have_a_bin_width_of_its_own() -> None:
    scan, mask = scene()
    how = {"feature_classes": "firstorder", "label": 1}
    for name in ("binWidth", "bin_width"):
        types = {"Original": {}, "Square": {name: 2}}
        row = extract_radiomics(scan, mask, settings(image_types=types, **how)).rows()[0]
        alone = {"image_types": "Square", "bin_width": 2, **how}
        other = extract_radiomics(scan, mask, settings(**alone)).rows()[0]
        assert row["square_firstorder_Entropy"] == other["square_firstorder_Entropy"]
        coarse = extract_radiomics(scan, mask, settings(image_types="Square", **how)).rows()[0]
        assert row["square_firstorder_Entropy"] > coarse["square_firstorder_Entropy"]


def test_shape_is_that_of_the_original_and_stands_once() -> None:
    classes = ("shape", "firstorder")
    table = extract_radiomics(
        *scene(), settings(feature_classes=classes, image_types=["Square", "Gradient"])
    )
    shapes = [name for name in table.features if "_shape_" in name]
    assert shapes
    assert all(name.startswith("original_shape_") for name in shapes)
    assert not any(name.startswith("original_firstorder") for name in table.features)
    assert not any(math.isnan(table.columns[name][0]) for name in table.features)


def test_segments_without_features_have_the_same_columns() -> None:
    table = extract_radiomics(*scene(), settings(image_types=["Original", "Square"]))
    ball, dot = table.rows()
    assert ball["note"] == ""
    assert "single voxel" in dot["note"]
    assert math.isnan(dot["square_firstorder_Mean"])
    assert table.features[0] == "original_firstorder_10Percentile"
    assert sum(name.startswith("square_") for name in table.features) == 18


def test_an_image_that_cannot_be_made_is_missing_with_a_note() -> None:
    scan, mask = scene()
    types = {"Original": {}, "LoG": {"sigma": [40.0, 2.0]}}
    row = extract_radiomics(scan, mask, settings(image_types=types, label=1)).rows()[0]
    assert "no log-sigma-40-0-mm-3D image: the image has 14 voxels" in row["note"]
    assert math.isnan(row["log-sigma-40-0-mm-3D_firstorder_Mean"])
    assert not math.isnan(row["log-sigma-2-0-mm-3D_firstorder_Mean"])
    assert not math.isnan(row["original_firstorder_Mean"])


def test_few_grey_levels_of_a_filtered_image_are_noted_with_its_name() -> None:
    scan, mask = scene()
    types = {"Original": {"bin_width": 10}, "LBP2D": {}}
    row = extract_radiomics(scan, mask, settings(image_types=types, label=1)).rows()[0]
    assert "only 1 grey levels occur in lbp-2D" in row["note"]


def test_progress_counts_images() -> None:
    seen: list[float] = []
    how = settings(image_types={"Original": {}, "LoG": {"sigma": [40.0, 1.0, 2.0]}})
    extract_radiomics(*scene(), how, progress=lambda done, label: seen.append(done))
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


@pytest.mark.parametrize("spacing", [None, 1.0, 0.5])
def test_ibsi_filters_see_the_whole_scan_also_after_resampling(spacing: float | None) -> None:
    grid = Grid((6, 6, 60))
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[2:4, 2:4, 2:6] = 1
    slope = np.broadcast_to(np.arange(60.0), grid.shape)
    # A box of two periods and a voxel: its mean is that of the scan, wherever it lies.
    types = {"Mean": {"support": 241, "boundary": "periodic"}}
    how = settings(
        "ibsi", image_types=types, resampled_pixel_spacing=spacing, interpolator="sitkLinear"
    )
    segments = (Segment(1, "end", (1, 0, 0)),)
    table = extract_radiomics(Volume(slope, grid), Segmentation(labels, grid, segments), how)
    assert table.columns["mean-241-3D_stat_mean"][0] == pytest.approx(29.5, rel=0.01)


def test_bins_of_a_filtered_image_do_not_start_at_the_range_of_the_scan() -> None:
    scan, mask = scene()
    types = {"Original": {}, "Laws": {"kernel": "E5E5E5", "rotation_invariance": False}}
    classes = ("statistics", "histogram")
    how = {"image_types": types, "feature_classes": classes, "label": 1, "bin_width": 5}
    cut = settings("ibsi", resegment_range=(100, 400), **how)
    row = extract_radiomics(scan, mask, cut).rows()[0]
    name = "laws-E5E5E5-3D"
    lowest, highest = row[f"{name}_stat_min"], row[f"{name}_stat_max"]
    # The response lies around 0, and bins start at its minimum.
    assert lowest < 0
    assert row[f"{name}_ih_max"] == math.floor((highest - lowest) / 5) + 1
    # Those of the scan itself start at the range.
    assert row["original_ih_max"] == math.floor((row["original_stat_max"] - 100) / 5) + 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywt", None)
    with pytest.raises(DependencyError, match="PyWavelets"):
        extract_radiomics(*scene(), settings(image_types="Wavelet"))
