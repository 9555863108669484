"""Plumbline works as an installed wheel, editable, and from a bare checkout; and no file names a foreign place."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.repository import CHECKOUT

PATCH = b"--- a/notes.md\n+++ b/notes.md\n@@ -1 +1,2 @@\n one\n+two\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT))
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def reviewed(command: tuple[str, ...], folder: Path, variables: dict[str, str]) -> dict[str, object]:
    """Review a small patch with the command; give the JSON."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PLUMBLINE_", "PYTHONPATH"))
    }
    done = subprocess.run(
        (*command, "review", "--diff", "-", "--format", "json"),
        cwd=folder,
        input=PATCH,
        env={**environment, **variables},
        check=True,
        capture_output=True,
    )
    review: dict[str, object] = json.loads(done.stdout)
    return review


def test_the_wheel_holds_what_is_needed_and_no_more(wheel: Path) -> None:
    """Prompts, licence texts and type marker are inside; tests, examples and benchmarks are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"bot/_prompts/review/system.md", "bot/py.typed", "bot/core/patch.py"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"bot", "plumbline_bot"}


def test_the_installed_wheel_reviews(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has the wheel and its dependencies only, the command works from any folder."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    install = (python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    subprocess.run(install, check=True, capture_output=True)
    # The dependencies are those of the running environment: tests use no network. Its own copy of bot is editable,
    # through a .pth file, which PYTHONPATH does not follow.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    review = reviewed((str(home / "bin" / "plumbline"),), elsewhere, {"PYTHONPATH": sysconfig.get_path("purelib")})
    assert review["schema"] == "plumbline.review/1"
    where = subprocess.run(
        (python, "-c", "import bot; print(bot.__file__)"), cwd=elsewhere, check=True, capture_output=True
    )
    assert Path(where.stdout.decode().strip()).is_relative_to(home)


def test_the_editable_installation_reviews(tmp_path: Path) -> None:
    """The running environment has the command, and it is this checkout."""
    command = Path(sysconfig.get_path("scripts")) / "plumbline"
    assert reviewed((str(command),), tmp_path, {})["schema"] == "plumbline.review/1"


def test_a_bare_checkout_reviews(tmp_path: Path) -> None:
    """`python -m bot` needs nothing but bot/ and prompts/ beside each other."""
    for name in ("bot", "prompts"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert reviewed((sys.executable, "-m", "bot"), tmp_path, {})["schema"] == "plumbline.review/1"


def test_all_ways_show_the_same_prompts(wheel: Path, tmp_path: Path) -> None:
    """The digest of the prompts is the same from the wheel and from the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    here = reviewed((sys.executable, "-m", "bot"), CHECKOUT, {})
    there = reviewed((sys.executable, "-m", "bot"), tmp_path, {})
    assert here["tool"] == there["tool"]


FOREIGN = [
    re.compile(r"https?://[a-z0-9.-]*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"),
    re.compile(r"(?:^|[^a-z~.\w])/(?:root|work|home/[a-z]+)/"),
]


def test_no_tracked_file_names_a_registry_or_a_path_of_a_machine() -> None:
    """Lock files, tests and documents are free of index addresses and absolute paths."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=CHECKOUT, check=True, capture_output=True).stdout
    found = []
    for name in filter(None, listed.decode().split("\0")):
        path = CHECKOUT / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        found += [(name, match[0]) for pattern in FOREIGN for match in pattern.finditer(text)]
    assert found == []
