"""Keep the chatter of other packages from the user."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quietly"]


@contextmanager
def quietly() -> Iterator[None]:
    """Silence what pydicom and highdicom warn of while they read; not our own warnings.

    They warn of values that break a rule of their type. What matters of it is checked, and
    said in the words of this package.
    """
    with warnings.catch_warnings():
        for package in ("pydicom", "highdicom"):
            warnings.filterwarnings("ignore", category=UserWarning, module=rf"{package}(\..*)?$")
        yield
