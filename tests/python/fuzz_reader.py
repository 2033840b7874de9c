"""Have files read in another process, which may crash, hang or run out of memory."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Reader", "require_linux", "require_sane"]

SECONDS = 5.0
MOST_GROWTH = 256 << 20
_WORKER = Path(__file__).with_name("fuzz_worker.py")


def require_linux() -> None:
    """Skip a file of tests where the memory of a process cannot be measured."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("memory is measured by means of Linux", allow_module_level=True)


class Reader:
    """Another process that reads files.

    Parameters
    ----------
    limited : bool
        Whether it may take 1 GB and no more. Without a limit, what a reader asks for is
        seen and not refused.
    """

    def __init__(self, *, limited: bool = True) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._options = [] if limited else ["--unlimited"]

    def ask(self, kind: str, path: Path) -> dict[str, Any]:
        """Have a file read; what came of it."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-B", str(_WORKER), *self._options],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            )  # fmt: skip
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"kind": kind, "path": str(path)}) + "\n")
        process.stdin.flush()
        # What comes late is measured in the process; this is for what never comes.
        ready, _, _ = select.select([process.stdout], [], [], 2 * SECONDS)
        line = process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        came = f"crashed with {process.wait(SECONDS)}" if ready else "hung"
        self.close()
        return {"outcome": came, "text": ""}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def require_sane(outcome: dict[str, Any]) -> None:
    """Check what every hostile file has to come to."""
    assert outcome["outcome"] in ("read", "refused"), outcome["text"] or outcome["outcome"]
    assert outcome["seconds"] < SECONDS
    assert outcome["grown"] < MOST_GROWTH
