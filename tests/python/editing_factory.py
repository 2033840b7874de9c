"""Every edit of a labelmap in one table, and random labelmaps to try them on.

An edit takes a segmentation, the value of a segment, random numbers and the settings that
edits share; it returns the new segmentation, the changes of volume (``None`` where the verb
tells none), and the values of the segments that it was told to change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import medvoxel as mv
from medvoxel.segmentation._editing import plane_axis

Result = tuple[mv.Segmentation, "list | None", set[int]]


@dataclass(frozen=True)
class Edit:
    """One edit: its public verb, and how to call it."""

    verb: str
    run: Callable[..., Result]


def labelmap(grid: mv.Grid, seed: int) -> mv.Segmentation:
    """Clumps and specks of four segments, hidden ones among them; one drawn on slices.

    The values are not in the order of the table, and the labels cannot be written to.
    """
    random = np.random.default_rng(seed)
    values = (1, 7, 2, 4)
    clumps = random.choice([0, 0, 1, 2, 4], [-(-n // 3) for n in grid.shape])
    array = np.kron(clumps, np.ones((3, 3, 3), dtype=int))[tuple(slice(n) for n in grid.shape)]
    array = np.where(
        random.random(grid.shape) < 0.2, random.choice([0, 1, 2, 4], grid.shape), array
    )
    array[:, -3:] = 0
    array[1, -3:, 1:-1] = array[-2, -3:, 1:-1] = 7
    array = array.astype(random.choice([np.uint8, np.int16, np.int32]))
    array.flags.writeable = False
    rows = tuple(
        mv.Segment(
            value,
            f"segment {value}",
            f"#0000{value:02X}",
            visible=bool(random.random() < 0.5),
            status="flagged",
            code=f"X^{value}^y",
        )
        for value in values
    )
    return mv.Segmentation(array, grid, rows)


def scan_of(seg: mv.Segmentation, random: np.random.Generator) -> mv.Volume:
    return mv.Volume(random.integers(0, 50, seg.grid.shape).astype(np.int16), seg.grid)


def voxel_of(seg: mv.Segmentation, value: int, random: np.random.Generator) -> np.ndarray:
    """LPS place of some voxel with a label; of any voxel when there is none."""
    found = np.argwhere(seg.array == value)
    if not len(found):
        found = np.argwhere(np.ones(seg.grid.shape, dtype=bool))
    return seg.grid.index_to_lps(random.choice(found))


def places(seg: mv.Segmentation, number: int, random: np.random.Generator) -> np.ndarray:
    return seg.grid.index_to_lps(random.random((number, 3)) * np.subtract(seg.grid.shape, 1))


def _each(verb: str, **settings: Any) -> Edit:
    """Of a verb that works on one segment, on several, or on all."""

    def run(seg, target, random, **rest):
        values = [row.value for row in seg.segments]
        pair = [target, values[(values.index(target) + 1) % len(values)]]
        chosen = (target, pair, None)[random.integers(3)]
        out, changes = getattr(mv, verb)(seg, chosen, **settings, **rest)
        return out, changes, {target} if chosen == target else set(chosen or values)

    return Edit(verb, run)


def _islands(operation: str) -> Edit:
    def run(seg, target, random, **rest):
        label = target
        if operation == "add_selected":
            label = random.choice([0, *(row.value for row in seg.segments if row.value != target)])
        at = voxel_of(seg, label, random) if operation.endswith("selected") else None
        settings = {"operation": operation, "minimum_size": 2, "at": at}
        return *mv.islands(seg, target, **settings, **rest), {target}

    return Edit("islands", run)


def _split(seg, target, random, overwrite=None, **rest):
    return *mv.split_islands(seg, target, minimum_size=2, **rest), {target}


def _combine(operation: str, modifier: str | None) -> Edit:
    def run(seg, target, random, **rest):
        if modifier is None:
            return *mv.combine_segments(seg, target, operation, **rest), {target}
        by = int(random.choice([row.value for row in seg.segments]))
        other = labelmap(seg.grid, int(random.integers(99))) if modifier == "other" else None
        out, changes = mv.combine_segments(seg, target, operation, by, other=other, **rest)
        return out, changes, {target} if other is not None else {target, by}

    return Edit("combine_segments", run)


def _brush(seg, random, shape, sphere):
    plane = str(random.choice(["axial", "coronal", "sagittal"]))
    if shape == "mask":
        return {"mask": random.random(seg.grid.shape) < 0.3}
    if shape != "polygon":
        at = places(seg, 2 if shape == "box" else 3, random)
        return {"at": at, "shape": shape, "sphere": sphere, "plane": plane, "diameter": 3.0}
    index = random.random((5, 3)) * np.subtract(seg.grid.shape, 1)
    index[:, plane_axis(seg.grid, plane)] = 2
    return {"at": seg.grid.index_to_lps(index), "shape": "polygon", "plane": plane}


def _paint(shape: str, sphere: bool = True) -> Edit:
    def run(seg, target, random, **rest):
        brush = _brush(seg, random, shape, sphere)
        return *mv.paint(seg, target, **brush, **rest), {target}

    return Edit("paint", run)


def _erase(shape: str, sphere: bool = True) -> Edit:
    def run(seg, target, random, overwrite=None, **rest):
        chosen = (target, None)[random.integers(2)]
        out, changes = mv.erase(seg, chosen, **_brush(seg, random, shape, sphere), **rest)
        return out, changes, {row.value for row in seg.segments} if chosen is None else {target}

    return Edit("erase", run)


def _grow(seg, target, random, overwrite=None, **rest):
    return mv.grow_from_seeds(seg, scan_of(seg, random), **rest), None, set()


def _remove(seg, target, random, overwrite=None, editable=None):
    if editable is not None:
        editable = editable | (seg.array == target)
    return *mv.remove_segment(seg, target, editable=editable), {target}


SMOOTHING = {"median": 5, "mean": 5, "opening": 2, "closing": 5, "gaussian": 1, "joint": 1}
ISLANDS = (
    "keep_largest", "remove_small", "keep_selected", "remove_selected", "add_selected", "split",
)  # fmt: skip
LOGIC = ("copy", "add", "subtract", "intersect")
SHAPES = ("points", "stroke", "polygon", "box", "mask")

EDITS = {
    **{f"smooth {m}": _each("smooth_segment", method=m, kernel=k) for m, k in SMOOTHING.items()},
    "grow by mm": _each("margin", mm=1.7),
    "shrink by mm": _each("margin", mm=-1.1),
    **{
        f"hollow {mode}": _each("hollow", thickness=2.1, mode=mode)
        for mode in ("inside", "medial", "outside")
    },
    **{f"islands {operation}": _islands(operation) for operation in ISLANDS},
    "split islands": Edit("split_islands", _split),
    **{f"combine {operation}": _combine(operation, "same") for operation in LOGIC},
    **{f"combine {operation} of another": _combine(operation, "other") for operation in LOGIC},
    **{
        f"combine {operation}": _combine(operation, None)
        for operation in ("invert", "clear", "fill")
    },
    "fill holes": _each("fill_holes"),
    "fill axial holes": _each("fill_holes", plane="axial"),
    "fill between slices": _each("fill_between_slices"),
    **{f"paint {shape}": _paint(shape) for shape in SHAPES},
    **{f"paint flat {shape}": _paint(shape, False) for shape in ("points", "stroke")},
    **{f"erase {shape}": _erase(shape) for shape in SHAPES},
    **{f"erase flat {shape}": _erase(shape, False) for shape in ("points", "stroke")},
    "grow from seeds": Edit("grow_from_seeds", _grow),
    "remove": Edit("remove_segment", _remove),
}
