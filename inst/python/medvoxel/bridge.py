"""The boundary to R: the only Python file written for it, as R/py-convert.R is in R.

R hands over arrays as read-only, column-major views indexed ``[x, y, z]``; their
transpose is the core's row-major ``[z, y, x]`` in the same memory. Spacing turns round
here and in R/py-convert.R, indices shift here, and nowhere else.
"""

from __future__ import annotations

import ctypes
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import medvoxel

from .errors import Cancelled, MedvoxelError, MedvoxelWarning
from .geometry import Grid
from .provenance import QualityCheck, SliceSource
from .volume import Mesh, Segment, Segmentation, Volume

if TYPE_CHECKING:
    from .radiomics.settings import RadiomicsSettings

__all__ = [
    "Outcome",
    "array_of",
    "call",
    "describe",
    "fill",
    "item",
    "mesh",
    "mesh_part",
    "outcome_state",
    "outcome_value",
    "segmentation",
    "volume",
]


@dataclass
class Outcome:
    """What a call came to: a value, or a failure; and the warnings on the way."""

    value: Any = None
    failure: dict[str, Any] | None = None
    warnings: list[dict[str, Any]] = field(default_factory=list)


# --- calls -----------------------------------------------------------------------------


def call(
    name: str,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    progress: Callable[[float, str], object] | None = None,
    make_room: Callable[[Mapping[str, Any]], NDArray[Any]] | None = None,
) -> Outcome:
    """Call a public function of medvoxel and catch whatever it raises.

    Exceptions do not travel through reticulate: its old versions flatten them, its new
    ones wrap them. They are returned as plain values instead.

    Parameters
    ----------
    name : str
        A public name of :mod:`medvoxel`.
    arguments, keywords : sequence, mapping
        The arguments.
    progress : callable, optional
        Passed on as ``progress=`` when given.
    make_room : callable, optional
        Given the description of a volume, allocates it in R and returns R's array; the
        core then fills it (``allocate=``) instead of an array of its own.

    Returns
    -------
    Outcome
        The value or the failure, and the warnings.
    """
    outcome = Outcome()
    if progress is not None:
        keywords = {**keywords, "progress": _interruptible(progress)}
    if make_room is not None:
        keywords = {**keywords, "allocate": lambda empty: _writable(make_room(describe(empty))).T}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MedvoxelWarning)
        try:
            outcome.value = getattr(medvoxel, name)(*arguments, **keywords)
        except BaseException as error:
            outcome.failure = _failure(error)
    outcome.warnings = [_warning(w.message) for w in caught if _is_ours(w.message)]
    return outcome


def _interruptible(callback: Callable[[float, str], object]) -> Callable[[float, str], object]:
    """Let an interrupt of R that reaches us inside a progress report stop the work.

    It arrives as an ordinary exception, which a reader would take for a fault of its file.
    """

    def report(done: float, label: str) -> object:
        try:
            return callback(done, label)
        except Exception as error:
            if _is_interrupt(error):
                raise Cancelled("The work was stopped.") from error
            raise

    return report


def outcome_state(outcome: Outcome) -> dict[str, Any]:
    """Failure and warnings of an outcome as plain values."""
    return {"failure": outcome.failure, "warnings": outcome.warnings}


def outcome_value(outcome: Outcome) -> Any:
    """Value of an outcome, still in Python."""
    return outcome.value


def _is_ours(message: Warning | str) -> bool:
    # Libraries' own deprecation chatter is no business of the user of R.
    return isinstance(message, MedvoxelWarning)


def _warning(message: Any) -> dict[str, Any]:
    return {"kind": message.kind, "message": message.message, "hint": message.hint}


def _failure(error: BaseException) -> dict[str, Any]:
    ours = isinstance(error, MedvoxelError)
    return {
        "kind": error.kind if ours else _kind(error),
        "message": error.message if ours else _describe_error(error),
        "hint": error.hint if ours else None,
        "details": _plain(error.details) if ours else {},
        "type": type(error).__name__,
        "traceback": "".join(traceback.format_exception(error)),
    }


def _kind(error: BaseException) -> str:
    if _is_interrupt(error):
        return "cancelled"
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, ImportError):
        return "environment"
    if isinstance(error, OSError):
        return "file"
    return "python"


def _is_interrupt(error: BaseException) -> bool:
    """Whether the user stopped the work, in whatever form that reaches us."""
    if isinstance(error, KeyboardInterrupt):
        return True
    # Old versions of reticulate fail in their own signal handler, or at the next call of
    # R, when R has noticed the interrupt first.
    if isinstance(error, RuntimeError) and "Unknown exception occurred" in str(error):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    return any(
        frame.filename.replace("\\", "/").endswith("rpytools/signals.py") for frame in frames
    )


def _describe_error(error: BaseException) -> str:
    if _is_interrupt(error):
        return "The work was stopped."
    if isinstance(error, MemoryError):
        return f"There is not enough memory. {error}".strip()
    return f"{type(error).__name__}: {error}"


# --- R to Python -------------------------------------------------------------------------


def _grid(
    shape: tuple[int, ...],
    spacing: Sequence[float],
    origin: Sequence[float],
    direction: Sequence[float],
) -> Grid:
    # R flattens a matrix column by column.
    matrix = np.asarray(direction, dtype=float).reshape(3, 3).T
    return Grid(shape, tuple(spacing[::-1]), tuple(origin), matrix)


def volume(
    values: NDArray[Any],
    spacing: Sequence[float],
    origin: Sequence[float],
    direction: Sequence[float],
    modality: str,
    unit: str,
    info: Mapping[str, Any],
    qc: Mapping[str, Sequence[Any]] | None = None,
    sources: Mapping[str, Sequence[Any]] | None = None,
) -> Volume:
    """Make a volume of a scan of R.

    Parameters
    ----------
    values : ndarray, shape (x, y, z)
        R's array, column-major.
    spacing, origin : sequence of float
        In (x, y, z) order.
    direction : sequence of float
        Nine numbers, column by column.
    modality, unit : str
        As of :class:`Volume`.
    info : mapping
        As of :class:`Volume`.
    qc, sources : mapping of sequences, optional
        Tables of R by column, as :func:`describe` gives them.

    Returns
    -------
    Volume
        In the same memory.
    """
    array = values.T
    grid = _grid(array.shape, spacing, origin, direction)
    checks = tuple(QualityCheck(**row) for row in _table_rows(qc))
    files = tuple(
        SliceSource(
            row["file"],
            0 if row["frame"] is None else int(row["frame"]) - 1,
            (row["x"], row["y"], row["z"]),
        )
        for row in _table_rows(sources)
    )
    # Voxels may have been replaced by others in R, also by fewer slices.
    files = files if len(files) == grid.shape[0] else ()
    return Volume(array, grid, modality, unit, dict(info), checks, files)


def _table_rows(columns: Mapping[str, Sequence[Any]] | None) -> list[dict[str, Any]]:
    if not columns:
        return []
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _settings_values(settings: RadiomicsSettings) -> dict[str, Any]:
    return {column.name: getattr(settings, column.name) for column in fields(settings)}


def mask(array: NDArray[np.integer]) -> NDArray[np.integer]:
    """Voxels of a mask of R, ``[x, y, z]``, as the core indexes them."""
    return array.T


def segmentation(
    values: NDArray[Any],
    spacing: Sequence[float],
    origin: Sequence[float],
    direction: Sequence[float],
    segments: Sequence[Sequence[Any]],
) -> Segmentation:
    """Make a segmentation of one of R; arguments as for :func:`volume`."""
    array = values.T
    return Segmentation(array, _grid(array.shape, spacing, origin, direction), _segments(segments))


def mesh(
    vertices: NDArray[Any],
    faces: NDArray[Any],
    values: NDArray[Any],
    segments: Sequence[Sequence[Any]],
) -> Mesh:
    """Make a mesh of one of R, whose faces count from 1."""
    return Mesh(
        np.ascontiguousarray(vertices, dtype=np.float64),
        np.ascontiguousarray(faces, dtype=np.int64) - 1,
        np.asarray(values, dtype=np.int64).reshape(-1),
        _segments(segments),
    )


def _segments(rows: Sequence[Sequence[Any]]) -> tuple[Segment, ...]:
    """Rows are value, name, colour, visible, status and code, as Segment has them."""
    return tuple(Segment(int(value), *rest) for value, *rest in rows)


# --- Python to R -------------------------------------------------------------------------


def describe(value: Any) -> dict[str, Any]:
    """Say in plain values what a result is, so that R can make room for it.

    Parameters
    ----------
    value : object
        Whatever a function of the core returned.

    Returns
    -------
    dict
        ``kind`` and what belongs to it.
    """
    if isinstance(value, Volume):
        return {
            "kind": "volume",
            **_describe_grid(value),
            "modality": value.modality,
            "unit": value.unit,
            "info": _plain(value.info),
            "qc": _columns(list(value.qc)) if value.qc else [],
            "sources": _columns([_source_row(s) for s in value.sources]) if value.sources else [],
            "in_r": _is_of_r(value.array),
        }
    if isinstance(value, Segmentation):
        return {"kind": "segmentation", **_describe_grid(value), "segments": _rows(value)}
    if isinstance(value, Mesh):
        return {
            "kind": "mesh",
            "vertices": len(value.vertices),
            "faces": len(value.faces),
            "segments": _rows(value),
        }
    if isinstance(value, np.ndarray):
        return {"kind": "array", "dim": list(value.shape)}
    # By name, because importing the class would load all of radiomics.
    if type(value).__name__ == "RadiomicsSettings":
        return {"kind": "settings", "value": _plain(_settings_values(value))}
    if type(value).__name__ == "RadiomicsTable":
        content = {"columns": value.columns, "provenance": value.provenance}
        return {"kind": "plain", "value": _plain(content)}
    if isinstance(value, list) and value and all(is_dataclass(row) for row in value):
        return {"kind": "table", "columns": _columns(value)}
    if isinstance(value, tuple):
        return {"kind": "tuple", "length": len(value)}
    if isinstance(value, dict) and value and all(isinstance(v, Volume) for v in value.values()):
        return {"kind": "tuple", "length": len(value), "names": list(value)}
    return {"kind": "plain", "value": _plain(value)}


def item(value: Sequence[Any] | Mapping[str, Any], index: int) -> Any:
    """One element of a tuple or mapping, still in Python; `index` counts from 0."""
    return (list(value.values()) if isinstance(value, Mapping) else value)[int(index)]


def array_of(value: Any) -> NDArray[Any]:
    """Values of a volume or segmentation as R indexes them, ``[x, y, z]``."""
    return value if isinstance(value, np.ndarray) else value.array.T


def mesh_part(value: Mesh, part: str) -> NDArray[Any]:
    """Vertices, faces (counted from 1) or face values of a mesh, as matrices."""
    if part == "vertices":
        return value.vertices
    return value.faces + 1 if part == "faces" else value.values[:, None]


@dataclass(frozen=True)
class _SourceRow:
    """Where a slice was read, in one row; frames count from 1."""

    file: str | None
    frame: int | None
    x: float
    y: float
    z: float


def _source_row(source: SliceSource) -> _SourceRow:
    frame = None if source.file is None else source.frame + 1
    return _SourceRow(source.file, frame, *source.position)


def fill(target: NDArray[Any], source: NDArray[Any]) -> int:
    """Write `source` into a vector that R has just allocated.

    Parameters
    ----------
    target : ndarray
        reticulate's read-only view of R's vector. Nobody else may know this vector yet:
        R takes its own values for immutable.
    source : ndarray
        Values of the same shape.

    Returns
    -------
    int
        Number of values written.

    Raises
    ------
    RuntimeError
        When reticulate made a copy instead of a view, so that R would see nothing.
    """
    view = _writable(target)
    np.copyto(view, source, casting="unsafe")
    return int(view.size)


def _writable(target: NDArray[Any]) -> NDArray[Any]:
    """Make a view of R's memory that can be written to.

    It does not keep the vector alive: whoever allocated it has to.
    """
    if target.flags.owndata:
        raise RuntimeError("reticulate copied the array instead of sharing it")
    memory = (ctypes.c_char * target.nbytes).from_address(target.ctypes.data)
    order = "F" if target.flags.f_contiguous else "C"
    return np.frombuffer(memory, dtype=target.dtype).reshape(target.shape, order=order)


def _is_of_r(array: NDArray[Any]) -> bool:
    """Whether an array is a view of R's memory that :func:`_writable` made."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    owner = getattr(base, "obj", base)  # of the memoryview that NumPy puts between
    return isinstance(owner, ctypes.Array)


def _describe_grid(value: Volume | Segmentation) -> dict[str, Any]:
    grid = value.grid
    return {
        "dim": list(grid.shape[::-1]),
        # What is in R already needs no more room there.
        "storage": "" if _is_of_r(value.array) else _storage(value.array),
        "spacing": list(grid.spacing[::-1]),
        "origin": list(grid.origin),
        "direction": [float(v) for v in grid.direction.reshape(-1)],
    }


def _storage(array: NDArray[Any]) -> str:
    """R's type: integer where its 32 bits (without the NA value) hold everything."""
    if array.dtype.kind == "f":
        return "double"
    small = array.dtype.itemsize < 4
    limit = np.iinfo(np.int32).max
    fits = small or (array.max(initial=0) <= limit and array.min(initial=0) >= -limit)
    return "integer" if fits else "double"


def _rows(value: Segmentation | Mesh) -> list[list[Any]]:
    return [[s.value, s.name, s.colour, bool(s.visible), s.status, s.code] for s in value.segments]


def _columns(rows: list[Any]) -> list[dict[str, Any]]:
    """Turn a list of one kind of dataclass round into named, typed columns."""
    types = {column.name: _column_type(str(column.type)) for column in fields(rows[0])}
    # A class with a mapping among its fields flattens itself; what that adds are numbers.
    flat = [row.as_row() if hasattr(row, "as_row") else _fields(row) for row in rows]
    return [
        {
            "name": name,
            "type": types.get(name, "double"),
            "values": [_plain(row[name]) for row in flat],
        }
        for name in flat[0]
    ]


def _fields(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in fields(row)}


def _column_type(annotation: str) -> str:
    # By the annotation, not the values: a column in which nothing is known has no others.
    for word, name in (("str", "character"), ("float", "double"), ("int", "integer")):
        if word in annotation:
            return name
    return "logical" if "bool" in annotation else "character"


def _plain(value: Any) -> Any:
    """Only what reticulate converts the same way in every version."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
