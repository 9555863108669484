"""What a person at a terminal sees while a review runs."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.core.cost import PRICES
from bot.core.messages import Usage
from bot.core.models import Category, Severity, Side
from bot.core.partial import Glimpse
from bot.core.replies import Answer, Claim
from bot.interview import Tally
from bot.progress import Progress
from tests import papers
from tests.fakes.messages import Answer as Scripted
from tests.fakes.messages import Ending, MessageAnswer, events_of, frame, stream_bytes
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

Json = dict[str, Any]

CLAIM = Claim(
    *("app/\x1b[2Jlinks.py", Side.RIGHT, 3, 3, "x", Severity.HIGH, Category.SECURITY),
    *("It \n breaks", "", "", None, 0.5),
)


def seen_on_a_terminal(stage: Stage, *arguments: str) -> str:
    """Run the command line with a terminal as standard error; give what was written there."""
    ours, theirs = os.openpty()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), **stage.variables}
    command = (sys.executable, "-m", "bot", *arguments)
    with subprocess.Popen(
        command, cwd=stage.folder, stdout=subprocess.DEVNULL, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        while chunk := _read(ours):
            written += chunk
        os.close(ours)
        assert process.wait() == 0
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        # Linux tells the end of the other side so: https://man7.org/linux/man-pages/man4/pts.4.html
        return b""


def test_a_terminal_shows_what_is_read_how_far_it_is_and_what_comes_in(tmp_path: Path) -> None:
    """Files and requests at once, then the state, and each finding as it comes, marked as not yet checked."""
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as stage:
        papers.opened(stage.github)
        written = seen_on_a_terminal(stage, "review", "acme/papers#214")
    assert "  reading acme/papers#214: 30 files, 470 changed lines, 1 request ...\r\n" in written
    assert "[0/1 answered, 1 running] 0 tokens, $0.00" in written
    assert re.search(r"\[1/1 answered, 0 running\] 120 tokens, \$0\.00", written)
    assert "  not yet checked: critical papers/links.py:71  A revoked link still opens the document" in written
    assert written.endswith("\r\x1b[2K"), "the line is gone when the review is shown"


def test_no_terminal_sees_nothing_of_it(tmp_path: Path) -> None:
    """A log is not filled with lines that are written over, nor is a quiet terminal."""
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as stage:
        papers.opened(stage.github)
        assert stage.plumbline("review", "acme/papers#214").err == ""
        assert seen_on_a_terminal(stage, "review", "acme/papers#214", "--quiet") == ""


def test_what_the_model_says_cannot_act_on_the_terminal() -> None:
    """Control characters of an unchecked finding are shown, not sent."""
    terminal = io.StringIO()
    progress = Progress(terminal, PRICES["provider"])
    progress.moved(Tally(2, 1, 1, Usage(input_tokens=1_000_000)))
    progress.heard(Answer((CLAIM,), {}))
    lines = terminal.getvalue().split("\r\x1b[2K")
    assert lines[2] == "  not yet checked: high app/\\x1b[2Jlinks.py:3  It breaks\n"
    assert lines[3] == "  [1/2 answered, 1 running] 1,000,000 tokens, $5.00"
    assert progress.stopped() == "Stopped with 1 of 2 requests answered; the same command goes on from there."


def test_a_finding_is_shown_once() -> None:
    """As it comes in; not again when the answer is whole, nor when it was asked for anew."""
    terminal = io.StringIO()
    progress = Progress(terminal, PRICES["provider"])
    seen = Glimpse("high", "app/\x1b[2Jlinks.py", 3, "It \n breaks")
    progress.glimpsed(seen)
    progress.glimpsed(seen)
    progress.heard(Answer((CLAIM, replace(CLAIM, line=9)), {}))
    assert terminal.getvalue().splitlines() == [
        "  not yet checked: high app/\\x1b[2Jlinks.py:3  It breaks",
        "  not yet checked: high app/\\x1b[2Jlinks.py:9  It breaks",
    ]


def test_a_terminal_shows_a_finding_before_the_answer_is_whole(tmp_path: Path) -> None:
    """The stream stalls behind a finding, and the finding is there; the next attempt does not show it again."""
    attempts: list[bytes] = []

    def first(body: Json) -> Scripted | None:
        attempts.append(b"")
        if len(attempts) > 1:
            return None
        answer = reviewer(body)
        assert isinstance(answer, MessageAnswer)
        whole = b"".join(map(frame, events_of(answer)))
        return stream_bytes([whole[: whole.rindex(b"content_block_stop")]], ending=Ending.CUT)

    reviewer = ScriptedReviewer(papers.FINDINGS)
    with Stage(ScriptedReviewer(papers.FINDINGS, first=first), tmp_path) as stage:
        papers.opened(stage.github)
        written = seen_on_a_terminal(stage, "review", "acme/papers#214")
    line = "not yet checked: critical papers/links.py:71  A revoked link still opens the document"
    assert written.count(line) == 1
    assert written.index(line) < written.index("[1/1 answered")
    assert len(attempts) == 2
