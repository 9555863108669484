"""Posting: whatever GitHub refuses, the rest is posted, nothing is said twice, and the summary counts it all."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.known import Fate, Known
from bot.core.marker import State, finding_mark, is_summary, read_finding, read_state, write_state
from bot.core.outcome import Ending, Outcome
from bot.core.overview import Overview, Risk
from bot.core.policy import Policy, Skip
from bot.core.posting import FileComment, Mending, Obstacle, Posted, ReviewDraft
from bot.core.rendering.comments import inline_comment
from bot.core.rendering.markdown import summary
from bot.core.review import Review
from bot.core.standing import OwnComment, Standing, Thread
from bot.errors import OutsideError, Rejected, Transient
from bot.publisher import publish
from bot.threads import Patience
from tests.core.test_posting import BACK, FIXED, HEAD, at, pulled, summarized, thread
from tests.core.test_requests import PULL

REFUSED = Rejected("GitHub does not take the comment.", status=422)
FORBIDDEN = Rejected("The token may not write here; give it write access.", status=403)
LIMITED = Transient("GitHub allows no more requests for now; try again in 40 minutes.", status=429)
QUIET = Policy("m", max_comments=0)
GONE = Transient("GitHub did not answer; try again.", status=502)


def _nobody(_: str) -> bool:
    return False


def _no_time(_: float) -> None:
    """The wait is over at once."""


def _nothing() -> None:
    """Nobody else is there."""


@dataclass
class Page:
    """A pull request that keeps what is written there, as GitHub would. `writes` are the requests, in their order.

    `refuses` tells by a finding's name whether GitHub refuses its comment; a review is taken or refused as a whole.
    `fails` are the errors with which kinds of requests end. `meanwhile` is what others do before we look again, `waits`
    what they do while a kind of request has to wait.
    """

    head: str = HEAD
    open: bool = True
    refuses: Callable[[str], bool] = _nobody
    fails: dict[str, OutsideError] = field(default_factory=dict)
    unmended: tuple[str, ...] = ()
    meanwhile: Callable[[], None] = _nothing
    patience: Patience = field(default_factory=lambda: Patience(_no_time))
    waits: dict[str, Callable[[], None]] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    comments: list[OwnComment] = field(default_factory=list)
    description: str = ""
    writes: list[str] = field(default_factory=list)
    looks: int = 0
    number: int = 100
    left: int = 5_000

    def spare(self, requests: int) -> None:
        """Whether GitHub allows so many requests."""
        if self.left < requests:
            raise LIMITED

    def standing(self) -> Standing:
        """What stands there now."""
        self.looks += 1
        if self.looks > 1:
            self.meanwhile()
            if "look again" in self.fails:
                raise self.fails["look again"]
        elif "look" in self.fails:
            raise self.fails["look"]
        return Standing(
            self.head, self.open, tuple(self.comments), threads=tuple(self.threads), description=self.description
        )

    def post_review(self, draft: ReviewDraft) -> str:
        """Keep all comments, or none."""
        self._write("review")
        if any(self.refuses(each.name) for each in draft.comments):
            raise REFUSED
        for each in draft.comments:
            self.say(each.body, each.path)
        return "u/review"

    def post_file_comment(self, comment: FileComment) -> str:
        """Keep the comment."""
        self._write("file")
        if self.refuses(comment.name):
            raise REFUSED
        self.say(comment.body, comment.path)
        return "u/file"

    def mend(self, mending: Mending) -> Sequence[str]:
        """Edit the comments."""
        self._write("mend")
        edits = {edit.node: edit.body for edit in mending.edits}
        for place, each in enumerate(self.threads):
            if each.comment.node in edits:
                comment = replace(each.comment, body=edits[each.comment.node])
                self.threads[place] = replace(each, comment=comment, resolved=each.id in mending.resolve)
        if mending.summary is not None:
            node, body = mending.summary.node, mending.summary.body
            self.comments = [replace(each, body=body) if each.node == node else each for each in self.comments]
        return self.unmended

    def post_summary(self, body: str, comment_id: int | None) -> str:
        """Keep the summary, in place of the one that is given."""
        self._write("summary")
        if comment_id is None:
            comment_id = self.next()
            self.comments.append(OwnComment(comment_id, f"u/{comment_id}", "", f"node{comment_id}"))
        self.comments = [replace(each, body=body) if each.id == comment_id else each for each in self.comments]
        return f"u/{comment_id}"

    def describe(self, body: str) -> None:
        """Keep the description."""
        self._write("describe")
        self.description = body

    def withdraw(self, comment_ids: Sequence[int]) -> None:
        """Delete comments."""
        self._write("withdraw")
        self.threads = [each for each in self.threads if each.comment.id not in comment_ids]

    def withdraw_summary(self, comment_id: int) -> None:
        """Delete a summary."""
        self._write("withdraw summary")
        self.comments = [each for each in self.comments if each.id != comment_id]

    def say(self, body: str, path: str = "wide.py") -> None:
        """Open a thread."""
        number = self.next()
        self.threads.append(Thread(f"T{number}", OwnComment(number, f"u/{number}", body, f"node{number}"), path))

    def next(self) -> int:
        """A number for what is written next."""
        self.number += 1
        return self.number

    def _write(self, kind: str) -> None:
        if kind in self.waits:
            self.waits.pop(kind)()
            self.patience(50)
        self.writes.append(kind)
        if kind in self.fails:
            raise self.fails[kind]

    @property
    def names(self) -> list[str]:
        """The findings that have a comment, in the order of writing."""
        return [known.id for each in self.threads if (known := read_finding(each.comment.body))]

    @property
    def summary(self) -> str:
        """The only summary that stands there."""
        (body,) = (each.body for each in self.comments if is_summary(each.body))
        return body

    @property
    def state(self) -> State:
        """What the summary hands on."""
        state = read_state(self.summary)
        assert isinstance(state, State)
        return state

    @property
    def said(self) -> set[str]:
        """The findings that have a comment, as the summary tells it."""
        return {each.id for each in self.state.known if each.said}


def published(made: Review, page: Page) -> Posted:
    return asyncio.run(publish(made, page, patience=page.patience))


def grave(*lines: int) -> list[Known]:
    """New findings that a comment on their file gets, as they have no line."""
    return [at(line, placed=False) for line in lines]


def undescribed(*known: Known) -> Review:
    """A review of a pull request without a description, under a policy that asks for one."""
    made = pulled(*known, overview=Overview("It adds.", Risk.LOW, 5), policy=Policy("m", describe=True))
    return replace(made, change=replace(made.change, pull_request=replace(PULL, body="")))


# The order of it all.


def test_comments_come_first_and_the_summary_counts_them() -> None:
    """A review, comments on files, what is mended, the summary, the description; then a look at who else wrote."""
    made = undescribed(at(30), *grave(20), FIXED)
    page = Page(threads=[thread(BACK, resolvable=True)])
    posted = published(made, page)
    assert page.writes == ["review", "file", "mend", "summary", "describe"]
    assert page.looks == 2
    assert posted == Posted(HEAD, comments=2, mended=1, summary_url="u/103")
    assert page.said == set(page.names) == {at(30).id, *(each.id for each in grave(20)), BACK.id}
    assert page.threads[0].resolved
    assert "It adds." in page.description


def test_nothing_to_say_takes_a_look_and_a_summary() -> None:
    """A later review without news writes over the summary, and looks no second time."""
    page = Page(comments=[summarized("d" * 40)])
    posted = published(pulled(at(9, news=False, said=True)), page)
    assert (page.writes, page.looks, posted.summary_url) == (["summary"], 1, "u/7")


@pytest.mark.parametrize(
    ("page", "made", "obstacle"),
    [
        (Page(head="e" * 40), pulled(at(9)), Obstacle.SUPERSEDED),
        (Page(open=False), pulled(at(9)), Obstacle.CLOSED),
        (Page(), pulled(gate=Skip("it is a draft")), Obstacle.GATED),
    ],
)
def test_an_obstacle_leaves_the_page_as_it_is(page: Page, made: Review, obstacle: Obstacle) -> None:
    """Nothing is written, and the result tells why, and which head stands there."""
    assert published(made, page) == Posted(page.head, obstacle)
    assert page.writes == []


def test_a_gate_that_is_told_writes_a_summary_alone() -> None:
    """Where none stands, one that says why; where one stands, a note in it with its state as it was."""
    fresh, noted = Page(), Page(comments=[summarized("d" * 40)])
    before = read_state(noted.summary)
    for page in (fresh, noted):
        assert published(pulled(gate=Skip("the budget is spent", told=True)), page).whole
        assert page.writes == ["summary"]
        assert page.looks <= 2
    assert noted.state == before
    assert "the budget is spent" in noted.summary


def test_what_was_said_meanwhile_stands_in_the_summary_once() -> None:
    """Another run wrote it a line off before we came to post: no comment of ours, and its words in our summary."""
    page = Page(threads=[thread(at(10), 1)])
    published(pulled(at(9)), page)
    assert page.names == [at(10).id]
    assert [each.id for each in page.state.known] == [at(10).id]


def test_where_github_allows_too_few_requests_nothing_is_begun() -> None:
    """Better all of it later than half of it now: nothing is written, and the result says why."""
    page = Page(left=3)
    assert published(pulled(at(9)), page) == Posted(problems=(str(LIMITED),))
    assert (page.writes, page.names) == ([], [])


def test_a_second_look_at_a_head_leaves_its_summary_as_it_is() -> None:
    """Nothing was asked and nobody did anything: what was new then, and what it cost, is not overwritten."""
    page = Page()
    made = pulled(at(9))
    published(made, page)
    first = page.summary
    seen = replace(at(9, news=False), said=True)
    again = replace(made, life=replace(made.life, known=(seen,), since=HEAD), dollars=0.0)
    published(again, page)
    assert page.summary == first
    published(replace(again, life=replace(again.life, known=(replace(seen, fate=Fate.DISMISSED, note="ann"),))), page)
    assert page.summary != first


# What GitHub refuses.


@given(st.lists(st.booleans(), max_size=24))
def test_whatever_github_refuses_all_else_is_posted(refused: list[bool]) -> None:
    """Over any set of refused comments: the others stand, once, in few requests; the summary tells which."""
    known = [at(2 * place + 2) for place in range(len(refused))]
    bad = {each.id for each, no in zip(known, refused, strict=True) if no}
    page = Page(refuses=bad.__contains__)
    posted = published(pulled(*known, policy=Policy("m", max_comments=50)), page)
    good = [each.id for each in known if each.id not in bad]
    assert sorted(page.names) == sorted(good)
    assert (posted.comments, len(posted.problems)) == (len(good), len(bad))
    requests, count = page.writes.count("review"), len(known)
    assert requests <= max(2 * count - 1, 0)
    assert requests <= 1 + 2 * len(bad) * math.ceil(math.log2(max(count, 1)))
    assert page.writes[requests:] == ["summary"]
    assert page.said == set(good)
    for each in known:
        assert (each.id in page.said) is (each.id in good)


def test_a_refused_comment_on_a_file_does_not_keep_the_others_back() -> None:
    """Each is a request of its own: the others are posted, and the refused one stands in the summary in full."""
    lost = grave(9, 20, 30)
    lost = [replace(each, finding=replace(each.finding, body=f"Body of {each.id}.")) for each in lost]
    page = Page(refuses=lost[0].id.__eq__)
    posted = published(pulled(*lost), page)
    assert page.names == [lost[1].id, lost[2].id]
    assert (posted.comments, posted.problems) == (2, (str(REFUSED),))
    assert [f"Body of {each.id}." in page.summary for each in lost] == [True, False, False]


@pytest.mark.parametrize("kind", ["review", "file"])
@pytest.mark.parametrize("error", [FORBIDDEN, GONE])
def test_after_any_other_refusal_nothing_is_written(kind: str, error: OutsideError) -> None:
    """A token without the right, or a GitHub that is down, would say the same again: what was posted so far is told."""
    page = Page(fails={kind: error})
    posted = published(pulled(at(40), *grave(20, 30), FIXED), page)
    assert page.writes == (["review"] if kind == "review" else ["review", "file"])
    assert posted == Posted(comments=len(page.names), problems=(str(error),))


@pytest.mark.parametrize("error", [FORBIDDEN, GONE, REFUSED])
@pytest.mark.parametrize("kind", ["mend", "describe"])
def test_what_fails_beside_the_review_does_not_cost_the_summary(kind: str, error: OutsideError) -> None:
    """Threads that could not be mended can be mended by the next review; the summary is written, the problem told."""
    made = undescribed(at(30), FIXED)
    page = Page(threads=[thread(BACK)], fails={kind: error})
    posted = published(made, page)
    assert page.said == {at(30).id, BACK.id}
    assert (posted.summary_url, posted.problems) == ("u/102", (str(error),))
    assert posted.mended == (0 if kind == "mend" else 1)


def test_what_could_not_be_mended_is_told() -> None:
    """GitHub would not do some of it: its sentences are in the result, and the rest goes on."""
    page = Page(threads=[thread(BACK)], unmended=("A thread stays open.",))
    posted = published(pulled(FIXED), page)
    assert posted.problems == ("A thread stays open.",)
    assert posted.summary_url


@pytest.mark.parametrize("kind", ["look", "summary"])
def test_without_an_answer_the_result_says_so(kind: str) -> None:
    """What was posted before is counted, and nothing is claimed beyond."""
    page = Page(fails={kind: GONE})
    posted = published(pulled(at(9)), page)
    assert posted == Posted(comments=1 if kind == "summary" else 0, problems=(str(GONE),))
    assert not posted.whole


@pytest.mark.parametrize("kind", ["look again", "withdraw", "withdraw summary"])
def test_a_look_that_fails_afterwards_does_not_deny_what_stands(kind: str) -> None:
    """All was posted: the address of the summary is told, and the problem beside it."""
    page = Page(fails={kind: GONE})

    def others() -> None:
        page.say(inline_comment(at(9)))
        page.comments.append(summarized(number=page.next()))

    page.meanwhile = others
    posted = published(pulled(at(9)), page)
    assert (posted.head, posted.summary_url, posted.problems) == (HEAD, "u/102", (str(GONE),))


# Another run at the same time.


def test_what_another_run_said_first_is_taken_back() -> None:
    """It wrote the same finding a line off, before us: ours goes, and our summary does not speak of its comment.

    A comment that the summary tells of and that is gone would be taken for a person's answer (`core.recall`).
    """
    theirs, ours, other = at(10), at(9), at(40)
    page = Page()

    def before_us() -> None:
        page.threads.insert(0, thread(theirs, 1))

    page.meanwhile = before_us
    posted = published(pulled(ours, other), page)
    assert page.names == [theirs.id, other.id]
    assert (posted.comments, posted.problems) == (1, ())
    assert page.said == {theirs.id, other.id}
    assert page.summary.count(f"| {theirs.finding.title} |") == 2, "the same problem is told once"


@pytest.mark.parametrize("comments", [[], [summarized("d" * 40)]])
def test_the_same_comment_twice_is_taken_back_once(comments: list[OwnComment]) -> None:
    """Under the same name both runs agree that the later one goes; the summary, new or not, holds for either."""
    page = Page(comments=comments)
    page.meanwhile = lambda: page.say(inline_comment(at(9)))
    published(pulled(at(9)), page)
    assert page.names == [at(9).id]
    assert page.said == {at(9).id}
    assert page.writes == ["review", "summary", "withdraw"]


def test_of_several_summaries_the_oldest_stays() -> None:
    """Three runs without a summary before them wrote one each."""
    page = Page()
    page.meanwhile = lambda: page.comments.extend(summarized(number=page.next()) for _ in range(2))
    published(pulled(), page)
    assert [each.id for each in page.comments] == [101]


def summary_of(made: Review, number: int) -> OwnComment:
    """What another run wrote, without comments of its own."""
    return OwnComment(number, f"u/{number}", summary(made, ()), f"node{number}")


@pytest.mark.parametrize("first", [True, False])
def test_the_summary_that_stays_tells_what_either_run_found(first: bool) -> None:
    """Whichever is taken back: what only it told, with a line or without, is told by the one that stays."""
    ours, theirs = pulled(*grave(9), policy=QUIET), pulled(at(40), *grave(50), policy=QUIET)
    page = Page()

    def others() -> None:
        page.comments.insert(0 if first else 1, summary_of(theirs, 50 if first else 150))

    page.meanwhile = others
    published(ours, page)
    assert [each.id for each in page.comments] == [50 if first else 101]
    assert {each.id for each in page.state.known} == {*(each.id for each in grave(9, 50)), at(40).id}
    assert all(not each.said for each in page.state.known)


def test_the_summary_of_another_run_that_tells_it_all_is_left_alone() -> None:
    """Ours is taken back, and nothing is written over theirs: it may have been complete where ours was not."""
    theirs, page = summary_of(pulled(*grave(9, 50), policy=QUIET), 50), Page()
    page.meanwhile = lambda: page.comments.insert(0, theirs)
    published(pulled(*grave(9), policy=QUIET), page)
    assert page.comments == [theirs]


def test_a_failed_run_does_not_write_over_another() -> None:
    """Its summary is taken back, and that of the run that read the change stays, whatever the failed one found."""
    failed = replace(pulled(*grave(9), policy=QUIET), outcome=Outcome(Ending.FAILED))
    theirs, page = summary_of(pulled(at(40), policy=QUIET), 50), Page()
    page.meanwhile = lambda: page.comments.insert(0, theirs)
    published(failed, page)
    assert page.comments == [theirs]


@pytest.mark.parametrize("kind", ["review", "file", "mend", "summary"])
def test_who_waited_writes_nothing_over_a_newer_commit(kind: str) -> None:
    """Whatever had to wait: where a commit was pushed and reviewed meanwhile, its summary stays as it is."""
    newer = summarized("e" * 40)
    page = Page(threads=[thread(BACK)], comments=[summarized("d" * 40)])

    def push() -> None:
        page.head = "e" * 40
        page.comments = [newer]

    page.waits[kind] = push
    # With what is mended the summary goes in one request.
    mended = [] if kind == "summary" else [FIXED]
    posted = published(pulled(at(30), *grave(20), *mended), page)
    assert (posted.head, posted.obstacle, page.comments) == ("e" * 40, Obstacle.SUPERSEDED, [newer])


def test_who_waited_is_not_stopped_by_what_others_leave_alone() -> None:
    """The page is as it was: the review goes on where it waited, and says nothing twice."""
    page = Page(waits=dict.fromkeys(("review", "file", "summary"), _nothing))
    posted = published(pulled(at(30), *grave(20)), page)
    assert (posted.comments, posted.obstacle, page.writes) == (2, None, ["review", "file", "summary"])


def test_who_waited_takes_up_what_another_run_wrote() -> None:
    """Another run of the same commit ended meanwhile: its comments are not repeated, its summary's findings kept."""
    page = Page()
    theirs = pulled(at(30), at(40), policy=QUIET)

    def other() -> None:
        page.say(inline_comment(at(30)))
        page.comments.append(OwnComment(50, "u/50", summary(theirs, {at(30).id}), "node50"))

    page.waits["review"] = other
    published(pulled(at(30), at(9)), page)
    assert page.names == [at(30).id, at(9).id]
    assert {each.id: each.said for each in page.state.known} == {at(30).id: True, at(9).id: True, at(40).id: False}


def test_the_comment_of_another_account_stays() -> None:
    """Both said it, and only one of the accounts is ours: theirs is not ours to delete."""
    page = Page()
    page.meanwhile = lambda: page.threads.append(thread(at(10), 999, ours=False))
    published(pulled(at(9)), page)
    assert page.names == [at(9).id, at(10).id]


# From review to review.


def test_a_second_review_of_the_same_head_says_nothing_twice() -> None:
    """Started twice for one push, one after the other: the second finds all comments there."""
    page = Page()
    for _ in range(2):
        published(pulled(at(9), at(30), *grave(50)), page)
    assert sorted(page.names) == sorted([at(9).id, at(30).id, grave(50)[0].id])
    assert page.said == set(page.names)


def test_the_mark_in_a_comment_is_that_of_its_finding() -> None:
    """It is by the mark that the next review knows it again."""
    page = Page()
    published(pulled(at(9)), page)
    assert page.threads[0].comment.body.endswith(finding_mark(at(9)))


@pytest.mark.parametrize("fate", Fate)
def test_the_summary_hands_every_finding_on(fate: Fate) -> None:
    """Whatever became of it: the next review knows of it, with its fate."""
    page = Page()
    published(pulled(at(9, news=False, fate=fate)), page)
    assert [(each.id, each.fate) for each in page.state.known] == [(at(9).id, fate)]


def test_a_mended_summary_is_not_written_twice() -> None:
    """What goes with the mending costs no request of its own; where it fails, the summary is written by itself."""
    summarized = OwnComment(7, "u/7", write_state(State("d" * 40, "b" * 40, "p")), "node7")
    cases: tuple[tuple[tuple[str, ...], list[str]], ...] = (((), ["mend"]), (("mend",), ["mend", "summary"]))
    for fails, writes in cases:
        page = Page(comments=[summarized], threads=[thread(BACK, resolvable=True)])
        page.fails.update(dict.fromkeys(fails, REFUSED))
        posted = published(pulled(FIXED), page)
        assert (page.writes, posted.summary_url) == (writes, "u/7")
        assert page.comments[0].body != summarized.body
