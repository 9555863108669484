"""Remakes constraints.txt: asks pip, under every supported Python, what it would install; writes the versions down.

The oldest Python decides, since what runs there runs on the newer ones; a package that only some of them need gets a
marker. Nothing is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_CONSTRAINTS = _ROOT / "requirements" / "constraints.txt"
_PYTHONS = ("3.11", "3.12", "3.13")
# hatchling asks for editables when it installs a checkout, though this project's way of it does not import it.
_WANTED = (f"{_ROOT}[dev,service]", "editables~=0.3")
_HEADER = """\
# The versions that are installed and tested on Python {pythons}, hatchling for the build among them.
# `make lock` writes this file from what pyproject.toml allows; do not edit.
"""


def main() -> None:
    """Ask under each Python, write what the answers have in common and where they differ."""
    found = {version: python for version in _PYTHONS if (python := _interpreter(version))}
    missing = [version for version in _PYTHONS if version not in found]
    if missing:
        sys.exit(f"Python {', '.join(missing)} is not here; install it, on the path or under pyenv: each is asked.")
    chosen: dict[str, str] = {}
    needed: dict[str, list[str]] = {}
    for version, python in found.items():
        answer = _resolved(python, chosen)
        chosen = answer | chosen
        for name in answer:
            needed.setdefault(name, []).append(version)
    lines = [f"{name}=={chosen[name]}{_marker(needed[name])}\n" for name in sorted(needed)]
    _CONSTRAINTS.write_text(_HEADER.format(pythons=", ".join(_PYTHONS)) + "".join(lines), encoding="utf-8")
    print(f"{len(lines)} versions written to {_CONSTRAINTS.relative_to(_ROOT)}", file=sys.stderr)


def _interpreter(version: str) -> str | None:
    """The Python of that version: on the path, else under pyenv. A shim of pyenv may be there and not work."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    return next((name for name in candidates if name and _runs(name)), None)


def _runs(python: str) -> bool:
    return subprocess.run((python, "-c", "import pip"), capture_output=True, check=False).returncode == 0


def _resolved(python: str, constraints: dict[str, str]) -> dict[str, str]:
    """What pip would install into an empty environment, within the constraints."""
    with tempfile.TemporaryDirectory() as folder:
        limits, report = Path(folder) / "constraints.txt", Path(folder) / "report.json"
        limits.write_text("".join(f"{name}=={version}\n" for name, version in constraints.items()), encoding="utf-8")
        options = ("--dry-run", "--ignore-installed", "--constraint", str(limits), "--report", str(report))
        subprocess.run((python, "-m", "pip", "install", "-qq", *options, *_WANTED), check=True, cwd=folder)
        rows = [row["metadata"] for row in json.loads(report.read_text(encoding="utf-8"))["install"]]
    return {row["name"].lower(): row["version"] for row in rows if row["name"] != "plumbline-bot"}


def _marker(versions: list[str]) -> str:
    if versions == list(_PYTHONS):
        return ""
    return " ; " + " or ".join(f'python_version == "{version}"' for version in versions)


if __name__ == "__main__":
    main()
