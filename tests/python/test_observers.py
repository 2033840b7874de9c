from __future__ import annotations

import math

import numpy as np
import pytest

from medvoxel import Grid, Segment, Segmentation, agreement, overlap
from medvoxel.errors import Cancelled, GeometryError, InputError
from medvoxel.segmentation._intraclass import intraclass_correlations

# Shrout and Fleiss (1979), table 2: six targets, four judges.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=float,
)


def seg(labels, grid, names=("s",)):
    rows = tuple(Segment(i, name, "#E69F00") for i, name in enumerate(names, start=1))
    return Segmentation(labels.astype(np.uint8), grid, rows)


def filled(voxels, grid):
    """A segment of that many voxels."""
    return seg((np.arange(np.prod(grid.shape)) < voxels).reshape(grid.shape), grid)


def test_published_table():
    found = intraclass_correlations(JUDGES)
    agree, consistent = found["ICC(2,1)"], found["ICC(3,1)"]
    # Table 4 of the paper has .29 and .71; the rest as ICC() of the R package psych has it.
    assert (round(agree.icc, 2), round(consistent.icc, 2)) == (0.29, 0.71)
    assert (agree.lower, agree.upper) == pytest.approx((0.019, 0.761), abs=5e-4)
    assert (consistent.lower, consistent.upper) == pytest.approx((0.342, 0.946), abs=5e-4)


# With few observers who differ much, Satterthwaite's approximation promises a little too much.
@pytest.mark.parametrize(("bias", "least"), [(0.0, 0.93), (2.0, 0.88)])
def test_intervals_hold_what_they_promise(rng, bias, least):
    # Variances 4 (cases), 1 (rest) and that of the observers, as they are drawn.
    held = {"ICC(2,1)": 0, "ICC(3,1)": 0}
    true = {"ICC(2,1)": 4 / (4 + 1 + bias**2), "ICC(3,1)": 4 / 5}
    runs = 400
    for _ in range(runs):
        table = 20 + 2 * rng.normal(size=(12, 1)) + bias * rng.normal(size=(1, 4))
        found = intraclass_correlations(table + rng.normal(size=(12, 4)))
        for kind, value in true.items():
            held[kind] += found[kind].lower <= value <= found[kind].upper
    assert least < min(held.values()) / runs
    assert max(held.values()) / runs < 0.98


def test_a_constant_bias_spoils_agreement_only():
    found = intraclass_correlations(np.array([[1.0, 2.0], [3.0, 4.0], [7.0, 8.0]]))
    assert found["ICC(3,1)"].icc == found["ICC(3,1)"].lower == 1
    assert 0.9 < found["ICC(2,1)"].icc < 1
    assert found["ICC(2,1)"].lower < found["ICC(2,1)"].icc < found["ICC(2,1)"].upper


def test_equal_observers_agree_wholly():
    found = intraclass_correlations(np.array([[0.1, 0.1, 0.1], [0.7, 0.7, 0.7]]))
    assert [(f.icc, f.lower, f.upper) for f in found.values()] == [(1, 1, 1)] * 2


def test_volumes_that_do_not_differ_have_no_correlation():
    found = intraclass_correlations(np.full((4, 3), 0.1))
    assert all(math.isnan(f.icc) and "do not differ" in f.note for f in found.values())


def test_volumes_of_segments_reach_the_published_values(make_grid):
    grids = [make_grid("oblique", shape=(2, 3, 4)), *[Grid((3, 4, 5), (4, 0.8, 0.5))] * 5]
    # The same volume in each grid: its voxels are all of 1.6 mm3.
    observers = {
        f"judge {j}": [filled(JUDGES[i, j], grid) for i, grid in enumerate(grids)] for j in range(4)
    }
    rows = agreement(observers).icc
    assert [(r.type, round(r.icc, 2), r.cases, r.observers, r.note) for r in rows] == [
        ("ICC(2,1)", 0.29, 6, 4, ""), ("ICC(3,1)", 0.71, 6, 4, "")
    ]  # fmt: skip


def test_pairs_are_those_of_overlap(any_grid, rng):
    names = ("tendon", "ankle")
    drawn = {k: seg(rng.integers(0, 3, any_grid.shape), any_grid, names) for k in "xyz"}
    found = agreement(drawn)
    assert len(found.pairs) == 6
    for row in found.pairs:
        peers = overlap(drawn[row.observer_a], drawn[row.observer_b])
        peer = peers[names.index(row.name)]
        assert row.dice == peer.dice
        assert row.volume_a_ml == pytest.approx(peer.volume_a_ml)
        assert row.volume_b_ml == pytest.approx(peer.volume_b_ml)
    for row in found.summary:
        dice = [p.dice for p in found.pairs if p.name == row.name]
        assert (row.pairs, row.missing) == (3, 0)
        assert row.dice_mean == pytest.approx(np.mean(dice))
        assert row.dice_sd == pytest.approx(np.std(dice, ddof=1))
        assert (row.dice_min, row.dice_max) == (min(dice), max(dice))


def test_one_case_has_no_correlation():
    grid = Grid((3, 4, 5))
    found = agreement([filled(10, grid), filled(20, grid)])
    (pair,) = found.pairs
    assert (pair.observer_a, pair.observer_b, pair.case) == ("1", "2", "1")
    assert pair.dice == pytest.approx(2 / 3)
    assert all(math.isnan(r.icc) and "two cases or more" in r.note for r in found.icc)
    assert math.isnan(found.summary[0].dice_sd)


def test_empty_segments_are_left_out_and_said():
    grid = Grid((3, 4, 5))
    found = agreement(
        {
            "anna": {
                "leg 1": filled(10, grid),
                "leg 2": filled(20, grid),
                "leg 3": filled(7, grid),
            },
            "ben": {"leg 3": filled(8, grid), "leg 2": filled(0, grid), "leg 1": filled(12, grid)},
        }
    )
    by_case = {row.case: row for row in found.pairs}
    assert list(by_case) == ["leg 1", "leg 2", "leg 3"]
    assert by_case["leg 2"].dice == 0
    assert by_case["leg 2"].note == "no voxel from ben"
    assert by_case["leg 1"].dice == pytest.approx(20 / 22)
    assert (found.summary[0].pairs, found.summary[0].missing) == (3, 0)
    assert found.summary[0].dice_mean == pytest.approx((20 / 22 + 14 / 15) / 3)
    assert all(r.cases == 2 and "1 of 3 cases left out" in r.note for r in found.icc)
    assert all(not math.isnan(r.icc) for r in found.icc)


def test_what_cannot_be_compared():
    grid = Grid((3, 4, 5))
    one = filled(10, grid)
    with pytest.raises(InputError, match="At least two"):
        agreement({"anna": one})
    with pytest.raises(InputError, match="alone"):
        agreement(one)
    with pytest.raises(InputError, match="same cases"):
        agreement({"anna": [one, one], "ben": [one]})
    with pytest.raises(InputError, match="not a int"):
        agreement({"anna": one, "ben": [3]})
    with pytest.raises(GeometryError, match="'ben'"):
        agreement({"anna": one, "ben": filled(10, Grid((3, 4, 5), (2, 1, 1)))})
    with pytest.raises(Cancelled):
        agreement([one, one], progress=lambda done, label: False)
