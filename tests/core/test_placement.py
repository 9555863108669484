"""Placing claims: each becomes a finding on its line, or one without a line and with the reason; none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Anchors, Miss
from bot.core.diff import Diff, FileDiff
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.placement import Placed, Unplaced, place, summaries_by_file
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
    return place(claims, anchors_of(file), Diff((file,)))


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


WORDS = [
    (replace(CLAIM, scenario="When a user leaves, it fails."), "scenario", "a user leaves, it fails"),
    (replace(CLAIM, scenario="when  a user\nleaves"), "scenario", "a user leaves"),
    (replace(CLAIM, scenario="Whenever a user leaves"), "scenario", "Whenever a user leaves"),
    (replace(CLAIM, scenario="when"), "scenario", ""),
    (replace(CLAIM, title="It fails."), "title", "It fails"),
    (replace(CLAIM, title="two\nlines \t here"), "title", "two lines here"),
    (replace(CLAIM, title=f"The key {SECRET} leaks"), "title", f"The key {MASK} leaks"),
    (replace(CLAIM, title="x" * 500), "title", "x" * 119 + "…"),
    (replace(CLAIM, title="left\u202eright"), "title", "left\\u202eright"),
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
    """Each claim on twenty thousand lines gets its own line, and its block."""
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
    """Findings with a line and without are as many as the claims, in their order, each with its words."""
    shown = Shown(diff)
    pieces = [
        (shown.path(at), text)
        for at, file in enumerate(diff.files)
        for n in range(len(file.hunks))
        for text in shown.lines(at, n)
    ]
    spots = st.one_of(st.sampled_from(pieces), st.just(("x", "y"))) if pieces else st.just(("x", "y"))
    claims = [replace(claim, path=path, quote=quote) for claim in claims for path, quote in [data.draw(spots)]]
    made = place(claims, Anchors(shown), diff)
    assert len(made.findings) + len(made.unplaced) == len(claims)
    for each in made.findings:
        assert diff.file_at(each.location) is not None
        assert not each.applies or each.suggestion == printable_text(each.suggestion or "")
    apart = [(place((claim,), Anchors(shown), diff)) for claim in claims]
    assert made.findings == tuple(each for one in apart for each in one.findings)
    assert made.unplaced == tuple(each for one in apart for each in one.unplaced)
