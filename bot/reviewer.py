"""The story of a review, top to bottom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from bot import interview, looking, planning, prompts, verifying
from bot.core.along import Whole
from bot.core.analysis import AnalyzerReport, SourceFile
from bot.core.anchors import Anchors
from bot.core.attributes import read_attributes
from bot.core.change import Change, Contents
from bot.core.chunking import Budget, HunkKey, Plan
from bot.core.context import surroundings_of
from bot.core.context_budget import allowed, estimate_of
from bot.core.cost import dollars_of, request_overhead
from bot.core.diff import Diff, FileDiff
from bot.core.gates import allowance, skip, unanswered
from bot.core.guidelines import Guideline, guidelines_of
from bot.core.images import NO_PICTURES, Bounds, Gathered, bounds_of
from bot.core.life import Companions, track
from bot.core.marker import Seal
from bot.core.patch import parse_change
from bot.core.picture_requests import album_of, summed
from bot.core.policy import Policy, PolicyTexts
from bot.core.pull_request import PullRequest, PullRequestState
from bot.core.recall import NOTHING_BEFORE, is_reviewed, recall
from bot.core.rendering.policy import notices
from bot.core.requests import Asking, Prefix, ask_about, context_of, part_of
from bot.core.review import Inputs, Review
from bot.core.selection import Selection, Versions, hides, image_files, select
from bot.core.settle import settle
from bot.core.standing import Standing
from bot.core.tree import NO_TREE, Tree
from bot.core.verification import Material, ask_verdicts, grouped
from bot.core.versions import completed
from bot.core.visible import Shown
from bot.errors import Misuse, Moved, OutsideError
from bot.summing import Prepared, Start, Told, placed_of, review_of, skipped
from bot.threads import aside
from bot.verifying import NOT_VERIFIED, Verified

_REQUESTS = 12
"""How many requests a review takes from here on, with some to spare."""

_LATEST = 5
"""On how many commits of a pull request check runs that were left open are looked for."""


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

    def policy_texts(self, change: Change) -> PolicyTexts:
        """The policy file, wherever it stands."""
        ...


class Analyzers(Protocol):
    """Whatever finds problems in whole files."""

    async def run(self, files: Sequence[SourceFile], unknown: Sequence[str]) -> AnalyzerReport:
        """Analyze both versions of the files; `unknown` are paths whose text is not at hand."""
        ...


class Watch(interview.Watch, Protocol):
    """Whoever wants to see a review going on."""

    def planned(self, change: Change, diff: Diff, requests: int) -> None:
        """The change was read, and it was decided how many requests there will be."""
        ...


class Page(Protocol):
    """The pull request that the review is for. It blocks; the story calls it in a thread."""

    def spare(self, requests: int) -> None:
        """Raise Transient where GitHub allows fewer requests than that."""
        ...

    def standing(self) -> Standing:
        """What stands there now."""
        ...


class Check(Protocol):
    """The check run of the review. It blocks; the story calls it in a thread."""

    def begin(self, head: str) -> None:
        """Show on the commit that a review has begun."""
        ...

    def close_left_behind(self, heads: Sequence[str], current: str) -> None:
        """End what a run that was killed left open on these commits."""
        ...


class Spending(Protocol):
    """What reviews cost on this machine. It blocks; the story calls it in a thread."""

    def today(self) -> float:
        """The dollars of this day."""
        ...

    def add(self, dollars: float) -> None:
        """Some more of them."""
        ...

    def untold(self) -> float:
        """The dollars of this pull request's reviews of which no summary tells: they were overtaken."""
        ...

    def add_untold(self, dollars: float) -> None:
        """Some more of those."""
        ...


class Trees(Protocol):
    """Where the repository's files at the commit come from. It blocks; the story calls it in a thread."""

    def tree(self, change: Change) -> Tree:
        """The text files that the change leads to, within bounds. Raises OutsideError."""
        ...


class Pictures(Protocol):
    """Where the images of a change come from. It blocks; the story calls it in a thread."""

    def gather(self, change: Change, diff: Diff, files: Sequence[int], bounds: Bounds) -> Gathered:
        """The images of these files (positions in `Diff.files`) and of the description, fit to be sent."""
        ...


class Record(Protocol):
    """Where reviews are kept, to be made again."""

    def keep(self, inputs: Inputs) -> None:
        """Write down what went into the review."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that a review needs of the world. Without a model only the analyzers look at the change.

    With a page the review builds on what earlier ones left there; without, it reads everything. Without pictures no
    image is looked at, without a gauge money is spent by our own estimate of tokens, without trees the model sees the
    change alone.
    """

    source: Source
    analyzers: Analyzers
    model: interview.Model | None
    watch: Watch
    record: Record | None = None
    page: Page | None = None
    spending: Spending | None = None
    check: Check | None = None
    pictures: Pictures | None = None
    gauge: planning.Gauge | None = None
    trees: Trees | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the policy of settings and options, and which of its fields somebody set, and where.

    `head` is the commit that alone is to be reviewed, '' for whichever there is; `once` tells that a complete review of
    it is enough, whoever made it.
    `state_key` signs what is handed on from review to review. `resumed` tells that this very review was ended before,
    while it was being posted.
    """

    policy: Policy
    explicit: Mapping[str, str] = field(default_factory=dict)
    state_key: bytes = b""
    resumed: bool = False
    head: str = ""
    once: bool = False


async def review(ports: Ports, wish: Wish) -> Review:
    """Read a change and what stands about it, and review it unless the policy says otherwise."""
    return await go_on(ports, await begin(ports, wish))


async def go_on(ports: Ports, start: Start) -> Review:
    """Review what was begun, unless a gate keeps it from going on."""
    return skipped(start) if start.gate else await _reviewed(ports, start)


async def replay(ports: Ports, inputs: Inputs) -> Review:
    """Make a kept review again."""
    diff = parse_change(inputs.change)
    start = Start(
        inputs.change,
        diff,
        inputs.policy,
        inputs.notices,
        inputs.before,
        inputs.answered,
        inputs.rules,
        None,
        b"",
        inputs.around,
        inputs.guidelines,
    )
    return await _reviewed(ports, start)


async def begin(ports: Ports, wish: Wish) -> Start:
    """Read the change, what stands about it, and the policy that holds for it. Raises Moved for another commit."""
    change, standing = await asyncio.gather(aside(ports.source.change), _standing(ports.page))
    if ports.page is not None:
        # Nothing is paid for that could not be posted. Asked when both have answered: then it is known what is left.
        await aside(ports.page.spare, _REQUESTS)
    _refuse_closed(change, wish.policy)
    _refuse_needless(change, standing, wish)
    await _show_begun(ports.check, change)
    diff = parse_change(change)
    pull = change.pull_request
    texts = await aside(ports.source.policy_texts, change)
    settled = await aside(settle, wish.policy, wish.explicit, texts, branch=pull.base.ref if pull else "")
    policy = settled.policy
    rules = prompts.rules_digest(prompts.digest(), policy)
    seal = seal_of(pull, wish.state_key)
    before = NOTHING_BEFORE
    if standing is not None:
        before = recall(standing, rules=rules, seal=seal, full=policy.full, resumed=wish.resumed)
    answered = before.answered(diff, wish.state_key)
    today = await aside(ports.spending.today) if ports.spending else 0.0
    untold = await aside(ports.spending.untold) if ports.spending else 0.0
    spent = {"spent_pull_request": before.dollars + untold, "spent_today": today}
    asks = ports.model is not None and unanswered(diff, answered, images=ports.pictures is not None)
    halts = standing.halts if standing else ()
    gate = skip(policy, pull, quiet=before.quiet, asks=asks, halts=halts, **spent) if pull else None
    capped = replace(policy, max_cost=allowance(policy, **spent)) if ports.model else policy
    return Start(change, diff, capped, notices(settled), before, answered, rules, gate, wish.state_key)


async def _show_begun(check: Check | None, change: Change) -> None:
    """On this commit, and no more on those that a killed run may have left open: the latest of the pull request."""
    pull = change.pull_request
    if check is None or pull is None:
        return
    await aside(check.begin, change.head)
    heads = [commit.sha for commit in pull.commits[-_LATEST:]]
    await aside(check.close_left_behind, [*heads, change.head], change.head)


async def _standing(page: Page | None) -> Standing | None:
    return await aside(page.standing) if page else None


def seal_of(pull: PullRequest | None, key: bytes) -> Seal | None:
    """What signs the state of a pull request, where there is a key."""
    return Seal(key, pull.repository_id, pull.number) if pull and key else None


async def _reviewed(ports: Ports, start: Start) -> Review:
    """Decide what to read of a change, find what can be found, and account for every line and every known finding."""
    prepared = await _prepared(ports, start)
    ports.watch.planned(start.change, start.diff, len(prepared.plan.chunks) if ports.model else 0)
    told = await _told(ports, start, prepared)
    if ports.record is not None:
        await aside(ports.record.keep, _inputs(start, prepared, told))
    review = review_of(start, prepared, told)
    if ports.spending and review.dollars:
        await aside(ports.spending.add, review.dollars)
    return review


async def _prepared(ports: Ports, start: Start) -> Prepared:
    """What is read, in which requests, and which known findings go along with them."""
    change, diff, policy = start.change, start.diff, start.policy
    (tree, blind), known, attributes = await asyncio.gather(
        _tree(ports, start), aside(ports.source.contents, diff), aside(ports.source.attributes, change)
    )
    contents = completed(diff, known, tree)
    named = read_attributes(attributes)
    selection = select(diff, filters=policy.filters, attributes=named, versions=_versions(contents))
    images = image_files(diff, filters=policy.filters, attributes=named)
    earlier = tuple(index for index in images if (index, 0) in start.answered)
    gathered = await _gathered(ports, start, [index for index in images if index not in earlier])
    anchors = Anchors(Shown(diff))
    guidelines = guidelines_of(diff, selection.kept, contents, tree) if start.guidelines is None else start.guidelines
    shared = _prefix(anchors.shown, selection, change, policy, guidelines)
    plan = await planning.plan(
        diff,
        selection.kept,
        _budget(policy, shared),
        start.answered,
        ports.gauge,
        model=policy.model,
        sample=lambda chunk: ask_about(shared, part_of(anchors.shown, chunk)),
    )
    context_tokens, around = allowed(policy, plan), start.around
    if around is None:
        wanting = _hunks_of(plan) if context_tokens else frozenset()
        around = await aside(surroundings_of, diff, wanting, tree, hides(policy.filters, named))
    plan = replace(plan, estimate=summed(plan.estimate, estimate_of(around, plan, diff, context_tokens, policy)))
    album = album_of(gathered, shared, policy.price, policy.max_cost - plan.estimate.dollars)
    tracked = track(start.before.known, anchors.shown)
    return Prepared(
        contents=contents,
        attributes=attributes,
        selection=selection,
        gathered=gathered,
        earlier=earlier,
        album=album,
        anchors=anchors,
        shared=shared,
        plan=replace(plan, estimate=summed(plan.estimate, album.estimate)),
        tracked=tracked,
        companions=Companions(tracked, _hunks_of(plan), diff, start.before.words),
        guidelines=guidelines,
        around=around,
        context_tokens=context_tokens,
        blind=blind,
    )


async def _told(ports: Ports, start: Start, prepared: Prepared) -> Told:
    """Ask everybody at the same time."""
    plan = prepared.plan
    report, heard, looked = await asyncio.gather(
        ports.analyzers.run(*_whole_files(start.diff, prepared.selection, prepared.contents)),
        interview.hear(
            ports.model,
            plan.chunks,
            prepared.shared.marked_for(len(plan.chunks)),
            prepared.anchors.shown,
            ports.watch,
            goes_along=prepared.companions,
            around=lambda chunk: prepared.around.of(chunk, start.diff, prepared.context_tokens, start.policy.rules),
            whole=_whole(start),
            pause=partial(asyncio.sleep, start.policy.cache_pause),
        ),
        looking.look(ports.model, prepared.shared, prepared.album),
    )
    told = Told(report, heard, looked, asked=ports.model is not None)
    return replace(told, verified=await _verified(ports, start, prepared, told))


async def _verified(ports: Ports, start: Start, prepared: Prepared, told: Told) -> Verified:
    """What a second look makes of what was found, for the money that is left."""
    policy, spent = start.policy, told.heard.usage + told.looked.usage
    if ports.model is None or not policy.verifies:
        return NOT_VERIFIED
    read = [piece for result in told.heard.results for piece in result.chunk.pieces]
    material = Material(start.diff, prepared.around, prepared.shared, prepared.plan.estimate.input_tokens)
    found = [finding for part in placed_of(told, prepared, start.diff) for finding in part.findings]
    groups = grouped(found, read, material)
    left = policy.max_cost - dollars_of(spent, policy.price)
    words, shown = prompts.verify_words(), prepared.anchors.shown
    asked = [(group, ask_verdicts(words, prepared.shared, shown, group)) for group in groups]
    return await verifying.verify(ports.model, asked, shown, replace(policy, max_cost=left))


async def _tree(ports: Ports, start: Start) -> tuple[Tree, str]:
    """The repository around the change, or the sentence why it could not be read. The change is reviewed anyway."""
    if ports.trees is None:
        return NO_TREE, ""
    try:
        return await aside(ports.trees.tree, start.change), ""
    except OutsideError as error:
        return NO_TREE, str(error)


async def _gathered(ports: Ports, start: Start, images: Sequence[int]) -> Gathered:
    """The images, where somebody is there to look at them."""
    bounds = bounds_of(start.policy.rules)
    if ports.pictures is None or ports.model is None or bounds is None:
        return NO_PICTURES
    return await aside(ports.pictures.gather, start.change, start.diff, images, bounds)


def _whole(start: Start) -> Whole:
    """What the overview is about besides the lines that are read now."""
    before = start.before
    return Whole(not start.answered, tuple((before.summaries or {}).items()), before.overview)


def _refuse_closed(change: Change, policy: Policy) -> None:
    """Before anything is spent: what is closed would not be posted on."""
    pull = change.pull_request
    if policy.post and pull is not None and pull.state is not PullRequestState.OPEN:
        raise Misuse(f"{pull.name} is {pull.state}, and reviews are posted on open ones; review it without posting.")


def _refuse_needless(change: Change, standing: Standing | None, wish: Wish) -> None:
    """Where reviews follow from events, one may be late: another has been there for its commit, or a newer one is."""
    if wish.head and wish.head != change.head:
        raise Moved(change.head)
    seal = seal_of(change.pull_request, wish.state_key)
    if wish.once and standing and is_reviewed(standing, seal, change.head, change.base):
        raise Misuse(f"{change.head[:7]} has been reviewed; ask for it by hand to have it read again.")


def _prefix(
    shown: Shown, selection: Selection, change: Change, policy: Policy, guidelines: Sequence[Guideline]
) -> Prefix:
    context = context_of(shown, selection, change.title, change.pull_request, guidelines)
    asking = Asking(
        model=policy.model,
        max_tokens=policy.max_tokens,
        language=policy.language,
        effort=policy.effort,
        thinks=policy.thinking,
        instructions=policy.instructions,
        book=policy.book,
    )
    return Prefix(prompts.review_prompts(), asking, context)


def _budget(policy: Policy, shared: Prefix) -> Budget:
    overhead = request_overhead(shared.tokens, policy.rules)
    return Budget(policy.rules, policy.chunk_tokens, policy.max_cost, policy.price, overhead)


def _hunks_of(plan: Plan) -> frozenset[HunkKey]:
    return frozenset((piece.file, piece.hunk) for chunk in plan.chunks for piece in chunk.pieces)


def _inputs(start: Start, prepared: Prepared, told: Told) -> Inputs:
    return Inputs(
        policy=start.policy,
        change=start.change,
        contents=prepared.contents,
        attributes=prepared.attributes,
        report=told.report,
        asked=told.asked,
        before=start.before,
        answered=start.answered,
        notices=start.notices,
        rules=start.rules,
        pictures=prepared.gathered,
        ratio=prepared.plan.estimate.ratio,
        around=prepared.around,
        guidelines=prepared.guidelines,
    )


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
