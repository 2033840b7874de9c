"""Read and write NRRD, and the .seg.nrrd of 3D Slicer."""

from __future__ import annotations

from .volume import read_nrrd, write_nrrd

__all__ = ["read_nrrd", "write_nrrd"]
