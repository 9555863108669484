"""How much of what requests share is read from a prompt cache, over whole reviews, against a simulated one.

The cache is as the provider describes it: prefixes are kept at marks only and found at most 20 blocks ahead of one,
what is shorter than the model's minimum is not kept, and an entry can be read once the answer to the request that wrote
it has begun: https://platform.claude.com/docs/en/build-with-claude/prompt-caching. In practice that is up to two
seconds later (https://github.com/anthropics/anthropic-sdk-python/issues/1451): those are the delays. The clock of the
simulation is twenty times as fast as the real one; figures are told in real seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import prompts, reviewer
from bot.clients.asking import connected
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.structured import Shapes, Structured
from bot.core.change import Change
from bot.core.cost import OUTPUT_TOKENS_PER_CHUNK, PRICES, dollars_of
from bot.core.messages import Usage
from bot.core.model_rules import RULES
from bot.core.policy import Policy
from bot.core.pull_request import Branch, PullRequest, PullRequestState
from bot.progress import Progress
from tests.claims import GivenChange, NoAnalyzers
from tests.fakes.messages import Answer, FakeMessages, MessageAnswer, events_of, frame, stream_bytes
from tests.scripted_reviewer import ScriptedReviewer, asks_overview

Json = dict[str, Any]

_PULLS = Path(__file__).resolve().parents[2] / "shared/data/prs"
_MODEL = "claude-opus-4-6"
_BYTES_A_TOKEN = 3.4
_LOOK_BACK = 20
# In real seconds: until an answer begins, until an entry can be read after that, until the answer is whole.
_FIRST_EVENT, _DELAY, _ANSWER = 2.0, 2.0, 30.0
# What PLUMBLINE_CACHE_PAUSE is by default, and a little for the clock of the simulation.
_PAUSE = 2.2
_FASTER = 20
_EVENTS = 10
_CONCURRENCY = 8
_PRICE = PRICES["provider"]
_CONTEXT = "toolu_context"
_NAMES = re.compile(r"^(diff --git a/|--- a/|\+\+\+ b/|rename from |rename to |copy from |copy to )(?=\S)")


def print_all() -> None:
    """Print a row for each review; without the shared pull requests there are none."""
    print(f"\nreviews against a simulated prompt cache ({_MODEL}, {_CONCURRENCY} at a time)")
    print("`of ceiling` is the share of the prefix read from it by the requests about parts, against (n-1)/n")
    heads = f"{'parts':>6} {'delay s':>8} {'pause s':>8} {'prefix':>7} {'of ceiling':>11} {'input $':>8} {'naive':>7}"
    print(f"{'pull request':<36} {heads}")
    changes = [(folder.name.rpartition("__")[0], _change(folder)) for folder in sorted(_PULLS.glob("*"))]
    if not changes:
        print("  (the shared pull requests are not here)")
        return
    large = _together(sorted(_PULLS.glob("*")))
    runs = [(name, change, 12_000, _DELAY, _PAUSE) for name, change in changes]
    for name, chunk_tokens in (("all together", 12_000), ("all together, small parts", 3_000)):
        runs += [
            (name, large, chunk_tokens, delay, pause) for delay, pause in ((0.0, 0.0), (_DELAY, 0.0), (_DELAY, _PAUSE))
        ]
    for name, change, chunk_tokens, delay, pause in runs:
        print(_row(name, _reviewed(change, chunk_tokens, delay, pause), delay, pause))


@dataclass(frozen=True, slots=True)
class Sent:
    """What one request sent: all its tokens, how many of them its review shares, how it was counted."""

    shared: float
    usage: Usage
    overview: bool


@dataclass
class Cache:
    """The provider's cache. `delay` are seconds from an answer's first event until what it wrote can be read."""

    delay: float
    sent: list[Sent] = field(default_factory=list)
    _readable: dict[bytes, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: Json) -> Usage:
        """Count a request, and keep what it marks."""
        minimum, now = RULES.of(_MODEL).cache_minimum, time.monotonic()
        places = list(_prefixes(body))
        marks = [at for at, place in enumerate(places) if place.marked and place.tokens >= minimum]
        with self._lock:
            found = (
                place.tokens
                for mark in marks
                for place in places[max(mark - _LOOK_BACK, 0) : mark + 1]
                if self._readable.get(place.digest, now + 1) <= now
            )
            read = max(found, default=0)
            for mark in marks:
                begins = now + (_FIRST_EVENT + self.delay) / _FASTER
                self._readable[places[mark].digest] = min(self._readable.get(places[mark].digest, begins), begins)
        written = max((places[mark].tokens for mark in marks), default=0) - read
        written = max(written, 0)
        usage = Usage(
            input_tokens=places[-1].tokens - read - written,
            cache_write_5m=written,
            cache_read=read,
            output_tokens=OUTPUT_TOKENS_PER_CHUNK,
        )
        shared = max((place.tokens for place in places if place.context), default=0)
        self.sent.append(Sent(shared, usage, asks_overview(body)))
        return usage


@dataclass(frozen=True, slots=True)
class _Place:
    """The end of a block: the digest of all up to there, its tokens, whether it is marked, whether the context ends."""

    digest: bytes
    tokens: int
    marked: bool
    context: bool


def _prefixes(body: Json) -> Iterator[_Place]:
    """Every prefix that ends with a block: tools, system, messages. The last depend on how the model is to answer."""
    settings = {name: body.get(name) for name in ("tool_choice", "thinking", "output_config")}
    blocks = [*body["tools"], *body["system"]]
    turns = [(turn["role"], block) for turn in body["messages"] for block in turn["content"]]
    chain, size = hashlib.sha256(body["model"].encode()), 0
    for number, (role, block) in enumerate([*(("", block) for block in blocks), *turns]):
        if number == len(blocks):
            chain.update(json.dumps(settings).encode())
        text = json.dumps([role, {name: value for name, value in block.items() if name != "cache_control"}])
        chain.update(text.encode())
        size += len(json.dumps(block, ensure_ascii=False).encode())
        context = block.get("tool_use_id") == _CONTEXT
        yield _Place(chain.copy().digest(), round(size / _BYTES_A_TOKEN), "cache_control" in block, context)


def _reviewed(change: Change, chunk_tokens: int, delay: float, pause: float) -> list[Sent]:
    """The requests of a whole review, in order of arrival."""
    cache, scripted = Cache(delay), ScriptedReviewer()

    def script(body: Json) -> Answer:
        answer, usage = scripted(body), cache.take(body)
        assert isinstance(answer, MessageAnswer)  # noqa: S101 - the scripted reviewer has no other
        counted = replace(answer, usage=_as_json(usage))
        events, pause = [frame(event) for event in events_of(counted, _MODEL)], _ANSWER / _EVENTS / _FASTER
        return stream_bytes(events, pause=pause, delay=_FIRST_EVENT / _FASTER)

    with FakeMessages(script) as fake:
        policy = Policy(_MODEL, chunk_tokens=chunk_tokens, max_cost=1_000, cache_pause=pause / _FASTER)
        asyncio.run(_review(fake.url, change, policy))
        if fake.problems:
            raise SystemExit(fake.problems[0])
    return cache.sent


async def _review(url: str, change: Change, policy: Policy) -> None:
    endpoint = Endpoint(url, SecretStr("made-up-key"), bearer=False)
    async with connected(MessagesWire(endpoint), concurrency=_CONCURRENCY, ca_bundle=None) as asker:
        model = Structured(asker, url, prompts.load("wire/written.md"), Shapes())
        ports = reviewer.Ports(GivenChange(change), NoAnalyzers(), model, Progress(None, _PRICE))
        await reviewer.review(ports, reviewer.Wish(policy))


def _as_json(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_write_5m,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output_tokens,
    }


def _row(name: str, sent: list[Sent], delay: float, pause: float) -> str:
    parts = [each for each in sent if not each.overview]
    shared = max(each.shared for each in parts)
    read = sum(min(each.usage.cache_read, each.shared) for each in parts) / sum(each.shared for each in parts)
    ceiling = (len(parts) - 1) / len(parts)
    cached = [replace(each.usage, output_tokens=0) for each in sent]
    dollars = sum(dollars_of(usage, _PRICE) for usage in cached)
    naive = sum(dollars_of(Usage(input_tokens=usage.total_input), _PRICE) for usage in cached)
    share = f"{read / ceiling:11.1%}" if ceiling else f"{'-':>11}"
    waits = f"{delay:8.1f} {pause:8.1f}"
    return f"{name:<36} {len(parts):6} {waits} {shared:7.0f} {share} {dollars:8.3f} {dollars / naive:7.1%}"


def _change(folder: Path) -> Change:
    about = json.loads((folder / "pr.json").read_text())
    return _of((folder / "diff.patch").read_bytes(), about)


def _together(folders: list[Path]) -> Change:
    """All of them as one large pull request, each in a folder of its own."""
    texts = [(folder / "diff.patch").read_bytes().decode("utf-8", "surrogateescape") for folder in folders]
    moved = [_moved(text, folder.name) for text, folder in zip(texts, folders, strict=True)]
    abouts = [json.loads((folder / "pr.json").read_text()) for folder in folders]
    body = "\n\n".join(about["body"] for about in abouts)
    return _of("".join(moved).encode("utf-8", "surrogateescape"), abouts[0] | {"title": "All of them", "body": body})


def _moved(patch: str, folder: str) -> str:
    """The same patch below a folder."""
    made, in_hunks = [], False
    for line in patch.splitlines(keepends=True):
        if line.startswith("diff --git "):
            in_hunks = False
            line = line.replace(" b/", f" b/{folder}/", 1)  # noqa: PLW2901 - the line, moved
        in_hunks = in_hunks or line.startswith("@@")
        made.append(line if in_hunks else _NAMES.sub(rf"\g<1>{folder}/", line))
    return "".join(made)


def _of(patch: bytes, about: Json) -> Change:
    name = about["repo"]
    pull = PullRequest(
        repository=name,
        repository_id=1,
        number=about["number"],
        url=about["url"],
        title=about["title"],
        body=about["body"],
        author="someone",
        association="CONTRIBUTOR",
        state=PullRequestState.OPEN,
        draft=False,
        labels=(),
        base=Branch(about["base_sha"], "main", name),
        head=Branch(about["head_sha"], "change", name),
        fork=False,
        merge_base=about["merge_base"],
        commits=(),
    )
    return Change(patch, f"{name}#{about['number']}", about["merge_base"], about["head_sha"], pull)


if __name__ == "__main__":
    print_all()
