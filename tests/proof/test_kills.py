"""Killed at each request that the service makes, and at random moments: each push is reviewed once all the same."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.github_pull import FakePullRequest
from tests.fakes.messages import FakeMessages
from tests.fakes.serving import Moment
from tests.papers import FINDINGS, patch
from tests.proof.sockets import process_at
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import Process, Service, happened, needs_sqlite, serving, until

_KILLS = int(os.environ.get("PLUMBLINE_PROOF_KILLS", "110"))
_RANDOM = 0.3
_LIMITS = {"PLUMBLINE_CHUNK_TOKENS": "3000", "PLUMBLINE_CONCURRENCY": "2", "PLUMBLINE_CACHE_PAUSE": "0"}


@dataclass
class Killer:
    """Kills whoever makes the nth request from now on, when it came or when it is carried out and not answered yet."""

    processes: Callable[[], list[Process]]
    model: FakeMessages
    asked: int = 0
    answered: int = 0
    left: int = 0
    moment: Moment = Moment.CAME
    killed: list[Process] = field(default_factory=list)
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spy(self, moment: Moment, port: int) -> None:
        """Look on."""
        with self.lock:
            self.seen += moment is Moment.CAME
            if moment is not self.moment or self.left <= 0:
                return
            self.left -= 1
            if self.left:
                return
            victim = process_at(port, self.processes())
            if victim is not None:
                self.kill(victim)

    def kill(self, victim: Process) -> None:
        """Kill a process, and note how far its model was."""
        victim.running.send_signal(signal.SIGKILL)
        self.asked, self.answered = len(self.model.requests), len(self.model.answered)
        self.killed.append(victim)


def outcome(pull: FakePullRequest) -> dict[str, object]:
    """What stands on the pull request, without what differs from one to the other."""
    said = sorted((each.path, each.line or 0, each.body.partition("\n")[0]) for each in pull.review_comments)
    return {
        "summaries": len(pull.issue_comments),
        "reviews": len(pull.reviews),
        "comments": said,
        "first line": next((line for line in pull.issue_comments[0].body.splitlines() if line.startswith("###")), ""),
    }


def opened(made: Service, number: int) -> FakePullRequest:
    return made.stage.github.pull_request("acme/papers", number, patch=patch(), title=f"Change number {number}")


def alive(made: Service) -> list[Process]:
    return [each for each in made.processes if each.running.poll() is None]


def prove(made: Service, web: Callable[[], Process], mend: Callable[[], None], name: str) -> None:
    """Kill in round after round; `mend` starts what is missing."""
    chance, started = random.Random(11), time.monotonic()
    made.stage.github.remaining = 4_000
    model = made.stage.model
    killer = Killer(lambda: alive(made), model)
    made.stage.github.spy = model.spy = killer.spy
    first = opened(made, 1)
    assert web().deliver(happened(first), "pull_request", "undisturbed") == 202
    until(lambda: first.issue_comments and done(first))
    expected, whole, needed = outcome(first), killer.seen, len(model.answered)
    kills, number, nth, repeated, asked = 0, 1, 0, 0, 0
    places: Counter[str] = Counter()
    while kills < _KILLS:
        number += 1
        pull, before = opened(made, number), len(model.requests)
        answered = len(model.answered)
        by_chance = chance.random() < _RANDOM
        nth = nth % (whole + 2) + 1
        killer.killed.clear()
        killer.moment = chance.choice([Moment.CAME, Moment.DONE])
        killer.left = 0 if by_chance else nth
        assert web().deliver(happened(pull), "pull_request", f"d{number}") == 202
        if by_chance:
            time.sleep(chance.uniform(0.05, 2.0))
            victim = chance.choice([each for each in alive(made) if each is not web()] or alive(made))
            killer.kill(victim)
        until(lambda: killer.killed or done(pull), 120)  # noqa: B023 - it is over within this round
        killer.left = 0
        for victim in killer.killed:
            victim.running.wait()
            kills += 1
            places["at random" if by_chance else f"{killer.moment.name.lower()} request"] += 1
        mend()
        until(lambda: done(pull), 120)  # noqa: B023
        assert outcome(pull) == expected, (number, nth, killer.moment, by_chance)
        asked += len(model.requests) - before
        if killer.killed:
            # What was under way at the kill is lost; what was answered is not asked again.
            repeated += len(model.requests) - killer.asked - (needed - (killer.answered - answered))
    # A late post would come within this time.
    time.sleep(10)
    pulls = [pull for pull in made.stage.github.state.pulls if pull.number > 0]
    posted = Counter(len(pull.reviews) for pull in pulls)
    summaries = Counter(len(pull.issue_comments) for pull in pulls)
    sys.stdout.write(
        f"\n{name}: {kills} kills ({', '.join(f'{count} {place}' for place, count in places.items())}) over "
        f"{len(pulls)} pull requests of {whole} requests each: reviews posted each {dict(posted)}, summaries "
        f"{dict(summaries)}; {asked} requests to the model where {needed * (number - 1)} are needed, "
        f"{repeated} of them again after their answer; "
        f"{time.monotonic() - started:.0f} s\n"
    )
    assert set(posted) == set(summaries) == {1}
    assert repeated <= asked / 100


def done(pull: FakePullRequest) -> bool:
    """Whether the review is posted, and its check run concluded."""
    runs = pull.check_runs
    return bool(pull.issue_comments and runs and all(run.conclusion for run in runs))


@needs_sqlite
def test_kills_on_sqlite(tmp_path: Path) -> None:
    """One process, which starts again after each kill."""
    with serving(tmp_path, ScriptedReviewer(FINDINGS, delay=0.05)) as made:
        made.start(variables=_LIMITS)

        def mend() -> None:
            if made.latest.running.poll() is not None:
                made.start(variables=_LIMITS)

        prove(made, lambda: made.latest, mend, "SQLite")
        assert made.stop() == 0


def test_kills_on_postgresql_with_two_workers(tmp_path: Path, postgres_url: str) -> None:
    """One process takes webhooks in, two work: whichever is killed, the other goes on."""
    variables = {**_LIMITS, "PLUMBLINE_DATABASE_URL": postgres_url}
    with serving(tmp_path, ScriptedReviewer(FINDINGS, delay=0.05)) as made:
        web = made.start("--role", "web", variables=variables)

        def mend() -> None:
            while len(alive(made)) < 3:
                made.start("--role", "worker", variables=variables)

        mend()
        prove(made, lambda: web, mend, "PostgreSQL, two workers")
        for process in alive(made):
            assert process.stop() == 0
