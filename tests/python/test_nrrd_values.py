"""NRRD files of several volumes, their values, and bad input."""

from __future__ import annotations

import gzip
import tracemalloc

import numpy as np
import pytest
from nrrd_factory import DIRECTIONS, ENCODED, SIZES, VALUES, by_hand, scan_on

from medvoxel import Grid, errors, read_nrrd, write_nrrd

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
