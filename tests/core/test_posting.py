"""What is written on a pull request, given what stands there: not twice, not on another head, not beside the diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.diff import Diff
from bot.core.known import Fate, Known, Life
from bot.core.ledger import Entry, Reason, balance
from bot.core.marker import State, read_finding, read_state, run_id, run_mark, write_state
from bot.core.models import Category, Location, Severity, Side
from bot.core.outcome import Ending, Outcome
from bot.core.overview import Overview, Risk
from bot.core.placement import Unplaced
from bot.core.places import NEAR
from bot.core.policy import Policy, Skip
from bot.core.posting import Doubles, Obstacle, Posted, Posting, decide, doubles, draft_of
from bot.core.rendering.comments import fixed_comment, inline_comment, is_fixed
from bot.core.rendering.markdown import summary
from bot.core.review import Review
from bot.core.standing import OwnComment, Standing, Thread
from bot.core.traces import name_of, trace_of
from bot.core.visible import Shown
from tests.core.changes import added
from tests.core.test_rendering import ANSWERED, FAILED, FINDING, review
from tests.core.test_requests import PULL

HEAD = PULL.head.sha
OPEN = Standing(HEAD, open=True)
RUN = run_id(PULL.repository_id, PULL.number, HEAD)
# A change of sixty lines, each unlike any other.
WIDE = Diff((added("wide.py", *(f"value_{at} = compute({at})" for at in range(1, 61))),))
SHOWN = Shown(WIDE)


def at(line: int, *, category: Category = Category.CORRECTNESS, news: bool = True, **other: object) -> Known:
    """A finding of the model on a line of the wide change, new unless told otherwise."""
    finding = replace(FINDING, location=Location("wide.py", Side.RIGHT, line), category=category, rule=category.value)
    trace = trace_of(SHOWN, finding)
    return replace(Known(name_of(finding, trace), finding, trace, news=news), **other)  # type: ignore[arg-type]


def pulled(*known: Known, diff: Diff = WIDE, **other: object) -> Review:
    """A review of the pull request whose life holds these findings."""
    made = review(ANSWERED, ANSWERED)
    entries = (Entry(index, Reason.NO_MODEL, 0, len(file.changed_lines)) for index, file in enumerate(diff.files))
    standing = [each for each in known if each.stands]
    made = replace(
        made,
        change=replace(made.change, pull_request=PULL),
        diff=diff,
        ledger=balance(diff, entries),
        findings=tuple(each.finding for each in standing if each.placed),
        unplaced=tuple(Unplaced(each.finding, Miss.NO_QUOTE) for each in standing if not each.placed),
        life=Life(known=known, rules="r"),
        policy=Policy("m"),
    )
    return replace(made, **other)  # type: ignore[arg-type]


def thread(known: Known, number: int = 1, *, body: str = "", ours: bool = True, **other: object) -> Thread:
    """The thread that the finding's comment opened."""
    comment = OwnComment(number, f"u/{number}", body or inline_comment(known), f"node{number}", ours)
    return replace(Thread(f"T{number}", comment, "wide.py"), **other)  # type: ignore[arg-type]


def threaded(*threads: Thread) -> Standing:
    return replace(OPEN, threads=threads)


def grave_at(line: int) -> Known:
    """A finding whose line was not proven: the one that it states is the model's own word."""
    known = at(line, placed=False)
    finding = replace(known.finding, quote="no such line", title="Another problem")
    trace = trace_of(SHOWN, replace(finding, location=replace(finding.location, line=0)))
    return replace(known, finding=finding, trace=trace, id=name_of(finding, trace))


def summarized(head: str = HEAD, ending: str = "complete", *, number: int = 7, ours: bool = True) -> OwnComment:
    """A summary that stands there."""
    mark = write_state(State(head, "b" * 40, "0" * 8, ending, rules="r"))
    return OwnComment(number, f"u/{number}", f"{mark}\n### Plumbline: nothing found\n\nIt adds.\n", ours=ours)


def decided(made: Review, standing: Standing = OPEN) -> Posting:
    posting = decide(made, standing)
    assert isinstance(posting, Posting)
    return posting


def commented(posting: Posting) -> list[str]:
    """The findings that get a comment of their own."""
    inline = posting.review.comments if posting.review else ()
    return [*(each.name for each in inline), *(each.name for each in posting.on_files)]


# Whether anything is posted.


def test_a_review_is_posted_with_its_comments() -> None:
    """One review pinned to the head, a comment with its mark for each new finding on its lines."""
    ranged = at(9)
    ranged = replace(ranged, finding=replace(ranged.finding, location=Location("wide.py", Side.RIGHT, 9, 7)))
    other = at(30)
    posting = decided(pulled(ranged, other))
    assert posting.review is not None
    assert posting.review.commit == HEAD
    assert posting.review.body.startswith("2 comments on `ccccccc`")
    assert posting.review.body.endswith(run_mark(posting.review.run_id))
    places = [(each.path, each.side, each.line, each.start_line) for each in posting.review.comments]
    assert places == [("wide.py", Side.RIGHT, 9, 7), ("wide.py", Side.RIGHT, 30, None)]
    assert [read_finding(each.body) for each in posting.review.comments] == [
        replace(each, said=True, news=False, finding=replace(each.finding, body="", scenario=""))
        for each in (ranged, other)
    ]
    assert (posting.on_files, posting.mending.empty, posting.replaces) == ((), True, None)


def test_the_same_comments_make_the_same_review() -> None:
    """A review is found again by its name: of this run, this head and these findings, whoever posts them."""
    one, other = (decided(pulled(*known)).review for known in ((at(9),), (at(9), at(30))))
    assert one is not None
    assert other is not None
    assert one == decided(pulled(at(9))).review == draft_of(HEAD, RUN, one.comments)
    assert one.run_id != other.run_id
    halves = other.halves()
    assert [each.name for half in halves for each in half.comments] == [each.name for each in other.comments]
    assert len({other.run_id, *(half.run_id for half in halves)}) == 3


@pytest.mark.parametrize("open_", [True, False])
@pytest.mark.parametrize("gate", [None, Skip("it is a draft", told=True)])
def test_a_head_that_moved_is_left_alone(open_: bool, gate: Skip | None) -> None:
    """The lines of another head may be others: nothing is posted, whatever else holds."""
    assert decide(pulled(at(9), gate=gate), Standing("d" * 40, open=open_)) is Obstacle.SUPERSEDED


def test_a_closed_pull_request_is_left_alone() -> None:
    """Nobody waits for a review of what is merged or given up."""
    assert decide(pulled(at(9)), Standing(HEAD, open=False)) is Obstacle.CLOSED


def test_only_a_pull_request_is_posted_on() -> None:
    """A bare patch has no place for a review: asking for it is a defect."""
    with pytest.raises(ValueError, match="pull request"):
        decide(review(ANSWERED, ANSWERED), OPEN)


@pytest.mark.parametrize("ending", Ending)
def test_a_failed_run_does_not_take_the_place_of_one_that_read_this_head(ending: Ending) -> None:
    """What stands is better than nothing; a failed or skipped one is not, nor is one of another head."""
    failed = pulled(outcome=Outcome(Ending.FAILED))
    better = ending in {Ending.COMPLETE, Ending.PARTIAL}
    standing = replace(OPEN, comments=(summarized(ending=ending),))
    assert (decide(failed, standing) is Obstacle.BETTER_STANDS) is better
    assert decided(failed, replace(OPEN, comments=(summarized("d" * 40, ending),))).replaces == 7
    assert decided(pulled(outcome=Outcome(Ending.PARTIAL)), standing).replaces == 7
    assert review(FAILED, FAILED).outcome.ending is Ending.FAILED


def test_our_own_oldest_summary_is_replaced() -> None:
    """Of our comments the first summary, in whatever version; what else we wrote, and others, is not touched."""
    comments = (
        OwnComment(1, "u", "an answer to a question"),
        OwnComment(2, "u", f"quoted: `{write_state(State('a', 'b', 'c'))}`"),
        summarized(number=3, ours=False),
        OwnComment(4, "u", "<!-- plumbline:9 AAAA -->\n### Plumbline: nothing found"),
        summarized(number=5),
    )
    assert decided(pulled(), replace(OPEN, comments=comments)).replaces == 4
    assert decided(pulled(), replace(OPEN, comments=comments[:3])).replaces is None


# What the policy keeps from being reviewed.


def test_a_gate_without_a_summary_says_nothing_unless_it_has_to() -> None:
    """Nobody is told at every push that drafts are not reviewed; what nobody could guess is said once."""
    assert decide(pulled(gate=Skip("it is a draft")), OPEN) is Obstacle.GATED
    posting = decided(pulled(gate=Skip("the day's budget is spent", told=True)), OPEN)
    assert (posting.review, posting.on_files, posting.replaces, posting.summary) == (None, (), None, "")
    assert posting.mending.empty


def test_a_gate_is_noted_in_the_summary_of_earlier_commits() -> None:
    """What was said of them stays, with its state; a second push for the same reason writes nothing."""
    own = summarized("d" * 40)
    posting = decided(pulled(gate=Skip("it is a draft")), replace(OPEN, comments=(own,)))
    assert (posting.replaces, posting.review) == (7, None)
    assert "Commits since `ddddddd` are not reviewed:** it is a draft." in posting.summary
    assert read_state(posting.summary) == read_state(own.body)
    noted = replace(own, body=posting.summary)
    assert decide(pulled(gate=Skip("it is a draft")), replace(OPEN, comments=(noted,))) is Obstacle.GATED


@pytest.mark.parametrize("gate", [None, Skip("paused", told=True)])
def test_a_summary_that_stays_begins_with_its_state(gate: Skip | None) -> None:
    """What somebody put above it goes: by its first line it is found again after an unclear answer."""
    read = HEAD if gate is None else "d" * 40
    own = summarized(read)
    edited = replace(own, body=f"Read this first.\n{own.body}")
    made = pulled(gate=gate)
    posting = decided(replace(made, life=replace(made.life, since=read)), replace(OPEN, comments=(edited,)))
    assert posting.summary.startswith(own.body.split("\n", 1)[0])


def test_a_gate_copies_the_summary_of_an_account_that_we_trust() -> None:
    """Ours is the one that counts from then on: what the other handed on is in it, and theirs is left alone."""
    theirs = summarized("d" * 40, ours=False)
    posting = decided(pulled(gate=Skip("paused", told=True)), replace(OPEN, comments=(theirs,)))
    assert posting.over is None
    assert read_state(posting.summary) == read_state(theirs.body)
    assert "paused" in posting.summary
    visible = pulled(gate=Skip("draft"))
    assert decide(visible, replace(OPEN, comments=(theirs,))) is Obstacle.GATED


def test_a_gate_does_not_deny_what_was_reviewed() -> None:
    """A label comes after the review of this very head: no commit is without one, so nothing is noted."""
    for told in (True, False):
        gated = pulled(gate=Skip("it is labelled", told=told))
        assert decide(gated, replace(OPEN, comments=(summarized(),))) is Obstacle.GATED


def test_what_became_of_a_gated_review_is_whole() -> None:
    """Nothing was to be posted, so nothing is missing; of a moved head everything is."""
    assert Posted(HEAD, Obstacle.GATED).whole
    assert Posted(HEAD).whole
    assert not Posted(HEAD, problems=("No.",)).whole
    assert not any(Posted(HEAD, each).whole for each in Obstacle if each is not Obstacle.GATED)


# Which findings get a comment.


def test_only_what_is_new_gets_a_comment() -> None:
    """What was said before is in the summary, with a comment or without; so is what is settled."""
    known = [
        at(9, news=False, said=True),
        at(20, news=False),
        *(at(30, fate=fate) for fate in (Fate.FIXED, Fate.OUTDATED)),
    ]
    assert commented(decided(pulled(*known, at(40)))) == [at(40).id]


def test_what_is_not_worth_saying_gets_none() -> None:
    """Doubtful findings and those below the threshold are new, and only mentioned."""
    assert commented(decided(pulled(at(9), findings=()))) == []


def test_without_comments_there_is_no_review() -> None:
    """An empty review would only make noise: the summary says it all."""
    posting = decided(pulled(at(9), policy=Policy("m", max_comments=0)))
    assert (posting.review, posting.on_files) == (None, ())


def test_a_grave_finding_without_a_line_gets_a_comment_on_its_file() -> None:
    """Pinned to the head, with its mark; a milder one stands in the summary."""
    lost = at(9, placed=False)
    mild = at(30, placed=False)
    mild = replace(mild, finding=replace(mild.finding, severity=Severity.MEDIUM, title="Mild"))
    posting = decided(pulled(lost, mild))
    assert posting.review is None
    (comment,) = posting.on_files
    assert (comment.commit, comment.path, comment.name) == (HEAD, "wide.py", lost.id)
    assert (read_finding(comment.body) or mild).id == lost.id


def test_what_another_run_said_meanwhile_is_not_said_again() -> None:
    """It stands there under the same name, or a line off under another; the same defect elsewhere is said."""
    same, near, far = thread(at(9)), thread(at(10)), thread(at(30))
    assert commented(decided(pulled(at(9)), threaded(same))) == []
    assert commented(decided(pulled(at(9)), threaded(near))) == []
    assert commented(decided(pulled(at(9)), threaded(far))) == [at(9).id]
    assert decided(pulled(at(9)), threaded(near)).said == {at(10).id}


def test_a_finding_without_a_line_is_not_what_stands_near_the_line_that_it_states() -> None:
    """Only its quote was proven, or not even that: what another run said on that line is another problem."""
    lost = grave_at(9)
    posting = decided(pulled(lost), threaded(thread(at(9), 1)))
    assert commented(posting) == [lost.id]


def test_what_was_said_under_its_own_name_is_not_what_stands_beside_it() -> None:
    """Another run said both of our findings, one of them two lines off: neither is said again."""
    standing = threaded(thread(at(8), 1), thread(at(9), 2))
    assert commented(decided(pulled(at(9), at(10)), standing)) == []


def test_a_finding_beside_one_of_our_own_life_is_said() -> None:
    """A comment that this review knows of was held against it already: what is new beside it is another problem."""
    known = at(10, news=False, said=True)
    assert commented(decided(pulled(known, at(9)), threaded(thread(known)))) == [at(9).id]


# What is done to threads.


FIXED = at(9, news=False, said=True, fate=Fate.FIXED, note="d" * 40)
BACK = at(9, news=False, said=True)
SAYS_FIXED = fixed_comment(FIXED, inline_comment(BACK))


def test_the_comment_of_a_fixed_finding_says_so() -> None:
    """It is edited, its thread resolved where we may; nothing is answered where nobody spoke."""
    mending = decided(pulled(FIXED), threaded(thread(BACK, resolvable=True))).mending
    (edit,) = mending.edits
    assert edit.node == "node1"
    assert edit.body.startswith("**Fixed in ddddddd**")
    assert (read_finding(edit.body) or BACK).id == FIXED.id
    assert (mending.resolve, mending.reopen, mending.answers) == (("T1",), (), ())


@pytest.mark.parametrize(
    ("stands", "resolved", "answered"),
    [
        (thread(BACK, resolvable=True), True, False),
        (thread(BACK, resolvable=False), False, False),
        (thread(BACK, resolvable=True, resolved=True), False, False),
        (thread(BACK, resolvable=True, spoken=True), True, True),
        (thread(BACK, resolvable=True, spoken=True, last_word=True), False, True),
        (thread(BACK, resolvable=False, spoken=True, last_word=True), False, True),
    ],
)
def test_a_thread_with_a_persons_last_word_is_theirs(stands: Thread, resolved: bool, answered: bool) -> None:
    """Where a person spoke one answer is given; where they had the last word the thread stays open."""
    mending = decided(pulled(FIXED), threaded(stands)).mending
    assert (len(mending.edits), bool(mending.resolve), len(mending.answers)) == (1, resolved, int(answered))
    assert all(each.thread == "T1" and "Fixed in ddddddd." in each.body for each in mending.answers)


def test_what_says_that_it_is_fixed_is_left_alone() -> None:
    """No second edit, no second answer, and no thread resolved that a person opened again."""
    standing = threaded(thread(BACK, body=SAYS_FIXED, resolvable=True, spoken=True))
    assert decided(pulled(FIXED), standing).mending.empty


@pytest.mark.parametrize("fate", [Fate.OPEN, Fate.MOVED, Fate.DISMISSED, Fate.OUTDATED])
def test_the_thread_of_what_is_not_fixed_is_left_alone(fate: Fate) -> None:
    """Open, moved, dismissed, or merely gone out of the diff: nothing is touched."""
    known = at(9, news=False, said=True, fate=fate)
    standing = threaded(thread(BACK, resolvable=True, spoken=True))
    assert decided(pulled(known), standing).mending.empty


def test_a_fixed_finding_that_is_back_is_said_again_in_its_thread() -> None:
    """The comment tells it in the new words, the thread is opened again; no second comment is written."""
    again = replace(BACK, finding=replace(BACK.finding, title="Other words", body="New body."))
    for resolved in (True, False):
        posting = decided(pulled(again), threaded(thread(BACK, body=SAYS_FIXED, resolved=resolved)))
        (edit,) = posting.mending.edits
        assert not is_fixed(edit.body)
        assert "Other words" in edit.body
        assert "New body." in edit.body
        assert posting.mending.reopen == (("T1",) if resolved else ())
        assert commented(posting) == []


def test_a_comment_on_old_lines_offers_nothing_to_apply() -> None:
    """A finding that is back may stand on other lines than its comment: one click would replace the wrong ones."""
    finding = replace(BACK.finding, suggestion="value = 3", applies=True)
    for placed in (True, False):
        back = replace(BACK, finding=finding, placed=placed)
        (edit,) = decided(pulled(back), threaded(thread(BACK, body=SAYS_FIXED))).mending.edits
        assert "value = 3" in edit.body
        assert "```suggestion" not in edit.body


def test_a_comment_that_is_not_ours_is_believed_and_left_alone() -> None:
    """Another account that we trust wrote it: its finding is known, and neither edited, resolved nor answered."""
    standing = threaded(thread(BACK, ours=False, resolvable=True, spoken=True))
    assert decided(pulled(FIXED), standing).mending.empty
    theirs = threaded(thread(BACK, body=SAYS_FIXED, ours=False, resolved=True))
    assert decided(pulled(BACK), theirs).mending.empty
    assert commented(decided(pulled(at(9)), theirs)) == []


# The description.


@pytest.mark.parametrize(
    ("asked", "now", "then", "written"),
    [
        (True, "", " \n", True),
        (False, "", "", False),
        (True, "A person's words.", "", False),
        (True, "", "A person's words.", False),
    ],
)
def test_a_description_is_given_where_there_is_none(asked: bool, now: str, then: str, written: bool) -> None:
    """If the policy asks for it, and nobody wrote one, neither when the review began nor since."""
    made = pulled(policy=Policy("m", describe=asked), overview=Overview("It adds links.", Risk.LOW, 5))
    made = replace(made, change=replace(made.change, pull_request=replace(PULL, body=then)))
    assert ("It adds links." in decided(made, replace(OPEN, description=now)).description) is written
    assert decided(replace(made, overview=None)).description == ""


# Two runs at the same time.


@dataclass
class Place:
    """A pull request on which runs write comments and summaries, numbered in the order of writing."""

    threads: list[Thread] = field(default_factory=list)
    comments: list[OwnComment] = field(default_factory=list)
    number: int = 0

    def look(self) -> Standing:
        """What stands there now."""
        return replace(OPEN, threads=tuple(self.threads), comments=tuple(self.comments))

    def say(self, known: Known) -> None:
        """Write a finding's comment."""
        self.number += 1
        self.threads.append(thread(known, self.number))

    def summarize(self, made: Review, said: frozenset[str]) -> None:
        """Write a summary."""
        self.number += 1
        self.comments.append(OwnComment(self.number, "u", summary(made, said)))

    def take_back(self, twice: Doubles) -> None:
        """Delete what was said twice; what is gone is gone."""
        self.threads = [each for each in self.threads if each.comment.id not in twice.comments]
        self.comments = [each for each in self.comments if each.id not in twice.summaries]


def run(place: Place, made: Review) -> Iterator[None]:
    """One run, step by step: look, write, look again and take back."""
    before = place.look()
    posting = decided(made, before)
    yield
    mine = frozenset(commented(posting))
    for known in made.news:
        if known.id in mine:
            place.say(known)
    yield
    if posting.replaces is None:
        place.summarize(made, posting.said | mine)
    yield
    place.take_back(doubles(made, mine, before, place.look()))


def play(order: Sequence[bool], *reviews: Review) -> Place:
    """Let two runs go on in turns, in the given order, until both have ended."""
    place = Place()
    runs = [run(place, made) for made in reviews]
    for first in order:
        next(runs[0] if first else runs[1], None)
    for each in runs:
        for _ in each:
            pass
    return place


orders = st.permutations([True] * 4 + [False] * 4)


@given(orders, st.lists(st.integers(-NEAR, NEAR) | st.none(), min_size=1, max_size=4), st.booleans())
def test_of_two_runs_that_say_the_same_one_is_heard(
    order: list[bool], offsets: list[int | None], other_kind: bool
) -> None:
    """Whoever looks or writes first: of each problem that both found, on its line or beside it, one comment stays."""
    kind = Category.DATA if other_kind else Category.CORRECTNESS
    theirs = [at(10 * place + offset, category=kind) for place, offset in enumerate(offsets, 1) if offset is not None]
    place = play(order, pulled(*(at(10 * each) for each in range(1, len(offsets) + 1))), pulled(*theirs))
    lines = [(read_finding(each.comment.body) or at(60)).finding.location.line for each in place.threads]
    heard = [round(line / 10) for line in lines]
    assert sorted(heard) == list(range(1, len(offsets) + 1))
    assert len(place.comments) == 1


@given(orders, st.sets(st.integers(1, 60), max_size=5), st.sets(st.integers(1, 60), max_size=5))
def test_no_problem_is_lost_between_two_runs(order: list[bool], one: set[int], other: set[int]) -> None:
    """Over any lines, however near: each finding keeps its comment, or one of the other run within reach does."""
    other = other - one
    place = play(order, pulled(*map(at, sorted(one))), pulled(*map(at, sorted(other))))
    heard = [(read_finding(each.comment.body) or at(60)).finding.location.line for each in place.threads]
    assert len(heard) == len(set(heard)), "no line is commented twice"
    assert len(heard) >= max(len(one), len(other)), "each of ours is paired with one of theirs at most"
    for line in one | other:
        assert any(abs(line - each) <= NEAR for each in heard)


def test_findings_are_paired_one_to_one() -> None:
    """What another run said between two of ours is one of them; the other one is a problem of its own, and stays."""
    ours, theirs = [at(10), at(16)], at(13)
    after = threaded(thread(ours[0], 1), thread(theirs, 2), thread(ours[1], 3))
    mine = frozenset(each.id for each in ours)
    assert doubles(pulled(*ours), mine, OPEN, after).comments == ()
    assert doubles(pulled(theirs), frozenset({theirs.id}), OPEN, after).comments == (2,)


def test_what_stands_twice_under_one_name_is_no_double_of_another() -> None:
    """Both found the same, and the other run one more right beside it: ours alone goes, and both of theirs stay."""
    same, beside = at(10), at(9)
    after = threaded(thread(beside, 1), thread(same, 2), thread(same, 3))
    assert doubles(pulled(same), frozenset({same.id}), OPEN, after).comments == (3,)


def test_what_stood_before_is_no_double() -> None:
    """Comments of earlier reviews were held against the findings already."""
    earlier = thread(at(10), 1)
    after = threaded(earlier, thread(at(9), 2))
    assert doubles(pulled(at(9)), frozenset({at(9).id}), threaded(earlier), after).comments == ()


def test_what_is_not_ours_is_not_taken_back() -> None:
    """Another account that we trust said it later: its comment and its summary stay."""
    after = threaded(thread(at(9), 1), thread(at(9), 2, ours=False))
    after = replace(after, comments=(summarized(number=3), summarized(number=4, ours=False)))
    assert doubles(pulled(at(9)), frozenset({at(9).id}), OPEN, after) == Doubles(
        said=frozenset({at(9).id}), stays=after.comments[0]
    )


def test_what_we_did_not_post_is_not_taken_back() -> None:
    """Two others said the same: that is for them to settle."""
    after = threaded(thread(at(9), 1), thread(at(9), 2))
    assert doubles(pulled(at(9)), frozenset(), OPEN, after).comments == ()


def test_what_is_taken_back_is_told() -> None:
    """The findings without their comment, those that have one still, and the summary that stays: the oldest alone."""
    after = replace(threaded(thread(at(10), 1), thread(at(9), 2), thread(at(40), 3)))
    after = replace(after, comments=tuple(summarized(number=number) for number in (4, 5, 6)))
    mine = frozenset({at(9).id, at(40).id})
    assert doubles(pulled(at(9), at(40)), mine, OPEN, after) == Doubles(
        comments=(2,),
        names=frozenset({at(9).id}),
        summaries=(5, 6),
        said=frozenset({at(10).id, at(40).id}),
        stays=after.comments[0],
    )
