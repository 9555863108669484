"""Webhooks at two a second, for half an hour or as long as PLUMBLINE_PROOF_SOAK says: memory stays where it is."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from tests.fakes.github_repository import made_up_sha
from tests.proof.test_kills import done
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import happened, needs_sqlite, serving, until

_SECONDS = float(os.environ.get("PLUMBLINE_PROOF_SOAK", "1800"))
_PATCH = b"diff --git a/a%d.py b/a%d.py\n--- a/a%d.py\n+++ b/a%d.py\n@@ -1 +1 @@\n-x = 1\n+x = %d\n"


def resident(pid: int) -> float:
    """The memory of a process, in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@needs_sqlite
def test_memory_stays(tmp_path: Path) -> None:
    """Openings, pushes, talk and commands; the last third is held against the third before."""
    chance, samples = random.Random(3), list[tuple[float, float]]()
    with serving(tmp_path, ScriptedReviewer(())) as made:
        made.stage.github.remaining = 4_000
        process = made.start(variables={"PLUMBLINE_DEBOUNCE": "2"})
        pulls = [
            made.stage.github.pull_request("acme/papers", number, patch=_PATCH % ((number,) * 5))
            for number in range(1, 41)
        ]
        for pull in pulls:
            pull.repository.permissions["wendy"] = "write"
        started, number = time.monotonic(), 0
        while (now := time.monotonic() - started) < _SECONDS:
            pull, kind = chance.choice(pulls), chance.random()
            if kind < 0.2:
                pull.push(made_up_sha(f"{number}"), _PATCH % (*((pull.number,) * 4), number))
                process.deliver(happened(pull, "synchronize"), "pull_request", f"d{number}")
            elif kind < 0.22:
                made.command(pull, "wendy", "/help", f"d{number}")
            else:
                made.command(pull, "wendy", "I will have a look.", f"d{number}")
            number += 1
            samples.append((now, resident(process.running.pid)))
            time.sleep(max(0.0, started + number / 2 - time.monotonic()))
        until(lambda: all(done(pull) for pull in pulls if pull.check_runs), 120)
        assert process.stop() == 0
    thirds = [[size for at, size in samples if third <= at * 3 / _SECONDS < third + 1] for third in range(3)]
    first, second, last = (sum(third) / len(third) for third in thirds)
    sys.stdout.write(
        f"\n{number} webhooks in {_SECONDS:.0f} s: memory {first:.0f} MB, {second:.0f} MB, {last:.0f} MB on average "
        f"in each third, {samples[-1][1]:.0f} MB at the end\n"
    )
    assert last < second * 1.1
