"""Where a volume came from and what was found when it was read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["QualityCheck", "SliceSource"]


@dataclass(frozen=True)
class QualityCheck:
    """One row of the quality table that every volume carries.

    Parameters
    ----------
    check : str
        What was looked at, such as ``"missing slices"``.
    found : str
        What was found.
    done : str
        What was done about it; "" when nothing had to be.
    size_mm : float or None
        How large it is, where it has a size: the farthest displacement in mm.
    severity : str
        ``"ok"``; ``"note"``, worth knowing; ``"fixed"``, a fault that was mended;
        ``"problem"``, a fault that is still there.
    """

    check: str
    found: str
    done: str = ""
    size_mm: float | None = None
    severity: str = "ok"


@dataclass(frozen=True)
class SliceSource:
    """Where one slice of a volume was read.

    Parameters
    ----------
    file : str or None
        The file; for a member of a zip file, the archive and the name in it with a ``!``
        between. ``None`` for a slice that no file holds, which was interpolated.
    frame : int
        0-based frame in the file.
    position : tuple of float
        Centre of the first voxel as the file says it, LPS mm.
    """

    file: str | None
    frame: int
    position: tuple[float, float, float]
