"""The phantom: anatomy, values, partial volume and noise, each against a second way to know."""

from __future__ import annotations

import hashlib
from math import erf, sqrt

import numpy as np
import pytest
from scipy import ndimage

from medvoxel import ankle_phantom
from medvoxel.errors import Cancelled, GeometryError, InputError

COARSE = (4.0, 2.0, 2.0)
THIN = (4.0, 0.8, 0.5)


def turned(degrees: float = 30.0) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return about_z @ about_x


def centroid(truth, name):
    return truth.grid.index_to_lps(np.argwhere(truth.mask(name))).mean(axis=0)


def volume_mm3(truth, name):
    return int(truth.mask(name).sum()) * truth.grid.voxel_volume


def inside(truth, name, depth):
    """Voxels of a segment farther than `depth` mm from its surface."""
    mask = truth.mask(name)
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    deep = np.zeros_like(mask)
    deep[box] = depth_of(np.pad(mask[box], 1), truth)[1:-1, 1:-1, 1:-1] > depth
    return deep


def depth_of(mask, truth):
    return ndimage.distance_transform_edt(mask, sampling=truth.grid.spacing)


def digest(scan, truth):
    parts = scan.array.astype("<i2").tobytes(), truth.array.tobytes()
    return [hashlib.sha256(part).hexdigest()[:16] for part in parts]


@pytest.fixture(scope="module")
def ct():
    """Fine enough for the cortex and for thin skin."""
    return ankle_phantom(spacing=(2.0, 0.5, 0.5), noise=0)


# --- reproducible ------------------------------------------------------------------------

# Recorded once: another digest means that every user's phantom has changed.
GOLDEN = {
    "ct": ({"spacing": THIN, "seed": 1}, ["70319ed104183278", "26379556f9c2d4a1"]),
    "mr": (
        {
            "spacing": (3, 1, 0.9),
            "modality": "MR",
            "pathology": "rupture",
            "seed": 7,
            "direction": turned(),
        },
        ["f6edc712ac705bfe", "9bdfddc59d72137c"],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_never_change(name):
    arguments, expected = GOLDEN[name]
    assert digest(*ankle_phantom(**arguments)) == expected


def test_bytes_do_not_depend_on_the_size_of_the_slabs(monkeypatch):
    whole = ankle_phantom(spacing=THIN)
    monkeypatch.setattr("medvoxel._phantom_render._SLAB_POINTS", 2e5)
    assert digest(*ankle_phantom(spacing=THIN)) == digest(*whole)


def test_seeds_are_different_patients():
    first, second = (ankle_phantom(spacing=COARSE, seed=s, noise=0) for s in (1, 2))
    assert not np.array_equal(first[1].array, second[1].array)
    volumes = [volume_mm3(truth, "talus") for _, truth in (first, second)]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.25)


def test_pathology_changes_nothing_but_the_tendon_and_what_covers_it():
    _, sound = ankle_phantom(spacing=COARSE)
    _, torn = ankle_phantom(spacing=COARSE, pathology="rupture")
    for name in ("tibia", "fibula", "talus", "calcaneus", "midfoot"):
        assert np.array_equal(sound.mask(name), torn.mask(name))


# --- grid --------------------------------------------------------------------------------


def test_scan_of_the_documents():
    scan, truth = ankle_phantom(spacing=(3.0, 0.1989, 0.1989), noise=0)
    assert scan.array.shape == (40, 704, 704)
    assert scan.array.dtype == np.int16
    assert scan.grid.orientation == "LPS"
    middle = scan.grid.index_to_lps((np.array(scan.array.shape) - 1) / 2)
    assert np.allclose(middle, 0, atol=1e-9)
    assert truth.grid.same_as(scan.grid)


def test_shape_and_direction_are_taken():
    direction = turned() @ np.diag([1.0, 1.0, -1.0])
    scan, _ = ankle_phantom(spacing=COARSE, shape=(7, 9, 11), direction=direction)
    assert scan.array.shape == (7, 9, 11)
    assert scan.grid.is_mirrored
    assert np.allclose(scan.grid.index_to_lps((3, 4, 5)), 0, atol=1e-9)


def test_one_slice_and_voxels_larger_than_a_bone():
    scan, truth = ankle_phantom(spacing=(2, 1, 1), shape=(1, 140, 140), noise=0)
    whole, labels = ankle_phantom(spacing=(2, 1, 1), shape=(3, 140, 140), noise=0)
    assert np.array_equal(scan.array[0], whole.array[1])
    assert np.array_equal(truth.array[0], labels.array[1])
    assert ankle_phantom(spacing=(20, 20, 20))[0].array.shape == (6, 7, 7)


@pytest.mark.parametrize("direction", [turned(), turned() @ np.diag([1.0, 1.0, -1.0])])
def test_any_grid_shows_the_same_ankle(direction):
    reference, labels = ankle_phantom(spacing=(0.6, 0.6, 0.6), shape=(84, 100, 100), noise=0)
    scan, truth = ankle_phantom(
        spacing=(0.8, 0.7, 0.5), shape=(36, 56, 60), direction=direction, noise=0
    )
    points = scan.grid.index_to_lps(np.moveaxis(np.indices(scan.array.shape), 0, -1))
    index = np.moveaxis(reference.grid.lps_to_index(points), -1, 0)
    expected = ndimage.map_coordinates(reference.array.astype(float), index, order=3)
    assert np.corrcoef(expected.ravel(), scan.array.ravel())[0, 1] > 0.995
    nearest = ndimage.map_coordinates(labels.array, index, order=0)
    assert np.mean(nearest == truth.array) > 0.96


@pytest.mark.parametrize("spacing", [THIN, (2.0, 1.3, 0.7), (1.0, 1.0, 4.0)])
def test_structures_stay_where_they_are_on_other_grids(ct, spacing):
    _, truth = ankle_phantom(spacing=spacing, noise=0)
    for name in ("talus", "calcaneus"):
        shift = centroid(truth, name) - centroid(ct[1], name)
        assert np.all(np.abs(shift) < 0.5 * np.array(spacing[::-1])), name
        assert np.linalg.norm(shift) < 0.25


# --- anatomy -----------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "lateral"), [("left", 1), ("right", -1)])
def test_everything_is_in_its_place(side, lateral):
    _, truth = ankle_phantom(spacing=(3, 1, 1), side=side)
    at = {s.name: centroid(truth, s.name) for s in truth.segments}
    assert at["midfoot"][1] < at["talus"][1] < at["calcaneus"][1] < at["tendon"][1]
    assert at["calcaneus"][2] < at["talus"][2] < at["tibia"][2]
    assert lateral * (at["fibula"][0] - at["tibia"][0]) > 20
    toes, heel = truth.array[:, 0], truth.array[:, -1]
    assert toes.any()
    assert not heel.any()
    assert truth.array[-1].any()
    assert not truth.array[0].any()


def test_right_is_the_mirror_image_of_left():
    left, truth = ankle_phantom(spacing=COARSE, noise=0)
    right, mirrored = ankle_phantom(spacing=COARSE, noise=0, side="right")
    assert np.array_equal(truth.array, mirrored.array[:, :, ::-1])
    assert np.abs(left.array.astype(int) - right.array[:, :, ::-1]).max() <= 1


@pytest.mark.parametrize("seed", [1, 3])
def test_sizes_are_those_of_an_adult(seed):
    _, truth = ankle_phantom(spacing=(2, 0.8, 0.8), seed=seed)
    extent = {
        name: np.ptp(truth.grid.index_to_lps(np.argwhere(truth.mask(name))), axis=0)
        for name in ("talus", "calcaneus", "tendon")
    }
    assert 50 < extent["talus"][1] < 70
    assert 70 < extent["calcaneus"][1] < 90
    assert 25 < extent["calcaneus"][0] < 50
    assert 30e3 < volume_mm3(truth, "calcaneus") < 70e3
    assert 12 < _widths(truth, axis=2)[_above_insertion(truth, 40)] < 18
    assert 4.5 < _widths(truth, axis=1)[_above_insertion(truth, 40)] < 7.5


def test_each_bone_is_one_piece_and_none_touches_another():
    _, truth = ankle_phantom(spacing=(1, 1, 1), noise=0)
    for name in ("tibia", "fibula", "talus", "calcaneus"):
        assert ndimage.label(truth.mask(name))[1] == 1, name
        distance = depth_of(~truth.mask(name), truth)
        for other in ("tibia", "fibula", "talus", "calcaneus", "midfoot"):
            if other != name:
                assert distance[truth.mask(other)].min() > 1.0, (name, other)


@pytest.mark.parametrize("pathology", ["none", "tendinopathy", "rupture"])
def test_tendon_joins_the_back_of_the_calcaneus(pathology):
    _, truth = ankle_phantom(spacing=(2, 0.7, 0.7), pathology=pathology)
    touching = ndimage.binary_dilation(truth.mask("tendon")) & truth.mask("calcaneus")
    # Posterior surface: the layer of touching voxels is one voxel thick along y.
    assert touching.sum() * truth.grid.voxel_volume / truth.grid.spacing[1] > 100
    contact = truth.grid.index_to_lps(np.argwhere(touching))
    bone = truth.grid.index_to_lps(np.argwhere(truth.mask("calcaneus")))
    assert contact[:, 1].min() > np.quantile(bone[:, 1], 0.8)


def test_tendon_merges_with_the_calf_above_and_is_free_below(ct):
    _, truth = ct
    near = ndimage.binary_dilation(truth.mask("tendon"), iterations=2) & truth.mask("muscle")
    heights = truth.grid.index_to_lps(np.argwhere(near))[:, 2]
    insertion = truth.grid.index_to_lps(np.argwhere(truth.mask("calcaneus")))[:, 2].max()
    assert heights.max() > 55
    assert heights.min() > insertion + 20


@pytest.mark.parametrize("arguments", [{"seed": 1}, {"seed": 3, "pathology": "tendinopathy"}])
def test_skin_closes_the_body(arguments):
    _, truth = ankle_phantom(spacing=(2.5, 0.6, 0.6), noise=0, **arguments)
    air = truth.array == 0
    plane = ndimage.generate_binary_structure(3, 1)
    plane[[0, 2]] = False
    reached = truth.array[ndimage.binary_dilation(air, plane) & ~air]
    assert set(np.unique(reached)) == {truth.find("skin").value}


def _widths(truth, axis, name="tendon"):
    """Largest run of the tendon along an axis in each slice, mm."""
    return truth.mask(name).sum(axis=axis).max(axis=1) * truth.grid.spacing[axis]


def _above_insertion(truth, distance):
    """Slice `distance` mm above the middle of the tendon's contact with the bone."""
    touching = ndimage.binary_dilation(truth.mask("tendon")) & truth.mask("calcaneus")
    middle = np.argwhere(touching)[:, 0].mean()
    return round(middle + distance / truth.grid.spacing[0])


# --- pathology ---------------------------------------------------------------------------


def test_volume_of_the_tendon_converges():
    spacings = [(4, 1.6, 1.6), (2, 0.8, 0.8), (1, 0.4, 0.4)]
    shapes = [(30, 72, 36), (60, 144, 72), (120, 288, 144)]
    volumes = [
        volume_mm3(ankle_phantom(spacing=s, shape=n, noise=0)[1], "tendon")
        for s, n in zip(spacings, shapes, strict=True)
    ]
    assert volumes[0] == pytest.approx(volumes[2], rel=0.03)
    assert volumes[1] == pytest.approx(volumes[2], rel=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tendinopathy_is_a_spindle_two_to_six_centimetres_up(seed):
    sound, ill = (
        ankle_phantom(spacing=(3, 0.5, 1), shape=(40, 270, 40), pathology=p, seed=seed, noise=0)[1]
        for p in ("none", "tendinopathy")
    )
    assert volume_mm3(ill, "tendon") > 1.25 * volume_mm3(sound, "tendon")
    ratio = _widths(ill, axis=1) / np.maximum(_widths(sound, axis=1), 1)
    low, high = _above_insertion(ill, 20), _above_insertion(ill, 60)
    assert low <= np.argmax(ratio) <= high
    assert _widths(ill, axis=1)[low:high].max() >= 9.5
    assert _widths(sound, axis=1)[low:high].max() < 7.5
    ends = [_above_insertion(ill, 5), _above_insertion(ill, 75)]
    assert np.allclose(ratio[ends], 1, atol=0.15)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_tendinopathy_changes_value_and_texture(modality):
    sound, ill = (
        ankle_phantom(
            spacing=(2, 0.5, 0.5),
            shape=(60, 270, 80),
            pathology=p,
            noise=0,
            bias=0,
            modality=modality,
        )
        for p in ("none", "tendinopathy")
    )
    low, high = _above_insertion(ill[1], 30), _above_insertion(ill[1], 50)
    values = []
    for scan, truth in (sound, ill):
        core = inside(truth, "tendon", 1.6)
        core[:low] = core[high:] = False
        values.append(scan.array[core])
    darker = np.sign(values[1].mean() - values[0].mean())
    assert darker == (-1 if modality == "CT" else 1)
    assert values[1].std() > 3 * values[0].std()


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("spacing", [(2.0, 0.6, 0.6), (3.0, 1.0, 1.0)])
def test_rupture_leaves_two_ends_and_a_gap(spacing, seed):
    shape = (round(120 / spacing[0]), round(130 / spacing[1]), round(50 / spacing[2]))
    scan, truth = ankle_phantom(spacing=spacing, shape=shape, pathology="rupture", seed=seed)
    pieces, count = ndimage.label(truth.mask("tendon"))
    sizes = np.bincount(pieces.ravel())[1:] * truth.grid.voxel_volume
    assert count == 2
    assert sizes.min() > 500
    tops = [np.argwhere(pieces == k)[:, 0] for k in (1, 2)]
    lower, upper = sorted(tops, key=np.mean)
    assert 10 < (upper.min() - lower.max()) * spacing[0] < 30
    gap = np.argwhere(truth.mask("gap"))[:, 0].mean()
    assert lower.max() < gap < upper.min()
    assert scan.array[inside(truth, "gap", 1.5)].mean() == pytest.approx(35, abs=6)


def test_a_sound_tendon_is_one_piece_without_gap(ct):
    _, truth = ct
    assert ndimage.label(truth.mask("tendon"))[1] == 1
    assert [s.name for s in truth.segments][-1] == "tendon"
    assert truth.find("tendon").value == 10
    with pytest.raises(InputError, match="gap"):
        truth.find("gap")


# --- values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "depth", "expected", "tolerance"),
    [
        ("fat", 2.0, -100, 2),
        ("muscle", 2.0, 55, 3),
        ("tendon", 1.8, 90, 2),
        ("talus", 3.0, 250, 8),
        ("calcaneus", 3.0, 250, 8),
    ],
)
def test_hounsfield_units_of_tissues(ct, name, depth, expected, tolerance):
    scan, truth = ct
    core = inside(truth, name, depth)
    assert core.sum() > 500
    assert scan.array[core].mean() == pytest.approx(expected, abs=tolerance)


def test_thin_skin_is_blurred():
    scan, truth = ankle_phantom(spacing=(1, 0.25, 0.25), shape=(5, 520, 280), noise=0)
    behind = slice(None), slice(340, None)
    depth = depth_of(truth.array > 0, truth)[behind]
    middle = (depth > 0.8) & (depth < 1.05) & (truth.array[behind] == 1)
    assert middle.sum() > 500
    # Skin of 1.6 mm between air and fat, seen through a blur of 0.4 mm: less than the 40 HU of
    # thick skin, more than with the long tails of a Gaussian.
    share = erf(0.8 / (0.4 * sqrt(2)))
    gaussian = share * 40 + (1 - share) / 2 * (-1000 - 100)
    assert gaussian < np.median(scan.array[behind][middle]) < 40


def test_hounsfield_units_of_air_and_cortex(ct):
    scan, truth = ct
    air = depth_of(truth.array == 0, truth) > 3
    assert np.all(scan.array[air] == -1000)
    depth = depth_of(truth.mask("tibia"), truth)
    shaft = (depth > 1.4) & (depth < 2.0)
    shaft[: round(scan.grid.lps_to_index((0, 0, 54))[0])] = False
    assert np.median(scan.array[shaft]) == pytest.approx(1200, abs=25)
    assert (scan.modality, scan.unit) == ("CT", "HU")


def test_partial_volume_is_the_mean_over_the_voxel():
    """Voxels of 4 x 1.2 x 1.6 mm against the mean of the fine voxels that they cover."""
    coarse, _ = ankle_phantom(spacing=(4, 1.2, 1.6), shape=(24, 80, 60), noise=0)
    fine, labels = ankle_phantom(spacing=(0.5, 0.4, 0.4), shape=(192, 240, 240), noise=0)
    blocks = fine.array.reshape(24, 8, 80, 3, 60, 4).astype(float)
    expected = blocks.mean(axis=(1, 3, 5))
    mixed = blocks.std(axis=(1, 3, 5)) > 100
    assert mixed.sum() > 5000
    error = (coarse.array - expected)[mixed]
    # What a scanner without partial volume would show: one point of the voxel.
    point = (blocks[:, 4, :, 1, :, 2] - expected)[mixed]
    assert abs(error.mean()) < 6
    assert error.std() < 0.4 * point.std()
    assert labels.grid.same_as(fine.grid)


def test_noise_has_its_standard_deviation_and_grain():
    clean, truth = ankle_phantom(spacing=(3, 0.5, 0.5), shape=(12, 200, 160), noise=0)
    noisy, _ = ankle_phantom(spacing=(3, 0.5, 0.5), shape=(12, 200, 160), noise=20)
    noise = noisy.array.astype(float) - clean.array
    body = truth.array > 0
    assert noise[body].mean() == pytest.approx(0, abs=0.2)
    assert noise[body].std() == pytest.approx(20, rel=0.02)
    skewed = np.mean(noise[body] ** 4) / np.mean(noise[body] ** 2) ** 2
    assert skewed == pytest.approx(3, abs=0.1)

    def correlation(axis):
        values, where = (np.moveaxis(a, axis, 0) for a in (noise, body))
        both = where[1:] & where[:-1]
        return np.corrcoef(values[1:][both], values[:-1][both])[0, 1]

    assert correlation(1) > 0.4
    assert correlation(2) > 0.4
    assert abs(correlation(0)) < 0.02


def test_values_stay_in_the_range_of_a_scanner():
    scan, _ = ankle_phantom(spacing=COARSE, noise=900)
    assert scan.array.min() == -1024
    assert scan.array.max() <= 3071


def test_mr_is_t1_weighted():
    scan, truth = ankle_phantom(spacing=(3, 0.7, 0.7), modality="MR", noise=0, bias=0)
    assert (scan.modality, scan.unit) == ("MR", "stored values")
    mean = {n: scan.array[inside(truth, n, 1.5)].mean() for n in ("fat", "muscle", "tendon")}
    marrow = scan.array[inside(truth, "talus", 3)].mean()
    assert mean["tendon"] < 100 < mean["muscle"] < marrow < mean["fat"] + 50
    assert scan.array[truth.array == 0].min() == 0


def test_mr_noise_is_rician():
    scan, truth = ankle_phantom(spacing=(3, 1, 1), modality="MR", noise=30)
    air = depth_of(truth.array == 0, truth) > 5
    background = scan.array[air].astype(float)
    # Rayleigh's distribution, which Rice's is without signal.
    assert background.mean() == pytest.approx(30 * np.sqrt(np.pi / 2), rel=0.02)
    assert background.std() == pytest.approx(30 * np.sqrt(2 - np.pi / 2), rel=0.02)


@pytest.mark.parametrize(("modality", "air"), [("MR", 0), ("CT", -1000)])
def test_bias_is_smooth_and_multiplies(modality, air):
    arguments = {"spacing": (3, 1, 1), "modality": modality, "noise": 0}
    plain, truth = ankle_phantom(**arguments, bias=0)
    biased, _ = ankle_phantom(**arguments, bias=0.3)
    signal = truth.array > 0
    signal &= plain.array - air > 300
    field = (biased.array - float(air))[signal] / (plain.array - float(air))[signal]
    assert field.min() > 0.69
    assert field.max() < 1.31
    assert np.ptp(field) > 0.1
    # A polynomial of second degree in the coordinates explains it up to rounding.
    x, y, z = (plain.grid.index_to_lps(np.argwhere(signal)) / 70).T
    terms = np.column_stack([np.ones_like(x), x, y, z, x * x, y * y, z * z])
    rest = field - terms @ np.linalg.lstsq(terms, field, rcond=None)[0]
    assert np.abs(rest).max() < 0.005


# --- arguments ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"modality": "PET"},
        {"pathology": "gout"},
        {"side": "both"},
        {"noise": -1},
        {"noise": float("nan")},
        {"bias": 1.5},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": True},
        {"spacing": (1, 1)},
        {"spacing": (0, 1, 1)},
        {"shape": (10, 10)},
        {"shape": (0, 10, 10)},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError) as caught:
        ankle_phantom(**arguments)
    assert caught.value.message


def test_impossible_direction_is_refused():
    with pytest.raises(GeometryError, match="perpendicular"):
        ankle_phantom(direction=np.ones((3, 3)))


def test_progress_is_told_and_can_stop():
    seen = []
    ankle_phantom(spacing=COARSE, progress=lambda part, label: seen.append((part, label)))
    assert seen[-1][0] == 1.0
    assert "phantom" in seen[-1][1]
    with pytest.raises(Cancelled):
        ankle_phantom(spacing=COARSE, progress=lambda part, label: False)


def test_info_says_how_it_was_made():
    scan, _ = ankle_phantom(spacing=COARSE, pathology="rupture", side="right", seed=4)
    assert scan.info["phantom"] == "ankle"
    assert (scan.info["pathology"], scan.info["side"], scan.info["seed"]) == ("rupture", "right", 4)
