"""What the README and the compose file say is done to the letter, against the fakes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests import papers
from tests.fakes.github_app import APP_ID
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import SECRET, Process, free_port, happened, needs_sqlite, serving, until
from tests.server.test_setup import FORM

_VARIABLE = re.compile(r"\$\{(\w+):\?[^}]*\}")


@needs_sqlite
def test_the_readme_installs_an_app(tmp_path: Path) -> None:
    """Its lines are typed as they stand (but for the installation), and its two clicks are done."""
    section = (CHECKOUT / "README.md").read_text().partition("## Install as a GitHub App")[2].partition("\n## ")[0]
    install, export, serve = section.split("```")[1].strip().splitlines()
    assert install == "pip install '.[service]'"
    assert export == "export ANTHROPIC_API_KEY=..."
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        port = free_port()
        known = {name: value for name, value in made.stage.variables.items() if name != "GITHUB_TOKEN"}
        folder = {"PATH": f"{CHECKOUT / '.venv/bin'}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        command = [*shlex.split(serve), "--port", str(port)]
        printed = tmp_path / "printed.txt"
        with printed.open("wb") as output, (tmp_path / "service.log").open("wb") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "bot", *command[1:]],
                cwd=tmp_path,
                env={**known, **folder, "PYTHONPATH": str(CHECKOUT)},
                stdout=output,
                stderr=log,
            )
        process = Process(port, running)
        made.processes.append(process)
        until(lambda: "setup?token=" in printed.read_text() and process.get("/healthz") == 200)
        (address,) = re.findall(r"http://\S+", printed.read_text())
        form = FORM.search(httpx.get(address, trust_env=False).text)
        assert form is not None
        made.stage.github.promise("c0de")
        state = form[1].partition("state=")[2]
        done = httpx.get(f"{process.url}/setup/created?code=c0de&state={state}", trust_env=False)
        assert "Install it" in done.text
        until(lambda: process.get("/readyz") == 200)
        assert (tmp_path / "plumbline-data" / "app.json").stat().st_mode & 0o777 == 0o600
        assert process.deliver(happened(pull), "pull_request", "one") == 202
        until(lambda: pull.issue_comments)
        assert process.stop() == 0


def test_the_compose_file_runs(tmp_path: Path, postgres_url: str) -> None:
    """Its services run as plain processes, with the commands and variables that it gives them."""
    compose = yaml.safe_load((CHECKOUT / "examples" / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"web", "worker", "postgres"}
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        key = tmp_path / "app.pem"
        key.write_text(made.app.private_key)
        filled = {
            "ANTHROPIC_API_KEY": made.stage.variables["ANTHROPIC_API_KEY"],
            "GITHUB_APP_ID": APP_ID,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "POSTGRES_PASSWORD": "made-up",
        }
        for name in ("web", "worker"):
            _start(made.processes, services[name], filled, tmp_path, made.stage.variables, postgres_url, key)
        web, worker = made.processes
        until(lambda: web.get("/readyz") == worker.get("/readyz") == 200)
        assert worker.deliver(happened(pull), "pull_request", "zero") == 404
        assert web.deliver(happened(pull), "pull_request", "one") == 202
        until(lambda: pull.issue_comments)
        assert [process.stop() for process in (web, worker)] == [0, 0]


def _start(  # noqa: PLR0913, PLR0917 - what a service is made of
    processes: list[Process],
    service: Mapping[str, Any],
    filled: Mapping[str, str],
    folder: Path,
    stage: Mapping[str, str],
    postgres_url: str,
    key: Path,
) -> None:
    """Run a service of the compose file, between the fakes."""
    written = {
        name: _VARIABLE.sub(lambda match: filled[match[1]], value) for name, value in service["environment"].items()
    }
    assert set(written) == {*filled, "GITHUB_APP_PRIVATE_KEY_FILE", "PLUMBLINE_DATABASE_URL"} - {"POSTGRES_PASSWORD"}
    assert written["PLUMBLINE_DATABASE_URL"] == "postgresql://plumbline:made-up@postgres/plumbline"
    # Other hosts and paths than in containers.
    here = {
        "PLUMBLINE_DATABASE_URL": postgres_url.replace("postgresql+psycopg", "postgresql"),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(key),
        "GITHUB_API_URL": stage["GITHUB_API_URL"],
        "ANTHROPIC_BASE_URL": stage["ANTHROPIC_BASE_URL"],
        "PATH": f"{CHECKOUT / '.venv/bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(folder),
    }
    port = free_port()
    command = [
        str(port) if word == "8000" else "127.0.0.1" if word == "0.0.0.0" else word for word in service["command"]
    ]
    with (folder / "service.log").open("ab") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "bot", *command], cwd=folder, env={**written, **here}, stderr=log
        )
    processes.append(Process(port, running))
