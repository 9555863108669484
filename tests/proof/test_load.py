"""Two thousand webhooks at fifty a second: none is lost, none is done twice, and GitHub is answered at once."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.core.test_events import event
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import made_up_sha
from tests.proof.test_kills import done
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import Process, Service, about, happened, needs_sqlite, serving, signed, until

_RATE, _PULLS, _WEBHOOKS = 50, 200, 2_000
_AHEAD = 0.05
_PATCH = b"diff --git a/a%d.py b/a%d.py\n--- a/a%d.py\n+++ b/a%d.py\n@@ -1 +1 @@\n-x = 1\n+x = %d\n"


@dataclass(frozen=True)
class Delivery:
    """A webhook as it is sent; `push` is the commit that it tells of, to be pushed first."""

    id: str
    name: str
    pull: FakePullRequest
    push: str = ""
    words: str = ""

    def body(self, head: str) -> bytes:
        """What GitHub sends when that is the head."""
        if self.words:
            issue = {"number": self.pull.number, "user": {"login": self.pull.author}, "pull_request": {}}
            said = {"id": 1, "body": self.words, "user": {"login": "bob", "type": "User"}}
            return event("created", **about(self.pull.repository), issue=issue, comment=said)
        told = json.loads(happened(self.pull, "synchronize" if self.push else "opened"))
        told["pull_request"]["head"]["sha"] = head
        return json.dumps(told).encode()


def planned(pulls: list[FakePullRequest], count: int, chance: random.Random) -> list[Delivery]:
    """Openings, bursts of pushes, deliveries that come again, and talk."""
    made = [Delivery(f"open-{pull.number}", "pull_request", pull) for pull in pulls]
    while len(made) < count:
        pull = chance.choice(pulls)
        kind = chance.random()
        if kind < 0.15:
            made.append(chance.choice(made[: len(pulls)]))
        elif kind < 0.35:
            made.append(Delivery(f"talk-{len(made)}", "issue_comment", pull, words="I will have a look."))
        else:
            burst = chance.randint(1, 4)
            made += [
                Delivery(f"push-{number}", "pull_request", pull, push=made_up_sha(f"{pull.number} {number}"))
                for number in range(len(made), len(made) + burst)
            ]
    return made[:count]


def sent(process: Process, deliveries: list[Delivery], rate: float) -> list[tuple[int, float]]:
    """Push and send them, evenly; give the status and the seconds of each answer."""
    heads: dict[int, str] = {}
    lines = []
    for each in deliveries:
        heads[each.pull.number] = each.push or heads.get(each.pull.number, each.pull.head_sha)
        body = each.body(heads[each.pull.number])
        lines.append(json.dumps({"headers": signed(body, each.name, each.id), "body": body.decode()}))
    start = time.time() + 3
    command = (sys.executable, "-m", "tests.proof.sender", process.url, str(rate), str(start))
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdin
        assert sender.stdout
        sender.stdin.write("\n".join(lines))
        sender.stdin.close()
        for number, each in enumerate(deliveries):
            if each.push:
                time.sleep(max(0.0, start + number / rate - _AHEAD - time.time()))
                each.pull.push(each.push, _PATCH % (*((each.pull.number,) * 4), number))
        return [(int(status), float(seconds)) for status, seconds in json.load(sender.stdout)]


def told(name: str, answers: list[tuple[int, float]]) -> None:
    took = [seconds * 1e3 for _, seconds in answers]
    cuts = statistics.quantiles(took, n=100)
    sys.stdout.write(
        f"\n{name}: {len(took)} webhooks at {_RATE}/s, answers {dict(Counter(status for status, _ in answers))}: "
        f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(took):.0f} ms\n"
    )


def loaded(made: Service, process: Process, name: str) -> None:
    """Send the load, wait for its end, and look what came of it."""
    made.stage.github.remaining = 4_000
    pulls = [
        made.stage.github.pull_request("acme/papers", number, patch=_PATCH % ((number,) * 5))
        for number in range(1, _PULLS + 1)
    ]
    deliveries = planned(pulls, _WEBHOOKS, random.Random(5))
    answers = sent(process, deliveries, _RATE)
    told(name, answers)
    assert {status for status, _ in answers} <= {200, 202}
    began = time.monotonic()
    until(lambda: all(newest(pull) for pull in pulls), 1_800)
    took_all = time.monotonic() - began
    time.sleep(15)
    runs = [run for pull in pulls for run in pull.check_runs]
    heads = Counter(run.head_sha for run in runs if run.conclusion != "cancelled")
    sys.stdout.write(
        f"{name}: all {len(pulls)} newest heads are reviewed {took_all:.0f} s after the last webhook; summaries each "
        f"{dict(Counter(len(pull.issue_comments) for pull in pulls))}, at most "
        f"{max(heads.values())} review of a commit, {len(runs) - heads.total()} were cut short by a newer push\n"
    )
    assert all(len(pull.issue_comments) == 1 for pull in pulls)
    assert max(heads.values()) == 1


def newest(pull: FakePullRequest) -> bool:
    """Whether the newest commit is reviewed."""
    return done(pull) and any(run.head_sha == pull.head_sha for run in pull.check_runs)


@needs_sqlite
def test_load_on_sqlite(tmp_path: Path) -> None:
    """One process does all."""
    with serving(tmp_path, ScriptedReviewer(())) as made:
        process = made.start(variables={"PLUMBLINE_DEBOUNCE": "10"})
        loaded(made, process, "SQLite, one process")
        assert made.stop() == 0


def test_load_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """One process takes webhooks in, one works."""
    variables = {"PLUMBLINE_DATABASE_URL": postgres_url, "PLUMBLINE_DEBOUNCE": "10"}
    with serving(tmp_path, ScriptedReviewer(())) as made:
        web = made.start("--role", "web", variables=variables)
        worker = made.start("--role", "worker", variables=variables)
        loaded(made, web, "PostgreSQL, web and worker apart")
        assert web.stop() == 0
        assert worker.stop() == 0
