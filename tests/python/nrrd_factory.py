"""NRRD files written by hand, for the tests."""

from __future__ import annotations

import bz2
import gzip

import numpy as np

from medvoxel import Grid, Volume

SIZES = (4, 3, 5)  # x, y, z
VALUES = (np.arange(60, dtype=np.int16) - 30).reshape(SIZES[::-1])
DIRECTIONS = "(0.5,0,0) (0,0.8,0) (0,0,4)"

ENCODED = {
    "raw": lambda b: b,
    "gzip": gzip.compress,
    "gz": lambda b: gzip.compress(b[:40]) + gzip.compress(b[40:]),
    "bzip2": bz2.compress,
    "bz2": lambda b: bz2.compress(b[:40]) + bz2.compress(b[40:]),
}


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
