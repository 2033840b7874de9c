"""Decode mutants of compressed frames: python decode_mutants.py FRAMES.npz COUNT MEGABYTES.

A program of its own, because a decoder that does not survive takes its process with it. The
file holds frames by transfer syntax, and ``shape``. Prints what became of the mutants of each
syntax, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "inst" / "python"))

from medvoxel.io.dicom.decoding.decode import _decompress
from medvoxel.io.dicom.elements import DamagedFileError
from medvoxel.io.dicom.header import PixelFormat


def mutant(frame: bytes, rng: np.random.Generator) -> bytes:
    """Cut a frame, change bytes anywhere or in its header, take bytes out or put some in."""
    data = bytearray(frame)
    at, count = int(rng.integers(1, len(data))), int(rng.integers(1, 40))
    kind = rng.integers(5)
    if kind == 0:
        del data[at:]
    elif kind < 3:
        top = len(data) if kind == 1 else min(120, len(data))
        for place in rng.integers(0, top, 1 + count // 5):
            data[place] = rng.integers(256)
    elif kind == 3:
        del data[at : at + count]
    else:
        data[at:at] = rng.bytes(count)
    return bytes(data)


def limit_memory(megabytes: int) -> None:
    """Let the process take this much more address space than it has now, where that can be."""
    try:
        import resource
    except ImportError:
        return
    status = Path("/proc/self/status")
    if status.exists():
        line = next(s for s in status.read_text().splitlines() if s.startswith("VmSize"))
        most = int(line.split()[1]) * 1024 + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def main() -> None:
    """Decode, compare, count."""
    frames, count, megabytes = np.load(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rows, columns = frames["shape"].tolist()
    pixels = PixelFormat(rows, columns, 1, 16, 12, 11, False)
    out, found = np.empty((rows, columns), np.uint16), {}
    for syntax in sorted(set(frames.files) - {"shape"}):
        frame = frames[syntax].tobytes()
        _decompress(syntax, frame, pixels, out)  # loads what is loaded lazily
        whole = out.copy()
        limit_memory(megabytes)
        counts = Counter({"mutants": count})
        for seed in range(count):
            try:
                _decompress(syntax, mutant(frame, np.random.default_rng(seed)), pixels, out)
            except DamagedFileError:
                counts["refused"] += 1
                continue
            counts["equal" if np.array_equal(out, whole) else "other"] += 1
        found[syntax] = counts
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
