"""Run one stage: check every route's answer, time the routes in turn, measure their memory.

python harness.py STAGE RESULT.json [--rounds N]
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Case", "NotInstalled", "Route", "Stage", "WrongAnswer", "run_program", "say"]


class NotInstalled(Exception):
    """A peer that is a program is not on the PATH."""


class WrongAnswer(Exception):
    """A route's result is not what it should be; no speed is reported for it."""


def _same(data: Any, result: Any) -> Any:
    return result


@dataclass(frozen=True)
class Route:
    """One way to do the work.

    `make` imports what it needs and prepares the input; what it returns is timed. `finish`
    brings the result into the form that the case checks, outside the timing.
    """

    name: str
    make: Callable[[Any], Callable[[], Any]]
    finish: Callable[[Any, Any], Any] = _same


@dataclass(frozen=True)
class Case:
    """Routes over the same data. `check` returns a few words on quality, or raises.

    Where there are `count` things to do, the table says what a thousand of them take.
    """

    name: str
    prepare: Callable[[], Any]
    routes: Sequence[Route]
    check: Callable[[Route, Any, Any], str]
    reference: str = "documents"
    count: int = 0


@dataclass(frozen=True)
class Stage:
    """A table of the results; `packages` are those whose versions it names."""

    title: str
    text: str
    cases: Sequence[Case]
    packages: Sequence[str]


def say(text: str) -> None:
    """Write a line at once, so that a long run can be followed."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# --- one case ------------------------------------------------------------------------------


def run_case(stage_name: str, index: int, case: Case, rounds: int) -> dict[str, Any]:
    """Warm up and check, then time in turn, then measure memory, each route in a child."""
    say(f"\n{case.name}")
    data = case.prepare()
    rows = {route.name: _start(case, route, data) for route in case.routes}
    ready = {name: row.pop("run") for name, row in rows.items() if "run" in row}
    for number in range(1, rounds + 1):
        for name, run in ready.items():
            rows[name]["seconds"].append(_seconds(run))
        times = "  ".join(f"{name} {rows[name]['seconds'][-1]:.3f}" for name in ready)
        say(f"  round {number}: {times}")
    for name in ready:
        rows[name]["peak"] = _peak_in_child(stage_name, index, name)
        say(f"  {name}: peak {rows[name]['peak'] / 2**20:.0f} MiB")
    return {
        "name": case.name,
        "reference": case.reference,
        "count": case.count,
        "routes": list(rows.values()),
    }


def _start(case: Case, route: Route, data: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": route.name, "seconds": [], "peak": None}
    try:
        run = route.make(data)
        row["quality"] = case.check(route, data, route.finish(data, run()))
    except (ImportError, NotInstalled):
        row["problem"] = "not installed"
    except WrongAnswer as error:
        row["problem"] = f"wrong: {error}"
    except Exception as error:  # a peer that fails must not end the run
        row["problem"] = f"failed: {type(error).__name__}: {error}"
    else:
        row["run"] = run
    say(f"  {route.name}: {row.get('problem') or row['quality']}")
    return row


def _seconds(run: Callable[[], Any]) -> float:
    gc.collect()
    begin = time.perf_counter()
    result = run()
    elapsed = time.perf_counter() - begin
    del result
    return elapsed


# --- memory --------------------------------------------------------------------------------

_program_peak: list[int] | None = None


def _peak_in_child(stage: str, case: int, route: str) -> int:
    command = [sys.executable, __file__, stage, "--memory", str(case), route]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def measure_peak(case: Case, name: str) -> int:
    """Bytes in use at most during a run, above those before it, the input included there.

    The first run loads what is loaded lazily; the second is measured.
    """
    global _program_peak
    data = case.prepare()
    route = next(route for route in case.routes if route.name == name)
    run = route.make(data)
    run()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = _status("self", "VmRSS")
    _program_peak = []
    result = run()
    peak = _status("self", "VmHWM") - before
    del result
    return max([peak, *_program_peak])


def run_program(arguments: Sequence[str]) -> None:
    """Run another program; its memory counts while memory is measured."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if _program_peak is not None:
        while process.poll() is None:
            _program_peak.append(_status(process.pid, "VmHWM"))
            time.sleep(0.002)
    _, errors = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(errors.decode(errors="replace").strip())


def _status(process: str | int, field: str) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(field)), 0)


# --- the whole stage -----------------------------------------------------------------------


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main() -> int:
    """Run the stage that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage")
    parser.add_argument("output", nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", nargs=2, metavar=("CASE", "ROUTE"))
    options = parser.parse_args()
    stage: Stage = importlib.import_module(f"stages.{options.stage}").STAGE
    if options.memory:
        case, route = options.memory
        say(str(measure_peak(stage.cases[int(case)], route)))
        return 0
    load = os.getloadavg()[0]
    say(f"\n== {stage.title}")
    cases = [run_case(options.stage, i, c, options.rounds) for i, c in enumerate(stage.cases)]
    result = {
        "stage": options.stage,
        "title": stage.title,
        "text": stage.text,
        "rounds": options.rounds,
        "load": load,
        "versions": _versions(stage.packages),
        "cases": cases,
    }
    Path(options.output).write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    # The stages import this module by its name, which must then be the same one.
    sys.modules["harness"] = sys.modules["__main__"]
    sys.exit(main())
