"""NIfTI against nibabel, the standard's words, and round trips."""

from __future__ import annotations

import gzip
import os
import subprocess

import nibabel
import numpy as np
import pytest
from nifti_factory import ENDINGS, RAS, patch, raw_header, row, save, scan_on

from medvoxel import Grid, Segment, Segmentation, Volume, errors, read_nifti, write_nifti
from medvoxel.io._gzip import decompress_into

# --- writing --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_nibabel_sees_the_same_values_at_the_same_places(tmp_path, any_grid, ending):
    scan = scan_on(any_grid)
    path = tmp_path / f"scan{ending}"
    assert write_nifti(scan, path) == (path,)
    image = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, scan.array)
    np.testing.assert_allclose(image.affine, RAS @ any_grid.affine, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-4)
    assert (image.header["sform_code"], image.header["qform_code"]) == (1, 1)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.get_data_dtype() == np.int16
    stored = raw_header(path)
    assert (float(stored["scl_slope"]), float(stored["scl_inter"])) == (1.0, 0.0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_hounsfield_units_come_back_bit_for_bit(tmp_path, ending, rng):
    """Trap B3: int16 in, the same int16 in the file and out, with scale 1 and 0."""
    array = rng.integers(-32768, 32768, (6, 7, 8)).astype(np.int16)
    array.ravel()[:2] = -32768, 32767
    path = tmp_path / f"a{ending}"
    write_nifti(Volume(array, Grid(array.shape), modality="CT", unit="HU"), path)
    content = path.read_bytes()
    content = gzip.decompress(content) if ending == ".nii.gz" else content
    assert content[352:] == array.astype("<i2").tobytes()
    again = read_nifti(path)
    assert again.array.tobytes() == array.tobytes()
    write_nifti(again, tmp_path / f"b{ending}")
    assert (tmp_path / f"b{ending}").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip_is_exact(tmp_path, any_grid, ending):
    scan = scan_on(any_grid)
    path = tmp_path / f"scan{ending}"
    write_nifti(scan, path)
    again = read_nifti(path)
    np.testing.assert_array_equal(again.array, scan.array)
    assert again.array.dtype == np.int16
    assert again.array.flags.c_contiguous
    assert again.grid.same_as(scan.grid, tolerance=1e-4)
    assert (again.modality, again.unit) == ("CT", "HU")


@pytest.mark.filterwarnings("ignore:.* have no value")
@pytest.mark.parametrize(
    ("values", "stored"),
    [
        (np.array([-1024, 3071], np.int32), np.int16),  # integers of R
        (np.array([0, 65535], np.int32), np.int32),
        (np.array([0, 255], np.uint8), np.uint8),
        (np.array([-1, 2**31 - 1], np.int64), np.int32),
        (np.array([0, 2**40], np.int64), np.int64),
        (np.array([0.5, -1024.25]), np.float32),  # doubles of R that lose nothing
        (np.array([0.1, np.nan, np.inf]), np.float64),
        (np.array([1e300, 1.0]), np.float64),
        (np.array([0.5, 2.0], np.float16), np.float32),
    ],
)
def test_values_are_stored_small_and_exact(tmp_path, values, stored):
    array = np.resize(values, (2, 3, 4))
    write_nifti(Volume(array, Grid(array.shape)), tmp_path / "a.nii")
    image = nibabel.load(tmp_path / "a.nii")
    assert image.get_data_dtype() == stored
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, array)
    back = read_nifti(tmp_path / "a.nii").array
    np.testing.assert_array_equal(back, array)
    assert back.dtype != np.int64  # R has no such type


def test_a_view_that_is_not_contiguous(tmp_path, rng):
    array = np.asfortranarray(rng.integers(-1000, 1000, (5, 6, 7)).astype(np.int16))
    array.flags.writeable = False
    write_nifti(Volume(array, Grid(array.shape)), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_nifti(tmp_path / "a.nii.gz").array, array)


@pytest.mark.parametrize(
    ("values", "stored"),
    [([1, 255], np.uint8), ([1, 300], np.int16), ([1, 40000], np.uint16), ([1, 70000], np.int32)],
)
def test_labels_take_the_smallest_type(tmp_path, values, stored):
    array = np.zeros((3, 4, 5), np.int64)
    array[0, 0, :2] = values
    segments = [Segment(v, f"part {v}", "#009E73") for v in values]
    write_nifti(Segmentation(array, Grid(array.shape), segments), tmp_path / "labels.nii.gz")
    image = nibabel.load(tmp_path / "labels.nii.gz")
    assert image.get_data_dtype() == stored
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, array)


def test_label_table_is_beside_the_labelmap(tmp_path):
    segments = (Segment(1, "tibia", "#E69F00"), Segment(7, "tendon\tAchilles", "#56B4E9"))
    labels = Segmentation(np.ones((2, 3, 4), np.uint8), Grid((2, 3, 4)), segments)
    files = write_nifti(labels, tmp_path / "labels.nii.gz")
    assert files == (tmp_path / "labels.nii.gz", tmp_path / "labels.tsv")
    assert files[1].read_bytes() == (
        b'index\tname\tcolor\n1\ttibia\t#E69F00\n7\t"tendon\tAchilles"\t#56B4E9\n'
    )


def folder_as_table(path):
    path.unlink()
    path.mkdir()


def lock_table(monkeypatch):
    real = os.replace

    def replace(source, target):
        if str(target).endswith(".tsv"):
            raise PermissionError(13, "open in another program")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize("how", ["folder", "locked"])
def test_image_stays_when_its_table_cannot_be_written(tmp_path, any_grid, monkeypatch, how):
    path, table = tmp_path / "labels.nii.gz", tmp_path / "labels.tsv"
    array = np.zeros(any_grid.shape, np.uint8)
    array[0, 0, 0] = 1
    write_nifti(Segmentation(array, any_grid, (Segment(1, "tibia", "#E69F00"),)), path)
    before = path.read_bytes()
    if how == "folder":
        folder_as_table(table)
    else:
        lock_table(monkeypatch)
    changed = Segmentation(array * 2, any_grid, (Segment(2, "talus", "#56B4E9"),))
    with pytest.raises(errors.FileFormatError, match=r"labels\.tsv"):
        write_nifti(changed, path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.nii.gz", "labels.tsv"]


def test_compressed_file_is_ordinary_gzip(tmp_path, rng):
    """One member, no time in it, right length and checksum; several blocks long."""
    array = rng.integers(-1024, 3000, (9, 400, 500)).astype(np.int16)
    write_nifti(Volume(array, Grid(array.shape)), tmp_path / "a.nii.gz")
    write_nifti(Volume(array, Grid(array.shape)), tmp_path / "b.nii.gz")
    packed = (tmp_path / "a.nii.gz").read_bytes()
    assert packed == (tmp_path / "b.nii.gz").read_bytes()
    subprocess.run(["gzip", "-t", str(tmp_path / "a.nii.gz")], check=True)
    assert gzip.decompress(packed)[352:] == array.tobytes()
    assert len(packed) < array.nbytes


def test_a_name_with_another_ending_or_folder(tmp_path):
    scan = scan_on(Grid((2, 3, 4)))
    with pytest.raises(errors.FileFormatError, match=r"must end in \.nii"):
        write_nifti(scan, tmp_path / "scan.img")
    with pytest.raises(errors.FileFormatError, match="no folder"):
        write_nifti(scan, tmp_path / "nowhere" / "scan.nii")
    with pytest.raises(errors.InputError):
        write_nifti(scan.array, tmp_path / "scan.nii")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_cancelled_writing_leaves_nothing(tmp_path, ending):
    scan = scan_on(Grid((40, 300, 300)))
    with pytest.raises(errors.Cancelled):
        write_nifti(scan, tmp_path / f"a{ending}", progress=lambda done, label: False)
    assert list(tmp_path.iterdir()) == []


def test_unit_with_other_letters(tmp_path):
    scan = Volume(np.zeros((2, 2, 2), np.int16), Grid((2, 2, 2)), modality="MR", unit="10⁻³ mm²/s")
    write_nifti(scan, tmp_path / "a.nii")
    assert read_nifti(tmp_path / "a.nii").unit == "10⁻³ mm²/s"


# --- reading --------------------------------------------------------------------------


def test_descriptions_of_others_are_not_kept(tmp_path):
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.eye(4), descrip=b"Doe^Jane 1964")
    scan = read_nifti(tmp_path / "a.nii")
    assert (scan.modality, scan.unit) == ("", "")
    assert "Doe" not in repr(scan.info)


@pytest.mark.parametrize(
    ("dtype", "slope", "intercept", "expected"),
    [
        (np.int16, 1.0, 0.0, np.int16),
        (np.int16, 0.0, 5.0, np.int16),
        (np.int16, np.nan, np.nan, np.int16),
        (np.uint16, 1.0, -1024.0, np.int16),
        (np.int16, 2.0, 1.0, np.int16),
        (np.uint8, 1000.0, 0.0, np.int32),
        (np.int16, 0.5, -0.25, np.float32),
        (np.int32, 0.1, 0.0, np.float64),
        (np.float32, 2.0, 0.5, np.float32),
    ],
)
def test_slope_and_intercept(tmp_path, dtype, slope, intercept, expected):
    stored = np.arange(60).reshape(3, 4, 5).astype(dtype)
    path = tmp_path / "a.nii"
    save(path, stored, np.eye(4))
    patch(path, 112, np.array([slope, intercept], "<f4"))  # scl_slope, scl_inter
    array = read_nifti(path).array
    assert array.dtype == expected
    real = slope if np.isfinite(slope) and slope != 0 else 1.0
    none = (real, intercept) == (1.0, 0.0) or real != slope
    assert row(read_nifti(path), "slope and intercept").done == ("" if none else "applied")
    added = intercept if real == slope else 0.0
    np.testing.assert_allclose(array.T, stored * real + added, rtol=1e-6)


def test_slope_without_intercept_is_damage(tmp_path):
    path = tmp_path / "a.nii"
    save(path, np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(path, 112, np.array([2.0, np.nan], "<f4"))
    with pytest.raises(errors.FileFormatError, match="invalid intercept"):
        read_nifti(path)


def test_sform_then_qform_then_spacing(tmp_path):
    array = np.zeros((3, 4, 5), np.int16)
    first, second = np.diag([2.0, 3.0, 4.0, 1.0]), np.diag([1.0, 1.0, 1.0, 1.0])
    first[:3, 3], second[:3, 3] = (10, 20, 30), (1, 2, 3)
    image = nibabel.Nifti1Image(array, first)
    for sform, qform, origin, source in [
        (4, 1, (-10, -20, 30), "sform"),
        (0, 1, (-1, -2, 3), "qform"),
        (0, 0, (0, 0, 0), "pixdim"),
    ]:
        image.set_sform(first, code=sform)
        image.set_qform(second, code=qform)
        image.to_filename(tmp_path / "a.nii")
        if source == "pixdim":
            with pytest.warns(errors.MedvoxelWarning, match="nothing about orientation"):
                scan = read_nifti(tmp_path / "a.nii")
        else:
            scan = read_nifti(tmp_path / "a.nii")
        assert scan.grid.origin == origin
        assert scan.info["orientation"] == source
        found = row(scan, "orientation source")
        assert found.severity == ("problem" if source == "pixdim" else "ok")
        assert found.found.startswith("voxel size" if source == "pixdim" else source)


def test_an_empty_sform_gives_way_to_the_qform(tmp_path):
    path = tmp_path / "a.nii"
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), np.diag([-2.0, -3.0, 4.0, 1.0]))
    image.set_qform(image.affine, code=1)
    image.set_sform(image.affine, code=1)
    nibabel.save(image, path)
    raw = bytearray(path.read_bytes())
    raw[280:328] = bytes(48)  # srow_x, srow_y and srow_z
    path.write_bytes(raw)
    volume = read_nifti(path)
    assert volume.grid.spacing == (4.0, 3.0, 2.0)
    assert volume.info["orientation"] == "qform"


@pytest.mark.parametrize(
    ("codes", "shift", "severity"),
    [
        ((1, 1), 0.05, "ok"),
        ((1, 1), 0.5, "problem"),  # two places for one frame
        ((4, 1), 0.5, "note"),  # registered to a template; the qform is the scanner's
        ((1, 0), 0.5, None),
        ((0, 1), 0.5, None),
    ],
)
def test_two_forms_that_disagree(tmp_path, codes, shift, severity, recwarn):
    """Trap B2: by how much, at the farthest corner; and which one is used."""
    image = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.int16), np.eye(4))
    sform, qform = np.diag([2.0, 3, 4, 1]), np.diag([2.0, 3, 4, 1])
    sform[0, 0] += shift / 4  # the fifth voxel lies `shift` mm off
    image.set_sform(sform, code=codes[0])
    image.set_qform(qform, code=codes[1])
    image.to_filename(tmp_path / "a.nii")
    scan = read_nifti(tmp_path / "a.nii")
    found = [r for r in scan.qc if r.check == "sform against qform"]
    assert [r.severity for r in found] == ([severity] if severity else [])
    assert [r.size_mm for r in found] == pytest.approx([shift] if severity else [], abs=1e-5)
    assert scan.grid.spacing[2] == pytest.approx(2 + (shift / 4 if codes[0] else 0))
    told = [w for w in recwarn.list if "contradict each other" in str(w.message)]
    assert len(told) == (severity == "problem")


def test_qform_that_is_nonsense_beside_a_good_sform(tmp_path):
    save(tmp_path / "a.nii", np.zeros((5, 4, 3), np.int16), np.eye(4), qform_code=1)
    patch(tmp_path / "a.nii", 256, np.array([3, 4, 5], "<f4"))  # a quaternion has length 1
    scan = read_nifti(tmp_path / "a.nii")
    assert row(scan, "sform against qform").severity == "note"
    assert scan.info["orientation"] == "sform"


def test_faults_that_were_mended_are_told_and_not_printed(tmp_path, capfd):
    path = tmp_path / "a.nii"
    save(path, np.zeros((2, 3, 4), np.int16), np.eye(4))
    patch(path, 76, np.array([7.0], "<f4"))  # qfac must be 1 or -1
    found = row(read_nifti(path), "header")
    assert "qfac" in found.found
    assert (found.done, found.severity) == ("setting qfac to 1", "fixed")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("micron", 1e-3), ("meter", 1e3)])
def test_units_of_length(tmp_path, unit, factor):
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.diag([1, 2, 3, 1]))
    image.header.set_xyzt_units(unit)
    image.to_filename(tmp_path / "a.nii")
    np.testing.assert_allclose(
        read_nifti(tmp_path / "a.nii").grid.spacing, np.array([3, 2, 1]) * factor
    )


def test_sheared_grid_is_refused(tmp_path):
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[1, 2] = 0.5
    save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), affine)
    with pytest.raises(errors.GeometryError, match="sheared"):
        read_nifti(tmp_path / "a.nii")


@pytest.mark.parametrize("ending", ENDINGS)
def test_four_axes(tmp_path, ending):
    array = np.arange(240, dtype=np.int16).reshape(3, 4, 5, 4)
    path = tmp_path / f"a{ending}"
    save(path, array, np.eye(4))
    with pytest.raises(errors.InputError, match="holds 4 volumes") as caught:
        read_nifti(path)
    assert "volume=" in caught.value.hint
    for i in range(4):
        np.testing.assert_array_equal(read_nifti(path, volume=i).array.T, array[..., i])
    for wrong in (4, -1, "a"):
        with pytest.raises(errors.InputError, match="one of the 4 volumes"):
            read_nifti(path, volume=wrong)


def test_axes_of_length_one(tmp_path):
    array = np.arange(60, dtype=np.int16)
    for shape in [(3, 4, 5, 1), (3, 20), (3, 4, 5, 1, 1)]:
        save(tmp_path / "a.nii", array.reshape(shape), np.eye(4))
        scan = read_nifti(tmp_path / "a.nii")
        np.testing.assert_array_equal(scan.array.T.ravel(), array)
        assert scan.array.ndim == 3
    save(tmp_path / "a.nii", array.reshape(3, 4, 1, 1, 5), np.eye(4))
    with pytest.raises(errors.InputError, match="up to four"):
        read_nifti(tmp_path / "a.nii")


def test_nifti2_and_big_endian(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nibabel.Nifti2Image(array, np.eye(4)).to_filename(tmp_path / "two.nii")
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nibabel.Nifti1Image(array, np.eye(4), header).to_filename(tmp_path / "big.nii.gz")
    for name in ("two.nii", "big.nii.gz"):
        found = read_nifti(tmp_path / name).array
        np.testing.assert_array_equal(found.T, array)
        assert found.dtype.isnative


def test_file_of_several_gzip_members(tmp_path):
    array = np.arange(60000, dtype=np.int16).reshape(30, 40, 50)
    save(tmp_path / "a.nii", array, np.eye(4))
    whole = (tmp_path / "a.nii").read_bytes()
    parts = [gzip.compress(whole[i : i + 10000]) for i in range(0, len(whole), 10000)]
    (tmp_path / "a.nii.gz").write_bytes(b"".join(parts))
    np.testing.assert_array_equal(read_nifti(tmp_path / "a.nii.gz").array.T, array)


def test_decompression_where_blocks_of_both_sides_disagree(tmp_path, rng):
    """Noise and emptiness by turns: much input gives little, then little gives much."""
    content = b"".join(rng.bytes(300_000) + bytes(3_000_000) for _ in range(3))
    (tmp_path / "a.gz").write_bytes(gzip.compress(content, 1))
    target, told = bytearray(len(content) - 900_000), []
    with open(tmp_path / "a.gz", "rb") as file:
        filled = decompress_into(file, memoryview(target), 900_000, told.append)
    assert filled == sum(told) == len(target)
    assert target == content[900_000:]
    assert max(told) <= 1 << 20  # never more at once, however dense
