"""Copy DICOM files without what says whose they are."""

from __future__ import annotations

from .copies import deidentify_dicom

__all__ = ["deidentify_dicom"]
