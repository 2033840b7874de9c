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

# What scanners and archives use: a transfer syntax, the codec of imagecodecs, and the first
# version of the library in it that decodes them all.
_SYNTAXES = {
    "RLE Lossless": ("1.2.840.10008.1.2.5", "DICOMRLE", ()),
    "JPEG": ("1.2.840.10008.1.2.4.51", "JPEG8", (3, 1)),
    "JPEG Lossless": ("1.2.840.10008.1.2.4.57", "JPEG8", (3, 1)),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", "JPEGLS", ()),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", "JPEG2K", ()),
}


def environment_report(packages: Sequence[str] = (), *, decoders: bool = True) -> dict[str, Any]:
    """Describe the running Python.

    Parameters
    ----------
    packages : sequence of str
        Distribution names whose versions are wanted.
    decoders : bool
        Whether to ask which compressed images can be decoded (0.3 s).

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
    return {
        name: _imagecodecs_has(codec, oldest) or _pydicom_has(syntax)
        for name, (syntax, codec, oldest) in _SYNTAXES.items()
    }


def _imagecodecs_has(codec: str, oldest: tuple[int, ...]) -> bool:
    try:
        import imagecodecs

        if not getattr(imagecodecs, codec).available:
            return False
        # Such as "libjpeg_turbo 3.1.3/8.0".
        text = getattr(imagecodecs, f"{codec.lower()}_version")()
    except (ImportError, AttributeError):  # absent, or built without this codec
        return False
    number = text.split()[-1].split("/")[0].split(".")
    return not oldest or tuple(int(n) for n in number[:2] if n.isdigit()) >= oldest


def _pydicom_has(syntax: str) -> bool:
    try:
        from pydicom.pixels import get_decoder

        return bool(get_decoder(syntax).is_available)
    except (ImportError, NotImplementedError):
        return False


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
