"""Identity: a finding is known again by its code, wherever that went; what is another problem stays one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff, FileStatus
from bot.core.identity import AROUND, Matches, Spoken, Tier, match
from bot.core.known import Fate, Known, Trace
from bot.core.locating import FAR, How, Located, locate_all, near_of
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.places import NEAR
from bot.core.traces import MOST_ABOVE, MOST_ALSO, name_of, names, remembering, trace_of
from bot.core.visible import Shown
from tests.core.changes import added, deleted, edited, hunk
from tests.core.strategies import diffs

L, R = Side.LEFT, Side.RIGHT
CODE = (
    "def total(items):",
    "    value = 0",
    "    for item in items:",
    "        value += item.price",
    "        log(item)",
    "",
    "    return value",
)


def shown(*files: FileDiff) -> Shown:
    return Shown(Diff(files))


def new(*texts: str, path: str = "a.py", before: int = 0) -> FileDiff:
    """A file whose lines are all added, with that many other lines above."""
    return added(path, *(f"above({at})" for at in range(before)), *texts)


def told(line: int, path: str = "a.py", *, side: Side = R, start: int | None = None, **other: object) -> Finding:
    """A finding of the model on a line."""
    made = Finding(
        Location(path, side, line, start),
        Severity.HIGH,
        Category.CORRECTNESS,
        "The price may be missing",
        "",
        "",
        "model",
        "correctness",
    )
    return replace(made, **other)  # type: ignore[arg-type]


def remembered(change: Shown, finding: Finding, **other: object) -> Known:
    """The finding as it was known at the head of a change."""
    trace = trace_of(change, finding)
    return replace(Known(name_of(finding, trace), finding, trace), **other)  # type: ignore[arg-type]


BEFORE = shown(new(*CODE))
PRICE = remembered(BEFORE, told(4))


def at(line: int, how: How = How.SAME, *, path: str = "a.py", side: Side = R, start: int | None = None) -> Located:
    return Located(Location(path, side, line, start), how)


def again(
    after: Shown,
    *found: Finding,
    known: Sequence[Known] = (PRICE,),
    settled: Sequence[str] = (),
    silent: Sequence[str] = (),
) -> Matches:
    """What of the findings in a later change is known."""
    return match(found, known, after, Spoken(settled, silent))


def locate(change: Shown, known: Known) -> Located | None:
    """Where the code of a known finding stands in a change."""
    return locate_all(change, [known])[0]


def tiers(matches: Matches) -> list[Tier]:
    return [pair.tier for pair in matches.pairs]


# Traces.


def test_a_trace_is_of_the_line_and_its_neighbours() -> None:
    """The last line of the location counts, and three lines above and below, the nearest first."""
    trace = trace_of(BEFORE, told(4, start=2))
    lines = [trace_of(BEFORE, told(line)) for line in range(1, 8)]
    assert trace == lines[3]
    assert [each[:4] for each in (lines[2].code, lines[1].code, lines[0].code)] == list(trace.above)
    assert [each[:4] for each in (lines[4].code, lines[5].code, lines[6].code)] == list(trace.below)
    assert len(trace.code) == 8
    assert (lines[0].above, lines[6].below) == ((), ())


def test_white_space_is_no_part_of_a_trace() -> None:
    """Indentation, trailing blanks and the kind of line break leave the trace as it is."""
    other = shown(new(*(f"\t {text.replace(' ', '  ')} \r" for text in CODE)))
    assert trace_of(other, told(4)) == PRICE.trace


def test_neighbours_are_of_the_same_side() -> None:
    """Beside a removed line stand the lines of the old file, beside an added one those of the new."""
    change = shown(edited("a.py", hunk(1, 1, " one", "-two", "+zwei", " three")))
    old, fresh = shown(new("one", "two", "three")), shown(new("one", "zwei", "three"))
    for trace, wanted in (
        (trace_of(change, told(2, side=L)), trace_of(old, told(2))),
        (trace_of(change, told(2)), trace_of(fresh, told(2))),
    ):
        assert (trace.code, trace.above, trace.below) == (wanted.code, wanted.above, wanted.below)


def test_without_a_line_the_quote_is_the_trace() -> None:
    """A finding that has no line in the change is known by the last line that it quotes, or not at all."""
    trace = trace_of(BEFORE, told(99, quote="x\n  value +=  item.price\n\n"))
    assert (trace.code, trace.above, trace.below) == (PRICE.trace.code, (), ())
    assert trace_of(BEFORE, told(99)).code == ""


# Names.


def test_a_name_is_of_code_and_kind() -> None:
    """Other words, severity or line number leave the name; other code, neighbours, path, kind or source change it."""
    later = shown(new(*CODE, before=40))
    moved = told(44, title="Other words", severity=Severity.LOW, start=42)
    assert name_of(moved, trace_of(later, moved)) == PRICE.id
    assert len(PRICE.id) == 10
    trace = PRICE.trace
    others = [
        name_of(told(4, category=Category.SECURITY), trace),
        name_of(told(4, source="ruff", rule="F401"), trace),
        name_of(told(4, source="ruff", rule="F402"), trace),
        name_of(told(4), replace(trace, path="b.py")),
        name_of(told(4), replace(trace, side=L)),
        name_of(told(4), replace(trace, code="another")),
        name_of(told(4), replace(trace, above=trace.below, below=trace.above)),
        name_of(told(4), replace(trace, above=(*trace.above, *trace.below), below=())),
    ]
    assert len({PRICE.id, *others}) == 9


def test_equal_findings_have_names_of_their_own() -> None:
    """Two problems of one kind on one line, or on equal lines, are counted; names that are taken are not given."""
    findings = [told(4), told(4, title="Another"), told(5)]
    traces = [trace_of(BEFORE, finding) for finding in findings]
    made = names(findings, traces)
    assert len(set(made)) == 3
    assert made[0] == PRICE.id
    assert made == names(findings, traces)
    assert not {*names(findings, traces, taken=set(made))} & {*made}


# Where code stands.


def test_code_is_found_where_it_went_in_its_file() -> None:
    """Lines above shift it, and it is the same."""
    assert locate(BEFORE, PRICE) == at(4)
    assert locate(shown(new(*CODE, before=200)), PRICE) == at(204)
    assert locate(shown(new("x", *CODE[1:])), PRICE) == at(4)


def test_code_is_found_beside_changed_lines() -> None:
    """A line inserted right beside it moves its neighbours on, and they still agree."""
    assert locate(shown(new(*CODE[:3], "x", CODE[3], "y", *CODE[4:])), PRICE) == at(5)


def test_code_in_other_company_is_changed_around() -> None:
    """The line is there, nothing beside it is: all of its surroundings were written anew."""
    assert locate(shown(new("a", "b", "c", CODE[3], "d", "e", "f")), PRICE) == at(4, How.CHANGED_AROUND)


def test_code_far_away_in_other_company_has_moved() -> None:
    """Far from its old number, or where its neighbours stand elsewhere, the line alone has moved."""
    far = [f"x({line})" for line in range(FAR + 4)]
    assert locate(shown(new(*far, CODE[3], "y")), PRICE) == at(FAR + 5, How.MOVED)
    assert locate(shown(new(*CODE[:3], *CODE[4:], "a", "b", "c", CODE[3])), PRICE) == at(10, How.MOVED)


def test_code_that_is_gone_is_not_found() -> None:
    """Another line in its place is not it."""
    assert locate(shown(new(*CODE[:3], "        value += item.cost", *CODE[4:])), PRICE) is None
    assert locate(shown(), PRICE) is None
    half_like = replace(PRICE.trace, code=PRICE.trace.code[:4] + "....")
    assert locate(BEFORE, replace(PRICE, trace=half_like)) is None


def test_of_equal_lines_the_one_in_its_company_is_meant() -> None:
    """Neighbours tell equal lines apart, wherever the others stand."""
    assert locate(shown(new("a", CODE[3], "b", *CODE, "c", CODE[3])), PRICE) == at(7)
    assert locate(shown(new("a", CODE[3], CODE[4], "b", "c", *CODE[1:])), PRICE) == at(8)


def test_of_equal_lines_in_other_company_none_is_meant() -> None:
    """Nobody can tell which of them it was, and nobody guesses: not by brackets and blank lines either."""
    assert locate(shown(new("a", CODE[3], "b", "c", CODE[3], "d")), PRICE) is None
    change = shown(new("x", "go()", "", "}", "y"))
    known = remembered(change, told(2))
    assert locate(shown(new("a", "go()", "", "b", "c", "go()", "d")), known) is None


def test_a_bracket_is_nothing_by_itself() -> None:
    """A line without a letter or figure stands anywhere: without its neighbours it is not found."""
    known = remembered(shown(new("one", "two", "}", "three")), told(3))
    assert locate(shown(new("one", "}", "three")), known) == at(2)
    assert locate(shown(new("a", "b", "}", "c")), known) is None


def test_of_twins_the_nearest_is_meant_and_all_keep_their_order() -> None:
    """Where nothing tells equal lines apart the nearest is taken; as many as there were stay in their order."""
    twice = [*CODE, *CODE, *CODE]
    change = shown(new(*twice))
    known = [remembered(change, told(line)) for line in (11,)]
    assert locate(change, known[0]) == at(11)
    between = replace(known[0], finding=told(10))
    assert locate(shown(new(*CODE, "x", "y", "z", "u", "v", *CODE)), replace(between, trace=PRICE.trace)) is None
    three = shown(new("a", "b", "c", *CODE, "a", "b", "c", *CODE, "a", "b", "c"))
    both = [remembered(three, told(line)) for line in (17, 7)]
    later = shown(new(*(f"x({line})" for line in range(9)), *(text for _, text in three.rows(0, 0, R))))
    assert locate_all(later, both) == (at(26), at(16))
    assert locate_all(later, both[:1]) == (at(16),)


BLOCK = ("a", "b", "c", "run(cmd, shell=True)", "d", "e", "f")
MENDED_BLOCK = (*BLOCK[:3], "run(cmd)", *BLOCK[4:])
BETWEEN = tuple(f"x({line})" for line in range(20))
TWICE = shown(new(*BLOCK, *BETWEEN, *BLOCK))
TWINS = (remembered(TWICE, told(4)), remembered(TWICE, told(31), id="other"))


@pytest.mark.parametrize("shift", [0, 9])
def test_of_two_equal_lines_the_mended_one_is_gone(shift: int) -> None:
    """The one that still stands is one finding's alone, and where the other stood is known by what was beside it."""
    first = shown(new(*MENDED_BLOCK, *BETWEEN, *BLOCK, before=shift))
    second = shown(new(*BLOCK, *BETWEEN, *MENDED_BLOCK, before=shift))
    assert locate_all(first, TWINS) == (None, at(31 + shift))
    assert locate_all(second, TWINS) == (at(4 + shift), None)
    assert near_of(first, TWINS[0]) == Location("a.py", R, 4 + shift)
    assert again(first, told(31 + shift), known=TWINS).of_known == {"other": told(31 + shift)}


def test_what_was_gone_before_does_not_take_the_line_of_what_stood() -> None:
    """A mended finding whose number is nearer leaves the line to its equal; it takes the one that comes back."""
    known = (replace(TWINS[0], fate=Fate.FIXED, placed=False), TWINS[1])
    nearer = shown(new(*BLOCK))
    assert locate_all(nearer, known) == (None, at(4))
    assert locate_all(TWICE, known) == (at(4), at(31))


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.lists(st.booleans(), min_size=1, max_size=6))
def test_no_two_of_equal_code_share_a_line(before: list[bool], after: list[bool]) -> None:
    """However many equal lines come and go, each is one finding's at most, in their order, and none lies idle."""

    def change(stand: list[bool]) -> Shown:
        return shown(new(*(text for each in stand for text in (*(BLOCK if each else MENDED_BLOCK), *BETWEEN))))

    def lines(stand: list[bool]) -> list[int]:
        return [27 * number + 4 for number, each in enumerate(stand) if each]

    assume(len(lines(before)) > 1)
    known = [remembered(change(before), told(line), id=str(line)) for line in lines(before)]
    found = [each.location.line for each in locate_all(change(after), known) if each]
    assert found == sorted(set(found))
    assert set(found) <= set(lines(after))
    assert len(found) == min(len(lines(before)), len(lines(after)))


def test_a_run_of_lines_is_remembered_and_named_by_its_end() -> None:
    """All its lines are in the trace, so that a change in one is seen; name and place are of those beside its end."""
    change = shown(new(*BETWEEN, *CODE))
    run, line = told(24, start=16), told(24)
    traces = [trace_of(change, each) for each in (run, line)]
    assert [len(each.above) for each in traces] == [8, 3]
    assert name_of(run, traces[0]) == name_of(line, traces[1])
    assert len(trace_of(change, told(24, start=1)).above) == MOST_ABOVE
    both = [remembered(change, run), remembered(change, line)]
    assert locate_all(shown(new(*CODE)), both) == (at(4), at(4))


def test_two_problems_on_one_line_stay_on_it() -> None:
    """Findings of one trace on one line are no twins."""
    both = [PRICE, replace(PRICE, id="other")]
    assert locate_all(shown(new("x", *CODE)), both) == (at(5), at(5))


def test_code_is_found_in_a_renamed_file() -> None:
    """The change tells the new name of a file; where two files may be it, nobody can tell."""
    before = shown(edited("a.py", hunk(1, 1, *(f" {text}" for text in CODE), "+x")))
    known = remembered(before, told(4))
    rows = [f" {text}" for text in CODE]
    assert locate(shown(edited("b.py", hunk(1, 1, *rows, "+x"), old_path="a.py")), known) == at(4, path="b.py")
    after = shown(new(*CODE[1:5], path="c.py"), new(*CODE[1:5], path="d.py"))
    assert locate(after, known) is None


def test_a_copy_is_no_new_name() -> None:
    """The file that a copy was made of is still there, outside of the change."""
    copy = replace(edited("b.py", hunk(1, 1, "+x", f" {CODE[3]}"), old_path="a.py"), status=FileStatus.COPIED)
    assert locate(shown(copy), PRICE) is None


def test_moved_code_is_found_in_the_only_file_that_has_it() -> None:
    """Code that left its file is found with most of its neighbours in one other; in two, or without them, it is not."""
    there = new("import x", *CODE, path="b.py")
    assert locate(shown(there), PRICE) == at(5, How.MOVED, path="b.py")
    assert locate(shown(deleted("a.py", "x"), there), PRICE) == at(5, How.MOVED, path="b.py")
    assert locate(shown(new("x = 1"), there), PRICE) == at(5, How.MOVED, path="b.py")
    assert locate(shown(there, replace(there, new_path="c.py")), PRICE) is None
    assert locate(shown(new("a", CODE[3], CODE[4], path="b.py")), PRICE) is None
    assert locate(shown(new(*CODE), there), PRICE) == at(4)
    pair = remembered(shown(new("go()", "stop()")), told(1))
    assert locate(shown(new("go()", "stop()", path="b.py")), pair) == at(1, How.MOVED, path="b.py")
    assert locate(shown(new("x"), new("go()", "stop()", path="b.py")), pair) is None


def test_code_of_one_side_is_not_looked_for_on_the_other() -> None:
    """A line that is no longer removed is gone, be it there as a context line or as an added one."""
    known = remembered(shown(edited("a.py", hunk(1, 1, " one", "-two", " three"))), told(2, side=L))
    assert locate(shown(edited("a.py", hunk(5, 5, "-x", " one", "-two", " three"))), known) == at(7, side=L)
    assert locate(shown(edited("a.py", hunk(1, 1, " one", " two", " three", "+x"))), known) is None
    assert locate(shown(edited("a.py", hunk(1, 1, " one", "+two", " three"))), known) is None


def test_a_range_keeps_its_length_inside_the_hunk() -> None:
    """The lines above are still meant as far as the hunk shows them on that side; else the line alone."""
    ranged = remembered(BEFORE, told(4, start=2))
    assert locate(shown(new("x", *CODE)), ranged) == at(5, start=3)
    assert locate(shown(new(*CODE[2:])), ranged) == at(2)
    known = remembered(shown(edited("a.py", hunk(1, 1, " a", "-b", "-c", " d"))), told(3, side=L, start=2))
    assert locate(shown(edited("a.py", hunk(1, 1, " a", " b", "-c", " d"))), known) == at(3, side=L)


def test_a_finding_that_had_no_line_is_found_by_its_quote() -> None:
    """A quoted line that is in the change now, and only once, is where the finding belongs."""
    known = remembered(BEFORE, told(99, quote="late()"), placed=False)
    assert locate(shown(new("x", "late()")), known) == at(2)
    assert locate(shown(new("late()", "late()")), known) is None
    assert locate(shown(new("x", "")), remembered(BEFORE, told(99), placed=False)) is None


def test_the_place_of_gone_code_is_told_by_its_neighbours() -> None:
    """Most neighbours around one place tell where the code stood; a few, or as many in two places, do not."""
    assert near_of(shown(new("x", *CODE[:3], "y()", *CODE[4:])), PRICE) == Location("a.py", R, 5)
    place = near_of(shown(new(*CODE[:3], "a()", "b()", *CODE[4:])), PRICE)
    assert place is not None
    assert place.line in {4, 5}
    assert near_of(shown(new("x", CODE[2], "y()", "z")), PRICE) is None
    gone = [*CODE[:3], *CODE[4:]]
    assert near_of(shown(new(*gone, "x", "y", "z", *gone)), PRICE) is None
    assert near_of(shown(), PRICE) is None


# Which finding is which.


def test_the_same_line_is_the_same_finding() -> None:
    """What is found on the located line is the known one, whatever it is called, and however wide its range."""
    after = shown(new(*CODE, before=60))
    found = told(64, title="x", severity=Severity.LOW, category=Category.DATA, start=61)
    matches = again(after, found)
    assert matches.of_known == {PRICE.id: found}
    assert tiers(matches) == [Tier.PLACE]
    assert matches.fresh == ()


def test_a_neighbouring_line_is_the_same_finding_if_the_harm_is_alike() -> None:
    """Up to three lines off, with a category of the same group."""
    for line, category in ((7, Category.CORRECTNESS), (1, Category.DATA), (5, Category.CONCURRENCY)):
        assert tiers(again(BEFORE, told(line, category=category))) == [Tier.NEAR]
    for other in (told(5, category=Category.SECURITY), told(5, category=Category.TESTS)):
        assert again(BEFORE, other).fresh == (other,)
    after = shown(new(*CODE, "x", "y"))
    assert again(after, told(8)).fresh == (told(8),)


def test_overlapping_lines_are_the_same_finding_whatever_the_harm() -> None:
    """Two runs of lines that share more than one are the same."""
    known = [remembered(BEFORE, told(4, start=2))]
    assert tiers(again(BEFORE, told(6, start=3, category=Category.SECURITY), known=known)) == [Tier.NEAR]
    for other in (told(6, start=4, category=Category.SECURITY), told(5, category=Category.SECURITY)):
        assert not again(BEFORE, other, known=known).pairs
    gone = shown(new(*CODE[:3], "        value += item.cost", *CODE[4:]))
    assert not again(gone, told(6, start=3, category=Category.SECURITY), known=known).pairs


def test_on_its_very_line_another_harm_is_another_finding_if_the_model_spoke_of_the_known_one() -> None:
    """A category wavers from answer to answer, not within one; and moved code proves too little by itself."""
    other = told(4, category=Category.SECURITY)
    assert tiers(again(BEFORE, other)) == [Tier.PLACE]
    assert again(BEFORE, other, settled=[PRICE.id]).fresh == (other,)
    moved = shown(new("import x", *CODE, path="b.py"))
    assert not again(moved, told(5, "b.py", category=Category.SECURITY)).pairs


def test_of_two_the_one_of_the_same_harm_is_the_known_one() -> None:
    """Before one on its very line: that is another problem there."""
    other, same = told(4, category=Category.SECURITY), told(6)
    matches = again(BEFORE, other, same)
    assert (matches.of_known, matches.fresh) == ({PRICE.id: same}, (other,))


def test_another_hunk_is_no_neighbourhood() -> None:
    """Lines of near numbers in another hunk, or of the other side, are no neighbours."""
    before = shown(edited("a.py", hunk(1, 1, "-old", "+go()", " a"), hunk(4, 4, "+x()")))
    known = remembered(before, told(1))
    for other in (told(4), told(1, side=L)):
        assert again(before, other, known=[known]).fresh == (other,)


def test_where_the_code_is_gone_the_place_counts() -> None:
    """A finding on what stands in the place of the known one's code is that one, unless that was fixed or dismissed."""
    after = shown(new("x", *CODE[:3], "        value += item.cost", *CODE[4:]))
    assert tiers(again(after, told(5))) == [Tier.NEAR]
    assert tiers(again(after, told(5), known=[replace(PRICE, fate=Fate.OUTDATED)])) == [Tier.NEAR]
    for fate in (Fate.FIXED, Fate.DISMISSED):
        assert again(after, told(5), known=[replace(PRICE, fate=fate)]).fresh == (told(5),)


def test_moved_code_takes_its_finding_along() -> None:
    """What is found on code that moved to another file is the known one."""
    after = shown(new("import x", *CODE, path="b.py"))
    assert tiers(again(after, told(5, "b.py"))) == [Tier.MOVED]
    assert tiers(again(after, told(6, "b.py"))) == [Tier.MOVED]


def test_equal_code_elsewhere_is_another_finding() -> None:
    """While the first stands, the same line in other company, or of another file, is a new problem."""
    after = shown(new(*CODE, "a", "b", "c", "d", CODE[3], "e"), new(*CODE, path="b.py"))
    for other in (told(12), told(4, "b.py")):
        assert again(after, other).fresh == (other,)


def test_each_known_finding_is_found_once() -> None:
    """The surest comes first: the line itself, then the nearest, then the same category, then the likest title."""
    near, on_it = told(5), told(4, title="Other words")
    assert again(BEFORE, near, on_it).of_known == {PRICE.id: on_it}
    assert again(BEFORE, near, on_it).fresh == (near,)
    assert again(BEFORE, told(6), near).of_known == {PRICE.id: near}
    data = told(5, category=Category.DATA)
    assert again(BEFORE, data, near).of_known == {PRICE.id: near}
    words = told(5, title="The log may be missing")
    assert again(BEFORE, words, near).of_known == {PRICE.id: near}
    assert again(BEFORE, near, replace(near)).fresh == (near,)


def test_two_reports_of_two_known_findings_say_nothing_new() -> None:
    """The nearer one may be the other's: then each takes its own, and nothing is said again."""
    one, other = remembered(STEPS, told(20)), remembered(STEPS, told(17), id="other")
    beside_both, beside_one = told(19), told(22)
    for found in ((beside_both, beside_one), (beside_one, beside_both)):
        matches = again(STEPS, *found, known=[one, other])
        assert matches.of_known == {one.id: beside_one, "other": beside_both}
    three = [remembered(STEPS, told(line), id=f"{line}") for line in (23, 20, 17)]
    assert again(STEPS, told(21), told(18), known=three).of_known == {"20": told(21), "17": told(18)}
    matches = again(STEPS, told(21), told(18), told(14), known=three)
    assert matches.of_known == {"23": told(21), "20": told(18), "17": told(14)}
    assert again(STEPS, beside_both, beside_one, told(21), known=[one, other]).fresh == (beside_one,)


def test_two_known_findings_take_what_is_theirs() -> None:
    """Two findings beside each other stay two, whatever the order."""
    log = remembered(BEFORE, told(5, title="The log leaks"))
    found = [told(6, title="The log leaks"), told(4)]
    assert again(BEFORE, *found, known=[PRICE, log]).of_known == {PRICE.id: found[1], log.id: found[0]}
    assert again(BEFORE, *found[::-1], known=[log, PRICE]).of_known == {PRICE.id: found[1], log.id: found[0]}


def test_twins_are_found_each_in_turn() -> None:
    """Of lines that nothing tells apart any is the known one's, but one of them only."""
    block = ["a", "b", "c", *CODE, "a", "b", "c"]
    before = shown(new(*block, *block))
    known = remembered(before, told(7))
    after = shown(new(*(f"x({line})" for line in range(9)), *block, *block))
    assert tiers(again(after, told(29), known=[known])) == [Tier.PLACE]
    assert len(again(after, told(16), told(29), known=[known]).fresh) == 1
    both = [known, remembered(before, told(20), id="other")]
    assert not again(after, told(16), told(29), known=both).fresh


def test_what_the_model_spoke_of_is_only_found_on_its_line() -> None:
    """It named the known one by its id: what it reports beside that, or on a twin of that, is another problem."""
    assert again(BEFORE, told(5), settled=[PRICE.id]).fresh == (told(5),)
    assert tiers(again(BEFORE, told(4), settled=[PRICE.id])) == [Tier.PLACE]
    moved = shown(new(*CODE, path="b.py"))
    assert tiers(again(moved, told(4, "b.py"), settled=[PRICE.id])) == [Tier.MOVED]
    assert again(moved, told(5, "b.py"), settled=[PRICE.id]).fresh == (told(5, "b.py"),)
    twins = shown(new(*CODE, "x", "y", "z", *CODE))
    known = remembered(shown(new(*CODE[1:6])), told(3))
    assert tiers(again(twins, told(14), known=[known])) == [Tier.PLACE]
    assert again(twins, told(14), known=[known], settled=[known.id]).fresh == (told(14),)


# What the model was told of, and passes over.


LONG = tuple(f"step_{number}()" for number in range(1, 40))
STEPS = shown(new(*LONG))
STEP = remembered(STEPS, told(20))


def silent(after: Shown, *found: Finding, known: Known = STEP) -> Matches:
    """What of the findings is the known one, which the model did not speak of."""
    return again(after, *found, known=[known], silent=[known.id])


def test_what_is_reported_around_a_finding_that_was_passed_over_is_that() -> None:
    """Both reports may name a line three off the one that is meant: up to six lines lie between them."""
    for line, tier in ((14, Tier.AROUND), (17, Tier.NEAR), (23, Tier.NEAR), (26, Tier.AROUND)):
        assert tiers(silent(STEPS, told(line))) == [tier]
        assert not again(STEPS, told(line), known=[STEP], settled=[STEP.id]).pairs
    for other in (told(20 - AROUND - 1), told(20 + AROUND + 1), told(26, category=Category.SECURITY)):
        assert silent(STEPS, other).fresh == (other,)
    for far in (14, 26):
        assert again(STEPS, told(far), known=[STEP]).fresh == (told(far),)
    worse = told(26, severity=Severity.CRITICAL)
    assert silent(STEPS, worse).fresh == (worse,), "on a line that did not stand beside it"
    dismissed = replace(STEP, fate=Fate.DISMISSED)
    assert again(STEPS, told(26), known=[dismissed]).fresh == (told(26),), "nobody is told of those"


def test_a_line_that_stood_beside_it_is_its_own_whatever_came_between() -> None:
    """A report that names it, or a line beside that, is of the known one, for which the model has no word."""
    between = shown(new(*LONG[:18], *(f"came_{number}()" for number in range(20)), *LONG[18:]))
    assert tiers(silent(between, told(18))) == [Tier.NEAR], "18 stood two lines above 20, which is 40 now"
    assert tiers(silent(between, told(15))) == [Tier.AROUND]
    assert tiers(silent(between, told(18), told(38))) == [Tier.NEAR]
    assert silent(between, told(38), told(18)).of_known == {STEP.id: told(18)}, "38 came there since"
    for other in (told(13), told(22), told(18, category=Category.SECURITY)):
        assert silent(between, other).fresh == (other,)
    assert again(between, told(18), known=[STEP]).fresh == (told(18),), "it was not told of it"


def test_a_line_that_has_equals_is_told_by_those_beside_it() -> None:
    """A bracket, or a line that stands twice, stood beside it only together with a line that did."""
    code = ("a()", "---", "run(it)", "if x:", "---", "b()")
    known = remembered(shown(new(*code)), told(3))
    came = tuple(f"came_{number}()" for number in range(20))
    parted = shown(new(*code[:3], *came, *code[3:], *came, "c()", "---"))
    assert tiers(silent(parted, told(25), known=known)) == [Tier.NEAR], "`---` below `if x:`"
    assert silent(parted, told(48), known=known).fresh == (told(48),)
    blank = remembered(shown(new("", "run(it)")), told(2))
    assert silent(shown(new("", *came, "run(it)")), told(1), known=blank).pairs == ()


def test_what_left_its_side_stays_known() -> None:
    """Lines that stood beside it, or that a report named, are remembered: the latest, and none that tells nothing."""
    first = shown(new(*LONG[:18], "came()", "went()", "gone()", *LONG[18:]))
    trace = remembering(trace_of(first, told(23)), STEP.trace, trace_of(first, told(9)))
    short = [trace_of(STEPS, told(line)).code[:4] for line in (9, 18, 17)]
    assert list(trace.also) == short
    later = shown(new(*LONG[:15], "x()", *LONG[15:18], *(f"came_{number}()" for number in range(30)), *LONG[18:]))
    known = replace(STEP, finding=told(23), trace=trace)
    for line in (9, 18, 19):
        assert tiers(silent(later, told(line), known=known)) == [Tier.NEAR]
    assert remembering(trace, trace, trace).also == trace.also
    for line in range(1, 18):
        trace = remembering(trace, trace, trace_of(STEPS, told(line)))
    assert len(trace.also) == MOST_ALSO
    assert trace.also[0] == trace_of(STEPS, told(17)).code[:4]
    bare, blank = Trace("a.py", R, STEP.trace.code), trace_of(shown(new("", "x")), told(1))
    assert remembering(bare, bare, blank).also == ()


def test_where_nobody_can_place_it_any_of_its_lines_counts() -> None:
    """A quote that stands in several places is the known one if one of them is around it, and the other way round."""
    twice = shown(new(*LONG, *LONG[15:25]))
    quoted = told(99, quote=LONG[23])
    assert tiers(silent(twice, quoted)) == [Tier.AROUND]
    assert again(twice, quoted, known=[STEP]).pairs == ()
    assert silent(twice, replace(quoted, quote=LONG[9])).pairs == ()
    unplaced = remembered(twice, told(99, quote=LONG[19]), placed=False)
    unplaced = replace(unplaced, finding=told(30, quote=LONG[19]))
    assert tiers(silent(twice, told(22), known=unplaced)) == [Tier.AROUND]
    assert tiers(silent(twice, told(42), known=unplaced)) == [Tier.AROUND], "44 is an equal of 20"
    assert silent(twice, told(42), told(21), known=unplaced).of_known == {unplaced.id: told(21)}
    far = replace(unplaced, finding=told(4, quote=LONG[19]))
    assert silent(twice, told(42), known=far).fresh == (told(42),), "the number may be 15 off"


DISMISSED = replace(PRICE, fate=Fate.DISMISSED)


def test_a_dismissed_finding_takes_in_all_that_is_said_of_its_code() -> None:
    """On its line anything, beside it the same category, as often as it is said."""
    found = [told(4), told(4, category=Category.SECURITY), told(5), told(3)]
    matches = again(BEFORE, *found, known=[DISMISSED])
    assert matches.fresh == ()
    assert matches.of_known == {PRICE.id: found[0]}
    other = told(5, category=Category.DATA)
    assert again(BEFORE, other, known=[DISMISSED]).fresh == (other,)


def test_a_dismissed_finding_does_not_spread() -> None:
    """The same kind of harm on other code, in another place or beside code that moved is a new finding."""
    later = shown(new(*CODE, "a", "b", "c", "d", CODE[3], "e"))
    assert again(later, told(12), known=[DISMISSED]).fresh == (told(12),)
    changed = shown(new(*CODE[:3], "        value += item.cost", *CODE[4:]))
    assert again(changed, told(4), known=[DISMISSED]).fresh == (told(4),)
    moved = shown(new(*CODE, path="b.py"))
    assert again(moved, told(5, "b.py"), known=[DISMISSED]).fresh == (told(5, "b.py"),)


def test_a_dismissed_finding_goes_with_its_code() -> None:
    """What is found on the very line that was dismissed is that, in another file or at another end of its own."""
    moved = shown(new(*CODE, path="b.py"))
    assert tiers(again(moved, told(4, "b.py"), known=[DISMISSED])) == [Tier.MOVED]
    elsewhere = shown(new(*CODE[:3], *CODE[4:], "a", "b", "c", CODE[3]))
    assert tiers(again(elsewhere, told(10), known=[DISMISSED])) == [Tier.MOVED]


TRIFLE = replace(DISMISSED, finding=replace(PRICE.finding, severity=Severity.LOW))


@pytest.mark.parametrize(
    ("line", "severity", "category", "fresh"),
    [
        (4, Severity.MEDIUM, Category.CORRECTNESS, False),
        (4, Severity.HIGH, Category.CORRECTNESS, True),
        (4, Severity.MEDIUM, Category.SECURITY, True),
        (4, Severity.LOW, Category.SECURITY, False),
        (5, Severity.LOW, Category.CORRECTNESS, False),
        (5, Severity.MEDIUM, Category.CORRECTNESS, True),
    ],
)
def test_a_dismissed_trifle_hides_no_hole(line: int, severity: Severity, category: Category, fresh: bool) -> None:
    """On its line what is worse by two grades is another problem, by one if it is of another kind; beside it by one."""
    found = told(line, severity=severity, category=category)
    assert bool(again(BEFORE, found, known=[TRIFLE]).fresh) == fresh


LINE_CAME = shown(new(*CODE[:4], "        eval(item.name)", *CODE[4:]))


@pytest.mark.parametrize(
    ("known", "severity", "fresh"),
    [
        (DISMISSED, Severity.HIGH, True),
        (DISMISSED, Severity.LOW, True),
        (PRICE, Severity.CRITICAL, True),
        (PRICE, Severity.HIGH, False),
        (PRICE, Severity.LOW, False),
    ],
)
def test_on_a_line_that_came_there_may_be_another_problem(known: Known, severity: Severity, fresh: bool) -> None:
    """Beside a dismissed finding always, it was not dismissed with it; beside an open one if it is worse."""
    found = told(5, severity=severity)
    assert bool(again(LINE_CAME, found, known=[known]).fresh) == fresh
    assert not again(LINE_CAME, told(6, severity=severity), known=[known]).fresh, "that one stood there before"


@pytest.mark.parametrize("fate", [Fate.OPEN, Fate.DISMISSED])
def test_an_analyzer_means_the_line_that_it_names(fate: Fate) -> None:
    """Beside its finding the same rule found another, as long as the code of the first stands."""
    known = remembered(BEFORE, told(4, source="ruff", rule="F821"), fate=fate)
    beside = told(5, source="ruff", rule="F821")
    assert again(BEFORE, beside, known=[known]).fresh == (beside,)
    changed = shown(new(*CODE[:3], "        value += item.cost", *CODE[4:]))
    found = told(4, source="ruff", rule="F821")
    assert bool(again(changed, found, known=[known]).pairs) == (fate is Fate.OPEN)


def test_another_secret_in_the_same_line_is_another_finding() -> None:
    """Two keys are shown alike, and only the one that was dismissed stays it."""
    keys = ["AKIA" + "Z7QH3RK2M5WX4TBN", "AKIA" + "Q2LD7VNC5XKJ7PRT"]
    before, after = (shown(new("import x", f'KEY = "{key}"', "y = 2")) for key in keys)
    assert before.rows(0, 0, R)[1][1] == after.rows(0, 0, R)[1][1]
    secret = told(2, source="secrets", rule="aws-access-key-id")
    known = remembered(before, secret, fate=Fate.DISMISSED)
    assert tiers(again(before, secret, known=[known])) == [Tier.PLACE]
    assert again(after, secret, known=[known]).fresh == (secret,)
    assert locate(after, remembered(before, told(2))) == at(2), "others are known by what is shown"


def test_an_open_finding_comes_before_a_dismissed_one() -> None:
    """Of two on one line the open one is found again, the dismissed one takes the rest."""
    known = [DISMISSED, replace(PRICE, id="open")]
    assert again(BEFORE, told(4), known=known).of_known == {"open": told(4)}
    assert set(again(BEFORE, told(4), told(4, title="x"), known=known).of_known) == {"open", PRICE.id}


@pytest.mark.parametrize("source", ["ruff", "model"])
def test_analyzers_speak_for_themselves(source: str) -> None:
    """What an analyzer found is known by its rule only; the model's findings are never those of an analyzer."""
    known = remembered(BEFORE, told(4, source="ruff", rule="F401"))
    same, other = told(4, source="ruff", rule="F401"), told(4, source=source, rule="F402")
    assert again(BEFORE, other, same, known=[known]).of_known == {known.id: same}
    assert again(BEFORE, other, same, known=[known]).fresh == (other,)


def test_findings_without_a_line_are_known_by_their_quote() -> None:
    """The same quote in the same file is the same finding; another quote, file or none is another."""
    lost = told(99, quote="lost()")
    known = remembered(BEFORE, lost, placed=False)
    assert tiers(again(BEFORE, replace(lost, title="x", category=Category.TESTS), known=[known])) == [Tier.PLACE]
    words = "The lock is never given back"
    for other in (told(99, quote="other()", title=words), told(99, "b.py", quote="lost()"), told(99, title=words)):
        assert again(BEFORE, other, known=[known]).fresh == (other,)
    empty = remembered(BEFORE, told(99), placed=False)
    assert again(BEFORE, told(99, title=words), known=[empty]).fresh == (told(99, title=words),)


@pytest.mark.parametrize("fate", [Fate.OPEN, Fate.DISMISSED])
def test_where_neither_has_a_line_the_words_tell(fate: Fate) -> None:
    """Of one file, nearly the same title and an alike kind of harm: known, whatever it quotes, and spoken of or not."""
    known = remembered(BEFORE, told(99, quote="lost()"), placed=False, fate=fate)
    for quote in ("other()", ""):
        assert tiers(again(BEFORE, told(99, quote=quote), known=[known], settled=[known.id])) == [Tier.WORDS]
    others = (told(99, title="The lock is held"), told(99, "b.py"), told(99, category=Category.SECURITY), told(4))
    for other in others:
        assert again(BEFORE, other, known=[known]).fresh == (other,)
    assert again(BEFORE, told(99, quote="other()"), known=[replace(PRICE, fate=fate)]).pairs == ()


def test_a_line_that_could_not_be_told_from_others_is_the_known_one() -> None:
    """A quote that stands in several places has no line: if one of those is the known one's, and the harm is alike."""
    twice = shown(new(*CODE, "a", "b", "c", "d", CODE[3], "e"))
    ambiguous = told(99, quote=CODE[3])
    assert tiers(again(twice, ambiguous)) == [Tier.NEAR]
    assert again(twice, replace(ambiguous, category=Category.SECURITY)).pairs == ()


# Properties.

_word = st.text("abcdefg", min_size=3, max_size=6)
_programs = st.lists(_word, min_size=8, max_size=30, unique=True)
_alike = {
    Category.SECURITY: [Category.SECURITY],
    Category.CORRECTNESS: [Category.CORRECTNESS, Category.DATA, Category.CONCURRENCY],
    Category.PERFORMANCE: [Category.PERFORMANCE],
    Category.TESTS: [Category.COMPATIBILITY, Category.TESTS, Category.MAINTENANCE],
}


@st.composite
def lives(draw: st.DrawFn) -> tuple[Known, Shown, int]:
    """A finding, and a later change in which lines elsewhere came and went, with the finding's line there."""
    program = draw(_programs)
    line = draw(st.integers(0, len(program) - 1))
    finding = told(line + 1, category=draw(st.sampled_from(list(_alike))))
    known = remembered(shown(new(*program)), finding)
    above, below = program[:line], program[line + 1 :]
    # One neighbour at least stays beside it; all else may go, and anything may come.
    keeps_above = bool(above) and (not below or draw(st.booleans()))
    kept, close = (above[-1:], []) if keeps_above else ([], below[:1])
    far = st.lists(st.sampled_from(program).map(lambda text: f"new_{text}"), max_size=80)
    rest_above = [text for text in (above[:-1] if keeps_above else above) if draw(st.booleans())]
    rest_below = [text for text in (below if keeps_above else below[1:]) if draw(st.booleans())]
    before = [*rest_above, *draw(far), *kept]
    spaces = draw(st.sampled_from(["", " ", "\t\t"]))
    rows = [f"{spaces}{text}{spaces}" for text in [*before, program[line], *close, *draw(far), *rest_below]]
    return known, shown(_named(draw(st.booleans()), rows)), len(before) + 1


def _named(renamed: bool, rows: Sequence[str]) -> FileDiff:
    """The file under its name, or renamed."""
    if not renamed:
        return new(*rows)
    return edited("b.py", hunk(1, 1, *(f"+{row}" for row in rows)), old_path="a.py")


@given(lives(), st.data())
def test_a_finding_is_itself_whatever_happens_elsewhere(life: tuple[Known, Shown, int], data: st.DataObject) -> None:
    """Lines that come and go, white space, a new name, other words, another category of its group: it is the same."""
    known, after, line = life
    path = after.diff.files[0].path
    assert locate(after, known) == at(line, path=path)
    category = data.draw(st.sampled_from(_alike[known.finding.category]))
    off = data.draw(st.integers(-NEAR, NEAR))
    place = max(1, min(line + off, len(after.rows(0, 0, R))))
    found = told(place, path, category=category, title=data.draw(st.text(max_size=20)))
    assert again(after, found, known=[known]).of_known == {known.id: found}


@given(lives(), st.data())
def test_another_place_is_another_finding(life: tuple[Known, Shown, int], data: st.DataObject) -> None:
    """More than three lines away, on any line of the same category and words, it is a new one."""
    known, after, line = life
    rows = len(after.rows(0, 0, R))
    others = [other for other in range(1, rows + 1) if abs(other - line) > NEAR]
    assume(others)
    found = replace(known.finding, location=Location(after.diff.files[0].path, R, data.draw(st.sampled_from(others))))
    assert again(after, found, known=[known]).fresh == (found,)
    assert again(after, found, known=[replace(known, fate=Fate.DISMISSED)]).fresh == (found,)


@given(lives(), st.integers(0, 40))
def test_a_copy_of_the_line_is_another_finding(life: tuple[Known, Shown, int], gap: int) -> None:
    """The same text further down in other company is new while the first stands."""
    known, after, line = life
    texts = [text for _, text in after.rows(0, 0, R)]
    beside = [f"far({number})" for number in range(gap + 2 * NEAR)]
    copied = shown(new(*texts, *beside, texts[line - 1], "end()"))
    known = replace(known, trace=replace(known.trace, path="a.py"))
    found = replace(known.finding, location=Location("a.py", R, len(texts) + len(beside) + 1))
    for each in (known, replace(known, fate=Fate.DISMISSED)):
        assert again(copied, found, known=[each]).fresh == (found,)


@given(diffs, st.data())
def test_any_line_of_any_change_is_known_in_the_same_change(diff: Diff, data: st.DataObject) -> None:
    """A finding on any commentable line is located on that line, or on none where equal lines are in equal company."""
    change = Shown(diff)
    lines = [
        Location(file.path, side, number)
        for file in diff.files
        for (side, number) in file.hunk_at
        if diff.file_at(Location(file.path, side, number)) is not None
    ]
    assume(lines)
    finding = told(1, location=data.draw(st.sampled_from(lines)))
    known = remembered(change, finding)
    located = locate(change, known)
    assert located is None or located.location == finding.location
    matches = again(change, finding, known=[known])
    assert len(matches.pairs) + len(matches.fresh) == 1
    if located:
        assert matches.pairs


@given(diffs, diffs, st.lists(st.sampled_from(Fate), min_size=6, max_size=6), st.data())
def test_no_finding_is_lost(one: Diff, other: Diff, fates: list[Fate], data: st.DataObject) -> None:
    """Between any two changes each finding is known or fresh, each known one found once, and located in the change."""
    before, after = Shown(one), Shown(other)
    places = st.builds(
        Location,
        st.sampled_from([*(file.path for file in (*one.files, *other.files)), "x"]),
        st.sampled_from(Side),
        st.integers(1, 20),
    )
    findings = st.lists(st.builds(told, st.just(1), location=places, category=st.sampled_from(Category)), max_size=6)
    known = [
        remembered(before, finding, id=str(number), fate=fates[number])
        for number, finding in enumerate(data.draw(findings))
    ]
    found = data.draw(findings)
    matches = match(found, known, after)
    assert len(matches.pairs) + len(matches.fresh) == len(found)
    open_ones = [pair.known.id for pair in matches.pairs if pair.known.fate is not Fate.DISMISSED]
    assert len(open_ones) == len(set(open_ones))
    for located in locate_all(after, known):
        assert located is None or other.file_at(located.location) is not None
