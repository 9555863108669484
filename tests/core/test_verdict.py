"""How a check run ends: success is earned by reading everything, and what counts against a change is told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.known import Fate, Known, Life, Trace
from bot.core.models import Finding, Location, Severity, Side
from bot.core.outcome import Ending, Outcome
from bot.core.placement import Unplaced
from bot.core.policy import OnIncomplete, Policy
from bot.core.review import Review
from bot.core.verdict import (
    MOST_ANNOTATIONS,
    Annotation,
    CheckOutput,
    Conclusion,
    Level,
    conclude_check,
    counted,
    reaching,
    verdict,
)
from tests.core.test_rendering import ANSWERED, COST, FINDING, review

MODEL = "claude-opus-4-6"
LIMITS = (None, *Severity)


def policy(fail_on: Severity | None = None, on_incomplete: OnIncomplete = OnIncomplete.NEUTRAL) -> Policy:
    return Policy(MODEL, fail_on=fail_on, on_incomplete=on_incomplete)


# (ending, reached): the conclusion without fail_on, and with it; as on_incomplete neutral, and failure.
TABLE = {
    (Ending.COMPLETE, False): (("success", "success"), ("success", "success")),
    (Ending.COMPLETE, True): (("neutral", "neutral"), ("failure", "failure")),
    (Ending.PARTIAL, False): (("neutral", "failure"), ("neutral", "failure")),
    (Ending.PARTIAL, True): (("neutral", "failure"), ("failure", "failure")),
    (Ending.FAILED, False): (("neutral", "failure"), ("neutral", "failure")),
    (Ending.FAILED, True): (("neutral", "failure"), ("failure", "failure")),
    (Ending.SKIPPED, False): (("skipped", "skipped"), ("skipped", "skipped")),
    (Ending.SKIPPED, True): (("skipped", "skipped"), ("skipped", "skipped")),
}


@pytest.mark.parametrize("on_incomplete", OnIncomplete)
@pytest.mark.parametrize("fail_on", LIMITS)
@pytest.mark.parametrize(("ending", "reached"), [*itertools.product(Ending, (False, True))])
def test_each_ending_has_its_conclusion(
    ending: Ending, reached: bool, fail_on: Severity | None, on_incomplete: OnIncomplete
) -> None:
    """The whole table of endings, findings and policies."""
    expected = TABLE[ending, reached][fail_on is not None][on_incomplete is OnIncomplete.FAILURE]
    assert conclude_check(Outcome(ending), reached=reached, policy=policy(fail_on, on_incomplete)) == expected


@given(
    ending=st.sampled_from(Ending),
    reached=st.booleans(),
    fail_on=st.sampled_from(LIMITS),
    on_incomplete=st.sampled_from(OnIncomplete),
)
def test_success_is_earned(
    ending: Ending, reached: bool, fail_on: Severity | None, on_incomplete: OnIncomplete
) -> None:
    """Only a review that read everything, and found nothing that counts, is a success."""
    concluded = conclude_check(Outcome(ending), reached=reached, policy=policy(fail_on, on_incomplete))
    assert (concluded is Conclusion.SUCCESS) == (ending is Ending.COMPLETE and not reached)


def found(severity: Severity, title: str = "It breaks", line: int = 3) -> Finding:
    return replace(FINDING, severity=severity, title=title, location=Location("app.py", Side.RIGHT, line))


def known(finding: Finding, fate: Fate = Fate.OPEN, *, binding: bool = True) -> Known:
    place = finding.location
    return Known(finding.title, finding, Trace(place.path, place.side, "c"), fate, binding=binding)


def with_life(made: Review, *life: Known) -> Review:
    return replace(made, life=Life(known=life))


def test_what_is_said_counts_worst_first_and_once() -> None:
    """Findings with a line, without one and below the threshold count; one that is known as well counts once."""
    low, high, critical = found(Severity.LOW), found(Severity.HIGH), found(Severity.CRITICAL, "Nobody knows where")
    made = replace(
        review(ANSWERED, ANSWERED, findings=(high,)), unplaced=(Unplaced(critical, Miss.NO_FILE),), below=(low,)
    )
    assert counted(with_life(made, known(high))) == (critical, high, low)


def test_doubtful_findings_do_not_count() -> None:
    """What is too unsure to be more than mentioned fails nothing."""
    made = replace(review(ANSWERED, ANSWERED), doubtful=(found(Severity.CRITICAL),))
    assert counted(made) == ()
    assert verdict(made, policy()) is Conclusion.SUCCESS


@pytest.mark.parametrize(
    ("fate", "binding", "counts"),
    [
        (Fate.OPEN, True, True),
        (Fate.MOVED, True, True),
        (Fate.FIXED, True, False),
        (Fate.OUTDATED, True, False),
        (Fate.DISMISSED, True, False),
        (Fate.DISMISSED, False, True),
    ],
)
def test_what_became_of_a_finding_decides(fate: Fate, binding: bool, counts: bool) -> None:
    """What stands counts, also where it was dismissed by somebody who may not write; what is settled does not."""
    finding = found(Severity.CRITICAL)
    made = with_life(review(ANSWERED, ANSWERED), known(finding, fate, binding=binding))
    assert bool(counted(made)) is counts
    assert verdict(made, policy(Severity.CRITICAL)) == ("failure" if counts else "success")


def test_a_binding_dismissal_holds_for_what_is_found_again() -> None:
    """A finding that is in the review though somebody with the right dismissed it does not count."""
    finding, other = found(Severity.CRITICAL), found(Severity.HIGH, "Another one")
    made = with_life(review(ANSWERED, ANSWERED, findings=(finding, other)), known(finding, Fate.DISMISSED))
    assert counted(made) == (other,)


@pytest.mark.parametrize(("severity", "fail_on"), [*itertools.product(Severity, LIMITS)])
def test_the_policy_says_what_is_bad_enough(severity: Severity, fail_on: Severity | None) -> None:
    """At or above fail_on is a failure; without it, high or worse is no verdict."""
    made = review(ANSWERED, ANSWERED, findings=(found(severity),))
    limit = fail_on or Severity.HIGH
    reached = severity.rank <= limit.rank
    assert bool(reaching(made, policy(fail_on))) is reached
    bad = Conclusion.NEUTRAL if fail_on is None else Conclusion.FAILURE
    assert verdict(made, policy(fail_on)) is (bad if reached else Conclusion.SUCCESS)


def test_a_partial_review_fails_by_its_findings() -> None:
    """What was found in the part that was read fails what the repository fails on, whatever on_incomplete says."""
    made = review(ANSWERED, COST, findings=(found(Severity.HIGH),))
    assert verdict(made, policy()) is Conclusion.NEUTRAL
    assert verdict(made, policy(Severity.HIGH)) is Conclusion.FAILURE
    assert verdict(made, policy(Severity.CRITICAL)) is Conclusion.NEUTRAL


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_annotations_go_in_batches(number: int, sizes: list[int]) -> None:
    """At most 50 at a time, in order, none lost."""
    notes = tuple(Annotation("a.py", line, line, Level.NOTICE, "t", "m") for line in range(1, number + 1))
    batches = CheckOutput("t", "s", annotations=notes).batches
    assert [len(batch) for batch in batches] == sizes
    assert tuple(itertools.chain(*batches)) == notes
    assert all(size <= MOST_ANNOTATIONS for size in sizes)
