"""Read DICOM series into volumes, and list what a folder holds."""

from __future__ import annotations

from .read import list_series, read_dicom
from .series import SeriesInfo
from .uids import sop_instance_uids

__all__ = ["SeriesInfo", "list_series", "read_dicom", "sop_instance_uids"]
