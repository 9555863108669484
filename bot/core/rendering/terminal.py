"""A review for a terminal: lines of spans, each with the name of a style, so that the words can be tested as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.ledger import Reason
from bot.core.models import Finding
from bot.core.outcome import Ending
from bot.core.rendering.frames import frame
from bot.core.rendering.words import (
    analyzers_sentence,
    blindness,
    count,
    dollars,
    effort,
    fate,
    fates,
    headline,
    ledger_sentence,
    no_model,
    plan_sentence,
    severities,
    short,
    what_changed,
    when,
)
from bot.core.review import Review
from bot.core.suggestions import suggested_lines
from bot.core.visible import printable, printable_text

_WIDTH = 100
_PATH_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. Styles: a severity's name, `bold`, `dim`, `mark`, or '' for plain."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def terminal(review: Review, *, quiet: bool = False, fate: str = "") -> tuple[Line, ...]:
    """The review as lines; `quiet` leaves out everything but findings and outcome.

    `fate` tells what became of it on GitHub: `posted: URL`, `not posted (add --post)`.
    """
    return tuple(_lines(review, quiet=quiet, fate=fate))


def as_text(lines: tuple[Line, ...]) -> str:
    """The lines without their styles."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def _lines(review: Review, *, quiet: bool, fate: str) -> Iterator[Line]:
    if not quiet:
        files = count(len(review.diff.files), "file")
        title = printable(review.change.title)
        yield (Span(f"  {title}: {files}, {count(review.ledger.changed, 'changed line')}", "dim"),)
        yield from _overview(review)
        yield ()
    for finding in review.findings:
        yield from _finding(review, finding)
        yield ()
    yield from _unplaced(review)
    if not quiet:
        yield from _aside("below the threshold", review.below)
        yield from _aside("less sure", review.doubtful)
        yield from _life(review)
        yield from _ledger(review)
        yield ()
    yield from _outcome(review, quiet=quiet, posted=fate)


def _finding(review: Review, finding: Finding) -> Iterator[Line]:
    place = f"{printable(finding.location.path)}:{finding.location.line}"
    severity = finding.severity.value
    yield (Span(f"  {severity:<9} ", severity), Span(place, "bold"), Span(f"  {printable(finding.title)}"))
    lines = frame(review.shown, finding.location)
    width = max((len(str(line.number)) for line in lines), default=0)
    for line in lines:
        gutter = f"   {'>' if line.marked else ' '} {line.number:>{width}} | "
        yield (Span(gutter, "mark" if line.marked else "dim"), Span(line.text))
    yield from _words(finding, review.policy.language)


def _words(finding: Finding, language: str) -> Iterator[Line]:
    scenario = f"{when(finding, language)}{finding.scenario}." if finding.scenario else ""
    for paragraph in (finding.body, scenario):
        for row in textwrap.wrap(printable_text(paragraph), _WIDTH):
            yield (Span(f"     {row}"),)
    if finding.suggestion is not None:
        yield (Span("     Replace with:" if finding.applies else "     A possible fix:", "dim"),)
        yield from ((Span(f"       {printable(row)}"),) for row in suggested_lines(finding.suggestion))
    yield (Span(f"     {finding.source}: {finding.rule}", "dim"),)


def _unplaced(review: Review) -> Iterator[Line]:
    """Findings without a line: each says why it has none."""
    for each in review.unplaced:
        finding, severity = each.finding, each.finding.severity.value
        place = printable(finding.location.path)
        yield (Span(f"  {severity:<9} ", severity), Span(place, "bold"), Span(f"  {printable(finding.title)}"))
        yield (Span(f"     not on a changed line: {each.why}", "dim"),)
        yield from _words(finding, review.policy.language)
        yield ()


def _aside(words: str, findings: Sequence[Finding]) -> Iterator[Line]:
    """Findings that are less than worth saying: a line each."""
    if not findings:
        return
    yield (Span(f"  Also noticed, {words}: {len(findings)}", "bold"),)
    for finding in findings:
        yield (Span(f"    {printable(finding.location.path)}: {printable(finding.title)}", "dim"),)
    yield ()


def _overview(review: Review) -> Iterator[Line]:
    """What the change does as a whole, where the risk lies and how long it takes to review."""
    overview = review.overview
    if overview is None:
        return
    words = f"{printable_text(overview.text)}\nRisk {overview.risk}, {effort(overview)}."
    yield from ((Span(f"  {row}"),) for line in words.split("\n") for row in textwrap.wrap(line, _WIDTH))


def _life(review: Review) -> Iterator[Line]:
    """What the review builds upon, what became of earlier findings, and what is to be said of the policy file."""
    life = review.life
    again = f"Everything was read again: {life.full_because.rstrip('.')}." if life.full_because else ""
    upon = f"Builds upon the review of {short(life.since) or 'an earlier commit'}." if life.since else again
    became = fates(review)
    earlier = f"Earlier findings: {became}." if became else ""
    sentences = [" ".join(filter(None, (upon, earlier))), *filter(None, [blindness(review)]), *review.notices]
    rows = [row for sentence in sentences for row in textwrap.wrap(printable(sentence), _WIDTH)]
    yield from ((Span(f"  {row}", "dim"),) for row in rows)
    if rows:
        yield ()


def _ledger(review: Review) -> Iterator[Line]:
    yield (Span(f"  What was read: {count(len(review.diff.files), 'file')}", "bold"),)
    width = min(max((len(printable(file.path)) for file in review.diff.files), default=0), _PATH_WIDTH)
    for index, file in enumerate(review.diff.files):
        fates = dict.fromkeys(filter(None, map(fate, review.ledger.by_file[index])))
        fates.pop(Reason.NO_MODEL.value, None)
        summary = f": {printable(review.summaries[index])}" if index in review.summaries else ""
        facts = f"{len(file.changed_lines):>6,}  {', '.join([what_changed(file), *fates])}{summary}"
        yield (Span(f"    {_shortened(printable(file.path)):<{width}} "), Span(facts, "dim"))
    for sentence in (
        f"Ledger: {ledger_sentence(review.ledger)}.",
        f"Analyzers: {analyzers_sentence(review.analyzers)}.",
    ):
        yield from ((Span(f"  {row}"),) for row in textwrap.wrap(sentence, _WIDTH))


def _shortened(path: str) -> str:
    return path if len(path) <= _PATH_WIDTH else "…" + path[1 - _PATH_WIDTH :]


def _outcome(review: Review, *, quiet: bool, posted: str) -> Iterator[Line]:
    """The last lines: how it ended, what it took, what became of it; without a model what asking one would take."""
    ending = Span(f"  {review.outcome.ending}: ", "bold")
    if review.outcome.ending in {Ending.SKIPPED, Ending.FAILED}:
        yield (ending, Span(" · ".join(filter(None, (headline(review), _cost(review), posted)))))
        return
    coverage = headline(review).split(" · ", 1)[-1]
    parts = (severities(review.said), coverage, _cost(review), posted)
    yield (ending, Span(" · ".join(filter(None, parts))))
    if quiet:
        return
    yield from ((Span(f"  {printable(sentence)}", "dim"),) for sentence in review.failures)
    if not review.asked:
        yield (Span(f"  {no_model(review)}", "dim"),)
        plan = plan_sentence(review)
        yield from [(Span(f"  {plan}.", "dim"),)] if plan else []


def _cost(review: Review) -> str:
    return dollars(review) if review.requests else ""
