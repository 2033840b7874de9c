"""Reliability of features: against the formulas on plain tables."""

from __future__ import annotations

import numpy as np
import pytest

from medvoxel import feature_reliability
from medvoxel.errors import InputError

# Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_the_published_example():
    (row,) = feature_reliability(SHROUT[None], ["x"])
    assert row.icc == pytest.approx(0.29, abs=0.005)
    assert row.consistency == pytest.approx(0.71, abs=0.005)
    # McGraw and Wong (1996) give this interval for the same table.
    assert row.icc_lower == pytest.approx(0.019, abs=0.001)
    assert row.icc_upper == pytest.approx(0.761, abs=0.001)
    assert (row.cases, row.observers, row.note) == (6, 4, "")


def test_variation_by_hand():
    (row,) = feature_reliability(np.array([[[9.0, 11.0], [18.0, 22.0]]]), ["x"])
    # Standard deviations sqrt(2) and sqrt(8), means 10 and 20.
    assert row.variation == pytest.approx(np.sqrt(5) / 15)


def test_cases_without_a_value_are_left_out_and_said():
    table = SHROUT.copy()
    table[2, 1] = np.nan
    rows = feature_reliability([table, np.full_like(table, np.nan)], ["some", "none"])
    (whole,) = feature_reliability(np.delete(SHROUT, 2, axis=0)[None], ["x"])
    assert rows[0].icc == whole.icc
    assert "1 of 6" in rows[0].note
    assert np.isnan(rows[1].icc)
    assert rows[1].cases == 0


def test_what_does_not_differ_has_a_reason():
    (row,) = feature_reliability(np.ones((1, 4, 2)), ["x"])
    assert np.isnan(row.icc)
    assert "do not differ" in row.note
    assert row.variation == 0


def test_one_observer_is_refused():
    with pytest.raises(InputError, match="two observers"):
        feature_reliability(np.ones((1, 4, 1)), ["x"])
    with pytest.raises(InputError, match="shape"):
        feature_reliability(np.ones((2, 4, 2)), ["x"])
