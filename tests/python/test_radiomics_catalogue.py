"""The catalogue names what is computed, and says truly where definitions differ."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medvoxel.errors import InputError
from medvoxel.geometry import Grid
from medvoxel.radiomics.catalogue import feature_names, radiomics_catalogue
from medvoxel.radiomics.extracting import FACTS, RadiomicsTable, extract_radiomics
from medvoxel.radiomics.settings import RadiomicsSettings
from medvoxel.volume import Segment, Segmentation, Volume

ALL = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")


@pytest.fixture(scope="module")
def compute() -> Callable[..., RadiomicsTable]:
    """Features of a ragged ball of correlated noise, by settings."""
    rng = np.random.default_rng(7)
    shape = (9, 16, 18)
    array = rng.normal(100, 60, shape).cumsum(axis=2) / 3
    z, y, x = np.indices(shape)
    inside = ((z - 4) / 4) ** 2 + ((y - 8) / 7) ** 2 + ((x - 9) / 8) ** 2 < 1
    inside &= rng.random(shape) > 0.1
    grid = Grid(shape, (2.0, 0.9, 0.8))
    seg = Segmentation(inside.astype(np.uint8), grid, (Segment(1, "a", "#000000"),))
    return lambda **how: extract_radiomics(Volume(array, grid), seg, RadiomicsSettings(**how))


@pytest.mark.parametrize("definition", ["pyradiomics", "ibsi"])
def test_the_catalogue_names_exactly_what_is_computed(
    definition: str, compute: Callable[..., RadiomicsTable]
) -> None:
    table = compute(definition=definition, bin_width=50, aggregation=ALL)
    assert list(table.columns) == [*FACTS, *feature_names(table.settings)]
    assert table.columns["note"] == [""]
    assert np.isfinite([table.columns[name][0] for name in table.features]).all()


def test_features_that_have_to_be_named_are_in_it_too(
    compute: Callable[..., RadiomicsTable],
) -> None:
    named: dict[str, list[str]] = {}
    for row in radiomics_catalogue(definition="pyradiomics"):
        if not row.by_default and row.feature_class != "shape2D":
            named.setdefault(row.feature_class, []).append(row.name)
    table = compute(feature_classes=named)
    assert table.features == feature_names(table.settings)
    assert len(table.features) == sum(map(len, named.values())) == 4
    assert np.isfinite([table.columns[name][0] for name in table.features]).all()


def test_the_numbers_of_features() -> None:
    counts: dict[str, int] = {}
    for row in radiomics_catalogue(definition="pyradiomics"):
        counts[row.feature_class] = counts.get(row.feature_class, 0) + 1
    assert counts == {
        "shape": 17, "shape2D": 10, "firstorder": 19, "glcm": 24, "glrlm": 16, "glszm": 16,
        "gldm": 14, "ngtdm": 5,
    }  # fmt: skip


def test_codes_are_permanent_ones_and_used_once() -> None:
    codes = [row.ibsi_code for row in radiomics_catalogue(definition="ibsi")]
    assert all(len(code) == 4 and code.isalnum() and code == code.upper() for code in codes)
    assert len(set(codes)) == len(codes)


def test_the_tags_are_those_of_the_reference_values(test_data: Callable[..., Path]) -> None:
    path = test_data("radiomics", "ibsi-digital-phantom", "consensus.csv")
    with path.open(newline="") as file:
        tags = {f"original_{row['tag'].strip()}" for row in csv.DictReader(file, delimiter=";")}
    assert set(feature_names(RadiomicsSettings(definition="ibsi", aggregation=ALL))) == tags


def test_counterparts_are_mutual_and_share_their_code() -> None:
    theirs = {
        f"{r.feature_class}_{r.name}": r for r in radiomics_catalogue(definition="pyradiomics")
    }
    ibsi = {row.name: row for row in radiomics_catalogue(definition="ibsi")}
    pairs = [(row, ibsi[row.counterpart]) for row in theirs.values() if row.counterpart]
    assert len(pairs) > 100
    for one, other in pairs:
        assert theirs[other.counterpart] is one
        assert (one.ibsi_code, one.differs) == (other.ibsi_code, other.differs)
    for row in theirs.values():
        assert bool(row.counterpart) == bool(row.ibsi_code) == bool(row.differs)


def test_where_it_says_that_definitions_differ_they_do(
    compute: Callable[..., RadiomicsTable],
) -> None:
    """Once with bins of a width, which start elsewhere, and once with as many bins."""
    for how, equal in (({"bin_width": 50}, None), ({"bin_count": 24}, "with bin_count")):
        ours = compute(**how, feature_classes=_all_classes()).columns
        ibsi = compute(definition="ibsi", aggregation=("3D_avg",), **how).columns
        for row in radiomics_catalogue(definition="pyradiomics"):
            if not row.counterpart or not row.by_default:
                continue
            value = ours[f"original_{row.feature_class}_{row.name}"][0]
            keys = (f"original_{row.counterpart}{end}" for end in ("", "_3D_avg", "_3D"))
            other = next(ibsi[key][0] for key in keys if key in ibsi)
            same = value == pytest.approx(other, rel=1e-9)
            if row.differs == "no" or (equal and equal in row.difference):
                assert same, row.name
            elif "bin_count" not in row.difference and "ambiguous" not in row.difference:
                assert not same, row.name


def _all_classes() -> tuple[str, ...]:
    return ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")


def test_parts_of_the_catalogue() -> None:
    rows = radiomics_catalogue(definition="ibsi", feature_class="gldzm")
    assert len(rows) == 16
    assert {row.feature_class for row in rows} == {"gldzm"}
    with pytest.raises(InputError, match="glcm"):
        radiomics_catalogue(feature_class="GLCM")
    with pytest.raises(InputError, match="definition"):
        radiomics_catalogue(definition="IBSI")
