"""A finding's life: what is fixed, still there, moved, out of date, dismissed; and who is asked about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Anchors, Miss
from bot.core.chunking import Budget, Chunk, HunkKey, pack, split
from bot.core.diff import Diff, Origin
from bot.core.known import Fate, Known
from bot.core.ledger import Entry, Reason, State, balance
from bot.core.life import Companions, Heard, answered_hunks, follow, shelve, track
from bot.core.model_rules import RULES
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.ranking import DOUBTFUL
from bot.core.rendering.comments import inline_comment, words_of
from bot.core.replies import Verdict, VerdictState
from bot.core.traces import name_of, trace_of
from bot.core.visible import Shown
from tests.core.changes import added, edited, hunk
from tests.core.strategies import diffs
from tests.core.test_identity import BEFORE, CODE, PRICE, new, remembered, shown, told

HEAD = "d" * 40
FIXED, STILL, UNCLEAR = VerdictState.FIXED, VerdictState.STILL, VerdictState.UNCLEAR
MODEL = "claude-opus-4-6"
# The price at the fourth line, said in a comment of its own.
SAID = replace(PRICE, said=True)
IN_PRICED = "    for item in priced(items):"
BESIDE_CHANGED = shown(new(*CODE[:2], IN_PRICED, *CODE[3:]))
MENDED = "        value += item.get('price', 0)"
GONE = shown(new(*CODE[:3], MENDED, *CODE[4:]))
ELSEWHERE = shown(added("b.py", "x = 1"))


def hunks_of(change: Shown) -> frozenset[HunkKey]:
    return frozenset((file, at) for file, each in enumerate(change.diff.files) for at in range(len(each.hunks)))


def lived(  # noqa: PLR0913 - all that a review learns
    change: Shown,
    *known: Known,
    found: Sequence[Finding] = (),
    says: Mapping[str, Verdict] | None = None,
    unread: Collection[HunkKey] = (),
    read: Collection[HunkKey] | None = None,
    ran: Collection[str] = (),
    unplaced: Collection[Finding] = (),
    unseen: Collection[tuple[str, int]] = (),
) -> tuple[Known, ...]:
    """The findings after a review of the change; it reads every hunk unless told otherwise."""
    tracked = track(known, change)
    companions = Companions(tracked, hunks_of(change) if read is None else read, change.diff)
    return follow(tracked, Heard(found, says or {}, unread, ran, HEAD, unplaced, unseen), Anchors(change), companions)


def judged(  # noqa: PLR0913 - as above
    change: Shown,
    state: VerdictState | None = None,
    quote: str = "",
    *,
    known: Known = SAID,
    unread: Collection[HunkKey] = (),
    read: Collection[HunkKey] | None = None,
) -> Known:
    """What became of one finding by the model's verdict."""
    says = {known.id: Verdict(known.id, state, quote)} if state else {}
    (after,) = lived(change, known, says=says, unread=unread, read=read)
    return after


# The code stands.


def test_a_finding_is_fixed_where_the_model_says_so_of_changed_code() -> None:
    """Its line stands, the model quotes one that came beside it, and says that it mends it: fixed, by this commit."""
    after = judged(BESIDE_CHANGED, FIXED, IN_PRICED)
    assert (after.fate, after.note, after.placed) == (Fate.FIXED, HEAD, True)


def test_nothing_is_fixed_by_words_alone() -> None:
    """Where neither the line nor those beside it changed, the model may say what it likes."""
    assert judged(BEFORE, FIXED).fate is Fate.OPEN
    assert judged(shown(new(*CODE, before=20)), FIXED).fate is Fate.OPEN, "it only moved down"
    assert judged(shown(new(*(f"  {text}" for text in CODE))), FIXED).fate is Fate.OPEN, "it was only indented"


@pytest.mark.parametrize("state", [None, STILL, UNCLEAR])
def test_nothing_is_fixed_by_a_change_alone(state: VerdictState | None) -> None:
    """The code beside it changed, and the model does not say that it is mended: it stands where its line is."""
    after = judged(BESIDE_CHANGED, state)
    assert (after.fate, after.note, after.placed, after.finding.location.line) == (Fate.OPEN, "", True, 4)


@pytest.mark.parametrize(
    ("quote", "fate"),
    [
        ("for item  in priced(items):", Fate.FIXED),
        ("    value = 0\n    for item in priced(items):", Fate.FIXED),
        ("if item.price is None:", Fate.OPEN),
        ("value = 0", Fate.OPEN),
        (CODE[3], Fate.OPEN),
        ("", Fate.OPEN),
    ],
)
def test_where_its_line_stands_a_new_one_has_to_mend_it(quote: str, fate: Fate) -> None:
    """Nothing is proven by a line that is not there, by one that was there before, or by none where one came."""
    assert judged(BESIDE_CHANGED, FIXED, quote).fate is fate


def test_a_mend_may_stand_several_times() -> None:
    """A line that came beside the code mends it, wherever else the same one stands."""
    twice = shown(new(*CODE[:3], "        check()", *CODE[3:], *(f"filler({at})" for at in range(20)), "check()"))
    assert judged(twice, FIXED, "check()").fate is Fate.FIXED


@pytest.mark.parametrize(
    ("texts", "fate"),
    [
        ((*CODE[:2], *CODE[3:]), Fate.FIXED),
        ((*CODE[:4], *CODE[5:]), Fate.FIXED),
        ((*CODE[:2], "    for item in other:", *CODE[3:]), Fate.OPEN),
        ((*CODE[:2], "    for item in other:", *CODE[3:4], *CODE[5:]), Fate.OPEN),
        (("def sum(items):", *CODE[1:]), Fate.OPEN),
        (CODE, Fate.OPEN),
    ],
)
def test_lines_that_only_went_may_mend_it_without_a_quote(texts: Sequence[str], fate: Fate) -> None:
    """The model quotes nothing where lines were removed; where one was written anew that does not do."""
    assert judged(shown(new(*texts)), FIXED).fate is fate


def test_a_run_of_lines_is_mended_in_any_of_them() -> None:
    """A finding on more lines than stand beside its last one is fixed by a new first line."""
    body = ("cmd = 'tar cf ' + path", *(f"step({at})" for at in range(6)), "run(cmd, shell=True)")
    finding = told(8, start=1)
    known = remembered(shown(new(*body)), finding, said=True)
    mend = "cmd = ['tar', 'cf', path]"
    assert judged(shown(new(mend, *body[1:])), FIXED, mend, known=known).fate is Fate.FIXED
    assert judged(shown(new(*body)), FIXED, body[0], known=known).fate is Fate.OPEN


def test_half_a_hunk_mends_nothing() -> None:
    """The other half failed: what the one that was answered for says of its code is not the last word."""
    for change, quote in ((BESIDE_CHANGED, IN_PRICED), (GONE, MENDED)):
        assert judged(change, FIXED, quote, unread={(0, 0)}).fate is Fate.OPEN


def test_an_open_finding_stands_on_its_present_line() -> None:
    """Lines that came above it shift it, and its trace is that of the present code; what stood there is remembered."""
    change = shown(new(*CODE[:2], "    for item in priced(items):", *CODE[3:], before=9))
    after = judged(change, STILL)
    assert after.finding.location == Location("a.py", Side.RIGHT, 13)
    assert replace(after.trace, also=()) == trace_of(change, after.finding)
    assert after.trace.also == (trace_of(BEFORE, told(3)).code[:4],)


def test_code_that_stands_elsewhere_is_moved() -> None:
    """Moved to another file with what is beside it: the finding goes with it, and stays one that moved."""
    change = shown(new(*CODE, path="b.py"))
    after = judged(change)
    assert (after.fate, after.finding.location) == (Fate.MOVED, Location("b.py", Side.RIGHT, 4))
    assert judged(change, known=after).fate is Fate.MOVED


def test_equal_lines_keep_their_findings_in_order() -> None:
    """Two findings on lines that nothing tells apart do not fall on one line when all of it moves."""
    block = ("try:", "    send(item)", "except OSError:", "    pass")
    then = shown(new(*block, *block, *block, *block))
    both = [remembered(then, told(line)) for line in (6, 10)]
    both[1] = replace(both[1], id="f" * 10)
    now = shown(new(*block, *block, *block, *block, before=5))
    assert [each.finding.location.line for each in lived(now, *both)] == [11, 15]


# The code is gone.


@pytest.mark.parametrize(
    ("state", "quote", "fate", "line"),
    [
        (FIXED, MENDED, Fate.FIXED, None),
        (FIXED, "", Fate.FIXED, None),
        (FIXED, "raise ValueError(item)", Fate.OUTDATED, None),
        (UNCLEAR, "", Fate.OUTDATED, None),
        (STILL, MENDED.strip(), Fate.OPEN, 4),
        (STILL, "return value", Fate.OPEN, 7),
        (STILL, "nowhere()", Fate.OPEN, None),
        (STILL, "", Fate.OPEN, None),
        (None, "", Fate.OPEN, None),
    ],
)
def test_of_code_that_is_gone_the_model_tells(
    state: VerdictState | None, quote: str, fate: Fate, line: int | None
) -> None:
    """Fixed with a quote that is there or none; outdated where nobody can tell; else open, on the line it quotes."""
    after = judged(GONE, state, quote)
    assert after.fate is fate
    assert (after.finding.location.line if after.placed else None) == line
    assert after.note == (HEAD if fate is Fate.FIXED else "")


@pytest.mark.parametrize("state", [None, UNCLEAR])
def test_what_nobody_answered_for_is_as_it_was(state: VerdictState | None) -> None:
    """Its code is gone and the request that it went with failed, also in part: it stays open, without a line."""
    after = judged(GONE, state, unread={(0, 0)})
    assert (after.fate, after.placed) == (Fate.OPEN, False)


def test_what_nobody_was_asked_about_is_as_it_was() -> None:
    """No hunk of its file is read while lines of it are left out, be it for money: it stays open, without a line."""
    after = judged(GONE, read=(), unread={(0, 0)})
    assert (after.fate, after.placed) == (Fate.OPEN, False)


def test_another_hunk_does_not_tell_of_one_that_was_not_read() -> None:
    """Its own hunk is left out, so it went along with another: whatever is said of it there, it stays open."""
    mended = edited("a.py", hunk(1, 1, *(f"+{text}" for text in (*CODE[:3], MENDED, *CODE[4:]))))
    change = shown(replace(mended, hunks=(*mended.hunks, *edited("a.py", hunk(200, 207, " x", "+y")).hunks)))
    for state in (FIXED, UNCLEAR):
        assert judged(change, state, read={(0, 1)}, unread={(0, 0)}).fate is Fate.OPEN
        assert judged(change, state, read={(0, 0)}, unread={(0, 1)}).fate is not Fate.OPEN


def test_what_github_withholds_is_as_it_was() -> None:
    """The patch of its file is not shown this time: it stays open, without a line, until that is back."""
    withheld = shown(replace(added("a.py"), hunks=(), origin=Origin.WITHHELD))
    away = judged(withheld, read=())
    assert (away.fate, away.placed) == (Fate.OPEN, False)
    back = judged(BEFORE, known=away)
    assert (back.fate, back.placed, back.news) == (Fate.OPEN, True, False)


def test_a_finding_does_not_go_to_the_code_of_another() -> None:
    """What still stands is not on the line that another one is about, though the model quotes that."""
    other = remembered(GONE, told(2), said=True)
    says = {SAID.id: Verdict(SAID.id, STILL, CODE[1])}
    after, _ = lived(GONE, SAID, other, says=says)
    assert (after.fate, after.placed, after.trace) == (Fate.OPEN, False, SAID.trace)
    (alone,) = lived(GONE, SAID, says=says)
    assert (alone.placed, alone.finding.location.line) == (True, 2)


def test_one_too_many_to_go_along_stays_open() -> None:
    """Its hunk was answered for, but it did not go along, as too many did: nobody said a word of it."""
    others = [replace(SAID, id=f"{number:010d}") for number in range(3)]
    says = {each.id: Verdict(each.id, UNCLEAR) for each in others[:2]}
    assert [each.fate for each in lived(GONE, *others, says=says)] == [Fate.OUTDATED, Fate.OUTDATED, Fate.OPEN]


@pytest.mark.parametrize("change", [ELSEWHERE, shown(edited("a.py", hunk(90, 90, " x", "+y")))])
def test_what_left_the_change_is_outdated(change: Shown) -> None:
    """Its lines are no part of the change any more, and nothing of its file is left to be read: nobody can judge it."""
    assert judged(change, read=()).fate is Fate.OUTDATED


def test_what_is_outdated_comes_back_with_its_code() -> None:
    """A revert brings the very lines back: the finding is open again, without being new."""
    after = judged(BEFORE, known=replace(SAID, fate=Fate.OUTDATED, placed=False))
    assert (after.fate, after.placed, after.news) == (Fate.OPEN, True, False)
    assert judged(GONE, known=replace(SAID, fate=Fate.OUTDATED)).fate is Fate.OUTDATED


quotes = st.sampled_from(["", "  ", MENDED, "return value", "nowhere()", "value = 0"])
lines_after = st.lists(st.sampled_from([*CODE, MENDED, "    check(item)"]), max_size=10)


@given(
    lines_after,
    st.none() | st.builds(Verdict, st.just(SAID.id), st.sampled_from(VerdictState), quotes),
    st.booleans(),
    st.booleans(),
)
def test_fixed_takes_a_change_and_a_word(texts: list[str], says: Verdict | None, unread: bool, read: bool) -> None:
    """Whatever a file turns to: fixed is only what the model says so of, whose code changed, and with a true quote."""
    change = shown(new(*texts)) if texts else ELSEWHERE
    everything = hunks_of(change)
    (after,) = lived(
        change,
        SAID,
        says={SAID.id: says} if says else {},
        unread=everything if unread else (),
        read=everything if read else (),
    )
    assert after.id == SAID.id
    if after.fate is Fate.FIXED:
        assert says is not None
        assert says.state is FIXED
        assert list(CODE) != texts
        assert not says.quote.strip() or says.quote.strip() in {text.strip() for text in texts}
    assert after.placed or after.fate is not Fate.MOVED
    if after.placed and after.fate is not Fate.OUTDATED:
        assert change.diff.file_at(after.finding.location) is not None


# Found again.


AGAIN = told(4, title="Another title", body="Other words", severity=Severity.LOW)


def test_a_finding_that_is_found_again_keeps_the_words_of_its_comment() -> None:
    """What stands on the pull request is not said anew in other words, nor with another severity."""
    (after,) = lived(BESIDE_CHANGED, SAID, found=[replace(AGAIN, quote="value += item.price")])
    words = (after.finding.title, after.finding.body, after.finding.severity)
    assert words == (SAID.finding.title, SAID.finding.body, SAID.finding.severity)
    assert (after.fate, after.news, after.said, after.finding.quote) == (Fate.OPEN, False, True, "value += item.price")


def test_a_finding_stays_on_its_code() -> None:
    """Reports of it some lines off, from review to review, do not carry it away from its line."""
    known = SAID
    for line in (5, 7, 7):
        (known,) = lived(BEFORE, known, found=[told(line, quote="log(item)")])
    assert (known.finding.location.line, known.trace, known.finding.quote) == (4, SAID.trace, "")


def test_a_finding_is_known_by_any_line_that_it_was_reported_on() -> None:
    """Two reports name lines on either side of it; what comes between them later parts neither from it."""
    program = [f"step_{number}()" for number in range(1, 30)]
    first = shown(new(*program))
    known = replace(remembered(first, told(15)), said=True)
    (known,) = lived(first, known, found=[told(20)])
    assert known.finding.location.line == 15
    program[17:17] = [f"came_{number}()" for number in range(20)]
    (known,) = lived(shown(new(*program)), known, found=[told(40)])
    program[14:14] = [f"more_{number}()" for number in range(20)]
    after = lived(shown(new(*program)), known, found=[told(60), told(14)])
    assert [each.id == known.id for each in after] == [True, False]


def test_a_finding_is_not_taken_to_the_other_side() -> None:
    """That the model quotes a removed line, of what it says still stands, makes no finding of a removed line."""
    change = shown(edited("a.py", hunk(1, 1, " a()", "-value = old()", "+value = new()", " b()")))
    known = replace(remembered(shown(new("gone()")), told(1)), said=True)
    assert judged(change, STILL, "value = old()", known=known).finding.location.side is Side.RIGHT
    assert judged(change, STILL, "value = new()", known=known).finding.location.line == 2


def test_a_finding_without_a_comment_takes_the_new_words() -> None:
    """Nothing stands there yet that could say something else: the latest words are the best."""
    (after,) = lived(BEFORE, PRICE, found=[AGAIN])
    assert (after.id, after.finding, after.news) == (PRICE.id, AGAIN, False)


def test_a_fixed_finding_that_is_found_again_is_open_again() -> None:
    """Its comment said that it was fixed: now it says what is wrong, in the new words."""
    fixed = replace(SAID, fate=Fate.FIXED, note="e" * 40)
    (after,) = lived(BEFORE, fixed, found=[AGAIN])
    assert (after.id, after.fate, after.note, after.finding) == (SAID.id, Fate.OPEN, "", AGAIN)


def test_a_fixed_finding_without_a_comment_that_is_found_again_is_news() -> None:
    """Its comment was deleted: that the defect is back has to be said anew."""
    for said in (True, False):
        fixed = replace(PRICE, said=said, fate=Fate.FIXED, note="e" * 40)
        assert [each.news for each in lived(BEFORE, fixed, found=[AGAIN])] == [not said]


def test_a_fixed_finding_stays_fixed_while_nobody_finds_it() -> None:
    """That its code still stands is no reason to open it again: what mended it may be beside it."""
    fixed = replace(SAID, fate=Fate.FIXED, note="e" * 40)
    for change in (BEFORE, GONE, ELSEWHERE):
        assert lived(change, fixed) == (fixed,)


def test_beside_a_fixed_finding_whose_code_is_gone_all_is_new() -> None:
    """The mend has a problem of its own: that is another finding."""
    fixed = replace(SAID, fate=Fate.FIXED)
    before, fresh = lived(GONE, fixed, found=[told(4)])
    assert (before.fate, fresh.news, fresh.fate) == (Fate.FIXED, True, Fate.OPEN)
    assert fresh.id != fixed.id


@pytest.mark.parametrize("noise", [told(4), AGAIN, told(4, category=Category.PERFORMANCE), told(5), told(3, start=2)])
def test_a_dismissed_finding_takes_in_what_is_found_on_its_code(noise: Finding) -> None:
    """While its code stands, nothing is said there again, in whatever words and be it a line off."""
    dismissed = replace(SAID, fate=Fate.DISMISSED, note="ann")
    changed = shown(new(*CODE[:1], "    value = start", *CODE[2:]))
    (after,) = lived(changed, dismissed, found=[noise])
    assert (after.fate, after.note, after.news) == (Fate.DISMISSED, "ann", False)


def test_a_dismissed_finding_follows_its_code_and_survives_it() -> None:
    """It moves with its lines, and is remembered without: they may come back."""
    dismissed = replace(SAID, fate=Fate.DISMISSED)
    (lower,) = lived(shown(new(*CODE, before=9)), dismissed, found=[told(13)])
    assert (lower.fate, lower.finding.location.line) == (Fate.DISMISSED, 13)
    (away,) = lived(ELSEWHERE, dismissed)
    assert (away.fate, away.placed) == (Fate.DISMISSED, False)
    (back,) = lived(BEFORE, away, found=[told(4)])
    assert (back.fate, back.placed, back.news) == (Fate.DISMISSED, True, False)


def test_the_same_defect_in_another_place_is_new() -> None:
    """What was dismissed here is said there: it is the code that nobody wants to hear of, not the words."""
    dismissed = replace(SAID, fate=Fate.DISMISSED)
    change = shown(new(*CODE, *(f"filler({at})" for at in range(9)), "        value += item.tax"))
    before, fresh = lived(change, dismissed, found=[told(17)])
    assert (before.fate, fresh.news, fresh.finding.location.line) == (Fate.DISMISSED, True, 17)


def test_a_word_on_a_finding_and_a_report_of_it_leave_it_open() -> None:
    """Said to be fixed and reported on the same line in one review: what is found counts."""
    (after,) = lived(BESIDE_CHANGED, SAID, found=[AGAIN], says={SAID.id: Verdict(SAID.id, FIXED)})
    assert (after.fate, after.finding.title) == (Fate.OPEN, SAID.finding.title)


@pytest.mark.parametrize(("state", "news"), [(STILL, 1), (UNCLEAR, 0), (None, 0)])
def test_beside_what_the_model_spoke_of_it_reports_another_problem(state: VerdictState | None, news: int) -> None:
    """It said of the known one what it had to say: what it reports a line off is not that. Else it may well be."""
    says = {SAID.id: Verdict(SAID.id, state)} if state else {}
    after = lived(BEFORE, SAID, found=[told(5)], says=says)
    assert sum(each.news for each in after) == news


def test_a_doubtful_finding_that_becomes_sure_is_news() -> None:
    """It was only mentioned: now it is worth a comment, unless it has one already or stays doubtful."""
    doubtful = replace(PRICE, finding=replace(PRICE.finding, confidence=DOUBTFUL / 2))
    assert [each.news for each in lived(BEFORE, doubtful, found=[told(4, confidence=0.9)])] == [True]
    assert [each.news for each in lived(BEFORE, doubtful, found=[told(4, confidence=DOUBTFUL / 3)])] == [False]
    assert [each.news for each in lived(BEFORE, replace(doubtful, said=True), found=[told(4)])] == [False]


def test_what_was_never_said_is_new() -> None:
    """It gets a name of its own, and is placed where the change has its line."""
    longer = shown(new(*CODE, *(f"filler({at})" for at in range(9))))
    known, fresh, nowhere = lived(longer, SAID, found=[told(12), told(99, quote="lost()")])
    assert known == replace(SAID, news=False)
    assert (fresh.news, fresh.placed, fresh.fate, fresh.said) == (True, True, Fate.OPEN, False)
    assert (nowhere.news, nowhere.placed) == (True, False)
    assert len({known.id, fresh.id, nowhere.id}) == 3


def test_a_report_without_a_proven_line_is_known_by_its_quote() -> None:
    """The line that it states may hold anything: it is no other finding for that, nor one that stands there."""
    lost = told(7, quote="        value += item.price", title="Unsure where")
    (again,) = lived(BEFORE, SAID, found=[lost], unplaced=[lost])
    assert (again.id, again.finding.location.line, again.placed) == (SAID.id, 4, True)
    other = told(4, quote="nowhere()")
    known, fresh = lived(BEFORE, SAID, found=[other], unplaced=[other])
    assert (known.fate, fresh.news, fresh.placed, fresh.finding) == (Fate.OPEN, True, False, other)


def test_what_never_had_a_line_stays_open_while_its_file_is_changed() -> None:
    """It cannot have left a line that it never had; with its file it leaves the change."""
    lost = told(4, quote="nowhere()")
    (known,) = lived(BEFORE, found=[lost], unplaced=[lost])
    assert judged(GONE, known=known, read=()).fate is Fate.OPEN
    assert judged(ELSEWHERE, known=known, read=()).fate is Fate.OUTDATED


places = st.tuples(st.sampled_from(Side), st.integers(1, 12), st.sampled_from(Category))


def findings_in(diff: Diff, spots: Iterable[tuple[Side, int, Category]]) -> list[Finding]:
    path = diff.files[0].path if diff.files else "a.py"
    return [
        told(line, path, side=side, category=category, title=f"No. {number}")
        for number, (side, line, category) in enumerate(spots)
    ]


@given(diffs, diffs, st.lists(places, max_size=5), st.lists(places, max_size=5), st.booleans())
def test_no_finding_is_lost(
    then: Diff, now: Diff, old: list[tuple[Side, int, Category]], fresh: list[tuple[Side, int, Category]], said: bool
) -> None:
    """From any change to any other: each known one is there once under its name, each new one has a name of its own."""
    first = lived(Shown(then), found=findings_in(then, old))
    known = [replace(each, said=said, news=False) for each in first]
    found = findings_in(now, fresh)
    after = lived(Shown(now), *known, found=found)
    assert [each.id for each in after[: len(known)]] == [each.id for each in known]
    assert len({each.id for each in after}) == len(after)
    assert all(each.news for each in after[len(known) :])
    assert len(after) <= len(known) + len(found)
    assert len(after) >= max(len(known), len(found) if not known else 0)


def tells(change: Shown, finding: Finding) -> bool:
    """Whether there is anything to know the line by: GitHub shows lines beside it wherever there are any."""
    file = change.diff.file_at(finding.location)
    assert file is not None
    side, line = finding.location.side, finding.location.line
    return len(change.rows(file, change.diff.files[file].hunk_at[side, line], side)) > 1


@given(diffs, st.lists(places, max_size=6))
def test_a_review_of_the_same_change_says_nothing_new(diff: Diff, spots: list[tuple[Side, int, Category]]) -> None:
    """The same findings on the same lines again: none is news, none changes its fate or its name."""
    change, found = Shown(diff), findings_in(diff, spots)
    on_lines = [each for each in found if diff.file_at(each.location) is not None and tells(change, each)]
    first = lived(change, found=on_lines)
    known = [replace(each, said=True, news=False) for each in first]
    again = lived(change, *known, found=on_lines)
    assert [(each.id, each.news, each.fate) for each in again] == [(each.id, False, Fate.OPEN) for each in known]


# What analyzers find.


def ruffed() -> Known:
    return remembered(BEFORE, told(4, source="ruff", rule="F821"), said=True)


def test_what_an_analyzer_no_longer_reports_is_fixed() -> None:
    """It ran on all there was and does not report it: fixed where its code or what was beside it is there."""
    for change in (BEFORE, BESIDE_CHANGED, GONE):
        (after,) = lived(change, ruffed(), ran={"ruff"})
        assert (after.fate, after.note) == (Fate.FIXED, HEAD)


def test_what_left_the_change_an_analyzer_does_not_judge() -> None:
    """It looks at changed lines only: what is no part of the change is out of date, not fixed."""
    assert lived(ELSEWHERE, ruffed(), ran={"ruff"})[0].fate is Fate.OUTDATED


@pytest.mark.parametrize("change", [BEFORE, BESIDE_CHANGED, GONE, ELSEWHERE])
def test_an_analyzer_that_did_not_run_proves_nothing(change: Shown) -> None:
    """It failed, or another one ran, or the model says something about it: the finding is as it was."""
    says = {ruffed().id: Verdict(ruffed().id, FIXED)}
    (after,) = lived(change, ruffed(), ran={"zizmor"}, says=says)
    assert after.fate is Fate.OPEN


def test_an_analyzer_does_not_judge_files_that_are_left_out() -> None:
    """A path filter that came later mends nothing, nor does what it cannot parse: the finding is as it was."""
    (after,) = lived(BEFORE, ruffed(), ran={"ruff"}, unseen={("ruff", 0)})
    assert after.fate is Fate.OPEN
    (after,) = lived(BEFORE, ruffed(), ran={"ruff"}, unseen={("zizmor", 0), ("secrets", 0)})
    assert after.fate is Fate.FIXED


def test_an_analyzer_is_not_asked_through_the_model() -> None:
    """Its findings go along with no request."""
    assert not Companions(track([ruffed()], BEFORE), hunks_of(BEFORE), BEFORE.diff).asked


def test_another_rule_is_another_finding() -> None:
    """What one rule said is fixed when it says it no more, whatever another says of the same line."""
    old, fresh = lived(BEFORE, ruffed(), found=[told(4, source="ruff", rule="E711")], ran={"ruff"})
    assert (old.fate, fresh.news) == (Fate.FIXED, True)


# Who is asked.


def planned(change: Diff, tokens: int = 12_000, answered: Collection[HunkKey] = ()) -> tuple[Chunk, ...]:
    return pack(change, range(len(change.files)), Budget(RULES.of(MODEL), tokens, 1_000), answered).chunks


def going(known: Iterable[Known], change: Shown, answered: Collection[HunkKey] = ()) -> list[list[str]]:
    """Which findings go along with each part, by id."""
    chunks = planned(change.diff, answered=answered)
    read = frozenset((piece.file, piece.hunk) for chunk in chunks for piece in chunk.pieces)
    companions = Companions(track(known, change), read, change.diff)
    return [[each.id for each in companions(chunk)] for chunk in chunks]


TWO = edited("a.py", hunk(1, 1, *(f"+{text}" for text in CODE)), hunk(200, 207, " x", "+y", " z"))


def test_a_finding_goes_along_with_the_part_that_shows_its_code() -> None:
    """Its hunk is read: it goes with that request, under its present line, and with no other."""
    change = shown(TWO, added("b.py", "x = 1"))
    chunks = planned(change.diff)
    one_by_one = [Chunk((piece,)) for chunk in chunks for piece in chunk.pieces]
    companions = Companions(track([PRICE], change), hunks_of(change), change.diff)
    assert [[each.id for each in companions(chunk)] for chunk in one_by_one] == [[PRICE.id], [], []]
    (known,) = companions(one_by_one[0])
    assert (known.placed, known.finding.location.line) == (True, 4)


def test_a_finding_whose_hunk_was_read_before_goes_nowhere() -> None:
    """Nothing changed at it: nobody is asked, and it stays open."""
    change = shown(TWO)
    assert going([PRICE], change, answered={(0, 0)}) == [[]]
    assert lived(change, PRICE, read={(0, 1)})[0].fate is Fate.OPEN


def test_a_finding_goes_along_with_both_halves_of_its_hunk() -> None:
    """A hunk that is cut in two is asked about twice: whoever sees the mend can say so."""
    long = shown(new(*CODE, *(f"filler_{at} = compute({at})" for at in range(40))))
    (chunk,) = planned(long.diff)
    halves = split(long.diff, chunk, RULES.of(MODEL))
    assert halves is not None
    companions = Companions(track([PRICE], long), hunks_of(long), long.diff)
    assert [[each.id for each in companions(half)] for half in halves] == [[PRICE.id], [PRICE.id]]


def test_a_finding_goes_along_in_a_renamed_file() -> None:
    """The file has another name now: its code is found in it, and where that is gone its nearest hunk."""
    renamed = shown(edited("z.py", hunk(1, 1, *(f"+{text}" for text in CODE)), old_path="a.py"))
    assert going([PRICE], renamed) == [[PRICE.id]]
    gone = shown(edited("z.py", hunk(1, 1, " x", "+y"), old_path="a.py"))
    assert going([PRICE], gone) == [[PRICE.id]]


@pytest.mark.parametrize(
    ("side", "line", "asked"),
    [
        (Side.RIGHT, 4, 0),
        (Side.RIGHT, 59, 0),
        (Side.RIGHT, 64, 0),
        (Side.RIGHT, 66, 1),
        (Side.RIGHT, 400, 1),
        (Side.LEFT, 12, 1),
    ],
)
def test_a_finding_whose_code_is_gone_goes_with_the_nearest_hunk(side: Side, line: int, asked: int) -> None:
    """The hunk in which it stood, else the one whose edge is nearest on its side; it is shown without a line there."""
    long = hunk(1, 1, *(f"+new_{at}()" for at in range(60)))
    change = shown(edited("a.py", long, hunk(10, 70, " x", "+y", " z")), added("b.py", "x"))
    lost = replace(PRICE, finding=told(line, side=side), trace=replace(PRICE.trace, code="--------", side=side))
    companions = Companions(track([lost], change), hunks_of(change), change.diff)
    assert companions.asked == {lost.id: (0, asked)}
    pieces = [
        piece for chunk in planned(change.diff) for piece in chunk.pieces if (piece.file, piece.hunk) == (0, asked)
    ]
    (known,) = companions(Chunk(tuple(pieces)))
    assert (known.id, known.placed) == (lost.id, False)


def test_only_hunks_that_are_read_are_near() -> None:
    """The nearest one was answered for before: the next one that is read is asked; of another file none is."""
    lost = replace(PRICE, trace=replace(PRICE.trace, code="--------"))
    change = shown(TWO, added("b.py", "x"))
    assert Companions(track([lost], change), {(0, 1), (1, 0)}, change.diff).asked == {lost.id: (0, 1)}
    assert not Companions(track([lost], change), {(1, 0)}, change.diff).asked


def test_who_is_not_to_be_dealt_with_does_not_go_along() -> None:
    """Fixed and dismissed findings are not asked about; one that is out of date is, where its code is back."""
    for fate in (Fate.FIXED, Fate.DISMISSED):
        assert going([replace(PRICE, fate=fate)], BEFORE) == [[]]
    assert going([replace(PRICE, fate=Fate.OUTDATED)], BEFORE) == [[PRICE.id]]
    assert going([replace(PRICE, fate=Fate.OUTDATED)], GONE) == [[]]


def test_the_worst_go_first() -> None:
    """More may belong to a part than can go along: the critical ones are never those that are cut off."""
    made = [told(line, severity=severity) for line, severity in zip((2, 4, 7), reversed(Severity), strict=False)]
    known = [remembered(BEFORE, each) for each in made]
    assert going(known, BEFORE) == [[known[2].id, known[1].id, known[0].id]]


# What was answered for.


def test_a_hunk_is_answered_when_all_its_lines_are() -> None:
    """One line that failed, was left out or excluded leaves its hunk unread, and no other."""
    file = edited("a.py", hunk(1, 1, "+a", "+b"), hunk(50, 52, "-c", "+d"), hunk(90, 92, "+e"))
    diff = Diff((file, added("b.py", "x")))
    for reason in Reason:
        entries = [
            Entry(0, Reason.ANSWERED, 0, 1),
            Entry(0, Reason.ANSWERED_EARLIER, 1, 3),
            Entry(0, reason, 3, 4),
            Entry(0, Reason.ANSWERED, 4, 5),
            Entry(1, Reason.LOCKFILE, 0, 1),
        ]
        read = answered_hunks(diff, balance(diff, entries))
        assert read == ({(0, 0), (0, 1), (0, 2)} if reason.state is State.REVIEWED else {(0, 0), (0, 2)})


@given(diffs, st.data())
def test_answered_hunks_are_those_without_an_unread_line(diff: Diff, data: st.DataObject) -> None:
    """Over any change and any ledger: a hunk counts if and only if each of its changed lines was answered for."""
    reasons = [
        [data.draw(st.sampled_from([Reason.ANSWERED, Reason.COST])) for _ in file.changed_lines] for file in diff.files
    ]
    entries = [
        Entry(index, reason, at, at + 1) for index, of_file in enumerate(reasons) for at, reason in enumerate(of_file)
    ]
    entries += [Entry(index, Reason.EMPTY, 0, 0) for index, of_file in enumerate(reasons) if not of_file]
    wanted = set()
    for index, file in enumerate(diff.files):
        left = list(reasons[index])
        for number, each in enumerate(file.hunks):
            own = [left.pop(0) for _ in range(each.changed)]
            if all(reason is Reason.ANSWERED for reason in own):
                wanted.add((index, number))
    assert answered_hunks(diff, balance(diff, entries)) == wanted


# How it is shown.


def test_what_stands_is_sorted_on_shelves() -> None:
    """With a line or without, doubtful, below the threshold: each worst first, and nothing that is settled."""
    made = {
        "low": told(1, severity=Severity.LOW),
        "medium": told(2, severity=Severity.MEDIUM),
        "critical": told(3, severity=Severity.CRITICAL),
        "unsure": told(4, confidence=DOUBTFUL / 2),
        "lost": told(5, title="Lost"),
        "quoted": told(6, title="Twice"),
        "fixed": told(7),
    }
    known = {name: remembered(BEFORE, finding) for name, finding in made.items()}
    known["lost"] = replace(known["lost"], placed=False)
    known["quoted"] = replace(known["quoted"], placed=False)
    known["fixed"] = replace(known["fixed"], fate=Fate.FIXED)
    shelves = shelve(known.values(), {made["quoted"]: Miss.AMBIGUOUS}, Severity.MEDIUM)
    assert shelves.said == (made["critical"], made["medium"])
    assert [(each.finding, each.why) for each in shelves.unplaced] == [
        (made["lost"], Miss.NO_QUOTE),
        (made["quoted"], Miss.AMBIGUOUS),
    ]
    assert (shelves.doubtful, shelves.below) == ((made["unsure"],), (made["low"],))


def test_names_are_of_the_code() -> None:
    """A new finding is named by its code and kind, so two runs that find it call it the same."""
    (one,) = lived(BEFORE, found=[told(4)])
    (other,) = lived(shown(new(*CODE, before=30)), found=[told(34, title="Other words")])
    assert one.id == other.id == name_of(one.finding, one.trace)


def test_the_model_is_told_what_a_comment_says() -> None:
    """The state does not repeat the words of a comment; the finding goes along with those that stand there."""
    silent = replace(SAID, finding=replace(SAID.finding, body=""))
    companions = Companions(track([silent], BEFORE), hunks_of(BEFORE), BEFORE.diff, {silent.id: inline_comment(SAID)})
    (chunk,) = pack(BEFORE.diff, range(len(BEFORE.diff.files)), Budget(RULES.of("m"))).chunks
    assert [each.finding.body for each in companions(chunk)] == [words_of(inline_comment(SAID))]
    assert SAID.finding.body in words_of(inline_comment(SAID))
