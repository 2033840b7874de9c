"""NRRD against SimpleITK, hand-written headers, and round trips."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest
from nrrd_factory import ENCODED, VALUES, by_hand, scan_on

from medvoxel import Grid, Volume, errors, read_nrrd, write_nrrd

# --- against SimpleITK ----------------------------------------------------------------


def same_as_simpleitk(image, scan):
    sitk = pytest.importorskip("SimpleITK")
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), scan.array)
    np.testing.assert_allclose(image.GetSpacing(), scan.grid.spacing[::-1], rtol=1e-12)
    np.testing.assert_allclose(image.GetOrigin(), scan.grid.origin, atol=1e-9)
    np.testing.assert_allclose(
        np.reshape(image.GetDirection(), (3, 3)), scan.grid.direction, atol=1e-9
    )


def test_simpleitk_opens_what_was_written(tmp_path, any_grid):
    """Trap B1: both keep LPS, so nothing is turned on the way."""
    sitk = pytest.importorskip("SimpleITK")
    scan = scan_on(any_grid)
    assert write_nrrd(scan, tmp_path / "a.nrrd") == (tmp_path / "a.nrrd",)
    image = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    same_as_simpleitk(image, scan)
    assert image.GetMetaData("medvoxel unit") == "HU"
    assert image.GetMetaData("NRRD_space") == "left-posterior-superior"


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
@pytest.mark.parametrize("packed", [True, False])
def test_what_simpleitk_writes_is_read(tmp_path, any_grid, name, packed):
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(scan_on(any_grid).array)
    image.SetSpacing(any_grid.spacing[::-1])
    image.SetOrigin(any_grid.origin)
    image.SetDirection(any_grid.direction.ravel().tolist())
    sitk.WriteImage(image, str(tmp_path / name), useCompression=packed)
    same_as_simpleitk(image, read_nrrd(tmp_path / name))


def test_real_image_equals_simpleitk(test_data):
    sitk = pytest.importorskip("SimpleITK")
    for name in ("brain1_image", "brain1_label"):
        path = test_data("radiomics", "pyradiomics-brain1", f"{name}.nrrd")
        same_as_simpleitk(sitk.ReadImage(str(path)), read_nrrd(path))


# --- round trips ----------------------------------------------------------------------


def test_round_trip_is_exact(tmp_path, any_grid):
    scan = scan_on(any_grid)
    write_nrrd(scan, tmp_path / "a.nrrd")
    again = read_nrrd(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(again.array, scan.array)
    assert again.array.dtype == np.int16
    assert again.array.flags.c_contiguous
    assert again.grid.difference(scan.grid)["corner_mm"] < 1e-12
    assert (again.modality, again.unit) == ("CT", "HU")


@pytest.mark.filterwarnings("ignore:.* have no value")
@pytest.mark.parametrize(
    ("values", "stored"),
    [
        (np.array([-1024, 3071], np.int32), "short"),
        (np.array([0, 65535], np.int32), "int"),
        (np.array([0, 65535], np.uint16), "unsigned short"),
        (np.array([-1, 2**31 - 1], np.int64), "int"),
        (np.array([0, 2**40], np.int64), "long long int"),
        (np.array([0.5, -1024.25]), "float"),
        (np.array([0.1, np.nan, np.inf]), "double"),
        (np.array([0.5, 2.0], np.float16), "float"),
        (np.array([-5, 2], ">i2"), "short"),
    ],
)
def test_values_are_stored_small_and_exact(tmp_path, values, stored):
    array = np.resize(values, (2, 3, 4))
    write_nrrd(Volume(array, Grid(array.shape)), tmp_path / "a.nrrd")
    assert f"\ntype: {stored}\n".encode() in (tmp_path / "a.nrrd").read_bytes()
    np.testing.assert_array_equal(read_nrrd(tmp_path / "a.nrrd").array, array)


def test_unit_with_other_letters_and_lines(tmp_path):
    scan = Volume(VALUES, Grid(VALUES.shape), modality="MR", unit="10⁻³ mm²/s \\ n\\n\nnext")
    write_nrrd(scan, tmp_path / "a.nrrd")
    assert read_nrrd(tmp_path / "a.nrrd").unit == scan.unit


def test_a_view_that_is_not_contiguous_and_read_only(tmp_path, rng):
    array = np.asfortranarray(rng.integers(-1000, 1000, (5, 6, 7)).astype(np.int16))
    array.flags.writeable = False
    write_nrrd(Volume(array, Grid(array.shape)), tmp_path / "a.nrrd")
    np.testing.assert_array_equal(read_nrrd(tmp_path / "a.nrrd").array, array)


def test_bad_names_and_kinds(tmp_path):
    scan = scan_on(Grid((2, 3, 4)))
    with pytest.raises(errors.FileFormatError, match=r"must end in \.nrrd"):
        write_nrrd(scan, tmp_path / "a.nhdr")
    with pytest.raises(errors.FileFormatError, match="no folder"):
        write_nrrd(scan, tmp_path / "nowhere" / "a.nrrd")
    with pytest.raises(errors.InputError):
        write_nrrd(scan.array, tmp_path / "a.nrrd")
    with pytest.raises(errors.Cancelled):
        write_nrrd(scan_on(Grid((30, 300, 300))), tmp_path / "a.nrrd", progress=lambda *a: False)
    assert list(tmp_path.iterdir()) == []


# --- encodings ------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("endian", ["little", "big"])
def test_encodings_and_byte_order(tmp_path, encoding, endian):
    data = VALUES.astype("<i2" if endian == "little" else ">i2").tobytes()
    path = by_hand(tmp_path / "a.nrrd", ENCODED[encoding](data), encoding=encoding, endian=endian)
    found = read_nrrd(path).array
    np.testing.assert_array_equal(found, VALUES)
    assert found.dtype == np.int16
    assert found.dtype.isnative


@pytest.mark.parametrize("kind", ["short", "double", "uint64"])
def test_numbers_as_text(tmp_path, kind):
    values = np.abs(VALUES) if kind == "uint64" else VALUES / (4 if kind == "double" else 1)
    words = [f"{v:g}" if kind == "double" else str(int(v)) for v in values.ravel()]
    text = " \n\t".join(words).encode()
    path = by_hand(tmp_path / "a.nrrd", text, encoding="ascii", type=kind, endian=None)
    np.testing.assert_array_equal(read_nrrd(path).array, values)


def test_long_text_is_not_cut_inside_a_number(tmp_path, rng):
    values = rng.integers(-30000, 30000, (40, 60, 150)).astype(np.int16)  # over two blocks
    text = " ".join(str(v) for v in values.ravel()).encode()
    assert len(text) > 2 << 20
    path = by_hand(tmp_path / "a.nrrd", text, encoding="txt", sizes="150 60 40")
    np.testing.assert_array_equal(read_nrrd(path).array, values)


@pytest.mark.parametrize(
    "words", [b"1 2 x", b"70000 " * 60, b"1.5 " * 60, b"9" * 2000 + b" 1" * 60]
)
def test_text_that_is_no_number_of_the_type(tmp_path, words):
    path = by_hand(tmp_path / "a.nrrd", words.ljust(300), encoding="ascii")
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nrrd(path)


# --- where the voxels are -------------------------------------------------------------


def test_detached_voxels_beside_and_below(tmp_path):
    (tmp_path / "below").mkdir()
    for name in ("a voxels.raw", "below/a.raw", "./b.raw"):
        (tmp_path / name).write_bytes(VALUES.tobytes())
        path = by_hand(tmp_path / "a.nhdr", None, data_file=name)
        np.testing.assert_array_equal(read_nrrd(path).array, VALUES)


def test_voxels_in_several_files(tmp_path):
    for i, plane in enumerate(VALUES):
        (tmp_path / f"slice{i + 1:03d}.raw").write_bytes(plane.tobytes())
        (tmp_path / f"slice{i + 1}.gz").write_bytes(gzip.compress(plane.tobytes()))
    names = "\n".join(f"slice{i:03d}.raw" for i in (1, 2, 3, 4, 5))
    listed = by_hand(tmp_path / "list.nhdr", None, data_file=f"LIST\n{names}")
    numbered = by_hand(tmp_path / "a.nhdr", None, datafile="slice%d.gz 1 5 1 2", encoding="gzip")
    down = by_hand(tmp_path / "down.nhdr", None, data_file="slice%03d.raw 5 1 -1")
    np.testing.assert_array_equal(read_nrrd(listed).array, VALUES)
    np.testing.assert_array_equal(read_nrrd(numbered).array, VALUES)
    np.testing.assert_array_equal(read_nrrd(down).array, VALUES[::-1])


def test_lines_and_bytes_before_the_voxels(tmp_path):
    data = VALUES.tobytes()
    (tmp_path / "a.raw").write_bytes(b"first\nsecond\n1234" + data)
    skip = {"line_skip": 2, "byte_skip": 4}
    path = by_hand(tmp_path / "a.nhdr", None, data_file="a.raw", **skip)
    np.testing.assert_array_equal(read_nrrd(path).array, VALUES)
    path = by_hand(tmp_path / "a.nhdr", None, data_file="a.raw", byteskip=-1)
    np.testing.assert_array_equal(read_nrrd(path).array, VALUES)
    # In packed voxels, bytes are counted after unpacking.
    packed = b"x\n" + gzip.compress(b"1234" + data)
    path = by_hand(tmp_path / "a.nrrd", packed, encoding="gzip", lineskip=1, byteskip=4)
    np.testing.assert_array_equal(read_nrrd(path).array, VALUES)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.raw", "a/../../secret.raw", "C:\\a.raw", "..\\a.raw", "\\a"]
)
@pytest.mark.parametrize("listed", ["{}", "LIST\n{}"])
def test_files_elsewhere_are_never_opened(tmp_path, name, listed):
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.raw").write_bytes(VALUES.tobytes())
    path = by_hand(folder / "a.nhdr", None, data_file=listed.format(name))
    with pytest.raises(errors.FileFormatError, match="not beside it"):
        read_nrrd(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files on this system")
def test_what_is_no_ordinary_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.raw")  # opening it would wait for ever
    path = by_hand(tmp_path / "a.nhdr", None, data_file="pipe.raw")
    with pytest.raises(errors.FileFormatError, match="not there"):
        read_nrrd(path)


# --- geometry -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "turn"),
    [
        ("left-posterior-superior", (1, 1)),
        ("LPS", (1, 1)),
        ("right-anterior-superior", (-1, -1)),
        ("RAS", (-1, -1)),
        ("Left-Anterior-Superior", (1, -1)),
        ("las", (1, -1)),
    ],
)
def test_frames(tmp_path, space, turn, recwarn):
    scan = read_nrrd(by_hand(tmp_path / "a.nrrd", VALUES.tobytes(), space=space))
    x, y = turn
    np.testing.assert_allclose(scan.grid.origin, (-10 * x, 20 * y, 30.5))
    last = scan.grid.index_to_lps((4, 2, 3))
    np.testing.assert_allclose(last, (x * (-10 + 1.5), y * (20 + 1.6), 30.5 + 16))
    assert scan.info["orientation"] == "space directions"
    assert scan.qc[0].severity == "ok"
    assert recwarn.list == []


def test_units_and_spaces_inside_brackets(tmp_path):
    path = by_hand(
        tmp_path / "a.nrrd",
        VALUES.tobytes(),
        space_directions=" ( 0.05 , 0, 0)  (0,0.08,0 )(0, 0, 0.4) ",
        space_origin="( -1, 2 , 3.05 )",
        space_units='"cm" "cm" "cm"',
    )
    scan = read_nrrd(path)
    np.testing.assert_allclose(scan.grid.spacing, (4, 0.8, 0.5))
    np.testing.assert_allclose(scan.grid.origin, (-10, 20, 30.5))
    by_hand(path, VALUES.tobytes(), space_units='"inch" "inch" "inch"')
    with pytest.raises(errors.GeometryError, match="inch"):
        read_nrrd(path)


def test_spacings_alone_give_no_orientation(tmp_path):
    fields = {"space": None, "space_directions": None, "space_origin": None}
    path = by_hand(tmp_path / "a.nrrd", VALUES.tobytes(), spacings="0.5 nan 4", **fields)
    with pytest.warns(errors.MedvoxelWarning, match="nothing about orientation") as caught:
        scan = read_nrrd(path)
    assert caught[0].filename == __file__
    assert scan.grid.spacing == (4.0, 1.0, 0.5)
    assert scan.info["orientation"] == "spacings"
    assert (scan.qc[0].check, scan.qc[0].severity) == ("orientation source", "problem")


def test_space_without_a_known_name(tmp_path):
    path = by_hand(tmp_path / "a.nrrd", VALUES.tobytes(), space=None, space_dimension=3)
    with pytest.warns(errors.MedvoxelWarning, match="left-posterior-superior"):
        scan = read_nrrd(path)
    np.testing.assert_allclose(scan.grid.origin, (-10, 20, 30.5))
    assert scan.qc[0].severity == "problem"


def test_axes_that_run_elsewhere(tmp_path):
    """Voxel (x, y, z) of the file lies where its own vectors say."""
    path = by_hand(
        tmp_path / "a.nrrd", VALUES.tobytes(), space_directions="(0,0,-0.5) (0.8,0,0) (0,4,0)"
    )
    scan = read_nrrd(path)
    np.testing.assert_allclose(scan.grid.index_to_lps((4, 2, 3)), (-10 + 1.6, 20 + 16, 30.5 - 1.5))
    assert scan.grid.orientation == "ILP"


def test_sheared_grid_is_refused(tmp_path):
    path = by_hand(
        tmp_path / "a.nrrd", VALUES.tobytes(), space_directions="(0.5,0,0) (0.1,0.8,0) (0,0,4)"
    )
    with pytest.raises(errors.GeometryError, match="sheared"):
        read_nrrd(path)


def test_one_slice(tmp_path):
    plane = VALUES[0]
    path = by_hand(
        tmp_path / "a.nrrd",
        plane.tobytes(),
        dimension=2,
        sizes="4 3",
        kinds="domain domain",
        space_directions="(0,0.5,0) (0,0,0.8)",
    )
    scan = read_nrrd(path)
    assert scan.array.shape == (1, 3, 4)
    np.testing.assert_allclose(scan.grid.direction[:, 2], (1, 0, 0))
