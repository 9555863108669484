"""What is to be posted on a pull request, given what stands there already, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.known import Fate, Known
from bot.core.ladder import part_of_run, rungs
from bot.core.marker import State, is_summary, read_finding, read_state, run_id
from bot.core.models import Side
from bot.core.others import paired
from bot.core.outcome import Ending
from bot.core.policy import Skip
from bot.core.pull_request import PullRequest
from bot.core.recall import summary_of
from bot.core.rendering.comments import (
    answer_fixed,
    description,
    file_comment,
    fixed_comment,
    inline_comment,
    is_fixed,
    review_body,
)
from bot.core.rendering.gated import is_noted, noted
from bot.core.review import Review
from bot.core.sanitize import phrase
from bot.core.standing import OwnComment, Standing, Thread


@dataclass(frozen=True, slots=True)
class InlineComment:
    """A comment on one line, or on a run of lines that ends in `line`; `start_line` is None for a single line.

    `name` is the finding's.
    """

    path: str
    side: Side
    line: int
    start_line: int | None
    body: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """One review with all its inline comments, pinned to a commit. Its event is always COMMENT.

    `run_id` stands hidden in `body`: by it a review is found again after an unclear answer.
    """

    commit: str
    run_id: str
    body: str
    comments: tuple[InlineComment, ...]

    def halves(self) -> tuple[ReviewDraft, ReviewDraft]:
        """Two reviews with half of the comments each: GitHub takes or refuses a review as a whole."""
        middle = len(self.comments) // 2
        return self._with(self.comments[:middle]), self._with(self.comments[middle:])

    def _with(self, comments: tuple[InlineComment, ...]) -> ReviewDraft:
        return draft_of(self.commit, self.run_id, comments)


def draft_of(commit: str, run: str, comments: tuple[InlineComment, ...]) -> ReviewDraft:
    """The review of these comments; its own name says which run it belongs to, and which findings are in it."""
    part = part_of_run(run, (comment.name for comment in comments))
    return ReviewDraft(commit, part, review_body(len(comments), commit, part), comments)


@dataclass(frozen=True, slots=True)
class FileComment:
    """A comment on a file as a whole, for what has no line; pinned to a commit. A request of its own on GitHub.

    `name` is the finding's, which stands hidden in `body`: by it the comment is found again after an unclear answer.
    """

    commit: str
    path: str
    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for a comment of our own, by its GraphQL id."""

    node: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Words to say in a thread, by its GraphQL id. The hidden mark in `body` tells whether they were said before."""

    thread: str
    body: str


@dataclass(frozen=True, slots=True)
class Mending:
    """What is done to threads of our own: comments edited, threads resolved or opened again, words said in them.

    `summary` is what is written over our summary in the same breath, where there is one.
    """

    edits: tuple[Edit, ...] = ()
    resolve: tuple[str, ...] = ()
    reopen: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    summary: Edit | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.edits or self.resolve or self.reopen or self.answers)


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be written: a review with comments, comments on files, what is done to threads, and the summary.

    `said` are the names of the findings that have a comment already. The summary goes over the comment `over`, where
    there is one. `description` is a text for a pull request that has none, '' to leave it. `summary` is
    the summary where it does not hang on what becomes of the rest, '' else.
    """

    review: ReviewDraft | None
    on_files: tuple[FileComment, ...]
    mending: Mending
    said: frozenset[str]
    over: OwnComment | None
    description: str = ""
    summary: str = ""

    @property
    def replaces(self) -> int | None:
        """The comment that the summary goes over, by its id of the REST API."""
        return self.over.id if self.over else None


@dataclass(frozen=True, slots=True)
class Doubles:
    """What is to be taken back, as another run had said it before: comments and summaries, by their ids in REST.

    `names` are the findings of those comments. `said` are the findings that still have a comment then, `stays` is the
    summary that stays.
    """

    comments: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    summaries: tuple[int, ...] = ()
    said: frozenset[str] = frozenset()
    stays: OwnComment | None = None


class Obstacle(StrEnum):
    """Why nothing is posted."""

    SUPERSEDED = "superseded"
    CLOSED = "closed"
    BETTER_STANDS = "better stands"
    GATED = "gated"


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the obstacle and the head that stands there, or the summary's address and how many comments.

    `mended` counts our comments that now say that their finding is fixed. `problems` are GitHub's sentences where it
    would not take the comments, the summary, or answer at all.
    """

    head: str = ""
    obstacle: Obstacle | None = None
    comments: int = 0
    mended: int = 0
    summary_url: str = ""
    problems: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all that was to be posted stands there."""
        return self.obstacle in {None, Obstacle.GATED} and not self.problems


def decide(review: Review, standing: Standing) -> Posting | Obstacle:
    """Tell what to write on the pull request that was reviewed, given what stands there now.

    A review of another head than the present one is out of date, and its lines may be others: nothing of it is posted.
    A run that failed does not take the place of one that read this head. What another run said meanwhile is not said
    again.
    """
    pull = review.change.pull_request
    if pull is None:
        raise ValueError("only the review of a pull request can be posted")
    if standing.head != pull.head.sha:
        return Obstacle.SUPERSEDED
    if not standing.open:
        return Obstacle.CLOSED
    own = own_summary(standing)
    if review.gate is not None:
        return _of_gated(review.gate, own, standing)
    earlier = _earlier(own, standing.head)
    if review.outcome.ending is Ending.FAILED and earlier and earlier.ending in {Ending.COMPLETE, Ending.PARTIAL}:
        return Obstacle.BETTER_STANDS
    said = _said(standing.threads)
    meanwhile = _said_meanwhile(review, said)
    news = [each for each in review.news if each.id not in meanwhile]
    # What was said by a run of ours that was ended keeps its place, so that no other finding takes it.
    ladder = rungs(news, review.diff, most=review.policy.max_comments)
    head, run = pull.head.sha, run_id(pull.repository_id, pull.number, pull.head.sha)
    comments = tuple(_comment(review, each) for each in ladder.inline if each.id not in said)
    return Posting(
        review=draft_of(head, run, comments) if comments else None,
        on_files=tuple(
            FileComment(head, each.finding.location.path, each.id, _in_words(review, each))
            for each in ladder.on_files
            if each.id not in said
        ),
        mending=_mending(review, standing.threads),
        said=frozenset(said),
        over=own,
        description=_description(review, pull, standing),
        summary=_as_we_wrote(own.body) if own and earlier and _is_as_told(review, earlier, own.body) else "",
    )


def _is_as_told(review: Review, earlier: State, body: str) -> bool:
    """Whether the summary of this very head can stay: nothing was asked since, and nobody did anything about it.

    It tells what was read, what was new and what it cost, which a second look does not know any more.
    """
    if review.life.since != earlier.head or review.requests or review.news or is_noted(body):
        return False
    if review.outcome.ending != earlier.ending or not all(phrase(notice) in body for notice in review.notices):
        return False
    return {_sign(each) for each in review.life.known} == {_sign(each) for each in earlier.known}


def _sign(known: Known) -> tuple[str, Fate, str, bool]:
    return known.id, known.fate, known.note, known.binding


def _of_gated(gate: Skip, own: OwnComment | None, standing: Standing) -> Posting | Obstacle:
    """Nothing was reviewed. The summary of earlier commits says so; what it handed on stays in it as it is.

    Where that is the summary of another account that we trust, ours is a copy of it: it is the one that counts from
    then on (`core.recall.summary_of`), so nothing that was handed on may be missing in it.
    """
    counts = summary_of(standing)
    if own is None and not gate.told:
        return Obstacle.GATED
    if counts is None:
        return Posting(None, (), Mending(), frozenset(), None)
    state = read_state(counts.body)
    read = state.head if isinstance(state, State) else ""
    if read == standing.head:
        return Obstacle.GATED
    body = noted(_as_we_wrote(counts.body), read, gate.reason)
    return Obstacle.GATED if body == counts.body else Posting(None, (), Mending(), frozenset(), own, summary=body)


def _as_we_wrote(body: str) -> str:
    """A summary without what somebody put above it: it begins with its state, by which it is found again."""
    lines = body.split("\n")
    first = next((at for at, line in enumerate(lines) if is_summary(line)), 0)
    return "\n".join(lines[first:])


def own_summary(standing: Standing) -> OwnComment | None:
    """Our summary, the oldest where there are several: another run may have written one at the same time."""
    return next(iter(_own_summaries(standing)), None)


def _own_summaries(standing: Standing) -> list[OwnComment]:
    return [comment for comment in standing.comments if comment.ours and is_summary(comment.body)]


def _earlier(own: OwnComment | None, head: str) -> State | None:
    """What our summary says of this head; None where it was made for another."""
    state = read_state(own.body) if own else None
    return state if isinstance(state, State) and state.head == head else None


def _said(threads: Iterable[Thread]) -> dict[str, Known]:
    """What has a comment already, by name."""
    read = (read_finding(thread.comment.body) for thread in threads)
    return {known.id: known for known in read if known is not None}


def _said_meanwhile(review: Review, said: dict[str, Known]) -> frozenset[str]:
    """The new findings that another run has said since this one began, perhaps under another name."""
    ours = {each.id for each in review.life.known}
    others = [known for name, known in said.items() if name not in ours]
    news = [each for each in review.news if each.id not in said]
    twice = paired(news, others, review)
    return frozenset(each.id for each in news if each.finding in twice)


def _comment(review: Review, known: Known) -> InlineComment:
    place = known.finding.location
    body = _in_words(review, known)
    return InlineComment(place.path, place.side, place.line, place.start_line, body, known.id)


def _mending(review: Review, threads: Iterable[Thread]) -> Mending:
    """What is to be done to our threads. What the thread says already is not said again, so nothing is lost either."""
    known = {each.id: each for each in review.life.known}
    edits: list[Edit] = []
    resolve: list[str] = []
    reopen: list[str] = []
    answers: list[Answer] = []
    for thread in threads:
        said = read_finding(thread.comment.body)
        each = known.get(said.id) if said else None
        if each is None or not thread.comment.ours:
            continue
        fixed = is_fixed(thread.comment.body)
        if each.fate is Fate.FIXED and not fixed:
            edits.append(Edit(thread.comment.node, fixed_comment(each, thread.comment.body)))
            # Where a person had the last word, the thread is theirs to close.
            if thread.resolvable and not thread.resolved and not thread.last_word:
                resolve.append(thread.id)
            if thread.spoken:
                answers.append(Answer(thread.id, answer_fixed(each)))
        elif each.stands and fixed:
            edits.append(Edit(thread.comment.node, _said_again(review, each)))
            if thread.resolved:
                reopen.append(thread.id)
    return Mending(tuple(edits), tuple(resolve), tuple(reopen), tuple(answers))


def _in_words(review: Review, known: Known) -> str:
    """The comment of a finding, on its line if it can stand there."""
    write = inline_comment if known.placed and review.diff.carries(known.finding.location) else file_comment
    policy = review.policy
    return write(known, commands=policy.serves_commands, home=review.home, language=policy.language)


def _said_again(review: Review, known: Known) -> str:
    """The comment of a finding that is back. It stands on its old lines: there no suggestion is to be applied."""
    return _in_words(review, replace(known, finding=replace(known.finding, applies=False)))


def _description(review: Review, pull: PullRequest, standing: Standing) -> str:
    """A description for a pull request without one, if the policy asks for it. A person's words are never touched."""
    if not review.policy.describe or review.overview is None or pull.body.strip() or standing.description.strip():
        return ""
    return description(review.overview, review.home)


def doubles(review: Review, mine: frozenset[str], before: Standing, after: Standing) -> Doubles:
    """What stands twice after all, as two runs wrote at the same time: of two comments the later one goes, if ours.

    `mine` are the findings that this run posted. Both runs pair the comments in the same way, so one of the two stays.
    Of our summaries all go but the oldest.
    """
    known_ids = {thread.comment.id for thread in before.threads}
    read = [(thread, said) for thread in after.threads if (said := read_finding(thread.comment.body))]
    posted: dict[str, list[_Said]] = {}
    for place, (thread, said) in enumerate(read):
        if thread.comment.id not in known_ids:
            posted.setdefault(said.id, []).append(_Said(place, thread.comment, said))
    own = {each.id: each for each in review.news if each.id in mine and each.id in posted}
    late = [each for name in own for each in posted[name][1:]] + _later_of_pairs(review, own, posted)
    gone = {each.comment.id: each.known.id for each in late if each.comment.ours}
    summaries = _own_summaries(after)
    return Doubles(
        comments=tuple(sorted(gone)),
        names=frozenset(gone.values()),
        summaries=tuple(each.id for each in summaries[1:]),
        said=frozenset(said.id for thread, said in read if thread.comment.id not in gone),
        stays=own_summary(after),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A comment on a finding, and its place in the order of writing."""

    place: int
    comment: OwnComment
    known: Known


def _later_of_pairs(review: Review, own: Mapping[str, Known], posted: Mapping[str, Sequence[_Said]]) -> list[_Said]:
    """Our comments that another run made before us under another name, paired one to one.

    What stands twice under one name is a pair already.
    """
    ours = {known: posted[name][0] for name, known in own.items() if len(posted[name]) == 1}
    others = {name: said[0] for name, said in posted.items() if name not in own}
    # As they were written: so that the other run, which holds ours against its own, comes to the same pairs.
    in_order = sorted(ours, key=lambda known: ours[known].place)
    pairs = paired(in_order, [each.known for each in others.values()], review)
    both = ((said, others[pairs[known.finding].id]) for known, said in ours.items() if known.finding in pairs)
    return [each for each, other in both if other.place < each.place]
