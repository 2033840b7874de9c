"""Read a DICOM series from files that are in the page cache: all voxels must be equal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import data
import documents
import numpy as np
from harness import Case, NotInstalled, Route, Stage, WrongAnswer, run_program
from numpy.typing import NDArray

__all__ = ["STAGE"]


@dataclass(frozen=True)
class Series:
    """A folder, and what is to be read from it."""

    folder: Path
    values: NDArray[np.int16]
    spacing: tuple[float, float, float]


def _series(name: str, form: str = "plain") -> Series:
    folder = data.dicom_series(name, form)
    return Series(folder, data.scan(name), data.SCANS[name].spacing)


# --- routes --------------------------------------------------------------------------------


def _medvoxel(series: Series) -> Callable[[], Any]:
    import medvoxel

    return lambda: medvoxel.read_dicom(series.folder)


def _documents(series: Series) -> Callable[[], Any]:
    import pydicom  # noqa: F401

    return lambda: documents.get_pixels_hu(documents.load_scan(str(series.folder)))


def _simpleitk(series: Series) -> Callable[[], Any]:
    import SimpleITK as sitk

    def run() -> Any:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series.folder)))
        image = reader.Execute()
        return sitk.GetArrayFromImage(image), image.GetSpacing()[::-1]

    return run


def _dcm2niix(series: Series) -> Callable[[], Any]:
    import nibabel

    if shutil.which("dcm2niix") is None:
        raise NotInstalled

    def run() -> Any:
        with tempfile.TemporaryDirectory() as target:
            run_program(["dcm2niix", "-b", "n", "-f", "x", "-o", target, str(series.folder)])
            image = nibabel.load(Path(target) / "x.nii")
            return np.array(image.dataobj), image.header.get_zooms()[::-1]

    return run


# --- checks --------------------------------------------------------------------------------


def _volume(series: Series, result: Any) -> Any:
    return result.array, result.grid.spacing


def _plain(series: Series, result: Any) -> Any:
    return result, None


def _from_nifti(series: Series, result: Any) -> Any:
    values, spacing = result
    # dcm2niix turns the rows over, as NIfTI's axes run the other way.
    return values.T[:, ::-1], spacing


def _check(route: Route, series: Series, result: Any) -> str:
    values, spacing = result
    if not np.array_equal(values, series.values):
        raise WrongAnswer("voxels differ")
    if spacing is None:
        return "voxels equal"
    if not np.allclose(spacing, series.spacing, rtol=1e-4):
        raise WrongAnswer(f"spacing {spacing}")
    return f"voxels and spacing equal, {values.dtype}"


ROUTES = (
    Route("medvoxel", _medvoxel, _volume),
    Route("documents", _documents, _plain),
    Route("SimpleITK", _simpleitk),
    Route("dcm2niix, nibabel", _dcm2niix, _from_nifti),
)

SMALL, LARGE = "40 x 704 x 704", "300 x 512 x 512"
COMPRESSED = {
    "jpeg-lossless": "JPEG lossless",
    "jpeg-ls": "JPEG-LS lossless",
    "jpeg-2000": "JPEG 2000 lossless",
    "rle": "RLE",
}

STAGE = Stage(
    title="Reading a DICOM series",
    text="Files are in the page cache. The documents' loop trusts InstanceNumber and the first "
    "file's slope and intercept; compressed files are decoded there by pydicom's plugins.",
    cases=(
        Case(SMALL, partial(_series, "ankle"), ROUTES, _check),
        Case(LARGE, partial(_series, "ankle-ct"), ROUTES, _check),
        *(
            Case(f"{SMALL}, {name}", partial(_series, "ankle", form), ROUTES, _check)
            for form, name in COMPRESSED.items()
        ),
    ),
    packages=(
        "numpy",
        "pydicom",
        "imagecodecs",
        "pylibjpeg-libjpeg",
        "pylibjpeg-openjpeg",
        "pylibjpeg-rle",
        "SimpleITK",
        "dcm2niix",
        "nibabel",
    ),
)
