"""What a review changed on a pull request of the fake GitHub, as text that a person can read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.fakes.github_posts import CheckRun, ReviewComment, Status
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_traffic import Received

_MARK = re.compile(r"^<!-- plumbline.*-->\n?", re.MULTILINE)
_FOLDED = re.compile(r"<details><summary>(?:Fixed|Dismissed|No longer in the diff): .*?</details>", re.DOTALL)
# What differs from run to run, or with every release, and is no part of a life.
_PASSING = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://github.com"),
    (re.compile(r"127\.0\.0\.1:\d+"), "api.anthropic.com"),
    (re.compile(r"prompts `[0-9a-f]{8}` · Plumbline [0-9.]+"), "prompts `3f9a1c2e` · Plumbline 0.1.0"),
    (re.compile(r"\d\d:\d\d UTC"), "10:10 UTC"),
    (re.compile(r"#issuecomment-\d+"), "#summary"),
    (re.compile(r"/files#diff-[0-9a-f]{64}"), "/files#diff-"),
)


@dataclass(frozen=True)
class Sight:
    """What stands on a pull request at one moment, by the ids of what stands there."""

    head: str
    comments: Mapping[int, ReviewComment]
    openings: frozenset[int]
    resolved: Mapping[int, str]
    talk: Mapping[int, tuple[str, str]]
    reviews: Mapping[int, tuple[str, str]]
    description: str
    checks: Mapping[int, CheckRun]
    statuses: Mapping[int, Status]


def look(pull: FakePullRequest) -> Sight:
    """What stands there now. Comments, reviews and so on are copies: they stay as they were."""
    threads = pull.threads
    return Sight(
        head=pull.head_sha,
        comments={each.id: replace(each) for each in pull.review_comments},
        openings=frozenset(thread.number for thread in threads),
        resolved={thread.number: thread.resolved_by for thread in threads},
        talk={each.id: (each.author, each.body) for each in pull.issue_comments},
        reviews={each.id: (each.author, each.body) for each in pull.reviews if each.state != "PENDING"},
        description=pull.body or "",
        checks={each.id: replace(each) for each in pull.check_runs},
        statuses={each.id: each for each in pull.statuses},
    )


def is_write(request: Received) -> bool:
    """Whether a request was to change something: GraphQL asks and writes by the same method."""
    body = request.body
    if request.path.endswith("/graphql") and isinstance(body, dict):
        return str(body["query"]).lstrip().startswith("mutation")
    return request.method != "GET"


def is_of_check(request: Received) -> bool:
    """Whether a request was about the check run or the status."""
    return "/check-runs" in request.path or "/statuses/" in request.path


def is_of_archive(request: Received) -> bool:
    """Whether a request was about the repository as a whole: where it is, and the archive itself."""
    return "/tarball/" in request.path or "/_codeload/" in request.path


def visible(body: str) -> str:
    """A body without its marks, and without what differs from run to run."""
    text = _MARK.sub("", body)
    for pattern, shown in _PASSING:
        text = pattern.sub(shown, text)
    return text.strip("\n")


def told(body: str) -> str:
    """What a summary says of the findings that still count: without those that it lists as fixed, dismissed, gone."""
    return _FOLDED.sub("", body)


def box(text: str) -> str:
    """Markdown as text: a fence that nothing in it can close."""
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}markdown\n{text}\n{fence}\n"


def traffic(requests: Sequence[Received], models: int) -> str:
    """How much was asked of whom. Of words about the progress, a check run gets as many as there is time for."""
    kinds = Counter("check" if is_of_check(each) else "write" if is_write(each) else "read" for each in requests)
    checks = ", besides the check run" if kinds["check"] else ""
    return f"GitHub: {_times(kinds['read'], 'read')}, {_times(kinds['write'], 'write')}{checks}. Model: {models} asked."


def _times(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def changes(before: Sight, after: Sight) -> Iterator[str]:
    """What became other between two looks, a paragraph each."""
    for comment in after.comments.values():
        yield from _comment(comment, before, after)
    for number in sorted(before.comments.keys() - after.comments.keys()):
        gone = before.comments[number]
        yield f"**Taken back** a comment on {_place(gone)}\n"
    for number in sorted(after.resolved):
        yield from _resolution(after.comments.get(number), before.resolved.get(number, ""), after.resolved[number])
    for number, (_, body) in after.reviews.items():
        if number in before.reviews and before.reviews[number][1] != body:
            yield f"**A review reworded:** {visible(body)}\n"
    yield from _talk(before, after)
    if before.description != after.description:
        yield f"**The description**\n\n{box(visible(after.description))}"
    yield from _checks(before, after)


def _comment(comment: ReviewComment, before: Sight, after: Sight) -> Iterator[str]:
    known = before.comments.get(comment.id)
    if known is None:
        kind = "New comment" if comment.id in after.openings and comment.thread == comment.id else "Reply in the thread"
        yield f"**{kind}** on {_place(comment)}\n\n{box(visible(comment.body))}"
    elif known.body != comment.body:
        yield f"**Edited** the comment on {_place(comment)}\n\n{box(visible(comment.body))}"


def _place(comment: ReviewComment) -> str:
    if comment.line is None:
        return f"`{comment.path}` as a whole"
    lines = f"{comment.start_line} to {comment.line}" if comment.start_line else f"{comment.line}"
    side = ", removed" if comment.side == "LEFT" else ""
    return f"`{comment.path}`, line {lines}{side}: `{comment.text.strip()}`"


def _resolution(opening: ReviewComment | None, before: str, after: str) -> Iterator[str]:
    if before != after and opening is not None:
        did = f"{after} resolved" if after else f"{before} no longer resolves"
        yield f"**Thread:** {did} the one on {_place(opening)}\n"


def _talk(before: Sight, after: Sight) -> Iterator[str]:
    for number, (_, body) in after.talk.items():
        if number not in before.talk:
            yield f"**New summary**\n\n{box(visible(body))}"
        elif visible(before.talk[number][1]) != visible(body):
            yield f"**Edited the summary**\n\n{box(visible(body))}"
        elif before.talk[number][1] != body:
            yield "**Edited the summary:** only what is hidden in it\n"
    for number in sorted(before.talk.keys() - after.talk.keys()):
        yield f"**Removed** a comment of {before.talk[number][0]}\n"


def _checks(before: Sight, after: Sight) -> Iterator[str]:
    for number, run in after.checks.items():
        if before.checks.get(number) != run:
            end = f"{run.status}, {run.conclusion}" if run.conclusion else run.status
            yield f"**Check run** on `{run.head_sha[:7]}`: {end}: {visible(run.title)}\n"
    for number, status in after.statuses.items():
        if number not in before.statuses:
            yield f"**Status** on `{status.sha[:7]}`: {status.state}: {visible(status.description)}\n"
