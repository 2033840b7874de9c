"""Lists of observers, each with one segmentation or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import InputError
from ..volume import Segmentation

__all__ = ["Cases", "Observers", "named_observers", "require_shared_grids"]

Cases = Segmentation | Sequence[Segmentation] | Mapping[str, Segmentation]
"""One segmentation, or one for each case, in order or by name."""

Observers = Mapping[str, Cases] | Sequence[Cases]
"""What each observer made, by name."""


def named_observers(observers: Observers) -> dict[str, dict[str, Segmentation]]:
    """Bring a list of observers to one form.

    Parameters
    ----------
    observers : mapping or sequence
        For each observer a segmentation, or one for each case.

    Returns
    -------
    dict of dict
        Segmentations by observer and by case. Those without a name are counted from 1.

    Raises
    ------
    InputError
        When there are fewer than two observers, or they do not have the same cases.
    """
    if isinstance(observers, Segmentation):
        raise InputError(
            "One segmentation alone cannot be compared.",
            hint="Give a named list of the segmentations of two observers or more.",
        )
    found = {name: _cases(name, of_one) for name, of_one in _items(observers)}
    if len(found) < 2:
        raise InputError(
            f"At least two observers are needed, not {len(found)}.",
            hint="Give a named list with the segmentations of each.",
        )
    first = next(iter(found))
    for name, cases in found.items():
        if set(cases) != set(found[first]):
            raise InputError(
                f"The observers did not segment the same cases: {first!r} has "
                f"{', '.join(found[first])}; {name!r} has {', '.join(cases)}.",
                hint="Give each observer the same cases, in the same order or by name.",
            )
    return {name: {case: cases[case] for case in found[first]} for name, cases in found.items()}


def _items(things: Mapping[str, Cases] | Sequence[Cases]) -> list[tuple[str, Cases]]:
    if isinstance(things, Mapping):
        return [(str(name), thing) for name, thing in things.items()]
    return [(str(i), thing) for i, thing in enumerate(things, start=1)]


def _cases(name: str, of_one: Cases) -> dict[str, Segmentation]:
    cases = {"1": of_one} if isinstance(of_one, Segmentation) else dict(_items(of_one))
    wrong = [type(s).__name__ for s in cases.values() if not isinstance(s, Segmentation)]
    if wrong or not cases:
        what = f"a {wrong[0]}" if wrong else "nothing"
        raise InputError(f"Observer {name!r} must have segmentations, not {what}.")
    return cases


def require_shared_grids(observers: Mapping[str, Mapping[str, Segmentation]]) -> None:
    """Raise when two observers have one case on different grids.

    Parameters
    ----------
    observers : mapping of mappings
        From :func:`named_observers`.

    Raises
    ------
    GeometryError
        Naming the observer, the case and both grids.
    """
    first, *others = observers
    for other in others:
        for case, segmentation in observers[other].items():
            observers[first][case].grid.require_same(
                segmentation.grid, what=f"The segmentation of {other!r} (case {case!r})"
            )
