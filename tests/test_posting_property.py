"""Whatever the change and whatever the model claims, GitHub refuses nothing and no finding is lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.clients.github.publish import PullRequestPage
from bot.core.anchors import Anchors
from bot.core.change import Change
from bot.core.chunking import Budget, pack
from bot.core.diff import Diff
from bot.core.ledger import Entry, Reason, balance
from bot.core.models import Category, Finding, Severity, Side
from bot.core.outcome import conclude
from bot.core.patch import parse
from bot.core.patch_writer import render
from bot.core.placement import Placed, place
from bot.core.posting import Obstacle, decide
from bot.core.pull_request import Branch, PullRequest, PullRequestState
from bot.core.ranking import inline, rank
from bot.core.replies import Claim
from bot.core.review import Review
from bot.core.selection import select
from bot.core.visible import Shown, printable, shown_lines
from tests.core.strategies import diffs
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakePullRequest, ReviewComment

CASES, FINDINGS = 400, 5  # 2,000 findings in all
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    """One GitHub for all cases; each has a pull request of its own."""
    with FakeGitHub() as made:
        yield made


@pytest.fixture(scope="module")
def door(github: FakeGitHub) -> Iterator[GitHub]:
    """A connection to it."""
    with GitHub(Access(github.api_url, SecretStr(github.token))) as made:
        yield made


@st.composite
def claims(draw: st.DrawFn, diff: Diff) -> Claim:
    """A claim about some line of the change, more or less right: side, number, quote, range and path may be off."""
    rows = [(file, hunk, line) for file in diff.files for hunk in file.hunks for line in hunk.lines]
    file, hunk, line = draw(st.sampled_from(rows))
    text = shown_lines(hunk)[hunk.lines.index(line)]
    noise = draw(st.sampled_from([0, 0, 0, 1, -1, 3, 40, -900]))
    spelled = draw(st.sampled_from(["{}", "{}", "./{}", "b/{}", "nowhere/{}"])).format(printable(file.path))
    number = line.number + noise
    return Claim(
        path=spelled,
        side=draw(st.sampled_from([line.side, line.side, Side.LEFT, Side.RIGHT])),
        start_line=number - draw(st.sampled_from([0, 0, 1, 2, 5, -3])),
        line=number,
        quote=draw(st.sampled_from([text, text, text, f"  {text} ", text[:3], f"{text}!", ""])),
        severity=draw(st.sampled_from(Severity)),
        category=draw(st.sampled_from(Category)),
        title=draw(st.sampled_from(["It breaks", "It leaks", "@all fixes #1"])) + f" {draw(st.integers(0, 999_999))}",
        body=draw(st.sampled_from(["`x` is y.", "", "```suggestion\nrm\n```\n</details>", "x" * 70_000])),
        scenario=draw(st.sampled_from(["x is empty, it crashes", ""])),
        suggestion=draw(st.sampled_from([None, None, text, "other", "```\nout of the block", ""])),
        confidence=draw(st.floats(0, 1)),
    )


def reviewed(pull: FakePullRequest, diff: Diff, said: Sequence[Claim]) -> tuple[Review, Placed]:
    """What the story makes of the claims, without a model and without analyzers."""
    selection = select(diff)
    plan = pack(diff, selection.kept, Budget("claude-opus-4-6"))
    placed = place(said, Anchors(Shown(diff)), diff)
    ranking = rank([], [placed])
    answered = [Entry(piece.file, Reason.ANSWERED, *piece.ordinals) for chunk in plan.chunks for piece in chunk.pieces]
    ledger = balance(diff, [*selection.left_out, *plan.left_out, *answered])
    about = _about(pull)
    review = Review(
        change=Change(pull.patch, about.name, pull.merge_base, pull.head_sha, about),
        diff=diff,
        plan=plan,
        findings=ranking.said,
        analyzers=(),
        ledger=ledger,
        outcome=conclude(ledger),
        asked=True,
        model="claude-opus-4-6",
        prompts="00000000",
        version="0",
        comments=inline(ranking.said, most=10, fits=diff.carries),
        unplaced=ranking.unplaced,
        doubtful=ranking.doubtful,
    )
    return review, placed


def _about(pull: FakePullRequest) -> PullRequest:
    return PullRequest(
        repository="acme/papers",
        repository_id=pull.repository.id,
        number=pull.number,
        url=f"https://github.example/acme/papers/pull/{pull.number}",
        title="T",
        body="B",
        author="alice",
        association="NONE",
        state=PullRequestState.OPEN,
        draft=False,
        labels=(),
        base=Branch(pull.base_sha, "main", "acme/papers"),
        head=Branch(pull.head_sha, "feature", "acme/papers"),
        fork=False,
        merge_base=pull.merge_base,
        commits=(),
    )


@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(made=diffs.filter(lambda diff: any(file.hunks for file in diff.files)), data=st.data())
def test_github_refuses_nothing_and_no_finding_is_lost(
    github: FakeGitHub, door: GitHub, made: Diff, data: st.DataObject
) -> None:
    """2,000 claims: each ends on a line that reads as its quote, or in the summary; no request is refused."""
    number = next(NUMBERS)
    pull = github.pull_request("acme/papers", number, patch=render(made))
    diff = parse(pull.patch)
    said = data.draw(st.lists(claims(diff), min_size=FINDINGS, max_size=FINDINGS))
    review, placed = reviewed(pull, diff, said)
    assert len(placed.findings) + len(placed.unplaced) == len(said)
    page = PullRequestPage(door, "acme", "papers", number)
    posting = decide(review, page.standing())
    assert not isinstance(posting, Obstacle)
    if posting.review:
        page.post_review(posting.review)
    page.post_summary(posting.summary, posting.replaces)
    assert github.problems == []
    comments = pull.reviews[0].comments if pull.reviews else []
    for finding in review.comments:
        assert _reads_as(comments, finding)
    (summary,) = pull.issue_comments
    words = summary.body.replace("\\", "")
    for finding in (*review.said, *review.doubtful):
        assert finding.title.rsplit(" ", 1)[-1] in words, "every finding is named in the summary"


def _reads_as(comments: Sequence[ReviewComment], finding: Finding) -> bool:
    """Whether a comment stands where the finding is, and what it stands on is what was quoted."""
    place = finding.location
    for comment in comments:
        if (comment.path, comment.side, comment.line) == (place.path, place.side.value, place.line):
            within = place.start_line is not None
            return within or printable(comment.text).split() == finding.quote.split("\n")[-1].split()
    return False
