"""Whatever the change, whatever the model claims, wherever the head is: GitHub refuses nothing, and nothing is lost."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.core.diff import Diff
from bot.core.models import Category, Finding, Severity, Side
from bot.core.patch import parse
from bot.core.patch_writer import render
from bot.core.posting import Obstacle
from bot.core.quoted_lines import readings
from bot.core.selection import select
from bot.core.visible import printable, shown_lines
from tests.claims import Told, claim, tell
from tests.core.strategies import diffs
from tests.fakes.github import FakeGitHub
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import made_up_sha
from tests.scripted_reviewer import Json

REVIEWS, CLAIMS = 30, 50  # for each place of the head: 4,500 cases in all
NUMBERS = itertools.count(1)
TAG = re.compile(r"\bzq\d{4}\b")
HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
MOST_ON_FILES = 3


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    """One GitHub for all cases; each has a pull request of its own."""
    with FakeGitHub() as made:
        yield made


@pytest.fixture(scope="module")
def door(github: FakeGitHub) -> Iterator[GitHub]:
    """A connection to it."""
    with GitHub(Access(github.api_url, SecretStr(github.token))) as made:
        yield made


def title_of(number: int) -> str:
    """Words that no other claim has: what is said twice in like words is merged, which is not the question here."""
    return " ".join(f"{word}{number:04d}" for word in ("zq", "breaks", "leaks", "ends"))


def claims(diff: Diff, dice: Random) -> list[Json]:
    """Claims about lines of the change, more or less right: side, number, quote, range and path may be off.

    Drawn from one number: what hypothesis draws for an example would not hold fifty claims.
    """
    rows = [
        (file, line, text)
        for file in diff.files
        for hunk in file.hunks
        for line, text in zip(hunk.lines, shown_lines(hunk), strict=True)
    ]
    made = []
    for number in range(CLAIMS):
        file, line, text = dice.choice(rows)
        stated = max(line.number + dice.choice([0, 0, 0, 0, 1, -1, 3, 40, 900]), 1)
        spelled = dice.choice(["{}", "{}", "{}", "./{}", "b/{}", "nowhere/{}"])
        body = dice.choice(["`x` is y.", "", "```suggestion\nrm\n```\n</details>", "It is so."])
        made.append(
            claim(
                spelled.format(printable(dice.choice([file.path, file.path, file.old_path or file.path]))),
                stated,
                dice.choice([text, text, text, f"  {text} ", text[:3], f"{text}!", f"{text}\n{text}", ""]),
                title_of(number) + dice.choice(["", " @all", " fixes #1"]),
                side=dice.choice([line.side, line.side, *Side]).value,
                start_line=max(stated - dice.choice([0, 0, 1, 2, 5, -3]), 1),
                severity=dice.choice([*Severity]).value,
                category=dice.choice([*Category]).value,
                body=body if number else "x" * 70_000,
                scenario=dice.choice(["x is empty, it crashes", ""]),
                suggestion=dice.choice([None, None, text, "other", "```\nout of the block", ""]),
                confidence=dice.random(),
            )
        )
    return made


@pytest.mark.parametrize(
    "head",
    ["stays", *(pytest.param(f"moves {when} the look", marks=pytest.mark.slow) for when in ("before", "after"))],
)
@settings(
    max_examples=REVIEWS,
    deadline=None,
    # Shrinking would play thousands of further reviews; the diff and the number that the claims come of are small.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    made=diffs.filter(lambda diff: any(file.hunks for file in map(diff.files.__getitem__, select(diff).kept))),
    other=diffs,
    seed=st.integers(0, 2**32),
)
def test_github_refuses_nothing_and_no_finding_is_lost(  # noqa: PLR0913, PLR0917 - a case, and the stage
    github: FakeGitHub, door: GitHub, head: str, made: Diff, other: Diff, seed: int
) -> None:
    """10,000 claims: each ends on the line that it quotes, on a file or in the summary; no request is refused."""
    number = next(NUMBERS)
    pull = github.pull_request("acme/papers", number, patch=render(made))
    said = claims(parse(pull.patch), Random(seed))

    def move() -> None:
        pull.push(made_up_sha(f"{number} moved"), render(other) if other.files else pull.patch)

    if head == "moves after the look":
        told = tell(door, pull, said, before=lambda: github.after_next("POST", r"/graphql$", move))
    else:
        told = tell(door, pull, said, before=move if head == "moves before the look" else None)
    assert github.problems == []
    assert (pull.head_sha == told.review.change.head) is (head == "stays")
    if head == "moves before the look":
        assert told.posted.obstacle is Obstacle.SUPERSEDED
        assert (pull.reviews, pull.issue_comments) == ([], [])
        return
    assert (told.posted.obstacle, told.posted.problems) == (None, ())
    nothing_is_lost(told, pull, said)
    stands_on_its_quote(pull, said)


def said_by_a_check(told: Told, said: list[Json]) -> set[str]:
    """What one of our own checks says of the quoted line: the same kind of harm there is told once."""
    checked = [finding for finding in told.review.said if finding.source != "model"]
    lines = {(line_at(told, finding), finding.category.value) for finding in checked}
    return {TAG.findall(each["title"])[0] for each in said if (first_line(each["quote"]), each["category"]) in lines}


def line_at(told: Told, finding: Finding) -> str:
    file = told.review.diff.file_at(finding.location)
    assert file is not None
    place = finding.location
    hunks = range(len(told.review.diff.files[file].hunks))
    rows = (row for hunk in hunks for row in told.review.shown.rows(file, hunk, place.side))
    return next(text.strip().rstrip("!") for line, text in rows if line.on(place.side) == place.line)


def first_line(quote: str) -> str:
    return quote.split("\n", maxsplit=1)[0].strip().rstrip("!")


def nothing_is_lost(told: Told, pull: FakePullRequest, said: list[Json]) -> None:
    """Each claim is told once on a line or a file, else in the summary."""
    tags = Counter(tag for comment in pull.review_comments for tag in set(TAG.findall(visible(comment.body))))
    assert set(tags.values()) <= {1}
    (summary,) = pull.issue_comments
    named = set(TAG.findall(visible(summary.body))) | set(tags) | said_by_a_check(told, said)
    assert {TAG.findall(each["title"])[0] for each in said} == named
    assert told.posted.comments == len(pull.review_comments)


def stands_on_its_quote(pull: FakePullRequest, said: list[Json]) -> None:
    """The text under each comment is what its claim quotes, white space aside; at most three are on files."""
    quotes = {TAG.findall(each["title"])[0]: each["quote"] for each in said}
    on_files = [comment for comment in pull.review_comments if comment.line is None]
    assert len(on_files) <= MOST_ON_FILES
    for comment in pull.review_comments:
        tag = TAG.search(visible(comment.body))
        if comment.line is not None and tag is not None:  # one without is what the checks found
            quoted = [lines[-1].split() for lines in readings(quotes[tag[0]])]
            assert printable(comment.text).split() in quoted


def visible(body: str) -> str:
    """What people see of it: a state in its hidden mark may spell anything."""
    return HIDDEN.sub("", body)
