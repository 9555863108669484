"""Ranking: each problem once, the worst first, the doubtful folded; whatever the order in which answers came."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.placement import Placed, Unplaced
from bot.core.ranking import DOUBTFUL, Ranking, rank

SECURITY, DATA = Category.SECURITY, Category.DATA
HIGH, LOW = Severity.HIGH, Severity.LOW


def finding(  # noqa: PLR0913 - a finding in a line of a test
    title: str,
    line: int = 10,
    *,
    start: int | None = None,
    path: str = "a.py",
    side: Side = Side.RIGHT,
    severity: Severity = Severity.MEDIUM,
    category: Category = Category.CORRECTNESS,
    confidence: float = 0.8,
    source: str = "model",
) -> Finding:
    place = Location(path, side, line, start)
    return Finding(place, severity, category, title, "", "", source, category.value, confidence=confidence)


def ranked(
    *parts: list[Finding], analyzed: list[Finding] | None = None, unplaced: list[Unplaced] | None = None
) -> Ranking:
    """The ranking of what each part said; those without a line are of a part of their own."""
    placed = [Placed(tuple(part), ()) for part in parts]
    return rank(analyzed or [], [*placed, Placed((), tuple(unplaced or []))])


def lost(title: str, confidence: float = 0.8, path: str = "a.py", severity: Severity = Severity.MEDIUM) -> Unplaced:
    return Unplaced(finding(title, path=path, confidence=confidence, severity=severity), Miss.NO_QUOTE)


def titles(findings: tuple[Finding, ...]) -> list[str]:
    return [each.title for each in findings]


TWO_PARTS: dict[str, tuple[Finding, Finding, bool]] = {
    "one line, one kind of harm": (finding("the token leaks"), finding("an open door"), True),
    "one line, other harm, like words": (
        finding("the token leaks to the log", category=SECURITY),
        finding("the token leaks to the log file"),
        True,
    ),
    "one line, other harm, other words": (finding("the token leaks", category=SECURITY), finding("it crashes"), False),
    "a range and a line in it, like words": (
        finding("the token leaks", 12, start=8),
        finding("a token leaks", 9),
        True,
    ),
    "a range and another problem in it": (finding("the token leaks", 12, start=8), finding("an open door", 9), False),
    "ranges side by side": (finding("the token leaks", 12, start=8), finding("an open door", 13), False),
    "lines near, like words": (finding("the token leaks"), finding("a token leaks", 13), True),
    "lines near, other harm": (finding("the token leaks"), finding("a token leaks", 11, category=SECURITY), False),
    "lines near, other words": (finding("the token leaks"), finding("an open door", 11), False),
    "lines apart": (finding("the token leaks"), finding("the token leaks", 14), False),
    "another side": (finding("the token leaks"), finding("the token leaks", side=Side.LEFT), False),
    "another file": (finding("the token leaks"), finding("the token leaks", path="b.py"), False),
    "titles without a word": (finding("!!!", category=SECURITY), finding("!!!"), True),
    "other titles without a word": (finding("!!!", category=SECURITY), finding("???"), False),
}


@pytest.mark.parametrize(("one", "other", "same"), TWO_PARTS.values(), ids=TWO_PARTS)
def test_what_two_parts_say_of_one_problem_is_said_once(one: Finding, other: Finding, same: bool) -> None:
    """Between parts one line and one kind of harm are one problem; ranges and near places only in like words."""
    assert len(ranked([one], [other]).said) == len(ranked([other], [one]).said) == (1 if same else 2)


ONE_PART: dict[str, tuple[Finding, Finding, bool]] = {
    "two problems of one kind on one line": (finding("the token leaks"), finding("the token never ends"), False),
    "the same words": (finding("the token leaks"), finding("the token leaks"), True),
    "nearly the same words": (finding("the token leaks here"), finding("the token leaks"), True),
    "the same words, another line": (finding("the token leaks"), finding("the token leaks", 11), False),
}


@pytest.mark.parametrize(("one", "other", "same"), ONE_PART.values(), ids=ONE_PART)
def test_what_one_part_says_twice_is_said_once(one: Finding, other: Finding, same: bool) -> None:
    """Within a part two findings on one line are two problems unless they are in nearly the same words."""
    assert len(ranked([one, other]).said) == (1 if same else 2)


def test_two_tools_on_one_line_are_two_sources() -> None:
    """What two analyzers say of one line and one kind of harm is said once, what one says twice stays two."""
    secret = finding("An AWS key was added", category=SECURITY, source="secrets", severity=HIGH)
    ruff = finding("A password stands in the code", category=SECURITY, source="ruff")
    assert ranked(analyzed=[ruff, secret]).said == (secret,)
    assert len(ranked(analyzed=[ruff, finding("A shell is called", category=SECURITY, source="ruff")]).said) == 2
    assert ranked([finding("The key is public now", category=SECURITY)], analyzed=[secret]).said == (secret,)


def test_two_problems_of_a_part_stay_two_though_another_part_names_one() -> None:
    """A problem that two parts found does not swallow what one of them says besides."""
    leak, door = finding("the token leaks"), finding("nobody checks the owner")
    other = finding("tokens can be read", confidence=0.7)
    for parts in ([[leak, door], [leak]], [[leak], [leak, door]], [[other], [leak, door]], [[leak, door], [other]]):
        assert {leak, door} <= set(ranked(*parts).said)
    surest = finding("tokens can be read", confidence=0.9)
    assert len(ranked([surest], [leak, door]).said) == len(ranked([leak, door], [surest]).said) == 2


def test_the_worst_stands_first() -> None:
    """By severity, then by confidence, then by place."""
    made = [
        finding("e", 1, severity=LOW, confidence=1.0),
        finding("d", 500, severity=HIGH, confidence=0.5, path="b.py"),
        finding("c", 700, severity=HIGH, confidence=0.5),
        finding("b", 600, severity=HIGH, confidence=0.5),
        finding("a", 900, severity=HIGH, confidence=0.6),
    ]
    assert titles(ranked(made).said) == ["a", "b", "c", "d", "e"]


def test_the_doubtful_are_folded_not_lost() -> None:
    """Below the threshold a finding is only mentioned, with a line or without."""
    sure, unsure = finding("sure", confidence=DOUBTFUL), finding("unsure", 50, confidence=DOUBTFUL - 0.01)
    made = ranked([unsure, sure], unplaced=[lost("lost"), lost("doubt", 0.1)])
    assert (titles(made.said), titles(made.doubtful)) == (["sure"], ["unsure", "doubt"])
    assert [each.finding.title for each in made.unplaced] == ["lost"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_doubtful_finding_does_not_silence_a_sure_one(turned: bool) -> None:
    """Of two findings of one problem the sure one is said, however bad the doubtful one would be."""
    bad, sure = (
        finding("the token leaks", severity=Severity.CRITICAL, confidence=0.1),
        finding("it leaks", severity=LOW),
    )
    parts = [[sure], [bad]] if turned else [[bad], [sure]]
    assert ranked(*parts) == Ranking((sure,), (), ())


def test_without_a_line_each_title_is_said_once_for_a_file() -> None:
    """Of repetitions the worst stays; in another file, or in other words, it is another problem."""
    bad = lost("it leaks", severity=HIGH)
    made = ranked(unplaced=[lost("it leaks"), bad, lost("it leaks", path="b.py"), lost("it fails")])
    assert made.unplaced[0] == bad
    assert sorted((each.finding.location.path, each.finding.title) for each in made.unplaced) == [
        ("a.py", "it fails"),
        ("a.py", "it leaks"),
        ("b.py", "it leaks"),
    ]


def test_what_has_a_line_is_not_repeated_without_one() -> None:
    """One part found the line, the other did not: the finding is said on its line, unless it is doubtful there."""
    assert ranked([finding("it leaks")], unplaced=[lost("it leaks")]).unplaced == ()
    doubted = ranked([finding("it leaks", confidence=0.1)], unplaced=[lost("it leaks")])
    assert [each.finding.title for each in doubted.unplaced] == ["it leaks"]


WORDS = st.sampled_from(["the token leaks", "a token leaks", "it crashes", "tokens leak", "", "!"])
FINDINGS = st.builds(
    finding,
    WORDS,
    st.integers(1, 12),
    start=st.one_of(st.none(), st.just(1)),
    path=st.sampled_from(["a.py", "b.py"]),
    severity=st.sampled_from(Severity),
    category=st.sampled_from([SECURITY, DATA]),
    confidence=st.sampled_from([0.1, DOUBTFUL, 0.9]),
).map(
    lambda made: (
        made
        if (made.location.start_line or 0) < made.location.line
        else replace(made, location=Location(made.location.path, Side.RIGHT, made.location.line))
    )
)
PARTS = st.lists(
    st.builds(
        Placed,
        st.lists(FINDINGS, max_size=5).map(tuple),
        st.lists(st.builds(Unplaced, FINDINGS, st.sampled_from(Miss)), max_size=3).map(tuple),
    ),
    max_size=4,
)


@given(PARTS, st.lists(FINDINGS, max_size=3), st.data())
def test_the_order_of_answers_has_no_say(parts: list[Placed], analyzed: list[Finding], data: st.DataObject) -> None:
    """Answers in any order, and the findings of each in any order, give the same ranking."""
    shuffled = [
        Placed(tuple(data.draw(st.permutations(part.findings))), tuple(data.draw(st.permutations(part.unplaced))))
        for part in data.draw(st.permutations(parts))
    ]
    assert rank(data.draw(st.permutations(analyzed)), shuffled) == rank(analyzed, parts)


@given(PARTS)
def test_nothing_is_made_up_and_nothing_lost_without_a_reason(parts: list[Placed]) -> None:
    """What is ranked was said; what is missing has one like it, in its file, that is ranked; and the order is kept."""
    made = rank([], parts)
    given_ones = [each for part in parts for each in part.findings]
    every = [*given_ones, *(each.finding for part in parts for each in part.unplaced)]
    kept = [*made.said, *made.doubtful, *(each.finding for each in made.unplaced)]
    assert set(kept) <= set(every)
    assert {each.location.path for each in kept} == {each.location.path for each in every}
    assert list(made.said) == sorted(made.said, key=lambda each: each.order)
    assert all(each.confidence < DOUBTFUL for each in made.doubtful)
    assert all(each.confidence >= DOUBTFUL for each in (*made.said, *(one.finding for one in made.unplaced)))
    if any(each.confidence >= DOUBTFUL for each in given_ones):
        assert made.said


def test_twenty_thousand_findings_are_ranked() -> None:
    """A finding on each line of a long file, by a tool and by the model: each line is spoken of once."""
    lines = range(1, 20_001)
    tool = [finding("The name is not known", line, source="ruff") for line in lines]
    model = [finding("The name of that is wrong", line, confidence=0.7) for line in lines]
    assert ranked(model, analyzed=tool).said == tuple(tool)
