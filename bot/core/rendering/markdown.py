"""A review as Markdown: the summary that stands on a pull request, and the same for a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from bot.core.diff import FileDiff, FileStatus
from bot.core.ledger import State
from bot.core.marker import State as Marked
from bot.core.marker import fingerprint, write_state
from bot.core.models import Finding, Side
from bot.core.outcome import Ending
from bot.core.placement import Unplaced
from bot.core.rendering.comments import MOST_CHARACTERS, cut, finding_lines
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
    spent,
    what_changed,
)
from bot.core.review import Review
from bot.core.sanitize import code, fenced, phrase, plain

_HEAD_LENGTH = 7
_MOST_FAILURES = 5


@dataclass(frozen=True, slots=True)
class _Form:
    """How much is said: rows of tables and items of lists (None for all), and whether findings are told in full."""

    files: int = 300
    findings: int | None = None
    full: bool = True


_WHOLE = _Form()
_FORMS = (_WHOLE, _Form(75), _Form(75, 75, full=False))


def markdown(review: Review) -> str:
    """The whole review in one text, every finding in full."""
    return "\n".join(_lines(review, _WHOLE, commented=())) + "\n"


def summary(review: Review, commented: Sequence[Finding]) -> str:
    """The summary as one comment on the pull request, the hidden state in its first line.

    Findings that have an inline comment (`commented`) stand in the table only; all others in full, unless that is more
    than GitHub takes.
    """
    change, marks = review.change, tuple(map(fingerprint, commented))
    state = write_state(Marked(change.head, change.base, review.prompts, review.outcome.ending, marks))
    body = ""
    for form in _FORMS:
        body = _body(chain([state], _lines(review, form, commented=commented)))
        if len(body) <= MOST_CHARACTERS:
            break
    return cut(body, MOST_CHARACTERS)


def _body(lines: Iterable[str]) -> str:
    """The lines as one text; of endless ones no more than it takes to be too long."""
    taken: list[str] = []
    size = 0
    for line in lines:
        taken.append(line)
        size += len(line) + 1
        if size > MOST_CHARACTERS:
            break
    return "\n".join(taken) + "\n"


def _lines(review: Review, form: _Form, *, commented: Sequence[Finding]) -> Iterator[str]:
    yield f"### Plumbline: {plain(headline(review))}"
    yield ""
    if not review.asked and review.outcome.ending is not Ending.SKIPPED:
        yield from (NO_MODEL_SENTENCE, "")
    for sentence in review.failures[:_MOST_FAILURES] if review.outcome.ending is Ending.PARTIAL else ():
        yield from (f"Not everything was answered: {plain(sentence)}", "")
    if review.findings:
        yield from ("| | Finding | Where |", "|---|---|---|")
        yield from (_row(review, finding) for finding in review.findings[: form.findings])
        yield from _beyond(len(review.findings), form)
        yield ""
    yield from _details(review, form, [finding for finding in review.findings if finding not in commented])
    yield from _unplaced(review.unplaced, form)
    yield from _doubtful(review.doubtful, form)
    yield from _read(review, form.files)
    yield f"<sub>{' · '.join(filter(None, _footer(review)))}</sub>"


def _beyond(findings: int, form: _Form) -> Iterator[str]:
    if form.findings is not None and findings > form.findings:
        yield from ("", f"{count(findings - form.findings, 'more finding')} not listed here.")


def _row(review: Review, finding: Finding) -> str:
    mark = f"{MARKS[finding.severity]} {finding.severity}"
    return f"| {mark} | {phrase(finding.title, cell=True)} | {_where(review, finding)} |"


def _where(review: Review, finding: Finding) -> str:
    """The place as a link into the pull request's diff, which knows files by the SHA-256 of their path."""
    place, pull = finding.location, review.change.pull_request
    shown = code(f"{place.path}:{place.line}", cell=True)
    if pull is None:
        return shown
    digest = hashlib.sha256(place.path.encode("utf-8", "surrogateescape")).hexdigest()
    side = "L" if place.side is Side.LEFT else "R"
    return f"[{shown}]({pull.url}/files#diff-{digest}{side}{place.line})"


def _details(review: Review, form: _Form, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    if not form.full:
        yield from (f"{count(len(findings), 'finding')} too many to be told in full here.", "")
        return
    yield from (f"<details><summary>In full: {count(len(findings), 'finding')}</summary>", "")
    for finding in findings:
        yield from _in_full(review, finding)
    yield from ("</details>", "")


def _in_full(review: Review, finding: Finding) -> Iterator[str]:
    head, *rest = finding_lines(finding, on_its_line=False)
    yield from (head, "", code(f"{finding.location.path}:{finding.location.line}"))
    lines = frame(review.shown, finding.location)
    if lines:
        yield ""
        yield from fenced([f"{'>' if line.marked else ' '} {line.number} | {line.text}" for line in lines])
    yield from rest


def _unplaced(unplaced: Sequence[Unplaced], form: _Form) -> Iterator[str]:
    if not unplaced:
        return
    yield from (f"**Not on a changed line: {count(len(unplaced), 'finding')}**", "")
    if not form.full:
        yield from (_item(each.finding) for each in unplaced[: form.findings])
        yield from (*_beyond(len(unplaced), form), "")
        return
    for each in unplaced:
        head, *rest = finding_lines(each.finding, on_its_line=False)
        yield from (head, "", f"{code(each.finding.location.path)}: {each.why}")
        yield from rest


def _item(finding: Finding) -> str:
    return f"- {code(finding.location.path)}: {phrase(finding.title)}"


def _doubtful(findings: Sequence[Finding], form: _Form) -> Iterator[str]:
    if not findings:
        return
    yield from (f"<details><summary>Also noticed, less sure: {len(findings)}</summary>", "")
    for finding in findings[: form.findings]:
        when = f" (when {phrase(finding.scenario)})" if finding.scenario and form.full else ""
        yield f"{_item(finding)}{when}"
    yield from (*_beyond(len(findings), form), "", "</details>", "")


def _read(review: Review, rows: int) -> Iterator[str]:
    files = review.diff.files
    yield f"<details><summary>What was read: {count(len(files), 'file')}</summary>"
    yield from ("", "| File | Changed | Reviewed | What changed |", "|---|---:|---:|---|")
    yield from (_file_row(review, index) for index in range(min(rows, len(files))))
    if len(files) > rows:
        yield from ("", f"{count(len(files) - rows, 'more file')} not listed here; the sum below counts them.")
    yield from ("", f"Ledger: {plain(ledger_sentence(review.ledger))}.", "")
    yield from (f"Analyzers: {plain(analyzers_sentence(review.analyzers))}.", "", "</details>", "")


def _file_row(review: Review, index: int) -> str:
    file, entries = review.diff.files[index], review.ledger.by_file[index]
    reviewed = sum(entry.lines for entry in entries if entry.reason.state is State.REVIEWED)
    others = dict.fromkeys(fate(entry) for entry in entries if entry.reason.state is not State.REVIEWED)
    words = [_what(file, review.summaries.get(index, "")), plain(", ".join(filter(None, others)))]
    cells = (f"{len(file.changed_lines):,}", f"{reviewed:,}", "; ".join(filter(None, words)))
    return f"| {code(file.path, cell=True)} | {' | '.join(cells)} |"


def _what(file: FileDiff, summary: str) -> str:
    """What the change does in a file: in the model's words, where it has them and they say more than `modified`."""
    if not summary:
        return plain(what_changed(file))
    kind = "" if file.status is FileStatus.MODIFIED else f"{plain(what_changed(file))}: "
    return kind + phrase(summary, cell=True)


def _footer(review: Review) -> tuple[str, ...]:
    head = f"head {code(review.change.head[:_HEAD_LENGTH])}" if review.change.head else ""
    model = plain(f"{review.model} · {spent(review)}") if review.requests else plain(plan_sentence(review))
    return (head, model, f"prompts {code(review.prompts)}", f"Plumbline {review.version}")
