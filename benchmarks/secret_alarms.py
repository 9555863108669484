"""Counts the secrets that are found in changed lines, so that false alarms can be told by reading.

    python -m benchmarks.secret_alarms [PATCH OR FOLDER ...]

Without arguments it reads the pull requests and patches next to the checkout. A patch gives its added and removed
lines, any other file its whole text. Every alarm is printed masked, with the length and entropy of what was hidden.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.secret_shapes import entropy
from bot.core.secrets import find_secrets, mask

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).parents[1].parent / "shared" / "data"
LARGEST = 4_000_000  # bytes
WIDTH = 140


def main(arguments: list[str]) -> None:
    """Print the alarms of each text and the time a line took."""
    roots = [Path(argument) for argument in arguments] or [SHARED / "prs", SHARED / "stress"]
    lines = alarms = 0
    seconds = 0.0
    for name, text in (found for root in roots for found in texts(root)):
        started = time.perf_counter()
        secrets = find_secrets(text)
        seconds += time.perf_counter() - started
        lines += text.count("\n") + 1
        alarms += len(secrets)
        if secrets or not arguments:
            print(f"{len(secrets):4}  {text.count(chr(10)) + 1:7} lines  {name}")
        masked = mask(text)
        for secret in secrets:
            start = masked.rfind("\n", 0, secret.start) + 1
            hidden = text[secret.start : secret.end]
            print(f"      {secret.rule}: {len(hidden)} characters, {entropy(hidden):.1f} bits each")
            print(
                f"        {masked[max(start, secret.start - WIDTH // 2) : secret.end + 20].splitlines()[0][:WIDTH]!r}"
            )
    print(f"{alarms} alarms in {lines} lines, {seconds * 1e6 / max(lines, 1):.2f} us a line")


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text to search of each file under the folder."""
    paths = sorted(root.rglob("*.patch")) if SHARED in root.parents else sorted(root.rglob("*"))
    for path in [root] if root.is_file() else paths:
        if path.is_file() and path.stat().st_size <= LARGEST:
            data = path.read_bytes()
            if b"\0" not in data:
                text = data.decode("utf-8", errors="replace")
                yield str(path), changed(text) if path.suffix == ".patch" else text


def changed(patch: str) -> str:
    """Return the added and removed lines of a patch."""
    marks = ("+++ ", "--- ")
    return "\n".join(line[1:] for line in patch.split("\n") if line[:1] in {"+", "-"} and not line.startswith(marks))


if __name__ == "__main__":
    main(sys.argv[1:])
