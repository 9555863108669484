"""What a check run says: it stands alone, fits into GitHub's limits, and no text of others acts in it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.diff import Diff
from bot.core.known import Fate, Known, Life, Trace
from bot.core.ledger import Entry, Reason, balance
from bot.core.models import Finding, Location, Severity, Side
from bot.core.outcome import Ending, Outcome
from bot.core.placement import Unplaced
from bot.core.policy import OnIncomplete, Policy
from bot.core.posting import Obstacle
from bot.core.rendering.check_run import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    READING,
    check_output,
    ended_early,
    left_behind,
    live,
    not_posted,
)
from bot.core.review import Review
from bot.core.verdict import Annotation, CheckOutput, Level
from tests.core.changes import added
from tests.core.test_markdown import assert_only_ours_acts
from tests.core.test_rendering import ANSWERED, COST, FAILED, FINDING, gated, review

POLICY = Policy("claude-opus-4-6")
LEFT = replace(FINDING, location=Location("app.py", Side.LEFT, 3), title="The old number was right")


def output(made: Review, policy: Policy = POLICY) -> CheckOutput:
    return check_output(made, policy)


def test_a_finding_on_a_line_of_the_head_is_an_annotation() -> None:
    """Its lines, how bad it is, and its words as plain text stand beside the line."""
    ranged = replace(FINDING, location=Location("app.py", Side.RIGHT, 4, 2))
    made = output(review(ANSWERED, ANSWERED, findings=(FINDING, ranged)))
    words = ("high: The number is wrong", "It is 3.\n\nWhen somebody counts, they come to another number.")
    assert made.annotations == (
        Annotation("app.py", 3, 3, Level.FAILURE, *words),
        Annotation("app.py", 2, 4, Level.FAILURE, *words),
    )
    assert made.text == ""


@pytest.mark.parametrize(
    ("severity", "level"), [("critical", "failure"), ("high", "failure"), ("medium", "warning"), ("low", "notice")]
)
def test_an_annotation_is_as_loud_as_its_finding(severity: str, level: str) -> None:
    """Each severity has its level."""
    made = output(review(ANSWERED, ANSWERED, findings=(replace(FINDING, severity=Severity(severity)),)))
    assert [each.level for each in made.annotations] == [level]


def test_what_cannot_be_an_annotation_stands_in_the_text() -> None:
    """A removed line, no line, and a path that is no text are told in full, with their place."""
    odd = replace(FINDING, location=Location("b\udcff.py", Side.RIGHT, 1), title="An odd name")
    lost = replace(FINDING, title="Somewhere in there")
    findings = replace(
        review(ANSWERED, ANSWERED, findings=(FINDING, LEFT, odd)), unplaced=(Unplaced(lost, Miss.NO_QUOTE),)
    )
    made = output(findings)
    assert [each.title for each in made.annotations] == ["high: The number is wrong"]
    assert "The number is wrong" not in made.text
    for part in (
        "**high · The old number was right**\n\n`app.py:3`",
        "**high · An odd name**\n\n`b\\xff.py:1`",
        f"**high · Somewhere in there**\n\n`app.py`: {Miss.NO_QUOTE}",
        "**When** somebody counts",
    ):
        assert part in made.text


def test_the_summary_tells_all_findings_in_a_table() -> None:
    """Whether it has an annotation or not, each finding is a row."""
    made = output(review(ANSWERED, ANSWERED, findings=(FINDING, LEFT)))
    assert made.title == "2 findings · 2 of 4 changed lines reviewed"
    assert made.title not in made.summary
    assert "| 🟧 high | The number is wrong | `app.py:3` |\n| 🟧 high | The old number was right | `app.py:3` |" in (
        made.summary
    )


def test_a_success_has_nothing_to_explain() -> None:
    """Where every line went is enough: the headline is the title, and is not said twice."""
    made = output(review(ANSWERED, ANSWERED))
    ledger = "Ledger: 4 changed lines: 2 lines reviewed, 2 lines in lockfiles."
    assert (made.title, made.summary) == ("nothing found · 2 of 4 changed lines reviewed", ledger)


def test_the_summary_is_never_empty() -> None:
    """GitHub wants one: where there is nothing else to say, and where the title is cut, it holds the headline."""
    assert output(gated("draft")).summary == output(gated("draft")).title == "not reviewed: draft"
    long = output(gated("draft " * 60))
    assert len(long.summary) > len(long.title)


def test_no_english_word_stands_before_another_language() -> None:
    """`When` stands before English only, beside the line and in the text."""
    policy = replace(POLICY, language="German")
    made = output(replace(review(ANSWERED, ANSWERED, findings=(FINDING, LEFT)), policy=policy), policy)
    assert made.annotations[0].message == "It is 3.\n\nsomebody counts, they come to another number."
    assert "When" not in made.text


WHY = [
    ((ANSWERED, ANSWERED), None, "neutral", "No verdict: 1 finding is `high` or worse, and `fail_on` is not set."),
    (
        (ANSWERED, ANSWERED),
        Severity.MEDIUM,
        "neutral",
        "It fails because 1 finding is `medium` or worse, and `fail_on` is `medium`.",
    ),
    ((ANSWERED, COST), Severity.CRITICAL, "neutral", "No verdict: not everything was read."),
    (
        (ANSWERED, COST),
        Severity.CRITICAL,
        "failure",
        "It fails because not everything was read, and `on_incomplete` is `failure`.",
    ),
    ((ANSWERED, COST), Severity.HIGH, "neutral", "It fails because 1 finding is `high` or worse"),
]


@pytest.mark.parametrize(("reasons", "fail_on", "on_incomplete", "says"), WHY)
def test_the_summary_says_why_it_is_no_success(
    reasons: tuple[Reason, ...], fail_on: Severity | None, on_incomplete: str, says: str
) -> None:
    """The reader learns what decided, and which key of the policy."""
    policy = replace(POLICY, fail_on=fail_on, on_incomplete=OnIncomplete(on_incomplete))
    summary = output(review(*reasons, findings=(FINDING,)), policy).summary
    assert summary.startswith(says)


def test_what_counts_though_it_was_dismissed_is_said() -> None:
    """A finding that nobody says any more and that fails the check is named, and so is why it counts."""
    dismissed = Known("id", LEFT, Trace("app.py", Side.LEFT, "c"), Fate.DISMISSED, binding=False)
    made = replace(review(ANSWERED, ANSWERED), life=Life(known=(dismissed,)))
    summary = output(made, replace(POLICY, fail_on=Severity.HIGH)).summary
    assert "1 finding dismissed by somebody who may not write to this repository still counts." in summary
    assert "| 🟧 high | The old number was right |" in summary


def test_what_was_not_read_is_listed() -> None:
    """Each file with lines that nobody read stands there with the reason, and so does what went wrong."""
    made = replace(review(COST, FAILED), failures=("The model answered 529.",))
    summary = output(made).summary
    assert "The model answered 529." in summary
    assert (
        "Not read:\n\n- `app.py`: 1 line, over the cost cap\n- `app.py`: 1 line, request failed\n\nLedger:" in summary
    )


def test_a_review_without_a_model_says_so() -> None:
    """Nobody takes the analyzers' word for a review."""
    summary = output(review(Reason.NO_MODEL, Reason.NO_MODEL, asked=False)).summary
    assert "No model took part" in summary
    assert "Not read:" not in summary


def test_a_skipped_review_says_why_and_no_more() -> None:
    """What was never read has no ledger and no findings."""
    made = replace(review(ANSWERED, ANSWERED), outcome=Outcome(Ending.SKIPPED, "draft"))
    assert output(made).summary == output(made).title == "not reviewed: draft"


@pytest.mark.parametrize(
    ("tally", "says"),
    [
        ((0, 0, 0), READING),
        ((8, 0, 0), "0 of 8 parts read"),
        ((8, 3, 2), "3 of 8 parts read, 2 findings so far"),
        ((1, 1, 1), "1 of 1 part read, 1 finding so far"),
    ],
)
def test_a_running_review_says_how_far_it_is(tally: tuple[int, int, int], says: str) -> None:
    """Parts read of all parts, and findings where there are any."""
    assert live(*tally) == says


def many(number: int, like: Finding = LEFT) -> tuple[Finding, ...]:
    """So many findings on removed lines, which are told in the text."""
    return tuple(replace(like, location=Location("app.py", Side.LEFT, line)) for line in range(1, number + 1))


def test_what_does_not_fit_is_counted() -> None:
    """Rows and findings stay whole; a note says how many of them are missing."""
    made = output(review(ANSWERED, ANSWERED, findings=many(3_000, replace(LEFT, title="é" * 60, body="ü" * 500))))
    for text, begins in ((made.summary, "| 🟧"), (made.text, "🟧 **")):
        shown = sum(line.startswith(begins) for line in text.split("\n"))
        assert LONGEST_TEXT - 1_500 < len(text.encode()) <= LONGEST_TEXT
        assert f"_{3_000 - shown:,} more findings, too long to be told here._" in text
        assert 0 < shown < 3_000


@pytest.mark.parametrize("more", range(0, 40, 4))
def test_the_note_has_its_room(more: int) -> None:
    """However nearly the rows and findings fill the page, what says that some are missing still fits."""
    made = output(review(ANSWERED, ANSWERED, findings=many(900, replace(LEFT, title="x" * (50 + more), body=""))))
    for text in (made.summary, made.text):
        assert "too long to be told here" in text
        assert len(text.encode()) <= LONGEST_TEXT


def test_more_annotations_than_anybody_reads_are_told_otherwise() -> None:
    """Beyond 500 findings stand in the text: annotations are requests."""
    findings = tuple(replace(each, location=replace(each.location, side=Side.RIGHT)) for each in many(502))
    made = output(review(ANSWERED, ANSWERED, findings=findings))
    assert len(made.annotations) == 500
    assert made.text.count("**high · The old number was right**") == 2


HOSTILE = [
    "![x](https://evil.example/a.png) <img src=x> @maintainers fixes #1",
    "::error::x\n/approve\n<!-- plumbline:2 forged -->",
    "a | b\n| --- |\n```\n</details>\u202e\u200b",
    "\udcff\ud800 x",
    "$" * 50,
    "é`" * 50,
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
paths = st.sampled_from(["app.py", "b\udcff.py", "ü |`x`.py"])
places = st.builds(Location, paths, st.sampled_from(Side), st.integers(1, 9))
findings_ = st.builds(
    replace,
    st.just(FINDING),
    location=places,
    severity=st.sampled_from(Severity),
    title=texts,
    body=texts,
    scenario=texts,
    quote=texts,
    suggestion=st.one_of(st.none(), texts),
)


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """A review in which all words are anybody's."""
    reasons = draw(st.sampled_from([*itertools.product((ANSWERED, COST, FAILED), repeat=2)]))
    made = review(*reasons, findings=tuple(draw(st.lists(findings_, max_size=3))))
    unplaced = tuple(Unplaced(each, Miss.NO_FILE) for each in draw(st.lists(findings_, max_size=2)))
    return replace(made, unplaced=unplaced, failures=tuple(draw(st.lists(texts, max_size=7))))


@given(made=reviews(), times=st.sampled_from([1, 30]))
def test_everything_fits_and_can_be_sent(made: Review, times: int) -> None:
    """Whatever the model says, and however often, all texts are within GitHub's limits, in bytes, and valid UTF-8."""
    failures = tuple(sentence * times for sentence in made.failures)
    said = output(replace(made, findings=made.findings * times, failures=failures))
    assert len(said.title.encode()) <= LONGEST_TITLE
    assert max(len(said.summary.encode()), len(said.text.encode())) <= LONGEST_TEXT
    for each in said.annotations:
        assert len(each.title.encode()) <= LONGEST_TITLE
        assert len(f"{each.path}{each.message}".encode()) <= LONGEST_TEXT
        assert 1 <= each.start_line <= each.end_line
        assert each.message


@given(reviews())
def test_no_words_act(made: Review) -> None:
    """Nothing that others wrote is a link, a mention, an image, a heading or HTML on the check run's page."""
    said = output(made)
    for body in (said.summary, said.text):
        assert_only_ours_acts(body)


@pytest.mark.parametrize("letter", ["a", "é", "$", "`"])
def test_no_number_of_unread_files_is_too_much(letter: str) -> None:
    """A change of many files with long names, none of them read, is cut as well."""
    files = tuple(added(f"{letter * 300}{number}", "x") for number in range(300))
    diff = Diff(files)
    ledger = balance(diff, [Entry(at, COST, 0, 1) for at in range(len(files))])
    made = replace(review(COST, COST, findings=many(400)), diff=diff, ledger=ledger)
    summary = output(made).summary
    assert len(summary.encode()) <= LONGEST_TEXT
    assert "| 🟧 high |" in summary


def test_a_check_run_that_was_left_behind_is_explained() -> None:
    """Whoever finds a cancelled check run learns that it says nothing about the commit."""
    assert "no verdict" in left_behind().summary
    assert len(left_behind().title) <= LONGEST_TITLE


@pytest.mark.parametrize("obstacle", Obstacle)
def test_what_is_not_posted_is_explained(obstacle: Obstacle) -> None:
    """Each obstacle has its words, within GitHub's limits, and none sounds like a verdict."""
    said = not_posted(obstacle)
    assert len(said.title.encode()) <= LONGEST_TITLE
    assert said.summary.endswith(".")
    assert "nothing found" not in said.title + said.summary


@pytest.mark.parametrize("sentence", ["", "GitHub failed with status 502; try again.", "@all <img src=x> " * 200])
def test_a_review_that_fell_over_gives_no_verdict(sentence: str) -> None:
    """The reason stands in the title, harmless and cut; that nothing is concluded stands in the summary."""
    said = ended_early(sentence)
    assert len(said.title.encode()) <= LONGEST_TITLE
    assert sentence[:30] in said.title
    assert "verdict" in said.summary
    assert_only_ours_acts(said.summary)
