"""A stage for whole reviews: a fake GitHub, a fake model, and the command line as a user runs it, over real HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.command import Done, plumbline
from tests.fakes.github import FakeGitHub
from tests.fakes.messages import FakeMessages, Script
from tests.repository import CHECKOUT

# Two of them are the versions of an image, two the archive of the repository and the way to it.
READS_BEFORE_POSTING = 10
_PATIENCE = 20  # seconds; a person would have closed the terminal


class Stage:
    """Both fakes, up while the stage is open. At its end nothing may have happened that the real ones would refuse."""

    def __init__(self, script: Script, folder: Path, *, enterprise: bool = False) -> None:
        self.github = FakeGitHub(enterprise=enterprise)
        self.model = FakeMessages(script)
        self.folder = folder
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Start the fakes."""
        self._open.enter_context(self.github)
        self._open.enter_context(self.model)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        if error is None:
            assert self.github.problems == [], self.github.problems
            assert self.model.problems == []

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a user who has both keys."""
        return {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_TOKEN": self.github.token,
            "ANTHROPIC_BASE_URL": self.model.url,
            "ANTHROPIC_API_KEY": "made-up-key",
            "PLUMBLINE_CACHE": str(self.folder / "cache"),
            "PLUMBLINE_CACHE_PAUSE": "0",
            "PLUMBLINE_VERIFY": "off",
        }

    def plumbline(self, *arguments: str, **variables: str) -> Done:
        """Run the command line to its end."""
        return plumbline(*arguments, folder=self.folder, variables=self.variables | variables)

    def interrupted(self, when: Callable[[], object], *arguments: str, **variables: str) -> Done:
        """Run the command line, and press Ctrl-C when `when` returns."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = inherited | self.variables | {"PYTHONPATH": str(CHECKOUT)} | variables
        command = (sys.executable, "-m", "bot", *arguments)
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            when()
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Done(process.returncode, out.decode(), err.decode())

    def calls(self) -> list[str]:
        """What GitHub was asked, in order: `GET /repos/acme/papers/pulls/214`."""
        return [f"{request.method} {request.path}" for request in self.github.requests]
