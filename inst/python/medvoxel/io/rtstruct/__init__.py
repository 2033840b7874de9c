"""Read structure sets of radiotherapy: contours to voxels."""

from __future__ import annotations

from .read import read_rtstruct

__all__ = ["read_rtstruct"]
