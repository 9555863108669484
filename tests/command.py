"""Runs the command line as a user does: a process of its own, its output and exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.repository import CHECKOUT

_OURS = ("ANTHROPIC_", "OPENAI_", "PLUMBLINE_", "GITHUB_")


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished process left behind."""

    code: int
    out: str
    err: str


def plumbline(*arguments: str, folder: Path, text: bytes = b"", variables: Mapping[str, str] | None = None) -> Done:
    """Run `plumbline` in a folder, with none of this machine's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment = {**inherited, "PYTHONPATH": str(CHECKOUT), **(variables or {})}
    command = (sys.executable, "-m", "bot", *arguments)
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, env=environment, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
