"""NRRD against SimpleITK, hand-written headers, and round trips."""

from __future__ import annotations

import bz2
import gzip
import os
import tracemalloc

import numpy as np
import pytest

from medvoxel import Grid, Volume, errors, read_nrrd, write_nrrd

SIZES = (4, 3, 5)  # x, y, z
VALUES = (np.arange(60, dtype=np.int16) - 30).reshape(SIZES[::-1])
DIRECTIONS = "(0.5,0,0) (0,0.8,0) (0,0,4)"


def by_hand(path, data: bytes = b"", **fields):
    """Write a header line by line; a field of None is left out, a list is repeated."""
    values = {
        "type": "short",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": "4 3 5",
        "space_directions": DIRECTIONS,
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space_origin": "(-10,20,30.5)",
        **fields,
    }
    keys = values.pop("keys", [])
    lines = [f"{k.replace('_', ' ')}: {v}" for k, v in values.items() if v is not None]
    text = "\n".join(["NRRD0005", "# written by a test", *lines, *keys])
    path.write_bytes(text.encode() + (b"\n\n" + data if data is not None else b"\n"))
    return path


def scan_on(grid: Grid, dtype=np.int16) -> Volume:
    values = np.arange(np.prod(grid.shape)).reshape(grid.shape).astype(dtype)
    return Volume(values, grid, modality="CT", unit="HU")


def place_of_every_voxel(scan: Volume) -> dict[int, tuple[float, ...]]:
    """Where each value lies in the patient; the values are unique."""
    index = np.argwhere(np.ones(scan.array.shape, bool))
    points = np.round(scan.grid.index_to_lps(index), 4) + 0.0
    return {int(v): tuple(p) for v, p in zip(scan.array.ravel(), points, strict=True)}


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

ENCODED = {
    "raw": lambda b: b,
    "gzip": gzip.compress,
    "gz": lambda b: gzip.compress(b[:40]) + gzip.compress(b[40:]),
    "bzip2": bz2.compress,
    "bz2": lambda b: bz2.compress(b[:40]) + bz2.compress(b[40:]),
}


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


# --- several volumes ------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_volumes_along_any_axis(tmp_path, place, encoding):
    four = np.arange(2 * 60, dtype=np.int16).reshape(2, *VALUES.shape)
    stored = np.moveaxis(four, 0, 3 - place)
    parts = DIRECTIONS.split()
    sizes = [str(n) for n in SIZES]
    kinds = ["domain"] * 3
    for part, value in ((parts, "none"), (sizes, "2"), (kinds, "list")):
        part.insert(place, value)
    path = by_hand(
        tmp_path / "a.nrrd",
        ENCODED[encoding](np.ascontiguousarray(stored).tobytes()),
        dimension=4,
        encoding=encoding,
        sizes=" ".join(sizes),
        kinds=" ".join(kinds),
        space_directions=" ".join(parts),
    )
    with pytest.raises(errors.InputError, match="holds 2 volumes") as caught:
        read_nrrd(path)
    assert "volume=" in caught.value.hint
    for i in range(2):
        scan = read_nrrd(path, volume=i)
        np.testing.assert_array_equal(scan.array, four[i])
        np.testing.assert_allclose(scan.grid.spacing, (4, 0.8, 0.5))
    with pytest.raises(errors.InputError, match="one of the 2"):
        read_nrrd(path, volume=2)


def test_time_as_a_coordinate(tmp_path):
    four = np.arange(2 * 60, dtype=np.int16).reshape(2, *VALUES.shape)
    path = by_hand(
        tmp_path / "a.nrrd",
        four.tobytes(),
        space="left-posterior-superior-time",
        dimension=4,
        sizes="4 3 5 2",
        kinds="domain domain domain time",
        space_directions="(0.5,0,0,0) (0,0.8,0,0) (0,0,4,0) (0,0,0,2)",
        space_origin="(-10,20,30.5,0)",
    )
    scan = read_nrrd(path, volume=1)
    np.testing.assert_array_equal(scan.array, four[1])
    np.testing.assert_allclose(scan.grid.origin, (-10, 20, 30.5))


@pytest.mark.parametrize("kind", ["vector", "RGB-color", "3-vector", "3D-symmetric-matrix"])
def test_several_numbers_for_a_voxel(tmp_path, kind):
    path = by_hand(
        tmp_path / "a.nrrd",
        VALUES.tobytes() * 3,
        dimension=4,
        sizes="3 4 3 5",
        kinds=f"{kind} domain domain domain",
        space_directions=f"none {DIRECTIONS}",
    )
    with pytest.raises(errors.FileFormatError, match="not grey values"):
        read_nrrd(path)


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize(("bad", "kinds"), [([np.nan], "NaN"), ([np.nan, -np.inf], "NaN and inf")])
def test_voxels_without_value_are_told(tmp_path, bad, kinds):
    values = VALUES.astype(np.float32)
    values[0, 0, : len(bad)] = bad
    path = by_hand(tmp_path / "a.nrrd", values.tobytes(), type="float")
    with pytest.warns(errors.MedvoxelWarning, match=f"{len(bad)} of 60 voxels.*{kinds}"):
        scan = read_nrrd(path)
    assert (scan.qc[-1].check, scan.qc[-1].severity) == ("voxels without value", "problem")
    np.testing.assert_array_equal(scan.array, values)


def test_keys_of_others_are_not_kept(tmp_path):
    keys = ["PatientName:=Doe^Jane", "medvoxel unit:=HU", "DICOM: a tag := 1", "unknown: x"]
    scan = read_nrrd(by_hand(tmp_path / "a.nrrd", VALUES.tobytes(), keys=keys))
    assert "Doe" not in repr((scan.info, scan.qc, scan.sources, scan.modality))
    assert scan.unit == "HU"


# --- bad input ------------------------------------------------------------------------


def test_missing_files_and_other_formats(tmp_path):
    with pytest.raises(errors.FileFormatError, match="no file"):
        read_nrrd(tmp_path / "a.nrrd")
    for content in (b"", b"NRRD", b"not an image" * 100, b"NRRD0005\n" + b"x" * (3 << 20)):
        (tmp_path / "a.nrrd").write_bytes(content)
        with pytest.raises(errors.FileFormatError, match="damaged"):
            read_nrrd(tmp_path / "a.nrrd")
    with pytest.raises(errors.FileFormatError, match="not there"):
        read_nrrd(by_hand(tmp_path / "a.nhdr", None, data_file="gone.raw"))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "block"},
        {"encoding": "hex"},
        {"encoding": None},
        {"endian": None},
        {"endian": "middle"},
        {"sizes": "4 3"},
        {"sizes": "4 3 -5"},
        {"sizes": "4 3 five"},
        {"sizes": "4 3 1e300"},
        {"dimension": "17", "sizes": " ".join("1" * 17), "kinds": None},
        {"kinds": "domain"},
        {"space_directions": "(1,0,0) (0,1,0)"},
        {"space_directions": "(1,0,0) (0,1) (0,0,1)"},
        {"space_directions": "none none none"},
        {"byte_skip": "-2"},
        {"line_skip": "-1"},
        {"encoding": "gzip", "byte_skip": "-1"},
        {"data_file": "x%d.raw 1 900000000 1"},
        {"data_file": "x%d.raw 1 9 0"},
        {"data_file": "LIST"},
        {"keys": ["no colon here"]},
        {"keys": ["type: short"]},
    ],
)
def test_headers_that_make_no_sense(tmp_path, fields):
    path = by_hand(tmp_path / "a.nrrd", VALUES.tobytes(), **fields)
    with pytest.raises((errors.FileFormatError, errors.InputError)):
        read_nrrd(path)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_file_cut_short(tmp_path, encoding, rng):
    data = ENCODED[encoding](rng.integers(0, 999, 60).astype(np.int16).tobytes())
    path = by_hand(tmp_path / "a.nrrd", data[:-20], encoding=encoding)
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nrrd(path)


@pytest.mark.parametrize("encoding", ["gzip", "bzip2"])
def test_bytes_changed_on_the_way(tmp_path, encoding):
    data = bytearray(ENCODED[encoding](VALUES.tobytes()))
    data[len(data) // 2] ^= 4
    path = by_hand(tmp_path / "a.nrrd", bytes(data), encoding=encoding)
    with pytest.raises(errors.FileFormatError, match="damaged"):
        read_nrrd(path)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("sizes", ["100000 100000 100000", "4000 4000 4000"])
def test_small_file_that_asks_for_much_is_refused_at_once(tmp_path, encoding, sizes):
    data = ENCODED.get(encoding, lambda b: b"1 2 3")(VALUES.tobytes())
    path = by_hand(tmp_path / "a.nrrd", data, encoding=encoding, sizes=sizes)
    tracemalloc.start()
    with pytest.raises(errors.FileFormatError, match=r"asks for [\d,]+ MB"):
        read_nrrd(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_unpacking_stays_within_what_was_asked(tmp_path):
    """A bomb behind a header that asks for little costs little."""
    bomb = gzip.compress(bytes(64 << 20), 9)
    path = by_hand(tmp_path / "a.nrrd", bomb, encoding="gzip")
    tracemalloc.start()
    assert not read_nrrd(path).array.any()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.filterwarnings("ignore::medvoxel.errors.MedvoxelWarning")
def test_mutated_files_fail_in_a_known_way(tmp_path, rng):
    write_nrrd(scan_on(Grid((4, 5, 6))), tmp_path / "a.nrrd")
    whole = (tmp_path / "a.nrrd").read_bytes()
    path, outcomes = tmp_path / "b.nrrd", set()
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            place = rng.integers(0, min(len(content), 400))
            content[place : place + rng.integers(0, 2)] = rng.bytes(int(rng.integers(0, 3)))
        path.write_bytes(content)
        try:
            read_nrrd(path)
            outcomes.add("read")
        except errors.MedvoxelError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
