from __future__ import annotations

import inspect
import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

import medvoxel
from medvoxel import (
    Grid,
    Segmentation,
    Volume,
    ankle_phantom,
    read_dicom,
    read_nifti,
    read_segmentation,
    reorient,
    segment_air,
    segment_body,
    segment_bone,
    segment_fat,
    segment_lung,
    segment_soft_tissue,
    segment_tissues,
)
from medvoxel.errors import Cancelled, GeometryError, InputError, MedvoxelWarning
from medvoxel.segmentation._preset_masks import fill_slices, keep_islands

PRESETS = {
    "body": segment_body,
    "bone": segment_bone,
    "soft tissue": segment_soft_tissue,
    "fat": segment_fat,
    "lung": segment_lung,
    "air": segment_air,
}
# TotalSegmentator's numbers.
BONES = [*range(25, 51), *range(69, 79), *range(92, 117)]
LUNG_LOBES = range(10, 15)


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def trunk(spacing=(5.0, 2.0, 2.5), direction=None, order="zyx", noise=10.0, table=True):
    """A trunk of ellipses about LPS 0 with its truth: a function of the place in mm.

    Values of the truth: 1 bone, 2 soft tissue, 3 fat, 4 lung, 5 air. The ribcage is left out;
    the spine has cancellous bone within a shell.
    """
    size = {"z": 160.0, "y": 320.0, "x": 400.0}
    shape = tuple(int(size[axis] / step) for axis, step in zip(order, spacing, strict=True))
    direction = np.eye(3) if direction is None else np.asarray(direction)
    grid = Grid(shape, spacing, direction=direction)
    middle = grid.index_to_lps((np.array(shape) - 1) / 2)
    grid = Grid(shape, spacing, -middle, direction)
    x, y, z = grid.index_to_lps(np.indices(shape).reshape(3, -1).T).T.reshape(3, *shape)

    def ellipse(cx, cy, rx, ry):
        return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1

    truth = np.zeros(shape, dtype=np.uint8)
    truth[ellipse(0, 0, 160, 110)] = 3
    truth[ellipse(0, 0, 140, 92)] = 2
    lungs = ellipse(-70, -10, 45, 60) | ellipse(70, -10, 45, 60)
    truth[lungs & (z > 0)] = 4
    truth[lungs & (z > 0) & ellipse(-70, -10, 4, 4)] = 2  # a vessel
    truth[ellipse(0, -50, 18, 16) & (abs(z + 40) < 20)] = 5  # gas in the bowel
    truth[ellipse(0, 60, 22, 20)] = 1
    values = np.array([-1000.0, 900, 50, -100, -850, -990])[truth]
    values[ellipse(0, 60, 17, 15)] = 260
    if table:
        values[(y > 130) & (y < 134)] = 100  # across the whole field
    values += np.random.default_rng(1).normal(0, noise, shape)
    return Volume(values.round().astype(np.int16), grid, "CT", "HU"), truth


@lru_cache
def ankle():
    return ankle_phantom(spacing=(3, 0.6, 0.6))


# --- a trunk of ellipses ---------------------------------------------------------------

OBLIQUE = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])
GRIDS = {
    "axial": {},
    "oblique": {"direction": OBLIQUE},
    "mirrored": {"direction": np.diag([-1.0, 1.0, 1.0])},
    # Slices of the array are coronal: columns run along x, rows along -z.
    "coronal": {
        "direction": np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]),
        "order": "yzx",
    },
}


@pytest.fixture(params=GRIDS)
def any_trunk(request):
    return trunk(**GRIDS[request.param])


@pytest.mark.filterwarnings("ignore:A part of .* was left out")
def test_body_holds_lungs_and_bowel_and_not_the_table(any_trunk):
    scan, truth = any_trunk
    body = segment_body(scan)
    assert dice(body.array > 0, truth > 0) > 0.995
    assert [(s.value, s.name, s.code) for s in body.segments] == [(1, "body", None)]


@pytest.mark.filterwarnings("ignore:A part of .* was left out")
def test_tissues_are_found(any_trunk):
    scan, truth = any_trunk
    body = segment_body(scan)
    assert dice(segment_bone(scan, body=body).array > 0, truth == 1) > 0.97
    assert dice(segment_fat(scan, body=body).array > 0, truth == 3) > 0.99
    assert dice(segment_lung(scan, body=body).array > 0, truth == 4) > 0.98
    assert dice(segment_air(scan, body=body).array > 0, truth >= 4) > 0.98
    assert dice(segment_soft_tissue(scan, body=body).array > 0, truth == 2) > 0.98


def test_vessels_belong_to_the_lung_unless_nothing_is_closed():
    scan, truth = trunk()
    z, y, x = np.rint(scan.grid.lps_to_index((-70, -10, 60))).astype(int)
    assert truth[z, y, x] == 2
    assert segment_lung(scan).array[z, y, x] == 1
    assert segment_lung(scan, closing=0).array[z, y, x] == 0
    assert segment_soft_tissue(scan).array[z, y, x] == 1


def test_tissues_together_are_the_body_and_agree_with_the_presets():
    scan, _ = trunk()
    together = segment_tissues(scan)
    names = ["bone", "soft tissue", "fat", "lung", "air", "rest of the body"]
    assert [(s.value, s.name) for s in together.segments] == list(enumerate(names, start=1))
    np.testing.assert_array_equal(together.array > 0, segment_body(scan).array > 0)
    for value, name in ((1, "bone"), (3, "fat")):
        np.testing.assert_array_equal(together.array == value, PRESETS[name](scan).array > 0)
    lung, air = segment_lung(scan).array > 0, segment_air(scan).array > 0
    np.testing.assert_array_equal(together.array == 4, lung)
    np.testing.assert_array_equal(together.array == 5, air & ~lung)


def test_air_inside_and_around():
    scan, truth = trunk(table=False)
    air = {where: segment_air(scan, where=where).array > 0 for where in ("inside", "around")}
    assert dice(air["around"], truth == 0) > 0.999
    assert not (air["inside"] & air["around"]).any()
    both = segment_air(scan, where="both", smallest=0).array > 0
    np.testing.assert_array_equal(both, scan.array <= -500)


# --- islands, holes and sizes ----------------------------------------------------------


def blocks(*parts, shape=(20, 60, 60), spacing=(2.0, 1.0, 1.0)):
    array = np.full(shape, -1000, dtype=np.int16)
    for box, value in parts:
        array[box] = value
    return Volume(array, Grid(shape, spacing), "CT", "HU")


def test_a_second_leg_is_body_and_a_thin_table_is_not():
    legs = [(np.s_[:, 5:25, 2:22], 40), (np.s_[:, 5:20, 35:50], 40)]
    scan = blocks(*legs, (np.s_[:, 40:43, :], 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        body = segment_body(scan).array > 0
    assert body[10, 15, 12]
    assert body[10, 12, 42]
    assert not body[:, 40:43].any()
    with pytest.warns(MedvoxelWarning, match=r"A part of 5\d % .* left out") as caught:
        largest = segment_body(scan, share=1)
    assert not largest.array[:, :, 30:].any()
    assert caught[0].filename == __file__
    # Nothing is opened: the table stays.
    with pytest.warns(MedvoxelWarning, match="left out"):
        assert segment_body(scan, opening=0, share=0.5).array[0, 12, 42] == 1
    assert segment_body(scan, opening=0, share=0.2).array[:, 41].all()


def test_the_hint_for_a_limb_that_was_left_out_keeps_it():
    scan = blocks((np.s_[:, 5:55, 2:40], 40), (np.s_[:, 5:17, 45:55], 40))
    with pytest.warns(MedvoxelWarning) as caught:
        assert not segment_body(scan).array[:, :, 45:].any()
    share = float(caught[0].message.hint.split("share = ")[1].split(" ")[0])
    assert segment_body(scan, share=share).array[:, 8, 50].all()


def test_marrow_is_filled_and_the_spinal_canal_is_not():
    body = (np.s_[:, 5:55, 5:55], 40)
    shaft = [(np.s_[:, 10:22, 10:22], 1000), (np.s_[:, 12:20, 12:20], -80)]  # 64 mm²
    canal = [(np.s_[:, 28:48, 28:48], 1000), (np.s_[:, 30:46, 30:46], 20)]  # 256 mm²
    bone = segment_bone(blocks(body, *shaft, *canal)).array
    assert bone[:, 12:20, 12:20].all()
    assert not bone[:, 34:42, 34:42].any()
    assert segment_bone(blocks(body, *shaft, *canal), holes=256).array[10, 38, 38] == 1
    assert segment_bone(blocks(body, *shaft), closing=0, holes=63).array[10, 16, 16] == 0


def test_smallest_is_in_mm3_and_inclusive():
    speck = (np.s_[4:6, 30:35, 30:35], 900)  # 2 x 5 x 5 voxels of 2 mm³: 100 mm³
    scan = blocks((np.s_[:, 5:55, 5:55], 40), speck)
    assert segment_bone(scan, smallest=100).array.sum() == 50
    with pytest.warns(MedvoxelWarning, match="holds no bone"):
        assert segment_bone(scan, smallest=100.1).array.sum() == 0


def test_gas_is_no_lung_and_neither_is_a_small_part():
    body = (np.s_[:, 2:58, 2:58], 40)
    large = np.s_[2:18, 10:50, 10:40]  # 38.4 ml
    for value, size, found in ((-850, 30_000, True), (-990, 30_000, False), (-850, 40_000, False)):
        scan = blocks(body, (large, value))
        if found:
            assert segment_lung(scan, smallest=size).array[large].all()
        else:
            with pytest.warns(MedvoxelWarning, match="holds no lung"):
                assert not segment_lung(scan, smallest=size).array.any()


def test_islands_and_slices_by_hand():
    mask = np.zeros((2, 5, 7), dtype=bool)
    mask[:, 0:3, 0:3] = True
    mask[0, 1, 1] = False
    mask[0, 3, 3] = True  # joined by a corner
    mask[1, 4, 6] = True
    kept, sizes = keep_islands(mask, smallest=2)
    assert sizes.tolist() == [18, 1]
    assert kept.sum() == 18
    assert not kept[1, 4, 6]
    assert keep_islands(np.zeros_like(mask))[1].tolist() == []
    filled = fill_slices(mask, 0)
    assert filled.sum() == mask.sum() + 1
    assert filled[0, 1, 1]
    np.testing.assert_array_equal(fill_slices(mask, 0, 0.5), mask)
    np.testing.assert_array_equal(fill_slices(mask, 2), mask)  # the hole is open at z = 0


# --- the ankle phantom -----------------------------------------------------------------


def test_ankle_phantom():
    scan, truth = ankle()
    assert dice(segment_body(scan).array > 0, truth.array > 0) > 0.985
    bones = [truth.find(n).value for n in ("tibia", "fibula", "talus", "calcaneus", "midfoot")]
    assert dice(segment_bone(scan).array > 0, np.isin(truth.array, bones)) > 0.90
    assert dice(segment_fat(scan).array > 0, truth.mask("fat")) > 0.90
    soft = [truth.find(n).value for n in ("skin", "muscle", "soft tissue", "tendon")]
    assert dice(segment_soft_tissue(scan).array > 0, np.isin(truth.array, soft)) > 0.79


def test_a_scan_that_holds_none_gives_an_empty_segmentation_with_a_warning():
    scan, _ = ankle()
    for name in ("lung", "air"):
        with pytest.warns(MedvoxelWarning, match=f"holds no {name}") as caught:
            result = PRESETS[name](scan)
        assert not result.array.any()
        assert [s.name for s in result.segments] == [name]
        assert caught[0].filename == __file__
    nothing = scan.with_array(np.full_like(scan.array, -1000))
    for name, preset in {**PRESETS, "body": segment_tissues}.items():
        if name != "air":
            with pytest.warns(MedvoxelWarning, match=f"holds no {name}"):
                assert not preset(nothing).array.any()


# --- arguments -------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [*PRESETS.values(), segment_tissues])
def test_other_units_are_refused_with_the_next_step(preset):
    scan, _ = ankle()
    for unit, modality, hint in (
        ("stored values", "CT", "hounsfield"),
        ("stored values", "MR", "segment_kmeans"),
        ("SUV", "PT", "segment_threshold"),
        ("", "", "set the unit"),
    ):
        with pytest.raises(InputError, match=f"{preset.__name__}.*needs a CT") as caught:
            preset(replace(scan, unit=unit, modality=modality))
        assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("preset", "arguments", "message"),
    [
        ("body", {"opening": -1}, "opening must be 0 or more"),
        ("body", {"share": 1.5}, "share must be a part"),
        ("body", {"lower": np.nan}, "lower must be a finite number"),
        ("bone", {"holes": np.inf}, "holes must be a finite number"),
        ("bone", {"closing": "wide"}, "closing must be a finite number"),
        ("fat", {"lower": 0, "upper": -10}, "above upper"),
        ("lung", {"smallest": -1}, "smallest must be 0 or more"),
        ("air", {"where": "outside"}, "where must be"),
    ],
)
def test_bad_arguments(preset, arguments, message):
    with pytest.raises(InputError, match=message):
        PRESETS[preset](ankle()[0], **arguments)


def test_a_given_body_limits_the_rest_and_must_lie_on_the_grid():
    scan, truth = ankle()
    half = truth.array.copy()
    half[:20] = 0
    body = Segmentation(half, scan.grid, truth.segments)
    bone = segment_bone(scan, body=body).array
    assert not bone[:20].any()
    assert bone[20:].any()
    elsewhere = Grid(scan.grid.shape, scan.grid.spacing, (1, 2, 3))
    with pytest.raises(GeometryError):
        segment_bone(scan, body=Segmentation(half, elsewhere, truth.segments))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_leave_the_scan_alone_and_can_be_cancelled(name):
    scan, _ = trunk()
    scan.array.flags.writeable = False
    before = scan.array.copy()
    seen = []
    PRESETS[name](scan, progress=lambda done, label: seen.append((done, label)))
    assert seen[-1][0] == 1.0
    assert seen[-1][1].startswith("Finding")
    np.testing.assert_array_equal(scan.array, before)
    with pytest.raises(Cancelled):
        PRESETS[name](scan, progress=lambda done, label: False)


def test_floating_point_gives_the_same():
    scan, _ = trunk()
    wide = scan.with_array(scan.array.astype(np.float32))
    np.testing.assert_array_equal(segment_tissues(scan).array, segment_tissues(wide).array)


def test_presets_share_their_argument_names():
    for preset in PRESETS.values():
        names = list(inspect.signature(preset).parameters)
        assert (names[0], names[-1]) == ("volume", "progress")
        assert preset.__name__ in medvoxel.__all__


# --- real scans ------------------------------------------------------------------------


def test_trunk_against_labels_of_a_model(test_data):
    scan = read_dicom(test_data("ct-trunk", "dicom"))
    labels = read_segmentation(test_data("ct-trunk", "labels_117_classes.nii.gz"))
    labels = reorient(labels, scan.grid.orientation).array
    body = segment_body(scan, share=0.05)  # the arms lie beside the trunk
    assert (body.array > 0)[labels > 0].all()
    assert body.array[:, 420:].sum() == 0  # the table
    # The labels leave the rims of vertebrae and the ossified costal cartilages out.
    bone = segment_bone(scan, body=body).array > 0
    bones = np.isin(labels, BONES)
    assert dice(bone, bones) > 0.72
    assert np.mean(bone[bones]) > 0.92
    liver = labels == 5
    assert np.mean(segment_soft_tissue(scan, body=body).array[liver]) > 0.98
    with pytest.warns(MedvoxelWarning, match="holds no lung"):
        segment_lung(scan, body=body)


def test_lung_bases_against_labels_of_a_model(test_data):
    # The labels lie on the last slices of the scan, though their file says the first.
    scan = replace(read_nifti(test_data("ct-trunk", "trunk_3mm.nii.gz")), unit="HU")
    labels = read_segmentation(test_data("ct-trunk", "trunk_3mm_labels.nii.gz")).array
    last = slice(-len(labels), None)
    lung = segment_lung(scan).array[last] > 0
    assert dice(lung, np.isin(labels, LUNG_LOBES)) > 0.94
    assert dice(segment_bone(scan).array[last] > 0, np.isin(labels, BONES)) > 0.72


def test_leg_and_pelvis(test_data):
    leg = read_dicom(test_data("leg-ct-mr", "ct-dicom", "image"))
    with pytest.warns(MedvoxelWarning, match="left out of the body: the table"):
        tissues = segment_tissues(leg)
    ml = np.bincount(tissues.array.ravel(), minlength=7) * np.prod(leg.grid.spacing) / 1000
    assert ml[1:4] == pytest.approx([85, 740, 215], rel=0.05)
    assert ml[4] == 0
    pelvis = read_dicom(test_data("pelvis-ct", "dicom"))
    muscle = read_segmentation(test_data("pelvis-ct", "humanct_0002_1000_1004_seg.nii.gz"))
    drawn = reorient(muscle, pelvis.grid.orientation).array > 0
    assert segment_body(pelvis).array[drawn].all()
    assert np.mean(segment_soft_tissue(pelvis).array[drawn]) > 0.85
