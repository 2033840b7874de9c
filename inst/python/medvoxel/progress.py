"""Throttled progress reports that can cancel the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from .errors import Cancelled

__all__ = ["Progress", "ProgressCallback"]

ProgressCallback = Callable[[float, str], object]
"""Called with the fraction done (0 to 1) and a label; returning ``False`` cancels."""

T = TypeVar("T")


class Progress:
    """Tell a callable how far the work is, at most every 0.1 s.

    Parameters
    ----------
    callback : callable, optional
        Receives the fraction done (0 to 1) and the label. Returning ``False`` cancels.
        ``None`` makes every method a no-op.
    total : int
        Number of steps.
    label : str
        What is being done, for people.
    interval : float
        Seconds between two calls; time, not count, so that short steps cost nothing.

    Raises
    ------
    Cancelled
        From :meth:`advance`, when the callback returned ``False``.
    """

    def __init__(
        self,
        callback: ProgressCallback | None,
        total: int,
        label: str,
        *,
        interval: float = 0.1,
    ) -> None:
        self._callback = callback
        self._total = max(int(total), 1)
        self._label = label
        self._interval = interval
        self._done = 0
        self._last = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """Count `steps` as done and report when it is time to.

        Parameters
        ----------
        steps : int
            Number of steps finished since the last call.
        """
        self._done += steps
        if self._callback is None:
            return
        now = time.monotonic()
        if now - self._last < self._interval and self._done < self._total:
            return
        self._last = now
        answer = self._callback(min(self._done / self._total, 1.0), self._label)
        if answer is False:
            raise Cancelled(f"{self._label} was stopped before it had finished.")

    @classmethod
    def over(cls, items: Iterable[T], callback: ProgressCallback | None, label: str) -> Iterator[T]:
        """Iterate over `items` and report after each.

        Parameters
        ----------
        items : iterable
            What to go through; its length is the total.
        callback : callable, optional
            As for the class.
        label : str
            As for the class.

        Yields
        ------
        object
            The items, in order.
        """
        if not isinstance(items, Sized):
            items = list(items)
        progress = cls(callback, len(items), label)
        for item in items:
            yield item
            progress.advance()
