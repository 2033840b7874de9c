"""Features on filtered images of a brain, against pyradiomics' own values."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from medvoxel import read_nrrd, read_segmentation
from medvoxel.radiomics.extracting import extract_radiomics
from medvoxel.radiomics.parameter_file import settings_from

pytest.importorskip("pywt")

Finder = Callable[..., Path]
ORACLE = Path(__file__).parent / "oracle" / "pyradiomics_filters.json"
CONFIGURATIONS = json.loads(ORACLE.read_text())


def expected_values(configuration: str) -> dict[str, float]:
    with ORACLE.with_suffix(".csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["configuration"] == configuration]
    return {row["feature"]: float(row["value"]) for row in rows}


def agrees(found: float, expected: float) -> bool:
    # Means of details cancel to almost nothing, so they are compared with a small number too.
    if math.isnan(expected):
        return math.isnan(found)
    return math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_features_are_pyradiomics_own(name: str, test_data: Finder) -> None:
    folder = test_data("radiomics", "pyradiomics-brain1")
    scan = read_nrrd(folder / "brain1_image.nrrd")
    mask = read_segmentation(folder / "brain1_label.nrrd")
    row = extract_radiomics(scan, mask, settings_from(CONFIGURATIONS[name])).rows()[0]
    expected = expected_values(name)
    assert len(expected) > 100
    wrong = {
        key: (row.get(key), value)
        for key, value in expected.items()
        if key not in row or not agrees(row[key], value)
    }
    assert not wrong
    features = [key for key in row if "_" in key and "-" in key.split("_")[0]]
    assert set(features) <= set(expected)
