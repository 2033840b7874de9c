"""Read one hostile file after the other in a process of its own, and say what came of it.

Run as a program: a line of JSON with ``kind`` and ``path`` comes in, a line of JSON with the
outcome goes out. C code that crashes takes only this process along, and what it may allocate
is limited.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "inst" / "python"))

import fuzz_oracle

import medvoxel
from medvoxel.errors import MedvoxelError, MedvoxelWarning

_ROOM = 1 << 30


def _read(kind: str, path: str) -> tuple[Any, str]:
    """What was read, and what independent readers say against it ("" when nothing)."""
    if kind.startswith("dicom"):
        _, _, policy = kind.partition("-")
        if policy == "zip":
            return medvoxel.read_dicom(path), ""
        volume = medvoxel.read_dicom(path, on_problem=policy or "error")
        return volume, "" if policy else fuzz_oracle.against_pydicom(volume)
    if kind == "list":
        return medvoxel.list_series(path), ""
    if kind == "nifti":
        volume = medvoxel.read_nifti(path)
        return volume, fuzz_oracle.against_nibabel(volume, path)
    if kind == "nrrd":
        volume = medvoxel.read_nrrd(path)
        return volume, fuzz_oracle.against_simpleitk(volume, path)
    if kind == "seg":
        return medvoxel.read_segmentation(path), ""
    reference = medvoxel.Volume(np.zeros((6, 12, 14), np.int16), medvoxel.Grid((6, 12, 14)))
    return medvoxel.read_segmentation(path, reference=reference), ""


def _outcome(kind: str, path: str) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            result, wrong = _read(kind, path)
        except MedvoxelError as error:
            outcome = {"outcome": "refused", "error": type(error).__name__, "text": str(error)}
        except BaseException as error:
            text = traceback.format_exc()
            outcome = {"outcome": "raised", "error": type(error).__name__, "text": text}
        else:
            wrong = wrong or fuzz_oracle.inconsistent(result)
            outcome = {"outcome": "wrong" if wrong else "read", "text": wrong}
    outcome["warned"] = [str(w.message) for w in heard if issubclass(w.category, MedvoxelWarning)]
    foreign = [w for w in heard if not issubclass(w.category, MedvoxelWarning)]
    outcome["foreign"] = [
        f"{w.category.__name__}: {w.message} ({w.filename}:{w.lineno})"
        for w in foreign
        if w.filename != fuzz_oracle.__file__
    ]
    return outcome


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    raise OSError("no VmHWM")


def main() -> None:
    """Serve until there is no more input."""
    answers = os.fdopen(os.dup(1), "w")
    # Decoders print to the console; the answers must not get mixed up with that.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    fuzz_oracle.warm_up()
    if "--unlimited" not in sys.argv:
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + _ROOM, size + _ROOM))
    for line in sys.stdin:
        task = json.loads(line)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of before
        before, start = _peak(), time.monotonic()
        outcome = _outcome(task["kind"], task["path"])
        outcome["seconds"] = time.monotonic() - start
        outcome["grown"] = _peak() - before
        answers.write(json.dumps(outcome) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
