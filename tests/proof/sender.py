"""Sends webhooks at a steady rate, whatever becomes of those before; a process of its own, so that it alone is timed.

    python -m tests.proof.sender URL RATE START < DELIVERIES

`DELIVERIES` is one JSON object a line, `{"headers": {...}, "body": "..."}`; `START` is in seconds since 1970. Prints
the statuses and seconds of the answers as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httpx

# uvicorn closes connections that nobody used for five seconds; GitHub opens one for each delivery anyway.
_LIMITS = httpx.Limits(max_connections=100, keepalive_expiry=2)


async def send(url: str, rate: float, start: float, deliveries: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Send them all; give the status and the seconds of each answer."""
    answers: list[tuple[int, float]] = []

    async def one(client: httpx.AsyncClient, delivery: dict[str, Any]) -> None:
        began = time.perf_counter()
        said = await client.post("/webhook", content=delivery["body"], headers=delivery["headers"])
        answers.append((said.status_code, time.perf_counter() - began))

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, limits=_LIMITS) as client:
        tasks = []
        for number, delivery in enumerate(deliveries):
            await asyncio.sleep(max(0.0, start + number / rate - time.time()))
            tasks.append(asyncio.create_task(one(client, delivery)))
        await asyncio.gather(*tasks)
    return answers


if __name__ == "__main__":
    given = [json.loads(line) for line in sys.stdin]
    json.dump(asyncio.run(send(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), given)), sys.stdout)
