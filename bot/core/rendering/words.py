"""The sentences that all forms share: headline, ledger, analyzers, plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from bot.core.analysis import AnalyzerNote, Run
from bot.core.diff import FileDiff, FileKind, FileStatus
from bot.core.known import Fate
from bot.core.ledger import Entry, Ledger, Reason, State
from bot.core.messages import Usage
from bot.core.models import Finding, Severity
from bot.core.outcome import NO_CHANGED_LINES, NOTHING_TO_READ, Ending
from bot.core.overview import Overview
from bot.core.rendering.said import is_same_commit, new_of
from bot.core.review import Review
from bot.core.visible import printable

MARKS = {Severity.CRITICAL: "🟥", Severity.HIGH: "🟧", Severity.MEDIUM: "🟨", Severity.LOW: "⬜"}

# What the policy's `language` is called where it is ours.
_ENGLISH = {"", "en", "english", "en-us", "en-gb", "american english", "british english"}

# So many digits of a commit are shown, as GitHub does.
_COMMIT = re.compile(r"[0-9a-f]{7}")

_NO_MODEL = "No model took part: the analyzers ran on the changed lines, and nobody read them."
_READ_EARLIER = "No model took part in this review; the lines were read by an earlier one."
_READ_IN_PART = "No model took part in this review; an earlier one read some of the lines, and nobody read the others."


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`, `1,204 changed lines`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{number:,} {noun}s"


def no_model(review: Review) -> str:
    """That no model was asked, and whether the lines were read all the same; '' where one was, or nothing was read."""
    if review.asked or review.outcome.ending is Ending.SKIPPED:
        return ""
    if not review.ledger.lines(State.REVIEWED):
        return _NO_MODEL
    return _READ_IN_PART if review.ledger.lines(State.LEFT_OUT, State.FAILED) else _READ_EARLIER


def blindness(review: Review) -> str:
    """That the model saw the change alone, and why; '' where it saw the repository around it, or there was no model."""
    if not review.blind or not review.asked:
        return ""
    return f"The repository around the change could not be read: {printable(review.blind)}"


def when(finding: Finding, language: str) -> str:
    """`When `, for before the scenario; '' where that is in another language than our own words, which are English."""
    english = language.strip().casefold() in _ENGLISH or finding.source != "model"
    return "When " if english else ""


def short(commit: str) -> str:
    """`abc1234`; '' for what is no commit."""
    match = _COMMIT.match(commit)
    return match[0] if match else ""


def headline(review: Review) -> str:
    """The first line: was everything read, is something wrong. Never "nothing found" unless all was read."""
    ledger, ending = review.ledger, review.outcome.ending
    if ending is Ending.SKIPPED:
        return f"not reviewed: {_skipped(review)}"
    if ending is Ending.FAILED:
        return f"not reviewed: {printable(review.failures[0]) if review.failures else _shares(ledger, State.FAILED)}"
    reviewed, found = ledger.lines(State.REVIEWED), _found(review)
    if ending is Ending.COMPLETE:
        all_lines = f"all {count(reviewed, 'changed line')}" if reviewed > 1 else "the changed line"
        lines = all_lines if reviewed == ledger.changed else _of_all(reviewed, ledger)
        return f"{found} · {_with_images(f'{lines} reviewed', ledger)}"
    if not review.asked:
        return f"{found} by the analyzers · no model took part: {_of_all(reviewed, ledger)} reviewed"
    return f"{found} · {_with_images(f'{_of_all(reviewed, ledger)} reviewed', ledger)}{_missing(review)}"


def _with_images(lines: str, ledger: Ledger) -> str:
    """What was read, and how many images were looked at; of a change without lines the images alone."""
    seen = sum(entry.reason is Reason.LOOKED_AT for entry in ledger.entries)
    images = f"{count(seen, 'image')} looked at" if seen or not ledger.changed else ""
    return ", ".join(filter(None, (lines if ledger.changed else "", images)))


def _found(review: Review) -> str:
    if review.said:
        new, old = new_of(review)
        compared = old and not is_same_commit(review)
        news = f", {new or 'none'} new" if compared else ""
        return f"{count(len(review.said), 'finding')}{news}"
    return "nothing found" if review.outcome.ending is Ending.COMPLETE else "no findings"


def _missing(review: Review) -> str:
    """What a partial review did not read: lines by their reasons, and files whose lines nobody could count."""
    ledger = review.ledger
    lines = ledger.lines(State.FAILED, State.LEFT_OUT)
    parts = [f"{lines:,} not ({_shares(ledger, State.FAILED, State.LEFT_OUT)})"] if lines else []
    parts += _unseen(ledger)
    withheld = sum(entry.reason is Reason.WITHHELD for entry in ledger.entries)
    parts += [f"GitHub withheld the patch of {count(withheld, 'file')}"] if withheld else []
    parts += [f"GitHub did not list {count(review.change.unlisted, 'file')}"] if review.change.unlisted else []
    return "".join(f", {part}" for part in parts)


def _unseen(ledger: Ledger) -> list[str]:
    """`2 images not (too many images)`: files that were to be looked at, and have no lines to count."""
    missing = Counter(
        entry.reason
        for entry in ledger.entries
        if not entry.lines and entry.reason.state in {State.FAILED, State.LEFT_OUT} and entry.reason not in _UNCOUNTED
    )
    return [f"{count(number, 'image')} not ({reason})" for reason, number in missing.items()]


_UNCOUNTED = frozenset({Reason.WITHHELD, Reason.GATED})


def _of_all(reviewed: int, ledger: Ledger) -> str:
    return f"{reviewed:,} of {count(ledger.changed, 'changed line')}"


def _skipped(review: Review) -> str:
    reason = review.outcome.reason
    if reason == NOTHING_TO_READ:
        return f"{reason}, {_shares(review.ledger, State.EXCLUDED, State.NOT_TEXT)}"
    return "no changes" if reason == NO_CHANGED_LINES and not review.diff.files else printable(reason)


def fates(review: Review) -> str:
    """`2 fixed, 1 dismissed, 1 no longer in the diff`: what became of findings that are not open; '' without any."""
    sizes = ((len(review.of_fate[fate]), words) for fate, words in _FATES.items())
    return ", ".join(f"{size:,} {words}" for size, words in sizes if size)


_FATES = {Fate.FIXED: "fixed", Fate.DISMISSED: "dismissed", Fate.OUTDATED: "no longer in the diff"}


def tokens(usage: Usage) -> str:
    """`14,203 tokens in (81 % from cache), 1,911 out`."""
    cached = f" ({100 * usage.cache_read // usage.total_input} % from cache)" if usage.cache_read else ""
    return f"{usage.total_input:,} tokens in{cached}, {usage.output_tokens:,} out"


def spent(review: Review) -> str:
    """What asking the model took, for a footer; '' where none was asked."""
    if not review.requests:
        return ""
    return f"{tokens(review.usage)} · {dollars(review)}"


def dollars(review: Review) -> str:
    """`$0.31`, or `$0.31 (about $0.05 of it not counted by the endpoint)`: answers that were lost or told no tokens."""
    uncounted = f" (about ${review.presumed:.2f} of it not counted by the endpoint)" if review.presumed else ""
    return f"${review.dollars:.2f}{uncounted}"


def spent_in_all(review: Review) -> str:
    """`$0.31 on this pull request`; '' where that is no more than this review took."""
    in_all = f"${review.life.dollars:.2f}"
    more = review.life.dollars > review.dollars and in_all != f"${review.dollars:.2f}"
    return f"{in_all} on this pull request" if more else ""


def effort(overview: Overview) -> str:
    """`about 20 minutes to review`."""
    return f"about {count(max(overview.minutes, 1), 'minute')} to review"


def _shares(ledger: Ledger, *states: State) -> str:
    """`41 too large, 19 in lockfiles`: how many lines each reason took."""
    reasons = ((reason, lines) for reason, lines in ledger.by_reason.items() if reason.state in states and lines)
    return ", ".join(f"{count(lines, 'line')} {_SHARE[reason]}" for reason, lines in reasons)


_SHARE = {
    Reason.ANSWERED: "reviewed",
    Reason.ANSWERED_EARLIER: "reviewed before",
    Reason.LOOKED_AT: "in images that were looked at",
    Reason.LOCKFILE: "in lockfiles",
    Reason.VENDORED: "in vendored code",
    Reason.GENERATED: "in generated code",
    Reason.MINIFIED: "in minified code",
    Reason.SOURCE_MAP: "in source maps",
    Reason.PATH_FILTER: "left out by path filters",
    Reason.PURE_RENAME: "in renamed files",
    Reason.PURE_COPY: "in copied files",
    Reason.BINARY: "in binary files",
    Reason.SUBMODULE: "in submodules",
    Reason.MODE_CHANGE: "in mode changes",
    Reason.EMPTY: "in empty files",
    Reason.COST: "over the cost cap",
    Reason.WITHHELD: "withheld by GitHub",
    Reason.TOO_LARGE: "too large for a request",
    Reason.TOO_MANY: "in images beyond the limit",
    Reason.NO_MODEL: "read by the analyzers only",
    Reason.GATED: "not reviewed by the policy",
    Reason.REQUEST_FAILED: "in requests that failed",
    Reason.REFUSED: "refused by the model",
    Reason.TRUNCATED: "in answers that were cut off",
    Reason.INVALID_ANSWER: "in answers that were invalid",
}


def ledger_sentence(ledger: Ledger) -> str:
    """Where every changed line went, in one sentence that adds up."""
    seen = sum(entry.reason is Reason.LOOKED_AT for entry in ledger.entries)
    images = f"; {count(seen, 'image')} looked at" if seen else ""
    if not ledger.changed:
        return f"no changed lines{images}"
    return f"{count(ledger.changed, 'changed line')}: {_shares(ledger, *State)}{images}"


def severities(findings: Iterable[Finding]) -> str:
    """`1 critical, 2 high`, or `no findings`."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity]) or "no findings"


def fate(entry: Entry) -> str:
    """Why lines ended as they did, for a table; '' where they were read, or the kind of change says it already."""
    if entry.reason is Reason.BINARY:
        return printable(entry.detail)
    if entry.reason in {Reason.ANSWERED, Reason.ANSWERED_EARLIER}:
        return ""
    if entry.reason in {Reason.PURE_RENAME, Reason.PURE_COPY, Reason.MODE_CHANGE, Reason.SUBMODULE}:
        return ""
    return f"{entry.reason} ({printable(entry.detail)})" if entry.detail else str(entry.reason)


def what_changed(file: FileDiff) -> str:
    """`renamed from docs/a.md`, `deleted`, `binary, modified`, ... for a table."""
    kind = "" if file.kind is FileKind.TEXT else f"{file.kind}, "
    if file.status in {FileStatus.RENAMED, FileStatus.COPIED}:
        return f"{kind}{file.status} from {printable(file.old_path or '')}"
    if file.status is FileStatus.MODE_CHANGED:
        return f"{kind}mode {file.old_mode} to {file.new_mode}"
    return f"{kind}{file.status}"


def analyzers_sentence(notes: tuple[AnalyzerNote, ...]) -> str:
    """Which analyzers ran, on how many files, and which did not and why."""
    return "; ".join(filter(None, map(_analyzer, notes))) or "none"


def _analyzer(note: AnalyzerNote) -> str:
    if note.run is Run.FAILED:
        return f"{note.name} failed: {printable(note.detail)}"
    if note.run is Run.NOTHING_TO_DO:
        return ""
    if note.missing:
        return f"{note.name} on {note.files:,} of {count(note.files + note.missing, 'file')} (it needs whole files)"
    return f"{note.name} on {count(note.files, 'file')}"


def plan_sentence(review: Review) -> str:
    """What asking a model would take."""
    plan = review.plan.estimate
    if not plan.requests:
        return ""
    tokens = f"about {plan.input_tokens:,} tokens"
    asking = f"Asking {printable(review.model)} would take {count(plan.requests, 'request')}"
    return f"{asking}, {tokens}, about ${plan.dollars:.2f}"
