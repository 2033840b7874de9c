"""The traps of NIfTI, orientation and geometry into which other tools fell.

The numbers are those of the project's list of traps, part B; part A is in
test_reading_traps.py.
"""

from __future__ import annotations

import struct
from pathlib import Path

import fuzz_files
import nibabel
import numpy as np
import pytest
from conftest import build_grid
from scipy import ndimage

import medvoxel as mv
from medvoxel import Grid, Segment, Segmentation, Volume, bridge, errors


def quality(volume: Volume, check: str) -> mv.QualityCheck:
    return next(row for row in volume.qc if row.check == check)


def ball(grid: Grid, centre, radius: float) -> np.ndarray:
    """Grey values that fall off linearly across the surface of a ball, 0 on it."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return radius - np.linalg.norm(grid.index_to_lps(index) - centre, axis=-1)


def small_volume(kind: str = "oblique", shape=(4, 5, 6)) -> Volume:
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape) - 60
    return Volume(array, build_grid(kind, shape), modality="CT", unit="HU")


def test_b01_one_frame_and_files_say_theirs(tmp_path):
    scan = small_volume("anisotropic")
    mv.write_nifti(scan, tmp_path / "a.nii")
    theirs = nibabel.load(tmp_path / "a.nii")
    assert nibabel.aff2axcodes(theirs.affine) == ("L", "P", "S")  # the axes of an LPS grid
    np.testing.assert_allclose(theirs.affine[:3, 3], np.multiply(scan.grid.origin, (-1, -1, 1)))
    mv.write_nrrd(scan, tmp_path / "a.nrrd")
    assert b"space: left-posterior-superior" in (tmp_path / "a.nrrd").read_bytes()[:400]
    mv.write_mesh(mv.make_mesh(scan, threshold=0), tmp_path / "a.stl")
    assert b"LPS" in (tmp_path / "a.stl").read_bytes()[:80]
    assert "LPS" in scan.grid.describe()


def forms(path: Path, sform, qform, codes=(1, 1)) -> Path:
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), None)
    image.header.set_sform(sform, code=codes[0])
    image.header.set_qform(qform, code=codes[1])
    image.header.set_zooms((1.0, 2.0, 3.0))
    path.write_bytes(image.header.binaryblock + bytes(4) + bytes(120))
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 108, 352)
    content[344:348] = b"n+1\0"
    path.write_bytes(content)
    return path


def test_b02_sform_then_qform_then_spacing(tmp_path):
    sform, qform = np.diag([1.0, 2.0, 3.0, 1.0]), np.diag([1.0, 2.0, 3.0, 1.0])
    sform[:3, 3], qform[:3, 3] = (10, 20, 30), (11, 20, 30)
    with pytest.warns(errors.MedvoxelWarning, match="contradict"):
        both = mv.read_nifti(forms(tmp_path / "both.nii", sform, qform))
    assert both.grid.origin == pytest.approx((-10, -20, 30))
    assert quality(both, "sform against qform").size_mm == pytest.approx(1.0)
    only = mv.read_nifti(forms(tmp_path / "qform.nii", sform, qform, (0, 1)))
    assert only.grid.origin == pytest.approx((-11, -20, 30))
    with pytest.warns(errors.MedvoxelWarning, match="orientation"):
        bare = mv.read_nifti(forms(tmp_path / "bare.nii", sform, qform, (0, 0)))
    assert bare.grid.spacing == pytest.approx((3, 2, 1))


@pytest.mark.parametrize("kind", ["plain", "anisotropic", "oblique", "mirrored", "sagittal"])
def test_b02_both_forms_are_written_equal(tmp_path, kind):
    mv.write_nifti(small_volume(kind), tmp_path / "a.nii.gz")
    header = nibabel.load(tmp_path / "a.nii.gz").header
    assert int(header["sform_code"]) == int(header["qform_code"]) > 0
    np.testing.assert_allclose(header.get_sform(), header.get_qform(), atol=1e-4)


def test_b02_r_never_reads_geometry_by_itself():
    sources = Path(__file__).resolve().parents[2] / "R"
    if not sources.is_dir():
        pytest.skip("the R half is not beside the Python half here")
    text = "".join(path.read_text(encoding="utf-8") for path in sources.glob("*.R"))
    assert "read_nifti <- function" in text
    for package in ("RNifti::", "oro.nifti::", "niftiImage", "useQuaternionFirst"):
        assert package not in text


def test_b03_hounsfield_units_come_back_to_the_bit(tmp_path):
    array = np.arange(-32768, 32768, dtype=np.int16).reshape(16, 64, 64)
    mv.write_nifti(Volume(array, Grid(array.shape), unit="HU"), tmp_path / "a.nii.gz")
    back = mv.read_nifti(tmp_path / "a.nii.gz")
    assert back.array.dtype == np.int16
    np.testing.assert_array_equal(back.array, array)


@pytest.mark.parametrize(
    ("slope", "intercept", "expected"),
    [(2, -1000, lambda v: 2 * v - 1000), (0, 77, lambda v: v), (np.nan, np.nan, lambda v: v)],
)
def test_b03_slope_is_applied_once_or_not(tmp_path, slope, intercept, expected):
    mv.write_nifti(small_volume(), tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<ff", content, 112, slope, intercept)
    (tmp_path / "a.nii").write_bytes(content)
    values = mv.read_nifti(tmp_path / "a.nii").array
    np.testing.assert_array_equal(values, expected(small_volume().array.astype(int)))
    assert values.dtype.kind == "i"


def two_labels(grid: Grid) -> Segmentation:
    labels = np.zeros(grid.shape, np.uint8)
    labels[1:, 1:4, 1:3], labels[1:3, 1:4, 3:5] = 3, 200
    return Segmentation(labels, grid, (Segment(3, "bone", "#E69F00"), Segment(200, "x", "#56B4E9")))


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".seg.nrrd"])
def test_b03_labels_stay_whole(tmp_path, ending):
    found = two_labels(build_grid("oblique", (4, 5, 6)))
    mv.write_segmentation(found, tmp_path / f"a{ending}")
    back = mv.read_segmentation(tmp_path / f"a{ending}")
    np.testing.assert_array_equal(back.array, found.array)
    assert [s.name for s in back.segments] == ["bone", "x"]


MOVES = {
    "origin": lambda g: Grid(g.shape, g.spacing, np.add(g.origin, (0, 1, 0)), g.direction),
    "spacing": lambda g: Grid(g.shape, np.multiply(g.spacing, 1.1), g.origin, g.direction),
    "direction": lambda g: Grid(g.shape, g.spacing, g.origin, build_grid("oblique").direction),
}


@pytest.mark.parametrize("what", MOVES)
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".seg.nrrd"])
def test_b04_equal_dimensions_are_no_equal_grid(tmp_path, what, ending):
    scan = small_volume("anisotropic")
    mv.write_segmentation(two_labels(MOVES[what](scan.grid)), tmp_path / f"a{ending}")
    with pytest.raises(errors.GeometryError, match=r" mm") as caught:
        mv.read_segmentation(tmp_path / f"a{ending}", reference=scan)
    assert "resample_to()" in caught.value.hint
    assert caught.value.details["corner_mm"] > 0.05


def test_b05_the_tolerance_is_a_hundredth_of_a_voxel():
    scan = small_volume("anisotropic")  # the smallest spacing is 0.5 mm
    for shift, same in ((0.004, True), (0.006, False)):
        moved = Grid(scan.grid.shape, scan.grid.spacing, np.add(scan.grid.origin, (shift, 0, 0)))
        if same:
            mv.segment_statistics(scan, two_labels(moved))
            continue
        with pytest.raises(errors.GeometryError) as caught:
            mv.segment_statistics(scan, two_labels(moved))
        assert "resample_to()" in caught.value.hint


@pytest.mark.parametrize("kind", ["anisotropic", "oblique", "mirrored"])
@pytest.mark.parametrize("spacing", [1.0, (2.0, 1.1, 0.7)])
@pytest.mark.parametrize("method", ["linear", "cubic", "nearest"])
def test_b06_resampling_moves_nothing(kind, spacing, method):
    grid = build_grid(kind, (13, 50, 70))
    centre = grid.index_to_lps((6.3, 24.2, 33.1))
    scan = Volume(np.clip(ball(grid, centre, 12.0), -3, 3), grid)
    out = mv.resample(scan, spacing, method=method)
    weights = np.clip(out.array + 3, 0, 6)
    found = out.grid.lps_to_index(centre)
    middle = np.array(ndimage.center_of_mass(weights))
    slack = np.full(3, 0.05)
    if method == "nearest":  # a new voxel between two old ones has to take one of them
        slack += 0.5 * np.divide(grid.spacing, out.grid.spacing)
    assert (np.abs(middle - found) <= slack).all()


@pytest.mark.parametrize("spacing", [0.6, 1.0, 3.0])
def test_b07_no_label_is_invented(spacing):
    grid = build_grid("oblique", (13, 50, 70))
    centre = grid.index_to_lps((6.3, 24.2, 33.1))
    depth = ball(grid, centre, 14.0)
    labels = np.where(depth > 6, 200, np.where(depth > 0, 3, 0)).astype(np.uint8)
    found = two_labels(grid).with_array(labels)
    out = mv.resample(found, spacing)
    assert set(np.unique(out.array)) == {0, 3, 200}
    if spacing > 1:  # coarse voxels cannot follow the surface
        return
    for value in (3, 200):  # not shrunk, and not moved to one side
        old, new = ((s.array == value) for s in (found, out))
        size = old.sum() * grid.voxel_volume
        assert new.sum() * out.grid.voxel_volume == pytest.approx(size, rel=0.05)
        middle = out.grid.index_to_lps(ndimage.center_of_mass(new))
        expected = grid.index_to_lps(ndimage.center_of_mass(old))
        np.testing.assert_allclose(middle, expected, atol=0.1 * max(out.grid.spacing))


def test_b08_what_is_finer_than_the_new_raster_is_averaged():
    grid = Grid((4, 60, 60), (1.0, 0.3, 0.3))
    stripes = np.where(np.arange(60) % 2, 1000.0, -1000.0)
    scan = Volume(np.broadcast_to(stripes, grid.shape).copy(), grid)
    out = mv.resample(scan, 1.0).array[:, 3:-3, 3:-3]
    assert np.abs(out).max() < 50
    picked = mv.resample(scan, 1.0, antialias=False).array[:, 3:-3, 3:-3]
    assert np.abs(picked).max() > 300  # this is what it would look like


def test_b09_kernels_are_in_millimetres():
    from medvoxel.segmentation.morphology import dilate

    mask = np.zeros((5, 21, 21), bool)
    mask[2, 10, 10] = True
    grown = np.argwhere(dilate(mask, radius=2.0, spacing=(4.0, 0.5, 0.5)))
    assert np.ptp(grown, axis=0).tolist() == [0, 8, 8]
    scan = Volume(np.arange(1000, dtype=np.int16).reshape(10, 10, 10), Grid((10,) * 3, (4, 1, 1)))
    with pytest.raises(errors.InputError, match="single voxel"):
        mv.segment_kmeans(scan, opening=0.5)


def signed_volume(mesh: mv.Mesh) -> float:
    """Volume by the divergence theorem: negative when the faces look inwards."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize("kind", ["plain", "anisotropic", "oblique", "mirrored", "sagittal"])
def test_b10_surfaces_lie_in_the_patient_and_look_outwards(kind):
    spacing = build_grid(kind).spacing
    shape = tuple(int(26 / s) for s in spacing)
    grid = build_grid(kind, shape)
    centre = grid.index_to_lps(np.divide(shape, 2))
    for x in (
        Volume(ball(grid, centre, 9.0), grid),
        mv.segment_threshold(Volume(ball(grid, centre, 9.0), grid), lower=0),
    ):
        mesh = mv.make_mesh(x, threshold=0) if isinstance(x, Volume) else mv.make_mesh(x)
        assert signed_volume(mesh) == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.06)
        np.testing.assert_allclose(mesh.vertices.mean(axis=0), centre, atol=0.3)
        away = np.linalg.norm(mesh.vertices - centre, axis=1)
        assert np.abs(away - 9).max() < 0.6 * max(spacing)


def test_b11_surfaces_are_closed_at_the_border():
    array = np.zeros((4, 6, 8), np.int16)
    array[:2, :, 3:] = 1000
    mesh = mv.make_mesh(Volume(array, build_grid("anisotropic", array.shape)), threshold=500)
    assert mv.is_watertight(mesh) == {1: True}
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_b12_volumes_by_voxels_and_by_surface_stand_side_by_side():
    grid = build_grid("anisotropic", (12, 50, 70))
    scan = Volume(ball(grid, grid.index_to_lps((6, 25, 35)), 14.0), grid)
    found = mv.segment_threshold(scan, lower=0)
    (row,) = mv.segment_statistics(scan, found)
    truth = 4 / 3 * np.pi * 14**3
    mesh = mv.make_mesh(found)
    assert row.volume_mm3 == pytest.approx(truth, rel=0.02)
    assert row.volume_mm3 == np.count_nonzero(found.array) * grid.voxel_volume
    assert mv.mesh_volume(mesh)[1] == pytest.approx(truth, rel=0.05)
    assert mv.mesh_volume(mv.smooth_mesh(mesh))[1] == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("spacing", [(5.0, 1.0, 1.0), (4.0, 0.8, 0.5)])
def test_b13_surface_distances_are_millimetres_along_every_axis(spacing):
    grid = Grid((12, 40, 60), spacing)
    centre = grid.index_to_lps((6, 20, 30))
    segments = (Segment(1, "ball", "#ffffff"),)
    inside = (ball(grid, centre, 8.0) > 0).astype(np.uint8)
    here = Segmentation(inside, grid, segments)
    for axis in range(3):
        # Moved by whole voxels, each point of the one surface has one of the other so far off.
        moved = Segmentation(np.roll(inside, 2, axis), grid, segments)
        (row,) = mv.surface_distance(here, moved, tolerance=0.0)
        assert row.hausdorff_mm == pytest.approx(2 * spacing[axis], rel=1e-6)
    (row,) = mv.surface_distance(here, here, tolerance=0.0)
    assert (row.hausdorff_mm, row.surface_dice) == (0, 1)


def test_b14_arrays_cross_to_r_without_turning():
    values = np.arange(60, dtype=np.int32).reshape((3, 4, 5), order="F")  # R's [x, y, z]
    scan = bridge.volume(values, (0.5, 0.8, 4.0), (1, 2, 3), np.eye(3).ravel(), "CT", "HU", {})
    assert scan.array.shape == (5, 4, 3)
    assert np.shares_memory(scan.array, values)
    for x, y, z in np.ndindex(3, 4, 5):
        assert scan.array[z, y, x] == values[x, y, z] == x + 3 * y + 12 * z
    back = np.zeros((3, 4, 5), np.int32, order="F")
    room = back[...]
    room.flags.writeable = False  # as R hands over what it has just allocated
    bridge.fill(room, bridge.array_of(scan))
    np.testing.assert_array_equal(back, values)
    np.testing.assert_allclose(scan.grid.index_to_lps((4, 3, 2)), (1 + 1, 2 + 2.4, 3 + 16))


def test_b15_overlapping_segments_are_told_with_their_voxels(tmp_path):
    fuzz_files.structure_set(tmp_path / "rt.dcm")  # the second region covers the first
    reference = Volume(np.zeros((6, 12, 14), np.int16), Grid((6, 12, 14)))
    with pytest.warns(errors.DicomWarning, match="overlap") as caught:
        found = mv.read_segmentation(tmp_path / "rt.dcm", reference=reference)
    # A square of 7 x 6 voxels without its hole of 2 x 2, in three slices.
    hidden = 3 * (7 * 6 - 2 * 2)
    assert str(hidden) in "".join(str(w.message) for w in caught)
    assert np.count_nonzero(found.array == 2) == hidden
    assert np.count_nonzero(found.array == 1) == 3 * 4
