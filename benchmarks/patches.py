"""Made-up patches of any size, with the mix of lines that real changes have. The same size gives the same bytes."""

from __future__ import annotations

import random

_LINES_A_FILE = 200
_LINES_A_HUNK = 20
_WORDS = "account document session link workspace member token page result value index total cache query render".split()  # noqa: SIM905


def made_up_patch(changed: int) -> bytes:
    """A patch of Python files with this many changed lines: four of five added, in hunks of twenty."""
    rng = random.Random(changed)  # noqa: S311 - no secret
    files = [
        _file(number, min(_LINES_A_FILE, changed - number * _LINES_A_FILE), rng)
        for number in range(-(-changed // _LINES_A_FILE))
    ]
    return "".join(files).encode()


def one_file(changed: int) -> bytes:
    """A patch of one file with this many changed lines: nearly all of a review is its parts."""
    return _file(0, changed, random.Random(changed)).encode()  # noqa: S311


def many_files(files: int, changed: int = 12) -> bytes:
    """A patch of this many files with a few changed lines each, ten to a folder."""
    rng = random.Random(files)  # noqa: S311
    return "".join(_file(number, changed, rng) for number in range(files)).encode()


def _file(number: int, changed: int, rng: random.Random) -> str:
    path = f"app/part{number // 10:03}/{rng.choice(_WORDS)}_{number}.py"
    hunks, line = [], 10
    shift = 0
    for start in range(0, changed, _LINES_A_HUNK):
        size = min(_LINES_A_HUNK, changed - start)
        removed = size // 5
        added = size - removed
        context = [_code(rng) for _ in range(6)]
        body = [f" {text}" for text in context[:3]]
        body += [f"-{_code(rng)}" for _ in range(removed)] + [f"+{_code(rng)}" for _ in range(added)]
        body += [f" {text}" for text in context[3:]]
        hunks.append(f"@@ -{line},{removed + 6} +{line + shift},{added + 6} @@ def part():\n" + "\n".join(body) + "\n")
        line += removed + 46
        shift += added - removed
    header = f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n+++ b/{path}\n"
    return header + "".join(hunks)


def _code(rng: random.Random) -> str:
    first, second, third = (rng.choice(_WORDS) for _ in range(3))
    indent = "    " * rng.randint(1, 4)
    return f"{indent}{first}_{second} = self.{third}.{rng.choice(_WORDS)}({first}, limit={rng.randint(1, 999)})"
