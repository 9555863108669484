"""Runs Python as a process of its own, and tells what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Run:
    """A process that ended: what it printed, its start (`time.perf_counter`), wall and CPU seconds, peak in MB."""

    output: bytes
    start: float
    wall: float
    cpu: float
    peak_mb: float


def run(arguments: tuple[str, ...], folder: str, variables: Mapping[str, str] | None = None, text: bytes = b"") -> Run:
    """Run Python with arguments, in a folder, to its good end."""
    command = (sys.executable, "-m", "benchmarks.measured", sys.executable, *arguments)
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), **(variables or {})}
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()}")
    return Run(done.stdout, **json.loads(done.stderr.splitlines()[-1]))
