from __future__ import annotations

import numpy as np
import pytest

import medvoxel as mv
from medvoxel.errors import GeometryError, InputError

ROWS = (
    mv.Segment(1, "air", "#E69F00"),
    mv.Segment(3, "tendon", "#56B4E9"),
    mv.Segment(4, "ankle", "#009E73"),
)


@pytest.fixture
def seg(any_grid, rng):
    return mv.Segmentation(
        rng.choice([0, 1, 3, 4], any_grid.shape).astype(np.int32), any_grid, ROWS
    )


def scan(seg, dtype, rng):
    values = rng.integers(-128, 127, seg.grid.shape)
    if np.dtype(dtype).kind == "u":
        values = values + 128
    values = values.astype(dtype)
    if np.dtype(dtype).kind == "f":
        values += dtype(0.5)
        values[0, 0, :4] = np.nan, np.inf, -np.inf, 7
    return mv.Volume(values, seg.grid)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize(
    ("lower", "upper"),
    [(2, None), (None, 2), (-3, 40), (7, 7), (-1.5, 99.4), (-1e9, 1e9), (300, None)],
)
def test_the_range_holds_both_ends_and_nothing_infinite(seg, rng, dtype, lower, upper):
    volume = scan(seg, dtype, rng)
    mask = mv.editable_mask(seg, volume, lower=lower, upper=upper)
    low, high = -np.inf if lower is None else lower, np.inf if upper is None else upper
    wanted = [
        low <= value <= high and np.isfinite(value) for value in volume.array.ravel().tolist()
    ]
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask.ravel(), wanted)


@pytest.mark.parametrize(
    ("inside", "outside", "labels"),
    [
        ("tendon", None, {3}),
        ([1, "ankle"], None, {1, 4}),
        (True, None, {1, 3, 4}),
        (None, "tendon", {0, 1, 4}),
        (None, [3, 4], {0, 1}),
        (None, True, {0}),
        (True, "air", {3, 4}),
        (["air", "tendon"], "tendon", {1}),
        ("air", True, set()),
    ],
)
def test_the_area_inside_and_outside_segments(seg, rng, inside, outside, labels):
    mask = mv.editable_mask(seg, inside=inside, outside=outside)
    np.testing.assert_array_equal(mask, np.isin(seg.array, list(labels)))
    volume = scan(seg, np.int16, rng)
    both = mv.editable_mask(seg, volume, lower=0, inside=inside, outside=outside)
    np.testing.assert_array_equal(both, mask & (volume.array >= 0))


def test_many_segments(make_grid, rng):
    grid = make_grid("plain")
    rows = tuple(mv.Segment(value, f"s{value}", "#000000") for value in range(1, 40))
    seg = mv.Segmentation(rng.integers(0, 40, grid.shape), grid, rows)
    chosen = list(range(3, 20))
    mask = mv.editable_mask(seg, inside=chosen)
    np.testing.assert_array_equal(mask, (seg.array >= 3) & (seg.array < 20))


def test_nothing_asked_restricts_nothing(seg, rng):
    assert mv.editable_mask(seg) is None
    assert mv.editable_mask(seg, scan(seg, np.int16, rng), inside=False, outside=False) is None


def test_inputs_are_left_alone(seg, rng):
    volume = scan(seg, np.float32, rng)
    before = seg.array.copy(), volume.array.copy()
    seg.array.flags.writeable = volume.array.flags.writeable = False
    mask = mv.editable_mask(seg, volume, lower=0, upper=9, inside=True, outside=1)
    mask[:] = True
    np.testing.assert_array_equal(seg.array, before[0])
    np.testing.assert_array_equal(volume.array, before[1])


def test_bad_masking(make_grid, rng):
    grid = make_grid("oblique")
    seg = mv.Segmentation(np.ones(grid.shape, dtype=np.uint8), grid, ROWS)
    volume = scan(seg, np.int16, rng)
    with pytest.raises(InputError, match="needs the scan"):
        mv.editable_mask(seg, lower=3)
    with pytest.raises(InputError, match=r"lower \(5\) is above upper \(2\)"):
        mv.editable_mask(seg, volume, lower=5, upper=2)
    with pytest.raises(InputError, match="lower must be a finite number"):
        mv.editable_mask(seg, volume, lower=np.nan)
    with pytest.raises(InputError, match="no segment 'liver'"):
        mv.editable_mask(seg, inside="liver")
    with pytest.raises(InputError, match="names no segment"):
        mv.editable_mask(seg, outside=[])
    elsewhere = mv.Volume(volume.array, make_grid("mirrored"))
    with pytest.raises(GeometryError, match="another grid than the scan"):
        mv.editable_mask(seg, elsewhere, lower=0)
