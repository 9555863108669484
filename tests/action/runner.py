"""A runner: gives the entrance its inputs, the event and the files as GitHub's own does, and reads what is left there.

After https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ContainerActionHandler.cs
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import warm
from tests.fakes.github_pull import FakePullRequest
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Says
from tests.stage import Stage

Json = dict[str, Any]
SMALL = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
SAYS = (Says("a.py", "x = 2", "The number is wrong", severity="critical", body="It is 3.", confidence=0.95),)
FOUND = "1 finding · all 2 changed lines reviewed"
"""What a review of the small patch says, where the model says that."""
_PATIENCE = 120
_OUTPUT = re.compile(r"([a-z-]+)<<(\w+)\n(.*?)\n?\2\n", re.DOTALL)
_COMMAND = re.compile(r"::(notice|warning|error) title=Plumbline::(.*)")
_ANNOTATION = re.compile(r"::(notice|warning|error) file=[^\n]*")


@dataclass(frozen=True)
class Ran:
    """What a run left: its log, and the files for the runner."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]
    workspace: Path

    @property
    def said(self) -> list[tuple[str, str]]:
        """What it says of itself: the level and the sentence."""
        return [(level, words) for level, words in _COMMAND.findall(self.log)]

    @property
    def annotations(self) -> list[str]:
        """The annotations on lines."""
        return [each.group(0) for each in _ANNOTATION.finditer(self.log)]


Within = Callable[[dict[str, str], dict[Path, str]], Sequence[str]]


@dataclass
class Runner:
    """One repository's runner between the fakes. `within` gives the words that run the Action in a container.

    It gets the variables, and for folders of this machine the paths that they have there. When `stop` returns, the job
    is cancelled.
    """

    stage: Stage
    repository: str = "acme/papers"
    inputs: dict[str, str] = field(default_factory=dict)
    within: Within | None = None
    stop: Callable[[], object] | None = None

    def run(self, event: str, payload: bytes | Json, inputs: dict[str, str] | None = None, **variables: str) -> Ran:
        """Run the Action for an event. Inputs without a value are given empty, as those that are not given are."""
        folder = Path(tempfile.mkdtemp(dir=self.stage.folder))
        workspace = self.stage.folder / "workspace"
        workspace.mkdir(exist_ok=True)
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        (folder / "event.json").write_bytes(body)
        for name in ("output", "summary"):
            (folder / name).touch()
        ours = {"anthropic-api-key": "made-up-key", "base-url": self.stage.model.url, "github-token": self.token}
        given = {"model": "", "mode": "", **ours, **self.inputs, **(inputs or {})}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(CHECKOUT),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.stage.github.api_url,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_WORKSPACE": str(workspace),
            "PLUMBLINE_CACHE_PAUSE": "0",
            "PLUMBLINE_VERIFY": "off",
            **{f"INPUT_{name.upper().replace(' ', '_')}": value for name, value in given.items()},
            **variables,
        }
        if self.within is None and self.stop is None:
            code, out, err = warm.run("bot.action", (), folder=workspace, text=b"", variables=environment)
            return self._ran(folder, workspace, code, out.decode(), err.decode())
        if self.within is None:
            command: Sequence[str] = (sys.executable, "-m", "bot.action")
        else:
            own = {"PATH", "PYTHONPATH"}
            mounts = {folder: "/github/workflow", workspace: "/github/workspace"}
            told = {name: _moved(value, mounts) for name, value in environment.items() if name not in own}
            command, environment = self.within(told, mounts), dict(os.environ)
        with subprocess.Popen(
            command, cwd=workspace, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            if self.stop is not None:
                self.stop()
                process.terminate()
            log, errors = process.communicate(timeout=_PATIENCE)
        return self._ran(folder, workspace, process.returncode, log, errors)

    @staticmethod
    def _ran(folder: Path, workspace: Path, code: int, log: str, errors: str) -> Ran:
        assert errors == "", errors
        outputs = {name: value for name, _, value in _OUTPUT.findall((folder / "output").read_text())}
        return Ran(code, log, (folder / "summary").read_text(), outputs, workspace)

    @property
    def token(self) -> str:
        """The token of the workflow."""
        return self.stage.github.token


def _moved(value: str, mounts: Mapping[Path, str]) -> str:
    """The value with the paths of the container in place of this machine's."""
    for path, inside in mounts.items():
        value = value.replace(str(path), inside)
    return value


def pull_request(pull: FakePullRequest, action: str = "opened", *, fork: bool = False, sender: str = "") -> Json:
    """The event of a pull request as a workflow gets it: the same as a webhook, without an installation."""
    base = {"repo": {"full_name": pull.repository.full_name}, "sha": "0" * 40, "ref": "main"}
    head_repo = {"full_name": "mallory/papers" if fork else pull.repository.full_name, "fork": fork}
    told = {
        "number": pull.number,
        "state": "open",
        "head": {"sha": pull.head_sha, "repo": head_repo},
        "base": base,
        "user": {"login": pull.author, "type": "User"},
    }
    return {"action": action, **_about(pull), "pull_request": told, "sender": {"login": sender or pull.author}}


def comment(pull: FakePullRequest, number: int, author: str, words: str) -> Json:
    """The event of a comment under a pull request."""
    issue = {"number": pull.number, "user": {"login": pull.author}, "pull_request": {}}
    said = {"id": number, "body": words, "user": {"login": author, "type": "User"}}
    return {"action": "created", **_about(pull), "issue": issue, "comment": said, "sender": {"login": author}}


def _about(pull: FakePullRequest) -> Json:
    repository = pull.repository
    return {"repository": {"id": repository.id, "full_name": repository.full_name, "private": repository.private}}
