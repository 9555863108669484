"""What stands on a pull request: what we wrote there, what people made of it, and when they were last heard.

One GraphQL request tells all of an ordinary pull request. Only what our own account wrote is believed, and what an
account wrote that we were told to trust: a mark in someone else's words says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.clients.github.objections import is_author, objections, signs
from bot.clients.github.page_answers import (
    CommentNode,
    OpeningNode,
    Page,
    ReviewNode,
    StandingAnswer,
    StandingPull,
    ThreadCommentNode,
    ThreadNode,
    Written,
)
from bot.clients.github.people import People, Permissions, marked
from bot.core.commands import Verb, read_command
from bot.core.standing import Halt, OwnComment, OwnReview, Standing, Thread
from bot.errors import Misuse

_FINDING_MARK = re.compile(r"^<!-- plumbline-finding:\d+ (\w+)", re.MULTILINE)
_FIXED_MARK = re.compile(r"^<!-- plumbline-fixed", re.MULTILINE)
_Node = TypeVar("_Node")
_Own = TypeVar("_Own", bound=Written)
# Two thousand comments, reviews and threads; the marks that matter are among the latest ones.
_MOST_PAGES = 20
# GitHub counts what is asked for, not what is there; reactions are asked of the first comment of a thread alone:
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
_STANDING = """
query($owner: String!, $repo: String!, $number: Int!, $comments: Boolean!, $reviews: Boolean!, $threads: Boolean!,
      $commentsBefore: String, $reviewsBefore: String, $threadsBefore: String) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    nameWithOwner
    pullRequest(number: $number) {
      headRefOid
      state
      body
      author { __typename login }
      authorAssociation
      comments(last: 100, before: $commentsBefore) @include(if: $comments) {
        nodes { id fullDatabaseId url body createdAt viewerDidAuthor author { __typename login } }
        pageInfo { hasPreviousPage startCursor }
      }
      reviews(last: 100, before: $reviewsBefore) @include(if: $reviews) {
        nodes { url body state submittedAt viewerDidAuthor author { __typename login } commit { oid } }
        pageInfo { hasPreviousPage startCursor }
      }
      reviewThreads(last: 100, before: $threadsBefore) @include(if: $threads) {
        nodes {
          id
          path
          isResolved
          viewerCanResolve
          resolvedBy { login }
          opening: comments(first: 1) {
            nodes {
              id url body createdAt viewerDidAuthor author { __typename login }
              pullRequestReview { state }
              reactions(content: THUMBS_DOWN, first: 100) { nodes { createdAt user { login } } totalCount }
            }
          }
          latest: comments(last: 30) {
            nodes { id url body createdAt viewerDidAuthor author { __typename login } }
            totalCount
          }
        }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
}
"""


def first_line(body: str) -> str:
    """The first line: in it stands the mark by which a summary, or an answer in a thread, is found again."""
    return body.split("\n", 1)[0].rstrip()


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that was read of the pull request, the oldest first. `viewer` is the login of our own token."""

    viewer: str
    pull: StandingPull
    comments: tuple[CommentNode, ...]
    reviews: tuple[ReviewNode, ...]
    threads: tuple[ThreadNode, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which parts are asked for, and from where on towards older ones."""

    comments: bool = True
    reviews: bool = True
    threads: bool = True
    comments_before: str | None = None
    reviews_before: str | None = None
    threads_before: str | None = None


class PageReader:
    """Reads what stands on a pull request. All methods block; they raise Rejected, Transient, BadReply and Misuse.

    `path` is the repository's in the REST API, under its present name once something was read.
    """

    def __init__(
        self, github: GitHub, owner: str, repo: str, number: int, *, trusted: frozenset[str] = frozenset()
    ) -> None:
        self._github = github
        self._owner = owner
        self._repo = repo
        self._number = number
        self._trusted = trusted
        self.about = f"{owner}/{repo}#{number}"
        self.path = f"/repos/{quote(owner)}/{quote(repo)}"
        self._permissions = Permissions(github, self.about, lambda: self.path)

    def standing(self) -> Standing:
        """What stands there now. Whoever objects is asked for at GitHub once, for as long as this object lives."""
        sheet = self.sheet()
        people = People(sheet.viewer, self._trusted)
        openings = [each for thread in sheet.threads for each in thread.opening.nodes]
        return Standing(
            head=sheet.pull.head,
            open=sheet.pull.state == "OPEN",
            comments=tuple(
                _own_comment(each) for each in sheet.comments if people.believes(each) and marked(each.body)
            ),
            reviews=tuple(
                OwnReview(each.url, each.body, each.commit.oid if each.commit else "")
                for each in sheet.reviews
                if people.believes(each) and marked(each.body) and not each.pending
            ),
            threads=tuple(self._threads(sheet, people)),
            description=sheet.pull.body,
            heard=max(_heard(sheet, people), default=""),
            marks=frozenset(name for each in openings for name in _FINDING_MARK.findall(each.body)),
            unmarked=frozenset(
                thread.path
                for thread in sheet.threads
                for each in thread.opening.nodes
                if people.believes(each) and not marked(each.body)
            ),
            halts=tuple(self._halts(sheet, people)),
        )

    def sheet(self, *, threads: bool = True) -> Sheet:
        """Everything that was written there, page by page."""
        comments: list[CommentNode] = []
        reviews: list[ReviewNode] = []
        all_threads: list[ThreadNode] = []
        wanted = _Wanted(threads=threads)
        for _ in range(_MOST_PAGES):
            answer = self._look(wanted)
            pull = answer.repository.pull
            comments[:0] = _nodes(pull.comments)
            reviews[:0] = _nodes(pull.reviews)
            all_threads[:0] = _nodes(pull.threads)
            wanted = _older(pull)
            if not (wanted.comments or wanted.reviews or wanted.threads):
                break
        return Sheet(answer.viewer.login, pull, tuple(comments), tuple(reviews), tuple(all_threads))

    def own_comments(self) -> list[CommentNode]:
        """Our own comments among the newest hundred."""
        return _own(_nodes(self._newest(_Wanted(reviews=False, threads=False)).comments))

    def own_reviews(self) -> list[ReviewNode]:
        """Our own reviews among the newest hundred, pending ones too."""
        return _own(_nodes(self._newest(_Wanted(comments=False, threads=False)).reviews))

    def threads(self) -> tuple[ThreadNode, ...]:
        """The newest hundred threads, whoever opened them."""
        return _nodes(self._newest(_Wanted(comments=False, reviews=False)).threads)

    def refuse_strangers(self) -> None:
        """GraphQL, and any write, takes a token. Raises Misuse without one."""
        if not self._github.known:
            raise Misuse(f"Posting on {self.about} takes a token; set GITHUB_TOKEN.")

    def _newest(self, wanted: _Wanted) -> StandingPull:
        return self._look(wanted).repository.pull

    def _look(self, wanted: _Wanted) -> StandingAnswer:
        self.refuse_strangers()
        said = self._github.query(
            _STANDING,
            self.about,
            owner=self._owner,
            repo=self._repo,
            number=self._number,
            comments=wanted.comments,
            reviews=wanted.reviews,
            threads=wanted.threads,
            commentsBefore=wanted.comments_before,
            reviewsBefore=wanted.reviews_before,
            threadsBefore=wanted.threads_before,
        )
        answer = read(StandingAnswer, said, self.about)
        # GraphQL follows a renamed repository; REST answers writes to its old name with 307, which is not followed.
        self.path = f"/repos/{answer.repository.name}"
        return answer

    def _threads(self, sheet: Sheet, people: People) -> Iterator[Thread]:
        """The threads that a finding of ours opened. GitHub does not say in which order it lists them."""
        opened = [(thread.opening.nodes[0], thread) for thread in sheet.threads if thread.opening.nodes]
        for opening, thread in sorted(opened, key=lambda each: each[0].id):
            if people.believes(opening) and not opening.pending and _FINDING_MARK.search(opening.body):
                yield self._thread(thread, opening, sheet.pull, people)

    def _halts(self, sheet: Sheet, people: People) -> Iterator[Halt]:
        for by, holds in _halting(sheet, people):
            writes = self._permissions.writes(by)
            if writes or is_author(by, sheet.pull):
                yield Halt(by, writes, holds)
            if writes:
                return

    def _thread(self, thread: ThreadNode, opening: OpeningNode, pull: StandingPull, people: People) -> Thread:
        answers = [people.believes(each) and bool(_FIXED_MARK.search(each.body)) for each in thread.latest.nodes]
        said = [people.is_spoken(each) for each, answer in zip(thread.latest.nodes, answers, strict=True) if not answer]
        return Thread(
            id=thread.id,
            comment=_own_comment(opening),
            path=thread.path,
            resolved=thread.resolved,
            resolvable=thread.resolvable,
            spoken=any(said),
            last_word=bool(said) and said[-1],
            answered=any(answers),
            objections=tuple(objections(thread, pull, people, self._permissions.writes)),
            signs=frozenset(signs(thread, people)),
            whole=thread.latest.whole and opening.reactions.whole,
        )


def _halting(sheet: Sheet, people: People) -> Iterator[tuple[str, bool]]:
    """Who asked to pause (True) or to go on, the newest first."""
    written: list[Written] = [*sheet.comments, *(each for thread in sheet.threads for each in thread.latest.nodes)]
    for each in sorted(written, key=lambda each: each.at, reverse=True):
        command = read_command(each.body, people.slug) if each.author and people.is_spoken(each) else None
        if command and each.author and command.verb in {Verb.PAUSE, Verb.RESUME}:
            yield each.author.login, command.verb is Verb.PAUSE


def _heard(sheet: Sheet, people: People) -> Iterator[str]:
    """The times of people's words and thumbs-down."""
    openings = [each for thread in sheet.threads for each in thread.opening.nodes]
    latest: Iterable[ThreadCommentNode] = (each for thread in sheet.threads for each in thread.latest.nodes)
    written: list[Written] = [*sheet.comments, *sheet.reviews, *openings, *latest]
    yield from (each.at for each in written if people.is_spoken(each))
    for reaction in (each for opening in openings for each in opening.reactions.nodes):
        if people.is_person(reaction.user):
            yield reaction.created


def _own_comment(node: CommentNode | ThreadCommentNode) -> OwnComment:
    return OwnComment(node.id, node.url, node.body, node.node, node.ours)


def _nodes(page: Page[_Node] | None) -> tuple[_Node, ...]:
    return page.nodes if page else ()


def _own(nodes: Iterable[_Own]) -> list[_Own]:
    return [node for node in nodes if node.ours]


def _older(pull: StandingPull) -> _Wanted:
    """What stands before this page."""
    comments, reviews, threads = _before(pull.comments), _before(pull.reviews), _before(pull.threads)
    return _Wanted(comments is not None, reviews is not None, threads is not None, comments, reviews, threads)


def _before(page: Page[CommentNode] | Page[ReviewNode] | Page[ThreadNode] | None) -> str | None:
    """Where to go on towards older ones."""
    return page.info.start if page and page.info.more else None
