"""How long it takes to find the code around a change in a large repository, and how much memory that takes.

The repository is this Python's standard library, several times over, up to 5,000 files; the change is in 20 of them.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import sysconfig
import time
from itertools import islice
from pathlib import Path

from bot.core.chunking import Budget, pack
from bot.core.context import surroundings_of
from bot.core.diff import Diff
from bot.core.model_rules import RULES
from bot.core.patch import parse
from bot.core.tree import planted

_FILES = 5_000
_CHANGED = 20
_LARGEST, _SHORTEST = 90_000, 40  # bytes, lines
_ROOT = Path(__file__).resolve().parents[1]


def print_all() -> None:
    """One row: files, megabytes, seconds for the tree and for what is around the change, the peak of memory."""
    done = subprocess.run((sys.executable, "-m", "benchmarks.indexing"), cwd=_ROOT, capture_output=True, check=True)
    row = json.loads(done.stdout)
    print("\nfinding the code around a change (a process of its own)")
    print(f"{'files':>7} {'MB':>6} {'hunks':>6} {'tree s':>8} {'around s':>9} {'excerpts':>9} {'peak MB':>8}")
    print(
        f"{row['files']:7,} {row['mb']:6.0f} {row['hunks']:6} {row['tree']:8.2f} {row['around']:9.2f} "
        f"{row['excerpts']:9,} {row['peak']:8.0f}"
    )


def _repository() -> dict[str, bytes]:
    library = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    texts = [
        path.read_bytes() for path in library if "site-packages" not in path.parts and path.stat().st_size < _LARGEST
    ]
    rounds = range(-(-_FILES // len(texts)))
    named = ((f"part{number}/area{at % 40}/file_{at}.py", text) for number in rounds for at, text in enumerate(texts))
    return dict(islice(named, _FILES))


def _change(files: dict[str, bytes]) -> Diff:
    """One line of every so many files is another one."""
    patch = b""
    for path in sorted(path for path, text in files.items() if text.count(b"\n") > _SHORTEST)[
        :: len(files) // _CHANGED
    ]:
        lines = files[path].split(b"\n")
        at = next((n for n in range(20, len(lines) - 4) if b"def " in lines[n]), 20)
        before, old, after = lines[at - 1], lines[at], lines[at + 1]
        new = old.replace(b"def ", b"def new_") if b"def " in old else old + b"  # changed"
        head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -{at},3 +{at},3 @@\n".encode()
        patch += head + b" " + before + b"\n-" + old + b"\n+" + new + b"\n " + after + b"\n"
    return parse(patch)


def main() -> None:
    """Measure, and print the figures as JSON."""
    files = _repository()
    diff = _change(files)
    began = time.perf_counter()
    tree = planted(files)
    planted_at = time.perf_counter()
    chunks = pack(diff, range(len(diff.files)), Budget(RULES.of("claude-opus-4-6"))).chunks
    hunks = {(piece.file, piece.hunk) for chunk in chunks for piece in chunk.pieces}
    found = surroundings_of(diff, hunks, tree, lambda _: False)
    figures = {
        "files": len(tree.files),
        "mb": sum(map(len, tree.files.values())) / 1e6,
        "hunks": len(hunks),
        "tree": planted_at - began,
        "around": time.perf_counter() - planted_at,
        "excerpts": len(found.excerpts),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
