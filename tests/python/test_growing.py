"""Growing against a plain Dijkstra, against itk-growcut's stored labels, and its own rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from growing_factory import dijkstra, scattered, seeded

import medvoxel
from medvoxel import Grid, Segment, Segmentation, Volume
from medvoxel.errors import Cancelled, GeometryError, InputError
from medvoxel.segmentation import growing
from medvoxel.segmentation._grow_words import neighbour_steps
from medvoxel.segmentation.growing import grow_from_seeds

ORACLE = Path(__file__).parent / "oracle" / "growcut.npz"
CASES = ("noise", "locality", "blobs", "masked", "leg")


@pytest.fixture(autouse=True)
def _nothing_kept():
    growing._kept.clear()


@pytest.fixture(params=["plain", "anisotropic", "mirrored"])
def small_grid(request, make_grid):
    """Small enough for a search in plain Python."""
    return make_grid(request.param, shape=(6, 10, 12))


# --- the definition ------------------------------------------------------------------------


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("levels", [2, 20, 4000])
def test_labels_are_those_of_a_plain_dijkstra(rng, small_grid, connectivity, levels):
    scan = rng.integers(-levels // 2, levels, small_grid.shape).astype(np.int16)
    seeds = scattered(rng, small_grid.shape)
    found = grow_from_seeds(
        seeded(seeds, small_grid), Volume(scan, small_grid), margin=1e3,
        connectivity=connectivity,
    )  # fmt: skip
    # Two levels leave many ties, so the rule for ties is tested too.
    expected, _ = dijkstra(scan, seeds, small_grid.spacing, connectivity=connectivity)
    np.testing.assert_array_equal(found.array, expected)


@pytest.mark.parametrize("connectivity", [6, 26])
def test_distance_counts_in_millimetres(rng, small_grid, connectivity):
    # Spacings and locality whose products with the units are whole numbers: exact but for
    # the lengths of oblique steps, so labels must agree wherever no other is as near.
    scan = rng.integers(0, 30, small_grid.shape).astype(np.uint8)
    seeds = scattered(rng, small_grid.shape)
    options = {"locality": 2.5, "connectivity": connectivity}
    segmentation, volume = seeded(seeds, small_grid), Volume(scan, small_grid)
    found = grow_from_seeds(segmentation, volume, margin=1e3, **options)
    distances = [
        dijkstra(scan, seeds * (seeds == k), small_grid.spacing, **options)[1] for k in (1, 2, 3)
    ]
    low, second = np.sort(distances, axis=0)[:2]
    clear = (second - low > 0.05) & (seeds == 0)
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found.array[clear], np.argmin(distances, axis=0)[clear] + 1)
    without = grow_from_seeds(segmentation, volume, margin=1e3, connectivity=connectivity)
    assert (without.array != found.array).mean() > 0.05


@pytest.mark.parametrize("kind", ["float32", "float64", "int32"])
def test_values_that_are_rounded_still_go_to_the_nearest_seed(rng, kind):
    grid = Grid((10, 14, 12), (4.0, 0.8, 0.5))
    scan = (rng.normal(size=grid.shape) * 1e6).astype(kind)
    if kind != "int32":
        scan = (scan / 1e9).astype(kind)
    seeds = scattered(rng, grid.shape)
    found = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), margin=1e3)
    distances = [
        dijkstra(scan.astype(float), seeds * (seeds == k), grid.spacing)[1] for k in (1, 2, 3)
    ]
    low, second = np.sort(distances, axis=0)[:2]
    clear = (second - low > 1e-3 * float(np.ptp(scan))) & (seeds == 0)
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(found.array[clear], np.argmin(distances, axis=0)[clear] + 1)


def test_extreme_locality_leaves_only_distance():
    grid = Grid((3, 3, 60), (4.0, 0.8, 0.5))
    scan = np.linspace(0, 1e-3, 540, dtype=np.float32).reshape(grid.shape)
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[1, 1, 0], seeds[1, 1, 59] = 2, 1
    found = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), locality=1e6)
    assert (found.array[1, 1, :30] == 2).all()
    assert (found.array[1, 1, 30:] == 1).all()


def test_a_tie_goes_to_the_lower_label(make_grid):
    grid = make_grid("plain", shape=(1, 1, 7))
    seeds = np.array([2, 0, 0, 0, 0, 0, 1], np.uint8).reshape(grid.shape)
    step = np.array([0, 10, 20, 30, 40, 50, 60], np.int16).reshape(grid.shape)
    found = grow_from_seeds(seeded(seeds, grid), Volume(step, grid))
    assert found.array.ravel().tolist() == [2, 2, 2, 1, 1, 1, 1]
    flat = grow_from_seeds(seeded(seeds, grid), Volume(step * 0, grid))
    assert flat.array.ravel().tolist() == [2, 1, 1, 1, 1, 1, 1]


def test_segments_keep_their_values_type_and_table(rng):
    grid = Grid((6, 8, 9))
    scan = Volume(rng.integers(0, 99, grid.shape), grid)
    small = scattered(rng, grid.shape, labels=2)
    values = np.array([0, 7, 3000], np.int32)
    table = (Segment(3000, "b", "#000000"), Segment(12, "empty", "#000000"), Segment(7, "a", "#0"))
    found = grow_from_seeds(Segmentation(values[small], grid, table), scan, margin=99)
    plain = grow_from_seeds(seeded(small, grid), scan, margin=99)
    assert found.array.dtype == np.int32
    assert found.segments == table
    np.testing.assert_array_equal(found.array, values[plain.array])


# --- masks ---------------------------------------------------------------------------------


def test_paths_go_round_a_wall_and_not_through_it():
    # Trap C6. All one grey value but for a step far from the wall: without the wall the
    # first seed would have every voxel by the tie.
    grid = Grid((1, 9, 9), (4.0, 0.8, 0.5))
    scan = np.zeros(grid.shape, np.int16)
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[0, 4, 0], seeds[0, 4, 8] = 1, 2
    editable = np.ones(grid.shape, bool)
    editable[0, :, 5] = False
    segmentation = seeded(seeds, grid)
    found = grow_from_seeds(segmentation, Volume(scan, grid), editable=editable, margin=99)
    assert (found.array[..., :5] == 1).all()
    assert (found.array[..., 5] == 0).all()
    assert (found.array[..., 6:] == 2).all()


def test_masked_labels_are_those_of_a_plain_dijkstra(rng, small_grid):
    scan = rng.integers(0, 50, small_grid.shape).astype(np.int16)
    seeds = scattered(rng, small_grid.shape, each=8)
    editable = rng.random(small_grid.shape) < 0.35
    found = grow_from_seeds(
        seeded(seeds, small_grid), Volume(scan, small_grid), margin=1e3, editable=editable,
        connectivity=6,
    )  # fmt: skip
    expected, _ = dijkstra(scan, seeds, small_grid.spacing, editable=editable, connectivity=6)
    np.testing.assert_array_equal(found.array, expected)
    np.testing.assert_array_equal(found.array[~editable], seeds[~editable])
    assert (found.array[editable] == 0).any()  # some pockets nothing leads to


def test_one_segment_grows_within_a_mask():
    grid = Grid((3, 5, 9))
    editable = np.zeros(grid.shape, bool)
    editable[1, 1:4, 1:8] = True
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[1, 2, 2] = 1
    scan = Volume(np.arange(135, dtype=np.int16).reshape(grid.shape), grid)
    found = grow_from_seeds(seeded(seeds, grid), scan, editable=editable, margin=99)
    np.testing.assert_array_equal(found.array == 1, editable)


def test_voxels_without_a_number_are_not_crossed():
    grid = Grid((1, 1, 9))
    scan = np.zeros(grid.shape, np.float32)
    scan[..., 4], scan[..., 8] = np.nan, np.inf
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[0, 0, 0], seeds[0, 0, 7] = 1, 2
    found = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), margin=99)
    assert found.array.ravel().tolist() == [1, 1, 1, 1, 0, 2, 2, 2, 0]


# --- the box -------------------------------------------------------------------------------


def test_margin_is_in_millimetres_and_has_a_default():
    grid = Grid((21, 41, 61), (4.0, 0.8, 0.5))
    seeds = np.zeros(grid.shape, np.uint8)
    seeds[10, 20, 25:35] = 1
    seeds[10, 20, 35] = 2
    scan = Volume(np.zeros(grid.shape, np.int16), grid)

    def box(**options):
        grown = grow_from_seeds(seeded(seeds, grid), scan, **options).array
        return [(int(i.min()), int(i.max())) for i in np.nonzero(grown)]

    assert box() == [(7, 13), (17, 23), (22, 38)]
    assert box(margin=4.0) == [(9, 11), (15, 25), (17, 43)]
    assert box(margin=0) == [(10, 10), (20, 20), (25, 35)]
    assert box(editable=np.ones(grid.shape, bool)) == [(7, 13), (17, 23), (19, 41)]


# --- more seeds ----------------------------------------------------------------------------


class _Counting(growing.GrowState):
    made = 0

    def __init__(self, *arguments):
        type(self).made += 1
        super().__init__(*arguments)


def _fresh(*arguments, **options):
    kept = growing._kept.copy()
    growing._kept.clear()
    found = grow_from_seeds(*arguments, **options).array
    growing._kept[:] = kept
    return found


@pytest.mark.parametrize("levels", [1, 3, 1000])
@pytest.mark.parametrize("margin", [None, 1e3])
def test_more_seeds_give_what_a_fresh_run_gives(rng, any_grid, levels, margin):
    scan = Volume(rng.integers(0, levels, any_grid.shape).astype(np.int16), any_grid)
    editable = rng.random(any_grid.shape) < 0.8
    options = {"margin": margin, "locality": 0.3 * (levels > 1), "editable": editable}
    seeds = np.zeros(any_grid.shape, np.uint8)
    seeds[4:6, 8:10, 8:12] = rng.integers(0, 3, (2, 2, 4))
    seeds[5, 9, 11], seeds[4, 8, 8] = 3, 2
    editable[5, 9, 11] = editable[4, 8, 8] = True
    for _ in range(6):
        segmentation = seeded(seeds.copy(), any_grid)
        found = grow_from_seeds(segmentation, scan, **options)
        np.testing.assert_array_equal(found.array, _fresh(segmentation, scan, **options))
        more = scattered(rng, seeds.shape, each=2)
        # Strokes within what others have grown, and beyond the box.
        seeds = np.where(seeds == 0, more, seeds)


def test_only_what_changes_is_grown_again(rng, monkeypatch):
    grid = Grid((20, 24, 28))
    scan = Volume(rng.integers(0, 500, grid.shape).astype(np.int16), grid)
    seeds = scattered(rng, grid.shape)
    monkeypatch.setattr(growing, "GrowState", _Counting)
    _Counting.made = 0

    def made(seeds, scan=scan, **options):
        before = _Counting.made
        segmentation = seeded(seeds, grid)
        found = grow_from_seeds(segmentation, scan, margin=1e3, **options)
        count = _Counting.made - before
        monkeypatch.setattr(growing, "GrowState", growing.GrowState)
        np.testing.assert_array_equal(
            found.array, _fresh(segmentation, scan, margin=1e3, **options)
        )
        return count

    assert made(seeds) == 1
    more = seeds.copy()
    more[10, 12, 14] = 2
    assert made(more) == 0
    assert made(more) == 0
    less = more.copy()
    less.reshape(-1)[np.flatnonzero(less)[0]] = 0
    assert made(less) == 1  # trap C3
    other = less.copy()
    other.reshape(-1)[np.flatnonzero(other)[0]] ^= 3
    assert made(other) == 1
    assert made(other, locality=1.0) == 1  # trap C4
    assert made(other, connectivity=6) == 1
    bright = scan.array.copy()
    bright[3, 3, 3] ^= 7
    assert made(other, scan.with_array(bright)) == 1
    mask = np.ones(grid.shape, bool)
    assert made(other, scan.with_array(bright), editable=mask) == 0
    mask[2, 2, 2] = False
    assert made(other, scan.with_array(bright), editable=mask) == 1


# --- itk-growcut ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_labels_are_those_of_itk_growcut(name, request):
    with np.load(ORACLE) as stored:
        case = {key.removeprefix(name + "_"): stored[key] for key in stored if key.startswith(name)}
    if name == "leg":
        folder = request.getfixturevalue("test_data")("leg-ct-mr", "ct-dicom", "image")
        box = tuple(slice(*ends) for ends in case["box"])
        case["scan"] = medvoxel.read_dicom(folder).array[box]
    grid = Grid(case["scan"].shape, tuple(case["spacing"]))
    editable = case.get("editable")
    found = grow_from_seeds(
        seeded(case["seeds"], grid), Volume(case["scan"], grid), margin=1e4,
        locality=float(case["locality"]), editable=editable,
    ).array  # fmt: skip
    way = np.ones(found.shape, bool) if editable is None else editable
    clear = way & ~np.unpackbits(case["ties"], count=found.size).reshape(found.shape).view(bool)
    assert clear.sum() > 0.75 * way.sum()
    assert len(np.unique(case["labels"][clear])) >= 3
    assert (found == case["labels"])[clear].mean() >= 0.999


# --- arguments -----------------------------------------------------------------------------


def test_an_error_names_the_missing_call():
    # Trap C2.
    grid = Grid((3, 4, 5))
    scan = Volume(np.zeros(grid.shape, np.int16), grid)
    seeds = np.zeros(grid.shape, np.uint8)
    with pytest.raises(InputError, match=r"no segment has seeds.*paint\(\)"):
        grow_from_seeds(seeded(seeds, grid), scan)
    seeds[1, 1, 1] = 2
    with pytest.raises(InputError, match=r"'two' has seeds.*paint\(\)"):
        grow_from_seeds(seeded(seeds, grid), scan)
    with pytest.raises(InputError, match=r"no segment has seeds where.*widen the mask"):
        grow_from_seeds(seeded(seeds, grid), scan, editable=np.zeros(grid.shape, bool))


@pytest.mark.parametrize(
    "options",
    [
        {"locality": -1},
        {"locality": float("nan")},
        {"locality": None},
        {"margin": -2.0},
        {"margin": "2"},
        {"connectivity": 18},
        {"editable": np.ones((3, 4, 5))},
        {"editable": np.ones((3, 4, 6), bool)},
        {"spacing": 0},
        {"spacing": "1"},
        {"spacing": (1.0, float("nan"), 1.0)},
        {"spacing": (1.0, 2.0)},
    ],
)
def test_bad_arguments_are_named(options):
    grid = Grid((3, 4, 5))
    seeds = np.arange(60, dtype=np.uint8).reshape(grid.shape) % 3
    with pytest.raises(InputError, match=next(iter(options))):
        grow_from_seeds(
            seeded(seeds, grid), Volume(np.zeros(grid.shape, np.int16), grid), **options
        )


def test_another_grid_is_refused():
    seeds = seeded(np.ones((3, 4, 5), np.uint8), Grid((3, 4, 5)))
    moved = Grid((3, 4, 5), origin=(0.0, 0.0, 1.0))
    with pytest.raises(GeometryError, match="segmentation of the seeds"):
        grow_from_seeds(seeds, Volume(np.zeros((3, 4, 5)), moved))


def test_inputs_are_left_alone(rng):
    grid = Grid((8, 9, 10))
    scan, seeds = rng.normal(size=grid.shape), scattered(rng, grid.shape)
    editable = rng.random(grid.shape) < 0.9
    before = scan.copy(), seeds.copy(), editable.copy()
    for array in (scan, seeds, editable):
        array.flags.writeable = False
    found = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), editable=editable, margin=99)
    assert not np.shares_memory(found.array, seeds)
    for array, old in zip((scan, seeds, editable), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_progress_is_told_and_can_cancel(rng, monkeypatch):
    from medvoxel.segmentation import _grow_state

    monkeypatch.setattr(_grow_state, "_BUDGET", 500)
    monkeypatch.setattr(_grow_state, "Progress", _eager(_grow_state.Progress))
    grid = Grid((12, 20, 24))
    segmentation = seeded(scattered(rng, grid.shape), grid)
    scan = Volume(rng.integers(0, 99, grid.shape).astype(np.int16), grid)
    told = []
    options = {"margin": 99, "progress": lambda part, label: told.append((part, label))}
    whole = grow_from_seeds(segmentation, scan, **options).array
    parts = [part for part, _ in told]
    assert len(parts) > 5
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert told[0][1] == "Growing from seeds"
    growing._kept.clear()
    with pytest.raises(Cancelled):
        grow_from_seeds(segmentation, scan, margin=99, progress=lambda part, label: part < 0.5)
    # Nothing half grown is taken up again.
    np.testing.assert_array_equal(grow_from_seeds(segmentation, scan, margin=99).array, whole)


def _eager(progress):
    return lambda *arguments: progress(*arguments, interval=0)


def test_a_short_queue_gets_longer(rng, monkeypatch):
    from medvoxel.segmentation import _grow_state

    calls = []

    def longer(array, length):
        calls.append(length)
        return grown(array, length)

    grown = _grow_state._longer
    monkeypatch.setattr(_grow_state, "_longer", longer)
    monkeypatch.setattr(_grow_state, "_SPARE", 27)
    grid = Grid((30, 40, 40))
    seeds = scattered(rng, grid.shape)
    scan = rng.integers(0, 60000, grid.shape).astype(np.uint16)
    found = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), margin=99)
    assert calls
    growing._kept.clear()
    monkeypatch.setattr(_grow_state, "_SPARE", 2000)
    calm = grow_from_seeds(seeded(seeds, grid), Volume(scan, grid), margin=99)
    np.testing.assert_array_equal(found.array, calm.array)


# --- the steps -----------------------------------------------------------------------------


def test_needless_steps_are_left_out():
    steps = neighbour_steps(26, (100, 10, 1), (1.0, 1.0, 1.0), 0.0)
    counts = np.diff(steps.starts)
    assert sorted(set(counts.tolist())) == [9, 15, 19, 26]
    assert np.diff(neighbour_steps(6, (100, 10, 1), (1.0, 1.0, 1.0), 0.0).starts).max() == 6


def test_the_name_is_public():
    assert medvoxel.grow_from_seeds is grow_from_seeds


def test_threads_do_not_mix_their_states():
    random = np.random.default_rng(8)
    grid = Grid(shape=(8, 20, 20), spacing=(1.0, 1.0, 1.0))
    scan = Volume(random.integers(0, 400, grid.shape).astype(np.int16), grid)
    rows = (Segment(1, "a", "#000000"), Segment(2, "b", "#FFFFFF"))
    starts = []
    for _ in range(2):
        seeds = np.zeros(grid.shape, np.uint8)
        for label in (1, 2):
            seeds.reshape(-1)[random.integers(0, seeds.size, 5)] = label
        starts.append(Segmentation(seeds, grid, rows))
    wanted = [grow_from_seeds(start, scan, margin=50.0).array for start in starts]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            (i % 2, pool.submit(grow_from_seeds, starts[i % 2], scan, margin=50.0))
            for i in range(60)
        ]
        for which, job in jobs:
            assert np.array_equal(job.result().array, wanted[which])


@pytest.mark.parametrize("kind", [np.int32, np.float32, np.float64])
def test_whole_numbers_tie_alike_in_every_type(kind):
    random = np.random.default_rng(12)
    grid = Grid(shape=(6, 20, 20), spacing=(4.0, 0.8, 0.5))
    values = random.integers(-40, 40, grid.shape).astype(np.int16)
    seeds = np.zeros(grid.shape, np.uint8)
    for label in (1, 2, 3):
        seeds.reshape(-1)[random.integers(0, seeds.size, 4)] = label
    rows = tuple(Segment(n, str(n), "#000000") for n in (1, 2, 3))
    start = Segmentation(seeds, grid, rows)
    other = values.astype(kind)
    if kind != np.int32:
        other[0, 0, 0] = np.nan  # has no say in what is whole
        values = values.copy()
    plain = grow_from_seeds(start, Volume(values, grid), margin=50.0).array
    same = grow_from_seeds(start, Volume(other, grid), margin=50.0).array
    away = np.ones(grid.shape, bool)
    if kind != np.int32:
        away[:3, :3, :3] = False  # paths through the barred voxel go round it
    assert (plain[away] == same[away]).mean() > 0.999
