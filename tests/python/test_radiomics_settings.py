"""Settings: pyradiomics' defaults, one form of each value, errors that name the setting."""

from __future__ import annotations

import pytest

from medvoxel.errors import InputError
from medvoxel.radiomics.settings import RadiomicsSettings


def test_the_defaults_are_those_of_pyradiomics() -> None:
    s = RadiomicsSettings()
    assert (s.bin_width, s.bin_count, s.resampled_pixel_spacing) == (25.0, None, None)
    assert (s.interpolator, s.pad_distance, s.pre_crop) == ("sitkBSpline", 5, False)
    assert (s.normalize, s.normalize_scale, s.remove_outliers) == (False, 1.0, None)
    assert (s.minimum_roi_dimensions, s.minimum_roi_size) == (2, None)
    assert (s.resegment_range, s.resegment_mode, s.resegment_shape) == (None, "absolute", False)
    assert (s.distances, s.weighting_norm, s.symmetrical_glcm, s.gldm_a) == ((1,), None, True, 0)
    assert (s.force2d, s.force2d_dimension, s.voxel_array_shift) == (False, 0, 0)
    assert list(s.feature_classes) == [
        "shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm",
    ]  # fmt: skip
    assert list(s.image_types) == ["Original"]


def test_values_take_one_form() -> None:
    s = RadiomicsSettings(
        resampled_pixel_spacing=2,
        distances=[1, 2],
        resegment_range=[400, -100],
        interpolator=2,
        label="tumour",
        feature_classes="glcm",
    )
    assert s.resampled_pixel_spacing == (2.0, 2.0, 2.0)
    assert s.distances == (1, 2)
    assert s.resegment_range == (-100.0, 400.0)
    assert s.interpolator == "sitkLinear"
    assert s.label == ("tumour",)
    assert dict(s.feature_classes) == {"glcm": ()}


def test_classes_come_in_the_order_of_the_table_with_their_features() -> None:
    s = RadiomicsSettings(feature_classes={"glcm": ["Contrast"], "shape": None})
    assert list(s.feature_classes.items()) == [("shape", ()), ("glcm", ("Contrast",))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("definition", "mirp"),
        ("feature_classes", ["glcmm"]),
        ("feature_classes", []),
        ("feature_classes", {"glcm": [1]}),
        ("image_types", "Sobel"),
        ("image_types", {}),
        ("filters", {"sigmaa": 1}),
        ("filters", [1]),
        ("label", 0),
        ("label", 1.5),
        ("label", []),
        ("normalize", 1),
        ("normalize_scale", 0),
        ("remove_outliers", -1),
        ("resampled_pixel_spacing", [1, 2]),
        ("resampled_pixel_spacing", 0),
        ("resampled_pixel_spacing", [1, 1, -1]),
        ("resampled_pixel_spacing", "1 mm"),
        ("interpolator", "cubic"),
        ("interpolator", "sitkGaussian"),
        ("pad_distance", -1),
        ("geometry_tolerance", 1000),
        ("minimum_roi_dimensions", 4),
        ("minimum_roi_size", 2.5),
        ("resegment_range", [1, 2, 3]),
        ("resegment_range", [float("-inf"), float("inf")]),
        ("resegment_range", float("nan")),
        ("resegment_mode", "relativ"),
        ("bin_width", 0),
        ("bin_width", True),
        ("bin_width", float("inf")),
        ("bin_count", 0),
        ("force2d_dimension", 3),
        ("distances", [0]),
        ("distances", []),
        ("weighting_norm", "maximum"),
        ("gldm_a", -1),
        ("kernel_radius", 0),
        ("mask_interpolator", "cubic"),
        ("mask_threshold", 0),
        ("aggregation", ["3D"]),
    ],
)
def test_a_bad_value_is_an_error_that_names_the_setting(name: str, value: object) -> None:
    with pytest.raises(InputError) as error:
        RadiomicsSettings(**{name: value})
    words = {"feature_classes": "feature", "image_types": "image type", "filters": "filter"}
    assert words.get(name, name) in str(error.value)


def test_an_unknown_setting_hints_at_the_one_meant() -> None:
    with pytest.raises(InputError, match="bin_width"):
        RadiomicsSettings.of(binwidth=10)
    with pytest.raises(InputError, match="distances"):
        RadiomicsSettings().but(distance=1)


def test_changed_settings_are_checked_and_the_old_ones_stay() -> None:
    old = RadiomicsSettings()
    assert old.but(bin_width=5).bin_width == 5.0
    assert old.bin_width == 25.0
    with pytest.raises(InputError, match="bin_width"):
        old.but(bin_width=-5)


def test_another_definition_brings_its_own_classes() -> None:
    ibsi = RadiomicsSettings().but(definition="ibsi")
    assert "gldzm" in ibsi.feature_classes
    assert "shape" not in ibsi.feature_classes


@pytest.mark.parametrize(
    ("name", "value"), [("resegment_outliers", 3), ("round_intensities", True)]
)
def test_what_is_of_ibsi_only_is_refused_elsewhere(name: str, value: object) -> None:
    with pytest.raises(InputError, match="ibsi"):
        RadiomicsSettings(**{name: value})
    assert getattr(RadiomicsSettings(definition="ibsi", **{name: value}), name) == value


def test_the_volume_histogram_has_bins_of_one_kind() -> None:
    with pytest.raises(InputError, match="not both"):
        RadiomicsSettings(definition="ibsi", ivh_bin_width=1, ivh_bin_count=10)
