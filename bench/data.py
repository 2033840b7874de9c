"""Scans and DICOM series of the phantom, made once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import phantom
from numpy.typing import NDArray

__all__ = ["FORMS", "NOISE", "SCANS", "dicom_series", "mask", "scan", "small_files"]

# Standard deviation in HU: that of a low-dose CT.
NOISE = 25.0
SCANS = {"ankle": phantom.ANKLE, "ankle-ct": phantom.ANKLE_CT}
INTERCEPT = -1024

# Transfer syntaxes by the names that the stages use.
FORMS = {
    "plain": "1.2.840.10008.1.2.1",
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "rle": "1.2.840.10008.1.2.5",
}


def scan(name: str, *, noise: float = NOISE) -> NDArray[np.int16]:
    """One of `SCANS`, as Hounsfield units."""

    def write(path: Path) -> None:
        np.save(path / "scan.npy", phantom.scan(SCANS[name], noise=noise))

    return np.load(_cached(f"{name}-noise{noise:g}", write) / "scan.npy")


def mask(name: str, make: Callable[[], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Write what `make` makes under `name` the first time, and read it from then on."""
    return np.load(_cached(name, lambda path: np.save(path / "mask.npy", make())) / "mask.npy")


def dicom_series(name: str, form: str = "plain") -> Path:
    """Folder of a CT series of one of `SCANS`, in one of `FORMS`."""

    def write(path: Path) -> None:
        _write_series(path, scan(name), SCANS[name], form)

    return _cached(f"{name}-dicom-{form}", write)


def small_files(count: int, *, each: int = 200) -> Path:
    """Folder of `count` small images, in series of `each`, whose names tell no order."""

    def write(path: Path) -> None:
        names = np.random.default_rng(2).permutation(count)
        for first in range(0, count, each):
            uids = _uids()
            for k in range(min(each, count - first)):
                plane = np.full((16, 16), k, np.int16)
                image = _slice(plane, SCANS["ankle"], k, uids)
                image.save_as(path / f"IM{names[first + k]:05d}", enforce_file_format=True)

    return _cached(f"small-{count}", write)


def _cached(name: str, write: Callable[[Path], None]) -> Path:
    """Folder `name`, written first where it is missing; another phantom is another folder."""
    sources = [Path(__file__), Path(phantom.__file__)]
    version = hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()[:12]
    root = Path(os.environ.get("BENCH_CACHE") or Path(tempfile.gettempdir()) / "medvoxel-bench")
    (root / "data").mkdir(parents=True, exist_ok=True)
    for old in (root / "data").iterdir():
        if old.name != version:
            shutil.rmtree(old)
    folder = root / "data" / version / name
    if not folder.exists():
        partial = folder.with_name(name + ".part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write(partial)
        partial.rename(folder)
    return folder


def _write_series(
    folder: Path, image: NDArray[np.int16], raster: phantom.Raster, form: str
) -> None:
    # File names must not tell the order.
    names = np.random.default_rng(1).permutation(len(image))
    series = _uids()
    for k, plane in enumerate(image):
        slice_ = _slice(plane, raster, k, series)
        if form != "plain":
            _compress(slice_, form)
        slice_.save_as(folder / f"IM{names[k]:05d}", enforce_file_format=True)


def _uids() -> dict[str, str]:
    from pydicom.uid import generate_uid

    return {name: generate_uid() for name in ("study", "series", "frame")}


def _compress(image: Any, form: str) -> None:
    """Compress without loss, in place."""
    import imagecodecs
    from pydicom.encaps import encapsulate

    if form == "rle":
        image.compress(FORMS[form], generate_instance_uid=False)
        return
    plane = np.frombuffer(image.PixelData, "<u2").reshape(image.Rows, image.Columns)
    if form == "jpeg-lossless":  # process 14, first predictor
        frame = imagecodecs.jpeg8_encode(plane, lossless=True, predictor=1, bitspersample=12)
    elif form == "jpeg-ls":
        frame = imagecodecs.jpegls_encode(plane)
    else:
        frame = imagecodecs.jpeg2k_encode(
            plane, level=0, reversible=True, codecformat="j2k", bitspersample=12
        )
    image.file_meta.TransferSyntaxUID = FORMS[form]
    image.PixelData = encapsulate([frame])
    image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True


def _slice(plane: NDArray[np.int16], raster: phantom.Raster, k: int, uids: dict[str, str]) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    z, y, x = (float(p[0]) for p in raster.places)
    dz, dy, dx = raster.spacing
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uids["study"], uids["series"]
    ds.FrameOfReferenceUID = uids["frame"]
    ds.Modality, ds.PatientID, ds.PatientName = "CT", "phantom", "phantom"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.SeriesNumber = "20240101", "120000", "1", 1
    ds.InstanceNumber, ds.ImageType = k + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = [round(x, 5), round(y, 5), round(z + k * dz, 5)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [dy, dx], dz
    ds.Rows, ds.Columns = plane.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = INTERCEPT, 1, "HU"
    ds.PixelData = (plane.astype(np.int32) - INTERCEPT).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds
