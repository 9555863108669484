"""What is done to threads of our own, as few GraphQL documents as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

from bot.clients.github.connection import GitHub
from bot.clients.github.mutations import FieldFailure, Mutation, document, inputs
from bot.clients.github.page import PageReader, first_line
from bot.clients.github.writing import Writer
from bot.core.posting import Mending
from bot.errors import Rejected, Transient

_MOST_MUTATIONS = 25
# What GitHub asks for where it names no time: "wait for at least one minute".
_UNNAMED_WAIT = 60
_UNFINISHED = HTTPStatus.BAD_GATEWAY
_THREAD = "thread { id }"


@dataclass(frozen=True, slots=True)
class _Step:
    """A mutation, and what did not happen if it fails. `thread` is where an answer would be found again, `mark` how.

    An `optional` one may lack its permission; a `needed` one is told as an error.
    """

    mutation: Mutation
    undone: str
    optional: bool = False
    needed: bool = False
    thread: str = ""
    mark: str = ""


class Mender:
    """Carries out a Mending on one pull request. Blocks; raises Rejected, Transient, BadReply and Misuse."""

    def __init__(self, github: GitHub, reader: PageReader, writer: Writer) -> None:
        self._github = github
        self._reader = reader
        self._writer = writer

    def mend(self, mending: Mending) -> tuple[str, ...]:
        """Do all of it that GitHub lets us do, and tell what it refused, a sentence each."""
        self._reader.refuse_strangers()
        steps = _steps(mending)
        problems: list[str] = []
        while batch := list(islice(steps, _MOST_MUTATIONS)):
            pending = _Batch(self._github, self._reader, batch)
            problems += self._writer.once(pending.send, pending.is_done)
        return tuple(problems)


class _Batch:
    """Steps that go into one document. `_left` are those that are not known to be done, or never to be."""

    def __init__(self, github: GitHub, reader: PageReader, steps: Sequence[_Step]) -> None:
        self._github = github
        self._reader = reader
        self._left = list(steps)
        self._problems: list[str] = []

    def send(self) -> list[str]:
        """One try at what is left; gives the problems of all tries. Raises Transient where something is left again."""
        mutations = [step.mutation for step in self._left]
        failures = self._github.mutate(document(mutations), self._reader.about, **inputs(mutations))
        steps, self._left = self._left, []
        failed = {failure.position: failure for failure in failures}
        for position, step in enumerate(steps):
            failure = failed.get(position)
            if failure is None:
                continue
            if failure.limited or failure.unclear:
                self._left.append(step)
            elif not (step.optional and failure.forbidden):
                said = f" ({failure.says})" if failure.says else ""
                sentence = f"{step.undone} on {self._reader.about}{said}; it stays as it is."
                if step.needed:
                    raise Rejected(sentence, kind=failure.kind)
                self._problems.append(sentence)
        self._refuse_unfinished(failures)
        return self._problems

    def _refuse_unfinished(self, failures: Sequence[FieldFailure]) -> None:
        """Have the rest of the steps tried again."""
        about = self._reader.about
        if any(failure.unclear for failure in failures):
            raise Transient(f"GitHub did not finish what it was asked about {about}; try again.", status=_UNFINISHED)
        if any(failure.limited for failure in failures):
            raise Transient(
                f"GitHub asks to slow down on {about}; try again in {_UNNAMED_WAIT} seconds.",
                status=HTTPStatus.TOO_MANY_REQUESTS,
                retry_after=_UNNAMED_WAIT,
            )

    def is_done(self) -> list[str] | None:
        """Edits, and opening or closing a thread, can be done twice without harm; words are looked for first."""
        if any(step.mark for step in self._left):
            said = {
                (thread.id, first_line(comment.body))
                for thread in self._reader.threads()
                for comment in thread.latest.nodes
                if comment.ours
            }
            self._left = [step for step in self._left if (step.thread, step.mark) not in said]
        return None if self._left else self._problems


def _steps(mending: Mending) -> Iterator[_Step]:
    for edit in mending.edits:
        asked = {"pullRequestReviewCommentId": edit.node, "body": edit.body}
        yield _Step(
            Mutation("updatePullRequestReviewComment", asked, "pullRequestReviewComment { id }"),
            "GitHub did not let our comment be edited",
        )
    # Resolving takes more than a default installation has: https://github.com/orgs/community/discussions/44650
    for thread in mending.resolve:
        resolving = Mutation("resolveReviewThread", {"threadId": thread}, _THREAD)
        yield _Step(resolving, "GitHub did not let a thread be resolved", optional=True)
    for thread in mending.reopen:
        reopening = Mutation("unresolveReviewThread", {"threadId": thread}, _THREAD)
        yield _Step(reopening, "GitHub did not let a thread be opened again", optional=True)
    for answer in mending.answers:
        asked = {"pullRequestReviewThreadId": answer.thread, "body": answer.body}
        yield _Step(
            Mutation("addPullRequestReviewThreadReply", asked, "comment { id }"),
            "GitHub did not take an answer in a thread",
            thread=answer.thread,
            mark=first_line(answer.body),
        )
    if mending.summary is not None:
        asked = {"id": mending.summary.node, "body": mending.summary.body}
        yield _Step(
            Mutation("updateIssueComment", asked, "issueComment { id }"),
            "GitHub did not let our summary be edited",
            needed=True,
        )
