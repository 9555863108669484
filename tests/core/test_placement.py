"""Placing claims: each becomes a finding on its line, or one without a line and with the reason; none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Anchors, Miss
from bot.core.diff import Diff, FileDiff
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.placement import Placed, Unplaced, place_all, summaries_by_file, unplaced_of
from bot.core.replies import Claim
from bot.core.visible import Shown, printable_text
from tests.core.changes import added, anchors_of, edited, hunk
from tests.core.strategies import diffs

SECRET = "AKIA" + "QWERTYUIOPASDFGH"
MASK = "*" * len(SECRET)
CART = edited(
    "cart.py",
    hunk(10, 10, " def total(items):", "+    value = 1", "+    log(value)", "+    return value", "-    return 0"),
    hunk(90, 92, "+    limit = 5", f"+    key = '{SECRET}'"),
    old_path="basket.py",
)
CLAIM = Claim(
    path="cart.py",
    side=Side.RIGHT,
    start_line=12,
    line=12,
    quote="    log(value)",
    severity=Severity.HIGH,
    category=Category.CORRECTNESS,
    title="The value is logged twice",
    body="`log` is called by `total` and by its caller.",
    scenario="anybody asks for a total, the log has it twice",
    suggestion=None,
    confidence=0.8,
)


def placed(*claims: Claim, file: FileDiff = CART) -> Placed:
    (one,) = place_all([claims], anchors_of(file), Diff((file,)))
    return one


def finding(claim: Claim) -> Finding:
    """The only finding of a claim that has a line."""
    (only,) = placed(claim).findings
    return only


def unplaced(claim: Claim) -> Unplaced:
    """The only finding of a claim that has none."""
    (only,) = placed(claim).unplaced
    return only


def test_a_claim_becomes_a_finding_on_its_line() -> None:
    """What the model says is kept word for word; its place is the one that the quote proves."""
    assert finding(replace(CLAIM, line=500, start_line=500)) == Finding(
        location=Location("cart.py", Side.RIGHT, 12),
        severity=Severity.HIGH,
        category=Category.CORRECTNESS,
        title=CLAIM.title,
        body=CLAIM.body,
        scenario=CLAIM.scenario,
        source="model",
        rule="correctness",
        quote="    log(value)",
        confidence=0.8,
    )


@pytest.mark.parametrize(
    ("claim", "why", "path"),
    [
        (replace(CLAIM, quote="    log(other)"), Miss.NO_QUOTE, "cart.py"),
        (replace(CLAIM, quote="log", path="basket.py"), Miss.NO_QUOTE, "cart.py"),
        (replace(CLAIM, path="b/none.py"), Miss.NO_FILE, "b/none.py"),
        (replace(CLAIM, path="no\nne\u202e.py"), Miss.NO_FILE, "no\\x0ane\\u202e.py"),
        (replace(CLAIM, path=f"{SECRET}.py"), Miss.NO_FILE, f"{MASK}.py"),
    ],
)
def test_a_claim_without_a_line_keeps_its_file_and_the_reason(claim: Claim, why: Miss, path: str) -> None:
    """A finding whose quote proves nothing is named with its file and why it has no line, and offers no block."""
    left = unplaced(replace(claim, suggestion="    log(2)"))
    assert (left.why, left.finding.location.path, left.finding.applies) == (why, path, False)
    assert left.finding.title == CLAIM.title


BLOCKS: dict[str, tuple[Claim, bool]] = {
    "the commented line": (replace(CLAIM, suggestion="    log(2)"), True),
    "the commented line, wrongly numbered": (replace(CLAIM, suggestion="    log(2)", start_line=99, line=99), True),
    "the commented lines": (replace(CLAIM, suggestion="    value = 2\n    log(2)", start_line=11), True),
    "lines that were quoted in full": (
        replace(CLAIM, suggestion="    log(2)", start_line=61, line=62, quote="    value = 1\n    log(value)"),
        True,
    ),
    "nothing": (CLAIM, False),
    "an empty text for none": (replace(CLAIM, suggestion=""), False),
    "another indentation": (replace(CLAIM, suggestion="log(2)"), False),
    "a range that could only be guessed": (replace(CLAIM, suggestion="    log(2)", start_line=60, line=61), False),
    "more than the quoted line": (
        replace(CLAIM, suggestion="    log(2)\n    return 2", start_line=12, line=13),
        False,
    ),
    "a range that leaves the hunk": (
        replace(CLAIM, suggestion="    limit = 6", start_line=80, line=92, quote="    limit = 5"),
        False,
    ),
    "start after end": (replace(CLAIM, suggestion="    log(2)", start_line=14), False),
    "a removed line": (
        replace(CLAIM, suggestion="    return 1", side=Side.LEFT, start_line=11, line=11, quote="    return 0"),
        False,
    ),
    "a masked line": (
        replace(CLAIM, suggestion="    key = None", start_line=93, line=93, quote=f"    key = '{MASK}'"),
        False,
    ),
    "the secret that was masked": (
        replace(CLAIM, suggestion=f"    key = '{MASK}'", start_line=92, line=92, quote="    limit = 5"),
        False,
    ),
}


@pytest.mark.parametrize(("claim", "applies"), BLOCKS.values(), ids=BLOCKS)
def test_a_block_replaces_what_the_model_spoke_of_or_is_none(claim: Claim, applies: bool) -> None:
    """A suggestion is a block only for the very lines that were stated and proven; else it stays as text."""
    made = finding(claim)
    assert made.applies is applies
    assert made.suggestion == claim.suggestion


# `go()` stands in 2, 5 and 40, each other line once.
TWINS = edited(
    "twins.py",
    hunk(1, 1, "+first()", "+go()", "+third()", "+fourth()", "+go()", "+sixth()"),
    hunk(34, 40, "+go()", "+late()", "-gone()"),
)
OTHER = added("other.py", "alone()")


def stated(line: int, quote: str, *, path: str = "twins.py", side: Side = Side.RIGHT) -> Claim:
    """A claim about a line of the twins, or of another file."""
    return replace(CLAIM, path=path, side=side, start_line=line, line=line, quote=quote)


COMPANIES: dict[str, tuple[list[Claim], int | Miss]] = {
    "alone": ([], 2),
    "of one whose number is right": ([stated(3, "third()")], 2),
    "of one whose number is wrong": ([stated(4, "third()")], Miss.AMBIGUOUS),
    "of one whose number is wrong, in another file": ([stated(2, "alone()", path="other.py")], Miss.AMBIGUOUS),
    "of one whose number is wrong though its text stands often": ([stated(4, "go()")], Miss.AMBIGUOUS),
    "of a right and a wrong one": ([stated(1, "first()"), stated(4, "third()")], Miss.AMBIGUOUS),
    "of one that is quoted loosely": ([stated(3, "  third()")], Miss.AMBIGUOUS),
    "of one with white space behind": ([stated(3, "third() ")], 2),
    "of one that mixed up the sides": ([stated(34, "gone()")], 2),
    "of one that quotes nothing": ([stated(3, "nothing()")], 2),
    "of one whose file is not there": ([stated(3, "third()", path="none.py")], 2),
}


@pytest.mark.parametrize(("company", "place"), COMPANIES.values(), ids=COMPANIES)
def test_a_number_is_believed_by_the_company_it_is_in(company: list[Claim], place: int | Miss) -> None:
    """Of equal lines the one at the stated number is meant, unless a claim of the review has a wrong number or text."""
    (one,), diff = _place_apart([stated(2, "go()")], company)
    assert (one.why if isinstance(one, Unplaced) else one.location.line) == place
    assert diff.files[0] == TWINS


def _place_apart(*answers: list[Claim]) -> tuple[tuple[Finding | Unplaced, ...], Diff]:
    """What becomes of the first answer, the others being of the same review."""
    diff = Diff((TWINS, OTHER))
    first, *_ = place_all(answers, Anchors(Shown(diff)), diff)
    return (*first.findings, *first.unplaced), diff


def test_numbers_off_alike_are_corrected_within_their_file() -> None:
    """Two proven numbers that are off by the same tell which of equal lines is meant; one, or two at odds, do not."""
    off_by_three = [stated(4, "first()"), stated(6, "third()")]
    assert [one.location.line for one in placed(stated(8, "go()"), *off_by_three, file=TWINS).findings] == [5, 1, 3]
    for company in (off_by_three[:1], [*off_by_three, stated(8, "fourth()")]):
        (left,) = placed(stated(8, "go()"), *company, file=TWINS).unplaced
        assert left.why is Miss.AMBIGUOUS


def test_what_one_number_is_off_by_others_may_be_too() -> None:
    """The only equal line within reach is meant, and reach grows with the farthest number of the review."""
    near, far = stated(6, "third()"), stated(3 + 33, "third()")
    assert [one.location.line for one in placed(stated(38, "go()"), near, file=TWINS).findings] == [40, 3]
    (left,) = placed(stated(38, "go()"), far, file=TWINS).unplaced
    assert left.why is Miss.AMBIGUOUS


def test_what_has_no_line_is_told_apart() -> None:
    """The findings without a proven line are known as such: the line that they state is the model's own word."""
    made = placed(stated(3, "go()"), stated(3, "third()"), file=TWINS)
    assert unplaced_of([made]) == {made.unplaced[0].finding}
    assert made.unplaced[0].finding.location.line == 3


WORDS = [
    (replace(CLAIM, scenario="When a user leaves, it fails."), "scenario", "a user leaves, it fails"),
    (replace(CLAIM, scenario="when  a user\nleaves"), "scenario", "a user leaves"),
    (replace(CLAIM, scenario="Whenever a user leaves"), "scenario", "Whenever a user leaves"),
    (replace(CLAIM, scenario="when"), "scenario", ""),
    (replace(CLAIM, title="It fails."), "title", "It fails"),
    (replace(CLAIM, title="two\nlines \t here"), "title", "two lines here"),
    (replace(CLAIM, title=f"The key {SECRET} leaks"), "title", f"The key {MASK} leaks"),
    (replace(CLAIM, title="x" * 500), "title", "x" * 119 + "…"),
    (replace(CLAIM, title="left\u202eright"), "title", "leftright"),
    (replace(CLAIM, body="\none\r\ntwo\n"), "body", "one\ntwo"),
    (replace(CLAIM, body=f"`{SECRET}`"), "body", f"`{MASK}`"),
    (replace(CLAIM, body="x" * 5_000), "body", "x" * 4_000 + " …"),
    (replace(CLAIM, body="bell\x07"), "body", "bell\\x07"),
]


@pytest.mark.parametrize(("claim", "field", "kept"), WORDS)
def test_words_are_made_fit_to_be_said(claim: Claim, field: str, kept: str) -> None:
    """Secrets are masked, invisible characters shown, what is endless is cut; with a line and without alike."""
    assert getattr(finding(claim), field) == kept
    assert getattr(unplaced(replace(claim, path="none.py")).finding, field) == kept


def test_a_suggestion_that_is_no_block_is_masked_too() -> None:
    """What is shown as text must not hold a secret or an invisible character either."""
    made = finding(replace(CLAIM, suggestion=f"    log('{SECRET}\u200b')"))
    assert (made.applies, made.suggestion) == (False, f"    log('{MASK}\\u200b')")


def test_summaries_are_known_by_any_name_of_the_file() -> None:
    """The first summary of a file counts, whatever name of it was used; those of other files and empty ones do not."""
    anchors = anchors_of(CART, added("new.py", "x = 1"))
    said = [{"none.py": "x", "b/basket.py": "adds  totals"}, {"cart.py": "something else", "./new.py": " "}]
    assert summaries_by_file([*said, {"new.py": f"has {SECRET}"}], anchors) == {0: "adds totals", 1: f"has {MASK}"}


def test_five_hundred_claims_on_a_long_file() -> None:
    """Each claim on twenty thousand lines gets its own line, and its block; a wrong number costs none its line."""
    file = added("big.py", *(f"value_{number % 5_000} = {number % 100}" for number in range(20_000)))
    claims = [
        replace(
            CLAIM,
            path="big.py",
            start_line=line - 1,
            line=line,
            quote=f"value_{(line - 1) % 5_000} = {(line - 1) % 100}",
        )
        for line in range(2, 20_000, 40)
    ]
    made = placed(*(replace(claim, suggestion="one = 1\ntwo = 2") for claim in claims), file=file)
    assert [each.location.line for each in made.findings] == [claim.line for claim in claims]
    assert all(each.applies for each in made.findings)
    doubted = placed(*claims, replace(claims[0], line=500, start_line=500), file=file)
    assert [each.location.line for each in doubted.findings] == [claim.line for claim in claims]


CLAIMS = st.builds(
    replace,
    st.just(CLAIM),
    side=st.sampled_from(Side),
    start_line=st.integers(-5, 20),
    line=st.integers(-5, 20),
    title=st.text(max_size=20),
    scenario=st.text(max_size=20),
    suggestion=st.one_of(st.none(), st.text(max_size=20)),
)


@given(diffs, st.lists(CLAIMS, max_size=6), st.data())
def test_no_claim_is_lost(diff: Diff, claims: list[Claim], data: st.DataObject) -> None:
    """Findings with a line and without are as many as the claims, in their order, however answers are cut."""
    shown = Shown(diff)
    pieces = [
        (shown.path(at), text)
        for at, file in enumerate(diff.files)
        for n in range(len(file.hunks))
        for text in shown.lines(at, n)
    ]
    spots = st.one_of(st.sampled_from(pieces), st.just(("x", "y"))) if pieces else st.just(("x", "y"))
    claims = [replace(claim, path=path, quote=quote) for claim in claims for path, quote in [data.draw(spots)]]
    (made,) = place_all([claims], Anchors(shown), diff)
    assert len(made.findings) + len(made.unplaced) == len(claims)
    for each in made.findings:
        assert diff.file_at(each.location) is not None
        assert not each.applies or each.suggestion == printable_text(each.suggestion or "")
    cut = data.draw(st.integers(0, len(claims)))
    apart = place_all([claims[:cut], claims[cut:]], Anchors(shown), diff)
    assert made.findings == tuple(each for one in apart for each in one.findings)
    assert made.unplaced == tuple(each for one in apart for each in one.unplaced)
