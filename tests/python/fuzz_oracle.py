"""What a volume that was accepted has to agree with: itself, and readers of others."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from medvoxel import Segmentation, Volume

__all__ = [
    "against_nibabel",
    "against_pydicom",
    "against_simpleitk",
    "inconsistent",
    "warm_up",
]


def warm_up() -> None:
    """Load what the readers load when they are first used, before memory is limited."""
    import nibabel  # noqa: F401
    import nrrd  # noqa: F401
    import pydicom.pixels
    import scipy.ndimage  # noqa: F401

    for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"):
        assert pydicom.pixels.get_decoder(syntax).is_available


def inconsistent(result: Any) -> str:
    """Say what in a result does not fit together."""
    if isinstance(result, list):
        return "" if result else "an empty list"
    if isinstance(result, Segmentation):
        return _segmentation(result)
    if not isinstance(result, Volume):
        return f"a {type(result).__name__}"
    if result.array.shape != result.grid.shape:
        return f"shape {result.array.shape} on a grid of {result.grid.shape}"
    if not np.isfinite(result.grid.affine).all():
        return "a grid that is not finite"
    if abs(abs(np.linalg.det(result.grid.direction)) - 1) > 1e-3:
        return "a direction that is no rotation"
    said = any("without value" in row.check and row.severity == "problem" for row in result.qc)
    if result.array.dtype.kind == "f" and not np.isfinite(result.array).all() and not said:
        return "values that are not finite, and nothing said about it"
    if not result.qc:
        return "no quality table"
    return ""


def _segmentation(result: Segmentation) -> str:
    known = {0, *(segment.value for segment in result.segments)}
    strange = set(np.unique(result.array).tolist()) - known
    return f"labels {strange} without a segment" if strange else ""


def against_pydicom(volume: Volume) -> str:
    """Compare each slice with what pydicom reads from the same file, where it does."""
    import pydicom

    for k, source in enumerate(volume.sources):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                data = pydicom.dcmread(source.file, force=True)
                expected = _values(data, source.frame)
                place = _first(data, source.frame, "PlanePositionSequence", "ImagePositionPatient")
                spacing = _first(data, source.frame, "PixelMeasuresSequence", "PixelSpacing")
                place, spacing = np.array(place, float), np.array(spacing, float)
            except BaseException:  # a file that pydicom does not read has nothing to say
                continue  # decoders written in Rust panic with what is no Exception
        if expected.shape != volume.array[k].shape:
            return f"slice {k}: {volume.array[k].shape}, pydicom {expected.shape}"
        if not np.allclose(volume.array[k], expected, rtol=1e-6, atol=0):
            return f"slice {k}: other values than pydicom"
        if place.size == 3 and not np.allclose(source.position, place, rtol=1e-9, atol=1e-6):
            return f"slice {k}: at {source.position}, pydicom {place}"
        if spacing.size == 2 and not np.allclose(volume.grid.spacing[1:], spacing, rtol=2e-3):
            return f"slice {k}: pixels of {volume.grid.spacing[1:]}, pydicom {spacing}"
    return ""


def _first(data: Any, frame: int, group: str, key: str) -> Any:
    for name in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        items = data.get(name) or []
        item = items[frame if name.startswith("Per") else 0] if items else {}
        if group in item and item[group].value and key in item[group][0]:
            return item[group][0][key].value
    return data.get(key)


def _stored(data: Any, frame: int) -> np.ndarray:
    """Bits of one frame as they stand in the file; pydicom has an opinion on those on top."""
    if not data.file_meta.TransferSyntaxUID.is_encapsulated:
        order = "<" if data.file_meta.TransferSyntaxUID.is_little_endian else ">"
        count = data.Rows * data.Columns
        dtype = np.dtype(f"{order}u{data.BitsAllocated // 8}")
        found = np.frombuffer(data.PixelData, dtype, count, frame * count * dtype.itemsize)
        return found.reshape(data.Rows, data.Columns)
    from pydicom.pixels import pixel_array

    if data.HighBit + 1 != data.BitsStored:
        raise ValueError("pydicom masks bits before it hands them out")
    several = int(data.get("NumberOfFrames") or 1) > 1
    return pixel_array(data, index=frame if several else None, raw=True)


def _values(data: Any, frame: int) -> np.ndarray:
    """Stored bits and rescale of one frame, by the words of PS3.3 and PS3.5."""
    array = _stored(data, frame)
    stored, allocated = int(data.BitsStored), int(data.BitsAllocated)
    low = int(data.HighBit) + 1 - stored
    values = (array.astype(np.int64) & ((1 << allocated) - 1)) >> low
    values &= (1 << stored) - 1
    if not isinstance(data.PixelRepresentation, int):
        raise ValueError("pydicom takes a sign of another type as it stands there")
    if data.PixelRepresentation == 1:
        values = np.where(values >= 1 << (stored - 1), values - (1 << stored), values)
    group = "PixelValueTransformationSequence"
    slope = _first(data, frame, group, "RescaleSlope")
    intercept = _first(data, frame, group, "RescaleIntercept")
    slope = 1.0 if slope is None else float(slope)
    return values * slope + (0.0 if intercept is None else float(intercept))


def against_nibabel(volume: Volume, path: str) -> str:
    """Compare with nibabel, where it reads the file."""
    import nibabel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = nibabel.load(path)
            if 0 <= image.dataobj.offset < image.header.single_vox_offset:
                return ""  # nibabel then takes the header for voxels
            expected = np.asarray(image.dataobj, dtype=float).T
            affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
        except Exception:
            return ""
    expected = (
        expected.reshape(volume.array.shape) if expected.size == volume.array.size else expected
    )
    if expected.shape != volume.array.shape:
        return f"{volume.array.shape}, nibabel {expected.shape}"
    # Values that overflow are said to have none, see inconsistent().
    known = np.isfinite(volume.array)
    with np.errstate(all="ignore"):
        if not np.allclose(volume.array[known], expected[known], rtol=1e-5, atol=1e-30):
            return "other values than nibabel"
    if volume.info["orientation"] == "pixdim":
        return ""  # nibabel centres what has no orientation
    scale = np.linalg.norm(volume.grid.affine[:3, 0]) / np.linalg.norm(affine[:3, 0])
    if not any(np.isclose(scale, unit, rtol=1e-3) for unit in (1.0, 1e3, 1e-3)):
        return f"voxels {scale} times as long as nibabel's"
    affine[:3] *= scale
    if not np.allclose(volume.grid.affine, affine, rtol=2e-3, atol=2e-3 * np.abs(affine).max()):
        return "another affine than nibabel"
    return ""


def against_simpleitk(volume: Volume, path: str) -> str:
    """Compare with ITK's NRRD reader, where it reads the file."""
    try:
        import SimpleITK as sitk
    except ImportError:
        return ""
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = sitk.ReadImage(path)
        expected = sitk.GetArrayFromImage(image)
    except Exception:
        return ""
    if image.GetNumberOfComponentsPerPixel() != 1 or image.GetDimension() != 3:
        return ""
    if expected.shape != volume.array.shape:
        return f"{volume.array.shape}, ITK {expected.shape}"
    if not np.array_equal(volume.array, expected.astype(float), equal_nan=True):
        return "other values than ITK"
    return ""
