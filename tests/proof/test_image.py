"""The images, built over a stand-in for their base, and run as the runner and as an operator run them; needs buildah.

What is built stays in `build/image`, so that another run finds the base.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import papers
from tests.action.runner import Runner, pull_request
from tests.fakes.github_app import APP_ID
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import SECRET, Process, free_port, happened, serving, until
from tests.stage import Stage

TOOLS = CHECKOUT.parent / "shared" / "tools" / "image"
WORK = CHECKOUT / "build" / "image"
CA = "/etc/ssl/certs/ca-certificates.crt"
BASE = "docker.io/library/python:3.12-slim"
MOST_BYTES = 250_000_000
pytestmark = [
    pytest.mark.skipif(shutil.which("buildah") is None or os.geteuid() != 0, reason="needs buildah, and root"),
    pytest.mark.skipif(not TOOLS.exists(), reason="needs the stand-in for the base image"),
]


# Its own storage, with the driver that works everywhere.
BUILDAH = ("buildah", "--root", str(WORK / "storage"), "--runroot", str(WORK / "run"), "--storage-driver", "vfs")


def buildah(*arguments: str) -> str:
    """Run buildah; give what it says."""
    done = subprocess.run((*BUILDAH, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def _base() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    if BASE not in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        subprocess.run(("bash", str(TOOLS / "mkbase.sh"), str(WORK)), check=True, capture_output=True)
    (WORK / "pip.conf").write_text(f"[global]\ncert = {CA}\n")


def built(target: str) -> str:
    """Build one of the images as a user does; give its name."""
    name = f"localhost/plumbline:{target}"
    began = time.monotonic()
    mounts = ("--volume", f"{CA}:{CA}:ro", "--volume", f"{WORK / 'pip.conf'}:/etc/pip.conf:ro")
    options = ("--isolation", "chroot", "--format", "docker", "--target", target, *mounts, "--tag", name)
    buildah("build", *options, "--file", str(CHECKOUT / "Dockerfile"), str(CHECKOUT))
    took = time.monotonic() - began
    beyond = size(name) - size(BASE)
    sys.stdout.write(f"\n{target}: built in {took:.0f} s, {beyond / 1e6:.0f} MB beyond the base\n")
    assert beyond < MOST_BYTES
    return name


def size(name: str) -> int:
    """The bytes of an image's files."""
    with container(name) as made:
        done = subprocess.run(("du", "-sb", buildah("mount", made)), capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def entrypoint(name: str) -> list[str]:
    """The words that start it."""
    config = json.loads(buildah("inspect", "--type", "image", name))["OCIv1"]["config"]
    assert config["Labels"]["org.opencontainers.image.title"].startswith("Plumbline")
    return [*config["Entrypoint"], *config.get("Cmd", ())]


@contextmanager
def container(name: str) -> Iterator[str]:
    """A container of an image."""
    made = buildah("from", "--pull-never", name)
    try:
        yield made
    finally:
        buildah("rm", made)


def command(made: str, variables: Mapping[str, str], mounts: Mapping[Path, str], words: list[str]) -> list[str]:
    """The words that run something in a container, over the network of this machine."""
    given = [part for key, value in variables.items() for part in ("--env", f"{key}={value}")]
    bound = [part for path, inside in mounts.items() for part in ("--volume", f"{path}:{inside}")]
    return [*BUILDAH, "run", "--isolation", "chroot", *given, *bound, made, "--", *words]


def test_the_action(tmp_path: Path) -> None:
    """As its runner runs it: as root, in folders of its own, inputs with dashes; it reviews and leaves its files."""
    name = built("action")
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as stage, container(name) as made:
        stage.github.add_token(stage.github.token, login="github-actions[bot]")
        pull = papers.opened(stage.github)
        words = entrypoint(name)
        began = time.monotonic()
        ran = Runner(stage, within=lambda variables, mounts: command(made, variables, mounts, words)).run(
            "pull_request", pull_request(pull)
        )
        took = time.monotonic() - began
        assert (ran.code, ran.outputs["findings"], len(pull.reviews)) == (0, "14", 1)
        assert (ran.workspace / ran.outputs["sarif-file"]).stat().st_uid == 0
        empty = time.monotonic()
        Runner(stage, within=lambda variables, mounts: command(made, variables, mounts, words)).run("push", {})
        sys.stdout.write(f"action: a review took {took:.1f} s, a skip {time.monotonic() - empty:.1f} s\n")


def test_the_service(tmp_path: Path, postgres_url: str) -> None:
    """Run by a user of its own, with its health check, on PostgreSQL; it ends when asked."""
    name = built("service")
    words = entrypoint(name)
    assert words == ["plumbline", "serve", "--host", "0.0.0.0"]
    config = json.loads(buildah("inspect", "--type", "image", name))
    assert config["OCIv1"]["config"]["User"] == "10001"
    check = config["Docker"]["config"]["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as service, container(name) as made:
        pull = papers.opened(service.stage.github)
        port = free_port()
        variables = {
            **{key: value for key, value in service.stage.variables.items() if not key.endswith(("TOKEN", "CACHE"))},
            "GITHUB_APP_ID": APP_ID,
            "GITHUB_APP_PRIVATE_KEY": service.app.private_key,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "PLUMBLINE_DATABASE_URL": postgres_url,
            "PLUMBLINE_DEBOUNCE": "0",
        }
        began = time.monotonic()
        with (tmp_path / "service.log").open("wb") as log:
            started = command(made, variables, {}, [*words, "--port", str(port)])
            running = subprocess.Popen(started, stdout=log, stderr=log)
        process = Process(port, running)
        service.processes.append(process)
        until(lambda: process.get("/readyz") == 200)
        sys.stdout.write(f"service: ready after {time.monotonic() - began:.1f} s\n")
        assert process.deliver(happened(pull), "pull_request", "one") == 202
        until(lambda: pull.issue_comments)
        probe = [word.replace("8000", str(port)) for word in check[1:]]
        subprocess.run(command(made, {}, {}, probe), check=True, capture_output=True)
        process.stop()
        until(lambda: process.get("/readyz") == 0)
