import warnings

import numpy as np
import pytest

import medvoxel
from medvoxel import Mesh, Segment, Segmentation, bridge
from medvoxel.errors import Cancelled, DicomError, DicomWarning

# As reticulate hands a matrix over: flattened column by column, spacing in x, y, z.
TURN = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def r_array(shape, dtype=np.int32):
    """An array as R's: column-major, read-only, indexed [x, y, z]."""
    values = np.arange(np.prod(shape), dtype=dtype).reshape(shape, order="F")
    values.flags.writeable = False
    return values


@pytest.fixture
def core(monkeypatch):
    """Put a function under a public name, as bridge.call finds it."""

    def put(function):
        monkeypatch.setattr(medvoxel, "probe", function, raising=False)
        return lambda *args, **kwargs: bridge.call("probe", args, kwargs)

    return put


def test_volumes_share_the_memory_and_turn_spacing_round():
    values = r_array((3, 4, 5))
    volume = bridge.volume(values, (0.5, 0.8, 4), (1, 2, 3), TURN, "CT", "HU", {})
    assert volume.array.shape == (5, 4, 3)
    assert np.shares_memory(volume.array, values)
    assert volume.array.flags.c_contiguous
    assert volume.array[4, 3, 2] == values[2, 3, 4]
    assert volume.grid.spacing == (4, 0.8, 0.5)
    # The first column of R's matrix is where x runs: to posterior.
    np.testing.assert_allclose(volume.grid.index_to_lps((0, 0, 1)), (1, 2.5, 3))


def test_description_is_the_inverse():
    volume = bridge.volume(r_array((3, 4, 5)), (0.5, 0.8, 4), (1, 2, 3), TURN, "CT", "HU", {"a": 1})
    told = bridge.describe(volume)
    assert told["dim"] == [3, 4, 5]
    assert told["spacing"] == [0.5, 0.8, 4]
    assert told["origin"] == [1, 2, 3]
    assert np.reshape(told["direction"], (3, 3)).T.reshape(-1).tolist() == list(TURN)
    assert told["info"] == {"a": 1}


def test_storage_is_integer_only_when_r_can_hold_it():
    grid = medvoxel.Grid((1, 1, 2))

    def storage(values, dtype):
        array = np.array(values, dtype).reshape(1, 1, 2)
        return bridge.describe(medvoxel.Volume(array, grid))["storage"]

    assert storage([0, 65535], np.uint16) == "integer"
    assert storage([0, 2**31 - 1], np.int64) == "integer"
    assert storage([0, 2**31], np.uint32) == "double"
    # The smallest 32-bit number is R's NA.
    assert storage([-(2**31), 0], np.int32) == "double"
    assert storage([0.5, 1], np.float32) == "double"


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.bool_])
def test_fill_writes_into_the_other_memory(dtype):
    source = (np.arange(60) % 2 if dtype is np.bool_ else np.arange(60)).astype(dtype)
    volume = source.reshape(5, 4, 3)
    owner = np.zeros((3, 4, 5), np.int32, order="F")
    target = owner[...]
    target.flags.writeable = False
    assert bridge.fill(target, volume.T) == 60
    np.testing.assert_array_equal(owner, volume.T)


def test_fill_refuses_a_copy():
    with pytest.raises(RuntimeError, match="copied"):
        bridge.fill(np.zeros(3), np.ones(3))


def test_faces_shift_and_values_do_not():
    faces = np.array([[1, 2, 3]], dtype=np.int32, order="F")
    mesh = bridge.mesh(np.eye(3), faces, np.array([7]), [(7, "a", "#fff")])
    assert mesh.faces.tolist() == [[0, 1, 2]]
    assert mesh.values.tolist() == [7]
    assert bridge.mesh_part(mesh, "faces").tolist() == [[1, 2, 3]]
    assert isinstance(mesh, Mesh)
    assert bridge.describe(mesh)["segments"] == [[7, "a", "#fff", True, None, None]]


def test_segmentations_keep_their_values():
    seg = bridge.segmentation(r_array((3, 4, 5)), (1, 1, 1), (0, 0, 0), TURN, [(9, "a", "#fff")])
    assert isinstance(seg, Segmentation)
    assert seg.segments == (Segment(9, "a", "#fff"),)
    assert seg.array.max() == 59


def test_segment_tables_cross_both_ways():
    rows = [
        [59, "a", "#fff", False, "in progress", "SCT^13024002^Tendon"],
        [2, "b", "#000", True, None, None],
    ]
    where = ((1, 1, 1), (0, 0, 0), TURN)
    seg = bridge.segmentation(r_array((3, 4, 5)), *where, rows)
    assert seg.segments[0] == Segment(59, "a", "#fff", False, "in progress", "SCT^13024002^Tendon")
    assert seg.segments[1] == Segment(2, "b", "#000")
    assert bridge.describe(seg)["segments"] == rows


def test_our_errors_come_back_whole(core):
    def probe():
        raise DicomError("Bad file.", hint="Export again.", files=("a", np.int64(3)))

    failure = core(probe)().failure
    assert failure["kind"] == "dicom"
    assert failure["message"] == "Bad file."
    assert failure["hint"] == "Export again."
    assert failure["details"] == {"files": ["a", 3]}
    assert "Traceback" in failure["traceback"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyboardInterrupt(), "cancelled"),
        (Cancelled("x"), "cancelled"),
        (MemoryError("x"), "memory"),
        (ModuleNotFoundError("x"), "environment"),
        (PermissionError("x"), "file"),
        (ZeroDivisionError("x"), "python"),
    ],
)
def test_every_exception_has_a_kind(core, error, kind):
    def probe():
        raise error

    assert core(probe)().failure["kind"] == kind


def test_an_interrupt_that_breaks_the_signal_handler_is_still_one(core, tmp_path):
    handler = tmp_path / "rpytools" / "signals.py"
    handler.parent.mkdir()
    handler.write_text("def handle():\n    raise RuntimeError('Unknown exception occurred')\n")
    scope = {}
    exec(compile(handler.read_text(), str(handler), "exec"), scope)
    failure = core(scope["handle"])().failure
    assert failure["kind"] == "cancelled"
    assert failure["message"] == "The work was stopped."


def test_our_warnings_are_told_and_those_of_others_are_not(core):
    def probe():
        warnings.warn(DicomWarning("One file was left out.", hint="Look."), stacklevel=2)
        warnings.warn("numpy will change", DeprecationWarning, stacklevel=2)
        return 5

    outcome = core(probe)()
    assert outcome.value == 5
    told = {"kind": "dicom", "message": "One file was left out.", "hint": "Look."}
    assert outcome.warnings == [told]


def test_a_warning_is_told_each_time(core):
    def probe():
        warnings.warn(DicomWarning("again"), stacklevel=1)

    call = core(probe)
    assert [len(call().warnings) for _ in range(3)] == [1, 1, 1]


def test_tables_have_typed_columns():
    from dataclasses import dataclass

    @dataclass
    class Row:
        name: str
        count: int
        mean: float | None
        mixed: float | int

    told = bridge.describe([Row("a", 1, None, 1), Row("b", 2, None, 1.5)])
    types = {c["name"]: c["type"] for c in told["columns"]}
    assert types == {"name": "character", "count": "integer", "mean": "double", "mixed": "double"}


def test_plain_values_only():
    told = bridge.describe({"a": np.float32(1.5), "b": (1, np.arange(2)), 3: None})
    assert told["value"] == {"a": 1.5, "b": [1, [0, 1]], "3": None}
