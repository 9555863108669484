"""A review as workflow commands, which GitHub shows as annotations.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.models import Finding, Severity, Side
from bot.core.rendering.words import headline, when
from bot.core.review import Review
from bot.core.visible import printable

_COMMANDS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


def workflow_commands(review: Review) -> str:
    """One command a finding, and a last one that says how the review ended."""
    return "".join(line + "\n" for line in _lines(review))


def command(level: str, sentence: str) -> str:
    """A sentence of our own as a workflow command: `notice`, `warning` or `error`."""
    return f"::{level} title=Plumbline::{_data(sentence)}"


def masked(secret: str) -> list[str]:
    """The commands that keep a secret out of the log; of one of several lines each line is one."""
    lines = (line.strip() for line in secret.splitlines())
    return [f"::add-mask::{line.replace('%', '%25')}" for line in lines if line]


def _lines(review: Review) -> Iterator[str]:
    yield from (_command(review, finding, placed=True) for finding in review.findings)
    yield from (_command(review, each.finding, placed=False) for each in review.unplaced)
    yield f"::notice title=Plumbline::{_data(headline(review))}"


def _command(review: Review, finding: Finding, *, placed: bool) -> str:
    place = [f"file={_property(finding.location.path)}"]
    if placed and finding.location.side is Side.RIGHT:
        place += [f"line={finding.location.start_line or finding.location.line}", f"endLine={finding.location.line}"]
    title = f"title={_property(f'{finding.severity}: {finding.title}')}"
    scenario = f"\n{when(finding, review.policy.language)}{finding.scenario}." if finding.scenario else ""
    return f"::{_COMMANDS[finding.severity]} {','.join([*place, title])}::{_data(finding.body + scenario)}"


def _data(text: str) -> str:
    """Escape a message as the runner's toolkit does, so that no text can end the command or start another."""
    lines = (printable(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
