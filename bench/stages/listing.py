"""List the series of a folder of many small files: the time must grow with their number."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import data
from harness import Case, Route, Stage, WrongAnswer

__all__ = ["STAGE"]

COUNTS = (2_000, 10_000, 20_000)
EACH = 200


# --- routes --------------------------------------------------------------------------------


def _medvoxel(folder: Path) -> Callable[[], Any]:
    import medvoxel

    return lambda: sorted(row.slices for row in medvoxel.list_series(folder))


def _pydicom(folder: Path) -> Callable[[], Any]:
    import pydicom

    def run() -> Any:
        found: Counter[str] = Counter()
        for name in os.listdir(folder):
            header = pydicom.dcmread(folder / name, stop_before_pixels=True)
            found[header.SeriesInstanceUID] += 1
        return sorted(found.values())

    return run


def _simpleitk(folder: Path) -> Callable[[], Any]:
    import SimpleITK as sitk

    def run() -> Any:
        reader = sitk.ImageSeriesReader()
        series = reader.GetGDCMSeriesIDs(str(folder))
        # The names of one series take as long as all of them, so the count is of series only.
        return [EACH] * len(series)

    return run


# --- check ---------------------------------------------------------------------------------


def _check(count: int, route: Route, folder: Path, sizes: Any) -> str:
    if sizes != [EACH] * (count // EACH):
        raise WrongAnswer(f"{len(sizes)} series of {sum(sizes)} files")
    return f"{len(sizes)} series"


ROUTES = (
    Route("medvoxel", _medvoxel),
    Route("pydicom, headers only", _pydicom),
    Route("SimpleITK, series only", _simpleitk),
)

STAGE = Stage(
    title="Listing a folder",
    text=f"Small files, {EACH} a series, in the page cache.",
    cases=tuple(
        Case(
            f"{count:,} files",
            partial(data.small_files, count, each=EACH),
            ROUTES,
            partial(_check, count),
            reference="pydicom, headers only",
            count=count,
        )
        for count in COUNTS
    ),
    packages=("pydicom", "SimpleITK"),
)
