"""Sums up a review: from what was read and what was said to findings, their fates, the ledger and the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot import __version__, prompts
from bot.core.analysis import AnalyzerNote, AnalyzerReport, Run, findings_of, secret_hits
from bot.core.anchors import Anchors
from bot.core.change import Change, Contents
from bot.core.checks import check_file
from bot.core.chunking import Budget, HunkKey, Plan, pack
from bot.core.context import NOTHING_AROUND, Surroundings
from bot.core.cost import dollars_of
from bot.core.diff import Diff
from bot.core.digests import hunk_digests
from bot.core.guidelines import Guideline
from bot.core.images import Gathered
from bot.core.known import Known, Life
from bot.core.ledger import Entry, Ledger, Reason, State, balance
from bot.core.life import Companions, Heard, Tracked, answered_hunks, follow, shelve, track
from bot.core.models import Finding
from bot.core.outcome import conclude
from bot.core.picture_requests import Album, accounted
from bot.core.placement import Placed, place_all, place_on_files, summaries_by_file, unplaced_of
from bot.core.policy import Policy, Skip
from bot.core.ranking import rank
from bot.core.recall import Before
from bot.core.requests import Prefix
from bot.core.review import Review
from bot.core.rules import UNPARSED
from bot.core.selection import Selection
from bot.core.verification import Judgement, Ruling, weighed
from bot.core.visible import Shown
from bot.interview import Heard as Said
from bot.looking import Looked
from bot.verifying import NOT_VERIFIED, Verified


@dataclass(frozen=True)
class Start:
    """What is known before anything is read closely.

    `answered` are the hunks that an earlier review answered for, `rules` names what shapes the answers; `gate` keeps
    the review from going on, `key` signs what is handed on. `around` and `guidelines` are what a kept review found
    around the change.
    """

    change: Change
    diff: Diff
    policy: Policy
    notices: tuple[str, ...]
    before: Before
    answered: frozenset[HunkKey]
    rules: str
    gate: Skip | None
    key: bytes
    around: Surroundings | None = None
    guidelines: tuple[Guideline, ...] | None = None


@dataclass(frozen=True)
class Prepared:
    """What is read, and how it is asked about.

    `earlier` are image files that an earlier review looked at, `gathered` the images that are at hand, `album` those
    that are asked about. `around` is what the repository holds around the change, of which each request gets
    `context_tokens`; `blind` tells why it could not be read.
    """

    contents: Mapping[int, Contents]
    attributes: Mapping[str, str]
    selection: Selection
    gathered: Gathered
    earlier: tuple[int, ...]
    album: Album
    anchors: Anchors
    shared: Prefix
    plan: Plan
    tracked: tuple[Tracked, ...]
    companions: Companions
    guidelines: tuple[Guideline, ...] = ()
    around: Surroundings = NOTHING_AROUND
    context_tokens: int = 0
    blind: str = ""


@dataclass(frozen=True)
class Told:
    """What the analyzers report, and what the model says of lines and of images; `asked` tells that there was one.

    `verified` is what a second look made of what it found.
    """

    report: AnalyzerReport
    heard: Said
    looked: Looked
    asked: bool
    verified: Verified = NOT_VERIFIED


def review_of(start: Start, prepared: Prepared, told: Told) -> Review:
    """The whole review. Every changed line is in its ledger, and every known finding has its fate."""
    change, diff, policy = start.change, start.diff, start.policy
    heard, looked, anchors = told.heard, told.looked, prepared.anchors
    placed, refuted = _judged(placed_of(told, prepared, diff), told.verified.judged)
    ranking = rank(_analyzed(diff, prepared.selection, told.report), placed)
    left_out = accounted(prepared.selection.left_out, prepared.earlier, prepared.album, looked.reason)
    ledger = balance(diff, [*left_out, *prepared.plan.left_out, *heard.entries])
    notes = (*_own_notes(prepared.selection), *told.report.notes)
    learnt = Heard(
        found=ranking.found,
        verdicts=heard.verdicts,
        unread=_unread(diff, ledger),
        ran=_ran(notes),
        head=change.head,
        unplaced=unplaced_of(placed),
        unseen=_unseen(prepared.selection, notes, told.report),
        looked=[entry.file for entry in left_out if entry.reason is Reason.LOOKED_AT],
    )
    known = follow(prepared.tracked, learnt, anchors, prepared.companions)
    shelves = shelve(known, {each.finding: each.why for each in ranking.unplaced}, policy.threshold)
    summaries = _summaries(start, told, anchors)
    verified = told.verified
    usage = heard.usage + looked.usage + verified.usage
    presumed = dollars_of(heard.presumed + looked.presumed + verified.presumed, policy.price)
    dollars = dollars_of(usage, policy.price) + presumed
    return Review(
        change=change,
        diff=diff,
        plan=prepared.plan,
        findings=shelves.said,
        unplaced=shelves.unplaced,
        doubtful=shelves.doubtful,
        below=shelves.below,
        summaries=summaries,
        overview=heard.overview or start.before.overview,
        analyzers=notes,
        ledger=ledger,
        outcome=conclude(ledger, unlisted=change.unlisted),
        asked=told.asked,
        failures=tuple(dict.fromkeys(filter(None, (*heard.problems, looked.problem)))),
        requests=heard.requests + looked.requests + verified.requests,
        usage=usage,
        dollars=dollars,
        presumed=presumed,
        notices=start.notices,
        life=_life(start, known, ledger, summaries, dollars),
        policy=policy,
        model=policy.model,
        prompts=prompts.digest(),
        version=__version__,
        blind=prepared.blind,
        refuted=refuted,
        preexisting=ranking.preexisting,
        unverified=verified.problem,
    )


def _judged(placed: Sequence[Placed], judged: Mapping[Finding, Judgement]) -> tuple[list[Placed], tuple[Finding, ...]]:
    """The findings as they are worth after a second look, and those that it refuted."""
    refuted = dict.fromkeys(finding for finding, each in judged.items() if each.ruling is Ruling.REFUTED)
    worth = {finding: weighed(finding, judgement) for finding, judgement in judged.items()}
    standing = [
        replace(part, findings=tuple(worth.get(each, each) for each in part.findings if each not in refuted))
        for part in placed
    ]
    return standing, tuple(sorted((worth[finding] for finding in refuted), key=lambda finding: finding.order))


def placed_of(told: Told, prepared: Prepared, diff: Diff) -> list[Placed]:
    """What the model claims of lines, each on its own, and of images, on their files."""
    anchors = prepared.anchors
    heads = {index: known.head for index, known in prepared.contents.items() if known.head is not None}
    placed = place_all([answer.claims for answer in told.heard.answers], anchors, diff, heads)
    seen = told.looked.answer
    return [*placed, place_on_files(seen.claims, anchors, diff)] if seen else placed


def skipped(start: Start) -> Review:
    """A review that did not take place, with all that was known before."""
    diff, change = start.diff, start.change
    ledger = balance(
        diff, (Entry(index, Reason.GATED, 0, len(file.changed_lines)) for index, file in enumerate(diff.files))
    )
    tracked = track(start.before.known, Shown(diff))
    shelves = shelve([each.known for each in tracked], {}, start.policy.threshold)
    gate = start.gate or Skip("")
    return Review(
        change=change,
        diff=diff,
        plan=pack(diff, (), Budget(start.policy.rules)),
        findings=shelves.said,
        unplaced=shelves.unplaced,
        doubtful=shelves.doubtful,
        below=shelves.below,
        analyzers=(),
        ledger=ledger,
        outcome=conclude(ledger, gate=gate.reason),
        asked=False,
        notices=start.notices,
        overview=start.before.overview,
        policy=start.policy,
        gate=gate,
        model=start.policy.model,
        prompts=prompts.digest(),
        version=__version__,
    )


def _analyzed(diff: Diff, selection: Selection, report: AnalyzerReport) -> list[Finding]:
    """What secrets, checks and analyzers find on the changed lines of the files that are read."""
    findings: list[Finding] = []
    for index in selection.kept:
        file = diff.files[index]
        findings += findings_of(file, secret_hits(file), ())
        findings += findings_of(file, *check_file(file))
        findings += findings_of(file, report.head.get(index, ()), report.base.get(index, ()), report.rules)
    return findings


def _own_notes(selection: Selection) -> tuple[AnalyzerNote, ...]:
    run = Run.RAN if selection.kept else Run.NOTHING_TO_DO
    return tuple(AnalyzerNote(name, run, len(selection.kept)) for name in ("secrets", "checks"))


def _unread(diff: Diff, ledger: Ledger) -> frozenset[HunkKey]:
    """The hunks that hold lines that were to be read, and that nobody answered for."""
    answered = answered_hunks(diff, ledger)
    missing = {entry.file for entry in ledger.entries if entry.reason.state in {State.FAILED, State.LEFT_OUT}}
    return frozenset((index, number) for index in missing for number in range(len(diff.files[index].hunks))) - answered


def _ran(notes: Sequence[AnalyzerNote]) -> frozenset[str]:
    """The analyzers that read all that they could have: what they do not report is not there."""
    return frozenset(note.name for note in notes if note.run is Run.RAN and not note.missing)


def _unseen(selection: Selection, notes: Sequence[AnalyzerNote], report: AnalyzerReport) -> frozenset[tuple[str, int]]:
    """The files that an analyzer did not read: those that are left out, and those that it says do not parse."""
    left_out = {(note.name, entry.file) for note in notes for entry in selection.left_out}
    hits = ((file, hit) for file, of_file in report.head.items() for hit in of_file)
    return frozenset(left_out | {(hit.source, file) for file, hit in hits if hit.rule == UNPARSED})


def _summaries(start: Start, told: Told, anchors: Anchors) -> dict[int, str]:
    """What the change does in each file: as it was said now, else as it was said before."""
    answers = [*told.heard.answers, *([told.looked.answer] if told.looked.answer else [])]
    now = summaries_by_file([answer.summaries for answer in answers], anchors)
    before = summaries_by_file([start.before.summaries or {}], anchors)
    return before | now


def _life(start: Start, known: tuple[Known, ...], ledger: Ledger, summaries: Mapping[int, str], dollars: float) -> Life:
    before, diff = start.before, start.diff
    digests = [hunk_digests(file, start.key) for file in diff.files]
    # A binary file whose versions are not named has no digest.
    hunks = [digests[file][hunk] for file, hunk in sorted(answered_hunks(diff, ledger)) if digests[file]]
    return Life(
        known=known,
        since=before.head if before.state else "",
        full_because=before.full_because,
        hunks=tuple(hunks),
        rules=start.rules,
        summaries=tuple((diff.files[index].path, words) for index, words in sorted(summaries.items())),
        dollars=before.dollars + dollars,
        quiet=before.quiet + (before.head != start.change.head),
        heard=before.heard,
    )
