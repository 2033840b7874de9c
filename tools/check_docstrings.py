"""Check that every public Python name is documented in numpydoc's form and fully typed.

The public names are those of ``medvoxel.__all__`` and the public methods of its classes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from numpydoc.validate import validate

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "inst" / "python"))

import medvoxel

# What is asked for, by numpydoc's codes; the others are matters of layout that ruff sees to.
ASKED = {
    "GL08",  # there is no docstring
    "GL06",  # unknown section
    "GL07",  # sections in the wrong order
    "SS01",  # no summary
    "SS03",  # the summary does not end with a full stop
    "PR01",  # parameters are not documented
    "PR02",  # unknown parameters are documented
    "PR03",  # parameters in the wrong order
    "PR04",  # a parameter has no type
    "PR07",  # a parameter has no description
    "RT01",  # no Returns section
    "RT03",  # the returned value has no description
}
# A property reads like an attribute, for which one sentence is enough.
ASKED_OF_PROPERTIES = {"GL08", "SS01", "SS03"}


def public_names() -> Iterator[tuple[str, object]]:
    """Yield the dotted path and the object of each public function, class and method.

    In place of a name that cannot be imported, the error.
    """
    for name in medvoxel.__all__:
        if name.startswith("__"):
            continue
        try:
            value = getattr(medvoxel, name)
        except (ImportError, AttributeError) as error:
            yield f"medvoxel.{name}", error
            continue
        yield f"{value.__module__}.{value.__qualname__}", value
        if inspect.isclass(value):
            for key, member in vars(value).items():
                if not key.startswith("_") and (callable(member) or isinstance(member, property)):
                    yield f"{value.__module__}.{value.__qualname__}.{key}", member


def missing_hints(value: object) -> Iterator[str]:
    """Name the parameters of a function that have no type hint."""
    if not inspect.isfunction(value):
        return
    signature = inspect.signature(value)
    for key, parameter in signature.parameters.items():
        if key != "self" and parameter.annotation is inspect.Parameter.empty:
            yield f"parameter {key!r} has no type hint"
    if signature.return_annotation is inspect.Signature.empty:
        yield "the returned value has no type hint"


def problems(path: str, value: object) -> Iterator[str]:
    """Say what is wrong with one public name."""
    if isinstance(value, Exception):
        yield f"cannot be imported: {value}"
        return
    asked = ASKED_OF_PROPERTIES if isinstance(value, property) else ASKED
    if inspect.isfunction(value) and value.__annotations__.get("return") in ("None", None):
        asked = asked - {"RT01"}
    for code, message in validate(path)["errors"]:
        if code in asked:
            yield f"{message} [{code}]"
    yield from missing_hints(value)


def main() -> int:
    """Print every problem; 1 when there is one."""
    count = 0
    for path, value in public_names():
        for problem in problems(path, value):
            sys.stdout.write(f"{path}: {problem}\n")
            count += 1
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
