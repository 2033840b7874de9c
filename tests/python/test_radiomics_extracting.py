"""The table: all features in all configurations, and what happens at the edges."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from radiomics_factory import PHANTOM, PHANTOM_SPACING, agrees, brain_baseline, consensus

from medvoxel import read_nrrd, read_segmentation
from medvoxel.errors import Cancelled, GeometryError, InputError
from medvoxel.geometry import Grid
from medvoxel.radiomics.extracting import RadiomicsTable, extract_radiomics
from medvoxel.radiomics.parameter_file import settings_from
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume

Finder = Callable[..., Path]
ORACLE = Path(__file__).parent / "oracle" / "pyradiomics_brain1.json"
CONFIGURATIONS = json.loads(ORACLE.read_text())
AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
# The baselines of shape were made with a beta of pyradiomics 2 whose mesh was another;
# pyradiomics 3.0.1 gives our values, see the configuration "plain".
OLD_MESH = ("MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity")


@pytest.fixture(scope="module")
def brain() -> Callable[[Finder], tuple[Volume, Segmentation]]:
    found: list[tuple[Volume, Segmentation]] = []

    def read(test_data: Finder) -> tuple[Volume, Segmentation]:
        if not found:
            folder = test_data("radiomics", "pyradiomics-brain1")
            found.append(
                (
                    read_nrrd(folder / "brain1_image.nrrd"),
                    read_segmentation(folder / "brain1_label.nrrd"),
                )
            )
        return found[0]

    return read


def wrong_values(
    table: RadiomicsTable, expected: dict[str, float]
) -> dict[str, tuple[float | None, float]]:
    found = {name: table.columns.get(name, [None])[0] for name in expected}
    return {
        name: (found[name], value)
        for name, value in expected.items()
        if found[name] is None or not math.isclose(found[name], value, rel_tol=1e-6)
    }


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_feature_in_every_configuration_is_that_of_pyradiomics(
    name: str, brain: Callable, test_data: Finder
) -> None:
    scan, seg = brain(test_data)
    how = CONFIGURATIONS[name]
    if "slice" in how:
        kept = np.zeros_like(seg.array)
        kept[how["slice"]] = seg.array[how["slice"]]
        seg = seg.with_array(kept)
    classes = {feature_class: [] for feature_class in how["classes"]}
    table = extract_radiomics(
        scan, seg, settings_from({"setting": how["setting"], "featureClass": classes})
    )
    with ORACLE.with_suffix(".csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[name]]
    expected = {row["feature"]: float(row[name]) for row in rows}
    assert wrong_values(table, expected) == {}
    assert set(table.features) == set(expected)


@pytest.mark.parametrize(
    "feature_class", ["shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
)
def test_baselines_that_come_with_pyradiomics(
    feature_class: str, brain: Callable, test_data: Finder
) -> None:
    values, how = brain_baseline(test_data, feature_class)
    settings = settings_from({"setting": how, "featureClass": {feature_class: []}})
    table = extract_radiomics(*brain(test_data), settings)
    expected = {f"original_{feature_class}_{name}": value for name, value in values.items()}
    old = {f"original_shape_{name}" for name in OLD_MESH} & set(expected)
    assert set(wrong_values(table, expected)) == old


def phantom() -> tuple[Volume, Segmentation]:
    grid = Grid(PHANTOM.shape, PHANTOM_SPACING)
    labels = (PHANTOM > 0).astype(np.uint8)
    segments = (Segment(1, "phantom", "#000000"),)
    return Volume(np.abs(PHANTOM), grid), Segmentation(labels, grid, segments)


def test_every_consensus_value_of_the_digital_phantom(test_data: Finder) -> None:
    settings = RadiomicsSettings(definition="ibsi", bin_width=1, aggregation=AGGREGATIONS)
    table = extract_radiomics(*phantom(), settings)
    expected = consensus(test_data, "")
    found = {tag: table.columns[f"original_{tag}"][0] for tag in expected}
    wrong = {
        tag: (found[tag], value)
        for tag, value in expected.items()
        if not agrees(found[tag], *value)
    }
    assert wrong == {}
    assert len(expected) == 482


# --- the edges, without data of anyone's ---------------------------------------------------


def scene() -> tuple[Volume, Segmentation]:
    """Two blocks, one voxel and an empty segment."""
    rng = np.random.default_rng(3)
    array = rng.normal(100, 120, (10, 16, 18))
    grid = Grid(array.shape, (3.0, 0.8, 0.8))
    labels = np.zeros(array.shape, dtype=np.uint8)
    labels[2:8, 2:10, 2:10] = 1
    labels[4:8, 12:, 12:] = 2
    labels[1, 1, 1] = 3
    names = ((1, "tumour"), (2, "node"), (3, "dot"), (4, "nothing"))
    segments = tuple(Segment(value, name, "#000000") for value, name in names)
    return Volume(array, grid), Segmentation(labels, grid, segments)


def few(**how: Any) -> RadiomicsSettings:
    return RadiomicsSettings(**{"feature_classes": ("firstorder", "glcm"), **how})


def test_one_row_a_segment_and_a_reason_where_there_are_no_values() -> None:
    table = extract_radiomics(*scene(), few())
    assert table.columns["segment"] == ["tumour", "node", "dot", "nothing"]
    assert table.columns["value"] == [1, 2, 3, 4]
    assert table.columns["voxels"] == [384, 96, 1, 0]
    assert table.columns["touches_border"] == [False, True, False, False]
    notes = table.columns["note"]
    assert notes[0] == ""
    assert "border" in notes[1]
    assert "single voxel" in notes[2]
    assert "no voxels" in notes[3]
    for row in table.rows():
        usable = row["segment"] in ("tumour", "node")
        values = [row[name] for name in table.features]
        assert np.isfinite(values).all() if usable else np.isnan(values).all()
    assert len(table) == len(table.provenance) == 4


def test_values_do_not_depend_on_what_lies_elsewhere() -> None:
    scan, seg = scene()
    both = extract_radiomics(scan, seg, few(label=["tumour", 2]))
    alone = extract_radiomics(scan, seg, few(label="node"))
    assert alone.columns["segment"] == ["node"]
    assert [both.columns[n][1] for n in both.features] == [
        alone.columns[n][0] for n in both.features
    ]


def test_a_label_that_does_not_exist_lists_those_that_do() -> None:
    with pytest.raises(InputError, match="'tumour' \\(1\\)"):
        extract_radiomics(*scene(), few(label="tumor"))


def test_the_same_voxels_under_two_labels_are_an_error() -> None:
    scan, seg = scene()
    twin = Segmentation(
        (seg.array == 1).astype(np.uint8) * 9, seg.grid, (Segment(9, "b", "#000000"),)
    )
    with pytest.raises(InputError, match="'tumour' and 'b' are exactly the same voxels"):
        extract_radiomics(scan, [seg, twin], few())
    assert len(extract_radiomics(scan, [seg, twin], few(label=[2, 9]))) == 2


def test_another_grid_is_an_error() -> None:
    scan, seg = scene()
    moved = Grid(seg.grid.shape, seg.grid.spacing, (5.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match=r"5 mm.*resample_to"):
        extract_radiomics(scan, seg.with_array(seg.array, moved), few())


@pytest.mark.parametrize("wrong", [np.zeros((2, 2, 2)), None])
def test_other_things_are_refused(wrong: object) -> None:
    scan, seg = scene()
    with pytest.raises(InputError, match="scan"):
        extract_radiomics(wrong, seg)
    with pytest.raises(InputError, match="segmentation"):
        extract_radiomics(scan, [wrong])


@pytest.mark.parametrize(
    ("how", "bins", "note"),
    [
        ({"bin_width": 500}, range(2, 5), "smaller bin_width"),
        ({"bin_count": 4}, [4], "larger bin_count"),
        ({"bin_width": 1}, range(200, 385), "larger bin_width"),
        ({"bin_width": 25}, range(10, 60), ""),
    ],
)
def test_too_few_or_too_many_bins_are_said(how: dict, bins: range, note: str) -> None:
    row = extract_radiomics(*scene(), few(label=1, **how)).rows()[0]
    assert row["bins"] in bins
    assert note in row["note"]
    assert bool(row["note"]) == bool(note)


def test_features_can_be_chosen_and_a_wrong_name_is_an_error() -> None:
    chosen = {"glcm": ["Idm", "Contrast"], "firstorder": ["StandardDeviation"]}
    table = extract_radiomics(*scene(), RadiomicsSettings(feature_classes=chosen, label=1))
    assert table.features == [
        "original_firstorder_StandardDeviation", "original_glcm_Contrast", "original_glcm_Idm",
    ]  # fmt: skip
    inside = scene()[0].array[2:8, 2:10, 2:10]
    assert table.columns["original_firstorder_StandardDeviation"][0] == pytest.approx(inside.std())
    with pytest.raises(InputError, match="no feature 'Contrst'"):
        extract_radiomics(
            *scene(), RadiomicsSettings(feature_classes={"glcm": ["Contrst"]}, label=1)
        )


def test_ibsi_features_can_be_chosen_by_tag() -> None:
    how = {"feature_classes": {"glcm": ["cm_contrast"], "statistics": ["stat_mean"]}}
    table = extract_radiomics(*scene(), RadiomicsSettings(definition="ibsi", label=1, **how))
    assert table.features == [
        "original_stat_mean", "original_cm_contrast_3D_avg", "original_cm_contrast_3D_comb",
    ]  # fmt: skip


def test_what_is_not_defined_is_nan_with_a_reason() -> None:
    array = np.full((4, 4, 4), 50.0)
    grid = Grid(array.shape)
    labels = np.zeros(array.shape, dtype=np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    seg = Segmentation(labels, grid, (Segment(1, "flat", "#000000"),))
    row = extract_radiomics(Volume(array, grid), seg, RadiomicsSettings(definition="ibsi")).rows()[
        0
    ]
    missing = [
        name for name, value in row.items() if isinstance(value, float) and math.isnan(value)
    ]
    assert "original_stat_cov" not in missing
    assert missing
    for name in missing:
        assert name.removeprefix("original_") in row["note"]


def test_shape_in_2d_says_what_it_needs() -> None:
    how = {"feature_classes": "shape2D", "label": 1}
    row = extract_radiomics(*scene(), RadiomicsSettings(**how)).rows()[0]
    assert "force2d = True" in row["note"]
    assert math.isnan(row["original_shape2D_Perimeter"])
    row = extract_radiomics(*scene(), RadiomicsSettings(**how, force2d=True)).rows()[0]
    assert "more than one slice" in row["note"]


def test_progress_reaches_the_end_and_can_stop() -> None:
    seen: list[float] = []
    extract_radiomics(*scene(), few(), progress=lambda done, label: seen.append(done))
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        extract_radiomics(*scene(), few(), progress=lambda done, label: False)


def test_image_types_of_the_other_definition_are_an_error() -> None:
    with pytest.raises(InputError, match='"Laws" is not one of definition = "pyradiomics"'):
        few(image_types={"Original": {}, "Laws": {"kernel": "L5E5S5"}})
