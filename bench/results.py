"""Put the result of a stage into RESULTS.md: python results.py RESULT.json RESULTS.md."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["section", "update"]

ORDER = (
    "crossing", "read", "read-r", "listing", "resample", "mesh", "grow", "close", "islands",
    "distance", "radiomics",
)  # fmt: skip

HEADER = """# What the stages cost

Made by `make bench`; `bench/run.sh read mesh` runs the named stages alone, `BENCH_ROUNDS=3` sets
the number of rounds. Everything is synthetic and made by the bench itself.

* After a run that is not timed, the routes of a table are timed in turn (A B C, A B C ...).
  *Seconds* is the median of the rounds.
* *Times faster* is the median of the ratios to the reference of the same round, with the smallest
  and the largest. The routes "documents" are the source documents' own code.
* *Peak* is what a run takes at most above its input, measured in a process of its own; where an
  R array is the result, as a multiple of it as well.
* *Answer* is checked before anything is timed; a wrong answer stands there instead of a speed.
"""


def update(result: dict[str, Any], path: Path) -> None:
    """Replace the section of one stage, and leave those of the others."""
    sections = _sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    sections[result["stage"]] = section(result)
    known = [sections[name] for name in ORDER if name in sections]
    new = path.with_name(path.name + ".new")
    new.write_text("\n".join([HEADER, *known]), encoding="utf-8")
    new.replace(path)


def _sections(text: str) -> dict[str, str]:
    """Split by the marks that `section` leaves."""
    found = {}
    for part in text.split("<!-- stage ")[1:]:
        name = part.split(" -->", 1)[0]
        found[name] = f"<!-- stage {part.rstrip()}\n"
    return found


def section(result: dict[str, Any]) -> str:
    """Write the heading, the circumstances and a table for each case."""
    lines = [
        f"<!-- stage {result['stage']} -->",
        f"## {result['title']}",
        "",
        _wrap(result["text"]),
        "",
        _wrap(_circumstances(result)),
    ]
    for case in result["cases"]:
        lines += ["", f"**{case['name']}**", "", *_table(case)]
    return "\n".join(lines) + "\n"


def _wrap(text: str) -> str:
    return textwrap.fill(text, 100, break_on_hyphens=False)


def _table(case: dict[str, Any]) -> list[str]:
    """Write the rows; a thousand of the case's `count`, and a multiple of its `size`, too."""
    count, size = case.get("count"), case.get("size")
    seconds = "seconds | a thousand" if count else "seconds"
    rows = [
        f"| route | {seconds} | times faster | peak MiB | answer |",
        f"|---|{'--:|' * (4 if count else 3)}---|",
    ]
    reference = next(r for r in case["routes"] if r["name"] == case["reference"])
    for route in case["routes"]:
        if "problem" in route:
            rows.append(f"| {route['name']} |{' |' * (4 if count else 3)} {route['problem']} |")
            continue
        taken = median(route["seconds"])
        cells = [route["name"], _short(taken)]
        cells += [_short(1000 * taken / count)] if count else []
        cells.append("reference" if route is reference else _ratios(reference, route))
        peak = f"{route['peak'] / 2**20:.0f}"
        cells += [f"{peak} ({route['peak'] / size:.1f} x)" if size else peak, route["quality"]]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _ratios(reference: dict[str, Any], route: dict[str, Any]) -> str:
    """Compare round by round: both were then slowed by the same neighbours."""
    if not reference.get("seconds"):
        return ""
    pairs = zip(reference["seconds"], route["seconds"], strict=True)
    ratios = sorted(a / b for a, b in pairs)
    return f"**{_short(median(ratios))}** ({_short(ratios[0])} to {_short(ratios[-1])})"


def _short(number: float) -> str:
    """Keep two digits that matter; never an exponent."""
    if number >= 10:
        return f"{number:,.0f}"
    if number >= 1:
        return f"{number:.1f}"
    return f"{number:.2g}" if number >= 0.001 else "< 0.001"


def _circumstances(result: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{datetime.date.today().isoformat()}; {os.cpu_count()} cores, {_memory():.0f} GiB, "
        f"{_system()}; {versions}; rounds: {result['rounds']}; load before: {result['load']:.1f}."
    )


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()


def _problems(result: dict[str, Any]) -> Sequence[str]:
    """Name the routes that failed; a peer that is absent is no failure."""
    return [
        f"{case['name']}, {route['name']}: {route['problem']}"
        for case in result["cases"]
        for route in case["routes"]
        if route.get("problem", "not installed") != "not installed"
    ]


def main() -> int:
    """Update the file; the status says whether every route gave the right answer."""
    source, target = (Path(argument) for argument in sys.argv[1:3])
    result = json.loads(source.read_text(encoding="utf-8"))
    update(result, target)
    problems = _problems(result)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
