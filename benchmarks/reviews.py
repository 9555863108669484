"""Whole reviews against fakes on this machine: how close to the bound, how soon, how much, and how many requests."""

from __future__ import annotations

import json
import math
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.patches import many_files, one_file
from benchmarks.processes import Run, run
from bot.core.chunking import Budget, pack
from bot.core.model_rules import RULES
from bot.core.patch import parse
from bot.core.selection import select
from tests.action.runner import pull_request
from tests.fakes.github import FakeGitHub
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.messages import FakeMessages
from tests.fakes.messages_rules import event_problems, message_problems, request_problems
from tests.scripted_reviewer import ScriptedReviewer

_ROOT = Path(__file__).resolve().parents[1]
_ANSWER_SECONDS = 1.0
_CONCURRENCY = 8
_CHUNK_TOKENS = 2_000
_LED = 3
_RUNS = 5


def print_all() -> None:
    """Print the three tables."""
    print(f"\nreviews against a model that answers after {_ANSWER_SECONDS} s, {_CONCURRENCY} at a time")
    print(f"{'chunks':>8} {'leader':>7} {'bound s':>8} {'wall s':>8} {'ratio':>6} {'CPU s':>7} {'peak MB':>8}")
    for row in _walls():
        print(row)
    print("\nfrom the start to the first request to GitHub (median of 5)")
    for row in _first_request():
        print(row)
    print("\n`plumbline review PR` by size")
    print(
        f"{'files':>6} {'wall s':>7} {'CPU s':>7} {'peak MB':>8} {'to GitHub':>10} {'to the model':>13} {'reviewed':>9}"
    )
    for files in (30, 200, 500):
        print(_whole(files))


def _walls() -> Iterator[str]:
    # The fake checks all that goes in and out; its first checks build the schemas.
    request_problems({}, {"stream": True})
    event_problems({"type": "message_stop"})
    message_problems({})
    for chunks in (2, 8, 40, 200):
        for patch in (_sized(one_file, chunks), _sized(many_files, chunks)):
            with FakeMessages(ScriptedReviewer(delay=_ANSWER_SECONDS)) as fake:
                limits = (str(_CHUNK_TOKENS), str(_CONCURRENCY))
                done = run(("-m", "benchmarks.one_review", fake.url, *limits), str(_ROOT), text=patch)
                problems, marked = fake.problems, b"cache_control" in fake.requests[-1].raw
            if problems:
                raise SystemExit(problems[0])
            yield _wall(json.loads(done.output), done, led=marked)


def _sized(make: Callable[[int], bytes], chunks: int) -> bytes:
    """The smallest made-up patch that takes this many requests."""

    def requests(size: int) -> int:
        diff = parse(make(size))
        return len(pack(diff, select(diff).kept, Budget(RULES.of("claude-opus-4-6"), _CHUNK_TOKENS, math.inf)).chunks)

    return make(bisect_left(range(1, 400 * chunks), chunks, key=requests) + 1)


def _wall(figures: dict[str, float], done: Run, *, led: bool) -> str:
    count = int(figures["requests"])
    led = led and count >= _LED
    rounds = 1 + math.ceil((count - 1) / _CONCURRENCY) if led else math.ceil(count / _CONCURRENCY)
    bound = rounds * _ANSWER_SECONDS
    share = f"{figures['wall']:8.2f} {figures['wall'] / bound:6.3f}"
    return f"{count:8} {'yes' if led else 'no':>7} {bound:8.1f} {share} {done.cpu:7.2f} {done.peak_mb:8.0f}"


def _variables(github: FakeGitHub, model: FakeMessages, folder: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": github.api_url,
        "GITHUB_TOKEN": github.token,
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "made-up-key",
        "PLUMBLINE_CACHE": f"{folder}/cache",
        "PLUMBLINE_MAX_COST_USD": "1000",
    }


def _first_request() -> Iterator[str]:
    bare: list[float] = []
    reached: dict[str, list[float]] = {"plumbline review PR": [], "the Action": []}
    with tempfile.TemporaryDirectory() as folder, FakeMessages(ScriptedReviewer()) as model:
        for _ in range(_RUNS):
            bare.append(run(("-c", "import github, httpx"), folder).wall)
            for name, times in reached.items():
                with FakeGitHub() as github:
                    pull = github.pull_request("acme/papers", 214, patch=many_files(4))
                    variables = _variables(github, model, folder)
                    if name == "the Action":
                        done = run(("-m", "bot.action"), folder, variables | _of_runner(folder, pull))
                    else:
                        done = run(("-m", "bot", "review", "acme/papers#214"), folder, variables)
                    times.append(github.requests[0].at - done.start)
    without = median(bare)
    for name, times in reached.items():
        took = f"{median(times):.3f} s; bare imports of PyGithub and httpx {without:.3f} s"
        yield f"  {name}: {took}; above them {median(times) - without:.3f} s"


def _of_runner(folder: str, pull: FakePullRequest) -> dict[str, str]:
    """What a runner gives the Action, besides."""
    event = Path(folder, "event.json")
    event.write_text(json.dumps(pull_request(pull)))
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/papers",
        "GITHUB_WORKSPACE": folder,
        "INPUT_POST": "false",
    }


def _whole(files: int) -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeMessages(ScriptedReviewer()) as model,
        FakeGitHub() as github,
    ):
        pull = github.pull_request("acme/papers", 214, patch=many_files(files))
        options = ("-m", "bot", "review", "acme/papers#214", "--post", "--format", "json")
        done = run(options, folder, _variables(github, model, folder))
        if github.problems or model.problems or not pull.issue_comments:
            raise SystemExit([*github.problems, *model.problems][:1])
        ledger = json.loads(done.output)["ledger"]
        share = f"{ledger['states']['reviewed']}/{ledger['changed_lines']}"
        asked = f"{len(github.requests):10} {len(model.requests):13}"
        return f"{files:6} {done.wall:7.2f} {done.cpu:7.2f} {done.peak_mb:8.0f} {asked} {share:>10}"
