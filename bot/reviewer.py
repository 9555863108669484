"""The story of a review, top to bottom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from bot import __version__, prompts
from bot.core.analysis import AnalyzerNote, AnalyzerReport, Run, SourceFile, findings_of, secret_hits
from bot.core.attributes import read_attributes
from bot.core.checks import check_file
from bot.core.chunking import Budget, Plan, pack
from bot.core.cost import request_overhead
from bot.core.diff import Diff, FileDiff
from bot.core.ledger import Entry, Reason, balance
from bot.core.models import Finding
from bot.core.outcome import conclude
from bot.core.patch import parse
from bot.core.policy import Policy
from bot.core.review import Change, Contents, Review
from bot.core.selection import Selection, Versions, select


class Source(Protocol):
    """Where a change comes from, and the files around it. All of it blocks; the story calls it in a thread."""

    def change(self) -> Change:
        """The change to review."""
        ...

    def contents(self, diff: Diff) -> Mapping[int, Contents]:
        """Both versions of the files, by position in `Diff.files`, as far as they are known."""
        ...

    def attributes(self, change: Change) -> Mapping[str, str]:
        """The `.gitattributes` files of the base: path -> text."""
        ...


class Analyzers(Protocol):
    """Whatever finds problems in whole files."""

    async def run(self, files: Sequence[SourceFile], unknown: Sequence[str]) -> AnalyzerReport:
        """Analyze both versions of the files; `unknown` are paths whose text is not at hand."""
        ...


async def review(source: Source, analyzers: Analyzers, policy: Policy) -> Review:
    """Read a change, decide what to read of it, find what can be found, and account for every line."""
    change = await asyncio.to_thread(source.change)
    diff = parse(change.patch)
    contents = await asyncio.to_thread(source.contents, diff)
    attributes = read_attributes(await asyncio.to_thread(source.attributes, change))
    selection = select(diff, filters=policy.filters, attributes=attributes, versions=_versions(contents))
    plan = pack(diff, selection.kept, _budget(policy))
    report = await analyzers.run(*_whole_files(diff, selection, contents))
    ledger = balance(diff, [*selection.left_out, *_unanswered(plan)])
    return Review(
        change=change,
        diff=diff,
        plan=plan,
        findings=_findings(diff, selection, report),
        analyzers=(*_own_notes(selection), *report.notes),
        ledger=ledger,
        outcome=conclude(ledger),
        asked=False,
        model=policy.model,
        prompts=prompts.digest(),
        version=__version__,
    )


def _budget(policy: Policy) -> Budget:
    overhead = request_overhead(prompts.load("review/system.md"), policy.model)
    return Budget(policy.model, policy.chunk_tokens, policy.max_cost, policy.price, overhead)


def _versions(contents: Mapping[int, Contents]) -> dict[int, Versions]:
    return {index: Versions(_text(known.base), _text(known.head)) for index, known in contents.items()}


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "surrogateescape")


def _whole_files(
    diff: Diff, selection: Selection, contents: Mapping[int, Contents]
) -> tuple[list[SourceFile], list[str]]:
    """The kept files whose head version is known, and the paths of those whose version is not."""
    files: list[SourceFile] = []
    unknown: list[str] = []
    for index in selection.kept:
        file, known = diff.files[index], contents.get(index, Contents())
        if known.head is not None and _comparable(file, known):
            files.append(SourceFile(index, file.path, known.head, known.base))
        elif file.new_path is not None:
            unknown.append(file.path)
    return files, unknown


def _comparable(file: FileDiff, known: Contents) -> bool:
    """Without the version before the change nobody can tell what is news."""
    return file.old_path is None or known.base is not None


def _findings(diff: Diff, selection: Selection, report: AnalyzerReport) -> tuple[Finding, ...]:
    """What secrets, checks and analyzers find on the changed lines of the files that are read, worst first."""
    findings: list[Finding] = []
    for index in selection.kept:
        file = diff.files[index]
        findings += findings_of(file, secret_hits(file), ())
        findings += findings_of(file, *check_file(file))
        findings += findings_of(file, report.head.get(index, ()), report.base.get(index, ()))
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _own_notes(selection: Selection) -> tuple[AnalyzerNote, ...]:
    run = Run.RAN if selection.kept else Run.NOTHING_TO_DO
    return tuple(AnalyzerNote(name, run, len(selection.kept)) for name in ("secrets", "checks"))


def _unanswered(plan: Plan) -> list[Entry]:
    """Account for the plan where no model is asked: its lines were read by the analyzers only."""
    pieces = (piece for chunk in plan.chunks for piece in chunk.pieces)
    return [*plan.left_out, *(Entry(piece.file, Reason.NO_MODEL, *piece.ordinals) for piece in pieces)]
