"""What of a library's log reaches the service's: news, without what a repository or a model wrote."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.repository import CHECKOUT

SCRIPT = """
import asyncio, logging
from bot import logs

logs.configure()
log = logging.getLogger("dbos")
log.warning("Workflow review-1 was cancelled during execution. Waiting for the recorded outcome")
for error in (asyncio.CancelledError("x"), ValueError("code of a repository")):
    try:
        raise error
    except BaseException as raised:
        log.error("Exception encountered in asynchronous workflow:", exc_info=raised)
log.warning("The database is slow")
"""


def test_a_job_that_a_newer_one_ends_is_no_news() -> None:
    """What breaks is, by its kind and place; what it said stays out."""
    done = subprocess.run((sys.executable, "-c", SCRIPT), cwd=CHECKOUT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "Exception encountered in asynchronous workflow:",
        "The database is slow",
    ]
    assert lines[0]["exception"] == "ValueError"
    assert "code of a repository" not in done.stderr
