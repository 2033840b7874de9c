"""Names of segments that a format cannot hold as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...volume import Segment
from .._file_checks import warn_user

__all__ = ["warn_of_changed_names"]

_SHOWN = 5


def warn_of_changed_names(
    segments: Sequence[Segment], kept: Callable[[str], str], where: str
) -> None:
    """Tell of names that will not come back as they are.

    Parameters
    ----------
    segments : sequence of Segment
        The segments.
    kept : callable
        Gives what becomes of a name.
    where : str
        What cannot hold them, as the end of a sentence.
    """
    changed = [s.name for s in segments if kept(s.name) != s.name]
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        warn_user(
            f"Names of segments cannot stand in {where} as they are and will be read as "
            f"{', '.join(repr(kept(name)) for name in changed[:_SHOWN])}{more}.",
            "Give them names without control characters and without spaces at the ends.",
        )
