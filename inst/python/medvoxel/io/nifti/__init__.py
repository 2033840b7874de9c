"""Read and write NIfTI."""

from __future__ import annotations

from .volume import read_nifti, write_nifti

__all__ = ["read_nifti", "write_nifti"]
