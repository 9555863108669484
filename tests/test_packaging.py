"""Plumbline works as an installed wheel, editable, and from a bare checkout; and no file names a foreign place."""

from __future__ import annotations

import email
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

from bot import __version__
from tests.repository import CHECKOUT

PATCH = b"--- a/notes.md\n+++ b/notes.md\n@@ -1 +1,2 @@\n one\n+two\n"
OURS = ("ANTHROPIC_", "OPENAI_", "PLUMBLINE_", "GITHUB_", "PYTHON", "GIT_")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without a network: hatchling is that of the running environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT))
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of an environment that has the wheel, and its dependencies lent by the running one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    install = (python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-cache-dir", str(wheel))
    subprocess.run(install, check=True, capture_output=True)
    # A .pth file is followed once: an editable bot there, which stands in a .pth file itself, does not come along. And
    # what it names comes after the environment's own packages. https://docs.python.org/3/library/site.html
    where = run((python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"), home)
    (Path(where) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home / "bin"


def run(command: tuple[str, ...], folder: Path) -> str:
    """Run a command in a folder, with none of this machine's own settings; give what it wrote."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True).stdout.decode().strip()


def reviewed(plumbline: tuple[str, ...], folder: Path) -> dict[str, object]:
    """Ask for the version, review a small patch; give the review's JSON."""
    assert run((*plumbline, "--version"), folder) == f"plumbline {__version__}"
    patch = folder / "notes.patch"
    patch.write_bytes(PATCH)
    review: dict[str, object] = json.loads(
        run((*plumbline, "review", "--diff", str(patch), "--format", "json"), folder)
    )
    assert review["schema"] == "plumbline.review/1"
    return review


def home_of_bot(python: str, folder: Path) -> Path:
    """The folder that `import bot` takes the package from."""
    return Path(run((python, "-c", "import bot; print(bot.__file__)"), folder)).parent


def test_the_wheel_holds_what_is_needed_and_no_more(wheel: Path) -> None:
    """Every module, prompt and rule, licences and type marker are inside; tests, examples and benchmarks are not."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {f"bot/{path.relative_to(CHECKOUT / 'bot').as_posix()}" for path in (CHECKOUT / "bot").rglob("*.py")}
    prompts, rules = (
        {
            f"bot/_{folder}/{path.relative_to(CHECKOUT / folder).as_posix()}"
            for path in (CHECKOUT / folder).rglob("*")
            if path.is_file()
        }
        for folder in ("prompts", "rules")
    )
    licences = {f"plumbline_bot-{__version__}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE")}
    assert prompts
    assert rules
    assert modules | prompts | rules | licences | {"bot/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {"bot", f"plumbline_bot-{__version__}.dist-info"}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Its metadata names the distribution, the version, the licence and the Pythons, its entry point the command."""
    folder = f"plumbline_bot-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
        entry_points = archive.read(f"{folder}/entry_points.txt").decode()
    said = [metadata[name] for name in ("Name", "Version", "License-Expression")]
    assert said == ["plumbline-bot", __version__, "MIT"]
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    assert entry_points == "[console_scripts]\nplumbline = bot.cli:main\n"


def test_the_installed_wheel_reviews(installed: Path, tmp_path: Path) -> None:
    """In an environment that has the wheel and its dependencies only, the command works from any folder."""
    reviewed((str(installed / "plumbline"),), tmp_path)
    assert home_of_bot(str(installed / "python"), tmp_path).is_relative_to(installed.parent)


def test_the_editable_installation_reviews(tmp_path: Path) -> None:
    """The running environment has the command, and it is this checkout."""
    reviewed((str(Path(sysconfig.get_path("scripts")) / "plumbline"),), tmp_path)
    assert home_of_bot(sys.executable, tmp_path) == CHECKOUT / "bot"


def test_a_bare_checkout_reviews(tmp_path: Path) -> None:
    """`python -m bot` needs nothing but bot/, prompts/ and rules/ beside each other."""
    for name in ("bot", "prompts", "rules"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    reviewed((sys.executable, "-m", "bot"), tmp_path)
    assert home_of_bot(sys.executable, tmp_path) == tmp_path / "bot"


@pytest.mark.slow
def test_all_ways_show_the_same_prompts(installed: Path, tmp_path: Path) -> None:
    """The digest of the prompts is the same from the wheel and from the checkout."""
    here = reviewed((sys.executable, "-m", "bot"), tmp_path)
    there = reviewed((str(installed / "plumbline"),), tmp_path)
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
