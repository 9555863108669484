"""A review for a terminal: lines of spans, each with the name of a style, so that the words can be tested as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.ledger import Reason
from bot.core.models import Finding
from bot.core.outcome import Ending
from bot.core.rendering.frames import frame
from bot.core.rendering.words import (
    NO_MODEL_SENTENCE,
    analyzers_sentence,
    count,
    fate,
    headline,
    ledger_sentence,
    plan_sentence,
    printable,
    printable_text,
    severities,
    what_changed,
)
from bot.core.review import Review

_WIDTH = 100
_PATH_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. Styles: a severity's name, `bold`, `dim`, `mark`, or '' for plain."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def terminal(review: Review, *, quiet: bool = False) -> tuple[Line, ...]:
    """The review as lines; `quiet` leaves out everything but findings and outcome."""
    return tuple(_lines(review, quiet=quiet))


def as_text(lines: tuple[Line, ...]) -> str:
    """The lines without their styles."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def _lines(review: Review, *, quiet: bool) -> Iterator[Line]:
    if not quiet:
        files = count(len(review.diff.files), "file")
        title = printable(review.change.title)
        yield (Span(f"  {title}: {files}, {count(review.ledger.changed, 'changed line')}", "dim"),)
        yield ()
    for finding in review.findings:
        yield from _finding(review, finding)
        yield ()
    if not quiet:
        yield from _ledger(review)
        yield ()
    yield from _outcome(review, quiet=quiet)


def _finding(review: Review, finding: Finding) -> Iterator[Line]:
    place = f"{printable(finding.location.path)}:{finding.location.line}"
    severity = finding.severity.value
    yield (Span(f"  {severity:<9} ", severity), Span(place, "bold"), Span(f"  {printable(finding.title)}"))
    lines = frame(review.diff, finding.location)
    width = max((len(str(line.number)) for line in lines), default=0)
    for line in lines:
        gutter = f"   {'>' if line.marked else ' '} {line.number:>{width}} | "
        yield (Span(gutter, "mark" if line.marked else "dim"), Span(line.text))
    scenario = f"When {finding.scenario}." if finding.scenario else ""
    for paragraph in (finding.body, scenario):
        for row in textwrap.wrap(printable_text(paragraph), _WIDTH):
            yield (Span(f"     {row}"),)
    yield (Span(f"     {finding.source}: {finding.rule}", "dim"),)


def _ledger(review: Review) -> Iterator[Line]:
    yield (Span(f"  What was read: {count(len(review.diff.files), 'file')}", "bold"),)
    width = min(max((len(printable(file.path)) for file in review.diff.files), default=0), _PATH_WIDTH)
    for index, file in enumerate(review.diff.files):
        fates = dict.fromkeys(filter(None, map(fate, review.ledger.by_file[index])))
        fates.pop(Reason.NO_MODEL.value, None)
        facts = f"{len(file.changed_lines):>6,}  {', '.join([what_changed(file), *fates])}"
        yield (Span(f"    {_shortened(printable(file.path)):<{width}} "), Span(facts, "dim"))
    for sentence in (
        f"Ledger: {ledger_sentence(review.ledger)}.",
        f"Analyzers: {analyzers_sentence(review.analyzers)}.",
    ):
        yield from ((Span(f"  {row}"),) for row in textwrap.wrap(sentence, _WIDTH))


def _shortened(path: str) -> str:
    return path if len(path) <= _PATH_WIDTH else "…" + path[1 - _PATH_WIDTH :]


def _outcome(review: Review, *, quiet: bool) -> Iterator[Line]:
    """The last lines: how it ended, and without a model what asking one would take."""
    if review.asked or review.outcome.ending is Ending.SKIPPED:
        yield (Span(f"  {review.outcome.ending}: ", "bold"), Span(headline(review)))
        return
    coverage = headline(review).split(" · ", 1)[-1]
    yield (Span(f"  {review.outcome.ending}: ", "bold"), Span(f"{severities(review.findings)} · {coverage}"))
    if not quiet:
        yield (Span(f"  {NO_MODEL_SENTENCE}", "dim"),)
        plan = plan_sentence(review)
        yield from [(Span(f"  {plan}.", "dim"),)] if plan else []
