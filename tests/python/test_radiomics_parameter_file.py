"""Parameter files of pyradiomics: read, written, and back again."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from medvoxel.errors import FileFormatError, InputError, MedvoxelWarning
from medvoxel.radiomics.parameter_file import (
    parameters,
    read_parameters,
    settings_from,
    write_parameters,
)
from medvoxel.radiomics.settings import RadiomicsSettings

# As the examples that come with pyradiomics are written.
EXAMPLE = """
imageType:
  Original: {}
  LoG:
    sigma: [1.0, 3.0]
featureClass:
  shape:
  firstorder: []
  glcm:
    - 'Contrast'
    - 'JointEntropy'
setting:
  normalize: true
  normalizeScale: 100
  interpolator: 'sitkLinear'
  resampledPixelSpacing: [1, 2, 3]  # x, y, z
  weightingNorm:
  binWidth: 5
  force2D: true
  gldm_a: 1
  wavelet: 'coif1'
  label: 2
voxelSetting:
  kernelRadius: 2
"""

SETTINGS = [
    RadiomicsSettings(),
    RadiomicsSettings(
        feature_classes={"shape": (), "glcm": ("Contrast", "Idm")},
        image_types={"Original": {}, "LoG": {"sigma": [1.0, 2.5]}},
        filters={"wavelet": "haar"},
        label=3,
        normalize=True,
        normalize_scale=100,
        remove_outliers=3,
        resampled_pixel_spacing=(3, 1, 2),
        interpolator="sitkLinear",
        pad_distance=10,
        pre_crop=True,
        geometry_tolerance=0.1,
        correct_mask=True,
        minimum_roi_dimensions=3,
        minimum_roi_size=50,
        resegment_range=(-3, 3),
        resegment_mode="sigma",
        resegment_shape=True,
        bin_width=0.5,
        bin_count=32,
        force2d=True,
        force2d_dimension=1,
        distances=(1, 2),
        weighting_norm="euclidean",
        symmetrical_glcm=False,
        gldm_a=1,
        voxel_array_shift=300,
        kernel_radius=2,
        masked_kernel=False,
        init_value=-1,
    ),
    RadiomicsSettings(interpolator=None, label=("tumour", "node")),
    RadiomicsSettings(
        definition="ibsi",
        resegment_range=(-1000, 400),
        resegment_outliers=3,
        round_intensities=False,
        mask_interpolator="nearest",
        mask_threshold=0.4,
        ivh_bin_width=2.5,
        aggregation=("2D_avg", "2_5D_comb"),
    ),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_survive_the_way_through_a_file(
    settings: RadiomicsSettings, tmp_path: Path
) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "params.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_parameters(settings, path)
        assert read_parameters(path) == settings
    assert [p.name for p in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_content_of_a_file_is_plain(settings: RadiomicsSettings) -> None:
    content = json.loads(json.dumps(parameters(settings)))
    assert content == parameters(settings)
    assert settings_from(content) == settings
    assert ("medvoxel" in content) == (settings.definition == "ibsi")


def test_an_example_is_read(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE)
    s = read_parameters(path)
    assert s.resampled_pixel_spacing == (3.0, 2.0, 1.0)
    assert (s.normalize, s.normalize_scale, s.bin_width, s.force2d) == (True, 100.0, 5.0, True)
    assert (s.label, s.gldm_a, s.kernel_radius, s.weighting_norm) == ((2,), 1.0, 2, None)
    assert dict(s.feature_classes) == {
        "shape": (), "firstorder": (), "glcm": ("Contrast", "JointEntropy"),
    }  # fmt: skip
    assert s.image_types["LoG"]["sigma"] == [1.0, 3.0]
    assert s.filters["wavelet"] == "coif1"


def test_what_is_left_empty_has_its_default() -> None:
    s = settings_from({"setting": {"binWidth": None, "interpolator": None}, "featureClass": None})
    assert s == RadiomicsSettings(interpolator=None)


def test_unknown_names_are_said_and_left_out() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        s = settings_from({"setting": {"binWdith": 5}, "settings": {}})
    assert s == RadiomicsSettings()
    assert all(issubclass(warning.category, MedvoxelWarning) for warning in caught)
    assert ["'settings'" in str(w.message) for w in caught] == [True, False]
    assert "binWdith" in str(caught[1].message)
    assert "binWidth" in str(caught[1].message.hint)


def test_settings_without_effect_are_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings_from({"setting": {"additionalInfo": True, "enableCExtensions": True}})


def test_a_bad_value_names_the_setting() -> None:
    with pytest.raises(InputError, match="bin_width"):
        settings_from({"setting": {"binWidth": -1}})
    with pytest.raises(InputError, match="resampledPixelSpacing"):
        settings_from({"setting": {"resampledPixelSpacing": [1, 2]}})
    with pytest.raises(FileFormatError, match="setting"):
        settings_from({"setting": ["binWidth"]})


def test_files_that_are_none(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("setting: [1")
    with pytest.raises(FileFormatError, match="YAML"):
        read_parameters(bad)
    bad.write_text("just words")
    with pytest.raises(FileFormatError, match="not a parameter file"):
        read_parameters(bad)
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_parameters(tmp_path / "absent.yaml")
    with pytest.raises(FileFormatError, match="cannot be written"):
        write_parameters(RadiomicsSettings(), tmp_path / "absent" / "p.yaml")
