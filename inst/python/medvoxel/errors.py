"""Typed errors and warnings: what happened, and one next step.

Every class has a ``kind``; the R package turns it into the class of an R condition
(``medvoxel_error_<kind>``), so that both languages speak of the same failures.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "Cancelled",
    "DependencyError",
    "DicomError",
    "DicomWarning",
    "FileFormatError",
    "GeometryError",
    "InputError",
    "MedvoxelError",
    "MedvoxelWarning",
    "MemoryLimitError",
]


class MedvoxelError(Exception):
    """Base of all errors that medvoxel raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong and where, in one sentence.
    hint : str, optional
        The next step, in one sentence.
    **details
        Plain values that a program may want (paths, numbers); kept in ``details``.
    """

    kind: ClassVar[str] = "python"

    def __init__(self, message: str, *, hint: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class InputError(MedvoxelError, ValueError):
    """An argument has the wrong type, shape or value."""

    kind = "input"


class GeometryError(MedvoxelError, ValueError):
    """Two grids disagree, or a grid is impossible."""

    kind = "geometry"


class DicomError(MedvoxelError, ValueError):
    """DICOM files cannot be read, or do not form one volume."""

    kind = "dicom"


class FileFormatError(MedvoxelError, OSError):
    """A file cannot be read or written in the format that was asked for."""

    kind = "file"


class DependencyError(MedvoxelError, ImportError):
    """A Python package or a decoder is missing."""

    kind = "environment"


class MemoryLimitError(MedvoxelError, MemoryError):
    """The result would not fit into memory."""

    kind = "memory"


class Cancelled(MedvoxelError):
    """The user stopped the work."""

    kind = "cancelled"


class MedvoxelWarning(UserWarning):
    """Base of all warnings that medvoxel gives on purpose.

    Parameters
    ----------
    message : str
        What was found and what was done about it.
    hint : str, optional
        The next step.
    """

    kind: ClassVar[str] = "input"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DicomWarning(MedvoxelWarning):
    """Something in a DICOM folder was left out or is unusual; the rest is usable."""

    kind = "dicom"
