"""Runs the command line as a user does: a process of its own, its output and exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import warm
from tests.repository import CHECKOUT

_OURS = ("ANTHROPIC_", "OPENAI_", "PLUMBLINE_", "GITHUB_")


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished process left behind."""

    code: int
    out: str
    err: str


# Answers of a model are kept below it, for as long as the tests run: never in a person's own cache.
_CACHE = tempfile.TemporaryDirectory(prefix="plumbline-tests-")


def plumbline(*arguments: str, folder: Path, text: bytes = b"", variables: Mapping[str, str] | None = None) -> Done:
    """Run `plumbline` in a folder, with none of this machine's own settings.

    What is found is taken at its first word, unless `variables` say otherwise: a second look is a story of its own.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    own = {"PYTHONPATH": str(CHECKOUT), "PLUMBLINE_CACHE": _CACHE.name, "PLUMBLINE_VERIFY": "off"}
    environment = {**inherited, **own, **(variables or {})}
    if warm.fits(variables or {}):
        code, out, err = warm.run("bot.cli", arguments, folder=folder, text=text, variables=environment)
        return Done(code, out.decode(), err.decode())
    command = (sys.executable, "-m", "bot", *arguments)
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, env=environment, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
