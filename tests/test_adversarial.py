"""A model that gets everything wrong: each claim ends on the line that it quotes, on its file or in the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.core.diff import Diff
from bot.core.marker import State, read_state
from bot.core.patch_writer import render
from bot.core.visible import printable
from tests.claims import POLICY, Told, claim, tell
from tests.core.changes import added, deleted, edited, hunk
from tests.fakes.github import FakeGitHub
from tests.fakes.github_pull import FakePullRequest
from tests.scripted_reviewer import Json

MOST_CHARACTERS = 65_536
MANY = replace(POLICY, max_comments=50)
CART = replace(
    edited(
        "shop/cart.py",
        hunk(
            10,
            10,
            " def total(items):",
            "-    value = 0",
            "-    return value",
            "+    value = sum(items)",
            "+    log(value)",
        ),
        hunk(100, 100, " class Cart:", "+    limit = 5", "-    limit = 4", "     lines = []", "+\tnew\tway  "),
        old_path="shop/basket.py",
    ),
    similarity=80,
    old_mode="100644",
    new_mode="100644",
    old_blob="1111111",
    new_blob="2222222",
)
FIVE = added(
    "five.py",
    *(line for at in range(5) for line in (*(f"row_{at}_{n} = {n}" for n in range(39)), "    return None")),
)
GONE = replace(deleted("gone.py", "import os", "x = 1"), old_mode="100644")
CHANGE = Diff((CART, replace(FIVE, new_mode="100644"), GONE))
Place = tuple[str, str, int | None]
"""Where a comment stands: path, side and line, None for the whole file."""

SUMMARY: Place = ("", "", None)


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    """One GitHub for all; each test has a pull request of its own. Nothing that it would refuse is sent."""
    with FakeGitHub() as made:
        yield made
    assert made.problems == []


@pytest.fixture(scope="module")
def door(github: FakeGitHub) -> Iterator[GitHub]:
    """A connection to it."""
    with GitHub(Access(github.api_url, SecretStr(github.token))) as made:
        yield made


@pytest.fixture
def pull(github: FakeGitHub) -> FakePullRequest:
    """A pull request with a renamed file, a new one in which a line stands five times, and a deleted one."""
    number = len(github.state.pulls) + 1
    return github.pull_request("acme/shop", number, patch=render(CHANGE))


def cart(line: int, quote: str, **other: object) -> Json:
    """A claim about the cart, of medium severity: without a line it stands in the summary."""
    return claim("shop/cart.py", line, quote, "It fails") | {"severity": "medium"} | other


def five(line: int, quote: str = "    return None", **other: object) -> Json:
    """A claim about the file in which a line stands five times: in 40, 80, 120, 160 and 200."""
    return cart(line, quote, path="five.py", **other)


LOG = "    log(value)"
CASES: dict[str, tuple[Json, Place]] = {
    "a wrong line": (cart(14, LOG), ("shop/cart.py", "RIGHT", 12)),
    "a line of another hunk": (cart(101, LOG), ("shop/cart.py", "RIGHT", 12)),
    "a line far beyond the file": (cart(10**12, LOG), ("shop/cart.py", "RIGHT", 12)),
    "a line between the hunks": (cart(60, "    limit = 5"), ("shop/cart.py", "RIGHT", 101)),
    "a range over two hunks": (cart(101, "    limit = 5", start_line=12), ("shop/cart.py", "RIGHT", 101)),
    "start after end": (cart(12, LOG, start_line=400), ("shop/cart.py", "RIGHT", 12)),
    "the wrong side": (cart(12, LOG, side="LEFT"), ("shop/cart.py", "RIGHT", 12)),
    "the wrong side of a removed line": (cart(11, "    value = 0"), ("shop/cart.py", "LEFT", 11)),
    "a removed line": (cart(12, "    return value", side="LEFT"), ("shop/cart.py", "LEFT", 12)),
    "a removed line by a new number": (cart(101, "    limit = 4"), ("shop/cart.py", "LEFT", 101)),
    "a context line by its old side": (cart(102, "    lines = []", side="LEFT"), ("shop/cart.py", "RIGHT", 102)),
    "a deleted file": (cart(2, "x = 1", path="gone.py"), ("gone.py", "LEFT", 2)),
    "no indentation": (cart(12, "log(value)"), ("shop/cart.py", "RIGHT", 12)),
    "tabs for spaces": (cart(12, "\tlog(value)\t"), ("shop/cart.py", "RIGHT", 12)),
    "spaces for tabs": (cart(103, "    new way"), ("shop/cart.py", "RIGHT", 103)),
    "two lines of two sides": (cart(12, "    return value\n    log(value)"), SUMMARY),
    "an invented line": (cart(12, "    log(values)"), SUMMARY),
    "no quote": (cart(12, ""), SUMMARY),
    "white space": (cart(12, " \n\t"), SUMMARY),
    "half a line": (cart(12, "log(val"), SUMMARY),
    "a path with ./": (cart(12, LOG, path="./shop/cart.py"), ("shop/cart.py", "RIGHT", 12)),
    "a path with b/": (cart(12, LOG, path="b/shop/cart.py"), ("shop/cart.py", "RIGHT", 12)),
    "the name before the rename": (cart(12, LOG, path="shop/basket.py"), ("shop/cart.py", "RIGHT", 12)),
    "a path that climbs": (cart(12, LOG, path="../shop/cart.py"), SUMMARY),
    "a file that is not there": (cart(12, LOG, path="shop/none.py"), SUMMARY),
    "one of five by its number": (five(80), ("five.py", "RIGHT", 80)),
    "one of five within reach": (five(90), ("five.py", "RIGHT", 80)),
    "one of five, between two": (five(100), SUMMARY),
    "one of five with the line before": (
        five(1, "row_3_38 = 38\n    return None"),
        ("five.py", "RIGHT", 160),
    ),
    "a suggestion on the left": (
        cart(12, "    return value", side="LEFT", suggestion="    return 1"),
        ("shop/cart.py", "LEFT", 12),
    ),
    "a suggestion that breaks out": (cart(12, LOG, suggestion="    log()\n```\n# x"), ("shop/cart.py", "RIGHT", 12)),
    "critical without a line": (cart(12, "", severity="critical"), ("shop/cart.py", "RIGHT", None)),
    "critical without a file": (cart(12, LOG, path="none.py", severity="critical"), SUMMARY),
}


@pytest.mark.parametrize(("said", "place"), CASES.values(), ids=CASES)
def test_a_claim_ends_on_the_line_that_it_quotes_or_on_none(
    door: GitHub, pull: FakePullRequest, said: Json, place: Place
) -> None:
    """Whatever is wrong with a claim, GitHub takes the review, and the claim stands in one place."""
    told = tell(door, pull, [said])
    assert (told.posted.obstacle, told.posted.problems) == (None, ())
    assert places_of(pull) == ([place] if place != SUMMARY else [])
    assert told.posted.comments == len(pull.review_comments)
    assert "It fails" in pull.issue_comments[0].body
    for comment in pull.review_comments:
        assert comment.line is None or quoted(said) == printable(comment.text).split()


def quoted(said: Json) -> list[str]:
    """The words of the last line of a quote."""
    return str(said["quote"].split("\n")[-1]).split()


def places_of(pull: FakePullRequest) -> list[Place]:
    """Where comments stand."""
    return [(comment.path, comment.side, comment.line) for comment in pull.review_comments]


def test_all_of_it_in_one_review(door: GitHub, pull: FakePullRequest) -> None:
    """Wrong claims do no harm to others: what is proven stands on its line, what is not is told in the summary."""
    names = {f"Wrong{at:02d} {case}": (said, place) for at, (case, (said, place)) in enumerate(CASES.items())}
    told = tell(door, pull, [said | {"title": name} for name, (said, _) in names.items()], policy=MANY)
    assert told.posted.problems == ()
    standing = {re.search(r"Wrong\d\d", comment.body)[0]: comment for comment in pull.review_comments}  # type: ignore[index]
    assert len(standing) == len(pull.review_comments)
    for name, (said, _) in names.items():
        comment = standing.get(name[:7])
        assert comment is not None or name[:7] in pull.issue_comments[0].body
        assert comment is None or comment.line is None or printable(comment.text).split() == quoted(said)
    # Other numbers of the review are wrong, and by far: what only its number tells from its equals has no line.
    unproven = {"one of five by its number", "one of five within reach"}
    expected = {name[:7]: place for name, (_, place) in names.items() if place != SUMMARY and name[8:] not in unproven}
    assert {name: (comment.path, comment.side, comment.line) for name, comment in standing.items()} == expected


def test_no_suggestion_is_a_block_on_the_left(door: GitHub, pull: FakePullRequest) -> None:
    """A button that would write into other lines is not offered: what is suggested for removed lines is text."""
    tell(door, pull, [CASES["a suggestion on the left"][0], CASES["a suggestion that breaks out"][0]])
    bodies = [comment.body for comment in pull.review_comments]
    assert len(bodies) == 2
    assert not any("```suggestion" in body for body in bodies)
    assert all("return 1" in body or "log()" in body for body in bodies)


def test_five_hundred_findings(door: GitHub, pull: FakePullRequest) -> None:
    """As many as the policy allows stand on their lines; all others are told or counted in the summary, and kept."""
    lines = [line.text for line in FIVE.hunks[0].lines]
    said = [
        five(number, line, title=f"zq{copy}{number:03d} fails{copy}{number:03d}", category=category)
        for copy, category in enumerate(("security", "performance", "tests"))
        for number, line in enumerate(lines, 1)
    ][:500]
    told = tell(door, pull, said)
    assert told.posted.problems == ()
    assert len(pull.review_comments) == told.posted.comments == POLICY.max_comments
    texts = {each["title"].split()[0]: each["quote"] for each in said}
    for comment in pull.review_comments:
        assert comment.text == texts[re.search(r"\bzq\d{4}\b", comment.body)[0]]  # type: ignore[index]
    assert_all_are_told(told, pull, 500)


def assert_all_are_told(told: Told, pull: FakePullRequest, count: int) -> None:
    """The summary counts all findings."""
    (summary,) = pull.issue_comments
    assert len(summary.body) <= MOST_CHARACTERS
    assert f"{count} findings" in summary.body
    assert len(told.review.life.known) == count
    state = read_state(summary.body)
    assert isinstance(state, State)


def test_bodies_of_a_hundred_kilobytes(door: GitHub, pull: FakePullRequest) -> None:
    """Endless words are cut, in comments and in the summary, and cost no finding its place."""
    lines = [line.text for line in FIVE.hunks[0].lines]
    words = "It is wrong, and here is why. " * 3_500
    said = [
        five(number, lines[number - 1], title=f"Endless{number:03d}", body=words, scenario=words, suggestion=words)
        for number in range(1, 31)
    ]
    said += [five(100, title=f"Endless{number:03d}", body=words) for number in range(31, 41)]
    told = tell(door, pull, said)
    assert told.posted.problems == ()
    assert len(pull.review_comments) == POLICY.max_comments
    (summary,) = pull.issue_comments
    assert all(len(body) <= MOST_CHARACTERS for body in (summary.body, *(each.body for each in pull.review_comments)))
    named = set(re.findall(r"Endless\d{3}", summary.body))
    named |= {name for each in pull.review_comments for name in re.findall(r"Endless\d{3}", each.body)}
    assert named == {each["title"] for each in said}
