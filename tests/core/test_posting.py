"""What is written on a pull request, given what stands there: not twice, not on another head, not beside the diff."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.diff import Diff
from bot.core.ledger import Entry, Ledger, Reason, balance
from bot.core.marker import State, read_state, run_id, run_mark, write_state
from bot.core.models import Finding, Location, Side
from bot.core.placement import Unplaced
from bot.core.posting import Obstacle, Posted, Posting, decide
from bot.core.standing import OwnComment, OwnReview, Standing
from bot.core.ranking import inline
from bot.core.rendering.fate import told
from bot.core.review import Review
from tests.core.strategies import diffs
from tests.core.test_rendering import ANSWERED, FINDING, review
from tests.core.test_requests import PULL

HEAD = PULL.head.sha
OPEN = Standing(HEAD, open=True)
RUN = run_id(PULL.repository_id, PULL.number, HEAD)
OTHER = replace(FINDING, location=Location("app.py", Side.LEFT, 3), title="The old number was right", rule="right")


def pulled(*findings: Finding, comments: tuple[Finding, ...] | None = None) -> Review:
    """A review of the pull request with these findings, all of them to be commented unless told otherwise."""
    made = review(ANSWERED, ANSWERED, findings=findings)
    change = replace(made.change, pull_request=PULL)
    return replace(made, change=change, comments=findings if comments is None else comments)


def decided(made: Review, standing: Standing = OPEN) -> Posting:
    posting = decide(made, standing)
    assert isinstance(posting, Posting)
    return posting


def test_a_review_is_posted_with_its_comments() -> None:
    """One review pinned to the head, a comment for each finding on its line, and a summary that has the rest."""
    ranged = replace(FINDING, location=Location("app.py", Side.RIGHT, 4, 2))
    posting = decided(pulled(ranged, OTHER))
    assert posting.review is not None
    assert (posting.review.commit, posting.review.run_id) == (HEAD, RUN)
    assert posting.review.body.endswith(run_mark(RUN))
    assert posting.review.body.startswith("2 comments on `ccccccc`")
    places = [(each.path, each.side, each.line, each.start_line) for each in posting.review.comments]
    assert places == [("app.py", Side.RIGHT, 4, 2), ("app.py", Side.LEFT, 3, None)]
    assert "The number is wrong" in posting.review.comments[0].body
    assert posting.replaces is None
    state = read_state(posting.summary)
    assert state is not None
    assert (state.head, state.base, state.prompts) == (HEAD, "b" * 40, "0" * 8)
    assert len(state.commented) == len(posting.review.comments)


def test_a_head_that_moved_is_left_alone() -> None:
    """The lines of another head may be others: nothing is posted, open or not."""
    for open_ in (True, False):
        assert decide(pulled(FINDING), Standing("d" * 40, open=open_)) is Obstacle.SUPERSEDED


def test_a_closed_pull_request_is_left_alone() -> None:
    """Nobody waits for a review of what is merged or given up."""
    assert decide(pulled(FINDING), Standing(HEAD, open=False)) is Obstacle.CLOSED


def test_only_a_pull_request_is_posted_on() -> None:
    """A bare patch has no place for a review: asking for it is a defect."""
    with pytest.raises(ValueError, match="pull request"):
        decide(review(ANSWERED, ANSWERED), OPEN)


def test_a_run_is_posted_once() -> None:
    """Where its review stands no other is posted, and the summary is still brought up to date, each finding in full."""
    standing = replace(OPEN, reviews=(OwnReview("u", f"1 comment\n{run_mark(RUN)}", HEAD),))
    posting = decided(pulled(FINDING), standing)
    assert posting.review is None
    assert FINDING.body in posting.summary, "a finding of a later run may stand in no comment"
    assert posting.summary == posting.summary_without_comments


def test_other_runs_do_not_count() -> None:
    """The review of an earlier head, or one without a mark, does not keep this one from being posted."""
    earlier = run_mark(run_id(PULL.repository_id, PULL.number, "d" * 40))
    reviews = (OwnReview("u", f"1 comment\n{earlier}", "d" * 40), OwnReview("u", "a note", HEAD))
    assert decided(pulled(FINDING), replace(OPEN, reviews=reviews)).review is not None


def test_our_own_summary_is_replaced() -> None:
    """Of our comments the first summary is written over, in whatever version; what else we wrote is not touched."""
    comments = (
        OwnComment(1, "u", "an answer to a question"),
        OwnComment(2, "u", f"quoted: `{write_state(State('a', 'b', 'c'))}`"),
        OwnComment(3, "u", "<!-- plumbline:9 AAAA -->\n### Plumbline: nothing found"),
        OwnComment(4, "u", write_state(State("a", "b", "c"))),
    )
    assert decided(pulled(FINDING), replace(OPEN, comments=comments)).replaces == 3
    assert decided(pulled(FINDING), replace(OPEN, comments=comments[:2])).replaces is None


def test_without_comments_there_is_no_review() -> None:
    """An empty review would only make noise: the summary says it all."""
    posting = decided(pulled(FINDING, comments=()))
    assert posting.review is None
    assert FINDING.body in posting.summary


def test_the_summary_tells_what_the_comments_do_not() -> None:
    """A commented finding stands in the table only; should GitHub refuse the comments, all are in full."""
    posting = decided(pulled(FINDING, replace(OTHER, body="It was 3."), comments=(FINDING,)))
    assert FINDING.title in posting.summary
    assert FINDING.body not in posting.summary
    assert "It was 3." in posting.summary
    assert FINDING.body in posting.summary_without_comments


def test_a_finding_beside_the_diff_is_told_in_the_summary() -> None:
    """GitHub refuses a whole review for one wrong line: a comment that it would not take goes to the summary."""
    beside = replace(OTHER, location=Location("app.py", Side.RIGHT, 99), body="Nobody sees line 99.")
    posting = decided(pulled(FINDING, beside))
    assert posting.review is not None
    assert [each.line for each in posting.review.comments] == [3]
    assert "Nobody sees line 99." in posting.summary


_places = st.tuples(st.sampled_from(Side), st.integers(1, 12), st.none() | st.integers(1, 12))


@given(diffs, st.lists(_places, max_size=6), st.integers(-1, 4), st.booleans())
def test_comments_stand_only_where_github_takes_them(
    diff: Diff, places: list[tuple[Side, int, int | None]], most: int, filtered: bool
) -> None:
    """Over any diff and any places: on lines of the diff, both ends in one hunk, no more than allowed, none lost."""
    findings = tuple(
        replace(FINDING, location=Location(file.path, side, line, start), body=f"body{number}.")
        for file in diff.files[:2]
        for number, (side, line, start) in enumerate(places)
    )
    chosen = inline(findings, most=most, fits=diff.carries) if filtered else findings
    assert not filtered or len(chosen) <= max(most, 0)
    made = replace(pulled(*findings, comments=chosen), diff=diff, ledger=unread(diff))
    draft = decided(made).review
    taken = draft.comments if draft else ()
    for path, side, line, start in ((each.path, each.side, each.line, each.start_line) for each in taken):
        (hunk,) = {
            number
            for file in diff.files
            if file.path == path
            for number, hunk in enumerate(file.hunks)
            if {start or line, line} <= {each.number for each in hunk.lines if each.side is side}
        }
        assert hunk >= 0
        assert start is None or start < line
    fitting = [each for each in chosen if diff.carries(each.location)]
    assert len(taken) == len(fitting)


def unread(diff: Diff) -> Ledger:
    """All of a change left to the analyzers."""
    entries = (Entry(index, Reason.NO_MODEL, 0, len(file.changed_lines)) for index, file in enumerate(diff.files))
    return balance(diff, entries)


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (None, "not posted (add --post)"),
        (Posted("d" * 40, Obstacle.SUPERSEDED), "not posted: ddddddd was pushed meanwhile, review it again"),
        (Posted(HEAD, Obstacle.CLOSED), "not posted: the pull request was closed meanwhile"),
        (Posted(HEAD, summary_url="https://x/1"), "posted: https://x/1"),
        (Posted(HEAD, comments=2, summary_url="https://x/1"), "posted: https://x/1, 2 comments"),
        (
            Posted(HEAD, summary_url="https://x/1", problems=("\x1b[2J422",)),
            "posted: https://x/1 (the summary holds what would have been comments: \\x1b[2J422)",
        ),
        (Posted(problems=("May not.",)), "not posted: May not."),
        (Posted(comments=2, problems=("Too long.",)), "2 comments posted, the summary not: Too long."),
        (
            Posted(HEAD, Obstacle.BETTER_STANDS),
            "not posted: an earlier review of this commit stands there, and this one failed",
        ),
    ],
)
def test_what_became_of_it_is_told_in_a_line(posted: Posted | None, words: str) -> None:
    """Each fate has its words, GitHub's own made harmless; a bare patch has no fate, earlier answers are mentioned."""
    assert told(pulled(FINDING), posted, 0) == words
    assert told(pulled(FINDING), posted, 2) == f"2 answers from an earlier run (--fresh asks anew) · {words}"
    assert told(review(ANSWERED, ANSWERED), posted, 0) == ""


@pytest.mark.parametrize("miss", Miss)
def test_a_finding_without_a_line_gets_no_comment(miss: Miss) -> None:
    """It is told in the summary, with the reason."""
    made = replace(pulled(FINDING), unplaced=(Unplaced(replace(OTHER, body="Somewhere."), miss),))
    posting = decided(made)
    assert posting.review is not None
    assert len(posting.review.comments) == 1
    assert f"`app.py`: {miss}" in posting.summary
    assert "Somewhere." in posting.summary
