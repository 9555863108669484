"""What earlier reviews left: what is believed and built upon, what is known again, what people's signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import Diff
from bot.core.digests import hunk_digest, hunk_digests
from bot.core.known import Fate, Known
from bot.core.marker import Seal, State, finding_mark, write_state
from bot.core.overview import Overview, Risk
from bot.core.recall import NOTHING_BEFORE, Before, recall, summary_of
from bot.core.rendering.comments import file_comment, fixed_comment, inline_comment
from bot.core.standing import How, Objection, OwnComment, Standing, Thread
from tests.core.changes import added, edited, hunk
from tests.core.strategies import diffs
from tests.core.test_identity import PRICE, remembered, shown, told

HEAD, EARLIER = "c" * 40, "a" * 40
RULES = "1234abcd"
SEAL = Seal(b"key", 7, 12)
SAID = replace(PRICE, said=True)
OTHER = remembered(shown(added("b.py", "x = 1", "y = 2")), told(2, "b.py"))
OVERVIEW = Overview("It adds prices.", Risk.LOW, 5)


def state(*known: Known, **other: object) -> State:
    """What the summary of the review before hands on."""
    made = State(EARLIER, "b" * 40, "0" * 8, "complete", known=known, rules=RULES)
    return replace(made, **other)  # type: ignore[arg-type]


def summarized(left: State | None, seal: Seal | None = None, *, ours: bool = True, number: int = 1) -> OwnComment:
    """A summary with this state."""
    body = f"{write_state(left, seal)}\n### Plumbline: nothing found" if left else "an answer"
    return OwnComment(number, f"u/{number}", body, ours=ours)


def thread(known: Known, *objections: Objection, number: int = 1, body: str = "", **other: object) -> Thread:
    """The thread that the finding's comment opened."""
    comment = OwnComment(number, f"u/{number}", body or inline_comment(known), f"node{number}")
    made = Thread(f"T{number}", comment, known.finding.location.path, objections=objections)
    return replace(made, **other)  # type: ignore[arg-type]


def standing(
    left: State | None = None, *threads: Thread, comments: Sequence[OwnComment] = (), heard: str = ""
) -> Standing:
    """A pull request on which the review before left a state, if any, and threads."""
    own = (summarized(left),) if left else ()
    return Standing(HEAD, open=True, comments=(*comments, *own), threads=threads, heard=heard)


def recalled(left: State | None = None, *threads: Thread) -> tuple[Known, ...]:
    return recall(standing(left, *threads), rules=RULES).known


# What is built upon.


def test_where_nothing_stands_nothing_is_known() -> None:
    """The first review of a pull request reads everything, and owes nobody a reason."""
    assert recall(standing(), rules=RULES) == NOTHING_BEFORE
    assert recall(standing(), rules=RULES, seal=SEAL, full=True) == NOTHING_BEFORE


def test_a_review_of_an_earlier_head_is_built_upon() -> None:
    """What it read and said counts for the present head too, under the same rules."""
    left = state(SAID, summaries=(("a.py", "Adds it."),), overview=OVERVIEW, dollars=0.25, quiet=2, heard="2026-01-02")
    before = recall(standing(left, thread(SAID)), rules=RULES)
    assert before.state is not None
    assert (before.full_because, before.head, before.dollars) == ("", EARLIER, 0.25)
    assert (before.overview, before.summaries) == (OVERVIEW, {"a.py": "Adds it."})
    assert [(each.id, each.said) for each in before.known] == [(SAID.id, True)]


def unread(before: Before) -> tuple[bool, str]:
    """Whether everything is read, and why."""
    return before.state is None, before.full_because


@pytest.mark.parametrize(
    ("left", "seal", "why"),
    [
        (summarized(state(), SEAL), None, ""),
        (summarized(state(), SEAL), SEAL, ""),
        (summarized(state()), SEAL, "the mark of the review before is not signed with the key of this installation"),
        (
            summarized(state(), SEAL),
            Seal(b"other", 7, 12),
            "the mark of the review before is not signed with the key of this installation",
        ),
        (
            summarized(state(), SEAL),
            Seal(b"key", 8, 12),
            "the mark of the review before is not signed with the key of this installation",
        ),
        (
            summarized(state(), SEAL),
            Seal(b"key", 7, 13),
            "the mark of the review before is not signed with the key of this installation",
        ),
        (
            OwnComment(1, "u", "<!-- plumbline:9 AAAA -->\n### Plumbline"),
            None,
            "the mark of the review before was written by a later version of Plumbline",
        ),
        (OwnComment(1, "u", "<!-- plumbline:2 AAAA -->\n### P"), None, "the mark of the review before is broken"),
        (
            OwnComment(1, "u", f"<!-- plumbline:2 {'A' * 50_000} -->\n### P"),
            None,
            "the mark of the review before is larger than any mark may be",
        ),
        (
            summarized(state(rules="other")),
            None,
            "the prompts, or what the repository asks of reviews, changed since",
        ),
    ],
)
def test_what_cannot_be_built_upon_means_a_full_review(left: OwnComment, seal: Seal | None, why: str) -> None:
    """Another key, another repository or number, a later version, a broken mark, other rules: read all, and say why."""
    before = recall(Standing(HEAD, open=True, comments=(left,)), rules=RULES, seal=seal)
    assert unread(before) == (bool(why), why)


def test_a_full_review_can_be_asked_for() -> None:
    """Everything is read again; what was said and spent is known all the same."""
    before = recall(standing(state(SAID, dollars=0.5), thread(SAID)), rules=RULES, full=True)
    assert unread(before) == (True, "it was asked for")
    assert (len(before.known), before.dollars, before.head) == (1, 0.5, EARLIER)


def test_a_summary_of_a_review_that_never_was_is_no_reason() -> None:
    """It only tells that the policy kept the review from starting: the next one is the first, under whatever rules."""
    gated = state(ending="skipped", rules="")
    for full in (False, True):
        assert unread(recall(standing(gated), rules=RULES, full=full)) == (True, "")
    read = state(ending="skipped")
    assert recall(standing(read), rules=RULES).state is not None, "there was nothing to read, and that was seen"


def test_a_summary_that_is_gone_is_missed_where_something_was_said() -> None:
    """Threads of ours tell that a review was here: everything is read again, and nothing repeated."""
    before = recall(standing(None, thread(SAID)), rules=RULES)
    assert unread(before) == (True, "the summary of the review before is gone")
    assert [each.id for each in before.known] == [SAID.id]


def test_our_own_oldest_summary_counts() -> None:
    """Before those of accounts that we trust; of theirs the newest; of ours the one that is written over."""
    theirs = [summarized(state(), ours=False, number=number) for number in (1, 2)]
    ours = [summarized(state(), number=number) for number in (3, 4)]
    assert summary_of(standing(comments=[*theirs, *ours])) == ours[0]
    assert summary_of(standing(comments=[summarized(None), *theirs])) == theirs[1]
    assert summary_of(standing(comments=[summarized(None)])) is None


# Which hunks were read.

TWO = edited("a.py", hunk(1, 1, " a", "+b"), hunk(40, 41, "-c", "+d"))


def test_hunks_that_were_answered_for_are_not_read_again() -> None:
    """A hunk with the same lines was read, wherever it stands now; one with another line was not."""
    left = state(hunks=(hunk_digest(TWO, TWO.hunks[0]),))
    before = recall(standing(left), rules=RULES)
    moved = edited("a.py", hunk(1, 1, "-gone"), hunk(90, 90, " a", "+b"))
    assert before.answered(Diff((TWO,)), b"") == {(0, 0)}
    assert before.answered(Diff((moved,)), b"") == {(0, 1)}
    assert before.answered(Diff((edited("b.py", *TWO.hunks),)), b"") == frozenset()


@given(diffs, st.binary(min_size=1, max_size=4))
def test_a_change_that_stayed_the_same_is_not_read_again(diff: Diff, key: bytes) -> None:
    """Over any change: all its hunks were answered for, so none is read; under another key, all are."""
    digests = tuple(digest for file in diff.files for digest in hunk_digests(file, key))
    everything = {(index, at) for index, file in enumerate(diff.files) for at in range(len(hunk_digests(file, key)))}
    before = recall(standing(state(hunks=digests)), rules=RULES)
    assert before.answered(diff, key) == everything
    assert before.answered(diff, b"other key") == frozenset()
    assert recall(standing(state(hunks=digests)), rules="others").answered(diff, key) == frozenset()


# What was said.


def test_what_has_a_comment_is_known_by_its_mark() -> None:
    """The summary is gone, or does not know of it: path, line, severity, title and trace stand in the comment."""
    for left in (None, state(OTHER)):
        known = {each.id: each for each in recalled(left, thread(SAID))}
        assert known[SAID.id] == SAID
    unplaced = thread(SAID, body=file_comment(SAID))
    assert recalled(None, unplaced)[0].trace == SAID.trace


def test_what_the_summary_knows_of_a_finding_counts_more_than_its_mark() -> None:
    """The mark is as old as the comment; the state is of the latest review."""
    lower = replace(SAID, said=False, finding=replace(SAID.finding, location=told(40).location))
    (known,) = recalled(state(lower), thread(SAID))
    assert (known.finding.location.line, known.said) == (40, True)


def test_a_comment_without_a_mark_of_ours_says_nothing() -> None:
    """Quoted in the middle of somebody's words it is no mark either."""
    quoted = f"> {finding_mark(SAID)}\n\nWhat is this?"
    assert recalled(None, thread(SAID, body=quoted), thread(SAID, body="well", number=2)) == ()


def test_what_a_comment_says_is_fixed_is_fixed() -> None:
    """The summary is gone: a finding whose comment says that it was fixed is not open again for that."""
    fixed = replace(SAID, fate=Fate.FIXED, note="e" * 40)
    (known,) = recalled(None, thread(SAID, body=fixed_comment(fixed, inline_comment(SAID))))
    assert (known.id, known.fate) == (SAID.id, Fate.FIXED)
    (known,) = recalled(state(SAID), thread(SAID, body=fixed_comment(fixed, inline_comment(SAID))))
    assert known.fate is Fate.OPEN, "the state is of the latest review"


def test_news_is_not_news_twice() -> None:
    """What the review before said for the first time was said before."""
    (known,) = recalled(state(replace(SAID, news=True)), thread(SAID))
    assert not known.news


# What people did.

FIXED = replace(SAID, fate=Fate.FIXED, note="e" * 40)
SAYS_FIXED = fixed_comment(FIXED, inline_comment(SAID))
RESOLVER = Objection(How.RESOLVED, "ann", writes=True)
WRITER = Objection(How.DISLIKED, "ann", writes=True)
READER = Objection(How.DISLIKED, "bob", writes=False)


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("left", [None, state(SAID)])
def test_an_objection_dismisses(how: How, left: State | None) -> None:
    """A resolved thread, a thumbs-down, a command: the finding is dismissed, with the name of who did it."""
    (known,) = recalled(left, thread(SAID, Objection(how, "ann", writes=True)))
    assert (known.fate, known.note, known.binding) == (Fate.DISMISSED, "ann", True)


def test_an_objection_binds_if_anybody_who_may_write_has_it() -> None:
    """Of several the one that counts most is told; without write access nothing is approved by it."""
    (known,) = recalled(state(SAID), thread(SAID, READER, WRITER))
    assert (known.note, known.binding) == ("ann", True)
    (known,) = recalled(state(SAID), thread(SAID, READER))
    assert (known.fate, known.note, known.binding) == (Fate.DISMISSED, "bob", False)


def test_an_objection_that_is_taken_back_counts_no_more() -> None:
    """A resolved thread that a person opens again is open again: the finding has to be dealt with."""
    dismissed = replace(SAID, fate=Fate.DISMISSED, note="bob", binding=False)
    (known,) = recalled(state(dismissed), thread(SAID))
    assert (known.fate, known.note, known.binding) == (Fate.OPEN, "", True)


def test_a_comment_that_was_deleted_dismisses() -> None:
    """Somebody took it away: it is not said again, now or later."""
    (known,) = recalled(state(SAID))
    assert (known.fate, known.note) == (Fate.DISMISSED, "its comment was deleted")
    assert recalled(state(known)) == (known,)


def test_a_comment_that_others_tell_of_was_not_deleted() -> None:
    """Its mark stands in a thread of an account that is not believed, or it lost its mark: then it stands as it did."""
    gone = standing(state(SAID))
    believed_no_more = replace(gone, marks=frozenset({SAID.id}))
    rewritten = replace(gone, unmarked=frozenset({SAID.finding.location.path}))
    for left in (believed_no_more, rewritten):
        (known,) = recall(left, rules=RULES).known
        assert (known.fate, known.said) == (Fate.OPEN, False), "in the summary, as nothing else tells of it"
        assert recalled(state(known)) == (known,)
    other = replace(gone, marks=frozenset({"f" * 10}), unmarked=frozenset({"other.py"}))
    assert recall(other, rules=RULES).known[0].fate is Fate.DISMISSED


def test_a_comment_with_other_words_around_its_mark_is_ours_still() -> None:
    """Whoever may write can add a line to it; that is no dismissal."""
    (known,) = recalled(state(SAID), thread(SAID, body=f"{inline_comment(SAID)}\n\nEdit: see #12"))
    assert (known.fate, known.said) == (Fate.OPEN, True)


def test_the_summary_is_found_below_other_words() -> None:
    """Somebody puts a line above it: what it hands on counts, and what was dismissed stays so."""
    own = summarized(state(replace(SAID, fate=Fate.DISMISSED, note="ann")))
    below = replace(own, body=f"**Ready for review** (ann)\n\n{own.body}")
    before = recall(Standing(HEAD, open=True, comments=(below,)), rules=RULES)
    assert unread(before) == (False, "")
    assert before.known[0].fate is Fate.DISMISSED


def test_what_never_had_a_comment_cannot_be_deleted() -> None:
    """A finding that stands in the summary alone is open, whatever happens to threads."""
    (known,) = recalled(state(OTHER))
    assert known.fate is Fate.OPEN


def test_a_fixed_finding_is_fixed_whatever_becomes_of_its_thread() -> None:
    """People close the thread of what is mended, or delete the comment: that does not dismiss what comes back."""
    resolved = thread(SAID, RESOLVER, resolved=True)
    for threads in ((), (resolved,), (thread(SAID),)):
        (known,) = recalled(state(FIXED), *threads)
        assert (known.fate, known.note) == (Fate.FIXED, "e" * 40)
        assert known.said is bool(threads), "should it come back, it needs a comment that is there"


def test_a_dismissal_counts_where_its_sign_is_out_of_sight() -> None:
    """A sign that GitHub does not tell to count, or that others bury, is not taken back by that."""
    binding = replace(SAID, fate=Fate.DISMISSED, note="ann")
    unheard = thread(SAID, signs=frozenset({"ann", "bob"}))
    buried = thread(SAID, signs=frozenset({"bob"}), whole=False)
    for each in (unheard, buried, thread(SAID, replace(WRITER, writes=False))):
        (known,) = recalled(state(binding), each)
        assert (known.fate, known.note, known.binding) == (Fate.DISMISSED, "ann", True)
    (known,) = recalled(state(binding), thread(SAID, signs=frozenset({"bob"})))
    assert known.fate is Fate.OPEN, "all was read, and hers is gone"


def test_a_thread_that_is_open_again_is_taken_back_however_long_it_is() -> None:
    """What was resolved and is open was opened by somebody; what is resolved still, whoever did it, was not."""
    (dismissed,) = recalled(state(SAID), thread(SAID, RESOLVER, resolved=True))
    (known,) = recalled(state(dismissed), thread(SAID, whole=False))
    assert known.fate is Fate.OPEN
    (known,) = recalled(state(dismissed), thread(SAID, resolved=True))
    assert (known.fate, known.note) == (Fate.DISMISSED, "ann")


def test_a_fixed_finding_whose_thread_is_opened_again_is_open() -> None:
    """Whether the thread was seen resolved, or we were to resolve it with the mending: somebody does not think so."""
    ours = replace(thread(FIXED, body=SAYS_FIXED), resolvable=True)
    (standing_before,) = recalled(state(SAID), thread(SAID, resolvable=True))
    at_once = replace(FIXED, closes=standing_before.closes)
    (seen,) = recalled(state(FIXED), replace(ours, resolved=True))
    for left in (at_once, seen):
        (known,) = recalled(state(left), ours)
        assert (known.fate, known.note) == (Fate.OPEN, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"resolvable": False}, {}),
        ({"last_word": True}, {}),
        ({}, {"answered": True}),
        ({}, {"body": inline_comment(SAID)}),
        ({"comment": OwnComment(1, "u/1", inline_comment(SAID), ours=False)}, {}),
    ],
)
def test_a_thread_that_we_left_open_is_not_opened_again(before: dict[str, object], after: dict[str, object]) -> None:
    """We could not resolve it, or a person had the last word, be it at the last moment, or nothing was mended."""
    (stood,) = recalled(state(SAID), thread(SAID, **{"resolvable": True, **before}))  # type: ignore[arg-type]
    left = replace(FIXED, closes=stood.closes)
    threads = thread(SAID, **{"body": SAYS_FIXED, "resolvable": True, **after})  # type: ignore[arg-type]
    for _ in range(2):
        (left,) = recalled(state(left), threads)
        assert left.fate is Fate.FIXED


def test_what_was_resolved_while_it_was_fixed_does_not_dismiss_what_comes_back() -> None:
    """The thread of a fix that is reverted is resolved still: only who resolves it after it was open dismisses it."""
    closed = thread(SAID, RESOLVER, resolved=True)
    (fixed,) = recalled(state(FIXED), closed)
    back = replace(fixed, fate=Fate.OPEN, note="")
    for _ in range(2):
        (back,) = recalled(state(back), closed)
        assert back.stands
    (known,) = recalled(state(back), thread(SAID, WRITER, resolved=True))
    assert known.fate is Fate.DISMISSED, "another sign counts"
    (back,) = recalled(state(back), thread(SAID))
    (known,) = recalled(state(back), closed)
    assert known.fate is Fate.DISMISSED


def test_all_threads_of_a_finding_are_asked() -> None:
    """Two comments may tell of one finding: a sign in either counts, and is gone where both have none."""
    both = thread(SAID), thread(SAID, RESOLVER, number=2, resolved=True)
    (known,) = recalled(state(SAID), *both)
    assert (known.fate, known.note) == (Fate.DISMISSED, "ann")
    (known,) = recalled(state(known), both[0], thread(SAID, number=2))
    assert known.fate is Fate.OPEN


@pytest.mark.parametrize(
    ("heard", "quiet"), [("", 3), ("2026-05-01T00:00:00Z", 3), ("2026-05-01T00:00:01Z", 0), ("2026-06-01", 0)]
)
def test_reviews_without_a_sign_of_a_person_are_counted(heard: str, quiet: int) -> None:
    """A sign that is newer than the latest known one ends the count; an old one seen again does not."""
    before = recall(standing(state(quiet=3, heard="2026-05-01T00:00:00Z"), heard=heard), rules=RULES)
    assert (before.quiet, before.heard) == (quiet, max(heard, "2026-05-01T00:00:00Z"))


def test_a_sign_is_heard_without_a_state() -> None:
    """The first review takes note of it, so that the next one can tell a newer one."""
    assert recall(standing(heard="2026-05-01"), rules=RULES).heard == "2026-05-01"


objections = st.builds(Objection, st.sampled_from(How), st.sampled_from(["ann", "bob"]), writes=st.booleans())


@given(
    st.sampled_from(Fate),
    st.booleans(),
    st.none() | st.lists(objections, max_size=3),
    st.booleans(),
)
def test_people_decide(fate: Fate, said: bool, signs: list[Objection] | None, stored: bool) -> None:
    """Of any fate: what stands has no objection and its comment; what is newly dismissed has one, or no comment."""
    left = state(replace(SAID, fate=fate, said=said)) if stored else None
    threads = [] if signs is None else [thread(SAID, *signs)]
    for known in recalled(left, *threads):
        assert known.id == SAID.id
        assert known.said or not (said or threads) or (fate is Fate.FIXED and not threads)
        if known.stands:
            assert not signs
            assert signs is not None or not said
        if known.fate is Fate.DISMISSED and fate is not Fate.DISMISSED:
            assert signs or (signs is None and said)
