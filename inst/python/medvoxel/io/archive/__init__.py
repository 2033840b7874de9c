"""Zip files, unpacked into a private temporary folder and nowhere else."""

from __future__ import annotations

from .opening import Opened, is_archive, opened, real_files

__all__ = ["Opened", "is_archive", "opened", "real_files"]
