"""Measures one size in a process of its own, so that its peak of memory is its own: prints figures as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

from benchmarks.patches import made_up_patch
from bot.core.analysis import findings_of, secret_hits
from bot.core.checks import check_file
from bot.core.chunking import Budget, pack
from bot.core.ledger import Entry, Reason, balance
from bot.core.model_rules import RULES
from bot.core.patch import parse
from bot.core.selection import select

_TIMES = 3


def main(changed: int) -> None:
    """Parse, select and chunk a patch a few times; report the best."""
    patch = made_up_patch(changed)
    before = _peak_mb()
    seconds = min(_timed(patch) for _ in range(_TIMES))
    peak = _peak_mb()
    diff = parse(patch)
    start = time.perf_counter()
    for file in diff.files:
        findings_of(file, secret_hits(file), ())
        findings_of(file, *check_file(file))
    own_checks = time.perf_counter() - start
    plan = pack(diff, select(diff).kept, _budget())
    pieces = [piece for chunk in plan.chunks for piece in chunk.pieces]
    balance(diff, [*plan.left_out, *(Entry(piece.file, Reason.NO_MODEL, *piece.ordinals) for piece in pieces)])
    figures = {"seconds": seconds, "base_mb": before, "peak_mb": peak, "own_checks": own_checks}
    print(json.dumps({**figures, "changed": diff.changed, "chunks": len(plan.chunks)}))


def _budget() -> Budget:
    return Budget(RULES.of("claude-opus-4-6"), dollars=1_000)


def _timed(patch: bytes) -> float:
    start = time.perf_counter()
    diff = parse(patch)
    pack(diff, select(diff).kept, _budget())
    return time.perf_counter() - start


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
