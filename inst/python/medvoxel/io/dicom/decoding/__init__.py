"""Stored values of DICOM images, compressed or not."""

from __future__ import annotations

from .decode import read_frame, require_decoder, stored_dtype

__all__ = ["read_frame", "require_decoder", "stored_dtype"]
