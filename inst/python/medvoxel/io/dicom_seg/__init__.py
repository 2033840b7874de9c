"""Read and write DICOM segmentations."""

from __future__ import annotations

from .read import read_dicom_seg
from .write import write_dicom_seg

__all__ = ["read_dicom_seg", "write_dicom_seg"]
