"""One whole review in a process of its own, against a model at an address: prints its wall time as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from pydantic import SecretStr

from bot import reviewer
from bot.clients.analyzers import EmbeddedAnalyzers
from bot.clients.asking import connected
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.source import PatchText
from bot.core.cost import PRICES
from bot.core.policy import Policy
from bot.progress import Progress


async def main(url: str, patch: bytes, chunk_tokens: int, concurrency: int) -> None:
    """Review the patch and tell what it took."""
    policy = Policy("claude-opus-4-6", chunk_tokens=chunk_tokens, max_cost=1_000)
    endpoint = Endpoint(url, SecretStr("made-up-key"), bearer=False)
    async with connected(MessagesWire(endpoint), concurrency=concurrency, ca_bundle=None) as model:
        watch = Progress(None, PRICES["provider"])
        ports = reviewer.Ports(PatchText(patch, "made up"), EmbeddedAnalyzers(), model, watch)
        # From the story's beginning: a command builds its client while GitHub is answering.
        start = time.perf_counter()
        review = await reviewer.review(ports, reviewer.Wish(policy))
    figures = {
        "wall": time.perf_counter() - start,
        "requests": review.requests,
        "changed": review.ledger.changed,
        "ending": review.outcome.ending.value,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.stdin.buffer.read(), int(sys.argv[2]), int(sys.argv[3])))
