"""The story of a review, top to bottom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot import __version__, interview, prompts
from bot.core.analysis import AnalyzerNote, AnalyzerReport, Run, SourceFile, findings_of, secret_hits
from bot.core.anchors import Anchors
from bot.core.attributes import read_attributes
from bot.core.change import Change, Contents
from bot.core.checks import check_file
from bot.core.chunking import Budget, pack
from bot.core.cost import dollars_of, request_overhead
from bot.core.diff import Diff, FileDiff
from bot.core.ledger import balance
from bot.core.models import Finding
from bot.core.outcome import conclude
from bot.core.patch import parse
from bot.core.placement import place, summaries_by_file
from bot.core.policy import Policy
from bot.core.posting import Obstacle, Posted, ReviewDraft, decide
from bot.core.pull_request import PullRequestState
from bot.core.ranking import inline, rank
from bot.core.requests import Asking, Prefix, context_of
from bot.core.review import Inputs, Review
from bot.core.selection import Selection, Versions, select
from bot.core.standing import Standing
from bot.core.visible import Shown
from bot.errors import Misuse, OutsideError, Rejected
from bot.threads import aside

_UNPROCESSABLE = 422


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


class Page(Protocol):
    """The pull request to post on. All of it blocks; the story calls it in a thread."""

    def standing(self) -> Standing:
        """What stands there now."""
        ...

    def post_review(self, draft: ReviewDraft) -> str:
        """Post the comments as one review, once whatever happens to the answer; give its address."""
        ...

    def post_summary(self, body: str, comment_id: int | None) -> str:
        """Write the summary, over the comment if one is given; give its address."""
        ...


class Watch(interview.Watch, Protocol):
    """Whoever wants to see a review going on."""

    def planned(self, change: Change, diff: Diff, requests: int) -> None:
        """The change was read, and it was decided how many requests there will be."""
        ...


class Record(Protocol):
    """Where reviews are kept, to be made again."""

    def keep(self, inputs: Inputs) -> None:
        """Write down what went into the review."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that a review needs of the world. Without a model only the analyzers look at the change."""

    source: Source
    analyzers: Analyzers
    model: interview.Model | None
    watch: Watch
    record: Record | None = None


async def review(ports: Ports, policy: Policy) -> Review:
    """Read a change, decide what to read of it, find what can be found, and account for every line."""
    change = await aside(ports.source.change)
    _refuse_closed(change, policy)
    diff = parse(change.patch).with_origins(rebuilt=change.rebuilt, withheld=change.withheld)
    contents = await aside(ports.source.contents, diff)
    attributes = await aside(ports.source.attributes, change)
    selection = select(
        diff, filters=policy.filters, attributes=read_attributes(attributes), versions=_versions(contents)
    )
    shown = Shown(diff)
    shared = _prefix(shown, selection, change, policy)
    plan = pack(diff, selection.kept, _budget(policy, shared))
    ports.watch.planned(change, diff, len(plan.chunks) if ports.model else 0)
    report, heard = await asyncio.gather(
        ports.analyzers.run(*_whole_files(diff, selection, contents)),
        interview.hear(ports.model, plan.chunks, shared.marked_for(len(plan.chunks)), shown, ports.watch),
    )
    if ports.record is not None:
        inputs = Inputs(policy, change, contents, attributes, report, asked=ports.model is not None)
        await aside(ports.record.keep, inputs)
    anchors = Anchors(shown)
    ranking = rank(
        _analyzed(diff, selection, report), [place(answer.claims, anchors, diff) for answer in heard.answers]
    )
    ledger = balance(diff, [*selection.left_out, *plan.left_out, *heard.entries])
    return Review(
        change=change,
        diff=diff,
        plan=plan,
        findings=ranking.said,
        unplaced=ranking.unplaced,
        doubtful=ranking.doubtful,
        comments=inline(ranking.said, most=policy.max_comments, fits=diff.carries),
        summaries=summaries_by_file([answer.summaries for answer in heard.answers], anchors),
        analyzers=(*_own_notes(selection), *report.notes),
        ledger=ledger,
        outcome=conclude(ledger, unlisted=change.unlisted),
        asked=ports.model is not None,
        failures=heard.problems,
        requests=heard.requests,
        usage=heard.usage,
        dollars=dollars_of(heard.usage, policy.price),
        model=policy.model,
        prompts=prompts.digest(),
        version=__version__,
    )


async def publish(review: Review, page: Page) -> Posted:
    """Post a review: the comments first, then the summary that counts them. Nothing, where the head has moved.

    Where GitHub refuses the comments, the summary carries them: a finding is never lost to one wrong line. What GitHub
    does not take is told in the result, for there is a review to be shown all the same.
    """
    comments, problems = 0, []
    try:
        standing = await aside(page.standing)
        posting = decide(review, standing)
        if isinstance(posting, Obstacle):
            return Posted(standing.head, posting)
        body = posting.summary
        if posting.review is not None:
            try:
                await aside(page.post_review, posting.review)
                comments = len(posting.review.comments)
            except Rejected as error:
                if error.status != _UNPROCESSABLE:
                    raise
                body = posting.summary_without_comments
                problems.append(str(error))
        url = await aside(page.post_summary, body, posting.replaces)
    except OutsideError as error:
        return Posted(comments=comments, problems=(*problems, str(error)))
    return Posted(standing.head, comments=comments, summary_url=url, problems=tuple(problems))


def _refuse_closed(change: Change, policy: Policy) -> None:
    """Before anything is spent: what is closed would not be posted on."""
    pull = change.pull_request
    if policy.post and pull is not None and pull.state is not PullRequestState.OPEN:
        raise Misuse(f"{pull.name} is {pull.state}, and reviews are posted on open pull requests; leave out --post.")


def _prefix(shown: Shown, selection: Selection, change: Change, policy: Policy) -> Prefix:
    context = context_of(shown, selection, change.title, change.pull_request)
    return Prefix(prompts.review_prompts(), Asking(policy.model, policy.max_tokens), context)


def _budget(policy: Policy, shared: Prefix) -> Budget:
    overhead = request_overhead(shared.tokens, policy.model)
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


def _analyzed(diff: Diff, selection: Selection, report: AnalyzerReport) -> list[Finding]:
    """What secrets, checks and analyzers find on the changed lines of the files that are read."""
    findings: list[Finding] = []
    for index in selection.kept:
        file = diff.files[index]
        findings += findings_of(file, secret_hits(file), ())
        findings += findings_of(file, *check_file(file))
        findings += findings_of(file, report.head.get(index, ()), report.base.get(index, ()))
    return findings


def _own_notes(selection: Selection) -> tuple[AnalyzerNote, ...]:
    run = Run.RAN if selection.kept else Run.NOTHING_TO_DO
    return tuple(AnalyzerNote(name, run, len(selection.kept)) for name in ("secrets", "checks"))
