"""How many threads are worth while."""

from __future__ import annotations

import os

__all__ = ["thread_count"]

# More than a few threads only wait for memory.
_MOST = 8


def thread_count() -> int:
    """Count the processors that this process may use, up to eight.

    Returns
    -------
    int
        At least 1.
    """
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        usable = os.cpu_count() or 1
    return min(usable, _MOST)
