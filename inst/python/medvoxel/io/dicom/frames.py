"""Enhanced multi-frame files: one header for each frame.

Position, orientation, spacing and rescale values of a frame are in its functional
groups, either its own or those shared by all frames (DICOM PS3.3, C.7.6.16). The order
of the frames and the dimension index are not used: positions decide.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

from .._quiet import quietly
from .elements import DamagedFileError
from .header import Header, checked_cosines, checked_place

__all__ = ["expand_frames"]

# Enhanced and legacy converted enhanced CT, MR and PET.
_ENHANCED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{tail}" for tail in ("2.1", "2.2", "4.1", "4.4", "128.1", "130")
)

# Far more than any scanner writes; a header that claims more would cost hours.
_MOST_FRAMES = 1_000_000
_FRAME_TYPES = (
    "CTImageFrameTypeSequence",
    "MRImageFrameTypeSequence",
    "PETFrameTypeSequence",
)
_REAL_WORLD = "RealWorldValueMappingSequence"
# Where a frame says what tells it from another one at the same place.
_KEYS = {
    "acquisition": ("FrameContentSequence", "FrameAcquisitionNumber"),
    "temporal_position": ("FrameContentSequence", "TemporalPositionIndex"),
    "stack": ("FrameContentSequence", "StackID"),
    "echo_time": ("MREchoSequence", "EffectiveEchoTime"),
    "b_value": ("MRDiffusionSequence", "DiffusionBValue"),
    "real_world_slope": (_REAL_WORLD, "RealWorldValueSlope"),
    "real_world_intercept": (_REAL_WORLD, "RealWorldValueIntercept"),
    "real_world_first": (_REAL_WORLD, "RealWorldValueFirstValueMapped"),
    "real_world_last": (_REAL_WORLD, "RealWorldValueLastValueMapped"),
    "trigger_time": ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    "flip_angle": ("MRTimingAndRelatedParametersSequence", "FlipAngle"),
    "inversion_time": ("MRModifierSequence", "InversionTimes"),
    "component": ("MRImageFrameTypeSequence", "ComplexImageComponent"),
    "kvp": ("CTXRayDetailsSequence", "KVP"),
    "slice_thickness": ("PixelMeasuresSequence", "SliceThickness"),
    "rescale_type": ("PixelValueTransformationSequence", "RescaleType"),
}


def expand_frames(header: Header) -> list[Header]:
    """Give one header for each frame of a multi-frame file.

    Parameters
    ----------
    header : Header
        Of a file.

    Returns
    -------
    list of Header
        The header itself when the file is not multi-frame or has no functional groups.

    Raises
    ------
    DamagedFileError
        When the functional groups do not fit the number of frames.
    """
    if header.format is None or (header.frames == 1 and header.sop_class not in _ENHANCED):
        return [header]
    if header.frames > _MOST_FRAMES:
        raise DamagedFileError(f"it claims to hold {header.frames} frames")
    shared, groups = _functional_groups(header.path)
    if groups is None:
        return [header]
    if len(groups) != header.frames:
        raise DamagedFileError(f"it describes {len(groups)} of its {header.frames} frames")
    try:
        with quietly():
            return [_frame(header, index, group, shared) for index, group in enumerate(groups)]
    except DamagedFileError:
        raise
    except Exception as error:  # pydicom reads elements late, and fails in many ways
        raise DamagedFileError("its frames hold a number that cannot be read") from error


def _functional_groups(path: str) -> tuple[Any, Any]:
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, stop_before_pixels=True)
            shared = data.get("SharedFunctionalGroupsSequence")
            return (shared[0] if shared else None), data.get("PerFrameFunctionalGroupsSequence")
    except Exception as error:  # any failure of a parser on a broken file has one meaning
        raise DamagedFileError(f"its frames cannot be read ({type(error).__name__})") from error


def _frame(header: Header, index: int, own: Any, shared: Any) -> Header:
    from pydicom.multival import MultiValue

    def find(group: str, key: str) -> Any:
        for source in (own, shared):
            sequence = source.get(group) if source is not None else None
            if sequence and sequence[0].get(key) not in (None, ""):
                return sequence[0].get(key)
        return None

    def vector(group: str, key: str, length: int) -> tuple[float, ...] | None:
        value = find(group, key)
        if value is None:
            return None
        if len(value) != length:
            raise ValueError(key)
        return tuple(float(v) for v in value)

    def scalar(key: str) -> float | None:
        value = find("PixelValueTransformationSequence", key)
        if value is None:
            return None
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(key)
        return number

    slope, intercept = scalar("RescaleSlope"), scalar("RescaleIntercept")
    frame_type = next((t for t in (find(kind, "FrameType") for kind in _FRAME_TYPES) if t), None)
    kernel = find("CTReconstructionSequence", "ConvolutionKernel")
    found = {key: find(*place) for key, place in _KEYS.items()} | {
        "kernel": "/".join(kernel) if isinstance(kernel, MultiValue) else kernel
    }
    units = find(_REAL_WORLD, "MeasurementUnitsCodeSequence")
    gradient = find("MRDiffusionSequence", "MRDiffusionGradientDirectionSequence")
    direction = gradient[0].get("DiffusionGradientOrientation") if gradient else None
    found["gradient"] = "/".join(f"{float(v):g}" for v in direction) if direction else None
    # Numbered in the file: of an instance number there is one for all.
    found["instance"] = index + 1
    found["real_world_unit"] = units[0].get("CodeValue") if units else None
    return replace(
        header,
        frame=index,
        expanded=True,
        position=checked_place(vector("PlanePositionSequence", "ImagePositionPatient", 3))
        or header.position,
        orientation=checked_cosines(
            vector("PlaneOrientationSequence", "ImageOrientationPatient", 6)
        )
        or header.orientation,
        pixel_spacing=checked_place(vector("PixelMeasuresSequence", "PixelSpacing", 2))
        or header.pixel_spacing,
        slope=header.slope if slope is None else slope,
        intercept=header.intercept if intercept is None else intercept,
        image_type=tuple(map(str, frame_type)) if frame_type else header.image_type,
        own={key: str(value) for key, value in found.items() if value is not None},
    )
