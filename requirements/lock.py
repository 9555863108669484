"""Remakes constraints.txt: installs what pyproject.toml allows into an empty environment, writes the versions down."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_HEADER = "# The versions that are installed and tested, on Python 3.11 to 3.13. Made by `make lock`; do not edit.\n"
_NOT_PINNED = {"pip", "setuptools", "plumbline-bot"}


def main() -> None:
    """Install, list, write."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run((python, "-m", "pip", "install", "--quiet", f"{_ROOT}[dev,service]"), check=True)
        listed = subprocess.run((python, "-m", "pip", "list", "--format=json"), check=True, capture_output=True)
    pins = {row["name"].lower(): row["version"] for row in json.loads(listed.stdout)}
    lines = sorted(f"{name}=={version}\n" for name, version in pins.items() if name not in _NOT_PINNED)
    (_ROOT / "requirements" / "constraints.txt").write_text(_HEADER + "".join(lines))
    print(f"{len(lines)} versions written", file=sys.stderr)


if __name__ == "__main__":
    main()
