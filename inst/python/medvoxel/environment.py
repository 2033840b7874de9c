"""What this Python has: versions, image decoders, memory, graphics card.

Also a program: ``python environment.py numpy scipy`` prints the report as JSON. R runs it
in a child process, so it uses the standard library only and imports nothing of medvoxel.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

__all__ = ["environment_report"]

# What scanners and archives use; the plugin that decodes each with pydicom.
_SYNTAXES = {
    "RLE Lossless": ("1.2.840.10008.1.2.5", "pylibjpeg-rle"),
    "JPEG Lossless": ("1.2.840.10008.1.2.4.70", "pylibjpeg-libjpeg"),
    "JPEG-LS Lossless": ("1.2.840.10008.1.2.4.80", "pylibjpeg-libjpeg"),
    "JPEG 2000 Lossless": ("1.2.840.10008.1.2.4.90", "pylibjpeg-openjpeg"),
}


def environment_report(packages: Sequence[str] = (), *, decoders: bool = True) -> dict[str, Any]:
    """Describe the running Python.

    Parameters
    ----------
    packages : sequence of str
        Distribution names whose versions are wanted.
    decoders : bool
        Whether to ask pydicom which compressed images it can decode (0.3 s).

    Returns
    -------
    dict
        ``python``, ``executable``, ``prefix``, ``shared_library`` (can R load it),
        ``packages`` (name to version or ``None``), ``decoders`` (name to bool), ``memory_gib``
        (total and available, ``None`` when unknown), ``gpu`` (names).
    """
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in packages},
        "decoders": _decoders() if decoders else {},
        "memory_gib": _memory(),
        "gpu": _gpu(),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _decoders() -> dict[str, bool]:
    try:
        from pydicom.pixels import get_decoder
        from pydicom.uid import UID
    except ImportError:
        return dict.fromkeys(_SYNTAXES, False)
    found = {}
    for name, (uid, _) in _SYNTAXES.items():
        try:
            found[name] = bool(get_decoder(UID(uid)).is_available)
        except NotImplementedError:
            found[name] = False
    return found


def _memory() -> dict[str, float | None]:
    gib = 1024**3
    total = available = None
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total = os.sysconf("SC_PHYS_PAGES") * page / gib
        available = os.sysconf("SC_AVPHYS_PAGES") * page / gib
    except (AttributeError, ValueError, OSError):
        pass
    return {"total": total, "available": available}


def _gpu() -> list[str]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        answer = subprocess.run(
            [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(environment_report(sys.argv[1:])))
