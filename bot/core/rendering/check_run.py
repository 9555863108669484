"""What a check run says: how far the review is, how it ended and why, and the findings beside their lines.

A check run has a page of its own, so its texts stand alone. GitHub counts their bytes, not their letters:
https://github.com/github/docs/issues/35252
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.core.ledger import Entry, Reason, State
from bot.core.models import Finding, Severity, Side
from bot.core.outcome import Ending
from bot.core.policy import Policy
from bot.core.posting import Obstacle
from bot.core.rendering.comments import finding_lines
from bot.core.rendering.rows import severity, where
from bot.core.rendering.words import count, fate, headline, ledger_sentence, no_model, when
from bot.core.review import Review
from bot.core.sanitize import code, phrase, plain
from bot.core.secrets import mask
from bot.core.verdict import Annotation, CheckOutput, Conclusion, Level, conclude_check, reaching
from bot.core.visible import printable, printable_text

LONGEST_TITLE = 255
LONGEST_TEXT = 65_535
"""In bytes of UTF-8, as GitHub counts a title, and a summary or text: https://docs.github.com/en/rest/checks/runs"""

READING = "Reading the change"

# Ten requests: more annotations than anybody reads. The table names all findings.
_MOST_ANNOTATED = 500
_LONGEST_MESSAGE = 60_000
# Before they are made harmless, which can make them 14 times as long.
_LONGEST_HEADLINE = 500
_LONGEST_FAILURE = 300
_MOST_FAILURES = 5
_LONGEST_LIST = 15_000
_NOTE_ROOM = 100
_LEVELS = {
    Severity.CRITICAL: Level.FAILURE,
    Severity.HIGH: Level.FAILURE,
    Severity.MEDIUM: Level.WARNING,
    Severity.LOW: Level.NOTICE,
}

_OBSTACLES = {
    Obstacle.SUPERSEDED: (
        "Superseded by a newer commit",
        "The review of this commit came too late: another is the head.",
    ),
    Obstacle.CLOSED: ("The pull request was closed", "It was closed while it was reviewed: no verdict on this commit."),
    Obstacle.GATED: ("Not reviewed", "The policy leaves this pull request out: no verdict on this commit."),
    Obstacle.BETTER_STANDS: (
        "An earlier review stands",
        "This review failed, and an earlier one of this commit stands.",
    ),
}


def live(requests: int, answered: int, findings: int) -> str:
    """How far a review is: `3 of 8 parts read, 2 findings so far`."""
    if not requests:
        return READING
    found = f", {count(findings, 'finding')} so far" if findings else ""
    return f"{answered:,} of {count(requests, 'part')} read{found}"


def left_behind() -> CheckOutput:
    """What stands on a check run whose review was stopped half-way, and never came back to it."""
    return CheckOutput(
        "The review of this commit was stopped",
        "It ended before it reached a conclusion: no verdict on this commit. A later review takes its place.",
    )


def ended_early(sentence: str) -> CheckOutput:
    """What stands there when the review fell over; `sentence` says why, '' where somebody stopped it."""
    if not sentence:
        return CheckOutput("The review was stopped", "It was stopped before it reached a conclusion: no verdict.")
    why = _cut(printable(mask(sentence)), _LONGEST_HEADLINE)
    return CheckOutput(_cut(f"not reviewed: {why}", LONGEST_TITLE), f"{plain(why)}\n\nNo verdict: nothing was read.")


def not_posted(obstacle: Obstacle) -> CheckOutput:
    """What stands there when the review was not posted, and so nobody can read what it concluded."""
    return CheckOutput(*_OBSTACLES[obstacle])


def check_output(review: Review, policy: Policy) -> CheckOutput:
    """What the check run says when the review has ended."""
    annotated = _annotated(review)
    told = set(annotated)
    untold = [finding for finding in review.said if finding not in told]
    return CheckOutput(
        title=_cut(printable(headline(review)), LONGEST_TITLE),
        summary=_summary(review, policy),
        text=_fitted((_in_full(review, each) for each in untold), len(untold), LONGEST_TEXT, "more finding", "\n\n"),
        annotations=tuple(_annotation(review, each) for each in annotated),
    )


def _annotated(review: Review) -> list[Finding]:
    """The findings on lines of the head. A path that cannot be sent as text would take all others down with it."""
    right = (each for each in review.findings if each.location.side is Side.RIGHT)
    return [each for each in right if each.location.path.isprintable()][:_MOST_ANNOTATED]


def _annotation(review: Review, finding: Finding) -> Annotation:
    place = finding.location
    scenario = f"{when(finding, review.policy.language)}{finding.scenario}." if finding.scenario else ""
    message = printable_text(mask("\n\n".join(filter(None, (finding.body, scenario))) or finding.title))
    title = printable(mask(f"{finding.severity}: {finding.title}"))
    return Annotation(
        path=place.path,
        start_line=place.start_line or place.line,
        end_line=place.line,
        level=_LEVELS[finding.severity],
        title=_cut(title, LONGEST_TITLE),
        message=_cut(message, _LONGEST_MESSAGE),
    )


def _summary(review: Review, policy: Policy) -> str:
    """Why it ended so, what was not read, and the findings as a table; the headline stands above it, as the title."""
    title = printable(headline(review))
    parts = (*_why(review, policy), *_not_read(review))
    # GitHub wants a summary, and shows a title that is cut nowhere else.
    untold = not parts or _bytes(title) > LONGEST_TITLE
    body = "\n\n".join((*((plain(_cut(title, _LONGEST_HEADLINE)),) if untold else ()), *parts))
    findings = dict.fromkeys((*review.said, *_weighing(review, policy)))
    if not findings:
        return body
    table = "| | Finding | Where |\n|---|---|---|\n"
    unplaced = {each.finding for each in review.unplaced}
    rows = (_row(review, finding, placed=finding not in unplaced) for finding in findings)
    room = LONGEST_TEXT - _bytes(body) - _bytes(table) - 2
    return f"{body}\n\n{table}{_fitted(rows, len(findings), room, 'more finding')}"


def _weighing(review: Review, policy: Policy) -> tuple[Finding, ...]:
    """The findings that decide, though some of them are said nowhere else any more."""
    return () if review.outcome.ending is Ending.SKIPPED else reaching(review, policy)


def _why(review: Review, policy: Policy) -> Iterator[str]:
    """Why it is no success, in a sentence."""
    weighing = _weighing(review, policy)
    conclusion = conclude_check(review.outcome, reached=bool(weighing), policy=policy)
    complete = review.outcome.ending is Ending.COMPLETE
    limit = code(policy.fail_on or Severity.HIGH)
    are = f"{count(len(weighing), 'finding')} {'is' if len(weighing) == 1 else 'are'} {limit} or worse"
    match conclusion:
        case Conclusion.FAILURE if weighing and policy.fail_on:
            yield f"It fails because {are}, and {code('fail_on')} is {limit}."
        case Conclusion.FAILURE:
            yield f"It fails because not everything was read, and {code('on_incomplete')} is {code('failure')}."
        case Conclusion.NEUTRAL if complete:
            yield f"No verdict: {are}, and {code('fail_on')} is not set."
        case Conclusion.NEUTRAL:
            yield "No verdict: not everything was read."
        case _:
            return
    unsaid = len(set(weighing).difference(review.said, review.below))
    if unsaid:
        yield f"{count(unsaid, 'finding')} dismissed by somebody who may not write to this repository still counts."


def _not_read(review: Review) -> Iterator[str]:
    """What nobody read, and what was said of it; and where every changed line went."""
    if review.outcome.ending is Ending.SKIPPED:
        return
    if no_model(review):
        yield no_model(review)
    yield from (plain(_cut(printable(said), _LONGEST_FAILURE)) for said in review.failures[:_MOST_FAILURES])
    unread = [each for each in review.ledger.entries if each.reason.state in {State.LEFT_OUT, State.FAILED}]
    entries = [each for each in unread if each.reason is not Reason.NO_MODEL]
    if entries:
        items = (_item(review, each) for each in entries)
        yield f"Not read:\n\n{_fitted(items, len(entries), _LONGEST_LIST, 'more entry')}"
    yield f"Ledger: {plain(ledger_sentence(review.ledger))}."


def _item(review: Review, entry: Entry) -> str:
    lines = f"{count(entry.lines, 'line')}, " if entry.lines else ""
    return f"- {code(review.diff.files[entry.file].path)}: {lines}{plain(fate(entry))}"


def _row(review: Review, finding: Finding, *, placed: bool) -> str:
    place = where(review, finding, cell=True, placed=placed)
    return f"| {severity(finding)} | {phrase(finding.title, cell=True)} | {place} |"


def _in_full(review: Review, finding: Finding) -> str:
    """A finding that no annotation tells, with its place."""
    why = next((f": {each.why}" for each in review.unplaced if each.finding == finding), "")
    head, *rest = finding_lines(finding, on_its_line=False, language=review.policy.language)
    place = where(review, finding, placed=not why)
    return "\n".join((head, "", f"{place}{why}", *rest)).rstrip("\n")


def _fitted(blocks: Iterable[str], number: int, most: int, noun: str, separator: str = "\n") -> str:
    """As many blocks, each whole, as there is room for in bytes, and a note of how many of the `number` are missing."""
    kept: list[str] = []
    size = 0
    for block in blocks:
        kept.append(block)
        size += _bytes(block) + len(separator)
        if size > most:
            break
    if size <= most:
        return separator.join(kept)
    while kept and size > most - _NOTE_ROOM:
        size -= _bytes(kept.pop()) + len(separator)
    return f"{separator.join(kept)}\n\n_{count(number - len(kept), noun)}, too long to be told here._"


def _cut(text: str, most: int) -> str:
    """The text, cut at a letter where it has too many bytes."""
    if _bytes(text) <= most:
        return text
    return text.encode()[: most - len("…".encode())].decode(errors="ignore") + "…"


def _bytes(text: str) -> int:
    return len(text.encode())
