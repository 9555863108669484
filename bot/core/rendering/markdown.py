"""A review as Markdown: the summary that stands on a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from bot.core.ledger import State
from bot.core.models import Finding
from bot.core.outcome import Ending
from bot.core.rendering.frames import frame
from bot.core.rendering.words import (
    MARKS,
    NO_MODEL_SENTENCE,
    analyzers_sentence,
    count,
    fate,
    headline,
    ledger_sentence,
    plan_sentence,
    printable,
    what_changed,
)
from bot.core.review import Review

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#])")
_HEAD_LENGTH = 7


def markdown(review: Review) -> str:
    """The summary: headline, findings as a table and one by one, what was read, how it was come by."""
    return "\n".join(_lines(review)) + "\n"


def escaped(text: str) -> str:
    """Text that says what it says: no markup, no HTML, no mention, no table cell broken."""
    plain = html.escape(printable(text.replace("\n", " ")), quote=False)
    return _MARKUP.sub(r"\\\1", plain).replace("@", "@\u2060")


def code(text: str) -> str:
    """Text in a code span, whatever backticks and bars it holds."""
    shown = printable(text.replace("\n", " ")).replace("|", "\\|")
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _lines(review: Review) -> Iterator[str]:
    yield f"### Plumbline: {headline(review)}"
    yield ""
    if not review.asked and review.outcome.ending is not Ending.SKIPPED:
        yield from (NO_MODEL_SENTENCE, "")
    if review.findings:
        yield from ("| | Finding | Where |", "|---|---|---|")
        yield from map(_row, review.findings)
        yield ""
        yield f"<details><summary>Details: {count(len(review.findings), 'finding')}</summary>"
        yield ""
        for finding in review.findings:
            yield from comment(review, finding)
        yield from ("</details>", "")
    yield from _read(review)
    yield f"<sub>{' · '.join(filter(None, _footer(review)))}</sub>"


def _row(finding: Finding) -> str:
    where = code(f"{finding.location.path}:{finding.location.line}")
    return f"| {MARKS[finding.severity]} {finding.severity} | {escaped(finding.title)} | {where} |"


def comment(review: Review, finding: Finding) -> Iterator[str]:
    """One finding: title, the lines, what goes wrong, and when."""
    yield f"{MARKS[finding.severity]} **{finding.severity} · {escaped(finding.title)}**"
    yield ""
    yield code(f"{finding.location.path}:{finding.location.line}")
    lines = frame(review.diff, finding.location)
    if lines:
        longest = max(len(run) for line in lines for run in ["``", *re.findall("`+", line.text)])
        fence = "`" * (longest + 1)
        yield from (fence, *(f"{'>' if line.marked else ' '} {line.number} | {line.text}" for line in lines), fence)
    yield escaped(finding.body)
    yield ""
    if finding.scenario:
        yield from (f"**When** {escaped(finding.scenario)}.", "")
    yield from (f"<sub>{finding.source}: {finding.rule}</sub>", "")


def _read(review: Review) -> Iterator[str]:
    yield f"<details><summary>What was read: {count(len(review.diff.files), 'file')}</summary>"
    yield from ("", "| File | Changed | Reviewed | What changed | Not reviewed because |", "|---|---:|---:|---|---|")
    for index, file in enumerate(review.diff.files):
        entries = review.ledger.by_file[index]
        reviewed = sum(entry.lines for entry in entries if entry.reason.state is State.REVIEWED)
        others = dict.fromkeys(
            fate(entry) for entry in entries if entry.lines and entry.reason.state is not State.REVIEWED
        )
        cells = (
            f"{len(file.changed_lines):,}",
            f"{reviewed:,}",
            escaped(what_changed(file)),
            escaped(", ".join(others)),
        )
        yield f"| {code(file.path)} | {' | '.join(cells)} |"
    yield from ("", f"Ledger: {escaped(ledger_sentence(review.ledger))}.", "")
    yield from (f"Analyzers: {escaped(analyzers_sentence(review.analyzers))}.", "", "</details>", "")


def _footer(review: Review) -> tuple[str, ...]:
    head = f"head {code(review.change.head[:_HEAD_LENGTH])}" if review.change.head else ""
    prompts = f"prompts {code(review.prompts)}"
    return (head, escaped(plan_sentence(review)), prompts, f"Plumbline {review.version}")
